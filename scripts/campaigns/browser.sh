# shellcheck shell=bash disable=SC2034,SC2154  # variables shared with campaign.sh
# The console at length: every page in both languages and themes, on a phone, by the keyboard alone,
# over restarts; with --screenshots the pictures of docs/screenshots are taken anew.
presets=(release)
needs_stack=yes

campaign() {
  export LENSART_TEST_BROWSER_PROGRAM=$root/build/release/lensart
  if [ "${1:-}" = --screenshots ]; then export LENSART_TEST_SCREENSHOTS=$root/docs/screenshots; fi
  node --test "$root/tests/browser/long_path_test.mjs" | tee "$results/report.tap"
}
