"""One set of Compose files as Compose's own parser understands it, beside the program."""

import json
import os
import re
import subprocess
import tempfile
import tomllib
from functools import cached_property

UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}


def seconds(text):
    """Of "1m30s", as Compose and the program write it."""
    return sum(float(n) * UNITS[u] for n, u in re.findall(r"([\d.]+)(ms|h|m|s)", text))


class Composition:
    """Of the files of docker/ that are named, for one after another over the first."""

    def __init__(self, root, program, compose, files):
        self.root, self.program, self.compose = root, program, compose
        self.files = files
        self.docker = root / "docker"
        self.name = "+".join(files)

    def parse(self, **tokens):
        arguments = [self.compose, "--env-file", self.docker / ".env.example"]
        for file in self.files:
            arguments += ["--file", self.docker / file]
        return subprocess.run(
            [*arguments, "config", "--format", "json"], check=False, capture_output=True,
            text=True, cwd=self.docker, env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **tokens})

    @cached_property
    def model(self):
        done = self.parse(LENSART_HTTP_TOKENS="a" * 64, LENSART_GATEWAY_TOKENS="b" * 64)
        if done.returncode != 0:
            raise SystemExit(f"{self.name}: {done.stderr}")
        return json.loads(done.stdout)

    @property
    def services(self):
        return self.model["services"]

    def environment(self, service):
        return {k: v for k, v in (self.services[service].get("environment") or {}).items()}

    def mounts(self, service, kind):
        return [v for v in self.services[service].get("volumes", []) if v["type"] == kind]

    def run(self, service, *arguments):
        """The program, with the settings that it has in that service."""
        environment = {k: v for k, v in self.environment(service).items() if k.startswith("LENSART_")}
        with tempfile.NamedTemporaryFile("w") as password:  # the program reads the file it is told
            password.write("secret")
            password.flush()
            return subprocess.run(
                [self.program, "--config", str(self.docker / "lensart.toml"),
                 "--set", f"postgres.password_file={password.name}", *arguments], check=False,
                capture_output=True, text=True, timeout=30, env={"PATH": "/usr/bin", **environment})

    def has_command(self, *words):
        """Asked for the help of what there is not, the program shows its own."""
        return f"Usage: lensart {' '.join(words)} " in self.run("lensart", *words, "--help").stdout

    @property
    def password_file(self):
        return tomllib.loads((self.docker / "lensart.toml").read_text())["postgres"]["password_file"]

    @cached_property
    def settings(self):
        done = self.run("lensart", "check", "--json")
        if done.returncode != 0:
            raise SystemExit(f"{self.name}: lensart check refuses lensart.toml: {done.stderr}")
        return {k: s["value"] for k, s in json.loads(done.stdout)["settings"].items()}

    def sources(self):
        return "\n".join((self.docker / f).read_text(encoding="utf-8") for f in self.files)
