#!/usr/bin/env python3
"""The messages that a page quotes are the program's:  messages.py [ROOT]

In docs/troubleshooting*.md each table whose first column is headed "message says" (in Vietnamese
"thông báo") quotes messages in backticks, with … for what differs from case to case. Each must stand
in one string of the sources. Both languages quote the same ones, and the codes of dead letters are
all there. Both languages of the quick start have the same commands and outputs. Prints what is wrong, one a line, and exits 1 when there is any.
"""

import re
import sys
from pathlib import Path

PAGES = {"docs/troubleshooting.md": "message says", "docs/troubleshooting.vi.md": "thông báo"}
SAME_BLOCKS = ("docs/quick-start.md", "docs/quick-start.vi.md")
SOURCES = ("graph", "storage", "nodes", "apps")
MESSAGES_AT_LEAST = 30  # a heading that was renamed must not pass for no messages


def strings_of(text):
    """Each literal of C++, adjacent ones joined, escapes undone; formats' places become …"""
    literal = r'"(?:[^"\\\n]|\\.)*"'
    for run in re.finditer(rf'{literal}(?:\s*{literal})*', text):
        joined = "".join(part[1:-1] for part in re.findall(literal, run.group(0)))
        joined = joined.replace('\\"', '"').replace("{{", "{").replace("}}", "}")
        yield re.sub(r"\{[a-z0-9_:<>.]*\}", "…", joined)


def all_strings(root):
    strings = []
    for folder in SOURCES:
        for source in sorted((root / folder).rglob("*.[ch]pp")):
            strings += strings_of(source.read_text(encoding="utf-8"))
    return strings


def quoted(page, heading):
    """(line number, message) of each quotation in the first column of a table so headed."""
    inside = False
    for number, line in enumerate(page.split("\n"), 1):
        if not line.startswith("|"):
            inside = False
        elif line.startswith(f"| {heading} |"):
            inside = True
        elif inside and not line.startswith("|--"):
            cell = line.strip("|").split(" | ")[0]
            for double, single in re.findall(r"``\s?(.+?)\s?``(?!`)|`([^`]+)`", cell):
                yield number, double or single


def stands(message, strings):
    parts = [re.escape(part) for part in message.split("…")]
    pattern = re.compile(".*?".join(parts), re.S)
    return any(pattern.search(text) for text in strings)


def codes_of(root):
    """The codes of dead letters, as the reader names them."""
    text = (root / "apps/orders/event_reader.cpp").read_text(encoding="utf-8")
    return set(re.findall(r'case Code::k\w+:\s*return "(\w+)"', text))


def blocks_of(page):
    return re.findall(r"^```\w*\n.*?^```$", page, re.S | re.M)


def different_blocks(root):
    blocks = [blocks_of((root / name).read_text(encoding="utf-8")) for name in SAME_BLOCKS]
    if len(blocks[0]) != len(blocks[1]) or not blocks[0]:
        yield f"{SAME_BLOCKS[1]}: {len(blocks[1])} blocks where {SAME_BLOCKS[0]} has {len(blocks[0])}"
    for number, (one, other) in enumerate(zip(*blocks), 1):
        if one != other:
            yield f"{SAME_BLOCKS[1]}: block {number} differs from that of {SAME_BLOCKS[0]}"


def findings(root):
    yield from different_blocks(root)
    strings = all_strings(root)
    said = {}
    for name, heading in PAGES.items():
        page = (root / name).read_text(encoding="utf-8")
        found = list(quoted(page, heading))
        said[name] = {message for _, message in found}
        for number, message in found:
            if not stands(message, strings):
                yield f"{name}:{number}: the program never says: {message}"
        if len(found) < MESSAGES_AT_LEAST:
            yield f"{name}: only {len(found)} messages under '{heading}'"
        for code in sorted(codes_of(root)):
            if not re.search(rf"^\| `{code}` \|", page, re.M):
                yield f"{name}: nothing about the dead letters of {code}"
    first, second = PAGES
    for one, other in ((first, second), (second, first)):
        for message in sorted(said[one] - said[other]):
            yield f"{other}: lacks what {one} has: {message}"


def main(arguments):
    root = Path(arguments[0] if arguments else Path(__file__).parents[2]).resolve()
    found = list(findings(root))
    print("\n".join(found or ["messages: nothing to say"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
