# SPDX-License-Identifier: ISC
"""The README, followed by somebody who has just come: every command, in order, on fresh machines with the
packages; and that what it promises then happens to a mail."""
import os
import re
import smtplib
import sys

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
    # what these two publish in the real DNS: no host may send their mail
    "example.com": {"TXT": ["v=spf1 -all"], "MX": ["."]},
    "example.org": {"TXT": ["v=spf1 -all"], "MX": ["."]},
    "_dmarc.example.org": {"TXT": ["v=DMARC1;p=reject;sp=reject;adkim=s;aspf=s"]},
    "good.test": {"TXT": ["v=spf1 ip4:192.0.2.0/24 -all"], "MX": ["mail.good.test"]},
    "mail.good.test": {"A": [GOOD], "TXT": ["v=spf1 a -all"]},
    "_dmarc.good.test": {"TXT": ["v=DMARC1; p=reject"]},
    "mx.example.test": {"A": ["127.0.0.1"]},
}
MESSAGE = """\
From: Alice <alice@%s>
To: bob@example.net
Subject: hello
Date: Sun, 22 Nov 2026 10:00:00 +0000
Message-ID: <1@%s>

Hello.
"""
TRY = "gatepost try"

# Who follows which section, in this order. The commands of the others are targets of the Makefile and are
# run by people, by CI or by this target itself.
POSTFIX = ["Label first", "Postfix in ten lines", "See a refusal", "Enforce after a week", "See a verdict",
           "Limit what users send", "Ask DNS lists", "Delay first contacts", "The operator's commands",
           "Without systemd", "Backup", "Several hosts", "Uninstall"]
EXIM = ["Label first", "Exim in ten lines", "See a refusal"]
MAKE = ["gatepost - mail policy for Postfix and Exim", "Install", "Build and test"]

# exit codes that say something else than success, and are right in a test's small machine
ALLOWED = {"gatepost doctor": (0, 1, 2)}


def parameters(text):
    """The names that are set at the beginning of a line of main.cf."""
    return re.findall(r"^(\w+)\s*=", text, re.M)


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
        """A file of ours is written."""
        self.machine.write(step.path, step.text)

    def add(self, step):
        """Lines are added at the end, as an editor would do it; none of them is there already."""
        before = self.machine.read(step.path) if self.machine.exists(step.path) else ""
        equal([n for n in parameters(step.text) if n in parameters(before)], [])
        self.machine.write(step.path, before + ("" if before.endswith("\n") or not before else "\n") + step.text)

    def replace(self, step):
        """Lines take the place of those with the same names."""
        before, names = self.machine.read(step.path), parameters(step.text)
        kept = [p for p in re.split(r"\n(?![ \t])", before) if not parameters(p)[:1] or parameters(p)[0] not in names]
        self.machine.write(step.path, "\n".join(kept).rstrip("\n") + "\n" + step.text)

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
        self.machine.run("systemctl", "start", "gatepost-policyd.socket", "gatepost-policyd.service")


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
    machine.write("/root/message.eml", MESSAGE % ("example.org", "example.org"))


def send(client, sender, recipients, author="alice@example.org"):
    """A mail from this address; the last reply."""
    domain = author.rpartition("@")[2]
    message = MESSAGE % (domain, domain)
    smtp = smtplib.SMTP("127.0.0.1", 25, "mail.good.test", timeout=60, source_address=(client, 0))
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


def contents():
    """the first screen names every section, in order"""
    equal(readme.contents(), list(readme.sections())[1:])


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
    """Postfix: from the packages to a label, a refusal, limits, the daemon by hand, Redis, and away again"""
    debs = build.debs(build.first, "gatepost", "gatepost-policyd")
    with Stage(root, ["postfix", "iproute2", "procps", "redis-server"], debs) as machine:
        packages(machine, build, "gatepost", "gatepost-policyd")
        machine.run("systemctl", "stop", "redis-server")
        machine.run("postconf", "-e", "mynetworks=127.0.0.0/8", "mydestination=example.net",
                    "local_recipient_maps=", "local_transport=discard:", "alias_maps=")
        machine.run("systemctl", "restart", "postfix")
        reader = Reader(machine)
        reader.follow("Label first")
        reader.follow("Postfix in ten lines")
        settings(machine)
        holds(send(BAD, "alice@example.org", ["bob@example.net"]), "250 ")
        reader.follow("See a refusal")
        holds(reader.outputs[TRY], "would")
        reader.follow("Enforce after a week")
        holds(reader.outputs["journalctl -u gatepost-policyd GATEPOST_WOULD=reject"], "would=reject")
        holds(send(BAD, "alice@example.org", ["bob@example.net"]), "550 5.7.23")
        holds(send(GOOD, "alice@good.test", ["bob@example.net"]), "250 ")
        reader.follow("See a refusal")
        holds(reader.outputs[TRY], "550 5.7.23")
        verdicts(reader)
        limits(machine, reader)
        reader.follow("Without systemd")
        reader.follow("Backup")
        holds(machine.read("/root/gatepost-store.jsonl"), "alice")
        several_hosts(machine, reader)
        reader.follow("Uninstall")
        settings(machine)
        equal(machine.exists("/usr/bin/gatepost"), False)
        holds(send(BAD, "alice@example.org", ["bob@example.net"]), "250 ")


def settings(machine):
    """Postfix finds nothing to say about its configuration, such as a parameter that is set twice."""
    for command in (["postconf", "-n"], ["postfix", "check"]):
        said = machine.run("sh", "-c", "exec 2>&1; exec " + " ".join(command)).stdout
        equal("warning" in said, False, said)


