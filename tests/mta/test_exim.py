# SPDX-License-Identifier: ISC
"""A real Exim loads gatepost-exim.so and runs the shipped ACLs: exact replies and headers, every way in
which Exim keeps a message, several messages a connection, trouble of its own, limits."""
import json
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import exim_scene as scene  # noqa: E402
from exim_scene import BAD, CONFIG, GOOD, HOST, LOGIN, Client, fields, login, mail, sandbox, send, world  # noqa: E402
from world import equal, holds  # noqa: E402

stage = None
ACCEPTED = "250 OK id="
REJECTED = ("550 5.7.26 DMARC: reject.test asks to reject mail that is not shown to be its own: SPF none for "
            "sender.test; %s (policy of reject.test)")
NO_SIGNATURE = REJECTED % "no DKIM signature"


def signed(domain, **more):
    return stage.keys.sign(mail(domain, **more), domain)


def last():
    """What the log says about the last check."""
    return stage.exim.summaries()[-1]


def accepted(reply, folder="."):
    assert reply.startswith(ACCEPTED), reply
    return stage.exim.next_message(folder)


def dkim_pass():
    """a signed mail passes, with its results above Exim's own Received field"""
    message = accepted(send(signed("reject.test")))
    results = fields(message, "Authentication-Results")
    equal(len(results), 1)
    assert re.fullmatch(
        r'mx\.example\.test; spf=none \(no SPF record for client 198\.51\.100\.66\) '
        r'smtp\.mailfrom=a@sender\.test; dkim=pass \(2048 bit key\) header\.d=reject\.test '
        r'header\.i="@reject\.test" header\.s=rsa header\.a=rsa-sha256 header\.b="?\S{8}"?; '
        r'dmarc=pass \(p=reject of reject\.test\) header\.from=reject\.test policy\.dmarc=none', results[0]), results
    names = [line.split(b":")[0] for line in message.split(b"\n\n")[0].split(b"\n") if line[:1].isalpha()]
    assert names.index(b"Authentication-Results") < names.index(b"Received") < names.index(b"DKIM-Signature"), names


def dmarc_reject():
    """p=reject: refused, and the reply says what failed and whose policy it is"""
    equal(send(mail("reject.test")), NO_SIGNATURE)
    equal(last()["rule"], "dmarc.on_reject")


def dkim_fail():
    """a body that was changed after signing: DKIM fails, and with it DMARC"""
    broken = signed("reject.test").replace(b"this is a test", b"this is a tost")
    holds(send(broken), REJECTED[:100])
    equal((last()["dkim"].split("/")[0], last()["dmarc"]), ("fail", "fail"))
    broken = signed("none.test").replace(b"Subject: test", b"Subject: tost")
    message = accepted(send(broken))
    holds(fields(message, "Authentication-Results")[0], "dkim=fail ")
    holds(fields(message, "Authentication-Results")[0], "dmarc=fail (p=none of none.test) reason=\"neither SPF nor DKIM passed\" header.from=none.test")


def dmarc_quarantine():
    """p=quarantine: accepted, marked and filed into Junk"""
    message = accepted(send(mail("quarantine.test")), ".Junk")
    equal(fields(message, "X-Gatepost-Action"), ["quarantine"])
    holds(fields(message, "Authentication-Results")[0], "dmarc=fail (p=quarantine of quarantine.test)")


def dmarc_sampled():
    """p=quarantine with pct=0: accepted as if it were none"""
    message = accepted(send(mail("sampled.test")))
    equal(fields(message, "X-Gatepost-Action"), [])
    equal((last()["policy"], last()["sampled"], last()["applied"]), ("quarantine", "none", "none"))


def dmarc_none():
    """p=none and no record at all: accepted"""
    accepted(send(mail("none.test")))
    message = accepted(send(mail("nothing.test")))
    holds(fields(message, "Authentication-Results")[0], "dmarc=none")


def dmarc_by_spf():
    """an aligned SPF pass is enough without a signature"""
    accepted(send(mail("reject.test"), "alice@reject.test", GOOD))
    equal((last()["spf"], last()["dmarc"]), ("pass/reject.test", "pass"))


