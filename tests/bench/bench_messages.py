#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The tables of what the check of a message costs (make bench): in the core, beside the SHA-256 of the
body and one RSA verification through OpenSSL; and in a real Exim, beside the same Exim with its
built-in DKIM, and with no check at all.

The real Exim needs root, for a throwaway machine. The exit code is 0 whether or not the targets are
met, 1 when there was nothing to measure."""
import os
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PROJECT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(PROJECT, "tests", "support"), os.path.join(PROJECT, "tests", "mta")]
sys.dont_write_bytecode = True
import exim_scene  # noqa: E402  (lies in a directory named just above)
import sandbox  # noqa: E402
import world  # noqa: E402

BUILD = os.environ.get("BUILD", os.path.join(PROJECT, "build"))
ROUNDS = 5
RATIO_TARGET = 1.3  # of the floor, at TARGET_SIZE
TARGET_SIZE = 50000
CONNECTIONS = {5000: 100, 50000: 100, 5000000: 10}  # with one message of that size each
DOMAIN = "reject.test"

# variants of one Exim, each on a port of its own; {0}: what the DATA ACL does, {1}: the main part
VARIANTS = {
    "no check": ("", "control = dkim_disable_verify", ""),
    "built-in DKIM": ("", "", ""),
    "gatepost": ("warn set acl_m_gp = GATEPOST_CHECK", "control = dkim_disable_verify", ""),
    "gatepost, preloaded": ("warn set acl_m_gp = GATEPOST_CHECK", "control = dkim_disable_verify",
                            "smtp_accept_max_per_host = ${GATEPOST_PRELOAD{100}}"),
}
CONFIG = """
GATEPOST_SO = %(module)s
GATEPOST_CONF = %(gatepost)s
.include %(macros)s
primary_hostname = mx.example.test
spool_directory = %(folder)s/spool
log_file_path = %(folder)s/%%s
pid_file_path = %(folder)s/exim.pid
local_interfaces = 127.0.0.1
host_lookup =
rfc1413_query_timeout = 0s
tls_advertise_hosts =
keep_environment =
smtp_accept_max = 100
acl_smtp_rcpt = rcpt
acl_smtp_data = data
%(main)s
begin acl
rcpt:
  accept %(rcpt)s
data:
  %(data)s
  discard
