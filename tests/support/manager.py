# SPDX-License-Identifier: ISC
"""A service manager in little, for tests of a daemon's life: sockets handed over, sd_notify, the watchdog."""
import os
import shutil
import signal
import socket
import tempfile
import time

import world

CONFIG = """
hostname = "mx.test"
spf { mode = off }
dns { servers = {"127.0.0.1:9"} }
policyd { user = "USER"
    %s
}
"""


class Manager:
    """A service manager in little: listens for sd_notify, hands sockets over."""

    def __init__(self, config=CONFIG % "", sockets=(), environment=None, log=None,
                 program="gatepost-policyd"):
        self.folder = tempfile.mkdtemp(prefix="gatepost-test.")
        os.chmod(self.folder, 0o777)
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(self.folder + "/notify")
        self.notify.settimeout(world.PATIENCE_S)
        self.told = ""
        self.sockets = list(sockets)
        self.config = config
        self.environment = dict(environment or {}, NOTIFY_SOCKET=self.folder + "/notify")
        self.write("gatepost.conf", config)
        self.log = log
        self.program = program

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        user = world.daemon_user()
        text = text.replace("SOCKET", "unix:%s/policy" % self.folder).replace("USER", user)
        if name == "gatepost.conf":
            text += '\npolicyd { control_socket = "%s/control" }\n' % self.folder
        with open(path + ".new", "w") as f:
            f.write(text)
        os.rename(path + ".new", path)

    def start(self, listen_pid=None):
        """The descriptors go to 3 and up, as sd_listen_fds(3) has them."""
        files = [s.fileno() for s in self.sockets]
        environment = dict(os.environ, **self.environment)

        def hand_over():
            spare = [os.dup2(f, 100 + i) for i, f in enumerate(files)]
            for i, f in enumerate(spare):
                os.dup2(f, 3 + i)
            if files:
                os.environ["LISTEN_PID"] = str(listen_pid or os.getpid())
                os.environ["LISTEN_FDS"] = str(len(files))
            os.environ.update(environment)
            if "WATCHDOG_USEC" in environment:
                os.environ["WATCHDOG_PID"] = str(os.getpid())

        # exec from a shell of our own: preexec_fn cannot change the environment of Popen's exec
        program = os.path.join(world.BUILD, self.program)
        self.out = open(self.folder + "/log", "ab")
        pid = os.fork()
        if pid == 0:
            try:
                os.dup2(os.open("/dev/null", os.O_RDWR), 0)
                os.dup2(self.out.fileno(), 1)
                os.dup2(self.out.fileno(), 2)
                hand_over()
                os.execve(program, [program, "-c", self.folder + "/gatepost.conf"], os.environ)
            finally:
                os._exit(127)
        self.pid = pid
        return self

    def wait_told(self, part):
        end = time.monotonic() + world.PATIENCE_S
        while part not in self.told:
            if time.monotonic() > end:
                raise AssertionError("never told %r; told %r; log %s" % (part, self.told, self.text()))
            try:
                self.told += self.notify.recv(4096).decode() + "\n--\n"
            except TimeoutError:
                pass

    def forget_told(self):
        self.notify.setblocking(False)
        try:
            while True:
                self.notify.recv(4096)
        except BlockingIOError:
            pass
        self.notify.settimeout(world.PATIENCE_S)
        self.told = ""

    def text(self):
        with open(self.folder + "/log", errors="replace") as f:
            return f.read()

    def wait_log(self, part):
        world.wait_for(lambda: part in self.text(), "log line with %r in %s" % (part, self.text()))

    def worker(self):
        with open("/proc/%d/task/%d/children" % (self.pid, self.pid)) as f:
            return int(f.read().split()[0])

    def wait(self):
        _, status = os.waitpid(self.pid, 0)
        self.pid = None
        return os.waitstatus_to_exitcode(status)

    def stop(self):
        os.kill(self.pid, signal.SIGTERM)
        return self.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if getattr(self, "pid", None):
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        for s in self.sockets + [self.notify]:
            s.close()
        shutil.rmtree(self.folder, ignore_errors=True)
