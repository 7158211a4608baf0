# SPDX-License-Identifier: ISC
"""The demonstration's half with Postfix and gatepost-policyd: SPF, labels, limits, an override, DNS lists,
greylisting. For the inside of sandbox.py."""
import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import termios
import time

import scene
from demo_show import WIDTH, Case, Half, Seen, by_option, progress, say, step, told, wrapped
from scene import BAD, GOOD, sandbox

BOB = "bob@example.test"
LIMITS = """
limit hourly { key = user  count = recipients  max = 5    per = 1h }
limit daily  { key = user  count = messages    max = 500  per = 1d }
override { user = "newsletter"  hourly = 5000  daily = unlimited }
"""
CONFIG = scene.CONFIG.replace("timeout = 2s", "timeout = 1s") + 'store { uri = {"STORE"} }' + LIMITS

# the expected outcome; client, HELO, MAIL FROM, RCPT TO
MAILS = [
    (Case("Its own mail server", "shop.test publishes 192.0.2.0/24 as its mail servers (SPF). The client is one of them.",
          "250", {"spf": "pass", "rule": "default"}, ["spf=pass ", "smtp.mailfrom=alice@shop.test"]),
     GOOD, "mail.shop.test", "alice@shop.test", BOB),
    (Case("A forged sender", "The client is not one of shop.test's mail servers; -all asks to refuse such mail.",
          "550 5.7.23", {"spf": "fail", "rule": "spf.reject"}),
     BAD, "mail.evil.test", "alice@shop.test", BOB),
    (Case("A doubtful sender", "soft.test ends its record with ~all: such mail is labelled, not refused.",
          "250", {"spf": "softfail", "rule": "default"}, ["spf=softfail "]),
     BAD, "mail.soft.test", "carol@soft.test", BOB),
    (Case("A bounce, forged HELO", "A bounce has no sender, so SPF judges the name in HELO.",
          "550 5.7.23", {"spf_helo": "fail", "rule": "spf.helo_reject"}),
     BAD, "mail.shop.test", "", BOB),
    (Case("DNS does not answer", "The name server does not answer for mute.test: accepted and "
          "labelled. With spf.on_temperror = defer the sender has to try again later.",
          "250", {"spf": "temperror", "rule": "spf.on_temperror"}, ["spf=temperror "]),
     BAD, "mail.mute.test", "dave@mute.test", BOB),
    (Case("A sender in UTF-8", "An address with letters beyond ASCII (SMTPUTF8), sent by its own mail server.",
          "250", {"spf": "pass", "rule": "default"}, ["spf=pass "]),
     GOOD, "mail.shop.test", "jörg@bücher.test", BOB),
    (Case("A forged sender in UTF-8", "The same sender, from another client.",
          "550 5.7.23", {"spf": "fail", "rule": "spf.reject"}),
     BAD, "mail.evil.test", "jörg@bücher.test", BOB),
    (Case("Forged, to postmaster", "Mail to postmaster is never refused (spf.exempt_recipients), so that "
          "those who are refused can ask why.", "250", {"rule": "spf.exempt_recipients"}),
     BAD, "mail.evil.test", "alice@shop.test", "postmaster@example.test"),
]


# the limits: the expected outcome; user, number of recipients, the administrator's commands after it
ATTEMPTS = [
    (Case("alice, 3 recipients", "Three of the five recipients per hour are used.", "250", {"accepted": "3"}),
     "alice", 3, ()),
    (Case("alice, 4 recipients", "Two of the five are left. The other two recipients are deferred.", "450 4.7.1",
          {"accepted": "2"}), "alice", 4, ()),
    (Case("newsletter, 40 recipients", "The override allows this user more.", "250", {"accepted": "40"}),
     "newsletter", 40, ("limits", "limits explain newsletter", "limits reset alice hourly")),
    (Case("alice, 4 after a reset", "The administrator has reset the counter of alice.", "250", {"accepted": "4"}),
     "alice", 4, ("limits show alice",)),
]

# DNS lists and greylisting: a list that works, one that refuses this resolver, and a client in the first
LISTED, UNKNOWN = "203.0.113.50", "203.0.113.51"
ZONES = [("lists.example.", "static"), ("sick.lists.example.", "redirect")]
ZONE = [
    "lists.example. 300 SOA ns.lists.example. mail.lists.example. 1 2 3 4 300",
    "2.0.0.127.bl.lists.example. 300 A 127.0.0.2",
    "50.113.0.203.bl.lists.example. 300 A 127.0.0.2",
    '50.113.0.203.bl.lists.example. 300 TXT "Sent spam, see https://lists.example/203.0.113.50"',
    "sick.lists.example. 300 A 127.255.255.254",
]
SICK = "sick.lists.example: error code: 127.255.255.254"
DELAY_S = 3
REPUTATION = """
dnsbl { mode = enforce }
list "bl.lists.example" {
    asks = client
    codes = {"127.0.0.2 = 3 sends spam"}
    tests = {"127.0.0.2 listed", "127.0.0.1 not"}
}
list "sick.lists.example" {
    asks = client
    codes = {"127.0.0.2 = 3"}
    tests = {"127.0.0.2 listed"}
}
greylist { mode = enforce  delay = %ds  learn = 0s }
""" % DELAY_S
CONTACTS = [
    (Case("A listed client", "bl.lists.example lists the client. sick.lists.example answers that it "
          "refuses this resolver: it is suspended, and counts for nothing.",
          "550 5.7.1", {"dnsbl": "listed", "rule": "dnsbl.reject_at"}), LISTED, 0),
    (Case("A suspicious first contact", "The client has no reverse name, and nothing vouches for it: "
          "it is told to try again.", "450 4.7.1", {"dnsbl": "not-listed", "rule": "greylist.delay"}), UNKNOWN, 0),
    (Case("The same client, again", "A mail server tries again after some minutes, here %d seconds. Most "
          "senders of spam do not." % DELAY_S, "250", {"greylist": "passed"}), UNKNOWN, DELAY_S + 1),
]


