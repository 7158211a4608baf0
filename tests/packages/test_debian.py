# SPDX-License-Identifier: ISC
"""The Debian packages on fresh machines with a real systemd: built twice, installed beside a real Postfix
and a real Exim, upgraded under load, removed, purged. Slow; for make check-packages."""
import glob
import os
import re
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("mta", "support"):
    sys.path.insert(0, os.path.join(HERE, "..", folder))
sys.path.insert(0, HERE)
import debian_root  # noqa: E402
import dnsd  # noqa: E402
import exim_scene  # noqa: E402
import scene  # noqa: E402
import systemd_machine  # noqa: E402
import world  # noqa: E402
from scene import BAD, GOOD, Mail, sandbox  # noqa: E402
from world import equal, holds, wait_for  # noqa: E402

BOB = "bob@example.test"
SERVICE, SOCKET = "gatepost-policyd.service", "gatepost-policyd.socket"
POLICY = "/var/spool/postfix/gatepost/policy"
SPOOFED = ("550 5.7.23 <bob@example.test>: Recipient address rejected: SPF fail: shop.test does not "
           "authorise 198.51.100.66 to send its mail (mailfrom=alice@shop.test, mechanism -all)")
ZONE = {
    "shop.test": {"TXT": ["v=spf1 ip4:192.0.2.0/24 -all"]},
    "_dmarc.shop.test": {"TXT": ["v=DMARC1; p=reject"]},
    "forger.test": {"TXT": ["v=spf1 ip4:198.51.100.0/24 -all"]},
}
CONFIG = 'dns {\n    servers = {"127.0.0.1"}\n    timeout = 300ms\n}\n'
# What comes and goes with a running system or apt, and is nobody's package.
PASSING = re.compile(r"^/(proc|sys|dev|run|tmp)/|^/var/(log|cache|tmp|lib/(apt|dpkg|systemd))/"
                     r"|^/etc/(passwd|group|shadow|gshadow|subuid|subgid)-$|^/etc/ld\.so\.cache$|^/etc/\.(updated|pwd\.lock)$"
                     r"|^/var/\.updated$|^/var/spool/postfix/(?!gatepost)|^/var/lib/(postfix|exim4)/|^/var/mail/|^/root/"
                     r"|^/etc/apt/apt\.conf\.d/99fetched$|^/var/lib/private$")
stage = None


def spoofed():
    return Mail(BAD, "mail.evil.test", "alice@shop.test", [BOB])


class Stage:
    """A fresh machine with one mail server, a name server on its loopback, and the packages at hand."""

    def __init__(self, build, install, fetch):
        self.build = build
        self.machine = systemd_machine.start(build.root, install=install, target="multi-user.target",
                                             fetch=build.debs(build.first, *fetch))
        try:
            for address in (GOOD + "/32", BAD + "/32"):
                self.machine.add_address(address)
            self.machine.join_network()
            self.dns = dnsd.Server(ZONE, port=53)
            self.before, self.failed_before = self.files(), self.failed()
        except BaseException:
            self.machine.stop()
            raise

    def files(self):
        """Every name in the machine that is not passing."""
        found = self.machine.run("find", "/", "-xdev", "-path", sandbox.PROJECT, "-prune", "-o", "-print").stdout
        return {path for path in found.splitlines() if not PASSING.search(path)}

    def failed(self):
        """Units that have failed: of the system's own, some cannot work in a machine without a kernel of its own."""
        return self.machine.run("systemctl", "--failed", "--plain", "--no-legend").stdout

    def apt(self, *words):
        return self.machine.run("apt-get", "-q", "-y", *words, timeout=600).stdout

    def purge(self, *packages):
        """With what came with them, also where a package of the system's would like to have it."""
        self.apt("purge", "--autoremove", "-o", "APT::AutoRemove::RecommendsImportant=false",
                 "-o", "APT::AutoRemove::SuggestsImportant=false", *packages)

    def main_pid(self):
        return int(self.machine.show(SERVICE, "MainPID"))

    def close(self):
        self.dns.close()
        self.machine.stop()


# ---- the files ----

def without_network():
    """a build without a network, as an ordinary user: every test that needs no root passes"""
    found = re.fullmatch(r"(\d+) passed, 0 failed, \d+ skipped", "".join(build.tests))
    assert found and int(found.group(1)) > 500, build.tests
    print("# " + found.group(0))


