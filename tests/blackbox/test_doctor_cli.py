# SPDX-License-Identifier: ISC
"""gatepost doctor, as it is typed: configuration, daemon, store, resolver; forms of output, exit codes."""
import fcntl
import json
import os
import pty
import re
import select
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import dnsd  # noqa: E402
import world  # noqa: E402
from world import equal, holds  # noqa: E402

GATEPOST = os.path.join(world.BUILD, "gatepost")
ENVIRONMENT = dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC")


class Resolver(dnsd.Server):
    """A resolver that validates, unless told otherwise."""
    validates, tcp = True, True

    def _reply(self, packet):
        reply = super()._reply(packet)
        if reply and self.validates:
            reply = reply[:3] + bytes([reply[3] | 0x20]) + reply[4:]
        return reply

    def _serve_tcp(self):
        if self.tcp:
            super()._serve_tcp()
        else:
            self.listener.close()


class UdpOnly(Resolver):
    tcp = False


ZONE = {"": {}, "arpa": {}, "mx.example.test": {"A": ["192.0.2.25"]}}
good = Resolver(ZONE)

CONFIG = """hostname = "mx.example.test"
spf { mode = off }
dns { servers = {"127.0.0.1:%d"}  timeout = 2s }
store { uri = {"STORE"}  size = 1M }
policyd {
    listen = {"SOCKET"}
    user = "USER"
}
limit hourly { key = user  count = recipients  max = 100  per = 1h }
""" % good.port


def run(*words, **options):
    done = subprocess.run([GATEPOST, "doctor"] + list(words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env=ENVIRONMENT, timeout=120, **options)
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


def visit(*words):
    """(exit code, findings)"""
    code, out, err = run("--json", *words)
    equal(err, "")
    return code, json.loads(out)


def finds(words, *rows):
    """Exactly these, but for what is well or skipped: (check, state, part of what is found, of how to mend it)."""
    code, found = visit(*words)
    bad = [f for f in found if f["state"] not in ("ok", "skipped")]
    rows = sorted(rows, key=lambda r: ["problem", "warning", "note"].index(r[1]))  # as doctor has them
    equal([(f["check"], f["state"]) for f in bad], [(r[0], r[1]) for r in rows], json.dumps(found, indent=1))
    for f, row in zip(bad, rows):
        holds(f["found"], row[2])
        holds("\n".join(f["mend"]), row[3])
    equal(code, max([{"note": 0, "warning": 1, "problem": 2}[r[1]] for r in rows], default=0))
    return found


class Folder:
    """with Folder(config) as path: a file gatepost.conf in a directory of its own."""

    def __init__(self, text=""):
        self.folder = tempfile.mkdtemp(prefix="gatepost-test.")
        os.chmod(self.folder, 0o755)
        self.path = os.path.join(self.folder, "gatepost.conf")
        self.user = world.daemon_user()
        self.write("gatepost.conf", text)

    def write(self, name, text, mode=0o644):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text.replace("FOLDER", self.folder).replace("USER", who()))
        os.chmod(path, mode)
        return path

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        shutil.rmtree(self.folder, ignore_errors=True)


def who():
    """The user that a daemon of this test runs as."""
    import pwd
    return "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name


# ---- beside a daemon ----

def well():
    """a daemon that is set up well: nothing is found, each check in one line, exit code 0"""
    daemon = world.Policyd(CONFIG.replace("USER", who()))
    try:
        words = ["-c", daemon.config_path, "config", "daemon", "store", "dns"]
        found = finds(words)
        said = {f["check"]: f["found"] for f in found}
        holds(said["daemon.answers"], "pid %d" % daemon.worker())
        holds(said["store.main"], "can be used by " + who())
        holds(said["dns.servers"], "127.0.0.1:%d, over UDP and TCP" % good.port)
        code, out, err = run(*words)
        equal((code, err), (0, ""))
        equal(run("--quiet", *words)[:2], (0, ""))
        equal(len([line for line in out.splitlines() if line.startswith(" ")]), 0, out)
        holds(out.splitlines()[-1], " ok, ")
    finally:
        daemon.close()


class Nothing(dict):
    """The zone of a server that can resolve nothing."""

    def get(self, name, default=None):
        return "servfail"


