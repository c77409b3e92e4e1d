#!/usr/bin/env python3
"""Makes the reference pages of docs/:  reference_docs.py [--check] [--program FILE] [PAGE…]

commands         docs/commands.md, of `lensart … --help`
configuration    docs/configuration.md, of `lensart check --keys --json`
data-dictionary  docs/data-dictionary.md, of sql/migrations/

Without PAGE all of them. The program is build/dev/lensart unless --program or another build is there.
With --check nothing is written; exit 1 if a page is not what it would be.
"""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

MADE = "Made by `scripts/reference_docs.py` of {of}; edit that, not this."


def run(program, *arguments):
    return subprocess.run([program, *arguments], check=True, capture_output=True, text=True,
                          timeout=60, env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}).stdout


# ---- commands.md ----

def subcommands(text):
    """The names under the heading of a help text."""
    if "\nSubcommands:\n" not in text:
        return []
    part = text.split("\nSubcommands:\n", 1)[1].split("\n\n", 1)[0]
    return re.findall(r"^  ([a-z][a-z-]*)", part, re.M)


def all_helps(program, words=()):
    """(words, help) of the program and of everything below it, in its own order."""
    text = run(program, *words, "--help")
    yield words, text
    for name in subcommands(text):
        yield from all_helps(program, (*words, name))


def cell(text):
    return " ".join(text.split()).replace("|", "\\|")


def commands(program):
    helps = list(all_helps(program))
    yield "# Commands"
    yield ""
    yield MADE.format(of="what the program says of itself (`--help`)")
    yield ("What each command promises is in the [contract](contract.md#6-operating-it), how to use "
           "them in [operations.md](operations.md).")
    yield ""
    yield "`--config`, `--set` and `--json` may stand before or behind every command."
    yield ""
    yield "| command | does |"
    yield "|---|---|"
    for words, text in helps[1:]:
        name = " ".join(("lensart", *words))
        yield f"| [`{name}`](#{name.replace(' ', '-')}) | {cell(text.splitlines()[0])} |"
    for words, text in helps:
        yield ""
        yield f"## {' '.join(('lensart', *words))}"
        yield ""
        yield "```text"
        yield text.rstrip()
        yield "```"


# ---- configuration.md ----

INTRODUCTION = """
A file in [TOML](https://toml.io), `lensart.toml` in the working directory or
`/etc/lensart/lensart.toml`, or the one that `--config` names. Every key has a default: an empty file,
or none, is valid. The environment overrides the file, `--set KEY=VALUE` overrides both. An unknown key,
a wrong type, a value out of range is an error with file, line and remedy. `lensart check` prints what
came out and where each value is from; `lensart check --keys` prints this page's content.

Durations are written `"250us"`, `"30s"`, `"5m"`, `"24h"`, `"1h30m"`, `"30d"`; sizes `"512B"`, `"64MiB"`,
`"2GiB"`. In the environment and behind `--set` the quotes may be left out.

**⚑** enters the tables: once they are made, another value is refused until it is set back or
`lensart rebuild` has made them anew. **✱** may hold a secret, and is never printed.
"""


def configuration(program):
    keys = json.loads(run(program, "check", "--keys", "--json"))
    yield "# Configuration"
    yield ""
    yield MADE.format(of="`apps/config/schema_rows.cpp` and `config.hpp`")
    yield INTRODUCTION.rstrip()
    section = None
    for key in keys:
        name = key["key"]
        here = name.split(".")[0] if "." in name else ""
        if here != section:
            section = here
            yield ""
            yield f"## {f'[{here}]' if here else 'At the top of the file'}"
            yield ""
            yield "| key | type and range | default | meaning |"
            yield "|---|---|---|---|"
        marks = (" ⚑" if key["enters_tables"] else "") + (" ✱" if key["secret"] else "")
        kind = key["type"].removeprefix("a ").removeprefix("an ")
        kind += f": {key['range']}" if key["range"] else ""
        default = "" if key["default"] is None else f"`{cell(key['default'])}`"
        yield (f"| `{name}`{marks}<br>`{key['environment']}` | {cell(kind)} | {default} "
               f"| {cell(key['meaning'])} |")


