# SPDX-License-Identifier: ISC
"""A real Exim with the shipped ACLs: greylisting at RCPT, and of bounces once their message is there. Each
connection is served by another process, so all that is remembered is in the store."""
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import exim_scene as scene  # noqa: E402
from exim_scene import BAD, CONFIG, GOOD, LOGIN, Client, login, mail, sandbox, send, world  # noqa: E402
from world import holds, wait_for  # noqa: E402

stage = None
ACCEPTED = "250 OK id="
STORE = 'store { uri = {"lmdb:%s"} }\n'
SHORT = """
greylist { mode = enforce  delay = %s  window = 1d  keep = 2d  learn = 0s  passes = 0 %s }
"""
DELAYED = r"450 4\.7\.1 Greylisted \(no reverse name\), try again in (\d+) seconds"


def gatepost(delay="2s", more="", folder=None):
    """Another configuration, and nothing remembered."""
    if not folder:
        folder = tempfile.mkdtemp(dir=stage.exim.folder)
        os.chown(folder, stage.exim.uid.pw_uid, stage.exim.uid.pw_gid)
    stage.exim.write_gatepost(CONFIG + STORE % folder + SHORT % (delay, more))


def rcpt(sender="a@sender.test", address=BAD, recipient="bob@example.test"):
    """The reply to a recipient."""
    with Client(address) as c:
        return c.envelope(sender, recipient)


def is_delayed(reply):
    return re.fullmatch(DELAYED, reply) is not None


def first_try():
    """a first try is delayed with its reason, and a postmaster never is"""
    gatepost(delay="1h")
    reply = rcpt()
    assert is_delayed(reply), reply
    assert is_delayed(rcpt()), "an early one"
    holds(rcpt(recipient="postmaster@example.test"), "250 ")


def retry():
    """the retry is accepted, by another process, and so is all that follows"""
    gatepost()
    assert is_delayed(rcpt())
    wait_for(lambda: rcpt().startswith("250 "), "the delay to be over")
    holds(send(mail("nothing.test")), ACCEPTED)


def spf_pass():
    """a client for which SPF passes is let through at once"""
    gatepost(delay="1h")
    holds(rcpt("a@reject.test", GOOD), "250 ")
    assert is_delayed(rcpt("a@nothing.test", GOOD)), "and no other"


def bounce():
    """a bounce is let past RCPT, and delayed when its message is there, if that is wanted"""
    gatepost(delay="1h")
    holds(send(mail("nothing.test"), sender=""), ACCEPTED)
    gatepost(more="null_sender = delay-at-data")
    holds(rcpt(""), "250 ")
    reply = send(mail("nothing.test"), sender="")
    assert is_delayed(reply), reply
    wait_for(lambda: send(mail("nothing.test"), sender="").startswith(ACCEPTED), "the delay to be over")


def bounce_of_several():
    """one to a postmaster and to another is not delayed at DATA, where Exim names no recipient"""
    gatepost(delay="1h", more="null_sender = delay-at-data")
    with Client(BAD) as c:
        holds(c.envelope(""), "250 ")
        holds(c.command("RCPT TO:<abuse@example.test>"), "250 ")
        holds(c.data(mail("nothing.test")), ACCEPTED)
    assert is_delayed(send(mail("nothing.test"), sender="")), "and no other"


def again():
    """a client that tries again in the same connection is answered by the time that has passed"""
    gatepost(delay="1s")
    with Client(BAD) as c:
        assert is_delayed(c.envelope("a@sender.test"))
        wait_for(lambda: c.command("RCPT TO:<bob@example.test>").startswith("250 "), "the delay to be over")


def correspondents():
    """mail of domains that authenticated users write to is not delayed, where the ACL asks about them"""
    gatepost(delay="1h")
    stage.exim.configure(end=LOGIN, edits=[("  #warn   authenticated = *\n  #       set", "  warn   authenticated = *\n         set")])
    with login("alice", GOOD) as c:
        for recipient in ("carol@nothing.test", "bob@example.test", "carol@soft.test"):
            holds(c.envelope("alice@example.test", recipient), "250 ")
            c.command("RSET")
    holds(rcpt("carol@nothing.test"), "250 ")
    for sender in ("carol@sender.test", "carol@soft.test", "alice@example.test"):
        assert is_delayed(rcpt(sender)), sender


def no_store():
    """without a store nothing is delayed"""
    gatepost(delay="1h", folder="/proc/nowhere")
    holds(rcpt(), "250 ")


def quiet():
    """nothing in the panic log"""
    world.equal(stage.exim.panic(), "")


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
        for test in (first_try, retry, again, spf_pass, bounce, bounce_of_several, no_store, correspondents, quiet):
            tap.run(test)
    finally:
        stage.close()
    tap.finish()


main()
