# shellcheck shell=bash disable=SC2034,SC2154  # variables shared with operate.sh
# The embedded stack: Kafka and PostgreSQL of scripts/stack.sh, and one `lensart run` with console and
# gateway in the background. In $dir: bin/lensart, lensart.toml, lensart.pid, lensart.log, state/.
# The verbs are described in operate.sh. Sourced.

program=$dir/bin/lensart

stack() { "$root/scripts/stack.sh" --dir "$dir" "$@" 8>&-; }

lensart() { (cd "$dir" && "$program" "$@" 8>&-); }
sql() {
  psql -XqAt -v ON_ERROR_STOP=1 -c "SET search_path TO \"$schema\"" -c "$1" "$LENSART_POSTGRES_DSN"
}
kafka_command() { stack kafka "$@"; }
last_log() { tail -n 20 "$dir/lensart.log" 2>/dev/null; }

# ---- addresses ----------------------------------------------------------------------------------

# Where the pipeline listens: chosen at the first start, kept, chosen again if someone has it.
choose_ports() {
  read_service
  http_port=$(free_port "${http_port:-8081}")
  gateway_port=$(free_port "${gateway_port:-8082}")
  until [ "$gateway_port" != "$http_port" ]; do gateway_port=$(free_port); done
  printf '%s\n' "http_port=$http_port" "gateway_port=$gateway_port" >"$dir/service"
}

read_service() {
  http_port='' gateway_port=''
  # shellcheck source=/dev/null
  if [ -f "$dir/service" ]; then source "$dir/service"; fi
}

# The environment in which the program finds this stack. Loopback only, so there are no tokens.
use_environment() {
  local text
  text=$(stack env) || exit "$exit_away"
  # shellcheck source=/dev/null
  source <(printf '%s' "$text")
  http_url=http://127.0.0.1:$http_port gateway_url=http://127.0.0.1:$gateway_port
  gateway_headers=()
  brokers=$LENSART_KAFKA_BROKERS
  export LENSART_HTTP_LISTEN=127.0.0.1:$http_port LENSART_GATEWAY_LISTEN=127.0.0.1:$gateway_port \
    LENSART_GATEWAY_ENABLED=true LENSART_GATEWAY_AUTH=none LENSART_GATEWAY_RATE_LIMIT=0
}

connect() {
  read_service
  [ -n "$http_port" ] || die "no stack in $dir; scripts/start-all.sh starts one" "$exit_away"
  use_environment
}

tell_addresses() {
  cat <<TEXT
  console      $http_url/
  gateway      $gateway_url/api/kafka/events/order-created
  Kafka        $LENSART_KAFKA_BROKERS
  PostgreSQL   psql '$LENSART_POSTGRES_DSN'
  log          $dir/lensart.log
  settings     $dir/lensart.toml, then scripts/deploy-jobs.sh
TEXT
}

# ---- the program --------------------------------------------------------------------------------

# install_program FILE: the one before is kept. A running process keeps its own.
install_program() {
  mkdir -p "$dir/bin"
  cp -- "$1" "$program.new"
  chmod 755 "$program.new"
  if [ -f "$program" ]; then mv "$program" "$program.previous"; fi
  mv "$program.new" "$program"
}

# build_program: the release build, set up and made if need be; prints nothing to stdout.
build_program() {
  # shellcheck source=build.sh
  source "$operate_lib/build.sh"
  say 'Building lensart (the first time takes minutes)'
  if ! { "$root/scripts/setup.sh" && build release lensart; } 8>&- >&2; then
    die 'the build failed; see above'
  fi
}

# The pipeline's process id, if it runs. An id that now belongs to someone else does not count.
pipeline_pid() {
  local pid
  pid=$(cat "$dir/lensart.pid" 2>/dev/null) && [ -n "$pid" ] && [ "/proc/$pid/cwd" -ef "$dir" ] &&
    tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF "$program run" && echo "$pid"
}

start_pipeline() {
  (cd "$dir" && exec setsid "$program" run >>"$dir/lensart.log" 2>&1 </dev/null 8>&-) &
  echo $! >"$dir/lensart.pid"
  # Until it is itself and no longer the shell that starts it.
  wait_until 2 pipeline_pid >/dev/null || true
}

pipeline_gone() { ! pipeline_pid >/dev/null; }

# SIGTERM: it commits what it has read. A second one ends it at once, and loses nothing either.
stop_pipeline() {
  local pid signal
  pid=$(pipeline_pid) || { rm -f "$dir/lensart.pid"; return 0; }
  for signal in TERM TERM KILL; do
    kill "-$signal" "$pid" 2>/dev/null || true
    if wait_until 25 pipeline_gone; then
      rm -f "$dir/lensart.pid"
      return 0
    fi
    say "lensart, process $pid, did not end within 25 s of SIG$signal"
  done
  die "lensart, process $pid, does not die"
}

ready_or_gone() { all_ready || pipeline_gone; }

# become_ready: 0 when all is ready, 1 when the pipeline ended or the time is up.
become_ready() { wait_until "$timeout" ready_or_gone && all_ready; }

