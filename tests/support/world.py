# SPDX-License-Identifier: ISC
"""What tests of whole programs share: gatepost-policyd, Postfix, unbound, an SMTP client, TAP.

Every server is started and ended by its process id. Postfix and unbound are for the inside of
sandbox.py only; gatepost-policyd runs anywhere.
"""
import glob
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

import hang  # noqa: F401 says where a script hangs

BUILD = os.environ.get("BUILD", "build")


class Skip(Exception):
    """Raised by a test that cannot be done here; the text says why."""


class Tap:
    """Counts and prints test results; a test is a function, its docstring the rule. The first that fails
    ends the program."""

    def __init__(self):
        self.number = self.failed = 0

    def run(self, test, *arguments):
        self.number += 1
        name = (test.__doc__ or test.__name__).strip().split("\n")[0]
        try:
            test(*arguments)
            print("ok %d - %s" % (self.number, name), flush=True)
        except Skip as reason:
            print("ok %d - %s # SKIP %s" % (self.number, name, reason), flush=True)
        except Exception:
            self.failed += 1
            print("not ok %d - %s" % (self.number, name))
            print("".join("# " + line + "\n" for line in traceback.format_exc().splitlines()), flush=True)
            # what follows would find the scene as a failed test left it, and wait for what does not come
            print("# the tests behind it were not run\n1..%d" % self.number)
            sys.exit(1)

    def skip_all(self, reason):
        print("ok 1 - all # SKIP %s\n1..1" % reason)
        sys.exit(0)

    def finish(self):
        print("1..%d" % self.number)
        sys.exit(1 if self.failed else 0)


def equal(got, wanted, about=""):
    assert got == wanted, "%s\ngot    %r\nwanted %r" % (about, got, wanted)


def holds(text, part):
    assert part in text, "%r is not in %r" % (part, text)


PATIENCE_S = 120  # what no machine takes, however busy it is: a wait that is longer hangs


def wait_for(condition, what, seconds=PATIENCE_S):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError("no %s within %d s" % (what, seconds))


def stand_still(pid):
    """Stops all its threads, and returns when they have stopped."""
    os.kill(pid, signal.SIGSTOP)

    def states():
        found = set()
        for path in glob.glob("/proc/%d/task/*/stat" % pid):
            with open(path) as f:
                found.add(f.read().rsplit(") ", 1)[1][0])
        return found
    wait_for(lambda: states() == {"T"}, "standstill")


def signals(pid, kind):
    """A set of signals of a process, as the kernel tells it: SigBlk, SigIgn, SigCgt, ShdPnd."""
    with open("/proc/%d/status" % pid) as f:
        return int(re.search(r"^%s:\s+(\w+)$" % kind, f.read(), re.M).group(1), 16)