# ---- data-dictionary.md ----

QUESTIONS = [
    ("What does an order look like now?", "orders_processed, v_recent_orders"),
    ("Which products are in an order?", "order_items_analytics"),
    ("What sells best?", "v_product_popularity"),
    ("What did a product sell, hour by hour?", "product_sales_hourly"),
    ("How does a branch do?", "v_branch_performance"),
    ("How much was ordered in an hour, in a branch?", "order_metrics"),
    ("And in the last hour, every five minutes?", "order_metrics_sliding"),
    ("How was a day?", "v_daily_order_summary"),
    ("When did an order change its status, and how long did each step take?",
     "order_status_history"),
    ("How often was an order worked on?", "order_status_sessions"),
    ("Which orders are stuck, or did something odd?", "order_anomalies"),
    ("Which orders wait for their next step?", "v_orders_waiting"),
    ("What exactly did an event say?", "orders_raw"),
    ("What was refused, and why?", "dead_letters"),
    ("Which refused events were sent again?", "pipeline_replays"),
    ("Where did every Kafka offset go?", "pipeline_accounts"),
    ("How far are the tables?", "pipeline_epochs"),
    ("Under which settings were they made?", "pipeline_settings"),
    ("Which version has the schema?", "schema_migrations"),
]


class Relation:
    def __init__(self, name, kind):
        self.name, self.kind, self.comment = name, kind, ""
        self.columns = {}  # name -> [type, comment]
        self.constraints, self.indexes = [], []


def unquoted(text):
    """The text of an SQL literal of one or several adjacent parts."""
    return "".join(re.findall(r"'((?:[^']|'')*)'", text)).replace("''", "'")


def split_items(body):
    """The items of a parenthesis, split at its own commas."""
    depth, item = 0, ""
    for character in body:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            yield item.strip()
            item = ""
        else:
            item += character
    yield item.strip()


def parenthesis(text, start):
    """What stands between the parenthesis at `start` and its partner."""
    depth = 0
    for place in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0:
            return text[start + 1:place]
    raise ValueError("no end of " + text[start:start + 40])


def relations():
    found = {}
    for path in sorted((ROOT / "sql" / "migrations").glob("*.sql")):
        text = re.sub(r"^\s*--.*$", "", path.read_text(encoding="utf-8"), flags=re.M)
        for match in re.finditer(r"CREATE TABLE IF NOT EXISTS \{schema\}\.(\w+) \(", text):
            table = found.setdefault(match[1], Relation(match[1], "table"))
            for item in split_items(parenthesis(text, match.end() - 1)):
                item = " ".join(item.split())
                if item.startswith("CONSTRAINT "):
                    table.constraints.append(item.split(" ", 2)[2].replace("{schema}.", ""))
                else:
                    name, rest = item.split(" ", 1)
                    table.columns[name.strip('"')] = [rest, ""]
        for match in re.finditer(r"CREATE OR REPLACE VIEW \{schema\}\.(\w+)", text):
            found.setdefault(match[1], Relation(match[1], "view"))
        for match in re.finditer(r"CREATE (UNIQUE )?INDEX IF NOT EXISTS \w+\s+ON \{schema\}\.(\w+)\s+"
                                 r"(?:USING (\w+) )?(\([^;]*)", text):
            kind = match[3] or "btree"
            found[match[2]].indexes.append(" ".join(f"{kind} {match[4]}".split()))
        for match in re.finditer(r"COMMENT ON (?:TABLE|VIEW) \{schema\}\.(\w+) IS\s+"
                                 r"((?:'(?:[^']|'')*'\s*)+);", text):
            found[match[1]].comment = unquoted(match[2])
        for match in re.finditer(r'COMMENT ON COLUMN \{schema\}\.(\w+)\."?(\w+)"? IS\s+'
                                 r"((?:'(?:[^']|'')*'\s*)+);", text):
            found[match[1]].columns.setdefault(match[2], ["", ""])[1] = unquoted(match[3])
    return found


