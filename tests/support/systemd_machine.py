# SPDX-License-Identifier: ISC
"""A throwaway machine with a real systemd as its process 1, for tests of units and packages.

    machine = systemd_machine.start(install=["postfix"])   # or raises sandbox.Unavailable
    machine.write("/etc/systemd/system/x.service", "[Service]\\n...")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "start", "x")
    machine.join_network()     # sockets of this test are now those of the machine
    machine.stop()

The machine is a copy-on-write view of this one, or of another root directory, in namespaces of its own:
mounts, processes, network (loopback only), host name, IPC and control groups. Unlike sandbox.enter()
the test itself stays outside and looks in, so it needs nothing but Python there. The project's directory
is seen at its usual place. Everything vanishes with stop(), or with the test.

Gaps: there is no kernel log and no hardware. The control groups have no controllers (those belong to
the real machine), so MemoryMax= and TasksMax= are read and accepted, but limit nothing.
"""
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import sandbox

SYSTEMD = "/lib/systemd/systemd"
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)

# What is left to do in the new namespaces: $1 is the root, $2 the target. The root is turned into that
# of the mount namespace, since in a mere chroot the kernel allows no user namespaces (PrivateUsers=).
BOOT = """
set -e
mount -t sysfs -o ro sysfs "$1/sys"
mount -t cgroup2 cgroup2 "$1/sys/fs/cgroup"
ip link set lo up
hostname mx.example.test
cd "$1"
pivot_root . mnt
exec chroot . /bin/sh -c 'mount -t proc proc /proc && umount -l /mnt && exec env -i container=other PATH=%s \\
  %s --system --unit="$1" --show-status=0' sh "$2"
""" % (PATH, SYSTEMD)


def _die_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _outer(top, plan):
    """Runs in a mount namespace of its own: builds the root, installs, becomes the namespaces' keeper."""
    root = sandbox.mount_overlay(top, plan["lower"])
    packages = list(plan["install"])
    if not os.path.exists(root + SYSTEMD):
        packages += ["systemd", "systemd-sysv"]
    sandbox.install(root, packages)
    if plan["fetch"]:
        _fetch(root, plan["fetch"])
    policy = root + "/usr/sbin/policy-rc.d"
    if os.path.exists(policy):  # from here on packages may start what they bring
        os.unlink(policy)
    os.makedirs(root + "/etc/systemd/system.conf.d", exist_ok=True)
    for name, text in (("fstab", ""), ("hostname", "mx.example.test\n"), ("resolv.conf", "nameserver 127.0.0.1\n"),
                       ("machine-id", "%032x\n" % int.from_bytes(os.urandom(16), "big")),
                       # tests start a service more often than five times in ten seconds
                       ("systemd/system.conf.d/tests.conf", "[Manager]\nDefaultStartLimitIntervalSec=0\n")):
        with open(os.path.join(root, "etc", name), "w") as f:
            f.write(text)
    sys.stdout.flush()
    os.execvp("unshare", ["unshare", "-n", "-p", "-f", "-i", "-u", "-C", "--kill-child", "sh", "-c", BOOT, "sh",
                          root, plan["target"]])


def _fetch(root, packages):
    """Has apt inside find these packages, and what they depend on, without a network."""
    debs = os.path.join(os.path.dirname(sandbox.DEBS), "debs-fetched")
    sandbox.apt_get(root, debs, "install", "--download-only", *packages)
    with open(root + "/etc/apt/apt.conf.d/99fetched", "w") as f:
        f.write('Dir::Cache::archives "%s";\nAPT::Keep-Downloaded-Packages "true";\n'
                'APT::Sandbox::User "root";\nAPT::Install-Recommends "false";\n' % debs)


