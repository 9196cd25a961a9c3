"""django-anymail: its backend sends, its views take webhooks and inbound posts."""

import base64
import datetime

from facts import domain, facts, picture, run

import django
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF="anymail.urls",
    EMAIL_BACKEND="anymail.backends.mailgun.EmailBackend",
    ANYMAIL={
        "MAILGUN_API_KEY": facts["key"],
        "MAILGUN_API_URL": facts["url"] + "/v3",
        "MAILGUN_SENDER_DOMAIN": domain,
        "MAILGUN_WEBHOOK_SIGNING_KEY": facts.get("signing", "none"),
        "WEBHOOK_SECRET": None,
        "DEBUG_API_REQUESTS": False,
    },
    DEFAULT_CHARSET="utf-8",
    USE_TZ=True,
    INSTALLED_APPS=["anymail"],
)
django.setup()

from anymail.exceptions import AnymailAPIError  # noqa: E402
from anymail.message import AnymailMessage, attach_inline_image  # noqa: E402
from anymail.signals import inbound, tracking  # noqa: E402
from django.test import Client  # noqa: E402


def letter(**more):
    return AnymailMessage(**{
        "subject": facts["subject"],
        "body": facts["text"],
        "from_email": facts["author"],
        "to": ["友人 <friend@receiver.test>"],
        **more,
    })


def sent(message):
    assert message.send() == 1
    status = message.anymail_status
    assert status.status == {"queued"}, status
    return {"id": status.message_id}


def simple():
    return sent(letter())


def rich():
    message = letter(body="こんにちは。\n", cc=["copy@receiver.test"], bcc=["hidden@receiver.test"])
    message.reply_to = ["返信 <reply@sender.test>"]
    cid = attach_inline_image(message, picture, filename="logo.png", subtype="png")
    message.attach_alternative(f'<p>写真 <img src="cid:{cid}"></p>', "text/html")
    message.attach("a b.txt", b"plain octets\n", "text/plain")
    message.attach("日本.png", picture, "image/png")
    message.tags = ["invoice", "tag 1"]
    message.metadata = {"order": 17}
    message.send_at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)
    message.track_clicks = False
    return sent(message)


def batch():
    message = letter(
        subject="%recipient.name%: %recipient.number%",
        body="Dear %recipient.name% <%recipient_email%>\n",
        to=["Ann <ann@receiver.test>", "ben@receiver.test"],
    )
    message.merge_data = {
        "ann@receiver.test": {"name": "Ann", "number": "1"},
        "ben@receiver.test": {"name": "Ben", "number": "2"},
    }
    message.merge_metadata = {"ann@receiver.test": {"uid": "a1"}, "ben@receiver.test": {"uid": "b2"}}
    message.merge_headers = {
        "ann@receiver.test": {"List-Unsubscribe": "<https://sender.test/a1>"},
        "ben@receiver.test": {"List-Unsubscribe": "<https://sender.test/b2>"},
    }
    return sent(message)


def alone():
    """No values for anybody, and yet one message for each."""
    message = letter(to=["ann@receiver.test", "ben@receiver.test"])
    message.merge_data = {}
    return sent(message)


def template():
    message = letter(body="")
    message.template_id = "welcome"
    message.to = ["ann@receiver.test", "ben@receiver.test"]
    message.merge_data = {"ann@receiver.test": {"name": "Ann"}, "ben@receiver.test": {"name": "Ben"}}
    message.merge_global_data = {"greeting": "こんにちは"}
    return sent(message)


def errors():
    def refused(status, text, **more):
        sender = more.pop("sender", None)
        message = letter(**more)
        message.esp_extra = {"sender_domain": sender} if sender else {}
        try:
            message.send()
        except AnymailAPIError as error:
            assert text in str(error), error
            assert getattr(error, "status_code", status) == status, error
        else:
            raise AssertionError(f"this was sent: {more}")

    refused(404, "Domain not found", sender="unknown.test")
    refused(400, "to parameter is not a valid address", to=["friend@-receiver.test"])
    refused(413, "request size exceeds 52.4MiB limit", body="x" * (56 << 20))
    # The address of the API without its version: the client knows that by the greeting of the root.
    settings.ANYMAIL["MAILGUN_API_URL"] = facts["url"]
    refused(404, "")
    settings.ANYMAIL["MAILGUN_API_URL"] = facts["url"] + "/v3"
    settings.ANYMAIL["MAILGUN_API_KEY"] = "wrong"
    refused(401, "401")


def posted(post, path):
    """Hands a post that came to the view that takes it; what the signal tells."""
    heard = []

    def hear(sender, event, esp_name, **_):
        heard.append(event)

    tracking.connect(hear)
    inbound.connect(hear)
    body = post["body"].encode("latin-1")
    response = Client().post(path, data=body, content_type=post["content_type"])
    tracking.disconnect(hear)
    inbound.disconnect(hear)
    return response.status_code, heard


def tracked():
    told = []
    for post in facts["received"]:
        status, events = posted(post, "/mailgun/tracking/")
        assert status == 200, status
        (event,) = events
        told.append({
            "type": event.event_type,
            "recipient": event.recipient,
            "message_id": event.message_id,
            "reason": event.reject_reason,
            "tags": event.tags,
            "metadata": event.metadata,
            "description": event.description,
            "mta": event.mta_response,
        })
    # Another key makes another signature.
    settings.ANYMAIL["MAILGUN_WEBHOOK_SIGNING_KEY"] = "another"
    status, events = posted(facts["received"][0], "/mailgun/tracking/")
    assert (status, events) == (400, []), status
    return told


def received():
    told = []
    for post in facts["received"]:
        path = "/mailgun/inbound_mime/" if facts.get("mime") else "/mailgun/inbound/"
        status, events = posted(post, path)
        assert status == 200, (status, post)
        message = events[0].message
        told.append({
            "envelope_sender": message.envelope_sender,
            "envelope_recipient": message.envelope_recipient,
            "from": message.from_email.addr_spec,
            "from_name": message.from_email.display_name,
            "to": [to.addr_spec for to in message.to],
            "subject": message.subject,
            "text": (message.text or "").replace("\r\n", "\n"),
            "html": (message.html or "").replace("\r\n", "\n"),
            "stripped": message.stripped_text,
            "attachments": [
                {
                    "name": one.get_filename(),
                    "type": one.get_content_type(),
                    "octets": base64.b64encode(one.get_content_bytes()).decode(),
                }
                for one in message.attachments
            ],
            "inlines": {
                cid: base64.b64encode(one.get_content_bytes()).decode()
                for cid, one in message.content_id_map.items()
            },
            "headers": [[name, str(value)] for name, value in message.items()],
        })
    return told


run({name: value for name, value in globals().items() if getattr(value, "__module__", None) == "__main__"})
