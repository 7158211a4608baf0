# SPDX-License-Identifier: ISC
"""conf-examples/monitoring and gatepost(8) speak of the numbers that the daemon really gives, and
Prometheus' own checker has nothing to say against any of it."""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import exposition  # noqa: E402
import promtool  # noqa: E402
import world  # noqa: E402
from world import equal, holds  # noqa: E402

FOLDER = "conf-examples/monitoring/"
RULES, DASHBOARD = FOLDER + "prometheus-rules.yml", FOLDER + "grafana-dashboard.json"
NAME = re.compile(r"\bgatepost_[a-z0-9_]+\b")


def real_text():
    """The page of a daemon that has all families: a server as store that is away, and a local one."""
    d = world.Policyd('hostname = "mx.test"\nlimit hourly { key = user  count = recipients  max = 9  per = 1h }\n'
                      'store { uri = {"redis://127.0.0.1:1"}  on_failure = local  local_path = "FOLDER/local" }\n'
                      'dns { servers = {"127.0.0.1:9"} }\npolicyd { listen = {"SOCKET"}  user = "USER" }\n'
                      .replace("FOLDER", "/tmp/gatepost-monitoring-%d" % os.getpid()))
    try:
        world.ask(d.connect(), client_address="192.0.2.1", sasl_username="alice", recipient="r@x.test",
                  sender="x@a.test", instance="i.1")
        return d.control("metrics")["text"]
    finally:
        d.close()
        world.shutil.rmtree("/tmp/gatepost-monitoring-%d" % os.getpid(), ignore_errors=True)


def names_of(page):
    """What a query may ask for."""
    return set(page.types) | {name for name, _ in page.samples}


def expressions(value):
    """Every query of the dashboard, the variables' among them."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("expr", "query") and isinstance(inner, str) and inner != "prometheus":
                yield inner
            else:
                yield from expressions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from expressions(inner)


def labels_in(query):
    """(name, label) of each selector and each grouping around a single metric."""
    for name, inside in re.findall(r"(gatepost_\w+)\{([^}]*)\}", query):
        for label in re.findall(r"(\w+)\s*[=!]", inside):
            yield name, label
    for labels, name in re.findall(r"by \(([^)]*)\) \((?:rate|increase)\((gatepost_\w+)", query):
        for label in re.findall(r"\w+", labels):
            yield name, label


def check_queries(page, queries):
    known, used, problems = names_of(page), set(), []
    of = {}
    for name, labels in page.samples:
        of.setdefault(name, {"job", "instance"}).update(key for key, _ in labels)
    for query in queries:
        for name in NAME.findall(query):
            used.add(name)
            if name not in known:
                problems.append("%s is no metric: %s" % (name, query))
        problems += ["%s has no label %s: %s" % (name, label, query) for name, label in labels_in(query)
                     if name in of and label not in of[name]]
    assert not problems, "\n".join(problems)
    return used


def dashboard(page):
    """the dashboard is one, asks for metrics and labels that exist, and shows every family"""
    with open(DASHBOARD) as f:
        board = json.load(f)
    assert board["schemaVersion"] >= 36 and board["title"] == "gatepost" and not board.get("id")
    numbers = [p["id"] for p in board["panels"]]
    equal(len(numbers), len(set(numbers)))
    places = set()
    for p in board["panels"]:
        g = p["gridPos"]
        assert g["x"] + g["w"] <= 24, p["title"]
        for x in range(g["x"], g["x"] + g["w"]):
            for y in range(g["y"], g["y"] + g["h"]):
                assert (x, y) not in places, "%s lies on another panel" % p["title"]
                places.add((x, y))
        for t in p.get("targets", []):
            equal(t["datasource"]["uid"], "${datasource}")
    used = check_queries(page, list(expressions(board)))
    parts = {f + s for f in page.types for s in ("_bucket", "_sum", "_count")}
    shown = {re.sub(r"_(bucket|sum|count)$", "", n) if n in parts else n for n in used}
    equal(sorted(set(page.types) - shown), [])


def read_alerts():
    """The rules as key and value; of YAML only what that file uses."""
    with open(RULES) as f:
        blocks = re.split(r"^ *- alert: ", f.read(), flags=re.M)[1:]
    alerts = []
    for block in blocks:
        first, rest = block.split("\n", 1)
        alert, key = {"alert": first}, None
        for line in rest.splitlines():
            found = re.match(r"^ {8,10}(\w+): ?(.*)$", line)
            if found:
                key = found.group(1)
                alert[key] = found.group(2).replace(">-", "").strip('"')
            elif key and line.strip() and not line.lstrip().startswith("- name"):
                alert[key] += " " + line.strip()
        alerts.append(alert)
    return alerts


def rules(page):
    """the alert rules ask for metrics and labels that exist, and each says what to do"""
    alerts = read_alerts()
    assert len(alerts) >= 15, alerts
    check_queries(page, [a["expr"] for a in alerts])
    for a in alerts:
        assert a["severity"] in ("info", "warning", "critical"), a
        assert len(a["summary"]) > 20 and len(a["description"]) > 60, a["alert"]


def manual(page):
    """gatepost(8) lists every family with its help, and none that is not there"""
    with open("man/gatepost.8") as f:
        text = f.read()
    listed = dict(re.findall(r"^\.It Li (gatepost_\w+)(?: Pq .*)?\n((?:[^.].*\n)+)", text, re.M))
    equal(sorted(set(page.types) ^ set(listed)), [])
    for name, words in listed.items():
        equal((name, " ".join(words.split())), (name, page.helps[name]))
    for name, labels in re.findall(r"^\.It Li (gatepost_\w+) Pq (.*)$", text, re.M):
        real = {key for (n, own) in page.samples for key, _ in own
                if n in (name, name + "_bucket") and key != "le"}
        equal((name, set(labels.split(", "))), (name, real))


def help_texts(page):
    """every help ends as a sentence; counters end in _total, and times in seconds say so"""
    for name, text in page.helps.items():
        assert text.endswith(".") and len(text) > 10, name
        equal((name, page.types[name] == "counter"), (name, name.endswith("_total")))
        assert page.types[name] != "histogram" or name.endswith("_seconds"), name


def run_promtool(*arguments, **options):
    try:
        tool = promtool.find()
    except promtool.Unavailable as reason:
        raise world.Skip(str(reason)) from None
    done = subprocess.run([tool] + list(arguments), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=300, **options)
    assert done.returncode == 0, done.stdout
    return done.stdout


def tool_metrics(text):
    """promtool check metrics: nothing to say about the page"""
    equal(run_promtool("check", "metrics", input=text).strip(), "")


def tool_config():
    """promtool check config: the part of prometheus.yml with its rules"""
    holds(run_promtool("check", "config", FOLDER + "prometheus.yml"), "rules found")


def tool_rules():
    """promtool test rules: silent on a quiet day, each alert raised on a bad one"""
    holds(run_promtool("test", "rules", "tests/data/monitoring-rules-test.yml"), "SUCCESS")


def main():
    tap = world.Tap()
    try:
        text = real_text()
    except AssertionError as error:
        if "without Redis" not in str(error):
            raise
        tap.skip_all("built without Redis: a part of the families cannot be had")
    page = exposition.Page(text)
    for test in (dashboard, rules, manual, help_texts):
        tap.run(test, page)
    tap.run(tool_metrics, text)
    tap.run(tool_config)
    tap.run(tool_rules)
    tap.finish()


main()
