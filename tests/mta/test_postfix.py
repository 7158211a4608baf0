# SPDX-License-Identifier: ISC
"""A real Postfix asks gatepost-policyd: exact replies and headers, crashes, restarts, reloads."""
import os
import signal
import smtplib
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import scene  # noqa: E402
from scene import BAD, GOOD, GOOD6, Mail, header, sandbox, world  # noqa: E402
from world import equal, holds  # noqa: E402

BOB = "bob@example.test"
HOST = "mx.example.test"
SPOOFED = ("550 5.7.23 <bob@example.test>: Recipient address rejected: SPF fail: shop.test does not "
           "authorise 198.51.100.66 to send its mail (mailfrom=alice@shop.test, mechanism -all); "
           "shop.test explains: \"198.51.100.66 is no mail server of shop.test\"")
stage = None


def accepted(mail):
    assert mail.reply.startswith("250 2.0.0 Ok: queued as"), mail.reply
    return stage.postfix.next_message()


def authorised():
    """an authorised sender is accepted, with both identities in the header"""
    message = accepted(Mail(GOOD, "mail.shop.test", "alice@shop.test", [BOB]))
    equal(header(message), [
        HOST + "; spf=pass (domain authorises client 192.0.2.10, mechanism ip4:192.0.2.0/24)"
        " smtp.mailfrom=alice@shop.test; spf=pass (domain authorises client 192.0.2.10, mechanism"
        " ip4:192.0.2.0/24) smtp.helo=mail.shop.test"])
    fields = [line.split(":")[0] for line in message.splitlines()[:8]]
    assert fields.index("Authentication-Results") < fields.index("Received"), fields


def authorised_v6():
    """an authorised sender over IPv6 is accepted"""
    message = accepted(Mail(GOOD6, "v6.shop.test", "alice@shop.test", [BOB]))
    equal(header(message), [
        HOST + "; spf=pass (domain authorises client 2001:db8::10, mechanism ip6:2001:db8::/64)"
        " smtp.mailfrom=alice@shop.test"])


def spoofed():
    """a spoofed sender is refused with identity, domain, client, mechanism and explanation"""
    equal(Mail(BAD, "mail.evil.test", "alice@shop.test", [BOB]).reply, SPOOFED)


def softfail():
    """a softfail is accepted and labelled"""
    message = accepted(Mail(BAD, "mail.soft.test", "carol@soft.test", [BOB]))
    equal(header(message), [
        HOST + "; spf=softfail (domain probably does not authorise client 198.51.100.66, mechanism"
        " ~all) smtp.mailfrom=carol@soft.test"])


def null_sender():
    """a null sender is refused when the HELO domain does not authorise the client"""
    equal(Mail(BAD, "mail.shop.test", "", [BOB]).reply,
          "550 5.7.23 <bob@example.test>: Recipient address rejected: SPF fail: mail.shop.test does "
          "not authorise 198.51.100.66 to send its mail (helo=mail.shop.test, mechanism -all)")


def helo_alone():
    """a HELO that fails does not refuse a mail whose MAIL FROM says nothing"""
    message = accepted(Mail(BAD, "mail.shop.test", "eve@nothing.test", [BOB]))
    equal(header(message), [
        HOST + "; spf=none (no SPF record for client 198.51.100.66)"
        " smtp.mailfrom=eve@nothing.test; spf=fail (domain does not authorise client 198.51.100.66,"
        " mechanism -all) smtp.helo=mail.shop.test"])


