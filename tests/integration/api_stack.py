"""What the checks of the API stand on: a running instance, its tables, its stream."""

import atexit
import http.client
import json
import os
import signal
import subprocess
import time
import unittest

from api_document import Api, ROOT

PROGRAM = os.environ["LENSART_TEST_PROGRAM_FILE"]
ADDRESS = os.environ["LENSART_HTTP_LISTEN"]
SCHEMA = os.environ["LENSART_POSTGRES_SCHEMA"]


def environment():
    ours = ("LENSART_TEST_", "LENSART_STACK_")
    return {k: v for k, v in os.environ.items() if not k.startswith(ours)}


def run(*arguments):
    return subprocess.run([PROGRAM, *arguments], env=environment(), capture_output=True, text=True,
                          check=True).stdout


def sql(query):
    """The one value of a query, read from JSON."""
    done = subprocess.run(
        ["psql", "-XqAt1", "-v", "ON_ERROR_STOP=1", os.environ["LENSART_POSTGRES_DSN"]],
        input=f"SET search_path = \"{SCHEMA}\"; SET TimeZone = 'UTC';\n"
              f"SELECT to_json(x.v) FROM ({query}) x (v)",
        capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def stack(verb, service):
    subprocess.run([os.path.join(ROOT, "scripts", "stack.sh"), "--dir",
                    os.environ["LENSART_STACK_DIR"], verb, service], check=True,
                   stdout=subprocess.DEVNULL)


def until(claim, patience=20.0):
    """The first true value of `claim`, asked again and again; fails when the time is up."""
    end = time.monotonic() + patience
    while True:
        try:
            if value := claim():
                return value
        except OSError:
            pass  # nobody listens yet
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.05)


class Instance:
    """A `lensart run` that is ready and has caught up."""

    def __init__(self, *arguments, headers=None):
        self.process = subprocess.Popen([PROGRAM, "run", *arguments], env=environment(),
                                        stderr=subprocess.PIPE, text=True)
        atexit.register(self.process.kill)
        self.api = Api(ADDRESS, headers)
        until(self.is_ready)
        until(lambda: self.api.get("/api/v1/overview")["lag"]["events"] == 0)

    def is_ready(self):
        assert self.process.poll() is None, self.process.communicate()[1]
        return self.api.ask("/readyz").status == 200

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        log = self.process.communicate(timeout=30)[1]
        assert self.process.returncode == 0, log


class Listener:
    """One end of the stream of events."""

    def __init__(self, path="/api/v1/events", headers=None):
        self.connection = http.client.HTTPConnection(ADDRESS, timeout=10)
        self.connection.request("GET", path, headers=headers or {})
        self.response = self.connection.getresponse()
        assert self.response.status == 200, self.response.read()

    def next(self):
        """Name and document of the next event."""
        name = None
        while True:
            line = self.response.readline().decode().rstrip("\n")
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                return name, json.loads(line.removeprefix("data: "))
            assert line is not None

    def close(self):
        self.connection.close()


class ApiCase(unittest.TestCase):
    """Shares one instance, with events of every kind behind it."""

    shared = None

    @classmethod
    def setUpClass(cls):
        if ApiCase.shared is None:
            run("generate", "--events", "3000", "--seed", "5", "--poison", "0.05", "--duplicates",
                "0.05", "--to", "kafka")
            ApiCase.shared = Instance()
            until(lambda: cls.overview()["events"]["accepted"] > 0)
            until(lambda: cls.overview()["lag"]["events"] == 0)

    @staticmethod
    def stop_shared():
        if ApiCase.shared is not None:
            ApiCase.shared.stop()
            ApiCase.shared = None

    @property
    def api(self):
        return ApiCase.shared.api

    @classmethod
    def overview(cls):
        return ApiCase.shared.api.get("/api/v1/overview")

    def refused(self, path, status=400, **options):
        answer = self.api.ask(path, **options)
        self.assertEqual(answer.status, status, f"{path}: {answer.text}")
        self.assertEqual(answer.json["status"], "error")
        return answer.json
