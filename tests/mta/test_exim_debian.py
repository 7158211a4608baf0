# SPDX-License-Identifier: ISC
"""Exim with the configuration that Debian's packages bring, in one file and in many: one line has it check
mail; without the files of gatepost-exim a running Exim refuses nobody for good, and one that starts
accepts mail; what the administrator has set is kept; gatepost doctor names the line."""
import glob
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]
import dnsd  # noqa: E402
import exim_scene  # noqa: E402
import sandbox  # noqa: E402
import world  # noqa: E402
from exim_scene import BAD, EXIM, GOOD  # noqa: E402
from world import equal, holds, wait_for  # noqa: E402

LIB = "/usr/lib/gatepost"
LINE = ".include_if_exists %s/debian.macros\n" % LIB
ONE_FILE, MANY_FILES = "/etc/exim4/exim4.conf.localmacros", "/etc/exim4/conf.d/main/00_gatepost"
SETTINGS = "/etc/exim4/update-exim4.conf.conf"
PANIC = "/var/log/exim4/paniclog"
MARK, ASKED = "/run/gatepost-exim.reload", "/tmp/reloads"
ZONE = {
    "shop.test": {"TXT": ["v=spf1 ip4:192.0.2.0/24 -all"]},
    "_dmarc.shop.test": {"TXT": ["v=DMARC1; p=reject"]},
}
MESSAGE = b"From: alice@shop.test\r\nTo: bob@example.test\r\nSubject: test\r\n\r\nhello\r\n"
exim = None


