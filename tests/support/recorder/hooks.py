# SPDX-License-Identifier: ISC
"""What a test script sends, runs and reads is noted, a file a script. See ../record.py.

    hooks.install(path)     # before the script's first line

The hooks sit at the edge of the test process, where nothing of gatepost's sources is seen: sockets that
it connects, commands that it runs, logs and delivered messages that it opens. Only two names of the
tests are known: world.Tap.run, where a case begins and ends, and world.wait_for, which repeats a look
until it is satisfied: only the last look is noted, since their number is a matter of time.

One object notes; its lock guards everything, as tests have threads.
"""
import atexit
import builtins
import functools
import importlib.machinery
import json
import os
import socket
import subprocess
import sys
import threading
import traceback

LOGS = ("log", "main", "panic", "policyd.log", "postfix-test.log")  # files by these names are logs
PLAIN_SOCKET, PLAIN_POPEN, PLAIN_OPEN = socket.socket, subprocess.Popen, builtins.open


def raw(data):
    """Bytes as JSON has them."""
    return bytes(data).decode("latin-1")


class Talk:
    """One connection: what went over it, in its order, in runs of one direction."""

    def __init__(self, peer):
        self.peer, self.runs = peer, []

    def add(self, mark, data):
        if self.runs and self.runs[-1][0] == mark:
            self.runs[-1][1].extend(data)
        else:
            self.runs.append((mark, bytearray(data)))

    def ended(self):
        # a reset and an end of the stream are the same here: which of them is seen is a matter of time
        if not self.runs or self.runs[-1][0] != "closed":
            self.runs.append(("closed", bytearray()))

    def row(self):
        return {"kind": "talk", "peer": self.peer, "runs": [[mark, raw(data)] for mark, data in self.runs]}


class Command:
    """One command of gatepost's: its words, what it said and its exit code."""

    def __init__(self, words):
        self.words, self.code, self.said = words, None, {"out": bytearray(), "err": bytearray()}

    def add(self, name, data):
        self.said[name].extend(data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data)

    def row(self):
        return {"kind": "command", "words": self.words, "said": {n: raw(d) for n, d in self.said.items()}, "code": self.code}


class Row:
    """What is whole when it is noted."""

    def __init__(self, **members):
        self.members = members

    def row(self):
        return self.members


class Recorder:
    def __init__(self, path):
        self.path, self.lock = path, threading.RLock()
        self.cases, self.current, self.used = [], {}, {}
        self.logs = {}     # (device, inode): [descriptor, where the next look begins, name]
        self.syslog = []
        self.begin("(before the first case)")

    def begin(self, name):
        with self.lock:
            count = self.used[name] = self.used.get(name, 0) + 1
            self.name = name if count == 1 else "%s, time %d" % (name, count)
            self.current = {}  # thread: its events in their order
            self.serial = getattr(self, "serial", 0) + 1

    def events(self):
        return self.current.setdefault(threading.get_ident(), [])

    def note(self, event):
        with self.lock:
            self.events().append(event)
        return event

    def finish(self, outcome):
        """Puts the case away that ends here."""
        with self.lock:
            own = [e.row() for e in self.current.pop(threading.get_ident(), [])]
            others = [[e.row() for e in events] for events in self.current.values()]
            self.cases.append({"name": self.name, "outcome": outcome, "own": own, "others": others,
                               "logs": self.read_logs(False)})

    def watch_log(self, descriptor, name):
        with self.lock:
            at = os.fstat(descriptor)
            if (at.st_dev, at.st_ino) not in self.logs:
                self.logs[at.st_dev, at.st_ino] = (os.dup(descriptor), name)

    def read_logs(self, at_end):
        """Logs that are complete: their file is gone, or the script ends. A daemon that lives longer than a
        case writes some lines after it, sooner or later: those are one block at the end."""
        found = []
        for key, (descriptor, name) in list(self.logs.items()):
            if not at_end and os.fstat(descriptor).st_nlink:
                continue
            with PLAIN_OPEN("/proc/self/fd/%d" % descriptor, "rb") as f:
                found.append([name, raw(f.read())])
            os.close(descriptor)
            del self.logs[key]
        return found

    def write(self):
        with self.lock:
            self.finish("end of the script")
            last = self.cases[-1]
            last["name"] = "(end of the script, and its logs)"
            last["logs"] += self.read_logs(True)
            if self.syslog:
                last["logs"].append(["/dev/log", raw(b"\n".join(self.syslog))])
            if len(self.cases) == 1 and not any(r["kind"] == "command" for r in last["own"]):
                return  # the outside of a throwaway machine, or a helper
            with PLAIN_OPEN(self.path + ".new", "w") as f:
                json.dump({"project": os.environ["RECORD_PROJECT"], "cases": self.cases}, f, indent=0)
            os.rename(self.path + ".new", self.path)


