# SPDX-License-Identifier: ISC
"""The examples for gatepost.conf: each is loaded, and does what its comments say. Which test loads the
others is in OTHERS."""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import dnsd  # noqa: E402
import world  # noqa: E402
from world import ask, equal, holds, wait_for  # noqa: E402

GATEPOST = os.path.join(world.BUILD, "gatepost")
EXAMPLES = "conf-examples"
PASSWORD = "correct horse"
# Which test loads the examples that are not loaded here. One that is in no line fails the test below.
OTHERS = {
    "gatepost.conf": "tests/blackbox/test_cli.py",
    "postfix-main.cf": "tests/mta/test_postfix.py",
    "postfix-limits.cf": "tests/mta/test_postfix_limits.py",
    "postfix-limits-rcpt.cf": "tests/mta/test_postfix_limits.py",
    "postfix-master.cf": "tests/mta/test_postfix_master.py",
    "exim/exim.conf": "tests/mta/exim_scene.py",
    "exim/acls.conf": "conf-examples/exim/exim.conf",
    "exim/routers.conf": "conf-examples/exim/exim.conf",
    "apparmor/usr.sbin.gatepost-policyd": "tests/mta/test_log_readers.py",
    "fail2ban/filter.d/gatepost-policyd.conf": "tests/mta/test_log_readers.py",
    "fail2ban/jail.d/gatepost-policyd.conf": "tests/mta/test_log_readers.py",
    "logcheck/gatepost-policyd": "tests/mta/test_log_readers.py",
    "logrotate/gatepost-policyd": "tests/mta/test_log_readers.py",
}
HERE = ("gatepost-minimal.conf", "gatepost-large.conf", "gatepost-redis.conf", "gatepost-lists.conf")

dns = dnsd.Server({
    "fail.test": {"TXT": ["v=spf1 ip4:192.0.2.0/24 -all"]},
    "dmarc.test": {"TXT": ["v=spf1 ip4:192.0.2.0/24 -all"]},
    "_dmarc.dmarc.test": {"TXT": ["v=DMARC1; p=reject"]},
    "forwarder.example.com": {"TXT": ["v=spf1 ip4:198.51.100.200 -all"]},
    "mute.test": "silent",
    # the lists of gatepost-lists.conf: their test entries, a client in two of them and one in one
    "2.0.0.127.zen.spamhaus.org": {"A": ["127.0.0.2", "127.0.0.4", "127.0.0.10"]},
    "2.0.0.0.0.0.f.7.f.f.f.f." + "0." * 20 + "zen.spamhaus.org": {"A": ["127.0.0.2"]},
    "2.0.0.127.bl.spamcop.net": {"A": ["127.0.0.2"]},
    "2.0.0.127.psbl.surriel.com": {"A": ["127.0.0.2"]},
    "2.0.0.127.list.dnswl.org": {"A": ["127.0.10.0"]},
    "70.100.51.198.zen.spamhaus.org": {"A": ["127.0.0.2"], "TXT": ["see https://check.example/70"]},
    "70.100.51.198.psbl.surriel.com": {"A": ["127.0.0.2"]},
    "71.100.51.198.zen.spamhaus.org": {"A": ["127.0.0.2"]},
})
serial = iter(range(10 ** 9))


def example(name):
    with open(os.path.join(EXAMPLES, name)) as f:
        return f.read()


def edited(text, edits):
    """The text with each (old, new) replaced; what is not there any more fails the test."""
    for old, new in edits:
        holds(text, old)
        text = text.replace(old, new)
    return text


