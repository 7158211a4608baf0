# SPDX-License-Identifier: ISC
"""The scene of the tests with a real Exim: its configuration around the shipped examples, a zone, keys
and signers, and clients that speak DATA and BDAT. For the inside of sandbox.py."""
import base64
import glob
import json
import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import sandbox  # noqa: E402
import world  # noqa: E402

PACKAGES = ["exim4-daemon-heavy", "unbound", "python3-dkim", "python3-authres", "openssl"]
GOOD, BAD = "192.0.2.10", "198.51.100.66"
HOST = "mx.example.test"
EXIM = "/usr/sbin/exim4"
HERE = os.path.dirname(os.path.abspath(__file__))

CONFIG = """
hostname = "mx.example.test"
dns {
    servers = {"127.0.0.1"}
    timeout = 2s
}
exim { deadline = 10s }
arc { trusted_sealers = {"sealer.test"} }
"""

# the end of a configuration in which everybody may log in whose password is "secret"
LOGIN = """
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if eq{$auth3}{secret}}
  server_set_id = $auth2
"""

# domain: DMARC record, SPF record; every one has the keys "rsa" and "ed"
DOMAINS = {
    "reject.test": ("v=DMARC1; p=reject", "v=spf1 ip4:192.0.2.0/24 -all"),
    "soft.test": ("v=DMARC1; p=reject", "v=spf1 ~all"),
    "quarantine.test": ("v=DMARC1; p=quarantine", "v=spf1 ~all"),
    "sampled.test": ("v=DMARC1; p=quarantine; pct=0", "v=spf1 ~all"),
    "none.test": ("v=DMARC1; p=none", "v=spf1 ~all"),
    "nothing.test": (None, None),
    "sealer.test": (None, "v=spf1 ip4:198.51.100.0/24 -all"),
    "stranger.test": (None, "v=spf1 ip4:198.51.100.0/24 -all"),
    "xn--bcher-kva.test": ("v=DMARC1; p=reject", "v=spf1 ~all"),
}


def txt(name, text):
    """A record for unbound, its text in strings of at most 200 bytes."""
    parts = [text[i:i + 200] for i in range(0, len(text), 200)]
    return "%s. 300 IN TXT %s" % (name, " ".join('"%s"' % p for p in parts))


