# SPDX-License-Identifier: ISC
"""Whatever a client of Postfix can put into a policy request is answered: every attribute with values
that are absurd, over-long, repeated, empty, absent or of wrong bytes, over the daemon's socket."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import dnsd  # noqa: E402
import world  # noqa: E402
from world import equal, holds, read_answer  # noqa: E402

GOOD, BAD = "192.0.2.1", "198.51.100.1"
ZONE = {
    "a.test": {"TXT": ["v=spf1 ip4:192.0.2.0/24 -all"]},
    # what the client says becomes a part of the names that are asked for
    "macro.test": {"TXT": ["v=spf1 exists:%{l}.%{h}.l.test exists:%{s}.s.test -all exp=%{l}.e.test"]},
}
dns = dnsd.Server(ZONE)
CONFIG = """
hostname = "mx.test"
dns {
    servers = {"127.0.0.1:%d"}
    timeout = 500ms
}
store { uri = {"STORE"} }
limit people { key = user  count = recipients  max = 2  per = 1d }
limit hosts { key = client  count = recipients  max = 2  per = 1d  from = {authenticated} }
policyd {
    listen = {"SOCKET"}
    user = "USER"
}
""" % dns.port
REFUSED = "550 5.7.23 SPF fail: a.test does not authorise 198.51.100.1 to send its mail"
TOO_LARGE = "451 4.3.0 Checking this mail needs more memory than is allowed"

# in the order in which Postfix sends them
PLAIN = {
    "request": "smtpd_access_policy", "protocol_state": "RCPT", "protocol_name": "ESMTP",
    "client_address": BAD, "client_name": "unknown", "client_port": "40000",
    "reverse_client_name": "unknown", "server_address": "203.0.113.1", "server_port": "25",
    "helo_name": "helo.test", "sender": "x@a.test", "recipient": "r@here.test", "recipient_count": "0",
    "queue_id": "", "instance": "1.2.3.0", "size": "0", "etrn_domain": "", "stress": "", "sasl_method": "",
    "sasl_username": "", "sasl_sender": "", "ccert_subject": "", "ccert_issuer": "",
    "ccert_fingerprint": "", "ccert_pubkey_fingerprint": "", "encryption_protocol": "",
    "encryption_cipher": "", "encryption_keysize": "0", "policy_context": "",
    "compatibility_level": "3.6", "mail_version": "3.11.0",
}
NOVELTIES = ["tls_sni", "frobnicate", "", "size ", "SIZE", "sender\t", "\x01", "\udcff", "x" * 3000]
# of these gatepost-policyd makes something
USED = ("protocol_state", "client_address", "client_name", "server_address", "server_port", "helo_name", "sender", "recipient",
        "recipient_count", "queue_id", "instance", "size", "sasl_username", "policy_context")
# these say who is asked about and when; their values have tests of their own
DECIDE = ("request", "protocol_state", "client_address", "sender", "sasl_username")

NUMBERS = ["-1", "+1", "0x10", "1e9", "1.5", "00", " 7", "2147483648", "4294967296", str(2 ** 50),
           str(2 ** 50 + 1), str(2 ** 63 - 1), str(2 ** 63), str(2 ** 64), "9" * 400, "NaN", "٣"]
BYTES = ["".join(chr(c) for c in range(0, 256) if c != 10).encode("latin-1").decode("utf-8", "surrogateescape"),
         "\0", "a\0b", "\0" * 300, "\r", "\t", " ", "\x7f", "\udc80", "\udcc3", "\udced\udca0\udc80",
         "\udcf4\udc90\udc80\udc80", "\u202e\u200d\ufeff", "%s%n%d", "%{l}", "${x}", "$(id)", "'\"`\\", "=",
         "==a=b=", "action=OK", "\x1b[2J", "jörg@bücher.test", "\ufdfa" * 500]
NAMES = ["unknown", "[192.0.2.1]", "[IPv6:2001:db8::1]", "192.0.2.1", "fe80::1%eth0", ".", "..", "a..b", "@", "a@",
         "@a", "<>", "<a@b>", "a@b@c", "-", "xn--", "xn--a", "a" * 64 + ".test", "a." * 127 + "test",
         ".".join(["a" * 63] * 5), "*", "*.test", "localhost", "_", "a.test."]
LENGTHS = [255, 256, 1000, 2048, 4097, 16384, 20000, 60000]
LONG = ["x" * n for n in LENGTHS] + ["ü" * 2000, "." * 3000, "@" * 3000, "\"" * 15000, "%" * 3000]
VALUES = [""] + NUMBERS + BYTES + NAMES + LONG


class Daemon:
    """with Daemon() as d: a policyd for the time of one test, that never says anything about our trouble."""

    def __enter__(self):
        self.policyd = world.Policyd(CONFIG)
        return self.policyd

    def __exit__(self, kind, value, trace):
        self.policyd.stop()
        text = self.policyd.text()
        self.policyd.close()
        if kind is None:
            for word in ("ERROR: ", "runtime error", "level=error", "no answer", "malformed-request"):
                assert word not in text, text[-4000:]
            for line in text.splitlines():
                assert line.startswith("level=") and line.isprintable() and line.isascii(), line


def lines(values):
    """A request of (name, value) pairs."""
    text = "".join("%s=%s\n" % pair for pair in values) + "\n"
    return text.encode("utf-8", "surrogateescape")


def changed(**others):
    return list(dict(PLAIN, **others).items())


class Client:
    """One connection: it must never be closed."""

    def __init__(self, daemon):
        self.s = daemon.connect(timeout=30)

    def ask(self, values, about):
        self.s.sendall(lines(values))
        answer = read_answer(self.s)
        assert answer is not None, "closed without an answer: %s" % str(about)[:300]
        return answer

    def refused(self, values, about):
        answer = self.ask(values, about)
        assert answer.startswith(REFUSED), "%s\ngot %s" % (str(about)[:300], answer)


def each_value():
    """no value of an attribute saves a forged sender from its refusal, however absurd or long"""
    with Daemon() as d:
        c = Client(d)
        for name in [n for n in PLAIN if n not in DECIDE] + NOVELTIES:
            for value in VALUES:
                c.refused(changed(**{name: value}), (name, value))


def absent():
    """an attribute that is not there, or empty, saves a forged sender just as little"""
    with Daemon() as d:
        c = Client(d)
        for name in PLAIN:
            if name not in DECIDE or name == "sasl_username":
                c.refused([p for p in PLAIN.items() if p[0] != name], name)
                c.refused(changed(**{name: ""}), name)
        for name in DECIDE[1:]:
            c.ask([p for p in PLAIN.items() if p[0] != name], name)
            c.ask(changed(**{name: ""}), name)
        c.ask([("request", "smtpd_access_policy")], "nothing else")


def repeated():
    """an attribute that comes twice, before or behind the true one, lets nobody in"""
    with Daemon() as d:
        c = Client(d)
        for name in PLAIN:
            for value in ("", PLAIN[name], "unknown", GOOD, "x@nothing.test", "9" * 30, "alice", "DATA", "=", "\0"):
                c.refused(changed() + [(name, value)], (name, value))
            c.refused(changed() * 3, name)
        # what a user's name is worth: of two, the empty one counts
        for name in ("alice", "alice@here.test"):
            c.refused([("request", "smtpd_access_policy"), ("sasl_username", name)] + changed(), name)


def who_decides():
    """absurd senders, users, states and clients are answered, too"""
    with Daemon() as d:
        c = Client(d)
        for name in DECIDE[1:]:
            for value in VALUES:
                c.ask(changed(**{name: value}), (name, value))
                c.ask(changed(**{name: value}) + [(name, value + "x")], (name, value))


def usable_part():
    """a sender's domain is judged whatever its local part, HELO and recipient are"""
    with Daemon() as d:
        c = Client(d)
        for value in [v for v in VALUES if len(v) <= 20000]:
            for domain in ("a.test", "A.TEST", "a.test."):
                c.refused(changed(sender="%s@%s" % (value, domain), helo_name=value, recipient=value), (value, domain))
            answer = c.ask(changed(sender=value + "@macro.test", helo_name=value), value)
            holds(answer, "550 5.7.23 SPF fail: macro.test does not authorise 198.51.100.1")
            # a null sender is judged by HELO, which may be the only thing that can be used
            c.refused(changed(sender="", helo_name="a.test", recipient=value, sasl_sender=value), value)


