# SPDX-License-Identifier: ISC
"""The unit files at work: a real systemd starts, confines, watches, reloads and restarts the daemon.

The machine is one of tests/support/systemd_machine.py, into which `make install` puts what is built
here. The last test does without systemd, and applies of the unit what other tools can.
"""
import configparser
import glob
import json
import os
import pwd
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import dnsd  # noqa: E402
import sandbox  # noqa: E402
import systemd_machine  # noqa: E402
import unit_scene  # noqa: E402
import world  # noqa: E402
from unit_scene import POLICY, SERVICE, SOCKET, UNIT, request  # noqa: E402
from world import equal, holds, stand_still, wait_for  # noqa: E402

FILES = 65536
EXPOSURE = 1.5  # of systemd-analyze security, 10 is the worst: below is OK in its words
ZONE = {"a.test": {"TXT": ["v=spf1 ip4:192.0.2.0/24 -all"]}}
CONFIG = """hostname = "mx.test"
limit hourly { key = user  count = recipients  max = 5  per = 1h }
"""
machine = None

# What a program may do inside the unit's confinement: each line is a thing tried and what came of it.
PROBE = r'''
import ctypes, errno, json, mmap, os, resource, shutil, socket
libc = ctypes.CDLL(None, use_errno=True)
found = {}

def attempt(name, act):
    try:
        act()
        found[name] = "done"
    except OSError as error:
        found[name] = errno.errorcode.get(error.errno, str(error.errno))
    except ValueError as error:  # what Python makes of EPERM for limits
        found[name] = str(error)

def call(number, *arguments):
    ctypes.set_errno(0)
    if libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) for a in arguments]) < 0:
        raise OSError(ctypes.get_errno(), "")

def write(path):
    with open(path, "w") as f:
        f.write("x")

for folder in ("/home", "/root", "/run/user"):
    attempt("list " + folder, lambda: os.listdir(folder))
for path in ("/x", "/etc/x", "/usr/x", "/var/lib/x", "/var/spool/postfix/gatepost/x", "/proc/sys/kernel/hostname",
             "/sys/x", "/dev/x", "/sys/fs/cgroup/x", "/var/lib/gatepost/x", "/var/log/gatepost/x", "/var/log/x", "/run/gatepost/x", "/tmp/x",
             "/var/tmp/x"):
    attempt("write " + path, lambda: write(path))
attempt("read /dev/kmsg", lambda: os.open("/dev/kmsg", os.O_RDONLY))
for family, name in ((socket.AF_PACKET, "AF_PACKET"), (socket.AF_NETLINK, "AF_NETLINK"), (socket.AF_ALG, "AF_ALG")):
    attempt("socket " + name, lambda: socket.socket(family, socket.SOCK_RAW))
for family, name in ((socket.AF_UNIX, "AF_UNIX"), (socket.AF_INET, "AF_INET"), (socket.AF_INET6, "AF_INET6")):
    attempt("socket " + name, lambda: socket.socket(family, socket.SOCK_STREAM))
attempt("raw socket", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
attempt("map memory to write and execute",
        lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC))
def execute(path):
    shutil.copy("/bin/true", path)
    try:
        os.waitpid(os.posix_spawn(path, [path], {}), 0)
    finally:
        os.unlink(path)

for folder in ("/var/lib/gatepost", "/var/log/gatepost", "/run/gatepost", "/tmp", "/var/tmp", "/dev/shm"):
    attempt("execute from " + folder, lambda: execute(folder + "/program"))
attempt("set-user-id file", lambda: (write("/tmp/s"), os.chmod("/tmp/s", 0o4755)))
attempt("another user", lambda: os.setuid(0))
attempt("another owner", lambda: os.chown("/tmp/s", 0, 0))
attempt("root directory", lambda: os.chroot("/tmp"))
attempt("real time", lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)))
attempt("priority", lambda: os.setpriority(os.PRIO_PROCESS, 0, -5))
attempt("host name", lambda: socket.sethostname("x"))
attempt("the limit of files, raised", lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (10 ** 6, 10 ** 6)))
if os.uname().machine == "x86_64":
    attempt("namespace", lambda: call(272, 0x10000000))  # unshare, of users
    attempt("mount", lambda: call(165, 0, 0, 0, 0, 0))
    attempt("trace", lambda: call(101, 16, 1, 0, 0))  # ptrace, attach
    attempt("execution domain", lambda: call(135, 0x0008))
    attempt("keys", lambda: call(250, 0, -3, 0))
    attempt("clock", lambda: call(227, 0, 0))
    attempt("module", lambda: call(313, -1, 0, 0))
    attempt("bpf", lambda: call(321, 0, 0, 0))
    attempt("swap", lambda: call(167, 0, 0))
    attempt("reboot", lambda: call(169, 0, 0, 0, 0))
    attempt("lock memory", lambda: call(151, 1))
with open("/proc/self/status") as f:
    found["status"] = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
found["files"] = resource.getrlimit(resource.RLIMIT_NOFILE)
found["core"] = resource.getrlimit(resource.RLIMIT_CORE)
found["processes"] = [p for p in os.listdir("/proc") if p.isdigit() and os.stat("/proc/" + p).st_uid != os.getuid()]
found["tmp"] = sorted(os.listdir("/tmp"))
found["devices"] = sorted(os.listdir("/dev"))
found["umask"] = os.umask(0)
with open("/var/lib/gatepost/probe", "w") as f:
    json.dump(found, f)
'''


