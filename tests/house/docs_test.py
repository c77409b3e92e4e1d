#!/usr/bin/env python3
"""The checks of the documentation find what they are for, and leave the innocent alone."""

import json
import subprocess
import tempfile
import unittest
from pathlib import Path

import docs

PROGRAM = """#!/bin/sh
case "$*" in
  --help) echo 'Options: --config FILE' ;;
  'run --help') echo 'Usage: lensart run [OPTIONS]
  --until-end  Stop' ;;
  'dlq list --help') echo 'Usage: lensart dlq list [OPTIONS]
  --code  Of this rule' ;;
  'check --keys --json') echo '[{"key": "kafka.brokers", "environment": "LENSART_KAFKA_BROKERS"},
    {"key": "kafka.properties", "environment": "LENSART_KAFKA_PROPERTIES"},
    {"key": "nodes.NAME.lanes", "environment": "LENSART_NODES_NAME_LANES"}]' ;;
  'dlq --help') echo 'Usage: lensart dlq [OPTIONS] SUBCOMMAND
Subcommands:
  list' ;;
  *--help) echo 'Usage: lensart [OPTIONS] SUBCOMMAND' ;;
  *) exit 64 ;;
esac
"""


class DocsTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.root = Path(self.directory.name)
        subprocess.run(["git", "init", "-q", self.root], check=True)
        self.given("build/lensart", PROGRAM, 0o755)
        self.given(".gitignore", "build/\n")

    def given(self, name, text, mode=0o644):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)

    def found(self, rule, page):
        self.given("docs/page.md", page)
        tree = docs.Docs(self.root, str(self.root / "build/lensart"))
        return [finding.split(": ", 1)[1] for finding in docs.RULES[rule](tree)]

    def test_commands_and_options_that_are_not_there(self):
        page = """Say `lensart fly` or `lensart run --until-noon`.
```
A=b sudo lensart run --until-end   # --nonsense in a comment
lensart --config x.toml dlq list --code bad_price --colour | grep --only x
lensart run \\
  --sideways
build/dev/lensart run --until-end && lensart swim
lensart dlq sink
```
"""
        self.assertEqual(self.found("commands", page), [
            "the program has no `lensart fly`",
            "`lensart run --until-noon`: there is no --until-noon",
            "`lensart --config x.toml dlq list --code bad_price --colour | grep --only x`: "
            "there is no --colour",
            "`lensart run --sideways`: there is no --sideways",
            "the program has no `lensart swim`",
            "the program has no `lensart dlq sink`"])

    def test_what_is_planned_is_not_looked_at(self):
        self.assertEqual(self.found("commands", "`lensart fly` *(planned)*\n"), [])

    def test_scripts_and_their_options(self):
        self.given("scripts/go.sh", "#!/bin/sh\ncase $1 in --fast) ;; esac\n", 0o755)
        page = ("`scripts/go.sh --fast`, `scripts/go.sh --slow`, `scripts/gone.sh`\n"
                "`scripts/go.sh --fast -- other --slow`\n")
        self.assertEqual(self.found("scripts", page),
                         ["scripts/go.sh has no --slow", "there is no scripts/gone.sh"])

    def test_settings_in_blocks_and_in_the_text(self):
        page = """`kafka.brokers`, `kafka.brokerz`, `nodes.parse.lanes`, `nodes.parse.width`, `kafka.cpp`
```toml
[kafka]
group = "x"
[kafka.properties]
"sasl.password" = "x"
```
```
lensart run --set kafka.broker=x
```
"""
        self.assertEqual(self.found("settings", page), [
            "there is no key kafka.group", "there is no key kafka.brokerz",
            "there is no key nodes.parse.width", "there is no key kafka.broker"])

    def test_variables_ports_names_alerts_and_paths(self):
        self.given("tests/y.cpp", "9999\n")
        self.given("scripts/x.sh", "LENSART_OWN=1 port=9092 lensart_up\n")
        self.given("docker/prometheus/alerts.yml", "- alert: LensartDown\n")
        self.given("apps/api/openapi.json", json.dumps({"paths": {"/api/v1/orders/{id}": {}}}))
        self.assertEqual(
            self.found("variables", "`LENSART_KAFKA_BROKERS` `LENSART_OWN` `LENSART_NO_SUCH`\n"),
            ["nothing reads LENSART_NO_SUCH"])
        self.assertEqual(self.found("ports", "localhost:9092, http://127.0.0.1:9999/\n"),
                         ["nothing has port 9999"])
        self.assertEqual(self.found("names", "`lensart_up`, `lensart_up_bucket`, `lensart_down`\n"),
                         ["nothing is called lensart_down"])
        self.assertEqual(self.found("alerts", "LensartDown and LensartSad\n"),
                         ["there is no alert LensartSad"])
        self.assertEqual(self.found("paths", "`/api/v1/orders/12`, `/api/v1/nothing`\n"),
                         ["there is no /api/v1/nothing"])


if __name__ == "__main__":
    unittest.main()
