# SPDX-License-Identifier: ISC
"""The numbers of the running gatepost-policyd: over the control socket, the command and HTTP."""
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import dnsd  # noqa: E402
import exposition  # noqa: E402
import world  # noqa: E402
from world import ask, equal, holds, read_answer, wait_for  # noqa: E402

GATEPOST = os.environ.get("GATEPOST", "build/gatepost")
ZONE = {
    "a.test": {"TXT": ["v=spf1 ip4:192.0.2.0/24 -all"]},
    "h.test": {"TXT": ["v=spf1 ip4:192.0.2.1 -all"]},
    "fail.test": "servfail",
    "mute.test": "silent",
}
dns = dnsd.Server(ZONE)
serial = iter(range(10 ** 9))
LIMITS = """
limit hourly { key = user  count = recipients  max = 3  per = 1h }
limit soft { key = user  count = messages  max = 1  per = 1h  mode = label }
"""


def config(limits="", policyd="", metrics="", store='uri = {"STORE"}', spf=""):
    return """
hostname = "mx.test"
%s
spf { %s }
store { %s }
dns { servers = {"127.0.0.1:%d"} timeout = 2s attempts = 2 }
policyd {
    listen = {"SOCKET"}
    user = "USER"
    %s
}
metrics { %s }
""" % (limits, spf, store, dns.port, policyd, metrics)


class Daemon:
    """with Daemon(...) as d: a policyd for the time of one test."""

    def __init__(self, text):
        self.text = text

    def __enter__(self):
        self.policyd = world.Policyd(self.text)
        return self.policyd

    def __exit__(self, kind, value, trace):
        log = self.policyd.text()
        self.policyd.close()
        if kind is None:
            assert "ERROR: " not in log and "WARNING: ThreadSanitizer" not in log, log


class Served(Daemon):
    """The same with HTTP on a port of its own."""

    def __init__(self, **options):
        self.port = world.free_port()
        super().__init__(config(metrics='listen = {"inet:127.0.0.1:%d"}' % self.port, **options))

    def __enter__(self):
        d = super().__enter__()
        if "built without libmicrohttpd" in d.text():
            d.close()
            raise world.Skip("built without libmicrohttpd")
        d.port = self.port
        return d


def mail(sender="x@a.test", client="192.0.2.1", **others):
    n = next(serial)
    values = {"client_address": client, "helo_name": "h.test", "sender": sender, "server_port": "25",
              "recipient": "r%d@here.test" % n, "instance": "i%x.1" % n}
    values.update(others)
    return values


def page(d):
    return exposition.Page(d.control("metrics")["text"])


def fetch(port, method="GET", path="/metrics", **headers):
    """(status, headers, body) of one request."""
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=world.PATIENCE_S)
    try:
        c.request(method, path, headers=headers)
        r = c.getresponse()
        return r.status, r.headers, r.read().decode()
    finally:
        c.close()


def raw(port, data, seconds=30):
    """What comes back for these bytes until the connection is closed."""
    with socket.create_connection(("127.0.0.1", port), seconds) as s:
        got = b""
        try:
            s.sendall(data)
            while True:
                part = s.recv(65536)
                if not part:
                    return got
                got += part
        except (ConnectionResetError, BrokenPipeError):
            return got


def run(*arguments):
    return subprocess.run([GATEPOST, "metrics"] + list(arguments), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)


# ---- the numbers ----