# ---- the machine ----

def set_up():
    unit_scene.set_up(machine, CONFIG)


def main_pid():
    """As it is seen from here."""
    inside = int(machine.show(SERVICE, "MainPID"))
    for path in glob.glob("/proc/[0-9]*/status"):
        try:
            with open(path) as f:
                numbers = re.search(r"^NSpid:\t(.*)$", f.read(), re.M)
            pid = int(path.split("/")[2])
            if numbers and numbers.group(1).split()[1:] == [str(inside)] \
                    and os.readlink("/proc/%d/ns/pid" % pid) == os.readlink("/proc/%d/ns/pid" % machine.pid):
                return pid
        except (FileNotFoundError, ProcessLookupError):
            pass
    raise AssertionError("the service has no process")


def worker_pid():
    """The serving process below the main one."""
    pid = main_pid()
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        children = f.read().split()
    assert children, "there is no serving process"
    return int(children[0])


def connect():
    return unit_scene.connect(machine)


def ask(**attributes):
    return unit_scene.ask(machine, **attributes)


def state():
    return machine.show(SERVICE, "ActiveState")


def settle(wanted="active"):
    wait_for(lambda: state() == wanted, "service that is %s; it is %s\n%s" % (wanted, state(), journal()))


def most_files():
    """What LimitNOFILE can come to: not even systemd raises a limit without the capability for it."""
    with open("/proc/self/status") as f:
        may_raise = int(re.search(r"^CapEff:\t(\w+)$", f.read(), re.M).group(1), 16) >> 24 & 1
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return FILES if may_raise or hard == resource.RLIM_INFINITY else min(FILES, hard)


def journal():
    return machine.journal("-u", SERVICE, "-o", "cat")


def entries(*options):
    return [json.loads(line) for line in machine.journal("-u", SERVICE, "-o", "json", *options).splitlines()
            if line.startswith("{")]


def is_fine(answer):
    holds(answer or "", "PREPEND Authentication-Results: mx.test; spf=pass")


# ---- the units ----

def verified():
    """systemd-analyze verify finds nothing to say about the units"""
    for unit in (SERVICE, SOCKET):
        done = machine.run("systemd-analyze", "--man=no", "verify", "/usr/lib/systemd/system/" + unit, check=False)
        about_us = [line for line in done.stdout.splitlines() if "gatepost" in line]
        equal((done.returncode, about_us), (0, []), done.stdout)


