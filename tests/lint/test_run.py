# SPDX-License-Identifier: ISC
"""The runner of the tests: what it says about a script that hangs."""
import os
import subprocess
import sys
import tempfile

SUPPORT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")
sys.path.insert(0, SUPPORT)
os.environ.update(PYTHONDONTWRITEBYTECODE="1")
import hang  # noqa: E402
import run  # noqa: E402
import world  # noqa: E402

HANGING = "import sys; sys.path.insert(0, %r); import %%s\ndef stuck(): sys.stdin.read()\nstuck()\n" % SUPPORT


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
            world.equal(process.wait(), 0)
        world.holds(said, "in stuck")


def nothing_without_a_runner():
    """a script that is run by hand may take as long as it wants"""
    environment = {k: v for k, v in os.environ.items() if k != hang.END}
    code = "import sys; sys.path.insert(0, %r); import faulthandler\n" \
           "faulthandler.dump_traceback_later = None\nimport world" % SUPPORT
    done = subprocess.run([sys.executable, "-c", code], env=environment, stderr=subprocess.PIPE, text=True)
    world.equal((done.returncode, done.stderr), (0, ""))
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
    world.equal(found.count("\n"), 1)
    world.holds(found, "# process %d of %d, " % (process.pid, os.getpid()))
    world.holds(found, "a mark")


def runner_ends_it():
    """the runner ends a script that takes too long, counts it as failed, and says so"""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "test_hanging.py")
        with open(path, "w") as f:
            f.write("import time\nprint('ok 1 - begun', flush=True)\nwhile True:\n    time.sleep(60)\n")
        done = subprocess.run([sys.executable, os.path.join(SUPPORT, "run.py"), path], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True, cwd=os.path.join(SUPPORT, "..", ".."),
                              env=dict(os.environ, LIMIT_S="1", SCRIPTS="only", T=""))
    world.equal(done.returncode, 1, done.stdout)
    world.holds(done.stdout, "FAILED: took longer than 1 s")
    world.holds(done.stdout, "test_hanging.py")


def main():
    tap = world.Tap()
    for test in (says_where, nothing_without_a_runner, processes_are_named, runner_ends_it):
        tap.run(test)
    tap.finish()


main()
