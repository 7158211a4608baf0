# SPDX-License-Identifier: ISC
"""The tree as the lint sees it: files, includes, symbols of objects, and what ARCHITECTURE says of them.

ARCHITECTURE has the table of layers and the list of exceptions; here they are read, nowhere written
again, so that what people read and what is checked cannot differ.
"""
import collections
import glob
import os
import re
import subprocess

TOPS = ("shared", "daemon", "policyd", "exim-dlfunc", "cli", "steward")
ROW = re.compile(r"^    (\S.*)$", re.M)


class Exceptions:
    """Rows "kind place: reason". One that is not used is a problem, as is one without a reason."""

    def __init__(self, rows):
        self.rows, self.used, self.problems = {}, set(), []
        for row in rows:
            m = re.match(r"(\w+) +(\S[^:]*?): (\S.*)$", row)
            if m:
                self.rows[m.group(1), m.group(2)] = m.group(3)
            else:
                self.problems.append("ARCHITECTURE: an exception without a kind, a place or a reason: " + row)

    def allow(self, kind, place):
        if (kind, place) not in self.rows:
            return False
        self.used.add((kind, place))
        return True

    def allow_prefix(self, kind, place, name):
        """A row whose place ends in how the name begins."""
        return any(self.allow(k, p) for k, p in self.rows
                   if k == kind and p.rpartition(" ")[0] == place and name.startswith(p.rpartition(" ")[2]))

    def unused(self, kinds):
        return ["ARCHITECTURE: no longer an exception, remove the row: %s %s" % row
                for row in sorted(self.rows) if row[0] in kinds and row not in self.used]


class Tree:
    def __init__(self, root=".", build="build"):
        self.root, self.build = root, os.path.join(root, build)
        self.product = sorted(os.path.relpath(path, root) for top in TOPS
                              for path in glob.glob(os.path.join(root, top, "**", "*.[ch]"), recursive=True)
                              if "/header/" not in path)
        self.tests = sorted(os.path.relpath(path, root)
                            for path in glob.glob(os.path.join(root, "tests", "**", "*.[ch]"), recursive=True))
        self.layers = collections.OrderedDict()
        self.exceptions = Exceptions(self.rows("Exceptions"))
        for row in self.rows("Who may include whom"):
            name, _, others = row.partition(" ")
            self.layers[name] = set(others.split()) - {"-"}

    def text(self, path):
        with open(os.path.join(self.root, path), errors="replace") as f:
            return f.read()

    def rows(self, title):
        """The indented rows of the section of ARCHITECTURE that is called so; a row may go on in the next line."""
        m = re.search(r"^%s\n-+\n(.*?)(?=^\S[^\n]*\n-{3,}\n|\Z)" % re.escape(title), self.text("ARCHITECTURE"), re.M | re.S)
        return ROW.findall(re.sub(r"\n {12,}(?=\S)", " ", m.group(1))) if m else []

    @staticmethod
    def inside(path):
        """The path as it is included: shared/ is where the compiler begins to look."""
        return path[len("shared/"):] if path.startswith("shared/") else path

    def layer(self, path):
        return self.inside(path).split("/")[0]

    def includes(self, path):
        return re.findall(r'^#include "([^"]+)"', self.text(path), re.M)

    def symbols(self, path):
        """(defined, used) of the object of a source; None when it was not built."""
        for kind in ("obj", "pic"):
            built = os.path.join(self.build, kind, path[:-2] + ".o")
            if path.endswith(".c") and os.path.exists(built):
                break
        else:
            return None
        out = subprocess.run(["nm", built], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
        found = re.findall(r"^\S*\s+([A-Za-z])\s+(\S+)$", out, re.M)
        return {n for k, n in found if k in "TDBRCVW"}, {n for k, n in found if k == "U"}


def needs(tree, files):
    """Which file needs which, and why: it includes it, or its object uses a symbol of the other's object."""
    why = collections.defaultdict(list)
    headers = {tree.inside(f): f for f in files if f.endswith(".h")}
    home, used = {}, {}
    for f in files:
        for name in tree.includes(f):
            if headers.get(name, f) != f:
                why[f, headers[name]].append("includes it")
        both = tree.symbols(f)
        if both:
            home.update((s, f) for s in both[0])
            used[f] = both[1]
    for f in used:
        for s in sorted(used[f]):
            if home.get(s, f) != f:
                why[f, home[s]].append(s)
    return why


def circles(files, why):
    """Sets of files of which each needs, by whatever way, all others of its set."""
    after = collections.defaultdict(set)
    for a, b in why:
        after[a].add(b)

    def reached(start):
        seen, left = set(), [start]
        while left:
            for n in after[left.pop()] - seen:
                seen.add(n)
                left.append(n)
        return seen
    far = {f: reached(f) for f in files}
    return {frozenset(g for g in far[f] if f in far[g]) for f in files if f in far[f]}