def exposure():
    """systemd-analyze security finds little that is open"""
    done = machine.run("systemd-analyze", "security", "--no-pager", SERVICE)
    print("".join("# %s\n" % line.rstrip() for line in done.stdout.splitlines()), end="")
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found and float(found.group(1)) < EXPOSURE, found and found.group(0)


def activation():
    """the socket alone is there; the first request starts the daemon, which answers it"""
    equal((machine.show(SOCKET, "ActiveState"), state()), ("active", "inactive"))
    owner = os.stat(machine.path(POLICY))
    equal(owner.st_mode & 0o777, 0o660)
    is_fine(ask(**request()))
    equal(ask(**request(client="198.51.100.1"))[:4], "550 ")
    settle()
    holds(machine.show(SERVICE, "StatusText"), POLICY)
    pid = main_pid()
    equal(open("/proc/%d/comm" % pid).read(), "gatepost-policy\n")
    holds(journal(), "seccomp: ")
    holds(journal(), " system calls are allowed, others end the process")


def state_folder():
    """limits count in the state directory, which is the daemon's alone"""
    answers = [ask(**request(sasl_username="alice")) for _ in range(6)]
    holds(answers[5], "hourly limit reached")
    folder = machine.path("/var/lib/gatepost")
    user = int(machine.run("id", "-u", "gatepost").stdout)
    equal((os.stat(folder).st_uid, os.stat(folder).st_mode & 0o7777), (user, 0o700))
    equal({os.stat(p).st_uid for p in glob.glob(folder + "/*")}, {user})
    shown = machine.run("gatepost", "limits", "show", "alice").stdout
    holds(shown, "hourly")
    holds(machine.run("gatepost", "status").stdout, "requests")


def reload():
    """systemctl reload puts a new configuration in force, and shows one with errors"""
    machine.write("/etc/gatepost/conf.d/code.conf", 'spf { reject_code = "554 5.7.1" }\n')
    pid = main_pid()
    machine.run("systemctl", "reload", SERVICE)
    wait_for(lambda: ask(**request(client="198.51.100.1"))[:9] == "554 5.7.1", "the new configuration")
    settle()
    machine.write("/etc/gatepost/conf.d/code.conf", "nonsense = 1\n")
    assert machine.run("systemctl", "reload", SERVICE, check=False).returncode != 0
    holds(journal(), "code.conf:1: unknown option nonsense")
    machine.run("systemctl", "kill", "--kill-who=main", "--signal=HUP", SERVICE)  # without that look beforehand
    wait_for(lambda: "has errors" in machine.show(SERVICE, "StatusText"), "a word about errors")
    equal(ask(**request(client="198.51.100.1"))[:9], "554 5.7.1")
    settle()
    os.unlink(machine.path("/etc/gatepost/conf.d/code.conf"))
    machine.run("systemctl", "reload", SERVICE)
    wait_for(lambda: POLICY in machine.show(SERVICE, "StatusText"), "a word about readiness")
    wait_for(lambda: ask(**request(client="198.51.100.1"))[:9] == "550 5.7.2", "the old configuration")
    equal(main_pid(), pid)


def crash():
    """a child that crashes is replaced; the service, its socket and what was counted stay"""
    pid, worker = main_pid(), worker_pid()
    os.kill(worker, signal.SIGSEGV)
    wait_for(lambda: not os.path.exists("/proc/%d" % worker), "end of the child")
    is_fine(ask(**request()))  # waits in the socket, if it has to
    assert worker_pid() != worker
    equal((main_pid(), machine.show(SERVICE, "NRestarts")), (pid, "0"))
    holds(ask(**request(sasl_username="alice")), "hourly limit reached")


