# SPDX-License-Identifier: ISC
"""A strict reader of Prometheus' text form 0.0.4, for tests of the metrics.

    page = exposition.Page(text)       raises AssertionError for whatever is not as it has to be
    page.types["gatepost_requests_total"]; page.value("gatepost_requests_total", stage="RCPT")
"""
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(r"^(%s)(?:\{(.*)\})? (\S+)$" % NAME)
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(?:,(?=.)|$)')
NUMBER = re.compile(r"^(?:[0-9]+(?:\.[0-9]+)?|\+Inf)$")  # ours are never negative


def read_labels(text):
    labels, at = {}, 0
    while at < len(text):
        found = LABEL.match(text, at)
        assert found, "labels %r" % text
        assert found.group(1) not in labels, "label twice: %r" % text
        labels[found.group(1)] = re.sub(r"\\(.)", lambda m: "\n" if m.group(1) == "n" else m.group(1),
                                        found.group(2))
        at = found.end()
    return labels


class Page:
    def __init__(self, text):
        self.types, self.helps, self.samples = {}, {}, {}
        self.family = None
        assert text.endswith("\n") and "\r" not in text and text.isascii(), "lines"
        for line in text[:-1].split("\n"):
            assert line, "an empty line"
            self._comment(line) if line.startswith("#") else self._sample(line)
        assert set(self.types) == set(self.helps)
        self._check_histograms()

    def _comment(self, line):
        kind, name, rest = re.match(r"^# (HELP|TYPE) (%s) (.+)$" % NAME, line).groups()
        if kind == "HELP":
            assert name not in self.helps, "HELP twice: " + name
            self.helps[name] = rest
            self.family = None
            return
        assert name in self.helps and name not in self.types, "TYPE without HELP, or twice: " + name
        assert rest in ("counter", "gauge", "histogram"), line
        self.types[name] = rest
        self.family = name

    def _sample(self, line):
        name, labels, value = SAMPLE.match(line).groups()
        assert NUMBER.match(value), line
        base = name
        if self.types.get(self.family) == "histogram":
            base = re.sub(r"_(bucket|sum|count)$", "", name)
            assert base != name, "no part of a histogram: " + line
        assert base == self.family, "%s under %s" % (line, self.family)
        key = (name, tuple(sorted(read_labels(labels or "").items())))
        assert key not in self.samples, "twice: " + line
        self.samples[key] = float(value)

    def _check_histograms(self):
        for family in (f for f, kind in self.types.items() if kind == "histogram"):
            groups = {}
            for (name, labels), value in self.samples.items():
                if name == family + "_bucket":
                    rest = tuple(l for l in labels if l[0] != "le")
                    groups.setdefault(rest, []).append((float(dict(labels)["le"]), value))
            assert groups, family + " has no buckets"
            for labels, buckets in groups.items():
                assert buckets == sorted(buckets), "%s%r: bounds are not in order" % (family, labels)
                counts = [count for _, count in buckets]
                assert counts == sorted(counts), "%s%r: buckets do not add up" % (family, labels)
                assert buckets[-1][0] == float("inf")
                assert counts[-1] == self.samples[(family + "_count", labels)]
                assert (family + "_sum", labels) in self.samples

    def value(self, name, **labels):
        return self.samples[(name, tuple(sorted(labels.items())))]

    def sum(self, name, **labels):
        """Of all samples that have these labels."""
        return sum(v for (n, own), v in self.samples.items()
                   if n == name and set(labels.items()) <= set(own))

    def series(self):
        return set(self.samples)

    def counters(self):
        """Everything that may not go back."""
        return {key: v for key, v in self.samples.items()
                if self.types.get(key[0]) == "counter" or re.search(r"_(bucket|count|sum)$", key[0])}