def good_senders():
    """the same values keep nobody out whose domain authorises the client"""
    with Daemon() as d:
        c = Client(d)
        for name in [n for n in PLAIN if n not in DECIDE] + NOVELTIES:
            for value in ("", "9" * 30, "x" * 2048, "\0", "\udcff", "=", "unknown"):
                answer = c.ask(changed(**{"client_address": GOOD, "instance": "", name: value}), (name, value))
                assert answer.startswith("PREPEND Authentication-Results: mx.test; spf=pass") or (
                    name == "instance" and answer == "DUNNO"), (name, value, answer)


def unreadable_client():
    """a client address that is none is unknown: nothing is said about it, and it is not ours"""
    with Daemon() as d:
        c = Client(d)
        for value in ("1.2.3", "rubbish", "1.2.3.4.5", "192.0.2.1:25", "x" * 5000, "\0", "%"):
            equal(c.ask(changed(client_address=value), value), "DUNNO")
        d.wait_log("rule=unreadable-client")
        equal(c.ask(changed(client_address="unknown"), "unknown"), "DUNNO")
        d.wait_log("rule=local-client")
        # with its zone an address is what it is without
        c.refused(changed(client_address=BAD + "%eth0"), "zone")


def too_large():
    """a request larger than its memory is deferred, and the connection goes on; what nobody uses takes none"""
    with Daemon() as d:
        c = Client(d)
        for name in [n for n in PLAIN if n != "request"] + NOVELTIES[:3]:
            for size in (70000, 1000000):
                answer = c.ask(changed(**{name: "x" * size}), (name, size))
                holds(answer, TOO_LARGE if name in USED else REFUSED)
        many = [("novelty%d" % i, "=" * 50) for i in range(3000)]
        holds(c.ask(changed() + many, "many"), REFUSED)
        holds(c.ask(many + changed(), "many before"), REFUSED)
        many = [("recipient", "=" * 50) for i in range(3000)]
        equal(c.ask(changed() + many, "one many times"), TOO_LARGE)
        # and what follows in the same piece is a request of its own
        c.s.sendall(lines(changed(helo_name="x" * 70000)) + lines(changed()))
        data = b""
        while data.count(b"\n\n") < 2:
            data += c.s.recv(65536)
        equal(data.decode().split("\n\n")[0], "action=" + TOO_LARGE)
        holds(data.decode().split("\n\n")[1], "action=" + REFUSED)
        d.wait_log("action=defer rule=policyd.request_memory")


