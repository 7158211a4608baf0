# SPDX-License-Identifier: ISC
"""What checks whole messages: Exim with gatepost-exim.so, and Postfix with OpenDKIM and OpenDMARC, or with
rspamd, each set up as its manual says; the same cases with known answers, then the same load. For the
inside of sandbox.py, in a machine that has the one mail server or the other."""
import concurrent.futures
import glob
import multiprocessing
import os
import statistics
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support"), os.path.join(HERE, "..", "mta")]
import bench  # noqa: E402
import exim_scene  # noqa: E402
import peers_cost as cost  # noqa: E402
import sandbox  # noqa: E402
import world  # noqa: E402
from exim_scene import BAD, GOOD, HOST, mail  # noqa: E402

CONNECTIONS, ROUNDS, SECONDS = 10, 3, 4
SIZES = [5000] * 12 + [50000] * 6 + [500000] * 2  # of the bodies of the messages under load
LINE = b"0123456789 abcdefghij klmnopqrst\r\n"
LOAD = "load@load.test"
RESOLVER = "192.0.2.53"  # the library that OpenDKIM resolves with asks nobody on 127.0.0.1
ROW = "  %-30s %6s %7s %8s %6s %6s %6s"
HEAD = ROW % ("", "msg/s", "CPU ms", "beyond", "RSS", "PSS", "right")

# domain: DMARC record, SPF record. Where the organisational domain counts, its suffix is one of the public
# suffix list, since some look for it nowhere else.
DOMAINS = {
    "example.com": ("v=DMARC1; p=reject", "v=spf1 ip4:192.0.2.0/24 -all"),
    "example.net": ("v=DMARC1; p=reject; adkim=s", "v=spf1 -all"),
    "news.test": ("v=DMARC1; p=quarantine", "v=spf1 ~all"),
    "example.org": ("v=DMARC1; p=none", "v=spf1 ~all"),
    "plain.test": (None, None),
    "lists.test": (None, "v=spf1 ip4:198.51.100.0/24 -all"),
}
EVE = "eve@other.test"

# ---- cases ----


def signed(keys, domain, signer=None, **more):
    return keys.sign(mail(domain), signer or domain, **more)


def with_two_authors(keys):
    return keys.sign(mail("example.com", more=b"From: Eve <eve@example.org>\r\n"), "example.com")


# what it is, how it is made, MAIL FROM, client, result of DMARC if it is to be accepted
CASES = [
    ("signed", lambda k: signed(k, "example.com"), EVE, BAD, "pass"),
    ("signed, simple form", lambda k: signed(k, "example.com", canonicalize="simple/simple"), EVE, BAD, "pass"),
    ("not signed, SPF passes", lambda k: mail("example.com"), "a@example.com", GOOD, "pass"),
    ("not signed", lambda k: mail("example.com"), EVE, BAD, None),
    ("changed after signing", lambda k: signed(k, "example.com").replace(b"is a test", b"is a tost"), EVE, BAD, None),
    ("Subject changed", lambda k: signed(k, "example.com").replace(b"Subject: ", b"Subject: x"), EVE, BAD, None),
    ("signed by another domain", lambda k: signed(k, "example.com", "example.org"), EVE, BAD, None),
    ("signed by the parent domain", lambda k: signed(k, "mail.example.com", "example.com"), EVE, BAD, "pass"),
    ("the same where adkim=s", lambda k: signed(k, "mail.example.net", "example.net"), EVE, BAD, None),
    ("key of no record", lambda k: signed(k, "example.com", selector="gone"), EVE, BAD, None),
    ("p=none", lambda k: mail("example.org"), EVE, BAD, "fail"),
    ("p=quarantine", lambda k: mail("news.test"), EVE, BAD, "fail"),
    ("no record", lambda k: mail("plain.test"), EVE, BAD, "none"),
    ("two From fields", with_two_authors, EVE, BAD, None),
]


def listed(keys):
    return keys.listed(signed(keys, "example.com"), "example.com", "lists.test")


def tried(server, message, sender, client):
    """The reply, and the result of DMARC that the delivered message shows."""
    reply = exim_scene.send(message, sender=sender, address=client)
    if not reply.startswith("250"):
        return reply, None
    fields = exim_scene.fields(server.delivered(), "Authentication-Results")
    text = " ".join(f for f in fields if f.startswith(HOST))
    return reply, text.split("dmarc=", 1)[1].split(" ")[0].rstrip(";") if "dmarc=" in text else "not shown"


