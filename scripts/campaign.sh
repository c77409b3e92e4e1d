#!/usr/bin/env bash
# Everything with large counts that scripts/test.sh has only a sample of: sanitizers, kills, seeds,
# fuzzing, benchmarks. Each campaign is a file scripts/campaigns/NAME.sh; see scripts/README.md.
#   scripts/campaign.sh list
#   scripts/campaign.sh NAME [ARGUMENT...]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=lib/common.sh
source "$here/lib/common.sh"
# shellcheck source=lib/build.sh
source "$here/lib/build.sh"

list_campaigns() {
  local file
  for file in "$here"/campaigns/*.sh; do
    printf '%-10s %s\n' "$(basename "$file" .sh)" "$(sed -n '2s/^# *//p' "$file")"
  done
}

inside=no  # in the second half, which runs in a stack
if [ "${1:-}" = --inside ]; then inside=yes && shift; fi
name=${1:-}
case $name in
  '' | -h | --help)
    sed -n '2,5s/^# \{0,1\}//p' "$0"
    list_campaigns
    [ -n "$name" ] && exit 0
    exit 64
    ;;
  list) list_campaigns; exit 0 ;;
esac
shift
[ -f "$here/campaigns/$name.sh" ] || die "no campaign '$name'; see scripts/campaign.sh list" 64

# What a campaign may say about itself before it defines `campaign`.
presets=()        # built first
needs_stack=no    # yes: runs with a Kafka and a PostgreSQL of its own, addresses in the environment
stack_options=()  # for stack.sh run, like (--postgres-option shared_buffers=512MB)
# Where it leaves reports; ignored by git, overwritten by the next run.
results=$root/build/campaigns/$name
# shellcheck source=/dev/null
source "$here/campaigns/$name.sh"

mkdir -p "$results"
if [ "$inside" = no ]; then
  "$here/setup.sh" --campaign
  for preset in "${presets[@]}"; do build "$preset"; done
  if [ "$needs_stack" = yes ]; then
    exec "$here/stack.sh" run "${stack_options[@]}" -- "$here/campaign.sh" --inside "$name" "$@"
  fi
fi
start=$EPOCHREALTIME
report() {
  local code=$? verdict=passed
  if ((code)); then verdict="failed ($code)"; fi
  say "Campaign $name: $verdict, $(seconds_since "$start") s"
}
trap report EXIT
# Ended from outside it has not passed.
trap 'exit 130' INT
trap 'exit 143' TERM
campaign "$@"
