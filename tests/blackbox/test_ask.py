# SPDX-License-Identifier: ISC
"""gatepost dmarc, dkim and check, as they are typed, against a name server on the loopback."""
import base64
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import dnsd  # noqa: E402
import world  # noqa: E402
from world import equal, holds  # noqa: E402

GATEPOST = os.path.join(world.BUILD, "gatepost")
# an RSA key of 2048 bits, as SubjectPublicKeyInfo: nobody has its other half
MODULUS = b"\x00" + b"\xc5" * 255 + b"\xc7"


def der(tag, body):
    size = len(body).to_bytes(1 if len(body) < 256 else 2, "big")
    return bytes([tag]) + (size if len(body) < 128 else bytes([0x80 + len(size)]) + size) + body


def rsa(modulus):
    key = der(0x30, der(2, modulus) + der(2, b"\x01\x00\x01"))
    algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
    return base64.b64encode(der(0x30, algorithm + der(3, b"\x00" + key))).decode()


GOOD_KEY = "v=DKIM1; k=rsa; p=" + rsa(MODULUS)
SHORT_KEY = "v=DKIM1; k=rsa; t=y:s; h=sha256; s=email; n=old one; p=" + rsa(b"\x00" + b"\xc5" * 127 + b"\xc7")
TINY_KEY = "v=DKIM1; p=" + rsa(b"\x00" + b"\xc5" * 63 + b"\xc7")

ZONE = {
    "good.test": {"TXT": ["v=spf1 ip4:203.0.113.0/24 include:more.test -all", "other"], "MX": ["mail.good.test"],
                  "A": ["203.0.113.5"]},
    "more.test": {"TXT": ["v=spf1 ip6:2001:db8::/32 ~all"]},
    "mail.good.test": {"A": ["203.0.113.5"], "AAAA": ["2001:db8::5"]},
    "5.113.0.203.in-addr.arpa": {"PTR": ["mail.good.test"]},
    "_dmarc.good.test": {"TXT": ["v=DMARC1; p=reject; sp=quarantine; rua=mailto:d@good.test"]},
    "_mta-sts.good.test": {"TXT": ["v=STSv1; id=20261129"]},
    "mta-sts.good.test": {"A": ["203.0.113.6"]},
    "_smtp._tls.good.test": {"TXT": ["v=TLSRPTv1; rua=mailto:tls@good.test"]},
    "s1._domainkey.good.test": {"TXT": [GOOD_KEY]},
    "short._domainkey.good.test": {"TXT": [SHORT_KEY]},
    "tiny._domainkey.good.test": {"TXT": [TINY_KEY]},
    "gone._domainkey.good.test": {"TXT": ["v=DKIM1; p="]},
    "two._domainkey.good.test": {"TXT": [GOOD_KEY, GOOD_KEY]},
    "quoted._domainkey.good.test": {"TXT": ['"' + GOOD_KEY + '"']},
    "other._domainkey.good.test": {"TXT": ["hello"]},
    "evil._domainkey.good.test": {"TXT": ["v=DKIM1; n=\x1b[31m\x07; p=Zm9v"]},
    # everything is wrong
    "bad.test": {"TXT": ["v=spf1 " + " ".join("include:i%d.test" % i for i in range(12)) + " +all"],
                 "MX": ["nowhere.test"]},
    "_dmarc.bad.test": {"TXT": ["v=DMARC1; p=none; aspf=s; rua=mailto:x@other.test"]},
    "66.100.51.198.in-addr.arpa": {"PTR": ["host.bad.test"]},
    "host.bad.test": {"A": ["198.51.100.1"]},
    "_mta-sts.bad.test": {"TXT": ["v=STSv1; id="]},
    "_smtp._tls.bad.test": {"TXT": ["v=TLSRPTv1; rua=nobody"]},
    "quiet.test": {"TXT": ["v=spf1 -all"], "MX": [""]},
    "two.test": {"TXT": ["v=spf1 -all", "v=spf1 ~all"], "A": ["203.0.113.5"]},
    "mute.test": "silent", "_dmarc.mute.test": "silent", "mx.mute.test": "silent",
    "evil.test": {"TXT": ["v=spf1 exists:\x1b[31m.test -all"]},
    "_dmarc.evil.test": {"TXT": ["v=DMARC1; p=reject; fo=\x1b]0;x\x07; rua=mailto:\x1b@x"]},
    "_dmarc.several.test": {"TXT": ["v=DMARC1; p=none", "v=DMARC1; p=reject"]},
    "_dmarc.sub.bank.test": {"TXT": ["v=DMARC1; p=none; psd=n; np=reject; t=y; pct=150; sp=oops; foo=1"]},
    "_dmarc.bank.test": {"TXT": ["v=DMARC1; p=reject"]},
    "_dmarc.np.test": {"TXT": ["v=DMARC1; p=quarantine; np=reject; t=y"]},
    "exists.np.test": {"A": ["203.0.113.9"]},
}
for number in range(12):
    ZONE["i%d.test" % number] = {"TXT": ["v=spf1 ip4:203.0.113.%d ?all" % number]}
