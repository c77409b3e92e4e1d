# shellcheck shell=bash disable=SC2034,SC2154  # variables shared with campaign.sh
# The console's API against its document, by Schemathesis: no server error, no contract violation.
# Arguments: [CASES [SEED]], by default at least 10 000 cases.
presets=(release)
needs_stack=yes
schemathesis_version=4.32.5

# Into a directory of its own, once.
install_schemathesis() {
  local venv=$root/.lensart/cache/schemathesis-$schemathesis_version
  if [ ! -x "$venv/bin/schemathesis" ]; then
    say "Installing Schemathesis $schemathesis_version"
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet "schemathesis==$schemathesis_version"
  fi
  echo "$venv/bin/schemathesis"
}

campaign() {
  local cases=${1:-10000} seed=${2:-1} code=0 generated
  local examples=2  # asked for a case: operations that take little have few different ones
  local schemathesis state address lensart=$root/build/release/lensart
  schemathesis=$(install_schemathesis)
  state=$(mktemp -d)
  address=127.0.0.1:$(free_port)
  export LENSART_STATE_DIRECTORY=$state/state LENSART_HTTP_LISTEN=$address
  "$lensart" init >/dev/null
  "$lensart" generate --events 20000 --poison 0.05 --duplicates 0.05 --to kafka >/dev/null
  "$lensart" run 2>"$results/run.log" &
  local run=$!
  wait_until 60 caught_up "$address" || die "the pipeline does not catch up; see $results/run.log"

  # Its endless answer is not for a tool that waits for the end of one.
  local operations
  operations=$(jq '[.paths[] | keys[]] | length - 1' "$root/apps/api/openapi.json")
  cd "$results" || return  # it leaves a folder of its own where it runs
  "$schemathesis" run "http://$address/api/v1/openapi.json" --url "http://$address" \
    --exclude-path /api/v1/events --checks all --phases examples,coverage,fuzzing \
    --max-examples $((examples * cases / operations + 1)) --seed "$seed" --continue-on-failure \
    --request-timeout 20 --report ndjson --report-ndjson-path "$results/events.ndjson" \
    2>&1 | tee "$results/schemathesis.txt" || code=$?
  kill -TERM "$run" && wait "$run"
  rm -rf "$state"
  grep -E '(generated|passed|found)' "$results/schemathesis.txt" | tail -n 3 >&2 || true
  ((code == 0)) || die "see $results/schemathesis.txt"
  generated=$(sed -nE 's/^ *([0-9]+) generated.*/\1/p' "$results/schemathesis.txt" | tail -n 1)
  ((generated >= cases)) || die "$generated cases were made, fewer than $cases"
}

caught_up() {
  local lag
  lag=$(curl -fs "http://$1/api/v1/overview" | jq '.lag.events + (.events.accepted == 0 | if . then 1 else 0 end)')
  [ "$lag" = 0 ]
}
