# SPDX-License-Identifier: ISC
"""Prometheus' own checker, promtool: the installed one, or that of Debian's package, unpacked into
build/promtool/ and kept there; nothing is installed."""
import glob
import os
import shutil
import subprocess

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(PROJECT, "build", "promtool")


class Unavailable(Exception):
    """It cannot be had here; the text says why."""


def run(*words):
    return subprocess.run(words, cwd=FOLDER, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=300)


def fetch():
    """The program out of the package, in one step, so that nobody sees half of it."""
    os.makedirs(FOLDER, exist_ok=True)
    for old in glob.glob(FOLDER + "/*.deb"):
        os.unlink(old)
    command = ("apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", "prometheus")
    if run(*command).returncode != 0:
        run("apt-get", "-q", "update")  # the list of packages may be missing or old
    if not glob.glob(FOLDER + "/*.deb") and run(*command).returncode != 0:
        raise Unavailable("promtool is not installed and the package prometheus cannot be downloaded")
    deb = glob.glob(FOLDER + "/*.deb")[0]
    done = run("sh", "-c", 'dpkg-deb --fsys-tarfile "$0" | tar -xO ./usr/bin/promtool >promtool.new &&'
               ' chmod 755 promtool.new && mv promtool.new promtool', deb)
    os.unlink(deb)
    if done.returncode != 0:
        raise Unavailable("the package prometheus cannot be unpacked: " + done.stdout)


def find():
    """The path of promtool."""
    kept = os.path.join(FOLDER, "promtool")
    if shutil.which("promtool"):
        return shutil.which("promtool")
    if not os.path.exists(kept):
        if os.environ.get("PLAIN") == "yes":
            raise Unavailable("promtool is not installed")
        if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
            raise Unavailable("promtool is not installed, and no apt-get is there to have it from")
        fetch()
    return kept
