# SPDX-License-Identifier: ISC
"""A small name server on loopback for tests of the running programs: TXT, A, AAAA, MX, PTR, over UDP,
and over TCP what is too large for that.

    server = dnsd.Server({"a.test": {"TXT": ["v=spf1 -all"]}, "mute.test": "silent"})
    server.port; server.asked; server.close()

A name maps to records by type, or to a word: "silent" (no answer), "servfail". Other names do not
exist. The zone may be changed while the server runs.
"""
import ipaddress
import socket
import struct
import threading

TYPES = {1: "A", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA"}
SERVFAIL, NXDOMAIN = 2, 3
UDP_MAX = 1232


def name_bytes(name):
    labels = [label.encode() for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def rdata(kind, value):
    if kind in ("A", "AAAA"):
        return ipaddress.ip_address(value).packed
    if kind in ("MX", "PTR"):
        return (struct.pack("!H", 10) if kind == "MX" else b"") + name_bytes(value)
    raw = value.encode()
    parts = [raw[i:i + 255] for i in range(0, len(raw), 255)] or [b""]
    return b"".join(bytes([len(p)]) + p for p in parts)


def question(packet):
    """(labels, number of the type, place after the question) of a query's one question"""
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]])
        at += packet[at] + 1
    return labels, struct.unpack("!H", packet[at + 1:at + 3])[0], at + 5


class Server:
    def __init__(self, zone, address="127.0.0.1", port=0):
        self.zone, self.asked = zone, []
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.socket, self.listener = self._bind(family, address, port)
        self.port = self.socket.getsockname()[1]
        for serve in (self._serve, self._serve_tcp):
            threading.Thread(target=serve, daemon=True).start()

    def _bind(self, family, address, port):
        """Both sockets on one port; one that is free for UDP may be taken for TCP."""
        for left in range(20, 0, -1):
            udp = socket.socket(family, socket.SOCK_DGRAM)
            udp.bind((address, port))
            try:
                return udp, socket.create_server((address, udp.getsockname()[1]), family=family)
            except OSError:
                udp.close()
                if port or left == 1:
                    raise

    def close(self):
        self.socket.close()
        self.listener.close()

    def _serve_tcp(self):
        while True:
            try:
                with self.listener.accept()[0] as connection:
                    connection.settimeout(5)
                    length = struct.unpack("!H", connection.recv(2))[0]
                    reply = self._reply(connection.recv(length))
                    if reply:
                        connection.sendall(struct.pack("!H", len(reply)) + reply)
            except socket.timeout:
                continue
            except OSError:
                return

    def _serve(self):
        while True:
            try:
                packet, peer = self.socket.recvfrom(4096)
                reply = self._reply(packet)
                if reply and len(reply) > UDP_MAX:  # the question alone, with TC set
                    end = packet.index(b"\0", 12) + 5
                    reply = reply[:2] + struct.pack("!HHHHH", 0x8780, 1, 0, 0, 0) + packet[12:end]
                if reply:
                    self.socket.sendto(reply, peer)
            except OSError:
                return

    def _reply(self, packet):
        labels, number, end = question(packet)
        name = ".".join(label.decode("latin-1") for label in labels).lower()
        kind = TYPES.get(number, "?")
        self.asked.append((name, kind))
        found = self.zone.get(name)
        if found == "silent":
            return None
        records = found.get(kind, []) if isinstance(found, dict) else []
        rcode = SERVFAIL if found == "servfail" else NXDOMAIN if found is None else 0
        answers = b""
        for value in records:
            data = rdata(kind, value)
            answers += b"\xc0\x0c" + packet[end - 4:end] + struct.pack("!IH", 300, len(data)) + data
        header = packet[:2] + struct.pack("!HHHHH", 0x8580 | rcode, 1, len(records), 0, 0)
        return header + packet[12:end] + answers
