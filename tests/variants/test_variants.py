# SPDX-License-Identifier: ISC
"""The builds that a user can ask for: the other compiler, without each optional part, without all of them.

Each is compiled without optimisation, linked, and each of its programs is started; it must be made of the
parts it says and of no others. For make check-variants; what the programs do is tested in make check.
"""
import glob
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from findings import finish, result, skip  # noqa: E402

MAKE = os.environ.get("MAKE", "make")
CC, CLANG = os.environ.get("CC") or "gcc", os.environ.get("CLANG") or "clang"
WORK = "build/variants"
EXAMPLE = "conf-examples/gatepost.conf"
EXIM = bool(glob.glob("/usr/include/exim*/local_scan.h"))
POLICYD, COMMAND, MODULE = "gatepost-policyd", "gatepost", "gatepost-exim.so"
# An optional part: the switch of make that leaves it out, what is linked then no more, and with which programs.
PARTS = {"REDIS": ("libhiredis", (POLICYD, COMMAND, MODULE)), "SECCOMP": ("libseccomp", (POLICYD,)),
         "HTTP": ("libmicrohttpd", (POLICYD,)), "EXIM_INCLUDE": (None, ())}
# Those of one directory follow each other in an order in which little is compiled again.
VARIANTS = (
    ("clang", CLANG, "clang", ()),
    ("all parts", CC, "gcc", ()),
    ("no metrics over HTTP", CC, "gcc", ("HTTP",)),
    ("no filter of system calls", CC, "gcc", ("SECCOMP",)),
    ("no Exim header", CC, "gcc", ("EXIM_INCLUDE",)),
    ("no Redis", CC, "gcc-plain", ("REDIS",)),
    ("none of the optional parts", CC, "gcc-plain", ("REDIS", "HTTP", "SECCOMP", "EXIM_INCLUDE")),
)


def run(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace")
    return done.returncode, done.stdout


def built(compiler, where, without):
    """Makes the programs anew from the objects that fit; returns what went wrong."""
    for name in (POLICYD, COMMAND, MODULE):
        if os.path.exists(os.path.join(where, name)):
            os.unlink(os.path.join(where, name))
    code, out = run(MAKE, "-s", "-j%d" % (os.cpu_count() or 2), "B=" + where, "CC=" + compiler, "CFLAGS=-O0", "SANITIZE=",
                    *[part + "=" for part in without], "programs")
    return [line for line in out.splitlines() if "compile" not in line and "link" not in line][-20:] if code else []


def linked(where, without):
    """Is each optional library linked exactly where its part is in?"""
    problems = []
    for part, (library, programs) in PARTS.items():
        for name in programs:
            path = os.path.join(where, name)
            if os.path.exists(path) and library:
                there = library in run("ldd", path)[1]
                if there == (part in without):
                    problems.append("%s is%s linked with %s" % (name, "" if there else " not", library))
    has_module = os.path.exists(os.path.join(where, MODULE))
    if has_module != (EXIM and "EXIM_INCLUDE" not in without):
        problems.append("%s is%s there" % (MODULE, "" if has_module else " not"))
    return problems


def starts(where):
    """Each program says which it is and reads a configuration; the module can be loaded as Exim loads it."""
    problems = []
    version = re.search(r"^VERSION = (\S+)$", open("Makefile").read(), re.M).group(1)
    for command, expected in (
            ((POLICYD, "--version"), "gatepost-policyd %s\n" % version),
            ((COMMAND, "--version"), "gatepost %s\n" % version),
            ((COMMAND, "check-config", EXAMPLE), EXAMPLE + ": no errors\n"),
            ((COMMAND, "check-config", "--example"), open(EXAMPLE).read())):
        code, out = run(os.path.join(where, command[0]), *command[1:])
        if (code, out) != (0, expected):
            problems.append("%s: exit code %d, %s" % (" ".join(command), code, out[:300]))
    module = os.path.join(where, MODULE)
    if os.path.exists(module):
        code, out = run(sys.executable, "-c", "import ctypes, sys; ctypes.CDLL(sys.argv[1], 2)", os.path.abspath(module))
        problems += ["%s: %s" % (MODULE, out)] if code else []
    return problems


for name, compiler, folder, without in VARIANTS:
    where = os.path.join(WORK, folder)
    if not shutil.which(compiler.split()[0]):
        skip(name, "%s is not at hand" % compiler)
        continue
    result(name, built(compiler, where, without) or linked(where, without) + starts(where))
finish()
