#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The tables of speed and memory (make bench).

polload asks gatepost-policyd, and floor beside it, which does the least that a policy server can
do. Figures change from machine to machine; what counts is the ratio to floor in the same run. The
names are served by an unbound of this script's own, on the loopback: as root inside a throwaway
machine, otherwise if it is installed.

The exit code is 0 whether or not the targets are met, 1 when there was nothing to measure.
"""
import codecs
import contextlib
import hashlib
import os
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PROJECT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(PROJECT, "tests", "support"))
sys.dont_write_bytecode = True
import sandbox  # noqa: E402  (lies in the directory named just above)
import world  # noqa: E402

BUILD = os.path.join(PROJECT, "build", "bench")
PROGRAMS = os.path.join(PROJECT, "build")

ROUNDS = 3
CONNECTIONS = 10
REQUESTS = 10000        # of each connection, warm
COLD_REQUESTS = 2000    # of each connection; every one about another domain
WARM_DOMAINS = 1000
MANY_CONNECTIONS = 1000
MANY_REQUESTS = 30      # and one that is not counted: 31 domains for each connection
DOMAINS = MANY_CONNECTIONS * (MANY_REQUESTS + 1)
CACHE_ENTRIES = 100000

RECIPIENTS = 20         # of a message
RECIPIENTS_TARGET = 3   # times the rate of as many messages of one recipient
LARGE_DOMAINS = 200     # of senders with records as large providers have them
LARGE_FIRST = 40000     # number of the first one
LARGE_INCLUDES = 8
USERS = 1000000         # whose counters lie in the store, two limits each
RATIO_TARGET = 0.5
LIMITS_TARGET = 0.4     # of floor, two limits counted in LMDB
REDIS_TARGET = 0.7      # of what redis-benchmark gets out of the server with the same script
P99_TARGET_US = 2000
MEMORY_TARGET_MIB = 64


class CannotMeasure(Exception):
    """There is no figure to be had; the text says why."""


def progress(text):
    """What is being done, on a terminal; the line is overwritten by the next."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K" + (text + " ..." if text else ""))
        sys.stderr.flush()


def show(text=""):
    progress("")
    print(text, flush=True)


# ---- programs ----

def build():
    """The load generator and the floor, into build/bench/."""
    os.makedirs(BUILD, exist_ok=True)
    for name in ("polload", "floor"):
        command = os.environ.get("CC", "cc").split() + [
            "-std=c11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", "-o",
            os.path.join(BUILD, name), os.path.join(HERE, name + ".c"), "-lpthread"]
        done = subprocess.run(command)
        if done.returncode != 0:
            raise CannotMeasure("%s does not compile" % name)


@contextlib.contextmanager
def running(command, log, ready, name=None):
    """A program of ours, ended by its process id; ready() says when it can be asked."""
    with open(log, "ab") as err:
        process = subprocess.Popen([name or command[0]] + command[1:], executable=command[0],
                                   stdin=subprocess.DEVNULL, stdout=err, stderr=err)
    try:
        limit = time.monotonic() + 20
        while not ready():
            if process.poll() is not None or time.monotonic() > limit:
                with open(log, errors="replace") as f:
                    raise CannotMeasure("%s did not start:\n%s" % (command[0], f.read()[-2000:]))
            time.sleep(0.05)
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def accepts(path):
    """Does something listen at this unix socket?"""
    with socket.socket(socket.AF_UNIX) as s:
        return s.connect_ex(path) == 0


def version(package):
    """Of an installed package of Debian; empty if it is not installed."""
    return subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True).stdout


