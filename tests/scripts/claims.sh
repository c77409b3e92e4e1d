# shellcheck shell=bash disable=SC2034  # read by the tests that source this
# What the tests of the scripts are written with. Sourced.

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../scripts" && pwd)
failures=0
unset LENSART_STACK_DIR LENSART_STACK_PG_OPTIONS
for name in $(compgen -e LENSART_); do unset "$name"; done

# claim TEXT COMMAND...: the command must succeed; its output is shown when it does not.
claim() {
  local text=$1 output
  shift
  if output=$("$@" 2>&1 </dev/null); then
    echo "ok      $text"
  else
    printf 'FAILED  %s: %s\n%s\n' "$text" "$*" "$output"
    failures=$((failures + 1))
  fi
}

equal() { [ "$1" = "$2" ] || { echo "'$1' is not '$2'"; return 1; }; }
fails() { ! "$@"; }
# exits CODE COMMAND...
exits() {
  local expected=$1 code=0
  shift
  "$@" || code=$?
  [ "$code" = "$expected" ] || { echo "exit code $code, not $expected"; return 1; }
}
# says TEXT COMMAND...: it succeeds, and its output has the text.
says() {
  local text=$1 output code=0
  shift
  output=$("$@" 2>&1) || code=$?
  printf '%s\n' "$output"
  ((code == 0)) && grep -qF -- "$text" <<<"$output"
}

finish() { exit $((failures > 0)); }
