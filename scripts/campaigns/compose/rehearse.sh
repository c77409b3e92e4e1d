#!/usr/bin/env bash
# The second half of scripts/campaigns/compose.sh, alone on its network: reads $kind (kraft or
# zookeeper), $work (holds a copy of docker/, prepared) and $results. Everything ends with it.
set -euo pipefail
: "${kind:?}" "${work:?}" "${results:?}"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/common.sh
source "$here/../../lib/common.sh"
PATH=$work/bin:/usr/lib/postgresql/15/bin:$PATH
docker=$work/docker
place=$work/$kind  # what is written by this kind
log=${results:?}/$kind.log
: >"$log"

# ---- the world of the containers ----------------------------------------------------------------

make_world() {
  ip link set lo up
  mkdir -p "$place"/{kafka,zookeeper,state,prometheus} "$work/bin"
  printf '127.0.0.1 localhost kafka zookeeper postgres lensart prometheus\n' >"$place/hosts"
  mount --bind "$place/hosts" /etc/hosts
  mount --bind "$docker/secrets" /run/secrets
  mkdir -p "$place/etc"
  cp "$docker/lensart.toml" "$place/etc/"
  mount --bind "$place/etc" /etc/lensart
  mount --bind "$place/state" /var/lib/lensart
  ln -sf "$root/build/dev/lensart" "$work/bin/lensart"
  make_docker
  files=(--file "$docker/compose.yaml")
  if [ "$kind" = zookeeper ]; then files+=(--file "$docker/compose.zookeeper.yaml"); fi
  "$root/.cache/compose/bin/docker-compose" "${files[@]}" --env-file "$docker/.env" \
    config --format json >"$place/model.json"
  # The host's name is lensart's, which answers to its own; Kafka only wants one that it can look up.
  hostname "$(of_service lensart .hostname)"
}

# `docker compose … exec SERVICE COMMAND` runs the command here, as that service would.
make_docker() {
  cat >"$work/bin/docker" <<'DOCKER'
#!/usr/bin/env bash
set -euo pipefail
: "${kind:?}" "${work:?}" "${results:?}"
while [ "$1" != exec ]; do shift; done
shift
while [[ $1 == -* ]]; do shift; done
service=$1
shift
eval "$(jq -r --arg s "$service" '.services[$s].environment // {} | to_entries[]
  | select(.key | startswith("LENSART_")) | "export \(.key)=\(.value | @sh)"' "$MODEL")"
case $service in
  postgres) exec env PGHOST="$PGSOCKET" "$@" ;;
  *) cd /var/lib/lensart && exec "$@" ;;
esac
DOCKER
  chmod 755 "$work/bin/docker"
  export MODEL=$place/model.json PGSOCKET=$place/postgres
}

# of_service SERVICE JQ-FILTER
of_service() { jq -r --arg s "$1" ".services[\$s]$2" "$place/model.json"; }

# ---- the services -------------------------------------------------------------------------------

java=(java -Xmx512m -cp "$cache/kafka/$kafka_version/libs/*"
  -Dlog4j.configuration="file:$root/scripts/kafka/log4j.properties")

# As the image does: KAFKA_A_B=x is a.b=x. Only the place of the data is ours.
start_kafka() {
  local settings=$place/kafka.properties
  mount --bind "$place/kafka" /var/lib/kafka/data
  case $kind in
    kraft)
      of_service kafka '.environment | to_entries[]
        | select((.key | startswith("KAFKA_")) and .key != "KAFKA_HEAP_OPTS")
        | "\(.key[6:] | ascii_downcase | gsub("_"; "."))=\(.value)"' >"$settings"
      "${java[@]}" kafka.tools.StorageTool format -t "$(of_service kafka .environment.CLUSTER_ID)" \
        -c "$settings" >>"$log" 2>&1
      "${java[@]}" kafka.Kafka "$settings" >>"$log" 2>&1 &
      ;;
    zookeeper)
      sed "s|^dataDir=.*|dataDir=$place/zookeeper|" "$docker/zookeeper/zookeeper.properties" \
        >"$place/zookeeper.properties"
      "${java[@]}" org.apache.zookeeper.server.quorum.QuorumPeerMain "$place/zookeeper.properties" \
        >>"$log" 2>&1 &
      wait_until 30 asks_zookeeper || die 'ZooKeeper does not answer on 2181'
      mapfile -t overrides < <(of_service kafka '.command[2:][]')
      "${java[@]}" kafka.Kafka "$docker/zookeeper/server.properties" "${overrides[@]}" >>"$log" 2>&1 &
      ;;
  esac
  wait_until 60 kafka_is_healthy || { tail "$log" >&2; die 'Kafka does not become healthy'; }
  # The protocol in which the old client of the Laravel application writes.
  grep -q 'Produce(0): 0 to' "$place/versions" || die 'Kafka does not take Produce v0'
}

# What its health check asks.
asks_zookeeper() {
  (exec 3<>/dev/tcp/localhost/2181 && echo srvr >&3 && grep -q Mode <&3) 2>/dev/null
}

# The health check of Kafka, with the image's script as the class that it runs.
kafka_is_healthy() {
  of_service kafka '.healthcheck.test[1]' | grep -q 'kafka-broker-api-versions.sh --bootstrap-server localhost:29092' &&
    timeout 20 "${java[@]}" kafka.admin.BrokerApiVersionsCommand --bootstrap-server localhost:29092 \
      >"$place/versions" 2>>"$log"
}

