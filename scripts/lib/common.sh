# shellcheck shell=bash
# What every script shares: where the checkout is, and how to speak. Sourced, never run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
export root
# shellcheck disable=SC2034  # read by the scripts that source this file
cache=$root/.cache
# shellcheck disable=SC2034
kafka_version=3.9.1

say() { printf '%s\n' "$*" >&2; }

# die MESSAGE [EXIT-CODE]
die() {
  say "${0##*/}: $1"
  exit "${2:-1}"
}

# What --help prints: the comment at the head of the script that runs.
usage() { sed -n '2,/^set /s/^# \{0,1\}//p' "$0"; }

# Colours on a terminal only, and not against NO_COLOR.
bold='' green='' red='' yellow='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  # shellcheck disable=SC2034
  bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' yellow=$'\e[33m' plain=$'\e[0m'
fi
heading() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }

# Elapsed time since $1 (a value of EPOCHREALTIME), as seconds with one decimal.
seconds_since() {
  local start=${1/[.,]/} now=${EPOCHREALTIME/[.,]/}
  local tenths=$(((now - start) / 100000))
  printf '%d.%d' $((tenths / 10)) $((tenths % 10))
}

# wait_until SECONDS COMMAND...: polls 20 times a second; fails when the time is up.
wait_until() {
  local deadline=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000))
  shift
  until "$@"; do
    ((${EPOCHREALTIME/[.,]/} < deadline)) || return 1
    sleep 0.05
  done
}

# The package names in a list file, without comments.
package_list() { sed -e 's/#.*//' -e 's/[[:space:]]//g' -e '/^$/d' "$@"; }

port_is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# free_port [PREFERRED]: below the range that outgoing connections are given (32768 and up).
free_port() {
  local port=${1:-}
  until [ -n "$port" ] && port_is_free "$port"; do
    port=$((15000 + SRANDOM % 17000))
  done
  echo "$port"
}