class NoTxt(dnsd.Server):
    """A name server that fails each question for TXT, and denies every address."""

    def _reply(self, packet):
        _, number, end = dnsd.question(packet)
        if dnsd.TYPES.get(number) != "TXT":
            return super()._reply(packet)
        return packet[:2] + struct.pack("!HHHHH", 0x8180 | 5, 1, 0, 0, 0) + packet[12:end]


def failing_txt():
    """a name server that fails TXT only is told as one that fails, and what it is that fails"""
    bad = NoTxt({})
    daemon = world.Policyd(CONFIG.replace("USER", who()).replace("spf { mode = off }", "spf { mode = label }").replace(
        "127.0.0.1:%d" % good.port, "127.0.0.1:%d" % bad.port))
    try:
        with daemon.connect() as s:
            for i in range(30):
                holds(world.ask(s, client_address="203.0.113.9", helo_name="x", sender="u@d%d.test" % i,
                                recipient="r@here.test", instance="txt%d" % i), "temperror")
        daemon.wait_log("the servers are 127.0.0.1:%d, and test queries for TXT" % bad.port)
        status = subprocess.run([GATEPOST, "status", "--socket", daemon.control_path], stdout=subprocess.PIPE, text=True)
        equal(status.returncode, 1)
        holds(status.stdout, "WARNING: DNS fails: ")
        holds(status.stdout, "whether the servers answer queries for TXT (gatepost doctor dns)")
        finds(["-c", daemon.config_path, "daemon.trouble"],
              ("daemon.trouble", "problem", "among them all for TXT; its servers are 127.0.0.1:%d" % bad.port,
               "gatepost doctor dns"))
    finally:
        daemon.close()
        bad.close()


def failing_dns():
    """most questions of the daemon's last minute failed: one warning with the servers, status and doctor say so"""
    bad = dnsd.Server({"d%d.test" % i: "servfail" for i in range(90)})
    daemon = world.Policyd(CONFIG.replace("USER", who()).replace("spf { mode = off }", "spf { mode = label }").replace(
        "127.0.0.1:%d" % good.port, "127.0.0.1:%d" % bad.port))
    try:
        words = ["-c", daemon.config_path, "daemon.trouble"]
        finds(words)
        status = [GATEPOST, "status", "--socket", daemon.control_path]
        before = subprocess.run(status, stdout=subprocess.PIPE, text=True)
        equal((before.returncode, "WARNING: DNS" in before.stdout), (0, False))
        holds(before.stdout, "name servers  127.0.0.1:%d (dns.servers)\n" % bad.port)

        def fail(first):
            with daemon.connect() as s:
                for i in range(first, first + 30):
                    holds(world.ask(s, client_address="203.0.113.9", helo_name="x", sender="u@d%d.test" % i,
                                    recipient="r@here.test", instance="dns%d" % i), "temperror")

        # names that senders have chosen fail, others do not
        fail(0)
        quiet = json.loads(subprocess.run(status + ["--json"], stdout=subprocess.PIPE).stdout)["dns"]
        equal((quiet["failing"], quiet["failed_last_minute"] >= 20), (False, True))
        equal(subprocess.run(status, stdout=subprocess.DEVNULL).returncode, 0)
        finds(words)
        equal(daemon.text().count("queries in the last minute failed"), 0)
        bad.zone = Nothing()
        fail(30)
        daemon.wait_log("queries in the last minute failed; the servers are 127.0.0.1:%d" % bad.port)
        after = subprocess.run(status, stdout=subprocess.PIPE, text=True)
        equal(after.returncode, 1)
        holds(after.stdout, "WARNING: DNS fails: ")
        holds(after.stdout, "127.0.0.1:%d" % bad.port)
        equal(subprocess.run(status + ["--json"], stdout=subprocess.DEVNULL).returncode, 1)
        finds(words, ("daemon.trouble", "problem", "its servers are 127.0.0.1:%d" % bad.port, "gatepost doctor dns"))
        equal(daemon.text().count("queries in the last minute failed"), 1)
    finally:
        daemon.close()
        bad.close()


def config_warnings():
    """what the configuration says in vain, or to its own harm, is a finding each"""
    with Folder('spf { url = "www.example.org" }\npolicyd { control_mode = 0666 }\n') as f:
        finds(["-c", f.path, "config.file"],
              ("config.file", "warning", "gatepost.conf:1: warning: spf.url: is not a URL", ""),
              ("config.file", "warning", "gatepost.conf:2: warning: policyd.control_mode", ""))


