# SPDX-License-Identifier: ISC
"""What differs between two runs of one program is taken out of a recording, so that two recordings of
the same state are equal. Each rule says what it is for; nothing else is changed."""
import collections
import functools
import hashlib
import json
import os
import re

LONG = 60000   # a message that is longer is shown in part, with a hash of the whole

# Signatures are made with the keys of one run. The first bytes of one in a result (RFC 6008) are quoted when
# there is a slash in it, and then may stand on the next line.
SPREAD = [(re.compile(pattern), by) for pattern, by in (
    (r"(?:\s|\\t|\\x09)+header\.b=(\"?)[A-Za-z0-9+/=]{8}\1", " header.b=KEYED"),
    (r"(;\s+b=)[A-Za-z0-9+/=\s]{60,}", r"\1KEYED\n"),
)]

RULES = [(re.compile(pattern, re.M), by) for pattern, by in (
    # directories of tempfile
    (r"/(tmp|var/lib)/(gatepost-[a-z]+[.-]|tmp)[a-z0-9_]{8}(?=[/\s.\"':;,)\]]|$)", r"TMP"),
    (r"(_tmp|_var_lib)_(gatepost-[a-z]+[.-]|tmp)[a-z0-9_]{8}(?=_)", "_TMP"),
    (r"gatepost-bad-\d+", "gatepost-bad-PID"),
    # ports that the kernel has chosen (its range is 32768 and up), and those of clients
    (r"(127\.0\.0\.1|evil\.example|\[?::1\]?|localhost|192\.0\.2\.10|198\.51\.100\.66)([:#@ ]|\]:| port |, port )(3[2-9]|[456]\d)\d{3}\b", r"\1\2PORT"),
    (r"\b((?:port|--port)[ =\"':]+)(3[2-9]|[456]\d)\d{3}\b", r"\1PORT"),
    (r"(\binet:\S+:)(3[2-9]|[456]\d)\d{3}\b", r"\1PORT"),
    # process ids
    (r"(/proc/)\d+\b", r"\1PID"),
    (r"\b(pid[\"']?[=: ]+|process |PID |worker |\(pid |kill -\w+ )\d+\b", r"\1PID"),
    (r"\[\d+\]: ", "[PID]: "),
    # times of day and dates, in the forms of syslog, Exim, RFC 5322, ISO 8601; seconds since 1970
    (r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +\d+ [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d ([+-]\d{4}( \([A-Z]+\))?|GMT)", "DATE"),
    (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[ ]?[+-]\d\d:?\d\d)?", "DATE"),
    (r"\b[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d\b", "DATE"),
    (r"\b([01]\d|2[0-3]):[0-5]\d\b(?!:)", "DATE"), (r" {2,}DATE", "  DATE"),  # of today, or of another day: the table is wider then
    (r"(\.damaged-)\d{8}-\d{6}", r"\1DATE"),
    (r"\b1[789]\d{8}(\.\d+)?\b", "UNIXTIME"),
    (r"^(Content-Length: )\d{5,}$", r"\1N"),  # of a page of metrics: times are longer or shorter
    # what a step has taken
    (r"\b([a-z_]*ms)(=|\":)\d+", r"\1\2N"),
    (r"\b\d+(\.\d+)? (ms|us|µs|milliseconds)\b", r"N \2"),
    (r"\bup for \d+ (s|min)( \d+ s)?", "up for N"), (r"\b(\d+ min )?\d+ (s|min) ago\b", "N ago"),
    (r"(the slowest took )N (us|ms)", r"\1N"),
    (r"\bdelays?=[\d./]+", "delay=N"),
    # the instance that gatepost request makes up: process, seconds, nanoseconds
    (r"gatepost-request(\.[0-9a-f]*){1,3}", "gatepost-request.INSTANCE"),
    # queue ids of Exim and Postfix; the number of a message in a maildir
    (r"\bE?[0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4}\b", "QUEUEID"),
    (r"(SMTPS?A? id |queued as |queue_id=|queue_id\"?: ?\"|queue_id=\"|NOQUEUE: |warning: |\[PID\]: |\bid=)[0-9A-F]{6,14}\b", r"\1QUEUEID"),
    (r"(<= \S+ H=.* S=)\d+", r"\1N"),
    (r"<\d{8,}@", "<NUMBER@"), (r"<\d{14}\.[0-9A-F]{8,14}@", "<NUMBER.QUEUEID@"),
    # keys are made anew in each run
    (r"^(\s*\"b\": \")[A-Za-z0-9+/=]{8}\"", r"\1KEYED\""), (r"\bp=[A-Za-z0-9+/=]{40,}", "p=KEYED"),
    (r"\bt=UNIXTIME", "t=UNIXTIME"),
    (r"^(connections +)\d+ (open)", r"\1N \2"),
    (r"(connections, \d+ files, )[\d.]+M", r"\1N"),
    (r"(free again DATE UTC, in )\d+ (h|min|s|d)( \d+ (min|s|h))?", r"\1N"),
    (r"(, room in )\d+ (h|min|s|d)( \d+ (min|s|h))?", r"\1N"), (r"^(answers +50% within ).*", r"\1N"),
    # counters of time and memory, of metrics and of JSON
    (r"^(gatepost\w*_(seconds|bytes)(_sum|_bucket|_max|_total)?(\{[^}]*\})?) [\d.e+-]+", r"\1 N"),
    (r"^(gatepost_connections_open) \d+", r"\1 N"),
    (r"^(process_\w+(\{[^}]*\})?) [\d.e+-]+", r"\1 N"),
    (r"^(\s*\"[a-z0-9_]*(_ms|_us|uptime|uptime_s|seconds|age_s|s_ago|open|for_s|wait_s|device|inode|memory|rss|bytes|started|since|loaded|pid|_time)\": )[\d.]+", r"\1N"),
)]


# instances, and recipients with a number: counted through a whole script, so that a case which takes more or
# less of them shifts all behind it; they are numbered anew in each case, in their order. Where threads take
# them, they have no order.
SERIAL = re.compile(r"(\binstance\W{1,3}|(?=\br\d+@))(i\w*|[0-9a-f]+\.[0-9a-f.]+|r\d+)")
serials = {}
threaded = False


@functools.lru_cache(maxsize=200000)
def line_of(value):
    for rule, by in RULES:
        value = rule.sub(by, value)
    return value


def text(value):
    for rule, by in SPREAD:
        value = rule.sub(by, value)
    value = "\n".join(line_of(line) for line in value.split("\n"))
    return SERIAL.sub(lambda m: m[1] + "#" + ("" if threaded else "%d" % serials.setdefault(m[2], len(serials) + 1)), value)


def address(value):
    if isinstance(value, list):
        return "port %s" % ("PORT" if value[1] >= 32768 else value[1])
    return text(value)


def indented(mark, value):
    return "\n".join(mark + line for line in value.split("\n"))


def spread(value):
    """JSON on lines of its own, in its order, so that one change is one line; how it was written before is
    said in front. Texts of several lines in it are shown as such."""
    try:
        parsed = json.loads(value)
    except ValueError:
        return value
    if not isinstance(parsed, (dict, list)):
        return value
    style = "lines" if "\n" in value.strip() else "spaced" if re.search(r'[^\\]": ', value) else "compact"
    shown = json.dumps(parsed, indent=1, ensure_ascii=False)
    return "JSON, %s:\n%s" % (style, shown.replace("\\n", "\n").replace('\\"', '"'))


def decoded(data):
    # a surrogate or a control character would not survive the way to a file
    shown = data.encode("latin-1").decode("utf-8", "backslashreplace").replace("\r\n", "\n")
    return "".join(c if c.isprintable() or c in "\n\t" else "\\x%02x" % ord(c) for c in shown)


def message(data):
    """One run of bytes of a connection or an output."""
    shown = decoded(data)
    if len(data) > 4000 and not shown.endswith("\n"):  # read in part: how far is a matter of time
        shown = shown.rpartition("\n")[0]
    lines = shown.rstrip("\n").split("\n")
    if shown[:1] in ("{", "["):
        whole = spread(shown)
        shown = whole if whole != shown else "\n".join(spread(line) for line in lines)
    shown = text(shown)
    if len(data) > LONG:
        digest = hashlib.sha256(shown.encode("utf-8", "backslashreplace")).hexdigest()[:16]
        shown = "%s\n... %d characters in all, hash %s" % (shown[:LONG // 10], len(shown), digest)
    return shown


def mail(data):
    """The header of a delivered message whole, its body as a hash."""
    head, _, body = data.replace("\r\n", "\n").partition("\n\n")
    return "%s\n(body %d bytes, %s)" % (text(decoded(head)), len(body), hashlib.sha256(body.encode()).hexdigest()[:16])


# what a mail server says of itself is not ours
OURS = {"postfix-test.log": "NOQUEUE|fatal|policy service|reject:", "/log/main": " action=|reject|gatepost|dlfunc"}


def log(name, data):
    """The lines of a log, each once with its number: threads write them in any order. Counters are written
    at a reload, too, and then tell the moment; those at the end are exact."""
    found = [text(line) for line in decoded(data).split("\n") if line]
    counters = [n for n, line in enumerate(found) if re.search("event\\W{1,3}counters", line)]
    for number in counters[:-1]:
        found[number] = re.sub(r"([=:])\d+", r"\1N", found[number])
    lines = collections.Counter(found)
    ours = next((rule for end, rule in OURS.items() if name.endswith(end)), "")
    lines = {line: n for line, n in lines.items() if re.search(ours, line)}
    return "\n".join(["log " + text(name)] + ["%4d  %s" % (lines[line], line) for line in sorted(lines)])


def journal(data):
    """What gatepost has written, in no order: journald gives fields in any, and lines of one moment, too; its own
    fields, and what systemd says, are left out."""
    found = []
    for line in decoded(data).split("\n"):
        if line[:1] == "{":
            fields = json.loads(line)
            if str(fields.get("_COMM", "")).startswith("gatepost"):
                found.append(" ".join("%s=%r" % (k, fields[k]) for k in sorted(fields) if k[0] != "_" and "TIMESTAMP" not in k))
        elif "level=" in line:
            found.append(line[line.index("level="):])
    return sorted(text(line) for line in found)


def talk(row):
    lines = ["connection to " + address(row["peer"])]
    for mark, data in row["runs"]:
        if data.startswith("BDAT "):  # a message in pieces, which may be signed: the tests' own
            data = data.partition("\n")[0]
        lines += ["%s %s" % (mark, line) for line in message(data).split("\n")] if data else [mark]
    return lines if row["runs"] else []


def command(row):
    # of a command in a throwaway machine (systemd_machine.py), what is run there
    words = row["words"][row["words"].index("LC_ALL=C.UTF-8") + 1 if row["words"][0] == "nsenter" else 0:]
    words = [text(decoded(w.encode("utf-8", "surrogateescape").decode("latin-1"))) for w in words]
    lines = ["command " + " ".join(w if re.fullmatch(r"[\w@%+=:,./<>-]+", w) else repr(w) for w in words)]
    if "journalctl" in row["words"]:
        return lines + journal(row["said"]["out"])
    for name, data in row["said"].items():
        lines += ["%s| %s" % (name, line) for line in message(data).rstrip("\n").split("\n")] if data else []
    return lines + ["exit %s" % row["code"]]


def delivered(row):
    return [row["how"]] + ["| " + line for line in mail(row["data"]).split("\n")]


SHOW = {
    "talk": talk, "command": command, "message": delivered,
    "refused": lambda row: ["connection to %s: %s" % (address(row["peer"]), row["error"])],
}


def rows(found):
    return [line for row in found for line in SHOW[row["kind"]](row)]


def exchanges(row):
    """A conversation in its questions and answers, each a block of lines; other rows are one block."""
    if row["kind"] != "talk":
        return ["\n".join(SHOW[row["kind"]](row))]
    pairs = []
    for mark, data in row["runs"]:
        if mark == ">" or not pairs:
            pairs.append([])
        pairs[-1].append([mark, data])
    return ["\n".join(talk(dict(row, runs=pair))) for pair in pairs]


def case(recorded):
    """All that was noted of a case, in lines."""
    global threaded
    serials.clear()
    threaded = any(recorded["others"])
    lines = ["outcome: " + text(recorded["outcome"])] + rows(recorded["own"])
    # threads of one test come to their turn in any order: what they say is counted
    said = collections.Counter(block for found in recorded["others"] for row in found for block in exchanges(row))
    for block in sorted(said):
        lines += ["threads, times %d" % said[block]] + block.split("\n")
    for block in sorted(log(name, data) for name, data in recorded["logs"]):
        lines += block.split("\n")
    return lines


def uncounted(lines):
    """The same without how often, in no order: for cases that go on for a time, and not for a number."""
    return sorted({re.sub(r"\d+", "N", line).lstrip() for line in lines if line != "closed"})
