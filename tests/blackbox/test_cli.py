# SPDX-License-Identifier: ISC
"""The operator's command: gatepost spf, check-config and request, as they are typed."""
import fcntl
import json
import os
import pwd
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import dnsd  # noqa: E402
import world  # noqa: E402
from world import equal, holds  # noqa: E402

GATEPOST = os.path.join(world.BUILD, "gatepost")
dns = dnsd.Server({
    "a.test": {"TXT": ["v=spf1 include:b.test mx -all exp=why.a.test"], "MX": ["mx.a.test"]},
    "b.test": {"TXT": ["v=spf1 ip4:192.0.2.0/24 ~all"]},
    "mx.a.test": {"A": ["203.0.113.5"]},
    "why.a.test": {"TXT": ["ask %{o} about %{i}"]},
    "void.test": {"TXT": ["v=spf1 a:x1.test a:x2.test a:x3.test -all"]},
    "evil.test": {"TXT": ["v=spf1 exists:%{l}.\x1b[31m.test -all"]},
    "mute.test": "silent",
    "two.test": {"TXT": ["v=spf1 -all", "other", "v=spf1 ~all"]},
    "mumble.test": {"TXT": ["v=spf1 -all exp=why.mumble.test"]},
    "why.mumble.test": {"TXT": ["\u00f6"]},
})


def run(*arguments, stdin=subprocess.DEVNULL):
    done = subprocess.run([GATEPOST] + list(arguments), stdin=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=world.PATIENCE_S)
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


def spf(*arguments):
    return run("spf", "--dns", "127.0.0.1:%d" % dns.port, *arguments)


def spf_json(*arguments):
    code, out, err = spf("--json", *arguments)
    equal((code, err), (0, ""))
    return json.loads(out)


def json_result():
    """spf --json: the verdict with its reasons, for MAIL FROM and for HELO"""
    equal(spf_json("--ip", "192.0.2.1", "--mail-from", "u@a.test", "--helo", "h.test"), {
        "result": "pass", "identity": "mailfrom", "domain": "a.test", "mechanism": "ip4:192.0.2.0/24",
        "record_domain": "b.test", "explanation": None, "lookups": 1, "void_lookups": 0,
        "problem": None, "problem_term": None, "problem_name": None,
        "action": "accept", "rule": "default", "would": "accept", "reply": None})
    got = spf_json("--ip", "198.51.100.1", "--mail-from", "u@a.test")
    equal([got[k] for k in ("result", "mechanism", "explanation", "lookups")],
          ["fail", "-all", "ask a.test about 198.51.100.1", 2])
    for empty in ([], ["--mail-from", ""], ["--mail-from", "<>"]):
        got = spf_json("--ip", "203.0.113.5", "--helo", "a.test", *empty)
        equal([got[k] for k in ("result", "identity", "domain", "mechanism")],
              ["pass", "helo", "a.test", "mx"])


def exempt():
    """spf: says when the daemon would not judge the client at all, and as what a NAT64 shows it"""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "c.conf")
        with open(path, "w") as f:
            f.write("trusted_networks = {\"203.0.113.0/24\"}\nspf { exempt_senders = {\"u@b.test\"} }\n")
        for ip, sender, rule, why in (
                ("192.168.1.1", "u@a.test", "private-client", "the address is private or in own_networks"),
                ("203.0.113.9", "u@a.test", "trusted_networks", "the client is in trusted_networks"),
                ("64:ff9b::203.0.113.9", "u@a.test", "trusted_networks", "the client is in trusted_networks"),
                ("198.51.100.1", "u@b.test", "spf.exempt_senders", "it is listed in spf.exempt_senders"),
                ("198.51.100.1", "u@a.test", None, None)):
            words = ["--config", path, "--ip", ip, "--mail-from", sender]
            equal((ip, sender, spf_json(*words).get("exempt")), (ip, sender, rule))
            code, out, err = spf(*words)
            equal((code, err), (0, ""))
            holds(out, "\nresult: ")
            equal("The daemon would accept this mail without a check" in out, rule is not None)
            holds(out, why or "result: fail")
    code, out, err = spf("--ip", "64:ff9b::192.0.2.1", "--mail-from", "u@a.test")
    holds(out, "SPF of MAIL FROM, client 64:ff9b::192.0.2.1, which is judged as 192.0.2.1\n")
    holds(out, "result: pass")


