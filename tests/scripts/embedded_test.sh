#!/usr/bin/env bash
# The scripts that operate a stack, from start-all to reset-data, on a stack of their own:
#   embedded_test.sh PROGRAM
# shellcheck disable=SC2317  # called by claim
set -euo pipefail
# shellcheck source=tests/scripts/claims.sh
source "$(dirname "${BASH_SOURCE[0]}")/claims.sh"
program=${1:?embedded_test.sh PROGRAM}
dir=$(mktemp -d -t lensart-scripts.XXXXXX)
chmod 711 "$dir"  # user postgres has to pass through
trap '"$scripts/reset-data.sh" --dir "$dir" --yes >/dev/null 2>&1; rm -rf "$dir"' EXIT
every=(start-all stop-all restart-all deploy-jobs reset-data test-kafka-connection test-flow test-jobs
  load-test)

run() {
  local name=$1
  shift
  "$scripts/$name.sh" --dir "$dir" "$@"
}
pid() { cat "$dir/lensart.pid"; }
service() { sed -n "s/^$1=//p" "$dir/service"; }
ready() { curl -fsS -o "$dir/answer" "http://127.0.0.1:$(service http_port)/readyz"; }
orders() { "$scripts/stack.sh" --dir "$dir" psql -XAtc 'SELECT count(*) FROM orders_raw'; }
nothing_runs() { ! grep -lsF "$dir" /proc/[0-9]*/cmdline; }
# report STEM EXPRESSION: a truth about the JUnit report's root, in Python.
report() {
  python3 -c 'import sys, xml.etree.ElementTree as tree
suite = tree.parse(sys.argv[1]).getroot()
count = {name: int(suite.get(name)) for name in ("tests", "failures", "skipped")}
assert len(suite.findall("testcase")) == count["tests"], count
assert len(suite.findall("testcase/failure")) == count["failures"], count
assert eval(sys.argv[2], {}, count), count' "$dir/reports/$1.xml" "$2" &&
    grep -q '^# ' "$dir/reports/$1.md"
}

# A program that answers like the real one, but ends when it is to run.
broken_program() {
  cat >"$dir/broken" <<TEXT
#!/bin/sh
if [ "\$1" = run ]; then echo 'broken on purpose' >&2; exit 74; fi
exec '$program' "\$@"
TEXT
  chmod +x "$dir/broken"
}

for name in "${every[@]}"; do
  claim "$name explains itself" says "scripts/$name.sh" "$scripts/$name.sh" --help
  claim "$name refuses what it does not know" exits 64 run "$name" --nonsense
done
claim 'load-test asks how many' exits 64 run load-test
claim 'a limit that is no number is refused' exits 64 run load-test 5 --min-rate fast
claim 'tests of a stack that is not there exit 69' exits 69 run test-flow
claim 'so does a deployment' exits 69 run deploy-jobs --binary "$program"
claim 'stopping what is not there is done' run stop-all

# Not at the ports that a developer's own stack would have.
(
  # shellcheck source=scripts/lib/common.sh
  source "$scripts/lib/common.sh"
  printf '%s\n' "http_port=$(free_port '')" "gateway_port=$(free_port '')" >"$dir/service"
)
claim 'everything starts' run start-all --binary "$program" --timeout 60
first=$(pid)
claim 'it is ready' ready
claim 'starting again changes nothing' says 'runs already' run start-all
claim 'it is the same process' equal "$first" "$(pid)"
claim 'another script waits its turn' exits 75 flock "$dir/operate.lock" "$scripts/stop-all.sh" --dir "$dir"

claim 'Kafka is fit' run test-kafka-connection
claim 'its report says so' report kafka-connection 'tests >= 9 and failures == 0'
claim 'events flow into every table' run test-flow --timeout 30
claim 'its report says so' report flow 'tests >= 30 and failures == 0 and skipped == 1'
claim 'a load of 100 passes' run load-test 100
claim 'its report says so' report load-100 'tests == 4 and failures == 0'
claim 'so does one into Kafka that must keep a limit' run load-test 50 --to kafka --min-rate 1
claim 'a limit that is not kept fails' exits 1 run load-test 10 --min-rate 999999999
claim 'its report says so' report load-10 'failures == 1'
claim 'each job makes its rows' run test-jobs --timeout 30
claim 'its report says so' report jobs 'tests >= 16 and failures == 0 and skipped == 1'

before=$(orders)
kill -KILL "$(pid)"
claim 'it restarts, even from a kill' run restart-all
claim 'with its data' equal "$before" "$(orders)"
claim 'as another process' fails equal "$first" "$(pid)"

second=$(pid)
printf '[log]\nlevel = "debug"\n' >"$dir/new.toml"
claim 'a program and its settings are deployed' run deploy-jobs --binary "$program" --config "$dir/new.toml"
claim 'the new process is ready' ready
claim 'it is another process' fails equal "$second" "$(pid)"
claim 'with the new settings' cmp "$dir/new.toml" "$dir/lensart.toml"

third=$(pid)
printf '[pipeline]\nnonsense = 1\n' >"$dir/wrong.toml"
claim 'wrong settings are refused' exits 78 run deploy-jobs --binary "$program" --config "$dir/wrong.toml"
printf '[pipeline]\ntime_zone = "UTC"\n' >"$dir/other.toml"
claim 'settings that do not fit the tables are, too' \
  exits 76 run deploy-jobs --binary "$program" --config "$dir/other.toml"
claim 'nothing was touched' equal "$third" "$(pid)"
claim 'no setting either' cmp "$dir/new.toml" "$dir/lensart.toml"
broken_program
claim 'what does not become ready is rolled back' exits 1 run deploy-jobs --binary "$dir/broken" --timeout 20
claim 'the old program is ready again' ready
claim 'it is in its place' cmp "$program" "$dir/bin/lensart"
claim 'everything stops' run stop-all
claim 'nothing runs' nothing_runs
claim 'stopping again is done' run stop-all
claim 'a terminal has colours' says $'\e[1m' script -qec "$scripts/stop-all.sh --dir $dir" /dev/null
claim 'not against NO_COLOR' \
  fails says $'\e[' env NO_COLOR=1 script -qec "$scripts/stop-all.sh --dir $dir" /dev/null
claim 'data are not deleted unasked' exits 64 run reset-data
claim 'they are there' test -d "$dir/kafka" -a -d "$dir/state"
claim 'data are deleted' run reset-data --yes
claim 'they are gone' test ! -e "$dir/kafka" -a ! -e "$dir/state" -a ! -e "$dir/postgres"
claim 'settings and reports stay' test -f "$dir/lensart.toml" -a -f "$dir/reports/flow.md"
claim 'nothing runs' nothing_runs
finish
