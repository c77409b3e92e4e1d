# shellcheck shell=bash disable=SC2034,SC2154  # variables shared with operate.sh
# The stack in containers: docker/compose.yaml. The verbs are described in operate.sh. Sourced.

# `exec` would read on in whatever its caller reads from.
lensart() { compose exec -T lensart /usr/bin/lensart "$@" </dev/null; }
sql() {
  compose exec -T postgres psql -U lensart -d lensart -XqAt -v ON_ERROR_STOP=1 \
    -c "SET search_path TO \"$schema\"" -c "$1" </dev/null
}
last_log() { compose logs --no-color --tail 20 lensart; }

kafka_command() {
  local tool=$1
  shift
  compose exec -T kafka "/opt/kafka/bin/kafka-$tool.sh" --bootstrap-server kafka:29092 "$@" \
    </dev/null
}

# ---- addresses ----------------------------------------------------------------------------------

# published SERVICE PORT: where this machine reaches it.
published() {
  local address
  address=$(compose port "$1" "$2" 2>/dev/null) && [ -n "$address" ] || return 1
  echo "${address/#0.0.0.0:/127.0.0.1:}"
}

connect() {
  local address token=$root/docker/secrets/gateway_token
  address=$(published lensart 8081) ||
    die 'no container of lensart runs; scripts/start-all.sh --containers starts it' "$exit_away"
  http_url=http://$address
  address=$(published lensart 8082) || die 'docker/compose.yaml publishes no gateway' "$exit_away"
  gateway_url=http://$address
  [ -r "$token" ] || die "the gateway's token is missing: $token; run docker/prepare.sh" 78
  gateway_headers=(-H "Authorization: Bearer $(cat "$token")")
  brokers=$(published kafka 9092) || brokers=''
}

tell_addresses() {
  local row name port
  echo "  console      $http_url/  (token: docker/secrets/console_token)"
  echo "  gateway      $gateway_url/api/kafka/events/order-created  (token: docker/secrets/gateway_token)"
  for row in kafka:9092 postgres:5432 kafka-ui:8080 pgadmin:5050 prometheus:9090 grafana:3000; do
    name=${row%:*} port=${row#*:}
    printf '  %-12s %s\n' "$name" "$(published "$name" "$port" || echo 'not published')"
  done
  echo '  log          docker compose -f docker/compose.yaml logs --follow lensart'
}

# ---- verbs --------------------------------------------------------------------------------------

become_ready() { wait_until "$timeout" all_ready; }

require_docker() {
  docker compose version >/dev/null 2>&1 ||
    die 'docker, or its compose, is not there; --embedded needs none' "$exit_away"
  [ -z "$binary$config" ] ||
    die '--binary and --config are for the embedded stack; here the image is built, and docker/lensart.toml mounted' \
      "$exit_usage"
}

# `up` builds an image that is not there yet, and waits for the services' health, and for lensart-init,
# before it starts lensart.
start_everything() {
  require_docker
  "$root/docker/prepare.sh" >&2
  compose up --detach || die 'docker compose up failed' "$exit_away"
  connect
  become_ready && return 0
  say "Not ready after $timeout s:"
  compose ps >&2
  why_not_ready
  last_log >&2
  die 'the containers did not become ready' "$exit_away"
}

# The pipeline first, so that it commits what it has read while the database is still there.
stop_everything() {
  require_docker
  compose stop lensart
  compose stop
}

restart_everything() {
  stop_everything
  start_everything
}

remove_data() {
  require_docker
  compose down --volumes
}

# ---- deploy -------------------------------------------------------------------------------------

image_name() { compose config --format json | jq -r .services.lensart.image; }

# Only lensart's own container is made anew; the others run on.
swap_in() { compose up --detach --no-deps --force-recreate lensart && become_ready; }

# back_to PREVIOUS IMAGE: the name means the image before again.
back_to() { docker image tag "$1" "$2"; }

deploy() {
  local image previous code=0 judge=(compose run --rm --no-deps -T lensart check)
  require_docker
  connect
  load_settings
  image=$(image_name) previous=$(image_name)-previous
  say "1 of 4: building the image; the present one stays as $previous"
  "$root/docker/prepare.sh" >&2  # the commit that the image will name
  docker image tag "$image" "$previous"
  compose build lensart || { back_to "$previous" "$image"; die 'the build failed'; }
  say '2 of 4: checking it'
  "${judge[@]}" --online >&2 </dev/null || code=$?
  if ((code <= 1)); then  # 1: topics or a schema that init brings up to date
    code=0
    settings_fit "$("${judge[@]}" --json </dev/null)" || code=76
  fi
  if ((code)); then
    back_to "$previous" "$image"
    die 'refused; the running pipeline was not touched' "$code"
  fi
  say '3 of 4: topics and schema'
  compose stop lensart
  if compose run --rm --no-deps -T lensart-init >&2 </dev/null; then
    say "4 of 4: waiting until it is ready, at most $timeout s"
    swap_in && return 0
    last_log >&2
  fi
  back_to "$previous" "$image"
  swap_in || die "neither the new image nor the old one became ready" "$exit_away"
  die 'the new image did not become ready; the old one runs again'
}
