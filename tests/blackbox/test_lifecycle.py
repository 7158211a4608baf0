# SPDX-License-Identifier: ISC
"""The life of the running gatepost-policyd: sockets handed over by a service manager, what it tells
one, the watchdog, and configuration in drop-in files."""
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import dnsd  # noqa: E402
import world  # noqa: E402
from manager import CONFIG, Manager  # noqa: E402
from world import equal, holds  # noqa: E402

REQUEST = dict(client_address="192.0.2.1", helo_name="helo.test", sender="x@a.test",
               recipient="r@here.test", instance="1")


def listener(path=None):
    s = socket.socket(socket.AF_UNIX if path else socket.AF_INET)
    s.bind(path or ("127.0.0.1", 0))
    if path:
        os.chmod(path, 0o777)
    s.listen(64)
    return s


def ask_at(where):
    with socket.socket(socket.AF_UNIX if isinstance(where, str) else socket.AF_INET) as s:
        s.settimeout(world.PATIENCE_S)
        s.connect(where)
        return world.ask(s, **REQUEST)


def test_activation():
    """sockets that are handed over are served, of both families, and nothing else is opened"""
    folder = tempfile.mkdtemp(prefix="gatepost-test.")
    os.chmod(folder, 0o755)
    path = folder + "/policy"
    inet = listener()
    with Manager(sockets=[listener(path), inet]) as m:
        m.start().wait_told("READY=1")
        equal(ask_at(path), "DUNNO")
        equal(ask_at(inet.getsockname()), "DUNNO")
        port = inet.getsockname()[1]
        m.wait_log("at unix:%s, inet:127.0.0.1:%d" % (path, port))
        holds(m.told, "STATUS=at unix:")
        equal(m.stop(), 0)
        assert "10040" not in m.text()
        assert os.path.exists(path), "the socket belongs to the service manager"
    shutil.rmtree(folder)


def test_activation_and_configuration():
    """a configured socket is opened beside those that are handed over, the same one only once"""
    inet = listener()
    own = "inet:127.0.0.1:%d" % inet.getsockname()[1]
    with Manager(CONFIG % ('listen = {"SOCKET", "%s"}' % own), sockets=[inet]) as m:
        m.start().wait_told("READY=1")
        equal(ask_at(m.folder + "/policy"), "DUNNO")
        equal(ask_at(inet.getsockname()), "DUNNO")
        equal(m.stop(), 0)
        assert not os.path.exists(m.folder + "/policy"), "our own socket goes with us"


def listener_at(where, mode=0o666):
    """A socket as a service manager opens it: at an address, or at a path with a mode."""
    if isinstance(where, str):
        s = socket.socket(socket.AF_UNIX)
        s.bind(where)
        if not where.startswith("\0"):
            os.chmod(where, mode)
    else:
        family = socket.AF_INET6 if ":" in where[0] else socket.AF_INET
        s = socket.socket(family)
        if family == socket.AF_INET6:
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, len(where) > 2)
        s.bind(where[:2])
    s.listen(64)
    return s


