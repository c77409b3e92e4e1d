#!/usr/bin/env bash
# A private Kafka and a private PostgreSQL on free ports of 127.0.0.1, in one directory.
#
#   stack.sh up [kafka|postgres]       start what is not running (and make it, the first time)
#   stack.sh down [--remove|--data]    stop everything; --remove: and delete the directory;
#                                      --data: and delete what the two hold, but nothing else in it
#   stack.sh status                    what runs where; exit 1 unless both run
#   stack.sh env                       the addresses, for eval "$(scripts/stack.sh env)"
#   stack.sh start|stop|kill|restart kafka|postgres     one service; kill is SIGKILL, to all of it
#   stack.sh pid kafka|postgres        its process id
#   stack.sh logs [kafka|postgres]     the end of the logs
#   stack.sh psql [ARGUMENT...]        psql on the database; stack.sh psql --admin as superuser
#   stack.sh kafka TOOL [ARGUMENT...]  Kafka's tools: topics, get-offsets, console-consumer, ...
#   stack.sh run -- COMMAND...         a new stack in a temporary directory, COMMAND with its
#                                      environment, and down again, come what may
#
#   --dir DIR        where it lives; default: $LENSART_STACK_DIR, else .lensart of the checkout
#   --postgres-option NAME=VALUE       more settings for PostgreSQL, from its next start on;
#                    repeatable; or blank-separated in $LENSART_STACK_PG_OPTIONS
#   $LENSART_STACK_PG_CLOCK            how far PostgreSQL's clock is off from its next start on, such
#                    as +5m, or a file that says so at any time (needs the package faketime)
#
# Anyone on this machine may connect: it is made for tests and demonstrations, not for data.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=lib/common.sh
source "$here/lib/common.sh"
# shellcheck source=lib/kafka.sh
source "$here/lib/kafka.sh"
# shellcheck source=lib/postgres.sh
source "$here/lib/postgres.sh"

# ---- where it lives -----------------------------------------------------------------------------

use_directory() { dir=$(realpath -m -- "$1"); }

# One command at a time may change a stack; others wait. Children must not inherit the lock (9>&-).
lock() {
  mkdir -p "$dir"
  exec 9>"$dir/lock"
  flock -w 120 9 || die "another stack.sh has held $dir/lock for two minutes"
}

read_ports() {
  kafka_port='' controller_port='' postgres_port=''
  # shellcheck source=/dev/null
  if [ -f "$dir/ports" ]; then source "$dir/ports"; fi
}

write_ports() {
  printf '%s\n' "kafka_port=$kafka_port" "controller_port=$controller_port" \
    "postgres_port=$postgres_port" >"$dir/ports.new"
  mv "$dir/ports.new" "$dir/ports"
}

# ---- up and down --------------------------------------------------------------------------------

# A service that comes back keeps its ports: others know its address by now. Whoever has one for a
# moment is waited for.
keep_ports=no
port_for() {
  local port=$1
  if [ "$keep_ports" = no ] || [ -z "$port" ]; then
    free_port "$port"
  else
    wait_until 10 port_is_free "$port" || say "port $port is taken by another process"
    echo "$port"
  fi
}
# Whether a start that failed may be tried again: some port was not free, or shall not be given up.
try_again() {
  local port
  [ "$keep_ports" = yes ] && return 0
  for port in "$@"; do port_is_free "$port" || return 0; done
  return 1
}

# Another process may take a port between our look and the server's start: then with new ones.
up_kafka() {
  local attempt
  kafka_pid >/dev/null && return 0
  [ -f "$kafka_jars/../manifest" ] || die "Kafka's jars are missing; run scripts/setup.sh"
  for attempt in 1 2 3; do
    kafka_port=$(port_for "$kafka_port") controller_port=$(port_for "$controller_port")
    kafka_start "$kafka_port" "$controller_port" && return 0
    kafka_stop KILL
    try_again "$kafka_port" "$controller_port" || break
  done
  tail -n 20 "$dir/kafka/broker.log" >&2 2>/dev/null || true
  die "Kafka did not start (attempt $attempt); its log: $dir/kafka/broker.log" 69
}

