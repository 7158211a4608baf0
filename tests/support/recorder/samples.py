# SPDX-License-Identifier: ISC
"""What no test script shows and is cheap to see: the commands over every seed of the fuzz targets and
every example, and the policy protocol over its seeds. Run by record.py only; it judges nothing."""
import glob
import os
import subprocess
import sys
import tempfile

PROJECT = os.environ["RECORD_PROJECT"]
sys.path.insert(0, os.path.join(PROJECT, "tests", "support"))
import dnsd  # noqa: E402
import world  # noqa: E402

GATEPOST = os.path.join(world.BUILD, "gatepost")
POLICYD = os.path.join(world.BUILD, "gatepost-policyd")
SEEDS = os.path.join(PROJECT, "tests", "fuzz", "seeds")
CLIENT = ["--ip", "192.0.2.1", "--helo", "mail.example.org", "--mail-from", "alice@example.org"]
ZONE = {
    "example.org": {"TXT": ["v=spf1 ip4:192.0.2.0/24 -all"]}, "_dmarc.example.org": {"TXT": ["v=DMARC1; p=reject"]},
    "example.com": {"TXT": ["v=spf1 -all"]}, "_dmarc.example.com": {"TXT": ["v=DMARC1; p=quarantine; pct=50"]},
    "_dmarc.example.net": {"TXT": ["v=DMARC1; p=none"]}, "down.example": "servfail",
    "mail.example.org": {"A": ["192.0.2.1"], "TXT": ["v=spf1 a -all"]},
}
CONFIG = """hostname = "mx.test"
dns { servers = {"127.0.0.1:%d"} timeout = 2s }
policyd { listen = {"SOCKET"} user = "USER" }
"""


def seeds(*targets):
    return [p for t in targets for p in sorted(glob.glob(os.path.join(SEEDS, "fuzz_" + t, "*")))]


def run(*words):
    subprocess.run(list(words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)


def messages(dns, config):
    """gatepost verify over every seed that is a message"""
    for path in seeds("message", "engine_message", "arc", "author", "dkim_canon", "dkim_sig", "authres"):
        for more in ([], ["--as-configured"]):
            run(GATEPOST, "verify", "--json", "--config", config, "--dns", dns, "--now", "1700000000", *CLIENT, *more, path)
        run(GATEPOST, "verify", "--config", config, "--dns", dns, "--now", "1700000000", path)


def spf(dns, config):
    """gatepost spf over every seed that is a record"""
    for path in seeds("spf_record", "spf_macro"):
        with open(path, encoding="latin-1") as f:
            ZONE["seed.example"] = {"TXT": [f.read()[:2000].encode("ascii", "replace").decode()]}
        for more in (["--json"], []):
            run(GATEPOST, "spf", "--config", config, "--dns", dns, "--ip", "192.0.2.1", "--helo", "mail.example.org",
                "--mail-from", "alice@seed.example", *more)


def configurations(dns, config):
    """what is said of every configuration among the seeds and the examples"""
    paths = seeds("config") + sorted(glob.glob(os.path.join(PROJECT, "conf-examples", "*.conf")))
    for path in paths:
        run(GATEPOST, "check-config", path)
        run(GATEPOST, "check-config", "--dump", path)
        run(POLICYD, "-t", "-c", path)
    for path in paths:
        run(GATEPOST, "doctor", "--json", "-c", path, "config")
    run(GATEPOST, "doctor", "--json", "-c", config, "config", "daemon", "store", "dns")


def texts(dns, config):
    """help, versions and generated pages"""
    for words in ([], ["--help"], ["--version"], ["check-config", "--example"], ["check-config", "--man"],
                  *([name, "--help"] for name in ("check-config", "doctor", "limits", "metrics", "request", "spf",
                                                  "status", "store", "verify"))):
        run(GATEPOST, *words)
    run(POLICYD, "-h")


def requests(dns, config):
    """answers to every seed of the policy protocol"""
    policyd = world.Policyd(CONFIG % int(dns.rsplit(":", 1)[1]))
    try:
        for path in seeds("policy_request", "policy_session"):
            with open(path, "rb") as f:
                data = f.read()
            with policyd.connect(10) as s:
                s.sendall(data)
                s.shutdown(1)
                while s.recv(65536):
                    pass
        policyd.control("status")
        policyd.control("metrics")
    finally:
        policyd.close()


def main():
    server, tap = dnsd.Server(ZONE), world.Tap()
    with tempfile.TemporaryDirectory() as folder:
        config = os.path.join(folder, "gatepost.conf")
        with open(config, "w") as f:
            f.write('hostname = "mx.test"\ndns { timeout = 2s attempts = 1 }\n')
        for show in (messages, spf, configurations, texts, requests):
            tap.run(show, "127.0.0.1:%d" % server.port, config)
    tap.finish()


main()
