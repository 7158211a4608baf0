# SPDX-License-Identifier: ISC
"""gatepost verify as it is typed, over messages that others have signed: python3-dkim and OpenDKIM."""
import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import dnsd  # noqa: E402
import libopendkim  # noqa: E402
import world  # noqa: E402
from world import equal, holds  # noqa: E402

GATEPOST = os.path.join(world.BUILD, "gatepost")
SIGNER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "mta", "signer.py")
SYSTEM_PYTHON = "/usr/bin/python3"
OPENDKIM = "/usr/sbin/opendkim-testmsg"
CANONS = [h + "/" + b for h in ("simple", "relaxed") for b in ("simple", "relaxed")]
HEADER = (b"From: Alice <alice@good.test>\r\nTo: bob@mx.test\r\nSubject:  two  blanks and\r\n\ta fold \r\n"
          b"Date: Sun, 22 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@good.test>\r\n")
BODIES = {
    "plain": b"Hello,\r\n\r\nworld.\r\n",
    "blanks": b" a  b \t c \r\n\t\r\n  \r\n\r\nend \r\n\r\n\r\n",
    "empty": b"",
    "lines": b"\r\n\r\n\r\n",
    "8 bit": "Gr\u00fc\u00dfe \u4f60\u597d\r\n".encode() * 3,
    "dots": b".\r\n..\r\n.a\r\n",
    "long": b"x" * 70000 + b"\r\n" + b"y " * 40000 + b"\r\n",
}
dns = dnsd.Server({
    "good.test": {"TXT": ["v=spf1 ip4:192.0.2.0/24 -all"]},
    "_dmarc.good.test": {"TXT": ["v=DMARC1; p=reject"]},
    "_dmarc.mute.test": "silent",
    "half.test": {"TXT": ["v=spf1 -all"]},
    "_dmarc.half.test": {"TXT": ["v=DMARC1; p=reject; pct=50"]},
})
WHERE = ["--dns", "127.0.0.1:%d" % dns.port]
folder = tempfile.mkdtemp(prefix="gatepost-verify.")


def run(*arguments, stdin=b""):
    done = subprocess.run([GATEPOST, "verify"] + list(arguments), input=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=120)
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


def verify(message, *more):
    code, out, err = run("--json", *WHERE, *more, stdin=message)
    equal((code, err), (0, ""))
    return json.loads(out)


def write(name, content):
    path = os.path.join(folder, name)
    with open(path, "wb") as f:
        f.write(content)
    return path


class Keys:
    """Keys in DNS, and the signer's process."""

    def __init__(self):
        self.rsa, self.ed = os.path.join(folder, "rsa.pem"), os.path.join(folder, "ed.seed")
        self._run("genrsa", "-traditional", "-out", self.rsa, "2048")
        der = self._run("rsa", "-in", self.rsa, "-pubout", "-outform", "DER")
        self._publish("rsa", "v=DKIM1; k=rsa; p=" + base64.b64encode(der).decode())
        pem = os.path.join(folder, "ed.pem")
        self._run("genpkey", "-algorithm", "ed25519", "-out", pem)
        seed = self._run("pkey", "-in", pem, "-outform", "DER")[-32:]
        write("ed.seed", base64.b64encode(seed))
        public = self._run("pkey", "-in", pem, "-pubout", "-outform", "DER")[-32:]
        self._publish("ed", "v=DKIM1; k=ed25519; p=" + base64.b64encode(public).decode())
        self.process = None

    def _run(self, *words):
        return subprocess.run(["openssl", *words], check=True, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL).stdout

    def _publish(self, selector, record):
        dns.zone["%s._domainkey.good.test" % selector] = {"TXT": [record]}

    def sign(self, message, algorithm="rsa-sha256", **more):
        if not self.process:
            if subprocess.run([SYSTEM_PYTHON, "-c", "import dkim, nacl"], stderr=subprocess.DEVNULL).returncode:
                raise world.Skip("python3-dkim is not installed")
            self.process = subprocess.Popen([SYSTEM_PYTHON, SIGNER], stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, text=True)
        selector = "rsa" if algorithm.startswith("rsa") else "ed"
        request = dict({"kind": "dkim", "message": base64.b64encode(message).decode(), "selector": selector,
                        "key": self.rsa if selector == "rsa" else self.ed, "domain": "good.test",
                        "algorithm": algorithm}, **more)
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return base64.b64decode(self.process.stdout.readline()) + message


keys = Keys()


