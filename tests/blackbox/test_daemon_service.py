# SPDX-License-Identifier: ISC
"""A service of ten lines (tests/daemon/echo_service.c) gets from the daemon around it what gatepost-policyd has."""
import http.client
import json
import os
import signal
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import world  # noqa: E402
from manager import CONFIG, Manager  # noqa: E402
from world import equal, holds  # noqa: E402

PROGRAM = "tests/echo_service"
LISTEN = 'listen = {"SOCKET"}'


def echo(config=CONFIG % LISTEN, **options):
    return Manager(config, program=PROGRAM, **options)


def connect(where):
    s = socket.socket(socket.AF_UNIX if isinstance(where, str) else socket.AF_INET)
    s.settimeout(world.PATIENCE_S)
    s.connect(where)
    return s


def line(connection, text):
    connection.sendall(text.encode())
    return connection.recv(4096).decode()


def say(m, text="hello\n"):
    with connect(m.folder + "/policy") as s:
        return line(s, text)


def control(m, command):
    with connect(m.folder + "/control") as s:
        s.sendall(json.dumps({"command": command}).encode() + b"\n")
        got = b""
        while not got.endswith(b"\n"):
            part = s.recv(65536)
            assert part, got
            got += part
    return json.loads(got)


def listener():
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    s.listen(16)
    return s


def test_sockets():
    """it listens where the configuration says, and its socket goes with it"""
    with echo() as m:
        m.start().wait_told("READY=1\nSTATUS=at unix:%s/policy" % m.folder)
        m.wait_log("gatepost-echo ")
        with connect(m.folder + "/policy") as s:
            equal([line(s, "a\n"), line(s, "b\n")], ["mx.test: a\n", "mx.test: b\n"])
        equal(m.stop(), 0)
        assert not os.path.exists(m.folder + "/policy")


def test_handed_over():
    """sockets that are handed over go to the service of their name, all others to the first"""
    sockets = [listener(), listener(), listener()]
    with echo(CONFIG % "", sockets=sockets, environment={"LISTEN_FDNAMES": "echo:daytime:unknown"}) as m:
        m.start().wait_told("READY=1")
        for s, wanted in zip(sockets, ("mx.test: x\n", "noon\n", "mx.test: x\n")):
            with connect(s.getsockname()) as c:
                equal(line(c, "x\n"), wanted)
        equal(m.stop(), 0)


def test_reload():
    """a reload changes its configuration under open connections, and a broken one does not"""
    with echo() as m:
        m.start().wait_told("READY=1")
        with connect(m.folder + "/policy") as s:
            equal(line(s, "x\n"), "mx.test: x\n")
            m.write("gatepost.conf", (CONFIG % LISTEN).replace("mx.test", "other.test"))
            m.forget_told()
            os.kill(m.pid, signal.SIGHUP)
            m.wait_told("READY=1\nSTATUS=at ")
            equal(line(s, "x\n"), "other.test: x\n")
            m.write("gatepost.conf", "spf { mode = perhaps }\n")
            os.kill(m.pid, signal.SIGHUP)
            m.wait_told("STATUS=the configuration has errors")
            equal(line(s, "x\n"), "other.test: x\n")
        equal(m.stop(), 0)


def test_stop():
    """a stop ends idle connections, and is told"""
    with echo() as m:
        m.start().wait_told("READY=1")
        with connect(m.folder + "/policy") as s:
            equal(line(s, "x\n"), "mx.test: x\n")
            equal(m.stop(), 0)
            equal(s.recv(1), b"")
        m.wait_told("STOPPING=1")
        holds(m.text(), "stopped")


def test_heartbeat():
    """the service manager's watchdog hears of it"""
    with echo(environment={"WATCHDOG_USEC": "2000000"}) as m:
        m.start().wait_told("WATCHDOG=1")
        equal(m.stop(), 0)


def test_watchdog():
    """a process that does not move is ended and another one serves; what it has counted stays"""
    with echo(CONFIG % (LISTEN + " watchdog = 10s")) as m:
        m.start().wait_told("READY=1")
        equal(say(m), "mx.test: hello\n")
        m.forget_told()
        first = m.worker()
        world.stand_still(first)
        m.wait_log("has hung for ")
        m.wait_told("READY=1")
        assert m.worker() != first
        equal(say(m), "mx.test: hello\n")
        equal(control(m, "lines")["lines"], 2)
        equal(m.stop(), 0)


def test_crash():
    """after a crash another process serves on the same sockets; what was counted stays"""
    with echo() as m:
        m.start().wait_told("READY=1")
        equal(say(m), "mx.test: hello\n")
        m.forget_told()
        os.kill(m.worker(), signal.SIGKILL)
        m.wait_told("READY=1")
        equal(say(m), "mx.test: hello\n")
        equal(control(m, "lines")["lines"], 2)
        holds(control(m, "metrics")["text"], "\ngatepost_crashes_total 1\n")
        equal(m.stop(), 0)


def test_probe():
    """what it looks at by itself: at the start, and again and again; stopping does not wait for the next time"""
    with echo() as m:
        m.start().wait_told("READY=1")
        world.wait_for(lambda: control(m, "lines")["looks"] >= 1, "first look")
        seen = control(m, "lines")["looks"]
        world.wait_for(lambda: control(m, "lines")["looks"] > seen, "next look")
        equal(m.stop(), 0)


def test_control():
    """commands of its own stand beside the daemon's"""
    with echo() as m:
        m.start().wait_told("READY=1")
        say(m)
        equal(control(m, "lines")["lines"], 1)
        equal(control(m, "status"), {"error": "there is no such command"})
        text = control(m, "metrics")["text"]
        for part in ("\necho_lines_total 1\n", "\necho_connections_total 1\n", "\ngatepost_build_info{"):
            holds(text, part)
        equal(m.stop(), 0)


def test_http():
    """its route, and its numbers among the daemon's"""
    port = world.free_port()
    with echo(CONFIG % LISTEN + 'metrics { listen = {"inet:127.0.0.1:%d"} }\n' % port) as m:
        m.start().wait_told("READY=1")
        if "built without libmicrohttpd" in m.text():
            return
        say(m)

        def get(path):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=world.PATIENCE_S)
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        equal(get("/lines"), (200, "1 lines\n"))
        holds(get("/metrics")[1], "\necho_lines_total 1\n")
        holds(get("/")[1], "gatepost-echo ")
        equal(get("/other")[0], 404)
        equal(m.stop(), 0)


def main():
    tap = world.Tap()
    for name, test in sorted(globals().items()):
        if name.startswith("test_") and callable(test):
            tap.run(test)
    tap.finish()


main()