def short(facts):
    """What the log says about a decision, in words."""
    of_helo = "spf" not in facts and "spf_helo" in facts
    kind = "spf_helo" if of_helo else "spf"
    if kind not in facts:
        return "SPF is not asked"
    return "SPF %s%s" % (facts[kind], " of HELO" * of_helo)


def why(facts):
    mechanism = facts.get("spf_mechanism" if "spf" in facts else "spf_helo_mechanism")
    return short(facts) + (" by " + mechanism if mechanism else "") + by_option(facts["rule"])


def mails(half, stage):
    told("gatepost-policyd runs with conf-examples/gatepost.conf as shipped. Postfix asks it about each mail, as "
         "in conf-examples/postfix-limits.cf.", "")
    say()
    for case, client, helo, sender, recipient in MAILS:
        progress("sending a mail: " + case.name)
        reply, facts, added = scene.send(stage, client, helo, sender, recipient)
        sent = "MAIL FROM <%s>, RCPT TO <%s>, client %s, HELO %s" % (sender, recipient, client, helo)
        half.show(case, Seen(sent, reply, why(facts), short(facts), facts, added))


def attempt(half, case, user, recipients):
    """A user sends a mail to so many recipients."""
    with scene.Login(user) as login:
        replies = login.recipients(scene.many(recipients))
        taken = sum(r.startswith("250") for r in replies)
        if taken:
            replies.append(scene.show(*login.smtp.data("Subject: x\r\n\r\nhello\r\n")))
    refused = [r for r in replies if not r.startswith("250")]
    text = "%d of %d recipients" % (taken, recipients)
    half.show(case, Seen("authenticated user %s, %d recipients" % (user, recipients),
                         (refused or replies)[-1], text + " are accepted", text, {"accepted": str(taken)}))


def on_terminal(command):
    """What a command shows on a terminal of this width, without colours; it has to succeed."""
    own, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, WIDTH - 3, 0, 0))
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=its, stderr=its,
                               env=dict(os.environ, NO_COLOR="1", TERM="dumb"))
    os.close(its)
    text = b""
    with contextlib.suppress(OSError):  # the terminal is gone with the command
        while part := os.read(own, 65536):
            text += part
    os.close(own)
    text = text.decode().replace("\r\n", "\n")
    assert process.wait() == 0, text
    return text


def command(stage, *words):
    """A command as the operator types it, and what it says."""
    say("   $ gatepost " + " ".join(words))
    text = on_terminal([os.path.join(scene.world.BUILD, "gatepost")] + list(words) +
                       ["--socket", stage.policyd.control_path])
    for line in text.rstrip().splitlines():
        indent = line[:len(line) - len(line.lstrip())]
        lines = [line] if len(line) <= WIDTH - 3 else wrapped(line.strip(), WIDTH - 3 - len(indent), "  ")
        for part in lines:
            say(("   " + (part if part == line else indent + part)).rstrip())
    say()
    return text


def limits(half, stage):
    say("Limits of what authenticated users send, in gatepost.conf:")
    say(LIMITS.replace("\n", "\n   ").rstrip() + "\n")
    for case, user, recipients, commands in ATTEMPTS:
        progress("sending a mail: " + case.name)
        attempt(half, case, user, recipients)
        for words in commands:
            command(stage, *words.split())


def reputation(half, stage):
    say("DNS lists and greylisting, in gatepost.conf:")
    say(REPUTATION.replace("\n", "\n   ").rstrip() + "\n")
    before = len(stage.policyd.text())
    stage.policyd.write(CONFIG + REPUTATION)
    stage.policyd.reload()
    scene.world.wait_for(lambda: "list-suspended" in stage.policyd.text()[before:], "suspension of the sick list")
    for case, client, pause_s in CONTACTS:
        progress("sending a mail: " + case.name)
        time.sleep(pause_s)  # what a mail server does, in short
        reply, facts, added = scene.send(stage, client, "mail.unknown.example", "eve@unknown.example", BOB)
        sent = "MAIL FROM <eve@unknown.example>, RCPT TO <%s>, client %s" % (BOB, client)
        said = "listed" if facts["dnsbl"] == "listed" else "greylisting: " + facts["greylist"]
        half.show(case, Seen(sent, reply, said + by_option(facts["rule"]), said, facts, added))
    shown = command(stage, "lists")
    if SICK not in shown:
        half.wrong("gatepost lists does not say: " + SICK)
    command(stage, "greylist")


def run():
    """The whole half; returns its outcome."""
    half = Half("Postfix")
    with open(os.path.join(sandbox.PROJECT, "conf-examples", "postfix-limits.cf")) as f:
        stage = scene.Scene(config=CONFIG, extra=f.read(), progress=step, zone=ZONE, zones=ZONES,
                            clients=(LISTED, UNKNOWN))
    try:
        mails(half, stage)
        limits(half, stage)
        reputation(half, stage)
    finally:
        progress("stopping Postfix")
        stage.close()
    return half
