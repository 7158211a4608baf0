# SPDX-License-Identifier: ISC
"""gatepost try: the dialogue with SMTP servers of every kind, and the question to gatepost-policyd."""
import json
import os
import socket
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import dnsd  # noqa: E402
import world  # noqa: E402
from world import equal, holds  # noqa: E402

GATEPOST = os.path.join(world.BUILD, "gatepost")
ZONE = {"shop.test": {"TXT": ["v=spf1 ip4:192.0.2.0/24 -all"]},
        "example.com": {"TXT": ["v=spf1 -all"]},
        "10.2.0.192.in-addr.arpa": {"PTR": ["mail.shop.test"]}, "mail.shop.test": {"A": ["192.0.2.10"]},
        # a name that leads back and would be another attribute of XCLIENT
        "11.2.0.192.in-addr.arpa": {"PTR": ["a login=root"]}, "a login=root": {"A": ["192.0.2.11"]}}
CONFIG = """
dns {
    servers = {"127.0.0.1:DNS"}
    timeout = 1s
}
policyd {
    listen = {"SOCKET"}
    user = "USER"
}
"""
dns = dnsd.Server(ZONE)
policyd = world.Policyd(CONFIG.replace("DNS", str(dns.port)))


class Server:
    """An SMTP server by a script: what it says to each command, by its first word; what it has heard."""

    def __init__(self, greeting=b"220 mx.test ESMTP\r\n", ehlo=b"250-mx.test\r\n250 PIPELINING\r\n", **says):
        self.says = {"": greeting, "EHLO": ehlo, "MAIL": b"250 2.1.0 ok\r\n", "RCPT": b"250 2.1.5 ok\r\n",
                     "XCLIENT": b"220 mx.test ESMTP\r\n", "RSET": b"250 ok\r\n", "QUIT": b"221 bye\r\n"}
        self.says.update(says)
        self.heard = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.where = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        connection = self.listener.accept()[0]
        with connection, connection.makefile("rb") as f:
            try:
                connection.sendall(self.says[""])
                for line in f:
                    self.heard.append(line.decode())
                    connection.sendall(self.says.get(line.split()[0].decode(), b"500 what\r\n"))
            except OSError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.listener.close()


def run(*arguments):
    done = subprocess.run([GATEPOST, "try", "--config", policyd.config_path] + list(arguments), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=world.PATIENCE_S)
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


def ask(server, *arguments):
    """As JSON; and never a message."""
    code, out, err = run("--server", server.where, "--json", "--rcpt", "bob@mx.test", *arguments)
    assert not [h for h in server.heard if h.upper().startswith(("DATA", "BDAT"))], server.heard
    equal(err, "")
    return code, json.loads(out)


XCLIENT = {"ehlo": b"250-mx.test\r\n250 XCLIENT NAME ADDR PROTO HELO\r\n"}


def by_xclient():
    """XCLIENT, where it is offered: the address and the confirmed name, then a new session"""
    with Server(**XCLIENT) as s:
        code, got = ask(s, "--from", "a@shop.test", "--ip", "192.0.2.10")
        equal(s.heard, ["EHLO shop.test\r\n", "XCLIENT ADDR=192.0.2.10 NAME=mail.shop.test\r\n", "EHLO shop.test\r\n",
                        "MAIL FROM:<a@shop.test>\r\n", "RCPT TO:<bob@mx.test>\r\n", "RSET\r\n", "QUIT\r\n"])
        equal((code, got["way"], got["client"], got["outcome"], got["spf"]),
              (0, "xclient", "192.0.2.10", "accepted", "pass"))
    with Server(**XCLIENT) as s:
        ask(s, "--ip", "2001:db8::7")
        equal(s.heard[1], "XCLIENT ADDR=IPV6:2001:db8::7 NAME=[UNAVAILABLE]\r\n")
    with Server(**XCLIENT) as s:
        ask(s, "--ip", "192.0.2.11")
        equal(s.heard[1], "XCLIENT ADDR=192.0.2.11 NAME=[UNAVAILABLE]\r\n")


def by_smtp():
    """a server that was named and offers no XCLIENT: as this machine, and why, without SPF of another one"""
    with Server(RCPT=b"450 4.2.0 greylisted\r\n") as s:
        code, got = ask(s)
        equal((code, got["way"], got["client"], got["outcome"], got["stage"], got["status"], got["spf"]),
              (0, "smtp", None, "deferred", "RCPT TO", "4.2.0", None))
        holds(" ".join(got["notes"]), "smtpd_authorized_xclient_hosts = 127.0.0.1")


