# SPDX-License-Identifier: ISC
"""Name servers of DNS lists, inside of sandbox.py: nsd with the zones, unbound before it, and before that a
resolver that passes on what unbound says, or lies, refuses or is silent as told.

    servers = listdns.Servers(folder)
    servers.zone("bl.example", "2.0.0.127 A 127.0.0.2", "9.8.7.6 TXT listed for a test")
    servers.load()                        nsd serves what was said so far; without a line: an empty zone
    servers.drop("bl.example")            and nothing of this one any more: REFUSED
    servers.front.silent.add("bl.example"), .refused.add(...), .lies = "127.0.0.1"

Lines are as in a zone file, with names relative to the zone. servers.front.asked has the name and type of
each question that came in, in lower case.
"""
import os
import shutil
import socket
import struct
import subprocess
import threading
import time

import dnsd
from world import end, wait_for

PACKAGES = ["nsd", "unbound"]
NSD, UNBOUND, FRONT = 5301, 5302, 5300
NXDOMAIN, REFUSED = 3, 5

NSD_CONF = """
server:
  ip-address: 127.0.0.1@{port}
  username: ""
  chroot: ""
  zonesdir: "{folder}"
  database: ""
  pidfile: "{folder}/nsd.pid"
  xfrdfile: "{folder}/xfrd.state"
  zonelistfile: "{folder}/zone.list"
  logfile: "{folder}/nsd.log"
  server-count: 1
  verbosity: 1
remote-control:
  control-enable: no
"""

# what is asked again has to be asked: nothing is kept
UNBOUND_CONF = """
server:
  interface: 127.0.0.1
  port: {port}
  directory: "{folder}"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  logfile: "{folder}/unbound.log"
  module-config: "iterator"
  do-not-query-localhost: no
  qname-minimisation: no
  cache-max-ttl: 0
  cache-max-negative-ttl: 0
  infra-host-ttl: 1
  num-threads: 1
  local-zone: "." static
  local-zone: "example." transparent
{records}
stub-zone:
  name: "example."
  stub-addr: 127.0.0.1@{nsd}
remote-control:
  control-enable: no
"""


def question_text(packet):
    """(name, type, place after the question)"""
    labels, kind, after = dnsd.question(packet)
    return ".".join(label.decode("latin-1") for label in labels).lower(), kind, after


def within(name, zones):
    return any(name == zone or name.endswith("." + zone) for zone in zones)


class Front:
    """A resolver on UDP that asks unbound, one thread for each question."""

    def __init__(self):
        self.asked, self.silent, self.refused, self.lies = [], set(), set(), None
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", FRONT))
        threading.Thread(target=self._serve, daemon=True).start()

    def questions(self, zone):
        """How many there were about names of the zone; all are forgotten."""
        asked, self.asked = self.asked, []
        return len([name for name, _ in asked if within(name, [zone])])

    def _serve(self):
        while True:
            try:
                packet, client = self.socket.recvfrom(4096)
            except OSError:
                return
            threading.Thread(target=self._answer, args=(packet, client), daemon=True).start()

    def _answer(self, packet, client):
        name, kind, after = question_text(packet)
        self.asked.append((name, dnsd.TYPES.get(kind, str(kind))))
        if within(name, self.silent):
            return
        if within(name, self.refused):
            reply = self._bare(packet, after, REFUSED)
        else:
            reply = self._pass_on(packet)
        if reply and self.lies and kind == 1 and reply[3] & 15 == NXDOMAIN:
            record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 1, 4) + socket.inet_aton(self.lies)
            reply = self._bare(packet, after, 0, 1) + record
        if reply:
            try:
                self.socket.sendto(reply, client)
            except OSError:
                pass  # it is over

    @staticmethod
    def _bare(packet, after, code, answers=0):
        return packet[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, answers, 0, 0) + packet[12:after]

    @staticmethod
    def _pass_on(packet):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(30)
            try:
                s.connect(("127.0.0.1", UNBOUND))
                s.send(packet)
                return s.recv(4096)
            except OSError:
                return None

    def close(self):
        self.socket.close()


class Servers:
    """The three of them; records: lines of local-data that unbound itself has."""

    def __init__(self, folder, records=()):
        self.folder, self.zones, self.serial = folder, {}, 1
        self.nsd = self.unbound = self.front = None
        os.makedirs(folder, exist_ok=True)
        try:
            self.load()
            self._start_unbound(records)
            self.front = Front()
        except BaseException:
            self.close()
            raise

    def zone(self, name, *lines):
        self.zones[name] = lines

    def drop(self, name):
        del self.zones[name]

    def load(self):
        """nsd with these zones from now on."""
        if self.nsd:
            end(self.nsd)
        self.serial += 1
        with open(self.folder + "/nsd.conf", "w") as f:
            f.write(NSD_CONF.format(port=NSD, folder=self.folder))
            for name in dict(self.zones, **{"here.example": ()}):
                f.write('zone:\n  name: "%s"\n  zonefile: "%s.zone"\n' % (name, name))
                self._write_zone(name)
        self.nsd = subprocess.Popen([shutil.which("nsd") or "/usr/sbin/nsd", "-d", "-c", self.folder + "/nsd.conf"],
                                    stdin=subprocess.DEVNULL)
        wait_for(lambda: self._answers(self.nsd, NSD), "nsd; see %s/nsd.log" % self.folder)

    def _write_zone(self, name):
        with open("%s/%s.zone" % (self.folder, name), "w") as f:
            f.write("$ORIGIN %s.\n$TTL 1\n@ SOA ns.%s. hostmaster.%s. %d 3600 600 86400 1\n@ NS ns.%s.\n"
                    % (name, name, name, self.serial, name))
            for line in self.zones.get(name, ()):
                f.write(line + "\n")

    def _start_unbound(self, records):
        path = self.folder + "/unbound.conf"
        with open(path, "w") as f:
            f.write(UNBOUND_CONF.format(port=UNBOUND, folder=self.folder, nsd=NSD,
                                        records="".join("  local-data: '%s'\n" % r for r in records)))
        self.unbound = subprocess.Popen([shutil.which("unbound") or "/usr/sbin/unbound", "-d", "-c", path],
                                        stdin=subprocess.DEVNULL)
        wait_for(lambda: self._answers(self.unbound, UNBOUND), "unbound; see %s/unbound.log" % self.folder)

    @staticmethod
    def _answers(process, port):
        """Does it answer about a name of a zone that is always there?"""
        assert process.poll() is None, "a name server ended"
        query = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + dnsd.name_bytes("here.example") + b"\0\x06\0\x01"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(0.2)
            try:
                s.connect(("127.0.0.1", port))
                s.send(query)
                return s.recv(4096)[3] & 15 == 0
            except OSError:
                time.sleep(0.02)
                return False

    def close(self):
        if self.front:
            self.front.close()
        for process in (self.unbound, self.nsd):
            if process:
                end(process)
