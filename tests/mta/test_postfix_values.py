# SPDX-License-Identifier: ISC
"""Whatever SMTP lets a client say, a real Postfix gets an answer about it: no parameter, no spelling of a
name and no length brings a forged sender past SPF, or a recipient past a limit, by default_action=DUNNO."""
import os
import socket
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import scene  # noqa: E402
from scene import BAD, GOOD, Login, sandbox, world  # noqa: E402
from world import equal  # noqa: E402

CONFIG = scene.CONFIG + """
store { uri = {"STORE"} }
limit two { key = user  count = recipients  max = 2  per = 1h }
"""
SERVICE = "check_policy_service { unix:gatepost/policy, timeout=30s, default_action=DUNNO }"
# asked at every stage, as soon as it is reached; and no message is too large
EXTRA = "".join("smtpd_%s_restrictions = %s\n" % (stage, SERVICE) for stage in (
    "client", "helo", "etrn", "data", "end_of_data")) + """
message_size_limit = 0
mailbox_size_limit = 0
virtual_mailbox_limit = 0
smtpd_delay_reject = no
smtpd_error_sleep_time = 0
smtpd_hard_error_limit = 10000
smtpd_junk_command_limit = 10000
"""
SIZES = ["0", "1000", str(2 ** 31), str(2 ** 32), str(2 ** 50), str(2 ** 50 + 1), str(2 ** 63 - 1), str(2 ** 63),
         "9" * 40, "9" * 1500, "-1", "", "1k", "+5"]
PARAMETERS = ["SIZE=" + size for size in SIZES] + [
    "BODY=8BITMIME", "AUTH=<>", "AUTH=alice+40shop.test", "RET=HDRS ENVID=x+2By", "SMTPUTF8", "FROBNICATE=1",
    "SMTPUTF8 BODY=8BITMIME SIZE=9223372036854775807", "SIZE=1 SIZE=1125899906842625", "size=9223372036854775807"]
# each is alice@shop.test, or somebody else there, to whoever gets the mail
SENDERS = [
    "<alice@shop.test>", "alice@shop.test", "<alice@SHOP.TEST>", "<alice@shop.test.>", "<@relay.test:alice@shop.test>",
    "< alice@shop.test >", "<alice@shop.test,>", "<(c)alice@shop.test>", "<alice@(c)shop.test>",
    '<"alice"@shop.test>', '<"a b"@shop.test>', '<"a\\@b"@shop.test>', '<"\\""@shop.test>', '<""@shop.test>',
    "<a=b@shop.test>", "<=@shop.test>", "<%%{l}@shop.test>", "<sasl_username=x@shop.test>",
    b'<"\x01\x02\x1b\x7f"@shop.test>', b"<\xc3\xbc@shop.test>", b"<\xc3\xbc@shop.test> SMTPUTF8",
    b"<\xff\xfe@shop.test>", b"<\xff@shop.test> SMTPUTF8", b'<"\xed\xa0\x80"@shop.test> SMTPUTF8',
    b"<alice\0@shop.test>", b"<alice\r@shop.test>", b"<alice\t@shop.test>",
    "<alice@shop。test> SMTPUTF8", "<alice@ｓｈｏｐ.test> SMTPUTF8",
    "<%s@shop.test>" % ("x" * 64), "<%s@shop.test>" % ("x" * 65), "<%s@shop.test>" % ("x" * 1900),
    "<%s@shop.test>" % ("x" * 60000), '<"%s"@shop.test>' % ('\\"' * 900), "<%s@shop.test>" % ("x." * 800 + "x"),
    # what Postfix rewrites, or sends on without a domain
    "<alice%shop.test>", "<shop.test!alice>", '<"alice%shop.test">', "<alice%x%shop.test>", "<shop.test!alice%x>",
    '<"alice@shop.test">', '<"alice@shop.test"@>', "<alice@shop.test@>", "<alice@shop.test@@>",
    '<"alice@shop.test "@>', '<"alice@shop.test. "@>', '<"alice@shop.test ."@>', '<"alice@shop.test @">',
    '<"alice@shop.test @ ">', '<"alice@shop.test@ "@>', '<"alice@shop.test\\ "@>', '<"alice%shop.test "@>',
]
HELOS = ["x" * 255, "x" * 1900, "x" * 60000, "a=b", "=", "[1.2.3.4]", "[IPv6:::1]", "a b c", "sasl_username=alice",
         "." * 1000, "%{l}", "ｍａｉｌ.test", b"\xff\xfe", b"a\0b", b"a\rb", b"\x01\x1b", "xn--a", "a" * 64 + ".test",
         "shop.test", "unknown", ""]
RECIPIENTS = ["<bob@example.test> ORCPT=rfc822;x+2By", "<bob@example.test> NOTIFY=NEVER", "<bob@example.test.>",
              "<bob@EXAMPLE.test>", "<@relay.test:bob@example.test>", '<"b b"@example.test>', "<bob@example.test@>",
              "<%s@example.test>" % ("y" * 1900), b'<"b\xff"@example.test>', b'<"\x01\x1b"@example.test>',
              "<=@example.test>", "<sasl_username=bob@example.test>", "<bob%example.test>", "<example.test!bob>"]
XCLIENTS = [b"NAME=[UNAVAILABLE] LOGIN=+20", b"NAME=[TEMPUNAVAIL]", b"NAME=a+3Db", b"NAME=x+0Ay", b"HELO=x+0Asasl_username=b",
            b"HELO=" + b"x" * 250, b"HELO=+FF+FE", b"PROTO=SMTP", b"DESTADDR=192.0.2.9 DESTPORT=65535", b"PORT=0"]
stage = None


