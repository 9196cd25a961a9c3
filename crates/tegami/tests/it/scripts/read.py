"""Reads a message with Python's own parser (content as Latin-1 JSON text) and prints what a reader sees."""

import base64
import email
import email.policy
import json
import sys

message = email.message_from_bytes(json.load(sys.stdin).encode("latin-1"), policy=email.policy.default)
attachments = [
    {"name": part.get_filename(), "octets": base64.b64encode(part.get_payload(decode=True)).decode()}
    for part in message.iter_attachments()
]
body = message.get_body()
json.dump(
    {
        "subject": message["Subject"],
        "author": str(message["From"]),
        "text": body.get_content().replace("\r\n", "\n") if body else None,
        "attachments": attachments,
    },
    sys.stdout,
)
