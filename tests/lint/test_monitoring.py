# SPDX-License-Identifier: ISC
"""conf-examples/monitoring and gatepost(8) speak of the numbers that the daemon really gives, and
Prometheus' own checker has nothing to say against any of it."""
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import dnsd  # noqa: E402
import exposition  # noqa: E402
import promtool  # noqa: E402
import world  # noqa: E402
from world import equal, holds  # noqa: E402

FOLDER = "conf-examples/monitoring/"
RULES, DASHBOARD = FOLDER + "prometheus-rules.yml", FOLDER + "grafana-dashboard.json"
NAME = re.compile(r"\bgatepost_[a-z0-9_]+\b")


def greylist_text():
    """The families of greylisting, which a thread of its own reads from a store that works."""
    d = world.Policyd('hostname = "mx.test"\ngreylist { mode = label }\nstore { uri = {"STORE"} }\n'
                      'dns { servers = {"127.0.0.1:9"} }\npolicyd { listen = {"SOCKET"}  user = "USER" }\n')

    def families():
        text = d.control("metrics")["text"]
        return "".join(re.findall(r"^(?:# (?:HELP|TYPE) )?gatepost_greylist_.*\n", text, re.M))
    try:
        return world.wait_for(families, "figures of greylisting")
    finally:
        d.close()


LISTS = """dnsbl { mode = label }
list "bl.example" { codes = {"127.0.0.2 = 1"}  tests = {"127.0.0.2 listed"} }
list "broken.example" { codes = {"127.0.0.2 = 1"}  tests = {"127.0.0.2 listed"} }
"""
LISTED = {"A": ["127.0.0.2"]}


def real_text():
    """The page of a daemon that has all families: a server as store that is unavailable, and a local one;
    a DNS list with a hit, and one that fails its tests."""
    server = dnsd.Server({"2.0.0.127.bl.example": LISTED, "5.113.0.203.bl.example": LISTED})
    text = ('hostname = "mx.test"\nlimit hourly { key = user  count = recipients  max = 9  per = 1h }\n'
            'store { uri = {"redis://127.0.0.1:1"}  on_failure = local  local_path = "FOLDER/local" }\n'
            'dns { servers = {"127.0.0.1:DNSPORT"} }\npolicyd { listen = {"SOCKET"}  user = "USER" }\n' + LISTS)
    d = world.Policyd(text.replace("FOLDER", "/tmp/gatepost-monitoring-%d" % os.getpid()).replace("DNSPORT", str(server.port)))
    try:
        world.wait_for(lambda: 'gatepost_list_state{list="bl.example",state="ok"} 1\n' in d.control("metrics")["text"],
                       "the tests of lists")
        world.ask(d.connect(), client_address="203.0.113.5", helo_name="h.test", recipient="r@x.test", sender="x@a.test",
                  instance="l.1")
        world.ask(d.connect(), client_address="192.0.2.1", sasl_username="alice", recipient="r@x.test",
                  sender="x@a.test", instance="i.1")
        return d.control("metrics")["text"] + greylist_text()
    finally:
        d.close()
        server.close()
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


# Grafana's names of units (packages/grafana-data/src/valueFormats), by what they are for: one that it does
# not know is printed behind the value, which nobody would notice here.
RATES = {"reqps", "ops", "cps", "Bps"}
COUNTS = {"none", "short", "bytes"}
UNITS = RATES | COUNTS | {"s", "percentunit"}
TYPES = {"row", "stat", "timeseries", "heatmap"}
OVERVIEW = ["Requests", "Refusals", "Limits hit", "DNS trouble", "Latency p50", "Latency p99"]


def unit_of(panel):
    return panel["fieldConfig"]["defaults"]["unit"]


def kind_of(query):
    """What the values of a query are."""
    if query.startswith("histogram_quantile("):
        return "time"
    if " / " in query:
        return "share"
    if "rate(" in query:
        return "cpu" if "_cpu_seconds_total" in query else "rate"
    if "_seconds" in query and "increase(" not in query:
        return "time"
    return "count"


def problems_of(panel):
    """What an operator would stumble over in one panel."""
    kinds = {kind_of(t["expr"]) for t in panel["targets"]}
    allowed = {"rate": RATES, "count": COUNTS, "time": {"s"}, "share": {"percentunit"}, "cpu": {"percentunit"}}
    if len(kinds) != 1:
        yield "mixes " + " and ".join(sorted(kinds))
    elif unit_of(panel) not in allowed[min(kinds)]:
        yield "shows a %s in %s" % (min(kinds), unit_of(panel))
    if panel["type"] == "timeseries" and not all(t["legendFormat"] for t in panel["targets"]):
        yield "has a line without a name"
    if len(panel.get("description", "")) < 10 or not panel["description"].endswith("."):
        yield "does not say what it shows"
    if len({t["refId"] for t in panel["targets"]}) != len(panel["targets"]):
        yield "has two queries of one name"


