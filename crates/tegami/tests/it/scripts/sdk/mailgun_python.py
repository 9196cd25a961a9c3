"""The official client for Python, on requests and (asynchronously) on httpx."""

import asyncio
import json
import logging
import warnings

from facts import domain, facts, picture, run, soon
from mailgun.client import AsyncClient, Client

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
client = Client(auth=("api", facts["key"]), api_url=facts["url"])
JSON = {"Content-Type": "application/json"}


def good(response):
    assert response.status_code == 200, (response.status_code, response.text)
    assert response.headers["Content-Type"].startswith("application/json"), response.headers
    return response.json()


def refused(response, status, message):
    assert response.status_code == status, (response.status_code, response.text)
    said = response.text if status == 401 else response.json()["message"]
    assert message in said, said


def queued(response):
    answer = good(response)
    assert answer["message"] == "Queued. Thank you.", answer
    return answer


def simple_data():
    return {
        "from": facts["author"],
        "to": "friend@receiver.test",
        "subject": facts["subject"],
        "text": facts["text"],
    }


def simple():
    return queued(client.messages.create(data=simple_data(), domain=domain))


def asynchronous():
    async def send():
        async with AsyncClient(auth=("api", facts["key"]), api_url=facts["url"]) as one:
            return await one.messages.create(data=simple_data(), domain=domain)

    return queued(asyncio.run(send()))


def rich():
    data = {
        "from": facts["author"],
        "to": ["友人 <friend@receiver.test>"],
        "cc": "copy@receiver.test",
        "bcc": "hidden@receiver.test",
        "h:Reply-To": "返信 <reply@sender.test>",
        "subject": facts["subject"],
        "text": "こんにちは。\n",
        "html": '<p>写真 <img src="cid:logo.png"></p>',
        "o:tag": ["invoice", "tag 1"],
        "v:order": "17",
        "o:deliverytime": soon(),
        "o:tracking": False,
    }
    files = [
        ("attachment", ("a b.txt", b"plain octets\n")),
        ("attachment", ("日本.png", picture)),
        ("inline", ("logo.png", picture)),
    ]
    return queued(client.messages.create(data=data, files=files, domain=domain))


def batch():
    variables = {
        "ann@receiver.test": {"name": "Ann", "number": 1},
        "ben@receiver.test": {"name": "Ben", "number": 2},
    }
    data = {
        "from": facts["author"],
        "to": ["ann@receiver.test", "ben@receiver.test"],
        "subject": "%recipient.name%: %recipient.number%",
        "text": "Dear %recipient.name% <%recipient_email%>\n",
        "recipient-variables": json.dumps(variables),
    }
    return queued(client.messages.create(data=data, domain=domain))


def mime():
    message = (
        f"From: alice@{domain}\nTo: friend@receiver.test\nMessage-ID: <from-python@{domain}>\n"
        "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nSubject: whole\n\nこんにちは。\n"
    )
    data = {"from": f"alice@{domain}", "to": "friend@receiver.test", "subject": "not this one"}
    answer = queued(client.mimemessage.create(data=data, files={"message": message.encode()}, domain=domain))
    assert answer["id"] == f"<from-python@{domain}>", answer
    return answer


def errors():
    wrong = Client(auth=("api", "wrong"), api_url=facts["url"])
    refused(wrong.messages.create(data=simple_data(), domain=domain), 401, "Forbidden")
    unknown = client.messages.create(data=simple_data(), domain="unknown.test")
    refused(unknown, 404, "Domain not found: unknown.test")
    for field, value, message in [
        ("to", "nobody", "to parameter is not a valid address. please check documentation"),
        ("cc", "no body", "cc parameter is not a valid address. please check documentation"),
        ("to", "", "to parameter is missing"),
        ("from", "", "from parameter is missing"),
        ("o:deliverytime", "Thu Jan 28 2021 14:00:03 EST", "is not an RFC-2822 compliant date"),
        ("v:large", "x" * 17_000, "Send options (parameters starting with o:, h:, or v:) are limited to 16 kB total"),
        ("h:日本", "x", "Header name must be pure ASCII"),
        ("recipient-variables", "[", "'recipient-variables' parameter is not a valid JSON"),
        ("to", ",".join(f"user{n}@receiver.test" for n in range(1001)), "Too many recipients, max is 1000"),
    ]:
        refused(client.messages.create(data={**simple_data(), field: value}, domain=domain), 400, message)
    large = client.messages.create(data={**simple_data(), "text": "x" * (30 << 20)}, domain=domain)
    refused(large, 413, "")


def events():
    found = good(client.events.get(domain=domain, filters={"event": "delivered OR failed", "limit": 1}))
    assert len(found["items"]) == 1, found
    streamed = [event["id"] for event in client.events.stream(domain=domain, filters={"limit": 2})]
    assert len(streamed) == len(set(streamed)), streamed
    return {"seen": len(streamed)}


