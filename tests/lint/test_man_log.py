# SPDX-License-Identifier: ISC
"""Every event and every field that the daemon can log is in the tables of gatepost-policyd(8), under the
name that it has in the journal, and nothing else is."""
import glob
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from findings import finish, result  # noqa: E402

PAGE = "man/gatepost-policyd.8"
# what is linked into the daemon; the module for Exim and the command have other logs
SOURCES = [path for where in ("daemon", "policyd", "shared/*", "shared/*/*")
           for path in sorted(glob.glob(where + "/*.c"))]
WORD = r'"([a-z][a-z0-9_-]*)"'
# A call that makes an event, up to its name, or what stands for it.
EVENT = re.compile(r"\b(?:gp_log_event|json_line|add_text)\((?:[^;\"]*?,)?\s*"
                   r"(?:GP_LOG_[A-Z]+,\s*(?:%s|(\w+))|level,\s*%s)" % (WORD, WORD))
FUNCTION = re.compile(r"^(?:static )?[\w *]+?\b(\w+)\([^;{]*\)\n\{", re.M)


def text_of(path):
    with open(path) as f:
        return f.read()


def callers_of(text, place, texts):
    """The words that calls of the function around this place hand over, in its file, or in all if it is not static."""
    function = [m for m in FUNCTION.finditer(text) if m.start() < place][-1]
    seen = [text] if function.group(0).startswith("static") else texts
    return [word for t in seen for word in re.findall(r"\b%s\(\w+,\s+%s" % (function.group(1), WORD), t)]


def events_of(text, texts):
    found = set()
    for m in EVENT.finditer(text):
        word = m.group(1) or m.group(3)
        words = [word] if word else callers_of(text, m.start(), texts)
        assert words, "an event without a name that can be seen: " + m.group(0)
        found.update(words)
    return found


def fields_of(text):
    makers = [r"gp_log_field_(?:text|span|number)"]
    makers += re.findall(r"^static struct gp_log_field (\w+)\(const char \*key\b", text, re.M)
    found = set(re.findall(r"\b(?:%s)\(\s*%s" % ("|".join(makers), WORD), text))
    return found | set(re.findall(r"\.log = %s" % WORD, text))


def section(title):
    page = text_of(PAGE)
    log = re.search(r"^\.Sh LOG\n(.*?)^\.Sh ", page, re.M | re.S).group(1)
    return re.search(r"^\.Ss %s\n(.*?)(?=^\.Ss |\Z)" % title, log, re.M | re.S).group(1)


def listed_events():
    return {word for line in re.findall(r"^\.It Li ([\w, -]+?) Pq", section("Events"), re.M)
            for word in re.split(r" , | ?Li ", line) if word}


def listed_fields():
    return re.findall(r"^\.It Li (\w+) Pq Li (\w+)$", section("Fields"), re.M)


def compare(name, coded, listed):
    problems = ["%s is logged and not in %s" % (word, PAGE) for word in sorted(coded - listed)]
    problems += ["%s is in %s and never logged" % (word, PAGE) for word in sorted(listed - coded)]
    result(name, problems + ["nothing was found in the sources"] * (not coded))


def main():
    texts = [text_of(path) for path in SOURCES]
    events = set().union(*(events_of(text, texts) for text in texts))
    compare("every event is in the table", events, listed_events())
    fields = set().union(*(fields_of(text) for text in texts))
    listed = listed_fields()
    compare("every field is in the table", fields, {name for name, _ in listed})
    result("each field has its name in the journal, and stands there once",
           ["%s is not GATEPOST_%s" % (own, name.upper()) for name, own in listed if own != "GATEPOST_" + name.upper()]
           + sorted({"%s stands there twice" % n for n, _ in listed if [m for m, _ in listed].count(n) > 1}))
    seen = 'static struct gp_log_field n(const char *key, int i)\n{\n}\nint f(void)\n{\n\tn("one", 1);\n' \
           '\tgp_log_field_text("two", x);\n\tgp_log_event(log, GP_LOG_INFO, "three", f, 2);\n}\n'
    result("a field and an event in a source are seen", ["%r" % (got,) for got in (
        fields_of(seen) ^ {"one", "two"}, events_of(seen, [seen]) ^ {"three"}) if got])
    finish()


main()
