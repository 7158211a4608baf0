# SPDX-License-Identifier: ISC
"""The parts of the demonstration: cases with their expected outcome, and how they are printed, in lines
of 80 columns at most. Knows neither Postfix nor Exim."""
import json
import os
import shutil
import sys
import textwrap

WIDTH = max(60, min(80, shutil.get_terminal_size().columns)) - 1
HOST = "mx.example.test"
LABEL = "   %-9s "
TABLE = " %-3s%-27s %-19s %s"


class Case:
    """One mail and its expected outcome: how the reply begins, facts of the decision, parts of the
    first Authentication-Results field that is added, where the mail is delivered."""

    def __init__(self, name, told, answer, facts=None, field=(), folder=None):
        self.name, self.told, self.answer = name, told, answer
        self.facts, self.field, self.folder = facts or {}, field, folder


class Seen:
    """The outcome of a case: the whole reply, why (in full, and in the few words that the table has room
    for), facts, values of the added fields, the folder."""

    def __init__(self, sent, reply, why, short, facts=None, fields=(), folder=None):
        self.sent, self.reply, self.why, self.short = sent, reply, why, short
        self.facts, self.fields, self.folder = facts or {}, list(fields), folder


def by_option(rule):
    """Which option decided; some rules are none."""
    return "; decided by the option " + rule if "." in rule else ""


def differences(case, seen):
    """What differs from the expected outcome, one sentence each; empty if nothing does."""
    wrong = []
    if not seen.reply.startswith(case.answer):
        wrong.append("the answer should begin with %s" % case.answer)
    for name, value in case.facts.items():
        if seen.facts.get(name, "").split("/")[0] != value:
            wrong.append("%s should be %s, and is %s" % (name, value, seen.facts.get(name)))
    for part in case.field:
        if not seen.fields or part not in seen.fields[0]:
            wrong.append("the field should hold %s" % part)
    if case.folder and case.folder != seen.folder:
        wrong.append("it should be delivered to %s, and is in %s" % (case.folder, seen.folder))
    # nobody but this host may state results in its name
    if len([f for f in seen.fields if f.startswith(HOST + ";")]) > 1:
        wrong.append("there is more than one field of this host")
    return wrong


def say(text=""):
    progress("")
    print(text, flush=True)


def progress(text):
    """What is being done, on a terminal, in a line that the next one overwrites."""
    if sys.stdout.isatty():
        print("\r\033[K" + (text[:WIDTH - 4] + " ..." if text else ""), end="", flush=True)


def step(text):
    """The same for what takes seconds; elsewhere than on a terminal, a line of its own."""
    progress(text)
    if not sys.stdout.isatty():
        print(text + " ...", flush=True)


def wrapped(text, width, deeper=""):
    return textwrap.wrap(text, width, subsequent_indent=deeper, break_on_hyphens=False) or [""]


def labelled(label, lines):
    """Lines with a label before the first."""
    for i, line in enumerate(lines):
        say((LABEL % (label if i == 0 else "") + line).rstrip())


def told(text, indent="   "):
    for line in wrapped(text, WIDTH - len(indent)):
        say(indent + line)


def results(value):
    """An Authentication-Results field: one result per line, long ones folded."""
    room = WIDTH - len(LABEL % "")
    host, *rest = value.split("; ")
    lines = ["Authentication-Results: " + host + ";" * bool(rest)]
    for i, result in enumerate(rest):
        text = result + ";" * (i + 1 < len(rest))
        lines += ["  " + line for line in wrapped(text, room - 2, "  ")]
    return lines


class Half:
    """One mail server's part: prints each case as it comes, and keeps the rows of the summary."""

    def __init__(self, server):
        self.server, self.rows = server, []

    def show(self, case, seen):
        wrong = differences(case, seen)
        say("%d. %s" % (len(self.rows) + 1, case.name))
        told(case.told)
        for label, text in (("sent", seen.sent), (self.server, seen.reply), ("why", seen.why),
                            ("delivered", "to " + seen.folder if seen.folder else "")):
            if text:
                labelled(label, wrapped(text, WIDTH - len(LABEL % "")))
        if seen.fields:  # behind it are those of other hosts
            labelled("field", results(seen.fields[0]))
        for text in wrong:
            labelled("WRONG", wrapped(text, WIDTH - len(LABEL % "")))
        say()
        self.rows.append({"server": self.server, "name": case.name, "answer": verdict(seen), "wrong": wrong,
                          "why": seen.short})

    def wrong(self, text):
        """Something else than a reply is not as it should be: told, and counted against the last case."""
        labelled("WRONG", wrapped(text, WIDTH - len(LABEL % "")))
        self.rows[-1]["wrong"].append(text)

    def write(self, path):
        with open(path + ".new", "w") as f:
            json.dump(self.rows, f)
        os.rename(path + ".new", path)


def verdict(seen):
    """The short form of a reply: 250 accepted, 550 5.7.26 refused."""
    code, enhanced = (seen.reply.split(" ") + [""])[:2]
    words = {"2": "into " + seen.folder if seen.folder == "Junk" else "accepted", "4": "deferred", "5": "refused"}
    shown = [code] + [enhanced] * (code[:1] != "2" and enhanced[:2] == code[:1] + ".")
    return " ".join(shown + [words.get(code[:1], "?")])


def summary(rows):
    """The table at the end; returns the number of cases that did not end as expected."""
    server, number = None, 0
    say("Summary")
    say("-" * WIDTH)
    for row in rows:
        if row["server"] != server:
            server, number = row["server"], 0
            say(TABLE % ("", server, "answer", "why"))
        number += 1
        why = "WRONG: " + row["wrong"][0] if row["wrong"] else row["why"]
        say((TABLE % (number, row["name"], row["answer"], why))[:WIDTH].rstrip())
    say("-" * WIDTH)
    return sum(bool(row["wrong"]) for row in rows)