class Machine:
    """A running machine; see the top of this file."""

    def __init__(self, top, process, pid):
        self.top, self.process, self.pid = top, process, pid
        self.home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)

    def inside(self, *command):
        """The command line that runs this command inside, as root."""
        return ["nsenter", "-t", str(self.pid), "-m", "-n", "-p", "-i", "-u", "-C", "-r", "-w",
                "env", "-i", "PATH=" + PATH, "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8"] + list(command)

    def run(self, *command, check=True, timeout=300, input=None):
        """Runs a command inside: what subprocess.run() returns, with output and errors in stdout. Raises
        with that output when it fails, unless check is false."""
        done = subprocess.run(self.inside(*command), input=input, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", timeout=timeout,
                              stdin=None if input is not None else subprocess.DEVNULL)
        if check and done.returncode != 0:
            raise RuntimeError("%s: exit %d\n%s" % (" ".join(command), done.returncode, done.stdout))
        return done

    def spawn(self, *command, **options):
        """Starts a command inside; the caller ends it, or it ends with the machine."""
        return subprocess.Popen(self.inside(*command), stdin=subprocess.DEVNULL, **options)

    def path(self, path):
        """Where a file of the machine is seen from outside. Absolute links on the way lead astray."""
        return "/proc/%d/root%s" % (self.pid, path)

    def exists(self, path):
        return os.path.lexists(self.path(path))

    def read(self, path):
        with open(self.path(path), errors="replace") as f:
            return f.read()

    def write(self, path, text, mode=0o644):
        """Writes a file, whole or not at all, with the directories above it."""
        target = self.path(path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target + ".new", "w") as f:
            f.write(text)
        os.chmod(target + ".new", mode)
        os.rename(target + ".new", target)

    def show(self, unit, name):
        """One property of a unit, as systemctl show prints it."""
        return self.run("systemctl", "show", "-P", name, unit).stdout.strip()

    def journal(self, *options):
        """The journal's text; options are journalctl's: "-u", "x.service", "-o", "json"."""
        self.run("journalctl", "--sync", check=False)
        return self.run("journalctl", "--no-pager", *options).stdout

    def join_network(self):
        """From now on this thread, and those that it starts, are in the machine's network; commands that
        they start, too."""
        with open("/proc/%d/ns/net" % self.pid) as f:
            self._enter(f.fileno())

    def leave_network(self):
        self._enter(self.home)

    def _enter(self, descriptor):
        if LIBC.setns(descriptor, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns: " + os.strerror(ctypes.get_errno()))

    def add_address(self, address):
        """One more address of the machine's loopback; clients bound to it are seen under it."""
        sandbox.run(["nsenter", "-t", str(self.pid), "-n", "ip", "addr", "add", address, "dev", "lo"]
                    + (["nodad"] if ":" in address else []))

    def stop(self):
        """Ends everything inside at once; the machine and its files are gone."""
        if self.process:
            self.leave_network()
            os.close(self.home)
            self.process.kill()
            self.process.wait()
            self.process = None
            _remove(self.top)


def _remove(top):
    for _ in range(50):  # the last process inside may take a moment to vanish, and the mounts with it
        try:
            shutil.rmtree(top)
            return
        except OSError:
            time.sleep(0.1)


def why_not():
    """The reason why there can be no such machine here, or None."""
    return sandbox.why_not() or next(("needs " + tool for tool in ("nsenter", "hostname")
                                      if not shutil.which(tool)), None)


def _child_of(pid):
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
            return [int(word) for word in f.read().split()]
    except OSError:
        return []


def _is_systemd(pid):
    try:
        with open("/proc/%d/comm" % pid) as f:
            return f.read() == "systemd\n"
    except OSError:
        return False


def _wait_booted(process, top, seconds):
    """The machine, as soon as its systemd has done what it starts with."""
    machine = None
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise sandbox.Unavailable("the machine with systemd ended at its start:\n" + _said(process))
        if machine is None:
            machine = next((Machine(top, process, c) for c in _child_of(process.pid) if _is_systemd(c)), None)
        else:
            state = machine.run("systemctl", "is-system-running", check=False, timeout=120).stdout.strip()
            if state in ("running", "degraded"):
                return machine
        time.sleep(0.1)
    raise sandbox.Unavailable("systemd does not come up here within %d s:\n%s" % (seconds, _said(process)))


def _said(process):
    process.log.seek(0)
    return process.log.read()[-3000:].decode("utf-8", "replace")


def start(lower="/", install=(), fetch=(), target="basic.target", seconds=300):
    """A machine over the root directory lower, with these packages installed (before its network is closed),
    booted up to target. What fetch names can be installed later, by apt-get inside (Debian). Raises
    sandbox.Unavailable where that cannot be, with the reason."""
    reason = why_not()
    if reason:
        raise sandbox.Unavailable(reason)
    assert threading.current_thread() is threading.main_thread()  # the machine dies with the thread
    top = tempfile.mkdtemp(prefix="gatepost-machine.")
    log = tempfile.TemporaryFile()
    plan = {"lower": lower, "install": list(install), "fetch": list(fetch), "target": target}
    process = subprocess.Popen(["unshare", "-m", sys.executable, os.path.abspath(__file__), top, json.dumps(plan)],
                               stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=_die_with_parent)
    process.log = log
    try:
        return _wait_booted(process, top, seconds)
    except BaseException:
        process.kill()
        process.wait()
        _remove(top)
        raise


if __name__ == "__main__":
    _outer(sys.argv[1], json.loads(sys.argv[2]))
