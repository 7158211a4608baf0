# SPDX-License-Identifier: ISC
"""log.target = file: what is written, opened again on SIGHUP, and when it cannot be; and that one search
joins the lines of a message."""
import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import dnsd  # noqa: E402
import world  # noqa: E402
from world import equal, holds, wait_for  # noqa: E402

ZONE = {"a.test": {"TXT": ["v=spf1 ip4:192.0.2.0/24 -all"]}}
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d [\w-]+ gatepost-policyd\[(\d+)\]: "
                  r"level=\w+ event=[\w-]+( .*)?")
name_server = None


def lines(path):
    try:
        with open(path) as f:
            return f.read().splitlines()
    except FileNotFoundError:
        return []


def has(path, part):
    return any(part in line for line in lines(path))


def wait_line(path, part):
    wait_for(lambda: has(path, part), "line with %r in %s" % (part, path))


def config(path, target="file", more=""):
    return ('hostname = "mx.test"\ndns { servers = {"127.0.0.1:%d"} }\npolicyd { listen = {"SOCKET"}  user = "USER" }\n'
            'log { target = %s  file = "%s" }\n%s' % (name_server.port, target, path, more))


def start(file="log.d/policyd.log", target="file", ready="file", more=""):
    """A daemon that logs to this file below its directory, and the file's path; ready: where it says so."""
    directory = tempfile.mkdtemp(prefix="gatepost-test.")
    path = os.path.join(directory, file)
    daemon = world.Policyd(config(path, target, more), folder=directory, wait=False)
    daemon.owned = True
    try:
        wait_line(path if ready == "file" else daemon.log_path, "is ready")
    except BaseException:
        daemon.close()
        raise
    return daemon, path


def ask(daemon, **attributes):
    values = dict(client_address="192.0.2.1", helo_name="mail.a.test", sender="x@a.test", recipient="y@b.test")
    values.update(attributes)
    return daemon.ask(**values)


def written():
    """each line has time, machine, program and process; directory and file are the daemon's user's alone"""
    daemon, path = start()
    try:
        holds(ask(daemon), "PREPEND")
        wait_line(path, "event=decision")
        for line in lines(path):
            assert LINE.fullmatch(line), line
        equal({int(LINE.fullmatch(line).group(1)) for line in lines(path) if "decision" in line}, {daemon.worker()})
        file, directory = os.stat(path), os.stat(os.path.dirname(path))
        equal(file.st_mode & 0o137, 0)
        equal(directory.st_mode & 0o027, 0)
        if os.geteuid() == 0:
            uid = pwd.getpwnam(daemon.user).pw_uid
            equal((file.st_uid, directory.st_uid), (uid, uid))
        equal(daemon.text(), "")
    finally:
        daemon.close()


def reopened():
    """after a rename and SIGHUP both processes write to a new file, also when the configuration is refused"""
    daemon, path = start()
    try:
        for number, text, said in ((1, config(path), "is in force"), (2, "nonsense", "stays in force as it was loaded")):
            os.rename(path, "%s.%d" % (path, number))
            daemon.write(text)
            daemon.reload()
            wait_line(path, said)
            ask(daemon, recipient="after%d@b.test" % number)
            wait_line(path, "after%d@b.test" % number)
        assert not any(has(path + ".1", part) for part in ("after1@", "after2@")) and not has(path + ".2", "after2@")
        os.kill(daemon.worker(), signal.SIGKILL)
        wait_line(path, "died of signal 9")  # which the parent says
        wait_line(path, "is ready")
        assert not has(path + ".2", "died of")
    finally:
        daemon.close()


def changed():
    """a reload changes the target: from standard error to a file, and back"""
    daemon, path = start(target="stderr", ready="stderr")
    try:
        daemon.write(config(path))
        daemon.reload()
        wait_line(path, "is in force")
        ask(daemon, recipient="file@b.test")
        wait_line(path, "file@b.test")
        daemon.write(config(path, "stderr"))
        daemon.reload()
        wait_for(lambda: daemon.text().count("is in force") == 1, "the second reload on standard error")
        ask(daemon, recipient="stderr@b.test")
        daemon.wait_log("stderr@b.test")
        assert "file@b.test" not in daemon.text() and not has(path, "stderr@b.test")
    finally:
        daemon.close()


def tested(daemon):
    """What -t says, which does not create anything."""
    done = subprocess.run([daemon.program, "-t", "-c", daemon.config_path], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=True)
    return done.stdout


def unopened():
    """a file that cannot be opened: an error on standard error says what to do, and mail goes on"""
    if os.geteuid() != 0:
        raise world.Skip("needs root, for a directory of somebody else")
    outside = tempfile.mkdtemp(prefix="gatepost-root.")
    try:
        os.chmod(outside, 0o755)
        daemon, _ = start(file=outside + "/policyd.log", ready="stderr")
        try:
            holds(daemon.text(), "policyd.log cannot be opened: Permission denied; the log goes to standard error. Make ")
            holds(ask(daemon), "PREPEND")
            daemon.wait_log("event=decision")
            equal(os.listdir(outside), [])
            holds(tested(daemon), "log.file: %s/policyd.log cannot be opened by the user nobody: Permission denied" % outside)
            # mended by the operator: from the next SIGHUP on
            os.chown(outside, pwd.getpwnam(daemon.user).pw_uid, 0)
            daemon.reload()
            wait_line(outside + "/policyd.log", "is in force")
            assert "log.file" not in tested(daemon)
        finally:
            daemon.close()
    finally:
        shutil.rmtree(outside)


