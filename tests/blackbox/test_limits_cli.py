# SPDX-License-Identifier: ISC
"""gatepost limits, status and store check, as they are typed, against a running daemon."""
import fcntl
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unicodedata

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import world  # noqa: E402
from impostor import Impostor  # noqa: E402
from world import equal, holds, wait_for  # noqa: E402

GATEPOST = os.path.join(world.BUILD, "gatepost")
ENVIRONMENT = dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC")
LONG = "a-very-long-name-indeed-that-does-not-fit@some-department.example.org"
ODD = ['al\x1b[31mice', "a\"b'c", "%s%n%d", "j\u00f6rg@b\u00fccher.test", "\u540d\u524d" * 20 + "@x.test", "\u202emoc.evil",
       "two  words", "a:b", "client:x", "\x9b31m", "a\\b", "-n", LONG]

CONFIG = """hostname = "mx.test"
include = {"FOLDER/overrides.conf"}
spf { mode = off }
dns { servers = {"127.0.0.1:9"} }
store { uri = {"STORE"} }
policyd {
    listen = {"SOCKET"}
    user = "USER"
    control_socket = "FOLDER/control"
}
limit hourly { key = user  count = recipients  max = 100  per = 1h }
limit volume { key = user  count = bytes  max = 2G  per = 1d  mode = label }
limit domain-daily { key = user_domain  count = messages  max = 1000  per = 1d  action = hold }
limit site { key = all  count = recipients  max = unlimited  per = 1h }
limit clients { key = client  count = recipients  max = 3  per = 90m  from = {others} }
"""
OVERRIDES = """# made by the test
override { user = "newsletter@example.org"  hourly = 5000 }
override { user = "boss"  hourly = unlimited }
"""


def line_of(text, start):
    return next(i for i, line in enumerate(text.split("\n"), 1) if line.startswith(start))


class Daemon:
    """with Daemon() as d: one with limits, whose store lies in its directory."""

    def __init__(self, store="lmdb:FOLDER/store", config=CONFIG):
        self.folder = tempfile.mkdtemp(prefix="gatepost-test.")
        with open(os.path.join(self.folder, "overrides.conf"), "w") as f:
            f.write(OVERRIDES)
        text = config.replace("STORE", store).replace("FOLDER", self.folder)
        self.policyd = world.Policyd(text, folder=self.folder)
        self.path, self.socket = self.policyd.config_path, os.path.join(self.folder, "control")
        self.messages = 0

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.policyd.stop()
        text = self.policyd.text()
        shutil.rmtree(self.folder, ignore_errors=True)
        if kind is None:
            assert "ERROR: " not in text and "WARNING: ThreadSanitizer" not in text, text

    def send(self, user="", recipients=1, client="192.0.2.1", size=1000, end=True):
        """A message: the answers to its recipients, and to its end."""
        self.messages += 1
        fixed = {"sasl_username": user, "instance": "m%d" % self.messages, "sender": "x@a.test",
                 "client_address": client, "server_port": "587"}
        with self.policyd.connect() as s:
            answers = [world.ask(s, recipient="r%d@b.test" % i, **fixed) for i in range(recipients)]
            if end:
                answers.append(world.ask(s, protocol_state="END-OF-MESSAGE", recipient="", size=str(size),
                                         recipient_count=str(recipients), **fixed))
        return answers

    def run(self, *words, **options):
        return run(words[0], "-c", self.path, *words[1:], **options)

    def fine(self, *words):
        code, out, err = self.run(*words)
        equal((words, code, err), (words, 0, ""))
        return out

    def rows(self, *words):
        return json.loads(self.fine("limits", "--json", *words))["rows"]

    def row(self, who, limit):
        return next(r for r in self.rows("show", "--", who) if r["limit"] == limit)


def run(*words, **options):
    options.setdefault("env", ENVIRONMENT)
    done = subprocess.run([GATEPOST] + list(words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=world.PATIENCE_S, **options)
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


def columns(text):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def set_size(fd, rows, cols):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))


