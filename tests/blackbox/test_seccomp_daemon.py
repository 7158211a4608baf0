# SPDX-License-Identifier: ISC
"""The running gatepost-policyd under its filter of system calls: all features, and a forbidden call."""
import ctypes
import ctypes.util
import glob
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import dnsd  # noqa: E402
import world  # noqa: E402
from world import ask, equal, holds, wait_for  # noqa: E402

PROJECT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
PROGRAM = os.path.join(world.BUILD, "gatepost-policyd")
LONG = "v=spf1 " + "ip4:203.0.113.1 " * 100 + "-all"  # too long for UDP: asked again over TCP
ZONE = {
    "a.test": {"TXT": ["v=spf1 ip4:192.0.2.0/24 include:long.test mx a:host.test exists:%{i}.x.test ptr -all"],
               "MX": ["mail.a.test"]},
    "long.test": {"TXT": [LONG]},
    "host.test": {"A": ["203.0.113.9"], "AAAA": ["2001:db8::9"]},
    "mail.a.test": {"A": ["203.0.113.8"]},
    "mute.test": "silent",
}
dns = dnsd.Server(ZONE)
serial = iter(range(10 ** 9))

# Newer than the libseccomp of some systems that are still in use; passed over there.
YOUNG = {"mseal", "futex_waitv", "map_shadow_stack"}

# A library for LD_PRELOAD: whoever reads the word from a socket makes a call that no daemon needs. The
# product has no such place, so the test brings it.
TRIGGER = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void look(const void *text, ssize_t n)
{
	if (n > 0 && memmem(text, (size_t)n, "please-break-in", 15))
		syscall(SYS_execve, "/nonexistent", (char *[]) {0}, (char *[]) {0});
}

