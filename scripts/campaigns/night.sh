# shellcheck shell=bash disable=SC2034,SC2154  # variables shared with campaign.sh
# A quiet night of 24 hours at once, by faketime, for the program, PostgreSQL and Kafka. Arguments: RUNS
presets=(dev)

campaign() {
  local runs=${1:-5} failed=0 run library clock
  library=$(dpkg -L libfaketime | grep 'libfaketimeMT\.so\.1$') || die 'libfaketime is not installed'
  clock=$(mktemp) && chmod 644 "$clock"
  for ((run = 1; run <= runs; ++run)); do
    echo +0 >"$clock"
    # Clocks that never jump are left alone: a night is none for a timeout.
    env LD_PRELOAD="$library" FAKETIME_TIMESTAMP_FILE="$clock" FAKETIME_DONT_FAKE_MONOTONIC=1 \
      FAKETIME_CACHE_DURATION=1 FAKETIME_DONT_RESET=1 LENSART_TEST_CLOCK_FILE="$clock" \
      "$root/scripts/stack.sh" run -- "$root/build/dev/tests/recovery/quiet_night_test" \
      >"$results/$run.txt" 2>&1 || failed=$((failed + 1))
    printf 'night %-3d %s\n' "$run" "$(tail -n 1 "$results/$run.txt")"
  done
  rm -f "$clock"
  ((failed == 0))
}
