#!/usr/bin/env python3
"""The blocks of docs/quick-start.md run as they stand:  quick_start.py ROOT PROGRAM

All ```bash blocks but the one that builds, in one shell, in the checkout, with PROGRAM as `lensart`
and a stack in a directory of its own. Every command must succeed, and each question to a table must
be answered by a row. The page's ports 8081 and 8082 must be free. The output goes to stdout.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

PAGE = "docs/quick-start.md"
TABLES = 10  # questions in the block that looks into every table
PATIENCE = 240  # seconds for all of it


def blocks(root):
    page = (root / PAGE).read_text(encoding="utf-8")
    return [b for b in re.findall(r"^```bash\n(.*?)^```$", page, re.S | re.M) if "cmake" not in b]


def environment(folder, program):
    """Ours without any setting: the page begins in a shell that knows nothing of lensart."""
    clean = {n: v for n, v in os.environ.items() if not n.startswith(("LENSART_", "PG"))}
    (folder / "bin").mkdir()
    (folder / "bin/lensart").symlink_to(program)
    return {**clean, "PATH": f"{folder}/bin:{clean['PATH']}", "LENSART_STACK_DIR": str(folder / "stack")}


def empty_answers(output):
    """Answers of psql that have no row: the rule under the columns' names with nothing below."""
    lines = output.split("\n") + [""]
    rules = [n for n, line in enumerate(lines) if re.fullmatch(r"[-+]{4,}", line)]
    return len(rules), [lines[n - 1].strip() for n in rules if not lines[n + 1].strip()]


def run(root, folder, program):
    script = "set -eu\n" + "\n".join(f"echo '# block {n}'\n{b}" for n, b in enumerate(blocks(root)))
    settings = environment(folder, program)
    (root / ".lensart").mkdir(exist_ok=True)
    shell = subprocess.Popen(["bash", "-c", script], cwd=root, env=settings, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
                             start_new_session=True)
    try:
        output, _ = shell.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(shell.pid, signal.SIGKILL)
        output = shell.communicate()[0] + f"\nnot done after {PATIENCE} s"
    else:
        try:  # what an interrupted page left running
            os.killpg(shell.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    subprocess.run([root / "scripts/stack.sh", "down", "--remove"], cwd=root, env=settings, check=False)
    return shell.returncode, output


def main(arguments):
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 64
    root, program = (Path(a).resolve() for a in arguments)
    folder = Path(tempfile.mkdtemp(prefix="lensart-quick-start."))
    folder.chmod(0o711)  # user postgres has to pass through
    try:
        code, output = run(root, folder, program)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(output)
    answers, empty = empty_answers(output)
    problems = [f"the table with {columns} has no row" for columns in empty]
    if code != 0:
        problems.append(f"a command of {PAGE} failed: exit {code}, see the end of the output")
    elif answers < TABLES:
        problems.append(f"{answers} tables were looked into, not {TABLES}")
    print("\n".join(problems or [f"{PAGE}: every block runs, {answers} tables have rows"]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