class Terminal:
    """A command on a terminal of its own; text is what it has written so far."""

    def __init__(self, *words, rows=24, cols=80):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                set_size(1, rows, cols)
                os.execve(GATEPOST, [GATEPOST] + list(words), ENVIRONMENT)
            finally:
                os._exit(127)
        self.data = b""

    def read(self, until=None, seconds=world.PATIENCE_S):
        """Reads until the text has what is wanted, or the end."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not (until and until(self.text())):
            if not select.select([self.fd], [], [], 0.1)[0]:
                continue
            try:
                part = os.read(self.fd, 65536)
            except OSError:
                part = b""
            if not part:
                break
            self.data += part
        if until:
            assert until(self.text()), self.text()
        return self.text()

    def text(self):
        return self.data.decode("utf-8", "replace").replace("\r\n", "\n")

    def write(self, data):
        os.write(self.fd, data)

    def wait(self):
        self.read()
        status = os.waitpid(self.pid, 0)[1]
        os.close(self.fd)
        return os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)


# ---- limits ----

def top():
    """limits: who used how much, by fraction used; -n and --all; nothing counted is said"""
    with Daemon() as d:
        equal(d.fine("limits"), "nothing is counted at present\n")
        d.send("alice@example.org", 40)
        d.send("bob", 97, size=1900000000)
        d.send("newsletter@example.org", 120)
        d.send("boss", 10)
        d.send(client="198.51.100.9", recipients=2)
        lines = d.fine("limits").split("\n")
        assert re.fullmatch(r"WHO +LIMIT +USED +MAX +COUNTS +PER +FULL", lines[0].rstrip()), lines[0]
        assert re.fullmatch(r"bob +hourly +97 +100 +recipients +1h +97% +#########\.", lines[1]), lines[1]
        assert re.fullmatch(r"bob +volume +1\.7G +2G +bytes +1d +88% +########\.\.", lines[2]), lines[2]
        assert re.fullmatch(r"client:198\.51\.100\.9 +clients +2 +3 +recipients +90m +66% +######\.\.\.\.", lines[3])
        every = d.fine("limits", "--all")
        assert re.search(r"^all +site +267 +unlimited +recipients +1h$", every, re.M), every
        holds(every, "user_domain:example.org")
        few = d.fine("limits", "-n", "2").split("\n")
        equal(few[1:3], [line for line in few[1:3] if line.startswith("bob")])
        assert re.fullmatch(r"the first 2 of \d+; -n N or --all shows more", few[3]), few
        rows = d.rows("-n", "3")
        equal([(r["subject"], r["limit"], r["used"], r["max"]) for r in rows],
              [("user:bob", "hourly", 97, 100), ("user:bob", "volume", 1900000000, 2 << 30),
               ("client:198.51.100.9", "clients", 2, 3)])
        assert len(d.rows("--all")) > 3
        equal(d.fine("limits", "--socket", d.socket, "-n", "1"), d.fine("limits", "-n", "1"))


def show():
    """limits show: used, maximum, window, and when mail is accepted again"""
    with Daemon() as d:
        d.send("bob", 100)
        equal(d.send("bob", 1)[0][:9], "450 4.7.1")
        out = d.fine("limits", "show", "bob")
        assert re.search(r"^bob +hourly +100 +100 +recipients +1h +100% +defer +in (60 min|1 h [01] min)$", out, re.M), out
        assert re.search(r"^bob +volume +\d+ +2G +bytes +1d +0% +label only +now$", out, re.M), out
        assert re.search(r"^all +site +100 +unlimited +recipients +1h +- +always$", out, re.M), out
        row = d.row("bob", "hourly")
        equal([row[k] for k in ("used", "max", "per_s")], [100, 100, 3600])
        assert 3500 < row["wait_s"] <= 3660 and row["free"].endswith("Z"), row
        holds(d.fine("limits", "show", "client:192.0.2.1"), "nothing is counted under this name at present\n")
        assert "nothing is counted" not in d.fine("limits", "show", "bob")
        holds(d.fine("limits", "show", "user_domain:example.org"), "domain-daily")
        holds(d.fine("limits", "show", "all"), "site")
        holds(d.fine("limits", "show", "alice@example.org"), "user_domain:example.org")


def explain():
    """limits explain: run time, override or the limit itself, each with file and line"""
    with Daemon() as d:
        main = open(d.path).read()
        overrides = os.path.join(d.folder, "overrides.conf")
        hourly = "%s:%d" % (d.path, line_of(main, "limit hourly"))
        out = d.fine("limits", "explain", "alice")
        holds(out, "hourly: recipients in 1h, of alice\n    max 100: the limit itself, in %s\n" % hourly)
        holds(out, "volume: bytes in 1d, of alice\n    max 2G: the limit itself, in %s:%d\n"
              % (d.path, line_of(main, "limit volume")))
        out = d.fine("limits", "explain", "Newsletter@example.org")
        holds(out, 'max 5000: override { user = "newsletter@example.org" } in %s:%d\n    without it: 100\n'
              % (overrides, line_of(OVERRIDES, "override { user = \"news")))
        holds(d.fine("limits", "explain", "boss"), 'max unlimited: override { user = "boss" } in %s:3\n' % overrides)
        d.fine("limits", "set", "boss", "hourly", "7", "--for", "1d")
        out = d.fine("limits", "explain", "boss")
        assert re.search(r"max 7: set at run time, until \d{4}-\d\d-\d\d \d\d:\d\d \((23 h 59|24 h 0) min left\)\n"
                         r"    without it: unlimited\n", out), out
        equal(d.row("newsletter@example.org", "hourly")["limit_max"], 100)
        d.fine("limits", "set", "newsletter@example.org", "hourly", "2")
        holds(d.fine("limits", "explain", "newsletter@example.org"), "until it is removed\n    without it: 5000\n")
        d.fine("limits", "set", "newsletter@example.org", "hourly", "default")
        d.fine("limits", "set", "boss", "hourly", "unlimited")
        holds(d.fine("limits", "explain", "boss"), "max unlimited: set at run time, until it is removed\n")
        d.send("carol", 100)
        assert re.search(r"used 100 \(100%\), room in (60 min|1 h [01] min) \(at .*\); when full: defer",
                         d.fine("limits", "explain", "carol"))
        row = next(r for r in d.rows("explain", "newsletter@example.org") if r["limit"] == "hourly")
        equal([row[k] for k in ("source", "override", "file", "line", "limit_max")],
              ["override", "user", overrides, 2, 100])


def change():
    """limits set: at once, over a restart of the daemon, for a time; default takes it back"""
    with Daemon() as d:
        equal(d.fine("limits", "set", "bob", "hourly", "3"), "bob: the maximum of hourly is 3\n")
        equal(d.send("bob", 4)[2:4] != ["DUNNO", "DUNNO"], True)
        d.policyd.stop()
        d.policyd.start()
        equal(d.row("bob", "hourly")["max"], 3)
        equal(d.row("bob", "hourly")["source"], "runtime")
        equal(d.fine("limits", "set", "bob", "hourly", "default"),
              "bob: the maximum of hourly is again 100, as configured\n")
        equal((d.row("bob", "hourly")["max"], d.row("bob", "hourly")["source"]), (100, "limit"))
        out = d.fine("limits", "set", "bob", "volume", "500M", "--for", "1s")
        assert re.fullmatch(r"bob: the maximum of volume is 500M, until .*\d\d:\d\d\n", out), out
        equal(d.row("bob", "volume")["max"], 500 << 20)
        wait_for(lambda: d.row("bob", "volume")["max"] == 2 << 30, "end of a maximum for 1s")
        equal(d.fine("limits", "set", "all", "site", "0"), "all: the maximum of site is 0\n")
        equal(d.send("eve")[0][:9], "450 4.7.1")
        assert re.search(r"^all +site .* never$", d.fine("limits", "show", "all"), re.M)
        equal(json.loads(d.fine("limits", "set", "all", "site", "unlimited", "--json"))["max"], None)
        equal(d.send("eve")[0], "DUNNO")


def overrides():
    """limits overrides: what was set at run time, by whom and until when"""
    with Daemon() as d:
        equal(d.fine("limits", "overrides"), "no maximum is set at run time\n")
        equal(d.fine("limits", "set", "client:192.0.2.7", "clients", "9", "--for", "1d")[:34],
              "client:192.0.2.7: the maximum of c")
        d.fine("limits", "set", "BOB", "volume", "500M")
        equal(d.fine("limits", "set", "domain:Example.ORG", "hourly", "20"),
              "domain:example.org: the maximum of hourly is 20\n")
        holds(d.fine("limits", "show", "domain:example.org"),
              "each user of example.org: max of hourly 20, set at run time, until it is removed\n")
        d.fine("limits", "set", "user:all", "hourly", "unlimited")
        lines = d.fine("limits", "overrides").split("\n")
        me, at = re.escape(subprocess.getoutput("id -un")) + " on mx.test", r"(\d{4}-\d\d-\d\d )?\d\d:\d\d"
        assert re.fullmatch(r"WHO +LIMIT +MAX +UNTIL +SET BY +SET AT *", lines[0]), lines
        for line, wanted in zip(lines[1:], (r"client:192\.0\.2\.7 +clients +9 +" + at, r"domain:example\.org +hourly +20 +taken back",
                                            r"user:all +hourly +unlimited +taken back", r"bob +volume +500M +taken back")):
            assert re.fullmatch(wanted + " +" + me + " +" + at + " *", line), (line, wanted)
        row = json.loads(d.fine("limits", "overrides", "--json"))["overrides"][1]
        equal([row[k] for k in ("limit", "subject", "max", "uid")], ["hourly", "domain:example.org", 20, os.getuid()])
        holds(d.fine("limits", "explain", "x@example.org"),
              "max 20: set at run time for the whole domain example.org, until it is removed\n")
        equal(d.fine("limits", "set", "domain:example.org", "hourly", "default"),
              "domain:example.org: the maximum of hourly is again 100, as configured\n")
        equal(len(json.loads(d.fine("limits", "overrides", "--json"))["overrides"]), 3)


def overrides_not_in_use():
    """limits overrides and set: what was set under a name by which the limit does not count any more"""
    with Daemon() as d:
        d.fine("limits", "set", "client:2001:db8::/64", "clients", "9")
        text = open(d.path).read()
        with open(d.path, "w") as f:
            f.write(text.replace("from = {others} }", "from = {others} ipv6_prefix = 48 }"))
        d.policyd.reload()
        d.policyd.wait_log("is in force")
        holds(d.fine("limits", "overrides"), "client:2001:db8::/64  clients (not in use)    9  taken back")
        equal(d.fine("limits", "set", "client:2001:db8::/64", "clients", "default"),
              "client:2001:db8::/64: the maximum of clients is removed; the limit now counts by other names\n")
        equal(d.fine("limits", "overrides"), "no maximum is set at run time\n")


def reset():
    """limits reset: one limit, or all that are about somebody"""
    with Daemon() as d:
        d.send("bob", 100)
        equal(d.send("bob")[0][:9], "450 4.7.1")
        equal(d.fine("limits", "reset", "bob", "volume"), "bob: set to zero: volume\n")
        equal((d.row("bob", "volume")["used"], d.row("bob", "hourly")["used"]), (0, 100))
        equal(d.fine("limits", "reset", "bob"), "bob: set to zero: hourly, volume\n")
        equal(d.send("bob")[0], "DUNNO")
        d.send(client="198.51.100.9", recipients=3)
        equal(d.send(client="198.51.100.9")[0][:9], "450 4.7.1")
        equal(json.loads(d.fine("limits", "reset", "client:198.51.100.9", "--json")),
              {"forgotten": ["clients"], "counted": True})
        equal(d.send(client="198.51.100.9")[0], "DUNNO")
        equal(d.row("all", "site")["used"] > 100, True)


def refused():
    """what the daemon refuses is said, with exit code 1"""
    with Daemon() as d:
        for words, text in ((["reset", "client:1.2.3"], "client:1.2.3: no limit has a counter for it: it is not a client"),
                            (["reset", "bob", "nothing"], "there is no limit of that name"),
                            (["reset", "nobody"], "nothing was counted under nobody by hourly, volume"),
                            (["reset", "clinet:1.2.3.4"], "clinet: is unknown; write one of"),
                            (["set", "bob", "nothing", "5"], "there is no limit of that name"),
                            (["set", "bob", "clients", "5"], "no limit applies to that"),
                            (["set", "clinet:1.2.3.4", "clients", "5"], "clinet: is unknown; write one of"),
                            (["set", "bob\x1b[31m", "site", "5"], "no limit applies to that")):
            code, out, err = d.run("limits", *words)
            equal((words, code, out), (words, 1, ""))
            holds(err, "gatepost limits %s: " % words[0] + text)
        code, out, err = d.run("limits", "set", "bob", "hourly", "5k")
        equal((code, out), (2, ""))
        holds(err, "hourly counts recipients: give a number without a letter")
    plain = re.sub(r"(?m)^(limit|include) .*\n", "", CONFIG)
    with Daemon(config=plain) as d:
        code, out, err = d.run("limits")
        equal((code, out), (1, ""))
        holds(err, "no limit is configured")
        holds(d.fine("status"), "limits        0, overrides 0\n")


NOBODY = [  # a word, the limit, what to write
    ("x.test", "hourly", "domain:x.test"), ("x.test", "hourly", "user:x.test"), ("b\u00fccher.test", "hourly", "domain:xn--bcher-kva.test"),
    ("client", "hourly", "user:client"), ("User", "hourly", "user:User"), ("domain", "hourly", "domain:NAME"),
    ("sender_domain", "hourly", "user:sender_domain"), ("network", "hourly", "network:ADDRESS/BITS"),
    ("all.", "hourly", "user:all"), (" all", "hourly", "user:all"),
    ("a@x.test,b@x.test", "hourly", "one name at a time"), ("a;b", "hourly", "one name at a time"),
    ("a@x.test b@x.test", "hourly", "one name at a time"),
    ("alice@*", "hourly", "domain:example.org"), ("user:alice@*.test", "hourly", "domain:example.org"),
    ("ali*", "hourly", "patterns are not possible"), ("*@x.test", "hourly", "domain:x.test"),
    ("\u200b", "hourly", "user:NAME"), ("user:\u2800\ufffc", "hourly", "user:NAME"), ("\"\"", "hourly", "user:NAME"),
    ("domain:-", "hourly", "domain:example.org"), ("domain:-x.test", "hourly", "domain:example.org"),
    ("domain:192.0.2.1", "hourly", "domain:example.org"), ("domain:x-.test", "domain-daily", "domain:example.org"),
    ("client:224.0.0.1", "clients", "client:192.0.2.1"), ("client:255.255.255.255", "clients", "client:192.0.2.1"),
    ("client:0.0.0.0", "clients", "client:192.0.2.1"), ("client:::", "clients", "client:192.0.2.1"),
    ("client:ff02::1", "clients", "client:192.0.2.1"), ("client:239.0.0.0/8", "clients", "client:192.0.2.1")]


def set_for_nobody():
    """limits set: a word that is hardly a user's name is an error that says what to write; known users are users"""
    with Daemon() as d:
        for who, limit, said in NOBODY:
            code, out, err = d.run("limits", "set", who, limit, "5")
            equal((who, code, out), (who, 1, ""))
            holds(err, said)
        equal(d.fine("limits", "overrides"), "no maximum is set at run time\n")
        for name in ("web1.test", "client", "a;b"):
            d.send(name)
            equal(d.fine("limits", "set", name, "hourly", "5"), "%s: the maximum of hourly is 5\n" % name)
            equal(d.row("user:" + name, "hourly")["max"], 5)
        # once it is set it can be changed, whether anything is counted or not
        d.fine("limits", "set", "user:web2.test", "hourly", "6")
        d.fine("limits", "set", "web2.test", "hourly", "7")
        equal(d.row("user:web2.test", "hourly")["max"], 7)


