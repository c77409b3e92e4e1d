#include "apps/explain/render.hpp"

#include <algorithm>

namespace lensart::app {

namespace {

constexpr std::size_t kShownOrders = 50;

std::string plain(const Json& value) {
  if (value.is_null()) return "-";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

/// Appends lines, indented by two blanks a level.
class Lines {
 public:
  template <class... Args>
  void add(int level, fmt::format_string<Args...> text, Args&&... args) {
    out_.append(static_cast<std::size_t>(level) * 2, ' ');
    out_ += fmt::format(text, std::forward<Args>(args)...);
    out_ += '\n';
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

void add_events(Lines& lines, const Json& events) {
  lines.add(1, "Events, in the order in which they count ({})", events.size());
  for (const Json& event : events) {
    lines.add(2, "{}  {}  {}  ({}/{} offset {}){}", plain(event["at"]), plain(event["type"]),
              plain(event["event_id"]), plain(event["topic"]), plain(event["partition"]),
              plain(event["offset"]),
              event["too_late"].get<bool>() ? "  TOO LATE: counts in no metric" : "");
    if (event["changed"].empty()) lines.add(3, "changed nothing that the tables show");
    for (const Json& change : event["changed"]) {
      if (change["from"].is_null()) {
        lines.add(3, "{}: {}", plain(change["column"]), plain(change["to"]));
      } else {
        lines.add(3, "{}: {} -> {}", plain(change["column"]), plain(change["from"]),
                  plain(change["to"]));
      }
    }
  }
}

void add_letters(Lines& lines, const Json& letters) {
  if (letters.empty()) return;
  lines.add(1, "Dead letters ({})", letters.size());
  for (const Json& letter : letters) {
    lines.add(2, "{}/{} offset {}: {} {}", plain(letter["topic"]), plain(letter["partition"]),
              plain(letter["offset"]), plain(letter["code"]), plain(letter["field"]));
    lines.add(3, "{}", plain(letter["message"]));
  }
}

void add_rows(Lines& lines, const std::string& table, const Json& rows) {
  if (rows.empty()) return;
  lines.add(1, "{} ({})", table, rows.size());
  for (const Json& row : rows) {
    std::string text;
    for (const auto& [column, value] : row.items()) {
      if (value.is_null()) continue;
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", column, plain(value));
    }
    lines.add(2, "{}", text);
  }
}

void add_counts(Lines& lines, const Json& life) {
  const Json& counts = life["counts_in"];
  if (counts.is_null()) {
    lines.add(1, "Counts in no metric: {}", plain(life["counts_not_because"]));
    return;
  }
  const auto column = [](const Json& value) {
    return value.get<std::string>().empty() ? std::string("no column") : plain(value);
  };
  lines.add(1, "Counts in order_metrics {} hour {} branch {}: {} as {} and {}",
            plain(counts["metric_date"]), plain(counts["metric_hour"]), plain(counts["branch_id"]),
            plain(counts["total_price"]), column(counts["status_column"]),
            column(counts["payment_column"]));
  if (life["sliding_expired"].get<bool>()) {
    lines.add(2, "and no longer in order_metrics_sliding (retention.sliding)");
    return;
  }
  lines.add(2, "and in the twelve windows of order_metrics_sliding from {} to {}",
            plain(counts["sliding_from"]), plain(counts["sliding_to"]));
}

bool is_stuck(const Json& anomalies) {
  return std::any_of(anomalies.begin(), anomalies.end(), [](const Json& row) {
    return row["kind"] == "stuck" && row["resolved_at"].is_null();
  });
}

void add_state(Lines& lines, const Json& life) {
  const Json& state = life["state"];
  if (state.contains("error")) {
    lines.add(1, "State: {}", plain(state["error"]));
    return;
  }
  if (!state["known"].get<bool>()) {
    lines.add(1, "State: has never seen this order");
    return;
  }
  if (state["expired"].get<bool>()) {
    lines.add(1, "State: expired (pipeline.state_ttl); its rows stay, further events are refused");
    return;
  }
  lines.add(1, "Duplicates: {} (since the state was made)", plain(state["duplicates"]));
  if (!state["has_snapshot"].get<bool>()) {
    lines.add(1, "Waits for an event with the whole order; its history is not shown until then");
  }
  if (!life["stuck_at"].is_null()) {
    lines.add(1, "Stuck unless it changes before {}; the state looks at it at {}",
              plain(life["stuck_at"]), plain(state["timer"]));
  } else if (is_stuck(life["tables"]["order_anomalies"])) {
    lines.add(1, "Is stuck; the next change ends that");
  } else {
    lines.add(1, "Cannot get stuck: its last status is terminal, or it has none");
  }
}

void add_moment(Lines& lines, const Json& moment) {
  if (moment.contains("error")) {
    lines.add(1, "State: {}", plain(moment["error"]));
    return;
  }
  lines.add(1, "Watermark {}, timer clock {}, epoch {} ({})", plain(moment["watermark"]),
            plain(moment["timer_clock"]), plain(moment["epoch"]),
            moment.value("live", false) ? "live" : "no instance runs");
  for (const Json& partition : moment["partitions"]) {
    const std::string lag =
        partition.contains("lag") ? fmt::format(", {} behind", plain(partition["lag"])) : "";
    lines.add(2, "{}/{}: read up to offset {}{}, highest timestamp {}{}", plain(partition["topic"]),
              plain(partition["partition"]), plain(partition["next_offset"]), lag,
              plain(partition["highest"]),
              partition["holds_watermark"].get<bool>() ? "  <- holds the watermark back" : "");
  }
}

void add_orders(Lines& lines, const Json& orders) {
  std::size_t inside = 0;
  for (const Json& order : orders) inside += order["counts"].get<bool>() ? 1 : 0;
  lines.add(1, "Orders in it ({})", inside);
  std::size_t shown = 0;
  for (const Json& order : orders) {
    if (!order["counts"].get<bool>()) continue;
    if (++shown > kShownOrders) continue;
    lines.add(2, "{}: placed {}, {}, {} ({}), {} ({}){}{}", plain(order["order_id"]),
              plain(order["placed_at"]), plain(order["total_price"]), plain(order["order_status"]),
              plain(order["counts_as"]), plain(order["payment_method"]), plain(order["paid_by"]),
              order["counts_with_late"].get<bool>()
                  ? ""
                  : "; its late events say otherwise, and do not count",
              order["followed"].get<bool>() ? "" : "; expired: cannot change any more");
  }
  if (shown > kShownOrders) lines.add(2, "… and {} more (--json has all)", shown - kShownOrders);
  if (inside == orders.size()) return;
  lines.add(1, "Left out, because the events that would put them here came too late ({})",
            orders.size() - inside);
  for (const Json& order : orders) {
    if (order["counts"].get<bool>()) continue;
    lines.add(2, "{}: placed {}, {}", plain(order["order_id"]), plain(order["placed_at"]),
              plain(order["total_price"]));
  }
}

}  // namespace

std::string order_text(const Json& life) {
  Lines lines;
  lines.add(0, "Order {}", plain(life["order_id"]));
  add_events(lines, life["events"]);
  add_letters(lines, life["dead_letters"]);
  for (const auto& [table, rows] : life["tables"].items()) add_rows(lines, table, rows);
  add_counts(lines, life);
  add_state(lines, life);
  return lines.take();
}

std::string window_text(const Json& life) {
  Lines lines;
  const Json& window = life["window"];
  lines.add(0, "order_metrics {} hour {} branch {} ({})", plain(window["metric_date"]),
            plain(window["metric_hour"]), plain(window["branch_id"]), plain(window["time_zone"]));
  if (life["row"].is_null()) {
    lines.add(1, "No row: no order counts here");
  } else {
    add_rows(lines, "Row", Json::array({life["row"]}));
  }
  add_orders(lines, life["orders"]);
  if (life["verdict"] == "open") {
    lines.add(1, "Open: the hour ends at {}, and events from {} on still count",
              plain(life["ends_at"]),
              life["late_before"].is_null() ? "any time" : plain(life["late_before"]));
  } else {
    lines.add(1,
              "Over: it ended at {}, and events before {} are too late. It changes only when "
              "something newer happens to one of its orders, or dates an order back into it",
              plain(life["ends_at"]), plain(life["late_before"]));
  }
  add_moment(lines, life["moment"]);
  return lines.take();
}

std::string stats_text(const Json& stats) {
  Lines lines;
  lines.add(0, "State in {}", plain(stats["directory"]));
  const auto mebibytes = [](const Json& bytes) { return bytes.get<double>() / (1 << 20); };
  lines.add(1, "{:.1f} MiB in use, file {:.1f} MiB, at most {:.0f} MiB (state.max_size)",
            mebibytes(stats["used_bytes"]), mebibytes(stats["map_bytes"]),
            mebibytes(stats["max_bytes"]));
  for (const Json& tree : stats["trees"]) {
    lines.add(2, "{:<24} {:>12} entries {:>10.1f} MiB", plain(tree["name"]), plain(tree["entries"]),
              mebibytes(tree["bytes"]));
  }
  add_moment(lines, stats["moment"]);
  return lines.take();
}

}  // namespace lensart::app
