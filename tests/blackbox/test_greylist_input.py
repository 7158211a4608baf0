# SPDX-License-Identifier: ISC
"""Greylisting of what nobody should send: addresses, names and senders of every kind, as a request has them."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import dnsd  # noqa: E402
import world  # noqa: E402
from world import equal  # noqa: E402

server = dnsd.Server({})
CONFIG = """hostname = "mx.example.org"
spf { mode = label }
dns { servers = {"127.0.0.1:%d"}  timeout = 1s }
store { uri = {"STORE"} }
policyd { listen = {"SOCKET"}  user = "USER" }
greylist { mode = enforce  when = unknown  delay = 1h  learn = 0s  passes = 0  key = sender  recipient = address }
""" % server.port
MAIL = {"client_address": "192.0.2.1", "client_name": "unknown", "reverse_client_name": "unknown",
        "helo_name": "h.example", "sender": "x@sender.example", "recipient": "r@here.example"}
# a client that does not say who sends is not delayed; each of the others is a contact of its own
ROWS = (
    (True, {}),
    (False, {"client_address": "::"}),
    (False, {"client_address": "0.0.0.0"}),
    (False, {"client_address": "::ffff:127.0.0.1"}),
    (False, {"client_address": "fe80::1%eth0"}),
    (False, {"client_address": "unknown"}),
    (True, {"client_address": "::ffff:198.51.100.1"}),
    (True, {"helo_name": "*", "sender": "star@sender.example"}),
    (True, {"helo_name": ".".join(["h" * 63] * 4)[:253], "sender": "long@sender.example"}),
    (True, {"helo_name": "[192.0.2.1]", "sender": "literal@sender.example"}),
    (True, {"helo_name": "", "sender": "none@sender.example"}),
    (True, {"sender": '"x@y"@sender.example'}),
    (True, {"sender": '"x\\"@y"@sender.example'}),
    (True, {"sender": "x"}),
    (True, {"sender": "@sender.example"}),
    (True, {"sender": "z@"}),
    (True, {"sender": "x@[192.0.2.1]"}),
    (True, {"sender": "jörg@bücher.example"}),
    (True, {"sender": "用户@例え.example"}),
    (True, {"sender": "\N{PILE OF POO}" * 60 + "@sender.example"}),
    (True, {"recipient": "jörg@bücher.example"}),
    (True, {"recipient": '"x@y"@here.example'}),
    (True, {"recipient": "x@[192.0.2.1]"}),
    (True, {"sender": "x@" + "y" * 3000}),
    (True, {"sender": "y" * 3000 + "@sender.example"}),
)


def every_input():
    """delayed at each try, and nothing that another one has waited for is counted for it"""
    policyd = world.Policyd(CONFIG)
    try:
        for round_number in range(2):
            answers = [policyd.ask(**dict(MAIL, **changed, instance="i%d.%d" % (i, round_number)))
                       for i, (_, changed) in enumerate(ROWS)]
            equal([(answer[:80], str(changed)[:80]) for answer, (delayed, changed) in zip(answers, ROWS)
                   if answer.startswith("450 4.7.1") != delayed], [])
        done = subprocess.run([os.path.join(world.BUILD, "gatepost"), "greylist", "-c", policyd.config_path, "--json"],
                              stdout=subprocess.PIPE, check=True, timeout=world.PATIENCE_S)
        equal(json.loads(done.stdout)["delayed"], sum(delayed for delayed, _ in ROWS))
        assert "level=error" not in policyd.text() and "ERROR: " not in policyd.text(), policyd.text()
    finally:
        policyd.close()


def main():
    tap = world.Tap()
    for test in (every_input,):
        tap.run(test)
    tap.finish()


main()
