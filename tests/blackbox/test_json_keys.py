# SPDX-License-Identifier: ISC
"""The keys of every JSON output, against those that gatepost(8) lists under JSON."""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import dnsd  # noqa: E402
import world  # noqa: E402
from world import ask, equal  # noqa: E402

GATEPOST = os.path.join(world.BUILD, "gatepost")
CONFIG = """hostname = "mx.test"
dns { servers = {"127.0.0.1:PORT"}  timeout = 2s  attempts = 1 }
spf { check_from = yes }
store { uri = {"lmdb:FOLDER/store"} }
policyd {
    listen = {"SOCKET"}
    user = "USER"
    control_socket = "FOLDER/control"
}
dnsbl { mode = label }
greylist { mode = label  when = unknown  learn = 0 }
list "bl.test" { tests = {"127.0.0.2 listed"} }
list "away.test" { tests = {"127.0.0.2 listed"} }
list "off.test" { }
limit hourly { key = user  count = recipients  max = 3  per = 1h }
limit volume { key = user  count = bytes  max = 2G  per = 1d  mode = label }
limit domain-daily { key = user_domain  count = messages  max = 1000  per = 1d }
limit site { key = all  count = recipients  max = unlimited  per = 1h }
override { user = "newsletter@example.org"  hourly = 5000 }
override { domain = "example.net"  hourly = 50 }
"""
MESSAGE = """DKIM-Signature: v=1; a=rsa-sha256; d=a.test; s=sel; h=from; b=AAAA;
 bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
DKIM-Signature: v=1; a=rsa-sha256; d=a.test; s=sel; h=from; bh=AAAA; b=AAAA
From: alice@a.test

hello
"""
RECORDS = {
    "a.test": {"TXT": ["v=spf1 ip4:192.0.2.0/24 -all"]},
    "_dmarc.a.test": {"TXT": ["v=DMARC1; p=none"]},
    "k._domainkey.a.test": {"TXT": ["v=DKIM1; t=y; p="]},
    "2.0.0.127.bl.test": {"A": ["127.0.0.2"]},
    "5.113.0.203.bl.test": {"A": ["127.0.0.2"]},
    "6.113.0.203.bl.test": {"A": ["127.0.0.77"]},
}


class Scene:
    """A daemon with limits under which something is counted, and maxima that were set."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="gatepost-json.")
        self.dns = dnsd.Server(RECORDS)
        text = CONFIG.replace("PORT", str(self.dns.port))
        self.policyd = world.Policyd(text.replace("FOLDER", self.folder), folder=self.folder)
        for user, recipients in (("alice", 3), ("bob@example.net", 2), ("newsletter@example.org", 1)):
            self.send(user, recipients)

    def send(self, user, recipients):
        fixed = {"instance": user, "sasl_username": user, "sender": "x@a.test", "client_address": "192.0.2.1"}
        with self.policyd.connect() as s:
            equal([ask(s, recipient="r%d@b.test" % i, **fixed) for i in range(recipients)], ["DUNNO"] * recipients)
            ask(s, protocol_state="END-OF-MESSAGE", recipient_count=str(recipients), size="1000", **fixed)

    def run(self, *words, message=None):
        """What the command prints, as JSON. Its exit code says what was found, and is not looked at here."""
        done = subprocess.run([GATEPOST] + list(words) + ["--json", "--config", self.policyd.config_path], text=True,
                              input=message, stdin=None if message else subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
        assert done.stdout, (words, done)
        return json.loads(done.stdout)

    def close(self):
        self.policyd.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def leaves(value, at=""):
    """The keys of a document as the page writes them: a.b, a[].b, a[]."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from leaves(inner, "%s.%s" % (at, key) if at else key)
    elif isinstance(value, list) and value:
        for inner in value:
            yield from leaves(inner, at + "[]")
    elif value not in ({}, []):
        yield at


def page():
    with open("man/gatepost.8") as f:
        return f.read().replace("\\&", "")


def documented():
    """The keys below each heading of the section."""
    section = re.search(r"^\.Sh JSON\n(.*?)^\.Sh ", page(), re.M | re.S).group(1)
    parts = re.split(r"^\.Ss (.*)\n", section, flags=re.M)
    return {heading: set(re.findall(r"^\.It Li (.*)$", text, re.M)) for heading, text in zip(parts[1::2], parts[2::2])}


def compare(headings, values, seldom=()):
    """Exactly the keys below these headings are in the documents, but for those that come seldom."""
    keys = documented()
    listed = set().union(*(keys[h] for h in headings))
    seen = {key for value in values for key in leaves(value)}
    equal(sorted(seen - listed), [], "keys that gatepost(8) does not list below %s" % ", ".join(headings))
    equal(sorted(listed - seen - set(seldom)), [], "keys that gatepost(8) lists below %s and nobody has seen"
          % ", ".join(headings))


def spf():
    """spf"""
    compare(["spf"], [scene.run("spf", "--ip", ip, "--mail-from", "x@a.test") for ip in ("192.0.2.1", "127.0.0.1")])