def own_watchdog():
    """a child that stands still is ended by its parent"""
    machine.write("/etc/gatepost/conf.d/watchdog.conf", "policyd { watchdog = 10s }\n")
    machine.run("systemctl", "restart", SERVICE)
    settle()
    pid, worker = main_pid(), worker_pid()
    stand_still(worker)
    is_fine(ask(**request()))
    assert worker_pid() != worker
    equal(main_pid(), pid)
    holds(journal(), "policyd.watchdog")
    os.unlink(machine.path("/etc/gatepost/conf.d/watchdog.conf"))


def watchdog():
    """a parent that stands still is ended by systemd, which starts it again"""
    machine.write("/etc/systemd/system/%s.d/test.conf" % SERVICE, "[Service]\nWatchdogSec=3s\n")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", SERVICE)
    settle()
    pid = main_pid()
    time.sleep(7)  # twice its patience: it hears of us
    equal((main_pid(), machine.show(SERVICE, "NRestarts")), (pid, "0"))
    stand_still(pid)
    wait_for(lambda: machine.show(SERVICE, "NRestarts") == "1", "restart by systemd")
    settle()
    is_fine(ask(**request()))
    assert main_pid() != pid
    shutil.rmtree(machine.path("/etc/systemd/system/%s.d" % SERVICE))
    machine.run("systemctl", "daemon-reload")


def stopped():
    """what is asked while the daemon is stopped, or starts again, waits in the socket"""
    machine.run("systemctl", "stop", SERVICE)
    equal((state(), machine.show(SERVICE, "Result")), ("inactive", "success"))
    equal(machine.show(SOCKET, "ActiveState"), "active")
    is_fine(ask(**request()))
    settle()
    for _ in range(3):
        restart = machine.spawn("systemctl", "restart", SERVICE)
        answers = []
        while restart.poll() is None:
            answers.append(ask_patiently())
        restart.wait()
        assert answers
        for answer in answers:
            is_fine(answer)
    equal(machine.show(SERVICE, "Result"), "success")


def ask_patiently():
    """As Postfix does: a connection that ends without an answer is opened again, once."""
    try:
        answer = ask(**request())
    except OSError:
        answer = None
    return answer or ask(**request())


# ---- the confinement ----

def failed_start():
    """a start that fails, as there is no last good configuration yet, is tried again, and the socket stays: requests
    wait until somebody has mended it"""
    broken = "/etc/gatepost/conf.d/broken.conf"
    kept = "/var/lib/gatepost/last-good_etc_gatepost_gatepost.conf"
    machine.run("systemctl", "stop", SERVICE)
    machine.write(broken, "nonsense = 1\n")
    machine.run("rm", kept)
    with connect() as s:
        s.sendall(world.request_text(**request()).encode())
        wait_for(lambda: int(machine.show(SERVICE, "NRestarts")) >= 6, "six restarts")
        equal(machine.show(SOCKET, "ActiveState"), "active")
        os.unlink(machine.path(broken))
        is_fine(world.read_answer(s))
    machine.run("systemctl", "reset-failed", SERVICE, check=False)


def broken_start():
    """a start with a broken configuration uses the last good one, which the unit keeps in its state: nothing waits"""
    broken = "/etc/gatepost/conf.d/broken.conf"
    kept = "/var/lib/gatepost/last-good_etc_gatepost_gatepost.conf"
    wait_for(lambda: os.path.exists(machine.path(kept)), "configuration that is kept")
    machine.run("systemctl", "stop", SERVICE)
    machine.write(broken, "nonsense = 1\n")
    is_fine(ask(**request()))
    equal(machine.show(SERVICE, "NRestarts"), "0")
    done = machine.run("gatepost", "status", check=False)
    equal(done.returncode, 1)
    holds(done.stdout, "is not in force; the last good configuration")
    os.unlink(machine.path(broken))
    machine.run("systemctl", "reload", SERVICE)
    wait_for(lambda: "WARNING" not in machine.run("gatepost", "status", check=False).stdout, "the mended configuration")


