# SPDX-License-Identifier: ISC
"""A daemon that is started with a broken configuration: the last good one is used, and that is logged; without one the start
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
    """Started as root, or, as a unit is, as the user it runs as. in_roots: the directory around that of the state is
    root's, as /var/lib is."""

    def __init__(self, as_unit=False, in_roots=False):
        self.folder = tempfile.mkdtemp(prefix="gatepost-test.")
        os.chmod(self.folder, 0o755)
        self.user = "nobody" if os.geteuid() == 0 else ""  # as whom it is to run
        self.as_unit = as_unit and bool(self.user)
        self.config, self.log = self.folder + "/gatepost.conf", self.folder + "/log"
        self.process = None
        os.mkdir(self.folder + "/state", 0o700)
        os.mkdir(self.folder + "/limits.d")
        os.mkdir(self.folder + "/conf.d")
        if self.user:
            nobody = pwd.getpwnam("nobody")
            for path in (self.folder,) * (not in_roots) + (self.folder + "/state",):
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
            f.write(text.replace("FOLDER", self.folder).replace("USER", self.user or world.daemon_user()))

    def launch(self):
        """Where in the log this start begins."""
        self.stop()
        before = len(self.text())
        become = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"] if self.as_unit else []
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(become + [POLICYD, "-c", self.config], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, env=dict(os.environ, STATE_DIRECTORY=self.folder + "/state"))
        return before

    def start(self, ready=True):
        """What it logged since this start; ready: until it serves, else until it has ended."""
        before = self.launch()
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
    """files with errors at the start: the whole configuration that was in force before is used, and that is logged as an error"""
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
        holds(said, "%s has errors or cannot be read and is NOT in force; the last good configuration, saved 20" % d.config)
        shown = json.loads(d.command("limits", "explain", "--json", "--socket", d.folder + "/control", "alice").stdout)
        holds(json.dumps(shown), '"max": 7')
        text = d.status(code=1)
        holds(text, "WARNING: %s had errors when the daemon was started and is not in force; the last good configuration"
              % d.config)
        page = d.command("metrics", "--socket", d.folder + "/control").stdout
        holds(page, "gatepost_config_last_reload_successful 0")
        holds(page, "gatepost_config_last_good 1\n")
        # mended, it is in force after a reload, and is kept
        d.write("gatepost.conf", CONFIG.replace("mx.test", "mended.test"))
        os.unlink(d.folder + "/conf.d/b.conf")
        d.process.send_signal(signal.SIGHUP)
        world.wait_for(lambda: "is in force" in d.text().rsplit("is ready", 1)[1], "reload")
        assert "WARNING" not in d.status()
        holds(d.command("metrics", "--socket", d.folder + "/control").stdout, "gatepost_config_last_good 0\n")
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
        holds(d.start(), "the last good configuration, saved")


EMPTY = "is empty, perhaps because a disk was full"


def emptied_file():
    """a file that has lost its text changes nothing at a reload, nor at a start after a good one; comments are text"""
    with Daemon() as d:
        d.start()
        d.kept()
        for name in ("gatepost.conf", "limits.d/a.conf", "conf.d/b.conf"):
            before, text = len(d.text()), open(os.path.join(d.folder, name)).read()
            d.write(name, "\n" * (name == "gatepost.conf"))
            d.process.send_signal(signal.SIGHUP)
            world.wait_for(lambda: "stays in force as it was loaded before" in d.text()[before:], "the reload: " + name)
            # without the limit an override of it is an error already
            holds(d.text()[before:], "there is no limit called hourly" if name == "limits.d/a.conf" else
                  "%s/%s: %s" % (d.folder, name, EMPTY))
            shown = d.command("limits", "explain", "--json", "--socket", d.folder + "/control", "alice").stdout
            holds(json.dumps(json.loads(shown)), '"max": 7')
            d.write(name, text)
        before = len(d.text())
        d.write("conf.d/b.conf", "# no overrides today\n")
        d.process.send_signal(signal.SIGHUP)
        world.wait_for(lambda: "is in force" in d.text()[before:], "the reload")
        d.write("gatepost.conf", "")
        said = d.start()
        holds(said, d.config + ": " + EMPTY)
        holds(said, "is NOT in force; the last good configuration, saved 20")