def decisions_move():
    """requests, decisions, checks and DNS are counted as they happen"""
    with Daemon(config()) as d:
        before = page(d)
        with d.connect() as s:
            for sender, client in (("x@a.test", "192.0.2.1"), ("x@a.test", "198.51.100.1"),
                                   ("x@fail.test", "192.0.2.1"), ("x@a.test", "10.0.0.1")):
                assert ask(s, **mail(sender, client))
            ask(s, protocol_state="DATA", **mail())
            ask(s, protocol_state="END-OF-MESSAGE", **mail())
            s.sendall(b"nonsense\n\n")
            equal(read_answer(s), None)
        p = page(d)
        for name, wanted, labels in (
                ("gatepost_requests_total", 4, {"stage": "RCPT"}),
                ("gatepost_requests_total", 1, {"stage": "DATA"}),
                ("gatepost_requests_total", 1, {"stage": "END-OF-MESSAGE"}),
                ("gatepost_requests_malformed_total", 1, {}),
                ("gatepost_decisions_total", 1, {"action": "reject", "check": "spf"}),
                ("gatepost_decisions_total", 5, {"action": "accept"}),
                ("gatepost_check_results_total", 2, {"check": "spf", "identity": "mailfrom",
                                                     "verdict": "pass"}),
                ("gatepost_check_results_total", 1, {"check": "spf", "identity": "mailfrom",
                                                     "verdict": "fail"}),
                ("gatepost_check_results_total", 1, {"identity": "mailfrom", "verdict": "temperror"}),
                ("gatepost_check_seconds_count", 2, {"identity": "mailfrom", "verdict": "pass"}),
                ("gatepost_request_seconds_count", 1, {"action": "reject"}),
                ("gatepost_request_seconds_count", 6, {}),
                ("gatepost_private_clients_total", 1, {}),
                ("gatepost_connections_total", 1, {}),
                ("gatepost_dns_answers_total", 2, {"state": "found"}),
                ("gatepost_dns_answers_total", 1, {"state": "temporary_failure"}),
                ("gatepost_dns_attempts_total", 4, {"transport": "udp"}),
                ("gatepost_dns_cache_entries", 3, {})):
            equal((name, labels, p.sum(name, **labels) - before.sum(name, **labels)), (name, labels, wanted))
        assert p.value("gatepost_dns_cache_questions_total", result="hit") >= 2
        assert p.value("gatepost_resident_memory_bytes") > 1000000


def slow_dns_shows():
    """a silent name server shows in the timeouts and in the histograms of questions, checks and answers"""
    with Daemon(config(policyd="deadline = 17s")) as d:
        holds(d.ask(**mail("x@mute.test")), "spf=temperror")
        # an answer is counted after it has been sent
        wait_for(lambda: page(d).sum("gatepost_request_seconds_count", action="accept") == 1, "the answer in the metrics")
        p = page(d)
        equal(p.value("gatepost_dns_timeouts_total"), 2)
        for name, labels in (("gatepost_dns_question_seconds", {}),
                             ("gatepost_check_seconds", {"identity": "mailfrom", "verdict": "temperror"}),
                             ("gatepost_request_seconds", {"action": "accept"})):
            below, count = p.sum(name + "_bucket", le="2.5", **labels), p.sum(name + "_count", **labels)
            assert below <= count - 1, (name, below, count)
            assert p.sum(name + "_sum", **labels) >= 3.9, name  # two timeouts
        equal(p.value("gatepost_config_deadline_seconds"), 17)


def limits_move():
    """each limit by what came of it, and what accepted messages have used up, in its unit"""
    with Daemon(config(LIMITS)) as d, d.connect() as s:
        for _ in range(2):
            m = mail(sasl_username="alice")
            equal(ask(s, **m), "DUNNO")
            equal(ask(s, protocol_state="END-OF-MESSAGE", **dict(m, recipient_count="1", size="100")), "DUNNO")
        given_up = mail(sasl_username="alice")
        equal(ask(s, **given_up), "DUNNO")
        holds(ask(s, **dict(given_up, recipient="more@here.test")), "450 4.7.1 hourly limit")
        ask(s, **mail(sasl_username="bob"))  # another message: the one before is released
        p = page(d)
        equal(p.value("gatepost_limit_checks_total", limit="hourly", unit="recipients"), 7)
        equal(p.value("gatepost_limit_over_total", limit="hourly", unit="recipients", outcome="refused"), 1)
        equal(p.value("gatepost_limit_over_total", limit="soft", unit="messages", outcome="labelled"), 3)
        equal(p.value("gatepost_limit_counted_total", limit="hourly", unit="recipients"), 2)
        equal(p.value("gatepost_limit_counted_total", limit="soft", unit="messages"), 2)
        equal(p.value("gatepost_check_results_total", check="limits", verdict="refused"), 1)
        equal(p.value("gatepost_check_results_total", check="limits", verdict="labelled"), 3)
        equal(p.value("gatepost_check_results_total", check="limits", verdict="fine"), 3)
        equal(p.value("gatepost_decisions_total", action="defer", check="limits"), 1)
        equal(p.value("gatepost_store_up", store="main"), 1)
        assert p.value("gatepost_store_steps_total", store="main", result="done") >= 7
        equal(p.value("gatepost_store_step_seconds_count", store="main"),
              p.value("gatepost_store_steps_total", store="main", result="done"))


