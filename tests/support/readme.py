# SPDX-License-Identifier: ISC
"""The README as something that can be run: its commands and the files it tells to write, by section.

    for step in readme.sections()["Postfix in ten lines"]:
        step.kind, step.text, step.path      # "run" and a command, or "write" with a text and a path

A command is an indented line that begins with "$ ". What goes into a file is the indented block below
a line that ends in "in /path/of/it:" (or "In"). Everything else is for reading only.
"""
import collections
import os
import re

import sandbox

Step = collections.namedtuple("Step", "kind text path")


def sections(text=None):
    """Headings in order, each with its steps."""
    if text is None:
        with open(os.path.join(sandbox.PROJECT, "README")) as f:
            text = f.read()
    found = collections.OrderedDict()
    parts = re.split(r"^(\S.*)\n[-=]{4,}\n", text, flags=re.M)
    for heading, body in zip(parts[1::2], parts[2::2]):
        found[heading] = _steps(body)
    return found


def _steps(body):
    steps, path = [], None
    for paragraph in re.split(r"\n\s*\n", body):
        lines = [line for line in paragraph.split("\n") if line]
        indented = [line[4:] for line in lines if line.startswith("    ")]
        if len(indented) < len(lines):
            named = re.search(r"\b[Ii]n\s+(/\S+):$", paragraph.rstrip())
            path = named.group(1) if named else None
        elif indented and indented[0].startswith("$ "):
            assert all(line.startswith("$ ") for line in indented), indented
            steps += [Step("run", line[2:], None) for line in indented]
            path = None
        elif indented and path:
            steps.append(Step("write", "\n".join(indented) + "\n", path))
            path = None
    return steps