def set_to_default():
    """limits set WHO LIMIT default: says what applies then, from where, and whether anything was set"""
    with Daemon() as d:
        equal(d.fine("limits", "set", "bob", "hourly", "default"),
              "bob: nothing was set at run time; the maximum of hourly is 100, as configured\n")
        d.fine("limits", "set", "domain:x.test", "hourly", "3")
        d.fine("limits", "set", "bob@x.test", "hourly", "9")
        equal(d.fine("limits", "set", "bob@x.test", "hourly", "default"),
              "bob@x.test: the maximum of hourly is again 3, set at run time for the whole domain x.test\n")
        equal(d.fine("limits", "set", "eve@x.test", "hourly", "default"),
              "eve@x.test: nothing was set at run time; the maximum of hourly is 3, set at run time for the whole domain x.test\n")
        d.fine("limits", "set", "domain:x.test", "hourly", "4", "--for", "1d")
        assert re.search(r"is 4, set at run time for the whole domain x\.test, until .*\d\d:\d\d\n",
                         d.fine("limits", "set", "eve@x.test", "hourly", "default"))
        d.fine("limits", "set", "boss", "hourly", "9")
        equal(d.fine("limits", "set", "boss", "hourly", "default"),
              'boss: the maximum of hourly is again unlimited, by override { user = "boss" } in %s/overrides.conf:3\n' % d.folder)