def changed():
    """a configuration that has changed and is not in force; the command that puts it in force"""
    daemon = world.Policyd(CONFIG.replace("limit hourly", "#limit hourly"))
    try:
        words = ["-c", daemon.config_path, "daemon.config"]
        finds(words)
        os.utime(daemon.config_path, (time.time() + 5, time.time() + 5))
        found = finds(words, ("daemon.config", "warning", "has changed", "kill -HUP %d" % daemon.worker()))
        holds(found[0]["mend"][0], "gatepost check-config " + daemon.config_path)
        with Folder(open(daemon.config_path).read()) as other:
            finds(["-c", other.path, "daemon.config"], ("daemon.config", "warning", "has changed", "HUP"))
    finally:
        daemon.close()


# ---- impostors on the control socket ----

STATUS = {
    "version": None, "pid": os.getpid(), "uptime_s": 5000, "requests": 1000,
    "decisions": {"failures": 0, "malformed": 0, "store_failed": 0, "private_client": 3},
    "connections": {"open": 1, "max": 100}, "store": None, "local_store": None,
    "config": {"file": None, "changed_since": False}, "stages": [],
}


class Answering:
    """with Answering(directory, **changes) as s: a control socket whose status is like that."""

    def __init__(self, folder, raw=None, **changes):
        version = subprocess.run([GATEPOST, "--version"], stdout=subprocess.PIPE, text=True).stdout.split()[1]
        status = json.loads(json.dumps(dict(STATUS, version=version)))
        status["config"]["file"] = folder.path
        for path, value in changes.items():
            parts = path.split("__")
            at = status
            for p in parts[:-1]:
                at = at[p]
            at[parts[-1]] = value
        self.answer = raw if raw is not None else (json.dumps(status) + "\n").encode()
        self.path = os.path.join(folder.folder, "control")
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(self.path)
        self.socket.listen(5)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                s = self.socket.accept()[0]
            except OSError:
                return
            try:
                with s:
                    s.recv(65536)
                    s.sendall(self.answer)
            except OSError:
                pass  # who only looks who is here is gone

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.socket.close()
        os.unlink(self.path)


DAEMON_ROWS = [
    ("all well", {}, []),
    ("another version", {"version": "0.0.1"}, [("daemon.answers", "warning", "is version 0.0.1", "restart")]),
    ("failures", {"decisions__failures": 2},
     [("daemon.trouble", "warning", "2 requests could not be checked", "journalctl")]),
    ("DNS that fails", {"dns": {"servers": ["192.0.2.53:53", "[2001:db8::1]:53"], "asked_last_minute": 401,
                                "failed_last_minute": 401, "failing": True}},
     [("daemon.trouble", "problem", "401 of 401 DNS queries of the daemon in the last minute failed; its servers are "
       "192.0.2.53:53, [2001:db8::1]:53", "gatepost doctor dns")]),
    ("malformed requests", {"decisions__malformed": 1}, [("daemon.trouble", "warning", "1 requests were", "log")]),
    ("a store that is down", {"store": {"up": False, "problem": "disk \x1b[31mfull"}},
     [("daemon.trouble", "problem", "the daemon's store is down: disk ?[31mfull", "gatepost store check")]),
    ("bytes unseen", {"stages": [{"source": "port 25", "bytes_unseen": True}]},
     [("daemon.trouble", "problem", "port 25: limits on bytes", "gatepost doctor postfix")]),
    ("all clients behind one address", {"decisions__private_client": 900},
     [("daemon.clients", "warning", "900 of 1000 requests came from a private address", "proxy_protocol")]),
    ("too few requests to tell", {"requests": 3, "decisions__private_client": 3}, []),
    ("nearly all connections taken", {"connections__open": 95},
     [("daemon.resources", "warning", "95 of 100 connections are open", "max_connections = 200")]),
    ("fewer files than connections", {"connections__max": 1 << 30},
     [("daemon.resources", "warning", "the daemon may open", "LimitNOFILE=")]),
    ("members of other kinds", {"decisions": [], "connections": "x", "store": 7, "stages": {"a": 1}, "pid": "x",
                                "uptime_s": None, "requests": {}}, []),
]


