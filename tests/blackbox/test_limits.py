# SPDX-License-Identifier: ISC
"""Limits of the running gatepost-policyd: stages, stores, crashes, the operator's socket."""
import glob
import json
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import world  # noqa: E402
from world import ask, equal, holds, read_answer, request_text, wait_for  # noqa: E402

HOURLY = "limit hourly { key = user  count = recipients  max = 100  per = 1h }\n"
serial = iter(range(10 ** 9))


def config(limits=HOURLY, store='uri = {"STORE"}', policyd="", top="", log=""):
    return """
hostname = "mx.test"
%s
store { %s }
%s
dns { servers = {"127.0.0.1:9"} timeout = 2s attempts = 1 }
policyd {
    listen = {"SOCKET"}
    user = "USER"
    %s
}
log { %s }
""" % (top, store, limits, policyd, log)


class Daemon:
    """with Daemon(config) as d: a policyd for the time of one test."""

    def __init__(self, text, **options):
        self.text, self.options = text, options

    def __enter__(self):
        self.policyd = world.Policyd(self.text, **self.options)
        return self.policyd

    def __exit__(self, kind, value, trace):
        log = ""
        try:
            log = self.policyd.text()
        finally:
            self.policyd.close()
        if kind is None:
            assert "ERROR: " not in log and "WARNING: ThreadSanitizer" not in log, log


def instance():
    return "%x.1" % next(serial)


def rcpt(user="alice", **others):
    values = {"client_address": "192.0.2.1", "sender": "x@a.test", "sasl_username": user,
              "recipient": "r%d@there.test" % next(serial), "server_port": "587"}
    values.update(others)
    values.setdefault("instance", instance())
    return values


def end_of(values, recipients=1, size=1000, **others):
    return dict(values, protocol_state="END-OF-MESSAGE", recipient="", recipient_count=str(recipients),
                size=str(size), **others)


def accepted(answer):
    return answer == "DUNNO"


def ask_many(connection, n, **values):
    """n recipients of one message; how many were let in."""
    shared = dict(rcpt(**values))
    del shared["recipient"]
    return sum(accepted(ask(connection, **dict(shared, recipient="r%d@x.test" % i))) for i in range(n))


REFUSED = re.compile(r"^450 4\.7\.1 hourly limit reached: 100 of 100 recipients in 1h; "
                     r"free again \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, in (1 h 1 min|1 h 0 min|60 min)$")


# ---- stages ----

def hundred_and_first():
    """the 101st recipient of an hour is refused with the exact text, and the log says all of it"""
    with Daemon(config()) as d, d.connect() as s:
        equal(ask_many(s, 100), 100)
        answer = ask(s, **rcpt())
        assert REFUSED.match(answer), answer
        equal(ask(s, **rcpt(user="bob")), "DUNNO")
        d.wait_log("limit=hourly limit_key=user:alice limit_unit=recipients limit_used=100 "
                   "limit_max=100 limit_per=1h limit_free=20")
        equal(d.used("alice", "hourly"), 100)


def only_at_rcpt():
    """where Postfix asks only at RCPT, what was counted stays, whatever becomes of the message"""
    with Daemon(config()) as d:
        for _ in range(4):
            with d.connect() as s:
                equal(ask_many(s, 10), 10)
                equal(ask_many(s, 10), 10)
        equal(d.used("alice", "hourly"), 80)


def gives_back():
    """a message that does not come to its end releases what it reserved: next message, connection closed"""
    with Daemon(config()) as d, d.connect() as s:
        first = rcpt()
        equal(ask(s, **first), "DUNNO")
        equal(ask(s, **end_of(first)), "DUNNO")  # now it is known that the end is asked about
        equal(ask_many(s, 30), 30)
        equal(d.used("alice", "hourly"), 31)
        equal(ask(s, **rcpt()), "DUNNO")  # another message: the 30 are released
        equal(d.used("alice", "hourly"), 2)
        with d.connect() as other:
            equal(ask_many(other, 40), 40)
            equal(d.used("alice", "hourly"), 42)
        wait_for(lambda: d.used("alice", "hourly") == 2, "40 recipients given back")


def times_out():
    """what is reserved is released when nothing is heard any more; a late end counts whole"""
    with Daemon(config(HOURLY + "limits { reservation_timeout = 10s }\n")) as d, d.connect() as s:
        first = rcpt()
        ask(s, **first)
        ask(s, **end_of(first))
        late = rcpt()
        equal(ask(s, **late), "DUNNO")
        equal(d.used("alice", "hourly"), 2)
        wait_for(lambda: d.used("alice", "hourly") == 1, "one recipient given back")
        equal(ask(s, **end_of(late, recipients=7)), "DUNNO")
        equal(d.used("alice", "hourly"), 8)


def as_accepted():
    """what counts in the end is what was accepted by all restrictions"""
    with Daemon(config()) as d, d.connect() as s:
        values = rcpt()
        for i in range(5):
            equal(ask(s, **dict(values, recipient="r%d@x.test" % i)), "DUNNO")
        equal(ask(s, **end_of(values, recipients=3)), "DUNNO")
        equal(d.used("alice", "hourly"), 3)
        equal(ask(s, **end_of(values, recipients=3)), "DUNNO")  # asked twice
        equal(d.used("alice", "hourly"), 3)
        equal(ask(s, **values), "DUNNO")  # nothing goes on behind an end: this counts by itself
        equal(d.used("alice", "hourly"), 4)


def repeated_recipient():
    """one address again and again counts each time: with ORCPT Postfix delivers each of them"""
    with Daemon(config()) as d, d.connect() as s:
        values = rcpt(recipient="bob@there.test")
        equal(sum(accepted(ask(s, **values)) for _ in range(300)), 100)
        equal(d.used("alice", "hourly"), 100)


def without_instance():
    """a client that sends no instance: each message counts by itself"""
    with Daemon(config()) as d, d.connect() as s:
        for state in ("DATA", "END-OF-MESSAGE"):  # the first end may be that of the last DATA
            for _ in range(10):
                equal(ask(s, **dict(end_of(rcpt(instance=""), recipients=4), protocol_state=state)), "DUNNO")
        equal(d.used("alice", "hourly"), 76)
        for _ in range(10):
            values = rcpt(instance="")
            equal(ask(s, **values), "DUNNO")
            equal(ask(s, **end_of(values)), "DUNNO")
        equal(d.used("alice", "hourly"), 86)


def sources():
    """mail that is asked about at its end does not vouch for mail that is not"""
    with Daemon(config(top='trusted_networks = {"10.0.0.0/8"}')) as d, d.connect() as s:
        for i in range(120):
            other = rcpt(user="", client_address="10.0.0.1")
            if i % 4 == 0:
                equal(ask(s, **other), "DUNNO")
                equal(ask(s, **end_of(other)), "DUNNO")
            ask(s, **rcpt())
        equal(d.used("alice", "hourly"), 100)


def whole_message():
    """a message with 300 recipients is refused as a whole where only its end is asked about"""
    limits = HOURLY + "limit daily { key = user count = messages max = 2 per = 1d action = reject }\n"
    with Daemon(config(limits)) as d, d.connect() as s:
        for state in ("END-OF-MESSAGE", "DATA"):
            answer = ask(s, **dict(end_of(rcpt(), recipients=300), protocol_state=state))
            holds(answer, "450 4.7.1 hourly limit: no message, or none as large as this one, is allowed: "
                          "100 recipients in 1h")
            equal(d.used("alice", "hourly"), 0)
            equal(d.used("alice", "daily"), 0)
        equal(ask(s, **end_of(rcpt(), recipients=100)), "DUNNO")
        equal(ask(s, **end_of(rcpt(user="bob"), recipients=1)), "DUNNO")
        equal(ask(s, **end_of(rcpt(user="bob"), recipients=1)), "DUNNO")
        answer = ask(s, **end_of(rcpt(user="bob"), recipients=1))
        holds(answer, "550 5.7.1 daily limit reached: 2 of 2 messages in 1d; free again ")


