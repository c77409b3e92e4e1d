"""Sends generated records through the gateway and prints the figures as JSON:

    load_client.py URL CONNECTIONS FILE [HEADER...]

FILE is what `lensart generate --to FILE` writes: topic, partition, payload between tabs. Each record
goes out once, on one of CONNECTIONS keep-alive connections, the next when the one before is answered;
429 and 503 are repeated after Retry-After, at most five times. Latency is from a request's first byte
out to its answer's last byte in, repeats apart.
"""

import asyncio
import json
import sys
import time
from urllib.parse import urlsplit

PATHS = (
    (b'"event_type":"order.created"', "events/order-created"),
    (b'"event_type":"order.updated"', "events/order-updated"),
    (b'"event_type":"order.cancelled"', "events/order-cancelled"),
    (b'"event_type":"order.status_changed"', "events/order-status-changed"),
)
PATIENCE_SECONDS = 30
MOST_REPEATS = 5


ENVELOPE = ("event_type", "event_id", "timestamp")


def request_of(payload):
    """(path, body). Only events/generic does not take the flat form, the data beside the envelope."""
    for mark, path in PATHS:
        if mark in payload:
            return path, payload
    event = json.loads(payload)
    if "data" not in event:
        data = {name: value for name, value in event.items() if name not in ENVELOPE}
        event = {name: event[name] for name in ENVELOPE if name in event} | {"data": data}
        payload = json.dumps(event).encode()
    return "events/generic", payload


def read_requests(name, host, headers):
    """Each record as the bytes of one request."""
    extra = "".join(f"{header}\r\n" for header in headers)
    with open(name, "rb") as file:
        for line in file:
            path, body = request_of(line.rstrip(b"\n").split(b"\t", 2)[2])
            head = (f"POST /api/kafka/{path} HTTP/1.1\r\nHost: {host}\r\n"
                    f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
                    f"{extra}\r\n")
            yield head.encode() + body


async def read_answer(reader):
    """(status, seconds to wait before a repeat, body)"""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    fields = {name.lower(): value.strip()
              for name, _, value in (line.partition(":") for line in head[1:])}
    body = await reader.readexactly(int(fields.get("content-length", 0)))
    return int(head[0].split()[1]), float(fields.get("retry-after", 1)), body


class Run:
    """The figures, and what is still to be sent."""

    def __init__(self, requests):
        self.waiting = iter(requests)
        self.latencies = []
        self.acknowledged = 0
        self.repeats = 0
        self.errors = {}

    def failed(self, what):
        self.errors[what] = self.errors.get(what, 0) + 1

    async def connection(self, host, port):
        """Sends one after the other; a broken connection is an error and is opened again."""
        streams = None
        for request in self.waiting:
            try:
                streams = streams or await asyncio.open_connection(host, port)
                await asyncio.wait_for(self.send(streams, request), PATIENCE_SECONDS)
            except (OSError, EOFError, asyncio.TimeoutError) as error:
                self.failed(type(error).__name__)
                if streams:
                    streams[1].close()
                streams = None
        if streams:
            streams[1].close()

    async def send(self, streams, request):
        reader, writer = streams
        for _ in range(MOST_REPEATS + 1):
            start = time.perf_counter()
            writer.write(request)
            status, pause, body = await read_answer(reader)
            self.latencies.append(time.perf_counter() - start)
            if status == 200:
                self.acknowledged += 1
                return
            if status not in (429, 503):
                self.failed(f"{status} {body.decode(errors='replace')[:200]}")
                return
            self.repeats += 1
            await asyncio.sleep(pause)
        self.failed(f"{status} after {MOST_REPEATS} repeats")

    def percentile(self, share):
        """Of the sorted latencies, in milliseconds."""
        if not self.latencies:
            return None
        return round(self.latencies[min(len(self.latencies) - 1,
                                        int(share * len(self.latencies)))] * 1000, 3)


async def main(arguments):
    if len(arguments) < 3:
        print(__doc__, file=sys.stderr)
        return 64
    url, connections, name = urlsplit(arguments[0]), int(arguments[1]), arguments[2]
    requests = list(read_requests(name, url.netloc, arguments[3:]))
    run = Run(requests)
    began = time.time()
    await asyncio.gather(*(run.connection(url.hostname, url.port) for _ in range(connections)))
    ended = time.time()
    seconds = ended - began
    run.latencies.sort()
    print(json.dumps({
        "requests": len(requests), "acknowledged": run.acknowledged, "repeats": run.repeats,
        "errors": run.errors, "began": f"{began:.6f}", "ended": f"{ended:.6f}", "seconds": round(seconds, 3),
        "rate": round(run.acknowledged / seconds, 1),
        "p50_ms": run.percentile(0.5), "p95_ms": run.percentile(0.95),
        "p99_ms": run.percentile(0.99), "most_ms": run.percentile(1)}))
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
