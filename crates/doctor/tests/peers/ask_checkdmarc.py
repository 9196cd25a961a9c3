"""checkdmarc, asking the DNS server at 127.0.0.1 and the port of the first argument: one domain a line, one answer a line in JSON.
Nothing but DNS is asked: the policy file of MTA-STS is not fetched, no mail host is visited."""

import json
import sys

import dns.resolver
from checkdmarc.dmarc import check_dmarc
from checkdmarc.mta_sts import MTASTSError, parse_mta_sts_record, query_mta_sts_record
from checkdmarc.smtp_tls_reporting import check_smtp_tls_reporting
from checkdmarc.spf import check_spf
from checkdmarc.utils import DNSException, get_mx_records

RESOLVER = dns.resolver.Resolver(configure=False)
RESOLVER.nameservers = ["127.0.0.1"]
RESOLVER.port = int(sys.argv[1])
ASK = {"resolver": RESOLVER, "timeout": 2.0, "retries": 0}


def spf(domain):
    found = check_spf(domain, **ASK)
    return {
        "record": found.get("record"),
        "valid": found["valid"],
        "lookups": found.get("dns_lookups"),
        "void": found.get("void_dns_lookups"),
        "error": str(found.get("error", "")),
        "warnings": found.get("warnings", []),
    }


def dmarc(domain):
    found = check_dmarc(domain, **ASK)
    return {
        "record": found.get("record"),
        "location": found.get("location"),
        "valid": found["valid"],
        "policy": found.get("tags", {}).get("p", {}).get("value"),
        "error": str(found.get("error", "")),
        "warnings": found.get("warnings", []),
    }


def sts(domain):
    try:
        parse_mta_sts_record(query_mta_sts_record(domain, **ASK)["record"])
    except MTASTSError as error:
        return {"valid": False, "error": str(error)}
    return {"valid": True, "error": ""}


def tls_rpt(domain):
    found = check_smtp_tls_reporting(domain, **ASK)
    return {"valid": found["valid"], "error": str(found.get("error", ""))}


def mx(domain):
    try:
        return [[host["preference"], host["hostname"]] for host in get_mx_records(domain, **ASK)]
    except DNSException as error:
        return str(error)


for line in sys.stdin:
    name = line.strip()
    answer = {}
    for look in (spf, dmarc, sts, tls_rpt, mx):
        try:
            answer[look.__name__] = look(name)
        except Exception as error:
            answer[look.__name__] = {"crash": repr(error)}
    print(json.dumps(answer), flush=True)