def set_usage():
    """limits set: a number below zero is not a maximum, as other words; an option that is given twice is an error"""
    for words, said in ((("alice", "h", "-5"), '"-5" is not a maximum; give a number'), (("--", "alice", "h", "-5"), '"-5" is not a maximum'),
                        (("alice", "h", "-1k"), '"-1k" is not a maximum'), (("alice", "h", "five"), '"five" is not a maximum'),
                        (("alice", "h", "5", "--for", "1d", "--for", "2d"), "--for is given twice"),
                        (("alice", "h", "5", "--for", "-5"), '--for: "-5" is not a duration')):
        code, out, err = run("limits", "set", "--socket", "/nowhere", *words)
        equal((words, code, out), (words, 2, ""))
        holds(err, "gatepost limits set: " + said)
    for words in (("-n", "3", "-n", "4"), ("--socket", "/a", "--socket", "/b"), ("-c", "a", "-c", "a"), ("--watch=2", "--watch")):
        code, out, err = run("limits", *words)
        equal((words, code, out), (words, 2, ""))
        holds(err, "given twice")


def clients_of_a_link():
    """key = client: hosts with addresses of a link are counted one by one, and found as they are written"""
    with Daemon() as d:
        for client in ("fe80::1%eth0", "fe80::2%eth0", "fe80::3%eth1"):
            equal([a[:9] for a in d.send(client=client, recipients=4, end=False)], ["DUNNO", "DUNNO", "DUNNO", "450 4.7.1"])
            equal(d.row("client:" + client, "clients")["used"], 3)
        equal(d.row("client:fe80::2", "clients")["subject"], "client:fe80::2")
        equal(d.fine("limits", "set", "client:fe80::2%eth0", "clients", "9"), "client:fe80::2: the maximum of clients is 9\n")
        equal(d.send(client="fe80::2%eth0")[0], "DUNNO")
        code, _, err = d.run("limits", "show", "client:fe80::/64")
        equal(code, 1)
        holds(err, "no limit has a counter for it")
        code, _, err = d.run("limits", "show", "fe80::1%eth0")
        equal(code, 1)
        holds(err, "write an address as client:fe80::1%eth0")


def odd_names():
    """names with odd bytes: nothing plays with the terminal, what is shown can be asked about"""
    with Daemon(config=CONFIG + "limits { names = exact }\n") as d:
        for name in ODD:
            d.send(name, 2)
        for words in (["limits", "--all"], ["status"]) + tuple(
                ["limits", word, "--", "user:" * (":" in name) + name] for name in ODD for word in ("show", "explain")):
            code, out, err = d.run(*words)
            equal((words, code), (words, 0))
            bad = [c for c in out + err if c != "\n" and (unicodedata.category(c) in ("Cc", "Cf"))]
            equal((words, bad), (words, []))
        out = d.fine("limits", "--all")
        for part in ("al?[31mice", "a\"b'c", "%s%n%d", "j\u00f6rg@", "?moc.evil", "user:a:b", LONG, "\u540d\u524d" * 20):
            holds(out, part)
        equal(d.row("user:client:x", "hourly")["used"], 2)
        equal(d.row("user:a:b", "hourly")["used"], 2)
        equal(d.row("j\u00f6rg@b\u00fccher.test", "hourly")["used"], 2)
        holds(d.fine("limits", "set", "--", "-n", "hourly", "5"), "-n: the maximum of hourly is 5\n")
        equal(d.row("-n", "hourly")["max"], 5)
        holds(d.fine("limits", "set", "%s%n%d", "hourly", "6"), "%s%n%d: ")
        holds(d.fine("limits", "set", "a\nb", "hourly", "6"), "a?b: ")
        plain = dict(ENVIRONMENT, LC_ALL="C")
        code, out, _ = d.run("limits", "--all", env=plain)
        assert code == 0 and out.isascii(), out
        holds(out, "j?rg@")
        printed = d.run("limits", "--all", "--json")[1]
        assert printed.isascii()
        code, _, err = d.run("limits", "show", b"\xff\xfe")
        equal(code, 2)
        holds(err, "well-formed UTF-8")


