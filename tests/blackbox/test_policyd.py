# SPDX-License-Identifier: ISC
"""The running gatepost-policyd on a socket of the test's own, with a scripted name server."""
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import dnsd  # noqa: E402
import world  # noqa: E402
from world import ask, equal, holds, read_answer, request_text  # noqa: E402

GOOD, BAD = "192.0.2.1", "198.51.100.1"
ZONE = {
    "a.test": {"TXT": ["v=spf1 ip4:192.0.2.0/24 -all"]},
    "exp.test": {"TXT": ["v=spf1 -all exp=why.exp.test"]},
    "why.exp.test": {"TXT": ["go away, %{i}"]},
    "soft.test": {"TXT": ["v=spf1 ~all"]},
    "nomail.test": {"TXT": ["v=spf1 -all"]},
    "broken.test": {"TXT": ["v=spf1 nonsense:x -all"]},
    "fail.test": "servfail",
    "mute.test": "silent",
    "_dmarc.owner.test": {"TXT": ["v=DMARC1; p=reject"]},
    "owner.test": {"TXT": ["v=spf1 -all"]},
    "news.owner.test": {"TXT": ["v=spf1 -all"]},
    "forward.test": {"TXT": ["v=spf1 ip4:203.0.113.0/24 -all"]},
    "xn--bcher-kva.test": {"TXT": ["v=spf1 ip4:192.0.2.0/24 -all"]},
}
REFUSED = ("550 5.7.23 SPF fail: a.test does not authorise 198.51.100.1 to send its mail "
           "(mailfrom=x@a.test, mechanism -all)")
dns = dnsd.Server(ZONE)


def config(spf="", policyd="", log="", top="", timeout="2s", attempts=2):
    return """
hostname = "mx.test"
%s
spf { %s
}
dns {
    servers = {"127.0.0.1:%d"}
    timeout = %s
    attempts = %d
}
policyd {
    listen = {"SOCKET"}
    user = "USER"
    %s
}
log { %s
}
""" % (top, spf, dns.port, timeout, attempts, policyd, log)


def mail(client=BAD, sender="x@a.test", **others):
    values = {"client_address": client, "helo_name": "helo.test", "sender": sender,
              "recipient": "r@here.test", "instance": "i%d" % next(serial)}
    values.update(others)
    return values


serial = iter(range(1000000))


def need_root():
    if os.geteuid() != 0:
        raise world.Skip("needs root")


class Daemon:
    """with Daemon(...) as d: a policyd for the time of one test."""

    def __init__(self, **options):
        self.options = options

    def __enter__(self):
        self.policyd = world.Policyd(config(**self.options))
        return self.policyd

    def __exit__(self, kind, value, trace):
        self.policyd.close()
        if kind is None:
            text = self.policyd_text()
            assert "ERROR: " not in text and "WARNING: ThreadSanitizer" not in text, text

    def policyd_text(self):
        try:
            return self.policyd.text()
        except FileNotFoundError:
            return ""


# ---- protocol ----

MALFORMED = [
    ("no equal sign", b"request=smtpd_access_policy\nrubbish\n\n", "line without ="),
    ("other request", b"request=junk\n\n", "request is not smtpd_access_policy"),
    ("no request", b"sender=x\n\n", "request is not smtpd_access_policy"),
    ("empty request", b"\n", "request is not smtpd_access_policy"),
    ("large other request", b"request=junk\nsender=" + b"x" * 100000 + b"\n\n", "request is not"),
]


def malformed():
    """what no Postfix can send closes the connection without an answer, and the log says why"""
    with Daemon() as d:
        for name, data, problem in MALFORMED:
            with d.connect() as s:
                s.sendall(data)
                equal((name, read_answer(s)), (name, None))
            d.wait_log(problem)
        equal(ask(d.connect(), **mail()), REFUSED)


def malformed_without_end():
    """of requests that are malformed there are a few lines a minute in the log, whoever sends them; all are counted"""
    with Daemon() as d:
        for _ in range(200):
            with d.connect() as s:
                s.sendall(b"nonsense\n\n")
                equal(read_answer(s), None)
        holds(d.control("metrics")["text"], "malformed_total 200\n")
        d.wait_log("malformed-request")
        assert d.text().count("malformed-request") <= 30, d.text()
        equal(d.ask(**mail()), REFUSED)


def unused_value():
    """a value that nobody uses defers no mail, however long it is"""
    with Daemon() as d:
        for length in (10, 20000, 70000, 1000000):
            for name in ("ccert_subject", "novelty"):
                equal(d.ask(**mail(**{name: "v" * length})), REFUSED)


def blanks_behind_the_domain():
    """blanks at the end of the sender's domain are no part of it: SPF is asked for the one that is meant"""
    with Daemon() as d:
        for sender in ("x@a.test ", "x@a.test\t ", "x@a.test .", "x@ a.test", "x@\ta.test "):
            holds(d.ask(**mail(sender=sender)), "550 5.7.23 SPF fail: a.test does not authorise")


def malformed_whose():
    """the warning about a malformed request names client and instance, as far as they are known"""
    begun = b"request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address=192.0.2.77\ninstance=%s\n"
    with Daemon(policyd="deadline = 300ms", timeout="200ms") as d:
        for number, (data, rest, problem) in enumerate((
                (begun, b"rubbish\n\n", "line without ="),
                (begun.replace(b"smtpd_access_policy", b"junk"), b"\n", "request is not smtpd_access_policy"),
                (begun, b"sender=x", "connection closed within a request"),
                (begun, None, "request not complete within the deadline"))):
            with d.connect() as s:
                s.sendall(data % (b"w.%d" % number) + (rest or b""))
                if rest is not None:
                    s.shutdown(socket.SHUT_WR)
                equal(read_answer(s), None)
            line = d.wait_log("instance=w.%d" % number) and [
                one for one in d.text().splitlines() if "instance=w.%d" % number in one][0]
            for part in ("level=warning", "event=malformed-request", "client=192.0.2.77", "stage=RCPT", problem):
                holds(line, part)


LATE = "Postfix sends requests at END-OF-MESSAGE only"


def late_stage():
    """that Postfix sends requests at END-OF-MESSAGE only is said when it does so, message after message"""
    with Daemon() as d, d.connect() as s:
        for _ in range(2):
            equal(ask(s, protocol_state="END-OF-MESSAGE", **mail()), "DUNNO")
        equal(ask(s, protocol_state="CONNECT", **mail()), "DUNNO")
        assert LATE not in d.text()
        equal(ask(s, protocol_state="END-OF-MESSAGE", **mail()), "DUNNO")
        d.wait_log(LATE)


def late_stage_misunderstood():
    """that is never said of messages that came before their end in a request that was not understood"""
    with Daemon() as d:
        for state in ("RCPT", "DATA", "rubbish", ""):
            for cut in (b"rubbish\n\n", b"sender=x"):
                for _ in range(6):
                    values = mail()
                    with d.connect() as s:  # as Postfix does: the same over another connection
                        s.sendall(request_text(protocol_state=state, **values).encode()[:-1] + cut)
                        s.shutdown(socket.SHUT_WR)
                        equal(read_answer(s), None)
                    equal(d.ask(protocol_state="END-OF-MESSAGE", **values), "DUNNO")
            with d.connect() as s:
                ask(s, protocol_state=state, **mail())
                for _ in range(6):
                    equal(ask(s, protocol_state="END-OF-MESSAGE", **mail()), "DUNNO")
        d.wait_log("malformed-request")
        assert LATE not in d.text(), d.text()


def cut_off():
    """a connection that ends within a request is logged, not answered"""
    with Daemon() as d:
        with d.connect() as s:
            s.sendall(b"GET / HTTP/1.0\r\n")
            s.settimeout(world.PATIENCE_S)
            equal(read_answer(s), None)
        with d.connect() as s:
            s.sendall(b"request=smtpd_access_policy\nsender=x")
            s.shutdown(socket.SHUT_WR)
            equal(read_answer(s), None)
        d.wait_log("connection closed within a request")


def in_pieces():
    """a request may come byte by byte, and several in one piece"""
    with Daemon() as d, d.connect() as s:
        for byte in request_text(**mail()).encode():
            s.sendall(bytes([byte]))
        equal(read_answer(s), REFUSED)
        s.sendall((request_text(**mail()) + request_text(**mail(sender="x@b.test"))).encode())
        data = b""
        while data.count(b"\n\n") < 2:
            data += s.recv(4096)
        first, second = data.decode().split("\n\n")[:2]
        equal(first, "action=" + REFUSED)
        holds(second, "action=PREPEND Authentication-Results: mx.test; spf=none")