def reproducible():
    """built again elsewhere, with another umask, time zone and time: the same bytes"""
    first, second = build.digests(build.first), build.digests(build.second)
    equal(first, second)
    assert len([n for n in first if n.endswith(".deb")]) >= 3, first


def lintian():
    """lintian has neither errors nor warnings"""
    for line in build.lintian.splitlines():
        if not line.startswith("N:"):
            print("# " + line)
    equal(build.lintian_code, 0)


def progress():
    """make deb says how long it takes, how to leave the tests out, and how far it is"""
    for part in ("building the Debian packages: about ", "installing what the build needs", "compiling: ", "packaging"):
        holds(build.said, part)
    assert len(re.findall(r"^compiling: \d+ of \d+  \(", build.said, re.M)) >= 10, build.said


def described():
    """descriptions are as debian/control has them: dpkg has put nothing in place of a part"""
    with open(os.path.join(sandbox.PROJECT, "debian", "control")) as f:
        control = f.read()
    for deb in build.debs(build.first):
        name = os.path.basename(deb).split("_")[0]
        written = re.search(r"^Package: %s\n(?:.*\n)*?Description: ((?:.*\n)(?: .*\n)*)" % name, control, re.M).group(1)
        equal(sandbox.run(["dpkg-deb", "-f", deb, "Description"]).stdout, written)


def hardened():
    """each program is position independent, bound at start, read-only after that, and has canaries"""
    for deb in build.debs(build.first):
        with tempfile.TemporaryDirectory(prefix="gatepost-test.") as folder:
            sandbox.run(["dpkg-deb", "-x", deb, folder])
            programs = glob.glob(folder + "/usr/*bin/*") + glob.glob(folder + "/usr/lib/gatepost/*.so")
            equal(len(programs), 1)
            elf = sandbox.run(["readelf", "-W", "-h", "-l", "-d", "--dyn-syms", programs[0]]).stdout
        for part in (r"Type: +DYN", "GNU_RELRO", r"FLAGS.* (BIND_)?NOW", "__stack_chk_fail", "__(v?snprintf|memcpy)_chk@",
                     r"GNU_STACK .* RW "):
            assert re.search(part, elf), (deb, part)


def in_a_chroot():
    """where no systemd runs: installed, started by hand as README.Debian says, asked, purged"""
    holds(build.chroot, "action=DUNNO")
    holds(build.chroot, "chroot-code=0\n")


# ---- beside Postfix ----

POSTFIX = ("myhostname=mx.example.test", "mydestination=example.test", "inet_interfaces=all",
           "mynetworks=127.0.0.77/32", "smtpd_peername_lookup=no", "local_recipient_maps=", "alias_maps=",
           "local_transport=discard:")


def readme_lines():
    """The lines for main.cf as README.Debian has them."""
    text = stage.machine.read("/usr/share/doc/gatepost-policyd/README.Debian")
    part = text.split("In /etc/postfix/main.cf:", 1)[1].split("\n\n")[1]
    lines = [line[4:] for line in part.splitlines()]
    equal(len(lines), 2)
    return "\n".join(lines) + "\n"


def configure_postfix(restrictions):
    stage.machine.write("/etc/postfix/main.cf", stage.main_cf + restrictions)
    stage.machine.run("postfix", "reload")


def install():
    """apt installs the packages; the service runs and is enabled, its socket belongs to Postfix's group"""
    print("# " + "\n# ".join(stage.apt("install", *stage.build.debs(stage.build.first, "gatepost", "gatepost-policyd"))
                             .splitlines()[-12:]))
    for unit in (SERVICE, SOCKET):
        equal(stage.machine.run("systemctl", "is-active", unit, check=False).stdout.strip(), "active")
        equal(stage.machine.run("systemctl", "is-enabled", unit, check=False).stdout.strip(), "enabled")
    equal(stage.machine.run("stat", "-c", "%U %G %a", POLICY, "/var/lib/gatepost").stdout.splitlines(),
          ["gatepost postfix 660", "gatepost gatepost 700"])
    equal(stage.machine.run("ps", "-o", "user=", "-p", str(stage.main_pid())).stdout.strip(), "gatepost")
    equal(stage.failed(), stage.failed_before)
    stage.machine.write("/etc/gatepost/conf.d/test.conf", CONFIG)