def outcomes():
    """where and how a server refuses is told, and what the code means"""
    rows = (({"RCPT": b"550 5.7.23 SPF fail\r\n"}, "refused", "RCPT TO", "5.7.23", "does not allow this client"),
            ({"RCPT": b"550-5.1.1 no\r\n550 5.1.1 such user\r\n"}, "refused", "RCPT TO", "5.1.1", "does not exist"),
            ({"MAIL": b"451 4.3.5 trouble\r\n"}, "deferred", "MAIL FROM", "4.3.5", "its log says which"),
            ({"EHLO": b"554 no\r\n"}, "refused", "EHLO", "", "refused at EHLO"),
            ({"greeting": b"554 5.7.1 go away\r\n"}, "refused", "the greeting", "5.7.1", "a policy"))
    for says, outcome, stage, status, meaning in rows:
        ehlo = says.pop("EHLO", None)
        with Server(**says, **({"ehlo": ehlo} if ehlo else {})) as s:
            code, got = ask(s)
            equal((code, got["outcome"], got["stage"], got["status"]), (0, outcome, stage, status))
            holds(got["meaning"], meaning)
            equal(s.heard[-1], "QUIT\r\n")


def accepted_though_fail():
    """an acceptance of what SPF fails is explained"""
    with Server(**XCLIENT) as s:
        _, got = ask(s)
        equal((got["outcome"], got["spf"]), ("accepted", "fail"))
        holds(got["why"], "gatepost doctor")
    with Server(**XCLIENT) as s:
        _, got = ask(s, "--ip", "10.0.0.1")
        holds(got["why"], "gatepost does not judge this mail")
    with Server(**XCLIENT) as s:
        dns.zone["mute.test"] = "silent"
        _, got = ask(s, "--from", "a@mute.test")
        equal(got["spf"], "temperror")
        holds(got["why"], "DNS gives no answer here")


def hostile_servers():
    """nonsense, floods, silence at the end: an error in words, and nothing that plays with the terminal"""
    for says, part in ((dict(greeting=b"HTTP/1.1 400 Bad Request\r\n\r\n"), "does not speak SMTP"),
                       (dict(greeting=b"220-" + b"x" * 5000 + b"\r\n"), "does not speak SMTP"),
                       (dict(greeting=b"220-x\r\n" * 200), "does not speak SMTP"),
                       (dict(ehlo=b"250-a\r\n550 b\r\n"), "does not speak SMTP")):
        with Server(**says) as s:
            code, out, err = run("--server", s.where)
            equal((code, out), (1, ""))
            holds(err, part)
    with Server(greeting=b"220 \x1b[31m\x07\xff mx\r\n", RCPT=b"550 5.7.1 \x1b]0;title\x07\x80\r\n") as s:
        code, out, err = run("--server", s.where)
        equal((code, err), (0, ""))
        assert all(c == "\n" or (c.isprintable() and c.isascii()) for c in out), repr(out)
        holds(out, "<- 220 ?[31m?? mx\n")
        holds(out, "<- 550 5.7.1 ?]0;title??\n")
    with Server(ehlo=b"") as s:
        code, out, err = run("--server", s.where, "--timeout", "1")
        equal((code, out), (1, ""))
        holds(err, "no answer in time")


def nobody():
    """where nobody listens the error says what to look at"""
    code, out, err = run("--server", "127.0.0.1:%d" % world.free_port())
    equal((code, out), (1, ""))
    holds(err, "Connection refused")
    holds(err, "gatepost doctor")
    code, out, err = run("--socket", "unix:/nonexistent/socket")
    equal((code, out), (1, ""))
    holds(err, "is gatepost-policyd running there?")


def by_policy():
    """--socket: the question that Postfix would ask, the action, and what it means"""
    where = "unix:" + policyd.socket_path
    code, out, err = run("--socket", where, "--rcpt", "bob@mx.test")
    equal((code, err), (0, ""))
    for part in ("-> client_address=192.0.2.1\n", "-> sender=test@example.com\n", "-> recipient=bob@mx.test\n",
                 "<- action=550 5.7.23 SPF fail:", "<- rule=spf.reject\n", "SPF      fail, asked from here",
                 "result   refused at RCPT TO, 5.7.23: SPF: the sender's domain does not allow this client\n",
                 "nothing was sent: there was no DATA\n"):
        holds(out, part)
    code, out, _ = run("--socket", where, "--from", "a@shop.test", "--ip", "192.0.2.10", "--json", "--rcpt", "b@mx.test")
    got = json.loads(out)
    equal((code, got["way"], got["outcome"], got["dialogue"]), (0, "policy", "accepted", []))
    holds(got["action"], "PREPEND Authentication-Results:")


def refused_arguments():
    """nothing that could be another line, or another part of one, is sent"""
    for words in (["--from", "a@b\r\nDATA"], ["--from", "a b@c"], ["--rcpt", "a@b> X=<"], ["--rcpt", ""],
                  ["--helo", "x\x7f"], ["--helo", "a b"], ["--from", "j\u00f6rg@b"], ["--ip", "1.2.3"],
                  ["--to", "sendmail"], ["--socket", "policy.sock"]):
        with Server() as s:
            code, out, err = run("--server", s.where, *words)
            equal((words, code, out, s.heard), (words, 2, "", []))


def main():
    tap = world.Tap()
    try:
        for test in (by_xclient, by_smtp, outcomes, accepted_though_fail, hostile_servers, nobody, by_policy,
                     refused_arguments):
            tap.run(test)
    finally:
        policyd.close()
        dns.close()
    tap.finish()


main()
