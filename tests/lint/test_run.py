# SPDX-License-Identifier: ISC
"""The runner of the tests itself: what `make check T=name` builds, how a failed assertion ends, and what is said
about a script that hangs."""
import os
import stat
import subprocess
import sys
import tempfile

SUPPORT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")
sys.path.insert(0, SUPPORT)
import hang  # noqa: E402
import run  # noqa: E402
import world  # noqa: E402
from world import equal, holds  # noqa: E402

BUILD = os.environ.get("BUILD", "build")
SOURCES = "tests/unit/base/test_span.c tests/unit/base/test_log.c tests/fuzz/fuzz_taglist.c"
SCRIPTS = ["tests/blackbox/test_cli.py", "tests/mta/test_exim.py"]
FAILING = """
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>
static void fails(void **state) { (void)state; assert_int_equal(1, 2); }
static void hangs(void **state) { (void)state; for (;;) pause(); }
int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(fails), cmocka_unit_test(hangs)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
"""
HANGING = "import sys; sys.path.insert(0, %r); import %%s\ndef stuck(): sys.stdin.read()\nstuck()\n" % SUPPORT


def built_for(wanted):
    """What make is asked for, a line each; the tests themselves are not run: there is nothing to run."""
    with tempfile.TemporaryDirectory() as folder:
        fake, told = folder + "/make", folder + "/told"
        with open(fake, "w") as f:
            f.write('#!/bin/sh\necho "$@" >>%s\n' % told)
        os.chmod(fake, os.stat(fake).st_mode | stat.S_IXUSR)
        environment = dict(os.environ, MAKE=fake, SOURCES=SOURCES, RACES="test_log", T=wanted, SANITIZE="", CLANG="false",
                           PLAIN="", SCRIPTS="", PYTHON="true")
        subprocess.run([sys.executable, os.path.abspath(run.__file__)] + SCRIPTS, cwd=folder, env=environment,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        with open(told) as f:
            return [line.split(" ", 1)[1] for line in f.read().splitlines()]


def only_what_matches():
    """make check T=name builds the programs that match, in the kinds of build in which they run"""
    kinds = ("SANITIZE=", "SANITIZE=address,undefined", "SANITIZE=thread")
    equal(built_for("test_span"), ["SANITIZE= build/tests/test_span",
                                   "SANITIZE=address,undefined build/address-undefined/tests/test_span"])
    equal(built_for("test_log"), ["%s build%s/tests/test_log" % (kind, folder) for kind, folder in
                                  zip(kinds, ("", "/address-undefined", "/thread"))])
    equal(built_for("test_cli"), [kind + " programs" for kind in kinds])
    equal(built_for("test_exim"), ["SANITIZE= programs"])
    equal(built_for(""), ["SANITIZE= tests", "SANITIZE=address,undefined tests", "SANITIZE=thread races"])


def failure_ends():
    """a failed assertion ends its program at once, before a test behind it can hang"""
    with tempfile.TemporaryDirectory() as folder:
        program = folder + "/failing"
        made = subprocess.run(["cc", "-x", "c", "-", "-o", program, "-lcmocka"], input=FAILING, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        equal(made.returncode, 0, made.stdout)
        out, err, code = run.Job("failing", [program]).run()
        assert code != 0, out
        assert "took longer" not in out, out
        holds(out + err, "1 != 0x2" if "0x1" in out + err else "1 != 2")


def failure_ends_a_script():
    """a test of a script that fails is the script's last"""
    script = ("import sys; sys.path.insert(0, %r); import world\n"
              "def bad():\n    assert False\ndef good():\n    print('reached')\n"
              "tap = world.Tap()\ntry:\n    tap.run(bad)\n    tap.run(good)\nfinally:\n    print('cleaned up')\n"
              % os.path.dirname(os.path.abspath(run.__file__)))
    done = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    equal((done.returncode, "reached" in done.stdout, "cleaned up" in done.stdout), (1, False, True))
    holds(done.stdout, "not ok 1 - bad")


def says_where():
    """a script that hangs writes which of its lines it hangs in, inside a throwaway machine too"""
    for module in ("world", "sandbox"):
        with subprocess.Popen([sys.executable, "-c", HANGING % module], stdin=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, env=dict(os.environ, **{hang.END: "0"})) as process:
            said = ""
            while "in <module>" not in said:
                line = process.stderr.readline()
                assert line, said
                said += line
            process.stdin.close()
            equal(process.wait(), 0)
        holds(said, "in stuck")


def nothing_without_a_runner():
    """a script that is run by hand may take as long as it wants"""
    environment = {k: v for k, v in os.environ.items() if k != hang.END}
    code = "import sys; sys.path.insert(0, %r); import faulthandler\n" \
           "faulthandler.dump_traceback_later = None\nimport world" % SUPPORT
    done = subprocess.run([sys.executable, "-c", code], env=environment, stderr=subprocess.PIPE, text=True)
    equal((done.returncode, done.stderr), (0, ""))
    done = subprocess.run([sys.executable, "-c", code], env=dict(environment, **{hang.END: "0"}),
                          stderr=subprocess.PIPE, text=True)
    assert done.returncode != 0


def processes_are_named():
    """the processes of a script that hangs are named, with what it started, and nobody else's"""
    words = ["sh", "-c", "echo; read -r line; : a mark"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True) as process:
        process.stdout.readline()
        found = run.processes(process.pid)
        process.stdin.close()
    equal(found.count("\n"), 1)
    holds(found, "# process %d of %d, " % (process.pid, os.getpid()))
    holds(found, "a mark")


def runner_ends_it():
    """the runner ends a script that takes too long, counts it as failed, and says so"""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "test_hanging.py")
        with open(path, "w") as f:
            f.write("import time\nprint('ok 1 - begun', flush=True)\nwhile True:\n    time.sleep(60)\n")
        done = subprocess.run([sys.executable, os.path.join(SUPPORT, "run.py"), path], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True, cwd=os.path.join(SUPPORT, "..", ".."),
                              env=dict(os.environ, LIMIT_S="1", SCRIPTS="only", T=""))
    equal(done.returncode, 1, done.stdout)
    holds(done.stdout, "FAILED: took longer than 1 s")
    holds(done.stdout, "test_hanging.py")


tap = world.Tap()
for test in (only_what_matches, failure_ends, failure_ends_a_script, says_where, nothing_without_a_runner,
             processes_are_named, runner_ends_it):
    tap.run(test)
tap.finish()
