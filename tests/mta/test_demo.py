# SPDX-License-Identifier: ISC
"""The demonstration (make demo): each mail of its table ends as expected, in lines of 80 columns; a
mail that ends otherwise is said; and where it cannot run, it says what is missing."""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import demo  # noqa: E402
import demo_exim  # noqa: E402
import demo_postfix  # noqa: E402
import demo_show  # noqa: E402
from demo import sandbox  # noqa: E402
from demo_show import Case, Seen  # noqa: E402
from scene import world  # noqa: E402
from world import equal, holds  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
TABLES = {"postfix": demo_postfix.MAILS + demo_postfix.ATTEMPTS + demo_postfix.CONTACTS, "exim": demo_exim.MAILS}
CASES = {name: [row[0] for row in table] for name, table in TABLES.items()}


def run(*words, prefix=(), **environment):
    """A command's exit code and output, its lines joined."""
    done = subprocess.run(list(prefix) + list(words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, env=dict(os.environ, **environment))
    return done.returncode, " ".join(done.stdout.split())


def seen_as(case, **other):
    """What has to come of a case, but for what is named."""
    found = dict(reply=case.answer, facts=case.facts, fields=[" ".join(case.field)], folder=case.folder)
    found.update(other)
    return Seen("", found["reply"], "", "", found["facts"], found["fields"], found["folder"])


def expectations():
    """no mail of the table could end otherwise without being found"""
    for case in CASES["postfix"] + CASES["exim"]:
        equal(demo_show.differences(case, seen_as(case)), [])
        other = "250 OK" if case.answer[0] != "2" else "550 5.7.1 no"
        assert demo_show.differences(case, seen_as(case, reply=other)), case.name
        assert demo_show.differences(case, seen_as(case, facts={})), case.name
        if case.field:
            assert demo_show.differences(case, seen_as(case, fields=[])), case.name
        if case.folder:
            assert demo_show.differences(case, seen_as(case, folder="elsewhere")), case.name
    equal(demo_show.differences(Case("x", "", "250"), Seen("", "250", "", "", fields=[demo_show.HOST + "; spf=pass"] * 2)),
          ["there is more than one field of this host"])


def failure_is_said():
    """a mail that ended otherwise is in the output, in the table, and in the exit code's count"""
    program = ("import demo_show as d\nhalf = d.Half('Postfix')\n"
               "half.show(d.Case('first', 'x', '550'), d.Seen('', '550 no', 'y', 'z'))\n"
               "half.show(d.Case('second', 'x', '550'), d.Seen('', '250 Ok', 'y', 'z'))\n"
               "print('count', d.summary(half.rows))\n")
    code, text = run(sys.executable, "-c", program, PYTHONPATH=HERE)
    equal(code, 0, text)
    holds(text, "WRONG the answer should begin with 550")
    holds(text, "1 first 550 refused z 2 second 250 accepted WRONG: the answer")
    holds(text, "count 1")


def what_is_missing():
    """without root, and for a word that it does not know, it says what to do"""
    code, text = run(sys.executable, os.path.join(HERE, "demo.py"), SANDBOX="no")
    equal(code, 1)
    holds(text, "The demonstration cannot run here: asked to do without a throwaway machine (SANDBOX=no).")
    holds(text, "needs root on Debian or Fedora")
    code, text = run(sys.executable, os.path.join(HERE, "demo.py"), "sendmail")
    equal((code, text), (1, "make demo shows both mail servers, make demo T=postfix or T=exim one of them."))


def own_packages():
    """on a machine that has nothing it asks for what building and showing need, not for the test suite"""
    if not world.shutil.which("dpkg-query") or not world.shutil.which("setpriv"):
        raise world.Skip("needs dpkg-query and setpriv")
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        with open(folder + "/dpkg-query", "w") as f:
            f.write("#!/bin/sh\nexit 1\n")
        os.chmod(folder + "/dpkg-query", 0o755)
        nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
        path = folder + ":" + os.environ["PATH"]
        code, text = run("tests/support/deps", "demo", prefix=nobody, PATH=path)
        everything = run("tests/support/deps", "check", prefix=nobody, PATH=path)[1].split()
    equal(code, 1)
    words = text.split()
    for package in ("gcc", "libldns-dev", "python3", "iproute2"):
        assert package in words, text
    for package in ("libcmocka-dev", "python3-dkim", "mandoc", "redis-tools", "libmicrohttpd-dev", "exim4-dev"):
        assert package in everything and package not in words, text


def half(tap, name):
    """One half as make demo runs it, and each row of its table."""
    rows = []
    names = [case.name for case in CASES[name]]

    def shown():
        with tempfile.TemporaryFile("w+") as output:
            rows.extend(demo.half(name, output))
            output.seek(0)
            text = output.read()
        equal([r["name"] for r in rows], names, text[-6000:])
        equal([line for line in text.splitlines() if len(line) > 80], [])
        equal([n for n in names if ". %s\n" % n not in text], [])

    def as_expected(found):
        equal(found["wrong"], [])

    shown.__doc__ = "%s: all mails are shown, in lines of 80 columns" % name
    tap.run(shown)
    for found in rows:
        as_expected.__doc__ = "%s: %s: %s" % (name, found["name"], found["answer"])
        tap.run(as_expected, found)


def main():
    tap = world.Tap()
    os.chdir(sandbox.PROJECT)
    for test in (expectations, failure_is_said, what_is_missing, own_packages):
        tap.run(test)
    reason = sandbox.why_not()
    if not reason and not os.path.exists(os.path.join(world.BUILD, "gatepost-exim.so")):
        reason = "gatepost-exim.so was not built"
    if reason:
        print("ok %d - the demonstration # SKIP %s" % (tap.number + 1, reason))
        print("1..%d" % (tap.number + 1))
        return
    for name in demo.HALVES:
        half(tap, name)
    tap.finish()


main()