FORGED = [
    "Authentication-Results: mx.example.test; dmarc=pass\r\n",
    "Authentication-Results: mx.example.test; spf=pass (x) smtp.mailfrom=a@b.test; dmarc=pass\r\n",
    "authentication-results : MX.EXAMPLE.TEST ; dmarc=pass\r\n",
    "Authentication-Results:\r\n mx.example.test\r\n ; dmarc=pass\r\n",
    "Authentication-Results: (x) mx.example.test; dmarc=pass\r\n",
    "Authentication-Results: (x) other.test (mx.example.test); dmarc=pass\r\n",
    "Authentication-Results: \"mx.example.test\"; dmarc=pass\r\n",
    "Authentication-Results: \"mx.exam\\ple.test\"; dmarc=pass\r\n",
    "Authentication-Results: mx\u3002example.test; dmarc=pass\r\n",
    "Authentication-Results: mx.\u200bexample.test; dmarc=pass\r\n",
    "Authentication-Results: \uff4dx.example.test; dmarc=pass\r\n",
    "Authentication-Results: =?utf-8?Q?mx=2Eexample=2Etest?=; dmarc=pass\r\n",
    "Authentication-Results: mx.example.test.; dmarc=pass\r\n",
    "Authentication-Results: mx.example.test\r\n",
    "Authentication-Results: mx.example.test 1; dmarc=pass\r\n",
    "Authentication-Results: mx.example.test/1; dmarc=pass\r\n",
    "Authentication-Results: mx..example.test; dmarc=pass\r\n",
    "Authentication-Results: mx.example.test..; dmarc=pass\r\n",
    "Authentication-Results: .mx.example.test; dmarc=pass\r\n",
    "Authentication-Results: -mx.example.test; dmarc=pass\r\n",
    "Authentication-Results: mx.example.test-; dmarc=pass\r\n",
    "Authentication-Results: mx%2Eexample%2etest; dmarc=pass\r\n",
    "Authentication-Results: mx=2Eexample=2etest; dmarc=pass\r\n",
    "Authentication-Results: mx.ex\u0430mple.test; dmarc=pass\r\n",
    "Authentication-Results: x mx.example.test; dmarc=pass\r\n",
]


# names that are not this host's, whatever of it is in them
OTHERS = ["mx.other.test", "bmx.example.test", "b.mx.example.test", "b-mx.example.test", "mx.example.test.de",
          "mx.example.test-de.test", "mx.example.tester", "a.mx.example.test.b", "mx.example", "example.test"]


# what the mark looks like is known, and what the fields look like that are delivered; the mark is not
UNMARKED = [
    "Authentication-Results: () mx.example.test; spf=pass (x) smtp.mailfrom=ceo@bank.test\r\n",
    "Authentication-Results: (mark) mx.example.test; spf=pass (x) smtp.mailfrom=ceo@bank.test\r\n",
    "Authentication-Results: ($gatepost_mark) mx.example.test; spf=pass (x) smtp.mailfrom=ceo@bank.test\r\n",
    "Authentication-Results: (MARK) mx.example.test; spf=pass (x) smtp.mailfrom=ceo@bank.test\r\n",
    "Authentication-Results: mx.example.test (SECRET); spf=pass (x) smtp.mailfrom=ceo@bank.test\r\n",
]


def secret():
    return world.command("postconf", "-h", "gatepost_mark").split()[-1]


def results_of(authserv_id):
    return "Authentication-Results: %s; dkim=pass header.d=other.test\r\n" % authserv_id


def sent_with(fields, body="hello\r\n"):
    """what is delivered of an authorised mail that brings these fields along"""
    return accepted(Mail(GOOD, "mail.shop.test", "alice@shop.test", [BOB],
                         body=(fields + "Subject: test\r\n\r\n" + body).encode()))


def own_field():
    """the field of such a mail, as it is delivered: to the letter what a sender can know of it"""
    results = header(sent_with(""))
    equal(len(results), 1)
    return "Authentication-Results: " + results[0] + "\r\n"


def forged_results():
    """the header_checks of conf-examples/postfix-main.cf remove results in this host's name, not the others"""
    foreign = results_of("mx.other.test")
    own = own_field()
    copies = [own, own.replace("alice", "ceo"), own.replace("; spf", ";\r\n spf"), own.replace("mx.", "MX.")]
    for forged in FORGED + copies + [u.replace("MARK", secret().swapcase()) for u in UNMARKED]:
        for fields in (forged + foreign, foreign + forged, forged + forged + foreign):
            results = header(sent_with(fields))
            equal(len(results), 2, forged)
            assert results[0].startswith(HOST + "; spf=pass (domain authorises client"), results
            assert "ceo" not in results[0], results
            equal(results[1], "mx.other.test; dkim=pass header.d=other.test")