def ask_cases(server, keys):
    """(right, all, remarks)"""
    remarks = []
    for name, build, sender, client, wanted in CASES:
        reply, result = tried(server, build(keys), sender, client)
        right = result == wanted if wanted else reply[:1] == "5"
        if not right:
            remarks.append("%s should be %s: %s, dmarc=%s" % (name, "accepted, dmarc=" + wanted if wanted else "refused",
                                                              reply[:30], result))
    right = len(CASES) - len(remarks)
    reply, _ = tried(server, listed(keys), "list@lists.test", BAD)
    remarks.append("the seal of a trusted mailing list (ARC) %s" % (
        "excuses" if reply.startswith("250") else "does not excuse"))
    return right, len(CASES), remarks


# ---- servers ----

def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)


class Postfix:
    """A Postfix, and the milters that it asks."""

    def __init__(self, folder, name, filters=()):
        self.name, self.filters, self.started = name, filters, []
        ports = [port for f in filters for port in f.ports]
        self.log = os.path.join(folder, "filters.log")
        try:
            for f in filters:
                f.write()
                with open(self.log, "ab") as log:
                    self.started.append(subprocess.Popen(f.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log))
                for port in f.ports:
                    world.wait_for(lambda: bench.listens(port), "%s on port %d" % (f.name, port), 60)
            milters = ", ".join("inet:127.0.0.1:%d" % p for p in ports)
            self.postfix = world.Postfix(folder + "/postfix", "permit", "relay_domains = load.test\n" + (
                "smtpd_milters = %s\nmilter_default_action = tempfail\n" % milters if milters else "") +
                "relay_transport = discard:\n")
        except BaseException:
            for process in self.started:
                world.end(process)
            raise

    def delivered(self):
        return self.postfix.next_message().encode()

    def pids(self, found):
        with open("/var/spool/postfix/pid/master.pid") as f:
            master = int(f.read())
        return cost.tree(found, [master] + [p.pid for p in self.started])

    def seconds(self):
        found = cost.processes()
        return cost.seconds(found, self.pids(found))

    def close(self):
        self.postfix.close()
        for process in self.started:
            world.end(process)


class OpenDkim:
    name, package, ports = "OpenDKIM", "opendkim", [8891]
    command = ["/usr/sbin/opendkim", "-f", "-x", "/etc/opendkim.conf"]

    def write(self):
        write("/etc/opendkim.conf", "Syslog yes\nSyslogSuccess yes\nMode v\nUserID opendkim\nSocket inet:8891@127.0.0.1\n"
              "PidFile /run/opendkim.pid\nNameservers %s\nAuthservID %s\nAlwaysAddARHeader yes\n"
              % (RESOLVER, HOST))


class OpenDmarc:
    name, package, ports = "OpenDMARC", "opendmarc", [8893]
    command = ["/usr/sbin/opendmarc", "-f", "-c", "/etc/opendmarc.conf"]

    def write(self):
        write("/etc/opendmarc.conf", "Syslog true\nUserID opendmarc\nSocket inet:8893@127.0.0.1\n"
              "PidFile /run/opendmarc.pid\nPublicSuffixList /usr/share/publicsuffix/public_suffix_list.dat\n"
              "AuthservID %s\nTrustedAuthservIDs %s\nRejectFailures true\nRequiredHeaders true\n"
              "SPFSelfValidate true\nSPFIgnoreResults true\n" % (HOST, HOST))


class Rspamd:
    """With SPF, DKIM, ARC and DMARC alone: what it does besides, others here do not."""
    name, package, ports = "rspamd", "rspamd", [11332]
    command = ["/usr/bin/rspamd", "-f", "-u", "_rspamd", "-g", "_rspamd"]
    kept = {"arc", "dkim", "dmarc", "milter_headers", "spf"}

    def write(self):
        local = "/etc/rspamd/local.d/"
        for path in glob.glob("/etc/rspamd/modules.d/*.conf"):
            name = os.path.basename(path)
            if name[:-5] not in self.kept:
                write(local + name, "enabled = false;\n")
        write(local + "options.inc", 'filters = "dkim";\ndns { nameserver = ["127.0.0.1"]; }\n')
        write(local + "dmarc.conf", 'actions = { quarantine = "add_header"; reject = "reject"; }\n')
        write(local + "arc.conf", 'whitelisted_signers_map = ["lists.test"];\n')
        write(local + "milter_headers.conf", 'use = ["authentication-results"];\nskip_local = false;\n'
              'routines { authentication-results { add_smtp_user = false; } }\n')
        for folder in ("/var/lib/rspamd", "/run/rspamd", "/var/log/rspamd"):
            os.makedirs(folder, exist_ok=True)
            subprocess.run(["chown", "_rspamd:_rspamd", folder], check=True)