def reload():
    """systemctl reload: the same process uses the new configuration, and tells its status"""
    pid = stage.main_pid()
    stage.machine.run("systemctl", "reload", SERVICE)
    wait_for(lambda: "is in force" in stage.machine.journal("-u", SERVICE), "reload in the journal")
    equal(stage.main_pid(), pid)
    status = stage.machine.run("systemctl", "status", SERVICE).stdout
    holds(status, "Active: active (running)")
    holds(status, "Status: \"")
    wanted = re.search(r"^WatchdogSec=(\w+)$", stage.machine.read("/lib/systemd/system/" + SERVICE), re.M).group(1)
    equal(stage.machine.show(SERVICE, "WatchdogUSec"), wanted)


def verdicts():
    """the two lines of README.Debian: Postfix in its chroot answers with SPF's verdicts"""
    configure_postfix(readme_lines())
    equal(stage.machine.run("postconf", "-h", "-F", "smtp/inet/chroot").stdout.strip(), "y")
    holds(spoofed().reply, SPOOFED)
    holds(Mail(GOOD, "mail.shop.test", "alice@shop.test", [BOB]).reply, "250 2.0.0 Ok: queued as")
    log = stage.machine.journal("-u", SERVICE)
    for part in ("spf=fail", "rule=spf.reject", "spf=pass"):
        holds(log, part)


def without_chroot():
    """the same socket serves a Postfix without chroot"""
    stage.machine.run("postconf", "-F", "smtp/inet/chroot=n")
    stage.machine.run("postfix", "reload")
    holds(spoofed().reply, SPOOFED)
    stage.machine.run("postconf", "-F", "smtp/inet/chroot=y")
    stage.machine.run("postfix", "reload")
    holds(spoofed().reply, SPOOFED)


def others_may_not_ask():
    """who is neither root nor Postfix cannot connect to the policy socket"""
    code = "socket(S, PF_UNIX, SOCK_STREAM, 0); print connect(S, sockaddr_un($ARGV[0])) ? 'yes' : \"no: $!\""
    words = ("perl", "-MSocket", "-e", code, POLICY)
    for who, group, answer in (("nobody", "nogroup", "no: Permission denied"), ("postfix", "postfix", "yes")):
        equal(stage.machine.run("setpriv", "--reuid=" + who, "--regid=" + group, "--clear-groups", *words).stdout,
              answer)


def confined():
    """inside the unit: no capability, no other process, nothing to write but its own directories"""
    status = stage.machine.read("/proc/%d/status" % stage.main_pid())
    for line in ("NoNewPrivs:\t1", "CapBnd:\t0000000000000000", "CapEff:\t0000000000000000", "Seccomp:\t2"):
        holds(status, line)
    score = stage.machine.run("systemd-analyze", "security", "--no-pager", SERVICE).stdout.splitlines()[-1]
    print("# " + score)
    assert float(re.search(r"(\d+\.\d)", score).group(1)) <= 2.0, score


def hangs():
    """systemd's watchdog hears of the daemon; one that does not move is ended, and serves again"""
    stage.machine.write("/etc/systemd/system/gatepost-policyd.service.d/test.conf",
                        "[Service]\nWatchdogSec=2s\n")
    stage.machine.run("systemctl", "daemon-reload")
    stage.machine.run("systemctl", "restart", SERVICE)
    told = stage.machine.show(SERVICE, "WatchdogTimestampMonotonic")
    wait_for(lambda: stage.machine.show(SERVICE, "WatchdogTimestampMonotonic") != told, "word to the watchdog", 10)
    pid = stage.main_pid()
    stage.machine.run("kill", "-STOP", str(pid))
    wait_for(lambda: stage.main_pid() not in (0, pid), "another main process", 30)
    holds(stage.machine.journal("-u", SERVICE), "Watchdog timeout")
    holds(spoofed().reply, SPOOFED)
    stage.machine.run("rm", "-r", "/etc/systemd/system/gatepost-policyd.service.d")
    stage.machine.run("systemctl", "daemon-reload")
    stage.machine.run("systemctl", "restart", SERVICE)


