# SPDX-License-Identifier: ISC
"""The scene of the demonstration and of the tests with a real Postfix: a zone, a configuration,
clients with addresses of their own, and the mails they send. For the inside of sandbox.py."""
import base64
import os
import pwd
import shutil
import smtplib
import socket
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import sandbox  # noqa: E402
import world  # noqa: E402

PACKAGES = ["postfix", "unbound"]
GOOD, BAD, GOOD6 = "192.0.2.10", "198.51.100.66", "2001:db8::10"

ZONE = [
    'shop.test. 300 IN TXT "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/64 -all exp=why.shop.test"',
    'why.shop.test. 300 IN TXT "%{i} is no mail server of %{d}"',
    'soft.test. 300 IN TXT "v=spf1 ip4:192.0.2.0/24 ~all"',
    'mail.shop.test. 300 IN TXT "v=spf1 ip4:192.0.2.0/24 -all"',
    'mail.shop.test. 300 IN A 192.0.2.10',
    'broken.test. 300 IN TXT "v=spf1 ip4:192.0.2.0/24 foo:bar -all"',
    'xn--bcher-kva.test. 300 IN TXT "v=spf1 ip4:192.0.2.0/24 -all"',
]
# no answer at all for names below this one
MUTE = [("mute.test.", "always_deny")]

# the example configuration as it is shipped, with what this scene needs behind it
CONFIG = open(os.path.join(sandbox.PROJECT, "conf-examples", "gatepost.conf")).read() + """
hostname = "mx.example.test"
dns {
    servers = {"127.0.0.1"}
    timeout = 2s
}
policyd {
    listen = {"SOCKET", "inet:127.0.0.1:10040", "unix:/var/spool/postfix/gatepost/policy"}
    user = "USER"
}
"""
SERVICE = "check_policy_service inet:127.0.0.1:10040"


class Scene:
    """Name server, gatepost-policyd and Postfix, up and connected."""

    def __init__(self, config=CONFIG, service=SERVICE, extra="", progress=lambda text: None, zone=(), zones=(), clients=()):
        for address in [a + "/32" for a in (GOOD, BAD, *clients)] + [GOOD6 + "/128"]:
            sandbox.add_address(address)
        self.folder = tempfile.mkdtemp(prefix="gatepost-scene.")
        os.chmod(self.folder, 0o755)
        self.policyd = self.postfix = self.unbound = None
        try:
            pwd.getpwnam("gatepost")
        except KeyError:
            subprocess.run(["useradd", "--system", "--no-create-home", "gatepost"], check=True)
        try:
            progress("starting a name server")
            self.unbound = world.Unbound(self.folder + "/dns", ZONE + list(zone), MUTE + list(zones))
            progress("starting gatepost-policyd")
            os.mkdir(self.folder + "/policyd")
            os.makedirs("/var/spool/postfix/gatepost", exist_ok=True)
            shutil.chown("/var/spool/postfix/gatepost", "gatepost")
            self.policyd = world.Policyd(config, folder=self.folder + "/policyd", user="gatepost")
            progress("starting Postfix")
            self.postfix = world.Postfix(self.folder + "/postfix", service, extra)
        except BaseException:
            self.close()
            raise

    def close(self):
        for part in (self.postfix, self.policyd, self.unbound):
            if part:
                part.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Mail:
    """One SMTP session up to its end: replies to each recipient, and the last reply."""

    def __init__(self, client, helo, sender, recipients, body="Subject: test\r\n\r\nhello\r\n"):
        self.replies, self.reply = [], ""
        server = "::1" if ":" in client else "127.0.0.1"
        with smtplib.SMTP(server, 25, local_hostname=helo, timeout=120,
                          source_address=(client, 0)) as smtp:
            smtp.ehlo()
            utf8 = not (sender + "".join(recipients)).isascii()
            if utf8:
                smtp.command_encoding = "utf-8"
            code, text = smtp.mail(sender, ["SMTPUTF8"] if utf8 else [])
            if code != 250:
                self.reply = show(code, text)
                return
            for recipient in recipients:
                self.replies.append(show(*smtp.rcpt(recipient)))
            self.reply = self.replies[-1]
            if any(r.startswith("250") for r in self.replies):
                self.reply = show(*smtp.data(body))