def at_data():
    """RCPT and DATA without the end: recipients that were refused elsewhere are released at DATA"""
    with Daemon(config()) as d, d.connect() as s:
        values = rcpt()
        for i in range(9):
            ask(s, **dict(values, recipient="r%d@x.test" % i))
        equal(ask(s, **dict(values, protocol_state="DATA", recipient_count="4")), "DUNNO")
        equal(d.used("alice", "hourly"), 4)


def volume():
    """bytes are counted at the end of the message, and refused there"""
    limits = HOURLY + "limit volume { key = user count = bytes max = 10k per = 1d code = \"452 4.2.2\" }\n"
    with Daemon(config(limits)) as d, d.connect() as s:
        for size, wanted in ((6000, True), (5000, False), (4000, True)):
            values = rcpt()
            equal(ask(s, **values), "DUNNO")
            answer = ask(s, **end_of(values, size=size))
            equal((size, accepted(answer)), (size, wanted))
            assert wanted or answer.startswith("452 4.2.2 volume limit reached: 6000 of 10240 bytes"), answer
        equal(d.used("alice", "volume"), 10000)
        equal(d.used("alice", "hourly"), 2)


def volume_unseen():
    """a limit on bytes that Postfix gives no chance is reported, once and in the status"""
    limits = "limit volume { key = user count = bytes max = 10k per = 1d }\n" + HOURLY
    with Daemon(config(limits)) as d, d.connect() as s:
        for _ in range(12):
            equal(ask(s, **rcpt(policy_context="submission")), "DUNNO")
        d.wait_log("limits on bytes have no effect for mail of port 587 submission, users")
        equal(d.text().count("limits on bytes have no effect"), 1)
        source = d.control("status")["stages"][0]
        equal((source["source"], source["asks_at_end"], source["bytes_unseen"]),
              ("port 587 submission, users", False, True))
        values = rcpt(policy_context="submission")
        ask(s, **values)
        ask(s, **end_of(values))
        source = d.control("status")["stages"][0]
        equal((source["asks_at_end"], source["gives_back"], source["bytes_unseen"]), (True, True, False))


def no_longer_asked():
    """a Postfix that stops asking at the end does not escape: soon recipients count for good"""
    with Daemon(config()) as d, d.connect() as s:
        first = rcpt()
        ask(s, **first)
        ask(s, **end_of(first))
        equal(sum(accepted(ask(s, **rcpt())) for _ in range(200)), 115)


def learn(connection, **values):
    """Postfix asks at the end of messages here: one that is accepted shows it."""
    first = rcpt(**values)
    equal(ask(connection, **first), "DUNNO")
    equal(ask(connection, **end_of(first)), "DUNNO")


def aborts_of_one():
    """whoever gives up message after message changes nothing for others: theirs are released as before"""
    top = 'trusted_networks = {"10.0.0.0/8"}\nspf { mode = off }\n'
    limits = HOURLY + ("limit clients { key = client max = 100 per = 1h from = {others} }\n"
                       "limit senders { key = sender max = 100 per = 1h }\n")
    host = {"user": "", "client_address": "10.0.0.1"}
    for limit, other, victim, who in (
            ("hourly", {"user": "mallory"}, {"user": "victim"}, "victim"),
            ("clients", {"user": "", "client_address": "203.0.113.66"},
             {"user": "", "client_address": "203.0.113.7"}, "client:203.0.113.7"),
            ("senders", dict(host, sender="m@a.test"), dict(host, sender="v@a.test"), "sender:v@a.test")):
        with Daemon(config(limits, top=top)) as d, d.connect() as s:
            learn(s, **victim)
            for _ in range(100):
                equal(ask(s, **rcpt(**other)), "DUNNO")
            for _ in range(3):
                with d.connect() as third:
                    equal(ask_many(third, 5, **victim), 5)
                    equal(d.used(who, limit), 6)
                wait_for(lambda: d.used(who, limit) == 1, "what was reserved given back")


def vanishes_in_data():
    """a client that vanishes in DATA: released with the next message, the end of the connection, or in time"""
    with Daemon(config(HOURLY + "limits { reservation_timeout = 10s }\n")) as d, d.connect() as s:
        learn(s)

        def vanish(connection):
            values = rcpt()
            for i in range(5):
                equal(ask(connection, **dict(values, recipient="r%d@x.test" % i)), "DUNNO")
            equal(ask(connection, **dict(values, protocol_state="DATA", recipient="", recipient_count="5")), "DUNNO")
            equal(d.used("alice", "hourly"), 6)

        vanish(s)
        equal(ask(s, **rcpt(user="bob")), "DUNNO")  # the next client of that smtpd
        equal(d.used("alice", "hourly"), 1)
        with d.connect() as other:
            vanish(other)
        wait_for(lambda: d.used("alice", "hourly") == 1, "5 recipients given back when it was closed")
        vanish(s)
        wait_for(lambda: d.used("alice", "hourly") == 1, "5 recipients given back in time", 60)


def accepted_stays():
    """nothing that may follow the end of an accepted message on its connection gives it back"""
    with Daemon(config(HOURLY + "limits { reservation_timeout = 10s }\n")) as d:
        def message(connection, n):
            values = rcpt()
            for i in range(n):
                equal(ask(connection, **dict(values, recipient="r%d@x.test" % i)), "DUNNO")
            equal(ask(connection, **end_of(values, recipients=n)), "DUNNO")
            return values
        with d.connect() as s:
            message(s, 10)
            ask(s, **rcpt())                                 # another message, which is given up
            equal(d.used("alice", "hourly"), 11)
            message(s, 10)
            equal(d.used("alice", "hourly"), 20)
            values = message(s, 10)
            ask(s, **dict(values, protocol_state="RCPT"))    # the same instance again
            ask(s, **rcpt(user="bob"))                       # another client
            equal(d.used("alice", "hourly"), 30)
            values = message(s, 10)
            equal(ask(s, **end_of(values, recipients=1)), "DUNNO")  # its end again, with less
            equal(ask(s, **end_of(values, recipients=0)), "DUNNO")
            ask(s, **dict(values, protocol_state="MAIL"))
            ask(s, **dict(values, protocol_state="VRFY"))
        with d.connect() as s:
            ask(s, **rcpt(user="bob"))
            equal(d.used("alice", "hourly"), 40)


# ---- actions ----

def actions():
    """defer, reject, hold and label, each with its text; label and hold go on counting"""
    limits = """
limit a { key = user max = 1 per = 1h }
limit b { key = sender max = 1 per = 1h action = reject code = "554 5.7.0"
          text = "no: {limit} {key} {unit} {used} {max} {per} {client} {recipient}" }
limit c { key = client max = 1 per = 1m action = hold from = {others} }
limit d { key = all max = 1 per = 1h mode = label }
"""
    top = 'trusted_networks = {"10.0.0.0/8"}\nspf { mode = off }'
    with Daemon(config(limits, top=top)) as d, d.connect() as s:
        equal(ask(s, **rcpt(user="u")), "DUNNO")
        holds(ask(s, **rcpt(user="u")), "450 4.7.1 a limit reached: 1 of 1 recipients in 1h")
        trusted = dict(user="", client_address="10.1.2.3", sender="web@a.test")
        equal(ask(s, **rcpt(recipient="1@x.test", **trusted)), "DUNNO")
        equal(ask(s, **rcpt(recipient="2@x.test", **trusted)),
              "554 5.7.0 no: b web@a.test recipients 1 1 1h 10.1.2.3 2@x.test")
        other = dict(user="", client_address="198.51.100.9")
        equal(ask(s, **rcpt(**other)), "DUNNO")
        holds(ask(s, **rcpt(**other)), "HOLD c limit reached: 2 of 1 recipients in 1m; free again")
        holds(ask(s, **rcpt(**other)), "HOLD c limit reached: 3 of 1 recipients in 1m; free again")
        d.wait_log("action=accept would=defer rule=limit.d")
        equal(d.used("all", "d"), 2)
        status = d.control("status")["decisions"]
        equal((status["held"], status["deferred"], status["rejected"]), (2, 1, 1))


