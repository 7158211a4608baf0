# SPDX-License-Identifier: ISC
"""gatepost doctor beside a real Postfix: set up well it finds nothing, and of each set-up that is ill exactly
what is wrong with it."""
import json
import os
import pwd
import socket
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]
from doctor_rows import ALL, ASKS, BYTES, CHROOT, FIELD, LIMITS, LISTS, MAIN, OPEN, QUESTION, REST, SPF, SUBMISSION  # noqa: E402
from doctor_scene import CONF, CONFIG, GATEPOST, QUEUE, SOCKET, Machine, named  # noqa: E402
import sandbox  # noqa: E402
import world  # noqa: E402
from world import equal, holds  # noqa: E402

machine = None


def postfix(main, master=CHROOT):
    machine.write("/etc/postfix/main.cf", main)
    machine.write("/etc/postfix/master.cf", master + REST)


# ---- all is well ----

# of a port of the loopback, whatever else is well
PORT = ("daemon.files", "note", "any local user can connect to inet:127.0.0.1:10040", "unix:gatepost/policy in main.cf")


def healthy():
    """set up as the examples say, chrooted or not, by each kind of socket: nothing is found but who can connect to a port"""
    for config, main, master in ((CONFIG, SPF, CHROOT), (CONFIG, SPF, OPEN), (LIMITS, ALL, CHROOT + SUBMISSION),
                                 (BYTES, ALL, OPEN + SUBMISSION)):
        machine.serve(config)
        postfix(main, master)
        machine.finds()
    inet = 'policyd { listen = {"inet:127.0.0.1:10040"} }\n'
    machine.serve(CONFIG.replace('policyd { listen = {"unix:%s"} }\n' % SOCKET, inet))
    for host, master in (("127.0.0.1", CHROOT), ("localhost", OPEN)):
        postfix(SPF.replace("unix:gatepost/policy", "inet:%s:10040" % host), master)
        machine.finds(PORT)


def name_in_a_chroot():
    """a name of a host is looked up where smtpd does it: in its chroot, which may have no etc/hosts"""
    inet = 'policyd { listen = {"inet:127.0.0.1:10040"} }\n'
    machine.serve(CONFIG.replace('policyd { listen = {"unix:%s"} }\n' % SOCKET, inet))
    postfix(SPF.replace("unix:gatepost/policy", "inet:localhost:10040"))
    machine.finds(("postfix.socket", "problem", "cannot resolve localhost there",
                   "check_policy_service { inet:127.0.0.1:10040, timeout=30s, default_action=DUNNO }"), PORT)
    os.makedirs(QUEUE + "/etc", exist_ok=True)
    machine.write(QUEUE + "/etc/hosts", "127.0.0.1 localhost\n")
    try:
        machine.finds(PORT)
    finally:
        os.unlink(QUEUE + "/etc/hosts")


def every_check_speaks():
    """each check says at least one thing, on every machine"""
    machine.serve(CONFIG)
    postfix(SPF)
    code, _, found = machine.doctor("config", "daemon", "store", "clock", "dns", "lists", "greylist", "postfix", "exim")
    help_text = subprocess.run([GATEPOST, "doctor", "--help"], stdout=subprocess.PIPE, text=True).stdout
    listed = [line.split()[0] for line in help_text.split("checks:\n")[1].split("\n\n")[0].splitlines()]
    equal(sorted(set(f["check"] for f in found)), sorted(listed))


def shipped_examples():
    """the parts of main.cf that are shipped: nothing is found, but for what their text says itself"""
    machine.serve(CONFIG)
    examples = os.path.join(sandbox.PROJECT, "conf-examples")
    postfix(MAIN + open(examples + "/postfix-main.cf").read())
    machine.finds()
    machine.serve(FIELD)
    machine.finds(("postfix.own-field", "warning", "the mark is the public one of the example", "gatepost_mark"))
    machine.serve(LIMITS)
    postfix(MAIN + open(examples + "/postfix-limits.cf").read(), CHROOT + SUBMISSION)
    machine.finds()
    postfix(MAIN + open(examples + "/postfix-limits-rcpt.cf").read(), CHROOT + SUBMISSION)
    machine.finds(("postfix.end-of-data", "note", "stay counted", "smtpd_end_of_data_restrictions"))


