# SPDX-License-Identifier: ISC
"""A real Exim asks DNS lists through its RCPT ACL: what is refused, what a list that is ill does to mail, and
which process asks the tests of lists."""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import exim_scene as scene  # noqa: E402
import dnsd  # noqa: E402  (lies where world does)
from exim_scene import BAD, GOOD, Client, mail, sandbox, send, world  # noqa: E402
from world import equal, holds  # noqa: E402

KEY = "s3cr3tk3y"
ZONE = {
    "2.0.0.127.bl.example.com": {"A": ["127.0.0.2"]},
    "66.100.51.198.bl.example.com": {"A": ["127.0.0.2", "127.0.0.4"], "TXT": ["see https://bl.example.com/66"]},
    "2.0.0.127.%s.paid.example.com" % KEY: {"A": ["127.0.0.2"]},
}
CONFIG = """
hostname = "mx.example.test"
dns {
    servers = {"127.0.0.1:%d"}
    timeout = 2s
    attempts = 1
}
store { uri = {"STORE"} }
spf { mode = off }
dmarc { mode = off }
dnsbl { mode = enforce }
list bl.example.com { asks = client  codes = {"127.0.0.2 = 3 spam source", "127.0.0.4 = 1"}  tests = {"127.0.0.2 listed"} }
list paid.example.com { key_zone = KEY.paid.example.com  key = %s  asks = client  codes = {"127.0.0.2 = 3"}
    tests = {"127.0.0.2 listed"} }
"""
stage = dns = None


def asked(name):
    """How often the lists' name server was asked about a name."""
    return sum(1 for question, _ in dns.asked if question == name)


def accepted(reply):
    assert reply.startswith("250 OK id="), reply
    return stage.exim.next_message()


def listed():
    """a listed client is refused at RCPT, with what the list says; another one is not"""
    equal(send(mail("none.test"), address=BAD), "550 5.7.1 198.51.100.66 is listed by bl.example.com "
          "(127.0.0.2,127.0.0.4): \"see https://bl.example.com/66\"")
    accepted(send(mail("none.test"), address=GOOD))


def once_a_message():
    """several recipients cost the question of one"""
    before = asked("10.2.0.192.bl.example.com")
    with Client(GOOD) as c:
        holds(c.command("MAIL FROM:<a@sender.test>"), "250")
        for _ in range(5):
            holds(c.command("RCPT TO:<bob@example.test>"), "250")
    equal(asked("10.2.0.192.bl.example.com"), before + 1, dns.asked)


def one_process_tests():
    """the tests are asked by the first process of this machine, and not by those after it"""
    before = asked("2.0.0.127.bl.example.com")
    assert before >= 1, dns.asked
    for _ in range(5):
        accepted(send(mail("none.test"), address=GOOD))
    equal(asked("2.0.0.127.bl.example.com"), before)


def exempt():
    """postmaster can be reached by a listed client"""
    with Client(BAD) as c:
        holds(c.command("MAIL FROM:<a@sender.test>"), "250")
        holds(c.command("RCPT TO:<postmaster@example.test>"), "250")
        holds(c.command("RCPT TO:<bob@example.test>"), "550 5.7.1 ")


def ill():
    """a list that answers that it refuses this resolver refuses no mail, and the next process knows it"""
    dns.zone["66.100.51.198.bl.example.com"] = {"A": ["127.255.255.254"]}
    accepted(send(mail("none.test"), address=BAD))
    world.wait_for(lambda: any("list-suspended" in line and "bl.example.com" in line and "error code" in line
                               for line in stage.syslog.lines()), "the suspension in syslog")
    before = asked("66.100.51.198.bl.example.com")
    accepted(send(mail("none.test"), address=BAD))
    equal(asked("66.100.51.198.bl.example.com"), before)


def gatepost(*words):
    done = subprocess.run([os.path.join(sandbox.PROJECT, world.BUILD, "gatepost")] + list(words) + ["--config", stage.exim.gatepost],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    equal(done.returncode, 0, done.stderr)
    assert KEY not in done.stdout + done.stderr, done
    return done.stdout


def operator():
    """gatepost lists and metrics read what processes of Exim know; a retest needs no wait, and off holds for the next process"""
    rows = {r["list"]: r for r in json.loads(gatepost("lists", "--json"))["lists"]}
    equal({name: (r["state"], r["reason"]) for name, r in rows.items()},
          {"bl.example.com": ("suspended", "error code"), "paid.example.com": ("ok", "")})
    metrics = gatepost("metrics")
    for line in ('state{list="bl.example.com",state="suspended"} 1', 'reason{list="bl.example.com",reason="error code"} 1',
                 'state{list="paid.example.com",state="ok"} 1'):
        holds(metrics, "\ngatepost_list_" + line + "\n")
    assert re.search(r'^gatepost_list_tested_timestamp_seconds{list="paid.example.com"} \d+$', metrics, re.M), metrics
    dns.zone["66.100.51.198.bl.example.com"] = {"A": ["127.0.0.2"]}
    equal(json.loads(gatepost("lists", "retest", "bl.example.com", "--json"))["due"], ["bl.example.com"])
    holds(send(mail("none.test"), address=BAD), "550 5.7.1 198.51.100.66 is listed by bl.example.com")
    holds(gatepost("lists", "off", "bl.example.com"), "bl.example.com: off")
    accepted(send(mail("none.test"), address=BAD))
    gatepost("lists", "on", "bl.example.com")
    holds(send(mail("none.test"), address=BAD), "550 5.7.1 198.51.100.66 is listed by bl.example.com")


def key():
    """the key is in the question, and in no log or reply"""
    assert any(KEY in name for name, _ in dns.asked), dns.asked
    for text in (stage.exim.log(), stage.exim.panic(), stage.syslog.text):
        assert KEY not in text, text
    equal(stage.exim.panic(), "")


def without_a_store():
    """a store that cannot be opened costs no mail: lists are asked all the same"""
    dns.zone["66.100.51.198.bl.example.com"] = {"A": ["127.0.0.2"]}
    with open(os.path.join(stage.folder, "file"), "w"):
        pass
    stage.exim.write_gatepost((CONFIG % (dns.port, KEY)).replace("STORE", "lmdb:%s/file/state" % stage.folder))
    holds(send(mail("none.test"), address=BAD), "550 5.7.1 198.51.100.66 is listed by bl.example.com")
    accepted(send(mail("none.test"), address=GOOD))


TESTS = (listed, once_a_message, one_process_tests, exempt, ill, operator, key, without_a_store)


def main():
    global stage, dns
    tap = world.Tap()
    if not os.path.exists(os.path.join(sandbox.PROJECT, world.BUILD, "gatepost-exim.so")):
        tap.skip_all("a real Exim: gatepost-exim.so was not built")
    try:
        sandbox.enter(scene.PACKAGES)
    except sandbox.Unavailable as reason:
        tap.skip_all("a real Exim: " + str(reason))
    dns = dnsd.Server(dict(ZONE))
    stage = scene.Scene(config=CONFIG % (dns.port, KEY))
    state = os.path.join(stage.exim.folder, "state")
    os.mkdir(state)
    os.chown(state, stage.exim.uid.pw_uid, stage.exim.uid.pw_gid)
    try:
        for test in TESTS:
            tap.run(test)
    finally:
        stage.close()
        dns.close()
    tap.finish()


main()
