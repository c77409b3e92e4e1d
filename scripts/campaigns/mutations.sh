# shellcheck shell=bash disable=SC2034,SC2154  # variables shared with campaign.sh
# Planted mistakes (tests/mutations.md): each must make its test fail. Arguments name some.
campaign() {
  "$root/tests/mutate.py" "$results" "$@" | tee "$results/report.txt"
}
