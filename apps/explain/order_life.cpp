#include "apps/explain/order_life.hpp"

#include <map>

#include "apps/explain/ask_state.hpp"
#include "apps/explain/database.hpp"
#include "apps/jobs/order_fold.hpp"
#include "apps/jobs/status_track.hpp"
#include "apps/jobs/windowed_job.hpp"
#include "apps/pipeline/options.hpp"
#include "apps/rebuild/log_reader.hpp"
#include "nodes/window/windows.hpp"

namespace lensart::app {

namespace {

constexpr std::size_t kShownLines = 5;

/// What the tables show of an order, by column, as texts.
using Columns = std::map<std::string, std::string>;

std::string money(orders::Hundredths amount) {
  return fmt::format("{}.{:02}", amount / 100, amount % 100);
}

std::string text_or_null(const orders::Text& text) { return std::string(text.value_or("NULL")); }

std::string id_or_null(const orders::OptionalId& id) {
  return id ? std::to_string(*id) : std::string("NULL");
}

std::string lines_of(const orders::Snapshot& snapshot) {
  std::string out;
  for (std::size_t i = 0; i < snapshot.lines.size() && i < kShownLines; ++i) {
    const orders::Line& line = snapshot.lines[i];
    out += fmt::format("{}{} x product {} = {}", out.empty() ? "" : ", ", line.quantity,
                       line.product_id, money(line.total_price));
  }
  if (snapshot.lines.size() > kShownLines) {
    out += fmt::format(", … ({} lines)", snapshot.lines.size());
  }
  return out.empty() ? "none" : out;
}

void take_snapshot(Columns& columns, const orders::Snapshot& snapshot) {
  columns["user_id"] = id_or_null(snapshot.user_id);
  columns["user_name"] = text_or_null(snapshot.user_name);
  columns["user_email"] = text_or_null(snapshot.user_email);
  columns["branch_id"] = std::to_string(snapshot.branch_id);
  columns["branch_name"] = text_or_null(snapshot.branch_name);
  columns["branch_address"] = text_or_null(snapshot.branch_address);
  columns["order_date"] = snapshot.date ? text_of(*snapshot.date) : std::string("NULL");
  columns["address"] = text_or_null(snapshot.address);
  columns["note"] = text_or_null(snapshot.note);
  columns["coupon_id"] = id_or_null(snapshot.coupon_id);
  columns["total_price"] = money(snapshot.total_price);
  columns["payment_method"] = text_or_null(snapshot.payment_method);
  columns["lines"] = lines_of(snapshot);
}

/// Folds one event into both folds; what it changed in the tables.
struct Story {
  jobs::OrderFold all;
  jobs::OrderFold on_time;
  jobs::StatusTrack track;
  Columns columns;

  Json tell(const orders::Event& event, bool too_late, const orders::StatusRules& rules) {
    Columns after = columns;
    const auto change = all.apply(event, false);
    if (!too_late) on_time.apply(event, false);
    track.add(event, {}, rules);
    if (change.snapshot) take_snapshot(after, event.snapshot);
    if (all.has_status) after["order_status"] = all.status;
    if (all.has_payment) after["payment_status"] = all.payment_status;
    Json changed = Json::array();
    for (const auto& [column, value] : after) {
      const auto before = columns.find(column);
      if (before != columns.end() && before->second == value) continue;
      changed.push_back({{"column", column},
                         {"from", before == columns.end() ? Json(nullptr) : Json(before->second)},
                         {"to", value}});
    }
    columns = std::move(after);
    return changed;
  }
};

std::string_view name_of(orders::StatusColumn column) {
  static constexpr std::string_view kNames[] = {"", "pending", "processing", "completed",
                                                "cancelled"};
  return kNames[static_cast<std::size_t>(column)];
}
std::string_view name_of(orders::PaymentColumn column) {
  static constexpr std::string_view kNames[] = {"", "cash", "online"};
  return kNames[static_cast<std::size_t>(column)];
}

/// Where the metrics count the order.
Json counts_in(const jobs::OrderFold& fold, const orders::StatusRules& rules,
               const TimeZone& zone) {
  const auto counted = jobs::counted_order(fold, rules);
  if (!counted) return nullptr;
  const nodes::LocalHour hour = nodes::local_hour(counted->placed, zone);
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(hour.day))};
  const nodes::SlidingWindows sliding;
  return {
      {"metric_date",
       fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                   static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()))},
      {"metric_hour", hour.hour},
      {"branch_id", counted->branch_id},
      {"placed_at", text_of(counted->placed)},
      {"status_column", name_of(counted->status)},
      {"payment_column", name_of(counted->payment)},
      {"total_price", money(counted->total_price)},
      {"sliding_from", text_of(sliding.last_start(counted->placed) - sliding.size + sliding.slide)},
      {"sliding_to", text_of(sliding.last_start(counted->placed) + sliding.size)}};
}

