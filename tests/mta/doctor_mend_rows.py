# SPDX-License-Identifier: ISC
"""More ways to set up Postfix, for test_doctor_mends.py, by what they are about. A row: its name, the
configuration, main.cf, master.cf; of those in WELL doctor finds nothing."""
import os
import sys

sys.path[:0] = [os.path.dirname(os.path.abspath(__file__))]
from doctor_rows import ALL, BYTES, CHROOT, LIMITS, MAIN, OPEN, PERMIT, QUESTION, SUBMISSION  # noqa: E402
from doctor_scene import CONFIG, SOCKET  # noqa: E402

RECIPIENT = "smtpd_recipient_restrictions = "
ONCE = RECIPIENT + "$gatepost\n"
NETWORKS = 'trusted_networks = {"10.0.0.0/8"}\nlimit senders { key = sender  count = messages  max = 9  per = 1h }\n'
CAPITALS = QUESTION.replace("check_policy_service", "CHECK_POLICY_SERVICE")
MIXED = QUESTION.replace("check_policy_service", "Check_Policy_Service")


def listed(*words):
    """ALL with these words as the list of recipients."""
    return ALL.replace(ONCE, RECIPIENT + ", ".join(words) + "\n")


# what Postfix has built in may be written in letters of any case; names of main.cf may not
CASE = [
    ("the question in capitals, twice", LIMITS, MAIN + RECIPIENT + PERMIT + ", CHECK_POLICY_SERVICE unix:gatepost/policy, "
     "Check_Policy_Service unix:gatepost/policy\n", CHROOT),
    ("the question in capitals, once and behind users", LIMITS, MAIN + RECIPIENT + PERMIT + ", " + CAPITALS + "\n", CHROOT),
    ("the question by its name, and in capitals in another list", LIMITS, ALL + "smtpd_sender_restrictions = " + CAPITALS + "\n",
     CHROOT),
    ("the question in two cases, in master.cf", LIMITS, ALL, CHROOT + SUBMISSION +
     "  -o { smtpd_recipient_restrictions = %s, %s }\n" % (CAPITALS, MIXED)),
    ("a warning in capitals", LIMITS, listed("$gatepost", "WARN_IF_REJECT " + MIXED, "permit"), CHROOT),
    ("users permitted in capitals", LIMITS, listed("PERMIT_SASL_AUTHENTICATED", "$gatepost", "reject_unauth_destination"), CHROOT),
    ("networks permitted in capitals", LIMITS + NETWORKS, listed("PERMIT_MYNETWORKS", "$gatepost"), CHROOT),
    ("own domains permitted in capitals", CONFIG, listed("Permit_Auth_Destination", "$gatepost"), CHROOT),
    ("behind PERMIT", LIMITS, listed("permit_mynetworks", "Reject_Unauth_Destination", "PERMIT", "$gatepost"), CHROOT),
    ("before PERMIT", CONFIG, MAIN + RECIPIENT + "Reject_unauth_destination, PERMIT\n", CHROOT),
    ("a table in capitals leads to a class", LIMITS, listed("$gatepost", "CHECK_CLIENT_ACCESS static:Asked") +
     "smtpd_restriction_classes = Asked\nAsked = reject_unlisted_recipient, " + MIXED + "\n", CHROOT),
    ("delayed, written in capitals", LIMITS, ALL + "smtpd_delay_reject = YES\nsmtpd_helo_restrictions = $gatepost\n", CHROOT),
    ("two classes that differ in case only", LIMITS, listed("asked", "Asked") + "smtpd_restriction_classes = asked, Asked\n"
     "asked = $gatepost\nAsked = %s\n" % QUESTION, CHROOT),
]

WELL = [
    ("relaying refused in capitals, before the question", CONFIG, MAIN + "smtpd_relay_restrictions = permit_mynetworks, "
     "Reject_Unauth_Destination\n" + RECIPIENT + CAPITALS + "\n", OPEN),
    ("a service closed in capitals", CONFIG, MAIN + RECIPIENT + "%s, %s\n" % (PERMIT, QUESTION), CHROOT + SUBMISSION +
     "  -o smtpd_recipient_restrictions=\n  -o smtpd_relay_restrictions=permit_sasl_authenticated,REJECT\n"),
    ("a class whose name differs in case", LIMITS, listed("$gatepost", "ASKED") + "smtpd_restriction_classes = ASKED\n"
     "ASKED = check_client_access static:DUNNO\nasked = $gatepost\n", CHROOT),
    ("a parameter whose name differs in case", LIMITS, listed("$gatepost", "$Gatepost") +
     "Gatepost = check_client_access static:DUNNO\n", CHROOT),
]

LONG = ", ".join("check_client_access static:DUNNO" for _ in range(120))


def classes(names, lists, *more):
    """A set-up with classes: their values, the rest of the list of recipients, and other lines."""
    return (MAIN + "smtpd_restriction_classes = %s\n" % ", ".join(name for name, _ in names) +
            "".join("%s = %s\n" % pair for pair in names) + RECIPIENT + lists + "\n" + "".join(line + "\n" for line in more))


