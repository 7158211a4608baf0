# SPDX-License-Identifier: ISC
"""gatepost try against a real Exim: exim -bh with the shipped ACLs and the module; and gatepost check
--self, which asks that Exim what it sends for."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import exim_scene as scene  # noqa: E402
from exim_scene import BAD, GOOD, HOST, sandbox, world  # noqa: E402
from world import equal, holds  # noqa: E402

GATEPOST = os.path.join(sandbox.PROJECT, world.BUILD, "gatepost")
stage = None


def run(*words):
    done = subprocess.run([GATEPOST] + list(words) + ["--config", stage.exim.gatepost], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=world.PATIENCE_S)
    return done.returncode, done.stdout, done.stderr


def attempt(*words, to="bob@example.test"):
    code, out, err = run("try", "--json", "--rcpt", to, *words)
    equal((code, err), (0, ""))
    return json.loads(out)


def refused():
    """exim -bh: the module refuses what SPF fails, as from the named client"""
    got = attempt("--from", "alice@reject.test", "--ip", BAD)
    equal((got["way"], got["client"], got["outcome"], got["stage"], got["status"], got["spf"]),
          ("exim -bh", BAD, "refused", "RCPT TO", "5.7.23", "fail"))


def accepted():
    """exim -bh: what SPF passes is accepted, and nothing is delivered"""
    got = attempt("--from", "alice@reject.test", "--ip", GOOD, "--to", "exim")
    equal((got["outcome"], got["spf"], got["server"]), ("accepted", "pass", scene.EXIM))
    equal([turn["sent"] for turn in got["dialogue"]],
          [None, "EHLO reject.test", "MAIL FROM:<alice@reject.test>", "RCPT TO:<bob@example.test>", "RSET", "QUIT"])
    equal(sandbox.run([scene.EXIM, "-bpc"]).stdout.strip(), "0")


def for_people():
    """the first lines say that it is no real session"""
    code, out, err = run("try", "--from", "alice@reject.test", "--ip", "2001:db8::66", "--rcpt", "bob@example.test")
    equal((code, err), (0, ""))
    holds(out, "%s -bh 2001:db8::66: Exim plays a session from there\n" % scene.EXIM)
    holds(out, "result   refused at RCPT TO, 5.7.23")


def relay():
    """another domain's mail is refused by Exim's own rules"""
    got = attempt("--from", "alice@reject.test", "--ip", GOOD, to="x@elsewhere.test")
    equal(got["outcome"], "refused")


def broken():
    """a configuration that Exim does not take: the error says what Exim says"""
    with open(stage.exim.conf) as f:
        text = f.read()
    with open(stage.exim.conf, "w") as f:
        f.write("no_such_option = 1\n" + text)
    code, out, err = run("try", "--rcpt", "bob@example.test", "--to", "exim")
    with open(stage.exim.conf, "w") as f:
        f.write(text)
    equal((code, out), (1, ""))
    holds(err, "nobody could be asked")
    holds(err, "no_such_option")


def check_self():
    """check --self: the name that Exim has"""
    code, out, err = run("check", "--self", "--json")
    equal((code, err), (2, ""))
    found = [f["found"] for f in json.loads(out) if f["check"] in ("spf.record", "host.helo")]
    holds(" ".join(found), HOST)


def main():
    global stage
    tap = world.Tap()
    try:
        sandbox.enter(scene.PACKAGES)
    except sandbox.Unavailable as reason:
        tap.skip_all("a real Exim: " + str(reason))
    stage = scene.Scene()
    try:
        for test in (refused, accepted, for_people, relay, broken, check_self):
            tap.run(test)
    finally:
        stage.close()
    tap.finish()


main()