class Sink:
    """Takes mail from Exim by SMTP and keeps it, for the inside of a with."""

    def __init__(self, port):
        self.messages = []
        self.listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.listener.close()

    def _serve(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            with connection, connection.makefile("rwb") as f:
                self._converse(f)

    def _say(self, f, text):
        f.write(text + b"\r\n")
        f.flush()

    def _converse(self, f):
        self._say(f, b"220 sink")
        for line in f:
            word = line[:4].upper()
            if word == b"DATA":
                self._say(f, b"354 go on")
                lines = []
                for data in f:
                    if data == b".\r\n":
                        break
                    lines.append(data[1:] if data.startswith(b".") else data)
                self.messages.append(b"".join(lines))
            self._say(f, b"221 bye" if word == b"QUIT" else b"250 ok")
            if word == b"QUIT":
                return


class Keys:
    """One RSA key and one of Ed25519 for all domains, and the signer's process."""

    def __init__(self, folder):
        self.rsa = os.path.join(folder, "rsa.pem")
        sandbox.run(["openssl", "genrsa", "-traditional", "-out", self.rsa, "2048"])
        self.record = "v=DKIM1; k=rsa; p=" + base64.b64encode(self._public(self.rsa)).decode()
        self.ed = os.path.join(folder, "ed.pem")
        sandbox.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", self.ed])
        self.ed_record = "v=DKIM1; k=ed25519; p=" + base64.b64encode(self._public(self.ed)[-32:]).decode()
        for path in (self.rsa, self.ed):
            os.chmod(path, 0o644)  # Exim's own signer reads them
        self.process = subprocess.Popen(["/usr/bin/python3", os.path.join(HERE, "signer.py")], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def _public(self, path):
        return subprocess.run(["openssl", "pkey", "-in", path, "-pubout", "-outform", "DER"], check=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout

    def sign(self, message, domain, **more):
        """The message with a signature in front."""
        request = dict({"kind": "dkim", "message": base64.b64encode(message).decode(), "key": self.rsa,
                        "selector": "rsa", "domain": domain}, **more)
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return base64.b64decode(self.process.stdout.readline()) + message

    def seal(self, message, domain, authserv_id):
        return self.sign(message, domain, kind="arc", authserv_id=authserv_id)

    def listed(self, message, domain, sealer):
        """What a mailing list of this sealer makes of a mail that this domain has signed: changed, and
        sealed with what was found before."""
        results = ("Authentication-Results: mx.%s; spf=pass smtp.mailfrom=a@%s; dkim=pass header.d=%s; "
                   "dmarc=pass header.from=%s\r\n" % (sealer, domain, domain, domain)).encode()
        return self.seal(results + message.replace(b"Subject: ", b"Subject: [list] "), sealer, "mx." + sealer)

    def close(self):
        world.end(self.process)


class Syslog:
    """What arrives at /dev/log."""

    def __init__(self):
        self.text = ""
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("/dev/log")
        os.chmod("/dev/log", 0o666)
        threading.Thread(target=self._collect, daemon=True).start()

    def _collect(self):
        while True:
            self.text += self.socket.recv(65536).decode("utf-8", "replace").rstrip("\n") + "\n"

    def lines(self):
        return [line for line in self.text.splitlines() if "gatepost-exim:" in line]


def zone(keys, domains=DOMAINS):
    records = []
    for domain, (dmarc, spf) in domains.items():
        texts = (("rsa._domainkey." + domain, keys.record), ("ed._domainkey." + domain, keys.ed_record),
                 ("_dmarc." + domain, dmarc), (domain, spf))
        records += [txt(name, text) for name, text in texts if text]
    return records


def facts(line):
    """A line of the log about checks, as a dictionary."""
    number, text = line.split(" ", 3)[2:]
    return dict(p.split("=", 1) for p in ("id=%s %s" % (number, text)).split(" ") if "=" in p)


class Exim:
    """A real Exim on 127.0.0.1:25 over the shipped examples; mail for example.test goes to bob."""

    def __init__(self, folder, main="", end="", config=CONFIG):
        self.folder, self.process, self.number = folder, None, 0
        self.logs = folder + "/log"
        self.conf, self.gatepost = "/etc/exim4/exim4.conf", folder + "/gatepost.conf"
        self.uid = pwd.getpwnam("Debian-exim")
        for path in (folder, self.logs):
            os.makedirs(path, exist_ok=True)
            os.chmod(path, 0o755)
        os.chown(self.logs, self.uid.pw_uid, self.uid.pw_gid)
        self.module = os.path.join(folder, "gatepost-exim.so")
        shutil.copy(os.path.join(sandbox.PROJECT, world.BUILD, "gatepost-exim.so"), self.module)
        self.write_gatepost(config)
        self.configure(main, end)

    def write_gatepost(self, text):
        with open(self.gatepost + ".new", "w") as f:
            f.write(text.replace("STORE", "lmdb:%s/state" % self.folder))
        os.rename(self.gatepost + ".new", self.gatepost)

    def _copy_examples(self, edits):
        """The shipped examples in a directory of the test's own, with (old, new) replaced in any of them."""
        # another one each time: a delivery of the Exim before may still read its configuration
        folder = os.path.join(self.folder, "examples%d" % self.number)
        shutil.copytree(os.path.join(sandbox.PROJECT, "conf-examples", "exim"), folder)
        for path in glob.glob(os.path.join(sandbox.PROJECT, "exim-dlfunc", "*.acl")):
            shutil.copy(path, folder)
        done = set()
        for path in glob.glob(folder + "/*.conf") + glob.glob(folder + "/*.acl"):
            with open(path) as f:
                text = f.read()
            for old, new in edits:
                done |= {old} if old in text else set()
                text = text.replace(old, new)
            with open(path, "w") as f:
                f.write(text)
        world.equal(done, {old for old, _ in edits})
        return folder

    def configure(self, main="", end="", edits=()):
        """Writes exim.conf anew and starts the daemon with it; main: more options, end: more sections."""
        self.stop()
        # another spool, since deliveries from the one before may be under way
        self.number += 1
        self.spool = "%s/spool%d" % (self.folder, self.number)
        os.mkdir(self.spool)
        os.chown(self.spool, self.uid.pw_uid, self.uid.pw_gid)
        examples = self._copy_examples(edits)
        with open(self.conf + ".new", "w") as f:
            f.write("GATEPOST_SO = %s\nGATEPOST_CONF = %s\nGATEPOST_MACROS = %s\nGATEPOST_ACLS = %s\nGATEPOST_EXAMPLES = %s\n"
                    "LOCAL_DOMAINS = example.test\nprimary_hostname = %s\nspool_directory = %s\n"
                    "log_file_path = %s/%%s\npid_file_path = %s/exim.pid\ndaemon_smtp_ports = 25\n"
                    "local_interfaces = <; 127.0.0.1; ::1\nsmtputf8_advertise_hosts = *\n"
                    "smtp_accept_max = 50\ndaemon_startup_sleep = 1s\ntimezone = UTC\n%s\n.include %s/exim.conf\n%s\n"
                    % (self.module, self.gatepost, os.path.join(sandbox.PROJECT, "exim-dlfunc", "gatepost.macros"),
                       examples, examples, HOST, self.spool, self.logs, self.spool, main, examples, end))
        os.chmod(self.conf + ".new", 0o644)
        os.rename(self.conf + ".new", self.conf)  # a delivery of the Exim before may be reading the old one
        sandbox.run([EXIM, "-bV"])
        self.process = subprocess.Popen([EXIM, "-bdf"], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=open(self.folder + "/stderr", "ab"))
        world.wait_for(self._answers, "Exim on port 25")

    def _answers(self):
        assert self.process.poll() is None, "Exim ended: " + open(self.folder + "/stderr").read() + self.log()
        try:
            with socket.create_connection(("127.0.0.1", 25), 1) as s:
                s.settimeout(world.PATIENCE_S)
                return s.recv(100).startswith(b"220")
        except OSError:
            return False

    def _text(self, name):
        try:
            with open(os.path.join(self.logs, name), errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def log(self):
        return self._text("main")

    def panic(self):
        return self._text("panic")

    def summaries(self):
        """The log's lines about checks, oldest first, as dictionaries; the ID is "id"."""
        return [facts(line) for line in self.log().splitlines() if " action=" in line]

    def delivered(self, folder):
        """Texts of what lies in this directory of bob's, which is emptied."""
        texts = []
        for path in sorted(glob.glob("/home/bob/Maildir/%s/new/*" % folder), key=os.path.getmtime):
            with open(path, "rb") as f:
                texts.append(f.read())
            os.unlink(path)
        return texts

    def next_message(self, folder="."):
        return world.wait_for(lambda: self.delivered(folder), "delivered message in %s; the log:\n%s"
                              % (folder, self.log()[-3000:]))[0]

    def stop(self):
        if self.process:
            world.end(self.process)
            self.process = None

    close = stop


class Client:
    """One SMTP connection; replies as text, their lines joined by blanks."""

    def __init__(self, address=BAD, helo="client.test", port=25):
        self.socket = socket.create_connection(("127.0.0.1", port), world.PATIENCE_S, source_address=(address, 0))
        self.file = self.socket.makefile("rb")
        world.holds(self.reply(), "220 ")
        self.features = self.command("EHLO " + helo)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.file.close()
        self.socket.close()

    def reply(self):
        lines = []
        while True:
            line = self.file.readline().decode("utf-8", "replace").rstrip("\r\n")
            assert line, "connection closed after %r" % lines
            # Exim breaks long replies and repeats the enhanced code in each line
            code = re.match(r"[245]\.\d+\.\d+ ", line[4:]) if lines else None
            lines.append(line[4 + (len(code.group()) if code else 0):])
            if line[3:4] != "-":
                return "%s %s" % (line[:3], " ".join(lines))

    def command(self, text):
        self.socket.sendall(text.encode() + b"\r\n")
        return self.reply()

    def envelope(self, sender, recipient="bob@example.test", more=""):
        """MAIL and RCPT; the reply to the latter, or to the former if that refuses."""
        reply = self.command("MAIL FROM:<%s>%s" % (sender, more))
        return self.command("RCPT TO:<%s>" % recipient) if reply.startswith("250") else reply

    def data(self, message):
        """By DATA, dots stuffed."""
        world.holds(self.command("DATA"), "354")
        stuffed = (b"\r\n" + message).replace(b"\r\n.", b"\r\n..")[2:]
        self.socket.sendall(stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        return self.reply()

    def bdat(self, message, chunk=1 << 30):
        """By CHUNKING, in chunks of so many bytes."""
        at = 0
        while True:
            part = message[at:at + chunk]
            at += len(part)
            last = at >= len(message)
            self.socket.sendall(b"BDAT %d%s\r\n" % (len(part), b" LAST" if last else b"") + part)
            reply = self.reply()
            if last or not reply.startswith("250"):
                return re.sub(r"^250 +\d+ byte chunk, total \d+ ", "250 ", reply)


def send(message, sender="a@sender.test", address=BAD, how="data", **more):
    """One message on a connection of its own; the last reply."""
    with Client(address) as c:
        utf8 = " SMTPUTF8 BODY=8BITMIME" if not sender.isascii() or more.pop("utf8", False) else ""
        reply = c.envelope(sender, more=utf8)
        return getattr(c, how)(message, **more) if reply.startswith("250") else reply


def fields(message, name):
    """Values of the fields of this name, unfolded, from the top."""
    head = message.split(b"\n\n", 1)[0].replace(b"\r\n", b"\n").replace(b"\n\t", b" ").replace(b"\n ", b" ")
    found = [line.split(b":", 1) for line in head.split(b"\n") if b":" in line]
    return [value.strip().decode("utf-8", "replace") for key, value in found
            if key.strip().lower() == name.lower().encode()]


class Scene:
    """Name server, keys and Exim, up and connected; progress is told what is being started."""

    def __init__(self, main="", end="", config=CONFIG, domains=DOMAINS, progress=lambda text: None):
        for address in (GOOD + "/32", BAD + "/32"):
            sandbox.add_address(address)
        subprocess.run(["useradd", "-m", "bob"], check=True)
        self.folder = tempfile.mkdtemp(prefix="gatepost-exim.")
        os.chmod(self.folder, 0o755)
        self.keys = self.unbound = self.exim = None
        self.syslog = Syslog()
        try:
            progress("making keys and starting a name server")
            self.keys = Keys(self.folder)
            self.unbound = world.Unbound(self.folder + "/dns", zone(self.keys, domains), [("mute.test.", "always_deny")])
            progress("starting Exim")
            self.exim = Exim(self.folder + "/exim", main, end, config)
        except BaseException:
            self.close()
            raise

    def close(self):
        for part in (self.exim, self.unbound, self.keys):
            if part:
                part.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def login(user, address=BAD):
    """A client that has logged in, to an Exim whose configuration ends with LOGIN."""
    c = Client(address)
    token = base64.b64encode(("\0%s\0secret" % user).encode()).decode()
    world.holds(c.command("AUTH PLAIN " + token), "235 ")
    return c


def mail(domain, subject="test", body=b"Hello,\r\n\r\nthis is a test.\r\n", more=b""):
    """A message of somebody of this domain."""
    head = ("From: Alice <alice@%s>\r\nTo: bob@example.test\r\nSubject: %s\r\n"
            "Date: %s\r\nMessage-ID: <%d@%s>\r\n" % (
                domain, subject, time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime()),
                time.monotonic_ns(), domain))
    return head.encode() + more + b"\r\n" + body
