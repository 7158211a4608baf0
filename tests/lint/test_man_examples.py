# SPDX-License-Identifier: ISC
"""The examples in the manual pages: what they show of gatepost.conf is loaded, and fits on a terminal."""
import glob
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from findings import finish, result  # noqa: E402

GATEPOST = os.environ.get("GATEPOST", "build/gatepost")
PAGES = ("man/gatepost.8", "man/gatepost.conf.5", "man/gatepost-exim.7", "man/gatepost-lists.7",
         "man/gatepost-policyd.8")
# A block is one for gatepost.conf when it opens a section of it, or sets one of these.
SECTIONS = r"spf|dkim|arc|dmarc|dnsbl|use|list|greylist|dns|store|limits?|override|policyd|metrics|exim|log"
TOP = r"hostname|trusted_networks|own_networks|nat64_prefixes"
COLUMNS = 69  # what is left of 80 behind the indents


def text_of(path):
    with open(path) as f:
        return f.read()


def blocks(page):
    """The literal blocks of a page as they are shown."""
    for block in re.findall(r"^\.Bd -literal[^\n]*\n(.*?)^\.Ed$", page, re.M | re.S):
        yield block.replace("\\&", "").replace("\\e", "\\")


def check_sections():
    for path in PAGES:
        headings = re.findall(r"^\.Sh (.*)$", text_of(path), re.M)
        result("%s has its files and examples" % path,
               ["there is no section %s" % s for s in ("FILES", "EXAMPLES") if s not in headings])


def is_configuration(block):
    return bool(re.search(r"^(?:(?:%s)\b[^=\n]*\{|(?:%s) = )" % (SECTIONS, TOP), block, re.M)) \
        and "gatepost-policyd\n" not in block


def problems_of(block, folder):
    """What check-config says of it. A limit that an override names has to be there: the blocks of a page are
    read by themselves."""
    path = os.path.join(folder, "gatepost.conf")
    with open(path, "w") as f:
        f.write(block)
    done = subprocess.run([GATEPOST, "check-config", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    said = done.stdout + done.stderr
    return [] if done.returncode == 0 or "built without Redis" in said else ["%s:\n%s" % (block, said)]


def check_configuration():
    found, problems = 0, []
    with tempfile.TemporaryDirectory() as folder:
        for path in PAGES:
            for block in filter(is_configuration, blocks(text_of(path))):
                found += 1
                problems += ["%s: %s" % (path, p) for p in problems_of(block, folder)]
        problems += ["only %d of them were found" % found] * (found < 6)
        broken = problems_of("limit hourly { key = user  max = 100 }\n", folder)
    result("every example of gatepost.conf in the manual pages is without errors", problems)
    result("an example with an error is found", [] if broken else ["nothing was found"])


def check_columns():
    problems = ["%s: %d columns: %s" % (path, len(line), line) for path in PAGES for block in blocks(text_of(path))
                for line in block.split("\n") if len(line) > COLUMNS]
    result("no example in the manual pages is wider than a terminal", problems)


def check_pages():
    result("there is no manual page but these", sorted(set(glob.glob("man/*.[1-9]")) - set(PAGES)))


for check in (check_sections, check_configuration, check_columns, check_pages):
    check()
finish()
