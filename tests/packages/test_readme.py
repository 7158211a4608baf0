# SPDX-License-Identifier: ISC
"""The README, followed by somebody who has just come: every command, in order, on fresh machines with the
packages; and that what it promises then happens to a mail."""
import os
import smtplib
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import debian_root  # noqa: E402  (also finds tests/support)
import dnsd  # noqa: E402
import readme  # noqa: E402
import sandbox  # noqa: E402
import systemd_machine  # noqa: E402
import world  # noqa: E402
from world import equal, holds  # noqa: E402

GOOD, BAD = "192.0.2.1", "198.51.100.66"
ZONE = {
    "example.org": {"TXT": ["v=spf1 ip4:192.0.2.0/24 -all"], "MX": ["mail.example.org"]},
    "mail.example.org": {"A": [GOOD], "TXT": ["v=spf1 a -all"]},
    "_dmarc.example.org": {"TXT": ["v=DMARC1; p=reject"]},
    "mx.example.test": {"A": ["127.0.0.1"]},
}
MESSAGE = "From: Alice <alice@example.org>\nTo: bob@example.net\nSubject: hello\nDate: Sun, 22 Nov 2026 10:00:00 +0000\nMessage-ID: <1@example.org>\n\nHello.\n"

# Who follows which section. The commands of the others are targets of the Makefile and are run by
# people, by CI or by this target itself.
POSTFIX = ["Postfix in ten lines", "See a verdict", "The first week", "Limit what users send", "Run it for years"]
EXIM = ["Exim in ten lines"]
MAKE = ["Install", "Build, test, install"]

# exit codes that say something else than success, and are right in a test's small machine
ALLOWED = {"gatepost doctor": (0, 1, 2)}


class Reader:
    """Follows sections of the README on a machine."""

    def __init__(self, machine):
        self.machine, self.outputs = machine, {}

    def follow(self, heading):
        steps = readme.sections()[heading]
        assert steps, "nothing to do in section %s" % heading
        for step in steps:
            getattr(self, step.kind)(step)

    def write(self, step):
        """A file of ours is written; what is there already gets more lines, as an editor would do it."""
        before = self.machine.read(step.path) if self.machine.exists(step.path) else ""
        self.machine.write(step.path, before + ("\n" if before else "") + step.text)

    def run(self, step):
        if step.text == "gatepost-policyd":
            return self.by_hand(step)
        done = self.machine.run("sh", "-c", "cd /root && exec " + step.text, check=False)
        wanted = ALLOWED.get(step.text, (0,))
        assert done.returncode in wanted, "%s: exit %d\n%s" % (step.text, done.returncode, done.stdout)
        self.outputs[step.text] = done.stdout
        if step.text == "gatepost doctor":
            no_complaint(done.stdout)

    def by_hand(self, step):
        """The daemon in the foreground, where no service manager runs it."""
        self.machine.run("systemctl", "stop", "gatepost-policyd.service", "gatepost-policyd.socket")
        with open(os.path.join(debian_root.WORK, "by-hand.log"), "w+") as log:
            process = self.machine.spawn(step.text, stderr=log, stdout=log)
            try:
                world.wait_for(lambda: (log.seek(0), "is ready" in log.read())[1], "start by hand")
                log.seek(0)
                text = log.read()
                holds(text, "inet:127.0.0.1:10040")
            finally:
                self.machine.run("pkill", "-x", "gatepost-policy", check=False)
                world.end(process)
        self.machine.run("systemctl", "start", "gatepost-policyd.socket")


def no_complaint(report):
    """doctor finds nothing wrong with what the README has told to do; of the test's machine it may: its
    name server and clock are what they are."""
    for line in report.splitlines():
        words = line.split()
        if not line.startswith(" ") and len(words) > 1:
            assert words[1] != "problem", report
            if words[0].startswith(("config.", "daemon.", "postfix.", "exim.", "store.main")):
                assert words[1] != "warning", report