def store_away():
    """a store that is unavailable, and the local one that stands in for it"""
    store = 'uri = {"redis://127.0.0.1:%d"}  timeout = 2s  on_failure = local  local_path = "%s"'
    folder = "/tmp/gatepost-metrics-local-%d" % os.getpid()
    try:
        with Daemon(config(LIMITS, store=store % (world.free_port(), folder))) as d:
            equal(d.ask(**mail(sasl_username="alice")), "DUNNO")
            p = page(d)
            equal(p.value("gatepost_store_up", store="main"), 0)
            equal(p.value("gatepost_store_up", store="local"), 1)
            equal(p.value("gatepost_store_standing_in"), 1)
            equal(p.value("gatepost_store_info", store="main", kind="redis"), 1)
            equal(p.value("gatepost_store_info", store="local", kind="lmdb"), 1)
            equal(p.value("gatepost_limit_store_failures_total"), 1)
            assert p.value("gatepost_store_last_trouble_seconds", store="main") < 60
    except AssertionError as error:
        if "without Redis" in str(error):
            raise world.Skip("built without Redis") from None
        raise
    finally:
        world.shutil.rmtree(folder, ignore_errors=True)


def crash():
    """nothing that sessions count goes back when the serving process is killed, and the crash is counted"""
    with Daemon(config(LIMITS)) as d:
        for n in range(5):
            d.ask(**mail(sasl_username="alice" if n % 2 else "", client="198.51.100.1"))
        before, worker = page(d), d.worker()
        os.kill(worker, signal.SIGKILL)
        wait_for(lambda: d.worker() not in (worker, d.process.pid), "new process")
        d.ask(**mail())
        after = page(d)
        equal(after.value("gatepost_crashes_total"), 1)
        equal(after.value("gatepost_start_time_seconds"), before.value("gatepost_start_time_seconds"))
        restarted = ("gatepost_dns_", "gatepost_store_", "gatepost_cpu_")  # they say so: daemon/metrics.h
        for key, value in before.counters().items():
            if not key[0].startswith(restarted):
                assert after.samples[key] >= value, (key, value, after.samples[key])
        equal(after.value("gatepost_requests_total", stage="RCPT"), 6)
        equal(before.series() - after.series(), set())


def reloads():
    """a refused reload shows until one is accepted, and so do files that are not in force"""
    with Daemon(config()) as d:
        equal(page(d).value("gatepost_config_last_reload_successful"), 1)
        d.write(config(spf="mode = often"))
        os.utime(d.config_path, (time.time() + 5, time.time() + 5))
        d.reload()
        d.wait_log("stays in force as it was loaded before")
        p = wait_for(lambda: [q for q in [page(d)] if q.value("gatepost_config_reloads_total",
                                                              result="failed")], "a failed reload")[0]
        equal(p.value("gatepost_config_last_reload_successful"), 0)
        equal(p.value("gatepost_config_changed"), 1)
        os.kill(d.worker(), signal.SIGKILL)  # a crash does not make it forgotten
        wait_for(lambda: "started again" in d.text() and d.text().count("is ready") == 2, "new process")
        equal(page(d).value("gatepost_config_last_reload_successful"), 0)
        d.write(config(LIMITS))
        d.reload()
        d.wait_log("is in force")
        p = page(d)
        equal(p.value("gatepost_config_last_reload_successful"), 1)
        equal(p.value("gatepost_config_reloads_total", result="done"), 1)
        equal(p.value("gatepost_config_limits"), 2)
        assert p.value("gatepost_config_loaded_timestamp_seconds") >= p.value("gatepost_start_time_seconds")