start_postgres() {
  local options
  mkdir -p "$place/postgres"
  chown postgres: "$place/postgres"
  chmod 711 "$work" "$place"
  mapfile -t options < <(of_service postgres '.command[1:][]')
  (
    cd / && runuser -u postgres -- initdb -D "$place/postgres/data" -U postgres -A trust \
      --encoding=UTF8 --locale=C.UTF-8 --data-checksums --no-instructions
    # The image's own last line: over TCP everybody needs the password.
    echo 'host all all all scram-sha-256' >>"$place/postgres/data/pg_hba.conf"
    sed -i 's/^\(host .*127.0.0.1.*\)trust$/\1scram-sha-256/' "$place/postgres/data/pg_hba.conf"
  ) >>"$log" 2>&1
  (cd / && exec runuser -u postgres -- postgres -D "$place/postgres/data" -k "$place/postgres" \
    "${options[@]}") >>"$log" 2>&1 &
  wait_until 30 pg_isready -q -h 127.0.0.1 || die 'PostgreSQL does not start'
  PGHOST=$place/postgres "$docker/postgres/create-database.sh" >>"$log"
  mapfile -t health < <(of_service postgres '.healthcheck.test[1:][]')
  "${health[@]}" || die 'the health check of PostgreSQL fails'
  # pgAdmin's way in: its user, its file.
  install -m 600 "$docker/secrets/pgpass" "$place/pgpass"
  expect 'pgAdmin as' "$(PGPASSFILE=$place/pgpass psql -w -Atc 'SELECT current_user' \
    "host=postgres port=5432 dbname=lensart user=lensart")" lensart
}

start_prometheus() {
  cp "$docker/prometheus/prometheus.compose.yml" "$place/prometheus/prometheus.yml"
  cp "$docker/prometheus/alerts.yml" "$place/prometheus/"
  prometheus --config.file="$place/prometheus/prometheus.yml" --web.listen-address=0.0.0.0:9090 \
    --storage.tsdb.path="$place/prometheus/data" >>"$log" 2>&1 &
}
prometheus_sees() {
  curl -fsS 'http://prometheus:9090/api/v1/query?query=up' 2>/dev/null |
    jq -e '.data.result[0].value[1] == "1"' >/dev/null
}

# ---- what a person does -------------------------------------------------------------------------

# expect WHAT FOUND WANTED
expect() { [ "$2" = "$3" ] || die "$1 is '$2', not '$3'"; }

in_lensart() { docker compose exec lensart "$@"; }
is_healthy() {
  local test
  mapfile -t test < <(of_service lensart '.healthcheck.test[2:][]')
  in_lensart lensart "${test[@]}" >/dev/null 2>&1
}

# block N: the Nth block of commands of docker/README.md.
block() { awk -v n="$1" '/^```/ {inside = !inside; count += inside; next} inside && count == n' "$docker/README.md"; }

one_order() {
  local table
  # The commands of the page, in a folder in which its paths are right.
  (cd "$work" && bash -euo pipefail -c "$(block 2)") >"$place/answers"
  expect 'events that the gateway took' "$(grep -o '"status":"success"' "$place/answers" | wc -l)" 2
  wait_until 30 order_is_there || die 'the order does not come into the tables'
  (cd "$work" && bash -euo pipefail -c "$(block 3)") >"$results/$kind-order.txt"
  for table in orders_raw:2 orders_processed:1 order_status_history:1 order_status_sessions:1 \
    order_items_analytics:1; do
    expect "rows in ${table%:*}" \
      "$(sql "SELECT count(*) FROM ${table%:*} $(where "${table%:*}")")" "${table#*:}"
  done
  expect 'orders in order_metrics' "$(sql 'SELECT sum(total_orders) FROM order_metrics')" 1
  expect 'orders in order_metrics_sliding' "$(sql 'SELECT sum(total_orders) FROM order_metrics_sliding')" 12
  grep -q 'clean: 2 events' "$results/$kind-order.txt" || die 'the audit is not clean'
}
where() { echo 'WHERE order_id = 1042'; }
sql() { docker compose exec postgres psql -U lensart -d lensart -Atc "$1"; }
order_is_there() { [ "$(sql "SELECT order_status FROM orders_processed WHERE order_id = 1042")" = 'Đang giao hàng' ]; }

main() {
  local code=0 program
  make_world
  start_kafka
  start_postgres
  docker compose exec lensart-init lensart "$(of_service lensart-init '.command[0]')" >>"$log"
  docker compose exec lensart lensart "$(of_service lensart '.command[0]')" >>"$log" 2>&1 &
  program=$!
  wait_until 60 is_healthy || { tail "$log" >&2; die 'lensart does not become healthy'; }
  expect 'the console without a token' \
    "$(curl -s -o "$place/answer" -w '%{http_code}' http://localhost:8081/api/v1/overview)" 401
  expect 'the console with it' "$(curl -s -o "$place/answer" -w '%{http_code}' \
    -H "Authorization: Bearer $(cat "$docker/secrets/console_token")" \
    http://localhost:8081/api/v1/overview)" 200
  one_order
  in_lensart lensart generate --orders 1000 --poison 0.02 >>"$log"
  start_prometheus
  wait_until 60 prometheus_sees || {
    curl -sS http://prometheus:9090/api/v1/targets >&2 || true
    die 'Prometheus does not reach lensart'
  }
  kill -TERM "$program"
  wait "$program" || code=$?
  expect 'the exit of lensart' "$code" 0
  in_lensart lensart verify
}

main