class Exim:
    """Debian's Exim over the configuration that update-exim4.conf generates."""

    process = None
    def configure(self, split, before="", line=LINE):
        """Writes the line, behind what the administrator has set; generates the configuration."""
        with open(SETTINGS) as f:
            text = f.read()
        for name, value in (("configtype", "internet"), ("other_hostnames", "example.test"),
                            ("local_interfaces", "127.0.0.1"), ("use_split_config", "true" if split else "false")):
            text = re.sub(r"^(dc_(eximconfig_)?%s=).*$" % name, r"\g<1>'%s'" % value, text, flags=re.M)
        for path, content in ((SETTINGS, text), (MANY_FILES if split else ONE_FILE, before + line)):
            with open(path, "w") as f:
                f.write(content)
        sandbox.run(["update-exim4.conf"])

    def start(self):
        self.stop()
        self.process = subprocess.Popen([EXIM, "-bdf"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        wait_for(lambda: self.started() or self.process.poll() is not None, "Exim's start")
        equal(self.process.poll(), None, self.log())

    def log(self):
        try:
            with open("/var/log/exim4/mainlog", errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def started(self):
        """How often the daemon has said that it runs; no connection is made, for which it would load
        the module."""
        return self.log().count("daemon started: pid=%d," % self.process.pid) if self.process else 0

    def reload(self):
        before = self.started()
        self.process.send_signal(signal.SIGHUP)
        wait_for(lambda: self.started() > before, "reload")

    def has_module(self):
        with open("/proc/%d/maps" % self.process.pid) as f:
            return "gatepost-exim.so" in f.read()

    def stop(self):
        if self.process:
            world.end(self.process)
        self.process = None
        if os.path.exists("/var/log/exim4/mainlog"):
            os.unlink("/var/log/exim4/mainlog")


def install():
    """The files as the package has them."""
    os.makedirs(LIB, exist_ok=True)
    shutil.copy(os.path.join(sandbox.PROJECT, world.BUILD, "gatepost-exim.so"), LIB)
    for path in glob.glob(os.path.join(sandbox.PROJECT, "exim-dlfunc", "*.acl")):
        shutil.copy(path, LIB)
    for name in ("debian.macros", "gatepost.macros"):
        with open(os.path.join(sandbox.PROJECT, "exim-dlfunc", name)) as f:
            text = f.read().replace("@moduledir@", LIB).replace("@sysconfdir@", "/etc")
        with open(os.path.join(LIB, name), "w") as f:
            f.write(text)


def uninstall():
    shutil.rmtree(LIB)


def option(name):
    return sandbox.run([EXIM, "-bP", name]).stdout.split("=", 1)[1].strip()


def replies():
    """To a forged sender, to a forged author, to honest mail: the first four characters of each."""
    return [exim_scene.send(MESSAGE, sender=sender, address=address)[:4]
            for sender, address in (("alice@shop.test", BAD), ("x@other.test", BAD), ("alice@shop.test", GOOD))]


def one_line(split):
    exim.configure(split)
    exim.start()
    equal(replies(), ["550 ", "550 ", "250 "])
    assert exim.has_module()
    equal(option("header_maxsize"), "61440")
    assert option("smtp_accept_max_per_host").endswith("{0}}"), "connections of a client are limited"
    assert not os.path.exists(PANIC), open(PANIC).read()


def in_one_file():
    """one line in exim4.conf.localmacros: SPF and DMARC refuse, the daemon holds the module"""
    one_line(split=False)


def in_many_files():
    """the same line below conf.d/main where the configuration is split"""
    one_line(split=True)
    os.unlink(MANY_FILES)


def removed_while_running():
    """files gone under a daemon that has the module: it goes on checking, and none is refused wrongly"""
    exim.configure(split=False)
    exim.start()
    equal(replies(), ["550 ", "550 ", "250 "])
    uninstall()
    equal(replies(), ["550 ", "550 ", "250 "])
    assert not os.path.exists(PANIC), open(PANIC).read()


def removed_and_reloaded():
    """after a reload it has forgotten the module, and accepts mail"""
    exim.reload()
    equal(replies(), ["250 ", "250 ", "250 "])
    assert not exim.has_module()
    equal(option("smtp_accept_max_per_host"), "")
    assert not os.path.exists(PANIC), open(PANIC).read()


def removed_and_started():
    """Exim starts without them, and its configuration is generated"""
    sandbox.run(["update-exim4.conf"])
    exim.start()
    equal(replies(), ["250 ", "250 ", "250 "])
    install()


def removed_before_the_first_connection():
    """a daemon that has not loaded the module when its file vanishes: mail is to come again, never refused"""
    exim.start()
    uninstall()
    equal(replies(), ["451 ", "451 ", "451 "])
    exim.reload()
    equal(replies(), ["250 ", "250 ", "250 "])
    os.unlink(PANIC)
    install()


def script(name, *arguments):
    """Runs a maintainer script of the package as dpkg would."""
    def part(what):
        with open(os.path.join(sandbox.PROJECT, "debian", "gatepost-exim." + what)) as f:
            return f.read()
    path = "/tmp/gatepost-exim." + name
    with open(path, "w") as f:
        f.write(part(name).replace("#EXIM#", part("functions")).replace("#DEBHELPER#", ""))
    return sandbox.run(["sh", "-e", path] + list(arguments)).stdout


def reloads(name, *arguments):
    """Does the script ask for a reload? If so, this returns when the daemon has started itself again."""
    before = exim.started()
    if os.path.exists(ASKED):
        os.unlink(ASKED)
    script(name, *arguments)
    if not os.path.exists(ASKED):
        return False
    with open(ASKED) as f:
        equal(f.read(), "exim4 reload\n")
    wait_for(lambda: exim.started() > before, "the daemon's new start")
    return True


def record_reloads():
    """From now on what asks for a reload is written down, and done: the sandbox forbids it."""
    os.unlink("/usr/sbin/policy-rc.d")
    os.rename("/usr/sbin/invoke-rc.d", "/usr/sbin/invoke-rc.d.real")
    with open("/usr/sbin/invoke-rc.d", "w") as f:
        f.write("#!/bin/sh\necho \"$*\" >>%s\nexec /usr/sbin/invoke-rc.d.real \"$@\"\n" % ASKED)
    os.chmod("/usr/sbin/invoke-rc.d", 0o755)
    os.makedirs("/run/exim4", exist_ok=True)
    shutil.chown("/run/exim4", "Debian-exim", "Debian-exim")


def maintainer_scripts():
    """the package's scripts: a removal and an upgrade reload the daemon, once, and nothing else does"""
    exim.configure(split=False)
    exim.start()
    equal(replies()[0], "550 ")
    assert reloads("postinst", "configure", "0.1.0")
    equal(replies()[0], "550 ")
    script("prerm", "upgrade", "0.2.0")
    equal(os.path.exists(MARK), False)
    script("prerm", "remove")
    equal(os.path.exists(MARK), True)
    uninstall()
    assert reloads("postrm", "remove")
    equal((replies(), os.path.exists(MARK)), (["250 ", "250 ", "250 "], False))
    assert not reloads("postrm", "remove")  # another package's, or none was using it
    install()
    exim.configure(False, line="")
    assert not reloads("postinst", "configure", "")  # no line: nothing is used
    os.makedirs("/var/spool/exim4/gatepost", exist_ok=True)
    script("postrm", "purge")
    equal(os.path.exists("/var/spool/exim4/gatepost"), False)
    exim.stop()
    exim.configure(split=False)
    assert not reloads("postinst", "configure", "0.1.0")  # nobody starts an Exim that does not run


def half_there():
    """a process that reads the configuration while dpkg removes the files: no error at any moment"""
    files = sorted(os.listdir(LIB), reverse=True)  # dpkg removes the last of its list first
    equal((files[0], files[-1]), ("gatepost.macros", "debian.macros"))
    for name in files:
        os.unlink(os.path.join(LIB, name))
        sandbox.run([EXIM, "-bV"])
    install()


def kept():
    """macros and options of the administrator stay as they are"""
    mine = "/etc/exim4/mine.acl"
    with open(mine, "w") as f:
        f.write("deny message = 550 of mine\n     senders = y@other.test\n.include_if_exists %s/gatepost-rcpt.acl\n" % LIB)
    exim.configure(False, before="CHECK_RCPT_LOCAL_ACL_FILE = %s\nGATEPOST_MAX_PER_HOST = 20\n"
                   "GATEPOST_KEEP_HEADER_MAXSIZE = yes\nheader_maxsize = 50K\n" % mine)
    exim.start()
    holds(exim_scene.send(MESSAGE, sender="y@other.test", address=GOOD), "550 of mine")
    equal(replies(), ["550 ", "550 ", "250 "])
    equal(option("header_maxsize"), "51200")
    assert option("smtp_accept_max_per_host").endswith("{20}}")
    exim.configure(False, before="GATEPOST_KEEP_MAX_PER_HOST = yes\nsmtp_accept_max_per_host = 7\n")
    equal(option("smtp_accept_max_per_host"), "7")


def connections_of_a_client():
    """loading the module limits no client's connections, unless a number is set"""
    for before, wanted in (("", "220 "), ("GATEPOST_MAX_PER_HOST = 2\n", "421 ")):
        exim.configure(False, before=before)
        exim.start()
        with exim_scene.Client(GOOD), exim_scene.Client(GOOD):
            with socket.create_connection(("127.0.0.1", 25), world.PATIENCE_S, source_address=(GOOD, 0)) as third:
                equal(third.recv(4).decode(), wanted)
        assert exim.has_module()


def doctor():
    """gatepost doctor names the line and its file, and is content when it is there"""
    def found(check="exim.macros"):
        done = subprocess.run([os.path.join(world.BUILD, "gatepost"), "doctor", "--json", "exim"], text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        return next(f for f in json.loads(done.stdout) if f["check"] == check)
    for split, path in ((False, ONE_FILE), (True, MANY_FILES)):
        exim.configure(split, line="")
        said = found()
        equal(said["state"], "warning", said)
        holds(said["mend"][0], LINE.strip())
        holds(said["mend"][0], path)
        holds(said["mend"][1], "update-exim4.conf")
        exim.configure(split)
        equal(found()["state"], "ok")
        equal(found("exim.options")["state"], "ok")


def main():
    global exim
    tap = world.Tap()
    if not os.path.exists(os.path.join(world.BUILD, "gatepost-exim.so")):
        tap.skip_all("gatepost-exim.so was not built")
    try:
        sandbox.enter(["exim4-daemon-heavy"])
    except sandbox.Unavailable as reason:
        tap.skip_all("a real Exim: " + str(reason))
    for address in (GOOD + "/32", BAD + "/32"):
        sandbox.add_address(address)
    subprocess.run(["useradd", "-m", "bob"], check=True)
    os.makedirs("/etc/gatepost", exist_ok=True)
    with open("/etc/gatepost/gatepost.conf", "w") as f:
        f.write('dns {\n    servers = {"127.0.0.1"}\n    timeout = 2s\n}\n')
    with open("/etc/resolv.conf", "w") as f:
        f.write("nameserver 127.0.0.1\n")
    name_server = dnsd.Server(ZONE, port=53)
    exim = Exim()
    install()
    record_reloads()
    try:
        for test in (in_one_file, in_many_files, removed_while_running, removed_and_reloaded, removed_and_started,
                     removed_before_the_first_connection, maintainer_scripts, half_there, kept,
                     connections_of_a_client, doctor):
            tap.run(test)
    finally:
        exim.stop()
        name_server.close()
    tap.finish()


main()