def forged_action():
    """X-Gatepost-Action from outside is removed"""
    message = accepted(send(mail("none.test", more=b"X-Gatepost-Action: quarantine\r\nx-gatepost-action : quarantine\r\n")))
    equal(fields(message, "X-Gatepost-Action"), [])


FOREIGN = b"Authentication-Results: mx.other.test; dkim=pass header.d=other.test\r\n"
FORGED = [
    b"Authentication-Results: mx.example.test; dkim=pass header.d=reject.test\r\n",
    b"authentication-results : MX.EXAMPLE.TEST ; dmarc=pass\r\n",
    b"Authentication-Results:\r\n mx.example.test\r\n ; dmarc=pass\r\n",
    b"Authentication-Results: (x) mx.example.test (y) 1; dmarc=pass\r\n",
    b"Authentication-Results: \"mx.example.test\"; dmarc=pass\r\n",
    b"Authentication-Results: \"mx.exam\\ple.test\"; dmarc=pass\r\n",
    b"Authentication-Results: mx.example.test/1; dmarc=pass\r\n",
    b"Authentication-Results: mx.other.test (\r\n mx.example.test; dmarc=pass\r\n",
    "Authentication-Results: mx\u3002example.test; dmarc=pass\r\n".encode(),
    "Authentication-Results: mx.\u200bexample.test; dmarc=pass\r\n".encode(),
    b"Authentication-Results: =?utf-8?Q?mx=2Eexample=2Etest?=; dmarc=pass\r\n",
    b"Authentication-Results: mx%2Eexample%2Etest; dmarc=pass\r\n",
    b"Authentication-Results: mx=2Eexample=2Etest; dmarc=pass\r\n",
    b"Authentication-Results: mx..example.test; dmarc=pass\r\n",
]


def forged_results():
    """results that claim to be ours go, however they are spelled and wherever they stand"""
    for forged in FORGED:
        for more in (forged, FOREIGN + forged, forged + FOREIGN, FOREIGN + forged + FOREIGN + forged):
            message = accepted(send(mail("none.test", more=more)))
            results = fields(message, "Authentication-Results")
            assert results[0].startswith(HOST + "; spf="), (more, results)
            # the same text twice is added once
            equal(results[1:], ["mx.other.test; dkim=pass header.d=other.test"] * (FOREIGN in more), more)


ODD_NAMES = ["Authentication-Results\r\n ", "Authentication-Results\u00a0", "Authentication\u200b-Results",
             "\uff21uthentication-Results", "\U0001d400uthentication-Results", "Authentication\u2011Results",
             "\u24b6uthentication-Results", "Authentication-Results\u200b", "Authentication" + "\u200b" * 40 + "-Results",
             "=?utf-8?Q?Authentication-Results?=", "X-A: b\u2028Authentication-Results", "X-A: b\vAuthentication-Results"]


def hidden_results():
    """results that remove_header does not find are refused, for each spelling of the field's name"""
    for name in ODD_NAMES + ["Authentication-Results\udca0"]:
        for more in (b"", FORGED[0], FOREIGN):
            field = name.encode(errors="surrogateescape") + b": mx.example.test; dmarc=pass\r\n"
            equal(send(mail("none.test", more=more + field)),
                  "550 5.7.1 The header hides Authentication-Results in a field of another name", field)
    accepted(send(mail("none.test", more="X-\u00dc: mx.example.test; dmarc=pass\r\n".encode())))


def results_of_others():
    """results of a host whose name merely holds ours stay, and those of all hosts beside forged ones"""
    names = ["bmx.example.test", "b.mx.example.test", "b-mx.example.test", "mx.example.test.de", "mx.example.tester",
             "mx.example.test-de.test"]
    fields_of = b"".join(FOREIGN.replace(b"mx.other.test", n.encode()) for n in names)
    for more in (fields_of, fields_of + FORGED[0], FORGED[1] + fields_of):
        results = fields(accepted(send(mail("none.test", more=more))), "Authentication-Results")
        equal([r.split(";")[0] for r in results], [HOST] + names)
    folded = b"Authentication-Results: mx.other.test;\r\n\tspf=pass smtp.mailfrom=a@b.test;\r\n dkim=none\r\n"
    message = accepted(send(mail("none.test", more=folded + FORGED[0])))
    holds(message.decode(), folded.decode().replace("\r\n", "\n"))


