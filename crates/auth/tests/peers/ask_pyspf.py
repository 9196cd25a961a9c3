"""pyspf, with the zones that it is given: one case a line, {"zone": {...}, "queries": [[ip, sender, helo], ...]}.
One answer a line: [[result, explanation of a fail, reason], ...]."""

import json
import sys
import time

import spf

ZONE = {}


def lookup(name, qtype, strict=True, timeout=30):
    found = []
    for kind, value in ZONE.get(name.lower().rstrip("."), []):
        if kind == "TIMEOUT":
            raise spf.TempError("DNS timeout")
        if kind not in (qtype, "CNAME"):
            continue
        if kind in ("TXT", "SPF"):
            value = (value.encode(),)
        if kind == "MX":
            value = tuple(value)
        found.append(((name, kind), value))
    return found


spf.DNSLookup = lookup
time.time = lambda: 1700000000


def check(ip, sender, helo):
    query = spf.query(i=ip, s=sender, h=helo, receiver="receiver.example.org", strict=True)
    query.set_default_explanation("DEFAULT")
    result, _, explanation = query.check()
    return [result, explanation if result == "fail" else "", explanation]


for line in sys.stdin:
    case = json.loads(line)
    ZONE = case["zone"]
    answers = []
    for query in case["queries"]:
        try:
            answers.append(check(*query))
        except Exception as error:
            answers.append(["crash", "", repr(error)])
    print(json.dumps(answers), flush=True)
