# shellcheck shell=bash disable=SC2154  # root, cache, kafka_version: common.sh; dir: stack.sh
# The private Kafka broker of scripts/stack.sh: everything about it lies in $dir/kafka. Sourced.

kafka_jars=$cache/kafka/$kafka_version/libs
kafka_java=(java -XX:+UseSerialGC -Dfile.encoding=UTF-8 -Xlog:disable)
# The classes of an earlier run, recorded by setup.sh: the broker then starts in half the time. One
# that does not fit any more (another Java, another place) is passed over by Java itself.
kafka_archive=$cache/kafka/$kafka_version/classes.jsa
if [ -n "${LENSART_STACK_RECORD:-}" ]; then
  kafka_record=("-XX:ArchiveClassesAtExit=$LENSART_STACK_RECORD")
else
  kafka_record=()
  if [ -f "$kafka_archive" ]; then kafka_java+=("-XX:SharedArchiveFile=$kafka_archive"); fi
fi

# The broker's process id, if it runs. An id that now belongs to someone else does not count.
kafka_pid() {
  local pid
  pid=$(cat "$dir/kafka/pid" 2>/dev/null) && [ -n "$pid" ] &&
    tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF "$dir/kafka/server.properties" &&
    echo "$pid"
}

kafka_started() {
  tail -c "+$1" "$dir/kafka/broker.log" 2>/dev/null | grep -q 'Kafka Server started'
}

kafka_started_or_dead() { kafka_started "$1" || ! kafka_pid >/dev/null; }

kafka_write_configuration() {
  local port=$1 controller=$2
  {
    cat "$root/scripts/kafka/server.properties"
    printf '%s\n' '' "listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller" \
      "advertised.listeners=PLAINTEXT://127.0.0.1:$port" \
      "controller.quorum.voters=1@127.0.0.1:$controller" "log.dirs=$dir/kafka/data"
  } >"$dir/kafka/server.properties"
}

# A cluster id as Kafka makes them: 16 random bytes, base64 for URLs, never with a leading dash.
kafka_new_cluster_id() {
  local id=-
  while [ "${id:0:1}" = - ]; do
    id=$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=')
  done
  echo "$id"
}

kafka_format() {
  [ -f "$dir/kafka/data/meta.properties" ] && return 0
  "${kafka_java[@]}" -XX:TieredStopAtLevel=1 -cp "$kafka_jars/*" \
    -Dlog4j.configuration="file:$root/scripts/kafka/tools.properties" kafka.tools.StorageTool \
    format -t "$(kafka_new_cluster_id)" -c "$dir/kafka/server.properties" \
    >"$dir/kafka/format.log" 2>&1 || { cat "$dir/kafka/format.log" >&2; return 1; }
}

# kafka_start PORT CONTROLLER-PORT: 0 when it takes clients, 1 when it died (broker.log says why).
kafka_start() {
  local log=$dir/kafka/broker.log from
  mkdir -p "$dir/kafka/data"
  kafka_write_configuration "$1" "$2"
  kafka_format || return 1
  touch "$log"
  from=$(($(stat -c %s "$log") + 1))
  setsid "${kafka_java[@]}" "${kafka_record[@]}" -Xms128m -Xmx512m -cp "$kafka_jars/*" \
    -Dlog4j.configuration="file:$root/scripts/kafka/log4j.properties" \
    kafka.Kafka "$dir/kafka/server.properties" >>"$log" 2>&1 </dev/null 9>&- &
  echo $! >"$dir/kafka/pid"
  wait_until 1 kafka_pid >/dev/null || true
  wait_until 60 kafka_started_or_dead "$from" && kafka_started "$from"
}

# kafka_stop TERM|KILL
kafka_stop() {
  local pid
  pid=$(kafka_pid) || return 0
  kill "-$1" "$pid" 2>/dev/null || true
  if ! wait_until 15 eval '! kafka_pid >/dev/null'; then
    kill -KILL "$pid" 2>/dev/null || true
    wait_until 5 eval '! kafka_pid >/dev/null' || die "the broker, process $pid, does not die"
  fi
  rm -f "$dir/kafka/pid"
}

# kafka_tool NAME ARGUMENT...: Kafka's own command-line tools, by the names of its scripts.
kafka_tool() {
  local class where=(--bootstrap-server "127.0.0.1:$kafka_port")
  case $1 in
    topics) class=org.apache.kafka.tools.TopicCommand ;;
    configs) class=kafka.admin.ConfigCommand ;;
    consumer-groups) class=org.apache.kafka.tools.consumer.group.ConsumerGroupCommand ;;
    delete-records) class=org.apache.kafka.tools.DeleteRecordsCommand ;;
    get-offsets) class=org.apache.kafka.tools.GetOffsetShell ;;
    console-consumer) class=org.apache.kafka.tools.consumer.ConsoleConsumer ;;
    console-producer) class=kafka.tools.ConsoleProducer ;;
    *) die "no such tool: $1 (topics, configs, consumer-groups, delete-records, get-offsets," \
      "console-consumer, console-producer)" 64 ;;
  esac
  shift
  exec "${kafka_java[@]}" -XX:TieredStopAtLevel=1 -cp "$kafka_jars/*" \
    -Dlog4j.configuration="file:$root/scripts/kafka/tools.properties" "$class" "${where[@]}" "$@"
}
