# SPDX-License-Identifier: ISC
"""Prints how each source is compiled, as editors and analysers read it (clangd, clang-tidy). For
make compile_commands.json.

    CC=... FLAGS=... [EXIM_INCLUDE=...] tests/support/compile_commands.py SOURCE...
"""
import json
import os
import shlex
import sys


def arguments(source):
    words = shlex.split(os.environ["CC"]) + shlex.split(os.environ["FLAGS"])
    if source.startswith("tests/"):
        words.append("-Itests")
    if source.startswith("exim-dlfunc/") and os.environ.get("EXIM_INCLUDE"):
        words += ["-idirafter", os.environ["EXIM_INCLUDE"]]
    return words + ["-c", source]


json.dump([{"directory": os.getcwd(), "file": source, "arguments": arguments(source)} for source in sys.argv[1:]],
          sys.stdout, indent=1)
print()
