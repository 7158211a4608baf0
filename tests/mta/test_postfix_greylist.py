# SPDX-License-Identifier: ISC
"""A real Postfix and gatepost-policyd: who is delayed and who is not, retries from pools, restarts, limits,
and a store that two hosts share."""
import os
import re
import signal
import smtplib
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import scene  # noqa: E402
from scene import sandbox, show, world  # noqa: E402
from world import equal, wait_for  # noqa: E402

scene.ZONE += [
    '1.100.51.198.in-addr.arpa. 300 IN PTR mx.proper.test.',
    'mx.proper.test. 300 IN A 198.51.100.1',
    '2.100.51.198.in-addr.arpa. 300 IN PTR dsl-2.line.test.',
    'dsl-2.line.test. 300 IN A 198.51.100.2',
    '4.100.51.198.in-addr.arpa. 300 IN PTR mx.proper.test.',
    'pass.test. 300 IN TXT "v=spf1 ip4:198.51.100.0/24 ip4:203.0.113.0/24 -all"',
    'other.test. 300 IN TXT "v=spf1 ?all"',
]
SHORT = """
store { uri = {"STORE"} }
greylist { mode = %s  delay = %s  window = 1d  keep = 2d  learn = 0s  passes = 0 }
"""
BOB = "bob@example.test"
# without a reverse name; in three networks
NOBODY, ELSEWHERE, THIRD = "203.0.113.3", "192.0.2.77", "198.51.100.77"
DELAYED = re.compile(r"450 4\.7\.1 <bob@example\.test>: Recipient address rejected: "
                     r"Greylisted \((.*)\), try again in (\d+) seconds")
stage = None


def policyd(more="", delay="2s", store=None, mode="enforce"):
    """gatepost-policyd with a configuration that delays for a short time, and nothing remembered."""
    stage.policyd.stop()
    text = scene.CONFIG + SHORT % (mode, delay) + more
    stage.policyd.write(text.replace('"STORE"', '"%s"' % store) if store else text)
    sandbox.run(["rm", "-rf", stage.policyd.folder + "/state"])
    stage.policyd.start()


def restart():
    stage.policyd.stop()
    stage.policyd.start()


def mail(client, sender, recipient=BOB, helo="client.test", name="[UNAVAILABLE]", login=None, data=False):
    """One try of a client, as XCLIENT says who it is; the reply to its recipient, or at DATA."""
    with smtplib.SMTP("127.0.0.1", 25, local_hostname="proxy", timeout=120) as smtp:
        smtp.ehlo()
        words = "ADDR=%s NAME=%s REVERSE_NAME=%s%s" % (client, name, name, " LOGIN=" + login if login else "")
        equal(smtp.docmd("XCLIENT", words)[0], 220)
        smtp.ehlo(helo)
        equal(smtp.mail(sender)[0], 250)
        reply = show(*smtp.rcpt(recipient))
        if data and reply.startswith("250"):
            reply = show(*smtp.docmd("DATA"))
        return reply


def is_delayed(reply):
    return DELAYED.fullmatch(reply) is not None


def passes_later(*args, **kwargs):
    """The retry, as soon as it is accepted; before that it is delayed and nothing else."""
    def accepted():
        reply = mail(*args, **kwargs)
        assert reply.startswith("250") or is_delayed(reply), reply
        return reply.startswith("250")
    wait_for(accepted, "the delay to be over")


def reasons():
    """delayed with its reason, by what DNS says about the client; what is in order is let through at once"""
    policyd(delay="1h")
    for client, name, sender, reason in (
            (NOBODY, "[UNAVAILABLE]", "a@x.test", "no reverse name"),
            ("198.51.100.4", "[UNAVAILABLE]", "a@x.test", "reverse name not confirmed"),
            ("198.51.100.2", "dsl-2.line.test", "a@x.test", "generic reverse name"),
            # Postfix could not find out: gatepost asks by itself
            ("198.51.100.2", "[TEMPUNAVAIL]", "a@y.test", "generic reverse name"),
            ("198.51.100.1", "mx.proper.test", "a@soft.test", "SPF softfail"),
            ("198.51.100.1", "mx.proper.test", "a@broken.test", "SPF permerror")):
        reply = mail(client, sender, name=name, helo=name if name[0] != "[" else "client.test")
        found = DELAYED.fullmatch(reply)
        assert found, reply
        equal(found.group(1), reason)
        assert 3590 <= int(found.group(2)) <= 3600, reply
    for name in ("mx.proper.test", "[TEMPUNAVAIL]"):
        reply = mail("198.51.100.1", "a@x.test", name=name, helo="mx.proper.test")
        assert reply.startswith("250"), reply
    stage.policyd.wait_log("greylist_reason=no-reverse-name")


def retry():
    """the first try and an early one are delayed, the retry is accepted, and so is all that follows"""
    policyd(delay="1h")
    assert is_delayed(mail(NOBODY, "a@x.test"))
    assert is_delayed(mail(NOBODY, "a@x.test"))
    stage.policyd.wait_log("greylist=early")
    policyd()
    assert is_delayed(mail(NOBODY, "a@x.test"))
    passes_later(NOBODY, "a@x.test")
    stage.policyd.wait_log("greylist=passed")
    assert mail(NOBODY, "other@x.test").startswith("250")
    stage.policyd.wait_log("greylist=known")
    assert is_delayed(mail(NOBODY, "a@y.test")), "another domain"


