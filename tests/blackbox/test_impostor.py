# SPDX-License-Identifier: ISC
"""Whatever is at the control socket: what is not an answer of the daemon about lists and greylisting is refused."""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import world  # noqa: E402
from impostor import Impostor  # noqa: E402
from world import equal, holds  # noqa: E402

GATEPOST = os.path.join(world.BUILD, "gatepost")
ENVIRONMENT = dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC")

CODE = {"code": "127.0.0.2", "count": 1}
LIST = {"name": "bl", "list": "bl.example", "state": "suspended", "reason": "error code", "problem": "127.255.255.254",
        "since": "2026-11-29T12:00:00Z", "tested": "2026-11-29T12:00:00Z", "queries": 5, "hits": 1, "unknown": 0,
        "errors": 1, "timeouts": 0, "median_us": 900, "codes": [CODE], "unknown_codes": [CODE]}
LISTS = {"mode": "enforce", "lists": [LIST]}
ALLOWED = {"what": "192.0.2.0/24", "uid": 0, "set": "2026-11-29T12:00:00Z", "host": "mx"}
FIGURES = {"mode": "enforce", "when": "suspicious", "since": "2026-11-29T12:00:00Z", "delayed": 4, "would_delay": 0,
           "waiting": 1, "kept": 1, "passed": 1, "never_came_back": 2, "median_delay_s": 300,
           "networks": [{"network": "192.0.2.0/24", "never_came_back": 2}], "allowed": [ALLOWED]}
MAIL = {"state": "waiting", "first": "2026-11-29T12:00:00Z", "last": "2026-11-29T12:00:00Z", "passes": 0, "wait_s": 120,
        "correspondent": False, "allowed": None, "action": "delay", "why": "no reverse name"}
BRIEF = {"mode": "enforce", "ok": 1, "untested": 0, "dead": 1, "off": 0, "switched_off": [], "suspended": [
    {"list": "bl.example", "state": "dead", "reason": "canary listed", "since": "2026-11-29T12:00:00Z"}]}
SWITCHED = {"list": "bl.example", "off": False, "was_off": True, "configured": True, "why_unused": "no key"}
DUE = {"due": ["bl.example"], "not_tested": [{"list": "b.example", "why": "it is switched off"}]}
WRONG = [None, True, 1.5, "x", 7, [], {}, [1], [[]], [{}], {"a": 1}]


