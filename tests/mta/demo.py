# SPDX-License-Identifier: ISC
"""make demo: a private Postfix, a name server and gatepost-policyd at work, and what comes of it."""
import os
import shutil
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
    stage = scene.Scene(progress=progress)
    try:
        rows = []
        for number, (name, client, helo, sender, recipient) in enumerate(scene.MAILS, 1):
            progress("sending mail %d of %d" % (number, len(scene.MAILS)))
            reply, reason, added = scene.send(stage, (name, client, helo, sender, recipient))
            rows.append((number, name, client, helo, sender, recipient, reply, reason, added))
        progress("")
        print("A real Postfix and gatepost-policyd with the example configuration.\n")
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
    finally:
        progress("stopping")
        stage.close()
        progress("")
    print("Everything that was started has been stopped and removed.")
    return 0


sys.exit(main())