def verdicts(reader):
    """what the commands show is what example.org says"""
    reader.follow("See a verdict")
    holds(reader.outputs["gatepost spf --ip 192.0.2.1 --mail-from alice@example.org"], "fail")
    request = next(o for c, o in reader.outputs.items() if c.startswith("gatepost request"))
    holds(request, "550 5.7.23")
    verdict = next(o for c, o in reader.outputs.items() if c.startswith("gatepost verify"))
    holds(verdict, "dmarc=fail")
    holds(reader.outputs["journalctl -u gatepost-policyd GATEPOST_EVENT=decision"], "spf=fail")


def alice_sends(machine):
    machine.run("gatepost", "request", "client_address=" + GOOD, "sasl_username=alice", "instance=9",
                "sender=alice@example.net", "recipient=bob@example.org")


def limits(machine, reader):
    """a user's mail is counted once Postfix asks, and the operator sees it"""
    reader.follow("Limit what users send")
    settings(machine)
    alice_sends(machine)
    reader.follow("The operator's commands")
    holds(reader.outputs["gatepost limits"], "alice")
    holds(reader.outputs["gatepost limits explain alice"], "20-limits.conf")
    holds(reader.outputs["gatepost limits set alice hourly 500 --for 1d"], "500")
    holds(reader.outputs["gatepost metrics"], "# TYPE gatepost_")
    holds(reader.outputs["systemctl status gatepost-policyd"], "active (running)")
    alice_sends(machine)  # the last of those commands forgot what she had used


def several_hosts(machine, reader):
    """what was counted in a file is counted in Redis afterwards"""
    machine.run("systemctl", "start", "redis-server")
    before = machine.run("gatepost", "limits", "show", "alice").stdout
    reader.follow("Several hosts")
    holds(reader.outputs["gatepost store check"], "redis")
    after = machine.run("gatepost", "limits", "show", "alice").stdout
    equal(used(after), used(before))


def used(report):
    """Who has used how much of which limit."""
    rows = [line.split()[:3] for line in report.splitlines()[1:] if line]
    assert any(row[:2] == ["alice", "hourly"] and row[2] != "0" for row in rows), report
    return rows


def exim(root, build):
    """Exim: from the packages to a label, a DMARC verdict, and away again, with Debian's own configuration"""
    debs = build.debs(build.first, "gatepost", "gatepost-exim")
    with Stage(root, ["exim4-daemon-light", "exim4-daemon-heavy-", "iproute2", "procps"], debs) as machine:
        packages(machine, build, "gatepost", "gatepost-exim")
        conf = machine.read("/etc/exim4/update-exim4.conf.conf")
        for name, value in (("dc_eximconfig_configtype", "internet"), ("dc_other_hostnames", "example.net"),
                            ("dc_local_interfaces", "127.0.0.1")):
            conf = "\n".join("%s='%s'" % (name, value) if line.startswith(name + "=") else line
                             for line in conf.split("\n"))
        machine.write("/etc/exim4/update-exim4.conf.conf", conf)
        machine.run("useradd", "-m", "bob")
        reader = Reader(machine)
        reader.follow("Label first")
        reader.follow("Exim in ten lines")
        world.wait_for(answers, "Exim on port 25")
        holds(send(BAD, "alice@example.org", ["bob@example.net"]), "250 ")
        holds(machine.read("/var/log/exim4/mainlog"), "would=reject")
        reader.follow("See a refusal")
        holds(reader.outputs[TRY], "would")
        machine.run("rm", "/etc/gatepost/conf.d/10-first-week.conf")
        # SPF refuses at RCPT; without it DMARC of the author's domain does at DATA
        holds(send(BAD, "alice@example.org", ["bob@example.net"]), "550 5.7.23")
        holds(send(BAD, "x@other.test", ["bob@example.net"]), "550 5.7.26")
        holds(send(GOOD, "alice@good.test", ["bob@example.net"], "alice@good.test"), "250 ")
        reader.follow("See a refusal")
        holds(reader.outputs[TRY], "550 5.7.23")
        world.wait_for(lambda: machine.exists("/var/mail/bob") and "dmarc=pass" in machine.read("/var/mail/bob"),
                       "delivery to bob")
        no_complaint(machine.run("gatepost", "doctor", check=False).stdout)
        equal(machine.exists("/var/log/exim4/paniclog") and machine.read("/var/log/exim4/paniclog"), False)
        reader.outputs.clear()
        reader.run(readme.sections()["Uninstall"][-1])
        # Exim is told to read its configuration again, and does so when it comes to it
        world.wait_for(refuses_nothing, "an Exim without gatepost")


def refuses_nothing():
    try:
        return send(BAD, "alice@example.org", ["bob@example.net"]).startswith("250 ")
    except OSError:  # between two configurations nobody listens
        return False


def answers():
    try:
        with smtplib.SMTP("127.0.0.1", 25, timeout=5):
            return True
    except OSError:
        return False


def unavailable(reason):
    """a fresh machine"""
    raise world.Skip(reason)


def on(release, tap):
    """A new reader with a machine of this release of Debian."""
    try:
        root = debian_root.base(release)
        build = debian_root.built(root)
    except sandbox.Unavailable as reason:
        tap.run(unavailable, str(reason))
        return
    tap.run(postfix, root, build)
    tap.run(exim, root, build)


def main():
    tap = world.Tap()
    tap.run(contents)
    tap.run(covered)
    tap.run(demonstration)
    tap.run(fuzzing)
    for release in debian_root.wanted():
        print("# Debian " + release)
        on(release, tap)
    tap.finish()


if __name__ == "__main__":
    main()
