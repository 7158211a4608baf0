# SPDX-License-Identifier: ISC
"""gatepost store export and import, as they are typed: from LMDB to Redis and back, with real counters: limits
hold on the other side."""
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import world  # noqa: E402
from world import equal, holds  # noqa: E402

GATEPOST = os.path.join(world.BUILD, "gatepost")
CONFIG = """hostname = "mx.test"
spf { mode = off }
dns { servers = {"127.0.0.1:9"} }
store { uri = {"URI"} }
policyd { listen = {"SOCKET"} user = "USER" }
limit hourly { key = user  count = recipients  max = 3  per = 1h }
limit site { key = all  count = recipients  max = unlimited  per = 1d }
"""


class Side(world.Policyd):
    """with Side(uri) as d: a daemon that counts in this store; the first word of what Postfix is told."""

    def __init__(self, uri="STORE", **more):
        super().__init__(CONFIG.replace("URI", uri), **more)
        self.sent = 0

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.close()

    def send(self, user, times=1):
        answers = []
        for _ in range(times):
            self.sent += 1
            answers.append(self.ask(protocol_state="RCPT", client_address="192.0.2.1", sender="x@a.test", recipient="r@b.test",
                                    instance="%d.%d" % (id(self), self.sent), sasl_username=user).split()[0])
        return answers


def run(*words, stdin=None):
    done = subprocess.run([GATEPOST] + list(words), input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=dict(os.environ, LC_ALL="C.UTF-8"), timeout=world.PATIENCE_S, text=True)
    return done.returncode, done.stdout, done.stderr


def fine(*words, stdin=None):
    code, out, err = run(*words, stdin=stdin)
    assert code == 0, (words, code, out, err)
    return out, err


class Scene:
    """A store with counters and maxima in it, and its lines; no daemon runs any more."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="gatepost-move.")
        os.chmod(self.folder, 0o755)
        self.source = Side()
        d = self.source
        equal(d.send("alice", 4), ["DUNNO"] * 3 + ["450"])
        equal(d.send("bob", 2), ["DUNNO"] * 2)
        fine("limits", "set", "carol", "hourly", "1", "--for", "1d", "-c", d.config_path)
        fine("limits", "set", "dave", "hourly", "unlimited", "-c", d.config_path)
        equal(d.send("carol", 2), ["DUNNO", "450"])
        equal(d.used("all", "site"), 6)
        d.stop()
        self.lines = self.folder + "/lines"
        fine("store", "export", self.lines, "-c", d.config_path)

    def config(self, uri):
        path = self.folder + "/other.conf"
        with open(path, "w") as f:
            f.write(CONFIG.replace("URI", uri).replace("SOCKET", "unix:/nowhere/socket").replace("USER", self.source.user))
        return path

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        shutil.rmtree(self.source.folder, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def check_limits_hold(d):
    """What the source has counted and set is in force."""
    equal(d.send("alice"), ["450"])
    equal(d.send("bob", 2), ["DUNNO", "450"])
    equal(d.send("carol"), ["450"])
    equal(d.send("dave", 5), ["DUNNO"] * 5)
    equal(d.send("erin", 4), ["DUNNO"] * 3 + ["450"])
    out, _ = fine("limits", "overrides", "--json", "-c", d.config_path)
    rows = {r["subject"]: r for r in json.loads(out)["overrides"]}
    equal((rows["user:carol"]["max"], "expires" in rows["user:carol"], rows["user:carol"]["uid"]), (1, True, os.geteuid()))
    equal((rows["user:dave"]["max"], "expires" in rows["user:dave"]), (None, False))


def from_lmdb_to_redis():
    """counters and maxima move from LMDB to Redis, limits hold there, and importing again changes nothing"""
    with Scene() as s, tempfile.TemporaryDirectory() as folder:
        redis = world.Redis(folder)
        try:
            conf = s.config(redis.uri)
            out, err = fine("store", "import", s.lines, "-c", conf)
            equal(err, "")
            holds(out, "into the store %s:\n" % redis.uri)
            # alice, bob, carol and all; two maxima, and who has set them
            for title, count in (("names with counters", 4), ("maxima set at run time", 2), ("who has set them", 2)):
                assert any(line.split() == title.split() + [str(count), "0", "0", "0"] for line in out.split("\n")), (title, out)
            report = json.loads(fine("store", "import", s.lines, "--json", "-c", conf)[0])
            equal(report["counters"], {"new": 0, "joined": 4, "kept": 0, "expired": 0})
            equal(report["maxima"], {"new": 0, "joined": 0, "kept": 2, "expired": 0})
            with Side(redis.uri) as d:
                equal(d.used("all", "site"), 6)
                check_limits_hold(d)
                # and back: by a pipe, the way README shows it for any two stores
                lines, err = fine("store", "export", "-c", conf)
                holds(err, "from the store %s:\n" % redis.uri)
                back = s.folder + "/back"
                os.mkdir(back)
                if os.geteuid() == 0:
                    shutil.chown(back, s.source.user)
                fine("store", "import", "--store", "lmdb:" + back, "-c", conf, stdin=lines)
            with Side("lmdb:" + back) as d:
                equal(d.send("alice"), ["450"])
                equal(d.send("erin"), ["450"])
                equal(d.send("dave"), ["DUNNO"])
        finally:
            redis.stop()


def lmdb_to_lmdb_that_is_in_use():
    """into a store that a daemon counts in: what is larger stays, the daemon's own maxima stay"""
    with Scene() as s, Side() as d:
        equal(d.send("alice", 1), ["DUNNO"])
        equal(d.send("frank", 3), ["DUNNO"] * 3)
        fine("limits", "set", "carol", "hourly", "7", "-c", d.config_path)
        fine("store", "import", s.lines, "-c", d.config_path)
        used = d.used("alice", "hourly")
        assert used in (3, 4), used  # 4 where the two lie in two slots of a minute
        equal((d.used("frank", "hourly"), d.used("bob", "hourly")), (3, 2))
        world.wait_for(lambda: d.send("dave", 1) == ["DUNNO"] and d.control("show", who="dave")["rows"][0]["max"] is None,
                       "dave's maximum")
        equal(d.control("show", who="carol")["rows"][0]["max"], 7)
        equal(d.send("alice"), ["450"])