def linked():
    """no link leads root to another's file"""
    if os.geteuid() != 0:
        raise world.Skip("needs root")
    target = tempfile.NamedTemporaryFile()
    directory = tempfile.mkdtemp(prefix="gatepost-link.")
    try:
        os.chmod(directory, 0o777)
        os.symlink(target.name, directory + "/policyd.log")
        daemon, _ = start(file=directory + "/policyd.log", ready="stderr")
        try:
            holds(daemon.text(), "it is a symbolic link, which is not followed")
            holds(tested(daemon), "it is a symbolic link, which is not followed")
            equal(os.stat(target.name).st_size, 0)
        finally:
            daemon.close()
    finally:
        shutil.rmtree(directory)


def confined():
    """below policyd.chroot: opened before the process enters it, and again from inside"""
    if os.geteuid() != 0:
        raise world.Skip("needs root")
    root = tempfile.mkdtemp(prefix="gatepost-chroot.")
    try:
        os.chmod(root, 0o755)
        os.makedirs(root + "/log")
        os.chown(root + "/log", pwd.getpwnam("nobody").pw_uid, 0)
        daemon = world.Policyd(config("/log/policyd.log", more='policyd { chroot = "%s" }\n' % root), wait=False)
        path = root + "/log/policyd.log"
        try:
            wait_line(path, "is ready")
            os.rename(path, path + ".1")
            daemon.reload()  # the files are not seen inside, which is refused; the log is opened all the same
            wait_line(path, "stays in force as it was loaded")
        finally:
            daemon.close()
    finally:
        shutil.rmtree(root)


def mounted(directory):
    """A file system of 64 KiB there; false where none can be mounted."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k,mode=777", "none", directory]
    return subprocess.run(mount, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def fill(path):
    """Takes all the room there is."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        while os.write(fd, b"x" * 4096):
            pass
    except OSError:
        pass
    os.close(fd)


def lost(daemon):
    page = daemon.control("metrics")["text"]
    return int(re.search(r"^gatepost_log_lines_dropped_total (\d+)$", page, re.M).group(1))


def full():
    """a disk without room: lines are counted as lost, and mail goes on; the log says how many they were"""
    directory = tempfile.mkdtemp(prefix="gatepost-full.")
    try:
        if not mounted(directory):
            raise world.Skip("no small file system can be mounted here")
        try:
            daemon, path = start(file=directory + "/policyd.log")
            try:
                fill(directory + "/filler")
                while not lost(daemon):
                    holds(ask(daemon, helo_name="h" * 400), "PREPEND")
                os.unlink(directory + "/filler")
                ask(daemon, recipient="room@b.test")
                wait_line(path, "room@b.test")
                wait_line(path, "]: level=warning event=log-lost lines=")
            finally:
                daemon.close()
        finally:
            subprocess.run(["umount", directory], check=True)
    finally:
        os.rmdir(directory)


def joined():
    """one search for the instance finds each recipient and the end of a message, which has its queue id"""
    daemon, path = start()
    try:
        with daemon.connect() as s:
            for n in range(2):
                world.ask(s, instance="12ab.655f.0", client_address="192.0.2.1", sender="x@a.test",
                          recipient="r%d@b.test" % n)
            world.ask(s, instance="12ab.655f.0", queue_id="4XyZ12", protocol_state="END-OF-MESSAGE",
                      client_address="192.0.2.1", sender="x@a.test", recipient_count="2", size="1000")
            world.ask(s, instance="12ab.6560.0", client_address="192.0.2.1", sender="x@a.test", recipient="o@b.test")
        wait_line(path, "o@b.test")
        found = [line for line in lines(path) if " instance=12ab.655f.0 " in line]
        equal([re.search(r"stage=(\S+)", line).group(1) for line in found], ["RCPT", "RCPT", "END-OF-MESSAGE"])
        end = [line for line in lines(path) if " queue_id=4XyZ12 " in line]
        equal(end, found[2:])
        holds(end[0], "event=decision instance=12ab.655f.0 queue_id=4XyZ12 stage=END-OF-MESSAGE ")
        holds(end[0], " action=accept ")
    finally:
        daemon.close()


def as_json():
    """format = json: an object in each line, with its time"""
    daemon, path = start(more="log { format = json }\n")
    try:
        ask(daemon)
        wait_line(path, '"decision"')
        for line in lines(path):
            assert {"time", "level", "event"} <= set(json.loads(line)), line
    finally:
        daemon.close()


def main():
    global name_server
    tap = world.Tap()
    name_server = dnsd.Server(ZONE)
    for test in (written, reopened, changed, unopened, linked, confined, full, joined, as_json):
        tap.run(test)
    name_server.close()
    tap.finish()


main()