def pools():
    """a retry from another address counts by its network, by SPF and by its reverse name"""
    policyd("greylist { spf_pass = no }")
    assert is_delayed(mail(NOBODY, "a@x.test"))
    passes_later("203.0.113.99", "a@x.test")
    assert is_delayed(mail(NOBODY, "a@pass.test"))
    passes_later(THIRD, "a@pass.test")
    # neither SPF nor the best guess says anything about the sender's domain: the name alone is the same
    assert is_delayed(mail(NOBODY, "a@other.test", name="mx1.pool.test", helo="strange.test"))
    passes_later(ELSEWHERE, "a@other.test", name="mx2.pool.test", helo="strange.test")
    assert is_delayed(mail(THIRD, "a@other.test", name="mx3.elsewhere.test", helo="strange.test")), "another pool"
    assert is_delayed(mail(THIRD, "a@x.test")), "another network that has nothing else in common"


def vouched():
    """SPF pass, postmaster, users of ours and listed clients are let through at once"""
    policyd('greylist { exempt_clients = {"%s"} }' % ELSEWHERE, delay="1h")
    for reply in (mail(NOBODY, "a@pass.test"), mail(NOBODY, "a@x.test", "postmaster@example.test"),
                  mail(NOBODY, "a@x.test", login="alice"), mail(ELSEWHERE, "a@x.test")):
        assert reply.startswith("250"), reply
    assert is_delayed(mail(NOBODY, "a@x.test")), "none of them"


def correspondents():
    """a domain that a user of ours has written to is let through at once"""
    policyd(delay="1h")
    before = world.read_main_cf()
    world.write_main_cf(before, "relay_domains = partner.test\n")
    world.reload_postfix()
    try:
        reply = mail("203.0.113.9", "alice@example.test", "carol@mail.partner.test", login="alice")
        assert reply.startswith("250"), reply
        reply = mail(NOBODY, "dave@partner.test")
        assert reply.startswith("250"), reply
    finally:
        world.write_main_cf(before)
        world.reload_postfix()
    stage.policyd.wait_log("greylist_why=correspondent")
    assert is_delayed(mail(NOBODY, "dave@stranger.test"))


def null_sender():
    """a server that verifies an address is never delayed at RCPT; a bounce is at DATA, where that is wanted"""
    policyd(delay="1h")
    assert mail(NOBODY, "", data=True).startswith("354")
    policyd("greylist { null_sender = delay-at-data }")
    before = world.read_main_cf()
    world.write_main_cf(before, "smtpd_data_restrictions = check_policy_service inet:127.0.0.1:10040\n")
    world.reload_postfix()
    try:
        assert mail(NOBODY, "").startswith("250"), "RCPT"
        reply = mail(NOBODY, "", data=True)
        assert reply.startswith("450 4.7.1 ") and "Greylisted (no reverse name)" in reply, reply
        wait_for(lambda: mail(NOBODY, "", data=True).startswith("354"), "the delay to be over")
    finally:
        world.write_main_cf(before)
        world.reload_postfix()


def limits():
    """what is delayed is not counted under limits"""
    policyd("limit inbound { key = client  count = recipients  max = 1  per = 1h }")
    for _ in range(3):
        assert is_delayed(mail(NOBODY, "a@x.test"))
        if mail(NOBODY, "a@y.test").startswith("250"):
            break  # the first of them has waited long enough
    passes_later(NOBODY, "a@x.test")
    reply = mail(NOBODY, "a@x.test")
    assert "inbound limit reached: 1 of 1" in reply, reply


def label():
    """label delays nothing, and the log says what enforce would have done"""
    policyd(delay="1h", mode="label")
    assert mail(NOBODY, "a@x.test").startswith("250")
    stage.policyd.wait_log("would=defer")


def restarted():
    """a restart keeps what is remembered, and so does a process that is killed: the system has what it wrote.
    What a crash of the machine may lose is shown by the tests of the store."""
    policyd()
    assert is_delayed(mail(NOBODY, "a@x.test"))
    restart()
    passes_later(NOBODY, "a@x.test")
    restart()
    assert mail(NOBODY, "a@x.test").startswith("250")
    os.kill(stage.policyd.worker(), signal.SIGKILL)
    stage.policyd.wait_log("died of signal 9")
    assert mail(NOBODY, "a@x.test").startswith("250")


def two_hosts():
    """two hosts that share a Redis server see each other's contacts; without it nothing is delayed"""
    redis = world.Redis(stage.folder)
    other = None
    try:
        policyd(store=redis.uri)
        assert is_delayed(mail(NOBODY, "a@x.test"))
        text = scene.CONFIG.replace(', "inet:127.0.0.1:10040", "unix:/var/spool/postfix/gatepost/policy"', "")
        other = world.Policyd(text + (SHORT % ("enforce", "2s")).replace('"STORE"', '"%s"' % redis.uri), user="gatepost")

        def there():
            answer = other.ask(client_address=NOBODY, client_name="unknown", reverse_client_name="unknown",
                               helo_name="client.test", sender="a@x.test", recipient=BOB)
            return not answer.startswith("450")
        wait_for(there, "the delay to be over on the other host")
        assert mail(NOBODY, "a@x.test").startswith("250"), "passed there, known here"
        redis.stop()
        reply = mail(NOBODY, "a@away.test")
        assert reply.startswith("250"), reply
        stage.policyd.wait_log("greylist=unavailable")
        stage.policyd.wait_log("no mail is delayed until it is back")
    finally:
        if other:
            other.close()
        redis.close()


def main():
    global stage
    tap = world.Tap()
    try:
        sandbox.enter(scene.PACKAGES)
    except sandbox.Unavailable as reason:
        tap.skip_all("a real Postfix: " + str(reason))
    stage = scene.Scene(scene.CONFIG + SHORT % ("enforce", "2s"))
    try:
        for test in (reasons, retry, pools, vouched, correspondents, null_sender, limits, label, restarted,
                     two_hosts):
            tap.run(test)
    finally:
        stage.close()
    tap.finish()


main()
