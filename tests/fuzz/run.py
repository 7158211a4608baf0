#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Runs fuzz targets, two at a time, and says in TAP how each of them ended.

    tests/fuzz/run.py build/fuzz/fuzz_a build/fuzz/fuzz_b ...

FUZZ_SECONDS says how long each may take (10). What a target finds interesting is kept in
build/fuzz/corpus/<target> for the next run; the seeds are never changed. An input that breaks a
target is kept in build/fuzz/found/, and its path printed: add it to the seeds with the repair.
"""
import concurrent.futures
import os
import re
import signal
import subprocess
import sys
import threading
import time

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SEEDS = os.path.join(PROJECT, "tests", "fuzz", "seeds")
BUILD = os.path.join(PROJECT, "build", "fuzz")
AT_ONCE = 2
GRACE = 120  # seconds beyond the asked ones after which a target hangs
# bytes of an input, where the largest seed would allow so many that most of the time goes into lengths: everything
# that a configuration can say fits into them, and the seeds are replayed whole by the tests
LONGEST = {"fuzz_config": 1024}

lock = threading.Lock()  # guards output, finished, the running processes and stopping
running = set()
finished = 0
stopping = False


def say(text):
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
        sys.stderr.flush()
    print(text, flush=True)


def progress(began, seconds, total):
    """A line on a terminal, written over and over, until all is done."""
    rounds = (total + AT_ONCE - 1) // AT_ONCE
    while sys.stderr.isatty():
        with lock:
            if finished == total or stopping:
                return
            sys.stderr.write("\r\033[Kfuzzing: %d of %d targets done, %d of about %d s" % (
                finished, total, time.monotonic() - began, rounds * seconds))
            sys.stderr.flush()
        time.sleep(1)


def command(program, name, seconds):
    """libFuzzer writes into the first directory only."""
    corpus, seeds = os.path.join(BUILD, "corpus", name), os.path.join(SEEDS, name)
    found = os.path.join(BUILD, "found")
    os.makedirs(corpus, exist_ok=True)
    os.makedirs(found, exist_ok=True)
    return [program, "-max_total_time=%d" % seconds, "-timeout=10", "-rss_limit_mb=2048",
            "-max_len=%d" % LONGEST.get(name, 0), "-artifact_prefix=%s/%s-" % (found, name), corpus] + (
                [seeds] if os.path.isdir(seeds) else [])


def run(program, name, seconds):
    """The end of one target: (exit code, what it said)."""
    with lock:
        if stopping:
            return None, "not run"
        process = subprocess.Popen(command(program, name, seconds), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   text=True, errors="replace")
        running.add(process)
    try:
        _, said = process.communicate(timeout=seconds + GRACE)
        return process.returncode, said
    except subprocess.TimeoutExpired:
        return None, "still running %d s after its time" % GRACE
    finally:
        process.kill()
        process.wait()
        with lock:
            running.discard(process)


def report(number, name, code, said):
    """One TAP line; what led to a failure stands below it. Returns whether all was well."""
    done = re.search(r"Done (\d+) runs", said)
    if code == 0 and done:
        say("ok %d - %s: %s inputs" % (number, name, done.group(1)))
        return True
    say("not ok %d - %s" % (number, name))
    found = re.findall(r"Test unit written to (\S+)", said)
    for path in found:
        say("# input: %s" % os.path.relpath(path, PROJECT))
    reasons = re.findall(r"^(?:.*ERROR: .*|SUMMARY: .*|.*runtime error: .*)$", said, re.M)
    for line in reasons or said.splitlines()[-8:]:
        say("# " + line)
    return False


def stop(signum, _):
    """The targets end with this script."""
    global stopping
    stopping = True
    for process in list(running):
        process.kill()
    os._exit(128 + signum)


def main():
    programs = sys.argv[1:]
    seconds = int(os.environ.get("FUZZ_SECONDS") or 10)
    if not programs:
        print("usage: FUZZ_SECONDS=N run.py PROGRAM...", file=sys.stderr)
        return 2
    for s in (signal.SIGINT, signal.SIGTERM):
        signal.signal(s, stop)
    say("1..%d" % len(programs))
    threading.Thread(target=progress, args=(time.monotonic(), seconds, len(programs)),
                     daemon=True).start()

    def one(number, program):
        global finished
        name = os.path.basename(program)
        code, said = run(program, name, seconds)
        with lock:
            finished += 1
            return report(number, name, code, said)

    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        good = list(pool.map(one, range(1, len(programs) + 1), programs))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