std::string why_not_counted(const Story& story) {
  if (!story.all.has_snapshot) return "no event with the whole order has come yet";
  return "every event with the whole order came too late";
}

Result<Json> letters_of(storage::Connection& connection, const Config& config,
                        orders::OrderId order_id) {
  return rows_as_json(
      connection, config,
      "SELECT code, field, message, topic, partition, \"offset\", event_id, occurred_at, sent_at, "
      "replayed_at FROM {schema}.dead_letters WHERE order_id = $1::bigint "
      "ORDER BY occurred_at, topic, partition, \"offset\"",
      {std::to_string(order_id)});
}

Result<Json> tables_of(storage::Connection& connection, const Config& config,
                       orders::OrderId order_id) {
  struct Query {
    const char* table;
    const char* sql;
  };
  static constexpr Query kQueries[] = {
      {"orders_processed",
       "SELECT order_status, payment_status, payment_method, total_price::text, items_count, "
       "branch_id, branch_name, user_name, order_date, created_at, updated_at "
       "FROM {schema}.orders_processed WHERE order_id = $1::bigint"},
      {"order_status_history",
       "SELECT changed_at, old_status, new_status, processing_time_seconds, anomaly, session_id, "
       "event_id FROM {schema}.order_status_history WHERE order_id = $1::bigint "
       "ORDER BY changed_at, event_id COLLATE \"C\""},
      {"order_status_sessions",
       "SELECT started_at, ended_at, changes, first_status, last_status "
       "FROM {schema}.order_status_sessions WHERE order_id = $1::bigint ORDER BY started_at"},
      {"order_anomalies",
       "SELECT kind, status, since, resolved_at FROM {schema}.order_anomalies "
       "WHERE order_id = $1::bigint ORDER BY since, kind, status"},
  };
  Json tables = Json::object();
  for (const Query& query : kQueries) {
    LENSART_ASSIGN(tables[query.table],
                   rows_as_json(connection, config, query.sql, {std::to_string(order_id)}));
  }
  return tables;
}

}  // namespace

Result<Json> order_life(const Config& config, orders::OrderId order_id) {
  LENSART_ASSIGN(const storage::ConnectionOptions options, connection_options(config));
  LENSART_ASSIGN(auto connection, storage::Connection::open(options));
  const AskState ask = [&config](const std::string& question) {
    return ask_state(config, question);
  };
  return order_life(connection, ask, config, order_id);
}

Result<Json> order_life(storage::Connection& connection, const AskState& ask, const Config& config,
                        orders::OrderId order_id) {
  LENSART_ASSIGN(const TimeZone zone, TimeZone::find(config.pipeline.time_zone));
  const orders::StatusRules rules = status_rules(config);
  LogReader reader(config, zone);
  Story story;
  Json events = Json::array();
  LENSART_TRY(for_each_event_of(connection, {config.postgres.schema, config.pipeline.name},
                                order_id, [&](const LoggedEvent& logged) -> Result<Unit> {
                                  orders::Event event;
                                  LENSART_TRY(reader.read(logged, event));
                                  events.push_back(
                                      {{"at", text_of(event.timestamp)},
                                       {"type", logged.event_type},
                                       {"event_id", logged.event_id},
                                       {"topic", logged.topic},
                                       {"partition", logged.partition},
                                       {"offset", logged.offset},
                                       {"too_late", logged.too_late},
                                       {"changed", story.tell(event, logged.too_late, rules)}});
                                  return Unit{};
                                }));
  Json life = {{"order_id", order_id}, {"events", std::move(events)}};
  LENSART_ASSIGN(life["dead_letters"], letters_of(connection, config, order_id));
  LENSART_ASSIGN(life["tables"], tables_of(connection, config, order_id));
  life["counts_in"] = counts_in(story.on_time, rules, zone);
  if (life["counts_in"].is_null()) life["counts_not_because"] = why_not_counted(story);
  life["state"] = or_error(ask(fmt::format("order {}", order_id)));
  life["moment"] = or_error(ask("moment"));
  const auto watermark = instant_in(life["moment"], "watermark", zone);
  const auto sliding_to = instant_in(life["counts_in"], "sliding_to", zone);
  life["sliding_expired"] =
      watermark && sliding_to && *sliding_to < *watermark - config.retention.sliding;
  const auto timer_clock = instant_in(life["moment"], "timer_clock", zone);
  life["stuck_at"] = json_of(jobs::view_of(story.track, true, timer_clock, rules).stuck_at);
  return life;
}

}  // namespace lensart::app