def signed_by_dkimpy():
    """python3-dkim signs: both algorithms, every form, bodies of all kinds; CRLF and LF files"""
    for algorithm in ("rsa-sha256", "ed25519-sha256"):
        for canon in CANONS:
            for name, body in BODIES.items():
                message = keys.sign(HEADER + b"\r\n" + body, algorithm, canonicalize=canon)
                for text in (message, message.replace(b"\r\n", b"\n")):
                    got = verify(text)["dkim"]
                    equal([(s["result"], s["domain"], s["algorithm"]) for s in got],
                          [("pass", "good.test", algorithm)], (canon, name))
                broken = verify(message + b"more\r\n")["dkim"]
                equal(broken[0]["result"], "fail", (canon, name))


def signed_twice():
    """two algorithms on one message, as RFC 8463 wants it: both hold"""
    message = keys.sign(keys.sign(HEADER + b"\r\n" + BODIES["plain"]), "ed25519-sha256")
    equal([s["algorithm"] for s in verify(message)["dkim"] if s["result"] == "pass"],
          ["ed25519-sha256", "rsa-sha256"])


def key_records_with_errors():
    """quotes and empty elements in a key record: used if the signature fits, and said; or not at all"""
    message = keys.sign(HEADER + b"\r\n" + BODIES["plain"])
    name = "rsa._domainkey.good.test"
    record = dns.zone[name]["TXT"][0]
    strict = write("strict.conf", b"dkim { lenient_keys = no }\n")
    try:
        for bad in ('"%s"' % record, record.replace(";", ";;"), record[:60] + '" "' + record[60:],
                    record.replace(";", "\\;"), record[:60] + '\\" \\"' + record[60:],
                    "'%s'" % record, "\u201c%s\u201d" % record, '( "%s" )' % record.replace("; p=", '; " "p='),
                    record.replace("v=DKIM1;", 'v=DKIM1; t="y";')):
            dns.zone[name] = {"TXT": [bad]}
            got = verify(message)
            equal([(s["result"], s["lenient"]) for s in got["dkim"]], [("pass", True)], bad)
            holds(got["authentication_results"], "2048 bit key of a record with errors")
            holds(run(*WHERE, stdin=message)[1], "from a key record with errors (dkim.lenient_keys)")
            equal(verify(message, "--config", strict)["dkim"][0]["result"], "permerror", bad)
            changed = message.replace(b"two  blanks", b"three blanks")
            equal(verify(changed)["dkim"][0]["result"], "permerror", bad)
        padded = base64.b64encode(base64.b64decode(record.split("p=")[1]) + b"\0\0\0").decode()
        dns.zone[name] = {"TXT": ["v=DKIM1; p=" + padded]}
        equal([(s["result"], s["lenient"]) for s in verify(message)["dkim"]], [("pass", False)])
    finally:
        dns.zone[name] = {"TXT": [record]}


def author_signature_behind_others():
    """the signature of the author's domain is looked at, whatever stands before it"""
    message = keys.sign(HEADER + b"\r\n" + BODIES["plain"])
    junk = b"".join(b"DKIM-Signature: v=1; a=rsa-sha256; d=x%d.test; s=s; h=from; b=AAAA;\r\n"
                    b" bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\r\n" % i for i in range(100))
    got = verify(junk + message)
    equal((len(got["dkim"]), got["dkim"][-1]["result"], got["dmarc"]["result"]), (20, "pass", "pass"))


def signatures_not_looked_at():
    """more signatures than dkim.max_signatures: result, reply, JSON and report say how many, and why"""
    message = keys.sign(HEADER + b"\r\n" + BODIES["plain"])
    junk = b"".join(b"DKIM-Signature: v=1; a=rsa-sha256; d=s%d.good.test; s=s; h=from; b=AAAA;\r\n"
                    b" bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\r\n" % i for i in range(20))
    foreign = message.replace(b"From: Alice <alice@good.test>", b"From: Alice <alice@s1.good.test>")
    away = ["--ip", "198.51.100.1", "--mail-from", "x@other.test"]
    got = verify(junk + foreign, *away)
    equal((len(got["dkim"]), got["dkim_not_looked_at"], got["action"]), (20, 1, "reject"))
    holds(got["authentication_results"].replace("\n\t", " "),
          "dkim=neutral reason=\"signatures not checked: 1 (dkim.max_signatures = 20)\"")
    holds(got["reply"], " and 17 more, 1 not checked")
    holds(run(*WHERE, *away, stdin=junk + foreign)[1], "signatures not checked: 1 (dkim.max_signatures)")
    got = verify(message, *away)
    equal((got["dkim_not_looked_at"], "not checked" in got["authentication_results"]), (0, False))


