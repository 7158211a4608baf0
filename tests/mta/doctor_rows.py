# SPDX-License-Identifier: ISC
"""Ways to set up Postfix beside gatepost that the tests of gatepost doctor share: one that is well, and those
that are not, each with what doctor says about it."""
import os
import sys

sys.path[:0] = [os.path.dirname(os.path.abspath(__file__))]
from doctor_scene import CONFIG, QUEUE, sandbox, world  # noqa: E402

LIMITS = CONFIG + """limit hourly { key = user  count = recipients  max = 100  per = 1h }
"""
BYTES = LIMITS + """limit volume { key = user  count = bytes  max = 2G  per = 1d }
"""

MAIN = """compatibility_level = 3.6
myhostname = mx.example.test
mydestination = example.test
inet_interfaces = loopback-only
maillog_file = /var/log/postfix-test.log
maillog_file_prefixes = /var
local_recipient_maps =
alias_maps =
local_transport = discard:
smtpd_peername_lookup = no
mynetworks = 127.0.0.77/32
"""
QUESTION = "check_policy_service { unix:gatepost/policy, timeout=30s, default_action=DUNNO }"
PERMIT = "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination"
SPF = MAIN + "smtpd_recipient_restrictions = %s, %s\n" % (PERMIT, QUESTION)
ALL = MAIN + """gatepost = %s
smtpd_relay_restrictions = %s
smtpd_recipient_restrictions = $gatepost
smtpd_end_of_data_restrictions = $gatepost
""" % (QUESTION, PERMIT)

CHROOT = "smtp inet n - y - - smtpd\n"
OPEN = "smtp inet n - n - - smtpd\n"
REST = world.POSTFIX_MASTER.split("\n", 2)[2]
SUBMISSION = """submission inet n - y - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_sasl_auth_enable=yes
"""


FIELD = CONFIG.replace("header = none", "header = authentication-results")


def example():
    """main.cf as it is shipped, with a mark"""
    with open(os.path.join(sandbox.PROJECT, "conf-examples", "postfix-main.cf")) as f:
        return MAIN + f.read().replace("^PutYourOwnSecretHere", "0123456789abcdef")


def for_attachments(**more):
    """the same without the lines that keep the rules from attachments, and with such ones instead"""
    text = example()
    for name in ("mime", "nested"):
        line = name + "_header_checks =\n"
        assert line in text
        text = text.replace(line, "%s_header_checks = %s\n" % (name, more[name]) if name in more else "")
    return text


OTHER_RULE = "regexp:{{/^Content-Disposition:.*[.]exe/ REJECT}}"


def marked(text):
    return SPF.replace("=DUNNO }", "=DUNNO, policy_context=mark:%s }" % text)