def forged_sender():
    """who is not trusted cannot use up somebody's limit by writing his sender"""
    limits = "limit s { key = sender max = 5 per = 1h }\n"
    with Daemon(config(limits, top="spf { mode = off }")) as d, d.connect() as s:
        for user in ("", "mallory"):
            for _ in range(10):
                equal(ask(s, **rcpt(user=user, sender="victim@a.test", client_address="198.51.100.1")),
                      "DUNNO")
        equal(d.used("sender:victim@a.test", "s"), 0)


def two_windows():
    """several windows for one key never share a counter"""
    limits = ("limit m { key = user max = 3 per = 1m }\nlimit h { key = user max = 5 per = 1h }\n"
              "limit n { key = user count = messages max = 4 per = 1h }\n")
    with Daemon(config(limits)) as d, d.connect() as s:
        equal(ask_many(s, 10), 3)
        equal([d.used("alice", name) for name in "mhn"], [3, 3, 1])


# ---- reload ----

def overrides_reload():
    """overrides in an included file come into force with SIGHUP; a broken file changes nothing"""
    with Daemon(config(HOURLY, top='include = {"INCLUDED/*.conf"}'.replace(
            "INCLUDED", included := tempfile.mkdtemp(prefix="gatepost-test.")))) as d:
        os.chmod(included, 0o755)
        path = included + "/overrides.conf"
        with d.connect() as s:
            equal(ask_many(s, 110), 100)
        for text, ready, total in (
                ('override { user = "alice" hourly = 105 }\n', "is in force", 5),
                ('override { user = "alice" nonsense = 1 }\n', "stays in force as it was loaded", 0),
                ('override { user = "alice" hourly = unlimited }\n', "is in force", 50)):
            before = len(d.text())
            with open(path, "w") as f:
                f.write(text)
            d.reload()
            wait_for(lambda: ready in d.text()[before:], ready)
            with d.connect() as s:
                equal(ask_many(s, 50), total)
        row = d.control("show", who="alice")["rows"][0]
        equal((row["source"], row["override"], row["file"], row["line"], row["max"]),
              ("override", "user", path, 1, None))
        shutil.rmtree(included)


def reload_reaches_all():
    """a new configuration applies to open connections, too, from their next message on"""
    with Daemon(config()) as d, d.connect() as s:
        under_way = rcpt()
        equal(ask(s, **under_way), "DUNNO")
        d.write(config(HOURLY.replace("max = 100", "max = 2")))
        d.reload()
        d.wait_log("is in force")
        equal(ask(s, **dict(under_way, recipient="2@x.test")), "DUNNO")
        equal(ask(s, **dict(under_way, recipient="3@x.test")), "DUNNO")
        holds(ask(s, **rcpt()), "hourly limit reached: 3 of 2 recipients")
    with Daemon(config("")) as d, d.connect() as s:
        equal(ask_many(s, 5), 5)
        d.write(config(HOURLY.replace("max = 100", "max = 2")))
        d.reload()
        d.wait_log("is in force")
        equal(ask_many(s, 5), 2)


def set_in_mid_message():
    """what the operator sets binds the message under way"""
    with Daemon(config()) as d, d.connect() as s:
        values = rcpt()
        equal(ask(s, **values), "DUNNO")
        d.control("set", who="alice", limit="hourly", max=1)
        holds(ask(s, **dict(values, recipient="2@x.test")), "hourly limit reached: 1 of 1 recipients")
        d.control("unset", who="alice", limit="hourly")
        equal(ask(s, **dict(values, recipient="2@x.test")), "DUNNO")
        d.control("set", who="alice", limit="hourly", max=1)
        holds(ask(s, **end_of(values, recipients=2)), "450 4.7.1 hourly limit")


def reset_in_mid_message():
    """a message that was under way at a reset gives nothing back that others have counted since"""
    limits = "limit daily { key = user max = 100 per = 1d }\n"
    with Daemon(config(limits)) as d, d.connect() as s, d.connect() as other:
        first = rcpt()
        ask(s, **first)
        equal(ask(s, **end_of(first)), "DUNNO")
        equal(ask_many(s, 90), 90)
        d.control("reset", who="alice")
        equal(d.used("alice", "daily"), 0)
        values = rcpt()
        for i in range(90):
            equal(ask(other, **dict(values, recipient="r%d@x.test" % i)), "DUNNO")
        equal(ask(other, **end_of(values, recipients=90)), "DUNNO")
        equal(ask(s, **rcpt(user="somebody")), "DUNNO")  # the 90 of before are given up
        equal(d.used("alice", "daily"), 90)


def two_networks():
    """limits by network that differ in one prefix count what is the same subject together"""
    limits = ("limit a { key = network max = 10 per = 1h ipv6_prefix = 64 from = {authenticated} }\n"
              "limit b { key = network max = 20 per = 1h ipv6_prefix = 48 from = {authenticated} }\n")
    with Daemon(config(limits)) as d, d.connect() as s:
        equal(ask_many(s, 30, client_address="192.0.2.9"), 10)
        equal(ask_many(s, 30, client_address="2001:db8::9"), 10)
        equal(ask_many(s, 30, client_address="2001:db8:0:7::9"), 10)
        equal(ask_many(s, 30, client_address="2001:db8:0:8::9"), 0)


def reload_loses_nothing():
    """reloads while the store is swept leave every counter that counts"""
    with Daemon(config()) as d, d.connect() as s:
        for i in range(1500):
            equal(ask(s, **rcpt(user="u%d" % i)), "DUNNO")
        end = time.monotonic() + 4
        while time.monotonic() < end:
            d.reload()
            time.sleep(0.002)
        equal(d.control("limits", count=1)["counters"], 1500)


def limits_by_reload():
    """limits that a reload brings work, without a restart"""
    with Daemon(config("")) as d:
        holds(d.control("limits")["error"], "no limit is configured")
        equal(d.control("status")["store"], None)
        d.write(config(HOURLY))
        d.reload()
        d.wait_log("is in force")
        with d.connect() as s:
            equal(ask_many(s, 120), 100)


# ---- several processes, crashes ----

class Load:
    """Connections that ask for one user until told to stop; counts what was answered."""

    def __init__(self, daemons, connections=8, user="alice", patient=False):
        self.stopping, self.accepted, self.refused, self.lost = False, 0, 0, 0
        self.lock = threading.Lock()
        self.patient, self.user = patient, user
        self.threads = [threading.Thread(target=self.run, args=(d,), daemon=True) for d in daemons
                        for _ in range(connections)]
        for t in self.threads:
            t.start()

    def run(self, daemon):
        s = None
        while not self.stopping:
            try:
                s = s or daemon.connect()
                answer = ask(s, **rcpt(user=self.user))
            except OSError:
                answer = None
            with self.lock:
                self.accepted += answer == "DUNNO"
                self.refused += answer is not None and answer != "DUNNO"
                self.lost += answer is None
            if answer is None:
                s = None
                time.sleep(0.02)
            elif answer != "DUNNO" and not self.patient:
                break
        if s:
            s.close()

    def finish(self):
        self.stopping = True
        for t in self.threads:
            t.join()

    def join(self):
        """Until every connection was refused once."""
        for t in self.threads:
            t.join(120)
        assert not any(t.is_alive() for t in self.threads), "somebody was never refused"


