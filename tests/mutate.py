#!/usr/bin/env python3
"""Applies the planted mistakes of mutations.md to a copy of the tree, one at a time, and checks that
the named test fails:  mutate.py DIRECTORY [NAME...]

DIRECTORY holds the copy, its build and the report. Exits 1 when a mistake went unseen.
mutate.py --check only looks whether each of them still fits the tree.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FORM = re.compile(
    r"^## (?P<name>\S+)\n.*?Test `(?P<test>[^`]+)`, file `(?P<file>[^`]+)`\.\n\n"
    r"```diff\n(?P<diff>.*?)```", re.DOTALL | re.MULTILINE)
# Enough that a mistake is met, few enough that the campaign ends.
CASES = "400"


class Mutation:
    def __init__(self, match):
        self.name, self.test, self.file = match["name"], match["test"], match["file"]
        lines = match["diff"].splitlines(keepends=True)
        self.old = "".join(line[1:] for line in lines if line[0] in " -")
        self.new = "".join(line[1:] for line in lines if line[0] in " +")

    def applied(self, tree):
        text = (tree / self.file).read_text()
        if text.count(self.old) != 1:
            raise SystemExit(f"{self.name}: the old lines stand {text.count(self.old)} times in "
                             f"{self.file}; bring tests/mutations.md up to date")
        return text.replace(self.old, self.new)

    def apply(self, tree):
        (tree / self.file).write_text(self.applied(tree))


def copy_tree(tree):
    """The files as they are now; unchanged ones keep their time, so that little is built again."""
    names = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True, capture_output=True).stdout.decode().split("\0")
    for name in filter(None, names):
        source, target = ROOT / name, tree / name
        if not source.is_file():
            continue
        if not target.is_file() or target.read_bytes() != source.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())


def build(directory, tests):
    subprocess.run(["ninja", "-C", directory / "build", *sorted(tests)], check=True,
                   stdout=subprocess.DEVNULL)


def seen(directory, test):
    """Whether the test fails. One that hangs has noticed something, too."""
    programs = [path for path in (directory / "build" / "tests").rglob(test) if path.is_file()]
    environment = dict(os.environ, LENSART_PROPERTY_CASES=CASES)
    with open(directory / "last-test.log", "w", encoding="utf-8") as log:
        try:
            return subprocess.run([programs[0]], stdout=log, stderr=log, timeout=300,
                                  env=environment, check=False).returncode != 0
        except subprocess.TimeoutExpired:
            return True


def main():
    only_check = sys.argv[1] == "--check"
    directory, wanted = Path(sys.argv[1]).resolve(), set(sys.argv[2:])
    text = (ROOT / "tests" / "mutations.md").read_text()
    mutations = [Mutation(match) for match in FORM.finditer(text)]
    if len(mutations) != text.count("\n## ") or wanted - {m.name for m in mutations}:
        raise SystemExit("mutations.md: a mistake is not in the form, or there is none of that name")
    if only_check:
        for mutation in mutations:
            mutation.applied(ROOT)
        print(f"{len(mutations)} planted mistakes fit the tree")
        return 0
    mutations = [m for m in mutations if not wanted or m.name in wanted]
    tests = {m.test for m in mutations}
    tree = directory / "tree"
    copy_tree(tree)
    subprocess.run(["cmake", "-S", tree, "-B", directory / "build", "-G", "Ninja",
                    "-DCMAKE_BUILD_TYPE=Dev", "-DLENSART_TESTS=ON"], check=True,
                   stdout=subprocess.DEVNULL)
    build(directory, tests)
    for test in sorted(tests):
        if seen(directory, test):
            raise SystemExit(f"{test} fails without any mistake: see {directory}/last-test.log")
    unseen = []
    for mutation in mutations:
        mutation.apply(tree)
        build(directory, {mutation.test})
        caught = seen(directory, mutation.test)
        copy_tree(tree)
        print(f"{'seen' if caught else 'UNSEEN'}  {mutation.name}", flush=True)
        if not caught:
            unseen.append(mutation.name)
    print(f"{len(mutations) - len(unseen)} of {len(mutations)} planted mistakes were seen")
    return 1 if unseen else 0


if __name__ == "__main__":
    sys.exit(main())
