#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Every collected case about messages (DKIM, ARC, DMARC, whole messages) through gatepost verify, with
a name server of its own for each zone. SUITES names the directory of the suites, BUILD that of the
program; a case name or a part of it as argument runs those cases only."""
import base64
import glob
import json
import os
import subprocess
import sys
import tempfile

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(PROJECT, "tests", "support"))
sys.dont_write_bytecode = True
from casezone import CaseServer, Zone  # noqa: E402  (lies in the directory named just above)

KINDS = ("dkim", "arc", "dmarc", "message")
CONFIG = "hostname = mx.test\ndns { timeout = 3s  attempts = 1  trust_ad = yes }\n"
WAIT = 60


def verify(program, config, server, case):
    given = case["input"]
    command = [program, "verify", "--json", "--config", config, "--dns", "127.0.0.1:%d" % server.port]
    for option, name in (("--ip", "ip"), ("--helo", "helo"), ("--mail-from", "mail_from")):
        if given.get(name) is not None:
            command += [option, given[name]]
    if case.get("now"):
        command += ["--now", str(case["now"])]
    message = base64.b64decode(given["message"]["b64"]) or b"\r\n"  # a file without a byte is refused
    done = subprocess.run(command, input=message, timeout=WAIT,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise AssertionError("exit %d: %s" % (done.returncode, done.stderr.decode(errors="replace")))
    return json.loads(done.stdout)


def check_dkim(expect, got):
    left = list(got["dkim"])
    for wanted in expect.get("signatures", []):
        same = [s for s in left if (s["domain"] or "").lower() == (wanted["domain"] or "").lower() and
                s["selector"].lower() == (wanted["selector"] or "").lower()]
        best = [s for s in same if s["result"] in wanted["result"]]
        if not same and wanted.get("optional"):
            continue
        if not best:
            yield "signature of %s/%s: %s, expected %s" % (
                wanted["domain"], wanted["selector"], [(s["result"], s["reason"]) for s in same],
                wanted["result"])
            continue
        left.remove(best[0])
    if left and not expect.get("partial") and "signatures" in expect:
        yield "more signatures than expected: %s" % left
    if "any_pass" in expect and expect["any_pass"] != any(s["result"] == "pass" for s in got["dkim"]):
        yield "any_pass: %s" % got["dkim"]


def check_arc(expect, got):
    if got["arc"]["result"] not in expect["cv"]:
        yield "cv %s (%s), expected %s" % (got["arc"]["result"], got["arc"]["reason"], expect["cv"])
    if expect.get("instances") is not None and got["arc"]["instances"] != expect["instances"]:
        yield "instances %s, expected %s" % (got["arc"]["instances"], expect["instances"])


def check_dmarc(expect, got):
    for field in ("result", "policy", "action", "domain", "org_domain"):
        if field in expect and got["dmarc"][field] not in expect[field]:
            yield "%s %s (%s), expected %s" % (field, got["dmarc"][field], got["dmarc"]["reason"], expect[field])
    for field in ("spf_aligned", "dkim_aligned"):
        if field in expect and got["dmarc"][field] != expect[field]:
            yield "%s %s, expected %s" % (field, got["dmarc"][field], expect[field])


def check_spf(expect, got):
    if got["spf"]["result"] not in expect["result"]:
        yield "spf %s, expected %s" % (got["spf"]["result"], expect["result"])


CHECKS = {"dkim": check_dkim, "arc": check_arc, "dmarc": check_dmarc, "spf": check_spf}


def problems(case, got):
    if case["kind"] == "message":
        return [p for kind, expect in case["expect"].items() for p in CHECKS[kind](expect, got)]
    return list(CHECKS[case["kind"]](case["expect"], got))


def run(program, files, wanted):
    number, server = 0, CaseServer()
    with tempfile.TemporaryDirectory() as folder:
        config = os.path.join(folder, "gatepost.conf")
        with open(config, "w") as f:
            f.write(CONFIG)
        for path in files:
            content = json.load(open(path))
            for case in content["cases"]:
                if case["kind"] not in KINDS or wanted not in case["id"]:
                    continue
                number += 1
                server.zone = Zone(content["zones"].get(case["zone"]) or {})
                try:
                    found = problems(case, verify(program, config, server, case))
                except (AssertionError, KeyError, subprocess.TimeoutExpired) as trouble:
                    found = [repr(trouble)]
                print("%s %d - %s" % ("not ok" if found else "ok", number, case["id"]))
                for text in found:
                    print("# " + text)
    server.close()
    print("1..%d" % number)


def main():
    os.chdir(PROJECT)
    suites = os.environ.get("SUITES", "../shared/conformance")
    files = sorted(glob.glob(os.path.join(suites, "shown", "cases", "*.json")))
    if not files:
        print("1..1\nok 1 - collected cases # SKIP %s is not there" % suites)
        return
    run(os.path.join(os.environ.get("BUILD", "build"), "gatepost"), files,
        sys.argv[1] if len(sys.argv) > 1 else "")


if __name__ == "__main__":
    main()
