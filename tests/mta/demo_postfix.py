# SPDX-License-Identifier: ISC
"""The demonstration's half with Postfix and gatepost-policyd: SPF, labels, limits, an override. For the
inside of sandbox.py."""
import os
import subprocess

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


def command(stage, *words):
    """A command as the operator types it, and what it says."""
    say("   $ gatepost " + " ".join(words))
    done = subprocess.run([os.path.join(scene.world.BUILD, "gatepost")] + list(words) +
                          ["--socket", stage.policyd.control_path], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env=dict(os.environ, COLUMNS=str(WIDTH - 3)))
    assert done.returncode == 0, done.stdout
    for line in done.stdout.rstrip().splitlines():
        indent = line[:len(line) - len(line.lstrip())]
        lines = [line] if len(line) <= WIDTH - 3 else wrapped(line.strip(), WIDTH - 3 - len(indent), "  ")
        for part in lines:
            say(("   " + (part if part == line else indent + part)).rstrip())
    say()


def limits(half, stage):
    say("Limits of what authenticated users send, in gatepost.conf:")
    say(LIMITS.replace("\n", "\n   ").rstrip() + "\n")
    for case, user, recipients, commands in ATTEMPTS:
        progress("sending a mail: " + case.name)
        attempt(half, case, user, recipients)
        for words in commands:
            command(stage, *words.split())


def run():
    """The whole half; returns its outcome."""
    half = Half("Postfix")
    with open(os.path.join(sandbox.PROJECT, "conf-examples", "postfix-limits.cf")) as f:
        stage = scene.Scene(config=CONFIG, extra=f.read(), progress=step)
    try:
        mails(half, stage)
        limits(half, stage)
    finally:
        progress("stopping Postfix")
        stage.close()
    return half