"""


def progress(text):
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K" + (text + " ..." if text else ""))
        sys.stderr.flush()


def show(text=""):
    progress("")
    print(text, flush=True)


# ---- the core ----

def rounds(program):
    """{(size, form): [(floor, dkim, engine, arena), ...]}"""
    found = {}
    for i in range(ROUNDS):
        progress("messages, round %d of %d" % (i + 1, ROUNDS))
        out = subprocess.run([program], stdout=subprocess.PIPE, check=True, text=True).stdout
        for line in out.splitlines():
            size, form, *figures = line.split()
            found.setdefault((int(size), form), []).append([float(f) for f in figures])
    return found


def core(program):
    """Ours against the floor in the same round."""
    met = True
    show("A message with one RSA-2048 signature: microseconds, median of %d rounds" % ROUNDS)
    show("  %8s %-16s %8s %8s %9s %10s %8s %7s" % ("bytes", "form", "floor", "DKIM", "to floor", "key ready",
                                                  "all", "memory"))
    for (size, form), figures in rounds(program).items():
        floor, ready, dkim, engine, arena = (statistics.median(f[i] for f in figures) for i in range(5))
        ratio = statistics.median(f[2] / f[0] for f in figures)
        show("  %8d %-16s %8.1f %8.1f %9.2f %10.2f %8.1f %6dk" % (size, form, floor, dkim, ratio, dkim / ready,
                                                                 engine, arena // 1024))
        met = met and (size != TARGET_SIZE or ratio <= RATIO_TARGET)
    show("  floor: SHA-256 of the body, and one RSA verification from the numbers of the key; key ready:")
    show("  ours to a floor that has its key prepared; all: SPF, DKIM, DMARC, decision, texts")
    show("  target: at most %.1f of floor at %d bytes: %s\n" % (
        RATIO_TARGET, TARGET_SIZE, "met" if met else "MISSED"))


# ---- a real Exim ----

class Variant:
    """An Exim that takes messages, checks them as the variant says, and throws them away."""

    def __init__(self, folder, name, gatepost):
        data, rcpt, main = VARIANTS[name]
        self.folder = os.path.join(folder, name.replace(" ", "-").replace(",", ""))
        self.port = world.free_port()
        os.makedirs(self.folder + "/spool")
        owner = exim_scene.pwd.getpwnam("Debian-exim")
        for path in (self.folder, self.folder + "/spool"):
            os.chmod(path, 0o755)
            os.chown(path, owner.pw_uid, owner.pw_gid)
        self.conf = os.path.join(self.folder, "exim.conf")
        with open(self.conf, "w") as f:
            f.write(CONFIG % {"module": os.path.join(folder, "gatepost-exim.so"), "gatepost": gatepost,
                              "macros": os.path.join(PROJECT, "exim-dlfunc", "gatepost.macros"),
                              "folder": self.folder, "main": main, "rcpt": rcpt, "data": data})
        os.chmod(self.conf, 0o644)
        self.process = subprocess.Popen([exim_scene.EXIM, "-C", self.conf, "-bdf", "-oX", str(self.port)],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        world.wait_for(self._answers, "an Exim on port %d" % self.port)

    def _answers(self):
        try:
            with exim_scene.Client(exim_scene.GOOD, port=self.port):
                return True
        except OSError:
            return False

    def close(self):
        world.end(self.process)

    def measure(self, message, count):
        """Microseconds of a connection with one message. (On a connection with several Exim waits between
        them, longer than all checks take, so that their IDs differ.)"""
        begin = time.monotonic()
        for _ in range(count):
            with exim_scene.Client(exim_scene.GOOD, port=self.port) as c:
                self._send(c, message)
        return (time.monotonic() - begin) / count * 1e6

    def _send(self, client, message):
        world.holds(client.envelope("alice@" + DOMAIN), "250")
        world.holds(client.bdat(message), "250")


def exim(folder):
    """Each variant in turns; what it costs beyond no check."""
    sandbox.add_address(exim_scene.GOOD + "/32")
    exim_scene.shutil.copy(os.path.join(PROJECT, "build", "gatepost-exim.so"), folder)
    gatepost = os.path.join(folder, "gatepost.conf")
    with open(gatepost, "w") as f:
        f.write(exim_scene.CONFIG)
    keys = exim_scene.Keys(folder)
    unbound = world.Unbound(folder + "/dns", exim_scene.zone(keys))
    sizes = {size: keys.sign(exim_scene.mail(DOMAIN, body=b"0123456789 abcdefghij klmnopqrst\r\n" * (size // 34)),
                             DOMAIN) for size in CONNECTIONS}
    figures, variants = {}, {}
    try:
        for name in VARIANTS:
            variants[name] = Variant(folder, name, gatepost)
        for i in range(ROUNDS):
            for name, variant in variants.items():
                progress("Exim, round %d of %d: %s" % (i + 1, ROUNDS, name))
                for size, count in CONNECTIONS.items():
                    figures.setdefault((size, name), []).append(variant.measure(sizes[size], count))
        show_exim({key: statistics.median(values) for key, values in figures.items()})
        panics = [name for name in variants if os.path.exists(variants[name].folder + "/panic")]
        if panics:
            show("  panic logs: %s" % ", ".join(panics))
    finally:
        for part in list(variants.values()) + [unbound, keys]:
            part.close()


def show_exim(medians):
    """Each figure with what it is beyond no check."""
    show("A real Exim, a connection with one message, thrown away after its check: microseconds, median of %d\n"
         "rounds, and beyond no check" % ROUNDS)
    show("  %-20s" % "" + "".join(" %18s" % ("%d KB" % (size // 1000)) for size in CONNECTIONS))
    for name in VARIANTS:
        cells = []
        for size in CONNECTIONS:
            own, none = medians[(size, name)], medians[(size, "no check")]
            cells.append("%.0f%s" % (own, "" if name == "no check" else " (%+.0f)" % (own - none)))
        show("  %-20s" % name + "".join(" %18s" % cell for cell in cells))
    show()


def main():
    try:
        if not sandbox.is_inside():
            core(os.path.join(BUILD, "bench", "messages"))
            progress("setting up a throwaway machine with Exim")
            sandbox.enter(exim_scene.PACKAGES)
        with tempfile.TemporaryDirectory(prefix="gatepost-bench.") as folder:
            os.chmod(folder, 0o755)
            exim(folder)
    except sandbox.Unavailable as reason:
        show("the cost in a real Exim is not measured: %s" % reason)
    except (OSError, subprocess.CalledProcessError) as error:
        show("bench: %s" % error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
