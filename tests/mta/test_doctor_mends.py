# SPDX-License-Identifier: ISC
"""Each mend that gatepost doctor has for Postfix is done, as it is printed, on a machine with a real Postfix:
doctor is then content, and the daemon is asked once about each recipient. The mends and the findings are read
from the source: one that no row here brings up is a failure."""
import glob
import os
import re
import smtplib
import socket
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]
import doctor_mend_rows as more  # noqa: E402
from doctor_rows import ALL, ASKS, BYTES, CHROOT, LIMITS, LISTS, MAIN, OPEN, OTHER_RULE, PERMIT, QUESTION, REST, SPF, SUBMISSION  # noqa: E402
from doctor_scene import CONF, CONFIG, GATEPOST, QUEUE, SOCKET, Machine, named  # noqa: E402
import sandbox  # noqa: E402
import scene  # noqa: E402
import world  # noqa: E402
from world import equal, holds  # noqa: E402

TESTED = os.path.join(sandbox.PROJECT, "cli", "doctor", "doctor_postfix*.c")
DROP_IN = "/etc/gatepost/conf.d/50-mend.conf"
EXTRA = "smtpd_sasl_type = dovecot\nsmtpd_sasl_path = auth.test\nsmtpd_authorized_xclient_hosts = 127.0.0.1\n"
TWO = 'policyd { listen = {"unix:%s", "inet:127.0.0.1:10040"} }\n' % SOCKET
ONCE = "smtpd_recipient_restrictions = $gatepost\n"
INNER = "127.0.0.1:10025 inet n - n - 10 smtpd\n  -o smtpd_recipient_restrictions=%s\n"

# parameters that stand more than once in main.cf
AGAIN = [("lines that are overridden", LIMITS, ALL + "smtpd_relay_restrictions = permit\nsmtpd_peername_lookup = yes\n"
          "smtpd_peername_lookup = no\nsmtpd_relay_restrictions =\n  " + PERMIT + "\n", CHROOT)]

