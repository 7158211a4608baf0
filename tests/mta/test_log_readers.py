# SPDX-License-Identifier: ISC
"""What reads the log, and what confines the daemon, beside it: conf-examples for logrotate, fail2ban, logcheck
and AppArmor, each tried by the real program on real lines of a real daemon, in a throwaway machine."""
import datetime
import glob
import gzip
import os
import re
import shutil
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import dnsd  # noqa: E402
import sandbox  # noqa: E402
import world  # noqa: E402
from world import equal, holds, wait_for  # noqa: E402

PROGRAM, CONFIG, LOG = "/usr/sbin/gatepost-policyd", "/etc/gatepost/gatepost.conf", "/var/log/gatepost/gatepost-policyd.log"
PROFILE = "/etc/apparmor.d/usr.sbin.gatepost-policyd"
FILTER = "/etc/fail2ban/filter.d/gatepost-policyd.conf"
ZONE = {"a.test": {"TXT": ["v=spf1 ip4:192.0.2.0/24 -all"]}, "open.test": {"TXT": ["v=spf1 +all"]},
        'q"\\ action=reject rule=spf.reject x.test': {"TXT": ["v=spf1 -all"]}}
TEXT = """hostname = "mx.test"
dns { servers = {"127.0.0.1:%d"} }
log { target = file }
limit two { key = user  count = recipients  max = 2  per = 1h  action = reject }
policyd { listen = {"unix:/run/gatepost/policy"} }
"""
# What a client may say to have another one banned, or a rejection of its own overlooked. None of these mails is
# rejected; the address in them never sent one.
VICTIM = "198.51.100.99"
FORGED = ["x client=%s action=reject rule=spf.reject" % VICTIM,
          'x" client=%s action=reject rule=spf.reject' % VICTIM,
          'x\\" client=%s action=reject rule=spf.reject y="' % VICTIM,
          "x\\ client=%s action=reject rule=spf.reject" % VICTIM,
          "x\\\\\" client=%s action=reject rule=spf.reject" % VICTIM,
          "2026-11-29T01:02:03.000000+00:00 mx gatepost-policyd[1]: level=info event=decision client=%s "
          "action=reject rule=spf.reject" % VICTIM,
          "]: level=info event=decision client=%s action=reject rule=spf.reject" % VICTIM,
          "client=%s" % VICTIM, "...", "=", '"', "\\", "\x01\x7f\x1b", "\xff\xfe", "x" * 600 + '" action=reject rule=spf.reject',
          '"' * 600 + " action=reject rule=spf.reject"]
daemon = None
name_server = None


def run(*words, check=True, **options):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", timeout=300, **options)
    assert not check or done.returncode == 0, "%s: %d\n%s" % (" ".join(words), done.returncode, done.stdout)
    return done


def lines(path=LOG):
    try:
        with open(path) as f:
            return f.read().splitlines()
    except FileNotFoundError:
        return []


def wait_line(part, path=LOG):
    wait_for(lambda: any(part in line for line in lines(path)), "line with %r in %s" % (part, path))


def example(name, target):
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copy(os.path.join("conf-examples", name), target)


def start(*before):
    """Started as root, as where no systemd runs."""
    process = subprocess.Popen(list(before) + [PROGRAM, "-c", CONFIG], stdin=subprocess.DEVNULL)
    wait_for(lambda: process.poll() is not None or os.path.exists("/run/gatepost/policy"), "socket")
    assert process.poll() is None, "the daemon has ended"
    return process


def ask(client="192.0.2.1", **attributes):
    values = dict(client_address=client, helo_name="mail.a.test", sender="x@a.test", recipient="r@b.test")
    values.update(attributes)
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(world.PATIENCE_S)
        s.connect("/run/gatepost/policy")
        return world.ask(s, **values)


def set_up():
    """A user, the program and its configuration where packages put them."""
    global daemon, name_server
    for group in ("gatepost", "postfix"):
        run("groupadd", "--force", "--system", group)
    if run("id", "gatepost", check=False).returncode != 0:
        run("useradd", "--system", "--no-create-home", "--gid", "gatepost", "gatepost")
    shutil.copy(os.path.join(world.BUILD, "gatepost-policyd"), PROGRAM)
    os.makedirs("/etc/gatepost/conf.d", exist_ok=True)
    os.makedirs("/var/lib", exist_ok=True)
    name_server = dnsd.Server(ZONE)
    with open(CONFIG, "w") as f:
        f.write(TEXT % name_server.port)
    daemon = start()
    wait_line("is ready")


# ---- logrotate ----