def foreign_results():
    """results of other hosts stay when nobody could take them for ours"""
    message = accepted(send(mail("none.test", more=FOREIGN + FOREIGN.replace(b"mx.other", b"mx2.other"))))
    results = fields(message, "Authentication-Results")
    equal([r.split(";")[0] for r in results], [HOST, "mx.other.test", "mx2.other.test"])


def listed(sealer):
    return stage.keys.listed(signed("reject.test"), "reject.test", sealer)


def arc_override():
    """a DMARC failure is excused by a trusted sealer who saw it pass, and by nobody else"""
    message = accepted(send(listed("sealer.test"), "list@sealer.test"))
    results = fields(message, "Authentication-Results")[0]
    holds(results, "arc=pass")
    holds(results, "dmarc=fail")
    equal((last()["action"], last()["dmarc"], last().get("override")), ("accept", "fail", "arc"))
    reply = send(listed("stranger.test"), "list@stranger.test")
    assert reply.startswith("550 5.7.26 DMARC: reject.test asks to reject"), reply
    broken = listed("sealer.test").replace(b"this is a test", b"this is a tost")
    assert send(broken, "list@sealer.test").startswith("550 5.7.26"), "a broken chain"


def dead_dns():
    """DNS that does not answer: deferred, within the deadline"""
    reply = send(mail("mute.test"))
    assert reply.startswith("451 4.7.26 DMARC for mute.test cannot be checked now"), reply
    equal(last()["dmarc"], "temperror")


def spf_at_rcpt():
    """SPF refuses at RCPT, before the message is sent; postmaster is reached"""
    with Client(BAD) as c:
        equal(c.envelope("alice@reject.test"),
              "550 5.7.23 SPF fail: reject.test does not authorise 198.51.100.66 to send its mail "
              "(mailfrom=alice@reject.test, mechanism -all)")
        holds(c.command("RCPT TO:<carol@example.test>"), "550 5.7.23 SPF fail")
        holds(c.command("RCPT TO:<postmaster@example.test>"), "250 ")
        c.command("RSET")
        holds(c.envelope("alice@soft.test"), "250 ")
    with Client(GOOD) as c:
        holds(c.envelope("alice@reject.test"), "250 ")


def bad_from():
    """no From, two of them, or one that names two domains"""
    two = mail("none.test", more=b"From: b@reject.test\r\n")
    for message in (two, two.replace(b"From: Alice", b"X-From: Alice").replace(b"From: b@", b"X: b@"),
                    two.replace(b"From: b@reject.test\r\n", b"").replace(b"<alice@none.test>",
                                                                          b"<a@none.test>, <b@reject.test>")):
        reply = send(message)
        assert reply.startswith("550 5.7.1 The From field has no single author domain: "), reply


def no_domain_in_from():
    """bounces and mail of cron, whose From shows no domain, are accepted with the result none"""
    for value, sender in ((b"MAILER-DAEMON <>", ""), (b"root (Cron Daemon)", "a@sender.test"),
                          (b"MAILER-DAEMON@[192.0.2.1]", ""), (b"root@(none)", "a@sender.test")):
        message = accepted(send(mail("none.test").replace(b"Alice <alice@none.test>", value), sender))
        holds(fields(message, "Authentication-Results")[0], "dmarc=none")
        equal((last()["from"], last()["dmarc"]), ("-", "none"))


def too_many_fields():
    """more fields than are read: the true reason, for good"""
    equal(send(mail("none.test", more=b"A:b\r\n" * 5000)),
          "550 5.7.1 The From field has no single author domain: the header has more than 4096 fields")


def one_connection():
    """several messages in one connection, RSET and refusals between them: nothing stale"""
    with Client() as c:
        for domain, start, action in (("quarantine.test", ACCEPTED, "quarantine"), ("reject.test", "550 5.7.26", "reject"),
                                      ("none.test", ACCEPTED, "accept"), ("quarantine.test", ACCEPTED, "quarantine")):
            holds(c.envelope("a@sender.test"), "250 ")
            holds(c.command("RSET"), "250 ")
            holds(c.envelope("a@sender.test"), "250 ")
            reply = c.data(mail(domain))
            assert reply.startswith(start), reply
            equal((last()["action"], last()["from"]), (action, domain))
        holds(c.envelope("a@sender.test"), "250 ")
        assert c.data(signed("reject.test")).startswith(ACCEPTED)
        equal((last()["action"], last()["dkim"].split("/")[0]), ("accept", "pass"))
    world.wait_for(lambda: stage.exim.delivered(".Junk"), "quarantined mail")
    world.wait_for(lambda: stage.exim.delivered("."), "other mail")