def the_lines():
    """the first line says the version, the last one how many there are; the file is its owner's alone, and is not overwritten"""
    with Scene() as s:
        equal(stat.S_IMODE(os.stat(s.lines).st_mode), 0o600)
        with open(s.lines) as f:
            lines = [json.loads(line) for line in f]
        equal((lines[0]["gatepost_store"], lines[0]["from"]), (1, "lmdb:%s/state" % s.source.folder))
        equal(lines[-1], {"end": len(lines) - 2})
        alice = next(x for x in lines if x.get("subject") == "user:alice")
        equal(sum(slot[1] for slot in alice["counters"][0]["slots"]), 3)
        fact = next(x for x in lines if x.get("fact") == "limit/hourly/user:carol")
        equal(fact["value"], "1")
        assert "expires_ms" not in next(x for x in lines if x.get("fact") == "limit/hourly/user:dave")
        code, out, err = run("store", "export", s.lines, "-c", s.source.config_path)
        equal((code, out), (1, ""))
        holds(err, s.lines + ": File exists; name another file, or remove this one")


def what_is_wrong_with_a_file():
    """a file that was cut, that is none, or that has a line too many: said with its line; what came before is imported"""
    with Scene() as s:
        with open(s.lines) as f:
            lines = f.readlines()
        cases = [
            ("", "it ends before its last line: it was cut"),
            ("".join(lines[:-1]), "it ends before its last line: it was cut"),
            ("".join(lines)[:-1], "it ends before its last line: it was cut"),
            ("".join(lines[:2] + lines[3:]), "lines are missing, or there are too many"),
            ("".join(lines[1:]), "line 1: this is no file that gatepost store export has written"),
            ("hello\n", "line 1: this is no line of such a file"),
            (lines[0] + lines[0], "line 2: another file begins here"),
            ("".join(lines) + lines[1], "the file goes on behind its last line"),
            (lines[0].replace(":1,", ":2,"), "line 1: the file has another version than this program reads"),
            (lines[0] + '{"fact": "a", "value": "b", "odd": 1}\n', "line 2: there is a member that is not known"),
            (lines[0] + '{"subject": "a", "counters": [{"id": 1, "per_ms": 1, "slots": [[1, 1]]}]}\n', "line 2: a value is out of bounds"),
            (lines[0] + "x" * (2 << 20) + "\n", "line 2: the line is too long"),
        ]
        with Side() as d:
            for text, problem in cases:
                code, _, err = run("store", "import", "-c", d.config_path, stdin=text)
                equal((code, problem), (1, problem))
                holds(err, problem)
                holds(err, "gatepost store import: standard input")
            equal(d.send("alice"), ["450"])
        code, out, err = run("store", "import", s.folder + "/nothing", "-c", s.source.config_path)
        equal((code, out), (1, ""))
        holds(err, "No such file")


def stores_that_are_none():
    """a server that is unavailable, a directory that is not there, a URI that is none"""
    with Scene() as s:
        conf = s.source.config_path
        code, out, err = run("store", "import", s.lines, "--store", "redis://127.0.0.1:1", "-c", conf)
        equal((code, out), (1, ""))
        holds(err, "the store redis://127.0.0.1:1: ")
        code, out, err = run("store", "export", "--store", "lmdb:%s/nowhere" % s.folder, "-c", conf)
        equal((code, out), (1, ""))
        holds(err, "there is no store in %s/nowhere" % s.folder)
        assert not os.path.exists(s.folder + "/nowhere")
        code, out, err = run("store", "export", "--store", "file:/tmp", "-c", conf)
        equal((code, out), (2, ""))
        holds(err, "--store: ")


def another_user():
    """another user than the store's is told to be root; nothing is made"""
    if os.geteuid() != 0:
        raise world.Skip("needs root")
    with Scene() as s:
        for words in (("store", "export"), ("store", "import", s.lines), ("store", "check")):
            done = subprocess.run(["setpriv", "--reuid=daemon", "--regid=daemon", "--clear-groups", os.path.abspath(GATEPOST), *words,
                                   "-c", s.source.config_path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True, timeout=world.PATIENCE_S)
            equal((done.returncode, done.stdout), (1, ""), words)
            if words[1] == "import":
                holds(done.stderr, "Permission denied")  # the file is root's
            else:
                equal(done.stderr, "gatepost %s: the store lmdb:%s/state belongs to the user %s: run this as root, or as "
                      "that user\n" % (" ".join(words[:2]), s.source.folder, s.source.user))


def main():
    tap = world.Tap()
    for test in (from_lmdb_to_redis, lmdb_to_lmdb_that_is_in_use, the_lines, what_is_wrong_with_a_file, stores_that_are_none,
                 another_user):
        tap.run(test)
    tap.finish()


main()
