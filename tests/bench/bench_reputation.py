#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The tables of DNS lists and greylisting (make bench): the pipeline with five lists, SPF and greylisting,
greylisting with a thousand and a million entries, and postgrey under the same load. floor and polload are
those of bench.py, and so is the exit code."""
import contextlib
import grp
import json
import os
import pwd
import shutil
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import bench  # noqa: E402  (lies in the directory named just above)
from bench import world  # noqa: E402
from bench import CONNECTIONS, REQUESTS, ROUNDS, show

PIPELINE_TARGET = 0.3   # of floor: lists, SPF and greylisting, everything known
GREYLIST_TARGET = 0.5   # of floor, a million entries
GROWTH_TARGET = 1.5     # times the time that a decision takes with a thousand entries
POSTGREY_TARGET = 5     # times its rate
PAYLOAD_TARGET = 120    # bytes of an entry
LISTS = 5
FEW, MANY = 1000, 1000000
POSTGREY_REQUESTS = 2000

# the lists know nobody but their own test entry
ZONE = ["local-zone: 'l%d.lists.example.' static", "local-data: 'l%d.lists.example. 300 SOA ns.example. x. 1 2 3 4 300'",
        "local-data: '2.0.0.127.l%d.lists.example. 300 A 127.0.0.2'"]
LIST = 'list "l%d.lists.example" { asks = client  codes = {"127.0.0.2 = 1"}  ' \
       'tests = {"127.0.0.2 listed", "127.0.0.1 not"} }\n'


NOTE_BYTES = 25         # besides its value, of a note in LMDB: its kind, the hash of its key, its end


def zone_lines():
    """Of the lists, for unbound."""
    return [line % n for n in range(LISTS) for line in ZONE]


def lists():
    return "dnsbl { mode = enforce }\n" + "".join(LIST % n for n in range(LISTS))


def greylist(more=""):
    """Everybody is delayed who is not known, for a second."""
    return "greylist { mode = enforce  when = unknown  delay = 1s  learn = 0s  %s }\n" % more


def store(path):
    return 'store { uri = {"lmdb:%s"}  size = 2G }\n' % bench.writable(path)


def pipeline(floor_path, folder, server):
    """All that is asked at RCPT, answers known: the daemon's own work."""
    state = os.path.join(folder, "state.pipeline")
    more = store(state) + lists() + greylist("spf_pass = no")
    daemon = bench.Daemon(folder, server.port, more, "pipeline")
    load = ("spf", "-c", CONNECTIONS, "-d", bench.WARM_DOMAINS)
    floors, ours = [], []
    with daemon.run():
        bench.polload(daemon.socket, *load, "-n", REQUESTS // 2)
        time.sleep(1.5)  # the delay passes
        bench.polload(daemon.socket, *load, "-n", REQUESTS // 2)
        for i in range(ROUNDS):
            daemon.forget_log()
            bench.progress("lists, SPF and greylisting, round %d of %d" % (i + 1, ROUNDS))
            floors.append(bench.polload(floor_path, *load, "-n", REQUESTS))
            ours.append(bench.polload(daemon.socket, *load, "-n", REQUESTS))
    shutil.rmtree(state)
    ratio = bench.ratio_of(ours, floors)
    show("%d DNS lists, SPF and greylisting, answers in the cache: %d connections, %d domains"
         % (LISTS, CONNECTIONS, bench.WARM_DOMAINS))
    show(bench.HEAD)
    show(bench.row("floor", bench.median(floors)))
    show(bench.row("gatepost-policyd", bench.median(ours), ratio))
    show("  answers: %s" % ", ".join("%s %d" % w for w in sorted(ours[-1]["words"].items())))
    show("  target: %.2f of floor or more: %.2f, %s\n"
         % (PIPELINE_TARGET, ratio, bench.verdict(ratio >= PIPELINE_TARGET)))
    return {"lists and greylisting": ratio >= PIPELINE_TARGET}


def first_contacts(floor_path, folder, server):
    """Clients that were never seen: how many questions a request costs, all lists in one round trip."""
    daemon = bench.Daemon(folder, server.port, "spf { mode = off }\n" + lists(), "cold")
    walk = ("spf", "-c", CONNECTIONS, "-n", bench.COLD_REQUESTS, "-w", "-d", bench.DOMAINS)
    floors, rounds, asked = [], [], server.questions()
    for i in range(ROUNDS):
        bench.progress("lists, cold cache, round %d of %d" % (i + 1, ROUNDS))
        floors.append(bench.polload(floor_path, *walk))
        with daemon.run():
            rounds.append(bench.polload(daemon.socket, *walk))
    requests = ROUNDS * CONNECTIONS * (bench.COLD_REQUESTS + 1)
    show("%d DNS lists, first-time clients, a fresh daemon" % LISTS)
    show(bench.HEAD)
    show(bench.row("floor", bench.median(floors)))
    show(bench.row("gatepost-policyd", bench.median(rounds), bench.ratio_of(rounds, floors)))
    show("  questions to the name server for each request: %.2f, asked together\n"
         % ((server.questions() - asked) / requests))


def judged(figures):
    """The answers of a run; a figure of other answers than those that were meant is none."""
    words = figures["words"]
    if words.get("DUNNO", 0) < 0.99 * sum(words.values()):
        raise bench.CannotMeasure("known contacts were answered %s" % words)
    return ", ".join("%s %d" % w for w in sorted(words.items()))


def payload(config, domains):
    """Bytes of keys and records for each of so many entries, over all that the store holds of greylisting."""
    done = subprocess.run([os.path.join(bench.PROGRAMS, "gatepost"), "store", "export", "-c", config],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    notes = [json.loads(line) for line in done.stdout.splitlines()]
    values = [len(n["value_hex"]) // 2 if "value_hex" in n else len(n["value"]) for n in notes if "soft" in n]
    return (NOTE_BYTES * len(values) + sum(values)) / domains


def decisions(floor_path, folder, domains):
    """Requests about known keys, of which so many domains' lie in the store."""
    state = os.path.join(folder, "state.%d" % domains)
    # two networks for each domain, and room for an entry of each
    daemon = bench.Daemon(folder, 53, store(state) + "spf { mode = off }\n" +
                          greylist("max_entries = %d" % max(2 * domains, 1000)), "grey%d" % domains)
    load = ("spf", "-c", CONNECTIONS, "-d", domains)
    floors, ours = [], []
    with daemon.run() as process:
        for _ in range(2):
            bench.progress("greylisting: %d domains come, and come again" % domains)
            bench.polload(daemon.socket, *load, "-w", "-n", max(domains // CONNECTIONS, 100))
            daemon.forget_log()
            time.sleep(1.5)
        for i in range(ROUNDS):
            bench.progress("greylisting, %d domains, round %d of %d" % (domains, i + 1, ROUNDS))
            floors.append(bench.polload(floor_path, *load, "-n", REQUESTS))
            ours.append(bench.polload(daemon.socket, *load, "-n", REQUESTS))
            daemon.forget_log()
        private = sum(bench.private_kib(pid) for pid in bench.processes(process.pid))
    judged(ours[-1])
    used = sum(os.stat(os.path.join(state, n)).st_blocks * 512 for n in os.listdir(state))
    each = payload(daemon.config, domains) if domains == FEW else None
    shutil.rmtree(state)
    return floors, ours, {"disk": used, "private": private, "payload": each}


def greylisting(floor_path, folder):
    """A decision with a thousand entries, and with a million."""
    few_floors, few, small = decisions(floor_path, folder, FEW)
    floors, many, large = decisions(floor_path, folder, MANY)
    ratio = bench.ratio_of(many, floors)
    growth = statistics.median(f["rate"] for f in few) / statistics.median(m["rate"] for m in many)
    met = {"greylisting": ratio >= GREYLIST_TARGET, "its growth": growth <= GROWTH_TARGET,
           "its payload": small["payload"] <= PAYLOAD_TARGET}
    show("Greylisting of everybody, embedded store: %d connections" % CONNECTIONS)
    show(bench.HEAD)
    show(bench.row("floor", bench.median(floors)))
    show(bench.row("%d entries" % FEW, bench.median(few), bench.ratio_of(few, few_floors)))
    show(bench.row("%d entries" % MANY, bench.median(many), ratio))
    show("  answers: %s" % judged(many[-1]))
    show("  with %d entries the store takes %.0f MiB on the disk, %d bytes each, with its counters and keys;\n"
         "  the daemon holds %.0f MiB of memory besides the pages of that file, which the system takes back"
         % (MANY, large["disk"] / 2**20, large["disk"] // MANY, large["private"] / 1024))
    show("  payload of an entry, under all its keys: %.0f bytes; target: at most %d, %s"
         % (small["payload"], PAYLOAD_TARGET, bench.verdict(met["its payload"])))
    show("  target: %.2f of floor or more: %.2f, %s; at most %.1f times as long as with %d: %.2f, %s\n" % (
        GREYLIST_TARGET, ratio, bench.verdict(met["greylisting"]), GROWTH_TARGET, FEW, growth,
        bench.verdict(met["its growth"])))
    return met


def postgrey(folder):
    """One process and a Berkeley DB, as Debian installs it, beside the same work done here."""
    if not shutil.which("postgrey"):
        show("postgrey is not installed: not measured\n")
        return {}
    state = os.path.join(folder, "state.theirs")
    os.makedirs(state)
    target = os.path.join(folder, "postgrey.socket")
    user = world.daemon_user()
    if os.geteuid() == 0:
        shutil.chown(state, user)
    ours_state = os.path.join(folder, "state.ours")
    daemon = bench.Daemon(folder, 53, store(ours_state) + "spf { mode = off }\n" + greylist(), "ours")
    load = ("spf", "-c", CONNECTIONS, "-d", FEW, "-n", POSTGREY_REQUESTS)
    command = [shutil.which("postgrey"), "--unix=" + target, "--dbdir=" + state, "--user=" + user,
               "--group=" + grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name, "--delay=1", "--auto-whitelist-clients=0"]
    with contextlib.ExitStack() as stack:
        stack.enter_context(bench.running(command, os.path.join(folder, "postgrey.log"),
                                          lambda: bench.accepts(target)))
        stack.enter_context(daemon.run())
        rates = {}
        for name, path in (("postgrey", target), ("gatepost-policyd", daemon.socket)):
            bench.polload(path, *load)
            time.sleep(1.5)
            rates[name] = bench.median([bench.polload(path, *load) for _ in range(ROUNDS)])
    times = rates["gatepost-policyd"]["rate"] / rates["postgrey"]["rate"]
    show("The same requests to postgrey %s" % (bench.version("postgrey") or "?"))
    show(bench.HEAD)
    for name, figures in rates.items():
        show(bench.row(name, figures))
    show("  target: %d times its rate: %.1f, %s\n"
         % (POSTGREY_TARGET, times, bench.verdict(times >= POSTGREY_TARGET)))
    return {"postgrey": times >= POSTGREY_TARGET}


def measure(folder):
    """All of them; returns which targets are met."""
    met = {}
    with bench.scene(folder, more=zone_lines()) as (floor_path, server):
        if server:
            met.update(pipeline(floor_path, folder, server))
            first_contacts(floor_path, folder, server)
        else:
            show("unbound is not installed: DNS lists are not measured\n")
        met.update(greylisting(floor_path, folder))
        met.update(postgrey(folder))
    return met


if __name__ == "__main__":
    sys.exit(bench.run(["unbound", "postgrey"], measure))
