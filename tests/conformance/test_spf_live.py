#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Runs test_spf_live where there is an nsd: as root in a throwaway machine with a network of its
own, otherwise on this one if nsd is installed. BUILD names the directory of the programs
(build)."""
import os
import sys

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(PROJECT, "tests", "support"))
sys.dont_write_bytecode = True
import sandbox  # noqa: E402  (lies in the directory named just above)


def main():
    if os.geteuid() == 0:
        try:
            sandbox.enter(["nsd"])
        except sandbox.Unavailable as reason:
            print("1..1\nok 1 - live suite # SKIP %s" % reason)
            return
    os.chdir(PROJECT)
    program = os.path.join(os.environ.get("BUILD", "build"), "tests", "test_spf_live")
    os.execv(program, [program])


if __name__ == "__main__":
    main()
