# SPDX-License-Identifier: ISC
"""DNS lists in gatepost-policyd: the first request after a start, a reload or a crash, lists that are silent, and
what a key may not be found in."""
import os
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import dnsd  # noqa: E402  (lies in the directory named just above)
import world  # noqa: E402
from world import equal, holds, wait_for  # noqa: E402

KEY = "s3cr3tk3y"
ZONE = {
    "2.0.0.127.bl.example.com": {"A": ["127.0.0.2"]},
    "66.100.51.198.bl.example.com": {"A": ["127.0.0.2"]},
    "2.0.0.127.more.example.com": {"A": ["127.0.0.2"]},
    "67.100.51.198.more.example.com": {"A": ["127.0.0.2"]},
    "2.0.0.127.%s.paid.example.com" % KEY: {"A": ["127.255.255.254"]},
    "test.example.uri.example.com": {"A": ["127.0.0.2"]},
    "2.0.0.127.mute.example.com": "silent",
    "1.0.0.127.mute.example.com": "silent",
    "66.100.51.198.mute.example.com": "silent",
}
CONFIG = """
hostname = "mx.example.test"
dns {
    servers = {"127.0.0.1:PORT"}
    timeout = 1s
    attempts = 1
}
store { uri = {"STORE"} }
policyd {
    listen = {"SOCKET"}
    user = "USER"
}
spf { mode = off }
dnsbl { mode = enforce }
"""
LIST = 'list NAME.example.com { asks = client  codes = {"127.0.0.2 = 3"}  tests = {"127.0.0.2 listed"} }\n'
BL, MORE, MUTE = (LIST.replace("NAME", name) for name in ("bl", "more", "mute"))
serial = iter(range(10 ** 9))


class Host:
    """A daemon and the name server of its lists."""

    def __init__(self, lists, change=("", "")):
        self.change = change  # of the configuration
        self.dns = dnsd.Server(dict(ZONE))
        self.policyd = world.Policyd(self.config(lists))

    def config(self, lists):
        return (CONFIG.replace(*self.change) + lists).replace("PORT", str(self.dns.port))

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        text = self.policyd.text()
        self.policyd.close()
        self.dns.close()
        assert kind or ("ERROR: " not in text and "WARNING: ThreadSanitizer" not in text), text

    def rcpt(self, client="198.51.100.66"):
        return self.policyd.ask(instance="%x.1" % next(serial), client_address=client, sender="a@example.net",
                                helo_name="mail.example.net", recipient="bob@example.org")

    def asked(self, name):
        return sum(1 for question, _ in self.dns.asked if question == name)


def at_the_start():
    """a client that is listed is refused by the first answer after the start"""
    for _ in range(3):
        with Host(BL + MORE) as host:
            holds(host.rcpt(), "550 5.7.1 198.51.100.66 is listed by bl.example.com")
            equal(host.rcpt("198.51.100.68"), "DUNNO")


def silent_at_the_start():
    """a list that does not answer its tests is not waited for: it is suspended, and the others work"""
    with Host(MUTE + BL) as host:
        holds(host.rcpt(), "550 5.7.1 198.51.100.66 is listed by bl.example.com")
        host.policyd.wait_log("event=list-suspended list=mute.example.com")
        equal(host.asked("66.100.51.198.mute.example.com"), 0)


def reload():
    """a reload brings another list, which is tested before it refuses anything, and takes one away"""
    with Host(BL) as host:
        equal(host.rcpt("198.51.100.67"), "DUNNO")
        host.policyd.write(host.config(MORE))
        host.policyd.reload()
        wait_for(lambda: host.rcpt("198.51.100.67").startswith("550 5.7.1 "), "answer by the new list")
        equal(host.rcpt("198.51.100.66"), "DUNNO")
        assert host.asked("2.0.0.127.more.example.com") >= 1, host.dns.asked


def reload_beside_a_silent_list():
    """while a silent list is being tested, a reload brings another one: it is tested at once, and one round is enough"""
    slow = ("timeout = 1s\n    attempts = 1", "timeout = 5s\n    attempts = 2")
    with Host(BL + MUTE, slow) as host:
        # the second query is sent when the first second is over; then the servers have nine more
        wait_for(lambda: host.asked("2.0.0.127.mute.example.com") > 1, "the long wait")
        host.policyd.write(host.config(BL + MUTE + MORE))
        host.policyd.reload()
        wait_for(lambda: host.rcpt("198.51.100.67").startswith("550 5.7.1 "), "answer by the new list")
        equal(host.asked("2.0.0.127.more.example.com"), 1)


def crash():
    """what is known of a list survives a crash of the serving process: its tests are not asked again at once"""
    with Host(BL) as host:
        holds(host.rcpt(), "550 5.7.1 ")
        asked, worker = host.asked("2.0.0.127.bl.example.com"), host.policyd.worker()
        os.kill(worker, signal.SIGKILL)
        wait_for(lambda: host.policyd.worker() != worker and host.policyd.text().count("is ready") > 1, "next process")
        holds(host.rcpt(), "550 5.7.1 ")
        equal(host.asked("2.0.0.127.bl.example.com"), asked)