def slow_request():
    """a request that does not become whole within the deadline closes its connection"""
    with Daemon(policyd="deadline = 500ms", timeout="400ms") as d, d.connect() as s:
        s.sendall(b"request=smtpd_access_policy\n")
        equal(read_answer(s), None)
        d.wait_log("request not complete within the deadline")


def unknown_attributes():
    """unknown attributes are ignored"""
    with Daemon() as d:
        equal(d.ask(tls_sni="x", frobnicate="=a=b=", **mail()), REFUSED)


def odd_bytes():
    """every byte in every attribute: an answer or a closed connection, and the log stays in lines"""
    with Daemon() as d:
        for key in ("client_name", "reverse_client_name", "helo_name", "sender", "recipient", "instance", "queue_id",
                    "sasl_username", "protocol_state", "server_address", "frobnicate"):
            for value in ("".join(chr(c) for c in range(1, 256) if c != 10), "@", "a@", "@a", "..", "a..b",
                          "x" * 3000, "[1.2.3.4]", "\udcff\udcfe@\udcff", "jörg@bücher.test", "%s%n"):
                d.ask(**mail(**{key: value}))
        equal(d.ask(**mail()), REFUSED)
        d.wait_log("stage=RCPT")
        for line in d.text().splitlines():
            assert line.startswith("level=") and line.isprintable() and line.isascii(), line


def other_states():
    """SPF is asked at MAIL, RCPT, and at DATA when nothing came before; nowhere else"""
    with Daemon() as d:
        for state, wanted in (("CONNECT", "DUNNO"), ("EHLO", "DUNNO"), ("MAIL", REFUSED),
                              ("RCPT", REFUSED), ("VRFY", "DUNNO"), ("DATA", REFUSED),
                              ("END-OF-MESSAGE", "DUNNO")):
            equal((state, d.ask(protocol_state=state, **mail())), (state, wanted))
        with d.connect() as s:  # a message is asked about once, another one on the same connection too
            first = mail()
            equal(ask(s, **first), REFUSED)
            equal(ask(s, protocol_state="DATA", **first), "DUNNO")
            equal(ask(s, protocol_state="DATA", **mail()), REFUSED)


# ---- decisions ----

def decisions(rows):
    for options, attributes, wanted in rows:
        with Daemon(**options) as d:
            got = d.ask(**mail(**attributes))
            assert got is not None and re.fullmatch(wanted, got), "%r %r\ngot    %s\nwanted %s" % (
                options, attributes, got, wanted)


def modes():
    """mode off asks nothing, label refuses nothing and says what enforce would have done"""
    with Daemon(spf="mode = off") as d:
        before = len(dns.asked)
        equal(d.ask(**mail()), "DUNNO")
        equal(len(dns.asked), before)
    with Daemon(spf="mode = label") as d:
        holds(d.ask(**mail()), "PREPEND Authentication-Results: mx.test; spf=fail")
        d.wait_log("action=accept would=reject rule=spf.reject reply=\"550 5.7.23")


def errors():
    """temperror and permerror: accepted and labelled, deferred or rejected as configured"""
    decisions([
        ({}, {"sender": "x@fail.test"}, "PREPEND Authentication-Results: mx.test; spf=temperror.*"),
        ({"spf": "on_temperror = defer"}, {"sender": "x@fail.test"},
         r"451 4\.4\.3 SPF temperror for fail\.test \(mailfrom=x@fail\.test, client 198.*"),
        ({"spf": "on_temperror = defer\ntemperror_code = \"450 4.7.1\""}, {"sender": "x@fail.test"},
         r"450 4\.7\.1 .*"),
        ({}, {"sender": "x@broken.test"}, "PREPEND Authentication-Results: mx.test; spf=permerror.*"),
        ({"spf": "on_permerror = defer"}, {"sender": "x@broken.test"}, r"451 4\.7\.24 SPF permerror.*"),
        ({"spf": "on_permerror = reject"}, {"sender": "x@broken.test"}, r"550 5\.7\.24 SPF permerror.*"),
    ])


def yield_to_dmarc():
    """where the sender's domain or the one above it publishes DMARC, the refusal waits for the message"""
    for sender in ("x@owner.test", "x@news.owner.test"):
        decisions([
            ({}, {"sender": sender}, r"550 5\.7\.23 SPF fail: .*"),
            ({"spf": "yield_to_dmarc = yes"}, {"sender": sender},
             "PREPEND Authentication-Results: mx.test; spf=fail.*"),
        ])
    decisions([({"spf": "yield_to_dmarc = yes"}, {}, r"550 5\.7\.23 SPF fail: a\.test .*")])


def refused_verdicts():
    """which verdicts are refused is configured; no-mail stands for v=spf1 -all"""
    decisions([
        ({"spf": "reject = {fail, softfail}"}, {"sender": "x@soft.test"}, r"550 5\.7\.23 SPF softfail.*"),
        ({"spf": "reject = {}"}, {}, "PREPEND .*spf=fail.*"),
        ({"spf": "reject = {none}"}, {"sender": "x@nothing.test"}, r"550 5\.7\.23 SPF none.*"),
        ({"spf": "reject = {no-mail}"}, {"sender": "x@nomail.test"}, r"550 5\.7\.23 SPF fail.*"),
        ({"spf": "reject = {no-mail}"}, {}, "PREPEND .*spf=fail.*"),
        ({"spf": "must_pass = {\"soft.test\"}"}, {"sender": "x@soft.test"}, r"550 5\.7\.23 SPF softfail.*"),
        ({"spf": "must_pass = {\"fail.test\"}"}, {"sender": "x@fail.test"}, r"451 4\.4\.3 .*"),
        ({"spf": "must_pass = {\".test\"}"}, {"client": GOOD}, "PREPEND .*spf=pass.*"),
    ])


def helo():
    """HELO alone refuses a null sender only, unless configured otherwise"""
    decisions([
        ({}, {"sender": "", "helo_name": "a.test"},
         r"550 5\.7\.23 SPF fail: a\.test does not authorise 198\.51\.100\.1 to send its mail "
         r"\(helo=a\.test, mechanism -all\)"),
        ({}, {"sender": "<>", "helo_name": "a.test"}, r"550 5\.7\.23 .*\(helo=a\.test, mechanism -all\)"),
        ({}, {"sender": "x@nothing.test", "helo_name": "bücher.test"}, "PREPEND .*smtp.helo=xn--bcher-kva.test"),
        ({}, {"sender": "x@nothing.test", "helo_name": "a.test"}, "PREPEND .*smtp.helo=a.test"),
        ({"spf": "helo = always"}, {"sender": "x@nothing.test", "helo_name": "a.test"}, "550 .*helo=a.*"),
        ({"spf": "helo = label"}, {"sender": "", "helo_name": "a.test"}, "PREPEND .*spf=fail.*smtp.helo=a.test"),
        ({"spf": "helo = off"}, {"sender": "x@nothing.test", "helo_name": "a.test"},
         "PREPEND Authentication-Results: mx.test; spf=none [^;]*"),
        ({}, {"sender": "", "helo_name": "[198.51.100.1]"}, "PREPEND Authentication-Results: mx.test; none"),
    ])


def texts():
    """code, text, page and explanation of the reply are configured"""
    decisions([
        ({"spf": "reject_code = \"554 5.7.1\"\nreject_text = \"no {value} from {client} for {recipient}\"\n"
                 "url = \"https://x.test/?d={domain}\""}, {},
         r"554 5\.7\.1 no x@a\.test from 198\.51\.100\.1 for r@here\.test; see https://x\.test/\?d=a\.test"),
        ({}, {"sender": "x@exp.test"}, r".*; exp\.test explains: \"go away, 198\.51\.100\.1\""),
        ({"spf": "explanation = no"}, {"sender": "x@exp.test"}, r"550 [^;]*"),
        ({}, {"sender": "x\"\x01\x7f\"@a.test"}, r"550 .*\(mailfrom=x\"\?\?\"@a\.test, .*"),
    ])


def headers():
    """the header is configured: Authentication-Results, Received-SPF or none"""
    decisions([
        ({"spf": "header = received-spf"}, {"client": GOOD},
         r"PREPEND Received-SPF: pass \(domain authorises client 192\.0\.2\.1, mechanism ip4:192\.0\.2\.0/24\) "
         r"receiver=mx\.test; client-ip=192\.0\.2\.1; envelope-from=x@a\.test; helo=helo\.test; "
         r"identity=mailfrom; mechanism=\"?ip4:192\.0\.2\.0/24\"?"),
        ({"spf": "header = received-spf"}, {"sender": "x@broken.test"},
         r"PREPEND Received-SPF: permerror .*; problem=\"broken\.test: nonsense:x: .*\""),
        ({"spf": "header = none"}, {"client": GOOD}, "DUNNO"),
        ({"policyd": "pass_action = \"my_class\""}, {"client": GOOD}, "my_class"),
        ({"policyd": "pass_action = \"my_class\""}, {"sender": "x@soft.test"}, "PREPEND .*"),
        ({}, {"client": GOOD, "sender": "a\r\nX-Evil: b@a.test"[:1] + "\r@a.test"},
         r"PREPEND [^\r]*smtp\.mailfrom=\"a\?@a\.test\""),
    ])