def end(process, seconds=PATIENCE_S):
    """Ends a process that this test started."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def daemon_user():
    """Whom a daemon of ours runs as: who runs the test, unless that is root."""
    return "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name


class Policyd:
    """A running gatepost-policyd with a configuration of the test's own."""

    def __init__(self, config, folder=None, program=None, user=None, wait=True, log=None):
        self.owned = folder is None
        self.folder = folder or tempfile.mkdtemp(prefix="gatepost-test.")
        os.chmod(self.folder, 0o755)
        self.socket_path = os.path.join(self.folder, "policy.sock")
        self.control_path = os.path.join(self.folder, "control.sock")
        self.config_path = os.path.join(self.folder, "gatepost.conf")
        self.log_path = os.path.join(self.folder, "log")
        self.program = program or os.path.join(BUILD, "gatepost-policyd")
        if user is None:
            user = daemon_user()
        self.user = user
        if os.geteuid() == 0 and user:
            shutil.chown(self.folder, user)
        self.write(config)
        try:
            self.start(wait and log is None, log)
        except BaseException:
            end(self.process)
            raise

    def write(self, config):
        """Replaces the configuration; SOCKET, STORE and USER are filled in, and the control socket is
        the test's own."""
        text = config.replace("SOCKET", "unix:" + self.socket_path).replace("USER", self.user)
        text = text.replace("STORE", "lmdb:" + self.folder + "/state")
        if not re.search(r"^[^#\n]*control_socket", text, re.M):
            text += '\npolicyd { control_socket = "%s" }\n' % self.control_path
        with open(self.config_path + ".new", "w") as f:
            f.write(text)
        os.rename(self.config_path + ".new", self.config_path)

    def start(self, wait=True, log=None):
        self.log = open(self.log_path, "ab")
        self.log_start = self.log.tell()
        self.process = subprocess.Popen([self.program, "-c", self.config_path], stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log if log is None else log)
        if wait:
            self.wait_ready()

    def wait_ready(self):
        wait_for(lambda: "is ready" in self.text()[self.log_start:] or self.process.poll() is not None,
                 "readiness of gatepost-policyd")
        assert self.process.poll() is None, self.text()

    def text(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()

    def wait_log(self, part, seconds=PATIENCE_S):
        try:
            return wait_for(lambda: part in self.text(), "log line with %r" % part, seconds)
        except AssertionError as error:
            raise AssertionError("%s:\n%s" % (error, self.text()[-4000:])) from None

    def worker(self):
        """Process id of the serving process below the supervising one."""
        with open("/proc/%d/task/%d/children" % (self.process.pid, self.process.pid)) as f:
            children = f.read().split()
        return int(children[0]) if children else self.process.pid

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def connect(self, timeout=PATIENCE_S):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        s.settimeout(timeout)
        s.connect(self.socket_path)
        return s

    def ask(self, **attributes):
        """One request on a connection of its own."""
        with self.connect() as s:
            return ask(s, **attributes)

    def control(self, command, **members):
        """One command on the control socket; its answer."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(PATIENCE_S)
            s.connect(self.control_path)
            s.sendall((json.dumps(dict(members, command=command)) + "\n").encode())
            data = b""
            while not data.endswith(b"\n"):
                part = s.recv(65536)
                assert part, "the control socket was closed: %r" % data
                data += part
        return json.loads(data)

    def used(self, who, limit):
        """How much of a limit is used, as the operator sees it."""
        rows = self.control("show", who=who)["rows"]
        return next(r["used"] for r in rows if r["limit"] == limit)

    def kill(self):
        """Ends both processes as a power cut would, without a chance to say anything."""
        worker = self.worker()
        self.process.kill()
        self.process.wait()
        try:
            os.kill(worker, signal.SIGKILL)
        except ProcessLookupError:
            pass
        wait_for(lambda: not os.path.exists("/proc/%d" % worker), "end of the serving process")

    def stop(self):
        end(self.process)
        self.log.close()

    def close(self):
        self.stop()
        if self.owned:
            shutil.rmtree(self.folder, ignore_errors=True)


class Redis:
    """A redis-server on a loopback port of its own; password and more by options.

    Debian's tools without the server hold the same program under the name redis-check-rdb; so no
    service has to be installed on the machine.
    """

    def __init__(self, folder, port=None, *options):
        self.program = shutil.which("redis-server") or shutil.which("redis-check-rdb")
        if not self.program:
            raise Skip("redis-server is not installed")
        self.folder, self.options = folder, options
        self.port = port or free_port()
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly",
             "no", "--dir", self.folder] + list(self.options),
            executable=self.program, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        wait_for(self._answers, "redis-server on port %d" % self.port)

    def _answers(self):
        assert self.process.poll() is None, "redis-server ended"
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as s:
                s.sendall(b"PING\r\n")
                return s.recv(64)[:1] in (b"+", b"-")
        except OSError:
            return False

    @property
    def uri(self):
        return "redis://127.0.0.1:%d/0" % self.port

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    close = stop


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def request_text(**attributes):
    values = {"request": "smtpd_access_policy", "protocol_state": "RCPT", "protocol_name": "ESMTP",
              "recipient_count": "0", "queue_id": "", "size": "0"}
    values.update(attributes)
    return "".join("%s=%s\n" % item for item in values.items()) + "\n"


def ask(connection, **attributes):
    """One request on this connection; the action, or None when it was closed without an answer."""
    connection.sendall(request_text(**attributes).encode("utf-8", "surrogateescape"))
    return read_answer(connection)


def read_answer(connection):
    data = b""
    while not data.endswith(b"\n\n"):
        try:
            part = connection.recv(65536)
        except ConnectionResetError:
            part = b""
        if not part:
            return None
        data += part
    text = data.decode("utf-8", "replace")
    assert text.startswith("action="), text
    return text[len("action="):-2]


class Unbound:
    """A resolver on 127.0.0.1:port (inside the sandbox), and on one more address if given, that knows only
    the records it is given."""

    def __init__(self, folder, records, zones=(), port=53, also=""):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, "unbound.conf")
        with open(path, "w") as f:
            f.write('server:\n  interface: 127.0.0.1\n  port: %d\n  directory: "%s"\n  chroot: ""\n'
                    '  username: ""\n  pidfile: ""\n  use-syslog: no\n  logfile: "%s/unbound.log"\n'
                    '  module-config: "iterator"\n  do-not-query-localhost: yes\n'
                    '  access-control: 0.0.0.0/0 allow\n  num-threads: 1\n'
                    '  local-zone: "." static\n' % (port, folder, folder))
            if also:
                f.write("  interface: %s\n" % also)
            for name, kind in zones:
                f.write('  local-zone: "%s" %s\n' % (name, kind))
            for record in records:
                f.write("  local-data: '%s'\n" % record)
            f.write("remote-control:\n  control-enable: no\n")
        self.process = subprocess.Popen([shutil.which("unbound") or "/usr/sbin/unbound", "-d", "-c", path],
                                        stdin=subprocess.DEVNULL)
        wait_for(lambda: self._answers(port), "unbound on port %d" % port)

    def _answers(self, port):
        assert self.process.poll() is None, "unbound ended; see %s/unbound.log" % self.folder
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(0.2)
            try:
                s.connect(("127.0.0.1", port))
                s.send(b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01")
                return s.recv(512)
            except OSError:
                return None

    def close(self):
        end(self.process)


POSTFIX_MASTER = """
smtp inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def main_cf(*texts):
    """Texts of a main.cf as one in which each parameter stands once, as the last of them has it.

    Postfix warns of one that stands twice. Where it writes its log itself (maillog_file), postlogd does so,
    too, to the socket that it reads: when others have filled that before, none of them ever goes on.
    """
    values = {}
    for text in texts:
        values.update(re.findall(r"^([\w-]+) *=((?:.*\n)(?:[ \t]+.*\n)*)", text + "\n", re.M))
    return "".join("%s =%s" % item for item in values.items())


def write_main_cf(*texts):
    """The same, as the main.cf of this machine."""
    text = main_cf(*texts)
    with open("/etc/postfix/main.cf", "w") as f:
        f.write(text)


def read_main_cf():
    with open("/etc/postfix/main.cf") as f:
        return f.read()


def no_parameter_twice():
    """See main_cf."""
    said = command("postconf", "-n")
    assert "overriding earlier entry" not in said, said


class Postfix:
    """A real Postfix (inside the sandbox) on 127.0.0.1:25; mail for example.test goes to a maildir."""

    def __init__(self, folder, service, extra=""):
        self.folder, self.log_path = folder, "/var/log/postfix-test.log"
        self.maildir = os.path.join(folder, "mail")
        os.makedirs(self.maildir, exist_ok=True)
        nobody = pwd.getpwnam("nobody")
        os.chown(self.maildir, nobody.pw_uid, nobody.pw_gid)
        os.chmod(folder, 0o755)
        write_main_cf(
            "compatibility_level = 3.6\nmyhostname = mx.example.test\nmydestination =\n"
            "inet_interfaces = all\ninet_protocols = all\nmynetworks = 127.0.0.77/32\n"
            "maillog_file = %s\nmaillog_file_prefixes = /var\nsmtpd_peername_lookup = no\n"
            "alias_maps =\nlocal_recipient_maps =\nlocal_transport = error:no\n"
            "default_transport = discard:\nsmtputf8_enable = yes\n"
            "virtual_mailbox_domains = example.test\nvirtual_mailbox_base = %s\n"
            "virtual_mailbox_maps = static:inbox/\nvirtual_uid_maps = static:%d\n"
            "virtual_gid_maps = static:%d\nvirtual_minimum_uid = 1\n"
            "smtpd_authorized_xclient_hosts = 127.0.0.0/8\n"
            "smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, "
            "reject_unauth_destination\n"
            "smtpd_recipient_restrictions = reject_unauth_destination, %s\n"
            % (self.log_path, self.maildir, nobody.pw_uid, nobody.pw_gid, service), extra)
        with open("/etc/postfix/master.cf", "w") as f:
            f.write(POSTFIX_MASTER)
        no_parameter_twice()
        command("postfix", "start")
        wait_for(self._answers, "Postfix on port 25: " + self.log())

    def _answers(self):
        try:
            with socket.create_connection(("127.0.0.1", 25), 1) as s:
                s.settimeout(PATIENCE_S)
                return s.recv(100).startswith(b"220")
        except OSError:
            return False

    def log(self):
        try:
            with open(self.log_path, errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def messages(self):
        """Texts of what was delivered, oldest first; the maildir is emptied."""
        texts = []
        for path in sorted(glob.glob(self.maildir + "/inbox/new/*"), key=os.path.getmtime):
            with open(path, "rb") as f:
                texts.append(f.read().decode("utf-8", "replace"))
            os.unlink(path)
        return texts

    def next_message(self):
        return wait_for(self.messages, "delivered message; the log:\n" + self.log()[-3000:])[0]

    def close(self):
        command("postfix", "stop")


def smtpds():
    """The smtpd processes of this machine, which is the test's own (sandbox.py)."""
    found = set()
    for path in glob.glob("/proc/[0-9]*/comm"):
        try:
            with open(path) as f:
                found |= {path.split("/")[2]} if f.read() == "smtpd\n" else set()
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


def reload_postfix():
    """Postfix reads its files again; returns when no process is left that knows the old settings."""
    before = smtpds()
    no_parameter_twice()
    command("postfix", "reload")
    wait_for(lambda: not before & smtpds(), "end of the smtpd processes from before the reload")


def command(*words):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace")
    assert done.returncode == 0, "%s: %s" % (" ".join(words), done.stdout)
    return done.stdout
