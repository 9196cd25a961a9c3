"""A message with an attachment by Python's own smtplib: HOST PORT USER PASSWORD TO FILE SUBJECT."""

import smtplib
import ssl
import sys
from email.message import EmailMessage

host, port, user, password, to, file, subject = sys.argv[1:]
message = EmailMessage()
message["From"] = f"山田太郎 <{user}>"
message["To"] = to
message["Subject"] = subject
message.set_content("こんにちは。\n.\n..先頭の点\n")
with open(file, "rb") as attachment:
    octets = attachment.read()
message.add_attachment(octets, maintype="application", subtype="octet-stream", filename="見積書.bin")
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
with smtplib.SMTP(host, int(port), timeout=20) as client:
    client.starttls(context=context)
    client.login(user, password)
    refused = client.send_message(message)
    assert not refused, refused
