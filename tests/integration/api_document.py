"""Holds answers of the API against its document, apps/api/openapi.json."""

import http.client
import json
import os
import re
import urllib.parse

import jsonschema

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PLACEHOLDER = re.compile(r"\{[^}]+\}")


def load():
    with open(os.path.join(ROOT, "apps", "api", "openapi.json"), encoding="utf-8") as file:
        return json.load(file)


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.type = self.headers.get("content-type", "").split(";")[0]
        self.text = response.read().decode("utf-8")

    @property
    def json(self):
        return json.loads(self.text)


class Api:
    """Asks, and fails where the document does not foresee the answer."""

    def __init__(self, address, headers=None):
        self.address = address
        self.headers = headers or {}
        self.document = load()
        self.asked = set()  # (path of the document, method, status)

    def path_of(self, path):
        """The document's path that a request's path is an instance of; nothing: there is none."""
        if path in self.document["paths"]:
            return path
        for template in self.document["paths"]:
            pattern = PLACEHOLDER.sub("[^/]+", re.sub(r"[.+]", r"\\\g<0>", template))
            if re.fullmatch(pattern, path):
                return template
        return None

    def ask(self, path, method="GET", body=None, headers=None):
        connection = http.client.HTTPConnection(self.address, timeout=20)
        try:
            connection.request(method, path, body, {**self.headers, **(headers or {})})
            answer = Answer(connection.getresponse())
        finally:
            connection.close()
        self.judge(path, method, answer)
        return answer

    def get(self, path, **query):
        """The document at a path that is there."""
        answer = self.ask(path + ("?" + urllib.parse.urlencode(query) if query else ""))
        assert answer.status == 200, f"{path}: {answer.status} {answer.text}"
        return answer.json if answer.type == "application/json" else answer.text

    def judge(self, path, method, answer):
        template = self.path_of(path.split("?")[0])
        operation = self.document["paths"].get(template, {}).get(method.lower())
        if operation is None:
            # Nothing of ours: refused in the shape that everything is refused in.
            assert answer.status in (401, 403, 404, 405), f"{method} {path}: {answer.status}"
            return self.validate({"$ref": "#/components/schemas/Error"}, answer)
        responses = operation["responses"]
        response = responses.get(str(answer.status), responses["default"])
        response = self.resolved(response)
        assert answer.type in response["content"], f"{method} {path}: {answer.type}"
        self.asked.add((template, method, answer.status))
        for name in response.get("headers", {}):
            assert name.lower() in answer.headers, f"{method} {path}: no {name}"
        if answer.type == "application/json":
            self.validate(response["content"][answer.type]["schema"], answer)
        return None

    def resolved(self, thing):
        while "$ref" in thing:
            target = self.document
            for step in thing["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            thing = target
        return thing

    def validate(self, schema, answer):
        self.check(schema, answer.json)

    def check(self, schema, data):
        whole = {**schema, "components": self.document["components"]}
        validator = jsonschema.Draft202012Validator(
            whole, format_checker=jsonschema.FormatChecker())
        problems = [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:300]}"
                    for e in validator.iter_errors(data)]
        assert not problems, "\n".join(problems[:5])
