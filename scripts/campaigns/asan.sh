# shellcheck shell=bash disable=SC2034,SC2154  # variables shared with campaign.sh
# Every test under the address and undefined-behaviour sanitizers. Arguments go to ctest.
presets=(asan)
needs_stack=yes

campaign() {
  export ASAN_OPTIONS=abort_on_error=1:detect_stack_use_after_return=1:strict_string_checks=1
  export UBSAN_OPTIONS=print_stacktrace=1
  run_ctest asan --timeout 1200 --exclude-regex '^house_' "$@"
}
