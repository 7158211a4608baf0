# SPDX-License-Identifier: ISC
"""What a reader relies on and no compiler checks: headers, options, hardening, format.

Layers, circles and names are test_lint_layers.py's, sizes and comments test_lint_text.py's.
"""
import concurrent.futures
import glob
import os
import re
import shlex
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]
from findings import finish, result, skip  # noqa: E402
from tree import Tree  # noqa: E402

BUILD = os.environ.get("BUILD", "build")
GATEPOST = os.environ.get("GATEPOST", "build/gatepost")

# Third-party headers appear in one place each.
HOMES = {"ldns/": "shared/dns/", "lmdb.h": "shared/store/lmdb/",
         "hiredis/": "shared/store/redis/", "openssl/": "shared/crypto/",
         "idn2.h": "shared/mail/address.c", "unicase.h": "shared/mail/fold.c",
         "unictype.h": "shared/mail/fold.c", "uninorm.h": "shared/mail/fold.c", "unistr.h": "shared/mail/fold.c",
         "libpsl.h": "shared/mail/suffix.c",
         "local_scan.h": "exim-dlfunc/dlfunc.c", "seccomp.h": "daemon/seccomp.c", "microhttpd.h": "daemon/http.c", "jansson.h": ("daemon/log_sink.c", "daemon/control", "shared/operator/", "shared/store/store_line.c", "policyd/control", "cli/")}


def sources(*patterns):
    return sorted(f for p in patterns for f in glob.glob(p))


TREE = Tree()
PRODUCT, ALL = TREE.product, TREE.product + TREE.tests


def check_homes():
    problems = []
    for path in PRODUCT:
        for included in re.findall(r"^#include <([^>]+)>", open(path).read(), re.M):
            for library, homes in HOMES.items():
                homes = homes if isinstance(homes, tuple) else (homes,)
                if included.startswith(library) and not path.startswith(homes):
                    problems.append("%s includes <%s>" % (path, included))
    result("third-party headers appear in one place each", problems)


def symbols(archive, kinds):
    out = subprocess.run(["nm", archive], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                         text=True).stdout
    return {m.group(2) for m in re.finditer(r"^\S*\s+([A-Za-z])\s+(\S+)$", out, re.M)
            if m.group(1) in kinds}


def check_core_is_quiet():
    forbidden = {"exit", "_exit", "abort", "printf", "puts", "fprintf", "fputs", "perror", "system",
                 "__printf_chk", "__fprintf_chk", "stderr", "stdout", "syslog", "strcpy", "strcat",
                 "sprintf", "__sprintf_chk", "gets", "strtok", "alloca"}
    used = symbols(os.path.join(BUILD, "libgatepost.a"), "U") & forbidden
    if os.environ.get("BUILD", "build") != "build":
        return skip("the core neither exits nor prints", "sanitizers add calls of their own")
    return result("the core neither exits nor prints", ["libgatepost.a calls " + u for u in sorted(used)])


def check_test_names():
    """A program is called as its file, whatever directory that is in: of two only one would be built."""
    seen, problems = {}, []
    for path in sources("tests/unit/*/test_*.c", "tests/unit/*/*/test_*.c", "tests/conformance/test_*.c"):
        name = os.path.basename(path)
        if name in seen:
            problems.append("%s has the name of %s" % (path, seen[name]))
        seen[name] = path
    result("no two tests have the same name", problems)


def check_no_clock():
    """A busy machine may take any time: tests wait for events, and never judge by how long it took."""
    timed = re.compile(r"assert[^\n]*(?:monotonic\(\)|time\.time\(\)|elapsed\w*|since_[mu]s\([^\n]*\)|took_[mu]s)[^\n]*<")
    problems = ["%s:%d: %s" % (path, number, line.strip())
                for path in sources("tests/*/*.py", "tests/*/*.c", "tests/unit/*/*.c", "tests/unit/*/*/*.c") if "/bench/" not in path
                for number, line in enumerate(open(path), 1) if timed.search(line) and "PATIENCE" not in line
                and path != "tests/lint/test_lint.py"]
    result("no test asserts that something was fast", problems)


