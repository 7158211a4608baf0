# SPDX-License-Identifier: ISC
"""A daemon that is started with a broken configuration: the last good one is used, loudly; without one the start
fails. And the commands that need its control socket only."""
import json
import os
import pwd
import re
import signal
import stat
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import world  # noqa: E402
from world import equal, holds  # noqa: E402

GATEPOST = os.path.join(world.BUILD, "gatepost")
POLICYD = os.path.join(world.BUILD, "gatepost-policyd")
CONFIG = """hostname = "mx.test"
include = {"FOLDER/limits.d/*.conf"}
spf { mode = off }
dns { servers = {"127.0.0.1:9"} }
policyd { user = "USER"  listen = {"unix:FOLDER/policy"}  control_socket = "FOLDER/control" }
store { uri = {"lmdb:FOLDER/state"}  size = 16M  password_file = "FOLDER/secret" }
"""
LIMIT = "limit hourly { key = user  count = recipients  max = 2  per = 1h }\n"
OVERRIDE = 'override { user = "alice"  hourly = 7 }\n'
BROKEN = "hostname = \"mx.test\"\nspf { mode = sometimes }\n"


class Daemon:
    """Started as root, or, as a unit is, as the user it runs as."""

    def __init__(self, as_unit=False):
        self.folder = tempfile.mkdtemp(prefix="gatepost-test.")
        os.chmod(self.folder, 0o755)
        self.user = "nobody" if os.geteuid() == 0 else ""
        self.as_unit = as_unit and bool(self.user)
        self.config, self.log = self.folder + "/gatepost.conf", self.folder + "/log"
        self.process = None
        os.mkdir(self.folder + "/state", 0o700)
        os.mkdir(self.folder + "/limits.d")
        os.mkdir(self.folder + "/conf.d")
        if self.user:
            nobody = pwd.getpwnam("nobody")
            for path in (self.folder, self.folder + "/state"):
                os.chown(path, nobody.pw_uid, nobody.pw_gid)
        self.write("gatepost.conf", CONFIG)
        self.write("limits.d/a.conf", LIMIT)
        self.write("conf.d/b.conf", OVERRIDE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        subprocess.run(["rm", "-rf", self.folder], check=True)

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w") as f:
            f.write(text.replace("FOLDER", self.folder).replace("USER", self.user))

    def start(self, ready=True):
        """What it logged since this start; ready: until it serves, else until it has ended."""
        self.stop()
        before = len(self.text())
        become = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"] if self.as_unit else []
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(become + [POLICYD, "-c", self.config], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, env=dict(os.environ, STATE_DIRECTORY=self.folder + "/state"))
        def done():
            return self.process.poll() is not None or (ready and "is ready" in self.text()[before:])
        world.wait_for(done, "the start: " + self.text()[before:])
        if ready:
            equal(self.process.poll(), None, self.text()[before:])
        return self.text()[before:]

    def text(self):
        return open(self.log, errors="replace").read() if os.path.exists(self.log) else ""

    def stop(self):
        if self.process:
            world.end(self.process)
        self.process = None

    def kept(self):
        """The file that was kept, once it is there."""
        def find():
            names = [n for n in os.listdir(self.folder + "/state") if n.startswith("last-good") and not n.endswith(".new")]
            return names and os.path.join(self.folder, "state", names[0])
        return world.wait_for(find, "a configuration that was kept")

    def command(self, *words, code=0):
        done = subprocess.run([GATEPOST] + list(words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, env=dict(os.environ, STATE_DIRECTORY=self.folder + "/state"))
        equal(done.returncode, code, done.stdout + done.stderr)
        return done

    def status(self, code=0):
        return self.command("status", "--socket", self.folder + "/control", code=code).stdout


def broken_start(as_unit=False):
    """files with errors at the start: the whole configuration that was in force before is used, and said loudly"""
    with Daemon(as_unit) as d:
        d.start()
        path = d.kept()
        equal(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        d.stop()
        # nothing of what it was made from is needed
        d.write("gatepost.conf", BROKEN)
        d.write("conf.d/b.conf", "more nonsense {\n")
        os.unlink(d.folder + "/limits.d/a.conf")
        said = d.start()
        holds(said, "spf.mode: sometimes is not allowed here")
        holds(said, "%s has errors or cannot be read, and is NOT in force: the last good configuration is, saved 20" % d.config)
        shown = json.loads(d.command("limits", "explain", "--json", "--socket", d.folder + "/control", "alice").stdout)
        holds(json.dumps(shown), '"max": 7')
        text = d.status(code=1)
        holds(text, "WARNING: %s had errors when the daemon was started and is not in force: the last good configuration"
              % d.config)
        holds(d.command("metrics", "--socket", d.folder + "/control").stdout, "gatepost_config_last_reload_successful 0")
        # mended, it is in force after a reload, and is kept
        d.write("gatepost.conf", CONFIG.replace("mx.test", "mended.test"))
        os.unlink(d.folder + "/conf.d/b.conf")
        d.process.send_signal(signal.SIGHUP)
        world.wait_for(lambda: "is in force" in d.text().rsplit("is ready", 1)[1], "reload")
        assert "WARNING" not in d.status()
        world.wait_for(lambda: "mended.test" in open(path).read(), "the mended one to be kept")


def broken_start_as_a_unit():
    """the same where the daemon is started as the user it runs as"""
    broken_start(as_unit=True)


def missing_file():
    """a main file that is gone is as good as one with errors"""
    with Daemon() as d:
        d.start()
        d.kept()
        d.stop()
        os.unlink(d.config)
        holds(d.start(), "the last good configuration is, saved")


def nothing_kept():
    """without a last good configuration the start fails, with the errors of the file; -t fails with one as well"""
    with Daemon() as d:
        d.write("gatepost.conf", BROKEN)
        said = d.start(ready=False)
        equal(d.process.returncode, 3)
        holds(said, "spf.mode: sometimes is not allowed here")
        holds(said, "no last good configuration can be used")
        d.write("gatepost.conf", CONFIG)
        d.start()
        d.kept()
        d.stop()
        d.write("gatepost.conf", BROKEN)
        done = subprocess.run([POLICYD, "-t", "-c", d.config], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, env=dict(os.environ, STATE_DIRECTORY=d.folder + "/state"))
        equal((done.returncode, done.stdout), (3, ""))


UNUSABLE = [
    ("saved by another version, which knows an option that this one does not",
     lambda text: text.replace("spf {", "spf {\n    mind_reading = yes", 1), "mind_reading"),
    ("cut off", lambda text: text[:len(text) // 2], "is not whole"),
    ("of another file", lambda text: re.sub("# from .*", "# from /etc/other.conf", text), "is of another configuration"),
    ("empty", lambda text: "", "is not whole"),
    ("something else", lambda text: "hostname = \"x.test\"\n# whole\n", "is no configuration that was saved"),
]


def unusable(name, change, said):
    with Daemon() as d:
        d.start()
        path = d.kept()
        d.stop()
        d.write("gatepost.conf", BROKEN)
        with open(path) as f:
            text = f.read()
        with open(path, "w") as f:
            f.write(change(text))
        log = d.start(ready=False)
        equal(d.process.returncode, 3)
        holds(log, "no last good configuration can be used: " + path)
        holds(log, said)


def not_private():
    """a kept file that others may read, could have written, or that is a link elsewhere is not used"""
    with Daemon() as d:
        d.start()
        path = d.kept()
        d.stop()
        d.write("gatepost.conf", BROKEN)
        os.chmod(path, 0o644)
        holds(d.start(ready=False), "is not private to its owner")
        os.chmod(path, 0o600)
        if d.user:
            os.chown(path, 1, 1)  # some other user
            holds(d.start(ready=False), "belongs to another user")
            os.chown(path, pwd.getpwnam("nobody").pw_uid, 0)
        os.rename(path, path + ".away")
        os.symlink(path + ".away", path)
        holds(d.start(ready=False), "no last good configuration can be used: " + path)
        equal(d.process.returncode, 3)


def no_rights_of_root():
    """what the user of the daemon could have written into the file is done with his rights, never with root's"""
    with Daemon() as d:
        if not d.user or d.as_unit:
            raise world.Skip("needs root")
        d.start()
        path = d.kept()
        d.stop()
        d.write("gatepost.conf", BROKEN)
        with open(path) as f:
            text = f.read()
        with open(path, "w") as f:
            f.write(text.replace('user = "nobody"', 'user = "root"'))
        holds(d.start(ready=False), "belongs to another user than policyd.user in it")
        os.mkdir(d.folder + "/roots", 0o755)
        with open(path, "w") as f:
            f.write(text.replace("unix:%s/policy" % d.folder, "unix:%s/roots/policy" % d.folder))
        holds(d.start(ready=False), "Permission denied")
        equal(os.listdir(d.folder + "/roots"), [])


def start_after_a_boot():
    """root starts from the last good configuration as it has started from the file: sockets have the group of the
    mail server, and folders that a boot has removed are made"""
    with Daemon() as d:
        if not d.user:
            raise world.Skip("needs root")
        run, roots = d.folder + "/run", d.folder + "/roots"
        for path in (run, roots):
            os.mkdir(path, 0o755)
            os.chown(path, 0, 0)
        mail_user = pwd.getpwnam("daemon")
        d.write("gatepost.conf", CONFIG.replace("FOLDER/control", "FOLDER/run/gatepost/control").replace(
            'unix:FOLDER/policy"}', 'unix:FOLDER/roots/policy"}  mail_user = "daemon"'))
        said = []
        for text in (None, BROKEN, BROKEN):
            if text:
                d.write("gatepost.conf", text)
            said.append(d.start())
            st = os.stat(roots + "/policy")
            equal((st.st_gid, stat.S_IMODE(st.st_mode)), (mail_user.pw_gid, 0o660))
            equal(os.stat(run + "/gatepost").st_uid, pwd.getpwnam("nobody").pw_uid)
            d.command("status", "--socket", run + "/gatepost/control", code=1 if text else 0)
            d.kept()
            d.stop()
            subprocess.run(["rm", "-rf", run + "/gatepost"], check=True)
        holds(said[1], "the last good configuration is, saved")
        for part in ("start the daemon as root", "without the rights of root", "no control socket", "not started as root"):
            assert part not in said[1], said[1]


ROOTS_OPTIONS = [
    ("a group", lambda t: t.replace("group = \"\"", "group = \"shadow\""),
     "has a policyd.group that its user does not belong to, which it may not set"),
    ("a group of the mail server", lambda t: t.replace('mail_user = "postfix"', 'mail_user = "root"'),
     "policyd.mail_user in the last good configuration is not what root has started the daemon with before"),
    ("a mode of the socket", lambda t: re.sub("socket_mode = .*", "socket_mode = 0777", t),
     "policyd.socket_mode in the last good configuration is not"),
    ("a control socket", lambda t: t.replace("/control\"", "/roots/control\""),
     "policyd.control_socket in the last good configuration is not"),
    ("a folder", lambda t: t.replace("/state\"", "/roots/state\""), "store.uri in the last good configuration is not"),
    ("a port", lambda t: re.sub(r"(metrics \{\s+listen = )\{[^}]*\}", r'\1{"inet:127.0.0.1:9"}', t),
     "metrics.listen in the last good configuration is not"),
]


def roots_options():
    """root acts on no option that the daemon's user could have written: not on users, groups, modes, sockets, folders"""
    for name, change, wanted in ROOTS_OPTIONS:
        with Daemon() as d:
            if not d.user:
                raise world.Skip("needs root")
            os.mkdir(d.folder + "/roots", 0o755)
            d.start()
            path = d.kept()
            d.stop()
            d.write("gatepost.conf", BROKEN)
            with open(path) as f:
                text = f.read()
            assert change(text) != text, name + text
            with open(path, "w") as f:
                f.write(change(text))
            before = len(d.text())
            with open(d.log, "ab") as log:
                d.process = subprocess.Popen([POLICYD, "-c", d.config], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                             env=dict(os.environ, STATE_DIRECTORY=d.folder + "/state"))
            world.wait_for(lambda: wanted in d.text()[before:], name)
            world.wait_for(lambda: d.process.poll() is not None or "is ready" in d.text()[before:] or
                           "cannot start" in d.text()[before:], "the start")
            equal(os.listdir(d.folder + "/roots"), [], name)
    # what root keeps for itself counts only while it is root's
    with Daemon() as d:
        d.start()
        d.kept()
        d.stop()
        d.write("gatepost.conf", BROKEN)
        own = os.path.join(d.folder, "state", "as-root", os.path.basename(d.kept()))
        equal((os.stat(own).st_uid, stat.S_IMODE(os.stat(own).st_mode)), (0, 0o600))
        os.chown(own, pwd.getpwnam("nobody").pw_uid, 0)
        holds(d.start(), "is used without the rights of root")


def commands():
    """status, limits, metrics and request ask although the file has errors, and say where; a file that is named and
    not there is a mistake"""
    with Daemon() as d:
        d.start()
        d.kept()
        d.write("gatepost.conf", BROKEN)
        for words in (["status"], ["limits"], ["limits", "show", "alice"], ["metrics"],
                      ["request", "client_address=192.0.2.1", "sender=a@x.test", "recipient=b@mx.test"]):
            done = d.command(words[0], "-c" if words[0] != "request" else "--config", d.config, *words[1:])
            assert done.stdout, words
            holds(done.stderr, "spf.mode: sometimes is not allowed here")
            holds(done.stderr, "gatepost %s: %s has errors: the socket of the last good configuration is asked"
                  % (words[0], d.config))
        os.unlink(d.kept())
        done = d.command("status", "-c", d.config, code=1)
        holds(done.stderr, "the socket of the default is asked")
        holds(done.stderr, "/run/gatepost/control")
        for words in (["status"], ["limits"], ["metrics"]):
            holds(d.command(words[0], "-c", "/nowhere/gatepost.conf", code=3).stderr, "cannot be read")


def doctors_order():
    """doctor with a broken file: what is not well comes first, the worst at the top; every other check is done"""
    with Daemon() as d:
        d.start()
        d.kept()
        d.write("gatepost.conf", BROKEN)
        def findings(*more, code=2):
            done = d.command("doctor", "--json", "--config", d.config, *more, "config", "daemon", "store", code=code)
            return json.loads(done.stdout)
        ranks = ["problem", "warning", "note", "ok", "skipped"]
        found = findings()
        order = [ranks.index(f["state"]) for f in found]
        equal(order, sorted(order))
        equal(found[0]["check"], "config.file")
        holds(found[0]["found"], "other checks look with what was kept of it")
        assert not [f for f in found if "configuration has errors" in f["found"]], found
        equal([f["state"] for f in found if f["check"] == "store.main"], ["ok"])
        # started with it
        d.start()
        found = findings()
        equal([f["found"].split(" and is")[0] for f in found if f["check"] == "daemon.config"],
              ["%s had errors when the daemon was started" % d.config])
        # and away
        d.stop()
        found = findings()
        equal(found[0]["check"], "daemon.answers")
        holds(found[0]["found"], "the daemon is not running, mail waits")
        text = d.command("doctor", "--config", d.config, "config", "daemon", code=2).stdout
        holds(text.splitlines()[0], "the daemon is not running, mail waits")
        # with nothing kept either, with the defaults
        os.unlink(d.kept())
        holds([f["found"] for f in findings() if f["check"] == "config.file"][0], "other checks look with the defaults")


def main():
    tap = world.Tap()
    for test in (broken_start, broken_start_as_a_unit, missing_file, nothing_kept, not_private, no_rights_of_root, start_after_a_boot, roots_options, commands,
                 doctors_order):
        tap.run(test)
    for name, change, said in UNUSABLE:
        def test():
            unusable(name, change, said)
        test.__doc__ = "a kept file that is not used: " + name
        tap.run(test)
    tap.finish()


main()
