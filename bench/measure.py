#!/usr/bin/env python3
"""Runs `lensart run --until-end` and measures it from outside: the rate between the 10 % and 90 %
marks of the events (start-up apart), the CPU of the process, its private memory.

  measure.py --program build/release/lensart --records N [--metric NAME] [--json] -- [run's arguments]

The figures come from /metrics, read 5 times a second (each reading costs the program, too), and from
/proc, 50 times, since a peak is soon over. That the topics hold as many records as --records says is
believed; whether what was timed is right is for `lensart verify`, or for a look at the state. Exit
code: the run's own.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def scrape(port):
    """The sums of all samples of each metric, or None while nobody listens."""
    try:
        with urllib.request.urlopen("http://127.0.0.1:%d/metrics" % port, timeout=2) as answer:
            lines = answer.read().decode().splitlines()
    except OSError:
        return None
    sums = {}
    for line in lines:
        if line and not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            name = name.split("{", 1)[0]
            sums[name] = sums.get(name, 0.0) + float(value)
    return sums


def private_kib(pid):
    total = 0
    with open("/proc/%d/status" % pid, encoding="ascii", errors="replace") as status:
        for line in status:
            if line.startswith(("RssAnon:", "RssShmem:")):
                total += int(line.split()[1])
    return total


class Watch(threading.Thread):
    """Samples (time, count) and the peak of private memory until told to stop."""

    def __init__(self, pid, port, metric):
        super().__init__(daemon=True)
        self.pid, self.port, self.metric = pid, port, metric
        self.samples, self.peak_kib, self.ended = [], 0, threading.Event()

    def run(self):
        readings = 0
        while not self.ended.wait(0.02):
            try:
                self.peak_kib = max(self.peak_kib, private_kib(self.pid))
            except OSError:
                return
            readings += 1
            if readings % 10:
                continue
            sums = scrape(self.port)
            if sums and self.metric in sums:
                self.samples.append((time.monotonic(), sums[self.metric]))


def moment(samples, count):
    """When the count was reached, between two samples by straight line."""
    before = samples[0]
    for sample in samples:
        if sample[1] >= count:
            if sample[1] == before[1]:
                return sample[0]
            part = (count - before[1]) / (sample[1] - before[1])
            return before[0] + part * (sample[0] - before[0])
        before = sample
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--records", type=int, required=True, help="that the topics hold")
    parser.add_argument("--metric", default="lensart_applied_records_total")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("arguments", nargs="*")
    options = parser.parse_args()

    port = free_port()
    command = [options.program, "run", "--until-end", "--set",
               "http.listen=127.0.0.1:%d" % port] + options.arguments
    began = time.monotonic()
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    watch = Watch(process.pid, port, options.metric)
    watch.start()
    log = process.stderr.read().decode(errors="replace")
    _, status, usage = os.wait4(process.pid, 0)
    ended = time.monotonic()
    watch.ended.set()
    watch.join()
    code = os.waitstatus_to_exitcode(status)
    if code != 0:
        sys.stderr.write(log)
        return code
    # A run that succeeded has applied everything, be it after the last reading.
    watch.samples.append((ended, float(options.records)))
    first = next(at for at, count in watch.samples if count > 0)
    low, high = 0.1 * options.records, 0.9 * options.records
    start, stop = moment(watch.samples, low), moment(watch.samples, high)
    figures = {
        "records": options.records,
        "rate": (high - low) / (stop - start) if start and stop and stop > start else None,
        "seconds_10_to_90": stop - start if start and stop else None,
        "seconds": ended - began,
        "seconds_to_first_record": first - began,  # that was seen: up to 0.2 s late
        "cpu_user_seconds": usage.ru_utime,
        "cpu_system_seconds": usage.ru_stime,
        "cpu_microseconds_an_event": (usage.ru_utime + usage.ru_stime) / options.records * 1e6,
        "peak_private_mib": watch.peak_kib / 1024,
    }
    print(json.dumps(figures) if options.json else
          "\n".join("%-28s %s" % item for item in figures.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