ssize_t read(int fd, void *to, size_t size)
{
	ssize_t (*real)(int, void *, size_t) = (ssize_t (*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");
	ssize_t n = real(fd, to, size);
	look(to, n);
	return n;
}

ssize_t __read_chk(int fd, void *to, size_t size, size_t room)
{
	return size <= room ? read(fd, to, size) : -1;
}
"""


def has_filter():
    """Is one built in? The program itself says when not."""
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as f:
        done = subprocess.run([PROGRAM, "-t", "-c", f.name], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=world.PATIENCE_S)
    holds(done.stdout, "no errors")
    return "built without libseccomp" not in done.stdout


def need_filter():
    if not has_filter():
        raise world.Skip("built without libseccomp")


def config(policyd="", store='uri = {"STORE"}', log="", spf="", more=""):
    return """
hostname = "mx.test"
spf { %s }
store { %s }
limit hourly { key = user  count = recipients  max = 100  per = 1h }
dns { servers = {"127.0.0.1:%d"} timeout = 3s attempts = 1 }
policyd {
    listen = {"SOCKET"}
    user = "USER"
    %s
}
log { %s }
%s
""" % (spf, store, dns.port, policyd, log, more)


def sent_by(user, **others):
    """A request of somebody who has logged in."""
    values = {"client_address": "198.51.100.1", "helo_name": "helo.test", "sender": "x@a.test",
              "recipient": "r@here.test", "instance": "i%d" % next(serial), "sasl_username": user}
    values.update(others)
    return values


def stranger(**others):
    return sent_by("", **others)


class Daemon:
    """with Daemon(config) as d: no process of it may have died of a forbidden call when it ends."""

    def __init__(self, text, deaths=0, **options):
        self.text, self.deaths, self.options = text, deaths, options

    def __enter__(self):
        self.policyd = world.Policyd(self.text, **self.options)
        return self.policyd

    def __exit__(self, kind, value, trace):
        d = self.policyd
        try:
            d.stop()
            text, code = d.text(), d.process.returncode
        finally:
            d.close()
        if kind is None:
            equal(text.count("Bad system call"), self.deaths, text)
            equal(code, 0, text)
            assert "no filter of system calls, the daemon continues without" not in text, text


def status_of(pid):
    """The lines of /proc/PID/status, for each thread."""
    found = []
    for path in glob.glob("/proc/%d/task/*/status" % pid):
        try:
            with open(path) as f:
                found.append(dict(re.findall(r"^(\w+):\t(.*)$", f.read(), re.M)))
        except (FileNotFoundError, ProcessLookupError):
            pass  # a thread that has just ended
    assert found
    return found


def spf_in_all_ways(d):
    """DNS over UDP and TCP, answers that do not come, both families."""
    for client in ("192.0.2.1", "198.51.100.1", "2001:db8::1", "127.0.0.1"):
        assert d.ask(**stranger(client_address=client)), d.text()
    assert d.ask(**stranger(sender="x@mute.test"))
    d.wait_log("event=decision")


def operate(d):
    """Everything that the operator's commands ask for."""
    assert d.control("status")["requests"] > 0
    for command, members in (("list", {}), ("show", {"who": "alice"}), ("reset", {"who": "alice"}),
                             ("nonsense", {})):
        assert d.control(command, **members) is not None
    d.process.send_signal(signal.SIGUSR1)
    d.wait_log("event=counters")
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(d.control_path)
        s.sendall(b"\xff\0 rubbish\n")
        s.recv(4096)


def reload_with(d, text, said="is in force"):
    before = d.text().count(said)
    d.write(text)
    d.reload()
    wait_for(lambda: d.text().count(said) > before, "reload: " + d.text()[-1500:])


def certificates(folder):
    """A server's certificate for localhost, and who signed it."""
    if not shutil.which("openssl"):
        raise world.Skip("openssl is not at hand")
    script = ("cd '%s' && for n in ca server; do openssl ecparam -name prime256v1 -genkey -noout -out $n.key; done; "
              "openssl req -x509 -new -key ca.key -subj /CN=ca -days 2 -out ca.pem && "
              "openssl req -new -key server.key -subj /CN=server -out server.csr && "
              "echo subjectAltName=DNS:localhost,IP:127.0.0.1 >ext && openssl x509 -req -in server.csr -CA ca.pem "
              "-CAkey ca.key -CAcreateserial -days 2 -extfile ext -out server.pem && chmod 644 *.key" % folder)
    done = subprocess.run(script, shell=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    equal(done.returncode, 0, done.stdout)


class TlsRedis(world.Redis):
    """Speaks TLS only, with the certificate of certificates()."""

    def __init__(self, folder):
        certificates(folder)
        port = world.free_port()
        options = ["--port", "0", "--tls-port", str(port), "--tls-auth-clients", "no"]
        for name, path in (("cert-file", "server.pem"), ("key-file", "server.key"), ("ca-cert-file", "ca.pem")):
            options += ["--tls-" + name, os.path.join(folder, path)]
        super().__init__(folder, port, *options)

    def _answers(self):
        if self.process.poll() is not None:
            raise world.Skip("this redis-server knows no TLS")
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False


# ---- what is allowed suffices ----

def is_set():
    """it is on unless the configuration says otherwise, in every thread of both processes"""
    need_filter()
    with Daemon(config()) as d, d.connect() as s:
        ask(s, **stranger())
        d.wait_log("is ready")
        found = re.search(r"seccomp: (\d+) system calls are allowed, others end the process", d.text())
        assert found and 50 < int(found.group(1)) < 200, d.text()
        equal(d.text().count("seccomp:"), 1)
        parent, child = status_of(d.process.pid), status_of(d.worker())
        assert len(child) > 3, child
        for threads, filters in ((parent, 1), (child, 2)):
            for thread in threads:
                equal((thread["Seccomp"], thread["NoNewPrivs"]), ("2", "1"))
                if "Seccomp_filters" in thread:  # since Linux 5.9
                    own = status_of(os.getpid())[0]
                    equal(int(thread["Seccomp_filters"]), filters + int(own["Seccomp_filters"]))
    with Daemon(config(policyd="supervise = no\n seccomp = log")) as d:
        d.ask(**stranger())
        holds(d.text(), "others are noted in the kernel's log")
        equal({t["Seccomp"] for t in status_of(d.process.pid)}, {"2"})


def is_off():
    """policyd.seccomp = off: none"""
    with Daemon(config(policyd="seccomp = off")) as d:
        d.ask(**stranger())
        assert "seccomp" not in d.text()
        own = status_of(os.getpid())[0]["Seccomp"]
        equal({t["Seccomp"] for t in status_of(d.process.pid) + status_of(d.worker())}, {own})


def all_features(supervise):
    with tempfile.TemporaryDirectory(prefix="gatepost-test.") as included:
        os.chmod(included, 0o755)
        port, http = world.free_port(), world.free_port()
        with open(included + "/more.conf", "w") as f:
            f.write('override { user = "boss"  hourly = unlimited }\n')
        options = dict(policyd='supervise = %s\n listen = {"SOCKET", "inet:127.0.0.1:%d", "inet:[::1]:%d"}'
                               % (supervise, port, port),
                       more='include = {"%s/*.conf"}\nmetrics { listen = {"inet:127.0.0.1:%d"} }' % (included, http))
        with Daemon(config(**options).replace('    listen = {"SOCKET"}\n', "")) as d:
            spf_in_all_ways(d)
            for i in range(101):
                last = d.ask(**sent_by("alice"))
            holds(last, "hourly limit reached")
            for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
                with socket.socket(family) as s:
                    s.connect((address, port))
                    assert ask(s, **sent_by("boss"))
            operate(d)
            fetch_metrics(http)
            for log in ("format = json", "level = debug", ""):
                reload_with(d, config(log=log, spf="mode = label", **options).replace('    listen = {"SOCKET"}\n', ""))
                assert d.ask(**stranger())
            reload_with(d, "nonsense = 1\n", "stays in force as it was")
            spf_in_all_ways(d)
            fetch_metrics(http)
            stop_under_load(d)


def fetch_metrics(port):
    """Over HTTP, where the daemon serves that; several at once, and what is no HTTP."""
    try:
        connections = [socket.create_connection(("127.0.0.1", port), world.PATIENCE_S) for _ in range(3)]
    except ConnectionRefusedError:
        return  # built without libmicrohttpd
    for s in connections:
        s.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
    for s in connections:
        s.settimeout(world.PATIENCE_S)
        holds(s.recv(65536).decode(), "HTTP/1.1 200")
        s.close()
    with socket.create_connection(("127.0.0.1", port), world.PATIENCE_S) as s:
        s.sendall(b"\0\xff rubbish\r\n\r\n")
        s.settimeout(world.PATIENCE_S)
        s.recv(65536)


def stop_under_load(d):
    """SIGTERM while requests are under way."""
    def load():
        try:
            with d.connect() as s:
                while ask(s, **sent_by("user%d" % next(serial))) is not None:
                    pass
        except OSError:
            pass
    threads = [threading.Thread(target=load) for _ in range(6)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    d.process.terminate()
    for thread in threads:
        thread.join(60)
    d.process.wait(world.PATIENCE_S)


def supervised():
    """SPF, limits, reloads, the operator's commands, metrics and the stop work under the filter"""
    all_features("yes")


def unsupervised():
    """the same in a single process, which removes its sockets itself"""
    all_features("no")


def crash():
    """a child that crashes is followed by one under the same filters"""
    with Daemon(config()) as d:
        for _ in range(2):
            worker = d.worker()
            os.kill(worker, signal.SIGSEGV)
            wait_for(lambda: d.worker() not in (worker, d.process.pid), "another child")
            wait_for(lambda: d.ask(**sent_by("alice")), "answer")
        if has_filter():
            equal({t["Seccomp"] for t in status_of(d.worker())}, {"2"})
        equal(d.used("alice", "hourly"), 2)


def shut_still():
    """the watchdog ends a child that stands still, under the filter"""
    with Daemon(config(policyd="watchdog = 10s")) as d:
        worker = d.worker()
        os.kill(worker, signal.SIGSTOP)
        d.wait_log("policyd.watchdog", 60)
        wait_for(lambda: d.worker() not in (worker, d.process.pid), "another child")
        wait_for(lambda: d.ask(**stranger()), "answer")


def damaged_store():
    """a damaged store is set aside, and a large one grows"""
    with Daemon(config()) as d:
        for i in range(300):
            assert d.ask(**sent_by("user%d" % i))
        d.stop()
        with open(os.path.join(d.folder, "state", "counters"), "r+b") as f:
            f.write(b"rubbish" * 2000)
        d.start()
        d.wait_log("is damaged")
        assert d.ask(**sent_by("alice"))
        equal(d.used("alice", "hourly"), 1)


def redis_tls():
    """Redis by its name over TLS: found, lost, replaced by files, found again"""
    with tempfile.TemporaryDirectory(prefix="gatepost-test.") as folder:
        os.chmod(folder, 0o755)
        redis = TlsRedis(folder)
        try:
            local = os.path.join(folder, "local")
            os.mkdir(local)
            os.chmod(local, 0o777)
            store = ('uri = {"rediss://localhost:%d"} tls_ca_file = "%s/ca.pem" timeout = 3s on_failure = local '
                     'local_path = "%s/store"' % (redis.port, folder, local))
            with Daemon(config(store=store)) as d:
                if "has no Redis" in d.text():
                    raise world.Skip("built without Redis")
                for _ in range(5):
                    assert d.ask(**sent_by("alice"))
                equal(d.used("alice", "hourly"), 5)
                redis.stop()
                wait_for(lambda: d.ask(**sent_by("alice")) and not d.control("status")["store"]["up"],
                         "notice that Redis is away")
                assert d.ask(**sent_by("alice"))
                redis.start()
                wait_for(lambda: d.ask(**sent_by("alice")) and d.control("status")["store"]["up"], "return to Redis")
                operate(d)
        finally:
            redis.close()


# ---- what is not, ends ----

def break_in(folder):
    """The library of the trigger, ready to be loaded."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler:
        raise world.Skip("no C compiler is at hand")
    source, library = os.path.join(folder, "trigger.c"), os.path.join(folder, "trigger.so")
    with open(source, "w") as f:
        f.write(TRIGGER)
    done = subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    equal(done.returncode, 0, done.stdout)
    os.chmod(folder, 0o755)
    return library


def with_trigger(mode, deaths, look):
    """A daemon whose sessions can be made to call execve."""
    need_filter()
    with tempfile.TemporaryDirectory(prefix="gatepost-test.") as folder:
        os.environ["LD_PRELOAD"] = break_in(folder)
        try:
            with Daemon(config(policyd="seccomp = " + mode), deaths) as d:
                look(d)
        finally:
            del os.environ["LD_PRELOAD"]


def forbidden():
    """a forbidden call ends the serving process; the log says what to do; another one serves on"""
    def look(d):
        worker = d.worker()
        d.ask(**sent_by("alice"))
        equal(d.ask(**stranger(sender="please-break-in@a.test")), None)
        d.wait_log("process %d died of signal 31 (Bad system call): it made a system call that the filter does not allow (the kernel's log has its number); please report it; policyd.seccomp = log lets such calls "
                   "pass; it is started again" % worker)
        wait_for(lambda: d.worker() not in (worker, d.process.pid), "another child")
        wait_for(lambda: d.ask(**sent_by("alice")), "answer")
        equal(d.used("alice", "hourly"), 2)
        equal(len(re.findall(r"seccomp: \d+ system calls are allowed", d.text())), 2)
    with_trigger("enforce", 1, look)


def let_pass():
    """policyd.seccomp = log: it goes on"""
    def look(d):
        worker = d.worker()
        assert d.ask(**stranger(sender="please-break-in@a.test"))
        equal(d.worker(), worker)
    with_trigger("log", 0, look)


def restart_only():
    """a change of policyd.seccomp waits for a restart, also after a crash"""
    need_filter()
    with Daemon(config()) as d:
        reload_with(d, config(policyd="seccomp = off"))
        d.wait_log("takes effect at the next restart")
        worker = d.worker()
        os.kill(worker, signal.SIGSEGV)
        wait_for(lambda: d.worker() not in (worker, d.process.pid), "another child")
        wait_for(lambda: d.ask(**stranger()), "answer")
        equal({t["Seccomp"] for t in status_of(d.worker())}, {"2"})


def names():
    """every name in the tables is a system call of some machine"""
    found = ctypes.util.find_library("seccomp")
    if not found:
        raise world.Skip("libseccomp is not at hand")
    library = ctypes.CDLL(found)
    with open(os.path.join(PROJECT, "daemon", "seccomp.c")) as f:
        text = f.read()
    rows = re.findall(r'^\t\{"([a-z0-9_ ]+)", \d', text, re.M) + re.findall(r'^#define MMAP "([a-z0-9 ]+)"', text, re.M)
    listed = {name for row in rows for name in row.split(" ")}
    assert len(listed) > 80, listed
    unknown = {n for n in listed if library.seccomp_syscall_resolve_name(n.encode()) == -1}  # __NR_SCMP_ERROR
    equal(unknown - YOUNG, set())


def main():
    tap = world.Tap()
    for test in (is_set, is_off, supervised, unsupervised, crash, shut_still, damaged_store, redis_tls, forbidden,
                 let_pass, restart_only, names):
        tap.run(test)
    tap.finish()


main()
