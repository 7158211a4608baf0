# SPDX-License-Identifier: ISC
"""A real Postfix with the shipped part of master.cf: users who log in over TLS on ports 587 and 465 have
limits counted exactly, and port 25 asks for SPF only."""
import os
import re
import smtplib
import socket
import ssl
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import scene  # noqa: E402
from scene import Logins, many, sandbox, show, world  # noqa: E402
from world import equal, holds, wait_for  # noqa: E402

CONFIG = scene.CONFIG + """
store { uri = {"STORE"} }
limit hourly { key = user  count = recipients  max = 100  per = 1h }
limit volume { key = user  count = bytes  max = 100k  per = 1d  action = reject }
"""
stage = None


def example(name):
    with open(os.path.join(sandbox.PROJECT, "conf-examples", name)) as f:
        return f.read()


def configure(folder):
    """Postfix as the examples have it: main.cf asks for SPF on port 25, master.cf has the other two."""
    sandbox.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                 "-subj", "/CN=mx.example.test", "-keyout", folder + "/key.pem", "-out", folder + "/cert.pem"])
    service = re.search(r"^#   (gatepost = check_policy_service .*)$", example("postfix-master.cf"), re.M).group(1)
    world.write_main_cf(world.read_main_cf(), service + "\n", example("postfix-main.cf"),
                        "smtpd_tls_cert_file = %s/cert.pem\nsmtpd_tls_key_file = %s/key.pem\n"
                        "smtpd_sasl_type = dovecot\nsmtpd_sasl_path = %s/auth\nsmtpd_error_sleep_time = 0\n"
                        "smtpd_hard_error_limit = 1000\n" % (folder, folder, folder))
    with open("/etc/postfix/master.cf", "a") as f:
        f.write(example("postfix-master.cf") + "tlsmgr unix - - n 1000? 1 tlsmgr\n")
    warnings = world.command("postconf", "-n") + world.command("postconf", "-M")
    assert "warning" not in warnings, warnings
    world.command("postfix", "check")
    world.reload_postfix()
    for port in (25, 587, 465):
        wait_for(lambda: answers(port), "Postfix on port %d: %s" % (port, stage.postfix.log()[-2000:]))


def answers(port):
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False


class Login:
    """A user who has logged in, on one of the two ports."""

    def __init__(self, port, user):
        trust = ssl.create_default_context(cafile=stage.folder + "/cert.pem")
        trust.check_hostname = False
        if port == 465:
            self.smtp = smtplib.SMTP_SSL("127.0.0.1", port, "laptop.test", timeout=120, context=trust)
        else:
            self.smtp = smtplib.SMTP("127.0.0.1", port, "laptop.test", timeout=120)
            self.smtp.ehlo()
            equal(self.smtp.mail("a@example.test")[0], 530)  # TLS first
            self.smtp.starttls(context=trust)
        self.smtp.ehlo()
        holds(show(*self.smtp.mail("a@example.test")) + show(*self.smtp.rcpt("b@example.test")), "554 5.7.1")
        self.smtp.rset()
        self.smtp.login(user, "any")

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        try:
            self.smtp.quit()
        except smtplib.SMTPServerDisconnected:
            pass

    def send(self, addresses, size=200):
        """A whole message; replies to its recipients and the last reply."""
        equal(self.smtp.mail("user@example.test")[0], 250)
        replies = [show(*self.smtp.rcpt(a)) for a in addresses]
        if any(r.startswith("250") for r in replies):
            last = show(*self.smtp.data("Subject: x\r\n\r\n" + ("x" * 70 + "\r\n") * (size // 72) + "\r\n"))
        else:
            last = replies[-1]
        self.smtp.rset()
        return replies, last


def counted(port):
    """the 101st recipient of an hour is refused, whatever the recipients' domains"""
    user = "user%d" % port
    with Login(port, user) as login:
        replies, last = login.send(many(60) + many(50, "elsewhere.test"))
        equal([r[:3] for r in replies], ["250"] * 100 + ["450"] * 10)
        holds(replies[100], "hourly limit reached: 100 of 100 recipients in 1h")
        holds(last, "250 2.0.0 Ok: queued")
    equal(stage.policyd.used(user, "hourly"), 100)


def at_the_end(port):
    """bytes are counted at the end of the message, and one that is too large gives its recipients back"""
    user = "large%d" % port
    with Login(port, user) as login:
        login.send(many(1))
        replies, last = login.send(many(5), size=200000)
        equal({r[:3] for r in replies}, {"250"})
        holds(last, "550 5.7.1 ")
        holds(last, "volume limit: no message, or none as large as this one, is allowed: 102400 bytes in 1d")
        equal(stage.policyd.used(user, "hourly"), 1)


def contexts():
    """gatepost status tells the two ports apart"""
    points = [p["source"] for p in stage.policyd.control("status")["stages"] if p["asks_at_end"]]
    equal([p.split(" of ")[0] for p in points], ["port 587 submission", "port 465 submissions"])


def port_25():
    """port 25 asks for SPF, and not at the end of the message"""
    stage.policyd.wait_log("reply=\"550 5.7.1 volume limit: ")  # the last that came before
    before = len(stage.policyd.text())
    mail = scene.Mail(scene.BAD, "mail.evil.test", "alice@shop.test", ["bob@example.test"])
    holds(mail.reply, "550 5.7.23 ")
    mail = scene.Mail(scene.GOOD, "mail.shop.test", "alice@shop.test", ["bob@example.test"])
    holds(mail.reply, "250 2.0.0 ")
    wait_for(lambda: "sender=alice@shop.test" in stage.policyd.text()[before:] and
             "spf=pass" in stage.policyd.text()[before:], "decisions in the log")
    ours = [line for line in stage.policyd.text()[before:].splitlines() if "sender=alice@shop.test" in line]
    equal([re.search(r"stage=(\S+)", line).group(1) for line in ours], ["RCPT", "RCPT"])


def main():
    global stage
    tap = world.Tap()
    try:
        sandbox.enter(scene.PACKAGES + ["openssl"])
    except sandbox.Unavailable as reason:
        tap.skip_all("a real Postfix: " + str(reason))
    stage = scene.Scene(config=CONFIG)
    logins = None
    try:
        logins = Logins(stage.folder + "/auth")
        configure(stage.folder)
        for port in (587, 465):
            tap.run(counted, port)
            tap.run(at_the_end, port)
        tap.run(contexts)
        tap.run(port_25)
    finally:
        if logins:
            logins.close()
        stage.close()
    tap.finish()


main()