def limits_of_reloads():
    """limits of a new configuration appear, those of an old one stay; a name with another unit is another"""
    with Daemon(config(LIMITS)) as d:
        d.ask(**mail(sasl_username="alice"))
        d.write(config("limit hourly { key = user  count = messages  max = 9  per = 1h }\n"
                       "limit other { key = user  count = messages  max = 9  per = 1h }\n"))
        d.reload()
        d.wait_log("is in force")
        d.ask(**mail(sasl_username="alice"))
        p = page(d)
        for limit, unit in (("hourly", "recipients"), ("soft", "messages"), ("hourly", "messages"),
                            ("other", "messages")):
            equal((limit, unit, p.value("gatepost_limit_checks_total", limit=limit, unit=unit)),
                  (limit, unit, 1))


def senders_add_nothing():
    """nothing that a sender writes adds a series"""
    with Daemon(config(LIMITS)) as d:
        d.ask(**mail(sasl_username="alice"))
        before = page(d).series()
        for n, text in enumerate(("x@%d.test" % i for i in range(30))):
            d.ask(**mail(text, helo_name='h"\\%d' % n, sasl_username="user%d" % n, protocol_state="RCPT"))
            d.ask(protocol_state="ODD%d" % n, **mail())
        equal(page(d).series() - before, set())


def ceiling():
    """open connections, and that there was no room for more"""
    with Daemon(config(policyd="max_connections = 2")) as d:
        with d.connect() as a, d.connect() as b:
            ask(a, **mail()), ask(b, **mail())
            p = wait_for(lambda: [q for q in [page(d)] if q.value("gatepost_connections_full_total")],
                         "ceiling")[0]
            equal((p.value("gatepost_connections_open"), p.value("gatepost_connections_max")), (2, 2))
            equal(p.value("gatepost_connections_full_total"), 1)
        wait_for(lambda: page(d).value("gatepost_connections_open") == 0, "end of the connections")


def under_load():
    """pages that are read while sessions count are whole, and nothing on them goes back"""
    with Served(limits=LIMITS) as d:
        stop = threading.Event()

        def load(n):
            with d.connect() as s:
                while not stop.is_set():
                    ask(s, **mail(sasl_username="u%d" % n if n % 2 else ""))
        threads = [threading.Thread(target=load, args=(n,)) for n in range(4)]
        for t in threads:
            t.start()
        last = {}
        try:
            for n in range(30):
                p = exposition.Page(fetch(d.port)[2]) if n % 2 else page(d)
                for key, value in p.counters().items():
                    assert value >= last.get(key, 0), (key, value, last[key])
                last = p.counters()
        finally:
            stop.set()
            for t in threads:
                t.join()


# ---- the command ----

def command():
    """gatepost metrics prints the page; what it cannot do it says, with its exit codes"""
    with Daemon(config(LIMITS)) as d:
        d.ask(**mail(sasl_username="alice"))
        done = run("-c", d.config_path)
        equal((done.returncode, done.stderr), (0, ""))
        p = exposition.Page(done.stdout)
        equal(p.value("gatepost_requests_total", stage="RCPT"), 1)
        equal(p.series(), page(d).series())
        equal(run("--socket", d.control_path).returncode, 0)
    done = run("--socket", "/nowhere/control")
    equal((done.returncode, done.stdout), (1, ""))
    holds(done.stderr, "is gatepost-policyd running")
    equal(run("--nonsense").returncode, 2)
    equal(run("extra").returncode, 2)
    equal(run("-c", "/nowhere").returncode, 3)
    holds(run("--help").stdout, "usage: gatepost metrics")


