# SPDX-License-Identifier: ISC
"""A real Postfix with logins: limits at RCPT and at the end of the message, as they are shipped."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import scene  # noqa: E402
from scene import Login, many, sandbox, show, world  # noqa: E402
from world import equal, holds, wait_for  # noqa: E402

CONFIG = scene.CONFIG + """
store { uri = {"STORE"} }
limit hourly { key = user  count = recipients  max = 100  per = 1h }
limit volume { key = user  count = bytes  max = 100k  per = 1d  action = reject }
limit strange { key = user  count = messages  max = 2  per = 1h  action = hold  from = {authenticated} }
override { user = "carol"  strange = unlimited }
"""
# one limit only, where one thing is shown
PLAIN = re.sub(r"limit (volume|strange).*\n|override.*\n", "", CONFIG)
TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, in (1 h [01] min|60 min)"
stage = None


def use(*parts):
    """The shipped parts of main.cf, and what a test adds, in place of what is there."""
    before = re.sub(r"^smtpd_end_of_data_restrictions =.*\n([ \t].*\n)*", "", world.read_main_cf(), flags=re.M)
    # recipients that are refused are errors
    texts = [before, "smtpd_hard_error_limit = 1000\nsmtpd_error_sleep_time = 0\n"]
    for part in parts:
        if part.endswith(".cf"):
            with open(os.path.join(sandbox.PROJECT, "conf-examples", part)) as shipped:
                part = shipped.read()
        texts.append(part)
    world.write_main_cf(*texts)
    world.reload_postfix()


def policyd(config):
    """gatepost-policyd with another configuration and nothing counted yet."""
    stage.policyd.stop()
    stage.policyd.write(config)
    sandbox.run(["rm", "-rf", stage.policyd.folder + "/state"])
    stage.policyd.start()


def hundred_and_first():
    """the 101st recipient of an hour is refused with the exact text, by user, not by address"""
    policyd(PLAIN)
    use("postfix-limits.cf")
    with Login("alice") as alice, Login("bob") as bob:
        assert alice.send(many(60)).startswith("250 2.0.0 Ok: queued"), "60"
        replies = alice.recipients(many(41))
        equal({r[:9] for r in replies[:40]}, {"250 2.1.5"})
        wanted = (r"450 4\.7\.1 <r40@example\.test>: Recipient address rejected: hourly limit reached: "
                  r"100 of 100 recipients in 1h; free again " + TIME)
        assert re.fullmatch(wanted, replies[40]), replies[40]
        assert bob.send(many(3)).startswith("250 2.0.0 Ok: queued")
        assert show(*alice.smtp.data("Subject: x\r\n\r\nx\r\n")).startswith("250 2.0.0 Ok: queued")
    equal(stage.policyd.used("alice", "hourly"), 100)
    equal(stage.policyd.used("bob", "hourly"), 3)


def joined():
    """the queue id of Postfix's log leads to the end of a message, whose instance leads to its recipients"""
    with Login("olga") as olga:
        ids = [olga.send(["%s%d@example.test" % (name, i) for i in range(3)]).rsplit(" ", 1)[1] for name in ("one", "two")]
    for name, queue_id in zip(("one", "two"), ids):
        stage.policyd.wait_log(" queue_id=%s stage=END-OF-MESSAGE " % queue_id)
        said = stage.policyd.text().splitlines()
        end = [line for line in said if " queue_id=%s stage=END-OF-MESSAGE " % queue_id in line]
        instance = re.search(r" instance=\S+ ", end[0]).group(0)
        about = [re.search(r" stage=(\S+).*?(?: recipient=(\S+))?(?: user|$)", line).groups()
                 for line in said if instance in line]
        equal(about, [("RCPT", "%s%d@example.test" % (name, i)) for i in range(3)] + [("END-OF-MESSAGE", None)])
    equal(len(set(ids)), 2)


def three_hundred():
    """of a message with 300 recipients 100 are let in, not one more"""
    with Login("dave") as dave:
        replies = dave.recipients(many(300))
        equal(sum(r.startswith("250") for r in replies), 100)
        assert show(*dave.smtp.data("Subject: x\r\n\r\nx\r\n")).startswith("250"), "its end"
    equal(stage.policyd.used("dave", "hourly"), 100)


def given_back():
    """a message that is not accepted gives its recipients back, and one whose client vanishes in DATA"""
    use("postfix-limits.cf", "smtpd_recipient_restrictions = $gatepost, "
        "check_recipient_access inline:{{no@example.test = 550 5.1.1 nobody here}}")
    with Login("erin") as erin:
        first = erin.send(many(5))
        assert first.startswith("250"), first
        erin.recipients(many(50))
        equal(stage.policyd.used("erin", "hourly"), 55)
        erin.smtp.rset()
        assert erin.send(many(2) + ["no@example.test"]).startswith("250"), "after RSET"
        equal(stage.policyd.used("erin", "hourly"), 7)
        erin.recipients(many(30))
    # the connection is gone; the process that served it tells with its next message
    with Login("erin") as erin:
        assert erin.send(many(1)).startswith("250"), "the next"
    wait_for(lambda: stage.policyd.used("erin", "hourly") == 8, "8 recipients in all")
    with Login("erin") as erin:
        erin.recipients(many(20))
        equal(erin.smtp.docmd("DATA")[0], 354)
        erin.smtp.send(b"Subject: x\r\n\r\nhalf of it\r\n")
        erin.smtp.close()  # vanished
    with Login("judy") as judy:
        assert judy.send(many(1)).startswith("250"), "the next"
    wait_for(lambda: stage.policyd.used("erin", "hourly") == 8, "20 recipients of a client that vanished", 150)


