# SPDX-License-Identifier: ISC
"""The manual pages: mandoc finds nothing, and what the programs have, the pages have."""
import glob
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from findings import finish, result, skip  # noqa: E402

BUILD = os.environ.get("BUILD", "build")
GATEPOST = os.environ.get("GATEPOST", "build/gatepost")
POLICYD = os.path.join(BUILD, "gatepost-policyd")

# What mandoc calls bad style and is none here: lines are as long as those of the sources, the pages
# that are referred to need not be installed, and FIELDS is what the section is about.
NO_STYLE = ("input text line longer than 80 bytes", "referenced manual not found",
            "possible typo in section name: Sh FIELDS instead of FILES")

def text_of(path):
    with open(path) as f:
        return f.read()


def items(page, macro):
    """What stands after .It and this macro, word by word: names of options, fields, commands."""
    return {word for line in re.findall(r"^\.It %s (.*)$" % macro, page, re.M)
            for word in re.split(r"[ ,|]+", line.replace("\\&", "")) if word}


def missing(names, where, page):
    """A problem for each name that is not in this set; no names at all are one, too."""
    if not names:
        return ["nothing was found to compare %s with" % page]
    return ["%s is not in %s" % (n, page) for n in sorted(set(names) - set(where))]


def said(program, *arguments):
    done = subprocess.run([program] + list(arguments), stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def check_mandoc():
    name = "manual pages are clean"
    tool = shutil.which("mandoc")
    if not tool:
        return skip(name, "mandoc is not at hand")
    pages = sorted(glob.glob("man/*.[578]"))
    out = subprocess.run([tool, "-T", "lint", "-W", "style"] + pages, stdout=subprocess.PIPE, text=True).stdout
    return result(name, [line for line in out.splitlines() if not any(n in line for n in NO_STYLE)]
                  + ["there are no pages"] * (not pages))


def check_options():
    """Each row of the table of options, below the heading of its section."""
    page = text_of("man/gatepost.conf.5")
    parts = re.split(r"^\.Ss (?:Section )?(.*)$", page, flags=re.M)
    sections = {}
    for heading, text in zip(parts[1::2], parts[2::2]):
        section = "" if heading == "Top level" else heading.split()[0]
        sections.setdefault(section, set()).update(items(text, "Ic"))
    tables = ["shared/config/config_table.c"] + sorted(glob.glob("shared/**/*_options.c", recursive=True))
    rows = [row for table in tables
            for row in re.findall(r'^\t\{(?:"(\w+)"|NULL), "(\w+)", GP_KIND_', text_of(table), re.M)]
    names = [n for n in rows if n[1] and n[0] != "dead"]  # which no file has, but the table of DNS lists
    problems = [] if len(names) > 80 else ["only %d rows were found in the table of options" % len(names)]
    problems += ["%s.%s is not in gatepost.conf(5)" % (section, n) for section, n in names
                 if n not in sections.get(section, ())]
    result("every option has its paragraph in gatepost.conf(5)", problems)


def subcommands(command):
    """Those that the help of a command lists."""
    text = said(GATEPOST, command, "--help").split("\nsubcommands:\n")
    return re.findall(r"^  ([a-z-]+)  ", text[1].split("\n\n")[0], re.M) if len(text) > 1 else []


def check_commands():
    page = text_of("man/gatepost.8")
    commands = re.findall(r"^  ([a-z-]+)  ", said(GATEPOST, "--help").split("\ncommands:\n")[1], re.M)
    synopsis, description = page.split(".Sh DESCRIPTION", 1)
    shown = set(re.findall(r"^\.Cm ([a-z-]+)", synopsis, re.M))
    problems = missing(commands, shown, "the synopsis of gatepost(8)")
    problems += missing(commands, items(description, "Cm"), "the description in gatepost(8)")
    result("every command of gatepost has its section in gatepost(8)", problems)
    written = {word for line in re.findall(r"Fl (-?[a-z-]+(?: \| -?[a-z-]+)*)", page)
               for word in line.split(" | ")}
    problems = []
    for command in [[c] for c in commands] + [[c, s] for c in commands for s in subcommands(c)]:
        # the options in the list of a command's help, and in its first lines
        usage = re.split(r"\n(?:examples?|exit codes):", said(GATEPOST, *command, "--help"))[0]
        options = set(re.findall(r"(?:^|[\s\[(|])-(-[a-z][a-z-]*|[a-z])\b", usage))
        problems += ["-%s of gatepost %s is not in gatepost(8)" % (o, " ".join(command)) for o in sorted(options - written)]
    result("every option of a command is in gatepost(8)", problems)


def options_of(words):
    """The long options that a command's help lists, and those of every command."""
    text = said(GATEPOST, *words, "--help").split("\noptions:\n")
    part = text[1].split("\n\n")[0] if len(text) > 1 else ""
    return set(re.findall(r"^  (?:-[a-z], )?--([a-z-]+)", part, re.M)) | {"help", "color"}


def check_completion():
    """The scripts are those of this program, and have the commands and options that help and manual have."""
    problems = []
    for shell, path in (("bash", "cli/completion/gatepost.bash"), ("zsh", "cli/completion/_gatepost")):
        if said(GATEPOST, "completion", shell) != text_of(path):
            problems.append("%s is not what gatepost completion %s prints: make generated" % (path, shell))
    result("the completion scripts are made from the table of commands", problems)
    names = re.findall(r"^  ([a-z-]+)  ", said(GATEPOST, "--help").split("\ncommands:\n")[1], re.M)
    commands = [[c] for c in names] + [[c, s] for c in names for s in subcommands(c)]
    bash, zsh = text_of("cli/completion/gatepost.bash"), text_of("cli/completion/_gatepost")
    rows = {name: set(re.findall(r"--([a-z-]+)", options)) for name, options in
            re.findall(r"^\t'([a-z -]+)'\)\n(?:\t\tsubcommands='[^']*'\n)?\t\toptions='([^']*)'", bash, re.M)}
    functions = {name: set(re.findall(r"--([a-z-]+)(?==|\[|\}|-\[)", body)) for name, body in
                 re.findall(r"^_gatepost_([a-z_-]+)\(\)\n\{\n(.*?)^\}$", zsh, re.M | re.S)}
    problems = ["only %d commands were found" % len(commands)] if len(commands) < 14 else []
    for words in commands:
        wanted = options_of(words)
        for where, got in (("bash", rows.get(" ".join(words))), ("zsh", functions.get("_".join(words)))):
            if got != wanted:
                problems.append("%s, %s: %s, help has %s" % (where, " ".join(words), sorted(got or ()), sorted(wanted)))
    result("the completion scripts have the commands and options of the help", problems)


def check_daemon():
    page = text_of("man/gatepost-policyd.8")
    letters = re.findall(r"^  -([a-zA-Z])\b", said(POLICYD, "-h"), re.M)
    result("every option of gatepost-policyd is in gatepost-policyd(8)",
           missing(letters, items(page, "Fl"), "gatepost-policyd(8)"))
    handled = set(re.findall(r"sigaddset\(\w+, (SIG\w+)\)", text_of("daemon/supervise.c")))
    result("every signal that it awaits is in gatepost-policyd(8)",
           missing(handled - {"SIGCHLD"}, items(page, "Dv"), "gatepost-policyd(8)"))


def check_module():
    page = text_of("man/gatepost-exim.7")
    functions = re.findall(r"^\t(gatepost_\w+);", text_of("exim-dlfunc/exports.map"), re.M)
    result("every function of the module is in gatepost-exim(7)",
           missing(functions, items(page, "Fn"), "gatepost-exim(7)"))
    fields = [name for path in sorted(glob.glob("shared/engine/*.c"))
              for name in re.findall(r'\.get = "([\w.]+)"', text_of(path))]
    own = re.findall(r'^\t\t\{"([\w.]+)", [^}]*\},$', text_of("exim-dlfunc/verdict.c"), re.M)
    result("every field that gatepost_get knows is in gatepost-exim(7)",
           missing(fields + own, items(page, "Li"), "gatepost-exim(7)")
           + ["%s is in gatepost-exim(7), and is no field" % n
              for n in sorted(items(page, "Li") - set(fields + own))]
           + ["no field of the module's own was found"] * (not own))
    macros = re.findall(r"^(GATEPOST_\w+) =", text_of("exim-dlfunc/gatepost.macros"), re.M)
    written = {re.sub(r"\W.*", "", re.sub(r"^\$\{", "", i)) for i in items(page, "Ic")}
    result("every macro is in gatepost-exim(7)", missing(macros, written, "gatepost-exim(7)"))


for check in (check_mandoc, check_options, check_commands, check_completion, check_daemon, check_module):
    check()
finish()
