# SPDX-License-Identifier: ISC
"""Policy servers of Debian beside gatepost-policyd: each set up as its manual says, asked the same cases
with known answers, then put under the same load. For the inside of sandbox.py."""
import concurrent.futures
import os
import signal
import socket
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]
import bench  # noqa: E402
import peers_cost as cost  # noqa: E402
import world  # noqa: E402

CONNECTIONS, ROUNDS, SECONDS = 10, 3, 3
DOMAINS = 1000
MANY = 100000000

# ---- cases ----

CLIENT, OTHER, CLIENT6, OTHER6 = "192.0.2.7", "203.0.113.9", "2001:db8::7", "2001:db8:ffff::9"

ZONE = """
good TXT v=spf1 ip4:192.0.2.0/24 -all
soft TXT v=spf1 ip4:192.0.2.0/24 ~all
neutral TXT v=spf1 ip4:192.0.2.0/24 ?all
include TXT v=spf1 include:good.case.bench.test -all
redirect TXT v=spf1 redirect=good.case.bench.test
mx TXT v=spf1 mx -all
mx MX 10 host.case.bench.test.
a TXT v=spf1 a:host.case.bench.test/28 -all
host A 192.0.2.5
v6 TXT v=spf1 ip6:2001:db8::/64 -all
macro TXT v=spf1 exists:%{ir}.%{v}.%{l}.ok.case.bench.test -all
7.2.0.192.in-addr.alice.ok A 127.0.0.2
deep TXT v=spf1 include:d1.case.bench.test -all
two TXT v=spf1 ip4:203.0.113.0/24 -all
two TXT v=spf1 -all
broken TXT v=spf1 ip4:192.0.2.0/33 -all
void TXT v=spf1 a:n1.case.bench.test a:n2.case.bench.test a:n3.case.bench.test -all
helo TXT v=spf1 ip4:192.0.2.0/24 -all
why TXT v=spf1 -all exp=text.case.bench.test
text TXT %{i} is not ours
""" + "".join("d%d TXT v=spf1 include:d%d.case.bench.test -all\n" % (n, n + 1) for n in range(1, 12)) + \
    "d12 TXT v=spf1 ip4:203.0.113.0/24 -all\n"

# MAIL FROM's domain, client, what RFC 7208 makes of it
SPF_CASES = [
    ("good", CLIENT, "pass"), ("good", OTHER, "fail"), ("soft", OTHER, "softfail"), ("neutral", OTHER, "neutral"),
    ("nothing", OTHER, "none"), ("include", CLIENT, "pass"), ("include", OTHER, "fail"), ("redirect", CLIENT, "pass"),
    ("redirect", OTHER, "fail"), ("mx", "192.0.2.5", "pass"), ("mx", OTHER, "fail"), ("a", CLIENT, "pass"),
    ("a", OTHER, "fail"), ("v6", CLIENT6, "pass"), ("v6", OTHER6, "fail"), ("macro", CLIENT, "pass"),
    ("macro", OTHER, "fail"), ("deep", OTHER, "permerror"), ("two", OTHER, "permerror"),
    ("broken", OTHER, "permerror"), ("void", OTHER, "permerror"), ("why", OTHER, "fail"), ("", OTHER, "fail"),
]
LIMIT = 5


def zone_lines():
    """Of the cases, for unbound."""
    lines = ['local-zone: "." static']
    for line in ZONE.strip().splitlines():
        name, kind, value = line.split(" ", 2)
        lines.append("local-data: '%s.case.bench.test. 300 %s %s'" % (
            name, kind, '"%s"' % value if kind == "TXT" else value))
    return lines


def connect(target):
    """To a target as polload has it."""
    kind, where = target.split(":", 1)
    if kind == "unix":
        s = socket.socket(socket.AF_UNIX)
        s.connect(where)  # without a time limit, which would not wait for room in the queue of a busy server
        s.settimeout(60)
        return s
    host, port = where.rsplit(":", 1)
    return socket.create_connection((host, int(port)), 60)


def is_refused(action):
    return action.split(" ")[0].upper() in ("REJECT", "DEFER", "DEFER_IF_PERMIT", "DEFER_IF_REJECT") or \
        action[:1] in "45"


def is_right(action, result):
    """fail is refused, everything else is not; and the field names the result."""
    if not action:
        return False
    if result == "fail":
        return is_refused(action)
    lower = action.lower()
    return not is_refused(action) and ("spf=" + result in lower or "received-spf: " + result in lower)