def sha1_never_passes():
    """rsa-sha1, which the signer still can: policy"""
    got = verify(keys.sign(HEADER + b"\r\n" + BODIES["plain"], "rsa-sha1"))
    equal([(s["result"], s["algorithm"]) for s in got["dkim"]], [("policy", "rsa-sha1")])
    equal(got["dmarc"]["dkim_aligned"], False)


def part_of_a_body():
    """l= that covers the body passes; what is added makes it policy, and is not aligned"""
    message = keys.sign(HEADER + b"\r\n" + BODIES["plain"], length=True)
    equal(verify(message)["dkim"][0]["result"], "pass")
    got = verify(message + b"buy this\r\n", "--ip", "198.51.100.1", "--mail-from", "x@other.test")
    equal((got["dkim"][0]["result"], got["dmarc"]["result"], got["action"]), ("policy", "fail", "reject"))


def signed_by_opendkim():
    """OpenDKIM's library signs: every form, bodies of all kinds"""
    try:
        signer = libopendkim.Signer()
    except libopendkim.Unavailable as reason:
        raise world.Skip("no libopendkim: %s" % reason)
    with open(keys.rsa, "rb") as f:
        key = f.read()
    for canon in CANONS:
        for name, body in BODIES.items():
            signed = signer.sign(HEADER + b"\r\n" + body, key, "rsa", "good.test", "rsa-sha256", canon)
            got = verify(signed)["dkim"]
            equal([(s["result"], s["selector"]) for s in got], [("pass", "rsa")], (canon, name))


def signed_by_opendkim_testmsg():
    """OpenDKIM's opendkim-testmsg can rsa-sha1 only (and may leave rubbish behind b=): no pass"""
    if not os.path.exists(OPENDKIM):
        raise world.Skip("opendkim-testmsg is not installed")
    signed = subprocess.run([OPENDKIM, "-d", "good.test", "-s", "rsa", "-k", keys.rsa, "-t", folder],
                            input=(HEADER + b"\r\nHello\r\n").replace(b"\r\n", b"\n"),
                            stdout=subprocess.PIPE, check=True, timeout=world.PATIENCE_S).stdout
    got = verify(signed)["dkim"]
    equal([(s["result"] == "pass", s["algorithm"]) for s in got], [(False, "rsa-sha1")])


def sealed_by_dkimpy():
    """python3-dkim seals a message three times; a changed one is no chain"""
    message = HEADER + b"\r\n" + BODIES["plain"]
    for i in range(3):
        # the signer takes cv= from the results of an arc method
        with_results = (b"Authentication-Results: mx%d.test; dmarc=pass header.from=good.test; arc=%s\r\n" % (
            i, b"pass" if i else b"none") + message)
        message = keys.sign(with_results, kind="arc", authserv_id="mx%d.test" % i)
        got = verify(message)
        equal((got["arc"]["result"], got["arc"]["instances"], len(got["arc"]["sealers"])), ("pass", i + 1, i + 1))
    equal(verify(message + b"more\r\n")["arc"]["result"], "fail")


def trusted_seals():
    """a trusted sealer excuses a failure, an untrusted one does not, and the report says who"""
    sealed = keys.sign(b"Authentication-Results: mx.test; dmarc=pass header.from=good.test\r\n" + HEADER +
                       b"\r\n" + BODIES["plain"], kind="arc", authserv_id="mx.test")
    client = ["--ip", "198.51.100.1", "--mail-from", "list@other.test"]
    got = verify(sealed, *client)
    equal((got["dmarc"]["result"], got["action"], got["override"]), ("fail", "reject", None))
    config = write("trust.conf", b"arc { more_sealers = {\"good.test\"} }\n")
    got = verify(sealed, *client, "--config", config)
    equal((got["dmarc"]["result"], got["action"], got["override"], got["arc"]["vouches"]),
          ("fail", "accept", "arc", 1))
    holds(run(*WHERE, *client, "--config", config, stdin=sealed)[1], "trusted: it recorded that the author's domain passed")