def exceptions():
    """authenticated users, trusted networks and the configured exceptions pass"""
    decisions([
        ({}, {"sasl_username": "alice"}, "DUNNO"),
        ({"top": "trusted_networks = {\"198.51.100.0/24\"}"}, {}, "DUNNO"),
        ({"top": "own_networks = {\"198.51.100.1\"}"}, {}, "DUNNO"),
        ({"spf": "exempt_clients = {\"198.51.100.1\"}"}, {}, "DUNNO"),
        ({"spf": "exempt_client_names = {\".relay.test\"}"}, {"client_name": "a.relay.test"}, "DUNNO"),
        ({"spf": "exempt_client_names = {\".relay.test\"}"}, {"client_name": "relay.test"}, "550 .*"),
        ({"spf": "exempt_helo = {\"helo.test\"}"}, {}, "DUNNO"),
        ({"spf": "exempt_senders = {\"A.Test\"}"}, {}, "DUNNO"),
        ({"spf": "exempt_senders = {\"bücher.test\"}"}, {"sender": "x@bücher.test"}, "DUNNO"),
        ({"spf": "exempt_senders = {\"*.a.test\"}"}, {"sender": "x@s.A.test."}, "DUNNO"),
        ({"spf": "exempt_senders = {\"*.a.test\"}"}, {}, "550 .*"),
        ({"spf": "exempt_senders = {\"x@A.test\"}"}, {"sender": "X@a.test"}, "DUNNO"),
        ({"spf": "exempt_senders = {\"x@a.test\"}"}, {"sender": "y@a.test"}, "550 .*"),
        ({"spf": "exempt_senders = {\"x@\"}"}, {}, "DUNNO"),
        ({"spf": "exempt_senders = {\"x@\"}"}, {"sender": "", "helo_name": "a.test"}, "550 .*"),
        ({"spf": "exempt_senders = {\"x@bücher.test\"}"}, {"sender": "x@xn--bcher-kva.test"}, "DUNNO"),
        ({"spf": "exempt_recipients = {\"*.list.test\"}"}, {"recipient": "a@b.List.test."}, "DUNNO"),
        ({"spf": "exempt_client_names = {\"*.relay.test\"}"}, {"client_name": "a.Relay.test"}, "DUNNO"),
        ({"spf": "exempt_recipients += {\"abuse@\", \".list.test\"}"}, {"recipient": "Abuse@x.test"}, "DUNNO"),
        ({"spf": "exempt_recipients += {\"abuse@\", \".list.test\"}"}, {"recipient": "a@b.list.test"}, "DUNNO"),
        ({"spf": "exempt_recipients += {\"abuse@\", \".list.test\"}"}, {"recipient": "Postmaster"}, "DUNNO"),
        ({}, {"recipient": "\"postmaster\"@x.test"}, "DUNNO"),
        ({"spf": "exempt_recipients = {\"\\\"a b\\\"@x.test\"}"}, {"recipient": "\"A b\"@x.test"}, "DUNNO"),
        ({"spf": "exempt_recipients += {\"x@bücher.test\"}"}, {"recipient": "x@bücher.test"}, "DUNNO"),
        ({"spf": "exempt_clients = {\"::ffff:198.51.100.0/120\"}"}, {}, "DUNNO"),
        ({"spf": "exempt_recipients = {}"}, {"recipient": "postmaster@x.test"}, "550 .*"),
        ({"spf": "forwarders = {\"forward.test\"}"}, {"client": "203.0.113.5"}, "PREPEND .*spf=fail.*"),
        ({"spf": "forwarders = {\"forward.test\"}"}, {}, "550 .*"),
        ({}, {"client": "unknown"}, "DUNNO"),
    ])


def private_clients():
    """clients behind a NAT are never refused; this is said once and counted"""
    with Daemon() as d:
        for client in ("10.1.2.3", "127.0.0.1", "172.16.0.1", "fd00::1", "::1", "::ffff:10.0.0.1"):
            equal((client, d.ask(**mail(client=client))), (client, "DUNNO"))
        equal(d.ask(server_address=BAD, **mail()), "DUNNO")
        os.kill(d.worker(), signal.SIGUSR1)
        d.wait_log("private_client=7")
        equal(d.text().count("a client has a private address or one of this host"), 1)


def internationalised():
    """a U-label domain is asked for by its A-label, whatever its case"""
    with Daemon() as d:
        holds(d.ask(**mail(client=GOOD, sender="jörg@BÜCHER.test")), "spf=pass")
        holds(d.ask(**mail(sender="jörg@bücher.test")), "xn--bcher-kva.test does not authorise")
    holds(str(dns.asked), "xn--bcher-kva.test")


def header_once():
    """one header a message: other recipients, and other connections, get none"""
    with Daemon() as d, d.connect() as s:
        values = mail(client=GOOD, instance="same.1")
        holds(ask(s, **values), "PREPEND ")
        values["recipient"] = "second@here.test"
        equal(ask(s, **values), "DUNNO")
        equal(d.ask(**values), "DUNNO")
        values["instance"] = "same.2"
        holds(ask(s, **values), "PREPEND ")
        holds(d.ask(**mail(client=GOOD, instance="")), "PREPEND ")


def deadline():
    """an answer comes before the deadline although no name server answers"""
    dns.zone["slow1.test"] = dns.zone["slow2.test"] = "silent"
    # ten attempts of 9 s, for two identities, took a minute and a half; the connection waits for a minute
    with Daemon(policyd="deadline = 10s", timeout="9s", attempts=5, spf="on_temperror = defer\nhelo = always") as d, \
            d.connect(timeout=60) as s:
        holds(ask(s, **mail(sender="x@slow1.test", helo_name="slow2.test")), "451 4.4.3 SPF temperror")


def stale():
    """while no name server answers, expired answers are used, and the log says so; other domains are temperrors"""
    here = dnsd.Server({"a.test": {"TXT": ["v=spf1 ip4:192.0.2.0/24 -all"]}})
    text = config(timeout="200ms").replace("127.0.0.1:%d" % dns.port, "127.0.0.1:%d" % here.port)
    for stale_s, rule in (("1d", "dns_stale=1"), ("0", "spf=temperror")):
        d = world.Policyd(text.replace("attempts = 2", "attempts = 2 ttl_min = 0s ttl_max = 1s stale = %s" % stale_s))
        try:
            here.zone["a.test"] = {"TXT": ["v=spf1 ip4:192.0.2.0/24 -all"]}
            equal(d.ask(**mail()), REFUSED)
            here.zone["a.test"] = here.zone["new.test"] = "silent"
            answers = []
            # until what is kept for a second has expired
            world.wait_for(lambda: answers.append(d.ask(**mail())) or rule in d.text(), rule)
            holds(answers[-1], REFUSED if stale_s != "0" else "spf=temperror")
            holds(d.ask(**mail(sender="x@new.test")), "spf=temperror")
            if stale_s != "0":
                world.equal("gatepost_dns_stale_answers_total 0\n" in d.control("metrics")["text"], False)
        finally:
            d.close()
    here.close()


def slow_server():
    """a server slower than an expired answer is waited for is heard all the same: what it says now counts soon"""
    delayed = threading.Event()
    here = dnsd.Server({"a.test": {"TXT": ["v=spf1 ip4:192.0.2.0/24 -all"]}})
    quick = here._reply

    def reply(packet):
        if delayed.is_set():
            time.sleep(4)  # the fault itself: more than the 1.8 s of RFC 8767
        return quick(packet)

    here._reply = reply
    text = config(timeout="15s").replace("127.0.0.1:%d" % dns.port, "127.0.0.1:%d" % here.port)
    d = world.Policyd(text.replace("attempts = 2", "attempts = 1 ttl_min = 0s ttl_max = 1s"))
    try:
        equal(d.ask(**mail()), REFUSED)
        here.zone["a.test"] = {"TXT": ["v=spf1 ip4:192.0.2.0/24 +all"]}
        delayed.set()
        world.wait_for(lambda: d.ask(**mail()) and "dns_stale=1" in d.text(), "use of what has expired")
        world.wait_for(lambda: "spf=pass" in d.ask(**mail(instance="")), "verdict by what the server says now")
    finally:
        d.close()
        here.close()


