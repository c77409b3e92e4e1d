# shellcheck shell=bash disable=SC2034,SC2154  # variables shared with campaign.sh
# clang-tidy 14 over every file (.clang-tidy); all findings, not only the first.
campaign() {
  cd "$root" || return
  [ -f build/tidy/build.ninja ] || cmake --preset tidy >/dev/null
  cmake --build --preset tidy --parallel "$(nproc)" -- -k 0 "$@" 2>&1 | tee "$results/findings.txt"
}
