# SPDX-License-Identifier: ISC
"""resolv.conf of a running daemon: noticed when it changes, in whatever way; what it says about zones, TCP and
trust; what the daemon, status and doctor say about it. In a network of its own, since its port is 53."""
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support")]
import dnsd  # noqa: E402
import sandbox  # noqa: E402
import world  # noqa: E402
from world import equal, holds  # noqa: E402

GATEPOST = os.path.join(world.BUILD, "gatepost")
CONFIG = """hostname = "mx.example.test"
dns { resolv_conf = "%s"  timeout = 500ms  attempts = 1  failure_ttl = 0s %s }
policyd { listen = {"SOCKET"}  user = "USER" }
"""
FAIL = "550 5.7.23"
number = 0


class Server(dnsd.Server):
    """Knows a zone whose mail fails; remembers what it was asked with."""

    def __init__(self, address, zone=None):
        self.wants_ad, self.over_tcp, self.made_up = set(), 0, None
        self.address, zone = address, zone or {"a.test": {"TXT": ["v=spf1 -all"]}, "": {}, "arpa": {}}
        world.wait_for(lambda: self._begin(zone), "free port of " + address)

    def _begin(self, zone):
        try:
            super().__init__(zone, self.address, 53)
        except OSError:  # threads of the test before still hold it
            return False
        return True

    def close(self):
        for s in (self.socket, self.listener):
            try:
                s.shutdown(socket.SHUT_RDWR)  # wakes whoever waits there
            except OSError:
                pass
        super().close()

    def _reply(self, packet):
        if not packet:
            raise OSError("closed")
        self.wants_ad.add(bool(packet[3] & 0x20))
        return super()._reply(packet)

    def _serve_tcp(self):
        while True:
            try:
                with self.listener.accept()[0] as connection:
                    self.over_tcp += 1
                    connection.settimeout(5)
                    length = struct.unpack("!H", connection.recv(2))[0]
                    reply = self._reply(connection.recv(length))
                    connection.sendall(struct.pack("!H", len(reply)) + reply)
            except OSError:
                if self.listener.fileno() < 0:
                    return