BIG = "limit hourly { key = user  count = recipients  max = 3000  per = 1h }\n"


def two_processes(store, prepare=lambda d: None):
    first = world.Policyd(config(BIG, store=store))
    try:
        text = config(BIG, store=store.replace("STORE", "lmdb:" + first.folder + "/state"))
        second = world.Policyd(text)
        try:
            load = Load([first, second])
            load.join()
            equal((load.accepted, load.refused, load.lost), (3000, 16, 0))
            equal(first.used("alice", "hourly"), 3000)
            equal(second.used("alice", "hourly"), 3000)
        finally:
            second.close()
    finally:
        first.close()


def two_on_lmdb():
    """two daemons with 8 connections each on one LMDB: exactly max"""
    two_processes('uri = {"STORE"}')


def two_on_redis():
    """two daemons with 8 connections each on one Redis: exactly max"""
    with tempfile.TemporaryDirectory() as folder:
        redis = world.Redis(folder)
        try:
            two_processes('uri = {"%s"}' % redis.uri)
        finally:
            redis.close()


def killed():
    """kill -9 under load: afterwards nothing that was let in is missing, and the limit is exact"""
    with Daemon(config(BIG)) as d:
        accepted_so_far = lost = 0
        for _ in range(3):
            load = Load([d], patient=True)
            enough = accepted_so_far + 400
            wait_for(lambda: accepted_so_far + load.accepted >= enough or load.refused, "some load")
            d.kill()
            load.finish()
            accepted_so_far, lost = accepted_so_far + load.accepted, lost + 8
            d.log.close()
            d.start()
            used = d.used("alice", "hourly")
            # what was being answered when it died is counted, but nobody heard of it
            assert accepted_so_far <= used <= accepted_so_far + lost, (accepted_so_far, used, lost)
        load = Load([d])
        load.join()
        total = accepted_so_far + load.accepted
        assert 3000 - lost <= total <= 3000, total
        equal(d.used("alice", "hourly"), 3000)


def worker_killed():
    """the serving process dies, the next one goes on with the same counts"""
    with Daemon(config()) as d:
        with d.connect() as s:
            equal(ask_many(s, 60), 60)
        os.kill(d.worker(), signal.SIGKILL)
        wait_for(lambda: d.text().count("is ready") == 2, "another serving process")
        with d.connect() as s:
            equal(ask_many(s, 60), 40)


def restarted():
    """limits and run-time overrides outlive a restart"""
    with Daemon(config()) as d:
        with d.connect() as s:
            equal(ask_many(s, 60), 60)
        d.control("set", who="alice", limit="hourly", max=70)
        d.stop()
        d.start()
        with d.connect() as s:
            equal(ask_many(s, 60), 10)
        row = d.control("show", who="alice")["rows"][0]
        equal((row["max"], row["source"], row["limit_max"]), (70, "runtime", 100))


def counters_of_a_limit():
    """counters belong to name, key, count and per: what keeps them and what begins new ones (gatepost.conf(5))"""
    kept = ("limit hourly { key = user max = 70 per = 1h }", "limit hourly { key = user max = 9 per = 60m mode = label }",
            "limit hourly { key = user max = unlimited per = 1h action = reject text = \"x\" from = {authenticated} }",
            "limit other { key = user max = 1 per = 1h }\nlimit hourly { key = user count = recipients max = 1 per = 1h }")
    anew = ("limit perhour { key = user max = 100 per = 1h }", "limit hourly { key = user max = 100 per = 2h }",
            "limit hourly { key = user count = messages max = 100 per = 1h }")
    with Daemon(config()) as d:
        with d.connect() as s:
            equal(ask_many(s, 30), 30)
        for text in kept + anew + (HOURLY,):
            d.write(config(text + "\n"))
            d.stop()
            d.start()
            name = "perhour" if "perhour" in text else "hourly"
            equal((text, d.used("alice", name)), (text, 0 if text in anew else 30))


def twin_limits():
    """limits that differ in name and max or mode only are counted each by itself, and a mail once in each"""
    limits = ("limit warn { key = user max = 5 per = 1h mode = label }\nlimit stop { key = user max = 8 per = 1h }\n"
              "limit high { key = user max = 100 per = 1h }\n")
    with Daemon(config(limits)) as d, d.connect() as s:
        equal(ask_many(s, 12), 8)
        equal([d.used("alice", name) for name in ("warn", "stop", "high")], [8, 8, 8])
        d.wait_log("limit=warn limit_key=user:alice limit_unit=recipients limit_used=6 limit_max=5")
        d.control("reset", who="alice", limit="stop")
        equal([d.used("alice", name) for name in ("warn", "stop", "high")], [8, 0, 8])
        d.control("set", who="alice", limit="stop", max=3)
        with d.connect() as other:
            equal(ask_many(other, 12), 3)
        equal([d.used("alice", name) for name in ("warn", "stop", "high")], [11, 3, 11])


# ---- stores in trouble ----

def redis_away(failure):
    with tempfile.TemporaryDirectory() as folder:
        redis = world.Redis(folder)
        store = ('uri = {"%s"} timeout = 2s on_failure = %s local_path = "LOCAL"'
                 % (redis.uri, failure))
        local = tempfile.mkdtemp(prefix="gatepost-test.")
        if os.geteuid() == 0:
            shutil.chown(local, "nobody")
        try:
            with Daemon(config(HOURLY, store=store.replace("LOCAL", local))) as d, d.connect() as s:
                equal(ask_many(s, 30), 30)
                load = Load([d], connections=3, user="somebody", patient=True)
                redis.stop()
                wait_for(lambda: not d.control("status")["store"]["up"], "notice that Redis is away")
                away = ask_many(s, 120)
                equal(away, {"accept": 120, "defer": 0, "local": 100}[failure])
                if failure == "defer":
                    equal(ask(s, **rcpt()), "451 4.3.0 The limits of this mail cannot be checked at the moment, try again later")
                d.wait_log("store: redis://127.0.0.1:%d" % redis.port)
                redis.start()
                wait_for(lambda: d.control("status")["store"]["up"], "return to Redis")
                load.finish()
                equal(load.lost, 0)
                equal(ask_many(s, 120), 100)  # a fresh Redis has forgotten all
        finally:
            redis.close()
            shutil.rmtree(local)


def redis_accept():
    """Redis stopped and started under load: on_failure = accept"""
    redis_away("accept")


def redis_defer():
    """Redis stopped and started under load: on_failure = defer"""
    redis_away("defer")


def redis_local():
    """Redis stopped and started under load: on_failure = local"""
    redis_away("local")


def redis_down_at_start():
    """a Redis that is unavailable at the start is found later"""
    with tempfile.TemporaryDirectory() as folder:
        port = world.free_port()
        with Daemon(config(store='uri = {"redis://127.0.0.1:%d"} on_failure = defer' % port)) as d:
            with d.connect() as s:
                equal(ask_many(s, 3), 0)
                redis = world.Redis(folder, port)
                try:
                    wait_for(lambda: ask_many(s, 1) == 1, "Redis in use")
                finally:
                    redis.close()


def damage(name, change, said):
    with Daemon(config()) as d:
        with d.connect() as s:
            equal(ask_many(s, 60), 60)
        d.stop()
        path = d.folder + "/state/counters"
        with open(path, "r+b") as f:
            change(f)
        d.start()
        with d.connect() as s:
            equal((name, ask_many(s, 120)), (name, 100))
        aside = glob.glob(d.folder + "/state/counters.damaged-*")
        equal((name, len(aside)), (name, 1))
        d.wait_log(said)
        holds(d.text(), os.path.basename(aside[0]))


