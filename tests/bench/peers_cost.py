# SPDX-License-Identifier: ISC
"""What programs cost: the CPU time and the memory of sets of processes, as the kernel counts them in
/proc. For the inside of sandbox.py, where every process is one of the bench."""
import collections
import os
import re

TICKS = os.sysconf("SC_CLK_TCK")
Process = collections.namedtuple("Process", "parent name seconds")


def processes():
    """Every process by its id: parent, name, seconds of CPU with those of the children it has waited for."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % pid) as f:
                head, tail = f.read().rsplit(") ", 1)
        except (FileNotFoundError, ProcessLookupError):
            continue
        fields = tail.split()
        found[int(pid)] = Process(int(fields[1]), head.split("(", 1)[1], sum(map(int, fields[11:15])) / TICKS)
    return found


def tree(found, roots):
    """These processes and all below them."""
    wanted, before = {p for p in roots if p in found}, -1
    while len(wanted) != before:
        before = len(wanted)
        wanted |= {pid for pid, process in found.items() if process.parent in wanted}
    return wanted


def named(found, name):
    """The processes of this name."""
    return {pid for pid, process in found.items() if process.name == name}


def seconds(found, pids):
    return sum(found[pid].seconds for pid in pids if pid in found)


def memory_mib(pids):
    """(resident, proportional): what is shared counts whole in the first, by its share in the second."""
    resident = proportional = 0
    for pid in pids:
        try:
            with open("/proc/%d/smaps_rollup" % pid) as f:
                text = f.read()
        except (FileNotFoundError, ProcessLookupError):
            continue
        resident += int((re.findall(r"^Rss:\s+(\d+) kB", text, re.M) or [0])[0])
        proportional += int((re.findall(r"^Pss:\s+(\d+) kB", text, re.M) or [0])[0])
    return resident / 1024, proportional / 1024