def report():
    """the report and its steps, for people; foreign bytes do not reach the terminal"""
    path = write("m.eml", keys.sign(HEADER + b"\r\n" + BODIES["plain"]))
    client = ["--ip", "192.0.2.1", "--mail-from", "alice@good.test"]
    code, out, err = run(*WHERE, *client, path)
    equal((code, err), (0, ""))
    for part in ("SPF       pass", "DKIM      pass        good.test, selector rsa, rsa-sha256, 2048 bits",
                 "ARC       none", "DMARC     pass        good.test", "verdict   accept      rule default", "\n  dkim=pass"):
        holds(out, part)
    out = run(*WHERE, *client, "--explain", path)[1]
    for part in ("-- DKIM", "body hash: ", "DNS: TXT rsa._domainkey.good.test: found", "-- DMARC"):
        holds(out, part)
    computed = base64.b64encode(hashlib.sha256(BODIES["plain"]).digest()).decode()
    holds(out, "body hash: bh=%s, computed %s: the same" % (computed, computed))
    holds(out, "header hash: computed ")
    out = run(*WHERE, "--explain", stdin=open(path, "rb").read() + b"more\r\n")[1]
    holds(out, "body hash: bh=%s, computed " % computed)
    holds(out, ": they differ")
    code, out, err = run(*WHERE, "--explain", stdin=HEADER + b"X: \x1b[31m\r\nDKIM-Signature: v=1; d=\x1b[31m; h=x\r\n\r\n")
    equal((code, "\x1b" in out), (0, False))


def canonical_files():
    """--canonical: a file for each signature, with the header and the body as they were hashed"""
    for canon in CANONS:
        for name in ("plain", "blanks", "empty", "long"):
            body = BODIES[name]
            once = keys.sign(HEADER + b"\r\n" + body, canonicalize=canon)
            path = os.path.join(folder, "canonical")
            got = verify(keys.sign(once, canonicalize="simple/simple"), "--canonical", path)
            equal(got["canonical"], [{"signature": 1, "file": path}, {"signature": 2, "file": path + ".2"}])
            for number, file in ((0, path), (1, path + ".2")):
                header, written = open(file, "rb").read().split(b"\r\n\r\n", 1)
                equal(got["dkim"][number]["result"], "pass")
                field = header.rsplit(b"\r\n", 1)[1] if b"relaxed/" in header else header[header.lower().rindex(b"dkim-signature:"):]
                said = re.search(rb"bh=([^;]*)", re.sub(rb"\s", b"", field)).group(1)
                equal(base64.b64encode(hashlib.sha256(written).digest()), said, (canon, name, number))
                assert re.search(rb"b=$", re.sub(rb"\s", b"", field)), field
        os.unlink(path)
        code, out, err = run(*WHERE, "--canonical", path, stdin=once)
        equal((code, err), (0, ""))
        holds(out, "\ncanonical signature 1: " + path)
    code, out, err = run(*WHERE, "--canonical", "/nowhere/canonical", stdin=once)
    equal((code, err), (1, "gatepost verify: /nowhere/canonical: No such file or directory\n"))
    code, out, err = run(*WHERE, "--canonical", path, stdin=HEADER + b"\r\n")
    equal((code, err), (0, ""))
    holds(out, "nothing is written: there is no DKIM signature")


def envelope_of_a_file():
    """no SPF without --ip; MAIL FROM of Return-Path when it is not given, which is said; empty input is an error"""
    message = b"Return-Path: <bounce@good.test>\r\nReturn-Path: <other@bad.test>\r\n" + HEADER + b"\r\n"
    for words, result, sender, source in (
            ([], None, "bounce@good.test", "return-path"),
            (["--mail-from", "x@good.test"], None, "x@good.test", "option"),
            (["--ip", "192.0.2.1"], "pass", "bounce@good.test", "return-path"),
            (["--ip", "198.51.100.1"], "fail", "bounce@good.test", "return-path"),
            (["--ip", "192.0.2.1", "--mail-from", "u@other.test"], "none", "u@other.test", "option"),
            (["--ip", "192.0.2.1", "--mail-from", "", "--helo", "half.test"], "fail", "", "option")):
        got = verify(message, *words)
        equal((words, (got["spf"] or {}).get("result"), got["mail_from"], got["mail_from_source"]),
              (words, result, sender, source))
    equal("MAIL FROM <bounce@good.test>, from the field Return-Path\n" in run(*WHERE, stdin=message)[1], True)
    holds(run(*WHERE, "--mail-from", "x@good.test", stdin=message)[1], "SPF       -           not judged: the client is not known")
    got = verify(HEADER + b"\r\n", "--ip", "192.0.2.1")
    equal((got["spf"], got["mail_from"], got["mail_from_source"]), (None, None, None))
    holds(run(*WHERE, "--ip", "192.0.2.1", stdin=HEADER + b"\r\n")[1], "not judged: no name to judge")
    for value in (b"Return-Path: <>", b"Return-Path: nobody", b"Return-Path:", b"Return-Path: <", b"Return-Path: <a\r\n b@good.test>"):
        verify(value + b"\r\n" + HEADER + b"\r\n", "--ip", "192.0.2.1")
    code, out, err = run("--json", *WHERE, stdin=b"")
    equal((code, err), (1, "gatepost verify: standard input: it is empty: there is no message in it\n"))
    equal(json.loads(out), {"error": "standard input: it is empty: there is no message in it"})
    equal(run(*WHERE, write("nothing.eml", b""))[:2], (1, ""))