def strange_answer():
    """what is no page is not printed: it could play with the terminal"""
    folder = world.tempfile.mkdtemp(prefix="gatepost-test.")
    path = folder + "/s"
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen()
            for answer in (b'{"text": "a\\u001b[2J\\n"}\n', b'{"text": 7}\n', b'{}\n', b'{"text": "a"}\n',
                           b'{"text": "\xc3\xbc\\n"}\n', b'[]\n', b'{"text": ""}\n'):
                def serve():
                    with listener.accept()[0] as c:
                        c.recv(4096)
                        c.sendall(answer)
                t = threading.Thread(target=serve, daemon=True)
                t.start()
                done = run("--socket", path)
                t.join(20)
                equal((answer, done.returncode, done.stdout), (answer, 1, ""))
    finally:
        world.shutil.rmtree(folder)


# ---- HTTP ----

def over_http():
    """the same page over HTTP, with its type and length; HEAD has no body; the port survives a crash"""
    with Served(limits=LIMITS) as d:
        d.ask(**mail())
        status, headers, body = fetch(d.port)
        equal((status, headers["Content-Type"]), (200, "text/plain; version=0.0.4; charset=utf-8"))
        equal(int(headers["Content-Length"]), len(body))
        assert "Transfer-Encoding" not in headers
        p = exposition.Page(body)
        equal(p.value("gatepost_requests_total", stage="RCPT"), 1)
        equal(p.series(), page(d).series())
        status, headers, body = fetch(d.port, "HEAD")
        equal((status, body), (200, ""))
        assert int(headers["Content-Length"]) > 10000
        status, headers, body = fetch(d.port, path="/")
        equal(status, 200)
        holds(body, '<a href="/metrics">')
        worker = d.worker()
        os.kill(worker, signal.SIGKILL)
        wait_for(lambda: d.worker() not in (worker, d.process.pid), "new process")
        equal(exposition.Page(fetch(d.port)[2]).value("gatepost_crashes_total"), 1)


def other_requests():
    """nothing else is served: other methods, other paths, other hosts"""
    with Served() as d:
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "NONSENSE"):
            status, headers, _ = fetch(d.port, method)
            equal((method, status, headers["Allow"]), (method, 405, "GET, HEAD"))
        for path in ("/metrics/", "/metric", "//metrics", "/../metrics", "/etc/passwd", "/%2e%2e/"):
            equal((path, fetch(d.port, path=path)[0]), (path, 404))
        equal(fetch(d.port, path="/metrics?x=y")[0], 200)
        for host, wanted in (("evil.example", 403), ("evil.example:%d" % d.port, 403), ("192.0.2.1", 403),
                             ("localhost.evil.example", 403), ("localhost", 200), ("LOCALHOST:1", 200),
                             ("127.0.0.1", 200), ("127.0.0.1:80", 200), ("[::1]:80", 200)):
            equal((host, fetch(d.port, Host=host)[0]), (host, wanted))
        holds(raw(d.port, b"GET /metrics HTTP/1.0\r\n\r\n").decode(), "gatepost_build_info")