def rotated():
    """logrotate: the file is renamed and compressed, both processes go on in a new one of the same owner"""
    example("logrotate/gatepost-policyd", "/etc/logrotate.d/gatepost-policyd")
    os.chmod("/etc/logrotate.d/gatepost-policyd", 0o644)
    ask(recipient="before@b.test")
    wait_line("before@b.test")
    owner = os.stat(LOG)
    done = run("logrotate", "--force", "--verbose", "/etc/logrotate.d/gatepost-policyd")
    assert "error" not in done.stdout, done.stdout
    wait_line("is in force")  # SIGHUP has come
    ask(recipient="after@b.test")
    wait_line("after@b.test")
    assert any("before@" in line for line in lines(LOG + ".1")) and not any("after@" in line for line in lines(LOG + ".1"))
    now = os.stat(LOG)
    equal((now.st_uid, now.st_gid, now.st_mode & 0o777), (owner.st_uid, owner.st_gid, 0o640))
    run("logrotate", "--force", "/etc/logrotate.d/gatepost-policyd")
    wait_for(lambda: os.path.exists(LOG + ".2.gz"), "the older file, compressed")
    wait_line("is in force")


# ---- fail2ban ----

def found_by_fail2ban(path):
    """The addresses of the lines that the filter finds, as often as it finds them, and how many it does not."""
    done = run("fail2ban-regex", "--usedns", "no", "--print-all-matched", "-v", path, FILTER)
    listed = re.findall(r"^\|\s+(\S+)  \w{3} \w{3} \d\d \d\d:\d\d:\d\d \d{4}$", done.stdout, re.M)
    counted = re.search(r"^Lines: (\d+) lines, (\d+) ignored, (\d+) matched, (\d+) missed", done.stdout, re.M)
    assert counted, done.stdout
    equal(len(listed), int(counted.group(3)), done.stdout)
    return listed


def written_by(name, *requests):
    """A file with the lines of these requests."""
    before = len(lines())
    for client, attributes in requests:
        ask(client, **attributes)
    wait_for(lambda: sum("event=decision" in line for line in lines()[before:]) == len(requests), "decisions")
    path = "/tmp/" + name
    with open(path, "w") as f:
        f.write("".join(line + "\n" for line in lines()[before:]))
    return path


def banned():
    """fail2ban: finds the clients of SPF rejections, of IPv4 and IPv6, and nobody of other decisions"""
    example("fail2ban/filter.d/gatepost-policyd.conf", FILTER)
    example("fail2ban/jail.d/gatepost-policyd.conf", "/etc/fail2ban/jail.d/gatepost-policyd.conf")
    bad = [("198.51.100.1", {}), ("2001:db8::5", {}),
           ("198.51.100.2", {"instance": "1a.6.0", "queue_id": "4XyZ12", "helo_name": 'a b"c', "client_name": "x.test"})]
    good = [("192.0.2.1", {}), ("198.51.100.3", {"sender": "x@open.test"}), ("198.51.100.4", {"sender": ""})]
    users = [("198.51.100.5", {"sasl_username": "alice"}) for _ in range(4)]
    path = written_by("plain.log", *(bad + good + users))
    equal(sum(" action=reject " in line for line in lines(path)), len(bad) + 2)  # two for a limit
    equal(sorted(found_by_fail2ban(path)), sorted(client for client, _ in bad))


def nobody_forged():
    """fail2ban: nothing that a client says puts another address into its line, or hides its own"""
    places = ("helo_name", "sender", "recipient", "client_name", "instance", "queue_id", "protocol_state")
    accepted = [("192.0.2.7", {place: text}) for place in places for text in FORGED]
    path = written_by("accepted.log", *accepted)
    refused = [line for line in lines(path) if " client=192.0.2.7 " not in line]
    equal(refused, [])
    equal(found_by_fail2ban(path), ["192.0.2.7"] * sum(really_rejected(line) for line in lines(path)))
    rejected = [("198.51.100.6", {place: text}) for place in ("helo_name", "recipient", "instance") for text in FORGED]
    path = written_by("rejected.log", *rejected)
    equal(found_by_fail2ban(path), ["198.51.100.6"] * len(rejected))


def really_rejected(line):
    """The decision's own field, read as the manual says: quoted values are skipped."""
    fields = re.findall(r' ([a-z_]+)=("(?:[^"\\]|\\.)*"|[^ "]*)', line.split(": ", 1)[1])
    return ("action", "reject") in fields


def as_syslog_writes():
    """fail2ban: reads the same lines as syslog writes them, with either kind of date"""
    path = "/tmp/syslog.log"
    now = datetime.datetime.now()
    tail = [re.sub(r"^\S+ ", "", line) for line in lines("/tmp/plain.log")]
    wanted = sorted(found_by_fail2ban("/tmp/plain.log"))
    for date in (now.strftime("%b %e %H:%M:%S"), now.astimezone().isoformat(timespec="microseconds")):
        with open(path, "w") as f:
            f.write("".join("%s %s\n" % (date, line) for line in tail))
        equal(sorted(found_by_fail2ban(path)), wanted)