recorder = None


def watched(words):
    """Commands of the product, and what scripts of the tests do in its place."""
    if isinstance(words, (str, bytes)):
        words = ["sh", "-c", words if isinstance(words, str) else words.decode()]
    words = [os.fspath(w) for w in words]
    words = [w.decode("utf-8", "surrogateescape") if isinstance(w, bytes) else w for w in words]
    names = [os.path.basename(w) for w in words]
    wanted = any(n in ("gatepost", "gatepost-policyd", "exim4", "journalctl") for n in names) or \
        (names[0].startswith("python") and "-c" in words[:2]) or (words[:2] == ["sh", "-c"] and "gatepost" in words[2])
    return words if wanted and "unshare" not in names[:1] else None


class Pipe:
    """A pipe of a command that a test reads for itself."""

    def __init__(self, file, command, name):
        self._file, self._command, self._name = file, command, name

    def __getattr__(self, name):
        return getattr(self._file, name)

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self._file.close()

    def __iter__(self):
        while line := self.readline():
            yield line

    def _noted(self, data):
        if data:
            self._command.add(self._name, data)
        return data

    def read(self, *words):
        return self._noted(self._file.read(*words))

    def readline(self, *words):
        return self._noted(self._file.readline(*words))

    def readlines(self, *words):
        return [self._noted(line) for line in self._file.readlines(*words)]


class Popen(PLAIN_POPEN):
    noted = None

    def __init__(self, args, *rest, **options):
        super().__init__(args, *rest, **options)
        words = watched(args)
        if words:
            self.noted = recorder.note(Command(words))
            self._wrap(True)

    def _wrap(self, on):
        for name, key in (("stdout", "out"), ("stderr", "err")):
            file = getattr(self, name)
            if file is not None:
                setattr(self, name, Pipe(file, self.noted, key) if on else file._file)

    def communicate(self, *words, **options):
        if not self.noted:
            return super().communicate(*words, **options)
        wrapped = isinstance(self.stdout or self.stderr, Pipe)
        if wrapped:
            self._wrap(False)
        out, err = super().communicate(*words, **options)
        self.noted.add("out", out or b"")
        self.noted.add("err", err or b"")
        return out, err

    def _handle_exitstatus(self, sts, *rest):
        super()._handle_exitstatus(sts, *rest)
        if self.noted:
            self.noted.code = self.returncode