def limit(d, what, soft):
    """Sets a soft limit of the serving process, as its own user may."""
    who = {}
    if os.geteuid() == 0:
        who = {"user": d.user, "group": pwd.getpwnam(d.user).pw_gid, "extra_groups": []}
    subprocess.run(["prlimit", "--pid", str(d.worker()), "--%s=%s:" % (what, soft)], check=True, **who)


def limits_of(d, name):
    """The soft limit of that name of the serving process."""
    return re.search(name + r"\s+(\w+)", open("/proc/%d/limits" % d.worker()).read()).group(1)


def limit_files(d, soft):
    """Sets the limit of open files; returns what it was."""
    was = limits_of(d, "Max open files")
    limit(d, "nofile", soft)
    return int(was)


def lowest_free(d):
    """The limit of open files at which the serving process gets no other one."""
    return max(int(fd) for fd in os.listdir("/proc/%d/fd" % d.worker())) + 1


def want_of_files():
    """want of files is never the sender's temperror: policyd.on_trouble decides; it is said, counted and forgotten"""
    for spf, policyd, answer in (
            ("", "", "451 4.3.0 "), ("", "on_trouble = defer", "451 4.3.0 "), ("", "on_trouble = accept", "spf=temperror"),
            ("mode = label", "", "spf=temperror")):
        with Daemon(spf=spf, policyd=policyd) as d:
            with d.connect() as s:
                ask(s, **mail(sender="x@soft.test"))
                was = limit_files(d, lowest_free(d))
                for _ in range(3):
                    holds(ask(s, **mail()), answer)
                d.wait_log("rule=policyd.on_trouble")
                holds(d.text(), "too many open files")
                d.wait_log("local problem")
                equal(d.text().count("local problem"), 1)
                holds(d.text(), "raise LimitNOFILE")
                limit_files(d, was)
                metrics = d.control("metrics")["text"]
                holds(metrics, "gatepost_requests_failed_total 3\n")
                holds(metrics, 'gatepost_dns_answers_total{state="trouble"}')
                if not spf:
                    equal(ask(s, **mail()), REFUSED)


def accepting_without_files():
    """a connection that cannot be accepted for want of files waits, is counted and said, and costs no busy loop"""
    with Daemon() as d:
        with d.connect() as s:
            ask(s, **mail())
            was = limit_files(d, lowest_free(d))
            began = time.monotonic()
            with d.connect() as waiting:
                waiting.sendall(request_text(**mail()).encode())
                d.wait_log("out of descriptors or memory; raise LimitNOFILE")
                holds(ask(s, **mail(sender="x@b%d.test" % next(serial))), "451 4.3.0 ")
                limit_files(d, was)
                equal(read_answer(waiting), REFUSED)
            unserved = int(re.search(r"connections_unserved_total (\d+)", d.control("metrics")["text"]).group(1))
            assert 1 <= unserved <= 10 + 20 * (time.monotonic() - began), unserved


def with_files(count):
    """A directory, and a program in it that starts the daemon with so many files allowed, and no way to more."""
    folder = tempfile.mkdtemp(prefix="gatepost-test.")
    os.chmod(folder, 0o755)
    program = os.path.join(folder, "few")
    with open(program, "w") as f:
        f.write("#!/bin/sh\nulimit -n %d\nexec setpriv --bounding-set -sys_resource --inh-caps -sys_resource "
                "%s \"$@\"\n" % (count, os.path.abspath(os.path.join(world.BUILD, "gatepost-policyd"))))
    os.chmod(program, 0o755)
    return folder, program


def files_for_each_part():
    """what the limit of files leaves to connections leaves enough to all else: store, numbers, operator, reload"""
    need_root()
    folder, program = with_files(150)
    port = world.free_port()
    zone = dict(ZONE)
    for i in range(150):
        zone["many%d.test" % i] = {"TXT": ["v=spf1 mx -all"], "MX": ["m%d-%d.test" % (i, k) for k in range(10)]}
        zone.update(("m%d-%d.test" % (i, k), "silent") for k in range(10))
    here = dnsd.Server(zone)
    d = world.Policyd(config(timeout="9s", top='limit l { key = user  count = recipients  max = 9000  per = 1h }\n'
                             'store { uri = {"STORE"} }\nmetrics { listen = {"inet:127.0.0.1:%d"} }' % port)
                      .replace("127.0.0.1:%d" % dns.port, "127.0.0.1:%d" % here.port), program=program)
    held = []

    def hold(family, where, text=b""):
        s = socket.socket(family, socket.SOCK_STREAM)
        held.append(s)
        s.settimeout(world.PATIENCE_S)
        s.connect(where)
        try:
            s.sendall(text)
        except OSError:
            pass
    try:
        d.wait_log("no more than 150 files may be open")
        allowed = int(re.search(r"enough for (\d+) connections", d.text()).group(1))
        assert allowed > 30, allowed
        equal(d.ask(**mail()), REFUSED)
        for number in range(150):
            hold(socket.AF_UNIX, d.socket_path, request_text(**mail(sender="x@many%d.test" % number)).encode())
        for _ in range(40):
            hold(socket.AF_INET, ("127.0.0.1", port), b"GET /metrics HTTP/1.1\r\n")
        for _ in range(12):
            hold(socket.AF_UNIX, d.control_path, b"{")
        for _ in range(3):
            answer = d.ask(**mail())
            assert answer and answer.startswith(("550 ", "451 4.3.0 ")), answer
            open_now = len(os.listdir("/proc/%d/fd" % d.worker()))
            assert open_now < 150, open_now
        os.utime(d.config_path)
        d.reload()
        d.wait_log("is in force")
        assert "out of descriptors" not in d.text() and "oo many open files" not in d.text(), d.text()
    finally:
        for s in held:
            s.close()
        d.close()
        here.close()
        shutil.rmtree(folder)


def few_files():
    """with few files allowed, silent names of many sessions do not get forged mail of others accepted"""
    need_root()
    silent = dict(("m%d.test" % i, "silent") for i in range(4000))
    here = dnsd.Server(dict(ZONE, **silent))
    text = config(timeout="1s").replace("127.0.0.1:%d" % dns.port, "127.0.0.1:%d" % here.port)
    folder, program = with_files(60)
    d = world.Policyd(text, program=program)
    names, over = iter(sorted(silent)), threading.Event()

    def attack():
        while not over.is_set():
            try:
                with d.connect() as s:
                    while ask(s, **mail(sender="x@" + next(names))) is not None and not over.is_set():
                        pass
            except OSError:
                pass
            except StopIteration:
                return
    try:
        d.wait_log("no more than 60 files may be open")
        attackers = [threading.Thread(target=attack) for _ in range(100)]
        for a in attackers:
            a.start()
        world.wait_for(lambda: len(here.asked) >= 8, "questions of the attackers")
        for _ in range(3):
            for name in ("a", "nomail", "owner"):
                answer = d.ask(**mail(sender="x@%s.test" % name))
                assert answer and answer.startswith(("550 ", "451 4.3.0 ")), answer
        over.set()
        for a in attackers:
            a.join()
        assert "Too many open files" not in d.text() and "too many open files" not in d.text(), d.text()
    finally:
        over.set()
        d.close()
        here.close()
        shutil.rmtree(folder)


def memory_ceiling():
    """a mail that wants more memory than it may have is deferred; the next one is answered"""
    dns.zone["big.test"] = {"TXT": ["v=spf1 " + " ".join("include:i%d.big.test" % i for i in range(9)) + " -all"]}
    for i in range(9):
        dns.zone["i%d.big.test" % i] = {"TXT": ["v=spf1 ?all"] + ["x" * 60000]}
    with Daemon(policyd="request_memory = 512k") as d:
        equal(d.ask(**mail(sender="x@big.test")),
              "451 4.3.0 Checking this mail needs more memory than is allowed")
        d.wait_log("action=defer rule=policyd.request_memory")
        equal(d.ask(**mail()), REFUSED)
    with Daemon(policyd="request_memory = 512k", spf="mode = label") as d:
        equal(d.ask(**mail(sender="x@big.test")), "DUNNO")
        d.wait_log("action=accept would=defer rule=policyd.request_memory")
    with Daemon() as d:
        holds(d.ask(**mail(sender="x@big.test")), "550 5.7.23")