def spf_cases(peer):
    """(right, all, the wrong ones)"""
    wrong = []
    for number, (domain, client, result) in enumerate(SPF_CASES):
        with connect(peer.target) as s:
            helo = "client.case.bench.test" if domain else "helo.case.bench.test"
            action = world.ask(s, client_address=client, helo_name=helo, instance="%x.1" % number,
                               sender="alice@%s.case.bench.test" % domain if domain else "",
                               recipient="bob@example.test", client_name="unknown",
                               reverse_client_name="unknown") or ""
        if not is_right(action, result):
            wrong.append("%s from %s should be %s: %s" % (domain or "HELO", client, result, action[:60]))
    return len(SPF_CASES) - len(wrong), len(SPF_CASES), wrong


def ask_user(connection, user, number):
    return world.ask(connection, client_address=CLIENT, helo_name="client", sender="x@example.test",
                     recipient="r%s@example.org" % number, instance="%s.%s" % (user or "none", number),
                     sasl_method="PLAIN" if user else "", sasl_username=user) or "closed"


def limit_cases(peer):
    """(right, all, the wrong ones): a limit of LIMIT per user and hour."""
    with connect(peer.target) as s:
        alice = [is_refused(ask_user(s, "alice", n)) for n in range(LIMIT + 1)]
        bob = is_refused(ask_user(s, "bob", 0))
        nobody = [is_refused(ask_user(s, "", n)) for n in range(LIMIT + 1)]

    def together(number):
        with connect(peer.target) as c:
            return sum(not is_refused(ask_user(c, "carol", "%d.%d" % (number, n))) for n in range(3))
    with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
        accepted = sum(pool.map(together, range(CONNECTIONS)))
    cases = {"the first %d are accepted" % LIMIT: not any(alice[:LIMIT]), "the next is refused": alice[LIMIT],
             "another user is accepted": not bob, "no login, no limit": not any(nobody),
             "%d at once: %d accepted" % (3 * CONNECTIONS, accepted): accepted == LIMIT}
    return sum(cases.values()), len(cases), [name for name, right in cases.items() if not right]


def is_kept(peer):
    """Is the limit still reached after a restart?"""
    peer.stop()
    peer.start(LIMIT)
    with connect(peer.target) as s:
        return is_refused(ask_user(s, "alice", "again"))


# ---- peers ----

class Peer:
    """A policy server: start(maximum) and stop(), the target for polload, its processes."""

    mode = ""

    def __init__(self, name, package, folder):
        self.name, self.package, self.folder = name, package, os.path.join(folder, name.split(" ")[0])
        os.makedirs(self.folder, exist_ok=True)
        os.chmod(self.folder, 0o777)
        self.process = None

    def version(self):
        return bench.version(self.package) if self.package else ""

    def begin(self, command, **more):
        """Starts a program in the foreground; returns when it can be asked."""
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **more)
        world.wait_for(self.answers, "answer of " + self.name, 30)

    def answers(self):
        assert self.process is None or self.process.poll() is None, self.log()
        try:
            connect(self.target).close()
            return True
        except OSError:
            return False

    def log(self):
        with open(os.path.join(self.folder, "log"), errors="replace") as f:
            return f.read()[-2000:]

    def stop(self):
        if self.process:
            world.end(self.process, 10)

    def pids(self, found):
        return cost.tree(found, [self.process.pid])


class Floor(Peer):
    """The least that a policy server can do: it reads a request and says DUNNO."""

    def start(self, _):
        self.target = "unix:" + self.folder + "/socket"
        self.begin([os.path.join(bench.BUILD, "floor"), self.folder + "/socket"])


class Gatepost(Peer):
    mode = "daemon, counters in LMDB, not waiting for the disk"

    def version(self):
        return subprocess.run([os.path.join(bench.PROGRAMS, "gatepost"), "--version"], stdout=subprocess.PIPE,
                              text=True).stdout.split()[-1]

    def start(self, maximum):
        self.target = "unix:" + self.folder + "/socket"
        with open(self.folder + "/conf", "w") as f:
            f.write('hostname = "mx.bench.test"\ndns { servers = {"127.0.0.1"} }\n'
                    'store { uri = {"lmdb:%s/state"} }\n'
                    'policyd { listen = {"%s"}  user = "nobody"  control_socket = "%s/control" }\n'
                    'limit hourly { key = user  count = recipients  max = %d  per = 1h }\n'
                    'limit daily { key = user  count = messages  max = %d  per = 1d }\n'
                    % (self.folder, self.target, self.folder, maximum, MANY))
        self.begin([os.path.join(bench.PROGRAMS, "gatepost-policyd"), "-c", self.folder + "/conf"])