def confined():
    """both processes: no capabilities, no way to new ones, two filters, the limits of the unit"""
    is_fine(ask(**request()))
    user = int(machine.run("id", "-u", "gatepost").stdout)
    for pid, name in ((main_pid(), "parent"), (worker_pid(), "child")):
        with open("/proc/%d/status" % pid) as f:
            status = dict(re.findall(r"^(\w+):\t(.*)$", f.read(), re.M))
        for key in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            equal((name, key, int(status[key], 16)), (name, key, 0))
        equal((name, status["NoNewPrivs"], status["Seccomp"]), (name, "1", "2"))
        equal(status["Uid"].split(), [str(user)] * 4)
        equal(int(status["Umask"], 8), 0o77)
        with open("/proc/%d/limits" % pid) as f:
            limits = f.read()
        assert re.search(r"^Max open files +%d +%d " % (most_files(), most_files()), limits, re.M), limits
        assert re.search(r"^Max core file size +0 +0 ", limits, re.M), limits
        for kind in ("mnt", "user"):
            assert os.readlink("/proc/%d/ns/%s" % (pid, kind)) != os.readlink("/proc/%d/ns/%s" % (machine.pid, kind))


def from_outside():
    """seen with root's eyes from inside the service's mounts: no homes, nothing writable, a /tmp of its own"""
    machine.write("/root/secret", "x")
    machine.write("/home/somebody/secret", "x")
    machine.write("/tmp/of-the-machine", "x")
    is_fine(ask(**request()))
    inside = "/proc/%d/root" % main_pid()
    for folder in ("/root", "/home", "/tmp"):
        equal((folder, os.listdir(inside + folder)), (folder, []))
    for path in ("/x", "/etc/gatepost/x", "/usr/x", "/var/lib/x", "/var/spool/postfix/x"):
        try:
            open(inside + path, "w").close()
            raise AssertionError(path + " can be written")
        except OSError as error:
            equal((path, error.strerror), (path, "Read-only file system"))
    for path in ("/var/lib/gatepost/x", "/run/gatepost/x"):
        open(inside + path, "w").close()
        os.unlink(inside + path)


def probe():
    """a program of ours in the place of the daemon tries what the unit forbids"""
    text = machine.read("/usr/lib/systemd/system/" + SERVICE)
    for name, value in (("Type", "oneshot"), ("ExecStart", "/usr/bin/python3 /usr/share/probe.py")):
        text, count = re.subn(r"^%s=.*$" % name, "%s=%s" % (name, value), text, flags=re.M)
        equal(count, 1)
    text = re.sub(r"^(Requires|After|ExecReload|WatchdogSec|NotifyAccess|Restart|RestartPreventExitStatus)=.*\n", "", text,
                  flags=re.M)
    text = re.sub(r"^\[Install\]\n.*", "", text, flags=re.M | re.S)
    machine.write("/usr/share/probe.py", PROBE)
    machine.write("/etc/systemd/system/probe.service", text)
    machine.run("systemctl", "daemon-reload")
    done = machine.run("systemctl", "start", "probe.service", check=False)
    equal(done.returncode, 0, machine.journal("-u", "probe.service"))
    found = json.loads(machine.read("/var/lib/gatepost/probe"))
    os.unlink(machine.path("/var/lib/gatepost/probe"))
    allowed = {"write /var/lib/gatepost/x", "write /var/log/gatepost/x", "write /run/gatepost/x", "write /tmp/x",
               "write /var/tmp/x", "socket AF_UNIX", "socket AF_INET", "socket AF_INET6"}
    tried = {name: result for name, result in found.items() if isinstance(result, str)}
    print("".join("# %s: %s\n" % item for item in sorted(tried.items())), end="")
    equal({name for name, result in tried.items() if result == "done"}, allowed)
    assert len(tried) > 35 or os.uname().machine != "x86_64", tried
    for name in ("AF_PACKET", "AF_NETLINK", "AF_ALG"):
        equal(tried["socket " + name], "EAFNOSUPPORT")
    equal({tried["write " + p] for p in ("/etc/x", "/usr/x", "/var/lib/x")} - {"EROFS", "EACCES"}, set())
    equal(int(found["status"]["CapBnd"], 16), 0)
    for folder in ("/var/lib/gatepost", "/var/log/gatepost", "/run/gatepost", "/tmp", "/var/tmp", "/dev/shm"):
        equal((folder, tried["execute from " + folder]), (folder, "EACCES"))
    equal((found["files"], found["core"], found["umask"]), ([most_files()] * 2, [0, 0], 0o77))
    equal((found["processes"], found["tmp"]), ([], ["s", "x"]))
    assert not {"kmsg", "mem", "sda", "kvm"} & set(found["devices"]), found["devices"]


