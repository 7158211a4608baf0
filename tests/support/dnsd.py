# SPDX-License-Identifier: ISC
"""A small name server on loopback for tests of the running programs: TXT, A, AAAA, MX, PTR, TLSA, over
UDP, and over TCP what is too large for that.

    server = dnsd.Server({"a.test": {"TXT": ["v=spf1 -all"]}, "mute.test": "silent"})
    server.port; server.asked; server.close()

A name maps to records by type, or to a word: "silent" (no answer), "servfail", "refused". Other names do not
exist. The zone may be changed while the server runs. Beside records a name may have "secure": True,
so that answers about it are marked as validated (AD), and "signed_until": a Unix time, for a signature
over the records that ends then, where signatures are asked for (DO).
"""
import ipaddress
import socket
import struct
import threading

TYPES = {1: "A", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 52: "TLSA"}
RRSIG, DO, AD = 46, 0x8000, 0x20
SERVFAIL, NXDOMAIN, REFUSED = 2, 3, 5
UDP_MAX = 1232


def name_bytes(name):
    labels = [label.encode() for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def rdata(kind, value):
    if kind in ("A", "AAAA"):
        return ipaddress.ip_address(value).packed
    if kind in ("MX", "PTR"):
        return (struct.pack("!H", 10) if kind == "MX" else b"") + name_bytes(value)
    if kind == "TLSA":
        usage, selector, matching, data = value.split()
        return bytes([int(usage), int(selector), int(matching)]) + bytes.fromhex(data)
    raw = value.encode()
    parts = [raw[i:i + 255] for i in range(0, len(raw), 255)] or [b""]
    return b"".join(bytes([len(p)]) + p for p in parts)


def signature(number, until):
    """A RRSIG over records of this type (RFC 4034 3.1) that nobody has made with a key."""
    return struct.pack("!HBBIIIH", number, 13, 2, 300, until, until - 86400, 1) + name_bytes("test") + b"x" * 64


def wants_signatures(packet, end):
    """Is there an OPT record with DO behind the question (RFC 3225 3)?"""
    return packet[end:end + 3] == b"\0\0\x29" and struct.unpack("!H", packet[end + 7:end + 9])[0] & DO != 0


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
        rcode = {"servfail": SERVFAIL, "refused": REFUSED}.get(found, 0) if isinstance(found, str) else \
            NXDOMAIN if found is None else 0
        answers = b""
        for value in records:
            data = rdata(kind, value)
            answers += b"\xc0\x0c" + packet[end - 4:end] + struct.pack("!IH", 300, len(data)) + data
        until = found.get("signed_until") if isinstance(found, dict) else None
        count = len(records)
        if records and until and wants_signatures(packet, end):
            data = signature(number, until)
            answers += b"\xc0\x0c" + struct.pack("!HHIH", RRSIG, 1, 300, len(data)) + data
            count += 1
        secure = AD if isinstance(found, dict) and found.get("secure") else 0
        header = packet[:2] + struct.pack("!HHHHH", 0x8580 | secure | rcode, 1, count, 0, 0)
        return header + packet[12:end] + answers
