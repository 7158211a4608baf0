# SPDX-License-Identifier: ISC
"""Builds and runs every test, and says what came of it. Called by `make check`.

Each test is a program that prints TAP. C tests run three ways: plain, with the address and
undefined-behaviour sanitizers, and those named in RACES with the thread sanitizer as well; tests of
the running daemon likewise. T=name in the environment picks the tests whose name contains it: then
nothing else is built. The last line is "N passed, N failed, N skipped".

PLAIN=yes leaves out the sanitizers and the fuzz targets: what is left runs on the build at hand.
SCRIPTS=only runs the scripts that are named, and builds nothing. LIMIT_S is the time each may take,
JOBS how many run at once: two a processor, as most of a test is waiting for what it has started.
"""
import concurrent.futures
import os
import re
import shutil
import signal
import subprocess
import sys
import threading

import hang

TAP = re.compile(r"^(ok|not ok)\s+\d+\b[\s-]*(.*)$")
ADDRESS, THREAD = "address,undefined", "thread"
LIMIT_S = int(os.environ.get("LIMIT_S", "900"))
PLAIN = os.environ.get("PLAIN") == "yes"
JOBS = int(os.environ.get("JOBS", "0")) or 2 * (os.cpu_count() or 1)
SCRIPTS_ONLY = os.environ.get("SCRIPTS") == "only"
# of minutes, most of which they wait: begun first, they end with the others
LONG = ("test_redis_cluster", "test_redis", "test_supervise")
lock = threading.Lock()
total = {"passed": 0, "failed": 0, "skipped": 0}
skips = {}
done = 0


def build(targets, sanitize=""):
    """Runs make; on failure shows its output and ends."""
    what = targets[0] if len(targets) == 1 else "%d test programs" % len(targets)
    say("building %s%s" % (what, " with sanitizers: " + sanitize if sanitize else ""))
    command = [os.environ.get("MAKE", "make"), "-j%d" % (os.cpu_count() or 2), "SANITIZE=" + sanitize]
    command += targets
    made = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace")
    if made.returncode != 0:
        print(made.stdout[-8000:])
        print("building %s failed" % what)
        print("0 passed, 1 failed, 0 skipped")
        sys.exit(1)


def say(text):
    """Progress, on a terminal only."""
    if sys.stdout.isatty():
        print("\r\033[K" + text, end="", flush=True)


def folder(sanitize):
    return "build" + ("/" + sanitize.replace(",", "-") if sanitize else "")


def processes(session):
    """A line for each process of this session: its number, its parent's, its state, where it waits, its words."""
    lines = []
    for number in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % number) as stat, open("/proc/%s/cmdline" % number) as words, \
                    open("/proc/%s/wchan" % number) as wchan:
                state, parent, _, its_session = stat.read().rsplit(") ", 1)[1].split()[:4]
                if int(its_session) == session:
                    lines.append("# process %s of %s, %s in %s: %s\n" % (
                        number, parent, state, wchan.read(), words.read().replace("\0", " ")[:200]))
        except OSError:
            pass  # it has ended, or may not be looked at
    return "".join(lines)


