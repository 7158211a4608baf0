# SPDX-License-Identifier: ISC
"""How long lines, functions and files are, what comments look like, and that each rule finds a fault."""
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]
from findings import finish, result  # noqa: E402
from tree import Tree  # noqa: E402
import words  # noqa: E402

COLUMNS, FUNCTION_LINES, FILE_LINES, PARAMETERS = 100, 100, 800, 6
README_COLUMNS, README_SCREEN = 80, 24
# A string, a character, or a comment: what looks like a comment within a string is none.
TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|/\*.*?\*/', re.S)


FUNCTION = re.compile(r"^((?:__attribute__\(\(.*?\)\)\s*)?[A-Za-z_][\w \*]*?\b(\w+)\(([^;{}]*?)\)"
                      r"(?:\s+__attribute__\(\(.*?\)\))?)\n\{\n(.*?)^\}\n", re.M | re.S)


def functions(text):
    """(number, name, parameters, lines) of each function's definition, by the house's layout."""
    for m in FUNCTION.finditer(text):
        yield text.count("\n", 0, m.start()) + 1, m.group(2), m.group(3), m.group(4).count("\n")


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


def readme_faults(text):
    """README is read on a terminal of 80 columns; its first screen has the two commands to begin with."""
    lines = text.split("\n")
    return ["README:%d: longer than %d columns" % (n, README_COLUMNS)
            for n, line in enumerate(lines, 1) if len(line) > README_COLUMNS] + \
        ["README: its first %d lines lack: $ %s" % (README_SCREEN, command) for command in ("make demo", "make check")
         if not any(line.strip().startswith("$ " + command) for line in lines[:README_SCREEN])]


def too_long(path, text):
    return [n for n, _, _, lines in functions(text) if lines > FUNCTION_LINES] + \
        [1] * (text.count("\n") > FILE_LINES)


def too_many(path, text):
    """Parameters; tests may have tables of arguments."""
    return [n for n, name, parameters, _ in functions(text)
            if not path.startswith("tests/") and parameters.count(",") >= PARAMETERS and
            not tree.exceptions.allow("parameters", "%s %s" % (path, name))]


def unsaid(path, text):
    """A file begins with its licence and what it is; a function of the product with its name and what it does."""
    found = [] if text.startswith("/* SPDX-License-Identifier: ISC */\n/*") else [1]
    if path.startswith("tests/") or not path.endswith(".c"):
        return found
    return found + [n for n, name, _, _ in functions(text)
                    if not re.search(r"(?:/\*| \*) %s: .*?\*/\n(?:__attribute__.*\n)?[A-Za-z_][^;]*?\b%s\(" % (name, name),
                                     text, re.S)]


def unseen(path, text):
    """What looks like a body of a function is one that the rules above have seen."""
    seen = {n for m in FUNCTION.finditer(text) for n in [text.count("\n", 0, m.start(4))]}
    return [n for n, line in enumerate(text.split("\n"), 1)
            if line == "{" and n not in seen and not text.split("\n")[n - 2].startswith("struct ")]


RULES = (
    ("no function is longer than %d lines, no file than %d" % (FUNCTION_LINES, FILE_LINES), too_long),
    ("no function has more than %d parameters" % PARAMETERS, too_many),
    ("every file and every function says what it does", unsaid),
    ("the lint sees every function", unseen),
    ("no line is longer than %d columns" % COLUMNS, long_lines),
    ("no comment is torn, and none has calls joined", torn),
    ("no comment points to a list that is not in the tree", sources_of_reasons),
)
HEAD = "/* SPDX-License-Identifier: ISC */\n/* What it is. */\n"
BODY = "\n{\n%s}\n"
GOOD = HEAD + '/* one line */\n/*\n * Two lines of\n * text.\n *\n *     gp_a(x);    (first)\n *     gp_b(x);\n */\nint a; /* its meaning,\n        * in two lines */\n' \
       'char *b = "/* none\\" */";\n'