def upgrade():
    """an upgrade while mail comes in: not one request is lost, and the socket has not been closed"""
    # no default_action here: a request that nobody answers would show as 451
    configure_postfix("smtpd_recipient_restrictions = reject_unauth_destination, check_policy_service unix:gatepost/policy\n")
    pid, opened = stage.main_pid(), stage.machine.show(SOCKET, "ActiveEnterTimestampMonotonic")
    load = scene.Load()
    try:
        time.sleep(2)
        before = len(load.replies)
        stage.apt("install", *stage.build.debs(stage.build.next, "gatepost", "gatepost-policyd"))
        during = len(load.replies) - before
        for _ in range(3):
            stage.machine.run("systemctl", "restart", SERVICE)
        time.sleep(2)
    finally:
        replies = load.stop()
    print("# %d requests, %d of them during the upgrade" % (len(replies), during))
    equal({r[:len(SPOOFED)] for r in replies}, {SPOOFED})
    assert during > 20, during
    for package in ("gatepost", "gatepost-policyd"):
        equal(stage.machine.run("dpkg-query", "-W", "-f", "${Status} ${Version}", package).stdout,
              "install ok installed " + debian_root.NEXT)
    assert stage.main_pid() not in (0, pid)
    equal(stage.machine.show(SOCKET, "ActiveEnterTimestampMonotonic"), opened)


def own_tests():
    """the packages' own tests (debian/tests) pass on the installed packages"""
    for name in ("service", "by-hand"):
        print("# " + stage.machine.run(os.path.join(sandbox.PROJECT, "debian", "tests", name))
              .stdout.replace("\n", "\n# "))
    stage.machine.run("systemctl", "start", SERVICE)


def remove():
    """apt removes gatepost-policyd: nothing runs, no socket is left; configuration and state are"""
    stage.apt("remove", "gatepost-policyd", "gatepost")
    equal(stage.machine.exists(POLICY), False)
    equal(stage.machine.run("pgrep", "gatepost", check=False).stdout, "")
    for path in ("/etc/gatepost/gatepost.conf", "/var/lib/gatepost"):
        assert stage.machine.exists(path), path


def purge():
    """a purge leaves nothing behind but the users"""
    assert stage.machine.exists("/etc/gatepost/conf.d/test.conf")  # the administrator's own file
    stage.purge("gatepost-policyd", "gatepost")
    equal(sorted(stage.files() - stage.before), [])
    equal(sorted(stage.before - stage.files()), [])
    for what in ("passwd", "group"):
        holds(stage.machine.read("/etc/" + what), "\ngatepost:")
    equal(stage.failed(), stage.failed_before)


def beside_postfix(tap):
    global stage
    stage = Stage(build, ["postfix", "procps"], ["gatepost", "gatepost-policyd"])
    try:
        stage.machine.run("postconf", "-e", *POSTFIX)
        stage.machine.run("systemctl", "restart", "postfix")  # for inet_interfaces
        stage.main_cf = stage.machine.read("/etc/postfix/main.cf")
        for test in (install, verdicts, reload, without_chroot, others_may_not_ask, confined, hangs, upgrade,
                     own_tests, remove, purge):
            tap.run(test)
    finally:
        stage.close()


# ---- beside Exim ----

def exim_install():
    """apt installs gatepost-exim beside an Exim that has dlfunc; the policy service runs without Postfix, too"""
    stage.apt("install", *stage.build.debs(stage.build.first))
    equal(stage.machine.run("dpkg-query", "-W", "-f", "${db:Status-Status}", "exim4-daemon-heavy").stdout, "installed")
    holds(stage.machine.run("exim4", "-bV").stdout, "Expand_dlfunc")
    equal(stage.machine.run("stat", "-c", "%U %G %a", POLICY).stdout.strip(), "gatepost postfix 660")


def exim_light():
    """exim4-daemon-light does not do: apt would put the heavy one in its place"""
    said = stage.machine.run("apt-get", "-s", "install", "exim4-daemon-light", check=False).stdout
    assert re.search(r"^Remv gatepost-exim ", said, re.M) or "E: " in said, said