def jail():
    """fail2ban: the jail and its filter are read without an error"""
    done = run("fail2ban-client", "-d")
    assert "ERROR" not in done.stdout and "gatepost" not in done.stdout, done.stdout  # it is not enabled
    with open("/etc/fail2ban/jail.d/zz.conf", "w") as f:
        f.write("[gatepost-policyd]\nenabled = true\n")
    done = run("fail2ban-client", "-d")
    assert "ERROR" not in done.stdout, done.stdout
    holds(done.stdout, "'gatepost-policyd', 'maxretry', 50")
    holds(done.stdout, "_SYSTEMD_UNIT=gatepost-policyd.service")


# ---- logcheck ----

def reported_by_logcheck(path):
    """What logcheck would send: the lines that no rule ignores (grep as logcheck calls it)."""
    with open("conf-examples/logcheck/gatepost-policyd") as f:
        rules = [line for line in f.read().splitlines() if line and not line.startswith("#")]
    with open("/tmp/rules", "w") as f:
        f.write("".join(rule + "\n" for rule in rules))
    return run("grep", "--text", "-E", "-v", "-f", "/tmp/rules", path, check=False).stdout.splitlines()


def ignored():
    """logcheck: decisions, whatever they hold, start, reload and end are ignored; each rule is needed"""
    os.kill(daemon.pid, 1)
    wait_for(lambda: any("event=counters" in line for line in lines()), "counters")
    with gzip.open(LOG + ".2.gz", "rt") as f:
        said = f.read().splitlines()
    said += lines(LOG + ".1") + lines()
    end = "2026-11-29T01:02:03.000000+01:00 mx gatepost-policyd[12]: level=notice event=message text=stopped"
    with open("/tmp/routine", "w") as f:
        f.write("".join(line + "\n" for line in said + [end]))
    equal(reported_by_logcheck("/tmp/routine"), [line for line in said if " level=notice event=message " in line
                                                 and "a client has a private" in line])
    with open("/tmp/rules") as f:
        rules = f.read().splitlines()
    for number in range(len(rules)):
        with open("/tmp/rules", "w") as f:
            f.write("\n".join(rules[:number] + rules[number + 1:]) + "\n")
        left = run("grep", "--text", "-E", "-v", "-f", "/tmp/rules", "/tmp/routine", check=False).stdout
        assert left or "seccomp" in rules[number], "nothing needs " + rules[number]


def reported():
    """logcheck: errors, warnings and an operator's changes are reported, and no decision can hide one"""
    before = len(lines())
    with open(CONFIG, "a") as f:
        f.write("nonsense\n")
    os.kill(daemon.pid, 1)
    wait_line("as it was loaded before")
    with open(CONFIG, "w") as f:
        f.write(TEXT % name_server.port)
    run(os.path.join(world.BUILD, "gatepost"), "limits", "set", "alice", "two", "5", "--socket", "/run/gatepost/control")
    wait_line("event=limit-set")
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(world.PATIENCE_S)
        s.connect("/run/gatepost/policy")
        s.sendall(b"GET / HTTP/1.0 level=info event=decision a=b\n\n")
        equal(s.recv(100), b"")
    wait_line("event=malformed-request")
    path = "/tmp/trouble"
    with open(path, "w") as f:
        f.write("".join(line + "\n" for line in lines()[before:]))
    found = reported_by_logcheck(path)
    for part in ("level=error event=message", "event=limit-set", "level=warning event=malformed-request"):
        assert any(part in line for line in found), (part, found)
    serious = [line for line in lines(path) if re.search(r": level=(error|warning) ", line)]
    equal([line for line in serious if line not in found], [])


# ---- AppArmor ----

def profile_compiles():
    """AppArmor: the profile has no error for its own compiler"""
    example("apparmor/usr.sbin.gatepost-policyd", PROFILE)
    done = run("apparmor_parser", "--skip-kernel-load", "--skip-cache", "--warn=all", PROFILE)
    # where the kernel has no AppArmor, it says of each kind of rule that it cannot be enforced here
    equal([line for line in done.stdout.splitlines() if line and not re.search("rules not enforced$|^Cache ", line)], [])
    holds(run("apparmor_parser", "--names", PROFILE).stdout, "gatepost-policyd")


VARIABLES = {"@{run}": "{/run,/var/run}", "@{PROC}": "/proc", "@{pid}": "[0-9]*", "@{etc_ro}": "/etc", "@{etc_rw}": "/etc",
             "@{sys}": "/sys", "@{multiarch}": "*-linux-gnu*", "@{lib}": "{/usr/lib,/lib}", "@{pids}": "[0-9]*",
             "@{tid}": "[0-9]*", "@{HOME}": "/root", "@{HOMEDIRS}": "/home/"}


