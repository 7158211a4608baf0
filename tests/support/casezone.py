# SPDX-License-Identifier: ISC
"""The zones of the collected cases as a name server on loopback, over UDP and TCP.

    server = CaseServer()
    server.zone = Zone(file["zones"][case["zone"]])

A zone maps names to lists of records and behaviours, as the README beside the cases says: CNAMEs are
followed, a name with descendants only has no data, "*.x" is a wildcard. The zone may be changed
between questions."""
import base64
import struct

import dnsd

NUMBERS = {"A": 1, "NS": 2, "CNAME": 5, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SPF": 99, "ANY": 255}
RCODES = {"FORMERR": 1, "SERVFAIL": 2, "NXDOMAIN": 3, "NOTIMP": 4, "REFUSED": 5, "NODATA": 0}
SILENT = "silent"
CNAMES = 16


def chunks(value):
    if isinstance(value, str):
        raw = value.encode("utf-8", "surrogateescape")
        return [raw[i:i + 255] for i in range(0, len(raw), 255)] or [b""]
    return [base64.b64decode(c["b64"]) if isinstance(c, dict) else c.encode() for c in value]


def wire(record):
    """(type number, rdata)"""
    kind, value = record["type"], record.get("value")
    if kind == "RAW":
        return value["rrtype"], base64.b64decode(value["b64"])
    if kind == "MX":
        return NUMBERS[kind], struct.pack("!H", int(value[0])) + dnsd.name_bytes(value[1])
    if kind in ("TXT", "SPF"):
        return NUMBERS[kind], b"".join(bytes([len(c)]) + c for c in chunks(value))
    if kind in ("NS", "CNAME"):
        return NUMBERS[kind], dnsd.name_bytes(value)
    return NUMBERS[kind], dnsd.rdata(kind, value)


class Zone:
    def __init__(self, entries):
        self.records, self.behaviours, self.names = {}, {}, set()
        for name, items in entries.items():
            key = name.lower().rstrip(".")
            for item in items:
                if item["type"] in NUMBERS or item["type"] == "RAW":
                    self.records.setdefault(key, []).append(item)
                else:
                    self.behaviours.setdefault(key, []).append(item)
            labels = key.split(".")
            self.names.update(".".join(labels[i:]) for i in range(len(labels)))
        self.names.discard("@")

    def owner(self, name):
        """the name itself, the wildcard that stands for it, or None"""
        if name in self.names:
            return name
        labels = name.split(".")
        for i in range(1, len(labels) + 1):
            closest = ".".join(labels[i:])
            if closest in self.names or not closest:
                star = "*." + closest if closest else "*"
                return star if star in self.records or star in self.behaviours else None
        return None

    def behaves(self, owner, kind, has_data):
        """the first behaviour that applies to a question of this type: its word, or None"""
        for b in self.behaviours.get(owner, []):
            word, value = b["type"], b.get("value")
            if word in RCODES or word == "TIMEOUT":
                if value == "ANY" or value == kind or (value is None and not has_data):
                    return word
        return None

    def flag(self, owner, word):
        return any(b["type"] == word for o in (owner, "@") for b in self.behaviours.get(o, []))

    def default(self):
        for b in self.behaviours.get("@", []):
            if b["type"] == "DEFAULT":
                return b["value"]
        return "NXDOMAIN"

    def answer(self, name, number):
        """(rcode or SILENT, [(owner name, type, rdata)], secure, truncated)"""
        kind = {v: k for k, v in NUMBERS.items()}.get(number, "")
        found, asked = [], name.lower()
        for _ in range(CNAMES):
            owner = self.owner(asked)
            records = [wire(r) for r in self.records.get(owner, [])]
            match = [r for r in records if r[0] == number]
            word = self.behaves(owner, kind, bool(match)) if owner else self.default()
            secure = self.flag(owner, "AD")
            if word:
                return (SILENT if word == "TIMEOUT" else RCODES[word]), found, secure, False
            if match:
                found += [(asked, t, d) for t, d in match]
                return 0, found, secure, self.flag(owner, "TC")
            alias = [r for r in self.records.get(owner, []) if r["type"] == "CNAME"]
            if not alias:
                return 0, found, secure, False
            found.append((asked, 5, wire(alias[0])[1]))
            asked = alias[0]["value"].lower().rstrip(".")
        return RCODES["SERVFAIL"], [], False, False


class CaseServer(dnsd.Server):
    def __init__(self, zone=None):
        super().__init__(zone or Zone({}))

    def _reply(self, packet):
        labels, number, end = dnsd.question(packet)
        name = b".".join(labels).decode("utf-8", "surrogateescape")
        self.asked.append((name, number))
        rcode, found, secure, truncated = self.zone.answer(name, number)
        if rcode == SILENT:
            return None
        body = b""
        for owner, kind, data in found:
            body += b"\xc0\x0c" if owner == name.lower() else dnsd.name_bytes(owner)
            body += struct.pack("!HHIH", kind, 1, 60, len(data)) + data
        flags = 0x8180 | rcode | (0x20 if secure else 0)
        head = packet[:2] + struct.pack("!HHHHH", flags, 1, len(found), 0, 0)
        return head + packet[12:end] + body