def hostile_http():
    """huge, broken and endless requests end; the numbers and the mail go on"""
    with Served() as d:
        body = b"x" * 100000
        for name, data in (
                ("huge header", b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 200000 + b"\r\n\r\n"),
                ("many headers", b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n" + b"A: b\r\n" * 20000 + b"\r\n"),
                ("huge path", b"GET /" + b"z" * 200000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                ("garbage", bytes(range(256)) * 50 + b"\r\n\r\n"),
                ("no host", b"GET /metrics HTTP/1.1\r\n\r\n"),
                ("body", b"POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n" + body),
                ("chunks", b"POST /metrics HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                           b"FFFFFFFFFFFFFFFF\r\n" + body),
                ("length twice", b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
                                 b"Content-Length: 6\r\n\r\nhello")):
            got = raw(d.port, data)
            assert b" 200 " not in got[:20] or name == "length twice", (name, got[:200])
            equal((name, fetch(d.port)[0]), (name, 200))
        holds(d.ask(**mail()), "spf=pass")


def slow_http():
    """a client that sends byte after byte is cut off after seconds, and a silent one, too"""
    with Served() as d:
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", d.port), world.PATIENCE_S) as s, \
                socket.create_connection(("127.0.0.1", d.port), world.PATIENCE_S) as silent:
            s.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: ")
            ended = False
            while not ended and time.monotonic() - began < world.PATIENCE_S:
                try:
                    s.sendall(b"y")
                    s.settimeout(0.5)
                    ended = s.recv(4096) == b""
                except socket.timeout:
                    pass
                except (BrokenPipeError, ConnectionResetError):
                    ended = True
            assert ended, "still open after %d s" % (time.monotonic() - began)
            silent.settimeout(world.PATIENCE_S)
            try:
                equal(silent.recv(100), b"")
            except ConnectionResetError:
                pass
        equal(fetch(d.port)[0], 200)


def slow_crowd_http():
    """hundreds of slow clients keep nobody from the numbers: the oldest of them goes for each new one"""
    for data in (b"", b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: "):
        with Served() as d:
            slow = []
            try:
                for _ in range(500):
                    slow.append(socket.create_connection(("127.0.0.1", d.port), world.PATIENCE_S))
                    slow[-1].sendall(data)
                # seconds for each sixteen of them were more than this waits
                equal(fetch(d.port)[0], 200)
                holds(d.ask(**mail()), "spf=pass")
            finally:
                for s in slow:
                    s.close()


def many_http():
    """a hundred connections that say nothing: the number of descriptors stays small, and it is served again"""
    with Served() as d:
        folder = "/proc/%d/fd" % d.worker()
        count = len(os.listdir(folder)) if os.access(folder, os.R_OK) else None
        idle = []
        try:
            for _ in range(100):
                idle.append(socket.create_connection(("127.0.0.1", d.port), world.PATIENCE_S))
            time.sleep(0.3)
            if count is not None:
                assert len(os.listdir(folder)) <= count + 16 + 2, len(os.listdir(folder))
            holds(d.ask(**mail()), "spf=pass")
        finally:
            for s in idle:
                s.close()
        equal(fetch(d.port)[0], 200)


def taken_port():
    """a port that is taken: said in the log, and the mail goes on"""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        text = config(metrics='listen = {"inet:127.0.0.1:%d"}' % other.getsockname()[1])
        with Daemon(text) as d:
            holds(d.ask(**mail()), "spf=pass")
            if "built without libmicrohttpd" not in d.text():
                holds(d.text(), "metrics.listen: no metrics at inet:127.0.0.1:")
            page(d)


def listen_reload():
    """metrics.listen is for the next start, which a reload says; IPv6 works, too"""
    with Served() as d:
        port = world.free_port()
        d.write(config(metrics='listen = {"inet:[::1]:%d"}' % port))
        d.reload()
        d.wait_log("a change of metrics.listen takes effect at the next restart")
        equal(fetch(d.port)[0], 200)
        d.stop()
        d.start()
        c = http.client.HTTPConnection("::1", port, timeout=world.PATIENCE_S)
        c.request("GET", "/metrics")
        equal(c.getresponse().status, 200)
        c.close()


def main():
    tap = world.Tap()
    for test in (decisions_move, slow_dns_shows, limits_move, store_away, crash, reloads, limits_of_reloads,
                 senders_add_nothing, ceiling, under_load, command, strange_answer, over_http, other_requests,
                 hostile_http, slow_http, slow_crowd_http, many_http, taken_port, listen_reload):
        tap.run(test)
    tap.finish()


main()