def decision():
    """spf: what the daemon would do with such mail, by which option, in each mode; without a trace of a second lookup"""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "c.conf")
        for text, ip, action, rule, would in (
                ("", "198.51.100.1", "reject", "spf.reject", "reject"), ("", "192.0.2.1", "accept", "default", "accept"),
                ("spf { mode = label }", "198.51.100.1", "accept", "spf.reject", "reject"),
                ("spf { reject = {} }", "198.51.100.1", "accept", "default", "accept"),
                ("trusted_networks = {\"198.51.100.0/24\"}", "198.51.100.1", "accept", "trusted_networks", "accept")):
            with open(path, "w") as f:
                f.write(text + "\n")
            words = ["--config", path, "--ip", ip, "--mail-from", "u@a.test"]
            got = spf_json(*words)
            equal((text, got["action"], got["rule"], got["would"]), (text, action, rule, would))
            code, out, err = spf(*words)
            equal((code, err, out.count("record of a.test")), (0, "", 1))
            holds(out, "\naction: %s\n  rule          %s\n" % (action, rule))
            equal("\n  enforced      reject\n" in out, would != action)
        dns.asked.clear()
        spf("--ip", "192.0.2.1", "--mail-from", "u@a.test")
        equal(len(dns.asked), len(set(dns.asked)))