class Scene:
    """A daemon that follows a file of this scene, in a directory that stands for /run."""

    def __init__(self, text=None, dns=""):
        self.folder = tempfile.mkdtemp(prefix="gatepost-test.")
        os.chmod(self.folder, 0o755)
        self.path = self.folder + "/resolv.conf"
        if text is not None:
            self.write(text)
        self.policyd = world.Policyd(CONFIG % (self.path, dns))

    def write(self, text, name="resolv.conf"):
        with open(os.path.join(self.folder, name), "w") as f:
            f.write(text)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.policyd.close()
        subprocess.run(["rm", "-rf", self.folder], check=True)

    def asks(self):
        done = subprocess.run([GATEPOST, "status", "--json", "--socket", self.policyd.control_path],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        return json.loads(done.stdout)["dns"]

    def await_servers(self, *servers):
        world.wait_for(lambda: self.asks()["servers"] == list(servers), "servers %r" % (servers,))

    def answer(self, sender=None):
        """What Postfix is told about a mail; without a sender one that nobody has asked about before."""
        global number
        number += 1
        return self.policyd.ask(client_address="203.0.113.9", helo_name="h.test", recipient="r@mx.example.test",
                                sender=sender or "x@a.test", instance="i%d" % number)

    def reload(self, dns):
        """With these options among those of DNS; returns when it is in force."""
        done = self.policyd.text().count(" is in force")
        self.policyd.write(CONFIG % (self.path, dns))
        self.policyd.reload()
        world.wait_for(lambda: self.policyd.text().count(" is in force") > done, "reload")

    def doctor(self, *checks):
        done = subprocess.run([GATEPOST, "doctor", "--json", "-c", self.policyd.config_path] + list(checks or ["dns"]),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        return json.loads(done.stdout)


def appears():
    """started before there is any server: this machine is asked, which the log says; then those that are written"""
    server = Server("127.0.0.77")
    try:
        for first in ("", None, "# made by nobody\n"):
            with Scene(first) as s:
                holds(s.policyd.text(), "DNS is queried at 127.0.0.1:53 (%s is missing or names no server" % s.path)
                holds(s.answer(), "spf=temperror")
                s.write("nameserver 127.0.0.77\n")
                s.await_servers("127.0.0.77:53")
                s.policyd.wait_log("%s has changed: DNS is queried at 127.0.0.77:53" % s.path)
                holds(s.answer(), FAIL)
    finally:
        server.close()


def replaced():
    """by renaming another file, by another target of a link, by writing: noticed, and what is remembered stays"""
    servers = [Server("127.0.0.%d" % n) for n in (77, 78, 79)]
    try:
        with Scene() as s:
            s.write("nameserver 127.0.0.77\n", "one")
            s.write("nameserver 127.0.0.78\n", "two")
            os.symlink("one", s.path)
            s.await_servers("127.0.0.77:53")
            holds(s.answer(), FAIL)
            asked = len(servers[0].asked)
            os.symlink("two", s.path + ".new")  # as NetworkManager and systemd-resolved do
            os.rename(s.path + ".new", s.path)
            s.await_servers("127.0.0.78:53")
            holds(s.answer(), FAIL)  # from memory
            equal((len(servers[0].asked), [q for q in servers[1].asked if q[0] == "a.test"]), (asked, []))
            s.write("nameserver 127.0.0.79\n", "three")
            os.rename(s.folder + "/three", s.folder + "/two")  # the target of the link is another file
            s.await_servers("127.0.0.79:53")
            # somebody writes it, or takes it away: those that are known stay
            os.rename(s.folder + "/two", s.folder + "/away")
            for _ in range(3):
                equal(s.asks()["servers"], ["127.0.0.79:53"])
            s.reload("")  # with the same resolver, and with a new one
            equal(s.asks()["servers"], ["127.0.0.79:53"])
            s.reload("cache_entries = 1000")
            equal(s.asks()["servers"], ["127.0.0.79:53"])
            # a file that is there and names none means this machine, as for libc; not at once
            s.write("# none\n")
            s.await_servers("127.0.0.1:53")
    finally:
        for server in servers:
            server.close()


def unreadable():
    """a file that is there and cannot be read: the servers stay, also at a reload, and everything says so"""
    server = Server("127.0.0.77")
    try:
        with Scene("nameserver 127.0.0.77\n") as s:
            s.await_servers("127.0.0.77:53")
            began = time.monotonic()

            def private(path):
                os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))

            for put, why in ((os.mkdir, "Is a directory"), (private, "Permission denied")):
                said = s.policyd.text().count("cannot be read")
                os.rename(s.path, s.folder + "/away")
                put(s.path)
                if not said:
                    s.policyd.wait_log("%s exists but cannot be read: %s; DNS is queried as before, at 127.0.0.77:53" % (s.path, why))
                for dns in ("", "cache_entries = 1000"):
                    s.reload(dns)
                    s.policyd.wait_log("configuration: dns.resolv_conf: %s exists but cannot be read: %s" % (s.path, why))
                    equal(s.asks()["servers"], ["127.0.0.77:53"])
                holds(s.answer(), FAIL)
                if put is private:  # root's commands may read it
                    continue
                shown = subprocess.run([GATEPOST, "spf", "--config", s.policyd.config_path, "--ip", "203.0.113.9", "--mail-from", "x@a.test"],
                                       stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
                holds(shown.stderr, "%s exists but cannot be read: %s" % (s.path, why))
                holds(json.dumps(s.doctor("config.file")), "cannot be read: " + why)
                os.rmdir(s.path)
                os.rename(s.folder + "/away", s.path)
            minutes = int((time.monotonic() - began) / 60)  # a line each, whatever is loaded meanwhile
            assert s.policyd.text().count("DNS is queried as before") <= 1 + minutes, s.policyd.text()
            s.write("nameserver 127.0.0.78\n")
            os.chmod(s.path, 0o644)
            s.await_servers("127.0.0.78:53")
    finally:
        server.close()


def zones():
    """a link-local server with its zone is asked; what is no address is named in a warning"""
    server = Server("::", {"a.test": {"TXT": ["v=spf1 -all"]}, "": {}, "arpa": {}})
    try:
        with Scene("nameserver fe80::77%lo\nnameserver localhost\nnameserver 999.1.1.1\n") as s:
            equal(s.asks()["servers"], ["[fe80::77%lo]:53"])
            holds(s.answer(), FAIL)
            holds(s.policyd.text(), "not used, because it is not an address: nameserver localhost and 1 more")
            s.write("nameserver fe80::77%nothere\n")
            s.await_servers("[fe80::77%nothere]:53")
            global number
            # nobody could be asked, which is not the sender's temporary error
            holds(s.answer("x@b%d.test" % number), "451 4.3.0")
            s.policyd.wait_log("[fe80::77%nothere]:53: no such network interface")
        with Scene("", 'servers = {"fe80::77%lo"}') as s:
            holds(s.answer(), FAIL)
    finally:
        server.close()


def trust():
    """trust_ad: no is not overruled by resolv.conf; auto follows it, and distrusts what it remembers"""
    server = Server("127.0.0.77")
    try:
        for options, dns, wanted in (("", "", False), ("options edns0 trust-ad\n", "", True),
                                     ("options trust-ad\n", "trust_ad = no", False), ("", "trust_ad = yes", True)):
            server.wants_ad.clear()
            with Scene("nameserver 127.0.0.77\n" + options, dns) as s:
                equal(s.asks()["trust_ad"], wanted, options + dns)
                holds(s.answer(), FAIL)
                equal(server.wants_ad, {wanted}, options + dns)
        with Scene("nameserver 127.0.0.77\noptions trust-ad\n") as s:
            s.write("nameserver 127.0.0.77\n")
            world.wait_for(lambda: not s.asks()["trust_ad"], "no trust")
    finally:
        server.close()


def transport():
    """options use-vc, and dns.transport = tcp: over TCP only"""
    server = Server("127.0.0.77")
    try:
        for options, dns, wanted in (("", "", False), ("options use-vc\n", "", True), ("", "transport = tcp", True)):
            server.over_tcp, server.asked = 0, []
            with Scene("nameserver 127.0.0.77\n" + options, dns) as s:
                holds(s.answer(), FAIL)
                assert server.asked, options + dns
                equal(server.over_tcp == len(server.asked), wanted, options + dns)
                shown = subprocess.run([GATEPOST, "status", "--socket", s.policyd.control_path], stdout=subprocess.PIPE, text=True)
                holds(shown.stdout, "127.0.0.77:53%s (%s)" % (", over TCP" * wanted, s.path))
    finally:
        server.close()


def what_the_daemon_asks():
    """doctor judges the servers that the daemon asks, not those that another file names"""
    server = Server("127.0.0.77")
    try:
        with Scene("nameserver 127.0.0.77\n") as s:
            with open(s.policyd.config_path) as f:
                text = f.read()
            with open(s.policyd.config_path, "w") as f:  # and nobody has loaded it
                f.write(text.replace("dns {", 'dns { servers = {"127.0.0.99"}'))
            found = [f for f in s.doctor("dns.servers")]
            equal([(f["state"], f["found"]) for f in found], [("ok", "127.0.0.77, over UDP and TCP")])
            server.close()
            found = s.doctor("dns.servers")
            equal(found[0]["state"], "problem")
            holds(found[0]["found"], "127.0.0.77 does not answer")
    finally:
        server.close()


def own_name():
    """a resolver that answers for the host's own name by itself, as systemd-resolved does, is found"""
    name = "mx.example.test"
    zone = {"": {}, "arpa": {}}
    stub = Server("127.0.0.53", dict(zone, **{name: {"A": ["127.0.0.2"]}}))
    behind = Server("127.0.0.77", dict(zone, **{name: {"TXT": ["v=spf1 a -all"], "A": ["192.0.2.25"]}}))
    os.makedirs("/run/systemd/resolve", exist_ok=True)
    try:
        with Scene("nameserver 127.0.0.53\n") as s:
            found = s.doctor("dns.own-name")[0]
            equal(found["state"], "warning")
            holds(found["found"], "127.0.0.53 answers queries for this host's own name %s itself" % name)
            with open("/run/systemd/resolve/resolv.conf", "w") as f:
                f.write("nameserver 127.0.0.77\n")
            stub.zone[name] = {"A": ["192.0.2.25"]}
            found = s.doctor("dns.own-name")[0]
            equal(found["state"], "warning")
            holds(found["found"], "though 127.0.0.77 has a TXT record of it")
            holds(found["mend"][0], 'dns { servers = {"127.0.0.77"} }')
            # as advised
            s.write("nameserver 127.0.0.77\n")
            s.await_servers("127.0.0.77:53")
            equal(s.doctor("dns.own-name")[0]["state"], "ok")
            behind.zone[name] = "servfail"
            found = s.doctor("dns.own-name")[0]
            equal(found["state"], "warning")
            holds(found["found"], "does not answer queries for this host's own name")
    finally:
        stub.close()
        behind.close()


def main():
    tap = world.Tap()
    try:
        sandbox.enter([])
    except sandbox.Unavailable as reason:
        tap.skip_all("a network of its own: " + str(reason))
    os.chmod(tempfile.gettempdir(), 0o1777)
    sandbox.add_address("fe80::77/64")
    for test in (appears, replaced, unreadable, zones, trust, transport, what_the_daemon_asks, own_name):
        tap.run(test)
    tap.finish()


main()