def run(*words):
    done = subprocess.run([GATEPOST] + list(words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, env=ENVIRONMENT, timeout=world.PATIENCE_S)
    assert "\x1b" not in done.stdout + done.stderr, done
    assert done.returncode in (0, 1, 2), done
    return done.returncode, done.stdout, done.stderr


def line(value):
    return [(json.dumps(value) + "\n").encode()]


def same_kind(a, b):
    """May one stand for the other in an answer? Texts and numbers of the same kind are not told apart."""
    if isinstance(a, list) and isinstance(b, list):
        return not b or not a or same_kind(a[0], b[0])
    return type(a) is type(b) and not isinstance(a, dict)


def changed(value, optional, free):
    """Each answer with one member gone, or of another kind."""
    for key in value:
        if key in free:
            continue
        if key not in optional:
            yield key, {k: v for k, v in value.items() if k != key}
        for wrong in WRONG:
            if not same_kind(value[key], wrong):
                yield key, dict(value, **{key: wrong})


def refused(words, answers):
    """Each answer comes to exit code 1 and nothing on standard output."""
    answers = list(answers)
    impostor = Impostor(*[line(answer) for _, answer in answers])
    try:
        for what, answer in answers:
            code, out, err = run(*words, "--socket", impostor.path)
            equal((words, what, code, out), (words, what, 1, ""), json.dumps(answer)[:300] + err)
            holds(err, "the answer is not understood")
    finally:
        impostor.close()


def shown(words, answer):
    """What is printed of an answer, for people and for programs."""
    impostor = Impostor(line(answer), line(answer))
    try:
        code, out, err = run(*words, "--socket", impostor.path)
        equal((words, code, err), (words, 0, ""))
        code, text, err = run(*words, "--json", "--socket", impostor.path)
        equal((words, code, json.loads(text)), (words, 0, answer))
        return out
    finally:
        impostor.close()


def lists():
    """gatepost lists: every member of a list has its kind, and hostile texts are made visible"""
    out = shown(["lists"], LISTS)
    holds(out, "bl.example: error code: 127.255.255.254\n")
    holds(out, "bl.example: answers that no rule of the list knows: 127.0.0.2 1\n")
    refused(["lists"], changed(LISTS, (), ()))
    optional = ("problem", "since", "tested")
    refused(["lists"], ((key, dict(LISTS, lists=[LIST, row])) for key, row in changed(LIST, optional, ("median_us",))))
    for member in ("codes", "unknown_codes"):
        refused(["lists"], ((member, dict(LISTS, lists=[dict(LIST, **{member: [row]})])) for _, row in changed(CODE, (), ())))
        refused(["lists"], [(member, dict(LISTS, lists=[dict(LIST, **{member: [CODE] * 1001})]))])
    refused(["lists"], [("many", dict(LISTS, lists=[LIST] * 1001))])
    evil = "\x1b]0;x\x07"
    out = shown(["lists"], dict(LISTS, lists=[dict(LIST, list=evil, state=evil, reason=evil, problem=evil, since=evil, tested=evil,
                                                   queries=2 ** 62, median_us=2 ** 62, hits=-1, codes=[dict(CODE, code=evil)])]))
    holds(out, "?]0;x?: ?]0;x?: ?]0;x?\n")
    out = shown(["lists"], dict(LISTS, lists=[dict(LIST, median_us=None, codes=[], reason="", problem="", unknown_codes=[])]))
    equal(len(out.splitlines()), 2)


def changes():
    """gatepost lists on, off, retest: the same, and what keeps a list unused is said"""
    holds(shown(["lists", "on", "x"], SWITCHED), "bl.example: the order is taken back; mail is not checked against it: no key\n")
    holds(shown(["lists", "on", "x"], dict(SWITCHED, was_off=False)), "was not switched off; mail is not checked")
    holds(shown(["lists", "on", "x"], dict(SWITCHED, configured=False)), "the order is taken back; no such list is configured\n")
    for command in ("on", "off"):
        refused(["lists", command, "x"], changed(SWITCHED, ("configured", "why_unused"), ()))
    equal(shown(["lists", "retest"], DUE), "to be tested now: bl.example; gatepost lists shows the result\n"
          "b.example is not tested: it is switched off\n")
    equal(shown(["lists", "retest"], {"due": []}), "no list is to be tested\n")
    refused(["lists", "retest"], changed(DUE, ("not_tested",), ()))
    refused(["lists", "retest"], (("row", dict(DUE, not_tested=[row])) for _, row in changed(DUE["not_tested"][0], (), ())))


def greylist():
    """gatepost greylist: the same of its figures, and of what is known of one mail"""
    holds(shown(["greylist"], FIGURES), "192.0.2.0/24")
    refused(["greylist"], changed(FIGURES, ("since",), ("median_delay_s",)))
    refused(["greylist"], (("network", dict(FIGURES, networks=[row])) for _, row in changed(FIGURES["networks"][0], (), ())))
    refused(["greylist"], [("allowed", dict(FIGURES, allowed=[wrong])) for wrong in (1, None, [], {}, {"what": 1})])
    asked = ["greylist", "--client", "192.0.2.1", "--sender", "a@example.org", "--recipient", "b@example.net"]
    holds(shown(asked, MAIL), "delay")
    refused(asked, changed(MAIL, ("first", "last"), ("allowed",)))
    refused(asked, [("figures", FIGURES)])
    for command in ("allow", "remove"):
        refused(["greylist", command, "192.0.2.0/24"], [(str(n), wrong) for n, wrong in enumerate(({}, {"what": 1}, LISTS))])


def status(answer_of_daemon):
    """gatepost status: a dead list is warned of as a suspended one is, and counted once"""
    answer = dict(answer_of_daemon, lists=BRIEF)
    impostor = Impostor(line(answer))
    try:
        code, out, err = run("status", "--socket", impostor.path)
        equal(code, 0)
        holds(out, "DNS lists     1 ok, 1 dead\n")
        holds(out + err, "WARNING: the DNS list bl.example is dead: canary listed; mail is not checked against it")
    finally:
        impostor.close()
    older = {k: v for k, v in BRIEF["suspended"][0].items() if k != "state"}
    impostor = Impostor(line(dict(answer_of_daemon, lists=dict(BRIEF, dead=0, suspended=[older]))))
    try:
        holds(run("status", "--socket", impostor.path)[1], "DNS lists     1 ok, 1 suspended\n")
    finally:
        impostor.close()
    refused(["status"], ((key, dict(answer_of_daemon, lists=value))
                         for key, value in changed(BRIEF, ("switched_off",), ("switched_off",))))
    refused(["status"], ((key, dict(answer_of_daemon, lists=dict(BRIEF, suspended=[row])))
                         for key, row in changed(BRIEF["suspended"][0], ("state", "since"), ("since",))))


DOCTOR = [
    ("a dead list beside one that works", BRIEF,
     [("warning", "the daemon does not query bl.example at present: canary listed")]),
    ("none left", dict(BRIEF, ok=0),
     [("problem", "the daemon checks mail against no DNS list: none of those in use works"),
      ("warning", "the daemon does not query bl.example at present: canary listed")]),
    ("all off", dict(BRIEF, ok=0, dead=0, off=2, suspended=[]), [("ok", "0 in use: all are switched off")]),
    ("since the start", dict(BRIEF, ok=0, untested=2, dead=0, suspended=[]), [("ok", "2 in use, some not tested yet")]),
    ("nonsense", [1], [("skipped", "the daemon queries no DNS lists")]),
]


def doctor(answer_of_daemon):
    """gatepost doctor lists.daemon: no list left is a problem, and a dead list is one that does not work"""
    for what, brief, wanted in DOCTOR:
        answer = line(dict(answer_of_daemon, lists=brief))
        impostor = Impostor(*[answer] * 2)  # one connection only looks who listens
        try:
            _, out, _ = run("doctor", "--json", "--config", "/nowhere/gatepost.conf", "--socket", impostor.path, "lists.daemon")
            equal((what, [(f["state"], f["found"]) for f in json.loads(out)]), (what, wanted))
        finally:
            impostor.close()


KEYED = """policyd { user = "nobody" }
dns { servers = {"127.0.0.1:9"} }
dnsbl { mode = label }
list "keyed" { zone = "bl.example"  key_zone = "KEY.dq.example"  key_file = "FOLDER/key" }
"""


def doctor_key_file(answer_of_daemon):
    """gatepost doctor lists.daemon: a key file that the daemon's user may not read is taken at a restart only"""
    if os.geteuid() != 0:
        raise world.Skip("root alone can be read where others cannot")
    refused_row = {"list": "bl.example", "state": "suspended", "reason": "REFUSED or SERVFAIL for everything"}
    with tempfile.TemporaryDirectory(prefix="gatepost-test.") as folder:
        os.chmod(folder, 0o755)
        for name, text in (("key", "abcdefghijklmnop\n"), ("gatepost.conf", KEYED.replace("FOLDER", folder))):
            with open(os.path.join(folder, name), "w") as f:
                f.write(text)
        for mode, reason, is_told in ((0o600, refused_row["reason"], True), (0o644, refused_row["reason"], False),
                                      (0o600, "timeouts", False)):
            os.chmod(folder + "/key", mode)
            answer = line(dict(answer_of_daemon, lists=dict(BRIEF, suspended=[dict(refused_row, reason=reason)])))
            impostor = Impostor(*[answer] * 2)
            try:
                _, out, _ = run("doctor", "--json", "--config", folder + "/gatepost.conf", "--socket", impostor.path, "lists.daemon")
            finally:
                impostor.close()
            mends = "\n".join(json.loads(out)[0]["mend"])
            equal((mode, reason, "systemctl restart gatepost-policyd" in mends, "chmod 640 %s/key" % folder in mends),
                  (mode, reason, is_told, is_told), mends)
            assert "abcdefghijklmnop" not in out, out


def main():
    tap = world.Tap()
    d = world.Policyd('hostname = "mx.test"\ndns { servers = {"127.0.0.1:9"} }\n'
                      'policyd { listen = {"SOCKET"}  user = "USER" }\n')
    try:
        answer_of_daemon = d.control("status")
    finally:
        d.close()
    for test in (lists, changes, greylist):
        tap.run(test)
    tap.run(status, answer_of_daemon)
    tap.run(doctor, answer_of_daemon)
    tap.run(doctor_key_file, answer_of_daemon)
    tap.finish()


main()