# the daemon would be asked more than once: configuration, main.cf, master.cf
TWICE = [
    ("own networks are permitted before", LIMITS + 'trusted_networks = {"10.0.0.0/8"}\n'
     "limit senders { key = sender  count = messages  max = 9  per = 1h }\n",
     ALL.replace("recipient_restrictions = ", "recipient_restrictions = permit_mynetworks, "), CHROOT),
    ("a service with a wrong path, under our name", LIMITS, ALL.replace("unix:gatepost/", "unix:private/"), CHROOT),
    ("a service with a wrong path, written out", LIMITS, SPF.replace("unix:gatepost/policy", "unix:private/other"), CHROOT),
    ("a service with a wrong port", CONFIG, SPF.replace("unix:gatepost/policy", "inet:127.0.0.1:10041"), OPEN),
    ("a name that has no value", LIMITS, re.sub("gatepost = .*\n", "", ALL, count=1), CHROOT),
    ("a name that has no value, and no limits", CONFIG, MAIN + "smtpd_recipient_restrictions = %s, $gatepost\n" % PERMIT,
     CHROOT),
    ("the name twice in a list", LIMITS, ALL.replace(ONCE, ONCE.rstrip() + ", ${gatepost}\n"), CHROOT),
    ("two names for it", LIMITS, ALL.replace(ONCE, "other = %s\nsmtpd_recipient_restrictions = $other $gatepost\n" % QUESTION),
     CHROOT),
    ("the name, and written out", BYTES, ALL.replace(ONCE, ONCE.rstrip() + ", permit_mynetworks, " + QUESTION + "\n"),
     CHROOT + SUBMISSION),
    ("without limits", CONFIG, SPF.rstrip() + ", reject_unlisted_recipient, %s\n" % QUESTION, CHROOT),
    ("as a warning", LIMITS, ALL.replace(ONCE, ONCE.rstrip() + ", warn_if_reject $gatepost, permit\n"), CHROOT),
    ("in a parameter among other things", LIMITS, ALL.replace(
        ONCE, "rest = reject_unlisted_recipient, $gatepost, permit\nsmtpd_recipient_restrictions = $gatepost, $rest\n"), CHROOT),
    ("the endpoint by a parameter", LIMITS, ALL.replace(
        ONCE, "at = unix:gatepost/policy\n" + ONCE.rstrip() + ", check_policy_service $at\n"), CHROOT),
    ("overruled in master.cf", LIMITS, ALL, CHROOT + SUBMISSION + "  -o smtpd_recipient_restrictions=$gatepost,$gatepost\n"),
    ("written out in master.cf, behind the lists of main.cf", LIMITS, ALL, CHROOT + SUBMISSION +
     "  -o { smtpd_sender_restrictions = %s, permit }\n" % QUESTION),
    ("before and behind who may relay", LIMITS, ALL.replace("relay_restrictions = ", "relay_restrictions = $gatepost, "),
     CHROOT + SUBMISSION),
    ("only users' service has both lists", LIMITS, ALL.replace(ONCE, ""), CHROOT + SUBMISSION +
     "  -o smtpd_relay_restrictions=$gatepost,permit_sasl_authenticated,reject\n"
     "  -o smtpd_recipient_restrictions=$gatepost\n"),
    ("at the time of the client as well, which is delayed", LIMITS, ALL + "smtpd_client_restrictions = $gatepost\n"
     "smtpd_helo_restrictions = permit_mynetworks $gatepost\n", CHROOT),
    ("by a restriction class and directly", LIMITS, ALL.replace(ONCE, "smtpd_restriction_classes = asked\nasked = $gatepost\n"
                                                                + ONCE.rstrip() + ", asked\n"), CHROOT),
    ("where a table leads to a class", LIMITS, ALL.replace(
        ONCE, "smtpd_restriction_classes = asked\nasked = reject_unlisted_recipient, $gatepost\n" + ONCE.rstrip() +
        ", check_recipient_access static:asked\n"), CHROOT),
    ("over two of the daemon's sockets", LIMITS.replace('policyd { listen = {"unix:%s"} }\n' % SOCKET, TWO),
     ALL.replace(ONCE, ONCE.rstrip() + ", check_policy_service inet:127.0.0.1:10040\n"), CHROOT),
    ("at the end of messages", LIMITS, ALL.replace("data_restrictions = ", "data_restrictions = $gatepost, "), CHROOT),
    ("at DATA", LIMITS, ALL + "smtpd_data_restrictions = $gatepost, $gatepost\n", CHROOT),
    ("a content filter gives back, at its own recipients", LIMITS, ALL, CHROOT + SUBMISSION + INNER % "$gatepost,reject" +
     "  -o smtpd_end_of_data_restrictions=\n"),
    ("two content filters", LIMITS, ALL, CHROOT + SUBMISSION + INNER % "permit_mynetworks,reject" +
     (INNER % "permit_mynetworks,reject").replace("10025", "10026")),
    ("relaying is refused behind it", CONFIG, MAIN.replace("= 3.6", "= 2") + "smtpd_relay_restrictions = permit_mynetworks, "
     "reject_unauth_destination\nsmtpd_recipient_restrictions = %s\n" % QUESTION, OPEN),
    ("relaying is refused in the same list, behind it", CONFIG, MAIN + "smtpd_relay_restrictions =\n"
     "smtpd_recipient_restrictions = %s, %s\n" % (QUESTION, PERMIT), CHROOT),
    ("lists that are too long for a command", LIMITS, ALL.replace(ONCE, ONCE.rstrip() + ", $gatepost, " + ", ".join(
        "check_client_access static:DUNNO" for _ in range(120)) + "\n").replace(
            "relay_restrictions = ", "relay_restrictions = $gatepost, " + "check_client_access static:DUNNO, " * 120), CHROOT),
    ("a long list, no limits, and our question too late in it", CONFIG, MAIN + "smtpd_recipient_restrictions = %s, %s, permit, %s\n"
     % (PERMIT, ", ".join("check_client_access static:DUNNO" for _ in range(120)), QUESTION), CHROOT),
    ("a long one at the end of messages", BYTES, ALL.replace(
        "data_restrictions = $gatepost", "data_restrictions = $gatepost, $gatepost, " + "check_client_access static:DUNNO, " * 120),
     CHROOT),
]

machine = None
sent = 0
said = {}     # what was found, and which lines were done for it
applied = set()
restarts = []  # of the daemon, that a mend asks for


# ---- doing what is printed ----

def edit(pattern, change, text):
    """One parameter of main.cf, in place."""
    new, n = re.subn(pattern, change, text, flags=re.M)
    equal(n, 1, pattern)
    machine.write("/etc/postfix/main.cf", new)