# smtpd does not start with a class that has no value
CLASSES = [
    ("a class with nothing but the question, and a table leads to it", LIMITS, classes(
        [("a", QUESTION)], "check_client_access static:a, %s, %s" % (QUESTION, PERMIT)), CHROOT),
    ("such a class, asked for by some senders", LIMITS, ALL + "smtpd_restriction_classes = asked\nasked = $gatepost\n"
     "smtpd_sender_restrictions = check_sender_access inline:{ok.test=asked}\n", CHROOT),
    ("a class that is a class", LIMITS, classes(
        [("a", "b"), ("b", QUESTION)], "a, check_sender_access static:b, " + PERMIT), CHROOT),
    ("one class in several tables and lists", BYTES, ALL + "smtpd_restriction_classes = asked\nasked = $gatepost\n"
     "smtpd_client_restrictions = check_client_access static:asked\n"
     "smtpd_sender_restrictions = check_sender_access static:asked, check_client_access inline:{203.0.113.7=asked}\n",
     CHROOT + SUBMISSION),
    ("two classes that differ in case, in tables", LIMITS, classes(
        [("asked", "$gatepost"), ("ASKED", QUESTION)], "$gatepost, check_recipient_access static:ASKED",
        "gatepost = " + QUESTION), CHROOT),
    ("a class with a parameter that has no value", LIMITS, ALL + "smtpd_restriction_classes = asked\nempty =\n"
     "asked = $empty, $gatepost ${empty}\nsmtpd_helo_restrictions = check_client_access static:asked\n", CHROOT),
    ("a class with others beside the question", LIMITS, ALL + "smtpd_restriction_classes = asked\n"
     "asked = reject_unlisted_recipient, WARN_IF_REJECT $gatepost\n"
     "smtpd_helo_restrictions = check_client_access static:asked\n", CHROOT),
    ("a table without a word in front leads to a class", LIMITS, ALL + "smtpd_restriction_classes = asked\nasked = $gatepost\n"
     "smtpd_sender_restrictions = static:asked\n", CHROOT),
    ("a class that a service has by itself", LIMITS, ALL, CHROOT + SUBMISSION + "  -o smtpd_restriction_classes=asked\n"
     "  -o asked=$gatepost\n  -o smtpd_sender_restrictions=check_client_access,static:asked\n"),
    ("a class that is long", LIMITS, ALL + "smtpd_restriction_classes = asked\nasked = %s, $gatepost\n" % LONG +
     "smtpd_helo_restrictions = check_client_access static:asked\n", CHROOT),
]


def at(endpoint, action=", default_action=DUNNO"):
    """ALL that asks there."""
    return ALL.replace("unix:gatepost/policy", endpoint).replace(", default_action=DUNNO", action)


# each way that doctor offers ends with a daemon that runs and is asked, whatever else is wrong
PLACES = [
    ("a directory that is not there", LIMITS, at("unix:gatepostd/policy"), CHROOT),
    ("an absolute path in a directory that is not there", LIMITS, at("unix:/srv/none/policy"), OPEN),
    ("an absolute path in a directory that is not there, in a chroot", LIMITS, at("unix:/srv/none/policy"), CHROOT),
    ("a directory that is a file", LIMITS, at("unix:pid/master.pid/policy"), CHROOT),
    ("a directory that is there", LIMITS, at("unix:public/policy"), CHROOT),
    ("a file in the socket's place", LIMITS, at("unix:pid/master.pid"), CHROOT),
    ("a path that is too long for a socket", LIMITS, at("unix:private/" + "p" * 120), CHROOT),
    ("an address of another host", LIMITS, at("inet:192.0.2.77:10040"), CHROOT),
    ("another address of this host", LIMITS, at("inet:127.0.0.9:10040"), CHROOT),
    ("an address of this host in IPv6", LIMITS, at("inet:[::1]:10040"), CHROOT),
    ("all addresses", LIMITS, at("inet:0.0.0.0:10040"), CHROOT),
    ("a wrong path, and no default_action", LIMITS, at("unix:wrong/policy", ""), CHROOT),
    ("a wrong path, a short time-out, a default_action that refuses", LIMITS,
     at("unix:wrong/gatepost", ", default_action=REJECT").replace("timeout=30s", "timeout=9s"), CHROOT),
    ("a wrong path, written out in two ways", BYTES, MAIN + RECIPIENT +
     "check_policy_service unix:wrong/gatepost, %s\nsmtpd_end_of_data_restrictions = "
     "check_policy_service { unix:wrong/gatepost, timeout=9s }\n" % PERMIT, CHROOT + SUBMISSION),
    ("a wrong path behind users, and no default_action", LIMITS, MAIN + RECIPIENT +
     "%s, check_policy_service unix:wrong/gatepost\n" % PERMIT, CHROOT + SUBMISSION),
]

INET = 'policyd { listen = {"inet:127.0.0.1:10040"} }\n'
OVER_INET = LIMITS.replace('policyd { listen = {"unix:%s"} }\n' % SOCKET, INET)

# no name of a host is found in a chroot that has no etc/hosts
NAMES = [
    ("localhost, in a chroot", OVER_INET, at("inet:localhost:10040"), CHROOT),
    ("localhost in capitals, for users", OVER_INET, at("inet:LOCALHOST:10040"), CHROOT + SUBMISSION),
    ("localhost, no default_action, behind users", OVER_INET, MAIN + RECIPIENT +
     "%s, check_policy_service inet:localhost:10040\n" % PERMIT, CHROOT + SUBMISSION),
    ("localhost, where nobody listens", LIMITS, at("inet:localhost:10041"), CHROOT),
    ("another name of this host, in a chroot", OVER_INET, at("inet:policy.here.test:10040"), CHROOT),
]
WELL.append(("localhost, without a chroot", OVER_INET, at("inet:localhost:10040"), OPEN))
