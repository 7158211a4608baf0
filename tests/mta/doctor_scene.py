# SPDX-License-Identifier: ISC
"""The scene of the tests of gatepost doctor: a machine set up as an administrator would do it, its daemon
and its resolver, and the doctor's visit. For the inside of sandbox.py."""
import json
import os
import pwd
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import dnsd  # noqa: E402
import sandbox  # noqa: E402
import world  # noqa: E402
from world import equal, holds  # noqa: E402

GATEPOST = os.path.join(world.BUILD, "gatepost")
POLICYD = os.path.join(world.BUILD, "gatepost-policyd")
CONF, QUEUE = "/etc/gatepost/gatepost.conf", "/var/spool/postfix"
SOCKET = QUEUE + "/gatepost/policy"

CONFIG = """hostname = "mx.example.test"
dns { servers = {"127.0.0.1"}  timeout = 2s }
spf { exempt_clients = {"198.51.100.0/24"}  header = none }
policyd { listen = {"unix:%s"} }
store { uri = {"lmdb:/var/lib/gatepost"}  size = 16M }
""" % SOCKET


class Resolver(dnsd.Server):
    """A resolver that validates, or says so; the root and arpa have no TXT."""
    validates = True

    def _reply(self, packet):
        reply = super()._reply(packet)
        if reply and self.validates:
            reply = reply[:3] + bytes([reply[3] | 0x20]) + reply[4:]
        return reply


class Machine:
    """What an administrator sets up, and the doctor's visit."""

    def __init__(self):
        self.daemon = None
        self.config_is = None
        self.zone = {"": {}, "arpa": {}, "mx.example.test": {"A": ["192.0.2.25"]},
                     "shop.test": {"TXT": ["v=spf1 -all"]}}
        self.dns = Resolver(self.zone, port=53)
        subprocess.run(["useradd", "--system", "--no-create-home", "gatepost"], check=True)
        user = pwd.getpwnam("gatepost")
        for path, mode in (("/etc/gatepost", None), ("/var/lib/gatepost", 0o700),
                           ("/run/gatepost", 0o755), (QUEUE + "/gatepost", 0o755)):
            os.makedirs(path, exist_ok=True)
            if mode:
                os.chown(path, user.pw_uid, user.pw_gid)
                os.chmod(path, mode)
        # another directory than the default one of a build for /usr/local
        self.options = ["--config", CONF, "--postconf", "/usr/sbin/postconf"]

    def write(self, path, text):
        with open(path, "w") as f:
            f.write(text)

    def serve(self, config):
        """The daemon with this configuration, unless it runs with it."""
        if self.daemon and self.config_is == config:
            return
        self.stop()
        self.write(CONF, config)
        self.config_is = config
        log = open("/tmp/policyd.log", "ab")
        start = log.tell()
        self.daemon = subprocess.Popen([POLICYD, "-c", CONF], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        def ready():
            with open("/tmp/policyd.log", errors="replace") as f:
                f.seek(start)
                text = f.read()
            assert self.daemon.poll() is None, text
            return "is ready" in text
        world.wait_for(ready, "gatepost-policyd")

    def stop(self):
        if self.daemon:
            world.end(self.daemon)
        self.daemon = None

    def close(self):
        self.stop()
        self.dns.close()

    def doctor(self, *arguments, options=None):
        """(exit code, what is not well, all findings); the clock is the real machine's, and apart"""
        wanted = arguments or ("config", "daemon", "store", "dns", "postfix", "exim")
        done = subprocess.run([GATEPOST, "doctor", "--json"] + (options or self.options) + list(wanted),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
        equal(done.stderr, b"")
        found = json.loads(done.stdout)
        return done.returncode, [f for f in found if f["state"] not in ("ok", "skipped")], found

    def finds(self, *rows, exit_code=None, arguments=()):
        """Exactly these: (check, state, part of what is found, part of how to mend it)."""
        code, bad, _ = self.doctor(*arguments)
        rows = sorted(rows, key=lambda r: ["problem", "warning", "note"].index(r[1]))  # as doctor has them
        equal([(f["check"], f["state"]) for f in bad], [(r[0], r[1]) for r in rows], json.dumps(bad, indent=1))
        for f, row in zip(bad, rows):
            holds(f["found"], row[2])
            holds("\n".join(f["mend"]), row[3])
        worst = {"note": 0, "warning": 1, "problem": 2}
        equal(code, max([worst[r[1]] for r in rows], default=0) if exit_code is None else exit_code)


def named(text, function, *arguments):
    """The function as a test of this name."""
    def test():
        function(*arguments)
    test.__doc__ = text
    return test
