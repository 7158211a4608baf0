# SPDX-License-Identifier: ISC
"""The comparison with other programs (make bench-peers): its cases tell a server that works from one that
does not, gatepost answers all of them, and its tables fit a page of 80 columns."""
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "bench"), os.path.join(HERE, "..", "support")]
sys.dont_write_bytecode = True
import bench  # noqa: E402
import peers_cost  # noqa: E402
import peers_mail  # noqa: E402
import peers_policy  # noqa: E402
import sandbox  # noqa: E402
import world  # noqa: E402
from world import equal  # noqa: E402

FIGURES = {"rate": 123456, "p99": 1234.56, "cpu": 123456, "rss": 12345, "pss": 12345, "dns": 12.3}
PER_MESSAGE = dict(FIGURES, cpu=1234.56)


def answers():
    """an answer is right when it refuses fail and nothing else, and names the result"""
    for action, result, right in (
            ("550 5.7.23 SPF fail", "fail", True), ("REJECT", "fail", True), ("DEFER_IF_PERMIT later", "fail", True),
            ("DUNNO", "fail", False), ("PREPEND Received-SPF: Fail (x)", "fail", False), ("", "fail", False),
            ("PREPEND Received-SPF: Pass (mailfrom)", "pass", True), ("DUNNO", "pass", False),
            ("PREPEND Authentication-Results: mx; spf=softfail smtp.mailfrom=a@b", "softfail", True),
            ("PREPEND Received-SPF: Pass (mailfrom)", "softfail", False), ("550 5.7.23 no", "pass", False)):
        equal(peers_policy.is_right(action, result), right, (action, result))


def tables():
    """every line fits 80 columns, whatever the figures are"""
    lines = [peers_policy.HEAD, peers_policy.row("policyd-spf (Python)", FIGURES, "23/23"), peers_mail.HEAD,
             peers_mail.row("Postfix + OpenDKIM, OpenDMARC", PER_MESSAGE, 0.1, "14/14")]
    equal([line for line in lines if len(line) > 80], [])


def costs():
    """the time of a process counts with that of the children it has waited for"""
    code = "import os\nif os.fork() == 0:\n    [x for x in range(4000000)]\n    os._exit(0)\nos.wait()\nprint(flush=True)\ninput()"
    with world.subprocess.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1, text=True) as process:
        process.stdout.readline()
        found = peers_cost.processes()
        pids = peers_cost.tree(found, [process.pid])
        assert peers_cost.seconds(found, pids) > 0.01, found[process.pid]
        resident, proportional = peers_cost.memory_mib(pids)
        assert resident >= proportional > 0.5, (resident, proportional)
        process.communicate("\n")


def cases(folder):
    """gatepost-policyd answers all cases of SPF and limits; what does no work gets next to none right"""
    with open("/etc/resolv.conf", "w") as f:
        f.write("nameserver 127.0.0.1\n")
    server = bench.NameServer(folder, 53, domains=1, large=0, more=peers_policy.zone_lines())
    with server.run():
        for peer, wanted in ((peers_policy.Gatepost("gatepost-policyd", "", folder), True),
                             (peers_policy.Floor("floor", "", folder), False)):
            peer.start(peers_policy.LIMIT)
            try:
                for ask, few in ((peers_policy.spf_cases, 0), (peers_policy.limit_cases, 3)):
                    right, every, wrong = ask(peer)
                    equal(right, every if wanted else few, wrong)
            finally:
                peer.stop()


def main():
    tap = world.Tap()
    os.chdir(sandbox.PROJECT)
    if not sandbox.is_inside():
        bench.build()
    try:
        sandbox.enter(["unbound"])
    except sandbox.Unavailable as reason:
        print("# the cases are not asked: %s" % reason)
    for test in (answers, tables, costs):
        tap.run(test)
    if not sandbox.is_inside():
        print("ok %d - the cases # SKIP no throwaway machine\n1..%d" % (tap.number + 1, tap.number + 1))
        return
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        tap.run(cases, folder)
    tap.finish()


main()