def verify():
    """verify, whose keys are those of the engine's fields"""
    fields = set()
    for path in glob.glob("shared/engine/*.c"):
        with open(path) as f:
            fields |= set(re.findall(r'\.json = "([^"]+)"', f.read()))
    assert len(fields) > 40, fields
    own = {"canonical[].file", "canonical[].problem", "canonical[].signature", "error", "mail_from",
           "mail_from_source", "note"}
    equal(sorted(documented()["verify"] ^ fields), sorted(own))
    fixed = ("verify", "--ip", "198.51.100.1", "--helo", "a.test", "--mail-from")
    values = [scene.run(*fixed, sender, "--canonical", os.path.join(scene.folder, "canonical." + sender),
                        message=MESSAGE) for sender in ("x@a.test", "")]
    compare(["verify"], values, fields | {"error"})


def limits():
    """limits, limits show, limits explain"""
    scene.run("limits", "set", "alice", "hourly", "2", "--for", "1d")
    scene.run("limits", "set", "domain:example.net", "hourly", "20", "--for", "1d")
    values = [scene.run("limits")]
    for who in ("alice", "bob@example.net", "newsletter@example.org", "domain:example.net", "all"):
        values += [scene.run("limits", "show", who), scene.run("limits", "explain", who)]
    compare(["limits", "limits show, limits explain"], values)


def changes():
    """limits set, limits overrides, limits reset"""
    values = [scene.run("limits", "set", "domain:example.net", "hourly", value) for value in ("30", "default")]
    values += [scene.run("limits", "set", "carol", "hourly", "30", "--for", "1d")]
    compare(["limits set"], values)
    compare(["limits overrides"], [scene.run("limits", "overrides")])
    compare(["limits reset"], [scene.run("limits", "reset", "alice")])


def lists():
    """lists, lists test, lists off, lists retest"""
    scene.run("lists", "off", "off.test")
    world.wait_for(lambda: {"untested", "off"} & {r["state"] for r in scene.run("lists")["lists"]} == {"off"},
                   "the first tests, and a list that is off")
    for client in ("203.0.113.5", "203.0.113.6"):
        scene.policyd.ask(instance=client, client_address=client, sender="x@a.test", recipient="r@b.test", helo_name="h.test")
    compare(["lists"], [scene.run("lists")])
    compare(["lists test"], [scene.run("lists", "test", client) for client in ("203.0.113.5", "203.0.113.6")])
    compare(["lists retest"], [scene.run("lists", "retest")])
    compare(["lists off, lists on"], [scene.run("lists", "on", "off.test")], {"why_unused"})


def greylist():
    """greylist, of all and of one mail; greylist allow, greylist remove"""
    mail = {"client": "203.0.113.9", "sender": "x@c.test", "recipient": "r@b.test"}
    words = [word for name, value in mail.items() for word in ("--" + name, value)]
    scene.policyd.ask(instance="grey", client_address=mail["client"], helo_name="h.test", **{k: mail[k] for k in ("sender", "recipient")})
    values = [scene.run("greylist", "allow", "192.0.2.0/24"), scene.run("greylist"), scene.run("greylist", *words)]
    values += [scene.run("greylist", "remove", *words)]
    compare(["greylist allow, greylist remove"], [values[0], values[3]])
    compare(["greylist"], values[1:3], {"networks[].network", "networks[].never_came_back"})


