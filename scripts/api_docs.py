#!/usr/bin/env python3
"""Makes docs/api.md of apps/api/openapi.json:  api_docs.py [--check]

With --check nothing is written; exit 1 if the page is not what it would be.
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "apps" / "api" / "openapi.json"
PAGE = ROOT / "docs" / "api.md"

HEAD = """# The console's API

Made by `scripts/api_docs.py` of [apps/api/openapi.json](../apps/api/openapi.json), which a running
instance serves at `/api/v1/openapi.json`: edit that, not this. What the words mean is in the
[contract](contract.md).

"""


def resolve(document, thing):
    while isinstance(thing, dict) and "$ref" in thing:
        target = document
        for step in thing["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        thing = {**target, **{k: v for k, v in thing.items() if k != "$ref"}}
    return thing


def cell(text):
    return " ".join(str(text).split()).replace("|", "\\|")


def type_of(document, schema):
    """A schema in a few words; a name that has a section of its own is linked to it."""
    if "$ref" in schema:
        name = schema["$ref"].split("/")[-1]
        if "properties" in resolve(document, schema) or "oneOf" in resolve(document, schema):
            return f"[{name}](#{name.lower()})"
        return type_of(document, resolve(document, schema))
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "enum" in schema:
        return ", ".join(f"`{json.dumps(v)}`" for v in schema["enum"])
    if "oneOf" in schema and "type" not in schema:
        return " or ".join(type_of(document, s) for s in schema["oneOf"])
    kinds = schema.get("type", "anything")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    words = []
    for kind in kinds:
        word = schema["format"] if kind == "string" and "format" in schema else kind
        if kind == "array":
            word = "list of " + type_of(document, schema.get("items", {}))
        words.append(word)
    bounds = [f"{words_of} {schema[key]}" for key, words_of in
              (("minimum", "from"), ("maximum", "to")) if key in schema]
    return " or ".join(words) + (" " + " ".join(bounds) if bounds and "integer" in kinds else "")


def members(document, schema, prefix=""):
    """Rows of a table: name, type, description; nested objects with dotted names."""
    required = schema.get("required", [])
    for name, member in schema.get("properties", {}).items():
        shown = prefix + name
        whole = member if "$ref" in member else resolve(document, member)
        optional = "" if name in required else " (may be left out)"
        items = whole.get("items", {}) if whole.get("type") == "array" else {}
        description = member.get("description", resolve(document, member).get("description", "")
                                 if "properties" not in resolve(document, member) else "")
        yield f"`{shown}`", type_of(document, whole) + optional, description
        if "$ref" in whole:
            continue
        yield from members(document, whole, shown + ".")
        if "$ref" not in items:
            yield from members(document, items, shown + "[].")
        for choice in whole.get("oneOf", []) + items.get("oneOf", []):
            if "$ref" not in choice:
                yield from members(document, choice, shown + ".")


def table(head, rows):
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(cell(c) for c in row) + " |"
    yield ""


def operation(document, path, method, details):
    yield f"### {method.upper()} {path}"
    yield ""
    yield details["summary"]
    yield ""
    if "description" in details:
        yield details["description"]
        yield ""
    parameters = [resolve(document, p) for p in details.get("parameters", [])]
    if parameters:
        yield from table(
            ("parameter", "in", "type", ""),
            ((f"`{p['name']}`", p["in"], type_of(document, p["schema"])
              + (f", by default {p['schema']['default']}" if "default" in p["schema"] else ""),
              p.get("description", "")) for p in parameters))
    if "requestBody" in details:
        schema = details["requestBody"]["content"]["application/json"]["schema"]
        yield f"Takes {type_of(document, schema)}."
        yield ""
    rows = []
    for status, response in details["responses"].items():
        response = resolve(document, response)
        for kind, content in response["content"].items():
            what = type_of(document, content["schema"])
            rows.append((status, what if kind == "application/json" else f"`{kind}`",
                         response["description"]))
    yield from table(("status", "answer", ""), rows)


def choices(document, schema):
    """One row for each of the titled choices of a schema: Attention's codes."""
    rows = []
    for choice in schema["oneOf"]:
        inside = choice["properties"]
        severity = inside["severity"]
        rows.append((f"`{choice['title']}`",
                     severity.get("const") or " or ".join(severity["enum"]),
                     ", ".join(f"`{n}`" for n in inside["parameters"]["properties"]),
                     f"`{inside['remedy']['const']}`", choice["description"]))
    yield from table(("code", "severity", "parameters", "remedy", "means"), rows)


def schemas(document):
    for name, schema in sorted(document["components"]["schemas"].items()):
        if "properties" not in schema and "oneOf" not in schema:
            continue
        yield f"### {name}"
        yield ""
        if "description" in schema:
            yield schema["description"]
            yield ""
        rows = list(members(document, schema))
        titled = all("title" in choice for choice in schema.get("oneOf", [{}]))
        if not titled:
            for choice in schema.get("oneOf", []):
                if "$ref" in choice:
                    rows.append(("", "or " + type_of(document, choice), ""))
                rows.extend(members(document, choice))
        yield from table(("member", "type", ""), rows)
        if titled:
            yield from choices(document, schema)


def page(document):
    yield document["info"]["description"]
    yield ""
    for tag in document["tags"]:
        yield f"## {tag['name'].capitalize()}"
        yield ""
        yield tag["description"]
        yield ""
        for path, item in document["paths"].items():
            for method, details in item.items():
                if tag["name"] in details["tags"]:
                    yield from operation(document, path, method, details)
    yield "## What answers are made of"
    yield ""
    yield from schemas(document)


def main(arguments):
    document = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    text = HEAD + "\n".join(page(document)).rstrip() + "\n"
    if arguments == ["--check"]:
        if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
            return 0
        print("docs/api.md is not what apps/api/openapi.json says; run scripts/api_docs.py")
        return 1
    if arguments:
        print(__doc__, file=sys.stderr)
        return 64
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