class Client:
    """SMTP with any bytes."""

    def __init__(self, address=BAD):
        self.s = socket.create_connection(("127.0.0.1", 25), 60, source_address=(address, 0))
        self.f = self.s.makefile("rb")
        self.reply()

    def reply(self):
        line = b"xxx-"
        while line[3:4] == b"-":
            line = self.f.readline()
        return line.strip().decode("utf-8", "replace")

    def __call__(self, *parts):
        command = b" ".join(p if isinstance(p, bytes) else p.encode() for p in parts)
        self.s.sendall(command.replace(b"FROM: ", b"FROM:").replace(b"TO: ", b"TO:") + b"\r\n")
        return self.reply()

    def close(self):
        self.f.close()
        self.s.close()


def forged(about, sender="<alice@shop.test>", helo="mail.evil.test", recipient="<bob@example.test>", before=()):
    """The mail is refused by SPF, or Postfix itself does not understand the client."""
    c = Client("127.0.0.1" if before else BAD)
    try:
        for command in before:
            c(command)
        if not c("EHLO", helo).startswith("250"):
            c("EHLO", "mail.evil.test")
        reply = c("MAIL FROM:", sender)
        if reply.startswith("250"):
            reply = c("RCPT TO:", recipient)
            assert reply.startswith("550 5.7.23") or reply[:3] in ("500", "501", "553", "555"), (about, reply)
        else:
            assert reply[0] == "5", (about, reply)
    finally:
        c.close()
    return reply.startswith("550 5.7.23")


def all_answered():
    """Nothing that was said has left Postfix without an answer."""
    for text in (stage.postfix.log(), stage.policyd.text()):
        for line in text.splitlines():
            for sign in ("malformed-request", "level=error", "problem talking", "policy service", "no answer"):
                assert sign not in line, line


def parameters():
    """no parameter of MAIL FROM brings a forged sender in, where no message is too large"""
    refused = [p for p in PARAMETERS if forged(p, "<alice@shop.test> " + p)]
    for wanted in ("SIZE=1000", "SIZE=" + str(2 ** 50 + 1), "SIZE=" + str(2 ** 63 - 1), "SMTPUTF8", "BODY=8BITMIME"):
        assert wanted in refused, wanted  # Postfix has passed it on
    all_answered()


def senders():
    """no spelling of an address does: it is judged as what Postfix makes of it"""
    refused = [s for s in SENDERS if forged(s, s)]
    for wanted in SENDERS[:4] + ["<alice%shop.test>", "<shop.test!alice>", "<alice@shop.test@>"]:
        assert wanted in refused, wanted
    all_answered()


def helo_names():
    """no HELO name does, nor is a null sender judged by what is no name"""
    for helo in HELOS:
        assert forged(helo, helo=helo), helo
    assert forged("null sender", "<>", helo="mail.shop.test")
    all_answered()


def recipients():
    """no spelling of a recipient and no parameter of RCPT TO does"""
    refused = [r for r in RECIPIENTS if forged(r, recipient=r)]
    assert refused[:2] == RECIPIENTS[:2], refused
    all_answered()


def xclients():
    """nothing that a proxy passes on by XCLIENT does, a login that is none among it"""
    for words in XCLIENTS:
        login = b"" if b"LOGIN" in words else b" LOGIN=[UNAVAILABLE]"
        c = Client("127.0.0.1")
        c("EHLO", "proxy.test")
        taken = c(b"XCLIENT ADDR=" + BAD.encode() + b" " + words + login).startswith("220")
        c("EHLO", "mail.evil.test")
        c("MAIL FROM:", "<alice@shop.test>")
        reply = c("RCPT TO:", "<bob@example.test>")
        c.close()
        if taken and b"LOGIN=+20" not in words:  # else the client is the proxy itself, or somebody
            assert reply.startswith("550 5.7.23"), (words, reply)
    all_answered()


def other_commands():
    """ETRN and VRFY of anything are answered, too"""
    c = Client()
    c("EHLO", "x.test")
    for word in ("example.test", "#x", "@example.test", "x" * 1900, "a=b", b"\xff", b"\0", ""):
        c("ETRN", word)
        c("VRFY", word)
    c.close()
    all_answered()


def honest():
    """an honest sender's mail passes with each of them"""
    for parameter in ("SIZE=1000", "SIZE=" + str(2 ** 50 + 1), "SIZE=" + str(2 ** 63 - 1), "BODY=8BITMIME", "SMTPUTF8"):
        c = Client(GOOD)
        c("EHLO", "mail.shop.test")
        equal(c("MAIL FROM:", "<alice@shop.test> " + parameter)[:3], "250")
        reply = c("RCPT TO:", "<bob@example.test>")
        c.close()
        equal((parameter, reply[:9]), (parameter, "250 2.1.5"))
    all_answered()


def limits_count():
    """limits at RCPT count whatever was announced before"""
    for number, parameter in enumerate(PARAMETERS):
        user = "u%d" % number
        with Login(user) as login:
            if login.smtp.docmd("MAIL", "FROM:<user@example.test> " + parameter)[0] != 250:
                continue
            codes = [login.smtp.docmd("RCPT", "TO:<r%d@example.test>" % i)[0] for i in range(4)]
            equal((parameter, codes), (parameter, [250, 250, 450, 450]))
            equal((parameter, stage.policyd.used(user, "two")), (parameter, 2))
    all_answered()


def main():
    global stage
    tap = world.Tap()
    try:
        sandbox.enter(scene.PACKAGES)
    except sandbox.Unavailable as reason:
        tap.skip_all("a real Postfix: " + str(reason))
    stage = scene.Scene(config=CONFIG, service=SERVICE, extra=EXTRA)
    try:
        for test in (parameters, senders, helo_names, recipients, xclients, other_commands, honest, limits_count):
            tap.run(test)
    finally:
        stage.close()
    tap.finish()


main()