def exim_verdicts():
    """one include in exim.conf: Exim refuses what DMARC asks it to, and labels what passes"""
    stage.machine.write("/etc/gatepost/conf.d/test.conf", CONFIG)
    stage.machine.write("/etc/exim4/exim4.conf", "LOCAL_DOMAINS = example.test\nprimary_hostname = mx.example.test\n"
                        ".include /usr/share/doc/gatepost/examples/exim/exim.conf\n")
    holds(stage.machine.read("/usr/share/doc/gatepost/examples/exim/exim.conf"), "= /usr/lib/gatepost/gatepost.macros")
    stage.machine.run("systemctl", "restart", "exim4")
    wait_for(lambda: stage.machine.run("ss", "-ltn", check=False).stdout.count(":25 "), "Exim on port 25")
    message = b"From: alice@shop.test\r\nTo: bob@example.test\r\nSubject: test\r\n\r\nhello\r\n"
    holds(exim_scene.send(message, sender="eve@forger.test", address=BAD), "550 5.7.26 DMARC: shop.test asks to reject")
    holds(exim_scene.send(message, sender="alice@shop.test", address=BAD), "550 5.7.23 ")
    holds(exim_scene.send(message, sender="alice@shop.test", address=GOOD), "250 OK id=")
    wait_for(lambda: glob.glob(stage.machine.path("/home/bob/Maildir/new/*")), "delivered message")
    with open(glob.glob(stage.machine.path("/home/bob/Maildir/new/*"))[0]) as f:
        holds(f.read(), "dmarc=pass (p=reject of shop.test)")


def exim_limits():
    """limits count in a directory of Exim's own, as README.Debian sets it"""
    text = stage.machine.read("/usr/share/doc/gatepost-exim/README.Debian")
    store = re.search(r"^    (store \{.*\})$", text, re.M).group(1)
    stage.machine.write("/etc/gatepost/conf.d/test.conf",
                        CONFIG + store + "\nlimit hourly { key = user  count = messages  max = 1  per = 1h }\n")
    for wanted in (0, 1):
        done = stage.machine.run("setpriv", "--reuid=bob", "--regid=bob", "--clear-groups", "exim4", "-i", "bob@example.test",
                                 input="Subject: test\n\nhello\n", check=False)
        equal(done.returncode, wanted, done.stdout)
    holds(stage.machine.read("/var/log/exim4/mainlog"), "hourly limit reached: 1 of 1 messages in 1h")
    equal(stage.machine.run("stat", "-c", "%U", "/var/spool/exim4/gatepost").stdout, "Debian-exim\n")


LOCALMACROS = "/etc/exim4/exim4.conf.localmacros"
MESSAGE = b"From: alice@shop.test\r\nTo: bob@example.test\r\nSubject: test\r\n\r\nhello\r\n"


def exim_own_test():
    """the package's own test (debian/tests/exim): Debian's configuration, and the line of README.Debian"""
    stage.machine.run("rm", "-r", "/etc/exim4/exim4.conf", "/home/bob/Maildir")
    stage.machine.write("/etc/gatepost/conf.d/test.conf", "")
    # its client's address is this machine's already
    said = stage.machine.run("sh", "-c", "ip addr del %s/32 dev lo; %s/debian/tests/exim; code=$?; "
                             "ip addr add %s/32 dev lo; exit $code" % (BAD, sandbox.PROJECT, BAD)).stdout
    print("# " + said.replace("\n", "\n# "))
    stage.machine.write("/etc/gatepost/conf.d/test.conf", CONFIG)


def exim_pid():
    return stage.machine.read("/run/exim4/exim.pid").strip()


def exim_reply():
    """To a message that gatepost refuses, once Exim answers."""
    wait_for(lambda: ":25 " in stage.machine.run("ss", "-ltn", check=False).stdout, "Exim on port 25")
    return exim_scene.send(MESSAGE, sender="alice@shop.test", address=BAD)[:4]


def exim_module():
    """What the daemon has loaded; empty without the module."""
    maps = stage.machine.read("/proc/%s/maps" % exim_pid())
    return sorted({line.split("/", 1)[1] for line in maps.splitlines() if "gatepost-exim.so" in line})


