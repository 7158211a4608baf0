# SPDX-License-Identifier: ISC
"""make demo: a private Postfix, a name server and gatepost-policyd at work, and what comes of it."""
import os
import shutil
import subprocess
import sys
import textwrap

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import scene  # noqa: E402
from scene import sandbox  # noqa: E402

WIDTH = max(60, min(100, shutil.get_terminal_size().columns))
COLUMNS = "%-2s%-22s %-14s %-10s %s"


def progress(text):
    if sys.stdout.isatty():
        print("\r\033[K" + (text + " ..." if text else ""), end="", flush=True)


def row(label, text):
    lines = textwrap.wrap(text, WIDTH - 14, break_long_words=True) or [""]
    print("   %-10s %s" % (label, lines[0]))
    for line in lines[1:]:
        print("   %-10s %s" % ("", line))


LIMITS = """
store { uri = {"STORE"} }
limit hourly { key = user  count = recipients  max = 5    per = 1h }
limit daily  { key = user  count = messages    max = 500  per = 1d }
override { user = "newsletter"  hourly = 5000  daily = unlimited }
"""


def gatepost(stage, *words):
    """A command as the operator types it, and what it says."""
    print("   $ gatepost " + " ".join(words))
    done = subprocess.run([os.path.join(scene.world.BUILD, "gatepost")] + list(words) +
                          ["--socket", stage.policyd.control_path], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env=dict(os.environ, COLUMNS=str(WIDTH)))
    for line in done.stdout.rstrip().splitlines():
        print("   " + line)
    print()


def attempt(user, recipients):
    """A user sends a mail; what Postfix says to each recipient that it does not take."""
    with scene.Login(user) as login:
        replies = login.recipients(scene.many(recipients))
        taken = sum(r.startswith("250") for r in replies)
        last = scene.show(*login.smtp.data("Subject: x\r\n\r\nhello\r\n")) if taken else ""
    print("%s sends a mail to %d recipients: %d taken" % (user, recipients, taken))
    refused = [r for r in replies if not r.startswith("250")]
    if refused:
        row("refused", refused[0])
    if last:
        row("the mail", last)
    print()


def limits(stage):
    print("Limits of authenticated users: 5 recipients an hour, 500 messages a day.\n")
    attempt("alice", 3)
    attempt("alice", 4)
    attempt("newsletter", 40)
    gatepost(stage, "limits")
    gatepost(stage, "limits", "explain", "newsletter")
    gatepost(stage, "limits", "reset", "alice", "hourly")
    attempt("alice", 4)
    gatepost(stage, "limits", "show", "alice")


def main():
    if not sandbox.is_inside():
        progress("installing Postfix and a name server into a throwaway machine")
    try:
        sandbox.enter(scene.PACKAGES)
    except sandbox.Unavailable as reason:
        progress("")
        print("The demonstration runs a real Postfix in a throwaway machine of its own, which cannot "
              "be had here: %s." % reason)
        return 1
    with open(os.path.join(sandbox.PROJECT, "conf-examples", "postfix-limits.cf")) as f:
        stage = scene.Scene(config=scene.CONFIG + LIMITS, extra=f.read(), progress=progress)
    try:
        rows = []
        for number, (name, client, helo, sender, recipient) in enumerate(scene.MAILS, 1):
            progress("sending mail %d of %d" % (number, len(scene.MAILS)))
            reply, reason, added = scene.send(stage, (name, client, helo, sender, recipient))
            rows.append((number, name, client, helo, sender, recipient, reply, reason, added))
        progress("")
        print("A real Postfix and gatepost-policyd with the example configuration and limits.\n")
        print(COLUMNS % ("", "mail", "client", "Postfix", "why"))
        print("-" * 79)
        for number, name, client, helo, sender, recipient, reply, reason, added in rows:
            print(COLUMNS % (number, name, client, " ".join(reply.split(" ")[:2]),
                             reason.split("; ")[0]))
        print("\nIn full:\n")
        for number, name, client, helo, sender, recipient, reply, reason, added in rows:
            print("%d. %s" % (number, name))
            row("sent", "from <%s> to <%s>, client %s, HELO %s" % (sender, recipient, client, helo))
            row("Postfix", reply)
            row("why", reason)
            for text in added:
                row("header", "Authentication-Results: " + text)
            print()
        limits(stage)
    finally:
        progress("stopping")
        stage.close()
        progress("")
    print("Everything that was started has been stopped and removed.")
    return 0


sys.exit(main())