# ---- Postfix ----

def no_question():
    """Postfix does not ask: said with the commands that make it, which then do"""
    for config, extra in ((CONFIG, ""), (LIMITS, "")):
        machine.serve(config)
        postfix(MAIN + extra)
        code, bad, _ = machine.doctor()
        equal((code, [f["check"] for f in bad]), (2, ["postfix.asks"]))
        for command in bad[0]["mend"]:
            if command.startswith("postconf -e"):
                sandbox.run(["sh", "-c", command])
        machine.finds()


def more_than_once():
    """parameters that main.cf sets more than once are named, each once: with maillog_file Postfix may hang"""
    machine.serve(CONFIG)
    again = "mynetworks = 127.0.0.78/32\nalias_maps = static:x\nmynetworks = 127.0.0.77/32\n"
    postfix(SPF + again)
    machine.finds(("postfix.found", "warning", "main.cf sets more than once: mynetworks, alias_maps; the last line "
                   "counts, and with maillog_file", "remove the earlier lines of each of them: mynetworks, alias_maps"))
    postfix(SPF + again + "maillog_file =\n")
    machine.finds(("postfix.found", "note", "mynetworks, alias_maps, maillog_file; the last line counts", "earlier lines"))


def lists(row):
    name, config, main, master = row[:4]
    machine.serve(config)
    postfix(main, master)
    machine.finds(*row[4:])


def asks(row):
    name, config, main, wanted, unwanted = row
    machine.serve(config)
    postfix(MAIN + main)
    _, bad, _ = machine.doctor("postfix")
    equal([f["check"] for f in bad], ["postfix.asks"])
    advice = "\n".join(bad[0]["mend"])
    for part in wanted:
        holds(advice, part)
    assert unwanted not in advice, advice
    assert all(bad[0]["mend"]), bad


def packaged():
    """the packages' socket without policyd.listen: it alone counts, and is what main.cf is told to ask"""
    machine.serve(CONFIG.replace('policyd { listen = {"unix:%s"} }\n' % SOCKET, ""))
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(SOCKET)
        s.listen(5)
        os.chmod(SOCKET, 0o666)
        try:
            postfix(SPF)
            machine.finds(PORT)
            postfix(SPF.replace("unix:gatepost/policy", "inet:127.0.0.1:10041"))
            machine.finds(PORT, ("postfix.asks", "problem", "no smtpd service asks", "unix:gatepost/policy"))
            machine.stop()
            postfix(SPF.replace("unix:gatepost/policy", "inet:127.0.0.1:10040"))
            machine.finds(("postfix.socket", "problem", "no answer at inet:127.0.0.1:10040",
                           "check_policy_service { unix:gatepost/policy"), arguments=("postfix",))
        finally:
            os.unlink(SOCKET)


def waiting():
    """systemd holds the socket and nothing was asked yet: notes, and nobody connects, which would start it"""
    machine.serve(LIMITS.replace('policyd { listen = {"unix:%s"} }\n' % SOCKET, ""))
    machine.stop()
    os.makedirs("/run/systemd/system")
    fake, path = "/tmp/first/systemctl", os.environ["PATH"]
    os.makedirs("/tmp/first", exist_ok=True)
    os.environ["PATH"] = "/tmp/first:" + path
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(SOCKET)
        s.listen(5)
        s.settimeout(0)
        os.chmod(SOCKET, 0o666)
        os.rename("/var/lib/gatepost", "/var/lib/gatepost.away")
        try:
            postfix(ALL)
            machine.write(fake, "#!/bin/sh\necho ActiveState=inactive\n")
            os.chmod(fake, 0o755)
            machine.finds(("daemon.answers", "note", "starts it at the first request", "systemctl start"),
                          ("store.main", "note", "is created when the daemon starts", ""),
                          arguments=("daemon", "store.main", "postfix"))
            machine.write(fake, "#!/bin/sh\necho ActiveState=failed\n")
            machine.finds(("daemon.answers", "problem", "no such socket", "journalctl"), arguments=("daemon", "postfix"))
            try:
                s.accept()
                raise AssertionError("somebody has connected")
            except BlockingIOError:
                pass
        finally:
            os.rename("/var/lib/gatepost.away", "/var/lib/gatepost")
            os.unlink(SOCKET)
            os.environ["PATH"] = path
            os.unlink(fake)
            os.rmdir("/run/systemd/system")


