# SPDX-License-Identifier: ISC
"""No six lines of the product stand in two places, tables and help texts apart; and that such lines are found."""
import collections
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]
from findings import finish, result  # noqa: E402
from tree import Tree  # noqa: E402

RUN = 6
COMMENT = re.compile(r'("(?:\\.|[^"\\\n])*")|/\*.*?\*/', re.S)
# Rows of a table, texts, declarations of headers: what is written down, and not done.
ROW = re.compile(r'^(?:#include\b.*|\{.*\},?|\[\w+\] = .*|\.\w+ = .*,|"[^"]*"[,;)]*|[\s{}()\[\];,]*|break;|return \w+;|else)$')


def significant(text):
    """(number, line) of those that count, without comments and with one blank for any white space."""
    bare = COMMENT.sub(lambda m: m.group(1) or "\n" * m.group().count("\n"), text)
    lines = ((n, " ".join(line.split())) for n, line in enumerate(bare.split("\n"), 1))
    return [(n, line) for n, line in lines if not ROW.match(line)]


def duplicates(files):
    """Pairs (file, line, file, line, length) of runs of RUN lines or more, each as long as it goes; files: name to text."""
    lines = {name: significant(text) for name, text in files.items()}
    places = collections.defaultdict(list)
    for name in sorted(lines):
        for i in range(len(lines[name]) - RUN + 1):
            places[tuple(line for _, line in lines[name][i:i + RUN])].append((name, i))
    found, seen = [], set()
    for spots in places.values():
        for k, (a, i) in enumerate(spots):
            for b, j in spots[k + 1:]:
                if (a, i - 1, b, j - 1) not in seen and not (a == b and j - i < RUN):
                    found.append((a, lines[a][i][0], b, lines[b][j][0]))
                seen.add((a, i, b, j))
    return found


def problems_of(tree):
    files = {p: tree.text(p) for p in tree.product if p.endswith(".c")}
    problems = ["%s:%d stands again at %s:%d" % pair for pair in duplicates(files)
                if not tree.exceptions.allow("duplicate", "%s %s" % (pair[0], pair[2]))]
    return problems + tree.exceptions.unused({"duplicate"})


STEPS = ["first(a);", "second(b);", "if (third())", "\tfourth(c);", "fifth(d);", "sixth(e);", "seventh(f);"]
SEVEN = "\n".join(STEPS)
TABLE = "\n".join('\t{"name%d", %d},' % (n, n) for n in range(20))
CASES = (
    ("lines that stand in two files", {"a.c": "x();\n" + SEVEN, "b.c": "y();\n" + SEVEN}, 1),
    ("lines that differ in blanks and comments", {"a.c": SEVEN, "b.c": SEVEN.replace("\n", " /* why */\n\n\t")}, 1),
    ("lines that stand twice in one file", {"a.c": SEVEN + "\nother();\n" + SEVEN}, 1),
)
FINE = (
    ("five lines", {"a.c": "\n".join(STEPS[:5]) + "\nx();", "b.c": "\n".join(STEPS[:5]) + "\ny();"}),
    ("rows of tables", {"a.c": TABLE, "b.c": TABLE}),
    ("one run in one place", {"a.c": SEVEN}),
)

result("no %d lines of the product stand in two places" % RUN, problems_of(Tree()))
for fault, files, count in CASES:
    found = duplicates(files)
    result("the lint finds " + fault, [] if len(found) == count else ["found: %r" % found])
for name, files in FINE:
    result("the lint says nothing about " + name, ["found: %r" % pair for pair in [duplicates(files)] if pair])
finish()