def check_config():
    """check-config, with errors and without"""
    values = []
    for text in ("foo = 1\nspf { url = \"www.example.org\" }\n", "spf { url = \"www.example.org\" }\ninclude = {\"%s/more.conf\"}\n" % scene.folder):
        for name, content in (("c.conf", text), ("more.conf", "hostname = mx.test\n")):
            with open(os.path.join(scene.folder, name), "w") as f:
                f.write(content)
        done = subprocess.run([GATEPOST, "check-config", "--json", scene.folder + "/c.conf"], text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
        equal((done.returncode, done.stderr), (0 if values else 3, ""))
        values.append(json.loads(done.stdout))
    equal([(len(v["errors"]), len(v["warnings"]), len(v["files"])) for v in values], [(1, 0, 0), (0, 1, 1)])
    compare(["check-config"], values)


def request():
    """request"""
    value = scene.run("request", "client_address=198.51.100.1", "sender=x@a.test", "helo_name=h.test")
    equal((value["decision"], value["rule"]), ("reject", "spf.reject"))
    compare(["request"], [value])


def metrics():
    """metrics, which has every sample of the text form"""
    text = subprocess.run([GATEPOST, "metrics", "--config", scene.policyd.config_path], text=True, stdout=subprocess.PIPE, check=True).stdout
    value = scene.run("metrics")
    samples = [s for family in value["metrics"] for s in family["samples"]]
    lines = [line for line in text.split("\n") if line and line[0] != "#"]
    equal(len(samples), len(lines))
    names = {line.split()[2] for line in text.split("\n") if line.startswith("# TYPE ")}
    equal({family["name"] for family in value["metrics"]}, names)
    for sample, line in zip(samples, lines):
        labels = ",".join('%s="%s"' % pair for pair in sample["labels"].items())
        equal(sample["name"] + ("{%s}" % labels if labels else ""), line.rsplit(" ", 1)[0])
        sample["labels"] = "an object"
    by_name = {s["name"]: s["value"] for s in samples}
    equal((by_name["gatepost_config_limits"], by_name["gatepost_store_up"]), (len(re.findall("(?m)^limit ", CONFIG)), 1))
    compare(["metrics"], [value])


def numbers():
    """a number in JSON is written as people write it: 0.12, not 0.12000000000000000 and a bit"""
    for words in (("limits",), ("limits", "show", "alice"), ("status",), ("metrics",)):
        done = subprocess.run([GATEPOST] + list(words) + ["--json", "--config", scene.policyd.config_path], text=True,
                              stdout=subprocess.PIPE)
        reals = re.findall(r"[:\[ ](-?\d+\.\d+(?:e[-+]?\d+)?)[,\n}]", done.stdout)
        equal([r for r in reals if len(re.sub(r"^-?0?\.?0*|\.|e.*", "", r)) > 15], [])


def status():
    """status"""
    compare(["status"], [scene.run("status")], {"store", "lists", "greylist", "config.waiting_for_restart[]", "lists.switched_off[]"})


def without_a_daemon():
    """limits and status on the store itself"""
    heading = "the store itself, without a daemon"
    keys = documented()
    known = {"status": keys["status"], "limits": keys["limits"] | keys["limits show, limits explain"]}
    seen = {command: set(leaves(scene.run(command, "--direct"))) for command in known}
    for command, listed in known.items():
        equal(sorted(seen[command] - listed - keys[heading]), [], command)
    equal(sorted(keys[heading] - seen["status"] - seen["limits"]), [])


def store_check():
    """store check"""
    value = scene.run("store", "check")
    equal((value["works"], value["used"], value["lines"][0]["kind"]), (True, True, "ok"))
    equal({line["kind"] for line in value["lines"]}, {"store", "ok", "step"})
    compare(["store check"], [value])


def moves():
    """store import"""
    lines = os.path.join(scene.folder, "lines")
    subprocess.run([GATEPOST, "store", "export", lines, "--config", scene.policyd.config_path], check=True,
                   stderr=subprocess.DEVNULL)
    seen = {key for key in leaves(scene.run("store", "import", lines))}
    kinds = {"counters", "maxima", "maxima_by", "facts", "soft_facts", "seen_sets"}
    equal(seen, {key.replace("*", kind) for key in documented()["store import"] for kind in kinds})
    for kind in kinds:
        assert re.search(r"^\.Ql %s\b" % kind, page(), re.M), kind


def doctor():
    """doctor"""
    compare(["doctor"], [scene.run("doctor", "daemon", "config", "clock", "dns")])


def domains():
    """dmarc, dkim, check"""
    compare(["dmarc"], [scene.run("dmarc", "x.a.test"), scene.run("dmarc", "b.test")])
    compare(["dkim"], [scene.run("dkim", "a.test", selector) for selector in ("k", "none")])
    compare(["check"], [scene.run("check", "a.test", "--ip", "198.51.100.1", "--selector", "k")])


def attempt():
    """try, whose dialogue needs a mail server"""
    dialogue = {"dialogue[].sent", "dialogue[].code", "dialogue[].lines[]", "notes[]"}
    values = [scene.run("try", "--socket", "unix:" + scene.policyd.socket_path, "--ip", ip) for ip in ("192.0.2.1", "10.0.0.1")]
    compare(["try"], values, dialogue)


def every_command():
    """every command that has --json has its keys in gatepost(8)"""
    listed = [heading.split()[0].rstrip(",") for heading in documented()]
    entries = dict(re.findall(r"^\.It Cm (\w[\w-]*)$\n(.*?)(?=^\.It Cm|^\.El$)", page(), re.M | re.S))
    said = subprocess.run([GATEPOST, "--help"], stdout=subprocess.PIPE, text=True, check=True).stdout
    commands = re.findall(r"^  ([a-z-]+)  ", said.split("\ncommands:\n")[1], re.M)
    assert len(commands) > 7, commands
    missing = []
    for command in commands:
        said = subprocess.run([GATEPOST, command, "--help"], stdout=subprocess.PIPE, text=True, check=True).stdout
        entry = entries.get(command, "")
        if "--json" in said and command not in listed and not re.search(r"\.Fl -json\n(?:.*\n)*?\.Ql ", entry):
            missing.append(command)
    equal(missing, [])


tap = world.Tap()
scene = Scene()
try:
    for test in (spf, verify, check_config, request, lists, greylist, limits, numbers, metrics, changes, status, without_a_daemon, store_check, moves, doctor,
                 domains, attempt, every_command):
        tap.run(test)
finally:
    scene.close()
tap.finish()
