# shellcheck shell=bash disable=SC2034,SC2154  # variables shared with operate.sh and the scripts
# Order events for the test scripts: made, sent through the gateway, waited for in the tables. Ids are
# new with each run, so a run meets no other's rows. Sourced.

# The shop's words.
readonly status_new='Đang xử lý' status_packed='Đã xử lý và sẵn sàng giao hàng' \
  status_sent='Đang giao hàng' status_done='Đã giao' status_off='Đã hủy' unpaid='Chưa thanh toán' \
  paid='Đã thanh toán'

# begin_run NAME: sets `run`, which begins every event id; `first`, the lowest order id, which is also
# a branch that no other run has; and `now` in seconds.
begin_run() {
  now=$(date +%s)
  first=$((${EPOCHREALTIME/[.,]/} / 10))
  run=$1-$first
}

# instant SECONDS: that long before now (or after, from -), as events have it.
instant() { date -u -d "@$((now - $1))" +%FT%TZ; }

# hour_of_business FORMAT: the hour before this one, half past, in the business time zone.
hour_of_business() { TZ=$(setting pipeline.time_zone) date -d "@$((now - now % 3600 - 1800))" "$1"; }

# snapshot ORDER TOTAL STATUS METHOD DATE LINES: an order as the shop sends it. Branch: $first.
snapshot() {
  jq -cn --argjson id "$1" --argjson branch "$first" --arg total "$2" --arg status "$3" \
    --arg method "$4" --arg date "$5" --argjson lines "$6" --arg unpaid "$unpaid" \
    '{$id, user_id: 42, branch_id: $branch, $date, address: "1 Lê Lợi", note: null, coupon_id: null,
      total_price: $total, order_status: $status, payment_status: $unpaid, payment_method: $method,
      user: {id: 42, name: "Nguyễn Thị Thử", email: "thu@example.org"},
      branch: {id: $branch, name: "LensArt Thử", address: "1 Lê Lợi"}, order_details: $lines,
      metadata: []}'
}

# line PRODUCT QUANTITY TOTAL [PRICE]
line() {
  jq -cn --argjson product_id "$1" --argjson quantity "$2" --arg total_price "$3" --arg price "${4:-}" \
    '{$product_id, product_name: "Gọng kính \($product_id)", color: "Đen", $quantity, $total_price}
     + (if $price == "" then {} else {$price} end)'
}

# event ID SECONDS-AGO DATA: the body of a request, with its own id and instant.
event() {
  jq -cn --arg event_id "$run-$1" --arg timestamp "$(instant "$2")" --argjson data "$3" \
    '{$event_id, $timestamp, $data}'
}

# status_change ORDER OLD NEW
status_change() {
  jq -cn --argjson order_id "$1" --arg old_status "$2" --arg new_status "$3" \
    '{$order_id, $old_status, $new_status}'
}

# payment_change ID SECONDS-AGO ORDER NEW: the body for events/generic.
payment_change() {
  event "$1" "$2" "$(jq -cn --argjson order_id "$3" --arg new_payment_status "$4" \
    '{$order_id, $new_payment_status}')" |
    jq -c '. + {event_type: "order.payment_status_changed"}'
}

# post PATH BODY [STATUS]: fails, with the answer, unless its status is STATUS (200).
post() {
  local answer status
  answer=$(curl -sS -m 20 -w '\n%{http_code}' -H 'Content-Type: application/json' \
    "${gateway_headers[@]}" --data-binary @- "$gateway_url/api/kafka/$1" <<<"$2" 2>&1) || {
    echo "$answer"
    return 1
  }
  status=${answer##*$'\n'}
  echo "$status ${answer%$'\n'*}"
  [ "$status" = "${3:-200}" ]
}

# sql_is EXPECTED QUERY
sql_is() {
  local answer
  answer=$(sql "$2") || return 1
  [ "$answer" = "$1" ] && return 0
  printf 'expected: %s\nfound:    %s\nby:       %s\n' "$1" "${answer:-no row}" "$2"
  return 1
}
quietly_is() { sql_is "$@" >/dev/null; }

# settles EXPECTED QUERY: the tables are given until --timeout to say so.
settles() { wait_until "$timeout" quietly_is "$@" || sql_is "$@"; }

# verify_clean: lensart verify finds no difference.
verify_clean() { lensart verify; }