# run_pipeline: init, run, ready; 1 and the reason if not.
run_pipeline() {
  if ! lensart init >&2; then
    say 'lensart init failed'
    return 1
  fi
  start_pipeline
  if become_ready; then return 0; fi
  if pipeline_gone; then
    say 'lensart ended before it was ready.'
  else
    say "lensart did not become ready within $timeout s."
  fi
  say "The end of $dir/lensart.log:"
  last_log >&2
  if ! pipeline_gone; then why_not_ready; fi
  return 1
}

# ---- verbs --------------------------------------------------------------------------------------

# Services that run are left alone; so is a pipeline that is ready.
start_everything() {
  if [ -n "$binary" ]; then
    [ -x "$binary" ] || die "--binary $binary: there is no such program" "$exit_usage"
    if ! cmp -s "$binary" "$program"; then install_program "$binary"; fi
  elif [ ! -x "$program" ]; then
    build_program
    install_program "$root/build/release/lensart"
  fi
  [ -f "$dir/lensart.toml" ] ||
    echo '# Settings of this stack beyond its addresses; lensart.toml.example shows the keys.' \
      >"$dir/lensart.toml"
  stack up
  if pipeline_pid >/dev/null; then
    connect
    if all_ready; then
      say 'lensart runs already.'
      return 0
    fi
    say 'lensart runs, but is not ready: it is started again'
    stop_pipeline
  fi
  choose_ports
  use_environment
  run_pipeline || { stop_pipeline; die 'the pipeline did not start' "$exit_away"; }
}

stop_everything() {
  [ -d "$dir" ] || return 0
  stop_pipeline
  stack down
}

restart_everything() {
  [ -x "$program" ] || die "no stack in $dir; scripts/start-all.sh starts one" "$exit_away"
  stop_everything
  start_everything
}

# Program, settings, log and reports stay.
remove_data() {
  [ -d "$dir" ] || return 0
  stop_pipeline
  stack down --data
  rm -rf "$dir/state" "$dir/service"
}

# ---- deploy -------------------------------------------------------------------------------------

# Judges program $1 with settings $2 beside the running pipeline. Its code is the program's own.
check_candidate() {
  local options=(--online) code=0 output
  if "$1" check --help | grep -q -- --against-state; then options+=(--against-state); fi
  output=$(cd "$dir" && "$1" --config "$2" check "${options[@]}" 8>&- 2>&1) || code=$?
  # A schema that only the newer program's `init` brings up to date is no reason to stay.
  if ((code == 1)) && schema_is_older "$output"; then code=0; fi
  if ((code)); then
    say "lensart check ${options[*]}: exit $code"
    grep -E '(error|warning|unreachable|refused|differs|:[0-9]+:)' <<<"$output" >&2 ||
      tail -n 20 <<<"$output" >&2
  fi
  return "$code"
}

# What is found is nothing but a schema with a lower version than the program's.
schema_is_older() {
  local findings
  findings=$(grep -E '^# .*: (warning|unreachable): ' <<<"$1") &&
    [ "$(wc -l <<<"$findings")" = 1 ] &&
    [[ $findings =~ has\ version\ ([0-9]+),\ this\ program\ knows\ ([0-9]+) ]] &&
    ((BASH_REMATCH[1] < BASH_REMATCH[2]))
}

schema_version() { sql 'SELECT max(version) FROM schema_migrations'; }

# roll_back VERSION: program and settings as before, running.
roll_back() {
  stop_pipeline
  mv "$program" "$program.refused"
  mv "$program.previous" "$program"
  mv "$dir/lensart.toml.previous" "$dir/lensart.toml"
  [ "$(schema_version)" = "$1" ] ||
    say "The schema was at version $1 and now is at $(schema_version): the old program may refuse it."
  start_pipeline
  if become_ready; then
    die "the new program did not become ready; the old one runs again ($program.refused is kept)"
  fi
  last_log >&2
  die "neither the new program nor the old one became ready; see $dir/lensart.log" "$exit_away"
}

# What comes in: --binary or the release build; --config or the settings that are there.
deploy() {
  local candidate=$binary settings=${config:-$dir/lensart.toml} version
  connect
  pipeline_pid >/dev/null ||
    die "no pipeline runs in $dir; scripts/start-all.sh starts it" "$exit_away"
  load_settings
  if [ -z "$candidate" ]; then
    build_program
    candidate=$root/build/release/lensart
  fi
  [ -x "$candidate" ] || die "--binary $candidate: there is no such program" "$exit_usage"
  candidate=$(realpath -e -- "$candidate")
  settings=$(realpath -e -- "$settings") || die "--config $config: there is no such file" "$exit_usage"
  say "1 of 4: checking $("$candidate" --version)"
  check_candidate "$candidate" "$settings" ||
    die 'refused; the running pipeline was not touched' $?
  settings_fit "$(cd "$dir" && "$candidate" --config "$settings" check --json 8>&-)" ||
    die 'refused; the running pipeline was not touched' 76
  version=$(schema_version)
  say '2 of 4: stopping the running one; what it has read is committed'
  stop_pipeline
  say '3 of 4: putting the new one in its place; the old one stays as bin/lensart.previous'
  install_program "$candidate"
  cp -p "$dir/lensart.toml" "$dir/lensart.toml.previous"
  if [ "$settings" != "$dir/lensart.toml" ]; then cp "$settings" "$dir/lensart.toml"; fi
  say "4 of 4: waiting until it is ready, at most $timeout s"
  run_pipeline || roll_back "$version"
  all_ready || roll_back "$version"
}