def on_terminal(words, columns=400, **environment):
    """What a terminal is shown."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    clean = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TERM")}
    process = subprocess.Popen([GATEPOST] + words, stdin=subprocess.DEVNULL, stdout=slave, stderr=slave,
                               env=dict(clean, **environment))
    os.close(slave)
    shown = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:  # the last one who writes is gone
            piece = b""
        if not piece:
            break
        shown += piece
    process.wait()
    os.close(master)
    return shown.decode().replace("\r\n", "\n")


def colors():
    """verdicts have a color on terminals only: not with NO_COLOR, TERM=dumb or --color=never, never in a pipe or JSON"""
    words = ["spf", "--dns", "127.0.0.1:%d" % dns.port, "--ip", "198.51.100.1", "--mail-from", "u@a.test"]
    plain = run(*words)[1]
    colored = plain.replace("result: fail", "result: \x1b[31mfail\x1b[0m").replace("action: reject", "action: \x1b[31mreject\x1b[0m")
    assert colored != plain
    equal(on_terminal(words, TERM="xterm"), colored)
    equal(on_terminal(words, TERM="xterm", NO_COLOR=""), colored)  # an empty one does not count
    for environment in ({"TERM": "dumb"}, {}, {"TERM": "xterm", "NO_COLOR": "1"}):
        equal(on_terminal(words, **environment), plain)
    equal(on_terminal(words + ["--color=never"], TERM="xterm"), plain)
    equal(run(*words, "--color", "always")[1], colored)
    equal(run(*words, "--color=auto")[1], plain)
    for command in (words, ["check-config", "conf-examples/gatepost.conf"], ["doctor", "config.file"]):
        assert "\x1b[" in run(*command, "--color=always")[1], command
        assert "\x1b" not in run(*command, "--color=always", "--json")[1], command
        assert "\x1b" not in on_terminal(command + ["--json"], TERM="xterm"), command
    holds(run("verify", "--color=always", stdin=open(os.path.join("tests", "support", "world.py")))[1], "\x1b[")


def broken_at_blanks():
    """a long text is broken at blanks where the terminal ends, below where it began; in a pipe it is one line"""
    words = ["spf", "--dns", "127.0.0.1:%d" % dns.port, "--ip", "198.51.100.1", "--mail-from", "u@a.test"]
    plain, shown = run(*words)[1], on_terminal(words, columns=80)
    assert any(len(line) > 80 for line in plain.split("\n")), plain
    equal([line for line in shown.split("\n") if len(line) > 80], [])
    holds(shown, "\n" + 16 * " " + "send its mail")
    equal(shown.replace("\n" + 16 * " ", " "), plain)


def json_error():
    """spf --json: an error names the term and the name that caused it"""
    got = spf_json("--ip", "198.51.100.1", "--mail-from", "u@void.test")
    equal([got[k] for k in ("result", "problem_term", "problem_name", "void_lookups")],
          ["permerror", "a:x3.test", "x3.test", 3])
    holds(got["problem"], "more than 2 void lookups")


def trace():
    """spf without --json: each term in order, each question and answer"""
    code, out, err = spf("--ip", "198.51.100.1", "--mail-from", "u@a.test")
    equal((code, err), (0, ""))
    at = -1
    for part in ("TXT a.test: found 1, ttl 300", "record of a.test: v=spf1 include:b.test mx -all",
                 "TXT b.test: found 1", "ip4:192.0.2.0/24: no match", "~all: match",
                 "include:b.test: no match", "MX a.test: found 1, ttl 300: 10 mx.a.test.",
                 "A mx.a.test: found 1, ttl 300: 203.0.113.5", "mx: no match", "-all: match",
                 "result: fail", "mechanism     -all", "lookups       2 of 10"):
        found = out.find(part, at + 1)
        assert found > at, "%r is not behind the others in\n%s" % (part, out)
        at = found


def several_servers():
    """--dns several times, over IPv6 too: the first that answers is believed"""
    v6 = dnsd.Server(dns.zone, address="::1")
    dead = dnsd.Server({}, port=0)
    dead.close()
    try:
        code, out, err = run("spf", "--dns", "127.0.0.1:%d" % dead.port, "--dns", "[::1]:%d" % v6.port,
                             "--ip", "192.0.2.1", "--mail-from", "u@a.test", "--json")
        equal((code, err, json.loads(out)["result"]), (0, "", "pass"))
        assert ("a.test", "TXT") in v6.asked
    finally:
        v6.close()


def no_control_characters():
    """nothing that DNS says plays with the terminal"""
    code, out, _ = spf("--ip", "198.51.100.1", "--mail-from", "u@evil.test")
    equal(code, 0)
    assert all(c == "\n" or c.isprintable() for c in out), repr(out)
    code, out, _ = run("spf", "--dns", "127.0.0.1:%d" % dns.port, "--json", "--ip", "192.0.2.1",
                       "--mail-from", b"u@\xff\x01.test".decode("utf-8", "surrogateescape"))
    equal((code, json.loads(out)["result"]), (0, "none"))


def time_out():
    """no answer: temperror within the time given, and the reason"""
    got = spf_json("--ip", "198.51.100.1", "--mail-from", "u@mute.test", "--timeout", "1")
    equal(got["result"], "temperror")
    holds(got["problem"], "no answer from 127.0.0.1:%d within" % dns.port)


def trace_of_doubt():
    """the trace shows TXT records that are no single SPF record, and explanations that are dropped"""
    _, out, _ = spf("--ip", "198.51.100.1", "--mail-from", "u@two.test")
    holds(out, 'TXT two.test: found 3, ttl 300: "v=spf1 -all" "other" "v=spf1 ~all"')
    holds(out, "the domain has more than one SPF record")
    _, out, _ = spf("--ip", "198.51.100.1", "--mail-from", "u@mumble.test")
    holds(out, "exp=why.mumble.test: no explanation that can be shown")


def full_disk():
    """an answer that cannot be written is exit code 1"""
    for command in (["spf", "--help"], ["check-config", "--example"], ["--help"]):
        with open("/dev/full", "w") as full:
            done = subprocess.run([GATEPOST] + command, stdin=subprocess.DEVNULL, stdout=full,
                                  stderr=subprocess.PIPE, text=True)
        equal((command, done.returncode), (command, 1))
        holds(done.stderr, "standard output")


def usage():
    """wrong usage: exit code 2, what is wrong, and where help is"""
    for arguments, text in ((["spf"], "--ip is missing"), (["spf", "--ip", "1.2.3.4"], "--mail-from or --helo"),
                            (["spf", "--ip", "x", "--helo", "y.test"], "\"x\" is not an address"),
                            (["spf", "--dns", "nowhere", "--ip", "::1", "--helo", "y"], "not the address of a name"),
                            (["spf", "--timeout", "0"], "whole seconds"), (["spf", "--bogus"], "gatepost spf: no option --bogus\n"),
                            (["spf", "--ip", "::1", "--helo", "x.test", "more"], "unexpected argument: more"),
                            (["check-config", "a", "b"], "unexpected argument: b"), (["check-config", "--dump", "--man"], "do not go together"),
                            (["request"], "ATTRIBUTE=VALUE is missing"),
                            (["request", "--socket", "/tmp/x", "a=b"], "unix:/path or inet:ADDRESS:PORT"),
                            (["request", "--socket", "inet:localhost:1", "a=b"], "unix:/path or inet"), (["request", "x"], "is not attribute=value"),
                            (["request", "=x"], "is not attribute=value"), ([], "usage")):
        code, out, err = run(*arguments)
        equal((arguments, code, out), (arguments, 2, ""))
        holds(err, text)


def meant():
    """what is mistyped: one line in words of our own with what was meant, one with where help is; exit code 2"""
    for words, error, where in (
            (["spf", "--hlep"], "gatepost spf: no option --hlep; did you mean --helo?", "gatepost spf"),
            (["spf", "--mailfrom", "a"], "gatepost spf: no option --mailfrom; did you mean --mail-from?", "gatepost spf"),
            (["spf", "--colour=never"], "gatepost spf: no option --colour; did you mean --color?", "gatepost spf"),
            (["spf", "--xyz"], "gatepost spf: no option --xyz", "gatepost spf"),
            (["spf", "-x"], "gatepost spf: no option -x", "gatepost spf"),
            (["spf", "--ip"], "gatepost spf: --ip needs a value: IP", "gatepost spf"),
            (["spf", "--config"], "gatepost spf: --config needs a value: FILE", "gatepost spf"),
            (["spf", "-c"], "gatepost spf: --config needs a value: FILE", "gatepost spf"),
            (["spf", "--json=yes"], "gatepost spf: --json takes no value", "gatepost spf"),
            (["spf", "--ip", "::1", "--ip", "::2"], "gatepost spf: --ip is given twice", "gatepost spf"),
            (["spf", "--color", "pink"], 'gatepost spf: --color: "pink" is none of auto always never', "gatepost spf"),
            (["spf", "--\x1b[31m\nX"], "gatepost spf: no option --?[31m?X", "gatepost spf"),
            (["limits", "--fro", "1d"], "gatepost limits: no option --fro; did you mean --for?", "gatepost limits"),
            (["limits", "--for", "1d", "show", "a"],
             "gatepost limits show: no option --for here; it goes with gatepost limits set", "gatepost limits show"),
            (["limits", "shwo"], 'gatepost limits: no subcommand "shwo"; did you mean show?', "gatepost limits"),
            (["store"], "gatepost store: a subcommand is missing, such as check", "gatepost store"),
            (["stauts"], 'gatepost: no command "stauts"; did you mean status?', "gatepost"),
            (["nonsense"], 'gatepost: no command "nonsense"', "gatepost"),
            (["help", "limts"], 'gatepost: no command "limts"; did you mean limits?', "gatepost"),
            (["help", "limits", "shwo"], 'gatepost limits: no subcommand "shwo"; did you mean show?', "gatepost limits"),
            (["help", "spf", "more"], "gatepost: unexpected argument: more", "gatepost"),
            (["--color=never", "spf"], "gatepost: no option --color=never; options must follow a command", "gatepost")):
        code, out, err = run(*words)
        equal((words, code, out), (words, 2, ""))
        lines = err.split("\n")
        equal(lines[0], error)
        equal(lines[1:], ["%s --help shows %s" % (where, "all commands" if where == "gatepost" else "how it is used"), ""])


def written_otherwise():
    """an option may be cut short while one begins so; with its value behind = or apart; letters together; -- ends options"""
    wanted = spf("--ip", "192.0.2.1", "--mail-from", "u@a.test", "--json")
    equal(wanted[0], 0)
    for words in (["--ip=192.0.2.1", "--mail-from=u@a.test", "--json"], ["--js", "--mail", "u@a.test", "--ip", "192.0.2.1"],
                  ["--json", "--color=always", "--ip", "192.0.2.1", "--mail-from", "u@a.test", "--"]):
        equal(spf(*words), wanted)
    code, out, err = run("limits", "--")
    assert code in (1, 3), (code, err)
    equal(run("check-config", "-h"), run("check-config", "--help"))
    code, out, err = run("check-config", "--", "--dump")
    equal((code, err), (3, "--dump: cannot be read: No such file or directory\n"))


def commands():
    """The commands and their subcommands, as lists of words, as the help names them."""
    found = []
    for command in re.findall(r"^  ([a-z-]+)  ", run("--help")[1].split("\ncommands:\n")[1], re.M):
        found.append([command])
        text = run(command, "--help")[1]
        if "\nsubcommands:\n" in text:
            part = text.split("\nsubcommands:\n")[1].split("\n\n")[0]
            found += [[command, name] for name in re.findall(r"^  ([a-z-]+)  ", part, re.M)]
    return found


def help_texts():
    """--help and help COMMAND for each command and subcommand: examples, exit codes, at most 80 columns"""
    assert len(commands()) > 12, commands()
    equal([line for line in run("--help")[1].split("\n") if len(line) > 80], [])
    equal(run("help"), run("--help"))
    for words in commands():
        code, text, err = run(*words, "--help")
        equal((words, code, err), (words, 0, ""))
        equal(run("help", *words), (code, text, err))
        holds(text, "usage: gatepost " + words[0])
        holds(text, "examples:\n")
        holds(text, "exit codes:\n  0  ")
        equal([line for line in text.split("\n") if len(line) > 80 or line != line.rstrip()], [])


def version_and_help():
    """--version, and the help of some commands"""
    equal(run("--version")[0], 0)
    code, out, _ = run("--help")
    equal(code, 0)
    for command in ("spf", "check-config", "request"):
        holds(out, "  %s " % command)
        code, text, err = run(command, "--help")
        equal((command, code, err), (command, 0, ""))
        holds(text, "examples:\n")
        holds(text, "exit codes:")


def check_config():
    """check-config: no errors, all errors at once, --dump, --example"""
    equal(run("check-config", "conf-examples/gatepost.conf"),
          (0, "conf-examples/gatepost.conf: no errors\n", ""))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "bad.conf")
        with open(path, "w") as f:
            f.write("spf {\n  mode = often\n}\nfoo = 1\n")
        code, out, err = run("check-config", path)
        equal((code, out), (3, ""))
        equal(err, "%s:2: spf.mode: often is not allowed here; allowed: one of off, label, enforce\n"
                   "%s:4: unknown option foo; gatepost check-config --example lists all options\n"
                   "2 errors\n" % (path, path))
        code, out, err = run("check-config", "--example")
        equal((code, err), (0, ""))
        with open(path, "w") as f:
            f.write(out)
        code, dump, err = run("check-config", "--dump", path)
        equal((code, err), (0, ""))
        holds(dump, "    reject = {fail}\n")
        with open(path, "w") as f:
            f.write(dump)
        equal(run("check-config", "--dump", path), (0, dump, ""))
    code, out, err = run("check-config", "/nowhere")
    equal((code, out, err), (3, "", "/nowhere: cannot be read: No such file or directory\n"))


def check_config_warnings():
    """check-config: warnings stand on standard error, with place and option, and are no errors"""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "c.conf")

        def check(text, *options):
            with open(path, "w") as f:
                f.write(text)
            return run("check-config", *options, path)
        url = "%s:2: warning: spf.url: is not a URL without a scheme; write https:// before it\n" % path
        equal(check("spf {\n url = \"www.example.org\" }\n"), (0, "%s: no errors, 1 warning\n" % path, url))
        code, out, err = check("spf {\n url = \"www.example.org\" }\n", "--dump")
        equal((code, err), (0, url))
        holds(out, "url = \"www.example.org\"")
        code, out, err = check("policyd { user = \"no-such-user\"  group = \"no-such-group\" }\n")
        equal((code, out), (0, "%s: no errors, 2 warnings\n" % path))
        holds(err, "warning: policyd.user: no-such-user is not a user of this machine")
        holds(err, "warning: policyd.group: no-such-group is not a group of this machine")
        holds(check("policyd { user = root }\n")[2], "warning: policyd.user: root is root, or has root's group")
        equal(check("spf { url = www.example.org  mode = often }\n")[:2], (3, ""))
        for option, value, words in (
                ("mail_user", "no-such-user", "no-such-user is neither a user nor a group of this machine"),
                ("listen", '{"unix:/nowhere/policy"}', "/nowhere/ does not exist; create it before the daemon starts"),
                ("listen", '{"unix:/etc/passwd/policy"}', "/etc/passwd/ does not exist"),
                ("control_socket", "/nowhere/control", "/nowhere/ does not exist"),
                ("chroot", "/nowhere", "/nowhere does not exist"), ("chroot", "/etc/passwd", "/etc/passwd is not a directory")):
            code, out, err = check("policyd { %s = %s }\n" % (option, value))
            equal((option, code, out), (option, 0, "%s: no errors, 1 warning\n" % path))
            holds(err, "%s: warning: policyd.%s: %s" % (path, option, words))
        for text in ("mail_user = root", 'listen = {"unix:%s/policy"}' % folder, "chroot = /",
                     'listen = {"inet:[::ffff:127.0.0.1]:10040"}', 'listen = {"unix:/run/gatepost/policy"}'):
            equal((text,) + check("policyd { %s }\n" % text), (text, 0, "%s: no errors\n" % path, ""))
        holds(check('policyd { listen = {"inet:[::ffff:0.0.0.0]:10040"} }\n')[2], "is every address of this host")


def check_config_keys():
    """check-config: a key of a DNS list is in nothing that is printed; who cannot read its file is told"""
    secret = "s3cr3tk3ys3cr3tk3y"
    with tempfile.TemporaryDirectory() as folder:
        path, key = os.path.join(folder, "c.conf"), os.path.join(folder, "key")
        with open(key, "w") as f:
            f.write(secret + "\n")

        def check(text, *options):
            with open(path, "w") as f:
                f.write("dnsbl { mode = label  reject_at = 0 }\n" + text)
            os.chmod(path, 0o600)
            return run("check-config", *options, path)
        os.chmod(key, 0o600)
        for text in ("use abusix { key = %s }\n" % secret, 'use abusix { key_file = "%s" }\n' % key,
                     "use abusix { zone = %s.combined.mail.abusix.zone }\n" % secret):
            for options in ((), ("--dump",), ("--json",)):
                code, out, err = check(text, *options)
                equal((code, secret in out + err), (0, False))
        for text in ("use abusix { key = %s/ }\n", "use abusix { key %s }\n", "use abusix { key = a %s }\n",
                     "use abusix { zone = %s..combined }\n"):
            for options in ((), ("--json",)):
                code, out, err = check(text % secret, *options)
                equal((code, secret in out + err), (3, False))
        # not the user that the test runs as
        other = "daemon" if pwd.getpwuid(os.geteuid()).pw_name == "nobody" else "nobody"
        user = "policyd { user = %s }\nuse abusix { key_file = \"%s\" }\n" % (other, key)
        equal(check(user)[2], "%s:3: warning: use abusix: %s cannot be read by %s, as which the daemon runs; give it a "
                              "group of that user and mode 0640\n" % (path, key, other))
        os.chmod(key, 0o644)
        equal(check(user)[2], "%s:3: warning: use abusix: every user of this machine can read its key in %s; set mode 0640 and "
                              "the group of policyd.user\n" % (path, key))


def request():
    """request: what Postfix would be told; over --socket or by the configuration"""
    policyd = world.Policyd("hostname = mx.test\ndns { servers = {\"127.0.0.1:%d\"} }\n"
                            "policyd { listen = {\"SOCKET\"}\n user = \"USER\" }\n" % dns.port)
    attributes = ["client_address=198.51.100.1", "sender=u@a.test", "helo_name=h.test"]
    try:
        for where in (["--socket", "unix:" + policyd.socket_path], ["--config", policyd.config_path]):
            code, out, err = run("request", *where, *attributes)
            equal((code, err), (0, ""))
            equal(out, "action=550 5.7.23 SPF fail: a.test does not authorise 198.51.100.1 to send its mail "
                       "(mailfrom=u@a.test, mechanism -all); a.test explains: \"ask a.test about "
                       "198.51.100.1\"\ndecision=reject\nrule=spf.reject\n")
            code, out, err = run("request", "--json", *where, *attributes)
            got = json.loads(out)
            equal((code, got["action"][:16], got["decision"], got["rule"], got["would"]),
                  (0, "550 5.7.23 SPF f", "reject", "spf.reject", "reject"))
        code, out, err = run("request", "--socket", "unix:" + policyd.socket_path, "request=nonsense")
        equal((code, out), (1, ""))
        holds(err, "no answer")
        code, out, _ = run("request", "--socket", "unix:" + policyd.socket_path, "sasl_username=alice")
        equal((code, out), (0, "action=DUNNO\ndecision=accept\nrule=authenticated\n"))
        # whoever is not asked for the reason does not give it
        equal(policyd.ask(client_address="198.51.100.1", sender="u@a.test", helo_name="h.test")[:10], "550 5.7.23")
    finally:
        policyd.close()
    code, out, err = run("request", "--socket", "unix:/nowhere", "a=b")
    equal((code, out), (1, ""))
    holds(err, "is gatepost-policyd running there?")
    code, out, err = run("request", "--config", "/nowhere", "a=b")
    equal((code, out), (3, ""))


def main():
    tap = world.Tap()
    for test in (json_result, exempt, decision, colors, broken_at_blanks, json_error, trace, trace_of_doubt, full_disk, several_servers, no_control_characters, time_out, usage, meant, written_otherwise,
                 help_texts, version_and_help,
                 check_config, check_config_warnings, check_config_keys, request):
        tap.run(test)
    tap.finish()


main()