class Host:
    """A daemon over an example as its main file; what this machine has otherwise is a drop-in file."""

    def __init__(self, text, drop_in=""):
        self.folder = tempfile.mkdtemp(prefix="gatepost-example.")
        os.mkdir(self.folder + "/conf.d")
        state = "" if "rediss:" in text or "redis:" in text or "sentinel:" in text else \
            '    uri = {"lmdb:%s/state"}\n' % self.folder
        with open(self.folder + "/conf.d/machine.conf", "w") as f:
            f.write('dns {\n    servers = {"127.0.0.1:%d"}\n    timeout = 2s\n    attempts = 1\n}\n'
                    'store {\n%s    local_path = "%s/local"\n}\n%s\n'
                    'policyd {\n    listen = {"unix:%s/policy.sock"}\n    user = "%s"\n'
                    '    control_socket = "%s/control.sock"\n}\n'
                    % (dns.port, state, self.folder, drop_in, self.folder,
                       world.daemon_user(), self.folder))
        try:
            self.policyd = world.Policyd(text + "# control_socket is set in conf.d\n", folder=self.folder)
        except BaseException as error:
            shutil.rmtree(self.folder, ignore_errors=True)
            needs_redis(str(error))
            raise

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        text = self.policyd.text()
        self.policyd.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        assert kind or ("ERROR: " not in text and "WARNING: ThreadSanitizer" not in text), text

    def rcpt(self, sender="a@fail.test", client="198.51.100.66", **more):
        """What Postfix is told about one recipient."""
        return self.policyd.ask(instance="%x.1" % next(serial), client_address=client, sender=sender,
                                helo_name="mail.fail.test", recipient="bob@example.net", **more)

    def send(self, n, user="", **more):
        """One message to so many recipients, to its end; how many of them were let in."""
        values = dict({"instance": "%x.1" % next(serial), "sasl_username": user, "sender": "a@example.net",
                       "client_address": "198.51.100.9", "queue_id": "4Xq"}, **more)
        with self.policyd.connect() as s:
            answers = [ask(s, recipient="r%d@example.com" % i, **values) for i in range(n)]
            taken = sum(a == "DUNNO" for a in answers)
            if taken:
                equal(ask(s, protocol_state="END-OF-MESSAGE", recipient_count=str(taken), size="1000",
                          **values), "DUNNO")
        return taken

    def maxima(self, who):
        return {row["limit"]: row["max"] for row in self.policyd.control("show", who=who)["rows"]}