def all_checks_or_as_configured():
    """each check's own verdict whatever the modes say; --as-configured decides with them"""
    config = write("off.conf", b"hostname = mx.test\ntrusted_networks = {\"198.51.100.0/24\"}\n"
                               b"dmarc { mode = label }\n")
    client = ["--ip", "198.51.100.1", "--mail-from", "x@good.test", "--config", config]
    got = verify(HEADER + b"\r\n", *client)
    equal((got["action"], got["rule"], got["spf"]["result"]), ("reject", "dmarc.on_reject", "fail"))
    got = verify(HEADER + b"\r\n", *client, "--as-configured")
    equal((got["action"], got["rule"], got["authentication_results"]),
          ("accept", "trusted_networks", "mx.test; none"))
    equal("dmarc" in got, False)


def time_of_judgement():
    """--now: a signature that had expired by then; one of the future"""
    message = keys.sign(HEADER + b"\r\n" + BODIES["plain"])
    equal(verify(message, "--now", "1000000000")["dkim"][0]["result"] == "pass", False)
    equal(verify(message)["dkim"][0]["result"], "pass")


def mailbox_line():
    """a first line "From " of a mailbox file is no part of the message"""
    message = keys.sign(HEADER + b"\r\n" + BODIES["plain"]).replace(b"\r\n", b"\n")
    equal(verify(b"From alice@good.test Sun Nov 22 10:00:00 2026\n" + message)["dkim"][0]["result"], "pass")
    for line in (b"From \n : a@none.test", b"From <a@none.test>: foo", b"From a@none.test"):
        equal(verify(line + b"\n" + message)["rule"], "dmarc.on_unreadable_from", line)


def silent_name_server():
    """no answer: temperror everywhere, in bounded time"""
    got = verify(b"From: a@mute.test\r\n\r\n", "--ip", "192.0.2.1", "--mail-from", "a@mute.test",
                 "--timeout", "2")
    equal((got["dmarc"]["result"], got["action"]), ("temperror", "defer"))


def usage():
    """what is wrong is said, with where help is"""
    for arguments, code, text in (
            (["--ip", "x"], 2, '"x" is not an address'), (["--nonsense"], 2, "gatepost verify --help"),
            (["--now", "today"], 2, "--now"), (["--json", "--explain"], 2, "do not go together"),
            (["a", "b"], 2, "unexpected argument: b"), (["--dns", "nowhere"], 2, "--dns"),
            ([os.path.join(folder, "none.eml")], 1, "No such file"),
            (["--config", os.path.join(folder, "none.conf")], 3, "none.conf"), ([folder], 1, folder)):
        got = run(*arguments, stdin=HEADER)
        equal(got[0], code, arguments)
        holds(got[2], text)
    code, out, _ = run("--help")
    equal(code, 0)
    holds(out, "usage: gatepost verify")


def strange_files():
    """no header, no body, a header without end: an answer or an error, never a crash"""
    for text in (b"\n", b"\r\n\r\nbody", b"no header at all", b"From: a@b.test", b"\0" * 5000, b"\xff" * 5000,
                 b"From: a@b.test\n\n" + bytes(range(256)) * 100):
        code, _, err = run("--json", *WHERE, stdin=text)
        equal((code, err), (0, ""), text[:20])