def by_hand(name, question, where):
    """Words instead of a command: the question into a list, where it stands once; in main.cf."""
    with open("/etc/postfix/main.cf") as f:
        text = f.read()
    value = re.search(r"^%s = (.*)$" % name, text, re.M).group(1)
    for ours in ("$gatepost", QUESTION):
        value = value.replace(ours, "@")
    there = value.find("@")
    words = [w.strip() for w in value.split(",") if w.strip() != "@"]
    place = {"before the items": 0, "in place of the first of them": 0 if there == 0 else len(words),
             "after reject_unauth_destination and before permit or reject,":
             words.index("permit") if "permit" in words else len(words)}
    if question:
        words.insert(place[where], question)
    edit(r"^%s = .*$" % name, lambda _: "%s = %s" % (name, ", ".join(words)), text)


def last_lines(names):
    """Of each of these the last line stays."""
    text = world.read_main_cf()
    for name in names.split(", "):
        lines = re.findall(r"^%s =(?:.*\n)(?:[ \t].*\n)*" % name, text, re.M)
        assert len(lines) > 1, text
        for line in lines[:-1]:
            text = text.replace(line, "", 1)
    machine.write("/etc/postfix/main.cf", text)


def rules():
    """header_checks as in the example, and what goes with it, where there are no other rules."""
    with open(os.path.join(sandbox.PROJECT, "conf-examples", "postfix-main.cf")) as f:
        text = f.read()
    with open("/etc/postfix/main.cf", "a") as f:
        for name in ("header_checks", "mime_header_checks", "nested_header_checks"):
            f.write(re.search(r"^%s =(?:.*\n)(?:[ \t].*\n)*" % name, text, re.M).group(0))


def other_rules(names):
    """Those of header_checks that are not about results, for parts and attached messages."""
    for name in names.split(" and "):
        world.command("postconf", "-e", name + " = " + OTHER_RULE)


def drop_in(text):
    os.makedirs(os.path.dirname(DROP_IN), exist_ok=True)
    with open(DROP_IN, "a") as f:
        f.write(text + "\n")
    restarts.append(True)


SHELL = re.compile(r"^(postconf -[ePF] |postfix reload$|postfix check$|chmod |chgrp |rm |systemctl (restart|enable) )")
LINES = [
    # a line, and how a person does it
    (r"^set this in %s, and restart gatepost-policyd:$" % CONF, lambda m: restarts.append(True)),
    (r"^(policyd \{ .* \})$", lambda m: drop_in(m.group(1))),
    (r"^set (policyd \{ .* \}) in %s( and restart)?$" % CONF, lambda m: drop_in(m.group(1))),
    (r"^to make it permanent: (policyd \{ .* \}) in %s$" % CONF, lambda m: drop_in(m.group(1))),
    (r"^to make it permanent: systemctl edit gatepost-policyd.socket:  \[Socket\] SocketGroup=\S+ SocketMode=0660", lambda m: None),
    (r"^(re)?start gatepost-policyd$", lambda m: restarts.append(True)),
    (r"^in main.cf put this (.*) in (\S+), and let it stand there once: (.*)$",
     lambda m: by_hand(m.group(2), m.group(3), m.group(1))),
    (r"^in main.cf remove the earlier lines of each of them: (.*)$", lambda m: last_lines(m.group(1))),
    (r"^in main.cf put the rules of header_checks in postfix-main.cf, among the examples, before other rules, and set "
     r"mime_header_checks and nested_header_checks to these other rules, or to an empty value$", lambda m: rules()),
    (r"^in main.cf set (.*) to the rules of header_checks without those for Authentication-Results and Received-SPF$",
     lambda m: other_rules(m.group(1))),
    (r"^in main.cf remove each check_policy_service of gatepost from (\S+?)(?:; if that leaves it empty, set it to: "
     r"check_client_access static:DUNNO)?$", lambda m: by_hand(m.group(1), None, None)),
    # of other checks than Postfix's: the daemon is not there
    (r"^gatepost-policyd -t, then start it$|^systemctl enable --now gatepost-policyd; journal", lambda m: restarts.append(True)),
]