def results_of_others():
    """results of a host whose name merely holds this host's stay"""
    for other in OTHERS:
        for spelled in (other, other.upper(), other + ".", other + "\r\n\t1 "):
            results = header(sent_with(results_of(spelled)))
            equal(len(results), 2, spelled)
            holds(results[1], other.upper() if spelled.isupper() else other)


ATTACHED = """--inner
Content-Type: message/rfc822

Received-SPF: pass (mx.example.test: x) receiver=mx.example.test
Authentication-Results: mx.example.test; dkim=pass header.d=shop.test
Authentication-Results: (x) mx.example.test;
\tdkim=pass header.d=shop.test
From: ceo@shop.test
Subject: forwarded

attached
--inner
Content-Type: message/rfc822

Content-Type: multipart/mixed; boundary=deep
From: ceo@shop.test

--deep
Authentication-Results: mx.example.test; dmarc=pass
Content-Type: message/rfc822

Authentication-Results: mx.example.test; dmarc=pass
Subject: deep

deep
--deep--
--inner
Content-Type: text/rfc822-headers
Authentication-Results: mx.example.test; dmarc=pass
Received-SPF: pass

Authentication-Results: mx.example.test; dmarc=pass
--inner--
"""


def attached_messages():
    """what is attached, results of this host included, arrives byte for byte, whatever goes from the header"""
    for kind in ("mixed", "report; report-type=delivery-status"):
        message = sent_with("MIME-Version: 1.0\r\nContent-Type: multipart/%s; boundary=inner\r\n%s" % (kind, FORGED[0]),
                            ATTACHED.replace("\n", "\r\n"))
        equal(message.split("\n\n", 1)[1].rstrip("\n"), ATTACHED.rstrip("\n"))
        equal(len(header(message)), 1)


def secret_stays():
    """the mark that tells the own field from a copy is in no message that is delivered"""
    message = sent_with("")
    assert len(secret()) >= 12
    assert secret() not in message, message
    # but in the log, as the texts for administrators say
    world.wait_for(lambda: "replace: header Authentication-Results: (%s) " % secret() in stage.postfix.log(), "line of cleanup")


def reloaded(config):
    before = stage.policyd.text().count("is in force")
    stage.policyd.write(config)
    stage.policyd.reload()
    world.wait_for(lambda: stage.policyd.text().count("is in force") > before, "reload")


def forged_received_spf():
    """the same for Received-SPF, of which no field from outside is left"""
    reloaded(scene.CONFIG + "\nspf { header = received-spf }\n")
    try:
        def fields(message):
            return [line for line in message.splitlines() if line.startswith("Received-SPF")]
        own = fields(sent_with(""))
        equal(len(own), 1)
        holds(own[0], "Received-SPF: pass (domain authorises client 192.0.2.10")
        for forged in (own[0], own[0].replace("alice", "ceo"), "received-spf : pass", "Received-SPF: pass (x) receiver=x"):
            equal(fields(sent_with(forged + "\r\n")), own)
    finally:
        reloaded(scene.CONFIG)


def own_results():
    """and leave alone what gatepost-policyd writes, in all its forms"""
    for client, helo, sender, start in (
            (GOOD, "mail.shop.test", "alice@shop.test", "; spf=pass ("),
            (BAD, "mail.soft.test", "carol@soft.test", "; spf=softfail ("),
            (BAD, "mail.shop.test", "eve@nothing.test", "; spf=none ("),
            (GOOD, "mail.shop.test", "jörg@bücher.test", "; spf=pass ("),
            (GOOD, "mail.shop.test", '"a;b(c)\\"d"@shop.test', "; spf=pass ("),
            (GOOD6, "v6.shop.test", "alice@shop.test", "; spf=pass (")):
        results = header(accepted(Mail(client, helo, sender, [BOB])))
        equal(len(results), 1)
        assert results[0].startswith(HOST + start), results