def packages(machine, build, *names):
    """The packages where make deb has put them."""
    machine.run("mkdir", "-p", "/root/build/deb")
    for path in build.debs(build.first, *names):
        with open(path, "rb") as source, open(machine.path("/root/build/deb/" + os.path.basename(path)), "wb") as f:
            f.write(source.read())
    machine.write("/root/message.eml", MESSAGE)


def send(client, sender, recipients, message=MESSAGE):
    """A mail from this address; the last reply."""
    smtp = smtplib.SMTP("127.0.0.1", 25, "mail.example.org", timeout=60, source_address=(client, 0))
    try:
        smtp.ehlo()
        smtp.mail(sender)
        for r in recipients:
            code, text = smtp.rcpt(r)
            if code >= 400:
                return "%d %s" % (code, text.decode())
        code, text = smtp.data(message)
        return "%d %s" % (code, text.decode())
    finally:
        smtp.close()


class Stage:
    """A machine with a name server of the test's own."""

    def __init__(self, root, install, fetch):
        self.machine = systemd_machine.start(root, install=install, fetch=fetch, target="multi-user.target")
        for address in (GOOD + "/32", BAD + "/32"):
            self.machine.add_address(address)
        self.machine.join_network()
        self.dns = dnsd.Server(ZONE, port=53)

    def __enter__(self):
        return self.machine

    def __exit__(self, *_):
        self.dns.close()
        self.machine.stop()


def covered():
    """every command of the README belongs to somebody who runs it"""
    wanted = POSTFIX + EXIM + MAKE
    equal([h for h, steps in readme.sections().items() if steps and h not in wanted], [])
    makefile = open(os.path.join(sandbox.PROJECT, "Makefile")).read()
    for heading in MAKE:
        for step in readme.sections()[heading]:
            words = step.text.split()
            equal(words[0], "make")
            for target in [w for w in words[1:] if "=" not in w]:
                holds(makefile, "\n%s:" % target)


def demonstration():
    """make demo shows a refusal and a limit"""
    text = sandbox.run(["make", "-C", sandbox.PROJECT, "demo"]).stdout
    holds(text, "550 5.7.23")
    holds(text, "limit reached")


def fuzzing():
    """make fuzz, each target for a second"""
    if not world.shutil.which("clang"):
        raise world.Skip("clang is not at hand")
    sandbox.run(["make", "-C", sandbox.PROJECT, "fuzz", "FUZZ_SECONDS=1"])


def postfix(root, build):
    """Postfix: from the packages to a refusal, a first week, limits, and the daemon by hand"""
    debs = build.debs(build.first, "gatepost", "gatepost-policyd")
    with Stage(root, ["postfix", "iproute2", "procps"], debs) as machine:
        packages(machine, build, "gatepost", "gatepost-policyd")
        machine.run("postconf", "-e", "mynetworks=127.0.0.0/8", "mydestination=example.net",
                    "local_recipient_maps=", "local_transport=discard:", "alias_maps=",
                    "smtpd_authorized_xclient_hosts=127.0.0.1", "smtpd_sasl_auth_enable=no")
        machine.run("systemctl", "restart", "postfix")
        reader = Reader(machine)
        reader.follow("Postfix in ten lines")
        holds(send(BAD, "alice@example.org", ["bob@example.net"]), "550 5.7.23")
        holds(send(GOOD, "alice@example.org", ["bob@example.net"]), "250 ")
        reader.follow("See a verdict")
        holds(reader.outputs["gatepost spf --ip 192.0.2.1 --mail-from alice@example.org"], "pass")
        request = next(o for c, o in reader.outputs.items() if c.startswith("gatepost request"))
        holds(request, "PREPEND Authentication-Results:")
        verdict = next(o for c, o in reader.outputs.items() if c.startswith("gatepost verify"))
        holds(verdict, "dmarc=pass")
        journal = reader.outputs["journalctl -u gatepost-policyd GATEPOST_EVENT=decision"]
        holds(journal, "spf=fail")
        first_week(machine, reader)
        limits(machine, reader)
        reader.follow("Run it for years")
        holds(reader.outputs["gatepost metrics"], "# TYPE gatepost_")
        holds(reader.outputs["systemctl status gatepost-policyd"], "active (running)")


