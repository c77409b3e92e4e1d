# shellcheck shell=bash disable=SC2034,SC2154,SC2317  # variables shared with campaign.sh; called by name
# 300 slow connections (slowhttptest: slow headers, slow bodies, slow reading) while healthy requests are
# timed: their p99 stays below 100 ms, and none is refused. Arguments: [SECONDS], by default 20 each.
presets=(release)
needs_stack=yes

campaign() {
  local seconds=${1:-20} attack failed=0
  local lensart=$root/build/release/lensart
  state=$(mktemp -d)
  address=127.0.0.1:$(free_port)
  gateway=127.0.0.1:$(free_port)
  export LENSART_HTTP_LISTEN=$address LENSART_STATE_DIRECTORY=$state/state
  export LENSART_GATEWAY_AUTH=none LENSART_GATEWAY_ENABLED=true LENSART_GATEWAY_LISTEN=$gateway
  trap 'verdict=$?; set +e; clean_up; (exit "$verdict"); report' EXIT
  "$lensart" init >/dev/null
  "$lensart" generate --events 20000 --to kafka >/dev/null
  "$lensart" run 2>"$results/run.log" &
  program=$!
  wait_until 60 curl -fs -o /dev/null "http://$address/readyz"
  for attack in headers body read; do under_attack "$attack" "$seconds" || failed=1; done
  curl -fs -o /dev/null "http://$address/readyz" || die 'it is not ready afterwards'
  return "$failed"
}

# 300 connections within 3 s, each slow in its own way for as long as the server lets it.
slow() {
  local ways=(-c 300 -r 100 -i 5 -l "$2" -p 5)
  case $1 in
    headers) ways+=(-H -u "http://$address/api/v1/overview") ;;
    body) ways+=(-B -s 8192 -t POST -u "http://$gateway/api/kafka/events/order-created") ;;
    read) ways+=(-X -w 16 -y 64 -n 5 -z 16 -k 3 -u "http://$address/api/v1/openapi.json") ;;
  esac
  slowhttptest "${ways[@]}" >"$results/slowhttptest-$1.txt" 2>&1
}

under_attack() {
  slow "$1" "$2" &
  local attacker=$! attacked=$address held
  if [ "$1" = body ]; then attacked=$gateway; fi
  sleep 4
  held=$(ss -tnH state established "( sport = :${attacked#*:} )" | wc -l)
  python3 - "$address" "$gateway" "$1" "$held" "$(($2 - 4))" <<'EOF' | tee -a "$results/healthy.txt"
import http.client, sys, time
address, gateway, attack, held, seconds = *sys.argv[1:4], int(sys.argv[4]), int(sys.argv[5])
taken, refused, until = [], 0, time.monotonic() + seconds
while time.monotonic() < until:
    for server, path in ((address, "/livez"), (address, "/api/v1/overview"), (address, "/metrics"),
                         (gateway, "/api/kafka/test-connection")):
        began = time.monotonic()
        connection = http.client.HTTPConnection(server, timeout=10)
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        taken.append(1000 * (time.monotonic() - began))
        refused += answer.status != 200
    time.sleep(0.01)
taken.sort()
p99 = taken[int(len(taken) * 0.99)]
print("slow %-8s %3d connections held, %5d healthy requests: p50 %.1f ms, p99 %.1f ms, most %.1f ms, %d refused"
      % (attack, held, len(taken), taken[len(taken) // 2], p99, taken[-1], refused))
sys.exit(p99 > 100 or refused > 0 or held < 250)
EOF
  local verdict=${PIPESTATUS[0]}
  wait "$attacker" || true
  return "$verdict"
}

clean_up() {
  kill -KILL "${program:-}" 2>/dev/null
  rm -rf "$state"
}
