# SPDX-License-Identifier: ISC
"""A key of a DNS list that is written where no key belongs: it is in no reply, log line, dump, error or command's
output, whether the daemon can use the list all the same, refuses the file, or is given the file later."""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import dnsd  # noqa: E402  (lies in the directory named just above)
import world  # noqa: E402
from world import equal, holds, wait_for  # noqa: E402

GATEPOST = os.path.join(world.BUILD, "gatepost")
KEY = "abcdefghijklm1234567890abc"
CONFIG = """
hostname = "mx.example.test"
dns {
    servers = {"127.0.0.1:PORT"}
    timeout = 1s
}
store { uri = {"STORE"} }
policyd {
    listen = {"SOCKET"}
    user = "USER"
}
spf { mode = off }
dnsbl { mode = enforce }
"""
REST = ' codes = {"127.0.0.2 = 3"}  tests = {"127.0.0.2 listed"}'
# what is accepted: the list, its public zone
TAKEN = (
    ('list "KEY1.sbl.dq.spamhaus.net" {%s }\n' % REST, "sbl.dq.spamhaus.net"),
    ('list other { zone = KEY1.dq.other.example  key_zone = KEY.dq.other.example %s }\n' % REST, "dq.other.example"),
    ('list "KEY1.dq.other.example" { key_zone = "KEY.dq.other.example." %s }\n' % REST, "dq.other.example"),
)
REFUSED = (
    "use KEY1.zen.dq.spamhaus.net { }\n",
    "use KEY1 { }\n",
    "use spamhaus-zen { KEY1 }\n",
    "use spamhaus-zen { key_file = KEY1 }\n",
    "use spamhaus-zen { key_credential = KEY1 }\n",
    "list x { zone KEY1.zen.dq.spamhaus.net }\n",
    "list KEY1.zen.dq.spamhaus.net = x\n",
    "list x { zone = KEY1.bl.example.com }\n",
    "list KEY1.bl.example.com { }\n",
    "list x { zone = sub.KEY1.zen.dq.spamhaus.net }\n",
)


def gatepost(*words):
    return subprocess.run((GATEPOST,) + words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def expect_none(text, about):
    assert KEY not in text.lower(), "%s shows the key: %s" % (about, text)


def taken():
    """a list with its key in a name is queried, and told by its public zone everywhere"""
    for text, zone in TAKEN:
        dns = dnsd.Server({"%s.%s.%s" % (name, KEY, zone): {"A": ["127.0.0.2"]}
                           for name in ("2.0.0.127", "66.100.51.198")})
        policyd = world.Policyd((CONFIG + text.replace("KEY1", KEY)).replace("PORT", str(dns.port)))
        reply = policyd.ask(instance="k.1", client_address="198.51.100.66", sender="a@example.net",
                            helo_name="mail.example.net", recipient="bob@example.org")
        holds(reply, "550 5.7.1 198.51.100.66 is listed by %s (127.0.0.2)" % zone)
        assert any(KEY in question for question, _ in dns.asked), dns.asked
        shown = [reply]
        for words in (["check-config"], ["check-config", "--dump"], ["check-config", "--json"]):
            shown.append(gatepost(*words, policyd.config_path).stdout)
        for words in (["lists"], ["lists", "--json"], ["status", "--json"], ["metrics"]):
            done = gatepost(*words, "--socket", policyd.control_path)
            equal(done.returncode, 0, done.stdout)
            shown.append(done.stdout)
        shown.append(gatepost("lists", "test", "198.51.100.66", "--config", policyd.config_path).stdout)
        holds(shown[-1], zone)
        for output in shown + [policyd.text()]:
            expect_none(output, text)
        policyd.close()
        dns.close()


def refused():
    """the errors of a file that is not accepted have no key, whatever is wrong"""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "t.conf")
        for text in REFUSED:
            with open(path, "w") as f:
                f.write("dnsbl { mode = enforce }\n" + text.replace("KEY1", KEY))
            for words in ([], ["--json"], ["--dump"]):
                done = gatepost("check-config", *words, path)
                assert done.returncode != 0, text
                expect_none(done.stdout, text)


def reloaded():
    """a reload of such a file logs the errors without the key"""
    dns = dnsd.Server({})
    config = (CONFIG + "list bl.example.com { }\n").replace("PORT", str(dns.port))
    policyd = world.Policyd(config)
    for n, text in enumerate(REFUSED):
        policyd.write(config + text.replace("KEY1", KEY))
        policyd.reload()
        wait_for(lambda: policyd.text().count("stays in force as it was") > n, "log line of the reload")
    expect_none(policyd.text(), "the log")
    policyd.close()
    dns.close()


def main():
    tap = world.Tap()
    for test in (taken, refused, reloaded):
        tap.run(test)
    tap.finish()


main()