def overwrite(f):
    f.seek(0)
    size = len(f.read())
    f.seek(8192)
    f.write(b"\xa5" * (size - 8192))


def replace(f):
    f.truncate(0)
    f.write(b"this is somebody's diary\n" * 1000)


def damaged_file():
    """a corrupted, a truncated and a foreign file are set aside, and the daemon comes up"""
    damage("corrupted", overwrite, "damaged")
    damage("truncated", lambda f: f.truncate(9000), "damaged")
    damage("foreign", replace, "damaged")


def full_store():
    """a store that is full makes room for new users, who are counted, and keeps what is nearly used up"""
    store = 'uri = {"STORE"} size = 1M on_failure = defer'
    with Daemon(config("limit hourly { key = user max = 5 per = 1h }\n", store=store)) as d, d.connect() as s:
        equal(ask_many(s, 9, user="spammer"), 5)
        for i in range(9000):
            equal((i, ask(s, **rcpt(user="user%d-%s" % (i, "x" * 100)))), (i, "DUNNO"))
        d.wait_log("full")
        assert d.text().count("full") <= 3, d.text()
        equal(ask_many(s, 9, user="later"), 5)
        equal(ask_many(s, 3, user="spammer"), 0)


# ---- hostile ----

def addresses_of_one_house():
    """one house of IPv6, or an IPv4 client in whatever form it comes, is one client"""
    limits = "limit clients { key = client  max = 10  per = 1h }\n"
    with Daemon(config(limits, top="spf { mode = off }")) as d, d.connect() as s:
        def send(client):
            return ask(s, **rcpt(user="", client_address=client)) == "DUNNO"
        equal(sum(send("2001:db8:1:2::%x" % i) for i in range(12)), 10)
        equal(send("2001:db8:1:2:ffff:ffff:ffff:ffff"), False)
        equal(send("2001:db8:1:3::1"), True)
        equal(sum(send("192.0.2.7") for i in range(9)), 9)
        equal([send("::ffff:192.0.2.7"), send("64:ff9b::c000:207"), send("64:ff9b::192.0.2.7")], [True, False, False])
        equal(send("64:ff9b::c000:208"), True)
        equal(d.used("client:2001:db8:1:2::99", "clients"), 10)
        equal(d.used("client:2001:db8:1:2::/64", "clients"), 10)
        equal(d.used("client:64:ff9b::c000:207", "clients"), 10)


def odd_names():
    """user names with every byte that Postfix may pass: each has a counter of its own, blanks and case aside"""
    names = ["".join(chr(c) for c in range(1, 256) if c != 10), "'; DROP TABLE users; --",
             "]] redis.call('FLUSHALL') --", "return 1", "%s%n", "x" * 3000, "x" * 2999 + "y", "{a}", "a}b",
             "\\n", "../../etc/passwd", "user:alice", "all", "\udcff\udcfe", "jörg@bücher.test", " ", "a\tb"]
    names += ["".join(chr(1 + (i * 7 + k) % 250 + (k % 250 > 8)) for k in range(200)).replace("\n", "")
              for i in range(20)]
    limits = "limit two { key = user max = 2 per = 1h }\n"
    stores = ['uri = {"STORE"}']
    with tempfile.TemporaryDirectory() as folder:
        try:
            redis = world.Redis(folder)
            stores.append('uri = {"%s"}' % redis.uri)
        except world.Skip:
            redis = None
        for store in stores:
            with Daemon(config(limits, store=store)) as d, d.connect() as s:
                for name in names:
                    answers = [accepted(ask(s, **rcpt(user=name))) for _ in range(3)]
                    equal((name, answers), (name, [True, True, False]))
                rows = d.control("limits", count=0)["rows"]
                equal(len(rows), len(names))
        if redis:
            redis.close()


SPELLINGS = ["müller@example.org", "MÜLLER@example.org", "mu\u0308ller@example.org", " müller@example.org",
             "\tmüller@example.org", "müller @example.org", "müller@ example.org", "müller@EXAMPLE.ORG.",
             "\uff4düller@example.org", '"müller"@example.org', '"mül\\ler"@example.org', "müller@example.org@",
             "müller\uff20example.org", "müller@example\u3002org", "mül\u200bler@example.org",
             "\u202emüller@example.org", "müller@example.org.@.", "mül\x01ler@example.org"]


def spellings_of_one_user():
    """names that a database of users takes for one are one subject, or many with limits.names = exact"""
    ten = "limit hourly { key = user  max = 10  per = 1h }\noverride { user = \"ALICE@example.org\" hourly = 3 }\n"
    with Daemon(config(ten)) as d, d.connect() as s:
        equal(ask_many(s, 12, user=SPELLINGS[0]), 10)
        for name in SPELLINGS:
            equal((name, ask_many(s, 2, user=name)), (name, 0))
            equal((name, d.used(name, "hourly")), (name, 10))
        for name in ("jose@example.org", "josé@example.org", "müller@example.net"):
            equal((name, ask_many(s, 12, user=name)), (name, 10))
        equal(ask_many(s, 5, user='" Alice"@example.org'), 3)
        equal(d.control("set", who=SPELLINGS[2], limit="hourly", max=15)["subject"], "user:müller@example.org")
        equal(ask_many(s, 12, user=SPELLINGS[1]), 5)
        equal(d.control("reset", who=SPELLINGS[3])["forgotten"], ["hourly"])
        equal(d.used(SPELLINGS[0], "hourly"), 0)
    with Daemon(config(ten + "limits { names = exact }\n")) as d, d.connect() as s:
        for name in SPELLINGS[:2] + SPELLINGS[3:5]:
            equal((name, ask_many(s, 12, user=name)), (name, 10))


def empty_names():
    """what is nothing when it is folded has one counter for all of its spellings"""
    with Daemon(config("limit hourly { key = user  max = 10  per = 1h }\n")) as d, d.connect() as s:
        equal(ask_many(s, 12, user=" "), 10)
        for name in ('""', "@", ".", "\u200b", " @ ", "\u3000"):
            equal((name, ask_many(s, 2, user=name)), (name, 0))


