#!/usr/bin/env python3
"""Checks of the tree itself, one a rule:  check.py RULE [ROOT]

Prints `file:line: what is wrong`, one a line, and exits 1 when there is any.
A rule is a generator of such findings over a Tree; add one by writing a function in RULES.
"""

import re
import subprocess
import sys
from pathlib import Path

# Each folder may include itself and what stands on a lower level (docs/architecture.md).
LEVELS = {"graph": 0, "storage": 1, "nodes": 2, "sql": 3, "apps": 4, "bench": 5, "tests": 5}
CODE = (".cpp", ".hpp")
HEADER_LINES = 150  # a header longer than this is reported
FILE_LINES = 400  # so is a file longer than this
FILE_LINES_LIMIT = 450  # beyond this the check fails


class Tree:
    """The files that git knows or would add, read once."""

    def __init__(self, root):
        self.root = Path(root).resolve()
        listed = subprocess.run(
            ["git", "-C", self.root, "ls-files", "-z", "--cached", "--others",
             "--exclude-standard"], check=True, capture_output=True).stdout.decode()
        self.files = sorted({f for f in listed.split("\0") if f and (self.root / f).is_file()})

    def ending(self, *endings):
        return [f for f in self.files if f.endswith(endings)]

    def text(self, name):
        """The file's text, or None where it is no text."""
        data = (self.root / name).read_bytes()
        if b"\0" in data:
            return None
        return data.decode("utf-8", "replace")

    def lines(self, name):
        return enumerate((self.text(name) or "").split("\n"), 1)


def includes(tree):
    """graph <- storage <- nodes <- sql <- apps <- bench, tests; paths from the root of the tree."""
    for name in tree.ending(*CODE):
        folder = name.split("/")[0]
        if folder not in LEVELS:
            continue
        for number, line in tree.lines(name):
            match = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
            if not match:
                continue
            quote, target = match.groups()
            to = target.split("/")[0]
            if target.startswith("."):
                yield f"{name}:{number}: include \"{target}\" from the root of the tree"
            elif "/" not in target and quote == '"':
                # Generated into the build tree, or a neighbour named without its folder.
                if (tree.root / name).parent.joinpath(target).exists():
                    yield f"{name}:{number}: include \"{target}\" from the root of the tree"
            elif to in LEVELS and quote == "<":
                if (tree.root / target).exists():
                    yield f"{name}:{number}: include our own <{target}> in quotes"
            elif to in LEVELS and to != folder and LEVELS[to] > LEVELS[folder]:
                yield f"{name}:{number}: {folder}/ may not know {to}/ ({target})"


def flow(tree):
    """Only graph/, its tests, and adapters (…_adapter.hpp) name tbb::flow."""
    for name in tree.ending(*CODE):
        if name.startswith(("graph/", "tests/graph/")) or "_adapter." in name:
            continue
        for number, line in tree.lines(name):
            if re.search(r"\btbb::flow\b|tbb/flow_graph\.h", line.split("//")[0]):
                yield f"{name}:{number}: names tbb::flow; that is for graph/ and thin adapters"


def shell(tree):
    """What has a #! can be run, what can be run has one, and shellcheck finds nothing."""
    scripts = []
    for name in tree.files:
        if name.endswith(CODE):
            continue
        first = (tree.text(name) or "").split("\n", 1)[0]
        runnable = bool((tree.root / name).stat().st_mode & 0o111)
        if first.startswith("#!") != runnable:
            yield f"{name}:1: " + ("begins with #! but is not executable" if not runnable
                                   else "is executable but does not begin with #!")
        if re.match(r"#!.*\b(ba)?sh\b", first) or name.endswith(".sh"):
            scripts.append(name)
    if scripts:
        result = subprocess.run(["shellcheck", "-x", "-f", "gcc", *scripts], cwd=tree.root,
                                capture_output=True, text=True, check=False)
        yield from (result.stdout + result.stderr).splitlines()


def paths(tree):
    """No text names a place on the machine it was written on."""
    places = [re.escape(str(tree.root)) + r"\b", r"/home/\w", r"/root/"]
    pattern = re.compile(r"(?<![\w.$}/*-])(" + "|".join(places) + ")")
    for name in tree.files:
        if name == "tests/house/check.py":
            continue
        for number, line in tree.lines(name):
            match = pattern.search(line)
            if match:
                yield f"{name}:{number}: names a path of one machine: {match.group(1)}"


def headings(text):
    """The anchors that GitHub makes of a page's headings."""
    for line in text.split("\n"):
        match = re.match(r"#{1,6}\s+(.*?)\s*#*$", line)
        if match:
            plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", match.group(1)).lower()
            yield re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


def links(tree):
    """Links within the tree lead to a file, and to a heading where they name one."""
    for name in tree.ending(".md"):
        text = tree.text(name) or ""
        fenced = False
        for number, line in tree.lines(name):
            if line.lstrip().startswith("```"):
                fenced = not fenced
            if fenced:
                continue
            for target in re.findall(r"\]\(<?([^)\s>]+)", re.sub(r"`[^`]*`", "", line)):
                if re.match(r"[a-z][a-z0-9+.-]*:", target):
                    continue
                path, _, anchor = target.partition("#")
                place = (tree.root / name).parent / path if path else tree.root / name
                if not place.exists():
                    yield f"{name}:{number}: {target} does not exist"
                elif anchor and place.suffix == ".md":
                    page = text if not path else place.read_text(encoding="utf-8")
                    if anchor not in headings(page):
                        yield f"{name}:{number}: {target}: no such heading"


def sizes(tree):
    """Files are rooms one can look through: reported past 400 lines, refused past 450."""
    for name in tree.ending(*CODE, ".py", ".sh", ".sql"):
        count = (tree.text(name) or "").count("\n")
        if count > FILE_LINES_LIMIT:
            yield f"{name}:{count}: more than {FILE_LINES_LIMIT} lines; two rooms, perhaps"
        elif count > FILE_LINES or (name.endswith(".hpp") and count > HEADER_LINES):
            print(f"note: {name} has {count} lines")


RULES = {rule.__name__: rule for rule in (includes, flow, shell, paths, links, sizes)}


def main(arguments):
    if not arguments or arguments[0] not in RULES:
        print(__doc__, "Rules: " + ", ".join(RULES), sep="\n", file=sys.stderr)
        return 64
    root = arguments[1] if len(arguments) > 1 else Path(__file__).parents[2]
    findings = list(RULES[arguments[0]](Tree(root)))
    print("\n".join(findings or [f"{arguments[0]}: nothing to say"]))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
