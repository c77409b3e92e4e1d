# shellcheck shell=bash disable=SC2034,SC2154  # variables shared with campaign.sh
# The audit beside a pipeline at work: each verify must be clean. Arguments: [TIMES [RATE]], by default
# 20 times at 1000 events/s.
presets=(bench)
needs_stack=yes

campaign() {
  local times=${1:-20} rate=${2:-1000} i failed=0
  local lensart=$root/build/bench/lensart
  "$lensart" init >/dev/null
  "$lensart" run 2>"$results/run.log" &
  local run=$!
  # More than the audits can take; it is stopped when they are through.
  "$lensart" generate --events $((rate * 3600)) --rate "$rate" --span 1h --duplicates 0.02 --poison 0.01 \
    --disorder 1m --to kafka >"$results/generate.txt" 2>&1 &
  local generator=$!
  sleep 5
  for ((i = 1; i <= times; ++i)); do
    if "$lensart" verify >"$results/verify-$i.txt" 2>&1; then
      say "$(tail -n 1 "$results/verify-$i.txt")"
    else
      say "verify $i: $(tail -n 1 "$results/verify-$i.txt")"
      failed=$((failed + 1))
    fi
  done
  kill "$generator"
  wait "$generator" || true  # ended by the signal
  kill -TERM "$run" && wait "$run"
  say "$((times - failed)) of $times clean"
  ((failed == 0))
}
