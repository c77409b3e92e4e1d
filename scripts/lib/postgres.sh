# shellcheck shell=bash disable=SC2154  # dir: stack.sh
# The private PostgreSQL cluster of scripts/stack.sh, in $dir/postgres, or where the file
# $dir/postgres.location says when user postgres cannot reach that. TCP on loopback only: so there
# is no socket path to grow too long. Sourced.

PATH=/usr/lib/postgresql/15/bin:$PATH

# PostgreSQL refuses to run as root; then it runs as user postgres.
as_postgres() {
  if ((EUID == 0)); then
    runuser -u postgres -- "$@"
  else
    "$@"
  fi
}

postgres_home() { cat "$dir/postgres.location" 2>/dev/null || echo "$dir/postgres"; }

# Where the cluster shall live: in $dir, or if user postgres may not enter that, in /var/tmp.
postgres_make_home() {
  local home=$dir/postgres
  [ -f "$dir/postgres.location" ] && return 0
  mkdir -p "$home"
  if ((EUID == 0)); then
    chown postgres: "$home"
    if ! as_postgres test -w "$home" 2>/dev/null; then
      rmdir "$home"
      home=$(TMPDIR=/var/tmp mktemp -d -t lensart-postgres.XXXXXX)
      chown postgres: "$home"
      say "User postgres cannot enter $dir; its cluster lies in $home"
    fi
  fi
  chmod 700 "$home"
  echo "$home" >"$dir/postgres.location"
}

# The postmaster's process id, if it runs. An id that now belongs to someone else does not count.
postgres_pid() {
  local pid home
  home=$(postgres_home)
  pid=$(head -n 1 "$home/data/postmaster.pid" 2>/dev/null) && [ -n "$pid" ] &&
    tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF "$home/data" &&
    echo "$pid"
}

postgres_initialise() {
  local home=$1
  [ -f "$home/data/PG_VERSION" ] && [ -f "$home/initialised" ] && return 0
  rm -rf "$home/data"
  (cd / && as_postgres initdb -D "$home/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 \
    --no-sync --no-instructions) >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log" >&2; return 1; }
  echo "include_if_exists = '$home/lensart.conf'" >>"$home/data/postgresql.conf"
}

# postgres_write_configuration HOME PORT NAME=VALUE...: the options are remembered for later starts.
postgres_write_configuration() {
  local home=$1 port=$2 option
  shift 2
  if (($#)); then printf '%s\n' "$@" >"$home/options"; fi
  {
    printf '%s\n' "port = $port" "listen_addresses = '127.0.0.1'" "unix_socket_directories = ''" \
      "timezone = 'UTC'" "log_timezone = 'UTC'" "max_connections = 100"
    if [ -f "$home/options" ]; then
      while IFS= read -r option; do
        printf "%s = '%s'\n" "${option%%=*}" "${option#*=}"
      done <"$home/options"
    fi
  } >"$home/lensart.conf"
}

postgres_admin_dsn() { echo "host=127.0.0.1 port=$postgres_port user=postgres dbname=$1"; }

postgres_create_database() {
  local home=$1
  [ -f "$home/initialised" ] && return 0
  psql -XqAt -v ON_ERROR_STOP=1 "$(postgres_admin_dsn postgres)" <<'SQL' || return 1
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'lensart') THEN
    CREATE ROLE lensart LOGIN;
  END IF;
END $$;
SELECT 'CREATE DATABASE lensart OWNER lensart'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'lensart') \gexec
SQL
  touch "$home/initialised"
}

# Every process of the cluster, postmaster and backends: they all work in the data directory.
postgres_processes() {
  local process data=$1/data
  for process in /proc/[0-9]*; do
    if [ "$process/cwd" -ef "$data" ]; then echo "${process#/proc/}"; fi
  done
}

postgres_all_gone() { [ -z "$(postgres_processes "$1")" ]; }

# A killed postmaster leaves postmaster.pid, and may linger as a zombie if nobody collects it; a new
# one would take that for a running server. With no process left the file is stale for certain.
postgres_remove_stale_lock() {
  [ -f "$1/data/postmaster.pid" ] || return 0
  wait_until 10 postgres_all_gone "$1" || die "processes of a server without postmaster in $1/data"
  rm -f "$1/data/postmaster.pid"
}

# The words before a server whose clock LENSART_STACK_PG_CLOCK sets, one a line.
postgres_clock() {
  local library
  [ -n "${LENSART_STACK_PG_CLOCK:-}" ] || return 0
  library=$(find /usr/lib -name libfaketime.so.1 2>/dev/null | head -n 1)
  [ -n "$library" ] || die 'LENSART_STACK_PG_CLOCK needs the package faketime'
  printf '%s\n' env "LD_PRELOAD=$library"
  case $LENSART_STACK_PG_CLOCK in
    /*) printf '%s\n' "FAKETIME_TIMESTAMP_FILE=$LENSART_STACK_PG_CLOCK" FAKETIME_NO_CACHE=1 ;;
    *) printf '%s\n' "FAKETIME=$LENSART_STACK_PG_CLOCK" ;;
  esac
}

# postgres_start PORT NAME=VALUE...: 0 when it takes connections, 1 when not (its log says why).
postgres_start() {
  local home clock
  postgres_make_home
  home=$(postgres_home)
  postgres_initialise "$home" || return 1
  postgres_remove_stale_lock "$home"
  postgres_write_configuration "$home" "$@"
  mapfile -t clock < <(postgres_clock)
  (cd / && as_postgres "${clock[@]}" pg_ctl start -D "$home/data" -l "$home/log" -w -t 60 -s) \
    >&2 9>&- </dev/null || return 1
  postgres_port=$1 postgres_create_database "$home"
}

# postgres_stop fast|kill. With kill, postmaster and backends die at once, as in a crash.
postgres_stop() {
  local home pid processes
  home=$(postgres_home)
  pid=$(postgres_pid) || return 0
  if [ "$1" = fast ]; then
    (cd / && as_postgres pg_ctl stop -D "$home/data" -m fast -w -t 30 -s) >&2 && return 0
    say "PostgreSQL did not stop within 30 s; killing it"
  fi
  kill -STOP "$pid"  # so that it cannot make more of them
  mapfile -t processes < <(postgres_processes "$home")
  kill -KILL "$pid" "${processes[@]}" 2>/dev/null || true
  wait_until 10 postgres_all_gone "$home" || die "PostgreSQL, process $pid, does not die"
}