def too_large_headers():
    """more than 4,096 fields, or 2 MiB: the true reason and a reply for good, in JSON as well"""
    for more, reason in ((b"X: y\r\n" * 5000, "the header has more than 4096 fields"),
                         (b"X: y\r\n" * 600000, "the header has more than 4096 fields"),
                         (b"X: " + b"y" * 3000000 + b"\r\n", "the header has more than 2 MiB")):
        got = verify(b"From: a@none.test\r\n" + more + b"\r\nbody\r\n")
        equal((got["action"], got["rule"], got["from_problem"], got["reply"]),
              ("reject", "dmarc.on_unreadable_from", reason,
               "550 5.7.1 The From field has no single author domain: " + reason))


CLIENT = ["--ip", "192.0.2.1", "--mail-from", "a@good.test"]


def odd_line_beside_a_clear_from():
    """a line that nobody takes for From: the author is read, a signature judged"""
    signed = keys.sign(HEADER + b"\r\n" + BODIES["plain"])
    for odd in (b"X-\xc3\x9c: x", b"X-\xff: x", b": x", b"no colon", b"X Y: z",
                b">From alice@other.test Sat Nov 28 10:00:00 2026"):
        for message in (odd + b"\r\n" + signed, signed.replace(b"\r\n\r\n", b"\r\n" + odd + b"\r\n\r\n", 1)):
            got = verify(message)
            equal((got["from"], got["dkim"][0]["result"], got["dmarc"]["result"], got["action"]),
                  ("good.test", "pass", "pass", "accept"), odd)


def line_that_may_be_from():
    """a line that some mail program takes for From: refused, and the reply names the line"""
    for line in (b"From\xc2\xa0: ceo@other.test", b"Fr\xd0\xbem: ceo@other.test", b"F\x00rom: ceo@other.test",
                 b"X-A: b\rFrom: ceo@other.test", b"X-A: b\nFrom: ceo@other.test", b"From ceo@other.test",
                 b">From: ceo@other.test", b"\xef\xbb\xbfFrom: ceo@other.test", b"Fr om: ceo@other.test"):
        got = verify(HEADER + line + b"\r\n\r\nx\r\n", *CLIENT)
        equal((got["from"], got["action"], got["rule"]), ("", "reject", "dmarc.on_unreadable_from"), line)
        holds(got["reply"], "550 5.7.1 The From field has no single author domain: line 7 (\"")


def from_with_blank_before_its_colon():
    """"From :" is a field, at the start of a file too; a second one leaves no author"""
    got = verify(b"From : a@good.test\r\nTo: b@x.test\r\n\r\nx\r\n", *CLIENT)
    equal((got["from"], got["action"]), ("good.test", "accept"))
    got = verify(b"From : a@good.test\r\nFrom: a@none.test\r\n\r\nx\r\n", *CLIENT)
    equal((got["from"], got["rule"], got["from_problem"]), ("", "dmarc.on_unreadable_from", "it occurs more than once"))


def what_mail_servers_hand_over():
    """one line says when Exim or Postfix would hand over another header than the file has"""
    for more, words in ((b"", None), (b"no colon\r\n", "Exim and Postfix treat line 7 of the header (\"no colon\")"),
                        (b": x\r\n", "Postfix treats line 7"), (b"X-\xc3\x9c: x\r\n", "Postfix treats line 7"),
                        (b"\xc3\x9c: x\r\n", "Postfix treats line 7"), (b"X-\xff: y\r\n", "Postfix treats line 7"),
                        (b"X-\x80 : y\r\n", "Postfix treats line 7"), (b"X-\xff\r\n", "Exim and Postfix treat line 7"),
                        (b"X\x01: y\r\n", "Exim and Postfix treat line 7"),
                        (b"X\x7f: y\r\n", "Exim and Postfix treat line 7"),
                        (b"X-A: a\r\n folded\r\nno: colon\r\n", None),
                        (b"X-A: a\rb\r\n", "a bare CR in line 7: Exim converts a bare CR"),
                        (b"X-A: a\nX-B: b\r\n", "the header has a bare LF in line 7, the first line ends with CRLF: for Exim"),
                        (b"X-A: a\r\n \r\n", "Exim removes the blank line from the end of the field \"X-A\""),
                        (b"Return-Path: <a@b.test>\r\n", "Exim removes the field Return-path on reception"),
                        (b"X-A: " + b"a" * 70000 + b"\r\n", "Exim passes only the first 65536 bytes")):
        message = HEADER + more + b"\r\nx\r\n"
        note, out = verify(message, *CLIENT)["note"], run(*WHERE, *CLIENT, stdin=message)[1]
        notes = [line for line in out.splitlines() if line.startswith("note ")]
        equal(len(notes), 1 if words else 0, more)
        if words:
            holds(note, words)
            holds(notes[0], words)
        else:
            equal(note, None, more)