def first_week(machine, reader):
    """in label mode the forgery comes in and is noted; afterwards it does not"""
    for step in readme.sections()["The first week"]:
        if step.text.startswith("journalctl"):
            holds(send(BAD, "alice@example.org", ["bob@example.net"]), "250 ")
        getattr(reader, step.kind)(step)
    holds(reader.outputs["journalctl -u gatepost-policyd GATEPOST_WOULD=reject"], "would=reject")
    holds(send(BAD, "alice@example.org", ["bob@example.net"]), "550 5.7.23")


def limits(machine, reader):
    """a user's mail is counted once Postfix asks, and the operator sees it"""
    sent = False
    for step in readme.sections()["Limit what users send"]:
        if step.text.startswith("gatepost limits") and not sent:
            sent = True
            machine.run("gatepost", "request", "client_address=" + GOOD, "sasl_username=alice", "instance=9",
                        "sender=alice@example.net", "recipient=bob@example.org")
        getattr(reader, step.kind)(step)
    holds(reader.outputs["gatepost limits"], "alice")
    holds(reader.outputs["gatepost limits explain alice"], "20-limits.conf")
    holds(reader.outputs["gatepost limits set alice hourly 500 --for 1d"], "500")


def exim(root, build):
    """Exim: from the packages to a DMARC verdict, with Debian's own configuration"""
    debs = build.debs(build.first, "gatepost", "gatepost-exim")
    with Stage(root, ["exim4-daemon-heavy", "iproute2", "procps"], debs) as machine:
        packages(machine, build, "gatepost", "gatepost-exim")
        conf = machine.read("/etc/exim4/update-exim4.conf.conf")
        for name, value in (("dc_eximconfig_configtype", "internet"), ("dc_other_hostnames", "example.net"),
                            ("dc_local_interfaces", "127.0.0.1")):
            conf = "\n".join("%s='%s'" % (name, value) if line.startswith(name + "=") else line
                             for line in conf.split("\n"))
        machine.write("/etc/exim4/update-exim4.conf.conf", conf)
        machine.run("useradd", "-m", "bob")
        reader = Reader(machine)
        reader.follow("Exim in ten lines")
        world.wait_for(lambda: answers(), "Exim on port 25")
        # not authorised by SPF, no signature: DMARC of example.org says reject, SPF refuses at RCPT first
        holds(send(BAD, "alice@example.org", ["bob@example.net"]), "550 5.7.23")
        holds(send(BAD, "x@other.test", ["bob@example.net"]), "550 5.7.26")
        holds(send(GOOD, "alice@example.org", ["bob@example.net"]), "250 ")
        world.wait_for(lambda: machine.exists("/var/mail/bob"), "delivery to bob")
        time.sleep(0.2)
        holds(machine.read("/var/mail/bob"), "dmarc=pass")
        no_complaint(machine.run("gatepost", "doctor", check=False).stdout)
        equal(machine.exists("/var/log/exim4/paniclog") and machine.read("/var/log/exim4/paniclog"), False)


def answers():
    try:
        with smtplib.SMTP("127.0.0.1", 25, timeout=5):
            return True
    except OSError:
        return False


def main():
    tap = world.Tap()
    tap.run(covered)
    tap.run(demonstration)
    tap.run(fuzzing)
    try:
        root = debian_root.base()
        build = debian_root.built(root)
    except sandbox.Unavailable as reason:
        print("ok %d - a new reader # SKIP %s" % (tap.number + 1, reason))
        print("1..%d" % (tap.number + 1))
        return
    tap.run(postfix, root, build)
    tap.run(exim, root, build)
    tap.finish()


if __name__ == "__main__":
    main()
