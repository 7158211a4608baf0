# SPDX-License-Identifier: ISC
"""gatepost try against a real Postfix: as another client by XCLIENT, else by the policy socket; and
gatepost check --self, which asks that Postfix what it sends for."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import scene  # noqa: E402
from scene import BAD, GOOD, GOOD6, sandbox, world  # noqa: E402
from world import equal, holds  # noqa: E402

GATEPOST = os.path.join(sandbox.PROJECT, world.BUILD, "gatepost")
# what a newcomer's first try asks about; and the host itself
scene.ZONE += ['example.com. 300 IN TXT "v=spf1 -all"', 'mx.example.test. 300 IN A ' + GOOD,
               '10.2.0.192.in-addr.arpa. 300 IN PTR mx.example.test.']
REFUSED = "550 5.7.23 <bob@example.test>: Recipient address rejected: SPF fail: shop.test does not authorise " + BAD
stage = None


def run(*words):
    done = subprocess.run([GATEPOST] + list(words) + ["--config", stage.policyd.config_path], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=world.PATIENCE_S)
    return done.returncode, done.stdout, done.stderr


def attempt(*words):
    code, out, err = run("try", "--json", "--rcpt", "bob@example.test", *words)
    equal((code, err), (0, ""))
    return json.loads(out)


def nothing_came():
    """Neither in the mailbox nor in the queue."""
    equal(stage.postfix.messages(), [])
    holds(sandbox.run(["postqueue", "-p"]).stdout, "Mail queue is empty")


def by_xclient():
    """XCLIENT: refused and accepted as the named client would be, IPv6 too, and nothing is delivered"""
    got = attempt("--from", "alice@shop.test", "--ip", BAD)
    equal((got["way"], got["client"], got["outcome"], got["stage"], got["status"], got["spf"]),
          ("xclient", BAD, "refused", "RCPT TO", "5.7.23", "fail"))
    holds("\n".join(line for turn in got["dialogue"] for line in turn["lines"]), REFUSED[4:])
    for client in (GOOD, GOOD6):
        got = attempt("--from", "alice@shop.test", "--ip", client)
        equal((got["way"], got["client"], got["outcome"], got["spf"]), ("xclient", client, "accepted", "pass"))
    nothing_came()


def at_once():
    """without options: a refusal, and one sentence that says what it means"""
    code, out, err = run("try")
    equal((code, err), (0, ""))
    for part in ("SMTP to 127.0.0.1:25, as client 192.0.2.1 (XCLIENT)\n", " keywords, with XCLIENT)\n", "-> RCPT TO:<root@mx.example.test>\n",
                 "<- 550 5.7.23 <root@mx.example.test>: Recipient address rejected: SPF fail: example.com",
                 "result   refused at RCPT TO, 5.7.23: SPF: the sender's domain does not allow this client\n"):
        holds(out, part)
    nothing_came()


def null_sender():
    """an empty --from is the null sender, which HELO stands for"""
    got = attempt("--from", "", "--helo", "mail.shop.test", "--ip", BAD)
    equal((got["sender"], got["outcome"], got["spf"]), ("", "refused", "fail"))
    holds(got["dialogue"][4]["sent"], "MAIL FROM:<>")


def without_xclient():
    """no XCLIENT: the daemon is asked, and it is said what would allow XCLIENT"""
    sandbox.run(["postconf", "-e", "smtpd_authorized_xclient_hosts="])
    world.reload_postfix()
    got = attempt("--from", "alice@shop.test", "--ip", BAD)
    equal((got["way"], got["outcome"], got["status"]), ("policy", "refused", "5.7.23"))
    holds(" ".join(got["notes"]), "smtpd_authorized_xclient_hosts = 127.0.0.1")
    got = attempt("--from", "alice@shop.test", "--server", "127.0.0.1:25")
    equal((got["way"], got["client"]), ("smtp", None))
    nothing_came()


def check_self():
    """check --self: the domains, the name and TLS that Postfix has"""
    code, out, err = run("check", "--self", "--json")
    equal((code, err), (2, ""))
    found = {f["check"]: f for f in json.loads(out)}
    equal(found["tls.sending"]["mend"], ["postconf -e smtp_tls_security_level=may && postfix reload"])
    equal((found["host.helo"]["state"], found["host.helo"]["found"]), ("ok", "the mail server says HELO mx.example.test"))
    names = [f["found"] for f in json.loads(out) if f["check"] == "spf.record"]
    equal([n.split()[0] for n in names], ["mx.example.test", "example.test"])
    holds(" ".join(f["found"] for f in json.loads(out) if f["check"] == "host.name"),
          GOOD + " is called mx.example.test, which leads back")
    sandbox.run(["postconf", "-e", "smtp_tls_security_level=may"])
    _, out, _ = run("check", "--self", "--json")
    equal([f["state"] for f in json.loads(out) if f["check"] == "tls.sending"], ["ok"])


def without_postfix():
    """no mail server: the daemon is asked, and why is said"""
    stage.postfix.close()
    got = attempt("--from", "alice@shop.test", "--ip", BAD)
    equal((got["way"], got["outcome"]), ("policy", "refused"))
    equal(got["notes"], ["127.0.0.1:25: Connection refused"])


def main():
    global stage
    tap = world.Tap()
    try:
        sandbox.enter(scene.PACKAGES)
    except sandbox.Unavailable as reason:
        tap.skip_all("a real Postfix: " + str(reason))
    stage = scene.Scene(extra="mydestination = mx.example.test")
    try:
        for test in (by_xclient, at_once, null_sender, without_xclient, check_self, without_postfix):
            tap.run(test)
        stage.postfix = None
    finally:
        stage.close()
    tap.finish()


main()