def test_activation_reach():
    """who can connect to a socket is told whoever opened it: ports, and the mode of a file and its directories"""
    folder = tempfile.mkdtemp(prefix="gatepost-test.")
    os.chmod(folder, 0o755)
    os.mkdir(folder + "/private", 0o700)
    local, all_hosts = "any local user can connect", "is every address of this host: any host that can reach it can connect"
    rows = [(("127.0.0.1", 0), local), (("127.0.0.9", 0), local), (("::1", 0), local), (("::ffff:127.0.0.1", 0), local),
            (("0.0.0.0", 0), all_hosts), (("::", 0), all_hosts), (("::", 0, "only"), all_hosts),
            (folder + "/open", local), ("\0gatepost-test-%d" % os.getpid(), local),
            (folder + "/group", None), (folder + "/private/open", None)]
    sockets = [listener_at(where, 0o660 if "group" in where else 0o666) for where, _ in rows]
    names = []
    for (where, _), s in zip(rows, sockets):
        at = s.getsockname()
        names.append("unix:" + at if isinstance(at, str) else "unix:" if isinstance(at, bytes) else
                     ("inet:[%s]:%d" if ":" in at[0] else "inet:%s:%d") % at[:2])
    with Manager(CONFIG % 'listen = {"SOCKET"}', sockets=sockets) as m:
        m.start().wait_told("READY=1")
        told = [line for line in m.text().splitlines() if "use up the limits of others" in line]
        for (where, what), name in zip(rows, names):
            lines = [line for line in told if "listen: %s: " % name in line]
            equal((where, len(lines)), (where, 1 if what else 0))
            if what:
                holds(lines[0], "level=warning")
                holds(lines[0], what)
                holds(lines[0], "socket unit")
        equal(len(told), sum(1 for _, what in rows if what))
        equal(m.stop(), 0)
    with Manager(CONFIG % 'listen = {"SOCKET"} socket_mode = 0666') as m:
        m.start().wait_told("READY=1")
        holds(m.text(), "listen: unix:%s/policy: any local user can connect, because its mode allows it" % m.folder)
        holds(m.text(), "set policyd.socket_mode = 0660")
        equal(m.stop(), 0)
    shutil.rmtree(folder)


def test_activation_waits():
    """a request that comes while the daemon is unavailable is answered by the next one"""
    inet = listener()
    with Manager(sockets=[inet]) as m:
        m.start().wait_told("READY=1")
        equal(ask_at(inet.getsockname()), "DUNNO")
        equal(m.stop(), 0)
        with socket.create_connection(inet.getsockname(), world.PATIENCE_S) as s:
            s.sendall(world.request_text(**REQUEST).encode())
            m.start()
            holds(s.recv(4096).decode(), "action=DUNNO")
        equal(m.stop(), 0)


def test_activation_not_ours():
    """sockets that were meant for another process are left alone"""
    inet = listener()
    with Manager(CONFIG % 'listen = {"SOCKET"}', sockets=[inet]) as m:
        m.start(listen_pid=1).wait_told("READY=1")
        equal(ask_at(m.folder + "/policy"), "DUNNO")
        equal(m.stop(), 0)
        assert str(inet.getsockname()[1]) not in m.text()


def test_activation_wrong():
    """a descriptor that is no listening socket is refused with what to do"""
    for wrong in (socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket(socket.AF_INET)):
        with Manager(sockets=[wrong]) as m:
            m.start()
            equal(m.wait(), 1)
            holds(m.text(), "the socket unit needs ListenStream= and Accept=no")


def test_reload_told():
    """a reload is told, one that fails, too; the stop as well"""
    with Manager(CONFIG % 'listen = {"SOCKET"}') as m:
        m.start().wait_told("READY=1")
        m.forget_told()
        os.kill(m.pid, signal.SIGHUP)
        m.wait_told("RELOADING=1\nMONOTONIC_USEC=")
        m.wait_told("READY=1\nSTATUS=at unix:")
        m.forget_told()
        m.write("gatepost.conf", "nonsense = 1")
        os.kill(m.pid, signal.SIGHUP)
        m.wait_told("READY=1\nSTATUS=the configuration has errors")
        m.forget_told()
        equal(ask_at(m.folder + "/policy"), "DUNNO")
        os.kill(m.pid, signal.SIGTERM)
        m.wait_told("STOPPING=1")
        equal(m.wait(), 0)


class Outage(dnsd.Server):
    """A name server whose answers live for a second, and that may fall silent."""
    is_silent = False

    def _reply(self, packet):
        reply = None if self.is_silent else super()._reply(packet)
        return reply and reply.replace(struct.pack("!I", 300), struct.pack("!I", 1))


