# SPDX-License-Identifier: ISC
"""A real Postfix, gatepost-policyd and real name servers with DNS lists: what is refused, and what becomes of
a list that is out of order: it refuses no mail, its state and reason are shown, and it is used again when its
zone has been mended. The key of a list is in no output."""
import json
import os
import smtplib
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import listdns  # noqa: E402
import sandbox  # noqa: E402
import world  # noqa: E402
from world import equal, holds, wait_for  # noqa: E402

KEY = "k3yk3yk3yk3yk3yk3yk3yk3y"
BOB = "bob@example.test"
CONFIG = """
hostname = "mx.example.test"
dns { servers = {"127.0.0.1:%d"}  timeout = 2s  ttl_min = 0s  failure_ttl = 0s }
store { uri = {"STORE"} }
spf { mode = off }
dmarc { mode = off }
policyd { listen = {"SOCKET", "inet:127.0.0.1:10040"}  user = "USER" }
dnsbl { mode = enforce }
""" % listdns.FRONT
BLOCK = """
list "%s" { asks = client  codes = {"127.0.0.2 = 3 sends spam"}  tests = {"127.0.0.2 listed", "127.0.0.1 not"} }
"""
ALLOW = """
list "%s" { asks = client  allow = yes  codes = {"127.0.5.1-3 = -5 trusted"}  errors = {"127.0.10.0-255 blocked"}
    tests = {"127.0.0.2 any"} }
"""
KEYED = """
list "keyed" { zone = "keyed.example"  key_zone = "KEY.dq.example"  key = "%s"  asks = client
    codes = {"127.0.0.3 = 3 sends spam, too"}  tests = {"127.0.0.2 listed", "127.0.0.1 not"} }
""" % KEY
NAMES = """
list "names.example" { asks = {sender, helo, rdns}  codes = {"127.0.1.2 = 3 sends spam"}
    tests = {"listed.example listed", "random not"} }
"""
GOOD, WHITE, PAID, URI = "good.example", "white.example", "keyed.example", "names.example"
WORKING = {GOOD: BLOCK % GOOD, WHITE: ALLOW % WHITE, PAID: KEYED, URI: NAMES}
HELO, SENDER = "mail.sender.example", "eve@sender.example"

# clients: in good.example; the same and in white.example; in keyed.example; in the list of a test; in none
SPAMMER, TRUSTED, PAYING, CULPRIT = "45.33.32.50", "45.33.32.51", "45.33.32.52", "45.33.32.53"
stage = None


def reverse(address):
    return ".".join(reversed(address.split(".")))


def entry(address, answer, text=None):
    lines = ["%s A %s" % (reverse(address), answer)]
    return lines + ['%s TXT "%s"' % (reverse(address), text)] * (text is not None)