def passes(message, how, **more):
    reply = send(message, how=how, **more)
    assert reply.startswith(ACCEPTED), reply
    got = last()
    assert got["id"] in reply and got["dkim"].startswith("pass/"), got


def sizes(how):
    """bodies from nothing to 50 MB, with and without a line end at their end, verify by %s"""
    for size in (0, 1, 2, 77, 998, 4095, 4096, 4097, 65536, 5 << 20):
        body = (b"x" * 75 + b"\r\n") * (size // 77) + b"y" * (size % 77)
        passes(signed("reject.test", body=body), how)
        passes(signed("reject.test", body=body + b"\r\n\r\n\r\n"), how)


def bodies(how):
    """odd bodies verify: dots, blanks at line ends, empty lines, 8 bits, long lines"""
    for body in (b".\r\n..\r\n.x\r\n", b" \t\r\nx \t \r\n\t\r\n", b"\r\n\r\n\r\n", b"\r\n", b"Gr\xfc\xdfe \xff\r\n",
                 b"z" * 5000 + b"\r\n", b"From x\r\n", b"no colon here\r\nThis: is no header\r\n"):
        for form in ("simple/simple", "relaxed/relaxed"):
            passes(stage.keys.sign(mail("reject.test", body=body), "reject.test", canonicalize=form), how)


def by_data():
    """by DATA"""
    sizes("data")
    bodies("data")


def by_chunking():
    """by CHUNKING, in chunks of all sizes"""
    sizes("bdat")
    bodies("bdat")
    for chunk in (1, 7, 100, 4096):
        passes(signed("reject.test", body=b"line of text\r\n" * 20), "bdat", chunk=chunk)


def wireformat():
    """by CHUNKING with spool_wireformat and split_spool_directory, and by DATA beside it"""
    stage.exim.configure("spool_wireformat = true\nsplit_spool_directory = true")
    by_chunking()
    by_data()
    equal(accepted(send(signed("reject.test"), how="bdat")).count(b"Authentication-Results: " + HOST.encode()), 1)


def not_verifiable():
    """a body whose line ends were not kept is not verifiable: it may pass, and does not fail"""
    for body, verdicts in ((b"one\r\ntwo\nthree\r\n", ("neutral",)), (b"one\ntwo\r\n", ("neutral", "pass")),
                           (b"one\ntwo\nthree\n", ("neutral",)), (b"one\r\ntwo\rthree\r\n", ("neutral",)),
                           (b"one\r\nt\0o\r\n", ("neutral", "pass"))):
        message = stage.keys.sign(mail("none.test", body=b"one\r\ntwo\r\nthree\r\n"), "none.test")
        if "pass" in verdicts:
            message = stage.keys.sign(mail("none.test", body=body), "none.test")
        message = message.split(b"\r\n\r\n", 1)[0] + b"\r\n\r\n" + body
        assert send(message, how="bdat").startswith(ACCEPTED)
        assert last()["dkim"].split("/")[0] in verdicts, (body, last())


def blank_line_taken_off():
    """a blank line that Exim takes off a field: a signature over it is not verifiable, and does not fail"""
    for blank in (b"  ", b" ", b"\t"):
        message = mail("reject.test", more=b"X-A: a\r\n" + blank + b"\r\nX-B: b\r\n")
        headers = ["from", "x-a", "x-b"]
        send(stage.keys.sign(message, "reject.test", canonicalize="simple/simple", headers=headers))
        equal((last()["dkim"].split("/")[0], last()["dmarc"]), ("neutral", "fail"))
        send(stage.keys.sign(message, "reject.test", canonicalize="relaxed/simple", headers=headers))
        equal(last()["dkim"].split("/")[0], "pass")
    message = stage.keys.sign(mail("reject.test", more=b"X-A: a\r\n"), "reject.test", canonicalize="simple/simple")
    send(message.replace(b"Subject: test", b"Subject: tost"))
    equal(last()["dkim"].split("/")[0], "fail")


def first_line_with_lf():
    """a first line that ends with LF: Exim takes CRLF for the end of the others all the same, as verify does"""
    passes(b"Return-Path: <a@sender.test>\n" + signed("reject.test"), "data")
    passes(b"X-A: a\nX-B: b\n" + signed("reject.test"), "data")


def names_with_any_byte():
    """Exim takes names with bytes above 127 for fields, and no control byte, as verify's note says"""
    for name, is_field in ((b"X-\xc3\x9c", True), (b"\xc3\x9c", True), (b"X-\xff", True), (b"X-\x80", True),
                           (b"X\x01", False), (b"X\x7f", False), (b"X Y", False)):
        reply = send(name + b": x\r\n" + signed("none.test"))
        holds(reply, ACCEPTED if is_field else "550 5.7.1 The From field has no single author domain: it is missing")


def named_queue():
    """messages in a named queue"""
    queue = [("begin acl\n", "begin acl\n\nacl_queue:\n  accept queue = special\n")]
    stage.exim.configure("split_spool_directory = true\nacl_smtp_mail = acl_queue", edits=queue)
    passes(signed("reject.test"), "data")
    passes(signed("reject.test"), "bdat")
    assert os.path.isdir(stage.exim.spool + "/special/input"), os.listdir(stage.exim.spool)
    stage.exim.configure("spool_wireformat = true\nacl_smtp_mail = acl_queue", edits=queue)
    passes(signed("reject.test"), "bdat")


def huge():
    """50 MB take no more memory than 5 KB"""
    stage.exim.configure("spool_wireformat = true\nmessage_size_limit = 100M")
    peaks = []
    with Client() as c:
        holds(c.envelope("a@sender.test"), "250 ")
        pid = children(stage.exim.process.pid)[-1]
        for size in (5 << 10, 50 << 20):
            holds(c.envelope("a@sender.test"), "250 ") if peaks else None
            reply = c.bdat(signed("reject.test", body=(b"x" * 75 + b"\r\n") * (size // 77)))
            assert reply.startswith(ACCEPTED), reply
            assert last()["dkim"].startswith("pass/"), last()
            with open("/proc/%d/status" % pid) as f:
                peaks.append(int(re.search(r"VmHWM:\s+(\d+)", f.read()).group(1)))
    assert peaks[1] - peaks[0] < 2000, peaks


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        return [int(p) for p in f.read().split()]


def smtputf8():
    """a U-label author is judged by A-labels, in a message with 8-bit header fields"""
    message = ("From: Jörg <jörg@bücher.test>\r\nTo: bob@example.test\r\nSubject: Grüße\r\n"
               "Date: Sun, 22 Nov 2026 01:00:00 +0000\r\n\r\nGrüße\r\n").encode()
    stage.exim.configure()
    reply = send(stage.keys.sign(message, "xn--bcher-kva.test"), "jörg@bücher.test")
    assert reply.startswith(ACCEPTED), reply
    equal((last()["from"], last()["dmarc"]), ("xn--bcher-kva.test", "pass"))
    assert send(message, "jörg@bücher.test").startswith("550 5.7.26 DMARC: xn--bcher-kva.test asks to reject"), "unsigned"


def built_in_dkim():
    """beside Exim's own DKIM, which the examples switch off"""
    stage.exim.configure(edits=[("  warn   control = dkim_disable_verify\n", "")])
    passes(signed("reject.test"), "data")
    holds(stage.exim.log(), "DKIM: d=reject.test")
    passes(signed("reject.test"), "bdat")
    equal(send(mail("reject.test")), NO_SIGNATURE)


def large_header():
    """a header that Exim does not hand over whole is refused: by Exim, or for its author"""
    stage.exim.configure()
    message = mail("none.test", more=b"".join(b"X-Filler-%d: %s\r\n" % (i, b"x" * 900) for i in range(80)))
    reply = send(message)
    assert reply.startswith(("552", "550")) and "5.7.1" not in reply, reply
    stage.exim.configure(edits=[("header_maxsize = 60K\n", "")])
    hidden = message.replace(b"\r\n\r\n", b"\r\nFrom: b@reject.test\r\n\r\n", 1)
    for m in (message, hidden):
        equal(send(m), "550 5.7.1 The header is too large: the author of the message cannot be determined with certainty")


def reload():
    """a changed configuration is in force with the next message, also in an open connection"""
    stage.exim.configure()
    with Client() as c:
        holds(c.envelope("a@sender.test"), "250 ")
        equal(c.data(mail("reject.test")), NO_SIGNATURE)
        stage.exim.write_gatepost(CONFIG + "dmarc { mode = label }\n")
        holds(c.envelope("a@sender.test"), "250 ")
        assert c.data(mail("reject.test")).startswith(ACCEPTED)
        stage.exim.write_gatepost(CONFIG)
        holds(c.envelope("a@sender.test"), "250 ")
        equal(c.data(mail("reject.test")), NO_SIGNATURE)


def broken_configuration():
    """a broken configuration: the one before stays in force; without one, mail is deferred"""
    equal(send(mail("reject.test")), NO_SIGNATURE)
    stage.exim.write_gatepost("nonsense {\n")
    equal(send(mail("reject.test")), NO_SIGNATURE)
    accepted(send(signed("reject.test")))
    stage.exim.configure()
    trouble = "451 4.3.0 This mail cannot be checked at the moment, try again later"
    with Client() as c:
        equal(c.envelope("a@sender.test"), trouble)
        holds(c.command("RCPT TO:<postmaster@example.test>"), "250 ")
        equal(c.data(mail("none.test")), trouble)
    os.unlink(stage.exim.gatepost)
    equal(send(mail("none.test")), trouble)
    stage.exim.write_gatepost(CONFIG)
    time.sleep(0.1)
    accepted(send(mail("none.test")))


def limits():
    """the limits of an authenticated user: refused with the exact text, released, counted once"""
    os.mkdir(stage.exim.folder + "/state")
    os.chown(stage.exim.folder + "/state", stage.exim.uid.pw_uid, stage.exim.uid.pw_gid)
    stage.exim.write_gatepost(CONFIG + """
limit hourly { key = user  count = recipients  max = 5  per = 1h }
limit volume { key = user  count = bytes  max = 100k  per = 1h  action = reject }
limit strange { key = user_domain  count = messages  max = 1  per = 1h  action = hold }
store { uri = {"STORE"} }
""")
    stage.exim.configure(end=LOGIN)
    with login("alice") as c:
        for i in range(4):
            holds(c.envelope("alice@example.test"), "250 ")
            assert c.data(mail("example.test")).startswith(ACCEPTED), i
        holds(c.envelope("alice@example.test"), "250 ")
        reply = c.data(mail("example.test", body=b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * 1500))
        holds(reply, "550 5.7.1 volume limit")
        holds(c.envelope("alice@example.test"), "250 ")
        assert c.data(mail("example.test")).startswith(ACCEPTED), "the fifth: the large one gave back"
    with login("alice") as c:
        holds(c.envelope("alice@example.test"), "250 ")
        reply = c.data(mail("example.test"))
        assert re.fullmatch(r"450 4\.7\.1 hourly limit reached: 5 of 5 recipients in 1h; free again "
                            r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, in (\d+ h )?\d+ min", reply), reply
    with login("bob@corp.test") as c:
        for _ in range(2):
            holds(c.envelope("bob@corp.test"), "250 ")
            assert c.data(mail("example.test")).startswith(ACCEPTED)
    holds(stage.exim.log(), "held: strange limit reached: ")
    accepted(send(signed("reject.test")))


def gatepost(*words, before=()):
    """The operator's command with Exim's configuration: its output; what is on stderr is about the store, on one line."""
    program = os.path.join(sandbox.PROJECT, world.BUILD, "gatepost")
    done = subprocess.run([*before, program, *words, "-c", stage.exim.gatepost], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ, TZ="UTC"), timeout=world.PATIENCE_S)
    return done.returncode, done.stdout, done.stderr


def direct(*words, before=()):
    """The same, done on the store itself."""
    code, out, err = gatepost(*words, before=before)
    equal((words, code, err), (words, 0, "gatepost %s: using the store lmdb:%s/state (no daemon)\n"
                               % (" ".join(w for w in words[:2] if w.isalpha() and w != "alice"), stage.exim.folder)))
    return out


def once(user):
    """What Exim says to a message of a user, in a connection of its own."""
    with login(user) as c:
        holds(c.envelope(user + "@example.test"), "250 ")
        return c.data(mail("example.test"))


def operator_without_a_daemon():
    """limits, status, metrics and store check work on what Exim has counted; what is set and reset is in force at once"""
    rows = json.loads(direct("limits", "--json"))["rows"]
    equal({(r["limit"], r["name"], r["used"], r["max"]) for r in rows if r["limit"] != "volume"},
          {("hourly", "alice", 5, 5), ("hourly", "bob@corp.test", 2, 5), ("strange", "corp.test", 2, 1)})
    assert re.search(r"^alice +hourly +5 +5 +recipients +1h +100% ", direct("limits", "show", "alice").replace("100%", "100% "), re.M)
    holds(direct("limits", "explain", "alice"), "max 5: the limit itself, in %s:" % stage.exim.gatepost)
    holds(direct("limits", "set", "alice", "hourly", "6", "--for", "1h"), "alice: the maximum of hourly is 6, until ")
    assert once("alice").startswith(ACCEPTED)
    holds(once("alice"), "450 4.7.1 hourly limit reached: 6 of 6 recipients in 1h; ")
    holds(direct("limits", "overrides"), "root on " + HOST)
    holds(direct("limits", "set", "alice", "hourly", "default"), "is again 5, as configured")
    holds(once("alice"), "450 4.7.1 hourly limit reached: 6 of 5 recipients in 1h; ")
    equal(direct("limits", "reset", "alice"), "alice: set to zero: hourly, volume\n")
    assert once("alice").startswith(ACCEPTED)
    out = direct("status")
    for part in ("the store itself, as the user Debian-exim\n", "store         up: lmdb:%s/state\n" % stage.exim.folder,
                 "counters, 1 of them full"):
        holds(out, part)
    out = direct("metrics")
    for line in ('gatepost_store_up{store="main"} 1', 'gatepost_limit_subjects{limit="hourly"} 2',
                 'gatepost_limit_subjects_full{limit="strange"} 1'):
        holds(out, line + "\n")
    code, out, err = gatepost("store", "check")
    equal((code, err), (0, ""))
    holds(out, "as the user Debian-exim:\n")
    equal({os.stat(os.path.join(stage.exim.folder, "state", n)).st_uid for n in os.listdir(stage.exim.folder + "/state")},
          {stage.exim.uid.pw_uid})
    for event in ("limit-set", "limit-unset", "limit-reset"):
        holds(stage.syslog.text, "gatepost: level=notice event=%s limit=hourly limit_key=user:alice" % event)


def operators_of_other_users():
    """Exim's own user may, others are told to be root; --watch sees what Exim counts meanwhile"""
    as_exim = ("setpriv", "--reuid=Debian-exim", "--regid=Debian-exim", "--clear-groups")
    holds(direct("limits", "show", "alice", before=as_exim), "alice  hourly")
    for words in (("limits",), ("status",), ("limits", "reset", "alice"), ("store", "check")):
        code, out, err = gatepost(*words, before=("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"))
        equal((code, out), (1, ""))
        holds(err, "belongs to the user Debian-exim: run this as root, or as that user\n")
    program = os.path.join(sandbox.PROJECT, world.BUILD, "gatepost")
    with subprocess.Popen([program, "limits", "--watch=1", "--json", "-c", stage.exim.gatepost], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True) as watch:
        def used():
            return {r["name"]: r["used"] for r in json.loads(watch.stdout.readline())["rows"] if r["limit"] == "hourly"}
        before = used()["alice"]
        assert once("alice").startswith(ACCEPTED)
        world.wait_for(lambda: used()["alice"] == before + 1, "one more in the watched table")
        watch.terminate()


def concurrent_limits():
    """connections at the same time share the limit, and none is let in too many"""
    results = []

    def one():
        with login("dave") as c:
            for _ in range(3):
                c.envelope("dave@example.test")
                results.append(c.data(mail("example.test"))[:9])
    import threading
    threads = [threading.Thread(target=one) for _ in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)
    equal((len(results), sum(r.startswith("250") for r in results)), (18, 5))


def not_smtp():
    """mail of a local program passes the limits' ACL"""
    stage.exim.write_gatepost(CONFIG)
    stage.exim.configure()
    done = subprocess.run([scene.EXIM, "-t"], input=b"From: bob@example.test\nTo: bob@example.test\nSubject: local\n\nx\n",
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    equal((done.returncode, done.stdout), (0, b""))
    world.wait_for(lambda: any(b"Subject: local" in m for m in stage.exim.delivered(".")), "local mail")


def version():
    """the version function"""
    out = sandbox.run([scene.EXIM, "-be", "GATEPOST_VERSION ${GATEPOST_PRELOAD{7}} ${GATEPOST_GET{dmarc.policy}}|"]).stdout
    assert re.fullmatch(r"\d+\.\d+\.\d+ 7 \|\n", out), out


SINK_PORT = 2526
SINK = """
sink:
  driver = manualroute
  domains = sink.test
  route_list = sink.test 127.0.0.1
  self = send
  transport = sink

outside:
"""
SIGNING = """
sink:
  driver = smtp
  port = %d
  allow_localhost
  max_rcpt = 1
  hosts_try_chunking =
  dkim_domain = reject.test
  dkim_selector = ${if match{$local_part}{-ed}{ed}{rsa}}
  dkim_private_key = %s/${if match{$local_part}{-ed}{ed}{rsa}}.pem
  dkim_canon = ${if match{$local_part}{simple}{simple}{relaxed}}
  dkim_strict = true

remote_smtp:
"""


def signed_by_exim():
    """messages that another Exim has signed: both algorithms, both forms"""
    stage.exim.configure(edits=[("\noutside:\n", SINK), ("\nremote_smtp:\n", SIGNING % (SINK_PORT, stage.folder))])
    body = b" a  b \t\r\n\r\n.dot\r\n" + "gr\u00fc\u00dfe\r\n".encode() + b"\r\n\r\n"
    with scene.Sink(SINK_PORT) as sink:
        for canon in ("relaxed", "simple"):
            for key in ("rsa", "ed"):
                with Client("127.0.0.1") as c:
                    holds(c.envelope("alice@reject.test", "%s-%s@sink.test" % (canon, key)), "250")
                    holds(c.data(mail("reject.test", subject=" two  blanks", body=body)), ACCEPTED)
                message = world.wait_for(lambda: sink.messages, "message at the sink").pop()
                holds(message.decode("utf-8", "replace"), "c=%s/%s" % (canon, canon))
                accepted(send(message))
                equal((last()["dkim"], last()["dmarc"]), ("pass/reject.test:" + key, "pass"), (canon, key))


def quiet():
    """nothing in the panic log, and no expansion has failed"""
    equal(stage.exim.panic(), "")
    assert "expan" not in stage.exim.log() and "dlfunc" not in stage.exim.log(), stage.exim.log()


TESTS = (dkim_pass, dmarc_reject, dkim_fail, dmarc_quarantine, dmarc_sampled, dmarc_none, dmarc_by_spf, forged_action,
         forged_results, hidden_results, results_of_others, foreign_results, arc_override, dead_dns, spf_at_rcpt, bad_from, no_domain_in_from,
         too_many_fields, one_connection, by_data, by_chunking, wireformat, not_verifiable, blank_line_taken_off,
         first_line_with_lf, names_with_any_byte,
         named_queue, huge, smtputf8, built_in_dkim, large_header, reload,
         broken_configuration, limits, operator_without_a_daemon, operators_of_other_users, concurrent_limits, not_smtp, version, signed_by_exim, quiet)


def main():
    global stage
    tap = world.Tap()
    if not os.path.exists(os.path.join(sandbox.PROJECT, world.BUILD, "gatepost-exim.so")):
        tap.skip_all("a real Exim: gatepost-exim.so was not built")
    try:
        sandbox.enter(scene.PACKAGES)
    except sandbox.Unavailable as reason:
        tap.skip_all("a real Exim: " + str(reason))
    stage = scene.Scene()
    try:
        for test in TESTS:
            tap.run(test)
        print("".join("# syslog: %s\n" % line for line in stage.syslog.lines()), end="")
    finally:
        stage.close()
    tap.finish()


main()
