# shellcheck shell=bash disable=SC2034,SC2154  # variables shared with campaign.sh
# kill -9: 20 runs over 150 000 events with one each, one with 20. Arguments: RUNS EVENTS KILLS
presets=(dev release)
needs_stack=yes

# What a run without a kill costs is the comparison, not the pipeline: hence so many events.
campaign() {
  local runs=${1:-20} events=${2:-150000} kills=${3:-20} failed=0
  local test=$root/build/dev/tests/recovery
  export LENSART_TEST_PROGRAM=$root/build/release/lensart
  export LENSART_TEST_KILL_RUNS=$runs LENSART_TEST_KILL_EVENTS=$events
  export LENSART_TEST_KILLS_IN_ONE=$kills
  "$test/kill_test" 2>&1 | tee "$results/random.txt" || failed=1
  # Its points are compiled out of a release.
  LENSART_TEST_PROGRAM='' "$test/named_points_test" 2>&1 | tee "$results/points.txt" || failed=1

  say ''
  grep -hE '^(seed|survived|from restart)|records, killed' "$results/random.txt"
  printf '%-24s %s\n' 'named points' \
    "survived $(grep -c '\[       OK \] EachStep' "$results/points.txt")/$(
      grep -c '\[ RUN      \] EachStep' "$results/points.txt")" \
    'mutation check' "$(grep -q '\[       OK \] MutationTest' "$results/points.txt" &&
      echo 'noticed' || echo 'NOT NOTICED')"
  return "$failed"
}