def apply(line, is_postfix):
    """Does one line as it is printed; what nobody here knows how to do is a failure."""
    text = re.sub(r"^or, if that is what you want: |^or (?=set )", "", line)
    if is_postfix:
        applied.add(line)
    if SHELL.match(text):
        done = subprocess.run(["sh", "-c", text], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True)
        # what a mend has put in the place of a parameter leaves that unused
        warnings = [w for w in done.stdout.splitlines() if "warning" in w and "unused parameter" not in w]
        equal((done.returncode, warnings), (0, []), text)
        if text.startswith("systemctl"):
            restarts.append(True)
        return
    for pattern, do in LINES:
        match = re.match(pattern, text)
        if match:
            do(match)
            return
    raise AssertionError("nobody knows how to do this: " + line)


def ways(mends):
    """A line that begins with "or" begins another way to mend the same."""
    found = [[]]
    for line in mends:
        if line.startswith("or"):
            found.append([])
        found[-1].append(line)
    return found


def mend(way):
    """Looks, and does what is printed, until all is well; how many ways there have been at first."""
    most, before = None, []
    for _ in range(5):
        _, bad, _ = machine.doctor("config", "daemon", "store", "postfix")
        bad = [f for f in bad if (f["check"], f["state"]) != ("daemon.files", "note")]  # a port that is meant
        # the mends of one visit do not undo each other
        equal([f["found"] for f in bad if f["found"] in before], [], "found again")
        before = [f["found"] for f in bad if f["state"] == "problem" and f["check"].startswith("postfix.")]
        if not bad:
            return most or 0
        for f in bad:
            is_postfix = f["check"].startswith("postfix.")
            if is_postfix:
                said[f["found"]] = f["mend"]
            assert f["mend"], f
            choices = ways(f["mend"])
            for line in choices[way if most is None and way < len(choices) else 0]:
                apply(line, is_postfix)
        most = most or max(len(ways(f["mend"])) for f in bad)
        if restarts:
            restarts.clear()
            machine.stop()
            machine.serve(machine.config_was)
    raise AssertionError("not well after five rounds: %r" % bad)


# ---- what is asked then ----

def services():
    """(name, port, is it for mail that returns from a content filter?) of each smtpd."""
    ports = {"smtp": 25, "submission": 587}
    for line in world.command("postconf", "-M").splitlines():
        words = line.split()
        if words[7] == "smtpd":
            port = words[0].rsplit(":", 1)[-1]
            yield words[0], ports.get(port) or int(port), ":" in words[0]


def send(port, login):
    """A message with one recipient of its own, and the reply to that one."""
    global sent
    sent += 1
    recipient = "r%d@example.test" % sent
    def connect():
        try:
            return smtplib.SMTP("127.0.0.1", port, local_hostname="client.test", timeout=60)
        except (ConnectionError, smtplib.SMTPServerDisconnected):
            return None
    with world.wait_for(connect, "Postfix on port %d" % port) as smtp:
        smtp.ehlo()
        extra = " LOGIN=user%d" % sent if login else ""
        code, text = smtp.docmd("XCLIENT", "ADDR=203.0.113.7 NAME=[UNAVAILABLE]" + extra)
        equal(code, 220, text)
        smtp.ehlo("client.test")
        equal(smtp.mail("a@ok.test")[0], 250)
        reply = scene.show(*smtp.rcpt(recipient))
        if reply.startswith("250"):
            equal(smtp.data("Subject: test\r\n\r\nhello\r\n")[0], 250)
    return recipient, reply


def asked(recipient):
    """How often the daemon has been asked: about this recipient, and about the end of his message."""
    marker = "marker-" + recipient
    subprocess.run([GATEPOST, "request", "--config", CONF, "client_address=192.0.2.1", "sender=a@ok.test",
                    "recipient=" + marker], check=True, stdout=subprocess.DEVNULL)
    def lines():  # in the order in which they were asked: the marker is the last
        with open("/tmp/policyd.log", errors="replace") as f:
            text = f.read()
        return text.splitlines() if "recipient=%s " % marker in text else None
    ours = [line for line in world.wait_for(lines, "decision about the marker") if "event=decision" in line and
            "recipient=%s " % recipient in line]
    return [sum("stage=%s " % stage in line for line in ours) for stage in ("RCPT", "END-OF-MESSAGE")]