class Spawned(Peer):
    """A program that reads requests from stdin: Postfix starts one for each of its processes (spawn(8))."""

    mode = "spawn(8) of Postfix, one process per connection"

    def __init__(self, name, package, folder, program):
        super().__init__(name, package, folder)
        self.program, self.postfix = program, None

    def start(self, _):
        self.target = "unix:/var/spool/postfix/private/policyd-spf"
        self.postfix = world.Postfix(self.folder, "permit", "policyd-spf_time_limit = 3600\n")
        with open("/etc/postfix/master.cf", "a") as f:
            f.write("policyd-spf unix - n n - 0 spawn user=policyd-spf argv=%s\n" % self.program)
        world.reload_postfix()
        world.wait_for(self.answers, "answer of " + self.name, 30)

    def stop(self):
        if self.postfix:
            self.postfix.close()
            self.postfix = None

    def pids(self, found):
        return cost.tree(found, cost.named(found, "spawn"))


class Postfwd(Peer):
    mode = "daemon of several processes, counters in memory"

    def start(self, maximum):
        self.target, self.pid = "inet:127.0.0.1:10040", 0
        with open(self.folder + "/postfwd.cf", "w") as f:
            for name, most, seconds in (("hourly", maximum, 3600), ("daily", MANY, 86400)):
                f.write("id=%s; sasl_username!~^$; action=rate(sasl_username/%d/%d/450 4.7.1 limit)\n"
                        % (name, most, seconds))
        if os.path.exists("/run/postfwd.pid"):  # it refuses to start while this process is a zombie
            os.unlink("/run/postfwd.pid")
        # the arguments of Debian's service; in the foreground it would have no counters
        subprocess.run(["/usr/sbin/postfwd2", "--summary=600", "--cache=600", "--cache-rdomain-only",
                        "--cache-no-size", "--daemon", "--file", self.folder + "/postfwd.cf", "--interface",
                        "127.0.0.1", "--port", "10040", "--user", "postfw", "--group", "postfw", "--pidfile",
                        "/run/postfwd.pid"], check=True, stdin=subprocess.DEVNULL)
        world.wait_for(self.answers, "answer of " + self.name, 30)
        with open("/run/postfwd.pid") as f:
            self.pid = int(f.read())

    def stop(self):
        if self.pid:
            pids, self.pid = self.pids(cost.processes()), 0
            for pid in pids:
                os.kill(pid, signal.SIGTERM)
            world.wait_for(lambda: not any(os.path.exists("/proc/%d/exe" % pid) for pid in pids), "end of postfwd2", 30)

    def pids(self, found):
        return cost.tree(found, [self.pid])


class RateLimit(Peer):
    mode = "daemon, counters in SQLite, waiting for the disk at each request"

    def start(self, maximum):
        self.target = "unix:" + self.folder + "/policy"
        with open("/etc/policyd-rate-limit.yaml") as f:
            text = f.read()
        text = text.replace("- [10, 60]", "- [%d, 3600]" % maximum).replace("- [150, 86400]", "- [%d, 86400]" % MANY)
        text = text.replace("/var/spool/postfix/ratelimit/policy", self.folder + "/policy")
        text = text.replace("/var/lib/policyd-rate-limit/db.sqlite3", self.folder + "/db.sqlite3")
        with open(self.folder + "/conf.yaml", "w") as f:
            f.write(text)
        self.begin(["/usr/bin/policyd-rate-limit", "-f", self.folder + "/conf.yaml"])


def spf_peers(folder):
    return [Gatepost("gatepost-policyd", "", folder),
            Spawned("policyd-spf (Python)", "postfix-policyd-spf-python", folder, "/usr/bin/policyd-spf"),
            Spawned("policyd-spf-perl", "postfix-policyd-spf-perl", folder, "/usr/sbin/postfix-policyd-spf-perl")]


def limit_peers(folder):
    return [Gatepost("gatepost-policyd", "", folder), Postfwd("postfwd2", "postfwd", folder),
            RateLimit("policyd-rate-limit", "policyd-rate-limit", folder)]


# ---- load ----