def stub():
    """behind systemd-resolved it is looked at whom that asks"""
    os.makedirs("/run/systemd/resolve", exist_ok=True)
    machine.serve(CONFIG)
    other = "/etc/gatepost/other.conf"
    machine.write(other, 'dns { servers = {"127.0.0.53"} }\n')
    for text, rows in (("nameserver 192.0.2.1\n", []), ("# x\nnameserver 192.0.2.1\nnameserver 8.8.8.8\n", [
            ("dns.public", "warning", "8.8.8.8 is a public resolver (Google), used by 127.0.0.53", "systemd-resolved")])):
        machine.write("/run/systemd/resolve/resolv.conf", text)
        _, bad, _ = machine.doctor("dns.public", options=["--config", other])
        equal([(f["check"], f["state"]) for f in bad], [r[:2] for r in rows])
        for f, row in zip(bad, rows):
            holds(f["found"], row[2])
            holds("\n".join(f["mend"]), row[3])


def as_it_runs():
    """the daemon runs as another user than policyd.user says: what it may is looked at as that one"""
    machine.serve(LIMITS)
    postfix(ALL)
    other = "/etc/gatepost/other.conf"
    machine.write(other, LIMITS + 'policyd { user = "nobody" }\n')
    _, bad, found = machine.doctor("store.main", "config.access", options=["--config", other])
    equal(bad, [])
    holds([f["found"] for f in found if f["check"] == "store.main"][0], "can be used by gatepost")


def own_networks():
    """limits that count trusted networks, which are permitted before"""
    machine.serve(LIMITS + 'trusted_networks = {"10.0.0.0/8"}\n'
                  "limit senders { key = sender  count = messages  max = 9  per = 1h }\n")
    postfix(ALL.replace("recipient_restrictions = ", "recipient_restrictions = permit_mynetworks, "))
    machine.finds(("postfix.asks", "warning", "smtp: permit_mynetworks precedes", "= $gatepost, permit_mynetworks'"))


def permissions():
    """what blocks access to the socket is named: a directory, the socket, something else in its place"""
    machine.serve(CONFIG)
    postfix(SPF)
    os.chmod(QUEUE + "/gatepost", 0o700)
    try:
        machine.finds(("postfix.socket", "problem", "the user postfix may not access %s: blocked by %s"
                       % (SOCKET, QUEUE + "/gatepost"), "chmod o+x %s/gatepost" % QUEUE))
    finally:
        os.chmod(QUEUE + "/gatepost", 0o755)
    os.chmod(SOCKET, 0o600)
    machine.finds(("postfix.socket", "problem", "blocked by %s" % SOCKET, "chgrp postfix %s && chmod 0660 %s" % (SOCKET, SOCKET)))
    os.chmod(SOCKET, 0o666)
    os.rename(SOCKET, SOCKET + ".away")
    machine.write(SOCKET, "")
    os.chmod(SOCKET, 0o666)
    machine.finds(("postfix.socket", "problem", "is not a socket", "rm " + SOCKET))
    os.rename(SOCKET + ".away", SOCKET)
    machine.finds()


def a_group_is_enough():
    """a socket for a group that postfix is in, as its process has it"""
    machine.serve(CONFIG)
    postfix(SPF)
    os.chmod(SOCKET, 0o660)
    os.chown(SOCKET, -1, pwd.getpwnam("gatepost").pw_gid)
    try:
        machine.finds(("postfix.socket", "problem", "blocked by", "chmod"))
        sandbox.run(["usermod", "-a", "-G", "gatepost", "postfix"])
        machine.finds()
    finally:
        sandbox.run(["gpasswd", "-d", "postfix", "gatepost"])
        os.chmod(SOCKET, 0o666)


def daemon_away():
    """without the daemon: what it would say is skipped, and its socket answers nobody"""
    machine.serve(CONFIG)
    postfix(SPF)
    machine.stop()
    machine.finds(("daemon.answers", "problem", "there is no such socket", "gatepost-policyd"),
                  ("postfix.socket", "problem", "no answer at " + SOCKET, "start gatepost-policyd"))