def answers():
    """what the daemon says of itself, row by row; what it says is shown without its control characters"""
    with Folder(CONFIG.replace("STORE", "lmdb:FOLDER/none").replace("SOCKET", "inet:127.0.0.1:9")) as folder:
        for name, changes, rows in DAEMON_ROWS:
            with Answering(folder, **changes) as s:
                try:
                    finds(["-c", folder.path, "--socket", s.path, "daemon.answers", "daemon.config",
                           "daemon.trouble", "daemon.clients", "daemon.resources"], *rows)
                except AssertionError as error:
                    raise AssertionError("%s: %s" % (name, error)) from None


def no_answer():
    """nobody at the socket, no socket, nonsense: a problem, and the other checks of the daemon are skipped"""
    with Folder(CONFIG.replace("STORE", "lmdb:FOLDER/none").replace("SOCKET", "inet:127.0.0.1:9")) as folder:
        words = ["-c", folder.path, "--socket", folder.folder + "/control", "daemon.answers", "daemon.trouble"]
        found = finds(words, ("daemon.answers", "problem", "there is no such socket", "gatepost-policyd"))
        equal(found[1]["state"], "skipped")
        for raw in (b"", b"nonsense\n", b"[1]\n", b'{"error": "go \\u001b[2Jaway"}\n'):
            with Answering(folder, raw=raw):
                _, found = visit(*words)
                equal([f["state"] for f in found], ["problem", "skipped"])
                assert "\x1b" not in found[0]["found"], found
                holds("\n".join(found[0]["mend"]), "restart gatepost-policyd")  # somebody is there


def hostile():
    """what a daemon says of itself is no part of a command for root: paths are quoted, processes the kernel's"""
    with Folder(CONFIG.replace("STORE", "lmdb:FOLDER/none").replace("SOCKET", "inet:127.0.0.1:9")) as folder:
        for file, shown in (("/x; touch /tmp/pwned", "check-config '/x; touch /tmp/pwned'"),
                            ("/it's $(id)", "check-config '/it'\\''s $(id)'"), ("--print", "check-config " + folder.path)):
            with Answering(folder, config__file=file, config__changed_since=True, pid=1) as s:
                finds(["-c", folder.path, "--socket", s.path, "daemon.config"],
                      ("daemon.config", "warning", "has changed", shown))
                _, found = visit("-c", folder.path, "--socket", s.path, "daemon.config")
                holds(found[0]["mend"][1], "kill -HUP %d)" % os.getpid())


def nobody_reads():
    """what cannot be written is no warning: exit code 3"""
    with Folder('hostname = "mx.example.test"\n') as folder, open("/dev/full", "w") as full:
        for words in (["-c", folder.path, "config.file"], ["--json", "-c", folder.path, "config.file"], ["--help"]):
            done = subprocess.run([GATEPOST, "doctor"] + words, stdout=full, stderr=subprocess.DEVNULL, env=ENVIRONMENT)
            equal(done.returncode, 3)


# ---- the configuration ----

def errors():
    """a file with errors: they stand in the finding, and other checks look with the defaults"""
    with Folder('spf { mode = maybe }\nno_such = 1\n') as folder:
        code, found = visit("-c", folder.path)
        equal(code, 2)
        file = [f for f in found if f["check"] == "config.file"]
        equal([f["state"] for f in file], ["problem"])
        holds("\n".join(file[0]["mend"]), "spf.mode")
        assert not [f for f in found if "configuration" in f["found"] and f["state"] == "skipped"], found
    code, found = visit("-c", "/nowhere/gatepost.conf", "config.file")
    equal((code, found[0]["state"]), (2, "problem"))


