#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Comparison with other programs (make bench-peers): Debian's policy servers beside gatepost-policyd, and
mail servers with filters beside Exim with gatepost-exim.so.

    peers.py [policy | postfix | exim]     all three, unless one is named

Each runs in a throwaway machine (tests/support/sandbox.py), one after the other; nothing is installed on
this one. Each is set up as its manual says, asked the same cases first, so that speed is never compared
with no work, and then put under the same load. What is not available is left out,
and listed as such. Figures depend on the machine and on its other load: compare those of one run only.
"""
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]
import bench  # noqa: E402
import sandbox  # noqa: E402

WIDTH = 79
SIGNING = ["unbound", "python3-dkim", "openssl"]
MACHINES = {
    "policy": ["postfix", "unbound", "postfix-policyd-spf-python", "postfix-policyd-spf-perl", "postfwd",
               "policyd-rate-limit"],
    "postfix": ["postfix", "opendkim", "opendmarc", "rspamd"] + SIGNING,
    "exim": ["exim4-daemon-heavy"] + SIGNING,
}


def candidates(packages):
    """Those that apt here can install."""
    def known():
        found = subprocess.run(["apt-cache", "policy"] + packages, stdout=subprocess.PIPE, text=True).stdout
        return re.findall(r"^(\S+):\n  Installed: .*\n  Candidate: [^(\n]+$", found, re.M)
    if not shutil.which("apt-cache"):
        raise sandbox.Unavailable("it needs Debian's packages (apt-get)")
    if "unbound" not in known():  # the lists of packages may be missing
        subprocess.run(["apt-get", "-q", "update"], stdout=subprocess.DEVNULL)
    return known()


def inside(part, path):
    """One machine's tables, into the file: a list of (lines, remarks)."""
    if not sandbox.is_inside():
        bench.progress("setting up a throwaway machine: " + part)
        sandbox.enter(candidates(MACHINES[part]))
    if part == "policy":
        with on_disk() as folder:
            import peers_policy
            found = peers_policy.run(folder)
    else:
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            import peers_mail
            found = [peers_mail.run(folder, part)]
    with open(path, "w") as f:
        json.dump(found, f)


@contextlib.contextmanager
def on_disk():
    """A directory on the real disk, not in memory as the rest of the throwaway machine."""
    disk, seen = tempfile.mkdtemp(prefix="peers.", dir=bench.BUILD), "/srv/gatepost-bench"
    os.makedirs(seen)
    sandbox.run(["mount", "--bind", disk, seen])
    os.chmod(seen, 0o755)
    try:
        yield seen
    finally:
        sandbox.run(["umount", "-l", seen])
        shutil.rmtree(disk, ignore_errors=True)


def tables(part):
    """The tables of one machine."""
    path = os.path.join(bench.BUILD, "peers.%s.%d" % (part, os.getpid()))
    done = subprocess.run([sys.executable, os.path.abspath(__file__), part, path])
    if done.returncode != 0 or not os.path.exists(path):
        nothing = ([], ["not measured: see above"])
        return [nothing, nothing] if part == "policy" else [nothing]
    with open(path) as f:
        found = json.load(f)
    os.unlink(path)
    return found


def machine():
    with open("/proc/cpuinfo") as f:
        model = re.search(r"^model name\s*: (.*)$", f.read(), re.M)
    with open("/etc/os-release") as f:
        system = re.search(r'^PRETTY_NAME="?([^"\n]*)', f.read(), re.M)
    return "%s; %d x %s; %s" % (system.group(1) if system else "?", os.cpu_count(),
                                model.group(1) if model else os.uname().machine,
                                time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()))


def show(title, head, found):
    lines, remarks = found
    bench.show(title)
    bench.show(head)
    for line in lines:
        bench.show(line.rstrip())
    for remark in remarks:
        bench.show(textwrap.fill(remark, WIDTH, initial_indent="  - ", subsequent_indent="    "))
    bench.show()


def main(parts):
    import peers_mail
    import peers_policy
    bench.build()
    load_before = os.getloadavg()[0]
    found = {part: tables(part) for part in parts}
    bench.show("gatepost and other programs of Debian for the same work")
    bench.show(textwrap.fill(machine(), WIDTH) + "\n")
    if "policy" in found:
        title = "%s, %d connections; right: of the cases with a known answer" % ("%s", peers_policy.CONNECTIONS)
        show(title % "SPF, names warm", peers_policy.HEAD, found["policy"][0])
        show(title % "Limits, two per user", peers_policy.HEAD, found["policy"][1])
    mail = [found[part][0] for part in ("exim", "postfix") if part in found]
    if mail:
        show("Messages of 5 to 500 KB with a DKIM signature, one per connection, %d at once"
             % peers_mail.CONNECTIONS, peers_mail.HEAD, [sum((m[i] for m in mail), []) for i in (0, 1)])
    bench.show(textwrap.fill(
        "CPU: time of all processes of the server per request or message, load generator and name server not "
        "counted; beyond: more than the same mail server without a check. RSS, PSS: MiB of all its processes under load, "
        "pages that they share counted for each, or once. DNS: queries to the name server per request. The load "
        "generator runs on the same processors. Load average before the run: %.1f." % load_before, WIDTH))
    return 0


def begin(words):
    os.chdir(sandbox.PROJECT)
    try:
        if len(words) == 2 and words[0] in MACHINES:
            return inside(*words)
        if len(words) > 1 or (words and words[0] not in MACHINES):
            bench.show("make bench-peers measures all, T=policy, T=postfix or T=exim one of the three.")
            return 1
        reason = sandbox.why_not()
        if reason:
            raise sandbox.Unavailable(reason)
        return main(words or list(MACHINES))
    except (bench.CannotMeasure, sandbox.Unavailable, OSError, RuntimeError) as error:
        bench.show("bench-peers: %s" % error)
        return 1
    except KeyboardInterrupt:
        bench.show("interrupted")
        return 130


if __name__ == "__main__":
    sys.exit(begin(sys.argv[1:]))