def controllers():
    """MemoryMax and TasksMax limit memory and threads"""
    equal(machine.show(SERVICE, "MemoryMax"), str(1 << 30))
    equal(machine.show(SERVICE, "TasksMax"), "2000")
    with open(machine.path("/sys/fs/cgroup/cgroup.controllers")) as f:
        if "memory" not in f.read().split():
            raise world.Skip("the control groups of a machine in namespaces have no memory controller; that systemd "
                             "has read the values is seen")
    group = machine.show(SERVICE, "ControlGroup")
    equal(int(machine.read("/sys/fs/cgroup%s/memory.max" % group)), 1 << 30)


# ---- the log ----

def journalled():
    """the journal has each event with its priority, its name and its fields"""
    is_fine(ask(**request(queue_id="4XyTest", sender="journal@a.test")))
    found = wait_for(lambda: [e for e in entries() if "journal@a.test" in str(e.get("MESSAGE"))], "a decision")
    equal(len(found), 1)
    decision = found[0]
    equal([decision[k] for k in ("PRIORITY", "SYSLOG_FACILITY", "SYSLOG_IDENTIFIER")], ["6", "2", "gatepost-policyd"])
    holds(decision["MESSAGE"], "event=decision")
    assert not decision["MESSAGE"].startswith("<"), decision["MESSAGE"]
    equal(decision["_SYSTEMD_UNIT"], SERVICE)
    holds(machine.journal("GATEPOST_QUEUE_ID=4XyTest", "-o", "cat"), "journal@a.test")
    by_level = {}
    for e in entries():
        level = re.match(r"level=(\w+) ", str(e.get("MESSAGE")))
        if level:
            by_level.setdefault(level.group(1), set()).add(e["PRIORITY"])
    for level, priority in (("error", "3"), ("notice", "5"), ("info", "6")):
        equal((level, by_level.get(level)), (level, {priority}))
    text = machine.journal("-u", SERVICE, "-o", "cat", "-p", "notice")
    assert "event=decision" not in text and "is ready" in text


def syslogged():
    """log.target = syslog: the same events, of the facility mail"""
    machine.write("/etc/gatepost/conf.d/log.conf", "log { target = syslog }\n")
    machine.run("systemctl", "restart", SERVICE)
    is_fine(ask(**request(sender="syslog@a.test")))
    found = wait_for(lambda: [e for e in entries() if "syslog@a.test" in str(e.get("MESSAGE"))], "a decision")
    equal([(e["PRIORITY"], e["SYSLOG_FACILITY"], e["SYSLOG_IDENTIFIER"]) for e in found],
          [("6", "2", "gatepost-policyd")])
    os.unlink(machine.path("/etc/gatepost/conf.d/log.conf"))
    machine.run("systemctl", "restart", SERVICE)


def metrics():
    """the numbers over HTTP, from inside the confinement"""
    machine.write("/etc/gatepost/conf.d/metrics.conf", 'metrics { listen = {"inet:127.0.0.1:9740"} }\n')
    machine.run("systemctl", "restart", SERVICE)
    is_fine(ask(**request()))
    try:
        s = socket.create_connection(("127.0.0.1", 9740), world.PATIENCE_S)
    except ConnectionRefusedError:
        raise world.Skip("built without libmicrohttpd") from None
    finally:
        os.unlink(machine.path("/etc/gatepost/conf.d/metrics.conf"))
    with s:
        s.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        s.settimeout(world.PATIENCE_S)
        holds(s.recv(65536).decode(), " 200 ")


