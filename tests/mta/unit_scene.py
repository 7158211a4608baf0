# SPDX-License-Identifier: ISC
"""The units in a throwaway machine with a real systemd (tests/support/systemd_machine.py): built, installed as a
package would, and the socket open."""
import fcntl
import os
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import world  # noqa: E402
from world import equal  # noqa: E402

PROJECT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
UNIT = os.path.join(PROJECT, "policyd", "systemd", "gatepost-policyd.service")
SERVICE, SOCKET = "gatepost-policyd.service", "gatepost-policyd.socket"
POLICY = "/var/spool/postfix/gatepost/policy"
serial = iter(range(10 ** 9))


def build_and_install(target):
    """As a package would: for /usr and /etc, from a build of its own, which several tests share."""
    os.makedirs(os.path.join(PROJECT, "build"), exist_ok=True)
    with open(os.path.join(PROJECT, "build", "systemd.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run([os.environ.get("MAKE", "make"), "-s", "-C", PROJECT, "B=build/systemd", "SANITIZE=",
                               "prefix=/usr", "sysconfdir=/etc", "DESTDIR=" + target, "install"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              env={k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "DESTDIR")})
    equal(done.returncode, 0, done.stdout[-3000:])


def set_up(machine, config):
    build_and_install(machine.path("/"))
    machine.write("/etc/gatepost/gatepost.conf", config)
    machine.run("systemd-sysusers")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "enable", "--now", SOCKET)
    machine.join_network()


def request(sender="x@a.test", client="192.0.2.1", **others):
    values = {"client_address": client, "helo_name": "helo.test", "sender": sender, "recipient": "r@here.test",
              "instance": "i%d" % next(serial)}
    values.update(others)
    return values


def connect(machine):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.settimeout(world.PATIENCE_S)
    s.connect(machine.path(POLICY))
    return s


def ask(machine, **attributes):
    with connect(machine) as s:
        return world.ask(s, **attributes)
