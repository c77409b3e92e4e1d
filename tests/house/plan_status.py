#!/usr/bin/env python3
"""Every row of docs/plan-status.md names what shows it:  plan_status.py [ROOT]

In a row's last column stand names in backticks and links to pages. Each name is a test
(`Suite.Name`, `test_name`, `house_name`) or a file, and exists; each row has at least one. The files
of the middle column exist too. Prints what is wrong, one a line, and exits 1 when there is any.
"""

import re
import sys
from pathlib import Path

PAGE = "docs/plan-status.md"
ROWS_AT_LEAST = 70  # a table that no longer reads as one must not pass for an empty one


def tests_of(root):
    """The names of all tests: GoogleTest's, Python's, and those of tests/house."""
    names = set()
    for source in (root / "tests").rglob("*.cpp"):
        for suite, name in re.findall(
                r"^(?:TEST(?:_F|_P)?|RC_GTEST_(?:FIXTURE_)?PROP)\(\s*(\w+),\s*(\w+)",
                source.read_text(encoding="utf-8"), re.M):
            names.add(f"{suite}.{name}")
    for source in (root / "tests").rglob("*.py"):
        names.update(re.findall(r"^ +def (test_\w+)", source.read_text(encoding="utf-8"), re.M))
    lists = (root / "tests/house/CMakeLists.txt")
    text = lists.read_text(encoding="utf-8") if lists.is_file() else ""
    names.update(re.findall(r"add_test\(NAME (house_\w+)\b(?!\$)", text))
    for rules, prefix in re.findall(r"foreach\(rule ([\w ]+)\)\s*add_test\(NAME (house_\w*)\$", text):
        names.update(prefix + rule for rule in rules.split())
    return names


def rows_of(page):
    """(line number, cells) of each row below a table's ruler."""
    inside = False
    for number, line in enumerate(page.split("\n"), 1):
        if re.match(r"\|[-|]+\|$", line):
            inside = True
        elif not line.startswith("|"):
            inside = False
        elif inside:
            yield number, [cell.strip() for cell in line.strip("|").split("|")]


def is_test(name):
    return bool(re.fullmatch(r"[A-Z]\w+\.[A-Z]\w+|test_\w+|house_\w+", name))


def is_file(name):
    return "/" in name and not name.startswith("/") and " " not in name and "*" not in name


def findings(root):
    page = (root / PAGE).read_text(encoding="utf-8")
    tests = tests_of(root)
    count = 0
    for number, cells in rows_of(page):
        count += 1
        where = f"{PAGE}:{number}"
        if len(cells) != 3:
            yield f"{where}: {len(cells)} columns where there are 3"
            continue
        shown = 0
        for name in re.findall(r"`([^`]+)`", cells[2]):
            known = name in tests if is_test(name) else is_file(name) and (root / name).exists()
            shown += known
            if not known:
                yield f"{where}: there is no `{name}`"
        for target in re.findall(r"\]\(([^)#]+)", cells[2]):
            known = ((root / PAGE).parent / target).exists()
            shown += known
            if not known:
                yield f"{where}: there is no {target}"
        for name in re.findall(r"`([^`]+)`", cells[1]):
            if is_file(name) and not (root / name).exists():
                yield f"{where}: there is no `{name}`"
        if not shown:
            yield f"{where}: '{cells[0]}' names nothing that shows it"
    if count < ROWS_AT_LEAST:
        yield f"{PAGE}: {count} rows; the plan has at least {ROWS_AT_LEAST}"


def main(arguments):
    root = Path(arguments[0] if arguments else Path(__file__).parents[2]).resolve()
    found = list(findings(root))
    print("\n".join(found or ["plan_status: nothing to say"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