def emptied_and_nothing_kept():
    """an empty file with no last good configuration is all defaults, with a warning, and is not kept as a good one"""
    with Daemon() as d:
        d.write("gatepost.conf", "")
        config = "".join(line for line in CONFIG.splitlines(True) if not line.startswith("include"))
        d.write("conf.d/b.conf", config)
        said = d.start()
        holds(said, d.config + ": warning: " + EMPTY)
        d.write("conf.d/b.conf", config.replace("mx.test", "other.test"))
        d.process.send_signal(signal.SIGHUP)
        world.wait_for(lambda: "is in force" in d.text(), "the reload")
        equal([n for n in os.listdir(d.folder + "/state") if n.startswith("last-good")], [])
        d.stop()
        holds(d.start(), EMPTY)


def no_state_folder():
    """without a directory for the state the log says at the start that nothing is kept, and what to do"""
    with Daemon() as d:
        os.rmdir(d.folder + "/state")
        d.write("gatepost.conf", CONFIG.replace("FOLDER/state", "FOLDER/store"))
        d.launch()
        said = "there is no directory %s/state: the configuration is not saved" % d.folder
        world.wait_for(lambda: said in d.text(), "the notice")


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
    ("cut off", lambda text: text[:len(text) // 2], "is incomplete"),
    ("of another file", lambda text: re.sub("# from .*", "# from /etc/other.conf", text), "belongs to another configuration"),
    ("empty", lambda text: "", "is incomplete"),
    ("something else", lambda text: "hostname = \"x.test\"\n# whole\n", "is not a saved configuration"),
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
            holds(d.start(ready=False), "belongs to root or to another user")
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
        holds(d.start(ready=False), "does not belong to the policyd.user that is set in it")
        os.mkdir(d.folder + "/roots", 0o755)
        with open(path, "w") as f:
            f.write(text.replace("unix:%s/policy" % d.folder, "unix:%s/roots/policy" % d.folder))
        holds(d.start(ready=False), "Permission denied")
        equal(os.listdir(d.folder + "/roots"), [])


def start_after_a_boot():
    """root starts from the last good configuration as it has started from the file: sockets have the group of the
    mail server, and directories that a boot has removed are made"""
    with Daemon(in_roots=True) as d:
        if not d.user:
            raise world.Skip("needs root")
        run = d.folder + "/run"
        os.mkdir(run, 0o755)
        mail_user = pwd.getpwnam("daemon")
        d.write("gatepost.conf", CONFIG.replace("FOLDER/control", "FOLDER/run/gatepost/control").replace(
            'unix:FOLDER/policy"}', 'unix:FOLDER/policy"}  mail_user = "daemon"'))
        said = []
        for text in (None, BROKEN, BROKEN):
            if text:
                d.write("gatepost.conf", text)
            said.append(d.start())
            st = os.stat(d.folder + "/policy")
            equal((st.st_gid, stat.S_IMODE(st.st_mode)), (mail_user.pw_gid, 0o660))
            equal(os.stat(run + "/gatepost").st_uid, pwd.getpwnam("nobody").pw_uid)
            d.command("status", "--socket", run + "/gatepost/control", code=1 if text else 0)
            d.kept()
            d.stop()
            subprocess.run(["rm", "-rf", run + "/gatepost"], check=True)
        holds(said[1], "the last good configuration, saved")
        for part in ("start the daemon as root", "without root privileges", "no control socket", "not started as root"):
            assert part not in said[1], said[1]


def start_after_a_reload():
    """an option that root acts on was changed and loaded: after a start with broken files sockets are those of root's
    last start, reachable for the mail server, and all else is as it was loaded since"""
    with Daemon(in_roots=True) as d:
        if not d.user:
            raise world.Skip("needs root")
        mail_user = pwd.getpwnam("daemon")
        config = CONFIG.replace("policyd {", 'policyd { mail_user = "daemon" ')
        d.write("gatepost.conf", config)
        d.start()
        d.kept()
        d.write("conf.d/b.conf", OVERRIDE.replace("7", "9"))
        d.write("gatepost.conf", config.replace('FOLDER/policy"', 'FOLDER/policy", "unix:FOLDER/two"'))
        d.process.send_signal(signal.SIGHUP)
        world.wait_for(lambda: "FOLDER/two".replace("FOLDER", d.folder) in open(d.kept()).read(), "the reload to be kept")
        d.stop()
        d.write("gatepost.conf", BROKEN)
        for _ in range(2):
            said = d.start()
            holds(said, "policyd.listen in the last good configuration differs from what root has started the daemon with")
            holds(said, "saved 20")
            holds(said, "in %s, is used instead. gatepost check-config" % d.kept())
            st = os.stat(d.folder + "/policy")
            equal((st.st_gid, stat.S_IMODE(st.st_mode)), (mail_user.pw_gid, 0o660))
            assert not os.path.exists(d.folder + "/two")
            holds(d.command("limits", "explain", "--json", "--socket", d.folder + "/control", "alice").stdout, '"max": 9')
        # without what the user has kept, what root has kept is enough
        d.stop()
        with open(d.kept(), "w") as f:
            f.write("nonsense")
        holds(d.start(), "no last good configuration can be used: " + d.kept())
        equal(os.stat(d.folder + "/policy").st_gid, mail_user.pw_gid)
        holds(d.command("limits", "explain", "--json", "--socket", d.folder + "/control", "alice").stdout, '"max": 7')


ROOTS_OPTIONS = [
    ("policyd.group", lambda t: t.replace("group = \"\"", "group = \"shadow\"")),
    ("policyd.mail_user", lambda t: t.replace('mail_user = "postfix"', 'mail_user = "root"')),
    ("policyd.socket_mode", lambda t: re.sub("socket_mode = .*", "socket_mode = 0777", t)),
    ("policyd.control_socket", lambda t: t.replace("/control\"", "/roots/control\"")),
    ("policyd.listen", lambda t: t.replace("/policy\"", "/roots/policy\"")),
    ("policyd.chroot", lambda t: t.replace("chroot = \"\"", "chroot = \"/\"")),
    ("policyd.user", lambda t: t.replace('user = "nobody"', 'user = "root"')),
    ("store.uri", lambda t: t.replace("/state\"", "/roots/state\"")),
    ("metrics.listen", lambda t: re.sub(r"(metrics \{\s+listen = )\{[^}]*\}", r'\1{"inet:127.0.0.1:9"}', t)),
]


def roots_options():
    """root acts on no option that the daemon's user could have written: not on users, groups, modes, sockets, directories"""
    with Daemon(in_roots=True) as d:
        if not d.user:
            raise world.Skip("needs root")
        os.mkdir(d.folder + "/roots", 0o755)
        d.start()
        path = d.kept()
        with open(path) as f:
            text = f.read()
        before = [(st.st_uid, st.st_gid, st.st_mode) for st in (os.stat(d.folder + "/policy"), os.stat(d.folder + "/control"))]
        d.stop()
        d.write("gatepost.conf", BROKEN)
        for name, change in ROOTS_OPTIONS:
            assert change(text) != text, name + text
            with open(path, "w") as f:
                f.write(change(text))
            said_before = d.launch()
            world.wait_for(lambda: d.process.poll() is not None or "is ready" in d.text()[said_before:] or
                           "cannot start" in d.text()[said_before:], "the start")
            holds(d.text()[said_before:], "%s in the last good configuration differs from what root has started" % name)
            equal(os.listdir(d.folder + "/roots"), [], name)
            equal([(st.st_uid, st.st_gid, st.st_mode) for st in (os.stat(d.folder + "/policy"),
                                                                os.stat(d.folder + "/control"))], before, name)
            d.stop()


def no_replay_of_roots_copy():
    """what root keeps lies where the daemon's user can neither write nor rename; it counts only while it is root's and
    all directories above it are"""
    with Daemon(in_roots=True) as d:
        if not d.user:
            raise world.Skip("needs root")
        d.start()
        name = os.path.basename(d.kept())
        d.stop()
        own = d.folder + "/state-as-root"
        nobody = pwd.getpwnam("nobody")
        for folder, _, names in os.walk(d.folder + "/state"):
            for path in [folder] + [os.path.join(folder, n) for n in names]:
                equal(os.lstat(path).st_uid, nobody.pw_uid, path)
        st = os.stat(own), os.stat(os.path.join(own, name))
        equal([(s.st_uid, stat.S_IMODE(s.st_mode)) for s in st], [(0, 0o700), (0, 0o600)])
        moved = subprocess.run(["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", "mv", own,
                                d.folder + "/state/old"], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        assert moved.returncode and os.path.isdir(own)
        d.write("gatepost.conf", BROKEN)
        changes = [("its owner", os.path.join(own, name), lambda p, back: os.chown(p, 0 if back else nobody.pw_uid, 0)),
                   ("the directory's owner", own, lambda p, back: os.chown(p, 0 if back else nobody.pw_uid, 0)),
                   ("the directory's mode", own, lambda p, back: os.chmod(p, 0o700 if back else 0o777)),
                   ("a link", own, lambda p, back: (os.unlink(p), os.rename(p + ".away", p)) if back else
                    (os.rename(p, p + ".away"), os.symlink(p + ".away", p))),
                   ("the mode of the one above", d.folder, lambda p, back: os.chmod(p, 0o755 if back else 0o777)),
                   ("the owner of the one above", d.folder, lambda p, back: os.chown(p, 0 if back else nobody.pw_uid, 0))]
        for what, path, change in changes:
            assert "without root privileges" not in d.start(), what
            d.stop()
            change(path, False)
            before = d.launch()
            world.wait_for(lambda: "without root privileges" in d.text()[before:], what)
            d.stop()
            change(path, True)
    # an older copy in the directory of the state, which that user may rename there, is none
    with Daemon() as d:
        holds(d.start(), "the configuration that root has started with cannot be saved in %s/state-as-root" % d.folder)
        kept = d.kept()
        d.stop()
        for folder in (d.folder + "/state/as-root", d.folder + "/state-as-root"):
            os.mkdir(folder, 0o700)
            with open(kept) as f, open(os.path.join(folder, os.path.basename(kept)), "w") as copy:
                os.chmod(copy.name, 0o600)
                copy.write(f.read())
        d.write("gatepost.conf", BROKEN)
        holds(d.start(), "is used without root privileges")


def kept_then_broken(d, server):
    """the daemon was started once; then the file is broken, and a resolv.conf lies in a directory of root alone; the
    path and the text of what was kept"""
    if not d.user:
        raise world.Skip("needs root")
    d.start()
    path = d.kept()
    d.stop()
    d.write("gatepost.conf", BROKEN)
    os.mkdir(d.folder + "/roots", 0o700)
    d.write("roots/resolv.conf", "nameserver %s\n" % server)
    with open(path) as f:
        return path, f.read()


def read_as_its_owner():
    """files that the kept configuration names are opened with the rights of the daemon's user, not with root's"""
    for in_roots in (False, True):
        with Daemon(in_roots=in_roots) as d:
            path, text = kept_then_broken(d, "127.0.0.1")
            changed = re.sub(r"(?m)^(\s+resolv_conf = ).*", r'\1"%s/roots/resolv.conf"' % d.folder, text)
            changed = re.sub(r'(?m)^(\s+servers = )\{"127.0.0.1:9"\}', r"\1{}", changed)
            assert changed.count("roots/resolv.conf") == 1 and "127.0.0.1:9" not in changed, text
            with open(path, "w") as f:
                f.write(changed)
            holds(d.start(), "%s/roots/resolv.conf exists but cannot be read: Permission denied" % d.folder)


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
            holds(done.stderr, "gatepost %s: %s has errors: the socket of the last good configuration is used"
                  % ("limits show" if "show" in words else words[0], d.config))
        os.unlink(d.kept())
        done = d.command("status", "-c", d.config, code=1)
        holds(done.stderr, "the socket of the default is used")
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
        holds(found[0]["found"], "the other checks use the saved copy of it")
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
        holds(found[0]["found"], "the daemon is not running and mail waits")
        text = d.command("doctor", "--config", d.config, "config", "daemon", code=2).stdout
        holds(text.splitlines()[0], "the daemon is not running and mail waits")
        # with nothing kept either, with the defaults
        os.unlink(d.kept())
        holds([f["found"] for f in findings() if f["check"] == "config.file"][0], "the other checks use the defaults")


def commands_read_as_its_owner():
    """root's commands read the kept file with its owner's rights, and not at all if it names another user"""
    with Daemon() as d:
        path, text = kept_then_broken(d, "127.0.0.77")
        def found(changed):
            assert changed != text, text
            with open(path, "w") as f:
                f.write(changed)
            words = [GATEPOST, "doctor", "--json", "--config", d.config, "config", "dns"]
            return subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                  env=dict(os.environ, STATE_DIRECTORY=d.folder + "/state")).stdout
        named = re.sub(r"(?m)^(\s+resolv_conf = ).*", r'\1"%s/roots/resolv.conf"' % d.folder, text)
        said = found(re.sub(r'(?m)^(\s+servers = )\{"127.0.0.1:9"\}', r"\1{}", named))
        assert "127.0.0.77" not in said, said
        holds(said, "the other checks use the saved copy of it")
        holds(found(text.replace('user = "nobody"', 'user = "daemon"')), "the other checks use the defaults")


def main():
    tap = world.Tap()
    for test in (broken_start, broken_start_as_a_unit, missing_file, emptied_file, emptied_and_nothing_kept, no_state_folder, nothing_kept, not_private, no_rights_of_root, start_after_a_boot,
                 start_after_a_reload, roots_options, no_replay_of_roots_copy, read_as_its_owner, commands,
                 commands_read_as_its_owner, doctors_order):
        tap.run(test)
    for name, change, said in UNUSABLE:
        def test():
            unusable(name, change, said)
        test.__doc__ = "a kept file that is not used: " + name
        tap.run(test)
    tap.finish()


main()