def exim_upgrade():
    """an upgrade reloads a running Exim that uses the module, and starts none that is stopped"""
    text = stage.machine.read("/usr/share/doc/gatepost-exim/README.Debian")
    stage.machine.write(LOCALMACROS, re.search(r"^    (\.include_if_exists .*\n)", text, re.M).group(1))
    stage.machine.run("update-exim4.conf")
    stage.machine.run("systemctl", "restart", "exim4")
    equal(exim_reply(), "550 ")
    module = ["usr/lib/gatepost/gatepost-exim.so"]
    equal(exim_module(), module)
    pid = exim_pid()
    stage.apt("install", *stage.build.debs(stage.build.next))
    equal(stage.machine.run("dpkg-query", "-W", "-f", "${Version}", "gatepost-exim").stdout, debian_root.NEXT)
    wait_for(lambda: exim_module() == [], "another Exim in the same process")
    equal((exim_reply(), exim_module(), exim_pid()), ("550 ", module, pid))
    stage.machine.run("systemctl", "stop", "exim4")
    stage.apt("install", "--reinstall", *stage.build.debs(stage.build.next, "gatepost-exim"))
    assert ":25 " not in stage.machine.run("ss", "-ltn").stdout
    stage.machine.run("systemctl", "start", "exim4")
    equal(exim_reply(), "550 ")


def exim_removed_under_it():
    """a removal leaves a running Exim that accepts mail, with nothing in its panic log; and one that starts"""
    pid = exim_pid()
    stage.apt("remove", "gatepost-exim")
    assert not stage.machine.exists("/usr/lib/gatepost"), stage.machine.run("ls", "/usr/lib/gatepost").stdout
    wait_for(lambda: exim_module() == [], "a reload")
    equal((exim_reply(), exim_pid()), ("250 ", pid))
    stage.machine.run("systemctl", "restart", "exim4")
    equal(exim_reply(), "250 ")
    equal(stage.machine.exists("/var/log/exim4/paniclog"), False)
    equal(stage.machine.exists("/run/gatepost-exim.reload"), False)


def exim_back():
    """installed again it is used at once: the line has stayed"""
    stage.apt("install", *stage.build.debs(stage.build.next, "gatepost-exim"))
    wait_for(lambda: exim_reply() == "550 ", "refusal")


def exim_broken():
    """an Exim whose configuration has errors is left alone"""
    pid = exim_pid()
    stage.machine.run("sh", "-c", "echo no_such_option = 1 >>/var/lib/exim4/config.autogenerated")
    stage.apt("install", "--reinstall", *stage.build.debs(stage.build.next, "gatepost-exim"))
    equal((exim_reply(), exim_pid()), ("550 ", pid))
    stage.machine.run("update-exim4.conf")


def exim_purge():
    """purged, nothing is left behind but the users: neither counters nor files of the administrator in conf.d"""
    stage.machine.run("rm", LOCALMACROS)
    assert stage.machine.exists("/etc/gatepost/conf.d/test.conf") and stage.machine.exists("/var/spool/exim4/gatepost")
    stage.purge("gatepost-exim", "gatepost-policyd", "gatepost")
    equal(stage.machine.exists("/var/spool/exim4/gatepost"), False)
    equal(sorted(p for p in stage.files() - stage.before if not p.startswith("/var/spool/exim4/")), [])


def beside_exim(tap):
    global stage
    stage = Stage(build, ["exim4-daemon-heavy", "iproute2", "procps", "python3"],
                  ["gatepost", "gatepost-policyd", "gatepost-exim"])
    try:
        stage.machine.run("useradd", "-m", "bob")
        stage.before = stage.files()
        for test in (exim_install, exim_light, exim_verdicts, exim_limits, exim_own_test, exim_upgrade,
                     exim_removed_under_it, exim_back, exim_broken, exim_purge):
            tap.run(test)
    finally:
        stage.close()


def on(release, tap):
    """All of it on one release of Debian."""
    global build
    try:
        reason = systemd_machine.why_not()
        if reason:
            raise sandbox.Unavailable(reason)
        root = debian_root.base(release)
    except sandbox.Unavailable as reason:
        tap.run(unavailable, str(reason))
        return
    build = debian_root.built(root)
    for test in (without_network, reproducible, lintian, progress, described, hardened, in_a_chroot):
        tap.run(test)
    for part in (beside_postfix, beside_exim):
        try:
            part(tap)
        except sandbox.Unavailable as reason:
            tap.run(unavailable, str(reason))


def main():
    tap = world.Tap()
    for release in debian_root.wanted():
        print("# Debian " + release)
        on(release, tap)
    tap.finish()


def unavailable(reason):
    """a machine with systemd"""
    raise world.Skip(reason)


main()
