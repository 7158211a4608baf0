# SPDX-License-Identifier: ISC
"""The recorder itself: what it notes of a test, what it takes out, and that a difference is shown."""
import os
import subprocess
import sys
import tempfile

SUPPORT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")
sys.path.insert(0, SUPPORT)
sys.path.insert(0, os.path.join(SUPPORT, "recorder"))
import plain  # noqa: E402
import world  # noqa: E402
from world import equal, holds  # noqa: E402

RECORD = os.path.join(os.path.realpath(SUPPORT), "record.py")
SMALL = '''
import os, socket, subprocess, sys, tempfile, threading
sys.path.insert(0, "tests/support")
import world
folder = tempfile.mkdtemp(prefix="gatepost-test.")
looks = []


def serve(listener):
    with listener.accept()[0] as s:
        s.recv(100)
        s.sendall(b"action=" + os.environ["ANSWER"].encode() + b"\\n\\n")


def asks():
    """a question and a command"""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(folder + "/policy.sock")
    listener.listen()
    thread = threading.Thread(target=serve, args=(listener,))
    thread.start()
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(folder + "/policy.sock")
        world.equal(world.ask(s, sender="x@a.test"), os.environ["ANSWER"])
    thread.join()
    subprocess.run(["./gatepost", "status"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with open(folder + "/log", "w") as log:
        log.write("level=info event=decision pid=%d\\n" % os.getpid())
    with open(folder + "/log") as log:
        log.read()


def waits():
    """a look that is repeated"""
    world.wait_for(lambda: looks.append(subprocess.run(["./gatepost", "look"])) or len(looks) > os.getpid() % 3, "looks")


tap = world.Tap()
for test in (asks, waits):
    tap.run(test)
tap.finish()
'''


class Tree:
    """A directory that looks like a tree of gatepost, with one script and a program."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder + "/tests/blackbox")
        os.symlink(os.path.realpath(SUPPORT), folder + "/tests/support")
        with open(folder + "/tests/blackbox/test_small.py", "w") as f:
            f.write(SMALL)
        with open(folder + "/gatepost", "w") as f:
            f.write('#!/bin/sh\necho "up, process $$"; echo trouble >&2; exit 3\n')
        os.chmod(folder + "/gatepost", 0o755)

    def run(self, *words, answer="DUNNO"):
        return subprocess.run([sys.executable, RECORD] + list(words), cwd=self.folder, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=world.PATIENCE_S,
                              env=dict(os.environ, ANSWER=answer, PYTHONDONTWRITEBYTECODE="1"))

    def record(self, name, answer="DUNNO"):
        done = self.run("record", "-o", name, "test_small", answer=answer)
        equal(done.returncode, 0, done.stdout)


def noted():
    """requests, answers, commands with output and exit code, and logs are noted, case by case"""
    with tempfile.TemporaryDirectory() as folder:
        tree = Tree(folder)
        tree.record("a")
        shown = tree.run("show", "a").stdout
        for part in ("==== test_small: asks\noutcome: passed\n", "connection to TMP/policy.sock\n", "> sender=x@a.test\n",
                     "< action=DUNNO\n", "command ./gatepost status\nout| up, process PID\nerr| trouble\nexit 3\n",
                     "log TMP/log\n   1  level=info event=decision pid=PID\n"):
            holds(shown, part)
        # what was seen in vain is forgotten
        equal(shown.count("command ./gatepost look"), 1, shown)


def compared():
    """two recordings of one program are equal; a difference is shown with its script and case, and ends with 1"""
    with tempfile.TemporaryDirectory() as folder:
        tree = Tree(folder)
        tree.record("a")
        tree.record("b")
        tree.record("c", answer="451 4.3.0 later")
        done = tree.run("compare", "a", "b")
        equal((done.returncode, done.stdout), (0, "0 cases differ\n"))
        done = tree.run("compare", "a", "c")
        equal(done.returncode, 1)
        for part in ("---- test_small: asks\n", "\n-< action=DUNNO\n+< action=451 4.3.0 later\n", "1 cases differ\n"):
            holds(done.stdout, part)


KEPT = ("550 5.7.23 SPF fail: a.test does not authorise 198.51.100.1 to send its mail (mailfrom=x@a.test, mechanism -all)",
        "limit_used=3000 limit_max=3000 limit_per=1h", '  "per_s": 3600,', "gatepost_requests_total{stage=\"RCPT\"} 52",
        "level=info event=decision stage=RCPT client=192.0.2.1 action=accept rule=authenticated")
TAKEN_OUT = (("127.0.0.1:43577", "127.0.0.1:60001"), ("ms=3", "ms=12"), ("pid 4711", "pid 12"),
             ("/tmp/gatepost-test.abcd1234/log", "/tmp/gatepost-test.zyxw9876/log"), ("kill -HUP 12", "kill -HUP 4"),
             ("Sat, 28 Nov 2026 22:42:22 +0000", "Sun, 29 Nov 2026 02:02:02 +0000"), (" header.b=f94aa7kc;", ' header.b="f94/87kc";'),
             ("250 2.0.0 Ok: queued as 507822E0", "250 2.0.0 Ok: queued as A26412E8"))


def taken_out():
    """what differs from run to run is taken out, and nothing else"""
    for line in KEPT:
        equal(plain.text(line), line)
    for one, other in TAKEN_OUT:
        equal(plain.text(one), plain.text(other))


def main():
    tap = world.Tap()
    for test in (noted, compared, taken_out):
        tap.run(test)
    tap.finish()


main()
