# SPDX-License-Identifier: ISC
"""gatepost greylist, as it is typed: with a running daemon, and on the store itself."""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import dnsd  # noqa: E402
import world  # noqa: E402
from world import equal, holds, wait_for  # noqa: E402

GATEPOST = os.path.join(world.BUILD, "gatepost")
ENVIRONMENT = dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC")
server = dnsd.Server({})

CONFIG = """hostname = "mx.example.org"
spf { mode = label }
dns { servers = {"127.0.0.1:%d"}  timeout = 1s }
store { uri = {"STORE"} }
policyd { listen = {"SOCKET"}  user = "USER" }
greylist { mode = enforce  when = unknown  delay = 1s  learn = 0  passes = 0 }
""" % server.port


def run(*words, **options):
    done = subprocess.run([GATEPOST] + list(words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, env=ENVIRONMENT, timeout=world.PATIENCE_S, **options)
    return done.returncode, done.stdout, done.stderr


class Daemon:
    """with Daemon() as d: one that delays first attempts for a second."""

    def __init__(self, config=CONFIG):
        self.policyd = world.Policyd(config)
        self.path = self.policyd.config_path
        self.count = 0

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        text = self.policyd.text()
        self.policyd.close()
        if kind is None:
            assert "ERROR: " not in text and "WARNING: ThreadSanitizer" not in text, text

    def fine(self, *words):
        code, out, err = run(words[0], "-c", self.path, *words[1:])
        equal((words, code, err), (words, 0, ""))
        return out

    def value(self, *words):
        return json.loads(self.fine("greylist", *words, "--json"))

    def mail(self, client, sender="x@sender.example", recipient="r@here.example"):
        self.count += 1
        return self.policyd.ask(client_address=client, client_name="unknown", reverse_client_name="unknown",
                                helo_name="h.example", sender=sender, recipient=recipient, instance="i%d" % self.count)

    def known(self, client, sender="x@sender.example", recipient="r@here.example"):
        return self.value("--client", client, "--sender", sender, "--recipient", recipient)


def passed(d, client, **mail):
    """A first attempt, and again until it passes."""
    holds(d.mail(client, **mail), "450 4.7.1")
    wait_for(lambda: "450" not in d.mail(client, **mail), "the mail is accepted")


def figures():
    """delayed, passed, the median, and what is remembered, as text and as JSON"""
    with Daemon() as d:
        value = d.value()
        equal((value["mode"], value["when"], value["delayed"], value["passed"], value["never_came_back"], value["median_delay_s"],
               value["networks"], value["allowed"]), ("enforce", "unknown", 0, 0, 0, None, [], []))
        passed(d, "203.0.113.5")
        for n in range(3):
            holds(d.mail("198.51.100.%d" % n, sender="x%s@other.example" % "abc"[n]), "450 4.7.1")
        value = d.value()
        equal((value["passed"], value["waiting"] >= 1, value["kept"]), (1, True, 1))
        assert value["delayed"] >= 2 and value["median_delay_s"] >= 1 and value["since"], value
        out = d.fine("greylist")
        assert re.match(r"mode +enforce, when unknown, since \S+\n", out), out
        assert re.search(r"^passed +1 came back and were accepted, half of them within ", out, re.M), out
        assert re.search(r"^never came back +0 of the day before$", out, re.M), out


def one_mail():
    """what is known of a mail, and what would be done: first, waiting, passed"""
    with Daemon(CONFIG.replace("delay = 1s", "delay = 5m")) as d:
        value = d.known("203.0.113.5")
        equal((value["state"], value["action"], value["wait_s"]), ("none", "delay", 0))
        d.mail("203.0.113.5")
        value = d.known("203.0.113.5")
        equal((value["state"], value["action"]), ("waiting", "delay"))
        assert 0 < value["wait_s"] <= 300 and value["first"], value
        out = d.fine("greylist", "--client", "203.0.113.5", "--sender", "x@sender.example", "--recipient", "r@here.example")
        assert re.search(r"^action +delay: it has not waited long enough; accepted in [45] min", out, re.M), out
    with Daemon() as d:
        passed(d, "203.0.113.5")
        value = d.known("203.0.113.5")
        equal((value["state"], value["action"], value["why"]), ("passed", "accept", "it has passed before"))
        equal(d.known("203.0.113.5", sender="")["state"], "none")


def allow():
    """a network or a domain is never delayed, at once and over a restart; the log and the list say who"""
    with Daemon() as d:
        holds(d.mail("203.0.113.5"), "450 4.7.1")
        equal(d.fine("greylist", "allow", "203.0.113.0/24"), "203.0.113.0/24: never delayed from now on\n")
        assert "450" not in d.mail("203.0.113.9", sender="new@sender.example")
        holds(d.fine("greylist", "allow", "203.0.113.0/24"), "was allowed already")
        equal(d.value("allow", "Example.NET"), {"what": "example.net", "allowed": True, "was_allowed": False})
        d.policyd.stop()
        d.policyd.start()
        equal([(a["what"], a["uid"], a["host"]) for a in d.value()["allowed"]],
              [("203.0.113.0/24", os.getuid(), "mx.example.org"), ("example.net", os.getuid(), "mx.example.org")])
        holds(d.fine("greylist"), "never delayed    203.0.113.0/24, by ")
        value = d.known("203.0.113.77")
        equal((value["allowed"], value["action"]), ("203.0.113.0/24", "accept"))
        equal(d.fine("greylist", "remove", "203.0.113.0/24"), "203.0.113.0/24: no exception any more\n")
        holds(d.fine("greylist", "remove", "203.0.113.0/24"), "was no exception")
        holds(d.mail("203.0.113.77", sender="newer@third.example"), "450 4.7.1")
        for event in ("greylist-allow", "greylist-remove"):
            wait_for(lambda: "event=%s what=203.0.113.0/24 uid=%d" % (event, os.getuid()) in d.policyd.text(), event)


def forget():
    """what is known of a mail is forgotten: the next one is a first attempt"""
    with Daemon() as d:
        words = ("remove", "--client", "203.0.113.5", "--sender", "x@sender.example", "--recipient", "r@here.example")
        equal(d.value(*words), {"forgotten": False, "crowd": False})
        passed(d, "203.0.113.5")
        equal(d.fine("greylist", *words), "forgotten: the next such mail is a first attempt\n")
        equal(d.known("203.0.113.5")["state"], "none")
        holds(d.mail("203.0.113.5"), "450 4.7.1")
        wait_for(lambda: "event=greylist-forget " in d.policyd.text(), "the event in the log")


ROWS = (
    # more of the configuration, the mail, what is expected, is it delayed?
    ("", {}, "delay", "a first attempt", True),
    ("mode = label", {}, "accept", "greylist.mode is label", False),
    ("learn = 1d", {}, "accept", "greylist.learn is not over", False),
    ("", {"sender": ""}, "accept", "greylist.null_sender is skip", False),
    ("", {"sender": "x@own.example"}, "depends", "which an operator has allowed", True),
    ("", {"sender": "x@white.example"}, "depends", "greylist.whitelist_domains", True),
    ("", {"recipient": "postmaster@here.example"}, "accept", "listed in greylist.exempt_recipients", False),
    ("", {"recipient": "Postmaster"}, "accept", "listed in greylist.exempt_recipients", False),
    ("", {"client": "10.1.2.3"}, "accept", "private", False),
    ("", {"client": "::ffff:10.1.2.3"}, "accept", "private", False),
    ("", {"client": "192.0.2.1"}, "accept", "the client is in trusted_networks", False),
    ("exempt_clients = 203.0.113.5", {}, "accept", "listed in greylist.exempt_clients", False),
    ("spf exempt_clients = 203.0.113.5", {}, "accept", "listed in spf.exempt_clients", False),
    ("", {"client": "198.51.100.7"}, "accept", "an operator has allowed it", False),
)


def would_be_done():
    """what the command says of a mail is what the daemon then does"""
    for more, mail, action, why, is_delayed in ROWS:
        section = "mode = enforce  when = unknown  delay = 1s  learn = 0s  passes = 0  whitelist_domains = white.example"
        name, others = more.split(" ")[0], CONFIG[:CONFIG.index("greylist {")]
        if name in ("mode", "learn"):
            section = re.sub(r"\b%s = \w+" % name, more, section)
        elif name == "spf":
            others = others.replace("spf { ", "spf { %s  " % more[4:])
        else:
            section += "  " + more
        config = "trusted_networks = 192.0.2.0/24\n%sgreylist { %s }\n" % (others, section)
        with Daemon(config) as d:
            d.fine("greylist", "allow", "own.example")
            d.fine("greylist", "allow", "198.51.100.0/24")
            mail = dict({"client": "203.0.113.5", "sender": "x@sender.example", "recipient": "r@here.example"}, **mail)
            value = d.known(**mail)
            equal((more, mail, value["action"], value["wait_s"]), (more, mail, action, 0))
            holds(value["why"], why)
            answer = d.mail(mail["client"], sender=mail["sender"], recipient=mail["recipient"])
            equal((more, mail, "450 4.7.1" in answer), (more, mail, is_delayed), answer)


def by_name():
    """a mail that its client's name vouches for is known by the registered domain of the sender, and forgotten so"""
    client, sender = "203.0.113.5", "u@news.a.example"
    words = ("remove", "--client", "198.51.100.9", "--sender", sender, "--recipient", "r@here.example")
    with Daemon(CONFIG.replace("passes = 0", "passes = 1")) as d:
        def mail(address):
            d.count += 1
            return d.policyd.ask(client_address=address, client_name="mail.a.example", helo_name="mail.a.example",
                                 sender=sender, recipient="r@here.example", instance="i%d" % d.count)
        holds(mail(client), "450 4.7.1")
        wait_for(lambda: "450" not in mail(client), "the mail is accepted")
        value = d.known("198.51.100.9", sender=sender)
        equal((value["state"], value["action"], value["passes"]), ("trusted", "depends", 1))
        assert "450" not in mail("198.51.100.9")
        equal(d.value(*words), {"forgotten": True, "crowd": False})
        equal(d.known("198.51.100.9", sender=sender)["state"], "none")
        holds(mail("198.51.100.9"), "450 4.7.1")


def wrong():
    """what cannot be meant is refused in words"""
    with Daemon() as d:
        for words, code, said in ((("allow", "0.0.0.0/0"), 1, "too large"), (("allow", "org"), 1, "neither a network"),
                                  (("allow", "2001:db8::/33"), 1, "multiple of 4"), (("remove",), 2, "give a network or domain"),
                                  (("remove", "a.example", "--client", "192.0.2.1"), 2, "give a network or domain"),
                                  (("--client", "192.0.2.1"), 2, "belong together"),
                                  (("--client", "nonsense", "--sender", "a@b.example", "--recipient", "c@d.example"), 2,
                                   "--client has to be an address"),
                                  (("--client", "192.0.2.1", "--sender", "nonsense", "--recipient", "c@d.example"), 2,
                                   "--sender has to be a mailbox"),
                                  (("--client", "192.0.2.1", "--sender", "a@b@c.example", "--recipient", "c@d.example"), 2,
                                   "--sender has to be a mailbox"),
                                  (("--client", "192.0.2.1", "--sender", "", "--recipient", "@@"), 2,
                                   "--recipient has to be a mailbox"),
                                  (("--client", "192.0.2.1", "--sender", "", "--recipient", ""), 2,
                                   "--recipient has to be a mailbox"),
                                  (("remove", "--client", "foo", "--sender", "", "--recipient", "a@b.example"), 2,
                                   "--client has to be an address")):
            got, out, err = run("greylist", "-c", d.path, *words)
            equal((words, got, out), (words, code, ""))
            holds(err, said)


def away():
    """without greylisting and limits there is no store, and it says so"""
    with Daemon(CONFIG.replace("mode = enforce", "mode = off")) as d:
        code, out, err = run("greylist", "-c", d.path)
        equal((code, out), (1, ""))
        holds(err, "no store is in use")


def direct():
    """the same on the store itself"""
    with Daemon() as d:
        passed(d, "203.0.113.5")
        code, out, err = run("greylist", "-c", d.path, "--direct", "--json")
        equal(code, 0, err)
        value = json.loads(out)
        equal((value["passed"], value["kept"]), (1, 1))
        code, out, err = run("greylist", "allow", "192.0.2.0/24", "-c", d.path, "--direct")
        equal((code, out), (0, "192.0.2.0/24: never delayed from now on\n"), err)
        assert "450" not in d.mail("192.0.2.1", sender="new@sender.example")


def elsewhere():
    """status and metrics have the figures of a day, and doctor says whether greylisting has a store that works"""
    with Daemon() as d:
        wait_for(lambda: "gatepost_greylist_delayed " in d.fine("metrics"), "the figures")
        holds(d.fine("status"), "greylisting   0 delayed in 24 hours, 0 passed; 0 of the day before never came back\n")
        value = json.loads(d.fine("status", "--json"))["greylist"]
        equal((value["mode"], value["delayed"], value["median_delay_s"]), ("enforce", 0, None))
        found = json.loads(run("doctor", "--json", "-c", d.path, "greylist")[1])
        equal([(f["check"], f["state"]) for f in found], [("greylist.store", "ok")])


def store_away():
    """a store that is unavailable: doctor says what that means, and the command why there are no figures"""
    try:
        daemon = Daemon(CONFIG.replace("STORE", "redis://127.0.0.1:1"))
    except AssertionError as error:
        if "without Redis" not in str(error):
            raise
        raise world.Skip("built without Redis") from None
    with daemon as d:
        found = json.loads(run("doctor", "--json", "-c", d.path, "greylist")[1])
        equal([(f["check"], f["state"]) for f in found], [("greylist.store", "problem")])
        holds(found[0]["found"], "no mail is delayed")
        code, out, err = run("greylist", "-c", d.path)
        equal((code, out), (1, ""))
        holds(err, "the store ")


def main():
    tap = world.Tap()
    for test in (figures, one_mail, would_be_done, by_name, allow, forget, wrong, away, direct, elsewhere, store_away):
        tap.run(test)
    tap.finish()


main()