def refused_later():
    """a list that begins to answer with an error is suspended by that answer; the mail is let in"""
    with Host(BL) as host:
        holds(host.rcpt(), "550 5.7.1 ")
        host.dns.zone["69.100.51.198.bl.example.com"] = {"A": ["127.255.255.254"]}
        equal(host.rcpt("198.51.100.69"), "DUNNO")
        holds(host.policyd.wait_log("list-suspended") and host.policyd.text(), 'reason="error code"')
        equal(host.rcpt("198.51.100.66"), "DUNNO")


def odd_requests():
    """names and addresses that no list may be asked about are not sent to it; a sender's domain is, however odd the rest"""
    names = 'list uri.example.com { asks = {sender, helo}  codes = {"127.0.0.2 = 3"}  tests = {"test.example listed"} }\n'
    long_name = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 57, "com"])
    equal(len(long_name), 253)
    rows = (
        ({"client_address": "fe80::1%eth0"}, []),
        ({"client_address": "::"}, []),
        ({"client_address": "0.0.0.0"}, []),
        ({"client_address": "::ffff:127.0.0.1"}, []),
        ({"client_address": "::ffff:198.51.100.70"}, ["70.100.51.198.bl.example.com"]),
        ({"helo_name": "*"}, []),
        ({"helo_name": "[1.2.3.4]"}, []),
        ({"helo_name": "[IPv6:2001:db8::1]"}, []),
        ({"helo_name": "1.2.3.4"}, []),
        ({"helo_name": long_name}, []),
        ({"helo_name": "x." * 200}, []),
        ({"sender": '"a@b.example.org"@odd.example.net'}, ["odd.example.net.uri.example.com"]),
        ({"sender": '"a b@"@odder.example.net'}, ["odder.example.net.uri.example.com"]),
        ({"sender": ""}, []),
        ({"sender": "\u00fc@b\u00fccher.example.net"}, ["xn--bcher-kva.example.net.uri.example.com"]),
    )
    with Host(BL.replace("asks = client", "asks = client  ipv6 = yes") + names) as host:
        equal(host.rcpt("198.51.100.68"), "DUNNO")
        for n, (attributes, expected) in enumerate(rows):
            known = dict(client_address="198.51.101.%d" % n, helo_name="localhost", sender="a@localhost",
                         recipient="bob@example.org", instance="%x.1" % next(serial))
            before = len(host.dns.asked)
            equal((attributes, host.policyd.ask(**dict(known, **attributes))), (attributes, "DUNNO"))
            zone = ".example.com" if "client_address" in attributes else ".uri.example.com"
            lists = [name for name, kind in host.dns.asked[before:] if name.endswith(zone) and kind == "A"]
            equal((attributes, lists), (attributes, expected))


def long_text():
    """a text of 64 KB, which comes over TCP, is cut; the reply is one line"""
    with Host(BL) as host:
        host.dns.zone["66.100.51.198.bl.example.com"] = {"A": ["127.0.0.2"], "TXT": ["listed \r\n" + "x " * 32000]}
        reply = host.rcpt()
        holds(reply, '550 5.7.1 198.51.100.66 is listed by bl.example.com (127.0.0.2): "listed x x x')
        assert len(reply) < 400 and "\r" not in reply and "\n" not in reply, reply
        assert ("66.100.51.198.bl.example.com", "TXT") in host.dns.asked, host.dns.asked


def users():
    """no list is asked about authenticated users"""
    with Host(BL) as host:
        equal(host.policyd.ask(client_address="198.51.100.66", sasl_username="alice", sender="alice@example.org",
                               recipient="bob@example.net", instance="u.1"), "DUNNO")
        equal(host.asked("66.100.51.198.bl.example.com"), 0)


def key():
    """a key is in the question, and in no log line, reply, status, metric or dump"""
    with tempfile.TemporaryDirectory() as folder:
        with open(folder + "/key", "w") as f:
            f.write(KEY + "\n")
        os.chmod(folder, 0o755)
        os.chmod(folder + "/key", 0o600)
        if os.geteuid() == 0:
            os.chown(folder + "/key", *[__import__("pwd").getpwnam(world.daemon_user())[i] for i in (2, 3)])
        for option in ("key = %s" % KEY, 'key_file = "%s/key"' % folder):
            with Host(BL + 'list paid.example.com { key_zone = KEY.paid.example.com  %s  asks = client\n'
                      'codes = {"127.0.0.2 = 3"}  tests = {"127.0.0.2 listed"} }\n' % option) as host:
                host.rcpt()
                host.policyd.wait_log("event=list-suspended list=paid.example.com")
                assert host.asked("2.0.0.127.%s.paid.example.com" % KEY) >= 1, host.dns.asked
                gatepost = os.path.join(world.BUILD, "gatepost")
                texts = [host.policyd.text()]
                for words in (["check-config", "--dump", host.policyd.config_path],
                              ["status", "--json", "--socket", host.policyd.control_path],
                              ["metrics", "--socket", host.policyd.control_path]):
                    done = subprocess.run([gatepost] + words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
                    equal(done.returncode, 0, done.stdout)
                    texts.append(done.stdout)
                for text in texts:
                    assert KEY not in text, text


def main():
    tap = world.Tap()
    for test in (at_the_start, silent_at_the_start, reload, reload_beside_a_silent_list, crash, refused_later, odd_requests,
                 long_text, users, key):
        tap.run(test)
    tap.finish()


main()