dns = dnsd.Server(ZONE)


def run(*arguments):
    done = subprocess.run([GATEPOST] + list(arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=world.PATIENCE_S)
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


def ask(command, *arguments):
    return run(command, *arguments, "--dns", "127.0.0.1:%d" % dns.port)


def ask_json(command, *arguments):
    code, out, err = ask(command, *arguments, "--json")
    equal(err, "")
    return code, json.loads(out)


def visible(text):
    assert all(c == "\n" or (c.isprintable() and c.isascii()) for c in text), repr(text)


# ---- dmarc ----

def dmarc_walk():
    """dmarc: each name of the walk with its record, the tags with defaults, both organisational domains"""
    code, out, err = ask("dmarc", "a.b.good.test")
    equal((code, err), (0, ""))
    at = -1
    for part in ("tree walk of a.b.good.test", "_dmarc.a.b.good.test  no policy record",
                 "_dmarc.b.good.test    no policy record",
                 "_dmarc.good.test      v=DMARC1; p=reject; sp=quarantine; rua=mailto:d@good.test",
                 "_dmarc.test           no policy record", "record of good.test",
                 "p      reject     record ", "sp     quarantine record ", "np     quarantine default ",
                 "adkim  r          default ", "t      n          default ", "pct    100        default ",
                 "organisational domain of a.b.good.test:", "by the tree walk          good.test  (used here",
                 "what the owner asks", "the domain (does not exist)", "sp=quarantine of _dmarc.good.test"):
        found = out.find(part, at + 1)
        assert found > at, "%r is not behind the others in\n%s" % (part, out)
        at = found


def dmarc_json():
    """dmarc --json: the same for programs"""
    code, got = ask_json("dmarc", "a.b.good.test")
    equal(code, 0)
    equal([step["domain"] for step in got["walk"]], ["a.b.good.test", "b.good.test", "good.test", "test"])
    equal((got["record_domain"], got["org_domain_by_walk"], got["discovery"], got["exists"]),
          ("good.test", "good.test", "walk", False))
    equal((got["policy_tag"], got["policy"], got["applied"]), ("sp", "quarantine", "quarantine"))
    equal((got["tags"]["p"], got["tags"]["np"]), ({"value": "reject", "given": True, "rejected": None},
                                                  {"value": "quarantine", "given": False, "rejected": None}))
    equal((got["subdomain_policy"], got["nonexistent_policy"], got["problem"]), ("quarantine", "quarantine", None))


def dmarc_psd():
    """dmarc: a record with psd=n ends the walk; what is not valid is shown, and counts as none"""
    code, got = ask_json("dmarc", "x.sub.bank.test")
    equal((code, got["org_domain_by_walk"], got["record_domain"]), (0, "sub.bank.test", None))
    equal([(s["domain"], s["past_the_end"]) for s in got["walk"]],
          [("x.sub.bank.test", False), ("sub.bank.test", False), ("bank.test", True), ("test", True)])
    # neither a valid sp nor an address for reports: no DMARC at all (4.10.1)
    equal((got["state"], got["policy"], got["tags"]), ("no data", None, {}))
    holds(got["problem"], "no valid policy")
    _, out, _ = ask("dmarc", "x.sub.bank.test")
    holds(out, "(not looked at: the walk ended above)")


def dmarc_subdomains():
    """dmarc: a subdomain that exists and one that does not, and what a test takes off"""
    _, got = ask_json("dmarc", "exists.np.test")
    equal((got["policy_tag"], got["policy"], got["applied"], got["exists"]), ("p", "quarantine", "none", True))
    _, got = ask_json("dmarc", "missing.np.test")
    equal((got["policy_tag"], got["policy"], got["applied"], got["exists"]), ("np", "reject", "quarantine", False))
    _, out, _ = ask("dmarc", "exists.np.test")
    holds(out, "one that does not exist      np=reject of _dmarc.np.test; t=y makes it quarantine")


def dmarc_none():
    """dmarc: no record, several, and no answer are told apart"""
    _, got = ask_json("dmarc", "more.test")
    equal((got["state"], got["record"], got["tags"]), ("no data", None, {}))
    _, got = ask_json("dmarc", "several.test")
    equal((got["walk"][0]["several"], got["problem"]),
          (True, "there are several policy records at one name, so none applies"))
    _, got = ask_json("dmarc", "mute.test", "--timeout", "1")
    equal((got["state"], got["org_domain_by_walk"]), ("temporary failure", None))
    _, out, _ = ask("dmarc", "mute.test", "--timeout", "1")
    holds(out, "DNS gives no answer")


def hostile():
    """dmarc, dkim, check: nothing that DNS says plays with the terminal"""
    for command in (["dmarc", "evil.test"], ["dkim", "good.test", "evil"],
                    ["check", "evil.test", "--ip", "203.0.113.5", "--selector", "\x1b[31m"]):
        for more in ([], ["--json"]):
            _, out, _ = ask(*command, *more)
            visible(out)
            assert out
    holds(ask("dkim", "good.test", "evil")[1], "notes     ?[31m?")


# ---- dkim ----

def dkim_good():
    """dkim: type, bits, flags, hashes and services in words"""
    code, out, err = ask("dkim", "good.test", "s1")
    equal((code, err), (0, ""))
    for part in ("TXT s1._domainkey.good.test\n", "type      rsa, 2048 bits\n", "hashes    any (no h=)\n",
                 "services  any (no s=)\n", "flags     none\n", "result    signatures can pass with this key\n"):
        holds(out, part)
    assert "warning" not in out and "problem" not in out, out


def dkim_json():
    """dkim --json: what is short, testing, revoked, broken, doubled or missing"""
    _, got = ask_json("dkim", "good.test", "short")
    key = got["keys"][0]
    equal([key[k] for k in ("usable", "type", "bits", "hashes", "services", "testing", "strict", "notes", "problem")],
          [True, "rsa", 1024, "sha256", "email", True, True, "old one", None])
    equal([r["weight"] for r in key["remarks"]], ["warning", "warning"])
    rows = {"tiny": (False, 512, "the key is too small"), "gone": (False, None, "the key was revoked (its p= is empty)"),
            "quoted": (False, 2048, "the key record is not a list of tags")}
    for selector, (usable, bits, problem) in rows.items():
        key = ask_json("dkim", "good.test", selector)[1]["keys"][0]
        equal((key["usable"], key["bits"], key["problem"]), (usable, bits, problem), selector)
    equal(len(ask_json("dkim", "good.test", "two")[1]["keys"]), 2)
    holds(ask("dkim", "good.test", "two")[1], "several key records under one name are undefined")
    holds(ask("dkim", "good.test", "quoted")[1], "dkim.lenient_keys reads it so")
    _, got = ask_json("dkim", "good.test", "other")
    equal((got["keys"], got["other_records"], got["state"]), ([], 1, "found"))
    holds(ask("dkim", "good.test", "other")[1], "the TXT record there is none of DKIM")
    code, out, _ = ask("dkim", "good.test", "missing")
    equal(code, 0)
    holds(out, "there is no key: the name does not exist")


def usage():
    """dmarc, dkim, check: what is no domain, selector or address is wrong usage"""
    for words, code, text in ((["dmarc"], 2, "DOMAIN"), (["dmarc", "a..b"], 2, "is no domain"),
                              (["dkim", "good.test"], 2, "SELECTOR"), (["dkim", "good.test", "a..b"], 2, "is no selector"),
                              (["check"], 3, "name a domain, or --self"), (["check", "a..b"], 3, "is no domain"),
                              (["check", "good.test", "--self"], 3, "name a domain, or --self"),
                              (["check", "good.test", "--ip", "1.2.3"], 3, "is no address")):
        got, out, err = ask(*words)
        equal((words, got, out), (words, code, ""))
        holds(err, text)


# ---- check ----

def found(findings, check):
    return [(f["state"], f["found"]) for f in findings if f["check"] == check]


def check_good():
    """check: a domain where all is well is code 0, with notes at most"""
    code, got = ask_json("check", "good.test", "--ip", "203.0.113.5", "--selector", "s1")
    equal([f for f in got if f["state"] in ("warning", "problem")], [])
    equal(code, 0)
    equal(found(got, "spf.lookups"), [("ok", "1 of 10 lookups, 0 of 2 without an answer")])
    equal(found(got, "spf.client"), [("ok", "203.0.113.5 passes by ip4:203.0.113.0/24 of good.test")])
    equal(found(got, "spf.others"), [("ok", "other clients get fail (-all)")])
    equal(found(got, "dkim.key"), [("ok", "s1._domainkey.good.test: rsa, 2048 bits")])
    equal(found(got, "host.name"), [("ok", "203.0.113.5 is called mail.good.test, which leads back")])
    holds(found(got, "tls.mta-sts")[0][1], "the policy itself was not fetched: "
                                           "https://mta-sts.good.test/.well-known/mta-sts.txt")
    equal(found(got, "tls.reports"), [("ok", "TLSRPT: reports go to mailto:tls@good.test")])
    equal(len(found(got, "dmarc.alignment")), 2)
    code, out, _ = ask("check", "good.test", "--ip", "203.0.113.5", "--selector", "s1", "--quiet")
    assert "ok" not in [line.split()[1] for line in out.splitlines() if not line.startswith(" ")], out


def check_bad():
    """check: each thing that is wrong is a line with what receivers say and what to publish"""
    code, got = ask_json("check", "bad.test", "--ip", "198.51.100.66", "--ip", "198.51.100.67", "--ip", "10.1.2.3",
                         "--selector", "s1", "--mail-from", "bounces@more.test")
    equal(code, 2)
    mends = {f["found"]: f["mend"] for f in got}
    rows = (("dkim.key", "problem", "there is no key at s1._domainkey.bad.test", "550 5.7.30",
             's1._domainkey.bad.test. TXT "v=DKIM1; k=rsa; p=..."'),
            ("spf.client", "problem", "198.51.100.66 gets softfail, not pass", "550 5.7.27",
             'more.test. TXT "v=spf1 ip4:198.51.100.66 ip6:2001:db8::/32 ~all"'),
            ("dmarc.alignment", "problem", "MAIL FROM in more.test is not aligned with From in bad.test (strict)",
             "550 5.7.32", "sign with d=bad.test"),
            ("dmarc.reports", "warning", "reports to other.test are not sent", "",
             'bad.test._report._dmarc.other.test. TXT "v=DMARC1"'),
            ("host.name", "problem", "198.51.100.66 is called host.bad.test, which has other addresses only",
             "550 5.7.25", "host.bad.test. A 198.51.100.66"),
            ("host.name", "problem", "198.51.100.67 has no name: its PTR record is missing", "550 5.7.25",
             "67.100.51.198.in-addr.arpa. PTR mail.bad.test."),
            ("host.name", "warning", "10.1.2.3 is a private address", "", None),
            ("mx.host", "problem", "nowhere.test, an MX host of bad.test, has no address", "", "nowhere.test. A ..."),
            ("tls.mta-sts", "problem", "id= is missing", "", '_mta-sts.bad.test. TXT "v=STSv1; id='),
            ("tls.reports", "problem", "rua= has no address", "",
             '_smtp._tls.bad.test. TXT "v=TLSRPTv1; rua=mailto:postmaster@bad.test"'))
    for check, state, text, reply, mend in rows:
        hits = [t for s, t in found(got, check) if s == state and text in t]
        assert len(hits) == 1, "%r of %s is not there once: %r" % (text, check, found(got, check))
        holds(hits[0], reply)
        if mend:
            holds("\n".join(mends[hits[0]]), mend)


def check_spf():
    """check: too many lookups, everybody, several records, none, and no answer"""
    _, got = ask_json("check", "bad.test")
    equal(found(got, "spf.lookups")[0][0], "problem")
    holds(found(got, "spf.lookups")[0][1], "12 of 10 lookups")
    equal(found(got, "spf.others")[0][0], "problem")
    holds(found(got, "spf.others")[0][1], "every client passes (+all)")
    _, got = ask_json("check", "two.test")
    holds(found(got, "spf.record")[0][1], "two.test has 2 SPF records")
    _, got = ask_json("check", "host.bad.test", "--ip", "198.51.100.1")
    record = [f for f in got if f["check"] == "spf.record"][0]
    equal((record["state"], record["mend"]),
          ("problem", ['host.bad.test. TXT "v=spf1 mx ip4:198.51.100.1 -all"']))
    code, got = ask_json("check", "mute.test", "--timeout", "1")
    equal((found(got, "spf.record")[0][0], found(got, "spf.lookups")), ("warning", []))
    equal(code, 1)


def check_dmarc_and_mx():
    """check: no DMARC record, null MX, neither MX nor address, an address alone"""
    _, got = ask_json("check", "quiet.test")
    hit = [f for f in got if f["check"] == "dmarc.record"][0]
    equal((hit["state"], hit["mend"]),
          ("problem", ['_dmarc.quiet.test. TXT "v=DMARC1; p=none; rua=mailto:postmaster@quiet.test"']))
    holds(hit["found"], "550 5.7.40, Microsoft with 550 5.7.515")
    equal(found(got, "mx.host")[0][0], "warning")
    holds(found(got, "mx.host")[0][1], "takes no mail (null MX)")
    equal(found(ask_json("check", "more.test")[1], "mx.host")[0][0], "problem")
    equal(found(ask_json("check", "two.test")[1], "mx.host")[0][0], "warning")


def check_dane():
    """check: TLSA records: authenticated and until when, ending soon, not protected, not to be used, none"""
    digest = "ab" * 32
    now = int(time.time())
    zone = dns.zone
    zone["dane.test"] = {"MX": ["mx1.dane.test", "mx2.dane.test", "mx3.dane.test", "mx4.dane.test", "mx5.dane.test"]}
    for n in range(1, 6):
        zone["mx%d.dane.test" % n] = {"A": ["203.0.113.5"]}
    zone["_25._tcp.mx1.dane.test"] = {"TLSA": ["3 1 1 " + digest], "secure": True, "signed_until": now + 20 * 86400}
    zone["_25._tcp.mx2.dane.test"] = {"TLSA": ["3 1 1 " + digest], "secure": True, "signed_until": now + 3600}
    zone["_25._tcp.mx3.dane.test"] = {"TLSA": ["3 1 1 " + digest, "2 0 1 " + digest]}
    zone["_25._tcp.mx4.dane.test"] = {"TLSA": ["1 1 1 " + digest], "secure": True}

    def of(n, got):
        return [(s, t) for s, t in found(got, "tls.dane") if "mx%d.dane.test" % n in t]
    got = ask_json("check", "dane.test")[1]
    equal([s for s, _ in of(1, got)], ["skipped"])
    holds(of(1, got)[0][1], "the resolver does not validate DNSSEC")
    zone["arpa"] = {"SOA": [], "secure": True}
    got = ask_json("check", "dane.test")[1]
    equal([s for s, _ in of(1, got)], ["ok"])
    holds(of(1, got)[0][1], "1 usable, authenticated, signed until "
          + time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now + 20 * 86400)))
    equal([s for s, _ in of(2, got)], ["warning"])
    holds(of(2, got)[0][1], "that is soon")
    equal([s for s, _ in of(3, got)], ["warning"])
    holds(of(3, got)[0][1], "2 usable, but DNSSEC does not protect them: senders ignore them")
    equal([s for s, _ in of(4, got)], ["warning"])
    holds(of(4, got)[0][1], "1 1 1 is not used: its usage is neither 2 nor 3")
    equal(of(5, got), [("note", "_25._tcp.mx5.dane.test: no TLSA record")])
    holds(" ".join(t for s, t in found(got, "tls.dane") if s == "note"), "the MX records of dane.test are not protected")
    zone["dane.test"]["secure"] = True
    assert "the MX records" not in json.dumps(ask_json("check", "dane.test")[1])


def check_self():
    """check --self: this machine's own name, or why it has none, without a mail server as well"""
    code, out, err = ask("check", "--self", "--json", "--timeout", "5")
    if code == 3:
        holds(err, "has no name with a domain")
        return
    checks = {f["check"] for f in json.loads(out)}
    assert {"spf.record", "dmarc.record", "host.name"} <= checks, checks


def main():
    tap = world.Tap()
    for test in (dmarc_walk, dmarc_json, dmarc_psd, dmarc_subdomains, dmarc_none, hostile, dkim_good, dkim_json,
                 usage, check_good, check_bad, check_spf, check_dmarc_and_mx, check_dane, check_self):
        tap.run(test)
    dns.close()
    tap.finish()


main()