NO_CHECK = [("  .include GATEPOST_ACLS/gatepost-rcpt.acl", "  warn control = dkim_disable_verify"),
            ("  .include GATEPOST_ACLS/gatepost-data.acl", ""),
            ("\nsmtp_accept_max_per_host", "\n# smtp_accept_max_per_host")]
DISCARD = [("\noutside:\n", "\nload:\n  driver = redirect\n  domains = load.test\n  data = :blackhole:\n\noutside:\n")]


class Exim:
    """An Exim with the shipped configuration, or with the checks taken out of it."""

    def __init__(self, folder, name, edits=()):
        self.name, self.reaped = name, 0.0
        self.exim = exim_scene.Exim(folder + "/" + name.replace(" ", "-"), config=exim_scene.CONFIG.replace(
            "sealer.test", "lists.test"))
        self.exim.configure(edits=DISCARD + list(edits))
        path = self.exim.conf
        with open(path) as f:
            text = f.read()
        write(path, text.replace("LOCAL_DOMAINS = example.test", "LOCAL_DOMAINS = example.test : load.test"))
        os.kill(self.exim.process.pid, 1)
        # the daemon starts itself again
        world.wait_for(lambda: self.accepts_load(), "Exim with its new configuration")

    def accepts_load(self):
        try:
            with exim_scene.Client(GOOD) as c:
                return c.envelope("a@plain.test", LOAD).startswith("250")
        except (OSError, AssertionError):
            return False

    def delivered(self):
        def look():
            return self.exim.delivered(".") + self.exim.delivered(".Junk")
        return world.wait_for(look, "delivered message; " + self.exim.log()[-1000:])[0]

    def pids(self, found):
        return cost.named(found, "exim4")

    def reap(self):
        """Deliveries have left their daemon: they are children of process 1, which is this one. Until then
        the kernel tells their time in hundredths of a second, afterwards exactly."""
        daemon = {self.exim.process.pid} if self.exim.process else set()
        for pid in self.pids(cost.processes()) - daemon:
            try:
                done, _, usage = os.wait4(pid, os.WNOHANG)
            except ChildProcessError:
                continue  # of another process
            self.reaped += done and usage.ru_utime + usage.ru_stime

    def seconds(self):
        self.reap()
        found = cost.processes()
        return self.reaped + cost.seconds(found, self.pids(found))

    def close(self):
        self.exim.close()
        self.reap()


# ---- load ----