class Syslog:
    """Takes at /dev/log what programs say, as a syslog daemon would, and forgets it."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("/dev/log")
        os.chmod("/dev/log", 0o666)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        with contextlib.suppress(OSError):
            while self.socket.recv(65536):
                pass

    def close(self):
        os.unlink("/dev/log")


def polload_command(path, mode, *arguments):
    return [os.path.join(BUILD, "polload"), "-m", mode] + [str(a) for a in arguments] + [
        "unix:" + path]


def read_figures(line):
    """polload's line as numbers."""
    found = re.search(r"n=(\d+)  (\d+) req/s  p50 (\d+) us  p99 (\d+) us  max (\d+) us", line)
    if not found:
        raise CannotMeasure("polload said: %s" % line)
    names = ("n", "rate", "p50", "p99", "max")
    figures = dict(zip(names, (int(g) for g in found.groups())))
    figures["words"] = dict((w, int(n)) for w, n in re.findall(r" (\w+)=(\d+)", line.split("max")[1]))
    return figures


def polload(path, mode, *arguments):
    done = subprocess.run(polload_command(path, mode, *arguments), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise CannotMeasure("polload: %s" % done.stderr.strip())
    return read_figures(done.stdout)


def median(rounds):
    """The median of each figure."""
    return {k: statistics.median(r[k] for r in rounds) for k in ("rate", "p50", "p99", "max")}


# ---- names ----

def write_zone(path, domains=DOMAINS, large=LARGE_DOMAINS, more=()):
    """A domain publishes what many do: an include, its MX, and -all. more: lines of unbound's own."""
    record = ("local-data: 'd%(n)d.bench.test. 3600 TXT \"v=spf1 include:_spf.d%(n)d.bench.test mx -all\"'\n"
              "local-data: 'd%(n)d.bench.test. 3600 MX 10 mx1.d%(n)d.bench.test.'\n"
              "local-data: '_spf.d%(n)d.bench.test. 3600 TXT \"v=spf1 ip4:192.0.2.0/24 "
              "ip4:198.51.%(x)d.0/24 ip6:2001:db8::/32 ~all\"'\n"
              "local-data: 'mx1.d%(n)d.bench.test. 3600 A 192.0.2.25'\n"
              "local-data: 'mail.d%(n)d.bench.test. 3600 A 192.0.2.26'\n"
              "local-data: 'mail.d%(n)d.bench.test. 3600 TXT \"v=spf1 ip4:198.51.0.0/16 a -all\"'\n")
    with open(path, "w") as f:
        f.write("server:\nlocal-zone: 'bench.test.' static\n")
        for n in range(domains):
            f.write(record % {"n": n, "x": n // 250})
        for n in range(LARGE_FIRST, LARGE_FIRST + large):
            f.write(large_records(n))
        f.write("".join(line + "\n" for line in more))


def large_records(n):
    """A domain whose mail goes through several providers: many includes of many networks."""
    domain = "d%d.bench.test" % n
    texts = ["%s. 3600 TXT \"v=spf1 %s -all\"" % (domain, " ".join(
        "include:_%d.%s" % (i, domain) for i in range(LARGE_INCLUDES)))]
    for i in range(LARGE_INCLUDES):
        networks = ["ip4:10.%d.%d.0/24" % (i, k) for k in range(12)]
        if i == LARGE_INCLUDES - 1:
            networks.append("ip4:198.51.%d.0/24" % (n // 250))
        texts.append("_%d.%s. 3600 TXT \"v=spf1 %s ~all\"" % (i, domain, " ".join(networks)))
    texts.append("mail.%s. 3600 TXT \"v=spf1 ip4:198.51.0.0/16 -all\"" % domain)
    return "".join("local-data: '%s'\n" % text for text in texts)


class NameServer:
    """An unbound with everything in its local data; what write_zone() takes says how much."""

    def __init__(self, folder, port=0, **zone_of):
        self.folder = folder
        self.config = os.path.join(folder, "unbound.conf")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind(("127.0.0.1", port))
            self.port = s.getsockname()[1]
        zone = os.path.join(folder, "zone.conf")
        write_zone(zone, **zone_of)
        with open(self.config, "w") as f:
            f.write('server:\n  interface: 127.0.0.1@%d\n  port: %d\n  do-daemonize: no\n'
                    '  username: ""\n  chroot: ""\n  directory: "%s"\n  pidfile: ""\n'
                    '  use-syslog: no\n  logfile: ""\n  verbosity: 0\n  num-threads: 1\n'
                    '  module-config: "iterator"\n  so-rcvbuf: 4m\n'
                    'remote-control:\n  control-enable: yes\n  control-use-cert: no\n'
                    '  control-interface: "%s/control"\ninclude: "%s"\n'
                    % (self.port, self.port, folder, folder, zone))

    def control(self, word):
        return subprocess.run(["unbound-control", "-c", self.config, word],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True).stdout

    def is_ready(self):
        return "is running" in self.control("status")

    def questions(self):
        """How many it has been asked so far."""
        found = re.search(r"total\.num\.queries=(\d+)", self.control("stats_noreset"))
        if not found:
            raise CannotMeasure("unbound-control gives no statistics")
        return int(found.group(1))

    def run(self):
        progress("unbound reads its zone")
        return running(["unbound", "-d", "-c", self.config],
                       os.path.join(self.folder, "unbound.log"), self.is_ready)


def check_zone(port):
    """The names mean what the tables say: the network of a domain passes, another one fails."""
    for ip, expected in (("198.51.0.1", "pass"), ("203.0.0.1", "fail")):
        done = subprocess.run(
            [os.path.join(PROGRAMS, "gatepost"), "spf", "--json", "--dns", "127.0.0.1:%d" % port,
             "--ip", ip, "--mail-from", "user1@d0.bench.test"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        if '"result": "%s"' % expected not in done.stdout:
            raise CannotMeasure("%s should %s:\n%s" % (ip, expected, done.stdout))


# ---- the daemon ----

LIMITS = """
limit hourly { key = user  count = recipients  max = 100000000  per = 1h }
limit daily  { key = user  count = messages    max = 100000000  per = 1d }
"""


class Daemon:
    """gatepost-policyd with its log in a file, as most have it: a line for each decision."""

    def __init__(self, folder, port, more="", name="gatepost"):
        self.socket = os.path.join(folder, name)
        self.config = os.path.join(folder, name + ".conf")
        self.control = os.path.join(folder, name + ".control")
        self.log = os.path.join(BUILD, "gatepost.log")
        user = world.daemon_user()
        with open(self.config, "w") as f:
            f.write('hostname = "mx.bench.test"\n'
                    'dns {\n  servers = {"127.0.0.1:%d"}\n  cache_entries = %d\n}\n'
                    'policyd {\n  listen = {"unix:%s"}\n  user = "%s"\n'
                    '  control_socket = "%s"\n  max_connections = %d\n}\n%s'
                    % (port, CACHE_ENTRIES, self.socket, user, self.control,
                       MANY_CONNECTIONS + 100, more))

    def run(self):
        open(self.log, "w").close()
        return running([os.path.join(PROGRAMS, "gatepost-policyd"), "-c", self.config], self.log,
                       lambda: accepts(self.socket))

    def forget_log(self):
        os.truncate(self.log, 0)


def processes(pid):
    """The process and those that it has started."""
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        return [pid] + [int(child) for child in f.read().split()]


def memory_kib(pid):
    """(resident, proportional) of one process."""
    with open("/proc/%d/smaps_rollup" % pid) as f:
        text = f.read()
    return tuple(int(re.search(r"^%s:\s+(\d+) kB" % name, text, re.M).group(1))
                 for name in ("Rss", "Pss"))


# ---- the tables ----

def row(name, f, ratio=""):
    return "  %-22s %9d %9d %9d %9d   %s" % (name, f["rate"], f["p50"], f["p99"], f["max"],
                                              "%.2f" % ratio if ratio else "")


def ratio_of(ours, floors):
    """To floor, round by round: other work on the machine then disturbs both alike."""
    return statistics.median(o["rate"] / f["rate"] for o, f in zip(ours, floors))


HEAD = "  %-22s %9s %9s %9s %9s   %s" % ("", "req/s", "p50 us", "p99 us", "max us", "to floor")


def verdict(met):
    return "met" if met else "MISSED"


def warm(floor_path, daemon):
    """Everybody's domains are known: the daemon's own work."""
    spf = ("spf", "-c", CONNECTIONS, "-d", WARM_DOMAINS)
    floors, ours = [], []
    with daemon.run():
        progress("warming up")
        polload(daemon.socket, *spf, "-n", REQUESTS // 2)
        for i in range(ROUNDS):
            daemon.forget_log()
            progress("warm cache, round %d of %d" % (i + 1, ROUNDS))
            floors.append(polload(floor_path, *spf, "-n", REQUESTS))
            ours.append(polload(daemon.socket, *spf, "-n", REQUESTS))
    floor, gatepost = median(floors), median(ours)
    ratio = ratio_of(ours, floors)
    met = {"speed": ratio >= RATIO_TARGET, "p99": gatepost["p99"] < P99_TARGET_US}
    show("SPF, answers in the cache: %d connections, %d domains, median of %d rounds of %d requests"
         % (CONNECTIONS, WARM_DOMAINS, ROUNDS, CONNECTIONS * REQUESTS))
    show(HEAD)
    show(row("floor", floor))
    show(row("gatepost-policyd", gatepost, ratio))
    show("  answers: %s" % ", ".join("%s %d" % w for w in sorted(ours[-1]["words"].items())))
    show("  target: %.2f of floor or more: %.2f, %s; p99 below %d us: %d, %s\n" % (
        RATIO_TARGET, ratio, verdict(met["speed"]), P99_TARGET_US, gatepost["p99"],
        verdict(met["p99"])))
    return met


def recipients(floor_path, daemon):
    """Messages of many recipients: what does not depend on them is asked once a message."""
    load = ("spf", "-c", CONNECTIONS, "-d", LARGE_DOMAINS, "-f", LARGE_FIRST)
    several = load + ("-r", RECIPIENTS)
    floors, one, many = [], [], []
    with daemon.run():
        progress("warming up")
        polload(daemon.socket, *load, "-n", REQUESTS // 10)
        for i in range(ROUNDS):
            progress("%d recipients a message, round %d of %d" % (RECIPIENTS, i + 1, ROUNDS))
            daemon.forget_log()
            floors.append(polload(floor_path, *several, "-n", REQUESTS))
            one.append(polload(daemon.socket, *load, "-n", REQUESTS))
            many.append(polload(daemon.socket, *several, "-n", REQUESTS))
    times = ratio_of(many, one)
    met = times >= RECIPIENTS_TARGET
    show("SPF, records of %d includes, answers in the cache: a request a recipient" % LARGE_INCLUDES)
    show(HEAD)
    show(row("floor", median(floors)))
    show(row("1 recipient a message", median(one), ratio_of(one, floors)))
    show(row("%d recipients" % RECIPIENTS, median(many), ratio_of(many, floors)))
    show("  target: %d times the rate of one recipient a message: %.1f, %s\n"
         % (RECIPIENTS_TARGET, times, verdict(met)))
    return {"recipients": met}


def cold(floor_path, daemon, server):
    """Every request is about a domain that was never seen."""
    floors, rounds, asked = [], [], server.questions()
    for i in range(ROUNDS):
        progress("cold cache, round %d of %d" % (i + 1, ROUNDS))
        walk = ("spf", "-c", CONNECTIONS, "-n", COLD_REQUESTS, "-w", "-d", DOMAINS)
        floors.append(polload(floor_path, *walk))
        with daemon.run():
            rounds.append(polload(daemon.socket, *walk))
    requests = ROUNDS * CONNECTIONS * (COLD_REQUESTS + 1)
    show("SPF, first-time domains, a fresh daemon: median of %d rounds of %d requests"
         % (ROUNDS, CONNECTIONS * COLD_REQUESTS))
    show(HEAD)
    show(row("floor", median(floors)))
    show(row("gatepost-policyd", median(rounds), ratio_of(rounds, floors)))
    show("  questions to the name server for each request: %.2f\n"
         % ((server.questions() - asked) / requests))


def rate(floor_path, folder):
    """Authenticated users: first nothing is counted, then two limits in LMDB."""
    plain = Daemon(folder, 53)
    state = os.path.join(folder, "state")
    counted = Daemon(folder, 53, 'store { uri = {"lmdb:%s"} }\n%s' % (writable(state), LIMITS), "counted")
    floors, free, ours = [], [], []
    load = ("rate", "-c", CONNECTIONS, "-n", REQUESTS)
    with plain.run(), counted.run():
        polload(counted.socket, *load)
        for i in range(ROUNDS):
            plain.forget_log()
            progress("authenticated users, round %d of %d" % (i + 1, ROUNDS))
            floors.append(polload(floor_path, *load))
            ours.append(polload(counted.socket, *load))
            free.append(polload(plain.socket, *load))
    shutil.rmtree(state)
    ratio, f = ratio_of(ours, floors), median(ours)
    met = {"limits": ratio >= LIMITS_TARGET}
    show("Authenticated users: %d connections, 1000 users, median of %d rounds of %d requests"
         % (CONNECTIONS, ROUNDS, CONNECTIONS * REQUESTS))
    show(HEAD)
    show(row("floor", median(floors)))
    show(row("no limits", median(free), ratio_of(free, floors)))
    show(row("two limits, LMDB", f, ratio))
    show("  target: %.2f of floor or more with limits: %.2f, %s\n"
         % (LIMITS_TARGET, ratio, verdict(met["limits"])))
    return met


def writable(path):
    """A directory that the daemon may write to."""
    os.makedirs(path)
    if os.geteuid() == 0:
        shutil.chown(path, "nobody")
    return path


def many_users(folder):
    """Counters of a million users, each with two limits."""
    state = os.path.join(folder, "users")
    daemon = Daemon(folder, 53, 'store { uri = {"lmdb:%s"} }\n%s' % (writable(state), LIMITS), "million")
    with daemon.run() as process:
        progress("memory: %d users" % USERS)
        figures = None
        for _ in range(4):  # users are drawn at random: this way about 98 of 100 have come
            figures = polload(daemon.socket, "rate", "-c", CONNECTIONS, "-n", USERS // CONNECTIONS,
                              "-u", USERS)
            daemon.forget_log()
        found = [memory_kib(pid) for pid in processes(process.pid)]
        private = [private_kib(pid) for pid in processes(process.pid)]
        used = sum(os.stat(os.path.join(state, n)).st_blocks * 512 for n in os.listdir(state))
    shutil.rmtree(state)
    show("Memory: the counters of %d users, two limits each, in LMDB" % USERS)
    show("  file %.0f MiB; resident %.0f MiB, of which the file's pages, which the system takes back "
         "when it\n  needs them, are all but %.0f MiB; the last million requests: %d/s, p99 %d us\n"
         % (used / 2**20, sum(r for r, _ in found) / 1024, sum(private) / 1024, figures["rate"],
            figures["p99"]))


def private_kib(pid):
    """Memory that is the process's own."""
    with open("/proc/%d/smaps_rollup" % pid) as f:
        return sum(int(n) for n in re.findall(r"^Anonymous:\s+(\d+) kB", f.read(), re.M))


def redis_program():
    """Debian's tools hold the server under another name; it is what it is called."""
    return shutil.which("redis-server") or shutil.which("redis-check-rdb")


def redis(floor_path, folder):
    """Two limits counted in a Redis on the loopback, beside what the server itself can do."""
    if not redis_program() or not shutil.which("redis-benchmark"):
        show("redis is not installed: not measured\n")
        return {}
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    daemon = Daemon(folder, 53, 'store { uri = {"redis://127.0.0.1:%d"} }\n%s' % (port, LIMITS), "shared")
    server = [redis_program(), "--port", str(port), "--bind", "127.0.0.1", "--save", "",
              "--appendonly", "no"]
    floors, ours, theirs, trivial = [], [], [], []
    load = ("rate", "-c", CONNECTIONS, "-n", REQUESTS)
    with contextlib.ExitStack() as stack:
        stack.enter_context(running(server, os.path.join(folder, "redis.log"), lambda: listens(port),
                                    "redis-server"))
        monitor = Monitor(port)
        stack.enter_context(daemon.run())
        polload(daemon.socket, "rate", "-c", 1, "-n", 1)
        sha = fixed_script(port, *monitor.script())
        polload(daemon.socket, *load)
        for i in range(ROUNDS):
            daemon.forget_log()
            progress("Redis, round %d of %d" % (i + 1, ROUNDS))
            floors.append(polload(floor_path, *load))
            ours.append(polload(daemon.socket, *load))
            theirs.append(redis_benchmark(port, "evalsha", sha, "1",
                                          "gatepost:{%s__rand_int__}" % ("0" * 20)))
            trivial.append(redis_benchmark(port, "eval", "return 1", "0"))
    ratio = statistics.median(o["rate"] / t for o, t in zip(ours, theirs))
    met = {"redis": ratio >= REDIS_TARGET}
    show("Authenticated users, two limits in a Redis on the loopback: %d connections, median of %d rounds"
         % (CONNECTIONS, ROUNDS))
    show(HEAD)
    show(row("floor", median(floors)))
    show(row("two limits, Redis", median(ours), ratio_of(ours, floors)))
    show("  redis-benchmark -c %d: %d calls/s of the same script with the same arguments, %d/s of an empty "
         "one" % (CONNECTIONS, statistics.median(theirs), statistics.median(trivial)))
    show("  target: %.2f of its script calls or more: %.2f, %s\n"
         % (REDIS_TARGET, ratio, verdict(met["redis"])))
    return met


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


class Monitor:
    """What a Redis is asked, as it reports it itself."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.lines = self.socket.makefile("rb")
        self.socket.sendall(b"MONITOR\r\n")
        self.lines.readline()

    def script(self):
        """The text of the script that counts, and the arguments of its first call about a subject."""
        texts = {}
        for line in self.lines:
            words = [codecs.escape_decode(w)[0] for w in re.findall(rb'"((?:[^"\\]|\\.)*)"', line)]
            verb = words[0].lower() if words else b""
            if verb == b"script" and words[1].lower() == b"load":
                texts[hashlib.sha1(words[2]).hexdigest().encode()] = words[2]
            if verb == b"evalsha" and words[2] == b"1" and b"user:user" in words[-1]:
                self.socket.close()
                return texts[words[1]], words[4:]
        raise CannotMeasure("MONITOR showed no call of the script")


def fixed_script(port, text, arguments):
    """The script with these arguments written into it; redis-benchmark cannot send NULs. Its SHA."""
    literal = ", ".join('"' + "".join("\\%03d" % c for c in a) + '"' for a in arguments)
    text = b"local ARGV = {" + literal.encode() + b"}\n" + text
    with socket.create_connection(("127.0.0.1", port), 10) as s, s.makefile("rb") as lines:
        s.sendall(b"*3\r\n$6\r\nSCRIPT\r\n$4\r\nLOAD\r\n$%d\r\n%s\r\n" % (len(text), text))
        if not lines.readline().startswith(b"$40"):
            raise CannotMeasure("the script with its arguments cannot be loaded")
        return lines.readline().strip().decode()


def redis_benchmark(port, *words):
    """Calls a second; every call is about one of 1000 subjects."""
    done = subprocess.run(["redis-benchmark", "-p", str(port), "-c", str(CONNECTIONS), "-n",
                           str(CONNECTIONS * REQUESTS), "-r", "1000", "--csv"] + list(words),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    found = re.findall(rb'","([\d.]+)"', done.stdout)
    if not found:
        raise CannotMeasure("redis-benchmark said: %r" % done.stdout)
    return float(found[0])


def memory(daemon, server):
    """Many connections at work, which stay open, and a full cache."""
    before = server.questions()
    with daemon.run() as process:
        progress("memory: %d connections" % MANY_CONNECTIONS)
        load = subprocess.Popen(
            polload_command(daemon.socket, "spf", "-c", MANY_CONNECTIONS, "-n", MANY_REQUESTS, "-w",
                            "-d", DOMAINS, "-k"),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            read_figures(load.stdout.readline())
            found = [(pid,) + memory_kib(pid) for pid in processes(process.pid)]
        finally:
            load.stdin.close()
            load.wait()
    asked = server.questions() - before
    names = ["supervisor", "server"] if len(found) == 2 else ["server"]
    total = sum(resident for _, resident, _ in found) / 1024
    met = total <= MEMORY_TARGET_MIB
    show("Memory: %d connections that have asked %d times each, and %d answers in the cache"
         % (MANY_CONNECTIONS, MANY_REQUESTS + 1, min(asked, CACHE_ENTRIES)))
    show("  (the name server was asked %d different questions; cache_entries is %d)"
         % (asked, CACHE_ENTRIES))
    show("  %-22s %9s %9s" % ("", "RSS MiB", "PSS MiB"))
    for name, (_, resident, proportional) in zip(names, found):
        show("  %-22s %9.1f %9.1f" % (name, resident / 1024, proportional / 1024))
    show("  %-22s %9.1f %9.1f" % ("sum", total, sum(p for _, _, p in found) / 1024))
    show("  target: at most %d MiB resident: %.1f, %s\n" % (MEMORY_TARGET_MIB, total, verdict(met)))
    if asked < CACHE_ENTRIES:
        raise CannotMeasure("only %d answers came into the cache" % asked)
    return {"memory": met}


@contextlib.contextmanager
def scene(folder, **zone_of):
    """(the socket of floor, the name server; None if it is not installed), both running."""
    floor_path = os.path.join(folder, "floor")
    with contextlib.ExitStack() as stack:
        server = None
        if shutil.which("unbound") and shutil.which("unbound-control"):
            server = NameServer(folder, **zone_of)
            stack.enter_context(server.run())
            check_zone(server.port)
        stack.enter_context(running([os.path.join(BUILD, "floor"), floor_path],
                                    os.path.join(folder, "floor.log"), lambda: accepts(floor_path)))
        yield floor_path, server


def measure(folder):
    """All tables; returns which targets are met."""
    met = {}
    with scene(folder) as (floor_path, server):
        daemon = Daemon(folder, server.port if server else 53)
        if server:
            met.update(warm(floor_path, daemon))
            met.update(recipients(floor_path, daemon))
            cold(floor_path, daemon, server)
            met.update(memory(daemon, server))
        else:
            show("unbound is not installed: SPF and memory are not measured\n")
        met.update(rate(floor_path, folder))
        many_users(folder)
        met.update(redis(floor_path, folder))
        daemon.forget_log()
    return met


def run(packages, tables):
    """Builds, enters the throwaway machine if there can be one, measures what tables(folder) does."""
    try:
        if not sandbox.is_inside():
            build()
            if os.geteuid() == 0:
                progress("setting up a throwaway machine with " + " and ".join(packages))
                try:
                    sandbox.enter(packages)
                except sandbox.Unavailable as reason:
                    show("no throwaway machine: %s" % reason)
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        with tempfile.TemporaryDirectory(prefix="gatepost-bench.") as folder:
            os.chmod(folder, 0o755)
            met = tables(folder)
    except (CannotMeasure, OSError) as error:
        show("bench: %s" % error)
        return 1
    if met:
        show("targets met: %s; missed: %s" % (
            ", ".join(k for k in met if met[k]) or "none",
            ", ".join(k for k in met if not met[k]) or "none"))
    else:
        show("no target could be checked")
    return 0


if __name__ == "__main__":
    sys.exit(run(["unbound"], measure))