def broken_postfix():
    """a main.cf that cannot be read, and a postconf that hangs, prints without end or lies"""
    machine.serve(CONFIG)
    code, bad, _ = machine.doctor(options=machine.options + ["--config-dir", "/nowhere"])
    equal((code, [f["check"] for f in bad]), (2, ["postfix.found"]))
    holds(bad[0]["found"], "open /nowhere/main.cf: No such file or directory")
    fake = "/tmp/postconf"
    for script, found in (("yes '$a$a = ${a}{{{'", "failed"), ("printf 'a = \\033[31m\\377\\n'; exit 3", "failed: a = ?[31m?"),
                          ("echo $0: warning: a; echo $0: fatal: b; exit 1", "failed: /tmp/postconf: fatal: b"),
                          ("kill -9 $$", "failed"), ("head -c 300000 /dev/urandom", "no smtpd service")):
        machine.write(fake, "#!/bin/sh\n%s\n" % script)
        os.chmod(fake, 0o755)
        code, bad, all_found = machine.doctor("postfix", options=["--config", CONF, "--postconf", fake])
        said = [f["found"] for f in all_found if f["check"] == "postfix.found"]
        holds(said[0], found)


def as_smtpd_sees_it():
    """the diagnosis is right: a real chrooted smtpd reaches the daemon where all is well, else not"""
    machine.serve(CONFIG)
    for main, found, reply in ((SPF, 0, "550 5.7.23"),
                               (SPF.replace("unix:gatepost", "unix:" + QUEUE + "/gatepost"), 2, "250 ")):
        postfix(main)
        world.no_parameter_twice()
        subprocess.run(["postfix", "start"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            equal(machine.doctor("postfix")[0], found)
            got = world.wait_for(recipient_reply, "Postfix on port 25")
            assert got.startswith(reply), (got, open("/var/log/postfix-test.log").read()[-3000:])
        finally:
            world.command("postfix", "stop")


def recipient_reply():
    """What a stranger's mail that SPF refuses is told; None: Postfix is not there yet."""
    try:
        s = socket.create_connection(("127.0.0.1", 25), 1, source_address=("203.0.113.7", 0))
    except ConnectionRefusedError:
        return None
    with s, s.makefile("rwb") as f:
        s.settimeout(world.PATIENCE_S)
        f.readline()
        for line in ("EHLO client.test", "MAIL FROM:<a@shop.test>", "RCPT TO:<b@example.test>"):
            f.write(line.encode() + b"\r\n")
            f.flush()
            reply = f.readline()
            while reply[3:4] == b"-":
                reply = f.readline()
        return reply.decode()


# ---- as another user ----

def without_root():
    """an ordinary user is told what can be seen; what cannot is skipped, not a problem"""
    machine.serve(CONFIG)
    postfix(SPF)
    done = subprocess.run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", GATEPOST, "doctor",
                           "--json"] + machine.options + ["config", "daemon", "store", "dns", "postfix"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=world.PATIENCE_S)
    found = json.loads(done.stdout)
    bad = [f for f in found if f["state"] not in ("ok", "skipped")]
    equal((done.returncode, bad), (0, []))
    holds([f["found"] for f in found if f["check"] == "daemon.answers"][0], "permission denied")


def main():
    global machine
    tap = world.Tap()
    try:
        sandbox.enter(["postfix"])
    except sandbox.Unavailable as reason:
        tap.skip_all("a real Postfix: " + str(reason))
    sandbox.add_address("203.0.113.7/32")
    os.chmod(tempfile.gettempdir(), 0o1777)
    machine = Machine()
    try:
        for test in (healthy, name_in_a_chroot, every_check_speaks, shipped_examples, no_question, more_than_once):
            tap.run(test)
        for row in LISTS:
            tap.run(named(row[0], lists, row))
        for row in ASKS:
            tap.run(named(row[0], asks, row))
        for test in (packaged, waiting, stub, as_it_runs, own_networks, permissions, a_group_is_enough, daemon_away, broken_postfix,
                     as_smtpd_sees_it, without_root):
            tap.run(test)
    finally:
        machine.close()
    tap.finish()


main()