def line_ends_of_the_message():
    """a line that a mailbox or a tool put in front, with other line ends than the message's, changes no verdict"""
    crlf = keys.sign(HEADER + b"\r\n" + BODIES["plain"])
    lf = crlf.replace(b"\r\n", b"\n")
    mbox, path = b"From a@good.test Sat Nov 28 10:00:00 2026", b"Return-Path: <a@good.test>"
    ends = "the first line of the header ends with LF and others with CRLF"
    for text, words in ((mbox + b"\n" + crlf, None), (mbox + b"\r\n" + lf, None), (mbox + b"\n" + lf, None),
                        (mbox + b"\r\n" + crlf, None), (path + b"\n" + crlf, ends),
                        (mbox + b"\n" + path + b"\n" + crlf, ends), (mbox + b"\r\n" + path + b"\n" + crlf, ends),
                        (path + b"\nDelivered-To: b@mx.test\n" + crlf, ends), (path + b"\n" + lf, "Return-path")):
        got = verify(text, "--ip", "198.51.100.1", "--mail-from", "a@other.test")
        equal((got["from"], got["action"], [s["result"] for s in got["dkim"]]), ("good.test", "accept", ["pass"]), text)
        holds(got["note"] or "None", words or "None")


def from_without_a_domain():
    """bounces and mail of cron: result none, accepted unless on_no_domain says otherwise"""
    config = write("from.conf", b"dmarc { on_no_domain = reject }\n")
    for value in (b"MAILER-DAEMON <>", b"", b"root (Cron Daemon)", b"<root>", b"MAILER-DAEMON@[192.0.2.1]",
                  b"root@(none)", b"<@>", b"nobody@%HOST%", b"root@host:25", b"=?iso-2022-jp?B?GyRCOzNFRBsoQg==?= <>"):
        message = b"From: " + value + b"\r\nTo: b@x.test\r\n\r\nx\r\n"
        got = verify(message, *CLIENT)
        equal((got["dmarc"]["result"], got["action"]), ("none", "accept"), value)
        got = verify(message, *CLIENT, "--config", config)
        equal((got["action"], got["rule"]), ("reject", "dmarc.on_no_domain"), value)
        got = verify(message, "--ip", "192.0.2.1", "--helo", "mx.test", "--config", config)
        equal(got["action"], "accept", value)


def from_with_a_host_but_no_at():
    """a host's name without an @: refused with that reason; of the null sender accepted, unless brackets hold it"""
    for value, action in ((b"\"mx.bank.test: nagios\" <>", "accept"), (b"root (disk 50% at mx.bank.test!)", "accept"),
                          (b"\"ceo%40bank.test\" <>", "accept"), (b"bank.test:;", "accept"),
                          (b"\"Bank\" <bank.test>", "reject"), (b"<bank.test>", "reject")):
        message = b"From: " + value + b"\r\nTo: b@x.test\r\n\r\nx\r\n"
        equal(verify(message, "--ip", "192.0.2.1", "--helo", "mx.test")["action"], action, value)
        got = verify(message, *CLIENT)
        equal((got["action"], got["rule"]), ("reject", "dmarc.on_unreadable_from"), value)
        holds(got["reply"], "but has no @" if action == "accept" else "in angle brackets, but no @")


def bounce_without_from():
    """no From field: of the null sender it is accepted, unless another field is shown in its place"""
    for header, action in ((b"Subject: x\r\n", "accept"), (b"Sender: ceo@other.test\r\n", "reject"),
                           (b"Reply-To: ceo@other.test\r\n", "reject"), (b"Fr\xffm: ceo@other.test\r\n", "reject")):
        equal(verify(header + b"\r\nx\r\n", "--ip", "192.0.2.1", "--helo", "mx.test")["action"], action, header)
        equal(verify(header + b"\r\nx\r\n", *CLIENT)["action"], "reject", header)


def from_that_readers_take_differently():
    """a domain that some readers alone see: refused, and the reply says why"""
    for value in (b"support@bank .test <a@good.test>", b"support@bank(.)test <a@good.test>",
                  b"support@bank\xe3\x80\x82test <a@good.test>", b"<@bank.test:a@good.test>",
                  b"\"ceo@bank.test\"@good.test", b"ceo(@bank.test)@good.test", b"support%bank.test",
                  b"=?utf-8?Q?=3Cceo=40bank.test=3E?= <a@good.test>", b"x@[bank.test]"):
        got = verify(b"From: " + value + b"\r\n\r\nx\r\n", *CLIENT)
        equal((got["from"], got["action"], got["rule"]), ("", "reject", "dmarc.on_unreadable_from"), value)
        holds(got["reply"], "550 5.7.1 The From field has no single author domain: ")


