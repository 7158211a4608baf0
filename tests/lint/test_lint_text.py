# SPDX-License-Identifier: ISC
"""How comments and lines look, and that each rule finds a fault."""
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]
from findings import finish, result  # noqa: E402
from tree import Tree  # noqa: E402

COLUMNS = 100
# A string, a character, or a comment: what looks like a comment within a string is none.
TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|/\*.*?\*/', re.S)


def comments(text):
    for m in TOKEN.finditer(text):
        if m.group().startswith("/*"):
            yield text.count("\n", 0, m.start()) + 1, m.group()


def long_lines(path, text):
    return [n for n, line in enumerate(text.split("\n"), 1)
            if len(line.expandtabs(8)) > COLUMNS and not tree.exceptions.allow("columns", path)]


def torn(path, text):
    """The end of a comment of one line is in that line; examples of calls stand a call a line."""
    found = []
    for number, comment in comments(text):
        lines = comment.split("\n")
        if len(lines) == 2 and lines[0] != "/*" and not lines[1].strip("*/ \t"):
            found.append(number)
        found += [number + i for i, line in enumerate(lines)
                  if re.match(r"\s+\*\s+gp_\w+\(.*\); +gp_\w+\(", line) or
                  (re.match(r" \* gp_\w+\(.*\);?$", line) and i and lines[i - 1].startswith(" *     "))]
    return found


def sources_of_reasons(path, text):
    """A comment says the reason itself, or names what anybody can read: no number of a list that is not here."""
    return [number for number, comment in comments(text) if re.search(r"\blessons?\s+\d", comment)] + \
        [n for n, line in enumerate(text.split("\n"), 1) if re.search(r'"[^"]*\blessons? \d', line)]


RULES = (
    ("no line is longer than %d columns" % COLUMNS, long_lines),
    ("no comment is torn, and none has calls joined", torn),
    ("no comment points to a list that is not in the tree", sources_of_reasons),
)
GOOD = '/* one line */\n/*\n * Two lines of\n * text.\n *\n *     gp_a(x);    (first)\n *     gp_b(x);\n */\nint a; /* its meaning,\n        * in two lines */\n' \
       'char *b = "/* none\\" */";\n'
FAULTS = (
    ("a long line", long_lines, "\tint " + "x" * 100 + ";\n"),
    ("a line that tabs make long", long_lines, "\t" * 12 + "int x;\n"),
    ("an end alone", torn, "/* what it is.\n */\n"),
    ("an end alone behind code", torn, "int a; /* what it is\n        */\n"),
    ("two calls in a line", torn, "/*\n *     gp_a(x); gp_b(x);\n */\n"),
    ("a call that lost its place", torn, "/*\n *     gp_a(x);\n * gp_b(x);\n */\n"),
    ("a number of a list", sources_of_reasons, "/* void lookups (lesson 1) */\n"),
    ("a number of a list in a text", sources_of_reasons, '{"no data (lesson 8)", 0},\n'),
)

tree = Tree()
for name, rule in RULES:
    result(name, ["%s:%d" % (path, number) for path in tree.product + tree.tests for number in rule(path, tree.text(path))])
result("no exception for a line's length has become needless", tree.exceptions.unused({"columns"}))
result("a text without a fault has none by any rule", [str(rule) for _, rule in RULES if rule("x.c", GOOD)])
for fault, rule, text in FAULTS:
    result("the lint finds " + fault, [] if rule("x.c", text) else ["nothing was found"])
finish()
