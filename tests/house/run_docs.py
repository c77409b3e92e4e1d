#!/usr/bin/env python3
"""Runs the blocks of commands and of SQL of documentation pages, in order, against a stack:
run_docs.py PROGRAM FOLDER PAGE…

`lensart` is PROGRAM; LENSART_… and PG… variables say where the stack is. A `lensart run` or `gateway`
goes on in the background until the page ends; where a page asks an instance and has started none, one
is there. What needs more than that (containers, packages, root, other hosts, the stack's own scripts)
is not run, and listed. A line that ends otherwise than it may (ENDINGS), or does not end, fails. The
log is FOLDER/PAGE.log.
"""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import docs

PATIENCE = 120  # seconds a command may take
# What ends so by what it finds, not by how it was called.
ENDINGS = {r"lensart run --until-end": (0, 75),  # another line of the page may have one running
           r"lensart (doctor|explain|dlq|verify|check)\b": (0, 1), r"lensart state adopt\b": (0, 1),
           r"lensart rebuild --order\b": (0, 1), r"grep\b": (0, 1)}
# Each with why.
NOT_RUN = {
    r"\b(docker|podman|buildah|kubectl)\b": "containers",
    r"\b(apt|apt-get|dpkg|systemctl|journalctl|sudo|chown|useradd|install)\b": "the system",
    r"\b(php|composer|artisan|npm|node|prometheus|promtool|git|cmake|ctest|ss|dot)\b": "another tool",
    r"scripts/|stack\.sh|demo\.sh|test\.sh": "a script with a stack of its own",
    r"[\w.-]+\.example|/etc/|/var/": "another host or the system's files",
    r"(?<![\w$])[A-Z]{3,}(?![\w=])|…|\.\.\.": "a placeholder",
    r"\bpsql\b(?!.*-c)|^(vi|nano|less|watch|tail -f)\b": "needs somebody at the terminal",
    r"postgres\.dsn=": "another database",
}
BACKGROUND = r"\blensart (run(?! --until-end)|gateway)\b"
SECRET = "a long secret"  # of docs/gateway.md
# What pages speak of as being there.
FILES = {
    "orders.jsonl": '{"id": 900001, "branch_id": 1, "total_price": "250000.00", "order_status": '
                    '"Đã giao", "payment_status": "Đã thanh toán", "date": '
                    '"2026-01-05 10:00:00+07:00", "order_details": []}\n',
    "orders.csv": "900002,,,,1,,,2026-01-05 10:00:00+07:00,,,,100000.00,Đã giao,Đã thanh toán,,[]\n",
}


def statements(tree, name):
    """(number, statement) of the blocks for the shell: lines are joined until bash can parse them."""
    pending, begun = [], 0
    for number, line, language in tree.lines(name):
        if language not in docs.SHELLS:
            pending = []
            continue
        begun = begun if pending else number
        pending.append(line)
        text = "\n".join(pending)
        if text.rstrip().endswith("\\") or subprocess.run(
                ["bash", "-n", "-c", text], capture_output=True, check=False).returncode != 0:
            continue
        yield begun, text.strip()
        pending = []


def reason_not_to(command):
    bare = re.sub(r"\b[A-Z_]+=\S+|'[^']*'", "", command.split(" #")[0])
    for pattern, why in NOT_RUN.items():
        if re.search(pattern, bare):
            return why
    return None