class Login:
    """An SMTP session of an authenticated user somewhere outside (login and address through XCLIENT)."""

    def __init__(self, user):
        self.smtp = smtplib.SMTP("127.0.0.1", 25, local_hostname="client", timeout=120)
        self.smtp.ehlo()
        world.equal(self.smtp.docmd("XCLIENT", "ADDR=203.0.113.9 NAME=[UNAVAILABLE] LOGIN=" + user)[0], 220)
        self.smtp.ehlo("laptop.test")

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        try:
            self.smtp.quit()
        except smtplib.SMTPServerDisconnected:
            pass

    def recipients(self, addresses):
        """MAIL FROM and all RCPT TO; the replies to these."""
        world.equal(self.smtp.mail("user@example.test")[0], 250)
        return [show(*self.smtp.rcpt(a)) for a in addresses]

    def send(self, addresses, size=200):
        """A whole message; the last reply."""
        replies = self.recipients(addresses)
        if not any(r.startswith("250") for r in replies):
            return replies[-1]
        reply = show(*self.smtp.data("Subject: x\r\n\r\n" + ("x" * 70 + "\r\n") * (size // 72) + "\r\n"))
        if not reply.startswith("250"):
            self.smtp.rset()
        return reply


class Logins:
    """A server of Dovecot's authentication protocol to whom every name is good; PLAIN only."""

    def __init__(self, path):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        os.chmod(path, 0o666)
        self.listener.listen(8)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection, connection.makefile("rw") as f:
            f.write("VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t%032x\nDONE\n" % 1)
            f.flush()
            for line in f:
                words = line.rstrip("\n").split("\t")
                if words[0] == "AUTH":
                    response = next(w for w in words if w.startswith("resp="))[5:]
                    user = base64.b64decode(response).split(b"\0")[1].decode()
                    f.write("OK\t%s\tuser=%s\n" % (words[1], user))
                    f.flush()

    def close(self):
        self.listener.close()


class Load:
    """Spoofed mails through Postfix from several clients at once, and the replies to them."""

    def __init__(self, clients=4):
        self.replies, self.stopping = [], False
        self.threads = [threading.Thread(target=self._run) for _ in range(clients)]
        for t in self.threads:
            t.start()

    def _run(self):
        while not self.stopping:
            try:
                self.replies.append(Mail(BAD, "mail.evil.test", "alice@shop.test", ["bob@example.test"]).reply)
            except Exception as error:  # noqa: BLE001 a failed session is a reply, too
                self.replies.append("session failed: %r" % error)

    def stop(self):
        self.stopping = True
        for t in self.threads:
            t.join()
        return self.replies


def many(n, domain="example.test"):
    return ["r%d@%s" % (i, domain) for i in range(n)]


def send(stage, client, helo, sender, recipient):
    """Sends one mail; the reply, the facts of its decision as the log has them, the added headers."""
    before = len(stage.policyd.text())
    reply = Mail(client, helo, sender, [recipient]).reply
    # the log comes a few milliseconds behind the answer, one line for the one recipient
    world.wait_for(lambda: " stage=RCPT " in stage.policyd.text()[before:], "decision in the log")
    world.wait_for(lambda: stage.policyd.text().endswith("\n"), "end of its line")
    added = header(stage.postfix.next_message()) if reply.startswith("250") else []
    return reply, decision(stage.policyd.text()[before:]), added


def decision(text):
    """The fields without quotes of the one decision at RCPT in this part of the log."""
    lines = [line for line in text.splitlines() if "event=decision" in line and " stage=RCPT " in line]
    assert len(lines) == 1, lines
    return dict(p.split("=", 1) for p in lines[0].split(" ") if "=" in p and '"' not in p)


def show(code, text):
    return "%d %s" % (code, text.decode("utf-8", "replace").replace("\n", " "))


def header(message, name="Authentication-Results"):
    """Values of the fields of this name above the first Received, unfolded."""
    head = message.split("\n\n", 1)[0].replace("\n\t", " ").replace("\n ", " ")
    return [line.split(":", 1)[1].strip() for line in head.splitlines()
            if line.lower().startswith(name.lower() + ":")]