LISTS = [
    # configuration, main.cf, master.cf, finding
    ("users pass before the question", LIMITS, SPF, CHROOT + SUBMISSION,
     ("postfix.asks", "problem", "submission: permit_sasl_authenticated precedes",
      "postconf -e 'at_submission_recipient_restrictions = " + QUESTION + ", permit_mynetworks"),
     ("postfix.end-of-data", "note", "stay counted", "postconf -e")),
    ("bytes without the end of the message", BYTES, ALL.replace("smtpd_end_of_data_restrictions = $gatepost\n", ""),
     CHROOT, ("postfix.end-of-data", "problem", "limits on bytes do not work", "restrictions = $gatepost'")),
    ("users permitted at the end", BYTES, ALL.replace("end_of_data_restrictions = ",
                                                      "end_of_data_restrictions = permit_sasl_authenticated, "),
     CHROOT, ("postfix.end-of-data", "problem", "users are permitted before", "postconf -e")),
    ("follows permit", CONFIG, MAIN + "smtpd_recipient_restrictions = reject_unauth_destination, permit, %s\n" % QUESTION,
     CHROOT, ("postfix.asks", "problem", "never reached", "reject_unauth_destination, " + QUESTION + ", permit'")),
    ("no default_action", CONFIG, SPF.replace(", default_action=DUNNO", ""), CHROOT,
     ("postfix.default-action", "warning", "smtp: no default_action", "default_action=DUNNO")),
    ("a default_action that refuses", CONFIG, SPF.replace("=DUNNO", "=REJECT"), CHROOT,
     ("postfix.default-action", "warning", "permanently rejected", "default_action=DUNNO")),
    ("default_action in main.cf", CONFIG, SPF.replace(", default_action=DUNNO", "") +
     "smtpd_policy_service_default_action = DEFER\n", CHROOT),
    ("a time-out below the deadline", CONFIG, SPF.replace("timeout=30s", "timeout=10s"), CHROOT,
     ("postfix.timeout", "warning", "Postfix waits 10 s", "timeout=30s")),
    ("the same in main.cf", CONFIG, SPF.replace("timeout=30s, ", "") + "smtpd_policy_service_timeout = 15s\n", CHROOT,
     ("postfix.timeout", "warning", "Postfix waits 15 s", "timeout=30s")),
    ("idle for too long", CONFIG, SPF + "smtpd_policy_service_max_idle = 2h\n", CHROOT,
     ("postfix.timeout", "warning", "closes idle connections after 10 min", "idle_timeout = 14400s")),
    ("more processes than connections", CONFIG, SPF + "default_process_limit = 1200\n", CHROOT,
     ("postfix.connections", "warning", "1200 smtpd processes may connect, but only 1000", "max_connections = 1500")),
    ("any number of processes", CONFIG, SPF, CHROOT.replace("- - smtpd", "- 0 smtpd"),
     ("postfix.connections", "warning", "smtp: any number", "process_limit")),
    ("two ways to write it", LIMITS, ALL.replace("end_of_data_restrictions = $gatepost", "end_of_data_restrictions = " +
                                                 QUESTION.replace("30s", "40s")), CHROOT,
     ("postfix.connections", "note", "several ways", "smtpd_end_of_data_restrictions = $gatepost'")),
    ("submission overrules the list", LIMITS, ALL, CHROOT + SUBMISSION +
     "  -o smtpd_recipient_restrictions=\n  -o smtpd_end_of_data_restrictions=\n",
     ("postfix.services", "problem", "submission: does not ask",
      "postconf -P 'submission/inet/smtpd_recipient_restrictions=$gatepost'")),
    ("its own list keeps what it refuses", LIMITS, ALL, CHROOT + SUBMISSION +
     "  -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject\n  -o smtpd_end_of_data_restrictions=\n",
     ("postfix.services", "problem", "submission: does not ask", "restrictions = $gatepost, permit_sasl_authenticated,reject'")),
    ("its own list, and the end of main.cf", LIMITS, ALL, CHROOT + SUBMISSION + "  -o smtpd_recipient_restrictions=\n",
     ("postfix.services", "warning", "submission: master.cf overrides",
      "postconf -P 'submission/inet/smtpd_recipient_restrictions=$gatepost'")),
    ("a content filter gives back what was counted", LIMITS, ALL, CHROOT + SUBMISSION +
     "127.0.0.1:10025 inet n - n - 10 smtpd -o smtpd_recipient_restrictions=permit_mynetworks,reject\n",
     ("postfix.services", "warning", "127.0.0.1:10025: mail that returns from a content filter",
      "postconf -P '127.0.0.1:10025/inet/smtpd_end_of_data_restrictions='")),
    ("a limit by client where nobody logs in", CONFIG + "limit c { key = client  count = messages  max = 9  per = 1h }\n",
     SPF + "smtpd_end_of_data_restrictions = %s\n" % QUESTION, CHROOT),
    ("a limit by user where nobody logs in", LIMITS, SPF + "smtpd_end_of_data_restrictions = %s\n" % QUESTION, CHROOT,
     ("postfix.asks", "problem", "limits see no user", "restrictions = " + QUESTION + ", permit_")),
    ("permit_auth_destination before it", CONFIG, MAIN + "smtpd_recipient_restrictions = permit_mynetworks, "
     "permit_auth_destination, %s\n" % QUESTION, CHROOT,
     ("postfix.asks", "problem", "permit_auth_destination precedes",
      QUESTION + ", permit_auth_destination")),
    ("a name for a host", CONFIG, SPF.replace("unix:gatepost/policy", "inet:policy.nowhere.invalid:10040"), CHROOT,
     ("postfix.socket", "problem", "no answer at inet:policy.nowhere.invalid:10040", QUESTION)),
    ("a port for strangers that does not ask", CONFIG, SPF, CHROOT +
     "2525 inet n - y - - smtpd -o smtpd_recipient_restrictions=reject_unauth_destination\n",
     ("postfix.services", "warning", "2525: does not ask",
      "restrictions=$at_2525_recipient_restrictions'")),
    ("a closed one need not ask for SPF", CONFIG, SPF, CHROOT + SUBMISSION +
     "  -o smtpd_recipient_restrictions=\n  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject\n"),
    ("what a content filter gives back neither", CONFIG, SPF, CHROOT +
     "127.0.0.1:10025 inet n - n - 10 smtpd -o smtpd_recipient_restrictions=permit_mynetworks,reject\n"),
    ("without smtpd_delay_reject", CONFIG, MAIN + "smtpd_delay_reject = no\nsmtpd_client_restrictions = %s\n" % QUESTION,
     CHROOT, ("postfix.asks", "warning", "before the recipient is known", "postconf -e 'smtpd_client_restrictions = '")),
    ("at DATA only", CONFIG, MAIN + "smtpd_data_restrictions = %s\n" % QUESTION, CHROOT,
     ("postfix.asks", "warning", "only after all recipients", "smtpd_recipient_restrictions")),
    ("before relaying is refused", CONFIG, MAIN + "smtpd_sender_restrictions = %s\n" % QUESTION, CHROOT,
     ("postfix.asks", "note", "rejected as relaying anyway", "smtpd_sender_restrictions = '")),
    ("through a restriction class", CONFIG, MAIN + "smtpd_restriction_classes = asked\nasked = %s\n"
     "smtpd_recipient_restrictions = reject_unauth_destination, asked\n" % QUESTION, CHROOT),
    ("through parameters in parameters", CONFIG, MAIN + "one = ${two}\ntwo = ${three?{$(three)}:{permit}}\nthree = %s\n"
     "smtpd_recipient_restrictions = reject_unauth_destination $one\n" % QUESTION, CHROOT),
    ("by another compatibility level", CONFIG, SPF.replace("= 3.6", "= 0") +
     "smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination\n", OPEN),
    ("an absolute path in a chroot", CONFIG, SPF.replace("unix:gatepost", "unix:" + QUEUE + "/gatepost"), CHROOT,
     ("postfix.socket", "problem", "smtpd is confined to /var/spool/postfix", "unix:gatepost/policy")),
    ("the same without a chroot", CONFIG, SPF.replace("unix:gatepost", "unix:" + QUEUE + "/gatepost"), OPEN),
    ("where nobody listens", CONFIG, SPF.replace("unix:gatepost/policy", "inet:127.0.0.1:10040"), CHROOT,
     ("postfix.socket", "problem", "no answer at inet:127.0.0.1:10040: Connection refused",
      "or set this in")),
    ("another path", CONFIG, SPF.replace("gatepost/policy", "private/gatepost"), CHROOT,
     ("postfix.socket", "problem", "private/gatepost: No such file", '"unix:/var/spool/postfix/private/gatepost"}')),
    ("results of this host are told from forged ones", FIELD, example(), CHROOT),
    ("no mark, and nothing that removes forged results", FIELD, SPF, CHROOT,
     ("postfix.own-field", "note", "nothing removes results of this host", "policy_context=mark:$gatepost_mark }")),
    ("the mark of the example", FIELD, example().replace("0123456789abcdef", "^PutYourOwnSecretHere"), CHROOT,
     ("postfix.own-field", "warning", "is the public one of the example", 'postconf -e "gatepost_mark = $(')),
    ("the same without what keeps it from being one", FIELD,
     example().replace("0123456789abcdef", "PutYourOwnSecretHere"), CHROOT,
     ("postfix.own-field", "warning", "is the public one of the example", 'postconf -e "gatepost_mark = $(')),
    ("a mark that is too short", FIELD, example().replace("0123456789abcdef", "secret"), CHROOT,
     ("postfix.own-field", "warning", "without 12 to 64 letters and digits", 'postconf -e "gatepost_mark = $(')),
    ("a mark that is not set", FIELD, example().replace("gatepost_mark = ", "gatepost_other = "), CHROOT,
     ("postfix.own-field", "warning", "without 12 to 64 letters and digits", 'postconf -e "gatepost_mark = $(')),
    ("a bad mark that is written out", FIELD, marked("secret"), CHROOT,
     ("postfix.own-field", "warning", "without 12 to 64 letters and digits", "policy_context=mark:$gatepost_mark }")),
    ("a mark without a rule", FIELD, "gatepost_mark = 0123456789abcdef\n" + marked("$gatepost_mark"), CHROOT,
     ("postfix.own-field", "warning", "no rule with the mark", "in main.cf put the rules of header_checks")),
    ("rules about results that stand for attachments as well", FIELD, for_attachments(), CHROOT,
     ("postfix.own-field", "warning", "are in mime_header_checks and nested_header_checks too",
      "postconf -e 'mime_header_checks ='\npostconf -e 'nested_header_checks ='\npostfix reload")),
    ("the same for attached messages only", FIELD, for_attachments(mime=""), CHROOT,
     ("postfix.own-field", "warning", "are in nested_header_checks too", "postconf -e 'nested_header_checks ='")),
    ("the same for parts only", FIELD, for_attachments(nested=""), CHROOT,
     ("postfix.own-field", "warning", "are in mime_header_checks too", "postconf -e 'mime_header_checks ='")),
    ("the same beside rules that are meant for attachments", FIELD,
     for_attachments().replace("header_checks = ", "header_checks = %s, " % OTHER_RULE), CHROOT,
     ("postfix.own-field", "warning", "are in mime_header_checks and nested_header_checks too",
      "in main.cf set mime_header_checks and nested_header_checks to the rules of header_checks without those")),
    ("other rules for attachments", FIELD, for_attachments(mime=OTHER_RULE, nested=OTHER_RULE).replace(
        "header_checks = regexp:{\n", "header_checks = %s, regexp:{\n" % OTHER_RULE), CHROOT),
    ("a mark that is written out, without a rule", FIELD, marked("0123456789abcdef"), CHROOT,
     ("postfix.own-field", "warning", "no rule with the mark", "policy_context=mark:$gatepost_mark }")),
]