def test_reload_in_outage():
    """a reload while no name server answers keeps what is known of domains, whatever it changes of dns"""
    first, second = (Outage({"a.test": {"TXT": ["v=spf1 ip4:192.0.2.0/24 -all"]}}) for _ in range(2))
    plain = 'hostname = "mx.test"\ndns { servers = {"127.0.0.1:%d"} timeout = 500ms ttl_min = 1s %s }\n' \
            'policyd { listen = {"SOCKET"} user = "USER" }\n'
    forged = dict(REQUEST, client_address="198.51.100.1")
    d = world.Policyd(plain % (first.port, ""))
    try:
        holds(d.ask(**forged), "550 ")
        first.is_silent = second.is_silent = True
        world.wait_for(lambda: d.ask(**forged) and "stale" in d.text(), "the end of the answer's second")
        for change in ("timeout = 900ms", "attempts = 1", "ttl_max = 2h", "negative_max = 1m", "failure_ttl = 1s",
                       "cache_entries = 50000", "cache_entries = 100", "stale = 2d", "trust_ad = yes",
                       "trust_ad = no", "transport = tcp", "transport = auto", "", None):
            port = first.port if change is not None else second.port
            reloads = d.text().count(" is in force")
            text = plain % (port, change or "")
            if change and change.startswith("timeout"):
                text = text.replace("timeout = 500ms ", "")
            d.write(text)
            d.reload()
            world.wait_for(lambda: d.text().count(" is in force") > reloads, "the reload")
            answer = d.ask(**dict(forged, instance="r%d" % reloads))
            assert answer.startswith("550 "), "%s: %s" % (change, answer)
            asked = d.control("status")["dns"]["servers"]
            equal(asked, ["127.0.0.1:%d" % port])
        second.is_silent = False  # and those that are named now are heard
        second.zone["b.test"] = {"TXT": ["v=spf1 -all"]}
        holds(d.ask(**dict(forged, sender="x@b.test", instance="z")), "550 ")
    finally:
        d.stop()
        d.close()


def test_unsupervised_told():
    """without a parent the service manager is told the same"""
    with Manager(CONFIG % 'listen = {"SOCKET"} supervise = no',
                 environment={"WATCHDOG_USEC": "2000000"}) as m:
        m.start().wait_told("READY=1")
        m.wait_told("WATCHDOG=1")
        os.kill(m.pid, signal.SIGHUP)
        m.wait_told("RELOADING=1")
        os.kill(m.pid, signal.SIGTERM)
        m.wait_told("STOPPING=1")
        equal(m.wait(), 0)


def test_watchdog_told():
    """the service manager's watchdog hears while the daemon moves, and no more when it does not"""
    with Manager(CONFIG % 'listen = {"SOCKET"} watchdog = 0', environment={"WATCHDOG_USEC": "2000000"}) as m:
        m.start().wait_told("READY=1")
        m.wait_told("WATCHDOG=1")
        worker = m.worker()
        os.kill(worker, signal.SIGSTOP)
        try:
            time.sleep(2.2)
            m.forget_told()
            m.notify.settimeout(3)
            try:
                told = m.notify.recv(4096)
            except TimeoutError:
                told = b""
            equal(told, b"")
        finally:
            os.kill(worker, signal.SIGCONT)
        m.forget_told()
        m.wait_told("WATCHDOG=1")
        equal(m.stop(), 0)


def test_watchdog_restarts():
    """a serving process that stands still is ended and started again, with its sockets open"""
    with Manager(CONFIG % 'listen = {"SOCKET"} watchdog = 10s') as m:
        m.start().wait_told("READY=1")
        before = m.worker()
        os.kill(before, signal.SIGSTOP)
        m.wait_log("has hung for")
        m.wait_log("it is started again")
        # SIGSTOP keeps SIGABRT waiting, SIGKILL ends it; then the request is answered
        equal(ask_at(m.folder + "/policy"), "DUNNO")
        assert m.worker() != before
        equal(m.stop(), 0)