def name_services():
    """a Redis by its name: what nsswitch.conf names is loaded from its file when it is asked first"""
    libraries = glob.glob(machine.path("/usr/lib/*/libnss_hesiod.so.2")) + \
        glob.glob(machine.path("/usr/lib*/libnss_hesiod.so.2"))
    if not libraries:
        raise world.Skip("no name service at hand that is a library of its own")
    machine.write("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: hesiod files dns\n")
    machine.write("/etc/gatepost/conf.d/redis.conf", 'store { uri = {"redis://localhost:9"} }\n')
    machine.run("systemctl", "restart", SERVICE)
    ask(**request(sasl_username="alice"))
    if "has no Redis" in journal():
        raise world.Skip("built without Redis")
    wait_for(lambda: "store: localhost:9: connect: Connection refused" in journal(), "an attempt to reach Redis")
    with open("/proc/%d/maps" % worker_pid()) as f:
        holds(f.read(), "libnss_hesiod")
    os.unlink(machine.path("/etc/gatepost/conf.d/redis.conf"))
    machine.run("systemctl", "restart", SERVICE)


def no_complaints():
    """nothing was forbidden to the daemon that it wanted to do"""
    text = journal()
    for word in ("Bad system call", "Permission denied", "Operation not permitted", "Read-only file system",
                 "no filter of system calls"):
        assert word not in text, [line for line in text.splitlines() if word in line]


# ---- without systemd ----

def unit_options():
    parser = configparser.RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=("#",))
    parser.optionxform = str
    parser.read(UNIT)
    return dict(parser.items("Service"))


def own_tools(options):
    """A command line that applies what setpriv, prlimit and unshare can, and which options those are."""
    applied, command = {"User", "Group", "UMask"}, []
    mounts = "mount --make-rprivate /"
    for name, folders in (("ProtectHome", ("/home", "/root", "/run/user")), ("PrivateTmp", ("/tmp", "/var/tmp"))):
        if options.get(name) == "yes":
            mode = "755" if name == "ProtectHome" else "1777"
            mounts += "".join(" && if [ -d %s ]; then mount -t tmpfs -o mode=%s tmpfs %s; fi" % (f, mode, f)
                              for f in folders)
            applied.add(name)
    if options.get("ProtectSystem") == "strict":
        mounts += " && mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro /"
        applied.add("ProtectSystem")
    unshare = ["unshare", "-m"]
    for name, flag in (("PrivateIPC", "-i"), ("ProtectHostname", "-u")):
        if options.get(name) == "yes":
            unshare.append(flag)
            applied.add(name)
    limits = ["prlimit"]
    for name, flag in (("LimitNOFILE", "nofile"), ("LimitCORE", "core")):
        if name in options:
            limits.append("--%s=%d" % (flag, min(int(options[name]), most_files())))
            applied.add(name)
    user = pwd.getpwnam("nobody")
    drop = ["setpriv", "--reuid=%d" % user.pw_uid, "--regid=%d" % user.pw_gid, "--clear-groups"]
    if options.get("NoNewPrivileges") == "yes":
        drop.append("--no-new-privs")
        applied.add("NoNewPrivileges")
    if options.get("CapabilityBoundingSet") == "":
        drop += ["--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all"]
        applied |= {"CapabilityBoundingSet", "AmbientCapabilities"}
    script = "%s && umask %s && exec \"$@\"" % (mounts, options["UMask"])
    return unshare + ["sh", "-c", script], limits + drop, applied


# What confines; the other options of the unit say how it starts, ends and is watched.
CONFINING = re.compile(r"^(User|Group|UMask|Limit|Memory|Tasks|Capab|Ambient|NoNew|Protect|Private|Device|Restrict(?!P)|"
                       r"Restart$|Lock|RemoveIPC|Keyring|SystemCall)")


