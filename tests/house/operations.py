#!/usr/bin/env python3
"""What an operator is given fits the program:  operations.py RULE ROOT

alerts     promtool accepts rules and configuration, and the rules' own cases pass; each alert has a
           case, a severity and a runbook, each runbook an alert
names      each metric that alerts, dashboards and documentation name exists in the program, and each
           of the program's stands in docs/operations.md
dashboards they parse, ask the provisioned source, and say of each panel what it shows

Prints what is wrong, one a line, and exits 1 when there is any.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

PROMETHEUS = "docker/prometheus"
DASHBOARDS = "docker/grafana/dashboards"
RUNBOOKS = "docs/runbooks"
# Names that begin like a metric's and are none.
NO_METRICS = {"lensart_replay", "lensart_notices", "lensart_token", "lensart_2", "lensart_migrator",
              "lensart_writer", "lensart_reader"}
SERIES = ("_bucket", "_sum", "_count")  # of a histogram


def text(root, name):
    return (root / name).read_text(encoding="utf-8")


def pages(root):
    return sorted(p.name for p in (root / RUNBOOKS).glob("*.md") if p.name != "README.md")


def promtool(root, *arguments):
    done = subprocess.run(["promtool", *arguments], cwd=root / PROMETHEUS, check=False,
                          capture_output=True, text=True)
    if done.returncode != 0:
        yield f"promtool {' '.join(arguments)}: {done.stdout}{done.stderr}"


def described_alerts(root):
    """(name, severity, runbook) of each alert, in order."""
    for part in text(root, f"{PROMETHEUS}/alerts.yml").split("- alert: ")[1:]:
        severity = re.search(r"severity: (\w+)", part)
        runbook = re.search(r"runbook_url: (\S+)", part)
        yield (part.split("\n", 1)[0].strip(), severity.group(1) if severity else "",
               runbook.group(1) if runbook else "")


def alerts(root):
    yield from promtool(root, "check", "rules", "alerts.yml")
    yield from promtool(root, "check", "config", "prometheus.yml")
    yield from promtool(root, "test", "rules", "alerts_test.yml")
    cases = text(root, f"{PROMETHEUS}/alerts_test.yml")
    index = text(root, f"{RUNBOOKS}/README.md")
    linked = set()
    for name, severity, runbook in described_alerts(root):
        linked.add(runbook)
        if severity not in ("page", "ticket"):
            yield f"{name}: severity is page or ticket, not '{severity}'"
        if not re.search(rf"alertname: {name}\n *exp_alerts:\n *- exp_labels", cases):
            yield f"{name}: alerts_test.yml has no case in which it fires"
        if not (root / runbook).is_file() or not runbook.startswith(RUNBOOKS + "/"):
            yield f"{name}: its runbook '{runbook}' is no page of {RUNBOOKS}"
            continue
        page = text(root, runbook)
        if not page.startswith(f"# {name}\n"):
            yield f"{runbook}: the heading is not '# {name}'"
        for heading in ("What it means", "How to look", "What to do", "Whom to wake"):
            if f"\n## {heading}\n" not in page:
                yield f"{runbook}: nothing under '## {heading}'"
        short = Path(runbook).stem
        if f"| {name} | {severity} | [{short}]({short}.md) |" not in index:
            yield f"{RUNBOOKS}/README.md: no row of {name}, {severity}, {short}"
    for page in pages(root):
        if f"{RUNBOOKS}/{page}" not in linked:
            yield f"{RUNBOOKS}/{page}: no alert links it"


def metrics_of_program(root):
    names = set()
    for source in (root / "apps").rglob("*.cpp"):
        names |= set(re.findall(r'"(lensart_[a-z0-9_]+)"', source.read_text(encoding="utf-8")))
    return names - NO_METRICS


def names(root):
    known = metrics_of_program(root)
    functions = set()
    for migration in (root / "sql/migrations").glob("*.sql"):
        functions |= set(re.findall(r"\b(lensart_\w+) *\(", migration.read_text(encoding="utf-8")))
    allowed = known | functions | NO_METRICS | {n + s for n in known for s in SERIES}
    places = [f"{PROMETHEUS}/{n}" for n in ("alerts.yml", "alerts_test.yml", "prometheus.yml")]
    places += [f"{DASHBOARDS}/{p.name}" for p in (root / DASHBOARDS).glob("*.json")]
    places += [f"{RUNBOOKS}/{page}" for page in pages(root)]
    places += ["docs/operations.md", "docs/contract.md"]
    for place in places:
        for number, line in enumerate(text(root, place).split("\n"), 1):
            for name in re.findall(r"\blensart_[a-z0-9_]*[a-z0-9]", line):
                if name not in allowed:
                    yield f"{place}:{number}: the program has no {name}"
    page = text(root, "docs/operations.md")
    for name in sorted(known):
        if not re.search(rf"`{name}[`{{]", page):
            yield f"docs/operations.md: {name} is missing under Metrics"


def dashboards(root):
    source = text(root, "docker/grafana/provisioning/datasources/prometheus.yml")
    uid = re.search(r"uid: (\S+)", source).group(1)
    seen = {}
    for path in sorted((root / DASHBOARDS).glob("*.json")):
        board = json.loads(path.read_text(encoding="utf-8"))
        name = f"{DASHBOARDS}/{path.name}"
        if seen.setdefault(board["uid"], name) != name:
            yield f"{name}: has the uid of {seen[board['uid']]}"
        ids = [panel["id"] for panel in board["panels"]]
        if len(ids) != len(set(ids)):
            yield f"{name}: two panels have one id"
        for panel in board["panels"]:
            if panel["type"] == "row":
                continue
            if not panel.get("description"):
                yield f"{name}: panel '{panel['title']}' does not say what it shows"
            for target in panel["targets"]:
                if target["datasource"]["uid"] != uid:
                    yield f"{name}: panel '{panel['title']}' asks another source than '{uid}'"
    if not seen:
        yield f"{DASHBOARDS}: there are none"


RULES = {rule.__name__: rule for rule in (alerts, names, dashboards)}


def main(arguments):
    if len(arguments) < 2 or arguments[0] not in RULES:
        print(__doc__, file=sys.stderr)
        return 64
    findings = list(RULES[arguments[0]](Path(arguments[1])))
    print("\n".join(findings or [f"{arguments[0]}: nothing to say"]))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