up_postgres() {
  local attempt options=("${postgres_options[@]}")
  postgres_pid >/dev/null && [ -f "$(postgres_home)/initialised" ] && return 0
  command -v initdb >/dev/null || die "PostgreSQL 15 is missing; run scripts/setup.sh"
  for attempt in 1 2 3; do
    postgres_port=$(port_for "$postgres_port")
    postgres_start "$postgres_port" "${options[@]}" && return 0
    postgres_stop kill
    try_again "$postgres_port" || break
  done
  tail -n 20 "$(postgres_home)/log" >&2 2>/dev/null || true
  die "PostgreSQL did not start (attempt $attempt); its log: $(postgres_home)/log" 69
}

# Both at once: most of the time goes into waiting. Each half runs in a shell of its own and leaves
# the ports it chose in a file.
up_pids=()
up() {
  local services=("$@") service pid failed=0
  ((${#services[@]})) || services=(kafka postgres)
  for service in "${services[@]}"; do
    (
      "up_$service"
      printf '%s\n' "kafka_port=$kafka_port" "controller_port=$controller_port" \
        "postgres_port=$postgres_port" | grep -E "^($(ports_of "$service"))=" >"$dir/ports.$service"
    ) &
    up_pids+=($!)
  done
  for pid in "${up_pids[@]}"; do wait "$pid" || failed=$?; done
  up_pids=()
  for service in "${services[@]}"; do
    # shellcheck source=/dev/null
    if [ -f "$dir/ports.$service" ]; then source "$dir/ports.$service"; fi
    rm -f "$dir/ports.$service"
  done
  write_ports
  return "$failed"
}

ports_of() {
  case $1 in
    kafka) echo 'kafka_port|controller_port' ;;
    postgres) echo postgres_port ;;
  esac
}

down() {
  local home
  case ${1:-} in
    '' | --remove | --data) ;;
    *) die "down takes --remove or --data, not '$1'" 64 ;;
  esac
  kafka_stop TERM &
  postgres_stop fast
  wait $!
  home=$(postgres_home)
  case ${1:-} in
    --remove) rm -rf "$home" "$dir" ;;
    --data)
      rm -rf "$home" "$dir/kafka" "$dir/postgres"
      rm -f "$dir/postgres.location" "$dir/ports" "$dir/initdb.log"
      ;;
  esac
}

# ---- what it tells ------------------------------------------------------------------------------

status() {
  local pid ok=0
  if pid=$(kafka_pid); then
    echo "kafka     up    127.0.0.1:$kafka_port  (process $pid)"
  else
    echo 'kafka     down'
    ok=1
  fi
  if pid=$(postgres_pid); then
    echo "postgres  up    127.0.0.1:$postgres_port  (process $pid)"
  else
    echo 'postgres  down'
    ok=1
  fi
  return $ok
}

database_dsn() { echo "host=127.0.0.1 port=$postgres_port user=lensart dbname=lensart"; }

print_env() {
  [ -n "$kafka_port$postgres_port" ] || die "no stack in $dir yet; run: scripts/stack.sh up" 69
  printf 'export %s=%q\n' \
    LENSART_KAFKA_BROKERS "127.0.0.1:$kafka_port" \
    LENSART_POSTGRES_DSN "$(database_dsn)" \
    LENSART_TEST_ADMIN_DSN "$(postgres_admin_dsn lensart)" \
    LENSART_STATE_DIRECTORY "$dir/state" \
    LENSART_STACK_DIR "$dir"
}

logs() {
  case ${1:-} in
    '') logs kafka && logs postgres ;;
    kafka) tail -n "${2:-50}" "$dir/kafka/broker.log" ;;
    postgres) tail -n "${2:-50}" "$(postgres_home)/log" ;;
  esac
}

# ---- run ----------------------------------------------------------------------------------------