def files():
    """who may read and write the configuration, what lies unread beside it"""
    if os.geteuid() != 0:
        raise world.Skip("needs root")
    with Folder('policyd { user = "nobody" }\nhostname = "mx.example.test"\n') as folder:
        words = ["-c", folder.path, "config.file", "config.access", "config.drop-ins"]
        finds(words)
        os.chmod(folder.path, 0o600)
        finds(words, ("config.access", "warning", "the user nobody may not read " + folder.path, "chmod g+r"))
        os.chmod(folder.path, 0o646)
        finds(words, ("config.access", "warning", "can be written by everybody", "chmod go-w " + folder.path))
        os.chmod(folder.path, 0o644)
        os.chmod(folder.folder, 0o700)
        finds(words, ("config.access", "warning", "blocked by", "chmod o+x " + folder.folder))
        os.chmod(folder.folder, 0o755)
        folder.write("conf.d/10-more.conf", "spf { mode = label }\n")
        found = finds(words)
        holds(found[0]["found"], "and 1 further file")
        folder.write("conf.d/20-\x1b[31mmore", "spf { mode = off }\n")
        for leaving in ("30-more.conf~", ".40.conf.swp", "50.conf.dpkg-old", "README"):
            folder.write("conf.d/" + leaving, "x")
        finds(words, ("config.drop-ins", "warning", "20-?[31mmore is not read", ".conf"))
        plain = folder.write("conf.d/60-plain", "")
        finds(words + ["--quiet"], *[("config.drop-ins", "warning", "is not read", ".conf")] * 2)
        os.unlink(plain)
        shutil.chown(folder.path, "nobody")
        os.unlink(folder.folder + "/conf.d/20-\x1b[31mmore")
        finds(words, ("config.access", "warning", "belongs to nobody", "chown root"))
        folder.write("gatepost.conf", 'policyd { user = "no-such-user" }\n')
        finds(words, ("config.access", "problem", 'there is no user "no-such-user"', "useradd"))


def secrets():
    """files of passwords: there, readable for the daemon, and for nobody else"""
    if os.geteuid() != 0:
        raise world.Skip("needs root")
    with Folder('policyd { user = "nobody" }\n'
                'store { uri = {"redis://127.0.0.1:9"}  password_file = "FOLDER/password" }\n') as folder:
        words = ["-c", folder.path, "config.secrets"]
        finds(words, ("config.secrets", "problem", "No such file", "install -m 640"))
        path = folder.write("password", "secret\n", 0o640)
        finds(words, ("config.secrets", "problem", "the user nobody may not read", "chgrp"))
        os.chmod(path, 0o644)
        finds(words, ("config.secrets", "warning", "can be read by everybody", "chmod o-rwx"))
        os.chmod(path, 0o640)
        shutil.chown(path, group="nogroup" if group_exists("nogroup") else "nobody")
        finds(words)


def group_exists(name):
    import grp
    return name in [g.gr_name for g in grp.getgrall()]


def modes():
    """a control socket for everybody, a state that everybody may enter"""
    with Folder(CONFIG.replace("STORE", "lmdb:FOLDER/state").replace("SOCKET", "unix:FOLDER/policy") +
                "policyd { control_mode = 0666 }\n") as folder:
        os.mkdir(folder.folder + "/state", 0o755)
        os.chmod(folder.folder + "/state", 0o755)
        finds(["-c", folder.path, "daemon.files"],
              ("daemon.files", "warning", "is accessible to everybody (mode 0755)", "chmod 0700"),
              ("daemon.files", "warning", "lets everybody on this machine change limits", "control_mode = 0600"))


def sockets():
    """who can connect to the daemon's sockets is a finding, whoever opened them; without a daemon, by the configuration"""
    rows = [("unix:/run/a", "everybody", "warning", "any local user can connect to unix:/run/a (its mode", "socket_mode = 0660",
             "SocketMode=0660"),
            ("inet:127.0.0.1:9", "loopback", "note", "any local user can connect to inet:127.0.0.1:9 (a port", "listen = ",
             "ListenStream="),
            ("inet:192.168.1.1:9", "private", "note", "any host of the network can connect to inet:192.168.1.1:9", "firewall",
             "ListenStream="),
            ("inet:[2001:db8::1]:9", "public", "warning", "can connect to inet:[2001:db8::1]:9", "firewall", "ListenStream="),
            ("inet:0.0.0.0:9", "all", "warning", "can connect to inet:0.0.0.0:9 (it is every address", "firewall",
             "ListenStream="),
            ("unix:/run/b", "permitted", None, None, None, None)]
    for name, open_to, state, found, own, handed in rows:
        with Folder(CONFIG.replace("STORE", "lmdb:FOLDER/none").replace("SOCKET", "unix:FOLDER/policy")) as folder:
            for is_handed, mend in ((False, own), (True, handed)):
                with Answering(folder, sockets=[{"name": name, "open_to": open_to, "handed_over": is_handed}]) as s:
                    finds(["-c", folder.path, "--socket", s.path, "daemon.files"],
                          *([("daemon.files", state, found, mend)] if state else []))
        mode, where = ("0666", "unix:/run/a") if open_to == "everybody" else ("0660", name)
        public = where.replace("2001:db8", "2a00:db8")
        with Folder(CONFIG.replace("STORE", "lmdb:FOLDER/none").replace("SOCKET", public) + "policyd { socket_mode = %s }\n" % mode) as folder:
            finds(["-c", folder.path, "daemon.files"],
                  *([("daemon.files", state, found.replace("2001:db8", "2a00:db8"), own)] if state else []))