def terminal_width():
    """on a terminal no line is wider than it, whatever the names"""
    with Daemon(config=CONFIG + "limits { names = exact }\n") as d:
        for name in ODD:
            d.send(name, 2)
        for cols in (80, 60, 132):
            for words in (["limits", "--all"], ["limits", "show", LONG]):
                t = Terminal(words[0], "-c", d.path, *words[1:], cols=cols)
                equal(t.wait(), 0)
                lines = t.text().split("\n")
                assert len(lines) > 3 and "LIMIT" in lines[0], lines
                wide = [line for line in lines if columns(line) > cols]
                equal((cols, words, wide), (cols, words, []))
                holds(t.text(), "..." if cols < 132 else "hourly")


def names_stay_apart():
    """in 80 columns names that differ in the middle, or somewhere else, never look the same"""
    names = ["newsletter-%s-campaign-of-the-department@mailing.example.org" % s for s in ("spring", "summer", "autumn", "winter")]
    names += ["%s@department-%s.very-long-name-of-a-campus.example.edu" % (u, d) for u in ("alice", "albert") for d in "abcd"]
    with Daemon() as d:
        for name in names:
            d.send(name, 2)
        t = Terminal("limits", "-c", d.path, "--all", cols=80)
        equal(t.wait(), 0)
        rows = [line.split() for line in t.text().split("\n") if " hourly " in line]
        equal((len(rows), len({row[0] for row in rows})), (len(names), len(names)))
        assert max(columns(line) for line in t.text().split("\n")) <= 80, t.text()
        out = d.fine("limits", "--all")  # not on a terminal: in full
        for name in names:
            holds(out, name)


# ---- watching ----