class Stage:
    """Name servers, gatepost-policyd and Postfix."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="gatepost-lists.")
        os.chmod(self.folder, 0o755)
        self.policyd = self.postfix = None
        self.clients = 0
        self.said = []  # all that anybody may read
        self.servers = listdns.Servers(self.folder + "/dns")
        try:
            self.mend()
            os.mkdir(self.folder + "/policyd")
            self.policyd = world.Policyd(config(), folder=self.folder + "/policyd")
            self.postfix = world.Postfix(self.folder + "/postfix", "check_policy_service inet:127.0.0.1:10040")
        except BaseException:
            self.close()
            raise

    def mend(self):
        """All zones as they are when the lists are in order."""
        self.servers.front.silent.clear()
        self.servers.front.refused.clear()
        self.servers.front.lies = None
        tests = entry("127.0.0.2", "127.0.0.2")
        for zone in [case.zone for case in CASES]:
            self.servers.zone(zone, *tests, *entry(CULPRIT, "127.0.0.2", "see https://%s/%s" % (zone, CULPRIT)))
        self.servers.zone(GOOD, *tests, *entry(SPAMMER, "127.0.0.2", "see https://good.example/%s" % SPAMMER),
                          *entry(TRUSTED, "127.0.0.2"))
        for zone in [WHITE] + [case.zone for case in CASES if case.is_allow]:
            self.servers.zone(zone, *entry("127.0.0.2", "127.0.10.0"), *entry(TRUSTED, "127.0.5.2"))
        self.servers.zone(URI, "listed.example A 127.0.1.2", "spam.example.org A 127.0.1.2")
        self.servers.zone("%s.dq.example" % KEY, *entry("127.0.0.2", "127.0.0.3"),
                          *entry(PAYING, "127.0.0.3", "query of %s: see https://keyed.example/?key=%s" % (KEY.upper(), KEY)))
        self.servers.zone("parked.example", "www A 127.0.0.2")
        self.servers.load()

    def gatepost(self, *words, code=0):
        """What the operator's command prints; code: its exit code, None: any."""
        done = subprocess.run([os.path.join(world.BUILD, "gatepost"), *words], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=world.PATIENCE_S)
        self.said.append(done.stdout)
        assert code in (done.returncode, None), done.stdout
        return done.stdout

    def ask(self, *words):
        """The same with the configuration of this daemon."""
        return self.gatepost(*words, "--config", self.policyd.config_path)

    def states(self):
        """Of each list: (state, reason)."""
        rows = json.loads(self.ask("lists", "--json"))["lists"]
        return {row["list"]: (row["state"], row["reason"]) for row in rows}

    def wait_state(self, zone, *state):
        wait_for(lambda: self.states()[zone] == state, "state %r of %s: %s" % (state, zone, self.states()))

    def retest(self, zone):
        self.ask("lists", "retest", zone)

    def wait_back(self, *zones):
        """Lists that were mended come back after two good rounds of tests; an operator need not wait for them."""
        def back():
            waiting = [zone for zone in zones if self.states()[zone][0] != "ok"]
            for zone in waiting:
                self.retest(zone)
            return not waiting
        wait_for(back, "return of %s" % (zones,))

    def use(self, *lists):
        """These lists beside those that work."""
        self.policyd.write(config(*lists))
        before = len(self.policyd.text())
        self.policyd.reload()
        wait_for(lambda: "is ready" in self.policyd.text()[before:] or "reload" in self.policyd.text()[before:],
                 "reload in the log")

    def stranger(self):
        """A client about which nobody was asked before, in a network of its own."""
        self.clients += 1
        return "45.%d.%d.7" % (34 + self.clients // 250, self.clients % 250 + 1)

    def mail(self, client, recipient=BOB, helo=HELO, sender=SENDER):
        """One mail of this client; the last reply."""
        with smtplib.SMTP("127.0.0.1", 25, local_hostname="mx", timeout=120) as smtp:
            smtp.ehlo()
            equal(smtp.docmd("XCLIENT", "ADDR=%s NAME=[UNAVAILABLE]" % client)[0], 220)
            smtp.ehlo(helo)
            equal(smtp.mail(sender)[0], 250)
            code, text = smtp.rcpt(recipient)
            if code == 250:
                code, text = smtp.data("Subject: test\r\n\r\nhello\r\n")
        reply = "%d %s" % (code, text.decode())
        self.said.append(reply)
        return reply

    def accepts(self, client):
        reply = self.mail(client)
        assert reply.startswith("250 2.0.0 Ok: queued"), reply
        message = self.postfix.next_message()
        self.said.append(message)
        return message

    def accept_all(self, clients, **mail):
        """Mails of these clients at once; all are accepted."""
        replies = []
        threads = [threading.Thread(target=lambda c=client: replies.append(self.mail(c, **mail))) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        equal([reply[:21] for reply in replies], ["250 2.0.0 Ok: queued "] * len(clients), replies)
        left = len(clients)
        while left:
            messages = wait_for(self.postfix.messages, "delivered message")
            self.said += messages
            left -= len(messages)

    def close(self):
        for part in (self.postfix, self.policyd, self.servers):
            if part:
                part.close()


def config(*lists):
    return CONFIG + "".join(WORKING.values()) + "".join(lists)


def refusal(client, zone, code, text):
    return "550 5.7.1 <%s>: Recipient address rejected: %s is listed by %s (%s): %s" % (BOB, client, zone, code, text)


# ---- lists in order ----

def listed():
    """a listed client is refused with the list, its answer and what it says; postmaster can be reached"""
    stage.wait_back(*WORKING)
    equal(stage.mail(SPAMMER), refusal(SPAMMER, GOOD, "127.0.0.2", '"see https://good.example/%s"' % SPAMMER))
    holds(stage.mail(SPAMMER, "postmaster@example.test"), "250 2.0.0 Ok: queued")
    stage.said.append(stage.postfix.next_message())


def unlisted():
    """a client that no list has is accepted, at the cost of one question to each list"""
    stage.servers.front.asked.clear()
    client = stage.stranger()
    stage.accepts(client)
    about = [reverse(client) + "." + zone for zone in (GOOD, WHITE, KEY + ".dq.example")]
    about += [name + "." + URI for name in (HELO, SENDER.split("@")[1])]
    equal(sorted(stage.servers.front.asked), sorted((name, "A") for name in about))


def by_name():
    """a list of names is asked about sender and HELO, each name once, and never about an address"""
    for helo, sender in (("Spam.Example.ORG", SENDER), (HELO, "eve@spam.example.org"),
                         ("spam.example.org", "eve@spam.example.org")):
        client = stage.stranger()
        stage.servers.front.asked.clear()
        equal(stage.mail(client, helo=helo, sender=sender),
              refusal("spam.example.org", URI, "127.0.1.2", "sends spam"))
        names = [name for name, kind in stage.servers.front.asked if name.endswith("." + URI) and kind == "A"]
        equal(sorted(names), sorted({n.lower() + "." + URI for n in (helo, sender.split("@")[1])}))
    stage.servers.front.asked.clear()
    stage.accept_all([stage.stranger()], helo="[192.0.2.1]", sender="")
    equal([name for name, _ in stage.servers.front.asked if name.endswith("." + URI)], [])


def allowed():
    """an allow list lets a client through that another list has, and vouches for it in the header"""
    message = stage.accepts(TRUSTED)
    holds(message.replace("\n\t", " ").replace("\n ", " "), "dns.zone=white.example")


def keyed():
    """a list with a key is asked with it and named by its public zone; its text shows no key"""
    reply = stage.mail(PAYING)
    holds(reply, "%s is listed by keyed.example (127.0.0.3): " % PAYING)
    holds(reply, "see https://keyed.example/")
    assert any(KEY in name for name, _ in stage.servers.front.asked), stage.servers.front.asked


def delisted():
    """a client that a list has taken out is accepted as soon as the answer has expired"""
    equal(stage.mail(SPAMMER)[:9], "550 5.7.1")
    stage.servers.zone(GOOD, *entry("127.0.0.2", "127.0.0.2"))
    stage.servers.load()
    wait_for(lambda: stage.mail(SPAMMER).startswith("250"), "delisting")
    stage.postfix.next_message()
    stage.mend()


# ---- lists out of order ----

class Case:
    """One way for a list to be out of order."""

    def __init__(self, name, about, wrong, state, mails=0, is_allow=False):
        self.zone = name + ".example"
        self.about, self.wrong, self.state = about, wrong, state
        self.mails = mails  # so many of them show it; 0: only a test does
        self.is_allow = is_allow

    def text(self):
        return (ALLOW if self.is_allow else BLOCK) % self.zone

    def spoil(self):
        if isinstance(self.wrong, tuple):
            stage.servers.zone(self.zone, *self.wrong)
            stage.servers.load()
        else:
            self.wrong(self.zone)


def silent(zone):
    stage.servers.front.silent.add(zone)


def refused(zone):
    stage.servers.front.refused.add(zone)


def gone(zone):
    stage.servers.drop(zone)
    stage.servers.load()


CASES = [
    Case("dead", "a list that has become empty", (), "test entry missing"),
    Case("blocked", "a list that answers 127.255.255.254 to everything", ("* A 127.255.255.254",), "error code", 1),
    Case("world", "a list that lists everybody", ("* A 127.0.0.2",), "canary listed"),
    Case("abused", "an allow list that answers 127.0.10.3 to everything", ("* A 127.0.10.3",), "error code", 1, True),
    Case("naive", "an allow list that vouches for everybody", ("* A 127.0.5.3",), "canary listed", 0, True),
    Case("hijacked", "a list that answers 146.112.61.108 to everything", ("* A 146.112.61.108",),
         "answers outside 127.0.0.0/8", 1),
    Case("moved", "a list whose zone is an alias of another one", ("* CNAME www.parked.example.",),
         "answers with a CNAME that leaves the zone", 1),
    Case("slow", "a list that does not answer", silent, "timeouts", 10),
    Case("refused", "a list about which the resolver says REFUSED", refused, "REFUSED or SERVFAIL for everything", 10),
    Case("lame", "a list whose name servers do not know the zone", gone, "REFUSED or SERVFAIL for everything", 10),
]


def works(case):
    """the list of a case refuses whom it has, or vouches for whom it has"""
    if case.is_allow:
        holds(stage.accepts(TRUSTED).replace("\n\t", " ").replace("\n ", " "), "dns.zone=" + case.zone)
    else:
        reply = stage.mail(CULPRIT)
        holds(reply, "550 5.7.1 ")
        holds(reply, " is listed by %s (127.0.0.2)" % case.zone)


def is_quiet(case):
    """the list of a case is not asked about mail, and costs none; others work"""
    stage.servers.front.asked.clear()
    client = stage.stranger()
    stage.accepts(client)
    name = "%s.%s" % (reverse(client), case.zone)
    assert name not in [asked for asked, _ in stage.servers.front.asked], stage.servers.front.asked
    holds(stage.mail(SPAMMER), "550 5.7.1 ")


def during_use(case):
    stage.use(case.text())
    stage.wait_back(case.zone)
    works(case)
    case.spoil()
    stage.accept_all([stage.stranger() for _ in range(case.mails)])
    if not case.mails:
        stage.retest(case.zone)
    stage.wait_state(case.zone, "suspended", case.state)
    stage.policyd.wait_log("event=list-suspended list=%s" % case.zone)
    is_quiet(case)
    stage.mend()
    stage.wait_back(case.zone)
    works(case)


def lists_the_world():
    """a list that lists everybody, and passes its tests, is suspended after fifty client networks"""
    zone = "wide.example"
    stage.use(BLOCK.replace("= 3", "= 1") % zone)
    stage.servers.zone(zone, *entry("127.0.0.2", "127.0.0.2"))
    stage.servers.load()
    stage.wait_back(zone)
    stage.servers.zone(zone, *entry("127.0.0.2", "127.0.0.2"), "* A 127.0.0.2")
    stage.servers.load()
    for _ in range(5):
        stage.accept_all([stage.stranger() for _ in range(10)])
    stage.wait_state(zone, "suspended", "lists the world")
    stage.retest(zone)  # by other canaries than before
    stage.wait_state(zone, "suspended", "canary listed")
    stage.servers.zone(zone, *entry("127.0.0.2", "127.0.0.2"))
    stage.servers.load()
    stage.wait_back(zone)


def at_the_start():
    """all of them at once from the start on: no mail is refused because of them, and each state is shown"""
    for case in CASES:
        case.spoil()
    stage.policyd.stop()
    stage.policyd.write(config(*[case.text() for case in CASES]))
    stage.policyd.start()
    stage.accepts(stage.stranger())
    stage.wait_back(*WORKING)
    holds(stage.mail(SPAMMER), "550 5.7.1 ")
    holds(stage.accepts(TRUSTED).replace("\n\t", " ").replace("\n ", " "), "dns.zone=white.example")
    for case in CASES:
        stage.wait_state(case.zone, "suspended", case.state)
    shown = stage.ask("lists")
    metrics = stage.ask("metrics")
    for case in CASES:
        holds(shown, case.zone)
        assert any(case.zone in line and "suspended" in line and line.endswith(" 1") for line in metrics.splitlines()), metrics
    stage.mend()
    stage.wait_back(*[case.zone for case in CASES])
    for case in CASES:
        if case.zone in ("dead.example", "naive.example"):
            works(case)


def lying_resolver():
    """a resolver that turns NXDOMAIN into 127.0.0.1: no list is believed, mail flows, and there is an alert"""
    stage.use()
    stage.wait_back(*WORKING)
    stage.servers.front.lies = "127.0.0.1"
    before = len(stage.policyd.text())
    stage.accepts(stage.stranger())
    for zone in WORKING:
        stage.wait_state(zone, "suspended", "error code")
    wait_for(lambda: "no DNS list works" in stage.policyd.text()[before:], "alert")
    stage.accepts(SPAMMER)
    stage.mend()
    stage.wait_back(*WORKING)
    holds(stage.mail(SPAMMER), "550 5.7.1 ")


def lying_resolver_at_the_start():
    """the same from the start on"""
    stage.servers.front.lies = "127.0.0.1"
    stage.policyd.stop()
    stage.policyd.start()
    stage.accepts(SPAMMER)
    for zone in WORKING:
        stage.wait_state(zone, "suspended", "error code")
    stage.mend()
    stage.wait_back(*WORKING)
    holds(stage.mail(SPAMMER), "550 5.7.1 ")


def wrong_key():
    """a list that refuses its key: no mail is refused because of it, and the reason shows no key"""
    stage.servers.drop("%s.dq.example" % KEY)
    stage.servers.load()
    stage.retest(PAID)
    stage.wait_state(PAID, "suspended", "REFUSED or SERVFAIL for everything")
    stage.accepts(PAYING)
    stage.mend()
    stage.wait_back(PAID)
    holds(stage.mail(PAYING), "550 5.7.1 ")


# ---- the key ----

def no_key_in_any_output():
    """the key is in no reply, message, log, metric or command's output"""
    for words in (("lists",), ("lists", "--json"), ("lists", "test", PAYING), ("lists", "test", PAYING, "--json"),
                  ("status",), ("status", "--json"), ("metrics",),
                  ("request", "client_address=" + PAYING, "sender=" + SENDER, "recipient=" + BOB)):
        stage.ask(*words)
    stage.gatepost("doctor", "--config", stage.policyd.config_path, code=None)
    stage.gatepost("store", "check", stage.policyd.config_path)
    stage.ask("store", "export")
    for option in ((), ("--dump",), ("--json",)):
        stage.gatepost("check-config", *option, stage.policyd.config_path)
    for key in (KEY + " " + KEY, '"%s!"' % KEY, KEY * 3):  # mistakes in the line of the key
        path = os.path.join(stage.folder, "wrong.conf")
        with open(path, "w") as f:
            f.write(config().replace('key = "%s"' % KEY, "key = " + key))
        holds(stage.gatepost("check-config", path, code=3), "key")
    assert any(KEY in name for name, _ in stage.servers.front.asked), stage.servers.front.asked
    texts = stage.said + [stage.policyd.text(), stage.postfix.log()]
    for text in texts:
        assert KEY not in text.lower(), text
    assert any(PAID in text for text in texts)


def main():
    global stage
    tap = world.Tap()
    try:
        sandbox.enter(["postfix"] + listdns.PACKAGES)
    except sandbox.Unavailable as reason:
        tap.skip_all("a real Postfix with name servers: " + str(reason))
    stage = Stage()
    try:
        for test in (listed, unlisted, by_name, allowed, keyed, delisted):
            tap.run(test)
        for case in CASES:
            test = lambda: during_use(case)  # noqa: E731, B023 run at once
            test.__doc__ = case.about + " refuses no mail, says why it is suspended, and comes back"
            tap.run(test)
        for test in (lists_the_world, at_the_start, lying_resolver, lying_resolver_at_the_start, wrong_key, no_key_in_any_output):
            tap.run(test)
    finally:
        stage.close()
    tap.finish()


main()