def load_dashboard():
    with open(DASHBOARD) as f:
        return json.load(f)


def check_places(panels):
    """Twenty-four columns, no panel on another, in the order of the file, rows over the whole width."""
    places, last = set(), (-1, -1)
    for p in panels:
        g = p["gridPos"]
        equal(set(g), {"x", "y", "w", "h"})
        assert (g["y"], g["x"]) > last and g["x"] + g["w"] <= 24 and g["h"] > 0, p["title"]
        last = (g["y"], g["x"])
        assert p["type"] != "row" or (g["x"], g["w"], g["h"], p["collapsed"]) == (0, 24, 1, False), p["title"]
        for x in range(g["x"], g["x"] + g["w"]):
            for y in range(g["y"], g["y"] + g["h"]):
                assert (x, y) not in places, "%s lies on another panel" % p["title"]
                places.add((x, y))


def dashboard(page):
    """the dashboard is one, asks for metrics and labels that exist, and shows every family"""
    board = load_dashboard()
    assert board["schemaVersion"] >= 36 and board["title"] == "gatepost" and not board.get("id")
    numbers = [p["id"] for p in board["panels"]]
    equal(len(numbers), len(set(numbers)))
    equal({p["type"] for p in board["panels"]} - TYPES, set())
    check_places(board["panels"])
    for p in board["panels"]:
        for t in p.get("targets", []):
            equal(t["datasource"]["uid"], "${datasource}")
    used = check_queries(page, list(expressions(board)))
    parts = {f + s for f in page.types for s in ("_bucket", "_sum", "_count")}
    shown = {re.sub(r"_(bucket|sum|count)$", "", n) if n in parts else n for n in used}
    equal(sorted(set(page.types) - shown), [])


def panels(page):
    """the overview comes first; every panel has a unit that fits, and none mixes counts and rates"""
    found = load_dashboard()["panels"]
    equal((found[0]["type"], found[0]["title"]), ("row", "Overview"))
    equal([p["title"] for p in found[1:1 + len(OVERVIEW)]], OVERVIEW)
    equal(found[1 + len(OVERVIEW)]["type"], "row")
    told = [p for p in found if p["type"] != "row"]
    equal({unit_of(p) for p in told} - UNITS, set())
    equal([(p["title"], problem) for p in told for problem in problems_of(p)], [])
    within = [(row, p["title"]) for row, p in in_rows(found)]
    equal(len(within), len(set(within)))


def in_rows(found):
    """Each panel with the title of its row."""
    row = None
    for p in found:
        if p["type"] == "row":
            row = p["title"]
        else:
            yield row, p


def seen(page):
    """a panel that mixes, or has a unit that does not fit, is found"""
    target = {"refId": "A", "legendFormat": "x"}
    for queries, unit, word in ((["sum(rate(gatepost_x_total[5m]))", "gatepost_y"], "reqps", "mixes"),
                                (["gatepost_y"], "reqps", "shows a count"),
                                (["sum(rate(gatepost_x_total[5m]))"], "short", "shows a rate"),
                                (["gatepost_y_seconds"], "short", "shows a time")):
        panel = {"type": "stat", "description": "What it shows.", "fieldConfig": {"defaults": {"unit": unit}},
                 "targets": [dict(target, refId=str(n), expr=q) for n, q in enumerate(queries)]}
        holds(" ".join(problems_of(panel)), word)


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


def tool_dashboard():
    """promtool check rules: every query of the dashboard is one"""
    queries = sorted(set(q for q in expressions(load_dashboard()) if not q.startswith("label_values(")))
    rules = [{"record": "dashboard:query_%d" % n, "expr": re.sub(r"\$(job|instance)\b", ".*", q)
              .replace("$__rate_interval", "5m")} for n, q in enumerate(queries)]
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as f:
        json.dump({"groups": [{"name": "dashboard", "rules": rules}]}, f)  # which YAML is, too
        f.flush()
        holds(run_promtool("check", "rules", f.name), "%d rules found" % len(rules))


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
    for test in (dashboard, panels, seen, rules, manual, help_texts):
        tap.run(test, page)
    tap.run(tool_metrics, text)
    tap.run(tool_config)
    tap.run(tool_dashboard)
    tap.run(tool_rules)
    tap.finish()


main()
