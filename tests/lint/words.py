# SPDX-License-Identifier: ISC
"""Words that texts for people do not use, and what to write in their place.

Texts are comments and strings of the product, manuals, examples and what lies beside them. A row is a
pattern (a blank stands for any gap: blanks, line ends, the start of the next comment line, two quotes),
what to write, and a text that has it, by which the lint shows that it finds it.
"""
import glob
import os
import re

UNITS = r"(?:second|minute|hour|day|decision|signature|request|message|recipient|connection|process|check|step)"
WORDS = (
    (r"(?<!Junk\s)folders?(?!\s+Junk)", "directory", "the folder is full"),
    (r"whoever", "the program, user or caller that is meant", "read by whoever asks"),
    (r"loudly", "what is done: logged as an error, shown as WARNING", "status says so loudly"),
    (r"look-ups?", "lookup", "ten look-ups"),
    (r"time-outs?", "timeout", "after the time-out"),
    (r"fall-backs?", "fallback", "a fall-back"),
    (r"hand-shakes?", "handshake", "the TLS hand-shake"),
    (r"clean-ups?", "cleanup", "a clean-up"),
    (r"(?:lower|upper)-case", "lower case, upper case", "names in lower-case"),
    (r"small letters", "lower case", "in small letters"),
    (r"(?:that|which) (?:is|are) his", "of its own, that it owns", "a directory that is his"),
    (r"(?:is|are|was|were) away", "is unavailable, is not running", "while the store is away"),
    (r"(?:stands?|stood|standing) still", "hangs; of a clock: does not advance", "should it stand still"),
    (r"g(?:ive|ives|iven|ave|iving) back", "release, return", "recipients are given back"),
    (r"had (?:done|refused|rejected|deferred)", "would have done", "what enforce had done"),
    (r"(?:lines?|results?|rows?|warnings?|quer(?:y|ies)|questions?|words?|requests|messages|recipients|mails|"
     r"octets|bytes) an? " + UNITS, "per", "one line a decision"),
    (r"(?:for|to|of|from) who(?= (?:asks|wants|has|needs|reads|decodes|ends|knows|listens|does))",
     "the caller, the program, the user", "for who wants it"),
    (r"questions? to DNS", "DNS queries", "questions to DNS"),
    (r"troubles? of our own", "a local problem", "for trouble of our own"),
    (r"nought", "0", "counts from nought"),
    (r"liberties", "deviations", "two liberties"),
    (r"good-bye", "close_notify, the end of the connection", "without a good-bye"),
)
GAP = r'''(?:\s|\n[ \t]*(?:\*|\#|\.\\")|"\s*\n\s*")+'''
ROWS = [(re.compile(r"(?<![\w-])(?:%s)(?![\w-])" % pattern.replace(" ", GAP), re.I), instead)
        for pattern, instead, _ in WORDS]
TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|/\*.*?\*/', re.S)
DOCUMENTS = ("README", "ARCHITECTURE", "CONTRIBUTING", "NEWS", "SECURITY", "man/*", "conf-examples/**",
             "debian/*.README.Debian", "rpm/README")


def documents(root="."):
    return sorted({path for pattern in DOCUMENTS for path in glob.glob(os.path.join(root, pattern), recursive=True)
                   if os.path.isfile(path)})


def texts_of(path, text):
    """What people read of a file: of C its comments and strings, in their lines; all else becomes no word."""
    if not path.endswith((".c", ".h")):
        return re.sub(r"^(\.(?:It|Sh|Ss)\b.*)$", "\\1\x01", text, flags=re.M)  # a heading ends its sentence
    kept, end = [], 0
    for m in TOKEN.finditer(text):
        kept += [re.sub(r"\S", "\x01", text[end:m.start()]), m.group()]
        end = m.end()
    return "".join(kept)


def found(path, text):
    """(line, the words, what to write) of each."""
    seen = texts_of(path, text)
    return [(seen.count("\n", 0, m.start()) + 1, re.sub(GAP, " ", m.group()), instead)
            for row, instead in ROWS for m in row.finditer(seen)]
