"""Reads a message from standard input with Python's own parser and prints what a reader sees."""

import base64
import email
import email.policy
import json
import sys

message = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)


def addresses(name):
    field = message[name]
    return [[one.display_name, one.addr_spec] for one in field.addresses] if field else []


def body(kind):
    part = message.get_body((kind,))
    return part.get_content().replace("\r\n", "\n") if part else None


def told(part):
    octets = part.get_payload(decode=True)
    return {
        "name": part.get_filename(),
        "disposition": part.get_content_disposition(),
        "cid": part["Content-ID"],
        "type": part.get_content_type(),
        "octets": base64.b64encode(octets).decode(),
        "text": octets.decode("utf-8", "replace").replace("\r\n", "\n"),
    }


json.dump(
    {
        "subject": message["Subject"],
        "message_id": message["Message-ID"],
        "from": addresses("From"),
        "to": addresses("To"),
        "cc": addresses("Cc"),
        "reply_to": addresses("Reply-To"),
        "text": body("plain"),
        "html": body("html"),
        "fields": [[name, str(value)] for name, value in message.items()],
        "parts": [told(part) for part in message.walk() if not part.is_multipart() and part.get_filename()],
    },
    sys.stdout,
)
