# SPDX-License-Identifier: ISC
"""Puts the table of options into man/gatepost.conf.5 (after a change of a row), that of known DNS lists into
man/gatepost-lists.7, and writes conf-examples/gatepost.conf and the scripts of cli/completion again. Run by `make generated`."""
import os
import re
import subprocess

GATEPOST = os.environ.get("GATEPOST", "build/gatepost")


def printed(*words):
    return subprocess.run([GATEPOST, *words], stdout=subprocess.PIPE, text=True,
                          check=True).stdout


for page, option in (("man/gatepost.conf.5", "--man"), ("man/gatepost-lists.7", "--man-lists")):
    text = open(page).read()
    made = re.sub(r'(made by: gatepost check-config %s\n).*?(\.\\" end of what is made\n)' % option,
                  lambda m: m.group(1) + printed("check-config", option) + m.group(2), text, flags=re.S)
    with open(page, "w") as f:
        f.write(made)
for path, words in (("conf-examples/gatepost.conf", ("check-config", "--example")),
                    ("cli/completion/gatepost.bash", ("completion", "bash")),
                    ("cli/completion/_gatepost", ("completion", "zsh"))):
    with open(path, "w") as f:
        f.write(printed(*words))