GOOD += "/* f: does. */\nstatic const char *f(int a,\n\tint b)" + BODY % ("\ta;\n" * FUNCTION_LINES)
FAULTS = (
    ("a long function", too_long, HEAD + "static void f(void)" + BODY % ("\ta;\n" * (FUNCTION_LINES + 1))),
    ("a long function that gives a constant text", too_long,
     HEAD + "static const char *f(\n\tint a, int b)" + BODY % ("\ta;\n" * (FUNCTION_LINES + 1))),
    ("a long function with an attribute", too_long,
     HEAD + "__attribute__((format(printf, 1, 2))) static void f(\n\tint a)" + BODY % ("\ta;\n" * (FUNCTION_LINES + 1))),
    ("a long file", too_long, HEAD + "int a;\n" * FILE_LINES),
    ("a list of seven parameters", too_many, HEAD + "/* f: does. */\nint f(int a, int b, int c,\n\tint d, int e, int f, int g)" + BODY % ""),
    ("a function that says nothing", unsaid, HEAD + "int f(void)" + BODY % ""),
    ("one that says what another does", unsaid, HEAD + "/* g: does. */\nstatic struct x *f(void)" + BODY % ""),
    ("a file that says nothing", unsaid, "int a;\n"),
    ("a body of which it knows no function", unseen, HEAD + "FUNCTION f" + BODY % ""),
    ("a long line", long_lines, "\tint " + "x" * 100 + ";\n"),
    ("a line that tabs make long", long_lines, "\t" * 12 + "int x;\n"),
    ("an end alone", torn, "/* what it is.\n */\n"),
    ("an end alone behind code", torn, "int a; /* what it is\n        */\n"),
    ("two calls in a line", torn, "/*\n *     gp_a(x); gp_b(x);\n */\n"),
    ("a call that lost its place", torn, "/*\n *     gp_a(x);\n * gp_b(x);\n */\n"),
    ("a number of a list", sources_of_reasons, "/* void lookups (%s 1) */\n" % "lesson"),
    ("a number of a list in a text", sources_of_reasons, '{"no data (%s 8)", 0},\n' % "lesson"),
)

tree = Tree()
for name, rule in RULES:
    result(name, ["%s:%d" % (path, number) for path in tree.product + tree.tests for number in rule(path, tree.text(path))])
result("no exception for a text has become needless", tree.exceptions.unused({"columns", "parameters"}))
result("a text without a fault has none by any rule", [str(rule) for _, rule in RULES if rule("x.c", GOOD)])
for fault, rule, text in FAULTS:
    result("the lint finds " + fault, [] if rule("x.c", text) else ["nothing was found"])

FIRST = "What it is.\n\n    $ make demo\n    $ make check   # every test\n"
result("README fits 80 columns, and its first screen has make demo and make check", readme_faults(tree.text("README")))
result("the lint finds a long line of README, and a command that is missing on its first screen",
       ["not found: " + fault for fault, text in (
           ("a long line", FIRST + "x" * (README_COLUMNS + 1)), ("no demo", FIRST.replace("demo", "d")),
           ("no check", FIRST.replace("check", "c")), ("a late check", "\n" * README_SCREEN + FIRST))
        if not readme_faults(text)] + readme_faults(FIRST + "x" * README_COLUMNS))
result("texts for people use the words of the field (tests/lint/words.py)",
       ["%s:%d: \"%s\": write: %s" % (path, number, phrase, instead)
        for path in tree.product + words.documents() for number, phrase, instead in words.found(path, tree.text(path))])
result("the lint finds each of these words, in a comment, a string and a page, also over the end of a line",
       ["%s: not found in %s" % (example, path)
        for _, instead, example in words.WORDS for path, text in (
            ("x.c", "/* so %s. */\n" % example), ("x.c", "/*\n * so\n * %s.\n */\n" % example.replace(" ", "\n * ")),
            ("x.c", 'f("so %s.");\n' % example), ("x.c", 'f("so %s.");\n' % example.replace(" ", ' "\n\t"')),
            ("x.5", "so\n%s.\n" % example.replace(" ", "\n")), ("x.conf", "# so %s.\n" % example.replace(" ", "\n# ")))
        if instead not in [found[2] for found in words.found(path, text)]])
result("the lint takes no name in code, and no word that has another meaning, for one of these words",
       ["%s: %s" % (text, words.found("x.c", text)) for text in (
           "int folder = time_out(looked_up);", "/* the folder Junk */", "/* once a minute */", "/* it has done so */",
           'f("is", "away");', "/* who asks */", "/* it is far away */")
        if words.found("x.c", text)])
finish()
