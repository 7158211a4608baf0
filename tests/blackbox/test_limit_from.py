# SPDX-License-Identifier: ISC
"""What gatepost.conf(5) says under WHICH LIMIT APPLIES, against what the daemon counts."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import world  # noqa: E402
from world import ask, equal, holds  # noqa: E402

GATEPOST = os.path.join(world.BUILD, "gatepost")
KEYS = ("user", "user_domain", "sender", "sender_domain", "client", "network", "all")
ORIGINS = {
    "authenticated": {"sasl_username": "alice@example.org", "client_address": "192.0.2.1"},
    "trusted": {"client_address": "192.0.2.1"},
    "others": {"client_address": "198.51.100.1"},
}
CONFIG = """trusted_networks = {"192.0.2.0/24"}
spf { mode = off }
store { uri = {"STORE"} }
policyd { listen = {"SOCKET"}  user = "USER" }
"""


def limit(key, more=""):
    return "limit by-%s { key = %s  count = recipients  max = 10  per = 1h  %s }\n" % (key.replace("_", "-"), key, more)


def rows():
    """The table: key, whose mail it counts, how a counter is called."""
    with open("man/gatepost.conf.5") as f:
        section = f.read().split(".Sh WHICH LIMIT APPLIES\n", 1)[1].split("\n.Sh ", 1)[0]
    found = re.findall(r"^\.It Li (\w+) Ta ([\w, ]+) Ta Li (\S+)$", section, re.M)
    equal(tuple(key for key, _, _ in found), KEYS)
    return {key: (set(origins.split(", ")), name) for key, origins, name in found}


def counted(config, origin):
    """The keys that count a message from there, with the names of their counters."""
    policyd = world.Policyd(CONFIG + config)
    try:
        equal(policyd.ask(sender="bob@example.net", recipient="r@b.test", instance="a1", **ORIGINS[origin]), "DUNNO")
        done = subprocess.run([GATEPOST, "limits", "--all", "--json", "--config", policyd.config_path], text=True,
                              stdout=subprocess.PIPE, check=True)
    finally:
        policyd.close()
    return {row["key"]: row["subject"] for row in json.loads(done.stdout)["rows"]}


def whose_mail():
    """each key counts the mail that the table says, under the name that it says"""
    table = rows()
    for origin in ORIGINS:
        found = counted("".join(limit(key) for key in KEYS), origin)
        equal(set(found), {key for key, (origins, _) in table.items() if origin in origins}, origin)
        for key, subject in found.items():
            kind = table[key][1].split(":")[0]
            equal(subject.split(":")[0], kind, origin)


def other_mail():
    """with from a key counts less, all counts others as well, and some keys can have nothing else"""
    for key in ("client", "network"):
        equal(counted(limit(key, "from = {trusted}"), "others"), {})
    equal(counted(limit("all", "from = {others}"), "others"), {"all": "all"})
    folder = tempfile.mkdtemp(prefix="gatepost-test.")
    path = os.path.join(folder, "gatepost.conf")
    try:
        for key, (origins, _) in rows().items():
            for origin in set(ORIGINS) - origins:
                with open(path, "w") as f:
                    f.write(limit(key, "from = {%s}" % origin))
                done = subprocess.run([GATEPOST, "check-config", path], text=True, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT)
                equal(done.returncode, 0 if key == "all" else 3, (key, origin, done.stdout))
                if key != "all":
                    holds(done.stdout, "from")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def without_a_name():
    """mail without the name that a limit counts by is not counted under it"""
    policyd = world.Policyd(CONFIG + "".join(limit(key) for key in KEYS))
    try:
        with policyd.connect() as s:
            equal(ask(s, sender="", recipient="r@b.test", instance="a1", client_address="192.0.2.1"), "DUNNO")
            equal(ask(s, sender="", recipient="r@b.test", instance="a2", client_address="192.0.2.1",
                      sasl_username="alice"), "DUNNO")
        done = subprocess.run([GATEPOST, "limits", "--all", "--json", "--config", policyd.config_path], text=True,
                              stdout=subprocess.PIPE, check=True)
    finally:
        policyd.close()
    equal({row["key"] for row in json.loads(done.stdout)["rows"]}, {"user", "client", "network", "all"})


tap = world.Tap()
for test in (whose_mail, other_mail, without_a_name):
    tap.run(test)
tap.finish()
