# SPDX-License-Identifier: ISC
"""Who may include whom, circles, private headers and names, by ARCHITECTURE; and that each rule finds a fault."""
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]
from findings import finish, result, skip  # noqa: E402
from tree import Tree, circles, needs  # noqa: E402

BUILD = os.environ.get("BUILD", "build")


def table(tree):
    """Every directory stands in the table, in an order in which each row may include rows above it only."""
    problems, seen = list(tree.exceptions.problems), set()
    there = {tree.layer(p) for p in tree.product}
    problems += ["ARCHITECTURE has no row for %s" % name for name in sorted(there - set(tree.layers))]
    problems += ["ARCHITECTURE has a row for %s, which is not there" % name for name in tree.layers if name not in there]
    for name, others in tree.layers.items():
        problems += ["ARCHITECTURE: %s may include %s, which is not above it" % (name, o) for o in sorted(others - seen)]
        seen.add(name)
    return problems


def layers(tree):
    problems = []
    for path in tree.product:
        own = tree.layer(path)
        for name in tree.includes(path):
            if "/" not in name:
                problems.append("%s includes %s without its directory" % (path, name))
            elif tree.layer(name) not in tree.layers.get(own, set()) | {own} and \
                    not tree.exceptions.allow("include", "%s %s" % (path, name)):
                problems.append("%s may not include %s" % (path, name))
    return problems + tree.exceptions.unused({"include"})


def private(tree):
    """A private header is for its own directory, those below it, and their tests."""
    problems = []
    for path in tree.product + tree.tests:
        own = os.path.dirname(tree.inside(path))
        if path.startswith("tests/unit/"):
            own = own[len("tests/unit/"):]
        elif path.startswith("tests/"):
            own = None  # stand-ins and fuzz targets are of several directories; the product is not among them
        for name in tree.includes(path):
            folder = os.path.dirname(name)
            if name.endswith("_private.h") and own is not None and own != folder and not own.startswith(folder + "/") and \
                    not tree.exceptions.allow("private", "%s %s" % (path, name)):
                problems.append("%s includes %s, which is private to %s" % (path, name, folder))
    return problems + tree.exceptions.unused({"private"})


def built(tree):
    """Where the objects are missing nothing can be said of them."""
    sources = [p for p in tree.product if p.endswith(".c")]
    missing = [p for p in sources if tree.symbols(p) is None]
    return ["%d of %d sources were not compiled" % (len(missing), len(sources))] if 5 * len(missing) > len(sources) else []


def rings(tree):
    """No two files of a layer need each other; its directories below it are parts of it."""
    problems = built(tree)
    for name in tree.layers:
        files = [p for p in tree.product if tree.layer(p) == name]
        why = needs(tree, files)
        for ring in sorted(circles(files, why), key=sorted):
            if tree.exceptions.allow("circles", name):
                continue
            problems.append("a circle of %s" % ", ".join(sorted(tree.inside(f) for f in ring)))
            problems += ["  %s -> %s: %s" % (os.path.basename(a), os.path.basename(b), ", ".join(w[:6]))
                         for (a, b), w in sorted(why.items()) if a in ring and b in ring]
    return problems + tree.exceptions.unused({"circles"})


def prefixes(tree, path):
    """How a symbol of the file may begin: gp_<directory>_; in a layer of several subjects gp_<subject>_."""
    parts = tree.inside(path)[:-2].split("/")
    words = [p.replace("exim-dlfunc", "exim") for p in parts[:-1]]
    if tree.exceptions.allow("subjects", parts[0]):
        words.append(parts[-1].split("_")[0])
    return tuple("gp_%s_" % w for w in words)


def names(tree):
    problems = []
    for path in tree.product:
        both = tree.symbols(path)
        for symbol in sorted(both[0]) if both else ():
            if symbol == "main" or symbol.startswith(("__", ".", "_GLOBAL")):
                continue
            if not symbol.startswith(prefixes(tree, path)) and not tree.exceptions.allow_prefix("symbol", path, symbol):
                problems.append("%s: %s begins with none of %s" % (path, symbol, ", ".join(prefixes(tree, path))))
    return problems + tree.exceptions.unused({"subjects", "symbol"})


def pages(tree):
    """What is written for developers names files that are there, in lines of at most 100 columns."""
    problems = []
    for page in ("ARCHITECTURE", "CONTRIBUTING"):
        for number, line in enumerate(tree.text(page).split("\n"), 1):
            problems += ["%s:%d is longer than 100 columns" % (page, number)] if len(line) > 100 else []
            for name in re.findall(r"(?<![\w./])[\w-]+/[\w./-]*\w\.(?:[ch]|py)\b", line):
                if not any(os.path.exists(os.path.join(tree.root, top, name)) for top in ("", "shared", "tests")):
                    problems.append("%s:%d names %s, which is not there" % (page, number, name))
    return problems


RULES = (
    ("ARCHITECTURE has a row for each directory, and none includes what stands below it", table),
    ("each directory includes only what its row in ARCHITECTURE allows", layers),
    ("private headers are included by their own directory and its tests", private),
    ("the files of a layer do not need each other in circles", rings),
    ("every symbol that leaves a file begins with its directory's name", names),
    ("ARCHITECTURE and CONTRIBUTING name files that are there", pages),
)