def refused_at_the_end():
    """refused before the question at the end: released; behind it: as an accepted message, counted"""
    with open("/etc/postfix/header_checks", "w") as f:
        f.write("/^X-Bad:/ REJECT no such field\n")
    use("postfix-limits.cf", "header_checks = regexp:/etc/postfix/header_checks")
    with Login("kate") as kate:
        kate.recipients(many(7))
        holds(show(*kate.smtp.data("X-Bad: 1\r\n\r\nx\r\n")), "no such field")
        assert kate.send(many(1)).startswith("250"), "the next"
    equal(stage.policyd.used("kate", "hourly"), 8)
    use("postfix-limits.cf", "header_checks =\nsmtpd_end_of_data_restrictions = reject, $gatepost")
    with Login("leo") as leo:
        holds(leo.send(many(7)), "Access denied")
    use("postfix-limits.cf", "header_checks =")
    with Login("kate") as kate:
        assert kate.send(many(1)).startswith("250"), "somebody else"
    wait_for(lambda: stage.policyd.used("leo", "hourly") == 0, "what was refused given back", 150)


def whole_message():
    """where only the end of a message is asked about, one with 300 recipients is refused whole"""
    policyd(PLAIN)
    use("postfix-limits.cf", "smtpd_recipient_restrictions =")
    with Login("frank") as frank:
        equal(frank.send(many(300)),
              "450 4.7.1 <END-OF-MESSAGE>: End-of-data rejected: hourly limit: no message, or none as large as this one, is allowed: 100 recipients in 1h")
        equal(stage.policyd.used("frank", "hourly"), 0)
        assert frank.send(many(100)).startswith("250"), "a hundred"
        holds(frank.send(many(1)), "450 4.7.1 <END-OF-MESSAGE>: End-of-data rejected: hourly limit reached: "
                                   "100 of 100 recipients in 1h")


def bytes_at_the_end():
    """bytes are counted when they are known; a message that is too large gives all back"""
    policyd(CONFIG)
    use("postfix-limits.cf")
    with Login("carol") as carol:
        assert carol.send(many(1), 70000).startswith("250"), "70 kB"
        holds(carol.send(many(10), 70000), "550 5.7.1 <END-OF-MESSAGE>: End-of-data rejected: volume limit "
                                           "reached: ")
        equal(stage.policyd.used("carol", "hourly"), 1)
        assert carol.send(many(10), 7000).startswith("250"), "7 kB"
        equal(stage.policyd.used("carol", "hourly"), 11)


def held():
    """a limit that holds lets the message into the hold queue"""
    with Login("grace") as grace:
        for _ in range(3):
            assert grace.send(many(1)).startswith("250"), "accepted"
    wait_for(lambda: "strange limit reached: 3 of 2 messages in 1h" in stage.postfix.log(), "the third on hold")
    queue = world.command("postqueue", "-p")
    assert re.search(r"^[0-9A-F]+!", queue, re.M), queue
    world.command("postsuper", "-d", "ALL")


def only_rcpt():
    """where Postfix asks at RCPT only, recipients count there, and a limit on bytes is reported"""
    policyd(CONFIG)
    use("postfix-limits-rcpt.cf")
    with Login("carol") as carol:
        carol.recipients(many(60))
        carol.smtp.rset()
        replies = carol.recipients(many(60))
        equal(sum(r.startswith("250") for r in replies), 40)
        for _ in range(4):
            carol.smtp.rset()
            carol.recipients(many(1))
    for i in range(4):
        with Login("heidi%d" % i) as heidi:
            assert heidi.send(many(1)).startswith("250"), "heidi"
    stage.policyd.wait_log("limits on bytes have no effect for mail of port 25")


def spf_beside():
    """SPF goes on for others, and limits on users do not touch them"""
    equal(scene.Mail(scene.BAD, "mail.evil.test", "alice@shop.test", ["bob@example.test"]).reply[:10],
          "550 5.7.23")
    reply = scene.Mail(scene.GOOD, "mail.shop.test", "alice@shop.test", ["bob@example.test"]).reply
    assert reply.startswith("250 2.0.0 Ok: queued"), reply


def main():
    global stage
    tap = world.Tap()
    try:
        sandbox.enter(scene.PACKAGES)
    except sandbox.Unavailable as reason:
        tap.skip_all("a real Postfix: " + str(reason))
    stage = scene.Scene(CONFIG)
    try:
        for test in (hundred_and_first, joined, three_hundred, given_back, refused_at_the_end, spf_beside, whole_message,
                     bytes_at_the_end, held, only_rcpt):
            tap.run(test)
    finally:
        stage.close()
    tap.finish()


main()
