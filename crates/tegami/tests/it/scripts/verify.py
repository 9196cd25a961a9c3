"""Judges a message as receivers of other makes do: DKIM by dkimpy, SPF by pyspf.

Reads JSON from standard input (content, records, ip, helo, mail_from) and prints JSON.
The records are the whole DNS: nothing else is asked.
"""

import json
import sys

import dkim
import spf


def main():
    question = json.load(sys.stdin)
    content = question["content"].encode("latin-1")
    records = {}
    for record in question["records"]:
        key = (record["name"].rstrip(".").lower(), record["type"])
        records.setdefault(key, []).append(record["value"])

    def txt(name, *_options, **_more):
        found = records.get((name.decode().rstrip(".").lower(), "TXT"), [])
        return found[0].encode() if found else None

    signatures = []
    verifier = dkim.DKIM(content)
    count = sum(1 for name, _ in verifier.headers if name.lower() == b"dkim-signature")
    for index in range(count):
        verified = verifier.verify(idx=index, dnsfunc=txt)
        signatures.append({"verified": bool(verified), "domain": verifier.domain.decode()})

    def lookup(name, kind, *_options, **_more):
        found = records.get((name.rstrip(".").lower(), kind), [])
        if kind == "TXT":
            return [((name, kind), (value.encode(),)) for value in found]
        if kind == "MX":
            pairs = (value.split() for value in found)
            return [((name, kind), (int(preference), host.rstrip("."))) for preference, host in pairs]
        return [((name, kind), value) for value in found]

    spf.DNSLookup = lookup
    result = spf.check2(i=question["ip"], s=question["mail_from"], h=question["helo"])[0]
    json.dump({"dkim": signatures, "spf": result}, sys.stdout)


main()