def test_ready_not_lost():
    """readiness for which the service manager has no room is told as soon as it has"""
    with Manager(CONFIG % 'listen = {"SOCKET"}') as m:
        filler = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        filler.setblocking(False)
        try:
            for _ in range(100000):
                filler.sendto(b"FILLER=1", m.folder + "/notify")
        except BlockingIOError:
            pass
        m.start()
        m.wait_log("is ready")
        time.sleep(0.2)
        m.wait_told("READY=1")
        equal(m.stop(), 0)
        filler.close()


def limits_of(m):
    status = command("status", "--json", "--socket", m.folder + "/control")
    return json.loads(status.stdout)["config"]["limits"]


def test_crash_keeps_configuration():
    """after a crash what was in force is in force, whatever the files say by then"""
    with Manager(CONFIG % 'listen = {"SOCKET"}') as m:
        m.start().wait_told("READY=1")
        equal(limits_of(m), 0)
        m.write("conf.d/10.conf", 'limit x { key = user max = 5 per = 1h }\n'
                                  'store { uri = {"lmdb:%s/state"} }\n' % m.folder)
        m.forget_told()
        os.kill(m.pid, signal.SIGHUP)
        m.wait_told("READY=1\nSTATUS=at ")
        equal(limits_of(m), 1)
        time.sleep(2.1)  # from now on the parent does not pass the SIGHUP on again
        for text in ("spf {", "limit y { key = user max = 5 per = 1h }\n"):
            m.write("conf.d/20.conf", text)
            worker = m.worker()
            m.forget_told()
            os.kill(worker, signal.SIGKILL)
            m.wait_told("READY=1")
            assert m.worker() != worker
            equal(limits_of(m), 1)
        m.forget_told()
        os.kill(m.pid, signal.SIGHUP)
        m.wait_told("READY=1\nSTATUS=at ")
        equal(limits_of(m), 2)
        equal(m.stop(), 0)


def test_early_hup():
    """SIGHUP while the daemon starts ends nothing"""
    with Manager(CONFIG % 'listen = {"SOCKET"}') as m:
        m.write("conf.d/big.conf", "".join("override { user = \"u%d\" x = 1 }\n" % i for i in range(30000))
                + "limit x { key = user max = 5 per = 1h }\nstore { uri = {\"lmdb:%s/state\"} }\n" % m.folder)
        m.start()
        # once it listens to signals at all; all of that configuration is yet to be read
        world.wait_for(lambda: (world.signals(m.pid, "SigBlk") | world.signals(m.pid, "SigCgt")) >> (signal.SIGHUP - 1) & 1,
                       "signals that are held back")
        os.kill(m.pid, signal.SIGHUP)
        m.wait_told("READY=1")
        equal(m.stop(), 0)


def test_no_manager():
    """names of sockets that cannot be are ignored"""
    for name in ("relative", "", "@", "/" + "x" * 200, "/nowhere/socket"):
        with Manager(CONFIG % 'listen = {"SOCKET"}', environment={"WATCHDOG_USEC": "x"}) as m:
            m.environment["NOTIFY_SOCKET"] = name
            m.start()
            m.wait_log("is ready")
            equal(m.stop(), 0)


def command(*arguments):
    done = subprocess.run([os.path.join(world.BUILD, "gatepost")] + list(arguments),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=world.PATIENCE_S)
    return done