def example_is_no_secret():
    """the mark that the example has is said in the log, and lets no field of this host in, whoever writes it"""
    own = own_field()
    before = secret()
    try:
        for text in ("^PutYourOwnSecretHere", "PutYourOwnSecretHere"):
            with_mark = own.replace(": ", ": (%s) " % text)
            world.command("postconf", "-e", "gatepost_mark = ^PutYourOwnSecretHere")
            world.reload_postfix()
            equal(header(sent_with(with_mark)), [])
        stage.policyd.wait_log("is the public one of the example")
    finally:
        world.command("postconf", "-e", "gatepost_mark = " + before)
        world.reload_postfix()


def dns_failure():
    """no answer from DNS: accepted and labelled temperror, in time"""
    message = accepted(Mail(BAD, "other.test", "dave@mute.test", [BOB]))
    holds(header(message)[0], "spf=temperror (DNS gave no answer for client 198.51.100.66)"
                              " smtp.mailfrom=dave@mute.test")


def permerror():
    """a broken record: accepted and labelled permerror"""
    message = accepted(Mail(BAD, "other.test", "frank@broken.test", [BOB]))
    holds(header(message)[0], "spf=permerror (the domain's record cannot be used for client "
                              "198.51.100.66) smtp.mailfrom=frank@broken.test")


def smtputf8():
    """a sender with a U-label domain is judged by its A-label"""
    message = accepted(Mail(GOOD, "mail.shop.test", "jörg@bücher.test", [BOB]))
    holds(header(message)[0], HOST + "; spf=pass (domain authorises client 192.0.2.10, mechanism "
          "ip4:192.0.2.0/24) smtp.mailfrom=\"jörg@bücher.test\"")
    holds(Mail(BAD, "mail.evil.test", "jörg@bücher.test", [BOB]).reply,
          "550 5.7.23 <bob@example.test>: Recipient address rejected: SPF fail: xn--bcher-kva.test "
          "does not authorise 198.51.100.66 to send its mail")


def postmaster():
    """postmaster is reached in any case"""
    equal(header(accepted(Mail(BAD, "mail.evil.test", "alice@shop.test",
                               ["postmaster@example.test"]))), [])


def once_a_message():
    """the header comes once a message however many recipients, and again in the next message"""
    recipients = ["r%d@example.test" % i for i in range(20)]
    for _ in range(2):
        mail = Mail(GOOD, "mail.shop.test", "alice@shop.test", recipients)
        queue_id = mail.reply.rsplit(" ", 1)[1]
        world.wait_for(lambda: queue_id + ": removed" in stage.postfix.log(), "delivery")
        messages = stage.postfix.messages()
        assert messages
        equal({len(header(m)) for m in messages}, {1})


def mixed_recipients():
    """postmaster is reached, the other recipient of the same spoofed mail is refused"""
    mail = Mail(BAD, "mail.evil.test", "alice@shop.test", ["postmaster@example.test", BOB])
    assert mail.replies[0].startswith("250"), mail.replies
    equal(mail.replies[1], SPOOFED)
    equal(header(accepted(mail)), [])


def authenticated():
    """an authenticated user passes whatever SPF says (login and address through XCLIENT)"""
    for login, wanted in (("LOGIN=alice", 250), ("", 550)):
        with smtplib.SMTP("127.0.0.1", 25, local_hostname="client", timeout=120) as smtp:
            smtp.ehlo()
            equal(smtp.docmd("XCLIENT", "ADDR=203.0.113.9 NAME=[UNAVAILABLE] " + login)[0], 220)
            smtp.ehlo("laptop.test")
            smtp.mail("alice@shop.test")
            equal(smtp.rcpt(BOB)[0], wanted)
    stage.policyd.wait_log("user=alice action=accept rule=authenticated")


def queue_id_in_log():
    """later recipients' log lines carry the queue id"""
    mail = Mail(GOOD, "mail.shop.test", "alice@shop.test", [BOB, "second@example.test"])
    queue_id = mail.reply.rsplit(" ", 1)[1]
    stage.policyd.wait_log("queue_id=" + queue_id)
    accepted(mail)