def counts_once(has_limits, config):
    """A message of a stranger and one of a user through each service: what is let in was asked about once."""
    for name, port, is_inside in services():
        for login in (False, True) if "key = user" in config else (False,):
            recipient, reply = send(port, login)
            counts = asked(recipient)
            about = "%s, login %s: %s" % (name, login, reply)
            if is_inside:
                equal(counts, [0, 0] if has_limits else counts, about)
            elif reply.startswith("250"):
                equal(counts, [1, 1 if has_limits else counts[1]], about)
            else:
                assert counts[0] <= 1, (counts, about)
            assert counts[1] <= 1, (counts, about)
            if login and reply.startswith("250"):
                shown = world.command(GATEPOST, "limits", "show", "--config", CONF, "user%d" % sent)
                holds(shown, " 1 ")


def set_up(config, main, master):
    restarts.clear()
    if os.path.exists(DROP_IN):
        os.unlink(DROP_IN)
        machine.stop()
    machine.config_was = config
    machine.serve(config)
    machine.write("/etc/postfix/main.cf", main + EXTRA)
    machine.write("/etc/postfix/master.cf", master + REST)


def cured(name, config, main, master, ill=None):
    """Each way that is printed, from the same beginning."""
    way, count = 0, 1
    while way < count:
        set_up(config, main, master)
        if ill:
            ill()
        found = mend(way)
        assert found or name in FINE, "nothing was found"
        count = max(count, found)
        reload()
        counts_once("limit " in config, config)
        way += 1


FINE = [row[0] for row in LISTS if len(row) == 4] + [row[0] for row in more.WELL]


def reload():
    """Returns when the processes that had the old configuration have been ended."""
    def reloads():
        with open("/var/log/postfix-test.log", errors="replace") as f:
            return f.read().count("reload -- version")
    before = reloads()
    world.no_parameter_twice()
    world.command("postfix", "reload")
    world.wait_for(lambda: reloads() > before, "reload of Postfix")


# ---- the socket ----

def restart():
    """The socket as the daemon makes it, whatever a row has done to it."""
    os.chmod(QUEUE + "/gatepost", 0o755)
    machine.stop()
    if os.path.lexists(SOCKET):
        os.unlink(SOCKET)


def in_its_place():
    os.rename(SOCKET, SOCKET + ".away")
    machine.write(SOCKET, "")


hanging = []


def hangs():
    """Somebody listens at the socket and takes no connection."""
    os.rename(SOCKET, SOCKET + ".away")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(SOCKET)
    os.chmod(SOCKET, 0o666)
    listener.listen(0)
    hanging.append(listener)
    for _ in range(3):
        s = socket.socket(socket.AF_UNIX)
        s.setblocking(False)
        hanging.append(s)
        try:
            s.connect(SOCKET)
        except BlockingIOError:
            pass


SOCKETS = [
    ("a directory without access", lambda: os.chmod(QUEUE + "/gatepost", 0o700)),
    ("a socket without access", lambda: os.chmod(SOCKET, 0o600)),
    ("a file in its place", in_its_place),
    ("no daemon listens", lambda: machine.stop()),
    ("somebody hangs there", hangs),
]


def sockets(row, by_systemd):
    name, ill = row
    fake, path = "/tmp/fake/systemctl", os.environ["PATH"]
    if by_systemd:
        os.makedirs("/run/systemd/system")
        os.makedirs("/tmp/fake", exist_ok=True)
        machine.write(fake, "#!/bin/sh\n[ \"$1\" != show ] || echo ActiveState=active\n")
        os.chmod(fake, 0o755)
        os.environ["PATH"] = "/tmp/fake:" + path
    try:
        cured(name, LIMITS, ALL, CHROOT, ill)
    finally:
        if by_systemd:
            os.rmdir("/run/systemd/system")
            os.environ["PATH"] = path
        for s in hanging:
            s.close()
        hanging.clear()
        restart()


def elsewhere():
    """a daemon whose only socket no chroot sees: another one is advised, and the old one stays"""
    os.makedirs("/srv/gatepost", exist_ok=True)
    os.chmod("/srv/gatepost", 0o755)
    config = LIMITS.replace("unix:" + SOCKET, "unix:/srv/gatepost/policy")
    cured("elsewhere", config, ALL.replace("unix:gatepost/policy", "unix:/srv/gatepost/policy"), CHROOT)
    holds(open(DROP_IN).read(), '"unix:/srv/gatepost/policy", "unix:%s"' % SOCKET)