def rounds(text):
    return len(re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", text))


def watch_terminal():
    """limits --watch on a terminal: drawn in place; the cursor comes back at the end"""
    with Daemon() as d:
        for i in range(30):
            d.send("user%d" % i, i + 1)
        for how in ("ctrl-c", "term", "size"):
            t = Terminal("limits", "--watch=1", "-c", d.path)
            t.read(lambda s: rounds(s) >= 2)
            if how == "size":
                set_size(t.fd, 10, 60)
                os.kill(t.pid, signal.SIGWINCH)
                t.read(lambda s: s.split("\x1b[H")[-1].endswith("\x1b[J") and s.split("\x1b[H")[-1].count("\n") < 10)
            if how == "term":
                os.kill(t.pid, signal.SIGTERM)
            else:
                t.write(b"\x03")
            equal((how, t.wait()), (how, 0))
            text = t.text()
            assert text.startswith("\x1b[?25l\x1b[H\x1b[2J\x1b[H"), repr(text[:50])
            assert "\x1b[?25h" in text[-20:], repr(text[-50:])
            first = text.split("\x1b[H")[2]
            assert first.count("\n") <= 23 and first.endswith("\x1b[J"), repr(first)
            holds(first, "every 1 s, Ctrl-C ends\x1b[K\n")


def watch_restart():
    """limits --watch: says when the daemon is unavailable, and goes on when it is back"""
    with Daemon() as d:
        d.send("bob", 9)
        t = Terminal("limits", "--watch=1", "-c", d.path)
        t.read(lambda s: rounds(s) >= 1)
        d.policyd.stop()
        t.read(lambda s: "trying again" in s)
        holds(t.text(), d.socket)
        d.policyd.start()
        gone = len(t.text())
        t.read(lambda s: "bob" in s[gone:])
        t.write(b"\x03")
        equal(t.wait(), 0)


def watch_file():
    """limits --watch without a terminal: one table after another; --json: an object a line"""
    with Daemon() as d:
        d.send("bob", 9)
        for words in ([], ["--json"]):
            p = subprocess.Popen([GATEPOST, "limits", "--watch=1", "-c", d.path] + words, env=ENVIRONMENT,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            got = "".join(p.stdout.readline() for _ in range(14 if not words else 2))
            p.send_signal(signal.SIGINT)
            rest, err = p.communicate(timeout=world.PATIENCE_S)
            equal((words, p.returncode, err), (words, 0, ""))
            assert "\x1b" not in got + rest
            if words:
                equal([json.loads(line)["rows"][0]["name"] for line in got.splitlines()], ["bob", "bob"])
            else:
                equal(rounds(got), 2)
    code, out, err = run("limits", "--watch", "--socket", "/nowhere/control")
    equal((code, out), (1, ""))
    holds(err, "there is no such socket")


# ---- status ----

def status():
    """status: what is asked of a daemon that is well; --json has the same"""
    with Daemon() as d:
        holds(d.fine("status"), "Postfix asks  nothing yet\n")
        d.send("bob", 101)
        out = d.fine("status")
        for pattern in (r"^gatepost-policyd \S+, pid %d, up for \d+ s$" % d.policyd.worker(),
                        r"^configuration %s, loaded \d+ s ago$" % re.escape(d.path), r"^limits +5, overrides 2$",
                        r"^store +up: lmdb:.*/store$", r"^ +\d+ steps, .* each, 0 failed$", r"^requests +102$",
                        r"^connections +\d+ open, 1000 at most; 1 since the start$",
                        r"^decisions +100 accepted, 2 deferred, 0 rejected$", r"^ +2 over a limit",
                        r"^answers +50% within .*, 90% .*, 99% .*, 99.9% .*$",
                        r"^Postfix asks +port 587, users: during a message and at its end$"):
            assert re.search(pattern, out, re.M), "%s\n%s" % (pattern, out)
        assert "WARNING" not in out and all(columns(line) <= 100 for line in out.split("\n")), out
        got = json.loads(d.fine("status", "--json"))
        equal((got["requests"], got["store"]["up"], got["config"]["limits"]), (102, True, 5))
        equal(d.fine("status", "--socket", d.socket)[:16], "gatepost-policyd")


def waits_for_a_restart():
    with Daemon() as d:
        def change(old, new):
            with open(d.path) as f:
                text = f.read()
            assert old in text
            with open(d.path + ".new", "w") as f:
                f.write(text.replace(old, new))
            os.rename(d.path + ".new", d.path)
        line = "WARNING: changes of these options wait for a restart (systemctl restart gatepost-policyd): "
        assert line not in d.fine("status")
        equal(json.loads(d.fine("status", "--json"))["config"]["waiting_for_restart"], [])
        change("policyd {\n", "policyd {\n    max_connections = 77\n    deadline = 19s\n")
        change("store {", "store { size = 128M  on_failure = defer ")
        # before a reload by the file, afterwards by what is in force
        holds(d.fine("status"), line + "store.size, policyd.max_connections\n")
        d.policyd.reload()
        for name in ("store.size", "policyd.max_connections"):
            d.policyd.wait_log("a change of %s takes effect at the next restart" % name)
        world.wait_for(lambda: "has changed and is not in force" not in d.fine("status"), "the reload")
        holds(d.fine("status"), line + "store.size, policyd.max_connections\n")
        equal(json.loads(d.fine("status", "--json"))["config"]["waiting_for_restart"], ["store.size", "policyd.max_connections"])
        change("max_connections = 77", "max_connections = 1000")
        with open(d.path, "a") as f:
            f.write("nonsense {\n")  # with errors it is what is in force that counts
        holds(run("status", "--socket", d.socket)[1], line + "store.size, policyd.max_connections\n")
        d.policyd.stop()
        change("nonsense {\n", "")
        d.policyd.start()
        assert line not in d.fine("status")


def warnings():
    """status: what cannot work is shown as a WARNING"""
    with Daemon() as d:
        later = time.time() + 1000
        os.utime(d.path, (later, later))
        holds(d.fine("status"), "WARNING: %s has changed and is not in force" % d.path)
        os.utime(d.path, (1, 1))  # older than what is in force, and another one all the same
        holds(d.fine("status"), "WARNING: %s has changed and is not in force" % d.path)
        d.policyd.reload()
        d.policyd.wait_log("is in force")
        assert "WARNING" not in d.fine("status")
        with d.policyd.connect() as s:  # a port where Postfix does not ask at the end
            for i in range(60):
                world.ask(s, sasl_username="bob", instance="w%d" % i, recipient="r@b.test", server_port="25",
                          client_address="192.0.2.1", sender="x@a.test")
        out = d.fine("status")
        holds(out, "WARNING: port 25, users: limits on bytes do not work there")
        holds(out, "port 25, users: during a message; mail not accepted stays counted\n")
    waits_for_a_restart()
    with Daemon(store="lmdb:/proc/nowhere/store") as d:
        code, out, err = d.run("status")
        equal((code, err), (1, ""))
        holds(out, "DOWN: lmdb:/proc/nowhere/store\n")
        holds(out, "WARNING: the store is down: ")
        code, out, _ = d.run("status", "--json")
        equal((code, json.loads(out)["store"]["up"]), (1, False))
        code, out, err = d.run("limits")
        equal((code, out), (1, ""))
        holds(err, "the store lmdb:/proc/nowhere/store: ")


# ---- the socket ----

def unreachable():
    """a daemon that cannot be reached: where, why, and what to do"""
    with Daemon() as d:
        os.chmod(d.socket, 0)
        other = {"user": "nobody"} if os.geteuid() == 0 else {}
        for command in ("limits", "status"):
            code, out, err = d.run(command, **other)
            equal((code, out), (1, ""))
            holds(err, "gatepost %s: %s: permission denied; run this as root" % (command, d.socket))
        d.policyd.stop()
        code, out, err = d.run("status")
        equal((code, out), (1, ""))
        holds(err, "%s: there is no such socket; is gatepost-policyd running" % d.socket)
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(d.socket)  # and nobody listens
            holds(d.run("status")[2], "%s: connection refused; gatepost-policyd is not running" % d.socket)
        os.unlink(d.socket)
        open(d.socket, "w").close()
        holds(d.run("limits")[2], "%s: not a socket" % d.socket)
        with open(d.path, "a") as f:
            f.write("nonsense = 1\n")
        code, out, err = d.run("status")
        equal((code, out), (1, ""))  # it is not at the default socket, either
        holds(err, "unknown option nonsense")
        holds(err, "the socket of the default is used (--socket PATH selects another one)")
        text = re.sub("control_socket = .*", 'control_socket = ""', open(d.path).read()).replace("nonsense = 1\n", "")
        with open(d.path, "w") as f:
            f.write(text)
        code, out, err = d.run("status")
        equal((code, out), (1, ""))
        holds(err, "policyd.control_socket is empty in " + d.path)


ROW = {"limit": "x", "key": "user", "count": "bytes", "mode": "enforce", "action": "defer", "per_s": 60, "used": 1,
       "name": "n", "subject": "user:n", "source": "limit", "max": 5, "limit_max": 5, "file": "f", "line": 1}


def impostors():
    """an answer that is not as it should be: exit code 1, no crash, nothing of it on the terminal"""
    def rows(**changed):
        return (json.dumps({"rows": [dict(ROW, **changed)], "counters": 1}) + "\n").encode()
    not_understood = "the answer is not understood"
    closed = "closed before the answer was complete"
    cases = [(rows(**{key: value}), not_understood) for key, value in (
        ("limit", None), ("used", "1"), ("used", -1), ("used", 1.5), ("max", "5"), ("max", -1), ("per_s", 0),
        ("name", 1), ("line", "1"), ("wait_s", []), ("file", {}), ("limit_max", True))]
    cases += [(text, not_understood) for text in (
        b"[]\n", b"1\n", b"{}\n", b"\n", b"nonsense\n", b'{"rows": {}, "counters": 1}\n', b'{"rows": []}\n',
        b'{"rows": [1], "counters": 1}\n', b'{"rows": [{}], "counters": 1}\n', b"[" * 100000 + b"\n",
        b'{"rows": [], "rows": [], "counters": 1}\n', b'{"rows": [], "counters": "\xff"}\n', b'{"error": 1}\n',
        b'{"rows": [], "counters": 1e999}\n', b'{"rows": [], "counters": "\\u0000"}\n')]
    cases += [(text, closed) for text in (b"", b"{", b'{"rows": []}')]
    cases += [(b'{"error": "\\u001b[31m%s%n red"}\n', "gatepost limits: ?[31m%s%n red\n")]
    bad = Impostor(*[[text] for text, _ in cases])
    try:
        for text, wanted in cases:
            code, out, err = run("limits", "--socket", bad.path)
            equal((text, code, out), (text, 1, ""))
            holds(err, wanted)
            assert "\x1b" not in err
    finally:
        bad.close()
    both = [b"{}\n", b'{"version": 1}\n', b'{"forgotten": [1]}\n', b'{"rows": 1}\n', b'{"forgotten": []}\n']
    for words in (["status"], ["status", "--json"], ["limits", "reset", "x"], ["limits", "explain", "x"],
                  ["limits", "show", "x", "--json"], ["limits", "set", "x", "y", "1"]):
        bad = Impostor(*[[text] for text in both])
        for text in both:
            code, out, err = run(*words, "--socket", bad.path)
            equal((words, text, code, out), (words, text, 1, ""))
            holds(err, not_understood)
        bad.close()
    huge = Impostor([b'{"error": "'] + [b"x" * (1 << 20)] * 70, [b'{"rows": [', b"1" * 10, b'], "counters"', b": 1}\n"])
    try:
        holds(run("limits", "--socket", huge.path)[2], "the answer is larger than 64 MiB")
        holds(run("limits", "--socket", huge.path)[2], not_understood)
    finally:
        huge.close()
    big = rows(used=2 ** 62, max=1, per_s=2 ** 62, limit_max=None, wait_s=2 ** 62, name="\u001b]0;x\u0007", line=2 ** 60)
    fine = Impostor([big], [big], [big])
    try:
        for words in ([], ["show", "x"], ["explain", "x"]):
            code, out, _ = run("limits", *words, "--socket", fine.path)
            equal(code, 0)
            holds(out, "?]0;x?")
            assert "\x1b" not in out and "\x07" not in out
    finally:
        fine.close()


class Silence:
    """A socket that never answers, asked from the beginning of the tests to their end."""

    def __init__(self):
        self.server = Impostor(None)
        self.process = subprocess.Popen([GATEPOST, "status", "--socket", self.server.path], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def check(self):
        """no answer: given up after 35 s"""
        out, err = self.process.communicate(timeout=world.PATIENCE_S)
        equal((self.process.returncode, out), (1, ""))
        holds(err, "no answer within 35 s")
        self.server.close()


# ---- store check ----

class Place:
    """A directory with a configuration that names a store; both the daemon's user's."""

    def __init__(self, uri="lmdb:FOLDER/store", extra=""):
        self.folder = tempfile.mkdtemp(prefix="gatepost-test.")
        self.store = os.path.join(self.folder, "store")
        self.path = os.path.join(self.folder, "gatepost.conf")
        self.user = world.daemon_user()
        os.chmod(self.folder, 0o755)
        if self.user:
            shutil.chown(self.folder, self.user)
        with open(self.path, "w") as f:
            f.write(('store { uri = {"%s"}\n timeout = 3s\n %s }\npolicyd { user = "%s"\ncontrol_socket = "" }\n'
                     "limit hourly { key = user  max = 100  per = 1h }\n" % (uri, extra, self.user))
                    .replace("FOLDER", self.folder))

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if os.path.isdir(self.store):
            os.chmod(self.store, 0o700)  # a test may have closed it
        shutil.rmtree(self.folder, ignore_errors=True)

    def check(self):
        return run("store", "check", self.path)


def store_fine():
    """store check: what works, how fast; nothing is left, and nothing belongs to root"""
    with Place() as p:
        for words in (["check", p.path], ["check", "-c", p.path]):
            code, out, err = run("store", *words)
            equal((code, err), (0, ""))
            for part in ("store lmdb:%s\n" % p.store, "a fact: written, read, removed\n",
                         "a counter: counted, read, forgotten\n", "what was seen: noted, read, removed\n",
                         "(median of 100; ", "  fine\n"):
                holds(out, part)
            equal("as the user nobody:\n" in out, os.geteuid() == 0)
        owners = {os.stat(os.path.join(p.store, name)).st_uid for name in os.listdir(p.store)}
        equal(owners, {os.stat(p.folder).st_uid})
    with Daemon() as d:  # beside a daemon, whose counters it leaves alone
        d.send("bob", 9)
        code, out, err = run("store", "check", d.path)
        equal((code, err), (0, ""))
        equal(d.row("bob", "hourly")["used"], 9)
        equal([r for r in d.rows("--all") if "store-check" in r["subject"]], [])
    plain = 'store { uri = {"lmdb:FOLDER/store"} }\n'
    with Place() as p:
        with open(p.path, "w") as f:
            f.write(plain.replace("FOLDER", p.folder) + 'policyd { user = "%s" }\n' % p.user)
        code, out, _ = p.check()
        equal(code, 0)
        holds(out, "no limit, DNS list or greylisting is configured: the daemon does not use the store\n")


def store_local():
    """store check: the store that stands in is checked as well, and a server that is unavailable is said"""
    extra = 'on_failure = local\n local_path = "FOLDER/local"'
    with Place(uri="redis://127.0.0.1:9/0", extra=extra) as p:
        code, out, err = p.check()
        equal(code, 1)
        holds(out, "store redis://127.0.0.1:9/0\n")
        holds(out, "local store lmdb:%s/local\n" % p.folder)
        holds(out, "  fine\n")
        assert "does not work" in err or "cannot be opened" in err, err  # the latter: built without Redis


def store_permission():
    """store check: a directory that cannot be used is said, with what to do"""
    with Place() as p:
        os.mkdir(p.store, 0o700)
        if os.geteuid() != 0:
            os.chmod(p.store, 0)
        code, out, err = p.check()
        equal(code, 1)
        holds(err, "Permission denied")
        holds(err, "the directory must belong to the user that the daemon runs as: chown -R" if os.geteuid() == 0
              else "chmod 700 " + p.store)
        assert "fine" not in out
        if os.geteuid() == 0:
            equal(os.listdir(p.store), [])
    with Place(uri="lmdb:/proc/nowhere/store") as p:
        code, out, err = p.check()
        equal(code, 1)
        holds(err, "/proc/nowhere/store")
        holds(err, "install -d -m 700 -o")


def store_damaged():
    """store check: a damaged file is set aside and said; then all is well again"""
    with Place() as p:
        equal(p.check()[0], 0)
        with open(os.path.join(p.store, "counters"), "r+b") as f:
            f.write(b"rubbish" * 2000)
        code, out, err = p.check()
        equal(code, 1)
        holds(err, "counters is damaged")
        holds(out, "  works now, after the messages above\n")
        assert [name for name in os.listdir(p.store) if name.startswith("counters.damaged")]
        code, out, err = p.check()
        equal((code, err), (0, ""))


def store_wrong():
    """store check: wrong URIs, users and files are errors of the configuration or trouble"""
    for uri in ("lmdb:relative", "postgres://x", "redis://host:notaport"):
        with Place(uri=uri) as p:
            code, out, err = p.check()
            equal((uri, code, out), (uri, 3, ""))
            holds(err, "store.uri")
    code, out, err = run("store", "check", "/nowhere")
    equal((code, out), (3, ""))
    if os.geteuid() == 0:
        for user, text in (("no-such-user", 'there is no user "no-such-user"'), ("root", "must not be root")):
            with Place() as p:
                text_of = open(p.path).read().replace('"nobody"', '"%s"' % user)
                with open(p.path, "w") as f:
                    f.write(text_of)
                code, out, err = p.check()
                equal((user, code, out), (user, 1, ""))
                holds(err, text)
                assert not os.path.exists(p.store)


def store_password():
    """store check: a Redis that wants a password: with the right one, a wrong one, none"""
    server = shutil.which("redis-server") or shutil.which("redis-check-rdb")
    if not server:
        raise world.Skip("redis-server is not at hand")
    with Place(uri="redis+unix:FOLDER/redis.sock", extra='password_file = "FOLDER/password"') as p:
        if "has no Redis" in p.check()[2]:
            raise world.Skip("built without Redis")
        process = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", p.folder + "/redis.sock", "--unixsocketperm",
                                    "777", "--requirepass", "right", "--save", "", "--dir", p.folder],
                                   executable=server, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            wait_for(lambda: os.path.exists(p.folder + "/redis.sock"), "redis-server")
            for password, wanted in (("right", 0), ("wrong", 1), ("", 1)):
                with open(p.folder + "/password", "w") as f:
                    f.write(password + "\n")
                code, out, err = p.check()
                equal((password, code, "fine" in out), (password, wanted, wanted == 0))
                assert wanted == 0 or "assword" in err or "AUTH" in err, err
                assert "right" not in err.replace("copyright", "")
        finally:
            world.end(process)


# ---- usage ----

def usage():
    """wrong usage: exit code 2, what is wrong, and where help is"""
    for words, text in ((["limits", "bogus"], 'no subcommand "bogus"'),
                        (["limits", ""], 'no subcommand ""'),
                        (["limits", "show"], "limits show: WHO is missing"), (["limits", "show", "a", "b"], "unexpected argument: b"),
                        (["limits", "show", ""], "a name is 1 to 4096 bytes"),
                        (["limits", "show", "x" * 4097], "a name is 1 to 4096 bytes"),
                        (["limits", "reset"], "limits reset: WHO is missing"),
                        (["limits", "set", "a", "b"], "limits set: VALUE is missing"),
                        (["limits", "-n", "0"], "--rows: whole numbers"), (["limits", "-n", "x"], "--rows: whole numbers"),
                        (["limits", "-n"], "--rows needs a value: N"), (["limits", "--bogus"], "no option --bogus"),
                        (["limits", "--watch=0"], "--watch: whole seconds"),
                        (["limits", "--watch=1.5"], "--watch: whole seconds"),
                        (["limits", "-n", "5", "--all"], "--rows or --all, not both"),
                        (["limits", "--watch", "show", "a"], "no option --watch here; it goes with gatepost limits\n"),
                        (["limits", "--for", "1d"], "no option --for here; it goes with gatepost limits set"),
                        (["limits", "--socket", "relative"], "the absolute path of a unix socket"),
                        (["limits", "--socket", "/" + "x" * 107], "at most 107 bytes"),
                        (["status", "more"], "unexpected argument: more"), (["status", "--bogus"], "no option --bogus"),
                        (["store"], "a subcommand is missing, such as check"), (["store", "bogus"], 'no subcommand "bogus"'),
                        (["store", "check", "a", "b"], "unexpected argument: b"), (["store", "check", "-c", "a", "b"], "one file"),
                        (["store", "--bogus"], "no option --bogus")):
        code, out, err = run(*words)
        equal((words, code, out), (words, 2, ""))
        holds(err, text)
        assert re.search(r"^gatepost %s[a-z ]* --help shows how it is used$" % words[0], err, re.M), err
    there = ["--socket", "/nowhere/control"]
    for value in ("x", "-1", "1.5", "5kk", "5x", "", "1125899906842625", "9999T", "99999999999999999999"):
        code, out, err = run("limits", "set", *there, "--", "a", "b", value)
        equal((value, code, out), (value, 2, ""))
    for duration in ("1", "d", "0s", "1x", "-1d", "1.5h", "99999d", "", "9" * 30 + "s"):
        code, out, err = run("limits", "set", *there, "--for", duration, "a", "b", "5")
        equal((duration, code, out), (duration, 2, ""))
        holds(err, "is not a duration")
    equal(run("limits", "set", *there, "--for", "1d", "a", "b", "default")[0], 2)


def help_texts():
    """--help: synopsis, examples, exit codes, within 80 columns"""
    for command in ("limits", "status", "store"):
        code, out, err = run(command, "--help")
        equal((command, code, err), (command, 0, ""))
        holds(out, "usage: gatepost %s" % command)
        holds(out, "examples:\n")
        holds(out, "exit codes:")
        equal([line for line in out.split("\n") if len(line) > 80], [])
        holds(run("--help")[1], "  %s " % command)
        with open("/dev/full", "w") as full:
            done = subprocess.run([GATEPOST, command, "--help"], stdin=subprocess.DEVNULL, stdout=full,
                                  stderr=subprocess.PIPE, text=True)
        equal((command, done.returncode), (command, 1))


def main():
    tap = world.Tap()
    silence = Silence()
    for test in (usage, help_texts, top, show, explain, change, overrides, overrides_not_in_use, reset, refused, set_for_nobody,
                 set_to_default, set_usage, clients_of_a_link, odd_names, terminal_width, names_stay_apart,
                 watch_terminal, watch_restart, watch_file, status, warnings, unreachable, impostors, store_fine,
                 store_local, store_permission, store_damaged, store_wrong, store_password, silence.check):
        tap.run(test)
    tap.finish()


main()