def broken_from_with_one_domain():
    """a From off the grammar that can mean one domain only is read"""
    for value in (b"\\\"Shop\\\" <a@good.test>", b"a@good.test;", b"<a@good.test", b"Shop <a@good.test>>"):
        equal(verify(b"From: " + value + b"\r\n\r\nx\r\n", *CLIENT)["from"], "good.test", value)
    for value in (b"\\\"ceo@other.test\\\" <a@good.test>", b"a@good.test; ceo@other.test"):
        equal(verify(b"From: " + value + b"\r\n\r\nx\r\n", *CLIENT)["action"], "reject", value)


def sample_of_the_site():
    """pct=50: nobody can pick a message that is spared without the site's secret, and without one none is"""
    def ground(number):
        return b"From: u@half.test\r\nMessage-ID: <%d@x>\r\n\r\nx\r\n" % number
    forged = ["--ip", "198.51.100.1", "--mail-from", "u@half.test"]
    path = os.path.join(folder, "sample-key")
    config = write("sample.conf", b'dmarc { sample_key_file = "%s" }\n' % path.encode())
    for number in range(20):
        got = verify(ground(number), *forged, "--config", config)
        equal((got["action"], got["dmarc"]["sampled"]), ("reject", "reject"))
        holds(got["dmarc"]["pct_ignored"], "%s does not exist" % path)
    assert not os.path.exists(path)  # whoever checks mail makes it, with an owner that can read it
    holds(run(*WHERE, *forged, "--config", config, stdin=ground(0))[1], "pct=50 ignored: %s" % path)
    spared = {}
    for secret in (b"a secret of this site", b"a secret of another one"):
        write("sample-key", secret + b"\n")
        os.chmod(path, 0o600)
        spared[secret] = {n for n in range(60)
                          if verify(ground(n), *forged, "--config", config)["action"] == "quarantine"}
    one, other = spared.values()
    assert 15 < len(one) < 45 and 15 < len(other) < 45 and 3 < len(one & other) < len(one) - 3, spared
    equal(verify(ground(0), *forged, "--config", config)["dmarc"]["pct_ignored"], None)


def constant_memory():
    """a body of 200 MB takes no more memory than a small one"""
    head = HEADER + b"\r\n"
    program = ("import resource, subprocess, sys\n"
               "p = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)\n"
               "p.stdin.write(sys.stdin.buffer.read())\n"
               "for i in range(int(sys.argv[1])): p.stdin.write(b'0123456789 abcdef\\r\\n' * 50000)\n"
               "p.stdin.close(); p.wait()\n"
               "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    kib = []
    message = keys.sign(head)
    for rounds in (1, 210):
        done = subprocess.run([sys.executable, "-c", program, str(rounds), GATEPOST, "verify", "--json", *WHERE],
                              input=message, stdout=subprocess.PIPE, check=True, timeout=300)
        kib.append(int(done.stdout))
    assert kib[1] < kib[0] + 65536, kib


TESTS = [signed_by_dkimpy, signed_twice, key_records_with_errors, author_signature_behind_others,
         signatures_not_looked_at, sha1_never_passes, part_of_a_body, signed_by_opendkim,
         signed_by_opendkim_testmsg, sealed_by_dkimpy,
         trusted_seals, report, canonical_files, envelope_of_a_file, all_checks_or_as_configured, time_of_judgement, mailbox_line, silent_name_server,
         usage, strange_files, too_large_headers, odd_line_beside_a_clear_from, line_that_may_be_from,
         from_with_blank_before_its_colon, what_mail_servers_hand_over, line_ends_of_the_message,
         from_without_a_domain, from_with_a_host_but_no_at, bounce_without_from, from_that_readers_take_differently,
         broken_from_with_one_domain, sample_of_the_site, constant_memory]


def main():
    tap = world.Tap()
    try:
        for test in TESTS:
            tap.run(test)
    finally:
        if keys.process:
            world.end(keys.process)
        dns.close()
        subprocess.run(["rm", "-rf", folder], check=False)
    tap.finish()


if __name__ == "__main__":
    main()
