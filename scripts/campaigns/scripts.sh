# shellcheck shell=bash disable=SC2034,SC2154  # variables shared with campaign.sh
# The scripts for a whole stack with the release build: flow, jobs, and load by both ways in. Arguments:
# [EVENTS], by default 10 000. Reports: build/campaigns/scripts/.
presets=(release)
needs_stack=no

campaign() {
  local events=${1:-10000} failed=0
  stack_dir=$(mktemp -d -t lensart-scripts.XXXXXX)
  chmod 711 "$stack_dir"  # user postgres has to pass through
  trap 'report; take_stack_away' EXIT  # report: campaign.sh
  whole start-all --binary "$root/build/release/lensart"
  whole test-kafka-connection --report "$results" || failed=1
  whole test-flow --report "$results" || failed=1
  whole load-test "$events" --report "$results/gateway" || failed=1
  whole load-test "$events" --to kafka --report "$results/kafka" || failed=1
  whole test-jobs --report "$results" || failed=1
  return "$failed"
}

whole() {
  local name=$1
  shift
  "$root/scripts/$name.sh" --dir "$stack_dir" "$@"
}

take_stack_away() {
  whole reset-data --yes >/dev/null 2>&1 || true
  rm -rf "$stack_dir"
}
