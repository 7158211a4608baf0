# SPDX-License-Identifier: ISC
"""limits, status and metrics on the store itself: the same answers as the daemon's, on hosts with Exim alone by
themselves, elsewhere with --direct; a daemon that should answer is never passed by in silence."""
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import world  # noqa: E402
from world import equal, holds  # noqa: E402

GATEPOST = os.path.abspath(os.path.join(world.BUILD, "gatepost"))
CONFIG = """hostname = "mx.test"
spf { mode = off }
dns { servers = {"127.0.0.1:9"} }
store { uri = {"STORE"} }
policyd { listen = {"SOCKET"} user = "USER" }
limit hourly { key = user  count = recipients  max = 3  per = 1h }
limit daily { key = user_domain  count = messages  max = 100  per = 1d  mode = label }
limit clients { key = client  count = recipients  max = 1000  per = 1h  from = {authenticated} }
override { user = "boss"  hourly = 50 }
"""


def run(*words, path=None, before=()):
    environment = dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC")
    if path:
        environment["PATH"] = path
    done = subprocess.run([*before, GATEPOST] + list(words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env=environment, timeout=world.PATIENCE_S, text=True)
    return done.returncode, done.stdout, done.stderr


class Daemon(world.Policyd):
    """with Daemon() as d: one that has counted something."""

    def __init__(self):
        super().__init__(CONFIG)
        self.where = "lmdb:" + self.folder + "/state"
        for i, (user, count) in enumerate((("alice", 3), ("bob@corp.test", 2), ("boss", 1))):
            for k in range(count):
                self.ask(protocol_state="RCPT", client_address="192.0.2.%d" % i, sender="x@a.test", recipient="r%d@b.test" % k,
                         instance="i%d.%d" % (i, k), sasl_username=user)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.close()

    def line(self, command):
        return "gatepost %s: using the store %s (no daemon)\n" % (command, self.where)


def the_same_answers():
    """every command about limits says with --direct what the daemon says, beside it and without it"""
    commands = [("limits",), ("limits", "--all"), ("limits", "show", "alice"), ("limits", "show", "corp.test"),
                ("limits", "show", "domain:corp.test"), ("limits", "explain", "boss"), ("limits", "explain", "client:192.0.2.1"),
                ("limits", "overrides"), ("limits", "show", "nonsense:x"), ("limits", "reset", "alice", "nolimit"),
                ("limits", "set", "alice", "nolimit", "7"), ("limits", "set", "alice", "hourly", "7k"),
                ("limits", "set", "*@corp.test", "hourly", "7")]
    with Daemon() as d:
        equal(run("limits", "set", "bob@corp.test", "hourly", "9", "--for", "1d", "-c", d.config_path)[0], 0)
        said = {}
        for words in commands:
            for more in ((), ("--json",)):
                said[words + more] = run(*words, *more, "-c", d.config_path)
        for _ in range(2):
            for words, (code, out, err) in said.items():
                code2, out2, err2 = run(*words, "-c", d.config_path, "--direct")
                title = " ".join(words[:2]) if words[1:] and not words[1].startswith("-") else words[0]
                equal(code2, code, words)
                equal(err2, d.line(title) + err, words)
                if "--json" in words and out:
                    there, direct = json.loads(out), json.loads(out2)
                    if code == 0:
                        equal(direct.pop("direct"), {"store": d.where, "user": d.user}, words)
                    there, direct = without_time(there), without_time(direct)
                    equal(direct, there, words)
                else:
                    equal(re.sub(r"\d+ h \d+ min|\d+ min", "T", out2), re.sub(r"\d+ h \d+ min|\d+ min", "T", out), words)
            d.stop()
        d.start()


def without_time(value):
    """An answer without what depends on the second."""
    if isinstance(value, dict):
        return {k: without_time(v) for k, v in value.items() if k not in ("wait_s", "free", "set", "expires")}
    return [without_time(v) for v in value] if isinstance(value, list) else value


def changes_are_in_force():
    """what is set, taken back and begun anew without a daemon holds for the next one, and for one that runs"""
    with Daemon() as d:
        def ask(user, instance):
            return d.ask(protocol_state="RCPT", client_address="192.0.2.9", sender="x@a.test", recipient="r@b.test",
                         instance=instance, sasl_username=user).split()[0]

        def direct(*words):
            code, out, err = run("limits", *words, "-c", d.config_path, "--direct")
            equal((code, err), (0, d.line("limits " + words[0])))
            return out
        equal(ask("alice", "a.1"), "450")
        holds(direct("set", "alice", "hourly", "4"), "alice: the maximum of hourly is 4\n")
        world.wait_for(lambda: d.control("show", who="alice")["rows"][0]["max"] == 4, "the new maximum in the daemon")
        equal([ask("alice", "a.2"), ask("alice", "a.3")], ["DUNNO", "450"])
        d.stop()
        holds(direct("reset", "alice"), "alice: set to zero: hourly\n")
        holds(direct("set", "erin", "hourly", "0"), "erin: the maximum of hourly is 0\n")
        rows = json.loads(direct("overrides", "--json"))["overrides"]
        equal([(r["subject"], r["max"], r["uid"], r["host"]) for r in rows],
              [("user:alice", 4, os.geteuid(), "mx.test"), ("user:erin", 0, os.geteuid(), "mx.test")])
        d.start()
        equal([ask("alice", "a.%d" % i) for i in range(4, 9)], ["DUNNO"] * 4 + ["450"])
        equal(ask("erin", "e.1"), "450")
        holds(direct("set", "erin", "hourly", "default"), "erin: the maximum of hourly is again 3, as configured\n")


def status_and_metrics():
    """status and metrics of the store: what is known without a daemon"""
    with Daemon() as d:
        d.stop()
        code, out, err = run("status", "-c", d.config_path, "--direct")
        equal((code, err), (0, d.line("status")))
        # alice, bob and boss by user, corp.test by domain (asked at RCPT only: messages are counted, too), three clients
        for part in ("the store itself, as the user " + d.user, "limits        3, overrides 1", "store         up: " + d.where,
                     "counted       7 counters, 1 of them full"):
            holds(out, part)
        code, out, _ = run("status", "--json", "-c", d.config_path, "--direct")
        answer = json.loads(out)
        equal((answer["counters"], answer["full"], answer["runtime_overrides"]), (7, 1, 0))
        equal((answer["store"]["up"], answer["store"]["where"]), (True, d.where))
        code, out, err = run("metrics", "-c", d.config_path, "--direct")
        equal((code, err), (0, d.line("metrics")))
        for line in ('gatepost_store_up{store="main"} 1', "gatepost_config_limits 3", 'gatepost_limit_subjects{limit="hourly"} 3',
                     'gatepost_limit_subjects_full{limit="hourly"} 1', 'gatepost_limit_subjects_full{limit="clients"} 0'):
            holds(out, line + "\n")
        shutil.rmtree(d.folder + "/state")
        with open(d.folder + "/state", "w") as f:
            f.write("no store\n")
        code, out, err = run("status", "-c", d.config_path, "--direct")
        equal(code, 1)
        holds(out, "WARNING: the store is down: ")
        code, out, err = run("limits", "-c", d.config_path, "--direct")
        equal((code, out), (1, ""))
        holds(err, "gatepost limits: the store %s: " % d.where)


def no_daemon_is_passed_by():
    """a daemon that is not there, does not listen or does not answer: an error, unless the store is Exim's"""
    with Daemon() as d:
        d.stop()
        code, out, err = run("limits", "-c", d.config_path)
        equal((code, out), (1, ""))
        holds(err, "there is no such socket; is gatepost-policyd running")
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(d.control_path)
            code, out, err = run("limits", "-c", d.config_path)
            equal((code, out), (1, ""))
            holds(err, "connection refused")
        code, out, err = run("limits", "--direct", "--socket", d.control_path, "-c", d.config_path)
        equal((code, out), (2, ""))
        holds(err, "--socket or --direct, not both")


class Exim:
    """A host with Exim alone, as far as PATH goes: a program that says whose it is."""

    def __init__(self, user):
        self.folder = tempfile.mkdtemp(prefix="gatepost-exim.")
        os.chmod(self.folder, 0o755)
        with open(self.folder + "/exim4", "w") as f:
            f.write("#!/bin/sh\ncase \"$*\" in *exim_user*) echo exim_user = %s ;; *-bV*) echo Exim version 4.96 ;; esac\n" % user)
        os.chmod(self.folder + "/exim4", 0o755)
        self.path = self.folder + ":/bin:/usr/bin"

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        shutil.rmtree(self.folder, ignore_errors=True)


def a_host_with_exim_alone():
    """where the store is Exim's and nobody listens, the store is used; where somebody listens, he is asked"""
    with Daemon() as d, Exim(d.user) as exim:
        code, out, err = run("limits", "-c", d.config_path, path=exim.path)
        equal((code, err), (0, ""))
        d.stop()
        code, there, err = run("limits", "-c", d.config_path, path=exim.path)
        equal((code, err), (0, d.line("limits")))
        equal(re.sub(r"\d+ min", "T", there), re.sub(r"\d+ min", "T", out))
        code, out, err = run("status", "-c", d.config_path, path=exim.path)
        equal((code, err), (0, d.line("status")))
        code, out, err = run("completion", "users", "-c", d.config_path, path=exim.path)
        equal((code, err), (0, d.line("completion users")))
        assert {"alice", "boss", "bob@corp.test"} <= set(out.split()), out
        with open(d.config_path, "a") as f:
            f.write("nonsense {\n")
        code, out, err = run("limits", "-c", d.config_path, "--direct", path=exim.path)
        equal((code, out), (3, ""))
        holds(err, "nonsense")


def another_user():
    """another user than the store's is told to be root"""
    if os.geteuid() != 0:
        raise world.Skip("needs root")
    as_daemon = ("setpriv", "--reuid=daemon", "--regid=daemon", "--clear-groups")
    with Daemon() as d, Exim(d.user) as exim:
        code, out, err = run("limits", "-c", d.config_path, before=as_daemon)
        equal((code, out), (1, ""))
        holds(err, "permission denied; run this as root")
        d.stop()
        for words in (("limits",), ("limits", "set", "alice", "hourly", "9"), ("status",), ("metrics",)):
            code, out, err = run(*words, "-c", d.config_path, before=as_daemon, path=exim.path)
            equal((code, out), (1, ""))
            equal(err, "gatepost %s: the store %s belongs to the user %s: run this as root, or as that user\n"
                  % (" ".join(words[:2]), d.where, d.user))


def main():
    tap = world.Tap()
    for test in (the_same_answers, changes_are_in_force, status_and_metrics, no_daemon_is_passed_by, a_host_with_exim_alone,
                 another_user):
        tap.run(test)
    tap.finish()


main()
