"""dkimpy, with the keys that it is given: one task a line, fields between tabs, octets in hexadecimal.

keys RSA-RECORD ED25519-RECORD RSA-PEM ED25519-PEM    answers ok
verify MESSAGE                                        answers pass or fail for each signature
sign rsa|ed HEADER-CANONICALISATION BODY-CANONICALISATION CONTENT    answers the field
"""

import base64
import re
import sys

import dkim

records = {}
private = {}


def keys(rsa_record, ed_record, rsa_pem, ed_pem):
    records.update({b"rsa": rsa_record, b"ed": ed_record})
    # dkimpy wants the seed alone: the last 32 octets of PKCS#8.
    der = base64.b64decode(re.sub(rb"-----[^-]+-----|\s", b"", ed_pem))
    private.update({b"rsa": rsa_pem, b"ed": base64.b64encode(der[-32:])})
    return "ok"


def lookup(name, timeout=5):
    return records.get(name.split(b".")[0])


def verify(message):
    results = []
    signatures = [name for name, _ in dkim.DKIM(message).headers if name.lower() == b"dkim-signature"]
    for at in range(len(signatures)):
        try:
            passed = dkim.DKIM(message).verify(idx=at, dnsfunc=lookup)
        except dkim.DKIMException:
            passed = False
        results.append("pass" if passed else "fail")
    return " ".join(results)


def sign(key, header, body, content):
    algorithm = b"rsa-sha256" if key == b"rsa" else b"ed25519-sha256"
    field = dkim.DKIM(content, signature_algorithm=algorithm).sign(
        key, b"example.org", private[key], canonicalize=(header, body)
    )
    return field.hex()


for line in sys.stdin:
    word, *fields = line.rstrip("\n").split("\t")
    try:
        if word == "sign":
            fields = [field.encode() for field in fields[:-1]] + [bytes.fromhex(fields[-1])]
        else:
            fields = [bytes.fromhex(field) for field in fields]
        answer = {"keys": keys, "verify": verify, "sign": sign}[word](*fields)
    except Exception as error:
        answer = "crash " + repr(error).replace("\n", " ")
    print(answer, flush=True)