def load(peer, mode, server):
    """Figures of one peer under load, the median of the rounds."""
    words = ["-c", CONNECTIONS, "-d", DOMAINS]
    first = polload(peer, mode, words + ["-n", 20])
    first = polload(peer, mode, words + ["-n", min(2000, max(20, first["rate"] // CONNECTIONS))])
    count = min(50000, max(20, first["rate"] * SECONDS // CONNECTIONS))
    rounds = []
    for number in range(ROUNDS):
        bench.progress("%s under load, round %d of %d" % (peer.name, number + 1, ROUNDS))
        rounds.append(measured(peer, mode, words + ["-n", count], count, server))
    return {key: statistics.median(r[key] for r in rounds) for key in rounds[0]}


def command(peer, mode, words):
    return [os.path.join(bench.BUILD, "polload"), "-m", mode] + [str(w) for w in words] + [peer.target]


def polload(peer, mode, words):
    done = subprocess.run(command(peer, mode, words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise bench.CannotMeasure("%s: %s" % (peer.name, done.stderr.strip()))
    return bench.read_figures(done.stdout)


def measured(peer, mode, words, count, server):
    """One round: the connections are opened and warmed before anything is counted, and stay open until
    memory has been looked at."""
    process = subprocess.Popen(command(peer, mode, words + ["-b", "-k"]), stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout.readline() != "warm\n":
            raise bench.CannotMeasure("%s did not answer" % peer.name)
        asked, before = server.questions(), cost.processes()
        process.stdin.write("\n")
        process.stdin.flush()
        figures = bench.read_figures(process.stdout.readline())
        after = cost.processes()
        asked = server.questions() - asked
        pids = peer.pids(after)
        resident, proportional = cost.memory_mib(pids)
    finally:
        process.stdin.close()
        process.wait()
    spent = cost.seconds(after, pids) - cost.seconds(before, peer.pids(before))
    requests = count * CONNECTIONS
    refused = sum(n for w, n in figures["words"].items() if is_refused(w))
    return {"rate": figures["rate"], "p99": figures["p99"] / 1000, "cpu": spent / requests * 1e6,
            "rss": resident, "pss": proportional, "dns": asked / requests, "refused": refused / requests}


HEAD = "  %-22s %9s %8s %8s %6s %6s %5s %6s" % ("", "req/s", "p99 ms", "CPU us", "RSS", "PSS", "DNS", "right")


def row(name, f, right):
    return "  %-22s %9d %8.2f %8.0f %6.0f %6.0f %5.1f %6s" % (
        name, f["rate"], f["p99"], f["cpu"], f["rss"], f["pss"], f["dns"], right)


def table(mode, peers, cases, server):
    """The lines of one kind of server, and remarks about them."""
    lines, remarks = [], []
    for peer in peers:
        try:
            line, said = measured_peer(peer, mode, cases, server)
            lines.append(line)
            remarks += said
        except (AssertionError, OSError, RuntimeError, subprocess.SubprocessError, bench.CannotMeasure) as error:
            remarks.append("%s: not measured: %s" % (peer.name, str(error).strip()[-200:]))
        finally:
            peer.stop()
    return lines, remarks


def measured_peer(peer, mode, cases, server):
    """One peer from its start to its end; its line, and remarks."""
    if peer.package and not peer.version():
        raise bench.CannotMeasure("%s is not available here" % peer.package)
    right, remarks = "", ["%s %s: %s" % (peer.name, peer.version(), peer.mode)] if peer.mode else []
    if peer.mode:  # the floor has no answers to compare
        bench.progress("%s: asking the cases" % peer.name)
        peer.start(LIMIT)
        good, every, wrong = cases(peer)
        right = "%d/%d" % (good, every)
        remarks += ["%s: wrong: %s" % (peer.name, w) for w in wrong]
        if cases is limit_cases:
            remarks[0] += "; %s a restart" % ("kept over" if is_kept(peer) else "lost by")
        peer.stop()
    peer.start(MANY)
    figures = load(peer, mode, server)
    if mode == "spf" and peer.mode and not 0.2 < figures["refused"] < 0.3:
        remarks.append("%s: refused %.0f %% under load instead of 25 %%" % (peer.name, figures["refused"] * 100))
    return row(peer.name, figures, right), remarks


def run(folder):
    """The tables of policy servers: SPF, limits; each (lines, remarks)."""
    syslog = bench.Syslog()
    with open("/etc/resolv.conf", "w") as f:
        f.write("nameserver 127.0.0.1\n")
    server = bench.NameServer(folder, 53, domains=DOMAINS, large=0, more=zone_lines())
    try:
        with server.run():
            floor = Floor("floor (does no work)", "", folder)
            return (table("spf", [floor] + spf_peers(folder), spf_cases, server),
                    table("rate", [floor] + limit_peers(folder), limit_cases, server))
    finally:
        syslog.close()
