# SPDX-License-Identifier: ISC
"""make coverage over one test: it passes, the file that it is about is run, another one is not, and the ten
files of which least is run are named."""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import world  # noqa: E402
from world import equal, holds  # noqa: E402

MAKE = os.environ.get("MAKE", "make")


def one_test():
    """make coverage T=test_span: a row for each directory, and the least of all"""
    done = subprocess.run([MAKE, "coverage", "T=test_span", "CC=" + os.environ.get("CC", "gcc")], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    equal(done.returncode, 0, done.stdout[-3000:])
    holds(done.stdout, "1 tests")
    rows = {m.group(1): (int(m.group(2)), int(m.group(3))) for m in
            re.finditer(r"^([a-z/_-]+) +(\d+) +(\d+) +[\d.]+%$", done.stdout, re.M)}
    for directory in ("shared/base", "shared/dns", "shared/store/lmdb", "daemon", "policyd", "cli", "cli/doctor",
                      "exim-dlfunc", "all"):
        assert directory in rows, (directory, done.stdout)
    equal(rows["all"], tuple(sum(r[i] for d, r in rows.items() if d != "all") for i in (0, 1)))
    assert rows["shared/base"][1] > 50, rows
    equal(rows["shared/dns"][1], 0)
    least = re.findall(r"^ +([\d.]+)%  (\S+\.c) \(\d+ of \d+ lines\)$", done.stdout, re.M)
    equal(len(least), 10)
    equal({percent for percent, _ in least}, {"0.0"})


def main():
    tap = world.Tap()
    tap.run(one_test)
    tap.finish()


main()
