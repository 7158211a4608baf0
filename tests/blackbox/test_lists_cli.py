# SPDX-License-Identifier: ISC
"""gatepost lists, as it is typed: with a scripted name server that has the lists, with a daemon and without."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import dnsd  # noqa: E402
import world  # noqa: E402
from world import equal, holds, wait_for  # noqa: E402

GATEPOST = os.path.join(world.BUILD, "gatepost")
ENVIRONMENT = dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC")
KEY = "abcdefghijklmnopqrstuvwxyz"

CONFIG = """hostname = "mx.example.org"
spf { mode = off }
dns { servers = {"127.0.0.1:DNSPORT"}  timeout = 1s }
store { uri = {"STORE"} }
policyd { listen = {"SOCKET"}  user = "USER" }
dnsbl { mode = enforce  reject_at = 3  deadline = 2s }
list "bl.example" {
    codes = {"127.0.0.2 = 2 spam source", "127.0.0.10-11 = 1 dynamic address", "127.0.0.4 = 4 botnet"}
    tests = {"127.0.0.2 listed", "127.0.0.1 not"}
}
list "white.example" {
    codes = {"127.0.0.2 = -5 trusted"}
    allow = yes
    tests = {"127.0.0.2 listed", "127.0.0.1 not"}
}
list "uri.example" {
    asks = {sender, helo, rdns}
    mask = "127.0.0.0/24"
    codes = {"bit 2 = 3 spam", "bit 8 = 1 redirector"}
    errors = {"bit 1 refused"}
    tests = {"test.example listed"}
}
list "keyed" {
    zone = "zen.example"
    key_zone = "KEY.dq.example"
    key = "%s"
    codes = {"127.0.0.3 = 1 snowshoe"}
    tests = {"127.0.0.2 listed"}
}
""" % KEY

# beside those: a closed zone, one that the configuration has switched off, one without a key
UNUSED = CONFIG + """list "old" {
    zone = "dnsbl.sorbs.net"
    codes = {"127.0.0.2 = 2 spam source"}
}
list "unwanted.example" {
    codes = {"127.0.0.2 = 2 spam source"}
    off = yes
}
list "keyless" {
    zone = "keyless.example"
    key_zone = "KEY.keyless.example"
    key_file = "/nowhere/key"
    codes = {"127.0.0.2 = 2 spam source"}
}
"""


def reverse(address):
    return ".".join(reversed(address.split(".")))


class Lists(dict):
    """The zone of the name server: list zones with entries, and what a zone does to all queries."""

    def __init__(self):
        super().__init__()
        self.all = {}  # zone: records or a word for every name below it
        self.good()

    def good(self):
        """as the lists are when they are well"""
        self.clear()
        self.all = {}
        for zone in ("bl.example", "white.example"):
            self.add(zone, reverse("127.0.0.2"), "127.0.0.2")
        self.add(KEY + ".dq.example", reverse("127.0.0.2"), "127.0.0.3")
        self.add("uri.example", "test.example", "127.0.0.2")
        self.add("bl.example", reverse("203.0.113.5"), "127.0.0.2", "127.0.0.10")
        self.add("bl.example", reverse("203.0.113.6"), "127.0.0.77")
        self.add("bl.example", reverse("203.0.113.7"), "127.0.0.4")
        self.add("white.example", reverse("203.0.113.7"), "127.0.0.2")
        self.add(KEY + ".dq.example", reverse("203.0.113.5"), "127.0.0.3")
        self.add(KEY + ".dq.example", reverse("203.0.113.8"), "127.0.0.3")
        self.add("uri.example", "bad.example.org", "127.0.0.10")

    def add(self, zone, name, *answers):
        self[name + "." + zone] = {"A": list(answers), "TXT": ["see https://www.example/%s?zone=%s" % (name, zone)]}

    def get(self, name, default=None):
        for zone, found in self.all.items():
            if name.endswith("." + zone):
                return found
        return super().get(name, default)


zone = Lists()
server = dnsd.Server(zone)


def run(*words, **options):
    done = subprocess.run([GATEPOST] + list(words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, env=ENVIRONMENT, timeout=world.PATIENCE_S, **options)
    for text in (done.stdout, done.stderr):
        assert KEY not in text, "the key is shown: " + text
    return done.returncode, done.stdout, done.stderr


class File:
    """with File(text) as path: a configuration, for commands that need no daemon."""

    def __init__(self, text=CONFIG):
        self.folder = tempfile.mkdtemp(prefix="gatepost-test.")
        self.path = os.path.join(self.folder, "gatepost.conf")
        with open(self.path, "w") as f:
            f.write(text.replace("DNSPORT", str(server.port)).replace("STORE", "lmdb:%s/store" % self.folder)
                    .replace("SOCKET", "unix:%s/socket" % self.folder).replace("USER", world.daemon_user()))

    def __enter__(self):
        return self.path

    def __exit__(self, kind, value, trace):
        shutil.rmtree(self.folder)


def asked(path, *words):
    """What gatepost lists test --json says."""
    code, out, err = run("lists", "test", *words, "--config", path, "--json")
    equal((code, err), (0, ""))
    return json.loads(out)


def rows(value):
    return {r["list"]: r for r in value["results"]}


# ---- lists test ----

def address():
    """an address: answers, state, weight and meaning of each list of addresses, score and action"""
    with File() as path:
        value = asked(path, "203.0.113.5")
        equal(set(value), {"results", "score", "action"})
        equal((value["score"], value["action"]), (3, "reject"))
        equal([r["list"] for r in value["results"]], ["bl.example", "white.example", "zen.example"])
        bl = rows(value)["bl.example"]
        equal(set(bl), {"list", "answers", "state", "weight", "meaning"})
        equal((sorted(bl["answers"]), bl["state"], bl["weight"], bl["meaning"]),
              (["127.0.0.10", "127.0.0.2"], "listed", 2, "spam source"))
        equal((rows(value)["white.example"]["state"], rows(value)["white.example"]["answers"]), ("not-listed", []))


def allowed():
    """an allow list takes its weight from the score"""
    with File() as path:
        value = asked(path, "203.0.113.7")
        equal((value["score"], value["action"]), (-1, "accept"))


def domain():
    """a domain: lists of names only; a list of addresses is not asked about it"""
    with File() as path:
        before = len(server.asked)
        value = asked(path, "Bad.Example.ORG.")
        equal([(r["list"], r["state"], r["weight"]) for r in value["results"]], [("uri.example", "listed", 3)])
        equal(value["action"], "reject")
        names = {name for name, _ in server.asked[before:]}
        assert not [n for n in names if n.startswith("bad.example.org") and not n.endswith(".uri.example")], names


def unknown():
    """an answer that no rule knows is unknown, and no hit"""
    with File() as path:
        value = asked(path, "203.0.113.6")
        bl = rows(value)["bl.example"]
        equal((bl["state"], bl["answers"], bl["weight"], bl["meaning"]), ("unknown", ["127.0.0.77"], 0, ""))
        equal((value["score"], value["action"]), (0, "accept"))


def suspended():
    """a list that fails its tests is suspended with its reason, and counts nothing"""
    troubles = (
        ({"A": ["127.255.255.254"]}, "error code"),
        ({"A": ["146.112.61.108"]}, "answers outside 127.0.0.0/8"),
        ({"A": ["127.0.0.2"]}, "canary listed"),
        ({}, "test entry missing"),
        ("servfail", "REFUSED or SERVFAIL for everything"),
        ("refused", "REFUSED or SERVFAIL for everything"),
        ("silent", "timeouts"),
    )
    with File() as path:
        for trouble, reason in troubles:
            zone.all = {"bl.example": trouble}
            try:
                value = asked(path, "203.0.113.5")
            finally:
                zone.good()
            bl = rows(value)["bl.example"]
            equal((reason, bl["state"], bl["weight"], bl["reason"]), (reason, "suspended", 0, reason))
            equal((value["score"], value["action"]), (1, "label"))
            assert "None of these lists works" not in run("lists", "test", "203.0.113.5", "--config", path)[1]
        zone.all = {name: "servfail" for name in ("bl.example", "white.example", KEY + ".dq.example")}
        try:
            holds(run("lists", "test", "203.0.113.5", "--config", path)[1],
                  "\nNone of these lists works here: gatepost doctor dns lists says what to do\n\nscore:  0")
        finally:
            zone.good()


def dead():
    """a closed zone is dead, with what is known of it, as in gatepost lists; a list without key says which file"""
    with File(UNUSED) as path:
        value = asked(path, "203.0.113.5")
        sorbs = rows(value)["dnsbl.sorbs.net"]
        equal((sorbs["state"], sorbs["reason"], sorbs["weight"]), ("dead", "zone closed", 0))
        keyless = rows(value)["keyless.example"]
        equal((keyless["state"], keyless["reason"]), ("suspended", "no key"))
        assert "unwanted.example" not in rows(value), value
        equal((value["score"], value["action"]), (3, "reject"))
        code, out, err = run("lists", "test", "203.0.113.5", "--config", path)
        equal((code, err), (0, ""))
        assert re.search(r"^dnsbl\.sorbs\.net +dead +0 +zone closed$", out, re.M), out
        assert re.search(r"^dnsbl\.sorbs\.net: zone closed: .*sorbs\.net", out, re.M), out
        holds(out, "\nkeyless.example: no key: /nowhere/key cannot be read: No such file or directory\n")
        assert not [n for n, _ in server.asked if n.endswith("sorbs.net")], "a closed zone was queried"


def no_answer():
    """a list that passes its tests and does not answer about the subject has state no-answer, or error"""
    name = reverse("203.0.113.5") + ".bl.example"
    with File() as path:
        for trouble, state, answers in (("silent", "no-answer", []), ({"A": ["127.255.255.255"]}, "error", ["127.255.255.255"])):
            zone[name] = trouble
            try:
                value = asked(path, "203.0.113.5")
            finally:
                zone.good()
            bl = rows(value)["bl.example"]
            equal((bl["state"], bl["weight"], bl["answers"]), (state, 0, answers))
            equal((value["score"], value["action"]), (1, "label"))


def off():
    """with dnsbl.mode = off the action is still what enforce would do, and says so"""
    with File(CONFIG.replace("mode = enforce  reject_at", "mode = off  reject_at")) as path:
        equal(asked(path, "203.0.113.5")["action"], "reject")
        code, out, err = run("lists", "test", "203.0.113.5", "-c", path)
        equal((code, err), (0, ""))
        holds(out, "action: reject, if dnsbl.mode were enforce; it is off")


def table():
    """as a table: each list on a line of at most 80 columns, the text of the worst, the score"""
    with File() as path:
        code, out, err = run("lists", "test", "203.0.113.5", "--config", path)
        equal((code, err), (0, ""))
        lines = out.split("\n")
        equal(lines[0].split(), ["LIST", "STATE", "WEIGHT", "ANSWERS", "MEANING"])
        assert re.match(r"bl\.example +listed +2 +127\.0\.0\.\d+, 127\.0\.0\.\d+ +spam source$", lines[1]), out
        holds(out, 'bl.example: "see https://www.example/')
        holds(out, "\nscore:  3 (label from 1, greylist from 1, reject from 3)\naction: reject\n")
        holds(run("lists", "test", "203.0.113.8", "--config", path)[1], "?zone=KEY.dq.example")
        zone.all = {"bl.example": {"A": ["127.255.255.254"]}}
        try:
            holds(run("lists", "test", "203.0.113.5", "--config", path)[1], "\nbl.example: error code: 127.255.255.254")
        finally:
            zone.good()


def servers():
    """--dns asks another server than that of the configuration"""
    with File(CONFIG.replace("DNSPORT", "9")) as path:
        equal(asked(path, "203.0.113.5", "--dns", "127.0.0.1:%d" % server.port)["action"], "reject")


def wrong_subjects():
    """what is neither a name nor an address, or never asked about, is refused in words"""
    with File() as path:
        for word, said in (("10.1.2.3", "private"), ("127.0.0.7", "host itself"), ("::1", "host itself"),
                           ("fe80::1", "link-local"), ("fd00::1", "private"), ("0.0.0.0", "private"),
                           ("192.0.2.0/24", "a network"), ("http://example.org/x", "a domain alone"),
                           ("alice@example.org", "a domain alone"), ("localhost", "one label"),
                           ("host.local", "not on the internet"), ("two words", "neither a domain"),
                           ("", "neither a domain"), ("a..b", "neither a domain"), ("x" * 64 + ".org", "neither a domain"),
                           ("300.1.2.3", "neither a domain"), ("*", "neither a domain"), ("*.example.org", "neither a domain"),
                           ("[10.1.2.3]", "private"), ("[not an address]", "neither a domain"),
                           (".".join(["x" * 62] * 4) + ".ab", "neither a domain"), ("::", "private"),
                           ("::ffff:127.0.0.7", "host itself"), ("::ffff:0.0.0.0", "private"),
                           ("fe80::1%eth0", "neither a domain"), ("fe80::1%", "neither a domain"), ("[::1", "neither a domain"),
                           ("\x1b[31m.example", "neither a domain")):
            code, out, err = run("lists", "test", word, "--config", path)
            equal((word, code, out), (word, 2, ""))
            holds(err, said)


def odd_subjects():
    """an address in brackets, one mapped into IPv6, and a name as long as one can be are asked about"""
    long_name = ".".join(["x" * 61] * 4) + ".abcd"
    equal(len(long_name), 252)
    with File() as path:
        for word in ("[203.0.113.5]", "::ffff:203.0.113.5"):
            equal((word, asked(path, word)["score"]), (word, 3))
        equal({r["list"]: r["state"] for r in asked(path, "::ffff:127.0.0.1")["results"]},
              {"bl.example": "not-listed", "white.example": "not-listed", "zen.example": "not-listed"})
        before = len(server.asked)
        equal(asked(path, long_name), {"results": [], "score": 0, "action": "accept"})
        assert not [n for n, _ in server.asked[before:] if "xxx" in n], "a name that is too long was sent"
        equal([r["state"] for r in asked(path, long_name[62:])["results"]], ["not-listed"])


def test_entries():
    """127.0.0.2 may be asked about: it is in every list of addresses"""
    with File() as path:
        value = asked(path, "127.0.0.2")
        equal({r["list"]: r["state"] for r in value["results"]},
              {"bl.example": "listed", "white.example": "listed", "zen.example": "listed"})


def no_lists():
    """without lists it says what to write"""
    with File(re.sub(r'list "(.*?)\n}\n', "", CONFIG, flags=re.S)) as path:
        code, out, err = run("lists", "test", "203.0.113.5", "--config", path)
        equal((code, out), (1, ""))
        holds(err, "no DNS list is configured")
        holds(err, "use spamhaus-zen { }")


# ---- with a daemon ----

class Daemon:
    """with Daemon() as d: one that queries the lists."""

    def __init__(self, text=CONFIG):
        self.policyd = world.Policyd(text.replace("DNSPORT", str(server.port)))
        self.path = self.policyd.config_path
        wait_for(lambda: "untested" not in [r["state"] for r in self.lists()], "the first tests")

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        text = self.policyd.text()
        self.policyd.close()
        assert KEY not in text, text
        if kind is None:
            assert "ERROR: " not in text and "WARNING: ThreadSanitizer" not in text, text

    def fine(self, *words):
        code, out, err = run(words[0], "-c", self.path, *words[1:])
        equal((words, code, err), (words, 0, ""))
        return out

    def lists(self):
        return json.loads(self.fine("lists", "--json"))["lists"]

    def row(self, name):
        return next(r for r in self.lists() if r["list"] == name)

    def mail(self, client, n=[0]):
        n[0] += 1
        return self.policyd.ask(client_address=client, client_name="unknown", helo_name="h.example.org",
                                sender="x@sender.example.org", recipient="r@here.example", instance="i%d.%s" % (n[0], client))


def figures():
    """state, queries, hits by code, unknown codes, and the median time, as table and as JSON"""
    with Daemon() as d:
        for client in ("203.0.113.5", "203.0.113.6", "198.51.100.1"):
            d.mail(client)
        bl = d.row("bl.example")
        equal((bl["name"], bl["state"], bl["reason"], bl["queries"], bl["hits"], bl["unknown"], bl["timeouts"]),
              ("bl.example", "ok", "", 3, 1, 1, 0))
        equal({c["code"] for c in bl["codes"]}, {"127.0.0.2", "127.0.0.10"})
        equal(bl["unknown_codes"], [{"code": "127.0.0.77", "count": 1}])
        assert bl["median_us"] > 0 and bl["since"] and bl["tested"], bl
        equal(d.row("zen.example")["name"], "keyed")
        out = d.fine("lists")
        equal(out.split("\n")[0].split("  ")[0], "LIST")
        holds(out, "bl.example: answers that no rule of the list knows: 127.0.0.77 1\n")
        holds(d.fine("status"), "DNS lists     4 ok\n")


LONG = "combined.mail.abusix.example"  # 28 characters


def columns():
    """on a terminal of 80 columns nothing is wider than that, and names of lists are whole; a wider one has more"""
    zone.all = {"white.example": "refused", LONG: "refused"}
    long_list = 'list "%s" { codes = {"127.0.0.2 = 1"}  tests = {"127.0.0.2 listed"} }\n' % LONG
    with Daemon(CONFIG + long_list + "greylist { mode = label }\n") as d:
        zone.good()
        d.mail("203.0.113.5")
        shown, texts = {}, {}
        for width in (80, 120, 200):
            texts[width] = on_terminal(width, "lists", "-c", d.path, "--color=never")
            shown[width] = texts[width].split("\n")[0].split()
            assert max(len(line) for line in texts[width].split("\n")[:6]) <= width, texts[width]
            for name in ("bl.example", "white.example", LONG):
                assert re.search("^%s +(ok|suspended) " % re.escape(name), texts[width], re.M), texts[width]
            holds(texts[width], "\n%s: REFUSED or SERVFAIL for everything" % LONG)
        assert set(shown[80]) < set(shown[120]) < set(shown[200]) and "TESTED" in shown[200], shown
        for word in ("LIST", "STATE", "REASON", "QUERIES", "HITS"):
            assert word in shown[80], shown
        wait_for(lambda: "\ngreylisting " in d.fine("status"), "figures of greylisting")
        holds(on_terminal(80, "status", "-c", d.path), " of the day before never came\n              back\n")
        zone.all = {LONG: {"A": ["127.255.255.254"]}}
        try:
            out = on_terminal(80, "lists", "test", "203.0.113.5", "-c", d.path, "--color=never")
        finally:
            zone.good()
        assert max(len(line) for line in out.split("\n")[:6]) <= 80, out
        assert re.search(r"^%s +suspended +0 +error" % re.escape(LONG), out, re.M), out
        holds(out, "\n%s: error code: 127.255.255.254" % LONG)


def on_terminal(width, *words):
    """What gatepost prints on a terminal of so many columns."""
    script = ("import fcntl, os, pty, struct, sys, termios\n"
              "pid, fd = pty.fork()\n"
              "if pid == 0:\n"
              "    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack('HHHH', 24, %d, 0, 0))\n"
              "    os.execv(sys.argv[1], sys.argv[1:])\n"
              "data = b''\n"
              "try:\n"
              "    while True:\n"
              "        part = os.read(fd, 65536)\n"
              "        if not part: break\n"
              "        data += part\n"
              "except OSError: pass\n"
              "os.waitpid(pid, 0)\n"
              "sys.stdout.buffer.write(data)\n" % width)
    return subprocess.run([sys.executable, "-c", script, GATEPOST] + list(words), stdout=subprocess.PIPE, text=True,
                          env=ENVIRONMENT, check=True).stdout.replace("\r", "")


def switched():
    """off: within seconds, over a restart; on again once its tests are good; the log says who"""
    with Daemon() as d:
        holds(d.fine("lists", "off", "BL.example."), "bl.example: off within seconds")
        wait_for(lambda: d.row("bl.example")["state"] == "off", "the list is off")
        equal(d.row("bl.example")["uid"], os.getuid())
        before = d.row("bl.example")["queries"]
        d.mail("203.0.113.5")
        equal(d.row("bl.example")["queries"], before)
        holds(d.fine("lists", "off", "bl.example"), "was off already")
        d.policyd.stop()
        asked = len(server.asked)
        d.policyd.start()
        first = d.mail("203.0.113.5")  # the first request of all: it is refused where the list is in use
        assert not first.startswith("550"), first
        equal(d.row("bl.example")["state"], "off")
        names = [name for name, _ in server.asked[asked:]]
        assert not [n for n in names if n.endswith(".bl.example")], names
        assert [n for n in names if n.endswith(".uri.example")], names
        holds(d.fine("status"), "1 off")
        equal(json.loads(d.fine("lists", "on", "bl.example", "--json")),
              {"list": "bl.example", "off": False, "was_off": True, "configured": True})
        wait_for(lambda: d.row("bl.example")["state"] == "ok", "the list is in use again")
        holds(d.fine("lists", "on", "bl.example"), "was not switched off")
        for event in ("list-off", "list-on"):
            wait_for(lambda: "event=%s list=bl.example uid=%d" % (event, os.getuid()) in d.policyd.text(), event)
        code, out, err = run("lists", "off", "nonsense.example", "-c", d.path)
        equal((code, out), (1, ""))
        holds(err, "there are: bl.example, white.example, uri.example, keyed")


def unused():
    """of a list that is closed, off in the configuration or without key, on and retest say so, and status and doctor"""
    with Daemon(UNUSED) as d:
        for name, zone_name, why in (("old", "dnsbl.sorbs.net", "sorbs.net"), ("keyless", "keyless.example", "no key: /nowhere/key"),
                                     ("unwanted.example", "unwanted.example", "it is off in the configuration (")):
            d.fine("lists", "off", name)
            out = d.fine("lists", "on", name)
            holds(out, zone_name + ": the order is taken back; mail is not checked against it: ")
            holds(out, why)
            holds(json.loads(d.fine("lists", "on", name, "--json"))["why_unused"], why)
            holds(d.fine("lists", "on", name), zone_name + ": was not switched off; mail is not checked against it: ")
            code, out, err = run("lists", "retest", name, "-c", d.path)
            equal((code, out), (1, ""))
            holds(err, zone_name + " is not tested: ")
            holds(err, why)
        d.fine("lists", "off", "bl.example")
        wait_for(lambda: d.row("bl.example")["state"] == "off", "the list is off")
        holds(run("lists", "retest", "bl.example", "-c", d.path)[2], "bl.example is not tested: it is switched off (gatepost lists on)")
        out = d.fine("lists", "retest")
        equal(out.splitlines()[:2], ["to be tested now: white.example, uri.example, zen.example; gatepost lists shows the result",
                                     "bl.example is not tested: it is switched off (gatepost lists on)"])
        equal(len(out.splitlines()), 5)
        equal({r["list"]: r["state"] for r in d.lists()}, {
            "bl.example": "off", "white.example": "ok", "uri.example": "ok", "zen.example": "ok", "dnsbl.sorbs.net": "dead",
            "unwanted.example": "off", "keyless.example": "suspended"})
        status = d.fine("status")
        holds(status, "DNS lists     3 ok, 1 suspended, 1 dead, 2 off\n")
        holds(status, "WARNING: the DNS list dnsbl.sorbs.net is dead: zone closed; ")
        equal(json.loads(d.fine("status", "--json"))["lists"]["switched_off"], ["bl.example"])
        found = findings(d.path, "lists.tests")
        equal([(f["state"], f["found"]) for f in found if f["found"].startswith(("bl.", "unwanted."))],
              [("ok", "bl.example: not in use (gatepost lists off); it passes its tests"),
               ("ok", "unwanted.example: not in use (off in the configuration)")])


def by_name():
    """a list is called by its name in the configuration, too"""
    with Daemon() as d:
        holds(d.fine("lists", "off", "keyed"), "zen.example: off")
        wait_for(lambda: d.row("zen.example")["state"] == "off", "the list is off")


def mended():
    """a suspended list shows its reason, in status too; after retest it need not wait"""
    zone.all = {"bl.example": {"A": ["127.255.255.254"]}}
    try:
        with Daemon() as d:
            bl = d.row("bl.example")
            equal((bl["state"], bl["reason"], bl["problem"].split()[0]), ("suspended", "error code", "127.255.255.254"))
            holds(d.fine("status"), "WARNING: the DNS list bl.example is suspended: error code")
            equal([r["list"] for r in json.loads(d.fine("status", "--json"))["lists"]["suspended"]], ["bl.example"])
            holds(d.fine("lists"), "bl.example: error code: 127.255.255.254 about ")
            zone.good()
            for _ in range(2):  # two good rounds
                tested = d.row("bl.example")["tested"]
                equal(json.loads(d.fine("lists", "retest", "bl.example", "--json")), {"due": ["bl.example"], "not_tested": []})
                wait_for(lambda: d.row("bl.example")["tested"] != tested or d.row("bl.example")["state"] == "ok",
                         "the next test")
            wait_for(lambda: d.row("bl.example")["state"] == "ok", "the list is in use again")
            holds(d.fine("lists", "retest"), "to be tested now: bl.example, white.example, uri.example, zen.example; ")
    finally:
        zone.good()


def direct():
    """on the store itself: what is switched off, and what processes of Exim have kept there: nothing yet"""
    with Daemon() as d:
        d.fine("lists", "off", "bl.example")
        code, out, err = run("lists", "-c", d.path, "--direct", "--json")
        equal(code, 0, err)
        equal({r["list"]: r["state"] for r in json.loads(out)["lists"]},
              {"bl.example": "off", "white.example": "untested", "uri.example": "untested", "zen.example": "untested"})
        code, out, err = run("lists", "on", "bl.example", "-c", d.path, "--direct")
        equal(code, 0, err)
        wait_for(lambda: d.row("bl.example")["state"] == "ok", "the list is in use again")
        code, out, err = run("lists", "retest", "-c", d.path, "--direct", "--json")
        equal((code, json.loads(out)["due"]), (0, ["bl.example", "white.example", "uri.example", "zen.example"]), err)


def metrics():
    """the same numbers for a monitoring system, without the key; without a daemon, what the store knows"""
    zone.all = {"white.example": {"A": ["127.255.255.254"]}}
    began = int(time.time())
    with Daemon(UNUSED + "greylist { mode = label }\n") as d:
        zone.good()
        d.mail("203.0.113.5")
        d.mail("203.0.113.6")
        out = d.fine("metrics")
        for line in ('state{list="bl.example",state="ok"} 1', 'state{list="bl.example",state="suspended"} 0',
                     'queries_total{list="bl.example"} 2', 'hits_total{list="bl.example"} 1', 'unknown_total{list="bl.example"} 1',
                     'code_hits_total{list="bl.example",code="127.0.0.2"} 1', 'code_hits_total{list="bl.example",code="127.0.0.10"} 1',
                     'reason{list="white.example",reason="error code"} 1', 'reason{list="dnsbl.sorbs.net",reason="zone closed"} 1',
                     'reason{list="keyless.example",reason="no key"} 1',
                     'timeouts_total{list="zen.example"} 0', 'query_seconds_count{list="bl.example"} 2'):
            holds(out, "\ngatepost_list_" + line + "\n")
        assert 'reason{list="bl.example"' not in out and 'code="127.0.0.77"' not in out, out
        for name in ("since", "tested"):
            shown = re.search(r'^gatepost_list_%s_timestamp_seconds{list="bl.example"} (\d+)$' % name, out, re.M)
            assert began <= int(shown.group(1)), out
        assert 'tested_timestamp_seconds{list="keyless.example"' not in out, out
        d.fine("lists", "off", "bl.example")
        code, out, err = run("metrics", "-c", d.path, "--direct")
        equal(code, 0, err)
        for line in ('state{list="bl.example",state="off"} 1', 'state{list="uri.example",state="untested"} 1',
                     'reason{list="dnsbl.sorbs.net",reason="zone closed"} 1'):
            holds(out, "\ngatepost_list_" + line + "\n")
        for name in ("delayed", "waiting", "median_delay_seconds"):
            assert re.search(r"^gatepost_greylist_%s \d" % name, out, re.M), out
        assert "gatepost_list_queries_total" not in out, out


# ---- doctor ----

def findings(path, *checks):
    code, out, err = run("doctor", "--json", "--config", path, *checks)
    equal(err, "")
    return json.loads(out)


def doctor_tests():
    """doctor lists: each list with its state and the time of its answer; the reason of what fails, and what to do"""
    with File() as path:
        found = findings(path, "lists.tests")
        equal([f["state"] for f in found], ["ok"] * 4)
        assert re.match(r"bl\.example: ok, answers within [\d.]+ (us|ms|s)$", found[0]["found"]), found
        for trouble, word, mend in (({"A": ["127.255.255.254"]}, "error code: 127.255.255.254", "127.0.0.1"),
                                    ({"A": ["146.112.61.108"]}, "answers outside 127.0.0.0/8", "does not rewrite answers"),
                                    ("refused", "REFUSED or SERVFAIL", "use a resolver of your own"),
                                    ({"A": ["127.0.0.2"]}, "canary listed", "gatepost lists off bl.example")):
            zone.all = {"bl.example": trouble}
            try:
                found = findings(path, "lists.tests")
            finally:
                zone.good()
            equal([f["state"] for f in found], ["warning"] + ["ok"] * 3)
            holds(found[0]["found"], "bl.example is suspended: " + word)
            holds("\n".join(found[0]["mend"]), mend)


def doctor_key():
    """doctor lists: a key is spoken of where the list has one, or could have one"""
    with File(CONFIG + 'list "free" { zone = "free.example"  key_zone = "KEY.f.example"  tests = {"127.0.0.2 listed"} }\n') as path:
        zone.all = {KEY + ".dq.example": "refused", "free.example": "refused"}
        try:
            found = findings(path, "lists.tests")
        finally:
            zone.good()
        equal([f["state"] for f in found], ["warning"] * 2 + ["ok"] * 3)
        holds(found[0]["found"], "zen.example is suspended: REFUSED")
        holds(found[0]["mend"][0], "check the key of the list")
        holds(found[1]["mend"][0], "free has no key")


def doctor_unused():
    """doctor lists: with dnsbl.mode off no list is a warning, and that none works is no problem"""
    with File(CONFIG.replace("mode = enforce  reject_at", "mode = off  reject_at")) as path:
        zone.all = {name: "refused" for name in ("bl.example", "white.example", "uri.example", KEY + ".dq.example")}
        try:
            code, out, err = run("doctor", "--json", "--config", path, "lists.tests")
        finally:
            zone.good()
        equal((code, err), (0, ""))
        equal([f["state"] for f in json.loads(out)], ["note"] * 4)
        holds(out, "bl.example: not in use (dnsbl.mode is off); it fails its tests: REFUSED")
        equal([f["found"] for f in findings(path, "lists.tests")][:1],
              ["bl.example: not in use (dnsbl.mode is off); it passes its tests"])
    with File(CONFIG.replace('list "bl.example" {', 'list "bl.example" {\n    off = yes')) as path:
        zone.all = {name: "refused" for name in ("white.example", "uri.example", KEY + ".dq.example")}
        try:
            found = findings(path, "lists.tests")
        finally:
            zone.good()
        holds(found[0]["found"], "no DNS list works")  # one that is off does not count as one that works


def doctor_cloud():
    """a list that refuses the resolver: whose address needs a name, and where the key is free"""
    with File(re.sub(r'list "(.*?)\n}\n', "", CONFIG, flags=re.S) + "use spamhaus-zen { }\n") as path:
        zone.all = {"zen.spamhaus.org": {"A": ["127.255.255.254"]}}
        try:
            found = findings(path, "lists.tests")
        finally:
            zone.good()
        equal([f["state"] for f in found], ["problem", "warning"])
        holds(found[0]["found"], "no DNS list works")
        holds("\n".join(found[1]["mend"]), "Spamhaus refuses resolvers at cloud providers whose address has no attributable "
              "name: use the free key service")


def doctor_daemon():
    """what the daemon has suspended, and that it has not"""
    with Daemon() as d:
        equal([(f["check"], f["state"], f["found"]) for f in findings(d.path, "lists.daemon")],
              [("lists.daemon", "ok", "4 in use")])
    zone.all = {"bl.example": "refused"}
    try:
        with Daemon() as d:
            found = findings(d.path, "lists.daemon")
            equal([(f["state"], f["found"]) for f in found],
                  [("warning", "the daemon does not query bl.example at present: REFUSED or SERVFAIL for everything")])
    finally:
        zone.good()
    with File(re.sub(r'list "(.*?)\n}\n', "", CONFIG, flags=re.S)) as path:
        equal([f["state"] for f in findings(path, "lists.tests")], ["skipped"])


def no_daemon():
    """without a daemon gatepost lists says so; no key is in check-config --dump"""
    with File() as path:
        holds(run("check-config", "--dump", path)[1], "bl.example")
        code, out, err = run("lists", "--config", path)
        equal((code, out), (1, ""))


def main():
    tap = world.Tap()
    for test in (address, allowed, domain, unknown, suspended, dead, no_answer, off, table, servers, wrong_subjects,
                 odd_subjects, test_entries,
                 no_lists, figures, columns, switched, unused, by_name, mended, direct, metrics, doctor_tests,
                 doctor_key, doctor_unused, doctor_cloud,
                 doctor_daemon, no_daemon):
        tap.run(test)
    tap.finish()


main()
