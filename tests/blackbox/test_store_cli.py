# SPDX-License-Identifier: ISC
"""gatepost store check and the running daemon: the same files? And its advice where something else is wrong."""
import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import world  # noqa: E402
from world import equal, holds, wait_for  # noqa: E402

GATEPOST = os.path.join(world.BUILD, "gatepost")
LIMIT = "limit hourly { key = user  max = 3  per = 1h }\n"
CONFIG = """hostname = "mx.test"
spf { mode = off }
dns { servers = {"127.0.0.1:9"} }
store { uri = {"STORE"} }
policyd { listen = {"SOCKET"} user = "USER" }
""" + LIMIT


def run(*words, path=None):
    environment = dict(os.environ, LC_ALL="C.UTF-8")
    if path:
        environment["PATH"] = path
    done = subprocess.run([GATEPOST] + list(words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env=environment, timeout=120, text=True, errors="replace")
    return done.returncode, done.stdout, done.stderr


class Daemon(world.Policyd):
    """with Daemon() as d: one with a limit of three, which counts in its directory."""

    def __init__(self, options=""):
        super().__init__(CONFIG.replace('{"STORE"}', '{"STORE"} ' + options))
        self.state = os.path.join(self.folder, "state")
        self.sent = 0

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.close()

    def send(self, user="u"):
        self.sent += 1
        answer = self.ask(protocol_state="RCPT", client_address="192.0.2.1", sender="x@a.test",
                          recipient="r@b.test", instance="i%d.1" % self.sent, sasl_username=user)
        return answer.split()[0]

    def check(self):
        return run("store", "check", self.config_path)


def deleted_files_are_noticed():
    """files that are deleted, replaced or moved away under the daemon: an error within seconds, and opened anew"""
    with Daemon() as d:
        equal([d.send() for _ in range(4)], ["DUNNO"] * 3 + ["450"])
        for number, (name, harm) in enumerate((
                ("counters", lambda path: os.unlink(path)),
                ("counters", lambda path: (shutil.copy2(path, path + ".copy"), os.rename(path + ".copy", path))),
                ("facts", lambda path: os.unlink(path)), ("lock", lambda path: os.unlink(path)),
                ("counters-lock", lambda path: os.unlink(path)), ("counters", lambda path: os.truncate(path, 0)))):
            path, before = os.path.join(d.state, name), d.text().count("while it was in use")
            owner = os.stat(path)
            harm(path)
            if os.path.exists(path):
                os.chown(path, owner.st_uid, owner.st_gid)
            wait_for(lambda: d.text().count("while it was in use") > before, "an error about %s" % name)
            holds(d.text(), "level=error event=message text=\"store: %s was " % path)
            user = "user%d" % number
            equal([d.send(user) for _ in range(4)], ["DUNNO"] * 3 + ["450"])
            code, out, err = d.check()
            equal((code, err), (0, ""))
            holds(out, "the daemon has the same files of the store open\n")
        os.rename(d.state, d.state + ".old")
        wait_for(lambda: d.text().count("state/counters was deleted") >= 2, "an error about the directory")
        wait_for(lambda: os.path.exists(os.path.join(d.state, "counters")), "a new directory")
        equal([d.send("again") for _ in range(4)], ["DUNNO"] * 3 + ["450"])
        equal(json.loads(run("status", "--json", "--socket", d.control_path)[1])["store"]["failed"], 0)


def a_spoiled_lock_file_is_made_anew():
    """random bytes in a lock file under the daemon: an error, a new lock file, and what was counted stays"""
    with Daemon() as d:
        equal([d.send() for _ in range(3)], ["DUNNO"] * 3)
        for number, name in enumerate(("counters-lock", "facts-lock", "counters-lock")):
            with open(os.path.join(d.state, name), "r+b") as f:
                f.write(b"\xff" * 8192 if number == 2 else os.urandom(8192))
            wait_for(lambda: d.text().count("its -lock was overwritten") > number, "an error about " + name)
            wait_for(lambda: d.send() == "450", "the store again")
            wait_for(lambda: d.check()[0] == 0, "store check is content")
        assert "has ended by signal" not in d.text(), d.text()


def an_unseen_folder_is_said():
    """a directory that the daemon cannot look into any more is said, with what to do; counting goes on"""
    with Daemon() as d:
        if os.geteuid() != 0:
            return
        equal([d.send() for _ in range(4)], ["DUNNO"] * 3 + ["450"])
        os.chmod(d.state, 0)
        d.wait_log("cannot be accessed (Permission denied): counting continues in the open files")
        equal(d.send(), "450")
        os.chmod(d.state, 0o700)
        assert d.text().count("cannot be accessed") == 1, d.text()


def a_full_store_counts_on():
    """a full store: made-up users push out each other, not who is near the limit; it is said, and nobody passes"""
    with Daemon("size = 1M") as d:
        for i in range(20):
            equal([d.send("near%d" % i) for _ in range(3)], ["DUNNO"] * 3)
        with d.connect() as s:
            for i in range(12000):
                world.ask(s, protocol_state="RCPT", client_address="192.0.2.1", sender="x@a.test",
                          recipient="r@b.test", instance="f%d.1" % i,
                          sasl_username="a-user-that-somebody-has-made-up-%d@example.org" % i)
        equal([d.send("near%d" % i) for i in range(20)], ["450"] * 20)
        equal([d.send("fresh") for _ in range(4)], ["DUNNO"] * 3 + ["450"])
        d.wait_log("event=message text=\"store: the store is full: 1 MiB; ")
        code, out, err = run("status", "--socket", d.control_path)
        equal((code, err), (0, ""))
        holds(out, "of the least used subjects were dropped; raise store.size\n")
        holds(out, " 0 failed\n")
        page = run("metrics", "--socket", d.control_path)[1]
        forgotten = [line for line in page.split("\n") if line.startswith("gatepost_store_forgotten_total{")]
        assert len(forgotten) == 1 and int(forgotten[0].split()[-1]) > 1000, forgotten
        assert os.path.getsize(os.path.join(d.state, "counters")) <= 1 << 20


def a_full_disk_is_said():
    """a disk that something else fills: counting goes on, and status and doctor say to free some space on it"""
    base = tempfile.mkdtemp(prefix="gatepost-disk.")
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m,mode=777", "none", base]
    if subprocess.run(mount, stderr=subprocess.DEVNULL).returncode != 0:
        os.rmdir(base)
        print("  skipped: this machine allows no mounts")
        return
    try:
        state = os.path.join(base, "state")
        d = Daemon()
        text = open(d.config_path).read().replace("lmdb:" + d.state, "lmdb:" + state)
        d.stop()
        with open(d.config_path, "w") as f:
            f.write(text)
        d.start()
        with d:
            equal([d.send("before") for _ in range(4)], ["DUNNO"] * 3 + ["450"])
            with open(os.path.join(base, "junk"), "wb", buffering=0) as f:
                try:
                    while f.write(b"x" * 1024):
                        pass
                except OSError:
                    pass
            for start in range(2):
                equal([d.send("before") for _ in range(2)], ["450"] * 2)
                equal([[d.send("after%d-%d" % (start, i)) for _ in range(4)] for i in range(30)],
                      [["DUNNO"] * 3 + ["450"]] * 30)
                if start == 0:
                    d.stop()
                    d.start()
            d.wait_log("the disk has no space for the store; it continues to count in the pages that it has; free some disk space")
            code, out, err = run("status", "--socket", d.control_path)
            equal((code, err), (1, ""))
            holds(out, "WARNING: the disk has no space for the store (lmdb:%s): free some disk space\n" % state)
            holds(out, "store         up: ")
            assert "store.size" not in out + d.text(), out
            code, out, err = run("doctor", "-c", d.config_path, "daemon")
            holds(out, "the disk has no space for the daemon's store: new users and clients may not be counted\n"
                       "    free some disk space: df -h %s\n" % state)
            os.unlink(os.path.join(base, "junk"))
            wait_for(lambda: run("status", "--socket", d.control_path)[0] == 0, "room again")
            equal([d.send("before") for _ in range(2)], ["450"] * 2)
    finally:
        subprocess.run(["umount", "-l", base])
        os.rmdir(base)


class Impostor:
    """A control socket that says what a daemon would say whose store has these parts."""

    def __init__(self, path, **store):
        self.server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.server.bind(path)
        self.server.listen(8)
        self.answer = (json.dumps({"store": dict({"up": True}, **store), "local_store": None}) + "\n").encode()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                connection.sendall(self.answer)

    def close(self):
        self.server.close()


class Place:
    """A directory with a configuration, whose store lies in it."""

    def __init__(self, uri="lmdb:FOLDER/store"):
        self.folder = tempfile.mkdtemp(prefix="gatepost-test.")
        self.store, self.path = os.path.join(self.folder, "store"), os.path.join(self.folder, "gatepost.conf")
        self.control = os.path.join(self.folder, "control")
        self.user = world.daemon_user()
        os.chmod(self.folder, 0o755)
        if self.user:
            shutil.chown(self.folder, self.user)
        with open(self.path, "w") as f:
            f.write(('store { uri = {"%s"} }\npolicyd { user = "%s"  control_socket = "FOLDER/control" }\n'
                     % (uri, self.user) + LIMIT).replace("FOLDER", self.folder))

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        shutil.rmtree(self.folder, ignore_errors=True)

    def check(self, path=None):
        return run("store", "check", self.path, path=path)


def other_files_are_said():
    """store check: a daemon that has other files open, or another directory, is said, and is trouble"""
    with Place() as p:
        equal(p.check()[0], 0)
        true = [dict(name=n, device=os.stat(os.path.join(p.store, n)).st_dev,
                     inode=os.stat(os.path.join(p.store, n)).st_ino) for n in ("counters", "facts")]
        wrong = [dict(true[0], inode=true[0]["inode"] + 1), true[1]]
        gone = [true[0], dict(true[1], name="no-such-file")]
        where = "lmdb:" + p.store
        for parts, wanted, text in (
                (dict(where=where, files=true), 0, ""), (dict(where=where, files=[]), 0, ""),
                (dict(where=where), 0, ""), (dict(where=where, files=[{"name": "../facts"}]), 0, ""),
                (dict(where=where, files="x"), 0, ""), (dict(where=1, files=true), 0, ""),
                (dict(where=where, files=wrong), 1, "another file open than %s/counters, which was replaced" % p.store),
                (dict(where=where, files=gone), 1, "another file open than %s/no-such-file, which was deleted" % p.store),
                (dict(where="lmdb:/else\x1bwhere", files=true), 1, "the daemon counts in lmdb:/else?where")):
            impostor = Impostor(p.control, **parts)
            try:
                code, out, err = p.check()
            finally:
                impostor.close()
                os.unlink(p.control)
            equal((parts, code), (parts, wanted))
            holds(err, text)
            holds(out, "  fine\n")
            assert "\x1b" not in err + out
            equal("the daemon has the same files" in out, parts == dict(where=where, files=true))


def a_path_that_is_no_folder():
    """store check: a file where the directory should be, or above it, or a link to nowhere: advice that helps"""
    with Place() as p:
        with open(p.store, "w") as f:
            f.write("a file")
        code, _, err = p.check()
        equal(code, 1)
        holds(err, "%s is a file, but must be a directory: move it away" % p.store)
        assert "chown" not in err and "install -d" not in err, err
        out = run("doctor", "-c", p.path, "store")[1]
        holds(out, "%s is not a directory" % p.store)
        holds(out, "mv %s %s.old" % (p.store, p.store))
        os.unlink(p.store)
        os.symlink(p.folder + "/nowhere", p.store)
        code, _, err = p.check()
        equal(code, 1)
        holds(err, "%s is a symbolic link to a directory that does not exist" % p.store)
        assert "install -d" not in err, err
    with Place(uri="lmdb:FOLDER/file/below/store") as p:
        with open(p.folder + "/file", "w"):
            pass
        code, _, err = p.check()
        equal(code, 1)
        holds(err, "%s/file is a file, but must be a directory" % p.folder)
        assert "chown" not in err and "install -d" not in err, err


def advice_mends_what_it_is_about():
    """store check: whatever denies access to the store, the command that is advised makes it work"""
    def own(p):
        os.mkdir(p.store, 0o700)
        shutil.chown(p.store, p.user)

    def file(p, name, owner="root", mode=0o600):
        path = os.path.join(p.store, name)
        with open(path, "w"):
            pass
        shutil.chown(path, owner)
        os.chmod(path, mode)

    def above(p, owner):
        os.mkdir(p.folder + "/above", 0o700)
        os.mkdir(p.folder + "/above/store", 0o700)
        shutil.chown(p.folder + "/above/store", "nobody")
        shutil.chown(p.folder + "/above", owner)
        os.chmod(p.folder + "/above", 0o600 if owner == "nobody" else 0o700)

    cases = [(lambda p: os.chmod(p.store, 0o500), "chmod 700 STORE"), (lambda p: os.chmod(p.store, 0), "chmod 700 STORE"),
             (lambda p: os.chmod(p.store, 0o600), "chmod 700 STORE"),
             (lambda p: shutil.chown(p.store, "root"), "chown -R nobody STORE"),
             (lambda p: (shutil.chown(p.store, "root"), os.chmod(p.store, 0o500)),
              "chown -R nobody STORE && chmod 700 STORE"),
             (lambda p: (file(p, "counters"), file(p, "facts")),
              "chown nobody STORE/counters && chmod 600 STORE/counters"),
             (lambda p: file(p, "facts", "nobody", 0o400), "chmod 600 STORE/facts"),
             (lambda p: os.mkfifo(p.store + "/counters"), "rm STORE/counters"),
             (lambda p: os.mkdir(p.store + "/counters"), "mv STORE/counters STORE/counters.old"),
             (lambda p: os.mkdir(p.store + "/lock"), "mv STORE/lock STORE/lock.old"),
             (lambda p: file(p, "lock"), "chown nobody STORE/lock && chmod 600 STORE/lock"),
             (lambda p: os.mkdir(p.store + "/counters-lock"), "mv STORE/counters-lock STORE/counters-lock.old"),
             (lambda p: file(p, "facts-lock"), "chown nobody STORE/facts-lock && chmod 600 STORE/facts-lock"),
             (lambda p: os.symlink("/etc/hostname", p.store + "/facts"), "rm STORE/facts"),
             (lambda p: os.symlink("/nowhere", p.store + "/counters-lock"), "rm STORE/counters-lock")]
    for number, (harm, wanted) in enumerate(cases):
        with Place() as p:
            if os.geteuid() != 0:
                return
            own(p)
            harm(p)
            mended(p, wanted.replace("STORE", p.store), number)
    for owner, wanted in (("root", "chmod o+x ABOVE"), ("nobody", "chmod u+x ABOVE")):
        with Place(uri="lmdb:FOLDER/above/store") as p:
            above(p, owner)
            mended(p, wanted.replace("ABOVE", p.folder + "/above"), owner)


def mended(p, command, what):
    """store check advises the command (perhaps with others), and works when all that it advises was done"""
    code, _, err = p.check()
    equal((what, code), (what, 1))
    commands = [w.split(" (")[0] for line in err.split("\n") if line.startswith("  ")
                for w in line.split(": ")[1:] if w.split(" ")[0] in ("chmod", "chown", "rm", "mv")]
    assert command in commands, (what, err)
    for one in commands:
        subprocess.check_call(one, shell=True)
    code, out, err = p.check()
    equal((what, code, err), (what, 0, ""))
    holds(out, "  fine\n")


def a_server_that_does_not_answer():
    """store check: a Redis that refuses, has no socket or no address: what to look at"""
    for uri, wanted in (("redis://127.0.0.1:1", "nothing listens there: start Redis"),
                        ("redis+unix:FOLDER/none", "there is no such socket: start Redis"),
                        ("redis://no-such-host.invalid", "the host name cannot be resolved: correct it in store.uri")):
        with Place(uri=uri) as p:
            code, _, err = p.check()
            equal((uri, code), (uri, 1))
            holds(err, "  " + wanted)


def a_path_that_is_of_somebody_else():
    """store check and doctor: what store.uri names by mistake is never to be moved away"""
    for path in ("/etc/passwd", "/etc/passwd/store"):
        with Place(uri="lmdb:" + path) as p:
            if os.geteuid() != 0:
                return
            code, _, err = p.check()
            equal(code, 1)
            holds(err, "/etc/passwd is a file, but must be a directory: store.uri does not name a store")
            out = run("doctor", "-c", p.path, "store")[1]
            assert "move it away" not in err and "mv " not in err + out, err + out


def a_host_with_exim_alone():
    """store check: where there is Exim and no daemon it is done as Exim's user, and advice names it"""
    if any(os.path.exists(f + n) for f in ("/usr/sbin/", "/usr/local/sbin/", "/sbin/", "/usr/bin/")
           for n in ("postconf", "gatepost-policyd")):
        raise world.Skip("Postfix or the daemon is installed here")
    me = "daemon" if os.geteuid() == 0 else subprocess.check_output(["id", "-un"], text=True).strip()
    with Place() as p:
        programs = p.folder + "/bin"
        os.mkdir(programs)
        with open(programs + "/exim4", "w") as f:
            f.write("#!/bin/sh\ncase \"$*\" in *exim_user*) echo exim_user = %s ;; *-bV*) echo Exim version 4.96 ;; "
                    "esac\n" % me)
        os.chmod(programs + "/exim4", 0o755)
        path = programs + ":/bin:/usr/bin"
        os.chmod(p.folder, 0o777)
        code, out, err = p.check(path)
        equal((code, err), (0, ""))
        holds(out, "  fine\n")
        if os.geteuid() == 0:
            holds(out, "as the user %s:\n" % me)
            equal({pwd.getpwnam(me).pw_uid}, {os.stat(os.path.join(p.store, n)).st_uid for n in os.listdir(p.store)})
        shutil.rmtree(p.store)
        if os.geteuid() != 0:
            return  # what follows has directories of other users
        os.mkdir(p.store, 0o700)
        code, out, err = p.check(path)
        equal(code, 1)
        holds(err, "the directory must belong to Exim's user; give it one of its own: store { uri = ")
        holds(err, "chown -R %s %s" % (me, p.store))
        assert "daemon runs as" not in err, err
        os.rmdir(p.store)
        os.chmod(p.folder, 0o755)
        os.chown(p.folder, 0, 0)
        code, out, err = p.check(path)
        equal(code, 1)
        holds(err, "install -d -m 700 -o %s %s" % (me, p.store))
        assert "gatepost-policyd" not in err, err


def main():
    tap = world.Tap()
    for test in (deleted_files_are_noticed, a_spoiled_lock_file_is_made_anew, an_unseen_folder_is_said, a_full_store_counts_on, a_full_disk_is_said, other_files_are_said, a_path_that_is_no_folder, advice_mends_what_it_is_about, a_server_that_does_not_answer,
                 a_path_that_is_of_somebody_else,
                 a_host_with_exim_alone):
        tap.run(test)
    tap.finish()


main()