ASKS = [
    # configuration, main.cf, commands that must be among those advised, and words that must be in none
    ("closed relaying stays as it is", LIMITS, "smtpd_relay_restrictions = permit_mynetworks, permit_tls_clientcerts, reject\n"
     "smtpd_recipient_restrictions = reject_unauth_destination, permit\n",
     ["'smtpd_recipient_restrictions = $gatepost, reject_unauth_destination, permit'"], "smtpd_relay_restrictions"),
    ("before a permit at the end", CONFIG, "smtpd_recipient_restrictions = reject_unauth_destination, permit\n",
     ["'smtpd_recipient_restrictions = reject_unauth_destination, %s, permit'" % QUESTION], "permit, check"),
    ("before one that a parameter has", CONFIG, "rest = reject_rbl_client x.test, permit\n"
     "smtpd_recipient_restrictions = reject_unauth_destination $rest\n",
     ["reject_unauth_destination, %s, $rest'" % QUESTION], "\n\n"),
    ("quotes of a value", CONFIG, "smtpd_recipient_restrictions = reject_unauth_destination, "
     "check_recipient_access inline:{a='b'}\n", ["inline:{a='\\''b'\\''}, check_policy"], "\n\n"),
    ("a value too long for a command", CONFIG, "smtpd_recipient_restrictions = reject_unauth_destination, %s\n" % ", ".join(
        "reject_rbl_client list%04d.example.test" % i for i in range(200)), ["in main.cf put this after"], "list0001"),
    ("what stands at the end stays", LIMITS, "smtpd_end_of_data_restrictions = check_client_access static:DUNNO\n",
     ["'smtpd_end_of_data_restrictions = $gatepost, check_client_access static:DUNNO'"], "\n\n"),
]
