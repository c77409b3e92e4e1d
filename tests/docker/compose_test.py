#!/usr/bin/env python3
"""The checks of the Compose files find what they are for:  compose_test.py ROOT PROGRAM COMPOSE"""

import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import compose
from composition import Composition

READ = ("docker", ".dockerignore", ".gitignore", "CMakeLists.txt", "CMakePresets.json", "apps", "cmake",
        "graph", "nodes", "scripts/packages.txt", "scripts/lib/common.sh", "sql", "storage")

# rule, file, what is there, what stands there instead, what has to be said of it
MISTAKES = [
    ("parsing", "compose.yaml", ":?run docker/prepare.sh}", ":-x}",
     "it does not say: run docker/prepare.sh"),
    ("parsing", "compose.yaml", "  kafka-ui:\n", "  kafka-iu:\n", "service kafka-iu is missing, or one too many"),
    ("services", "compose.yaml", "apache/kafka:3.9.1", "apache/kafka:latest", "names no version"),
    ("services", "compose.yaml", "memory: 768m", 'memory: "0"', "kafka-ui: no limit of memory"),
    ("services", "compose.yaml", "cap_drop: [ALL]", "cap_drop: []", "does not drop all rights"),
    ("services", "compose.yaml", "{condition: service_completed_successfully}",
     "{condition: service_started}", "waits for lensart-init by service_started"),
    ("ports", "compose.yaml", "${BIND_ADDRESS:-127.0.0.1}:${CONSOLE_PORT", "0.0.0.0:${CONSOLE_PORT",
     "8081 is published on 0.0.0.0"),
    ("ports", "lensart.toml", '"0.0.0.0:8082"', '"0.0.0.0:8083"', "lensart publishes [8081, 8082]"),
    ("ports", ".env.example", "PGADMIN_PORT=5050", "PGADMIN_PORT=5051", "5050 is published as 5051"),
    ("places", "compose.yaml", "./pgadmin/servers.json", "./pgadmin/server.json", "is not in the tree"),
    ("places", "compose.yaml", "servers.json:/pgadmin4/servers.json:ro", "servers.json:/pgadmin4/servers.json",
     "may write docker/pgadmin/servers.json"),
    ("places", "prepare.sh", "pgadmin_password grafana_password", "grafana_password",
     "docker/prepare.sh does not make docker/secrets/pgadmin_password"),
    ("variables", ".env.example", "GRAFANA_PORT=3000\n", "", "GRAFANA_PORT is missing"),
    ("variables", "compose.yaml", "${KAFKA_PORT:-9092}:9092", "${KAFKA_PORT:-9093}:9092", "by default '9093'"),
    ("program", "compose.yaml", '["CMD", "/usr/bin/lensart", "health"]', '["CMD", "/usr/bin/lensart", "helath"]',
     "the program has no ['helath']"),
    ("program", "compose.yaml", "stop_grace_period: 40s", "stop_grace_period: 10s", "before shutdown_timeout"),
    ("program", "lensart.toml", "/var/lib/lensart/state", "/state", "state.directory, /state, is on no volume"),
    ("program", "lensart.toml", "brokers =", "borkers =", "lensart check refuses"),
    ("wiring", "lensart.toml", '"kafka:29092"', '"kafka:9092"', "kafka.brokers is kafka:9092"),
    ("wiring", "compose.yaml", "apache/kafka:3.9.1", "apache/kafka:4.0.0", "tested is 3.9.1, below 4"),
    ("wiring", "pgadmin/servers.json", '"postgres"', '"database"', "is not the database of postgres.dsn"),
    ("wiring", "prometheus/prometheus.compose.yml", "scrape_interval: 5s", "scrape_interval: 6s",
     "differs from prometheus.yml in more than the target"),
    ("wiring", "zookeeper/zookeeper.properties", "clientPort=2181", "clientPort=2182", "asks another ZooKeeper"),
    ("image", "Dockerfile", "USER 65532:65532", "USER root", "USER is root"),
    ("image", "Dockerfile", 'CMD ["/usr/bin/lensart", "health"]', 'CMD ["/usr/bin/lensart", "check"]',
     "HEALTHCHECK is"),
    ("image", "../.dockerignore", "!storage\n", "", "the build needs storage"),
]


class ComposeTest(unittest.TestCase):
    root, program, parser = (Path(a).resolve() for a in sys.argv[1:4])

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.tree = Path(directory.name)
        for name in READ:
            source, target = self.root / name, self.tree / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if name == "docker":
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("secrets", ".env"))
            elif source.is_dir():
                target.mkdir()
            else:
                shutil.copy(source, target)
        subprocess.run(["git", "init", "-q", self.tree], check=True)
        (self.tree / "docker/secrets").mkdir()

    def found(self, rule):
        try:
            return "\n".join(compose.RULES[rule](
                [Composition(self.tree, self.program, self.parser, f) for f in compose.FILES]))
        except SystemExit as refusal:
            return str(refusal)

    def test_each_mistake_is_found(self):
        for rule, name, right, wrong, said in MISTAKES:
            with self.subTest(file=name, wrong=wrong):
                path = self.tree / "docker" / name
                text = path.read_text(encoding="utf-8")
                self.assertIn(right, text)
                path.write_text(text.replace(right, wrong), encoding="utf-8")
                found = self.found(rule)
                path.write_text(text, encoding="utf-8")
                self.assertIn(said, found)

    def test_without_a_mistake_nothing_is_found(self):
        for rule in compose.RULES:
            self.assertEqual(self.found(rule), "", rule)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