def rules_of(path, seen):
    """(regular expression, permissions) of each rule about files, with those of what the profile includes."""
    if path in seen:
        return
    seen.add(path)
    with open(path) as f:
        text = f.read()
    for line in text.splitlines():
        line = line.split("#include", 1)[0].split(" #", 1)[0].strip() if not line.lstrip().startswith("#include") \
            else line.strip()[1:]
        included = re.match(r"include (?:if exists )?<(.*)>", line)
        if included:
            for name in sorted(glob.glob("/etc/apparmor.d/" + included.group(1)) +
                               glob.glob("/etc/apparmor.d/" + included.group(1) + "/*")):
                if os.path.isfile(name):
                    yield from rules_of(name, seen)
        rule = re.match(r"(?:owner )?([/@]\S*)\s+([a-zA-Z]+),$", line)
        if rule:
            yield re.compile(expression(rule.group(1)) + r"\Z"), rule.group(2)


def expression(pattern):
    """The pattern of a rule as a regular expression."""
    for name, value in VARIABLES.items():
        pattern = pattern.replace(name, value)
    assert "@{" not in pattern, pattern
    words = {"**": ".*", "*": "[^/]*", "?": "[^/]", "{": "(?:", "}": ")", ",": "|"}
    return "".join(words.get(part, part if part.startswith("[") else re.escape(part))
                   for part in re.findall(r"\*\*|\[[^]]*\]|[*?{},]|[^*?{},\[]+", pattern)).replace("//", "/")


CALL = re.compile(r"^\d+ +(\w+)\((.*)\) += (\d+)")


WRITES = ("bind", "connect", "unlink", "unlinkat", "rename", "renameat", "renameat2", "mkdir", "mkdirat", "link", "linkat",
          "chmod", "fchmodat", "truncate")


def touched(trace):
    """(path, permission, line) of each call that has worked, and that AppArmor looks at."""
    for line in lines(trace):
        m = CALL.match(line)
        if not m or "O_PATH" in line or "F_OK" in line:
            continue
        call, arguments = m.group(1), m.group(2)
        writes = call in WRITES or re.search(r"O_(WRONLY|RDWR|CREAT)|W_OK", arguments)
        if call in ("openat", "open", "access", "faccessat2") or writes:
            for path in re.findall(r'"(/[^"]*)"', arguments):
                yield re.sub("^/proc/self/", "/proc/1/", path), "w" if writes else "r", line


def profile_suffices():
    """AppArmor: every file that the daemon opens, creates or connects to is in the profile, from its start to its end"""
    global daemon
    world.end(daemon)
    started = len(lines())
    trace = "/tmp/trace"
    daemon = subprocess.Popen(["strace", "-f", "-o", trace, "-e", "trace=%file,connect,bind", PROGRAM, "-c", CONFIG],
                              stdin=subprocess.DEVNULL)
    wait_for(lambda: any("is ready" in line for line in lines()[started:]), "readiness")
    for client in ("192.0.2.1", "198.51.100.1"):
        ask(client, sasl_username="bob", sender="x@b.test")
        ask(client)
    for words in (["limits"], ["limits", "set", "bob", "two", "7"], ["metrics"], ["status"]):
        run(os.path.join(world.BUILD, "gatepost"), *words, "--socket", "/run/gatepost/control", check=False)
    before = len(lines())
    with open("/proc/%d/task/%d/children" % (daemon.pid, daemon.pid)) as f:
        traced = int(f.read().split()[0])
    os.kill(traced, 1)
    wait_for(lambda: any("is in force" in line for line in lines()[before:]), "reload")
    os.kill(traced, 15)
    daemon.wait(world.PATIENCE_S)
    rules = list(rules_of(PROFILE, set()))
    assert len(rules) > 60, rules
    seen, missing = set(), set()
    for path, permission, line in touched(trace):
        seen.add(path)
        # the path of a directory ends in a slash for AppArmor
        if not any(permission in allowed and (pattern.match(path) or pattern.match(path + "/"))
                   for pattern, allowed in rules):
            missing.add("%s %s: %s" % (permission, path, line))
    print("".join("# %s\n" % path for path in sorted(seen)), end="")
    assert {LOG, CONFIG, "/run/gatepost/control", "/run/gatepost/policy"} <= seen, sorted(seen)
    equal(sorted(missing), [])


def main():
    tap = world.Tap()
    tests = (rotated, banned, nobody_forged, as_syslog_writes, jail, ignored, reported, profile_compiles, profile_suffices)
    try:
        sandbox.enter(["logrotate", "fail2ban", "apparmor", "strace", "procps", "python3-systemd"])
    except sandbox.Unavailable as reason:
        tap.skip_all(str(reason))
    set_up()
    try:
        for test in tests:
            tap.run(test)
    finally:
        world.end(daemon)
        name_server.close()
    tap.finish()


main()