def sockets_of_a_daemon():
    """a daemon that runs says where it listens and who may ask there"""
    port = world.free_port()
    daemon = world.Policyd(CONFIG.replace("USER", who()).replace("SOCKET", "inet:127.0.0.1:%d" % port))
    try:
        finds(["-c", daemon.config_path, "daemon.files"],
              ("daemon.files", "note", "any local user can connect to inet:127.0.0.1:%d" % port, "listen = "))
        equal(daemon.control("status")["sockets"],
              [{"name": "inet:127.0.0.1:%d" % port, "open_to": "loopback", "handed_over": False}])
    finally:
        daemon.close()
    daemon = world.Policyd(CONFIG.replace("USER", who()) + "policyd { socket_mode = 0666 }\n")
    try:
        finds(["-c", daemon.config_path, "daemon.files"],
              ("daemon.files", "warning", "any local user can connect to unix:%s" % daemon.socket_path, "socket_mode = 0660"))
    finally:
        daemon.close()


def names():
    """the host's name: a full one, which has an address in DNS"""
    for name, state, part in (("mx.example.test", "ok", "which has an address in DNS"), ("gone.example.test", "note", "no address"),
                              ("mx", "warning", "not a fully qualified"), ("localhost.localdomain", "warning", "not a fully qualified")):
        with Folder('hostname = "%s"\ndns { servers = {"127.0.0.1:%d"} }\n' % (name, good.port)) as folder:
            _, found = visit("-c", folder.path, "config.hostname")
            equal(found[0]["state"], state)
            holds(found[0]["found"], part)


# ---- resolvers ----

def resolver_config(*ports, more=""):
    return "dns { servers = {%s}  timeout = 2s  attempts = 1  %s }\n" % (
        ", ".join('"127.0.0.1:%d"' % p for p in ports), more)


def resolvers():
    """each resolver is tried by itself: silent, failing, without TCP, slow, not validating"""
    dead = Resolver({"": "silent", "arpa": "silent"})
    failing = Resolver({"": "servfail", "arpa": "servfail"})
    plain = Resolver(ZONE)
    plain.validates = False
    no_tcp = UdpOnly(ZONE)
    servers = "dns.servers"
    rows = [
        (resolver_config(good.port), []),
        (resolver_config(dead.port), [(servers, "problem", "does not answer: no answer from", "apt install unbound")]),
        (resolver_config(failing.port), [(servers, "problem", "SERVFAIL", "apt install unbound")]),
        (resolver_config(good.port, dead.port), [(servers, "warning", ":%d does not answer" % dead.port, "remove it")]),
        (resolver_config(dead.port, failing.port), [
            (servers, "warning", "does not answer", ""), (servers, "warning", "does not answer", ""),
            (servers, "problem", "no resolver answers", "unbound")]),
        (resolver_config(no_tcp.port), [(servers, "warning", "does not answer over TCP", "let TCP port")]),
        (resolver_config(plain.port), [("dns.dnssec", "note", "does not validate", "auto-trust-anchor-file")]),
        (resolver_config(plain.port, more="trust_ad = yes"),
         [("dns.dnssec", "warning", "which the configuration relies on", "auto-trust-anchor-file")]),
        (resolver_config(good.port, plain.port), [("dns.dnssec", "warning", "1 of 2 resolvers validate", "list only")]),
        (resolver_config(good.port, more="trust_ad = yes"), []),
    ]
    try:
        for text, wanted in rows:
            with Folder(text) as folder:
                finds(["-c", folder.path, "dns"], *wanted)
    finally:
        for server in (dead, failing, plain, no_tcp):
            server.close()


