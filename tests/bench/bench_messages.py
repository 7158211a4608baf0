#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The tables of what the check of a message costs (make bench): in the core, beside the SHA-256 of the
body and one RSA verification through OpenSSL.

The exit code is 0 whether or not the targets are met, 1 when there was nothing to measure."""
import os
import statistics
import subprocess
import sys

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD", os.path.join(PROJECT, "build"))
ROUNDS = 5
RATIO_TARGET = 1.3  # of the floor, at TARGET_SIZE
TARGET_SIZE = 50000


def progress(text):
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K" + (text + " ..." if text else ""))
        sys.stderr.flush()


def show(text=""):
    progress("")
    print(text, flush=True)


def rounds(program):
    """{(size, form): [(floor, dkim, engine, arena), ...]}"""
    found = {}
    for i in range(ROUNDS):
        progress("messages, round %d of %d" % (i + 1, ROUNDS))
        out = subprocess.run([program], stdout=subprocess.PIPE, check=True, text=True).stdout
        for line in out.splitlines():
            size, form, *figures = line.split()
            found.setdefault((int(size), form), []).append([float(f) for f in figures])
    return found


def core(program):
    """Ours against the floor in the same round; returns whether the target is met."""
    met = True
    show("A message with one RSA-2048 signature, key in memory: microseconds, median of %d rounds" % ROUNDS)
    show("  %9s %-16s %9s %9s %9s %9s %9s" % ("bytes", "form", "floor", "DKIM", "to floor", "all", "memory"))
    for (size, form), figures in rounds(program).items():
        floor, dkim, engine, arena = (statistics.median(f[i] for f in figures) for i in range(4))
        ratio = statistics.median(f[1] / f[0] for f in figures)
        show("  %9d %-16s %9.1f %9.1f %9.2f %9.1f %8dk" % (size, form, floor, dkim, ratio, engine,
                                                           arena // 1024))
        met = met and (size != TARGET_SIZE or ratio <= RATIO_TARGET)
    show("  floor: SHA-256 of the body and one RSA verification; all: SPF, DKIM, DMARC, decision, texts")
    show("  target: at most %.1f of floor at %d bytes: %s\n" % (
        RATIO_TARGET, TARGET_SIZE, "met" if met else "MISSED"))
    return met


def main():
    try:
        core(os.path.join(BUILD, "bench", "messages"))
    except (OSError, subprocess.CalledProcessError) as error:
        show("bench: %s" % error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