def reload_under_load():
    """reloads under load lose no request"""
    load = scene.Load()
    for i in range(20):
        time.sleep(0.1)
        stage.policyd.write(scene.CONFIG + "\n# change %d\n" % i)
        stage.policyd.reload()
    replies = load.stop()
    stage.policyd.wait_log("is in force")
    assert len(replies) > 20, replies
    equal(set(replies), {SPOOFED})


def crash_under_load():
    """a crash of the serving process loses no mail: Postfix asks again, and is answered"""
    load = scene.Load()
    for _ in range(2):
        time.sleep(1.2)
        os.kill(stage.policyd.worker(), signal.SIGKILL)
    time.sleep(1.5)
    replies = load.stop()
    stage.policyd.wait_log("died of signal 9")
    equal(set(replies), {SPOOFED})


def syslog():
    """log target syslog: decisions go to the mail facility, with a level and in one line each"""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind("/dev/log")
        os.chmod("/dev/log", 0o666)
        log.settimeout(120)
        policyd = world.Policyd("dns { servers = {\"127.0.0.1\"} }\npolicyd { listen = {\"SOCKET\"}\n"
                                "user = \"USER\" }\nlog { target = syslog\n format = text }\n",
                                user="gatepost", wait=False)
        try:
            while "is ready" not in log.recv(4096).decode():
                pass  # what is said before; the socket has a timeout
            equal(policyd.ask(client_address=BAD, sender="alice@shop.test", helo_name="x.test")[:10],
                  "550 5.7.23")
            line = next(text for text in iter(lambda: log.recv(8192).decode(), None) if "event=decision" in text)
            assert line.startswith("<22>"), line  # facility mail (2), level info (6)
            holds(line, "gatepost-policyd[")
            holds(line, "event=decision stage=RCPT client=198.51.100.66")
        finally:
            policyd.close()
            os.unlink("/dev/log")


def killed_under_load(down):
    load = scene.Load()
    time.sleep(0.5)
    stage.policyd.process.kill()
    stage.policyd.process.wait()
    time.sleep(1.5)
    stage.policyd.start()
    world.wait_for(lambda: load.replies[-1] == SPOOFED, "refusal as before")
    replies = load.stop()
    answers = {r if r == SPOOFED else r[:9] for r in replies}
    assert answers <= {SPOOFED, down}, answers
    equal(Mail(BAD, "mail.evil.test", "alice@shop.test", [BOB]).reply, SPOOFED)
    stage.postfix.messages()


def killed_without_default_action():
    """killed under load without default_action: mail is deferred, then refused again as before"""
    killed_under_load("451 4.3.5")


def killed_with_default_action():
    """killed under load with default_action=DUNNO: mail comes in, then is refused as before"""
    killed_under_load("250 2.0.0")


def main():
    global stage
    tap = world.Tap()
    try:
        sandbox.enter(scene.PACKAGES)
    except sandbox.Unavailable as reason:
        tap.skip_all("a real Postfix: " + str(reason))
    stage = scene.Scene()
    try:
        for test in (authorised, authorised_v6, spoofed, softfail, null_sender, helo_alone, dns_failure,
                     permerror, smtputf8, postmaster, once_a_message, mixed_recipients, authenticated,
                     queue_id_in_log, syslog, reload_under_load, crash_under_load,
                     killed_without_default_action):
            tap.run(test)
        # the shipped part of main.cf with a mark, and otherwise as it stands, in place of what is there
        with open(os.path.join(sandbox.PROJECT, "conf-examples", "postfix-main.cf")) as part:
            text = part.read().replace("^PutYourOwnSecretHere", "0123456789abcdefABCDEF")
        world.write_main_cf(world.read_main_cf(), text)
        world.reload_postfix()
        tap.run(spoofed)
        for test in (forged_results, results_of_others, attached_messages, secret_stays, example_is_no_secret, own_results, forged_received_spf):
            tap.run(test)
        tap.run(killed_with_default_action)
    finally:
        stage.close()
    tap.finish()


main()
