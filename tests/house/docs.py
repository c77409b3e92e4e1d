#!/usr/bin/env python3
"""What the documentation names exists:  docs.py RULE ROOT [PROGRAM]

commands   each `lensart …` is a command that PROGRAM has, with its options
scripts    each script is there, with the options it is given
settings   each key of a toml block or between backticks is one that PROGRAM knows
variables  each LENSART_… variable is a setting's, or stands in a script or a build file
ports      each port stands in the defaults, a script or a container's file
names      each lensart_… is a metric, a function or a role
alerts     each Lensart… is an alert
paths      each path of HTTP is in openapi.json or the gateway

Pages are README.md of any folder, docs/ and docker/; a line that says *(planned)* is not looked at.
Prints `file:line: what is wrong` and exits 1 when there is any.
"""

import functools
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

# What is made of the program, and what tells of the past.
NOT_LOOKED_AT = {"docs/commands.md", "CHANGELOG.md"}
PLANNED = "planned)*"
CODE_FILES = ("cpp", "hpp", "py", "sh", "md", "json", "toml", "js", "txt", "yml", "yaml", "sql", "css",
              "service", "html", "mdb", "sock", "tar", "mjs")


class Docs:
    """The pages, read once, with what they are held against."""

    def __init__(self, root, program):
        self.root, self.program = Path(root).resolve(), program
        listed = subprocess.run(
            ["git", "-C", self.root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            check=True, capture_output=True).stdout.decode().split("\0")
        self.files = [f for f in listed if f and (self.root / f).is_file()]
        self.pages = sorted(f for f in self.files if f.endswith(".md") and f not in NOT_LOOKED_AT
                            and (f.startswith(("docs/", "docker/")) or f.endswith("README.md")))

    def text(self, name):
        return (self.root / name).read_text(encoding="utf-8", errors="replace")

    def lines(self, name):
        """(number, line, language of the block it stands in or None)."""
        language = None
        for number, line in enumerate(self.text(name).split("\n"), 1):
            fence = re.match(r"\s*```+\s*(\w*)", line)
            if fence:
                language = (fence[1] or "sh") if language is None else None
            elif PLANNED not in line:
                yield number, line, language

    @functools.cache
    def said(self, *words):
        """What the program prints; nothing where it exits otherwise than with 0."""
        done = subprocess.run([self.program, *words], check=False, capture_output=True, text=True,
                              timeout=30, env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"})
        return done.stdout if done.returncode == 0 else ""

    @functools.cache
    def keys(self):
        return {key["key"]: key["environment"]
                for key in json.loads(self.said("check", "--keys", "--json"))}

    @functools.cache
    def sources(self, kept=("scripts/", "tests/", "cmake/", "docker/", "apps/", "clients/", "bench/",
                            ".github/", "CMake", "storage/", "nodes/", "sql/", "graph/")):
        """All that is no page, as one text: what names stand in at all."""
        return "\n".join(self.text(f) for f in self.files
                         if f.startswith(kept) and not f.endswith((".md", ".woff2")))


# ---- commands ----

SHELLS = ("sh", "bash", "console", "shell", "text")


def command_lines(docs, page):
    """(number, command) of each line of a block for the shell, continued lines joined, and of what
    stands between backticks."""
    pending, begun = "", 0
    for number, line, language in docs.lines(page):
        if language in SHELLS:
            begun = begun if pending else number
            whole = pending + line.strip()
            if whole.endswith("\\"):
                pending = whole[:-1]
                continue
            pending = ""
            yield begun, whole.removeprefix("$ ").removeprefix("# ")
        elif language is None:
            for text in re.findall(r"`([^`]+)`", line):
                yield number, text


def calls(command, name):
    """The words behind `name` in each simple command of a line of shell."""
    command = re.sub(r"\s#.*$", "", command)
    for part in re.split(r"\|\|?|&&|;|\$\(|<\(|`", command):
        words = part.split(")")[0].split()
        while words and (re.fullmatch(r"[A-Z_]+=\S*", words[0]) or words[0] in ("sudo", "exec", "time")):
            words.pop(0)
        for place, word in enumerate(words):
            if word == name or (word.endswith("/" + name) and not word.endswith("//" + name)):
                # `docker compose exec lensart lensart …` and the like: the last one counts.
                rest = words[place + 1:]
                if name in rest or (place > 0 and words[0] not in (
                        "docker", "buildah", "podman", "xargs", "env", "nohup", "scripts/stack.sh")):
                    continue
                yield rest
                break


def options_of(words):
    return [re.sub(r"[=)\],.].*$", "", word) for word in words if re.match(r"--[a-z]", word)]


GLOBAL = {"--config", "--set", "--json", "--help", "--version"}


def usage_of(docs, words):
    """The help of the deepest command that the words name."""
    plain = []
    for word in words:
        if not re.fullmatch(r"[a-z][a-z-]*", word):
            break
        plain.append(word)
    for count in (2, 1):
        usage = docs.said(*plain[:count], "--help") if len(plain) >= count else ""
        # Asked of a command that is not there, the program explains itself.
        if f"Usage: lensart {' '.join(plain[:count])} " in usage:
            # What stands behind a group of commands must be one of them, not an argument.
            return "" if "\nSubcommands:" in usage and len(plain) > count else usage
    return ""


def commands(docs):
    for page in docs.pages:
        for number, command in command_lines(docs, page):
            for words in calls(command, "lensart"):
                while words and words[0].split("=")[0] in GLOBAL and words[0] not in ("--help", "--version"):
                    flag = words.pop(0)
                    if words and flag in ("--config", "--set"):
                        words.pop(0)
                if not words or not re.fullmatch(r"[a-z][a-z-]*", words[0]):
                    usage = docs.said("--help")  # the program itself, or a placeholder
                else:
                    usage = usage_of(docs, words)
                if not usage:
                    yield f"{page}:{number}: the program has no `lensart {' '.join(words[:2])}`"
                for option in options_of(words):
                    if usage and option not in GLOBAL and not re.search(
                            rf"(^|[\s,]){re.escape(option)}\b", usage):
                        yield f"{page}:{number}: `{command}`: there is no {option}"


def scripts(docs):
    library = "\n".join(docs.text(f) for f in docs.files if f.startswith("scripts/lib/"))
    for page in docs.pages:
        folder = page.rsplit("/", 1)[0] + "/" if "/" in page else ""
        for number, command in command_lines(docs, page):
            for match in re.finditer(r"(?<![\w/.-])((?:\./)?(?:[\w-]+/)*[\w-]+\.(?:sh|py))\b([^|;&]*)",
                                     command):
                name = match[1].removeprefix("./")
                places = [p for p in (name, folder + name, "scripts/" + name) if p in docs.files]
                if not places:
                    placeholder = re.search(r"[A-Z]{3}", name)
                    if not placeholder and not any(f.endswith("/" + name) for f in docs.files):
                        yield f"{page}:{number}: there is no {name}"
                    continue
                text = docs.text(places[0]) + library
                # What stands behind --, or behind a tool of the stack, is another program's.
                own = re.split(r" -- | psql\b| kafka\b", match[2])[0]
                for option in options_of(own.split()):
                    if option != "--help" and option not in text:
                        yield f"{page}:{number}: {places[0]} has no {option}"


# ---- settings ----

def known_key(keys, name):
    if name in keys or any(key.startswith(name + ".") for key in keys):
        return True
    if re.match(r"kafka\.((consumer|producer)\.)?properties\.", name):
        return True  # librdkafka's own
    if re.match(r"pipeline\.(status|payment)_map\.", name):
        return True
    node = re.fullmatch(r"nodes\.[\w-]+(\.(\w+))?", name)
    return bool(node) and (node[2] is None or f"nodes.NAME.{node[2]}" in keys)


def flat(table, prefix=""):
    for name, value in table.items():
        if isinstance(value, dict) and value:
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name


def toml_blocks(docs, page):
    block, begun = [], 0
    for number, line, language in docs.lines(page):
        if language == "toml":
            begun = begun or number
            block.append(line)
        elif block:
            yield begun, "\n".join(block)
            block, begun = [], 0


def settings(docs):
    keys = docs.keys()
    sections = {key.split(".")[0] for key in keys if "." in key}
    for page in docs.pages:
        for number, block in toml_blocks(docs, page):
            try:
                table = tomllib.loads(block)
            except tomllib.TOMLDecodeError as error:
                yield f"{page}:{number}: no TOML: {error}"
                continue
            for name in flat(table):
                if not known_key(keys, name):
                    yield f"{page}:{number}: there is no key {name}"
        for number, line, language in docs.lines(page):
            texts = re.findall(r"`([^`]+)`", line) if language is None else (
                [line] if language in SHELLS else [])
            for text in texts:
                behind_set = re.findall(r"--set[ =]([a-z_.]+)=", text)
                # docs/api.md speaks of members of answers.
                whole = page != "docs/api.md" and re.fullmatch(r"([a-z]+(?:\.[A-Za-z_*]+)+)( = .*)?", text) if language is None else None
                for name in behind_set + ([whole[1]] if whole else []):
                    section, last = name.split(".")[0], name.rsplit(".", 1)[-1]
                    if name == "section.key":
                        continue
                    if name in behind_set or (section in sections and last not in CODE_FILES):
                        begins = name.endswith(("*", "_"))
                        name = name.split("*")[0].rstrip(".")
                        if not known_key(keys, name) and not (
                                begins and any(k.startswith(name) for k in keys)):
                            yield f"{page}:{number}: there is no key {name}"


def variables(docs):
    known = set(docs.keys().values())
    for page in docs.pages:
        for number, line, _ in docs.lines(page):
            for name in re.findall(r"\bLENSART_[A-Z0-9_]*[A-Z0-9]", line):
                of_map = re.match(r"LENSART_(KAFKA_\w*PROPERTIES|PIPELINE_(STATUS|PAYMENT)_MAP|NODES)_", name)
                # A shop's own, where the page shows how it reads it.
                of_shop = f"env('{name}'" in docs.text(page)
                if name in known or of_map or of_shop or name == "LENSART_SECTION_KEY":
                    continue
                if not re.search(rf"\b{name}", docs.sources()):
                    yield f"{page}:{number}: nothing reads {name}"


# ---- ports, names, alerts, paths ----

def ports(docs):
    given = docs.sources(("docker/", "scripts/", "clients/", "apps/config/"))
    for page in docs.pages:
        for number, line, _ in docs.lines(page):
            for port in re.findall(r"(?:127\.0\.0\.1|localhost|0\.0\.0\.0|\[::1?\]|\b[a-z][a-z-]*):(\d{4,5})\b",
                                   line):
                if not re.search(rf"\b{port}\b", given):
                    yield f"{page}:{number}: nothing has port {port}"


SERIES = ("_bucket", "_sum", "_count")  # of a histogram


def names(docs):
    sources = docs.sources()
    for page in docs.pages:
        for number, line, _ in docs.lines(page):
            for name in re.findall(r"(?<![\w/-])lensart_[a-z0-9_]*[a-z0-9](?![\w/]|\.(?:cpp|hpp))", line):
                plain = name
                for ending in SERIES:
                    plain = plain.removesuffix(ending)
                if not any(re.search(rf"\b{n}\b", sources) for n in (name, plain)):
                    if name.removeprefix("lensart") in ("_migrator", "_writer", "_reader"):
                        continue  # made of a prefix
                    yield f"{page}:{number}: nothing is called {name}"


def alerts(docs):
    known = set(re.findall(r"- alert: (\w+)", docs.text("docker/prometheus/alerts.yml")))
    for page in docs.pages:
        if page.startswith("clients/"):
            continue
        for number, line, language in docs.lines(page):
            if language not in (None, *SHELLS):
                continue
            for name in re.findall(r"(?<![\w\\/.])Lensart[A-Z]\w+", line):
                if name not in known and f" {name}" not in docs.sources():
                    yield f"{page}:{number}: there is no alert {name}"


def paths(docs):
    document = json.loads(docs.text("apps/api/openapi.json"))
    known = [re.sub(r"\{\w+\}", "[^/]+", path) for path in document["paths"]]
    for page in docs.pages:
        if page == "docs/api.md":
            continue  # made of the same document
        for number, line, _ in docs.lines(page):
            for path in re.findall(r"(?<![\w.])(/api/v1/[\w/.{}-]*[\w}])", line):
                plain = re.sub(r"\{\w+\}", "x", path)
                if not any(re.fullmatch(k, plain) or k.startswith(plain + "/") for k in known):
                    yield f"{page}:{number}: there is no {path}"


RULES = {rule.__name__: rule
         for rule in (commands, scripts, settings, variables, ports, names, alerts, paths)}


def main(arguments):
    if len(arguments) < 2 or arguments[0] not in RULES:
        print(__doc__, file=sys.stderr)
        return 64
    docs = Docs(arguments[1], arguments[2] if len(arguments) > 2 else None)
    findings = list(RULES[arguments[0]](docs))
    print("\n".join(findings or [f"{arguments[0]}: nothing to say"]))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
