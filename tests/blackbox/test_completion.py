# SPDX-License-Identifier: ISC
"""Completion in real shells: bash by its function and by the tabulator key, zsh by the key."""
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import world  # noqa: E402
from world import equal, holds  # noqa: E402

BUILD = os.path.abspath(world.BUILD)
BASH = os.path.abspath("cli/completion/gatepost.bash")
FUNCTIONS = os.path.abspath("cli/completion")
CONFIG = """hostname = "mx.test"
spf { mode = off }
dns { servers = {"127.0.0.1:9"} }
store { uri = {"STORE"} }
policyd { listen = {"SOCKET"}  user = "USER" }
list bl.example { }
list "uri.example" { asks = sender }
limit hourly { key = user  count = recipients  max = 100  per = 1h }
limit daily { key = user  count = messages  max = 500  per = 1d }
limit per-client { key = client  count = recipients  max = 100  per = 1h  from = {others} }
"""
# whose use is counted: the last ones mean something to a shell, and must never be run by one
USERS = ["alice@example.org", "albert", "bob", "$(touch RUN)", "`touch RUN`", "a;touch RUN", "al*", "al'ice", "-n"]
ENVIRONMENT = dict(os.environ, PATH=BUILD + ":" + os.environ.get("PATH", "/usr/bin:/bin"), LC_ALL="C.UTF-8", TERM="xterm")


class Place:
    """A daemon with counted users, and a directory with files to be completed."""

    def __init__(self):
        self.policyd = world.Policyd(CONFIG)
        self.folder = tempfile.mkdtemp(prefix="gatepost-completion.")
        for name in ("message one.eml", "other.conf"):
            open(os.path.join(self.folder, name), "w").close()
        os.mkdir(os.path.join(self.folder, "directory"))
        for user in USERS:
            self.policyd.ask(sasl_username=user.replace("RUN", self.folder + "/run"), sender="x@example.org",
                             recipient="y@example.net", client_address="198.51.100.7")
        self.policyd.ask(client_address="198.51.100.8", sender="x@example.org", recipient="y@example.net")
        self.asked = "-c %s --socket %s" % (self.policyd.config_path, self.policyd.control_path)

    def close(self):
        self.policyd.close()
        ran = os.path.exists(self.folder + "/run")
        shutil.rmtree(self.folder)
        assert not ran, "a name was run as a command"


place = None


def reply(line, *lines, setup=""):
    """What bash offers for a line, by the function that the script sets."""
    script = "source %s\n%s\nCOMP_LINE=$1 COMP_POINT=${#1} COMPREPLY=()\n_gatepost\nprintf '%%s\\n' \"${COMPREPLY[@]}\"" % (BASH, setup)
    done = subprocess.run(["bash", "--norc", "-c", script, "bash", line], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, env=ENVIRONMENT, cwd=place.folder, timeout=world.PATIENCE_S)
    equal((done.returncode, done.stderr), (0, ""), line)
    return [text for text in done.stdout.split("\n") if text]


def bash_rows():
    """bash: commands, subcommands, options, words, files and directories, each where it may stand"""
    offered = reply("gatepost ")
    for name in ("spf", "limits", "doctor", "completion", "help"):
        assert name in offered, offered
    for line, wanted in (
            ("gatepost sp", ["spf"]), ("gatepost help check-c", ["check-config"]), ("gatepost limits s", ["show", "set"]),
            ("gatepost limits show --so", ["--socket"]), ("gatepost limits --w", ["--watch"]), ("gatepost limits set --f", ["--for"]),
            ("gatepost limits show --fo", []), ("gatepost spf --h", ["--helo", "--help"]),
            ("gatepost spf --color ", ["auto", "always", "never"]), ("gatepost spf --color=al", ["always"]),
            ("gatepost spf --json --mail", ["--mail-from"]), ("gatepost doctor dns.s", ["dns.servers"]),
            ("gatepost doctor config.file exim.b", ["exim.build"]), ("gatepost request sen", ["sender="]),
            ("gatepost request sender=a recip", ["recipient=", "recipient_count="]), ("gatepost limits set x y un", ["unlimited"]),
            ("gatepost verify mess", ["message one.eml"]), ("gatepost verify --config o", ["other.conf"]),
            ("gatepost spf --config=o", ["other.conf"]), ("gatepost doctor --config-dir d", ["directory"]),
            ("gatepost verify -- --i", []), ("gatepost verify a b", []), ("gatepost nonsense ", []), ("gatepost spf --nonsense=x", []),
            ("gatepost lists o", ["off", "on"]), ("gatepost greylist al", ["allow"]),
            ("gatepost store ", ["check", "export", "import"]), ("gatepost check-config --du", ["--dump"])):
        equal((line, reply(line)), (line, wanted))
    # a shell whose words do not end at = and : gets them whole
    equal(reply("gatepost spf --config=o", setup="COMP_WORDBREAKS=' '"), ["--config=other.conf"])


