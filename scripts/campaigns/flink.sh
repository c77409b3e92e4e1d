# shellcheck shell=bash disable=SC2034,SC2154,SC2317  # variables shared with campaign.sh
# A real Flink 1.18 runs what `export flink-sql` writes, over hostile events; verify finds no difference.
# Arguments: [EVENTS], by default 200000.
presets=(dev)
needs_stack=yes

campaign() {
  local events=${1:-200000} tables start code=0
  lensart=$root/build/dev/lensart
  flink=$cache/flink/$(flink_version)
  export LENSART_PIPELINE_ALLOWED_LATENESS=unlimited
  admin=$LENSART_TEST_ADMIN_DSN
  unset LENSART_TEST_ADMIN_DSN
  install_flink
  need_javac
  mkdir -p "$results/classes"
  javac -d "$results/classes" -cp "$flink/libs/*" "$root/bench/flink/RunSql.java"
  : >"$results/lensart.log"

  # Days out of order, one in ten twice, in any partition: and the pipeline's own tables of them.
  quiet init
  "$lensart" generate --events "$events" --seed 18 --disorder 2d --duplicates 0.1 | tee "$results/events.txt"
  quiet run --until-end
  "$lensart" verify

  say 'The same by Flink SQL, into schema flink'
  rm -rf "$results/sql"
  "$lensart" export flink-sql --out "$results/sql" | tee "$results/export.txt"
  psql -qX -v ON_ERROR_STOP=1 "$admin" -c 'CREATE SCHEMA flink AUTHORIZATION lensart'
  quiet --set postgres.schema=flink init
  psql -qX -v ON_ERROR_STOP=1 "$LENSART_POSTGRES_DSN" -f "$results/sql/postgres.sql"
  start=$EPOCHREALTIME
  run_flink "$results"/sql/[1-5]-*.sql
  say "Flink: $events records in $(seconds_since "$start") s, start and planning among them"

  tables=$("$lensart" --json export flink-sql --out "$results/sql" --force 2>/dev/null |
    jq -r '.tables | join(",")')
  "$lensart" verify --schema flink --tables "$tables" | tee "$results/verify.txt" || code=1
  psql -qX -v ON_ERROR_STOP=1 "$admin" -c "UPDATE flink.order_metrics SET total_revenue = total_revenue + 0.01
      WHERE ctid = (SELECT min(ctid) FROM flink.order_metrics)"
  if "$lensart" verify --schema flink --tables order_metrics >"$results/spoilt.txt"; then
    say 'verify does not see a cent too much'
    code=1
  fi
  return "$code"
}

# ---- the parts ----------------------------------------------------------------------------------

quiet() {
  "$lensart" "$@" >>"$results/lensart.log" 2>&1 && return
  tail -n 20 "$results/lensart.log" >&2
  return 1
}

flink_version() { sed -n 's:.*<flink.version>\(.*\)</flink.version>.*:\1:p' "$root/bench/flink/pom.xml"; }

# Flink's jars and the connectors', by Maven into .cache/flink, once for each bench/flink/pom.xml.
install_flink() {
  cmp -s "$root/bench/flink/pom.xml" "$flink/installed" && return
  say "Fetching Flink $(flink_version) by Maven into .cache/flink"
  rm -rf "$flink"
  mkdir -p "$flink"
  mvn -B -ntp -q -f "$root/bench/flink/pom.xml" -Dmaven.repo.local="$cache/maven" \
    dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$flink/libs" \
    >"$results/maven.log" 2>&1 || { tail -n 30 "$results/maven.log" >&2; return 1; }
  cp "$root/bench/flink/pom.xml" "$flink/installed"
}

need_javac() {
  command -v javac >/dev/null || die 'javac is missing: scripts/setup.sh --campaign installs it'
}

# run_flink FILE...: to the end of what is in Kafka now. The password is none here.
run_flink() {
  FLINK_POSTGRES_PASSWORD='' java -Xmx2g -XX:+UseParallelGC \
    --add-opens=java.base/java.util=ALL-UNNAMED --add-opens=java.base/java.lang=ALL-UNNAMED \
    -Dlog4j.configuration="file:$root/bench/flink/log4j.properties" \
    -cp "$results/classes:$flink/libs/*" \
    RunSql --bounded kafka_events --checkpoints "$results/checkpoints" "$@" \
    >"$results/flink.log" 2>&1 || { tail -n 60 "$results/flink.log" >&2; return 1; }
  rm -rf "$results/checkpoints"
  grep '^job: ' "$results/flink.log" >&2
}