def messages(keys):
    return [keys.sign(mail("example.com", body=LINE * (size // len(LINE))), "example.com") for size in SIZES]


def send_all(arguments):
    """The work of one connection after the other; the replies to messages that were not accepted."""
    texts, begin, count = arguments
    refused = []
    for number in range(begin, begin + count):
        with exim_scene.Client(BAD) as c:
            reply = c.envelope(EVE, LOAD)
            if reply.startswith("250"):
                reply = c.data(texts[number % len(texts)])
            refused += [reply] * (not reply.startswith("250"))
            c.socket.sendall(b"QUIT\r\n")  # Exim answers a fifth of a second later, while the client may go
    return refused


def quiet(server):
    """Waits until nothing works on what has been accepted; the seconds of CPU so far."""
    before = -1.0
    while True:
        now = server.seconds()
        if now == before:
            return now
        before = now
        time.sleep(0.5)


class Watch:
    """The most memory that a server has while it works."""

    def __init__(self, server):
        self.server, self.most, self.over = server, (0, 0), threading.Event()
        self.thread = threading.Thread(target=self._look)
        self.thread.start()

    def _look(self):
        while not self.over.wait(0.3):
            self.most = max(self.most, cost.memory_mib(self.server.pids(cost.processes()))[::-1])

    def end(self):
        self.over.set()
        self.thread.join()
        return self.most[::-1]


def round_of(server, texts, count):
    """So many messages of each of the connections at once."""
    before = quiet(server)
    watch = Watch(server)
    begin = time.monotonic()
    with concurrent.futures.ProcessPoolExecutor(CONNECTIONS, multiprocessing.get_context("fork")) as pool:
        refused = sum(pool.map(send_all, [(texts, c * count, count) for c in range(CONNECTIONS)]), [])
    took = time.monotonic() - begin
    resident, proportional = watch.end()
    spent = quiet(server) - before
    total = count * CONNECTIONS
    if refused:
        raise bench.CannotMeasure("%s refused %d of %d messages: %s" % (server.name, len(refused), total, refused[0]))
    return {"rate": total / took, "cpu": spent / total * 1e3, "rss": resident, "pss": proportional}


def load(server, keys):
    texts = messages(keys)
    first = round_of(server, texts, 4)
    count = max(4, int(first["rate"] * SECONDS / CONNECTIONS))
    rounds = []
    for number in range(ROUNDS):
        bench.progress("%s under load, round %d of %d" % (server.name, number + 1, ROUNDS))
        rounds.append(round_of(server, texts, count))
    return {key: statistics.median(r[key] for r in rounds) for key in rounds[0]}


# ---- the whole ----

def measured(build, keys, with_cases):
    """One server from its start to its end: its name, figures, how many cases are right, remarks."""
    server = build()
    try:
        right, remarks = "", []
        if with_cases:
            bench.progress("%s: asking the cases" % server.name)
            good, every, remarks = ask_cases(server, keys)
            right = "%d/%d" % (good, every)
        return server.name, load(server, keys), right, remarks
    finally:
        server.close()


def plan(folder, kind):
    """Who is measured in one machine: how it is started, and the filters it needs; without these it is
    what the others are compared with."""
    if kind == "exim":
        return [(lambda: Exim(folder, "Exim, no check", NO_CHECK), None),
                (lambda: Exim(folder, "Exim + gatepost-exim.so"), [])]
    pair = [OpenDkim(), OpenDmarc()]
    return [(lambda: Postfix(folder, "Postfix, no check"), None),
            (lambda: Postfix(folder, "Postfix + OpenDKIM, OpenDMARC", pair), pair),
            (lambda: Postfix(folder, "Postfix + rspamd", [Rspamd()]), [Rspamd()])]


def row(name, f, base, right):
    return ROW % (name, "%.0f" % f["rate"], "%.2f" % f["cpu"], "%+.2f" % (f["cpu"] - base) if right else "",
                  "%.0f" % f["rss"], "%.0f" % f["pss"], right)


def table(folder, kind, keys):
    lines, remarks, base = [], [], 0.0
    for build, filters in plan(folder, kind):
        missing = [f.package for f in filters or [] if not bench.version(f.package)]
        if missing:
            remarks.append("%s: not measured, not available here" % ", ".join(missing))
            continue
        try:
            name, figures, right, said = measured(build, keys, filters is not None)
        except (AssertionError, OSError, RuntimeError, bench.CannotMeasure) as error:
            remarks.append("not measured: %s" % str(error).strip()[-300:])
            continue
        base = base if right else figures["cpu"]
        lines.append(row(name, figures, base, right))
        remarks += ["%s: %s" % (name, text) for text in said]
        remarks += ["%s %s" % (f.name, bench.version(f.package)) for f in filters or []]
    server = "exim4-daemon-heavy" if kind == "exim" else "postfix"
    return lines, remarks + ["%s %s" % (server, bench.version(server))]


def run(folder, kind):
    """The lines and remarks of one machine: "postfix" or "exim"."""
    for address in (GOOD, BAD, RESOLVER):
        sandbox.add_address(address + "/32")
    keys = exim_scene.Keys(folder)
    syslog = bench.Syslog()
    write("/etc/resolv.conf", "nameserver 127.0.0.1\n")
    unbound = world.Unbound(folder + "/dns", exim_scene.zone(keys, DOMAINS), also=RESOLVER)
    try:
        if kind == "exim":
            subprocess.run(["useradd", "-m", "bob"], check=True)
        return table(folder, kind, keys)
    finally:
        for part in (unbound, keys, syslog):
            part.close()
