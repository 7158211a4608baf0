# SPDX-License-Identifier: ISC
"""gatepost doctor beside a real Exim: set up as the examples say it finds nothing, and of each set-up that is
ill exactly what is wrong with it."""
import os
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]
from doctor_scene import CONF, CONFIG, Machine, named  # noqa: E402
import sandbox  # noqa: E402
import world  # noqa: E402
from world import equal  # noqa: E402

machine = None
EXIM_MAIN = """GATEPOST_SO = MODULE
GATEPOST_CONF = %s
.include MACROS
log_file_path = /tmp/exim-%%s.log
""" % CONF
EXIM_ACLS = """header_maxsize = 60K
acl_smtp_rcpt = acl_rcpt
acl_smtp_data = acl_data
begin acl
acl_rcpt:
  warn control = dkim_disable_verify
  accept
acl_data:
  warn set acl_m_gatepost = GATEPOST_CHECK
  accept
"""
MODULE = "/usr/lib/gatepost/gatepost-exim.so"


def exim_conf(text):
    text = text.replace("MODULE", MODULE).replace(
        "MACROS", os.path.join(sandbox.PROJECT, "exim-dlfunc", "gatepost.macros"))
    machine.write("/etc/exim4/exim4.conf", text)


EXIM_ROWS = [
    ("set up as the examples say", EXIM_MAIN + EXIM_ACLS),
    ("macros that nobody uses", EXIM_MAIN + EXIM_ACLS.replace("GATEPOST_CHECK", "accept"),
     ("exim.macros", "warning", "no ACL uses it", "gatepost-exim(7)")),
    ("a configuration that does not know it", EXIM_ACLS.replace("GATEPOST_CHECK", "accept"),
     ("exim.macros", "warning", "does not use it", ".include /usr/lib/gatepost/gatepost.macros")),
    ("a module that is not there", EXIM_MAIN.replace("MODULE", "/usr/lib/elsewhere/gatepost-exim.so") + EXIM_ACLS,
     ("exim.module", "problem", "there is no /usr/lib/elsewhere/gatepost-exim.so", "apt install gatepost-exim")),
    ("a header that is too large for the module", EXIM_MAIN + EXIM_ACLS.replace("60K", "1M"),
     ("exim.options", "warning", "header_maxsize = 1048576", "header_maxsize = 60K")),
    ("DKIM twice", EXIM_MAIN + EXIM_ACLS.replace("  warn control = dkim_disable_verify\n", ""),
     ("exim.macros", "note", "DKIM signatures itself", "dkim_disable_verify")),
    ("a broken configuration", EXIM_MAIN + "no_such_option = 1\n" + EXIM_ACLS,
     ("exim.build", "problem", "no_such_option", "-bV")),
]


def exim_row(row):
    exim_conf(row[1])
    machine.finds(*row[2:], arguments=("exim",))


def exim_module():
    """a module that Exim may not read, or that is none"""
    exim_conf(EXIM_MAIN + EXIM_ACLS)
    os.chmod(MODULE, 0o600)
    machine.finds(("exim.module", "problem", "Debian-exim may not read " + MODULE, "chmod o+r"), arguments=("exim",))
    machine.write(MODULE, "no module")
    os.chmod(MODULE, 0o644)
    machine.finds(("exim.module", "problem", "does not load: ", "exim4 -be"), arguments=("exim",))
    shutil.copy(os.path.join(world.BUILD, "gatepost-exim.so"), MODULE)


def exim_alone():
    """without Postfix and the daemon all is Exim's, no user of ours is missed, and no directory taken from it"""
    exim_conf(EXIM_MAIN + EXIM_ACLS)
    machine.stop()
    os.makedirs("/var/spool/exim4/gatepost", exist_ok=True)
    shutil.chown("/var/spool/exim4/gatepost", "Debian-exim")
    os.chmod("/var/spool/exim4/gatepost", 0o700)
    machine.write(CONF, CONFIG.split("policyd {")[0] + 'store { uri = {"lmdb:/var/spool/exim4/gatepost"}  size = 1M }\n'
                  'policyd { user = "no-such-user" }\n'
                  "limit hourly { key = user  count = recipients  max = 100  per = 1h }\n")
    away = [p for p in ("/usr/sbin/postconf", "/usr/sbin/gatepost-policyd", "/usr/local/sbin/gatepost-policyd") if os.path.exists(p)]
    for path in away:
        os.rename(path, path + ".away")
    try:
        _, bad, found = machine.doctor("config", "daemon", "store", "exim", options=["--config", CONF])
        equal([f for f in bad if f["check"] != "store.disk"], [])
        said = {f["check"]: f["found"] for f in found}
        equal(said["daemon.answers"], "Exim needs no daemon")
        for check in ("config.access", "store.main"):
            assert "Debian-exim" in said[check], said
    finally:
        for path in away:
            os.rename(path + ".away", path)


def main():
    global machine
    tap = world.Tap()
    if not os.path.exists(os.path.join(world.BUILD, "gatepost-exim.so")):
        tap.skip_all("gatepost-exim.so was not built")
    try:
        sandbox.enter(["exim4-daemon-heavy"])
    except sandbox.Unavailable as reason:
        tap.skip_all("a real Exim: " + str(reason))
    machine = Machine()
    try:
        machine.serve(CONFIG.split("policyd {")[0])
        os.makedirs(os.path.dirname(MODULE), exist_ok=True)
        shutil.copy(os.path.join(world.BUILD, "gatepost-exim.so"), MODULE)
        for row in EXIM_ROWS:
            tap.run(named(row[0], exim_row, row))
        tap.run(exim_module)
        tap.run(exim_alone)
    finally:
        machine.close()
    tap.finish()


main()