def check_headers():
    problems = []
    flags = subprocess.run(["pkg-config", "--cflags", "ldns", "libbsd"], stdout=subprocess.PIPE,
                           text=True).stdout.split()
    for path in [p for p in ALL if p.endswith(".h")]:
        made = subprocess.run(["cc", "-std=c11", "-D_GNU_SOURCE", '-DGP_SYSCONFDIR="/etc"', "-Ishared",
                               "-I.", "-Itests", "-Wall", "-Werror", "-fsyntax-only", "-x", "c"] +
                              flags + [path], stderr=subprocess.PIPE, text=True)
        if made.returncode:
            problems.append("%s: %s" % (path, made.stderr.split("\n")[0]))
    result("every header compiles alone", problems)


def printed(*arguments):
    return subprocess.run([GATEPOST, "check-config"] + list(arguments), stdout=subprocess.PIPE,
                          text=True, check=True).stdout


def check_options():
    example = open("conf-examples/gatepost.conf").read()
    result("conf-examples/gatepost.conf is what the table of options makes",
           [] if example == printed("--example") else
           ["write it again: build/gatepost check-config --example > conf-examples/gatepost.conf"])
    manual = open("man/gatepost.conf.5").read()
    result("gatepost.conf(5) holds what the table of options makes",
           [] if printed("--man") in manual else
           ["put the output of build/gatepost check-config --man into man/gatepost.conf.5"])
    lists = open("man/gatepost-lists.7").read()
    result("gatepost-lists(7) holds what the table of known DNS lists makes",
           [] if printed("--man-lists") in lists else
           ["put the output of build/gatepost check-config --man-lists into man/gatepost-lists.7"])


def check_module():
    name = "gatepost-exim.so exports what exports.map lists and gatepost.macros calls, and nothing else"
    module = os.path.join(BUILD, "gatepost-exim.so")
    if not os.path.exists(module):
        return skip(name, "gatepost-exim.so was not built")
    out = subprocess.run(["nm", "-D", "--defined-only", module], stdout=subprocess.PIPE, text=True).stdout
    exported = {m for m in re.findall(r" [A-Z] (\w+)", out) if not m.startswith("GATEPOST_")}
    listed = set(re.findall(r"^\t(gatepost_\w+);", open("exim-dlfunc/exports.map").read(), re.M))
    macros = open("exim-dlfunc/gatepost.macros").read()
    called = set(re.findall(r"\{(gatepost_\w+)\}", macros))
    problems = ["%s: exported %s, listed %s, called %s" % (f, f in exported, f in listed, f in called)
                for f in sorted(exported | listed | called) if not f in exported & listed & called]
    return result(name, problems)


def check_exim_header():
    name = "exim-dlfunc/header says of Exim's interface what Exim's own header says"
    exims = sources("/usr/include/exim4/local_scan.h", "/usr/include/exim/local_scan.h")
    if not exims:
        return skip(name, "Exim's <local_scan.h> is not at hand")
    probe = ('#define DLFUNC_IMPL\n#include <%s>\n_Static_assert(OK == %s, "OK");\n'
             'exim_dlfunc_t f;\nint f(uschar **yield, int argc, uschar *argv[]);\n'
             '_Static_assert(_Generic((uschar)0, unsigned char: 1, default: 0), "uschar");\n')
    ours = "exim-dlfunc/header/local_scan.h"
    value = re.search(r"^#define OK (\d+)$", open(ours).read(), re.M).group(1)
    problems = []
    for header in (exims[0], os.path.abspath(ours)):
        made = subprocess.run(["cc", "-std=gnu11", "-I" + os.path.dirname(header), "-fsyntax-only", "-x", "c", "-"],
                              input=probe % (header, value), stderr=subprocess.PIPE, text=True)
        if made.returncode:
            problems.append("%s: %s" % (header, "; ".join(made.stderr.split("\n")[:3])))
    return result(name, problems)


def dump(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          errors="replace").stdout