def with_links(text):
    return text.replace("(docs/contract.md", "([contract.md](contract.md)").replace("()", "")


def described(relation):
    yield f"### {relation.name}"
    yield ""
    yield with_links(relation.comment)
    yield ""
    yield "| column | type | holds |" if relation.kind == "table" else "| column | holds |"
    yield "|---|---|---|" if relation.kind == "table" else "|---|---|"
    for name, (kind, comment) in relation.columns.items():
        if not comment:
            raise ValueError(f"{relation.name}.{name} has no comment")
        kind = kind.replace("GENERATED ALWAYS AS IDENTITY", "generated")
        middle = f" {cell(kind)} |" if relation.kind == "table" else ""
        yield f"| `{name}` |{middle} {cell(with_links(comment))} |"
    if relation.constraints or relation.indexes:
        yield ""
        yield ("Constraints: " if relation.constraints else "") + "; ".join(
            f"`{text}`" for text in relation.constraints) + (
                ". " if relation.constraints else "") + (
                    "Indexes beside: " + "; ".join(f"`{text}`" for text in relation.indexes) + "."
                    if relation.indexes else "")
    yield ""


def data_dictionary(_program):
    found = relations()
    named = {name for _, names in QUESTIONS for name in names.split(", ")}
    for name in sorted(named ^ set(found)):
        raise ValueError(f"QUESTIONS and the migrations do not agree on {name}")
    yield "# Data dictionary"
    yield ""
    yield MADE.format(of="the comments in `sql/migrations/`, which `psql` shows too (`\\d+ TABLE`)")
    yield ("What the words mean, and why every table is a function of the accepted events, is in the "
           "[contract](contract.md#3-tables).")
    yield ""
    yield ("All instants are `TIMESTAMPTZ`; days and hours of the metrics are in the business time "
           "zone (`pipeline.time_zone`). Money is exact, in the currency of the shop.")
    yield ""
    yield "## Which table for which question"
    yield ""
    yield "| question | look in |"
    yield "|---|---|"
    for question, names in QUESTIONS:
        links = ", ".join(f"[{name}](#{name})" for name in names.split(", "))
        yield f"| {question} | {links} |"
    own = ("schema_migrations", "pipeline_")
    groups = (("Tables", lambda r: r.kind == "table" and not r.name.startswith(own)),
              ("Views", lambda r: r.kind == "view"),
              ("Bookkeeping", lambda r: r.kind == "table" and r.name.startswith(own)))
    for title, belongs in groups:
        yield ""
        yield f"## {title}"
        yield ""
        for relation in found.values():
            if belongs(relation):
                yield from described(relation)


PAGES = {"commands": commands, "configuration": configuration,
         "data-dictionary": data_dictionary}


def default_program():
    for preset in ("dev", "release", "asan", "tsan"):
        if (ROOT / "build" / preset / "lensart").is_file():
            return str(ROOT / "build" / preset / "lensart")
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if one differs")
    parser.add_argument("--program", default=default_program(), help="the lensart to ask")
    parser.add_argument("pages", nargs="*", metavar="PAGE")
    arguments = parser.parse_args()
    if unknown := set(arguments.pages) - set(PAGES):
        parser.error(f"there is no page {', '.join(unknown)}; there are {', '.join(PAGES)}")
    different = False
    for name in arguments.pages or PAGES:
        if name != "data-dictionary" and not arguments.program:
            parser.error("build the program first (cmake --build --preset dev), or name --program")
        lines = [line.rstrip() for line in PAGES[name](arguments.program)]
        text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"
        page = ROOT / "docs" / f"{name}.md"
        if not arguments.check:
            page.write_text(text, encoding="utf-8")
        elif not page.exists() or page.read_text(encoding="utf-8") != text:
            print(f"docs/{name}.md is not what it is made of; run scripts/reference_docs.py {name}")
            different = True
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