def hostile_reply_text():
    """what sender and domain say stays in its quotes, and takes no room from the site's page"""
    dns.zone["quote.test"] = {"TXT": ["v=spf1 -all exp=why.quote.test"]}
    dns.zone["why.quote.test"] = {"TXT": ['fine". See https://evil.test ("x']}
    page = "url = \"https://site.test/why\""
    with Daemon(spf=page) as d:
        holds(d.ask(**mail(sender="x@quote.test")),
              "quote.test explains: \"fine'. See https://evil.test ('x\"; see https://site.test/why")
        answer = d.ask(**mail(sender="x" * 200 + "@quote.test", helo_name="h" * 200))
        assert answer.endswith("; see https://site.test/why") and len(answer) <= 450, answer
    with Daemon(spf="reject_text = \"%s\"" % ("{value}" * 42)) as d:
        answer = d.ask(**mail(sender="x" * 150 + "@a.test"))
        assert answer.startswith("550 5.7.23 xxx") and len(answer) <= 450, answer
    with Daemon() as d:
        for size in (300, 3000, 8300, 15000):
            holds(d.ask(**mail(client=GOOD, sender="\"" * size + "@a.test")), "PREPEND Authentication-Results: mx.test")


def slow_reverse_zone():
    """the client's own reverse zone cannot use up the time that other terms need"""
    dns.zone["ptr.test"] = {"TXT": ["v=spf1 ptr a:mx.ptr.test -all"]}
    dns.zone["mx.ptr.test"] = {"A": ["203.0.113.9"]}
    dns.zone["1.100.51.198.in-addr.arpa"] = {"PTR": ["n%d.evil.test" % i for i in range(10)]}
    for i in range(10):
        dns.zone["n%d.evil.test" % i] = "silent"
    with Daemon(policyd="deadline = 10s") as d:
        holds(d.ask(**mail(sender="x@ptr.test")), "550 5.7.23 SPF fail")


# ---- running ----

def reload_valid():
    """SIGHUP: the new configuration is for each message that begins, the old one for those under way"""
    with Daemon() as d, d.connect() as old:
        under_way = mail()
        equal(ask(old, **under_way), REFUSED)
        d.write(config(spf="reject_code = \"554 5.7.1\""))
        d.reload()
        d.wait_log("is in force")
        holds(d.ask(**mail()), "554 5.7.1 ")
        equal(ask(old, **under_way), REFUSED)
        holds(ask(old, **mail()), "554 5.7.1 ")


def reload_invalid():
    """SIGHUP with a bad file: all errors are logged, the old configuration stays"""
    with Daemon() as d:
        d.write(config(spf="mode = sometimes\nfoo = bar"))
        d.reload()
        d.wait_log("stays in force as it was loaded before")
        holds(d.text(), "spf.mode: sometimes is not allowed here; allowed: one of off, label, enforce")
        holds(d.text(), "unknown option spf.foo")
        equal(d.ask(**mail()), REFUSED)
        os.unlink(d.config_path)
        d.reload()
        d.wait_log("cannot be read: No such file or directory")
        equal(d.ask(**mail()), REFUSED)


def reload_restart_options():
    """a reload says which changes need a restart"""
    with Daemon() as d:
        d.write(config(policyd="max_connections = 7"))
        d.reload()
        d.wait_log("takes effect at the next restart")


def reload_under_load():
    """reloads under load lose no request, on open connections and on new ones"""
    with Daemon() as d:
        answers, stopping = [], threading.Event()

        def client(keep):
            s = d.connect()
            while not stopping.is_set():
                if not keep:
                    s.close()
                    s = d.connect()
                answers.append(ask(s, **mail()))
            s.close()
        threads = [threading.Thread(target=client, args=(i % 2 == 0,)) for i in range(6)]
        for t in threads:
            t.start()
        for i in range(15):
            d.write(config(top="# change %d" % i, spf="max_voids = %d" % (i + 2),
                           log="level = info") + "\n")
            d.reload()
            time.sleep(0.1)
        stopping.set()
        for t in threads:
            t.join()
        equal(set(answers), {REFUSED})
        assert len(answers) > 100, len(answers)
        d.wait_log("is in force")


def stop_ends_requests():
    """SIGTERM lets the request under way end, then the daemon exits 0 and its socket is gone"""
    with Daemon() as d, d.connect() as s, d.connect() as idle:
        dns.zone["slow4.test"] = "silent"
        equal(ask(idle, **mail()), REFUSED)
        s.sendall(request_text(**mail(sender="x@slow4.test")).encode())
        world.wait_for(lambda: "slow4.test" in str(dns.asked), "question of the request")
        d.process.terminate()
        holds(read_answer(s), "PREPEND Authentication-Results: mx.test; spf=temperror")
        equal(d.process.wait(world.PATIENCE_S), 0)
        equal(read_answer(idle), None)
        holds(d.text(), "event=counters connections=2 requests=2 accepted=1 held=0 deferred=0 rejected=1")
        assert not os.path.exists(d.socket_path)


def crash():
    """a crash of the serving process does not take the daemon with it"""
    with Daemon() as d:
        before = d.worker()
        os.kill(before, signal.SIGKILL)
        world.wait_for(lambda: d.worker() not in (before, d.process.pid), "new process")
        equal(d.ask(**mail()), REFUSED)
        d.wait_log("died of signal 9")
        d.process.terminate()
        equal(d.process.wait(world.PATIENCE_S), 0)


def parent_gone():
    """the serving process ends when its parent is killed, and a new daemon takes the socket over"""
    with Daemon() as d:
        before = d.worker()
        d.process.kill()
        d.process.wait()
        world.wait_for(lambda: not os.path.exists("/proc/%d" % before) or
                       open("/proc/%d/stat" % before).read().split()[2] == "Z", "end of the child")
        d.start()
        equal(d.ask(**mail()), REFUSED)


def unsupervised():
    """supervise = no: one process, which reloads and stops just so"""
    with Daemon(policyd="supervise = no") as d:
        equal(d.worker(), d.process.pid)
        d.reload()
        d.wait_log("is in force")
        equal(d.ask(**mail()), REFUSED)
        d.process.terminate()
        equal(d.process.wait(world.PATIENCE_S), 0)
        assert not os.path.exists(d.socket_path)


def crash_after_reload():
    """a crash takes neither the configuration in force nor the memory of headers and numbers"""
    with Daemon() as d:
        d.write(config(spf="mode = label"))
        d.reload()
        d.wait_log("is in force")
        holds(d.ask(**mail()), "PREPEND ")
        d.write(config(spf="mode = sometimes"))
        d.reload()
        d.wait_log("stays in force as it was loaded before")
        seen = mail(instance="crash.1")
        holds(d.ask(**seen), "PREPEND ")
        before = d.worker()
        time.sleep(2.2)  # the parent repeats a SIGHUP that came shortly before the death
        os.kill(before, signal.SIGKILL)
        world.wait_for(lambda: d.worker() not in (before, d.process.pid), "new process")
        holds(d.ask(**mail()), "PREPEND ")
        equal(d.ask(**seen), "DUNNO")  # this message has its header already
        os.kill(d.worker(), signal.SIGUSR1)
        d.wait_log("event=counters connections=4 requests=4")


def hup_at_death():
    """a SIGHUP that meets a dying process is not lost"""
    with Daemon() as d:
        equal(d.ask(**mail()), REFUSED)
        d.write(config(spf="mode = label"))
        before = d.worker()
        world.stand_still(before)  # a thread that still moves could take the signal
        d.reload()
        world.wait_for(lambda: world.signals(before, "ShdPnd") >> (signal.SIGHUP - 1) & 1, "SIGHUP at the child")
        os.kill(before, signal.SIGKILL)
        world.wait_for(lambda: d.worker() not in (before, d.process.pid), "new process")
        d.wait_log("is in force")
        holds(d.ask(**mail()), "PREPEND ")


def stuck_log():
    """a log that nobody reads stops neither the answers nor the end of the daemon"""
    reader, writer = os.pipe()
    d = world.Policyd(config(), log=writer)
    try:
        world.wait_for(lambda: os.path.exists(d.socket_path), "socket")
        with d.connect() as s:
            for _ in range(3000):
                equal(ask(s, **mail()), REFUSED)
        d.process.terminate()
        equal(d.process.wait(world.PATIENCE_S), 0)
    finally:
        os.close(reader)
        os.close(writer)
        d.close()


def nonblocking_log():
    """a log descriptor that does not block, and a slow reader: every line arrives whole"""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    d = world.Policyd(config(), log=writer)
    text = bytearray()

    def read_slowly():
        while True:
            part = os.read(reader, 8192)
            if not part:
                return
            text.extend(part)
            time.sleep(0.002)
    thread = threading.Thread(target=read_slowly)
    thread.start()
    try:
        world.wait_for(lambda: os.path.exists(d.socket_path), "socket")
        with d.connect() as s:
            for _ in range(1500):
                equal(ask(s, **mail()), REFUSED)
        d.process.terminate()
        equal(d.process.wait(world.PATIENCE_S), 0)
    finally:
        d.close()
        os.close(writer)
        thread.join()
        os.close(reader)
    lines = text.decode().split("\n")
    equal(len([line for line in lines if "event=decision" in line and " ms=" in line]), 1500)
    assert all(line == "" or line.count("level=") == 1 for line in lines), lines


