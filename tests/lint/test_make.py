# SPDX-License-Identifier: ISC
"""What make and debian/build say to somebody who lacks something, and while they work: one line with the
command that installs it; how far a package build is; how each source is compiled."""
import glob
import json
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import world  # noqa: E402
from world import equal, holds  # noqa: E402

MAKE = os.environ.get("MAKE", "make")
COMPILERS = re.compile(r"^(.*-)?(gcc|cc|c99|c89|cpp|clang|pkg-config|pkgconf)(-\d+)?$")
SYSTEM = ("apt-get", "dnf", "rpm", "dpkg-query", "dpkg-checkbuilddeps", "dpkg-buildpackage", "dh", "id")


class Machine:
    """A PATH without compilers, package managers and the programs of package builds; more can be put there."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="gatepost-test.")
        for path in glob.glob("/bin/*") + glob.glob("/usr/bin/*"):
            name = os.path.basename(path)
            if not COMPILERS.match(name) and name not in SYSTEM and not os.path.lexists(self.folder + "/" + name):
                os.symlink(path, self.folder + "/" + name)
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def program(self, name, text="exit 0"):
        path = os.path.join(self.folder, name)
        if os.path.lexists(path):
            os.unlink(path)
        with open(path, "w") as f:
            f.write("#!/bin/sh\n" + text + "\n")
        os.chmod(path, 0o755)

    def debian(self, *missing):
        """apt-get, and packages of which these are missing; without a name: all."""
        self.program("apt-get")
        self.program("dpkg-query", "exit 1" if not missing else
                     'for p; do :; done\ncase $p in %s) exit 1 ;; esac\necho installed' % "|".join(missing))

    def run(self, *command):
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, env={"PATH": self.folder, "LC_ALL": "C.UTF-8"})
        return done.returncode, [line for line in done.stdout.splitlines() if not line.startswith("make: *** ")]

    def make(self):
        """The only line of make programs, which fails."""
        code, lines = self.run("make", "B=" + self.folder + "/build", "programs")
        equal(code, 2)
        equal(len(lines), 1, lines)
        return lines[0]


def bare_debian():
    """make without compiler, pkg-config and libraries: one line, which installs all of it"""
    with Machine() as m:
        m.debian()
        said = m.make()
        for part in ("as root: ", "apt-get install -y", " gcc ", " pkg-config ", " libldns-dev ", " libunistring-dev "):
            holds(said, part)


def bare_fedora():
    """the same where there is dnf"""
    with Machine() as m:
        m.program("dnf")
        m.program("rpm", "exit 1")
        said = m.make()
        for part in ("as root: dnf install -y", " gcc ", " pkgconf-pkg-config ", " ldns-devel ", " libunistring-devel "):
            holds(said, part)
        assert "apt-get" not in said, said


def one_library():
    """make without one library: its package and no other"""
    with Machine() as m:
        m.debian("libldns-dev")
        m.program("gcc", 'exec %s "$@"' % shutil.which("gcc"))
        m.program("pkg-config", 'for a; do [ "$a" != ldns ] || exit 1; done\nexec %s "$@"' % shutil.which("pkg-config"))
        said = m.make()
        assert said.endswith("--no-install-recommends libldns-dev"), said


def optional_parts():
    """a part whose library is missing is named at the end; one that was told to be left out is not"""
    with Machine() as m:
        m.debian("libhiredis-dev")
        m.program("gcc", 'exec %s "$@"' % shutil.which("gcc"))
        m.program("pkg-config", 'for a; do [ "$a" != hiredis ] || exit 1; done\nexec %s "$@"' % shutil.which("pkg-config"))
        for words, wanted in (((), True), (("REDIS=",), False)):
            code, lines = m.run("make", "-n", "B=" + m.folder + "/build", *words, "programs")
            equal((code, "libhiredis-dev" in lines[-1]), (0, wanted), lines[-1])


def another_system():
    """where no package manager is known: the names of what is missing"""
    with Machine() as m:
        said = m.make()
        for part in ("missing: gcc pkg-config ldns ", "<unistr.h>"):
            holds(said, part)


def nothing_to_build_packages_with():
    """debian/build as an ordinary user without dpkg-dev: one line that names it; and on no Debian at all"""
    with Machine() as m:
        m.program("id", "echo 1000")
        code, lines = m.run("debian/build", m.folder + "/out")
        equal((code, len(lines)), (1, 1), lines)
        holds(lines[0], "on Fedora: make rpm")
        m.debian()
        code, lines = m.run("debian/build", m.folder + "/out")
        equal((code, len(lines)), (1, 1), lines)
        holds(lines[0], "missing here: dpkg-dev debhelper;")
        holds(lines[0], "as root: apt-get build-dep -y --no-install-recommends " + os.getcwd())
        m.program("dpkg-buildpackage")
        m.program("dh")
        m.program("dpkg-checkbuilddeps", "echo 'dpkg-checkbuilddeps: error: Unmet build dependencies: libldns-dev' >&2; exit 1")
        code, lines = m.run("debian/build", m.folder + "/out")
        equal((code, len(lines)), (1, 1), lines)
        holds(lines[0], "missing here: libldns-dev;")
        assert not os.path.exists(m.folder + "/out")


BUILD_LOG = ["   dh_auto_build", "gcc -O2 -MMD -MP -c -o build/obj/a.o a.c", "gcc \\", "  -MMD -c -o build/pic/b.o b.c",
             "gcc -c -o build/obj/tests/support/c.o c.c", "mkdir -p build/tests; gcc -o build/tests/test_d d.c",
             "2 test programs", "test_d                  3 passed", "test_e                  1 failed", "4 passed, 1 failed, 0 skipped",
             "   dh_prep", "dpkg-deb: building package"]


def progress_as_lines():
    """debian/progress: each step with how far it is; the output is kept"""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["debian/progress", folder + "/log", "2", "2"], input="\n".join(BUILD_LOG) + "\n",
                              stdout=subprocess.PIPE, text=True, check=True)
        equal(re.sub(r" +\(\d+:\d\d\)", "", done.stdout).splitlines(),
              ["compiling: 1 of 2", "compiling: 2 of 2", "compiling tests: 1 of 2", "compiling tests: 2 of 2",
               "running tests: 1 of 2", "running tests: 2 of 2", "packaging"])
        with open(folder + "/log") as f:
            equal(f.read().splitlines(), BUILD_LOG)


def progress_on_a_terminal():
    """debian/progress on a terminal: one line, drawn again, and wiped away at the end"""
    with tempfile.TemporaryDirectory() as folder:
        outer, inner = pty.openpty()
        subprocess.run(["debian/progress", folder + "/log", "2", "2"], input="\n".join(BUILD_LOG) + "\n", text=True,
                       stdout=inner, check=True)
        os.close(inner)
        text = os.read(outer, 65536).decode()
        os.close(outer)
        assert "\n" not in text and text.startswith("\r\x1b[Kcompiling: 1 of 2") and text.endswith("\r\x1b[K"), text


def unknown_counts():
    """debian/progress without numbers, as a make of another kind may print them: steps without how far they are"""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["debian/progress", folder + "/log", "make:", "Entering"], input="\n".join(BUILD_LOG) + "\n",
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True)
        equal(re.sub(r" +\(\d+:\d\d\)", "", done.stdout).splitlines(),
              ["compiling", "compiling tests", "running tests: 1 of 2", "running tests: 2 of 2", "packaging"])


def counted_inside_make():
    """debian/build called by a make that is called by another one: the steps are counted all the same"""
    with open("debian/build") as f:
        line = re.search(r"^counts=.*$", f.read(), re.M).group(0)
    done = subprocess.run(["sh", "-c", line + '; echo "$counts"'], stdout=subprocess.PIPE, text=True, check=True,
                          env=dict(os.environ, MAKEFLAGS="w", MAKELEVEL="2"))
    assert re.fullmatch(r"\d+ \d+\n", done.stdout), done.stdout


def steps_are_counted():
    """make count agrees with what a build would compile"""
    done = subprocess.run([MAKE, "-s", "--no-print-directory", "count"], stdout=subprocess.PIPE, text=True, check=True)
    programs, tests = map(int, done.stdout.split())
    with tempfile.TemporaryDirectory() as folder:
        def compiled(goal):
            out = subprocess.run([MAKE, "-n", "V=1", "B=" + folder + "/build", goal], stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL, text=True, check=True).stdout
            return len(re.findall(r" -c -o \S+\.o |-o %s/build/tests/" % folder, out))
        equal(compiled("programs"), programs)
        equal(compiled("tests"), programs + tests)


def every_source_has_a_command():
    """make compile_commands.json: each source of the tree, compiled as make does it"""
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/commands.json"
        subprocess.run([MAKE, "-s", "COMPILE_COMMANDS=" + path, path], check=True)
        with open(path) as f:
            commands = {entry["file"]: entry for entry in json.load(f)}
    sources = {os.path.relpath(os.path.join(where, name)) for top in ("shared", "daemon", "policyd", "cli", "exim-dlfunc", "tests")
               for where, _, names in os.walk(top) for name in names if name.endswith(".c")}
    missing = {s for s in sources - set(commands) if not s.endswith("_absent.c")}
    # an optional part is absent, or its library is
    equal({s for s in missing if "/redis/" not in s and os.path.basename(s) not in ("seccomp.c", "http.c")}, set())
    for source in ("shared/base/span.c", "tests/unit/base/test_span.c"):
        entry = commands[source]
        equal(entry["directory"], os.getcwd())
        subprocess.run(entry["arguments"] + ["-fsyntax-only"], check=True)


def main():
    tap = world.Tap()
    for test in (bare_debian, bare_fedora, one_library, optional_parts, another_system, nothing_to_build_packages_with, progress_as_lines,
                 progress_on_a_terminal, unknown_counts, counted_inside_make, steps_are_counted, every_source_has_a_command):
        tap.run(test)
    tap.finish()


main()
