# shellcheck shell=bash disable=SC2034,SC2154,SC2317  # variables shared with campaign.sh; called by name
# Ten listeners on the console's event stream: how much more CPU the process uses, by paired windows.
# Arguments: [PAIRS [RATE]], by default 15 pairs of 4 s at 2 000 events/s.
presets=(release)
needs_stack=yes
limit=1.03

campaign() {
  local pairs=${1:-15} rate=${2:-2000} pair
  lensart=$root/build/release/lensart
  state=$(mktemp -d)
  address=127.0.0.1:$(free_port)
  export LENSART_HTTP_LISTEN=$address LENSART_STATE_DIRECTORY=$state/state
  trap 'verdict=$?; set +e; clean_up; (exit "$verdict"); report' EXIT
  "$lensart" init >/dev/null
  "$lensart" run 2>"$results/run.log" &
  program=$!
  wait_until 60 curl -fs -o /dev/null "http://$address/readyz"
  "$lensart" generate --events 10000000 --rate "$rate" --span 20d --to kafka >/dev/null 2>&1 &
  feeder=$!
  sleep 10  # so that caches and pools are as they stay
  : >"$results/pairs.txt"
  for ((pair = 0; pair < pairs; ++pair)); do
    # Now the one first, now the other: what drifts with time falls out.
    if ((pair % 2)); then alone=$(window 0) heard=$(window 10); else heard=$(window 10) alone=$(window 0); fi
    echo "$alone $heard" >>"$results/pairs.txt"
  done
  kill -TERM "$feeder"
  wait "$feeder" || true
  wait_until 60 caught_up
  "$lensart" verify >"$results/verify.txt" || die "verify found differences; see $results/verify.txt"
  python3 - "$results/pairs.txt" "$limit" <<'EOF'
import statistics, sys
pairs = [tuple(map(float, line.split())) for line in open(sys.argv[1])]
ratios = sorted(heard / alone for alone, heard in pairs)
total = sum(heard for _, heard in pairs) / sum(alone for alone, _ in pairs)
print("%d pairs: CPU alone %.1f ms/s; with 10 listeners, median of the pairs %.3f x, in all %.3f x (%.3f to %.3f)" % (
    len(pairs), 1000 * statistics.mean(alone for alone, _ in pairs), statistics.median(ratios), total,
    ratios[0], ratios[-1]))
sys.exit(statistics.median(ratios) > float(sys.argv[2]))
EOF
}

# window LISTENERS: the process's CPU seconds a second, over 4 s.
window() {
  local count=$1 listeners=() i before after began ended
  for ((i = 0; i < count; ++i)); do
    curl -fsN "http://$address/api/v1/events" >"$state/heard-$i" &
    listeners+=($!)
  done
  sleep 1  # the first message is a whole picture
  before=$(cpu) began=$EPOCHREALTIME
  sleep 4
  after=$(cpu) ended=$EPOCHREALTIME
  ((count == 0)) || kill "${listeners[@]}"
  for ((i = 0; i < count; ++i)); do
    (($(grep -c '^data:' "$state/heard-$i") >= 4)) || die "a listener heard nothing"
  done
  python3 -c 'import sys; a, b, c, d = map(float, sys.argv[1:]); print((b - a) / (d - c))' \
    "$before" "$after" "$began" "$ended"
}

# Of all threads, in nanoseconds' resolution.
cpu() {
  awk '{sum += $1} END {printf "%.6f\n", sum / 1e9}' /proc/"$program"/task/*/schedstat
}

caught_up() {
  curl -fs "http://$address/metrics" |
    awk '/^lensart_consumer_lag_records|^lensart_outbox_epochs/ {sum += $NF} END {exit sum > 0}'
}

clean_up() {
  kill -KILL "${program:-}" "${feeder:-}" 2>/dev/null
  rm -rf "$state"
}