class Page:
    def __init__(self, tree, name, program, folder):
        self.tree, self.name = tree, name
        self.folder = folder / name.replace("/", "_")
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "bin").mkdir(parents=True)
        (self.folder / "bin" / "lensart").symlink_to(program)
        for file, text in FILES.items():
            (self.folder / file).write_text(text, encoding="utf-8")
        self.log = open(self.folder / "log", "w", encoding="utf-8")
        self.environment = {**os.environ, "PATH": f"{self.folder}/bin:{os.environ['PATH']}"}
        self.background, self.ran, self.left, self.failures = [], 0, [], []

    def address(self, command):
        return (command.replace("127.0.0.1:8081", os.environ["LENSART_HTTP_LISTEN"])
                .replace("localhost:8081", os.environ["LENSART_HTTP_LISTEN"])
                .replace("127.0.0.1:8082", os.environ["LENSART_GATEWAY_LISTEN"])
                .replace("localhost:8082", os.environ["LENSART_GATEWAY_LISTEN"]))

    def start(self, command):
        *before, last = command.split(" && ")
        if before and (wrong := self.finish(["bash", "-c", " && ".join(before)], (0,))):
            return wrong
        for process in self.background:  # one at a time
            self.stop(process)
        process = subprocess.Popen(["bash", "-c", "exec " + last], env=self.environment,
                                   cwd=self.folder, stdout=self.log, stderr=self.log)
        self.background.append(process)
        time.sleep(3)
        return "" if process.poll() is None else f"ended at once with {process.returncode}"

    def stop(self, process):
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        if process.wait(60) != 0:
            self.failures.append(f"{self.name}: what ran in the background ended with "
                                 f"{process.returncode}; see {self.folder}/log")
        self.background.remove(process)

    def finish(self, words, allowed):
        try:
            done = subprocess.run(words, env=self.environment, cwd=self.folder, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, timeout=PATIENCE, check=False,
                                  stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            return f"did not end in {PATIENCE} s"
        self.log.write(done.stdout)
        if done.returncode in allowed:
            return ""
        return f"exit {done.returncode}: {done.stdout.strip()[-300:]}"

    def do(self, number, command):
        self.log.write(f"\n$ {command}\n")
        self.log.flush()
        digest = hashlib.sha256(SECRET.encode()).hexdigest()
        command = command.replace("gateway.tokens=HASH", f"gateway.tokens={digest}").replace(" …", "")
        if why := reason_not_to(command):
            self.left.append(f"{self.name}:{number}: {command}  ({why})")
            return
        allowed = next((codes for pattern, codes in ENDINGS.items() if re.search(pattern, command)), (0,))
        command = self.address(command)
        if re.search(BACKGROUND, command.split(" #")[0]):
            wrong = self.start(command.split(" #")[0])
        else:
            if os.environ["LENSART_HTTP_LISTEN"] in command and not self.background:
                self.start("lensart run")
            if command.startswith("curl -sN"):  # a stream has no end
                command, allowed = "timeout 3 " + command, (0, 124)
            wrong = self.finish(["bash", "-c", command], allowed)
        self.note(number, command, wrong)

    def note(self, number, what, wrong):
        self.ran += 1
        if wrong:
            self.failures.append(f"{self.name}:{number}: {what}: {wrong}")

    def do_sql(self, number, block):
        self.log.write(f"\nSQL {block}\n")
        if "SET time_zone" in block or "…" in block or re.search(r"\b(CREATE|DROP|GRANT|ALTER)\b", block):
            self.left.append(f"{self.name}:{number}: SQL of MySQL, with a placeholder, or that changes more than rows")
            return
        self.note(number, block.strip().split("\n")[0], self.finish(
            ["psql", "-X", "-v", "ON_ERROR_STOP=1", "-d", os.environ["LENSART_POSTGRES_DSN"], "-c", block],
            (0,)))

    def run(self):
        sql, begun = [], 0
        try:
            for number, line, language in self.tree.lines(self.name):
                if language == "sql":
                    begun = begun or number
                    sql.append(line)
                elif sql:
                    self.do_sql(begun, "\n".join(sql))
                    sql, begun = [], 0
            for number, command in statements(self.tree, self.name):
                if re.match(r"[( ]*(\w+=\S+ )*(lensart|curl|psql|printf|echo|cat|jq)\b", command):
                    self.do(number, command)
        finally:
            for process in list(self.background):
                self.stop(process)
            self.log.close()


def main(arguments):
    if len(arguments) < 3:
        print(__doc__, file=sys.stderr)
        return 64
    program, folder = str(Path(arguments[0]).resolve()), Path(arguments[1]).resolve()
    tree = docs.Docs(Path(__file__).parents[2], program)
    failed = False
    for name in arguments[2:]:
        page = Page(tree, name, program, folder)
        page.run()
        print(f"{name}: {page.ran} run, {len(page.left)} left out, {len(page.failures)} failed")
        for line in page.left:
            print("  left out " + line)
        for line in page.failures:
            print("  FAILED " + line)
        failed = failed or bool(page.failures)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