# Takes the stack away, also if this shell is killed: a watcher outlives it.
run() {
  (($#)) || die 'run needs a command: stack.sh run -- COMMAND...' 64
  use_directory "$(mktemp -d -t lensart-stack.XXXXXX)"
  chmod 711 "$dir"  # user postgres has to pass through
  setsid "${BASH_SOURCE[0]}" --dir "$dir" watch $$ </dev/null >/dev/null 2>&1 &
  run_watcher=$!
  run_child=''
  trap run_cleanup EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  lock
  read_ports
  up
  exec 9>&-
  # shellcheck source=/dev/null
  source <(print_env)
  local code=0
  if [ -t 0 ]; then
    "$@" || code=$?
  else
    set -m  # a process group of its own, so that all of it can be ended
    "$@" <&0 &
    run_child=$!
    echo "$run_child" >"$dir/command"
    set +m
    wait "$run_child" || code=$?
    run_child=''
  fi
  exit "$code"
}

# In a trap a bare `return` gives the status of what went before; hence `return 0` in all it calls.
run_cleanup() {
  local code=$?
  trap '' INT TERM HUP
  if [ -n "$run_child" ]; then
    kill -TERM -- "-$run_child" 2>/dev/null || true
    wait_until 30 eval "! kill -0 -- -$run_child 2>/dev/null" ||
      kill -KILL -- "-$run_child" 2>/dev/null || true
  fi
  # Interrupted while it came up: half a start is harder to stop than a whole one.
  if ((${#up_pids[@]})); then wait "${up_pids[@]}" || true; fi
  down --remove
  kill -- "-$run_watcher" 2>/dev/null || true
  exit "$code"
}

# Waits for process $1 to end; if it left command and stack behind, ends both.
watch_process() {
  local group
  tail --pid="$1" -f /dev/null
  [ -d "$dir" ] || return 0
  if group=$(cat "$dir/command" 2>/dev/null); then kill -KILL -- "-$group" 2>/dev/null || true; fi
  down --remove
}

# ---- commands -----------------------------------------------------------------------------------

service_argument() {
  case ${1:-} in
    kafka | postgres) ;;
    *) die "which service? kafka or postgres, not '${1:-}'" 64 ;;
  esac
}

stop_service() {
  case $1 in
    kafka) kafka_stop TERM ;;
    postgres) postgres_stop fast ;;
  esac
}

kill_service() {
  case $1 in
    kafka) kafka_stop KILL ;;
    postgres) postgres_stop kill ;;
  esac
}

# Sets command, arguments, postgres_options and dir. What belongs to psql, Kafka's tools and `run`
# is left alone from the first word that is not ours.
parse_arguments() {
  local directory=${LENSART_STACK_DIR:-$root/.lensart}
  command='' arguments=()
  read -ra postgres_options <<<"${LENSART_STACK_PG_OPTIONS:-}"
  while (($#)); do
    case $1 in
      --dir) directory=${2:?--dir needs a directory}; shift 2 ;;
      --postgres-option) postgres_options+=("${2:?--postgres-option needs NAME=VALUE}"); shift 2 ;;
      -h | --help) usage; exit 0 ;;
      --) shift; arguments+=("$@"); break ;;
      *)
        case $command in
          psql | kafka | run) arguments+=("$@"); break ;;
          '') command=$1 ;;
          *) arguments+=("$1") ;;
        esac
        shift
        ;;
    esac
  done
  use_directory "$directory"
}

open_psql() {
  local dsn
  dsn=$(database_dsn)
  if [ "${1:-}" = --admin ]; then
    dsn=$(postgres_admin_dsn lensart)
    shift
  fi
  exec psql "$dsn" "$@"
}

main() {
  local begin=$EPOCHREALTIME
  parse_arguments "$@"
  set -- "${arguments[@]}"
  case $command in
    start | stop | kill | restart | pid) service_argument "${1:-}" ;;
    up) if (($#)); then service_argument "$1"; fi ;;
  esac
  case $command in
    up | down | start | stop | kill | restart) lock ;;
  esac
  case $command in
    start | restart) keep_ports=yes ;;
  esac
  read_ports
  case $command in
    up) up "$@" && say "Up after $(seconds_since "$begin") s in $dir" ;;
    down) down "$@" ;;
    start) up "$1" ;;
    stop) stop_service "$1" ;;
    kill) kill_service "$1" ;;
    restart) stop_service "$1" && up "$1" ;;
    pid) "$1_pid" ;;
    status) status ;;
    env) print_env ;;
    logs) logs "$@" ;;
    psql) open_psql "$@" ;;
    kafka) kafka_tool "$@" ;;
    run) run "$@" ;;
    watch) watch_process "$1" ;;
    '') usage; exit 64 ;;
    *) die "unknown command '$command'; see stack.sh --help" 64 ;;
  esac
}

main "$@"
