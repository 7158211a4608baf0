# SPDX-License-Identifier: ISC
"""Signs messages with python3-dkim, for the inside of sandbox.py: reads JSON requests, a line each,
writes what a message gets in front, base64, a line each. "algorithm" may be ed25519-sha256: then the
key file holds the seed in base64. Runs under the system's Python, which has
the module; the tests may run under another one.

    {"kind": "dkim" or "arc", "message": base64, "key": path, "selector": ..., "domain": ..., ...}
"""
import base64
import json
import sys

import dkim


def sign(request):
    message = base64.b64decode(request["message"])
    with open(request["key"], "rb") as f:
        key = f.read()
    selector, domain = request["selector"].encode(), request["domain"].encode()
    if request["kind"] == "arc":
        fields = dkim.arc_sign(message, selector, domain, key, request["authserv_id"].encode(),
                               include_headers=[b"from", b"to", b"subject", b"date", b"message-id"])
        return b"".join(fields)
    return dkim.sign(message, selector, domain, key, length=request.get("length", False),
                     signature_algorithm=request.get("algorithm", "rsa-sha256").encode(),
                     canonicalize=tuple(c.encode() for c in request.get("canonicalize", "relaxed/relaxed").split("/")),
                     include_headers=[h.encode() for h in request["headers"]] if "headers" in request else None)


for line in sys.stdin:
    print(base64.b64encode(sign(json.loads(line))).decode(), flush=True)