def long_names():
    """names of 15 kB, whatever is in them, are answered and counted"""
    limits = ("limit hourly { key = user max = 2 per = 1h }\n"
              "limit realm { key = user_domain max = 9000 per = 1h }\n")
    parts = ("\ufdfa", "\u200b", "\u0308", "a\"@", "\udcff", "\"\\", "\u00df.", "\uff20", "\u1100\u1161", "xn--a.",
             "\u2126@")
    with Daemon(config(limits)) as d, d.connect() as s:
        for i, part in enumerate(parts):
            name = part * (15000 // len(part.encode("utf-8", "surrogateescape")))
            equal((part, ask_many(s, 3, user="%d-" % i + name)), (part, 2))
            equal((part, ask_many(s, 3, user="x%d-" % i + name + "@a.test")), (part, 2))


def megabyte_of_names():
    """a megabyte of user names, one request after the other"""
    limits = "limit two { key = user max = 2 per = 1h }\n"
    with Daemon(config(limits)) as d, d.connect() as s:
        for i in range(700):
            equal(ask(s, **rcpt(user="%06d" % i + "n" * 1494)), "DUNNO")
        equal(len(d.control("limits", count=0)["rows"]), 700)


def bad_numbers():
    """numbers that are none count as none, those that are too large as the largest"""
    limits = "limit bytes { key = user  count = bytes  max = 1M  per = 1h }\n" \
             "limit all { key = user  count = recipients  max = 10  per = 1h }\n"
    with Daemon(config(limits)) as d, d.connect() as s:
        for number, (value, counted) in enumerate((("-1", 0), ("x", 0), ("1e3", 0), ("", 0), ("700", 700))):
            user = "n%d" % number
            for stage, count in (("RCPT", "0"), ("END-OF-MESSAGE", "1")):
                equal(ask(s, **rcpt(user=user, instance=user, protocol_state=stage, recipient_count=count,
                                    size=value)), "DUNNO")
            equal((value, d.used(user, "bytes"), d.used(user, "all")), (value, counted, 1))
        for number, value in enumerate((str(2 ** 50 + 1), str(2 ** 63 - 1), "9" * 20, "9" * 4000)):
            user = "l%d" % number
            equal(ask(s, **rcpt(user=user, instance=user, size=value)), "DUNNO")
            holds(ask(s, **rcpt(user=user, instance=user, protocol_state="END-OF-MESSAGE", recipient_count="1",
                                size=value)), "450 4.7.1 bytes limit: no message, or none as large as this one, is allowed")
            equal((d.used(user, "bytes"), d.used(user, "all")), (0, 0))
        for value in ("9" * 20, str(2 ** 63)):
            holds(ask(s, **rcpt(user="many" + value, protocol_state="DATA", recipient_count=value)), "450 4.7.1 all limit")


# ---- the operator's socket ----

def control_answers():
    """status, limits, show, reset, set and unset, and what cannot be done"""
    limits = (HOURLY + "limit volume { key = user count = bytes max = 2G per = 1d }\n"
              "limit site { key = all max = 1000 per = 1h }\n"
              "limit realm { key = user_domain max = 500 per = 1h }\n")
    with Daemon(config(limits)) as d, d.connect() as s:
        for i in range(30):
            equal(ask_many(s, i + 1, user="u%d@a.test" % i), i + 1)
        answer = d.control("limits", count=5)
        equal([r["name"] for r in answer["rows"]], ["a.test", "all", "u29@a.test", "u28@a.test", "u27@a.test"])
        equal(answer["counters"], 32)
        equal((answer["rows"][2]["used"], answer["rows"][2]["max"], answer["rows"][2]["per_s"]), (30, 100, 3600))
        equal(d.control("reset", who="U29@a.test"), {"forgotten": ["hourly", "volume"], "counted": True})
        equal(d.control("reset", who="U29@a.test"), {"forgotten": ["hourly", "volume"], "counted": False})
        equal(d.used("u29@a.test", "hourly"), 0)
        equal(d.used("all", "site"), 465)
        equal(d.control("reset", who="all", limit="site")["forgotten"], ["site"])
        equal(d.used("all", "site"), 0)
        equal(d.control("set", who="u1@a.test", limit="hourly", max=3)["max"], 3)
        with d.connect() as other:
            equal(ask_many(other, 9, user="u1@a.test"), 1)
        equal(d.control("unset", who="u1@a.test", limit="hourly")["max"], 100)
        d.control("set", who="u1@a.test", limit="hourly", max=None, for_s=1)
        row = d.control("show", who="u1@a.test")["rows"][0]
        equal((row["max"], row["source"]), (None, "runtime"))
        wait_for(lambda: d.control("show", who="u1@a.test")["rows"][0]["max"] == 100, "end of an override")
        holds(d.control("show", who="client:1.2.3.4")["error"],
              "no limit applies to client:1.2.3.4: there is none whose key is client")
        for request in (dict(command="show"),
                        dict(command="set", who="x", limit="nope", max=1), dict(command="reset", who=""),
                        dict(command="set", who="x", limit="hourly", max=-1), dict(command="frobnicate"),
                        dict(command="set", who="x", limit="hourly", max="1"),
                        dict(command="set", who="x", limit="site", max=1),
                        dict(command="set", who="x" * 400, limit="hourly", max=1)):
            assert d.control(**request).get("error"), request
        status = d.control("status")
        equal(status["store"]["up"], True)
        assert status["store"]["round_trip_us"] >= 0 and status["latency"]["p50_us"] > 0
        equal(status["config"]["limits"], 4)


KEYS = (HOURLY + "limit realm { key = user_domain max = 500 per = 1h }\n"
        "limit from { key = sender max = 50 per = 1h }\nlimit fromdom { key = sender_domain max = 50 per = 1h }\n"
        "limit clients { key = client max = 50 per = 1h }\nlimit net { key = network max = 50 per = 1h }\n")


def who_it_is_about():
    """what stands before a colon is a kind or an error; each limit takes the kinds that it counts"""
    with Daemon(config(KEYS)) as d:
        def limits_of(who):
            answer = d.control("show", who=who)
            return [(r["limit"], r["subject"]) for r in answer["rows"]] if "rows" in answer else answer["error"]
        user = [("hourly", "user:alice@a.test"), ("realm", "user_domain:a.test")]
        for who, wanted in (
                ("alice@a.test", user), ("user:alice@a.test", user), ("User:ALICE@a.test.", user),
                ("domain:A.test", user[1:]), ("user_domain:a.test", user[1:]),
                ("sender:x@a.test", [("from", "sender:x@a.test"), ("fromdom", "sender_domain:a.test")]),
                ("client:192.0.2.7", [("clients", "client:192.0.2.7"), ("net", "network:192.0.2.0/24")]),
                ("network:192.0.2.7/24", [("net", "network:192.0.2.0/24")]),
                ("network:2001:db8::7/64", [("net", "network:2001:db8::/64")]),
                ("user:a:b", [("hourly", "user:a:b")]), ("user:all", [("hourly", "user:all")]),
                ("user:", [("hourly", "user:")])):
            equal((who, limits_of(who)), (who, wanted))
        for who, text in (("clinet:1.2.3.4", "clinet: is unknown; write one of"),
                          ("a:b", "is the name of a user, write user:a:b"), ("domian:a.test", "client:ADDRESS, network:ADDRESS/BITS and all"),
                          ("2001:db8::1", "write an address as client:2001:db8::1"), (":x", "is unknown"),
                          ("all", "there is none whose key is all; a user of that name is written user:all"),
                          ("client:1.2.3", "it is not a client"), ("network:192.0.0.0/16", "several of them"),
                          ("", "is missing")):
            for command in ("show", "reset"):
                holds(d.control(command, who=who)["error"], text)
            limit = {"client:1.2.3": "clients", "network:192.0.0.0/16": "net"}.get(who, "hourly")
            holds(d.control("set", who=who, limit=limit, max=1)["error"], text if who != "all" else "hourly counts by user")
        for who, limit, text in (("alice@a.test", "realm", "realm counts by user_domain, which is written domain:NAME"),
                                 ("alice", "net", "net counts by network, which is written network:ADDRESS/BITS"),
                                 ("all", "hourly", "hourly counts by user"), ("alice", "nope", "no limit of that name"),
                                 ("client:1.2.3", "clients", "it is not a client")):
            holds(d.control("set", who=who, limit=limit, max=1)["error"], text)
        holds(d.control("reset", who="alice", limit="nope")["error"], "no limit of that name")
        for who, text in (("domain:alice@a.test", "write user:alice@a.test, or domain:a.test for all of its domain"),
                          ("sender_domain:x@a.test", "write sender:x@a.test, or sender_domain:a.test"),
                          ("203.0.113.5", "write an address as client:203.0.113.5, a user of that name as user:203.0.113.5"),
                          ("*@a.test", "for each user of the domain write domain:a.test"), ("*", "cannot be a name"),
                          ("<alice@a.test>", "without < and >: user:alice@a.test")):
            for command in ("show", "reset"):
                holds(d.control(command, who=who).get("error", "none"), text)
        equal(d.control("reset", who="user:203.0.113.5")["forgotten"], ["hourly"])


def names_that_nobody_has():
    """a maximum for a name that nobody can have is refused, with what to write instead"""
    with Daemon(config(KEYS + "limit own { key = sender max = 50 per = 1h domains = {\"a.test\"} }\n")) as d:
        for who, limit, text in (
                ("domain:a@x.test", "hourly", "write user:a@x.test, or domain:x.test for all of its domain"),
                ("domain:@x.test", "realm", "write a domain without an @: domain:x.test"),
                ("domain:*@x.test", "realm", "write a domain without an @: domain:x.test"),
                ("domain:*.x.test", "hourly", "patterns are not possible here, write each domain: domain:x.test"),
                ("domain:.x.test", "realm", "write each domain: domain:x.test"),
                ("domain:x..test", "realm", "x..test is not a domain; write it as domain:example.org"),
                ("domain:*", "realm", "* is not a domain"), ("domain:", "realm", "a name must follow domain:"),
                ("domain:<x.test>", "realm", "is not a domain"),
                ("sender_domain:a@x.test", "fromdom", "write sender:a@x.test, or sender_domain:x.test"),
                ("sender_domain:*.x.test", "from", "sender_domain:x.test"),
                ("sender:<q@x.test>", "from", "without < and >: sender:q@x.test"),
                ("sender:<>", "from", "no limit counts the null sender"),
                ("sender:@x.test", "from", "for each sender of the domain write sender_domain:x.test"),
                ("sender:*@x.test", "from", "for each sender of the domain write sender_domain:x.test"),
                ("sender:x.test", "from", "all of a domain as sender_domain:x.test"),
                ("sender: ", "from", "a name must follow"),
                ("user:", "hourly", "a name must follow user:"), (" ", "hourly", "the name is missing"),
                ("*", "hourly", "* cannot be a name; max of the limit itself applies to all"),
                ("user:*", "hourly", "domain:example.org to each user of a domain"),
                ("@x.test", "hourly", "for each user of the domain write domain:x.test"),
                ("user:*@x.test", "hourly", "for each user of the domain write domain:x.test"),
                ("<a@x.test>", "hourly", "without < and >: user:a@x.test"),
                ("1.2.3.4", "hourly", "write an address as client:1.2.3.4, a user of that name as user:1.2.3.4"),
                ("192.0.2.0/24", "hourly", "write an address as client:192.0.2.0/24"),
                ("client: 1.2.3.4", "clients", "there are spaces after the colon or at the end; write client:1.2.3.4"),
                ("network:192.0.2.0/24 ", "net", "write network:192.0.2.0/24"),
                ("sender_domain:b.test", "own", "limit own counts no sender of b.test: its option domains does not list that domain")):
            holds(d.control("set", who=who, limit=limit, max=1).get("error", "none for \"%s\"" % who), text)
        equal(d.control("overrides")["overrides"], [])
        for who, limit, subject in (
                ("user:1.2.3.4", "hourly", "user:1.2.3.4"), ("domain:corp", "realm", "user_domain:corp"),
                ("domain:B\u00fccher.test.", "hourly", "domain:xn--bcher-kva.test"),
                ("sender:a+b@x.test", "from", "sender:a+b@x.test"), ("sender:\"a b\"@x.test", "from", "sender:ab@x.test"),
                ("sender_domain:a.test", "own", "sender_domain:a.test"), ("DOMAIN\\user", "hourly", "user:domain\\user")):
            equal((who, d.control("set", who=who, limit=limit, max=1).get("subject")), (who, subject))


def whole_domain():
    """a maximum set for a domain is that of each user of it who has nothing of his own"""
    override = 'override { user = "news@a.test" hourly = 60 }\noverride { domain = "a.test" hourly = 40 }\n'
    with Daemon(config(KEYS + override)) as d, d.connect() as s:
        def row(who):
            return next(r for r in d.control("show", who=who)["rows"] if r["limit"] == "hourly")
        answer = d.control("set", who="domain:A.test", limit="hourly", max=3, for_s=3600)
        equal((answer["subject"], answer["max"]), ("domain:a.test", 3))
        equal(ask_many(s, 9, user="alice@a.test"), 3)
        equal(ask_many(s, 9, user="BOB@A.test"), 3)
        equal(ask_many(s, 9, user="eve@b.test"), 9)
        equal(row("news@a.test")["max"], 60)
        equal((row("carol@a.test")["max"], row("carol@a.test")["source"], row("carol@a.test")["override"]),
              (3, "runtime", "domain"))
        d.control("set", who="carol@a.test", limit="hourly", max=5)
        equal(row("carol@a.test")["max"], 5)
        shown = d.control("show", who="domain:a.test")
        equal([(r["limit"], r["subject"]) for r in shown["rows"]], [("realm", "user_domain:a.test")])
        equal([(r["limit"], r["subject"], r["key"], r["max"], "expires" in r) for r in shown["each"]],
              [("hourly", "domain:a.test", "user", 3, True)])
        equal(d.control("show", who="domain:b.test")["each"], [])
        equal(d.control("set", who="domain:a.test", limit="realm", max=9)["subject"], "user_domain:a.test")
        equal(d.control("set", who="sender_domain:a.test", limit="from", max=9)["subject"], "sender_domain:a.test")
        rows = d.control("overrides")["overrides"]
        equal([(r["limit"], r["subject"], r["max"], "expires" in r, r["uid"], r["known"]) for r in rows],
              [("from", "sender_domain:a.test", 9, False, os.getuid(), True),
               ("hourly", "domain:a.test", 3, True, os.getuid(), True),
               ("hourly", "user:carol@a.test", 5, False, os.getuid(), True),
               ("realm", "user_domain:a.test", 9, False, os.getuid(), True)])
        assert all(r["host"] == "mx.test" and r["set"].endswith("Z") for r in rows), rows
        d.wait_log("event=limit-set limit=hourly limit_key=domain:a.test limit_max=3 until=20")
        d.wait_log("event=limit-set limit=realm limit_key=user_domain:a.test limit_max=9 uid=%d" % os.getuid())
        d.control("reset", who="alice@a.test")
        d.wait_log("event=limit-reset limit=hourly limit_key=user:alice@a.test limit_used=3 uid=%d" % os.getuid())
        equal(d.control("unset", who="domain:a.test", limit="hourly")["max"], 40)
        d.wait_log("event=limit-unset limit=hourly limit_key=domain:a.test uid=%d" % os.getuid())
        equal(row("alice@a.test")["max"], 40)


def domain_that_nothing_counts():
    """a domain whose users are counted each by itself: said so, where the maxima are, and nothing to reset"""
    with Daemon(config()) as d:
        d.control("set", who="domain:a.test", limit="hourly", max=3)
        for command in ("show", "reset"):
            holds(d.control(command, who="domain:a.test")["error"], "as a whole: there is none whose key is user_domain. "
                  "A maximum for each one in it can be set; gatepost limits overrides lists those that are")
        holds(d.control("show", who="domain:a.test")["error"], "Set for each: hourly 3")


def overrides_of_a_limit_that_is_gone():
    """what was set for a limit that is not configured any more is listed as such, and can be taken back"""
    with Daemon(config()) as d:
        d.control("set", who="alice", limit="hourly", max=3)
        d.write(config("limit perhour { key = user max = 7 per = 1h }\n"))
        d.stop()
        d.start()
        rows = d.control("overrides")["overrides"]
        equal([(r["limit"], r["subject"], r["known"]) for r in rows], [("hourly", "user:alice", False)])
        equal(d.control("unset", who="alice", limit="hourly")["known"], False)
        equal(d.control("overrides")["overrides"], [])
        holds(d.control("unset", who="alice", limit="hourly")["error"], "no limit of that name")


def overrides_that_an_option_left_behind():
    """what was set under a name that an option has changed since is listed as such, and can be taken back"""
    before = ("limit clients { key = client max = 50 per = 1h }\nlimit net { key = network max = 60 per = 1h }\n"
              "limit from { key = sender max = 70 per = 1h }\nlimit hourly { key = user max = 80 per = 1h }\n"
              "limit realm { key = user_domain max = 90 per = 1h }\n")
    after = ("limit clients { key = client max = 50 per = 1h ipv6_prefix = 48 }\n"
             "limit net { key = network max = 60 per = 1h ipv4_prefix = 16 }\n"
             "limit from { key = sender max = 70 per = 1h subaddress = strip }\n"
             "limit hourly { key = all max = 80 per = 1h }\nlimit realm { key = user max = 90 per = 1h }\n")
    top = 'trusted_networks = {"198.51.100.0/24"}\n'
    left = [("clients", "client:2001:db8:1:2::/64"), ("from", "sender:a+b@a.test"), ("hourly", "user:alice"),
            ("net", "network:192.0.2.0/24"), ("realm", "user_domain:a.test")]
    kept = [("clients", "client:192.0.2.7"), ("from", "sender:a@a.test")]
    with Daemon(config(before, top=top)) as d:
        for limit, who in left + kept:
            equal(d.control("set", who=who, limit=limit, max=1).get("subject"), who)
        d.write(config(after, top=top))
        d.stop()
        d.start()
        rows = {(r["limit"], r["subject"]): r for r in d.control("overrides")["overrides"]}
        equal(sorted(rows), sorted(left + kept))
        for limit, who in left:
            equal((who, rows[limit, who]["known"], rows[limit, who]["in_use"]), (who, True, False))
            answer = d.control("unset", who=who, limit=limit)
            equal((answer.get("subject"), answer.get("in_use")), (who, False))
        for limit, who in kept:
            equal((who, rows[limit, who]["in_use"]), (who, True))
        equal([(r["limit"], r["subject"]) for r in d.control("overrides")["overrides"]], kept)
        # a name under which nothing is left is meant as the limit counts it now
        equal(d.control("unset", who="sender:a+b@a.test", limit="from").get("subject"), "sender:a@a.test")
        equal(d.control("unset", who="domain:a.test", limit="realm").get("subject"), "domain:a.test")
        equal(len(d.control("overrides")["overrides"]), 1)


def networks_by_their_length():
    """a network is the one of the length that was written, although a smaller one begins at the same address"""
    limits = ("limit clients { key = client max = 50 per = 1h }\n"
              'override { client = "2001:db8:1:2::/80" clients = 5 }\noverride { client = "2001:db8:1:2::/64" clients = 9 }\n')
    with Daemon(config(limits, top="spf { mode = off }")) as d, d.connect() as s:
        def send(client, count):
            for _ in range(count):
                equal(ask(s, **rcpt(user="", client_address=client)), "DUNNO")
        def row(who):
            r = d.control("show", who=who)["rows"][0]
            return r["subject"], r["used"], r["max"]
        send("2001:db8:1:2::7", 2)
        send("2001:db8:1:2:3::7", 4)
        house, part = "client:2001:db8:1:2::/64", "client:2001:db8:1:2::/80"
        for who, wanted in ((house, (house, 4, 9)), (part, (part, 2, 5)), ("client:2001:db8:1:2::7", (part, 2, 5)),
                            ("client:2001:db8:1:2:3::7", (house, 4, 9)), ("client:2001:db8:1:2::7/64", (house, 4, 9))):
            equal((who, row(who)), (who, wanted))
        equal(d.control("set", who=house, limit="clients", max=30)["subject"], house)
        equal((row(house)[2], row(part)[2]), (30, 5))
        d.control("reset", who=house)
        equal((row(house)[1], row(part)[1]), (0, 2))
        equal(d.control("unset", who=house, limit="clients")["max"], 9)
        equal({(r["subject"], r["max"]) for r in d.control("limits", count=0)["rows"] if r["used"]}, {(part, 5)})


def control_hostile():
    """rubbish, silence and floods on the operator's socket stop nothing"""
    with Daemon(config()) as d:
        for data in (b"\n", b"{}\n", b"[]\n", b"x" * 70000, b"{\"command\": 7}\n", b"\0\n", b"{" * 50000 + b"\n",
                     b"{\"command\": \"show\", \"who\": \"\\u0000\"}\n"):
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(world.PATIENCE_S)
                s.connect(d.control_path)
                try:
                    s.sendall(data)
                    assert b"error" in s.recv(65536)
                except (BrokenPipeError, ConnectionResetError):
                    pass
        silent = socket.socket(socket.AF_UNIX)
        silent.connect(d.control_path)
        equal(d.ask(**rcpt()), "DUNNO")
        equal(d.control("status")["requests"], 1)
        silent.close()
        equal(os.stat(d.control_path).st_mode & 0o777, 0o600)


def connect_control(d, data, size=None):
    s = socket.socket(socket.AF_UNIX)
    if size:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
    s.settimeout(world.PATIENCE_S)
    s.connect(d.control_path)
    s.sendall(data)
    return s


def control_slow():
    """slow clients of the operator's socket keep nobody waiting"""
    with Daemon(config()) as d:
        for data in (b"{", b"", b'{"command": "metrics"}\n'):  # the last ones do not read
            # one after the other, a second each, they took longer than this test waits
            slow = [connect_control(d, data, 1) for _ in range(world.PATIENCE_S * 3 // 2)]
            equal(d.control("status")["config"]["changed_since"], False)
            for s in slow:
                s.close()


def control_oldest():
    """of slow clients the one that came first goes when a new one wants its place"""
    with Daemon(config()) as d:
        for _ in range(20):  # not if its byte has not been seen yet, or its own second is over
            slow = [connect_control(d, b"{") for _ in range(8)]
            d.control("status")
            answers = [s.recv(4096) for s in slow]
            if answers[0] == b"":
                return
            assert answers.count(b"") <= 1, answers
        assert False, "the first one was never ended for another"


def control_at_once():
    """as many clients at once as there are places are all answered"""
    with Daemon(config()) as d:
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(d.control("limits", count=0))) for _ in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        equal([sorted(a) for a in answers], [["counters", "rows"]] * 8)


if os.environ.get("BUILD", "build").endswith("thread"):
    tests = (hundred_and_first, gives_back, two_on_lmdb, two_on_redis, redis_local, overrides_reload,
             reload_reaches_all, reload_loses_nothing, control_answers, control_hostile,
             control_slow, control_oldest, control_at_once)
else:
    tests = (hundred_and_first, only_at_rcpt, gives_back, times_out, as_accepted, repeated_recipient,
             without_instance, sources, whole_message,
             at_data, volume, volume_unseen, no_longer_asked, aborts_of_one,
             vanishes_in_data, accepted_stays, actions, forged_sender, two_windows,
             overrides_reload, limits_by_reload, reload_reaches_all, set_in_mid_message,
             reset_in_mid_message, two_networks, reload_loses_nothing, two_on_lmdb, two_on_redis, killed, worker_killed, restarted,
             redis_accept, redis_defer, redis_local, redis_down_at_start, damaged_file, full_store, odd_names,
             spellings_of_one_user, empty_names, long_names, addresses_of_one_house,
             megabyte_of_names, bad_numbers, control_answers, who_it_is_about, names_that_nobody_has, whole_domain,
             domain_that_nothing_counts, overrides_of_a_limit_that_is_gone,
             overrides_that_an_option_left_behind, networks_by_their_length, counters_of_a_limit, twin_limits,
             control_hostile, control_slow, control_oldest, control_at_once)
tap = world.Tap()
for test in tests:
    if len(sys.argv) < 2 or sys.argv[1] in test.__name__:
        tap.run(test)
tap.finish()