def without_systemd():
    """the unit's restrictions by setpriv, prlimit and unshare: the daemon works inside"""
    reason = sandbox.why_not() or next(("needs " + t for t in ("setpriv", "prlimit") if not shutil.which(t)), None)
    if reason:
        raise world.Skip(reason)
    options = unit_options()
    before, after, applied = own_tools(options)
    confining = {name for name in options if CONFINING.match(name) and name not in ("Restart", "RestartPreventExitStatus")}
    equal(applied - confining, set())
    left = sorted(confining - applied)
    print("# applied: %s\n# %d options that only systemd applies: %s"
          % (", ".join(sorted(applied)), len(left), ", ".join(left)))
    folder = tempfile.mkdtemp(prefix="gatepost-test.", dir="/var/lib")  # /tmp will be another one inside
    name_server = dnsd.Server(ZONE)
    process = None
    try:
        shutil.chown(folder, "nobody")
        with open(folder + "/gatepost.conf", "w") as f:
            f.write('hostname = "mx.test"\nstore { uri = {"lmdb:%s/state"} }\ndns { servers = {"127.0.0.1:%d"} }\n'
                    'limit hourly { key = user  count = recipients  max = 5  per = 1h }\n'
                    'policyd { listen = {"unix:%s/policy"} control_socket = "%s/control" }\n'
                    % (folder, name_server.port, folder, folder))
        # nor is the project seen there when it lies below a home or /tmp
        program = shutil.copy(os.path.join(world.BUILD, "gatepost-policyd"), folder)
        process = subprocess.Popen(before + [folder] + after + [program, "-c", folder + "/gatepost.conf"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=open(folder + "/log", "w"))
        said = lambda: open(folder + "/log").read()
        wait_for(lambda: "is ready" in said() or process.poll() is not None, "readiness")
        assert process.poll() is None, said()
        for n in range(6):
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(world.PATIENCE_S)
                s.connect(folder + "/policy")
                answer = world.ask(s, **request(sasl_username="alice"))
        holds(answer, "hourly limit reached")
        with open("/proc/%d/status" % process.pid) as f:
            status = dict(re.findall(r"^(\w+):\t(.*)$", f.read(), re.M))
        equal((int(status["CapBnd"], 16), int(status["CapEff"], 16), status["NoNewPrivs"]), (0, 0, "1"))
        inside = "/proc/%d/root" % process.pid
        equal([os.listdir(inside + f) for f in ("/root", "/home", "/tmp")], [[], [], []])
        try:
            open(inside + "/etc/gatepost-test", "w").close()
            raise AssertionError("/etc can be written")
        except OSError as error:
            equal(error.strerror, "Read-only file system")
        world.end(process)
        equal(process.returncode, 0, said())
    finally:
        if process:
            world.end(process)
        name_server.close()
        shutil.rmtree(folder)


def main():
    global machine
    tap = world.Tap()
    tests = (verified, exposure, activation, state_folder, reload, crash, own_watchdog, watchdog, stopped, failed_start,
             broken_start, confined, from_outside, probe, controllers, journalled, syslogged, metrics, name_services, no_complaints)
    try:
        machine = systemd_machine.start()
        set_up()
        name_server = dnsd.Server(ZONE, port=53)
        for test in tests:
            failed = tap.failed
            tap.run(test)
            if tap.failed > failed:
                print("".join("# journal: %s\n" % line for line in machine.journal("-n", "40").splitlines()), end="")
        name_server.close()
    except sandbox.Unavailable as why:
        reason = str(why)

        def unavailable(test):
            raise world.Skip(reason.splitlines()[0])
        for test in tests:
            unavailable.__doc__ = test.__doc__
            tap.run(unavailable, test)
    finally:
        if machine:
            machine.stop()
    tap.run(without_systemd)
    tap.finish()


main()
