# SPDX-License-Identifier: ISC
"""What the tests run of the source: runs the tests that are named over a build with --coverage, asks gcov, and
prints a table by directory and the files of which least is run. For make coverage.

    tests/support/coverage.py BUILD TEST...

A test is a program of BUILD, or a script that starts those of BUILD (tests/blackbox). Counted are lines that
have code, those of the tests apart."""
import concurrent.futures
import json
import os
import subprocess
import sys

LOWEST = 10
LIMIT_S = 900
JOBS = os.cpu_count() or 2


def objects(build):
    """Each object's file for gcov, which counts what was run of it."""
    return sorted(os.path.join(where, name[:-len("gcno")] + "gcda") for where, _, names in os.walk(build + "/obj")
                  for name in names if name.endswith(".gcno"))


def prepare(build):
    """An empty file for each object, which a daemon may write as well when it has become another user."""
    for path in objects(build):
        with open(path, "wb") as f:
            os.fchmod(f.fileno(), 0o666)


def run(build, test):
    """Runs a test; its name, and whether it passed."""
    command = [sys.executable, test] if test.endswith(".py") else [test]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              timeout=LIMIT_S, env=dict(os.environ, BUILD=build, GATEPOST=build + "/gatepost"))
    except subprocess.TimeoutExpired:
        return os.path.basename(test), False
    return os.path.basename(test), done.returncode == 0


def lines_of(path):
    """{file: {line: was it run}} of one object, as gcov tells it."""
    if not os.path.getsize(path):  # nothing was run; gcov takes a file that is not there for that
        os.unlink(path)
        path = path[:-len("gcda")] + "gcno"
    told = subprocess.run(["gcov", "--json-format", "--stdout", path], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=True).stdout
    found = {}
    for text in told.decode().splitlines():
        for file in json.loads(text)["files"]:
            lines = found.setdefault(file["file"], {})
            for line in file["lines"]:
                lines[line["line_number"]] = lines.get(line["line_number"], False) or line["count"] > 0
    return found


def collect(paths, map_=map):
    """{file: (lines run, lines)} of the source."""
    files = {}
    for found in map_(lines_of, paths):
        for name, lines in found.items():
            # an object may have stayed of a source that is gone
            if not os.path.isabs(name) and not name.startswith("tests/") and os.path.exists(name):
                known = files.setdefault(name, {})
                for number, was_run in lines.items():
                    known[number] = known.get(number, False) or was_run
    return {name: (sum(lines.values()), len(lines)) for name, lines in files.items() if lines}


def table(files):
    """The lines of the table."""
    directories = {}
    for name, (ran, total) in files.items():
        for key in (os.path.dirname(name), "all"):
            a, b = directories.get(key, (0, 0))
            directories[key] = (a + ran, b + total)
    width = max(len(d) for d in directories) + 2
    rows = ["%-*s%8s%8s%9s" % (width, "directory", "lines", "run", "percent")]
    for name in sorted(directories, key=lambda d: (d == "all", d)):
        ran, total = directories[name]
        rows.append("%-*s%8d%8d%8.1f%%" % (width, name, total, ran, 100 * ran / total))
    rows += ["", "least run:"]
    lowest = sorted(files, key=lambda n: (files[n][0] / files[n][1], -files[n][1]))[:LOWEST]
    return rows + ["  %5.1f%%  %s (%d of %d lines)" % (100 * files[n][0] / files[n][1], n, *files[n]) for n in lowest]


def main():
    build, tests = sys.argv[1], sys.argv[2:]
    prepare(build)
    with concurrent.futures.ThreadPoolExecutor(max_workers=JOBS) as pool:
        failed = [name for name, passed in pool.map(lambda test: run(build, test), tests) if not passed]
        files = collect(objects(build), pool.map)
    print("%d tests\n" % len(tests))
    print("\n".join(table(files)))
    for name in failed:
        print("did not pass, so what it runs may be missing above: " + name)
    return 0 if files and len(failed) < len(tests) else 1


if __name__ == "__main__":
    sys.exit(main())
