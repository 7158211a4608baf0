# SPDX-License-Identifier: ISC
"""The demonstration's half with Exim and gatepost-exim.so: DKIM, ARC and DMARC over whole messages. For
the inside of sandbox.py."""
import re

import exim_scene as scene
from demo_show import Case, Half, Seen, by_option, progress, say, step, told
from exim_scene import BAD, GOOD, HOST, world

CONFIG = scene.CONFIG.replace("sealer.test", "lists.test")

# domain: DMARC record, SPF record
DOMAINS = {
    "bank.test": ("v=DMARC1; p=reject", "v=spf1 ip4:192.0.2.0/24 -all"),
    "news.test": ("v=DMARC1; p=quarantine", "v=spf1 ~all"),
    "lists.test": (None, "v=spf1 ip4:198.51.100.0/24 -all"),
    "club.test": (None, "v=spf1 ip4:198.51.100.0/24 -all"),
}
OWN = b"Authentication-Results: %s; dmarc=pass header.from=bank.test\r\n" % HOST.encode()


def signed(keys):
    return keys.sign(scene.mail("bank.test"), "bank.test")


def changed(keys):
    return signed(keys).replace(b"this is a test", b"send money to")


def listed(sealer):
    return lambda keys: keys.listed(signed(keys), "bank.test", sealer)


# the expected outcome; how the message is made, MAIL FROM, client, what is said about the message
MAILS = [
    (Case("The bank's own mail", "bank.test publishes p=reject (DMARC): refuse mail that neither SPF nor DKIM "
          "shows to be ours. Here both do.", "250", {"spf": "pass", "dkim": "pass", "dmarc": "pass"},
          ["spf=pass ", "dkim=pass ", "dmarc=pass "], "inbox"),
     signed, "alice@bank.test", GOOD, "signed by bank.test"),
    (Case("The bank's mail, forwarded", "Another host forwards it, so SPF does not help. The signature is "
          "still valid.", "250", {"spf": "none", "dkim": "pass", "dmarc": "pass"}, ["dkim=pass ", "dmarc=pass "],
          "inbox"),
     signed, "forward@other.test", BAD, "signed by bank.test"),
    (Case("A forged bank", "The From field names bank.test, but neither SPF nor a signature confirms it.",
          "550 5.7.26", {"dmarc": "fail", "rule": "dmarc.on_reject"}),
     lambda keys: scene.mail("bank.test"), "eve@other.test", BAD, "not signed"),
    (Case("A mail changed on its way", "It was signed, and its text was changed afterwards.",
          "550 5.7.26", {"dkim": "fail", "dmarc": "fail", "rule": "dmarc.on_reject"}),
     changed, "eve@other.test", BAD, "signed by bank.test, then changed"),
    (Case("A forged envelope", "MAIL FROM names bank.test as well. SPF refuses it at RCPT, before the message "
          "is transferred.", "550 5.7.23", {"spf": "fail"}),
     lambda keys: scene.mail("bank.test"), "alice@bank.test", BAD, "not signed"),
    (Case("A forged newsletter", "news.test publishes p=quarantine: treat such mail with suspicion. It is filed into Junk.",
          "250", {"dmarc": "fail", "action": "quarantine"}, ["dmarc=fail (p=quarantine of news.test)"], "Junk"),
     lambda keys: scene.mail("news.test"), "eve@other.test", BAD, "not signed"),
    (Case("By a trusted mailing list", "The list changed the subject, which breaks the signature, and sealed the "
          "results from before (ARC). It is listed in arc.trusted_sealers.",
          "250", {"arc": "pass", "dmarc": "fail", "override": "arc"}, ["arc=pass ", "dmarc=fail "], "inbox"),
     listed("lists.test"), "list@lists.test", BAD, "signed by bank.test, changed and sealed by lists.test"),
    (Case("By an unknown mailing list", "The same, sealed by club.test, which is not in arc.trusted_sealers.",
          "550 5.7.26", {"arc": "pass", "dmarc": "fail", "rule": "dmarc.on_reject"}),
     listed("club.test"), "list@club.test", BAD, "signed by bank.test, changed and sealed by club.test"),
    (Case("A forged result", "The mail arrives with a field that claims to be ours. The field is removed.",
          "250", {"dmarc": "fail", "action": "quarantine"}, ["dmarc=fail "], "Junk"),
     lambda keys: scene.mail("news.test", more=OWN), "eve@other.test", BAD,
     "not signed, with Authentication-Results: %s; dmarc=pass" % HOST),
]


def verdict_of(facts, name):
    return facts.get(name, "none").split("/")[0]


def short(facts):
    """What decided."""
    if "dmarc" not in facts:
        return "SPF %s, at RCPT" % facts["spf"]
    text = "DMARC " + verdict_of(facts, "dmarc")
    if text == "DMARC pass":
        own = [verdict_of(facts, "dkim") == "pass" and "DKIM", facts["spf"] == "pass/" + facts["from"] and "SPF"]
        text += " by " + " and ".join(filter(None, own))
    return text + (", excused by " + facts["override"].upper() if "override" in facts else "")


def why(facts):
    others = ["%s %s" % (name.upper(), verdict_of(facts, name)) for name in ("spf", "dkim", "arc")]
    return short(facts) + (" (%s)" % ", ".join(others) if "dmarc" in facts else "") + by_option(facts["rule"])


def facts_of(log):
    """What Exim's log says about one mail: the line of its checks, or that SPF refused it at RCPT."""
    refused = re.search(r" rejected RCPT \S+ 5\d\d \S+ SPF (\w+):", log)
    if refused:
        return {"spf": refused.group(1), "rule": "spf.reject"}
    return scene.facts(next(line for line in log.splitlines() if " action=" in line))


def delivered(stage):
    """The message that arrives, and its folder."""
    def look():
        for name, folder in (("inbox", "."), ("Junk", ".Junk")):
            for message in stage.exim.delivered(folder):
                return message, name
        return None
    return world.wait_for(look, "delivered message")


def send(stage, message, sender, address):
    """One mail: the reply, facts, values of the field, the folder."""
    before = len(stage.exim.log())
    reply = scene.send(message, sender, address)
    facts = facts_of(stage.exim.log()[before:])
    if not reply.startswith("250"):
        return reply, facts, (), None
    message, folder = delivered(stage)
    return reply, facts, scene.fields(message, "Authentication-Results"), folder


def run():
    """The whole half; returns its outcome."""
    half = Half("Exim")
    stage = scene.Scene(config=CONFIG, domains=DOMAINS, progress=step)
    try:
        told("Exim runs with conf-examples/exim/exim.conf as shipped, and loads gatepost-exim.so. "
             "gatepost.conf trusts one mailing list:", "")
        say("   arc { trusted_sealers = {\"lists.test\"} }\n")
        for case, build, sender, address, about in MAILS:
            progress("sending a mail: " + case.name)
            reply, facts, fields, folder = send(stage, build(stage.keys), sender, address)
            sent = "%s; MAIL FROM <%s>, client %s" % (about, sender, address)
            half.show(case, Seen(sent, reply, why(facts), short(facts), facts, fields, folder))
    finally:
        progress("stopping Exim")
        stage.close()
    return half
