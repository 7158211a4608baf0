# SPDX-License-Identifier: ISC
"""A throwaway machine in a directory, for tests that need a real mail server or name server.

    import sandbox
    sandbox.enter(["postfix", "nsd"])     # returns inside, or raises sandbox.Unavailable

enter() starts the calling script again as root of a machine of its own: a copy-on-write view of
this one (an overlay on tmpfs), with the packages installed into it, its own processes and its own
network, in which only the loopback exists. Everything vanishes with the script; the real machine's
files, mail server and network are never touched. Packages are kept in build/debs for the next time.

Inside, add_address() gives the loopback more addresses, so that clients have real ones.
"""
import atexit
import fcntl
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile

import hang  # noqa: F401 says where a script hangs

INSIDE = "GATEPOST_SANDBOX"
PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DEBS = os.path.join(PROJECT, "build", "debs")


class Unavailable(Exception):
    """No such machine can be had here; the text says why."""


# mount, ip, useradd and the servers live there; a shell of su(1) may not know it
os.environ["PATH"] = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"


def is_inside():
    return os.environ.get(INSIDE) == "1"


def run(command, **options):
    """Runs a command and returns it; raises with its output when it fails."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", **options)
    if done.returncode != 0:
        raise RuntimeError("%s: exit %d\n%s" % (" ".join(command), done.returncode, done.stdout))
    return done


def why_not():
    """The reason why there can be no sandbox here, or None."""
    if os.environ.get("SANDBOX") == "no":
        return "asked to do without a throwaway machine (SANDBOX=no)"
    if os.geteuid() != 0:
        return "needs root"
    for tool in ("unshare", "mount", "chroot", "ip"):
        if not shutil.which(tool):
            return "needs %s" % tool
    if not shutil.which("apt-get") and not shutil.which("dnf"):
        return "needs apt-get or dnf"
    probe = subprocess.run(["unshare", "-m", "-n", "-p", "-f", "mount", "-t", "tmpfs", "none", "/mnt"],
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
    if probe.returncode != 0:
        return "this machine allows no namespaces or mounts (a container?)"
    return None


def _make_devices(folder):
    """A /dev of its own: what is made there, a /dev/log for example, is not seen outside."""
    run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", folder])
    for name, major, minor in (("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8),
                               ("urandom", 1, 9), ("tty", 5, 0)):
        os.mknod(os.path.join(folder, name), 0o666 | stat.S_IFCHR, os.makedev(major, minor))
        os.chmod(os.path.join(folder, name), 0o666)
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        os.symlink(target, os.path.join(folder, name))
    os.mkdir(os.path.join(folder, "pts"))
    run(["mount", "-t", "devpts", "-o", "newinstance,ptmxmode=666,mode=620,gid=5", "devpts", folder + "/pts"])
    os.symlink("pts/ptmx", os.path.join(folder, "ptmx"))
    os.mkdir(os.path.join(folder, "shm"), 0o1777)
    os.chmod(os.path.join(folder, "shm"), 0o1777)


def mount_overlay(top, lower="/", size="1g"):
    """An overlay of / (or another root) on tmpfs below top; returns its root. The calling process has a
    mount namespace of its own."""
    run(["mount", "--make-rprivate", "/"])
    run(["mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", top])
    upper, work, root = (os.path.join(top, d) for d in ("u", "w", "m"))
    for folder in (upper, work, root):
        os.mkdir(folder)
    run(["mount", "-t", "overlay", "overlay", "-o",
         "lowerdir=%s,upperdir=%s,workdir=%s" % (lower, upper, work), root])
    _make_devices(root + "/dev")
    run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", root + "/run"])
    run(["mount", "-t", "tmpfs", "-o", "mode=1777", "tmpfs", root + "/tmp"])
    run(["mount", "-t", "proc", "proc", root + "/proc"])
    os.makedirs(DEBS, exist_ok=True)
    # the project may lie on a file system of its own, which the overlay does not show
    for folder in (PROJECT, os.path.realpath(os.environ.get("SUITES", PROJECT + "/../shared/conformance"))):
        if os.path.isdir(folder):
            os.makedirs(root + folder, exist_ok=True)
            run(["mount", "--bind", folder, root + folder])
    # name servers of the real machine, for apt; the file may be a link into /run
    resolv = open("/etc/resolv.conf").read() if os.path.exists("/etc/resolv.conf") else ""
    target = root + "/etc/resolv.conf"
    if os.path.lexists(target):
        os.unlink(target)
    with open(target, "w") as f:
        f.write(resolv)
    return root


def install(root, packages):
    """Installs into the overlay, without starting anything."""
    policy = root + "/usr/sbin/policy-rc.d"
    with open(policy, "w") as f:
        f.write("#!/bin/sh\nexit 101\n")
    os.chmod(policy, 0o755)
    if shutil.which("dnf") and not shutil.which("apt-get"):
        run(["chroot", root, "dnf", "install", "-y", "--setopt=install_weak_deps=False"] + packages)
        return
    missing = [p for p in packages if subprocess.run(
        ["chroot", root, "dpkg-query", "-W", "-f", "${db:Status-Status}", p],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout != "installed"]
    if not missing:
        return
    apt_get(root, DEBS, "install", *missing)


def apt_get(root, debs, *words):
    """Runs apt-get in the overlay; packages are kept in the directory debs for the next time."""
    os.makedirs(debs + "/partial", exist_ok=True)
    os.chmod(debs, 0o755)
    apt = ["chroot", root, "env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8", "apt-get", "-q", "-y",
           "--no-install-recommends", "-o", "Dir::Cache::archives=" + debs,
           "-o", "APT::Keep-Downloaded-Packages=true", "-o", "APT::Sandbox::User=root"]
    # apt locks that directory, and does not wait for another one that has it
    with open(debs + "/gatepost.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            run(apt + list(words))
        except RuntimeError:
            run(apt + ["update"])  # the list of packages may be missing or old
            run(apt + list(words))


def _outside(packages):
    """Runs the script again inside; ends this process with its exit code."""
    top = tempfile.mkdtemp(prefix="gatepost-sandbox.")
    atexit.register(lambda: os.path.isdir(top) and os.rmdir(top))
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        code = 1
        try:
            import ctypes
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.unshare(0x00020000) != 0:  # CLONE_NEWNS
                raise RuntimeError("unshare: " + os.strerror(ctypes.get_errno()))
            libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
            root = mount_overlay(top)
            install(root, packages)
            env = dict(os.environ, **{INSIDE: "1"})
            code = subprocess.run(
                ["unshare", "-n", "-p", "-f", "--kill-child", "chroot", root, "sh", "-c",
                 'mount -t proc proc /proc && ip link set lo up && cd "$0" && exec "$@"',
                 os.getcwd(), sys.executable] + [os.path.abspath(sys.argv[0])] + sys.argv[1:],
                env=env).returncode
        except (RuntimeError, OSError) as error:
            print("sandbox: %s" % error, file=sys.stderr)
            code = 125
        finally:
            sys.stdout.flush()
            os._exit(code if 0 <= code < 256 else 1)

    def stop(signum, frame):
        os.kill(child, signal.SIGKILL)
        sys.exit(128 + signum)
    for s in (signal.SIGINT, signal.SIGTERM):
        signal.signal(s, stop)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code == 125:
        raise Unavailable("the throwaway machine could not be set up (see above)")
    sys.exit(code if code >= 0 else 1)


def enter(packages):
    """Returns inside the throwaway machine; see the top of this file."""
    if is_inside():
        return
    reason = why_not()
    if reason:
        raise Unavailable(reason)
    _outside(packages)


def add_address(address):
    """One more address of the loopback; clients bound to it are seen under it."""
    run(["ip", "addr", "add", address, "dev", "lo"] + (["nodad"] if ":" in address else []))