def bash_names():
    """bash: names of limits and of users, as the running daemon says; nothing that a shell could run"""
    equal(reply("gatepost lists off %s " % place.asked), ["bl.example", "uri.example"])
    equal(reply("gatepost limits show %s " % place.asked),
          ["albert", "alice@example.org", "bob", "client:198.51.100.8"])
    equal(reply("gatepost limits show %s al" % place.asked), ["albert", "alice@example.org"])
    equal(reply("gatepost limits show %s client:1" % place.asked), ["198.51.100.8"])
    equal(reply("gatepost limits %s set alice " % place.asked), ["daily", "hourly", "per-client"])
    equal(reply("gatepost limits reset --config=%s alice ho" % place.policyd.config_path), ["hourly"])
    equal(reply("gatepost limits show --socket /nowhere/control "), [])


class Shell:
    """An interactive shell on a terminal of its own; a key of ours prints the line as it stands."""

    def __init__(self, words, setup, environment):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(place.folder)
            os.execvpe(words[0], words, environment)
        self.seen = ""
        for line in setup:
            self.send(line + "\r")
        self.send("echo rea''dy\r")
        self.wait(r"(?m)^\s*ready")

    def send(self, text):
        os.write(self.fd, text.encode())

    def wait(self, pattern):
        def more():
            if not re.search(pattern, self.seen) and select.select([self.fd], [], [], 1)[0]:
                self.seen += os.read(self.fd, 65536).decode("utf-8", "replace")
            return re.search(pattern, self.seen)
        found = world.wait_for(more, pattern)
        self.seen = self.seen[found.end():]
        return found

    def line(self, typed):
        """The line after this was typed and the tabulator key pressed; it is not run."""
        self.send(typed + "\t\x18p")
        found = self.wait(r"<<(.*?)>>").group(1)
        self.wait("go: ")  # what is sent before is read by the terminal, not by the shell
        return found

    def close(self):
        os.close(self.fd)  # the terminal is gone: it ends
        os.waitpid(self.pid, 0)


def typed(shell):
    """Rows that both shells complete in the same way."""
    for words, wanted in (("gatepost sta", "gatepost status "), ("gatepost limits ov", "gatepost limits overrides "),
                          ("gatepost spf --mail", "gatepost spf --mail-from"), ("gatepost help doc", "gatepost help doctor "),
                          ("gatepost spf --color al", "gatepost spf --color always "),
                          ("gatepost verify mes", "gatepost verify message\\ one.eml "),
                          ("gatepost doctor dns.ser", "gatepost doctor dns.servers "),
                          ("gatepost request send", "gatepost request sender="),
                          ("gatepost limits show %s ali" % place.asked, "gatepost limits show %s alice@example.org " % place.asked),
                          ("gatepost limits reset %s bob ho" % place.asked, "gatepost limits reset %s bob hourly " % place.asked),
                          ("gatepost limits show %s client:1" % place.asked,
                           "gatepost limits show %s client:198.51.100.8 " % place.asked)):
        got = shell.line(words)
        equal(got.rstrip(" ="), wanted.rstrip(" ="))


def bash_keys():
    """bash on a terminal: the tabulator key completes commands, options, files, users and limits"""
    shell = Shell(["bash", "--norc", "--noprofile", "-i"],
                  ["PS1='go: '", "bind 'set enable-bracketed-paste off'", "bind 'set bell-style none'",
                   "bind -x '\"\\C-xp\": printf \"<%s>\\n\" \"<$READLINE_LINE>\"; READLINE_LINE='", "source " + BASH], ENVIRONMENT)
    try:
        typed(shell)
    finally:
        shell.close()


def zsh_keys():
    """zsh on a terminal: the tabulator key completes commands, options, files, users and limits"""
    if not shutil.which("zsh"):
        raise world.Skip("zsh is not at hand")
    environment = dict(ENVIRONMENT, HOME=place.folder, ZDOTDIR=place.folder)
    shell = Shell(["zsh", "-f", "-i"],
                  ["PS1='go: '", "unsetopt beep zle_bracketed_paste", "unset zle_bracketed_paste", "stty cols 400",
                   "fpath=(%s $fpath); autoload -Uz compinit; compinit -u -D" % FUNCTIONS,
                   "show() { zle -I; print -r -- \"<<$BUFFER>>\"; BUFFER= }; zle -N show; bindkey '^Xp' show"],
                  environment)
    try:
        typed(shell)
    finally:
        shell.close()


def main():
    global place
    tap = world.Tap()
    place = Place()
    try:
        for test in (bash_rows, bash_names, bash_keys, zsh_keys):
            tap.run(test)
    finally:
        place.close()
    holds("", "")
    tap.finish()


main()