class Job:
    """One run of one test program under one kind of build."""

    def __init__(self, name, command, sanitize=""):
        self.name, self.command, self.sanitize = name, command, sanitize
        self.label = name + (" (%s)" % sanitize if sanitize else "")

    def environment(self):
        # a failed assertion ends its program: what follows would find the scene as it was left
        return dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP", CMOCKA_TEST_ABORT="1", BUILD=folder(self.sanitize),
                    GATEPOST=folder(self.sanitize) + "/gatepost",
                    ASAN_OPTIONS="detect_leaks=1:abort_on_error=1:detect_stack_use_after_return=0",
                    UBSAN_OPTIONS="print_stacktrace=1:abort_on_error=1",
                    TSAN_OPTIONS="halt_on_error=1:abort_on_error=1",
                    PYTHONDONTWRITEBYTECODE="1", **hang.environment(LIMIT_S))

    def run(self):
        command = self.command
        if self.sanitize == THREAD and shutil.which("setarch"):
            # the thread sanitizer wants its addresses free of randomisation on newer kernels
            command = ["setarch", os.uname().machine, "-R"] + command
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, errors="replace",
                                   env=self.environment(), start_new_session=True)
        try:
            out, err = process.communicate(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            left = processes(process.pid)
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            out += "\nnot ok 0 - took longer than %d s\n%s" % (LIMIT_S, left)
        return out, err, process.returncode


def judge(job, out, err, code):
    """Counts the TAP lines; a program that ends badly or tests nothing has failed."""
    passed, failed, skipped = 0, [], []
    for line in out.splitlines():
        found = TAP.match(line)
        if not found:
            continue
        name = found.group(2)
        if "# SKIP" in name:
            skipped.append(name.split("# SKIP", 1)[1].strip() or "no reason given")
        elif found.group(1) == "ok":
            passed += 1
        else:
            failed.append(name)
    if code != 0 and not failed:
        failed.append("ended with code %d" % code)
    if not passed and not failed and not skipped:
        failed.append("ran no test")
    report(job, passed, failed, skipped, out, err)


def report(job, passed, failed, skipped, out, err):
    global done
    with lock:
        done += 1
        say("")
        total["passed"] += passed
        total["failed"] += len(failed)
        total["skipped"] += len(skipped)
        for reason in skipped:
            skips.setdefault(reason, []).append(job.label)
        parts = ["%d passed" % passed] + ["%d failed" % len(failed)] * bool(failed)
        parts += ["%d skipped" % len(skipped)] * bool(skipped)
        print("%-44s %s" % (job.label, ", ".join(parts)), flush=True)
        if failed:
            for name in failed:
                print("  FAILED: " + name)
            print("  | " + "\n  | ".join((out[-6000:] + err[-6000:]).splitlines()[-80:]), flush=True)


def sources():
    """The C tests and fuzz targets by name, from the Makefile's list."""
    return sorted(os.path.splitext(os.path.basename(s))[0] for s in os.environ["SOURCES"].split())


def unit_programs(where):
    """The test programs that were built, of sources that are still there."""
    tests = os.path.join(where, "tests")
    built = os.listdir(tests) if os.path.isdir(tests) else []
    return [(n, [os.path.join(tests, n)]) for n in sources() if n in built]


def script_command(path):
    return [os.environ.get("PYTHON", "python3"), path] if path.endswith(".py") else [path]


def collect(scripts, wanted):
    """All jobs, the long ones first."""
    jobs = []
    base = {os.path.basename(s): s for s in scripts}
    if len(base) < len(scripts):
        twins = sorted(s for s in scripts if s not in base.values() or
                       sum(os.path.basename(o) == os.path.basename(s) for o in scripts) > 1)
        sys.exit("two scripts of one name, of which only one would run: %s" % ", ".join(twins))
    # a script of that name runs the program
    wrapped = {os.path.splitext(n)[0] for n, s in base.items() if "/conformance/" in s}
    sanitize = os.environ.get("SANITIZE", "")
    for name, path in sorted(base.items(), key=lambda item: "/mta/" not in item[1]):
        jobs.append(Job(os.path.splitext(name)[0], script_command(path), sanitize))
        if "/blackbox/" in path and not sanitize and not PLAIN:
            jobs += [Job(os.path.splitext(name)[0], script_command(path), s) for s in (ADDRESS, THREAD)]
    variants = [] if SCRIPTS_ONLY else [(sanitize, None)] if sanitize or PLAIN else [
        ("", None), (ADDRESS, None), (THREAD, os.environ.get("RACES", "").split())]
    for kind, only in variants:
        for name, command in unit_programs(folder(kind)):
            if name not in wrapped and (only is None or name in only):
                jobs.append(Job(name, command, kind))
    jobs.sort(key=lambda job: job.name not in LONG)
    return [j for j in jobs if not wanted or wanted in j.name]


def fuzz_jobs(wanted):
    """A few seconds of each fuzz target, where clang is at hand."""
    clang = os.environ.get("CLANG", "clang")
    probe = "echo 'int LLVMFuzzerTestOneInput(void);int LLVMFuzzerTestOneInput(void){return 0;}' |" \
            " %s -x c -fsanitize=fuzzer,address - -o build/fuzz/probe" % clang
    os.makedirs("build/fuzz", exist_ok=True)
    names = [n for n in sources() if n.startswith("fuzz_") and (wanted == "fuzz" or wanted in n)]
    if os.environ.get("SANITIZE") or not names or (wanted and not wanted.startswith("fuzz")):
        return []
    if subprocess.run(probe, shell=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                      stderr=subprocess.DEVNULL).returncode != 0:
        print("fuzz targets: %s with libFuzzer is not at hand; their seeds run as tests" % clang)
        skips["clang with libFuzzer is not at hand"] = ["fuzz"]
        total["skipped"] += 1
        return []
    build(["build/fuzz/" + n for n in names] if wanted else ["fuzzers"])
    os.environ.setdefault("FUZZ_SECONDS", "4")
    targets = [t for t in (os.path.join("build/fuzz", n) for n in names) if os.path.exists(t)]
    return [Job("fuzz", [os.environ.get("PYTHON", "python3"), "tests/fuzz/run.py"] + targets)]


def build_all(sanitize):
    """What the whole run needs, in each kind of build."""
    build(["tests"], sanitize)
    if not sanitize and not PLAIN:
        build(["tests"], ADDRESS)
        build(["races"], THREAD)


def build_wanted(scripts, wanted, sanitize):
    """What the tests called like `wanted` need, and nothing else."""
    stems = {os.path.splitext(os.path.basename(s))[0]: s for s in scripts}
    scripts = {n: s for n, s in stems.items() if wanted in n}
    units = [n for n in sources() if wanted in n]
    blackbox = any("/blackbox/" in s for s in scripts.values())
    every_kind = not sanitize and not PLAIN
    # lints look at whatever was built
    everything = any("/lint/" in s for s in scripts.values())

    def targets(kind, names, programs):
        whole = ["programs"] if programs else []
        if programs and "test_daemon_service" in scripts:  # it runs a service of its own
            whole.append("%s/tests/echo_service" % folder(kind))
        return whole + ["%s/tests/%s" % (folder(kind), n) for n in names]

    kinds = [(sanitize, ["tests"] if everything else targets(sanitize, units, bool(scripts)))]
    if every_kind:
        races = os.environ.get("RACES", "").split()
        kinds.append((ADDRESS, targets(ADDRESS, [n for n in units if n not in stems], blackbox)))
        kinds.append((THREAD, targets(THREAD, [n for n in units if n in races], blackbox)))
    for kind, goals in kinds:
        if goals:
            build(goals, kind)


def main():
    wanted = os.environ.get("T", "")
    sanitize = os.environ.get("SANITIZE", "")
    plain = PLAIN or SCRIPTS_ONLY
    if not SCRIPTS_ONLY and wanted:
        build_wanted(sys.argv[1:], wanted, sanitize)
    elif not SCRIPTS_ONLY:
        build_all(sanitize)
    jobs = ([] if plain else fuzz_jobs(wanted)) + collect(sys.argv[1:], wanted)
    if not jobs:
        print("no test is called like %s" % wanted)
        return 1
    if not sys.stdout.isatty():
        print("%d test programs" % len(jobs), flush=True)
    with concurrent.futures.ThreadPoolExecutor(max_workers=JOBS) as pool:
        futures = {pool.submit(j.run): j for j in jobs}
        for f in concurrent.futures.as_completed(futures):
            judge(futures[f], *f.result())
            say("%d of %d test programs done" % (done, len(jobs)))
    say("")
    for reason, where in sorted(skips.items()):
        print("skipped: %s: %s" % (", ".join(sorted(set(where))), reason))
    print("%d passed, %d failed, %d skipped" % (total["passed"], total["failed"], total["skipped"]))
    return 1 if total["failed"] or not sum(total.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
