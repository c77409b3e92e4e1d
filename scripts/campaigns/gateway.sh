# shellcheck shell=bash disable=SC2034,SC2154  # variables shared with campaign.sh
# The gateway: its rate against a bare server's, p99 at half of it, and what it acknowledged while the
# broker restarts. Arguments: [REQUESTS [RESTARTS]], by default 1 000 000 acknowledged requests and 10.
presets=(bench)
needs_stack=yes

campaign() {
  local requests=${1:-1000000} restarts=${2:-10} bin=$root/build/bench
  local ratio half
  "$bin/lensart" init >/dev/null
  start_servers

  rm -f "$results"/*.jsonl
  # A broker that has just started compiles itself beside the first requests: those are not counted.
  measure warm --port "$gateway_port" --run warm --requests 400000
  # Turn and turn about: the machine's moods meet both.
  say "Rates, 64 connections with keep-alive, five rounds"
  local round
  for round in 1 2 3 4 5; do
    measure bare --port "$bare_port" --requests 60000
    measure gateway --port "$gateway_port" --run "rate$round" --requests 60000
  done
  jq -rs 'map(.rate) | sort | "bare server: \(.[2]) requests/s (median)"' "$results/bare.jsonl"
  jq -rs 'map(.rate) | sort | "gateway: \(.[2]) requests/s (median)"' "$results/gateway.jsonl"
  ratio=$(jq -rn --slurpfile b "$results/bare.jsonl" --slurpfile g "$results/gateway.jsonl" \
    '($g | map(.rate) | sort | .[2]) / ($b | map(.rate) | sort | .[2])')
  half=$(jq -rs '(map(.rate) | sort | .[2]) / 2 | floor' "$results/gateway.jsonl")

  measure half --port "$gateway_port" --run half --rate "$half" --requests $((half * 30))
  jq -r '"at \(.rate) requests/s: p50 \(.p50_ms) ms, p99 \(.p99_ms) ms, most \(.most_ms) ms"' \
    "$results/half.jsonl"

  say "$requests acknowledged requests, $restarts restarts of the broker among them"
  local before
  before=$(acknowledged)
  "$bin/bench/gateway/lensart_load" --port "$gateway_port" --run lost --requests "$requests" --insist \
    --topic order-created >"$results/lost.json" &
  local load=$!
  local goal i
  for ((i = 1; i <= restarts; ++i)); do
    goal=$((before + requests * i / (restarts + 1)))
    until (($(acknowledged) >= goal)) || ! kill -0 "$load" 2>/dev/null; do sleep 0.5; done
    # Every other time without a word: what was acknowledged is on the disk of a broker that is killed.
    if ((i % 2)); then "$root/scripts/stack.sh" restart kafka; else
      "$root/scripts/stack.sh" kill kafka && "$root/scripts/stack.sh" start kafka
    fi
  done >"$results/restarts.log" 2>&1
  local lost=passed
  wait "$load" || lost=failed
  cat "$results/lost.json"
  stop_servers

  say "gateway / bare server: $ratio (0.4 is asked for)"
  [ "$lost" = passed ] || die "acknowledged events were lost"
  jq -e --argjson ratio "$ratio" '$ratio >= 0.4 and .p99_ms <= 10' "$results/half.jsonl" >/dev/null ||
    die "too slow: see $results"
}

start_servers() {
  bare_port=$(free_port) gateway_port=$(free_port)
  "$bin/bench/gateway/lensart_bare_server" "$bare_port" &
  bare=$!
  LENSART_GATEWAY_LISTEN=127.0.0.1:$gateway_port LENSART_GATEWAY_AUTH=none LENSART_GATEWAY_RATE_LIMIT=0 \
    "$bin/lensart" gateway 2>"$results/gateway.log" &
  gateway=$!
  until curl -sf "http://127.0.0.1:$gateway_port/readyz" >/dev/null; do sleep 0.1; done
}

stop_servers() {
  kill "$bare"
  wait "$bare" || true  # ended by the signal
  kill -TERM "$gateway" && wait "$gateway"
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# measure NAME ARGUMENT...: one object of figures, appended to NAME.jsonl
measure() {
  local name=$1
  shift
  "$bin/bench/gateway/lensart_load" "$@" >>"$results/$name.jsonl"
}

acknowledged() {
  curl -s "http://127.0.0.1:$gateway_port/metrics" |
    sed -nE 's/^lensart_gateway_requests_total\{.*order-created.*status="200"\} ([0-9]+).*/\1/p'
}