def limits_count():
    """limits at RCPT count whatever the other attributes hold"""
    serial = iter(range(1000000))
    with Daemon() as d:
        c = Client(d)
        odd = ["", "9" * 30, "-1", "x" * 2048, "x" * 20000, "\0", "\udcff", "a\0b", "=", "unknown", "ü" * 700]
        for name in [n for n in PLAIN if n not in ("request", "protocol_state", "sasl_username", "instance")]:
            for value in odd:
                user, instance = "u%d" % next(serial), "m%d" % next(serial)
                host = "203.0.113.9" if name == "client_address" else "10.9.%d.%d" % divmod(next(serial), 250)
                values = changed(**{"sasl_username": user, "instance": instance, "client_address": host, name: value})
                got = [c.ask(values, (name, value))[:9] for _ in range(3)]
                equal((name, value[:20], got), (name, value[:20], ["DUNNO", "DUNNO", "450 4.7.1"]))
                equal(d.used(user, "people"), 2)
    with Daemon() as d:  # a message stays one, and a user one, however long their names
        for names in ({"instance": "i" * 5000}, {"instance": "i" * 20000, "sasl_username": "u" * 2000},
                      {"sasl_username": "u\0v"}, {"sasl_username": "\ufdfa" * 3000}):
            c = Client(d)
            host = "10.8.%d.%d" % divmod(next(serial), 250)
            values = changed(**dict({"sasl_username": "w%d" % next(serial), "client_address": host}, **names))
            equal([c.ask(values, names)[:9] for _ in range(3)], ["DUNNO", "DUNNO", "450 4.7.1"])


def main():
    tap = world.Tap()
    for test in (each_value, absent, repeated, who_decides, usable_part, good_senders, unreadable_client, too_large,
                 limits_count):
        tap.run(test)
    tap.finish()


main()