def test_drop_in():
    """conf.d/*.conf beside the main file is read, may set again what is set, and a reload sees it"""
    with Manager(CONFIG % 'listen = {"SOCKET"}') as m:
        m.start().wait_told("READY=1")
        holds(command("check-config", m.folder + "/gatepost.conf").stdout, "no errors")
        m.write("conf.d/10-name.conf", 'hostname = "ten.test"\n')
        m.write("conf.d/20-name.conf", 'hostname = "twenty.test"\nlimit x { key = user max = 5 per = 1h }\n'
                                       'store { uri = {"lmdb:%s/state"} }\n' % m.folder)
        m.write("conf.d/30-name.conf.bak", 'hostname = "backup.test"\n')
        dump = command("check-config", "--dump", m.folder + "/gatepost.conf").stdout
        holds(dump, 'hostname = "twenty.test"')
        listed = command("check-config", m.folder + "/gatepost.conf").stdout
        equal(listed, "%s/gatepost.conf: no errors\n  with %s/conf.d/10-name.conf\n  with %s/conf.d/20-name.conf\n"
              % ((m.folder,) * 3))
        m.forget_told()
        os.kill(m.pid, signal.SIGHUP)
        m.wait_told("READY=1\nSTATUS=at ")
        status = command("status", "--socket", m.folder + "/control").stdout
        assert re.search(r"^limits +1,", status, re.M), status
        assert "WARNING" not in status, status
        # one that changes later is noticed
        m.write("conf.d/10-name.conf", 'hostname = "eleven.test"\n')
        later = time.time() + 5
        os.utime(m.folder + "/conf.d/10-name.conf", (later, later))
        holds(command("status", "--socket", m.folder + "/control").stdout, "is not in force")
        equal(m.stop(), 0)


def changed_ways(folder):
    """Ways to change the configuration that the time of its last change alone does not show."""
    main = folder + "/gatepost.conf"

    def older():
        with open(folder + "/older", "w") as f:
            f.write(open(main).read() + "# older\n")
        os.utime(folder + "/older", (10**9, 10**9))

    def moved():
        older()
        os.rename(folder + "/older", main)

    def copied():
        older()
        subprocess.run(["cp", "-p", folder + "/older", main], check=True)

    def again():
        """as long as it is and as old as it is; the kernel's clock has moved on"""
        before, text = os.stat(main), open(main).read()
        while True:
            with open(main, "w") as f:
                f.write(text.replace("older", "newer"))
            os.utime(main, ns=(before.st_atime_ns, before.st_mtime_ns))
            if os.stat(main).st_ctime_ns != before.st_ctime_ns:
                break

    def drop_in():
        older()
        os.rename(folder + "/older", folder + "/conf.d/10-older.conf")

    return moved, copied, again, drop_in


def test_changed():
    """a file that is moved there and older, copied with its times, changed again within a second, or an older drop-in
    file waits for a reload; after it nothing does"""
    with Manager(CONFIG % 'listen = {"SOCKET"}') as m:
        os.mkdir(m.folder + "/conf.d")
        m.start().wait_told("READY=1")
        for way in changed_ways(m.folder):
            status = command("status", "--socket", m.folder + "/control").stdout
            assert "is not in force" not in status, (way.__name__, status)
            way()
            holds(command("status", "--socket", m.folder + "/control").stdout, "is not in force")
            m.forget_told()
            os.kill(m.pid, signal.SIGHUP)
            m.wait_told("READY=1\nSTATUS=at ")
        equal(m.stop(), 0)


def test_drop_in_errors():
    """errors in drop-in files name the file and the line, and the old configuration stays"""
    with Manager(CONFIG % 'listen = {"SOCKET"}') as m:
        m.start().wait_told("READY=1")
        m.write("conf.d/a.conf", "\nspf { mode = sometimes }\n")
        done = command("check-config", m.folder + "/gatepost.conf")
        equal(done.returncode, 3)
        equal(done.stderr, "%s/conf.d/a.conf:2: spf.mode: sometimes is not allowed here; allowed: one of off, "
              "label, enforce\n" % m.folder)
        os.kill(m.pid, signal.SIGHUP)
        m.wait_told("STATUS=the configuration has errors")
        equal(ask_at(m.folder + "/policy"), "DUNNO")
        equal(m.stop(), 0)


def main():
    tap = world.Tap()
    for name, test in sorted(globals().items()):
        if name.startswith("test_") and callable(test):
            tap.run(test)
    tap.finish()


main()