def broken():
    """a main.cf that cannot be read, a mail_owner who does not exist: postfix check is advised, and fails as well"""
    set_up(CONFIG, SPF, CHROOT)
    _, bad, _ = machine.doctor("postfix", options=machine.options + ["--config-dir", "/nowhere"])
    equal([(f["check"], f["mend"]) for f in bad], [("postfix.found", ["postfix check"])])
    applied.update(bad[0]["mend"])
    machine.write("/etc/postfix/main.cf", SPF + "mail_owner = nosuchuser\n")
    _, bad, _ = machine.doctor("postfix")
    said[bad[0]["found"]] = bad[0]["mend"]
    equal(bad[0]["mend"], ["postfix check"])
    assert subprocess.run(["postfix", "check"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode


# ---- all of them ----

def calls(text, names):
    """The arguments of each call of these functions."""
    for match in re.finditer(r"\b(?:%s)\(" % "|".join(names), text):
        depth, at, quoted = 1, match.end(), False
        while depth:
            c = text[at]
            if quoted and c == "\\":
                at += 1
            elif c == '"':
                quoted = not quoted
            elif not quoted:
                depth += {"(": 1, ")": -1}.get(c, 0)
            at += 1
        yield text[match.end():at - 1]


def formats(arguments):
    """The texts in them, adjacent ones joined, as expressions that match what is printed."""
    for literal in re.findall(r'"(?:[^"\\]|\\.)*"(?:\s*"(?:[^"\\]|\\.)*")*', arguments):
        text = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', literal)).replace('\\"', '"')
        if len(text) > 3 and text.strip() not in ("%s", "%s: %s", ", and %zu more"):
            yield re.sub(r"%(?:\\\.\\\*)?(?:ll|l|z)?[sud]", ".*", re.escape(text))


def source():
    texts = []
    for path in glob.glob(TESTED):
        with open(path) as f:
            texts.append(f.read())
    return "\n".join(texts)


def every_mend():
    """no mend for Postfix is in the source that was not done here"""
    wanted = [f for c in calls(source(), ["gp_doctor_mend"]) for f in formats(c)]
    assert len(wanted) > 15, wanted
    equal([f for f in wanted if not any(re.search(f, line) for line in applied)], [])


def every_finding():
    """no finding about Postfix is in the source that was not mended here"""
    wanted = [f for c in calls(source(), ["gp_doctor_say", "say_which", "say"])
              if "GP_DOCTOR_OK" not in c and "GP_DOCTOR_SKIPPED" not in c and "struct gp_doctor *" not in c
              for f in formats(c)]
    assert len(wanted) > 25, wanted
    equal([f for f in wanted if not any(re.search(f, text) for text in said)], [])


def main():
    global machine
    tap = world.Tap()
    try:
        sandbox.enter(["postfix"])
    except sandbox.Unavailable as reason:
        tap.skip_all("a real Postfix: " + str(reason))
    os.chmod(tempfile.gettempdir(), 0o1777)
    machine = Machine()
    machine.zone["ok.test"] = {"TXT": ["v=spf1 ip4:203.0.113.0/24 ip4:192.0.2.1 -all"]}
    logins = scene.Logins(QUEUE + "/auth.test")
    only = sys.argv[1:]  # names of rows
    set_up(CONFIG, SPF, CHROOT)
    with open("/etc/hosts", "a") as f:
        f.write("127.0.0.1 localhost policy.here.test\n")
    world.no_parameter_twice()
    subprocess.run(["postfix", "start"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        rows = AGAIN + TWICE + more.CASE + more.CLASSES + more.PLACES + more.NAMES + more.WELL + [row[:4] for row in LISTS] + [(row[0], row[1], MAIN + row[2], CHROOT) for row in ASKS]
        for row in rows:
            if not only or row[0] in only:
                tap.run(named(row[0], cured, *row))
        for row in SOCKETS:
            for by_systemd in (False, True):
                if not only or row[0] in only:
                    tap.run(named(row[0] + ", systemd" * by_systemd, sockets, row, by_systemd))
        for test in (elsewhere, broken, every_mend, every_finding) * (not only):
            tap.run(test)
    finally:
        set_up(CONFIG, SPF, CHROOT)  # one that postfix stop can read
        world.command("postfix", "stop")
        logins.close()
        machine.close()
    tap.finish()


main()
