# SPDX-License-Identifier: ISC
"""The README as something that can be run: its commands and the files it tells to write, by section.

    for step in readme.sections()["Postfix in ten lines"]:
        step.kind, step.text, step.path      # "run" and a command; or "write", "add", "replace" with text and path

A command is an indented line that begins with "$ "; one that ends in a backslash goes on in the next line, and
what follows " # " is a comment. What goes into a file is the indented block below a sentence that ends in
"In /path:" (a file of its own), "Add to /path:" or "Replace NAME in /path:".
"""
import collections
import os
import re

import sandbox

Step = collections.namedtuple("Step", "kind text path")


def read():
    with open(os.path.join(sandbox.PROJECT, "README")) as f:
        return f.read()


def sections(text=None):
    """Headings in order, each with its steps."""
    text = text or read()
    found = collections.OrderedDict()
    parts = re.split(r"^(\S.*)\n[-=]{4,}\n", text, flags=re.M)
    for heading, body in zip(parts[1::2], parts[2::2]):
        found[heading] = _steps(body)
    return found


# the sentences that tell what is done with a file; words in brackets may follow its name
PLACES = (("add", r"\bAdd to (/\S+)(?: \([^)]*\))?:$"),
          ("replace", r"\bReplace \S+ in (/\S+)(?: \([^)]*\))?:$"),
          ("write", r"\b[Ii]n (/\S+)(?: \([^)]*\))?:$"))


def _place(paragraph):
    """What is to be done with which file, by the sentence above a block; or (None, None)."""
    sentence = " ".join(paragraph.split())
    for kind, pattern in PLACES:
        found = re.search(pattern, sentence)
        if found:
            return kind, found.group(1)
    return None, None


def _commands(lines):
    """The commands of an indented block."""
    text = re.sub(r"\\\n\s*", "", "\n".join(lines))
    found = text.split("\n")
    assert all(line.startswith("$ ") for line in found), found
    return [Step("run", re.sub(r"\s+# .*", "", line[2:]), None) for line in found]


def _steps(body):
    steps, kind, path = [], None, None
    for paragraph in re.split(r"\n\s*\n", body):
        lines = [line for line in paragraph.split("\n") if line]
        indented = [line[4:] for line in lines if line.startswith("    ")]
        if len(indented) < len(lines):
            kind, path = _place(paragraph)
        elif indented and indented[0].startswith("$ "):
            steps += _commands(indented)
            path = None
        elif indented and path:
            steps.append(Step(kind, "\n".join(indented) + "\n", path))
            path = None
    return steps


def contents(text=None):
    """The table of contents of the first screen: headings, column by column."""
    screen = "\n".join((text or read()).split("\n")[:24])
    table = [p for p in screen.split("\n\n") if re.search(r"\S {2,}\S", p) and not p.startswith(" ")][0].strip("\n")
    rows = table.split("\n")
    starts = [0] + [m.end() for m in re.finditer(r" {2,}(?=\S)", rows[0])]
    columns = zip(starts, starts[1:] + [None])
    return [row[a:b].strip() for a, b in columns for row in rows if row[a:b].strip()]