def resent():
    found = good(client.events.get(domain=domain, filters={"event": "accepted", "limit": 1}))
    url = found["items"][0]["storage"]["url"]
    again = {"to": ["again@receiver.test", "twice@receiver.test"]}
    return queued(client.resend_message.create(data=again, domain=domain, storage_url=url))


def suppressions():
    for each in (client.bounces, client.unsubscribes, client.complaints):
        good(each.delete(domain=domain))
    plus = "user+1@receiver.test"
    said = good(client.bounces.create(data={"address": plus, "code": 550, "error": "gone"}, domain=domain))
    assert said == {"message": "Address has been added to the bounces table", "address": plus}, said
    many = [{"address": f"b{n}@receiver.test", "code": "550", "error": "x"} for n in range(4)]
    said = good(client.bounces.create(data=many, domain=domain, headers=JSON))
    assert said["message"] == "4 addresses have been added to the bounces table", said
    # Older callers hand in text and a header that is no header.
    said = good(client.bounces.create(data=json.dumps(many[:1]), domain=domain, headers="application/json"))
    assert said["message"].startswith("1 "), said
    listed = [item["address"] for item in client.bounces.stream(domain=domain, filters={"limit": 2})]
    assert listed == [f"b{n}@receiver.test" for n in range(4)] + [plus], listed
    shown = good(client.bounces.get(domain=domain, bounce_address=plus))
    assert (shown["code"], shown["error"]) == ("550", "gone"), shown
    assert shown["created_at"].endswith(" UTC"), shown
    said = good(client.bounces.delete(domain=domain, bounce_address=plus))
    assert said == {"address": plus, "message": "Bounced address has been removed"}, said
    refused(client.bounces.get(domain=domain, bounce_address=plus), 404, "Address not found in bounces table")

    good(client.unsubscribes.create(data={"address": plus, "tag": "*"}, domain=domain))
    two = [{"address": "c@receiver.test", "tags": ["x", "y"]}, {"address": "d@receiver.test"}]
    said = good(client.unsubscribes.create(data=two, domain=domain, headers=JSON))
    assert said["message"] == "2 addresses have been added to the unsubscribes table", said
    shown = good(client.unsubscribes.get(domain=domain, unsubscribe_address="c@receiver.test"))
    assert shown["tags"] == ["x", "y"], shown
    said = good(client.unsubscribes.delete(domain=domain, unsubscribe_address="c@receiver.test"))
    assert said["message"] == "Unsubscribe event has been removed", said
    gone = client.unsubscribes.get(domain=domain, unsubscribe_address="c@receiver.test")
    refused(gone, 404, "Address not found in unsubscribers table")
    said = good(client.unsubscribes.delete(domain=domain))
    assert said["message"] == "Unsubscribe addresses for this domain have been removed", said

    good(client.complaints.create(data={"address": plus}, domain=domain))
    two = [{"address": "c@receiver.test"}, {"address": "d@receiver.test"}]
    said = good(client.complaints.create(data=two, domain=domain, headers=JSON))
    assert said["message"] == "2 complaint addresses have been added to the complaints table", said
    assert good(client.complaints.get(domain=domain, complaint_address=plus))["address"] == plus
    said = good(client.complaints.delete(domain=domain, complaint_address=plus))
    assert said["message"] == "Spam complaint has been removed", said
    said = good(client.complaints.delete(domain=domain))
    assert said["message"] == "Complaint addresses for this domain have been removed", said


def allowed():
    good(client.whitelists.delete(domain=domain))
    said = good(client.whitelists.create(data={"address": "vip@receiver.test", "tag": "x"}, domain=domain))
    assert said["message"] == "Address/Domain has been added to the allowlists table", said
    assert (said["type"], said["value"]) == ("address", "vip@receiver.test"), said
    shown = good(client.whitelists.get(domain=domain, whitelist_address="vip@receiver.test"))
    assert shown["value"] == "vip@receiver.test" and shown["createdAt"].endswith(" UTC"), shown
    said = good(client.whitelists.delete(domain=domain, whitelist_address="vip@receiver.test"))
    assert said["value"] == "vip@receiver.test", said
    gone = client.whitelists.get(domain=domain, whitelist_address="vip@receiver.test")
    refused(gone, 404, "Address/Domain not found in allowlist table")


def imports():
    for name, endpoint, text in [
        ("bounce_csv", client.bounces_import, "address,code,error,created_at\nx@receiver.test,550,full,\n"),
        ("unsubscribe_csv", client.unsubscribes_import, "address,tags,created_at\ny@receiver.test,*,\n"),
        ("complaints_csv", client.complaints_import, "address,created_at\nz@receiver.test,\n"),
        ("whitelist_csv", client.whitelists_import, "address,domain\n,allowed.test\n"),
    ]:
        said = good(endpoint.create(domain=domain, files={name: text.encode()}))
        assert said["message"] == "file uploaded successfully for processing. standby...", said


cases = {
    name: value
    for name, value in globals().items()
    if callable(value) and getattr(value, "__module__", None) == "__main__"
}
if __name__ == "__main__":
    import mailgun_python_more

    run({**cases, **mailgun_python_more.cases(client, good, refused, queued)})