def stop_waits_by_the_new_deadline():
    """a stop waits for a request under way as long as the deadline in force allows"""
    with Daemon(policyd="deadline = 300ms", timeout="200ms") as d:
        d.write(config(policyd="deadline = 10s", timeout="1s"))
        d.reload()
        d.wait_log("is in force")
        dns.zone["slow5.test"] = "silent"
        with d.connect() as s:
            s.sendall(request_text(**mail(sender="x@slow5.test")).encode())
            world.wait_for(lambda: "slow5.test" in str(dns.asked), "question of the request")
            d.process.terminate()
            holds(read_answer(s), "spf=temperror")
        equal(d.process.wait(world.PATIENCE_S), 0)


def ceiling():
    """at max_connections the connection that is idle for longest is closed for a further one"""
    with Daemon(policyd="max_connections = 3") as d:
        clients = []
        for _ in range(3):
            clients.append(d.connect())
            equal(ask(clients[-1], **mail()), REFUSED)
        equal(ask(clients[0], **mail()), REFUSED)  # now the second one is idle for longest
        for gone in (1, 2, 0):
            clients.append(d.connect())
            equal(ask(clients[-1], **mail()), REFUSED)
            equal(read_answer(clients[gone]), None)
        for s in clients[3:]:
            equal(ask(s, **mail()), REFUSED)
        d.wait_log("policyd.max_connections is reached")
        assert "malformed" not in d.text(), d.text()


LIMITS_OF_A_CLIENT = """store { uri = {"STORE"} }
limit m { key = client count = messages max = 1000 per = 1h }
limit r { key = client count = recipients max = 1000 per = 1h }
"""


class HeldDns:
    """A name server that hears questions and answers none of them before release()."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(world.PATIENCE_S)
        self.heard = []

    def hear(self, count):
        while len({packet[12:] for packet, _ in self.heard}) < count:
            self.heard.append(self.socket.recvfrom(4096))

    def release(self):
        def answer():
            try:
                while True:
                    packet, peer = self.heard.pop() if self.heard else self.socket.recvfrom(4096)
                    self.socket.sendto(dns._reply(packet), peer)
            except OSError:
                pass  # closed
        threading.Thread(target=answer, daemon=True).start()

    def daemon(self, policyd, top=""):
        """A policyd that asks it, and would wait for a minute."""
        text = config(policyd="deadline = 90s\n" + policyd, timeout="30s", top="exim { deadline = 90s }\n" + top)
        return world.Policyd(text.replace("127.0.0.1:%d" % dns.port, "127.0.0.1:%d" % self.socket.getsockname()[1]))


def ceiling_of_workers():
    """a connection whose request is being worked on is never closed; a further one waits for an end"""
    held = HeldDns()
    d = held.daemon("max_connections = 2")
    try:
        busy = [d.connect(), d.connect()]
        for number, s in enumerate(busy):
            s.sendall(request_text(**mail(sender="x@busy%d.test" % number)).encode())
        held.hear(2)
        third = d.connect()
        third.sendall(request_text(**mail()).encode())
        d.wait_log("policyd.max_connections is reached")
        held.release()
        for s in busy:
            holds(read_answer(s), "spf=none")
        equal(read_answer(third), REFUSED)
    finally:
        d.close()
        held.socket.close()


def no_place():
    """a request that finds no place in time is answered as policyd.on_trouble says, however long others' take"""
    for policyd, answer in (("", "451 4.3.0 "), ("on_trouble = accept\n", "DUNNO")):
        held = HeldDns()
        d = held.daemon(policyd + "max_connections = 2")
        try:
            busy = [d.connect(), d.connect()]
            for number, s in enumerate(busy):
                s.sendall(request_text(**mail(sender="x@busy%d.test" % number)).encode())
            held.hear(2)
            with d.connect() as s:
                holds(ask(s, **mail()), answer)
                equal(read_answer(s), None)  # and its connection goes, others wait as well
            d.wait_log("rule=policyd.on_trouble")
            holds(d.text(), "all connections that policyd.max_connections allows are busy")
            holds(d.text(), "local problem")
            # more than may wait at once: nobody is left out
            many = [d.connect() for _ in range(100)]
            for s in many:
                s.sendall(request_text(**mail()).encode())
            for s in many:
                holds(read_answer(s), answer)
                s.close()
            held.release()
            for s in busy:
                holds(read_answer(s), "spf=none")
        finally:
            d.close()
            held.socket.close()


def place_in_a_message():
    """a message keeps its place between two recipients while others want it, so that each counts once"""
    for _ in range(30):
        held = HeldDns()
        d = held.daemon("max_connections = 1", LIMITS_OF_A_CLIENT)
        try:
            with d.connect() as s, d.connect() as other:
                message = mail(sender="x@busy.test")
                s.sendall(request_text(**message).encode())
                held.hear(1)
                began = time.monotonic()
                other.sendall(request_text(**mail(client="198.51.100.2")).encode())
                world.wait_for(lambda: d.control("status")["connections"]["open"] == 2, "the other connection")
                held.release()
                holds(read_answer(s), "spf=none")
                answer = ask(s, **dict(message, recipient="r2@here.test"))
                if answer is None and time.monotonic() - began > 0.05:
                    continue  # the other one has waited for a moment, and this machine is that busy
                equal(answer, "DUNNO")
                s.close()  # its message has no more to come
                holds(read_answer(other), "SPF fail")
            equal([d.used("client:" + BAD, name) for name in ("m", "r")], [1, 2])
            return
        finally:
            d.close()
            held.socket.close()
    raise world.Skip("this machine is too busy")


def fair_share():
    """whoever has been answered makes room: nobody keeps all connections at work by asking again at once"""
    silent = dict(("m%d.test" % i, "silent") for i in range(2000))
    here = dnsd.Server(dict(ZONE, **silent))
    text = config(timeout="1s", attempts=1, policyd="max_connections = 4").replace(
        "127.0.0.1:%d" % dns.port, "127.0.0.1:%d" % here.port)
    d = world.Policyd(text)
    names, over = iter(sorted(silent)), threading.Event()

    def attack():
        while not over.is_set():
            try:
                with d.connect() as s:
                    while not over.is_set():
                        ask(s, **mail(sender="x@" + next(names)))
            except (OSError, AssertionError):
                pass  # closed after an answer, as Postfix bears
            except StopIteration:
                return
    attackers = [threading.Thread(target=attack) for _ in range(4)]
    try:
        for a in attackers:
            a.start()
        world.wait_for(lambda: len(here.asked) >= 4, "questions of the attackers")
        for _ in range(5):
            with d.connect() as s:
                equal(ask(s, **mail()), REFUSED)
    finally:
        over.set()
        for a in attackers:
            a.join()
        d.close()
        here.close()


def first_requests():
    """of many connections that come at once to few places, none is closed before its first request is answered"""
    with Daemon(policyd="max_connections = 3") as d:
        def come(number, found):
            with d.connect() as s:
                began = time.monotonic()
                time.sleep(0.01 * (number % 7))  # as a mail server that is busy, too
                answer = ask(s, **mail())
                # one that says nothing for a second may go, and this machine may be that busy
                found.append(REFUSED if answer is None and time.monotonic() - began > 0.9 else answer)
        for _ in range(5):
            found = []
            clients = [threading.Thread(target=come, args=(number, found)) for number in range(12)]
            for c in clients:
                c.start()
            for c in clients:
                c.join()
            equal(found, [REFUSED] * 12)
        assert "malformed" not in d.text(), d.text()


def no_thread():
    """a connection for which no thread can be made is answered as policyd.on_trouble says, and it is said"""
    need_root()
    for policyd, answer in (("", "451 4.3.0 "), ("on_trouble = accept", "DUNNO")):
        with Daemon(policyd=policyd) as d:
            equal(d.ask(**mail()), REFUSED)
            was = limits_of(d, "Max processes")
            limit(d, "nproc", 1)
            with d.connect():  # one that says nothing keeps nobody waiting for long
                holds(d.ask(**mail()), answer)
            d.wait_log("no thread for a connection: out of memory or over a limit; raise TasksMax")
            limit(d, "nproc", was)
            equal(d.ask(**mail()), REFUSED)
            holds(d.control("metrics")["text"], "gatepost_requests_failed_total 1\n")


