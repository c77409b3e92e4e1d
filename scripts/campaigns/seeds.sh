# shellcheck shell=bash disable=SC2034,SC2154  # variables shared with campaign.sh
# Streams of many seeds, each held to the model: SEEDS EVENTS FIRST (20 seeds of 20 000, from 1)
presets=(dev release)
needs_stack=yes

campaign() {
  local seeds=${1:-20} events=${2:-20000} first=${3:-1} failed=0 seed log
  export LENSART_TEST_PROGRAM=$root/build/release/lensart LENSART_TEST_E2E_EVENTS=$events
  for ((seed = first; seed < first + seeds; ++seed)); do
    log=$results/$seed.txt
    if LENSART_TEST_SEED=$seed "$root/build/dev/tests/integration/end_to_end_test" >"$log" 2>&1; then
      printf 'seed %-6d equal      %s\n' "$seed" "$(grep -h ' consumed = ' "$log" | tail -n 1)"
    else
      printf 'seed %-6d DIFFERENT  %s\n' "$seed" "$log"
      failed=$((failed + 1))
    fi
  done
  printf '%d of %d seeds equal\n' $((seeds - failed)) "$seeds"
  ((failed == 0))
}