def check_hardening():
    """What the compiler and the linker were told is read from what they made."""
    name = "programs and module are hardened: %s"
    files = [os.path.join(BUILD, n) for n in ("gatepost-policyd", "gatepost", "gatepost-exim.so")]
    files = [f for f in files if os.path.exists(f)]
    if BUILD != "build" or not files or not shutil.which("readelf"):
        return skip(name % "all of it", "no plain build, or no readelf")
    linked, compiled = [], []
    for path in files:
        tables = dump("readelf", "-hlWd", path)
        symbols_used = dump("nm", "-D", "--undefined-only", path)
        code = dump("readelf", "-W", "-p", ".debug_str", path)
        for what, there in (
                ("position-independent", re.search(r"Type:\s+DYN", tables)),
                ("-z relro", "GNU_RELRO" in tables),
                ("-z now", re.search(r"\(FLAGS\).*BIND_NOW", tables)),
                ("a stack that is not executable", re.search(r"GNU_STACK .* RW ", tables)),
                ("no RPATH", "(RPATH)" not in tables and "(RUNPATH)" not in tables),
                ("no text relocations", "TEXTREL" not in tables)):
            linked += [] if there else ["%s: not so: %s" % (path, what)]
        compiled += [] if "__stack_chk_fail" in symbols_used else ["%s: no stack protector" % path]
        compiled += [] if re.search(r" __\w+_chk\b", symbols_used) else ["%s: no _FORTIFY_SOURCE" % path]
        # gcc writes down how each file was compiled
        for producer in sorted(set(re.findall(r"GNU C1\d .*", code))):
            wanted = ["-fstack-protector-strong", "-fstack-clash-protection"]
            wanted += ["-fcf-protection"] * (os.uname().machine == "x86_64")
            compiled += ["%s: something was compiled without %s" % (path, w) for w in wanted
                         if w not in producer]
    # which level of _FORTIFY_SOURCE it was is not in the files
    flags = open(os.path.join(BUILD, "flags")).read()
    takes_3 = subprocess.run(["cc", "-Werror", "-O2", "-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=3", "-include", "stdio.h",
                              "-x", "c", "-c", "-o", "/dev/null", "/dev/null"], stderr=subprocess.DEVNULL)
    level = "-D_FORTIFY_SOURCE=%d" % (3 if takes_3.returncode == 0 else 2)
    compiled += [] if level in flags else ["compiled without " + level]
    result(name % "relro, now, no executable stack", linked)
    return result(name % "stack, control flow, _FORTIFY_SOURCE", compiled)


def check_clang():
    """The other compiler has warnings of its own; it reads everything, and makes nothing of it."""
    name = "clang has no warning about any file"
    clang = os.environ.get("CLANG") or "clang"
    if not shutil.which(clang) or BUILD != "build":
        return skip(name, "clang is not at hand" if BUILD == "build" else "one build is enough")
    made = subprocess.run(["make", "-s", "B=build/clang", "CC=" + clang, "build/clang/flags"], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    if made.returncode:
        return result(name, [made.stdout])
    flags = shlex.split(open("build/clang/flags").read())
    exim = [os.path.dirname(h) for h in sources("/usr/include/exim*/local_scan.h")] or ["exim-dlfunc/header"]

    def read(path):
        done = subprocess.run(flags + ["-Itests", "-idirafter", exim[0], "-fsyntax-only", path], stderr=subprocess.PIPE,
                              text=True)
        return done.stderr
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        said = pool.map(read, [f for f in ALL if f.endswith(".c")])
    return result(name, [line for text in said for line in text.splitlines() if ": warning:" in line or ": error:" in line])


def check_unit():
    """Where a service can write it must not be able to run what it wrote."""
    unit = open("policyd/systemd/gatepost-policyd.service").read()
    problems = []
    for kind, root in (("StateDirectory", "/var/lib/"), ("RuntimeDirectory", "/run/")):
        for folder in re.findall(r"^%s=(\S+)$" % kind, unit, re.M):
            if not re.search(r"^NoExecPaths=.*%s%s\b" % (root, folder), unit, re.M):
                problems.append("%s%s can be written and executed: NoExecPaths=" % (root, folder))
    result("the unit can execute nothing from the directories it can write", problems)


def check_format():
    tool = shutil.which("clang-format-14") or shutil.which("clang-format")
    version = subprocess.run([tool, "--version"], stdout=subprocess.PIPE, text=True).stdout if tool else ""
    if " 14." not in version:
        return skip("C is formatted by clang-format", "clang-format 14 is not at hand")
    done = subprocess.run([tool, "--dry-run", "-Werror"] + ALL, stderr=subprocess.PIPE, text=True)
    problems = sorted({line.split(":")[0] for line in done.stderr.splitlines() if ": error:" in line})
    return result("C is formatted by clang-format", ["make format: " + p for p in problems])


for check in (check_homes, check_core_is_quiet, check_test_names, check_no_clock, check_headers, check_options, check_module, check_exim_header, check_hardening,
              check_clang, check_unit, check_format):
    check()
finish()