class Socket(PLAIN_SOCKET):
    """Notes what is said over a stream that the test itself has connected."""

    __slots__ = ("talk", "serial", "peer")

    def _begin(self, address):
        self.peer = None
        if self.type & 0xf == socket.SOCK_STREAM and not (isinstance(address, tuple) and address[1] == 53):
            self.peer = address if isinstance(address, str) else list(address[:2]) if isinstance(address, tuple) else repr(address)

    def _talk(self):
        if getattr(self, "peer", None) is None:
            return None
        if getattr(self, "serial", None) != recorder.serial:  # a connection that outlives a case
            self.serial, self.talk = recorder.serial, recorder.note(Talk(self.peer))
        return self.talk

    def _say(self, mark, data):
        with recorder.lock:
            talk = self._talk()
            if talk:
                talk.add(mark, data) if len(data) else talk.ended()

    def connect(self, address):
        self._begin(address)
        try:
            super().connect(address)
        except BlockingIOError:
            raise
        except OSError as error:
            if self.peer:
                recorder.note(Row(kind="refused", peer=self.peer, error=error.strerror or str(error)))
            raise

    def connect_ex(self, address):
        self._begin(address)
        return super().connect_ex(address)

    def sendall(self, data, *flags):
        self._say(">", bytes(data))
        return super().sendall(data, *flags)

    def send(self, data, *flags):
        sent = super().send(data, *flags)
        self._say(">", bytes(data)[:sent])
        return sent

    def _received(self, data):
        if getattr(self, "peer", None) is not None:
            self._say("<", data)
        elif self.family == socket.AF_UNIX and self.type & 0xf == socket.SOCK_DGRAM:
            if self.getsockname() == "/dev/log":
                recorder.syslog.append(bytes(data))
        return data

    def _reset(self):
        if getattr(self, "peer", None) is not None:
            self._say("<", b"")

    def recv(self, size, *flags):
        try:
            return self._received(super().recv(size, *flags)) if not flags else super().recv(size, *flags)
        except ConnectionResetError:
            self._reset()
            raise

    def recv_into(self, buffer, *words):
        try:
            size = super().recv_into(buffer, *words)
        except ConnectionResetError:
            self._reset()
            raise
        self._received(bytes(memoryview(buffer).cast("B")[:size]))
        return size


def watching_open(file, mode="r", *rest, **options):
    opened = PLAIN_OPEN(file, mode, *rest, **options)
    if isinstance(file, (str, os.PathLike)):
        path = os.fspath(file)
        if os.path.basename(path) in LOGS and path.startswith(("/tmp/", "/var/")):
            with PLAIN_OPEN(path, "rb") as readable:
                recorder.watch_log(readable.fileno(), path)
        elif "r" in mode and "/new/" in path:
            with PLAIN_OPEN(path, "rb") as f:
                recorder.note(Row(kind="message", how="delivered", data=raw(f.read())))
    return opened


def watching_run(run):
    """Tap.run: a case begins and ends here."""
    @functools.wraps(run)
    def recorded(self, test, *arguments):
        outcome = ["passed"]

        @functools.wraps(test)
        def watched_test(*words):
            try:
                return test(*words)
            except BaseException as error:
                outcome[0] = "".join(traceback.format_exception_only(type(error), error))[:3000].strip()
                raise
        recorder.finish("between two cases")
        if not any(recorder.cases[-1][part] for part in ("own", "others", "logs")):
            recorder.cases.pop()
        recorder.begin("%s: %s" % (test.__name__, (test.__doc__ or "").strip().split("\n")[0]))
        try:
            run(self, watched_test, *arguments)
        finally:
            recorder.finish(outcome[0])
            recorder.begin("(behind %s)" % test.__name__)
    return recorded


def watching_wait(wait_for):
    """world.wait_for: what was seen in vain is forgotten."""
    @functools.wraps(wait_for)
    def recorded(condition, *words, **options):
        def look():
            events = recorder.events()
            before, serial = len(events), recorder.serial
            value = condition()
            if not value and serial == recorder.serial:
                del events[before:]
            return value
        return wait_for(look, *words, **options)
    return recorded


def patch_world(world):
    world.Tap.run = watching_run(world.Tap.run)
    world.wait_for = watching_wait(world.wait_for)


def patch_exim_scene(scene):
    leave = scene.Sink.__exit__

    def noted(self, *words):
        for message in self.messages:
            recorder.note(Row(kind="message", how="forwarded", data=raw(message)))
        return leave(self, *words)
    scene.Sink.__exit__ = noted


PATCHES = {"world": patch_world, "exim_scene": patch_exim_scene}


class Finder:
    """Changes the modules of PATCHES when they have been loaded."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name not in PATCHES:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec and spec.loader:
            load = spec.loader.exec_module

            def exec_module(module):
                load(module)
                PATCHES[name](module)
            spec.loader.exec_module = exec_module
        return spec


def install(path):
    global recorder
    recorder = Recorder(path)
    socket.socket, subprocess.Popen, builtins.open = Socket, Popen, watching_open
    sys.meta_path.insert(0, Finder)
    atexit.register(recorder.write)
