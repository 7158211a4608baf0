# SPDX-License-Identifier: ISC
"""What checks of the tree itself print, in TAP: a row each, with its problems below it.

    findings.result("pages are clean", problems)    findings.skip("...", reason)    findings.finish()
"""
import sys

number = 0
failed = 0


def result(name, problems):
    global number, failed
    number += 1
    failed += bool(problems)
    print("%s %d - %s" % ("not ok" if problems else "ok", number, name))
    for p in problems:
        print("# " + p)


def skip(name, reason):
    global number
    number += 1
    print("ok %d - %s # SKIP %s" % (number, name, reason))


def finish():
    print("1..%d" % number)
    sys.exit(1 if failed else 0)
