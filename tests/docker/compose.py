#!/usr/bin/env python3
"""The Compose files, read by Compose's own parser, fit the program and the tree:

    compose.py RULE ROOT PROGRAM COMPOSE

parsing    they are what Compose takes, together too, and without tokens it says what to do
services   each service is pinned, bounded, watched, restarted and has no more rights than it needs
ports      every port is published once, on this machine's own address, and is the program's
places     every mounted file is in the tree, every volume and secret is declared, made and used
variables  what the files take from .env is in .env.example, and nothing else is
program    settings, health check, commands, state and time to stop are what PROGRAM has
wiring     Kafka, PostgreSQL, kafka-ui, pgAdmin, Prometheus and Grafana know each other's addresses
image      docker/Dockerfile agrees, and its context is what the build reads

Prints what is wrong, one a line, and exits 1 when there is any.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from composition import Composition, seconds

SERVICES = {"kafka", "postgres", "lensart-init", "lensart", "kafka-ui", "pgadmin", "prometheus",
            "grafana"}
# What other pages and scripts may rely on: published port by service.
PORTS = {"kafka": [9092], "postgres": [5432], "lensart": [8081, 8082], "kafka-ui": [8080],
         "pgadmin": [5050], "prometheus": [9090], "grafana": [3000], "zookeeper": [2181],
         "lensart-init": []}
ADDED_RIGHTS = {"postgres": {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"},
                "pgadmin": {"NET_BIND_SERVICE"}}
WRITES_ITS_ROOT = {"pgadmin"}  # its start writes beside its program
FILES = (("compose.yaml",), ("compose.yaml", "compose.zookeeper.yaml"))
def parsing(compositions):
    for composition in compositions:
        missing = composition.parse()
        if missing.returncode == 0 or "run docker/prepare.sh" not in missing.stderr:
            yield f"{composition.name}: without tokens it does not say: run docker/prepare.sh"
        wanted = SERVICES | ({"zookeeper"} if len(composition.files) > 1 else set())
        for name in sorted(wanted ^ composition.services.keys()):
            yield f"{composition.name}: service {name} is missing, or one too many"
        if composition.model["name"] != "lensart":
            yield f"{composition.name}: the project is not called lensart"


def services(compositions):
    for composition in compositions:
        networks = {n["name"] for n in composition.model["networks"].values()}
        if networks != {"lensart"}:
            yield f"{composition.name}: the networks are {networks}, not lensart"
        for name, service in composition.services.items():
            at = f"{composition.name}: {name}"
            is_job = name == "lensart-init"
            limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
            for limit in ("cpus", "memory", "pids"):
                if not limits.get(limit):
                    yield f"{at}: no limit of {limit}"
            if service.get("restart") != ("no" if is_job else "unless-stopped"):
                yield f"{at}: restart is {service.get('restart')}"
            if list(service.get("networks", {})) != ["lensart"]:
                yield f"{at}: is in other networks than lensart"
            if service.get("cap_drop") != ["ALL"] or service.get("privileged"):
                yield f"{at}: does not drop all rights"
            if set(service.get("cap_add", [])) != ADDED_RIGHTS.get(name, set()):
                yield f"{at}: adds the rights {service.get('cap_add')}"
            if "no-new-privileges:true" not in service.get("security_opt", []):
                yield f"{at}: may get new privileges"
            if service.get("read_only", False) == (name in WRITES_ITS_ROOT):
                yield f"{at}: read_only is {service.get('read_only', False)}"
            image = service["image"]
            if "build" not in service and not re.search(r":v?\d+\.\d+(\.\d+)?[-\w.]*$", image):
                yield f"{at}: {image} names no version"
            check = service.get("healthcheck", {})
            if is_job != bool(check.get("disable")) or is_job == bool(check.get("test")):
                yield f"{at}: its health check is {check}"
            for other, how in service.get("depends_on", {}).items():
                wanted = ("service_completed_successfully" if other == "lensart-init"
                          else "service_healthy")
                if how["condition"] != wanted:
                    yield f"{at}: waits for {other} by {how['condition']}, not {wanted}"


def published(service):
    return [(p.get("host_ip"), int(p["published"]), p["target"]) for p in service.get("ports", [])]


def ports(compositions):
    for composition in compositions:
        for name, service in composition.services.items():
            at = f"{composition.name}: {name}"
            found = published(service)
            for host, outside, inside in found:
                if host != "127.0.0.1":
                    yield f"{at}: {outside} is published on {host}, not on this machine alone"
                if outside != inside:
                    yield f"{at}: {inside} is published as {outside}"
            if sorted(outside for _, outside, _ in found) != PORTS[name]:
                yield f"{at}: publishes {found}, not {PORTS[name]}"
        listens = {key: composition.settings[key].rsplit(":", 1) for key in
                   ("http.listen", "gateway.listen")}
        inside = sorted(p for _, _, p in published(composition.services["lensart"]))
        if inside != sorted(int(port) for _, port in listens.values()):
            yield f"{composition.name}: lensart publishes {inside} and listens on {listens}"
        for key, (host, _) in listens.items():
            if host != "0.0.0.0":
                yield f"docker/lensart.toml: {key} is on {host}: nobody outside the container reaches it"


def places(compositions):
    root = compositions[0].root
    tracked = subprocess.run(["git", "-C", root, "ls-files", "--cached", "--others",
                              "--exclude-standard", "docker"], check=True, capture_output=True,
                             text=True).stdout.split()
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "docker"
        shutil.copytree(root / "docker", copy, ignore=shutil.ignore_patterns("secrets", ".env"))
        for _ in range(2):  # the second time changes nothing
            before = {p: p.read_bytes() for p in copy.rglob("*") if p.is_file()}
            done = subprocess.run([copy / "prepare.sh"], check=False, capture_output=True, text=True)
            if done.returncode != 0:
                yield f"docker/prepare.sh: {done.stdout}{done.stderr}"
        after = {p: p.read_bytes() for p in copy.rglob("*") if p.is_file()}
        if before != after:
            yield "docker/prepare.sh: run again, it changes what it made"
        made = {p.name for p in (copy / "secrets").iterdir()}
        if re.search(r"TOKENS=$", (copy / ".env").read_text(encoding="utf-8"), re.M):
            yield "docker/prepare.sh: leaves a token in .env empty"
    for composition in compositions:
        volumes, secrets = set(), set()
        for name, service in composition.services.items():
            at = f"{composition.name}: {name}"
            for mount in composition.mounts(name, "bind"):
                source = os.path.relpath(mount["source"], root)
                if not any(f == source or f.startswith(source + "/") for f in tracked):
                    yield f"{at}: {source} is not in the tree"
                if not mount.get("read_only"):
                    yield f"{at}: may write {source}"
            volumes |= {v["source"] for v in composition.mounts(name, "volume")}
            for secret in service.get("secrets", []):
                secrets.add(secret["source"])
                path = f"/run/secrets/{secret['source']}"
                if secret.get("target", path) not in (path, secret["source"]):
                    yield f"{at}: its secret {secret['source']} is elsewhere than {path}"
        declared = composition.model["volumes"]
        if len(composition.files) == 1 and set(declared) != volumes or not volumes <= set(declared):
            yield f"{composition.name}: volumes declared {sorted(declared)}, used {sorted(volumes)}"
        for key, volume in declared.items():
            if not volume["name"].startswith("lensart-"):
                yield f"{composition.name}: volume {key} has no name of its own"
        for key, secret in composition.model["secrets"].items():
            file = os.path.relpath(secret["file"], root)
            if key not in secrets:
                yield f"{composition.name}: nobody uses the secret {key}"
            if os.path.dirname(file) != "docker/secrets" or os.path.basename(file) not in made:
                yield f"{composition.name}: docker/prepare.sh does not make {file}"
        if secrets - composition.model["secrets"].keys():
            yield f"{composition.name}: undeclared among the secrets {sorted(secrets)}"
    if not {"/docker/.env", "/docker/secrets/"} <= set(
            (root / ".gitignore").read_text(encoding="utf-8").split()):
        yield ".gitignore: does not keep docker/.env and docker/secrets/ out of the tree"


def variables(compositions):
    both = compositions[-1]
    used = set(re.findall(r"\$\{(\w+)", both.sources()))
    example = (both.docker / ".env.example").read_text(encoding="utf-8")
    offered = dict(re.findall(r"^(\w+)=(.*)$", example, re.M))
    for name in sorted(used ^ offered.keys()):
        yield f"docker/.env.example: {name} is missing, or nothing uses it"
    for name, default in set(re.findall(r"\$\{(\w+):-([^}]*)\}", both.sources())):
        if offered.get(name) != default:
            yield f"{name} is '{offered.get(name)}' in .env.example, by default '{default}'"


def program(compositions):
    for composition in compositions:
        settings, service = composition.settings, composition.services["lensart"]
        for name in ("lensart", "lensart-init"):
            command = composition.services[name]["command"]
            if not composition.has_command(*command):
                yield f"{composition.name}: the program has no command {command}"
            checked = composition.run(name, "check")
            if checked.returncode != 0:
                yield f"{composition.name}: {name}: {checked.stderr}"
        test = service["healthcheck"]["test"]
        if test[:2] != ["CMD", "/usr/bin/lensart"]:
            yield f"{composition.name}: lensart's health check is {test}: the image has nothing else"
        elif not composition.has_command(*test[2:]):
            yield f"{composition.name}: the program has no {test[2:]}"
        if seconds(service["stop_grace_period"]) <= seconds(settings["shutdown_timeout"]):
            yield f"{composition.name}: lensart is killed before shutdown_timeout is over"
        start = seconds(service["healthcheck"]["start_period"])
        if start <= seconds(settings["start_timeout"]):
            yield f"{composition.name}: lensart counts as ill before start_timeout is over"
        state = settings["state.directory"]
        if not any(state.startswith(v["target"] + "/") and v["source"] == "lensart-state"
                   for v in composition.mounts("lensart", "volume")):
            yield f"{composition.name}: state.directory, {state}, is on no volume"
        for name in ("lensart", "lensart-init"):
            files = [v["target"] for v in composition.mounts(name, "bind")]
            if files != ["/etc/lensart/lensart.toml"]:
                yield f"{composition.name}: {name} looks for its settings elsewhere than {files}"
            secret = composition.password_file.removeprefix("/run/secrets/")
            if secret not in {s["source"] for s in composition.services[name]["secrets"]}:
                yield f"{composition.name}: {name} is not given postgres.password_file"
        if settings["gateway.enabled"] is not True:
            yield "docker/lensart.toml: the gateway is not enabled"


def listeners(text):
    return dict(part.split("://") for part in text.split(","))


def properties(path):
    return dict(re.findall(r"^([\w.]+)=(.*)$", path.read_text(encoding="utf-8"), re.M))


def kafka_settings(composition):
    """listeners, advertised, maximal message, of either composition."""
    if len(composition.files) == 1:
        found = composition.environment("kafka")
        return {k[6:].lower().replace("_", "."): v for k, v in found.items() if k.startswith("KAFKA_")}
    found = properties(composition.docker / "zookeeper/server.properties")
    for argument in composition.services["kafka"]["command"]:
        key, _, value = argument.partition("=")
        found[key] = value
    return found


def wiring(compositions):
    root = compositions[0].root
    common = (root / "scripts/lib/common.sh").read_text(encoding="utf-8")
    version = re.search(r"^kafka_version=(\S+)", common, re.M).group(1)
    for composition in compositions:
        at, all_services = composition.name, composition.services
        if all_services["kafka"]["image"] != f"apache/kafka:{version}" or version >= "4":
            yield f"{at}: Kafka is {all_services['kafka']['image']}; tested is {version}, below 4"
        kafka = kafka_settings(composition)
        advertised = listeners(kafka["advertised.listeners"])
        if advertised != {"INTERNAL": "kafka:29092", "EXTERNAL": "localhost:9092"}:
            yield f"{at}: Kafka tells its clients {advertised}"
        for name, address in advertised.items():
            if not listeners(kafka["listeners"])[name].endswith(address[address.index(":"):]):
                yield f"{at}: Kafka does not listen on {address}"
        if int(kafka["message.max.bytes"]) < 2 * 1024 * 1024 + 64 * 1024:
            yield f"{at}: the broker takes no message of 2 MiB"
        if kafka["auto.create.topics.enable"] != "false":
            yield f"{at}: the broker makes topics of misspelt names"
        inside = advertised["INTERNAL"]
        if composition.settings["kafka.brokers"] != inside:
            yield f"{at}: kafka.brokers is {composition.settings['kafka.brokers']}, not {inside}"
        if composition.environment("kafka-ui")["KAFKA_CLUSTERS_0_BOOTSTRAPSERVERS"] != inside:
            yield f"{at}: kafka-ui asks another broker than {inside}"
        health = " ".join(all_services["kafka"]["healthcheck"]["test"])
        if f"localhost:{inside.split(':')[1]}" not in health:
            yield f"{at}: Kafka's health check asks another port"
        for name in ("kafka-ui", "pgadmin", "prometheus", "grafana"):
            (port,) = PORTS[name]
            if f"http://localhost:{port}/" not in all_services[name]["healthcheck"]["test"][-1]:
                yield f"{at}: {name}'s health check asks another port than {port}"
        for name, service in all_services.items():
            if service.get("hostname", name) != name:
                yield f"{at}: {name} calls itself {service['hostname']}"
    yield from database(compositions[0])
    yield from watching(compositions[0])
    zookeeper = properties(root / "docker/zookeeper/zookeeper.properties")
    broker = properties(root / "docker/zookeeper/server.properties")
    if broker["zookeeper.connect"] != f"zookeeper:{zookeeper['clientPort']}" or \
            [int(zookeeper["clientPort"])] != PORTS["zookeeper"]:
        yield "docker/zookeeper: the broker asks another ZooKeeper than the one there is"
    for name, file, key in (("zookeeper", zookeeper, "dataDir"), ("kafka", broker, "log.dirs")):
        if file[key] not in {v["target"] for v in compositions[1].mounts(name, "volume")}:
            yield f"docker/zookeeper: {key} of {name} is on no volume"


def database(composition):
    dsn = dict(word.split("=") for word in composition.settings["postgres.dsn"].split())
    made = (composition.docker / "postgres/create-database.sh").read_text(encoding="utf-8")
    if not re.search(rf"CREATE DATABASE {dsn['dbname']} OWNER {dsn['user']};", made):
        yield f"docker/postgres: does not make what postgres.dsn asks for: {dsn}"
    server, = json.loads((composition.docker / "pgadmin/servers.json").read_text())["Servers"].values()
    if (server["Host"], server["Port"], server["Username"], server["MaintenanceDB"]) != (
            dsn["host"], 5432, dsn["user"], dsn["dbname"]):
        yield f"docker/pgadmin/servers.json: is not the database of postgres.dsn: {server}"
    if f" {server['PassFile']} " not in " ".join(composition.services["pgadmin"]["entrypoint"]):
        yield f"docker/pgadmin/servers.json: nothing makes {server['PassFile']}"
    health = composition.services["postgres"]["healthcheck"]["test"]
    if not {f"--username={dsn['user']}", f"--dbname={dsn['dbname']}"} <= set(health):
        yield f"the health check of postgres asks for another database: {health}"
    if dsn["host"] not in composition.services:
        yield f"docker/lensart.toml: there is no service {dsn['host']}"


def watching(composition):
    folder = composition.docker / "prometheus"
    own, ours = ((folder / n).read_text(encoding="utf-8")
                 for n in ("prometheus.yml", "prometheus.compose.yml"))
    body = [re.sub(r"^#.*\n", "", text, flags=re.M) for text in (own, ours)]
    if body[0].replace('"127.0.0.1:8081"', '"lensart:8081"') != body[1]:
        yield "docker/prometheus/prometheus.compose.yml: differs from prometheus.yml in more than the target"
    done = subprocess.run(["promtool", "check", "config", "prometheus.compose.yml"], cwd=folder,
                          check=False, capture_output=True, text=True)
    if done.returncode != 0:
        yield f"promtool: {done.stdout}{done.stderr}"
    config = next(a.split("=")[1] for a in composition.services["prometheus"]["command"]
                  if a.startswith("--config.file="))
    targets = {m["target"]: os.path.basename(m["source"])
               for m in composition.mounts("prometheus", "bind")}
    if targets.get(config) != "prometheus.compose.yml" or targets.get(
            os.path.dirname(config) + "/alerts.yml") != "alerts.yml":
        yield f"prometheus: settings and alerts are not where it looks: {targets}"
    if composition.environment("grafana")["LENSART_PROMETHEUS_URL"] != "http://prometheus:9090":
        yield "grafana: asks another Prometheus"
    boards = (composition.docker / "grafana/provisioning/dashboards/lensart.yml").read_text()
    path = re.search(r"path: (\S+)", boards).group(1)
    if path not in {m["target"] for m in composition.mounts("grafana", "bind")}:
        yield f"grafana: its dashboards are not at {path}"


def image(compositions):
    composition = compositions[0]
    root = composition.root
    text = (root / "docker/Dockerfile").read_text(encoding="utf-8")
    last = text[text.rindex("\nFROM "):].replace("\\\n", " ")
    said = {k: v.strip() for k, v in re.findall(r"^([A-Z]+) (.*)$", last, re.M)}
    wanted = {"FROM": "scratch", "STOPSIGNAL": "SIGTERM", "ENTRYPOINT": '["/usr/bin/lensart"]',
              "CMD": '["run"]', "VOLUME": '["/var/lib/lensart"]',
              "EXPOSE": " ".join(str(p) for p in PORTS["lensart"])}
    for key, value in wanted.items():
        if said.get(key) != value:
            yield f"docker/Dockerfile: {key} is {said.get(key)}, not {value}"
    user = re.search(r"^user=(\d+)$", (root / "docker/assemble.sh").read_text(), re.M).group(1)
    if said.get("USER") != f"{user}:{user}" or user == "0":
        yield f"docker/Dockerfile: USER is {said.get('USER')}, docker/assemble.sh makes {user}"
    health = json.loads(re.search(r"CMD (\[.*\])", said.get("HEALTHCHECK", "CMD []")).group(1))
    if ["CMD", *health] != composition.services["lensart"]["healthcheck"]["test"]:
        yield f"docker/Dockerfile: HEALTHCHECK is {health}, not compose.yaml's"
    ignore = (root / ".dockerignore").read_text(encoding="utf-8")
    taken = re.findall(r"^!(\S+)$", ignore, re.M)
    for path in taken:
        if not (root / path).exists():
            yield f".dockerignore: there is no {path}"
    lists = (root / "CMakeLists.txt").read_text(encoding="utf-8")
    lists = re.sub(r"^if\(LENSART_(BENCH|TESTS)\).*?^endif\(\)", "", lists, flags=re.M | re.S)
    for folder in re.findall(r"add_subdirectory\((\w+)\)", lists):
        if folder not in taken:
            yield f".dockerignore: the build needs {folder}"
    if not re.search(r"^\*$", ignore, re.M):
        yield ".dockerignore: does not begin by leaving everything out"
    packages = (root / "scripts/packages.txt").read_text(encoding="utf-8")
    marker = re.search(r"sed -e '/\^(# [^/]*)/,\$d'", text).group(1)
    if packages.count(f"\n{marker}\n") != 1:
        yield f"scripts/packages.txt: no section '{marker}', before which docker/Dockerfile stops"


RULES = {rule.__name__: rule for rule in
         (parsing, services, ports, places, variables, program, wiring, image)}


def main(arguments):
    if len(arguments) != 4 or arguments[0] not in RULES:
        print(__doc__, file=sys.stderr)
        return 64
    rule = arguments[0]
    root, lensart, compose = (Path(a).resolve() for a in arguments[1:])
    if not compose.exists():
        print(f"{compose} is missing; run scripts/setup.sh", file=sys.stderr)
        return 69
    findings = list(RULES[rule]([Composition(root, lensart, compose, f) for f in FILES]))
    print("\n".join(findings or [f"{rule}: nothing to say"]))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
