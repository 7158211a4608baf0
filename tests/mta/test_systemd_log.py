# SPDX-License-Identifier: ISC
"""The log under systemd, from the daemon to the files that operators read: the journal, mail.log by a real rsyslog,
a file by log.target = file and a real logrotate, and what fail2ban finds in the journal."""
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import dnsd  # noqa: E402
import sandbox  # noqa: E402
import systemd_machine  # noqa: E402
import unit_scene  # noqa: E402
import world  # noqa: E402
from unit_scene import SERVICE, request  # noqa: E402
from world import equal, holds, wait_for  # noqa: E402

ZONE = {"a.test": {"TXT": ["v=spf1 ip4:192.0.2.0/24 -all"]}}
CONFIG = 'hostname = "mx.test"\n'
MAIL, FILE = "/var/log/mail.log", "/var/log/gatepost/gatepost-policyd.log"
DROP_IN = "/etc/gatepost/conf.d/log.conf"
machine = None


def lines(path):
    return machine.read(path).splitlines() if machine.exists(path) else []


def wait_line(part, path):
    return wait_for(lambda: [line for line in lines(path) if part in line], "line with %r in %s" % (part, path))


def example(name, target):
    os.makedirs(os.path.dirname(machine.path(target)), exist_ok=True)
    shutil.copy(os.path.join(unit_scene.PROJECT, "conf-examples", name), machine.path(target))


def ask(**attributes):
    return unit_scene.ask(machine, **request(**attributes))


def in_mail_log():
    """rsyslog: decisions go from the journal to mail.log, and one search finds all of a message"""
    # over one connection, as an smtpd asks: each connection has a thread, which logs after it has answered
    with unit_scene.connect(machine) as s:
        for number in range(2):
            world.ask(s, **request(instance="12ab.655f.0", recipient="r%d@b.test" % number))
        world.ask(s, **request(instance="12ab.655f.0", queue_id="4XyZ12", protocol_state="END-OF-MESSAGE",
                               recipient_count="2", recipient=""))
        world.ask(s, **request(instance="12ab.6560.0", recipient="other@b.test"))
    wait_line("other@b.test", MAIL)
    found = [line for line in lines(MAIL) if " instance=12ab.655f.0 " in line]
    equal([re.search(r" stage=(\S+)", line).group(1) for line in found], ["RCPT", "RCPT", "END-OF-MESSAGE"])
    holds(found[2], " queue_id=4XyZ12 ")
    for line in found:
        assert re.match(r"\S+ mx gatepost-policyd\[\d+\]: level=info event=decision |"
                        r"\w{3} [ \d]\d [\d:]{8} mx gatepost-policyd\[\d+\]: level=info event=decision ", line), line
    equal(machine.journal("GATEPOST_INSTANCE=12ab.655f.0", "-o", "cat").count("event=decision"), 3)
    assert not any("gatepost-policyd" in line for line in lines("/var/log/user.log"))


def before_the_log():
    """what is written before the log is open goes to mail.log as well"""
    machine.write(DROP_IN, "nonsense\n")
    machine.run("rm", "-rf", "/var/lib/gatepost")  # no last good configuration
    machine.run("systemctl", "restart", SERVICE, check=False)
    wait_line("unknown option nonsense", MAIL)
    os.unlink(machine.path(DROP_IN))
    machine.run("systemctl", "reset-failed", SERVICE, check=False)
    machine.run("systemctl", "restart", SERVICE)


def found_by_fail2ban():
    """fail2ban: the filter finds rejections in the journal"""
    example("fail2ban/filter.d/gatepost-policyd.conf", "/etc/fail2ban/filter.d/gatepost-policyd.conf")
    for client in ("198.51.100.77", "2001:db8::77", "192.0.2.1"):
        ask(client=client)
    wait_for(lambda: machine.journal("GATEPOST_CLIENT=192.0.2.1", "-o", "cat"), "the last decision")
    for where in ("systemd-journal", MAIL):
        def found():
            text = machine.run("fail2ban-regex", "--usedns", "no", "-v", where, "gatepost-policyd").stdout
            return re.findall(r"^\|\s+(\S+)  \w{3} \w{3} \d\d \d\d:\d\d:\d\d \d{4}$", text, re.M)
        wait_for(lambda: len(found()) >= 2, "what fail2ban finds in " + where)
        equal(sorted(found()), ["198.51.100.77", "2001:db8::77"])


def in_a_file():
    """log.target = file: written from inside the unit's confinement, and opened again by logrotate's snippet"""
    machine.write(DROP_IN, "log { target = file }\n")
    machine.run("systemctl", "reload", SERVICE)
    wait_line("is in force", FILE)
    ask(recipient="before@b.test")
    wait_line("before@b.test", FILE)
    state = os.stat(machine.path(FILE))
    equal((state.st_mode & 0o777, os.stat(machine.path("/var/log/gatepost")).st_mode & 0o777), (0o600, 0o750))
    # errors of a later change do not keep the file from being opened again
    machine.write(DROP_IN, "log { target = file }\nnonsense\n")
    example("logrotate/gatepost-policyd", "/etc/logrotate.d/gatepost-policyd")
    done = machine.run("logrotate", "--force", "/etc/logrotate.d/gatepost-policyd")
    equal(done.stdout, "")
    wait_line("as it was loaded before", FILE)
    ask(recipient="after@b.test")
    wait_line("after@b.test", FILE)
    assert not [line for line in lines(FILE + ".1") if "after@b.test" in line]
    os.unlink(machine.path(DROP_IN))
    machine.run("systemctl", "restart", SERVICE)


def main():
    global machine
    tap = world.Tap()
    tests = (in_mail_log, found_by_fail2ban, in_a_file, before_the_log)
    try:
        machine = systemd_machine.start(install=["rsyslog", "logrotate", "fail2ban", "python3-systemd"])
        unit_scene.set_up(machine, CONFIG)
        machine.run("systemctl", "start", "syslog.socket", "rsyslog.service")
        name_server = dnsd.Server(ZONE, port=53)
        for test in tests:
            tap.run(test)
        name_server.close()
    except sandbox.Unavailable as why:
        tap.skip_all(str(why).splitlines()[0])
    finally:
        if machine:
            machine.stop()
    tap.finish()


main()
