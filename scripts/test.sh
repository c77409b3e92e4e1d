#!/usr/bin/env bash
# The whole check, here and in CI: set-up, format, builds, every test, with a Kafka and a PostgreSQL
# of its own that are gone afterwards.
#   scripts/test.sh [--filter REGEX]     --filter: only the tests whose name matches
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=lib/common.sh
source "$here/lib/common.sh"
# shellcheck source=lib/build.sh
source "$here/lib/build.sh"

begin=$EPOCHREALTIME
ctest_arguments=()
inside=no  # in the second half, which runs in a stack
while (($#)); do
  case $1 in
    --filter) ctest_arguments=(--tests-regex "${2:?--filter needs a REGEX}"); shift 2 ;;
    --inside) inside=yes; shift ;;
    *) sed -n '2,4s/^# \{0,1\}//p' "$0"; [ "$1" = --help ] && exit 0; exit 64 ;;
  esac
done

# phase NAME COMMAND...
phase() {
  local name=$1 start=$EPOCHREALTIME
  shift
  say "== $name"
  "$@" || die "$name failed after $(seconds_since "$start") s"
  say "== $name: $(seconds_since "$start") s"
}

check_format() {
  cd "$root"
  git ls-files -z '*.cpp' '*.hpp' |
    xargs -0 -r -n 16 -P "$(nproc)" clang-format-14 --dry-run -Werror ||
    die "to mend it: git ls-files '*.cpp' '*.hpp' | xargs clang-format-14 -i"
}

check_scripts() {
  python3 "$root/tests/house/check.py" shell "$root"
}

if [ "$inside" = yes ]; then
  run_ctest dev "${ctest_arguments[@]}"
  exit
fi

phase 'set-up' "$here/setup.sh"
phase 'format' check_format
phase 'scripts' check_scripts
phase 'build of dev' build dev
phase 'build of release' build release
if ((${#ctest_arguments[@]})); then set -- --filter "${ctest_arguments[1]}"; fi
phase 'tests' "$here/stack.sh" run -- "$here/test.sh" --inside "$@"
say "== everything: $(seconds_since "$begin") s"
