#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Records what the tests see of gatepost, and compares two recordings: so that a change of the inside
shows whether it has changed the outside.

    python3 tests/support/record.py record [-o FOLDER] [SCRIPT ...]
    python3 tests/support/record.py compare BEFORE AFTER [SCRIPT ...]
    python3 tests/support/record.py show FOLDER [SCRIPT ...]

`record` runs the scripts of tests/blackbox and tests/mta, the collected messages of tests/conformance, and samples (the
commands over all fuzz seeds and examples), one after the other, over the programs in build/ (`make
programs` first). It writes one file a script into FOLDER (default build/record/out): for each test the
requests and answers in their order, commands with output and exit code, SMTP conversations, headers of
delivered messages, metrics, and the lines of logs. It runs in the directory of a tree, which may be another
one than its own: so that one recorder serves an older state, too. SCRIPT is a part of a script's name.

`compare` prints a unified diff for each case that differs, and ends with code 1 if there is one.

Nothing in the tests knows of this: the recorder goes into Python before a script does (see
recorder/hooks.py), and only here. What differs from run to run is taken out by recorder/plain.py. Cases that depend
on the moment are named in recorder/unstable.txt, with the reason: they are recorded, and compared without
how often a line appears, without the log, or not at all.
"""
import argparse
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PARTS = os.path.join(HERE, "recorder")
sys.path.insert(0, PARTS)
import plain  # noqa: E402

LIMIT_S = 1800


def scripts(wanted):
    found = [os.path.join(PARTS, "samples.py")]
    found += sorted(glob.glob("tests/conformance/test_verify*.py"))
    for folder in ("blackbox", "mta"):
        found += sorted(glob.glob("tests/%s/test_*.py" % folder))
    return [p for p in found if not wanted or any(w in os.path.basename(p) for w in wanted)]


def result(folder, path):
    return os.path.join(folder, os.path.basename(path)[:-3] + ".json")


def record(folder, wanted):
    """Runs the scripts; a throwaway machine sees the tree's directory only, so everything is noted there."""
    here = os.path.abspath("build/record")
    shutil.rmtree(here + "/hook", ignore_errors=True)
    shutil.copytree(PARTS, here + "/hook")
    notes = here + "/notes"
    os.makedirs(notes, exist_ok=True)
    os.makedirs(folder, exist_ok=True)
    failed = []
    for path in scripts(wanted):
        if os.path.dirname(path) == PARTS:
            path = os.path.join(here, "hook", os.path.basename(path))
        if os.path.exists(result(notes, path)):
            os.unlink(result(notes, path))
        began = time.monotonic()
        environment = dict(os.environ, RECORD=notes, RECORD_PROJECT=os.getcwd(), BUILD="build", GATEPOST="build/gatepost",
                           PYTHONPATH=here + "/hook", PYTHONDONTWRITEBYTECODE="1")
        process = subprocess.Popen([sys.executable, path], env=environment, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                                   start_new_session=True)
        try:
            said, _ = process.communicate(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            said, _ = process.communicate()
        if os.path.exists(result(notes, path)):
            shutil.copy(result(notes, path), result(folder, path))
        else:
            print("nothing was recorded:\n" + said[-2000:])
        if process.returncode:
            failed.append(os.path.basename(path))
            print("\n".join(said.splitlines()[-30:]))
        print("%-28s %4d s, exit %d" % (os.path.basename(path), time.monotonic() - began, process.returncode), flush=True)
    return failed


def cases(path):
    """The cases of a recording as they were noted: the function's name -> case"""
    if not os.path.exists(path):
        return {}
    with open(path) as f:
        text = f.read()
    project = json.loads(text)["project"]
    found = json.loads(text.replace(project + "/", "PROJECT/").replace(project, "PROJECT"))["cases"]
    # a mail server delivers in its own time, and in any order: which test takes a message may differ
    late = []
    for case in found:
        late += [row for row in case["own"] if row["kind"] == "message"]
        case["own"] = [row for row in case["own"] if row["kind"] != "message"]
    late.sort(key=plain.delivered)
    found.append({"name": "(delivered messages)", "outcome": "%d" % len(late), "own": late, "others": [], "logs": []})
    # what a test says of itself may be written anew
    return {case["name"].split(":")[0].replace(" ", "-") + case["name"].partition(", time")[2]: case for case in found}


def unstable():
    """(script, case) -> what is left out: "count", "log" or "all" (see unstable.txt)"""
    rows = {}
    with open(os.path.join(PARTS, "unstable.txt")) as f:
        for line in f:
            if line.strip() and not line.startswith("#"):
                script, case, how, _ = line.strip().split(None, 3)
                rows[script, case] = how
    return rows


def difference(was, became):
    """Prints it as diff(1) has it, which is quick with a hundred thousand lines."""
    with tempfile.TemporaryDirectory() as folder:
        for name, lines in (("before", was), ("after", became)):
            with open(os.path.join(folder, name), "w", errors="backslashreplace") as f:
                f.write("\n".join(lines) + "\n")
        sys.stdout.flush()
        subprocess.run(["diff", "-U2", "--label", "before", "--label", "after", "before", "after"], cwd=folder, check=False)


def compare(before, after, wanted):
    differ, left_out = 0, unstable()
    names = sorted(set(os.listdir(before)) | set(os.listdir(after)))
    for name in names:
        script = name[:-5]
        if not name.endswith(".json") or (wanted and not any(w in script for w in wanted)):
            continue
        old, new = cases(os.path.join(before, name)), cases(os.path.join(after, name))
        if not old or not new:
            print("only one of the two has %s" % script)
            continue
        for case in list(old) + [c for c in new if c not in old]:
            how = left_out.get((script, case), left_out.get((script, "*")))
            if how == "all":
                continue
            if how == "log":
                for side in (old, new):
                    side.get(case, {})["logs"] = []
            was, became = (plain.case(side[case]) if case in side else [] for side in (old, new))
            if how == "count":
                was, became = plain.uncounted(was), plain.uncounted(became)
            if was == became:
                continue
            differ += 1
            print("---- %s: %s" % (script, case))
            difference(was, became)
    print("%d cases differ" % differ)
    return 1 if differ else 0


def show(folder, wanted):
    for name in sorted(n for n in os.listdir(folder) if not wanted or any(w in n for w in wanted)):
        for case, noted in cases(os.path.join(folder, name)).items():
            print("\n".join(["==== %s: %s" % (name[:-5], case)] + plain.case(noted)))
    return 0


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    todo = words.add_subparsers(dest="todo", required=True)
    one = todo.add_parser("record")
    one.add_argument("-o", dest="folder", default="build/record/out")
    one.add_argument("scripts", nargs="*")
    two = todo.add_parser("compare")
    two.add_argument("before")
    two.add_argument("after")
    two.add_argument("scripts", nargs="*")
    three = todo.add_parser("show")
    three.add_argument("folder")
    three.add_argument("scripts", nargs="*")
    given = words.parse_args()
    if given.todo == "show":
        return show(given.folder, given.scripts)
    if given.todo == "record":
        return 1 if record(os.path.abspath(given.folder), given.scripts) else 0
    return compare(given.before, given.after, given.scripts)


if __name__ == "__main__":
    sys.exit(main())
