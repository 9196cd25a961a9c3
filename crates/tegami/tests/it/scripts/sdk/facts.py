"""What the test told us, and running the case that it asks for. What a case returns is printed."""

import base64
import email.utils
import json
import sys
import time

facts = json.load(sys.stdin)
domain = facts["domain"]
picture = base64.b64decode(facts.get("picture", ""))


def run(cases):
    print(json.dumps(cases[facts["case"]]() or {}))


def soon():
    """A moment near enough to wait for, in whole seconds."""
    return email.utils.formatdate(int(time.time()) + 2)