def slow_resolver():
    """one that takes its time is said to be slow"""
    class Slow(Resolver):
        def _reply(self, packet):
            time.sleep(0.4)
            return super()._reply(packet)
    slow = Slow(ZONE)
    try:
        with Folder("dns { servers = {\"127.0.0.1:%d\"} }\n" % slow.port) as folder:
            finds(["-c", folder.path, "dns.servers"], ("dns.servers", "warning", "is slow: an answer took", "unbound"))
    finally:
        slow.close()


def public():
    """well-known public resolvers are told apart by their addresses; nothing is sent to them"""
    for server, whose in (("8.8.8.8", "Google"), ("1.1.1.1", "Cloudflare"), ("9.9.9.9:53", "Quad9"),
                          ("208.67.222.222", "OpenDNS"), ("[2001:4860:4860::8844]:53", "Google"),
                          ("2606:4700:4700::1111", "Cloudflare"), ("2620:fe::9", "Quad9")):
        with Folder('dns { servers = {"%s"} }\n' % server) as folder:
            finds(["-c", folder.path, "dns.public"],
                  ("dns.public", "warning", "is a public resolver (%s)" % whose, "127.0.0.1"))
    with Folder('dns { servers = {"127.0.0.2"} }\n') as folder:
        _, found = visit("-c", folder.path, "dns.public")
        equal((found[0]["state"], found[0]["found"]), ("ok", "on this machine; the server it uses is not known"))
    with Folder('dns { servers = {"192.0.2.53"} }\n') as folder:
        finds(["-c", folder.path, "dns.public"], ("dns.public", "note", "on another machine", "unbound"))


# ---- stores, clock ----

def stores():
    """a store that cannot be opened, one that is unavailable, one that stands in"""
    with Folder(CONFIG.replace("STORE", "lmdb:FOLDER/state").replace("SOCKET", "inet:127.0.0.1:9")) as folder:
        words = ["-c", folder.path, "store"]
        if os.geteuid() == 0:  # the daemon of an ordinary user makes the directory by itself
            finds(words, ("store.main", "problem", "may not create it", "install -d -m 700 -o nobody"))
            os.mkdir(folder.folder + "/state", 0o700)
            finds(words, ("store.main", "problem", "Permission denied", "chown -R nobody"))
            shutil.chown(folder.folder + "/state", "daemon")
            os.chmod(folder.folder + "/state", 0o700)
            _, found = visit(*words)
            holds(found[0]["mend"][0], "a directory of its own")  # another service's is not taken from it
            shutil.chown(folder.folder + "/state", "nobody")
        else:
            os.mkdir(folder.folder + "/state", 0o700)
        finds(words)
        equal(os.listdir(folder.folder + "/state"), [])  # it was only looked at
        for name, text in (("facts", b""), ("counters", b"\xff" * 8192)):
            with open(folder.folder + "/state/" + name, "wb") as f:
                f.write(text)
            if os.geteuid() == 0:
                shutil.chown(f.name, "nobody")
        finds(words, ("store.main", "problem", "counters is damaged", "is renamed"))
        equal(sorted(os.listdir(folder.folder + "/state")), ["counters", "facts"])
    with Folder(CONFIG.replace("STORE", "redis://127.0.0.1:1").replace("SOCKET", "inet:127.0.0.1:9")
                + 'store { on_failure = local  local_path = "FOLDER/local"  timeout = 2s }\n') as folder:
        os.mkdir(folder.folder + "/local", 0o700)
        if os.geteuid() == 0:
            shutil.chown(folder.folder + "/local", "nobody")
        finds(["-c", folder.path, "store"], ("store.main", "problem", "", "gatepost store check"))


def clock():
    """the clock: what the kernel says of it"""
    import ctypes
    buffer = ctypes.create_string_buffer(512)
    state = ctypes.CDLL(None).adjtimex(buffer)
    _, found = visit("clock")
    equal(found[0]["state"], "warning" if state == 5 else "ok")


# ---- forms ----

