# SPDX-License-Identifier: ISC
"""What the tests run of the source: runs the programs that are named, which were built with --coverage, asks
gcov, and prints a table by directory and the files of which least is run. For make coverage.

    tests/support/coverage.py BUILD PROGRAM...

Counted are lines that have code. What only other tests run (tests/blackbox, tests/mta) is not counted:
those start the programs as other users, who may not write into BUILD."""
import concurrent.futures
import json
import os
import subprocess
import sys

LOWEST = 10
JOBS = os.cpu_count() or 2


def data_files(build):
    """The files that gcov reads: what was run of each object."""
    return sorted(os.path.join(where, name) for where, _, names in os.walk(build + "/obj")
                  for name in names if name.endswith(".gcda"))


def run(program):
    """Runs a test program; its name, and whether it passed."""
    done = subprocess.run([program], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          env=dict(os.environ, CMOCKA_TEST_ABORT="1"), timeout=900)
    return os.path.basename(program), done.returncode == 0


def lines_of(path):
    """{file: {line: was it run}} of one object, as gcov tells it."""
    told = subprocess.run(["gcov", "--json-format", "--stdout", path], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=True).stdout
    found = {}
    for text in told.decode().splitlines():
        for file in json.loads(text)["files"]:
            lines = found.setdefault(file["file"], {})
            for line in file["lines"]:
                lines[line["line_number"]] = lines.get(line["line_number"], False) or line["count"] > 0
    return found


def collect(build, map_=map):
    """(run, all) lines of each source file; those of the tests and of the system's headers are left out."""
    files = {}
    for found in map_(lines_of, data_files(build)):
        for name, lines in found.items():
            if not os.path.isabs(name) and not name.startswith("tests/"):
                known = files.setdefault(name, {})
                for number, was_run in lines.items():
                    known[number] = known.get(number, False) or was_run
    return {name: (sum(lines.values()), len(lines)) for name, lines in files.items() if lines}


def untouched(build):
    """Source files of which no test has run anything: objects with notes, and no data."""
    notes = sorted(os.path.join(where, name) for where, _, names in os.walk(build + "/obj") for name in names
                   if name.endswith(".gcno"))
    without = [n for n in notes if not os.path.exists(n[:-len("gcno")] + "gcda")]
    return [n for n in without if not os.path.relpath(n, build + "/obj").startswith("tests/")]


def directory_of(name):
    """shared/dns, shared/store/lmdb, cli/doctor, policyd"""
    return os.path.dirname(name)


def table(files):
    """The lines of the table."""
    directories = {}
    for name, (ran, total) in files.items():
        for key in (directory_of(name), "all"):
            a, b = directories.get(key, (0, 0))
            directories[key] = (a + ran, b + total)
    width = max(len(d) for d in directories) + 2
    rows = ["%-*s%8s%8s%9s" % (width, "directory", "lines", "run", "percent")]
    for name in sorted(directories, key=lambda d: (d == "all", d)):
        ran, total = directories[name]
        rows.append("%-*s%8d%8d%8.1f%%" % (width, name, total, ran, 100 * ran / total))
    rows += ["", "least run:"]
    lowest = sorted(files, key=lambda n: (files[n][0] / files[n][1], -files[n][1]))[:LOWEST]
    for name in lowest:
        ran, total = files[name]
        rows.append("  %5.1f%%  %s (%d of %d lines)" % (100 * ran / total, name, ran, total))
    return rows


def main():
    build, programs = sys.argv[1], sys.argv[2:]
    for path in data_files(build):  # of a run before
        os.unlink(path)
    with concurrent.futures.ThreadPoolExecutor(max_workers=JOBS) as pool:
        failed = [name for name, passed in pool.map(run, programs) if not passed]
        files = collect(build, pool.map)
        # what was compiled and never run counts with all its lines
        for name, lines in [f for found in pool.map(lines_of, untouched(build)) for f in found.items()]:
            if lines and name not in files and not os.path.isabs(name) and name.endswith(".c"):
                files[name] = (0, len(lines))
    print("%d test programs (unit tests, public suites, seeds of the fuzz targets)\n" % len(programs))
    print("\n".join(table(files)))
    for name in failed:
        print("FAILED: " + name)
    return 1 if failed or not files else 0


if __name__ == "__main__":
    sys.exit(main())