def every_example():
    """every file of conf-examples is loaded by a test"""
    found = [os.path.relpath(path, EXAMPLES) for path in glob.glob(EXAMPLES + "/**", recursive=True)
             if os.path.isfile(path)]
    assert len(found) > 8, found
    tests = set(glob.glob("tests/*/*.py")) - {"tests/blackbox/test_examples.py"}
    for name in sorted(found):
        if name not in HERE:
            loaders = tests if name.startswith("monitoring/") else [OTHERS.get(name)]
            assert any(loader and os.path.basename(name) in text_of(loader) for loader in loaders), \
                "%s is loaded by no test that is known here" % name
    for name in HERE:
        done = subprocess.run([GATEPOST, "check-config", os.path.join(EXAMPLES, name)], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        needs_redis(done.stderr)
        equal(done.returncode, 0, done.stderr)
        holds(done.stdout, "%s/%s: no errors" % (EXAMPLES, name))
        # what an example names need not be on this machine, whose resolver may be a public one, and lists have
        # terms of use; all else would be bad advice
        fine = (": there is no ", " need a contract ", " resolver")
        equal([line for line in done.stderr.splitlines() if not any(part in line for part in fine)], [])


def needs_redis(text):
    if "built without Redis" in text:
        raise world.Skip("built without Redis")


def text_of(path):
    with open(path) as f:
        return f.read()


def minimal_first_week():
    """gatepost-minimal.conf: refuses nothing at first and says what it would have; without mode it does"""
    text = example("gatepost-minimal.conf")
    with Host(text) as host:
        holds(host.rcpt(), "PREPEND Authentication-Results: ")
        host.policyd.wait_log("would=reject")
        before = len(host.policyd.text())
        equal(host.rcpt(client="198.51.100.25"), "DUNNO")
        wait_for(lambda: "rule=spf.exempt_clients" in host.policyd.text()[before:], "its rule in the log")
        equal(host.rcpt(client="192.0.2.7"), "DUNNO")
    with Host(edited(text, [("    mode = label\n", "")])) as host:
        holds(host.rcpt(), "550 5.7.23 ")


def minimal_limits():
    """gatepost-minimal.conf: 100 recipients an hour, 400 a day, a newsletter more"""
    with Host(example("gatepost-minimal.conf")) as host:
        host.send(1)  # Postfix asks at the end of messages
        equal(host.send(101, "alice"), 100)
        equal(host.send(101, "newsletter@example.org"), 101)
        equal(host.maxima("alice"), {"hourly": 100, "daily": 400})
        equal(host.maxima("newsletter@example.org"), {"hourly": 5000, "daily": None})


def lists_first_week():
    """gatepost-lists.conf: refuses and delays nothing at first; then what two operators list is refused, and a
    client that only one lists is delayed"""
    text = example("gatepost-lists.conf") + "greylist { learn = 0s }\n"
    listed = {"sender": "a@example.net", "client": "198.51.100.70"}
    once = {"sender": "a@example.net", "client": "198.51.100.71"}
    with Host(text) as host:
        holds(host.rcpt(**listed), "PREPEND Authentication-Results: ")
        host.policyd.wait_log("would=reject rule=dnsbl.reject_at")
        holds(host.rcpt(**once), "PREPEND Authentication-Results: ")
        host.policyd.wait_log("would=defer")
    with Host(text.replace("    mode = label\n", "    mode = enforce\n")) as host:
        holds(host.rcpt(**listed), "550 5.7.1 198.51.100.70 is listed by zen.spamhaus.org")
        holds(host.rcpt(**once), "450 4.7.1 ")


def minimal_in_conf_d():
    """gatepost-minimal.conf works as a drop-in file beside the packaged gatepost.conf"""
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(folder + "/conf.d")
        shutil.copy(EXAMPLES + "/gatepost.conf", folder)
        shutil.copy(EXAMPLES + "/gatepost-minimal.conf", folder + "/conf.d")
        done = subprocess.run([GATEPOST, "check-config", "--dump", folder + "/gatepost.conf"], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        equal((done.returncode, done.stderr), (0, ""))
        holds(done.stdout, "    mode = label\n")
        holds(done.stdout, "limit daily {")


class Redis:
    """A Redis with a password, and a sentinel that watches it as mail; the password in a file."""

    def __init__(self, with_sentinel=False):
        self.folder = tempfile.mkdtemp(prefix="gatepost-redis.")
        os.chmod(self.folder, 0o755)
        self.password_file = self.folder + "/redis-password"
        with open(self.password_file, "w") as f:
            f.write(PASSWORD + "\n")
        os.chmod(self.password_file, 0o644)
        self.sentinel = None
        self.server = world.Redis(self.folder, None, "--requirepass", PASSWORD)
        try:
            if with_sentinel:
                self.sentinel = self._watch()
        except BaseException:
            self.close()
            raise

    def _watch(self):
        path, port = self.folder + "/sentinel.conf", world.free_port()
        with open(path, "w") as f:
            f.write('sentinel monitor mail 127.0.0.1 %d 1\nsentinel auth-pass mail "%s"\nrequirepass "%s"\n'
                    % (self.server.port, PASSWORD, PASSWORD))
        sentinel = Sentinel(self.folder, port, path)
        return sentinel

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.close()

    def close(self):
        for process in (self.sentinel, self.server):
            if process:
                process.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Sentinel(world.Redis):
    """The same program, as a sentinel with a configuration of its own."""

    def __init__(self, folder, port, path):
        self.program = shutil.which("redis-server") or shutil.which("redis-check-rdb")
        self.folder, self.port = folder, port
        self.process = subprocess.Popen(
            ["redis-server", path, "--port", str(port), "--bind", "127.0.0.1", "--sentinel"],
            executable=self.program, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        wait_for(self._answers, "the sentinel on port %d" % port)


def redis_shared():
    """gatepost-redis.conf: through sentinels, several hosts count together, each alone when Redis is unavailable"""
    with Redis(with_sentinel=True) as redis:
        sentinels = re.findall(r'"sentinel://10\.0\.0\.\d/mail"', example("gatepost-redis.conf"))
        equal(len(sentinels), 3)
        edits = [(sentinels[0], '"sentinel://127.0.0.1:%d/mail"' % redis.sentinel.port)]
        # the other two are not there: they are passed over
        edits += [(s, '"sentinel://127.0.0.1:%d/mail"' % world.free_port()) for s in sentinels[1:]]
        edits += [("/etc/gatepost/redis-password", redis.password_file)]
        text = "limit hourly { key = user  count = recipients  max = 5  per = 1h }\n" + \
            edited(example("gatepost-redis.conf"), edits)
        with Host(text) as one, Host(text) as two:
            for host in (one, two):
                host.send(1)
            equal((one.send(3, "alice"), two.send(3, "alice")), (3, 2))
            equal([h.policyd.used("alice", "hourly") for h in (one, two)], [5, 5])
            redis.server.stop()
            equal((one.send(6, "bob"), two.send(6, "bob")), (5, 5))
            one.policyd.wait_log("store: redis://127.0.0.1:%d" % redis.server.port)


def large(redis, folder):
    """The example for a large site with one Redis of this machine and its directory of overrides."""
    return edited(example("gatepost-large.conf"), [
        ('"rediss://redis1.example.net"', '"redis://127.0.0.1:%d"' % redis.server.port),
        ('"rediss://redis2.example.net"', '"redis://127.0.0.1:%d"' % world.free_port()),
        ("/etc/gatepost/redis-password", redis.password_file),
        ("/etc/gatepost/customers", folder)])


def metrics(port):
    """A port of the test's own for what the example has on 9740."""
    return 'metrics { listen = {"inet:127.0.0.1:%d"} }\n' % port


def large_metrics():
    """gatepost-large.conf: the numbers are served over HTTP"""
    port = world.free_port()
    with Redis() as redis, tempfile.TemporaryDirectory() as folder, \
            Host(large(redis, folder), metrics(port)) as host:
        if "built without" in host.policyd.text():
            raise world.Skip("gatepost-policyd was built without libmicrohttpd")
        with urllib.request.urlopen("http://127.0.0.1:%d/metrics" % port, timeout=world.PATIENCE_S) as page:
            holds(page.read().decode(), "\ngatepost_build_info{")


def large_incoming():
    """gatepost-large.conf: SPF refuses, leaves to DMARC what it can decide, defers when DNS is silent"""
    with Redis() as redis, tempfile.TemporaryDirectory() as folder, \
            Host(large(redis, folder), metrics(world.free_port())) as host:
        holds(host.rcpt(), "550 5.7.23 ")
        holds(host.rcpt("a@dmarc.test"), "PREPEND Authentication-Results: mx.example.net; spf=fail")
        holds(host.rcpt("a@mute.test"), "451 4.4.3 ")
        holds(host.rcpt(client="203.0.113.10"), "DUNNO")
        holds(host.rcpt(client="198.51.100.25"), "DUNNO")
        holds(host.rcpt(client="198.51.100.200"), "PREPEND ")
        lines = [json.loads(line) for line in wait_for(
            lambda: [t for t in host.policyd.text().splitlines() if '"decision"' in t][:6] or None,
            "decisions in the log")]
        equal({line["event"] for line in lines}, {"decision"})
        equal(lines[0]["rule"], "spf.reject")


def large_messages():
    """gatepost-large.conf: DMARC spares the mailing lists and forwarders that it names"""
    with Redis() as redis, tempfile.TemporaryDirectory() as folder:
        path = folder + "/gatepost.conf"
        with open(path, "w") as f:
            f.write(large(redis, folder + "/customers"))
        message = "From: Alice <alice@dmarc.test>\r\nSubject: x\r\n\r\nx\r\n"
        for client, action in (("198.51.100.66", "reject"), ("198.51.100.33", "accept")):
            done = subprocess.run(
                [GATEPOST, "verify", "--as-configured", "--json", "--config", path, "--dns", "127.0.0.1:%d" % dns.port,
                 "--ip", client, "--helo", "mail.fail.test", "--mail-from", "a@list.test"],
                input=message, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            needs_redis(done.stderr)
            equal((done.returncode, done.stderr), (0, ""))
            equal(json.loads(done.stdout)["action"], action, client)


def large_outgoing():
    """gatepost-large.conf: users, customers, machines; overrides of programs; all hosts together"""
    with Redis() as redis, tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        with open(folder + "/shop.conf", "w") as f:
            f.write('override { domain = "shop.example"  customer = 30  hourly = 20 }\n')
        os.chmod(folder + "/shop.conf", 0o644)
        text = large(redis, folder)
        with Host(text, metrics(world.free_port())) as one, Host(text, metrics(world.free_port())) as two:
            for host in (one, two):
                host.send(1)
            equal(one.send(201, "alice"), 200)
            equal(two.send(1, "alice"), 0)
            equal(two.maxima("newsletter@example.org"), {
                "hourly": 20000, "daily": None, "volume": 2 << 30, "customer": 50000, "site": 100000})
            equal(one.maxima("bob@example.org")["hourly"], 1000)
            # the customer as a whole has 30, each of its users 20
            equal([one.send(21, "a@shop.example"), two.send(21, "b@shop.example")], [20, 10])
            for client, wanted in (("192.0.2.9", 600), ("192.0.2.80", None)):
                equal(one.send(1, client_address=client), 1)
                equal(two.policyd.used("client:" + client, "machines"), 1)
                equal(two.maxima("client:" + client)["machines"], wanted)
            # those who logged in and those of trusted_networks: the alarm counts both
            equal(two.policyd.used("all", "site"), 200 + 20 + 10 + 2)


def main():
    tap = world.Tap()
    for test in (every_example, minimal_first_week, minimal_limits, minimal_in_conf_d, lists_first_week, redis_shared,
                 large_incoming, large_messages, large_outgoing, large_metrics):
        tap.run(test)
    dns.close()
    tap.finish()


main()