# a script's last argument: the number of the user it is, and of that user's group
AS_USER = """
import os, select, socket, sys
if sys.argv[-1]:
    os.setgroups([])
    os.setgid(int(sys.argv[-1].split(":")[-1]))
    os.setuid(int(sys.argv[-1].split(":")[0]))
"""


def hold_connections(d, kind, count, user=None):
    """A process of its own, another user's if need be, with that many connections: idle, in the middle of a
    request, sending it byte by byte, or never reading their answers."""
    script = AS_USER + """
path, kind, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
request = b"request=smtpd_access_policy\\nprotocol_state=CONNECT\\ninstance=h\\n\\n"
held = []
def fill(s):
    if kind == "half":
        s.send(request[:40])
    if kind == "noread":
        s.setblocking(False)
        try:
            while True:
                s.send(request * 100)
        except BlockingIOError:
            pass
for _ in range(count):
    s = socket.socket(socket.AF_UNIX)
    s.connect(path)
    held.append(s)
    try:
        fill(s)
    except OSError:
        pass
print("there", flush=True)
at = 0
while not select.select([sys.stdin], [], [], 0.05)[0]:
    for s in held if kind == "drip" else []:
        try:
            s.send(request[at % 40:at % 40 + 1])
        except OSError:
            pass
    at += 1
alive = 0
for s in held:
    s.setblocking(False)
    try:
        while True:
            if not s.recv(65536):
                break
    except BlockingIOError:
        alive += 1
    except OSError:
        pass
print(alive, flush=True)
"""
    process = subprocess.Popen([sys.executable, "-c", script, d.socket_path, kind, str(count), str(user or "")],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    equal(process.stdout.readline(), "there\n")
    return process


def alive(process):
    """How many of its connections were still open when it was asked."""
    said, _ = process.communicate("\n", timeout=world.PATIENCE_S)
    return int(said)


def silent_without_threads():
    """while no thread can be made, connections that say nothing or a part keep nobody's answer waiting"""
    need_root()
    for _ in range(10):
        with Daemon() as d:
            equal(d.ask(**mail()), REFUSED)
            limit(d, "nproc", 1)
            began = time.monotonic()
            others = [d.connect() for _ in range(10)]
            for s in others[:3]:
                s.sendall(b"request=smtpd_access_policy\n")
            holds(d.ask(**mail()), "451 4.3.0 ")
            late = others.pop()
            late.sendall(request_text(**mail()).encode())
            answer = read_answer(late)
            open_still = []
            for s in others:
                s.setblocking(False)
                try:
                    s.recv(1)
                except BlockingIOError:
                    open_still.append(s)
            took = time.monotonic() - began
            for s in others + [late]:
                s.settimeout(world.PATIENCE_S)
            ends = [s.recv(1) for s in others]  # each has its end all the same
            for s in others + [late]:
                s.close()
            if took > 0.9:
                continue  # they have had their second
            equal(len(open_still), len(others))
            holds(answer, "451 4.3.0 ")
            equal(ends, [b""] * len(others))
            return
    raise AssertionError("it takes a second, or this machine is too busy")


def occupied():
    """connections that are idle, slow or never read their answers keep nobody out"""
    for kind in ("idle", "half", "drip", "noread"):
        with Daemon(policyd="max_connections = 8") as d:
            others = hold_connections(d, kind, 40)
            for _ in range(3):
                with d.connect() as s:
                    equal((kind, ask(s, **mail())), (kind, REFUSED))
            world.wait_for(lambda: d.control("status")["connections"]["open"] <= 8, "end of what is too many")
            assert alive(others) <= 8


def user_share():
    """a local user gets a quarter of the connections and closes none of others'; root gets them all"""
    need_root()
    with Daemon(policyd="max_connections = 20\nsocket_mode = 0666") as d:
        ours = [d.connect() for _ in range(15)]
        for s in ours:
            equal(ask(s, **mail()), REFUSED)
        others = hold_connections(d, "idle", 60, user=23456)
        world.wait_for(lambda: d.control("status")["connections"]["accepted"] == 75, "all of them")
        d.wait_log("the user with ID 23456 has a quarter")
        world.wait_for(lambda: d.control("status")["connections"]["open"] == 20, "end of what is too many")
        for s in ours:
            equal(ask(s, **mail()), REFUSED)
        more = [d.connect() for _ in range(5)]  # root's own come in, the longest idle goes
        for s in more:
            equal(ask(s, **mail()), REFUSED)
        equal(alive(others), 0)
        for s in ours:
            equal(ask(s, **mail()), REFUSED)


def user_at_work():
    """requests of a user whose share is at work wait, and are then answered as in trouble; what is more is closed"""
    need_root()
    held = HeldDns()
    d = held.daemon("max_connections = 4\nsocket_mode = 0666")
    script = AS_USER + """
a, b = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
a.connect(sys.argv[1])
a.sendall(sys.argv[2].encode())
print("asked", flush=True)
sys.stdin.readline()
b.connect(sys.argv[1])
b.sendall(sys.argv[2].encode())
print(b.recv(100)[:16], flush=True)
more = [socket.socket(socket.AF_UNIX) for _ in range(40)]
for s in more:
    s.connect(sys.argv[1])
print(more[-1].recv(100), flush=True)
sys.stdin.readline()
print(a.recv(6), flush=True)
"""
    try:
        process = subprocess.Popen([sys.executable, "-c", script, d.socket_path,
                                    request_text(**mail(sender="x@busy.test")), "23456"],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        equal(process.stdout.readline(), "asked\n")
        held.hear(1)
        process.stdin.write("\n")
        process.stdin.flush()
        equal(process.stdout.readline(), "b'action=451 4.3.0'\n")
        equal(process.stdout.readline(), "b''\n")
        held.release()
        said, _ = process.communicate("\n", timeout=world.PATIENCE_S)
        equal(said, "b'action'\n")
    finally:
        d.close()
        held.socket.close()


def idle():
    """an idle connection is closed after idle_timeout"""
    with Daemon(policyd="idle_timeout = 1s") as d, d.connect() as s:
        equal(ask(s, **mail()), REFUSED)
        equal(read_answer(s), None)


def inet_sockets():
    """unix and TCP sockets at once, over IPv4 and IPv6"""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    listen = "listen = {\"SOCKET\", \"inet:127.0.0.1:%d\", \"inet:[::1]:%d\"}" % (port, port)
    text = config().replace("listen = {\"SOCKET\"}", listen)
    policyd = world.Policyd(text)
    try:
        equal(policyd.ask(**mail()), REFUSED)
        for address in ("127.0.0.1", "::1"):
            with socket.create_connection((address, port), world.PATIENCE_S) as s:
                equal(ask(s, **mail()), REFUSED)
    finally:
        policyd.close()


def loopback_warning():
    """a port of the loopback warns that any local user can connect; a unix socket does not"""
    with Daemon() as d:
        assert "any local user can connect" not in d.text(), d.text()
    for address in ("inet:127.0.0.1:%d", "inet:[::1]:%d"):
        where = address % world.free_port()
        policyd = world.Policyd(config().replace("SOCKET", where))
        try:
            line = [one for one in policyd.text().splitlines() if "any local user can connect" in one][0]
            assert "level=warning" in line and where in line and "unix:gatepost/policy" in line, line
        finally:
            policyd.close()


def default_permissions():
    """without socket_mode a unix socket is for the group of mail_user alone"""
    mode = os.umask(0)
    try:
        with Daemon() as d:
            equal(os.stat(d.socket_path).st_mode & 0o777, 0o660)
    finally:
        os.umask(mode)
    need_root()
    for user in ("daemon", "mail"):
        with Daemon(policyd="mail_user = \"%s\"" % user) as d:
            equal(os.stat(d.socket_path).st_gid, pwd.getpwnam(user).pw_gid)
            equal(os.stat(d.socket_path).st_mode & 0o777, 0o660)
            equal(os.stat(d.control_path).st_mode & 0o777, 0o600)
            equal(os.stat(d.control_path).st_gid, 0)
            for other, answer in ((user, REFUSED), ("games", "PermissionError")):
                equal((other, as_user(other, d)), (other, answer))
    with Daemon(policyd="mail_user = \"nobody-of-this-name\"") as d:
        equal(os.stat(d.socket_path).st_mode & 0o777, 0o660)
        holds(d.text(), "listen: there is no user ")
    with Daemon(policyd="mail_user = \"nobody-of-this-name\"\nsocket_mode = 0666") as d:
        assert "there is no user" not in d.text(), d.text()


def as_user(user, d):
    """What the daemon answers to a process of this user and its group."""
    script = AS_USER + ("s = socket.socket(socket.AF_UNIX)\ntry:\n    s.connect(sys.argv[1])\n"
              "except OSError as error:\n    print(type(error).__name__)\nelse:\n"
              "    s.sendall(sys.argv[2].encode())\n    print(s.recv(4096).decode()[7:-2])\n")
    pw = pwd.getpwnam(user)
    return subprocess.run([sys.executable, "-c", script, d.socket_path, request_text(**mail()),
                           "%d:%d" % (pw.pw_uid, pw.pw_gid)], stdout=subprocess.PIPE, text=True, timeout=60).stdout.strip()


def other_sockets():
    """a socket of another kind, or a file, in the way is left alone; the modes are as configured"""
    with Daemon(policyd="socket_mode = 0600") as d:
        equal(os.stat(d.socket_path).st_mode & 0o777, 0o600)
        path = d.folder + "/other"
        for make in ("datagram", "file"):
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
                if make == "datagram":
                    other.bind(path)
                else:
                    open(path, "w").close()
                with open(d.folder + "/other.conf", "w") as f:
                    f.write(config().replace("SOCKET", "unix:" + path).replace("USER", d.user))
                done = subprocess.run([d.program, "-c", d.folder + "/other.conf"], stdin=subprocess.DEVNULL,
                                      stderr=subprocess.PIPE, text=True, timeout=world.PATIENCE_S)
                equal((make, done.returncode), (make, 1))
                assert os.path.exists(path)
            os.unlink(path)


def second_daemon():
    """a second daemon on the same socket refuses to start and leaves the first alone"""
    with Daemon() as d:
        done = subprocess.run([d.program, "-c", d.config_path], stdin=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True, timeout=world.PATIENCE_S)
        equal(done.returncode, 1)
        holds(done.stderr, "is in use by a running process")
        equal(d.ask(**mail()), REFUSED)


def json_log():
    """log format json: each line an object, decisions with their reasons"""
    with Daemon(log="format = json") as d:
        d.ask(**mail(sender="x\"\\\x01\udcff@a.test", queue_id="Q1"))
        d.wait_log("decision")
        lines = [json.loads(line) for line in d.text().splitlines()]
        decision = [line for line in lines if line["event"] == "decision"][0]
        for key, value in (("spf", "fail"), ("spf_mechanism", "-all"), ("action", "reject"),
                           ("rule", "spf.reject"), ("client", BAD), ("queue_id", "Q1"),
                           ("stage", "RCPT"), ("level", "info")):
            equal((key, decision[key]), (key, value))
        assert isinstance(decision["ms"], int)


def forged_log():
    """no sender can forge a line or a field of the log"""
    with Daemon() as d:
        d.ask(**mail(sender="a\rlevel=info event=decision action=accept\x85\udcc2\u2028@a.test"))
        d.wait_log("event=decision")
        lines = [line for line in d.text().split("\n") if "event=decision" in line]
        equal(len(lines), 1)
        holds(lines[0], 'sender="a\\x0dlevel=info event=decision action=accept\\xc2\\x85')


def log_levels():
    """log level warning leaves decisions out"""
    with Daemon(log="level = notice") as d:
        equal(d.ask(**mail()), REFUSED)
        assert "event=decision" not in d.text()


def privileges():
    """started as root it serves as the configured user, without groups and with no way back"""
    need_root()
    nobody = pwd.getpwnam("nobody")
    with Daemon() as d:
        for pid in (d.process.pid, d.worker()):
            status = open("/proc/%d/status" % pid).read()
            for line in ("Uid:\t" + "\t".join([str(nobody.pw_uid)] * 4),
                         "Gid:\t" + "\t".join([str(nobody.pw_gid)] * 4),
                         "CapEff:\t0000000000000000", "CapPrm:\t0000000000000000", "NoNewPrivs:\t1"):
                holds(status, line + "\n")
            groups = re.search(r"^Groups:\t(.*)$", status, re.M).group(1).split()
            assert set(groups) <= {str(nobody.pw_gid)}, groups


def no_such_user():
    """a user that does not exist: no start, and the log says what to do"""
    need_root()
    d = world.Policyd(config())
    d.stop()
    d.write(config().replace('user = "USER"', 'user = "no-such-user"'))
    done = subprocess.run([d.program, "-c", d.config_path], stdin=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, timeout=world.PATIENCE_S)
    equal(done.returncode, 1)
    holds(done.stderr, "useradd --system")
    d.close()


def chrooted():
    """in a chroot it serves, and a reload reads the file inside"""
    need_root()
    d = world.Policyd(config())
    try:
        d.stop()
        d.write(config(policyd="chroot = \"%s\"" % d.folder))
        d.start()
        equal(os.readlink("/proc/%d/root" % d.worker()), d.folder)
        equal(d.ask(**mail()), REFUSED)
        d.reload()
        d.wait_log("cannot be read: No such file")
        inside = d.folder + d.config_path
        os.makedirs(os.path.dirname(inside))
        d.write(config(spf="reject_code = \"554 5.7.1\""))
        shutil.copy(d.config_path, inside)
        d.reload()
        d.wait_log("is in force")
        holds(d.ask(**mail()), "554 5.7.1")
    finally:
        d.close()


def warnings():
    """what the configuration says in vain is logged at start and at each reload, and -t shows it"""
    with Daemon(spf="url = \"www.example.org\"") as d:
        equal(d.text().count("warning: spf.url: is not a URL without a scheme"), 1)
        done = subprocess.run([os.path.join(world.BUILD, "gatepost-policyd"), "-t", "-c", d.config_path],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=60)
        equal(done.returncode, 0)
        holds(done.stderr, "warning: spf.url: is not a URL without a scheme")
        d.write(config(spf="url = \"/spf\""))
        d.reload()
        d.wait_log("is in force")
        equal(d.text().count("warning: spf.url: is not a URL without a scheme"), 2)
        holds(d.text(), "level=warning")


def options():
    """-t, -h, -V and wrong usage answer with their exit codes"""
    program = os.path.join(world.BUILD, "gatepost-policyd")
    bad = os.path.join(os.environ.get("TMPDIR", "/tmp"), "gatepost-bad-%d.conf" % os.getpid())
    with open(bad, "w") as f:
        f.write("spf {\n  mode = often\n  max_terms = 0\n}\nnonsense = 1\n")
    try:
        for arguments, code, out, err in (
                (["-h"], 0, "usage:", ""), (["-V"], 0, "gatepost-policyd 0.", ""),
                (["--help"], 0, "usage:", ""), (["--version"], 0, "gatepost-policyd 0.", ""),
                (["-x"], 2, "", "usage:"), (["extra"], 2, "", "unexpected argument: extra"),
                (["-t", "-c", "conf-examples/gatepost.conf"], 0, "no errors", ""),
                (["-t", "-c", bad], 3, "", bad + ":2: spf.mode: often is not allowed here; allowed: one of "
                 "off, label, enforce\n" + bad + ":3: spf.max_terms: 0 is not allowed here; allowed: a "
                 "number from 1 to 100\n"),
                (["-t", "-c", "/nowhere"], 3, "", "/nowhere: cannot be read")):
            done = subprocess.run([program] + arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True, timeout=world.PATIENCE_S)
            equal((arguments, done.returncode), (arguments, code))
            holds(done.stdout, out)
            holds(done.stderr, err)
    finally:
        os.unlink(bad)


def main():
    tap = world.Tap()
    only = sys.argv[1] if len(sys.argv) > 1 else ""
    for test in (malformed, malformed_without_end, unused_value, blanks_behind_the_domain, malformed_whose, late_stage, late_stage_misunderstood, cut_off, in_pieces, slow_request, unknown_attributes, odd_bytes, other_states,
                 modes, errors, yield_to_dmarc, refused_verdicts, helo, texts, headers, exceptions, private_clients,
                 internationalised, header_once, deadline, stale, slow_server, want_of_files, accepting_without_files, files_for_each_part, few_files,
                 memory_ceiling, hostile_reply_text, slow_reverse_zone, reload_valid, reload_invalid,
                 warnings,
                 reload_restart_options, reload_under_load, stop_ends_requests, crash, crash_after_reload, hup_at_death,
                 stuck_log, nonblocking_log, stop_waits_by_the_new_deadline, parent_gone,
                 unsupervised, ceiling, ceiling_of_workers, no_place, place_in_a_message,
                 fair_share, first_requests, no_thread, silent_without_threads, occupied, user_share,
                 user_at_work, idle, inet_sockets, loopback_warning, default_permissions, other_sockets, second_daemon, json_log, forged_log, log_levels,
                 privileges, no_such_user, chrooted, options):
        if only in test.__name__:
            tap.run(test)
    tap.finish()


main()