def text_form():
    """for people: a line each, how to mend it below, the sum at the end; --quiet only what is not well"""
    with Folder('hostname = "mx"\ndns { servers = {"8.8.8.8"} }\n') as folder:
        words = ["-c", folder.path, "config.file", "config.hostname", "dns.public"]
        code, out, err = run(*words)
        equal((code, err), (1, ""))
        lines = out.splitlines()
        equal(lines[-2], "%-24s%-9s%s" % ("config.file", "ok", folder.path))
        assert lines[0].startswith("%-24s%-9s" % ("config.hostname", "warning")), out
        assert lines[1].startswith("    set hostname ="), out
        equal(lines[-1], "2 warnings, 1 ok")
        code, quiet, _ = run("-q", *words)
        equal(code, 1)
        equal(quiet.splitlines(), lines[:-2])
        code, out, _ = run("--quiet", "--json", *words)
        equal([f["check"] for f in json.loads(out)], ["config.hostname", "dns.public"])
        for f in json.loads(out):
            equal(sorted(f), ["check", "found", "mend", "state"])


def on_a_terminal():
    """on a terminal: lines break at its width, progress is wiped away"""
    with Folder('hostname = "mx"\n') as folder:
        pid, fd = pty.fork()
        if pid == 0:
            os.environ.update(LC_ALL="C.UTF-8", TERM="xterm")
            os.execv(GATEPOST, ["gatepost", "doctor", "-c", folder.path, "config.hostname"])
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 70, 0, 0))
        data = b""
        while select.select([fd], [], [], 20)[0]:
            try:
                part = os.read(fd, 65536)
            except OSError:
                break
            if not part:
                break
            data += part
        equal(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 1)
        os.close(fd)
        text = data.decode()
        holds(text, "config.hostname ...\r\x1b[K")
        shown = re.sub("\x1b\\[[0-9;]*m", "", text.split("\x1b[K")[-1].replace("\r", "")).splitlines()
        holds(shown[0], "config.hostname")
        equal(shown[1][:33].strip(), "")  # the text goes on in its column
        assert all(len(line) <= 70 or line.startswith("    ") for line in shown), shown


def usage():
    """usage errors and help: exit code 3 is no finding"""
    for words, part in ((["--no-such"], "no option --no-such"), (["nonsense"], "no check called nonsense"),
                        (["dn"], "no check called dn"), (["--postconf", "postconf"], "--postconf: an absolute path"),
                        (["--config"], "--config needs a value: FILE")):
        code, out, err = run(*words)
        equal((code, out), (3, ""))
        holds(err, part)
        holds(err, "gatepost doctor --help")
    code, out, _ = run("--help")
    equal(code, 0)
    holds(out, "exit codes:\n  0  all is well")


def children():
    """programs of others: one that hangs, is ended with all it started; one that prints for ever; no shell"""
    with Folder('spf { mode = off }\ndns { servers = {"127.0.0.1:9"} }\n') as folder:
        marker = folder.folder + "/pid"
        fake = folder.write("post conf;x", "#!/bin/sh\nsleep 300 &\necho $! >%s\nwait\n" % marker, 0o755)
        code, found = visit("-c", folder.path, "--postconf", fake, "--exim", "/nowhere/exim", "postfix.found", "exim.build")
        equal((code, found[0]["state"]), (2, "problem"))
        holds(found[0]["found"], "no answer within 20 s")
        pid = int(open(marker).read())
        world.wait_for(lambda: not os.path.exists("/proc/%d" % pid) or
                       open("/proc/%d/stat" % pid).read().rsplit(")", 1)[1].split()[0] == "Z", "end of what it started")
        fake = folder.write("postconf", "#!/bin/sh\nexec yes 'a = b'\n", 0o755)
        code, found = visit("-c", folder.path, "--postconf", fake, "postfix.found")
        equal((code, found[0]["state"]), (2, "problem"))
        assert "no answer within" not in found[0]["found"], found


def main():
    tap = world.Tap()
    try:
        for test in (well, failing_dns, failing_txt, config_warnings, changed, answers, no_answer, hostile, nobody_reads, errors, files, secrets, modes, sockets, sockets_of_a_daemon, names, resolvers,
                     slow_resolver, public, stores, clock, text_form, on_a_terminal, usage, children):
            tap.run(test)
    finally:
        good.close()
    tap.finish()


main()
