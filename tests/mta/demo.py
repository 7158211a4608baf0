# SPDX-License-Identifier: ISC
"""make demo: a real Postfix and a real Exim with gatepost, each in a throwaway machine of its own
(tests/support/sandbox.py): mails are sent, and the answers explained.

    demo.py [postfix | exim]      both, unless one is named

The exit code is 0 when every mail ended as expected, 1 when one did not or nothing could be shown.
"""
import json
import os
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import demo_exim  # noqa: E402
import demo_postfix  # noqa: E402
import demo_show  # noqa: E402
import exim_scene  # noqa: E402
import scene  # noqa: E402
from demo_show import progress, say, step, told  # noqa: E402
from scene import sandbox  # noqa: E402

HALVES = {
    "postfix": ("Postfix with gatepost-policyd: SPF, limits for users, DNS lists, greylisting", scene.PACKAGES, demo_postfix.run),
    "exim": ("Exim with gatepost-exim.so: SPF, DKIM, ARC and DMARC", exim_scene.PACKAGES, demo_exim.run),
}
NEEDS = ("It starts a real mail server in a throwaway machine: a copy-on-write view of this one with a network "
         "of its own. For that it needs root on Debian or Fedora, a package mirror, and a kernel that lets root "
         "mount file systems and make namespaces (a container needs CAP_SYS_ADMIN: docker run --privileged).")


def build():
    """Compiles what is not compiled yet; on failure says why."""
    make = ["make", "-j%d" % (os.cpu_count() or 1), "--no-print-directory", "programs"]
    make += ["EXIM_INCLUDE=" + os.environ["EXIM_INCLUDE"]] * ("EXIM_INCLUDE" in os.environ)
    plan = subprocess.run(make + ["-n"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True).stdout
    total, done, said = plan.count('echo "compile '), 0, []
    step("building gatepost")
    # what it says goes into one stream, so that a warning stands where it belongs
    process = subprocess.Popen(make, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, errors="replace")
    for line in process.stdout:
        said.append(line)
        done += line.startswith("compile ")
        progress("building gatepost: %d of %d files" % (done, total))
    if process.wait() != 0:
        say("".join(said[-30:]) + "gatepost could not be built.")
    return process.returncode == 0


def inside(name, path):
    """One half, in its machine; its rows go into the file."""
    title, packages, run = HALVES[name]
    if not sandbox.is_inside():
        step("installing %s and a name server into a throwaway machine" % name.capitalize())
    try:
        sandbox.enter(packages)
    except sandbox.Unavailable as reason:
        say("%s cannot be shown here: %s." % (name.capitalize(), reason))
        return 1
    say("=" * demo_show.WIDTH)
    say(title)
    say("=" * demo_show.WIDTH)
    run().write(path)
    return 0


def half(name, output=None):
    """The rows of one half; none if it could not be shown. output: a file for what it shows; errors go
    where this process's go."""
    path = os.path.join(sandbox.PROJECT, "build", "demo.%s.%d" % (name, os.getpid()))
    try:
        done = subprocess.run([sys.executable, os.path.abspath(__file__), name, path],
                              stdout=output)
        with open(path) as f:
            return json.load(f) if done.returncode == 0 else []
    except FileNotFoundError:
        return []
    finally:
        for file in (path, path + ".new"):
            if os.path.exists(file):
                os.unlink(file)


def main(names):
    begin = time.monotonic()
    reason = sandbox.why_not()
    if reason:
        told("The demonstration cannot run here: %s. %s" % (reason, NEEDS), "")
        return 1
    if not build():
        return 1
    shown = {name: half(name) for name in names}
    rows = [row for part in shown.values() for row in part]
    wrong = demo_show.summary(rows) if rows else 0
    for name in [n for n in names if not shown[n]]:
        say("%s could not be shown; see above for the reason." % name.capitalize())
    say("%d of %d mails ended as expected, in %d s." % (len(rows) - wrong, len(rows), time.monotonic() - begin))
    installed = os.path.join(sandbox.PROJECT, "build", "deps.installed")
    told("The throwaway machines were removed, with all that was installed, started and delivered in them. "
         "What is left is build/ here%s." % (", and the packages needed for building, listed in "
                                             "build/deps.installed" if os.path.exists(installed) else ""), "")
    return 1 if wrong or not all(shown.values()) else 0


def begin(words):
    os.chdir(sandbox.PROJECT)
    if len(words) == 2 and words[0] in HALVES:
        return inside(*words)
    if len(words) > 1 or (words and words[0] not in HALVES):
        say("make demo shows both mail servers, make demo T=postfix or T=exim one of them.")
        return 1
    try:
        return main(words or list(HALVES))
    except KeyboardInterrupt:
        say("interrupted")
        return 130


if __name__ == "__main__":
    sys.exit(begin(sys.argv[1:]))