GOOD = {
    "ARCHITECTURE": "Who may include whom\n--------------------\n\n    base  -\n    mail  base\n\n"
                    "Exceptions\n----------\n\n    subjects base: it holds several\n\nThe end\n-------\n    no row\n",
    "CONTRIBUTING": "See base/span.h and tests/unit/mail/test_b.c, not a/or/b.\n",
    "shared/base/span.h": "int gp_span_cut(void);\n",
    "shared/base/span.c": '#include "base/span.h"\nint gp_span_cut(void) { return 1; }\n',
    "shared/mail/a.h": '#include "base/span.h"\nint gp_mail_a(void);\n',
    "shared/mail/a.c": '#include "mail/a.h"\n#include "mail/mail_private.h"\nint gp_mail_a(void) { return gp_mail_b(); }\n',
    "shared/mail/mail_private.h": "int gp_mail_b(void);\n",
    "shared/mail/b.c": '#include "mail/mail_private.h"\nint gp_mail_b(void) { return 0; }\n',
    "tests/unit/mail/test_b.c": '#include "mail/mail_private.h"\n',
}
# What is planted, in which file (a text that is added to it), and the rule that has to find it.
FAULTS = (
    ("a directory without a row", table, {"shared/dns/dns.c": ""}),
    ("a row without a directory", table, {"ARCHITECTURE": (r"    mail  base", "    mail  base\n    spf  base mail")}),
    ("a row that may include a lower one", table, {"ARCHITECTURE": (r"    base  -", "    base  mail")}),
    ("an exception without a reason", table, {"ARCHITECTURE": (r"subjects base: it holds several", "subjects base")}),
    ("an upward include", layers, {"shared/base/span.h": '#include "mail/a.h"\n'}),
    ("an upward include from a directory below", layers, {"shared/base/deep/x.h": '#include "mail/a.h"\n'}),
    ("an include without its directory", layers, {"shared/mail/a.c": '#include "a.h"\n'}),
    ("an exception that is not used", layers, {"ARCHITECTURE": (r"\n\nThe end", "\n    include shared/mail/a.c spf/spf.h: x\n\nThe end")}),
    ("another directory's private header", private, {"shared/mail/sub/c.c": "", "shared/base/span.c": '#include "mail/mail_private.h"\n'}),
    ("a test of another directory with it", private, {"tests/unit/base/test_span.c": '#include "mail/mail_private.h"\n'}),
    ("headers that include each other", rings, {"shared/mail/mail_private.h": '#include "mail/a.h"\n',
                                                "shared/mail/a.h": '#include "mail/mail_private.h"\n'}),
    ("files that call each other", rings, {"shared/mail/b.c": "int gp_mail_a(void);\nint gp_mail_c(void) { return gp_mail_a(); }\n"}),
    ("files that call each other over a directory below", rings, {
        "shared/mail/sub/c.c": "int gp_mail_a(void);\nint gp_mail_c(void) { return gp_mail_a(); }\n",
        "shared/mail/b.c": "int gp_mail_c(void);\nint gp_mail_d(void) { return gp_mail_c(); }\n"}),
    ("a symbol of another directory's name", names, {"shared/mail/b.c": "int gp_span_join(void) { return 2; }\n"}),
    ("a page that names a file that has gone", pages, {"CONTRIBUTING": "It is in mail/gone.c.\n"}),
    ("a page with a long line", pages, {"ARCHITECTURE": "\n" + "x" * 101 + "\n"}),
    ("a symbol without a name of ours", names, {"shared/base/span.c": "int cut(void) { return 3; }\n"}),
)


def plant(folder, changes):
    """Writes the good tree with its changes, compiles it, and reads it as any tree."""
    for path in list(GOOD) + [p for p in changes if p not in GOOD]:
        change, text = changes.get(path, ""), GOOD.get(path, "")
        text = re.sub(change[0], change[1].replace("\\", r"\\"), text) if isinstance(change, tuple) else change + text
        where = os.path.join(folder, path)
        os.makedirs(os.path.dirname(where), exist_ok=True)
        with open(where, "w") as f:
            f.write(text)
        if path.startswith("shared/") and path.endswith(".c"):
            made = os.path.join(folder, "build", "obj", path[:-2] + ".o")
            os.makedirs(os.path.dirname(made), exist_ok=True)
            plain = re.sub("^#include.*", "", text, flags=re.M)
            subprocess.run(["cc", "-w", "-x", "c", "-std=gnu89", "-c", "-o", made, "-"], input=plain, text=True, check=True)
    return Tree(folder)


def planted(changes):
    with tempfile.TemporaryDirectory() as folder:
        tree = plant(folder, changes)
        return {rule: rule(tree) for _, rule in RULES}


def self_test():
    found = planted({})
    result("a tree without a fault has none by any rule", [p for problems in found.values() for p in problems])
    for fault, rule, changes in FAULTS:
        result("the lint finds " + fault, [] if planted(changes)[rule] else ["nothing was found"])


real = Tree(".", BUILD)
for name, rule in RULES:
    if rule in (rings, names) and BUILD != "build":
        skip(name, "one build is enough")
        continue
    result(name, rule(real))
self_test()
finish()
