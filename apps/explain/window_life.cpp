#include "apps/explain/window_life.hpp"

#include "apps/explain/arguments.hpp"
#include "apps/explain/ask_state.hpp"
#include "apps/explain/database.hpp"
#include "apps/orders/instant_text.hpp"
#include "apps/pipeline/options.hpp"
#include "sql/embedded.hpp"

namespace lensart::app {

namespace {

/// Marks the orders that the state still follows: a later event changes what they count.
void mark_followed(Json& orders, const std::optional<Instant>& watermark, const Config& config,
                   const TimeZone& zone) {
  for (Json& order : orders) {
    const auto latest = instant_in(order, "latest_at", zone);
    const bool expired = watermark && latest && config.pipeline.state_ttl &&
                         *latest < *watermark - *config.pipeline.state_ttl;
    order["followed"] = !expired;
  }
}

}  // namespace

Result<WindowKey> parse_window(const std::string& date, const std::string& hour,
                               const std::string& branch) {
  WindowKey key;
  key.date = date;
  LENSART_ASSIGN(const TimeZone utc, TimeZone::find("UTC"));
  if (date.size() != 10 || !orders::parse_instant(date + " 00:00:00", utc)) {
    return fail(Errc::kBadUsage, fmt::format("DATE {}: is no date; write it as 2026-11-20", date));
  }
  const auto whole_hour = parse_whole(hour, 0, 23);
  if (!whole_hour) {
    return fail(Errc::kBadUsage, fmt::format("HOUR {}: must be a whole number, 0 to 23", hour));
  }
  const auto branch_id = parse_whole(branch, 1, INT64_MAX);
  if (!branch_id) {
    return fail(Errc::kBadUsage,
                fmt::format("BRANCH {}: must be a branch's id, a whole number from 1", branch));
  }
  key.hour = static_cast<int>(*whole_hour);
  key.branch_id = *branch_id;
  return key;
}

Result<Json> window_life(const Config& config, const WindowKey& key) {
  LENSART_ASSIGN(const storage::ConnectionOptions options, connection_options(config));
  LENSART_ASSIGN(auto connection, storage::Connection::open(options));
  const AskState ask = [&config](const std::string& question) {
    return ask_state(config, question);
  };
  return window_life(connection, ask, config, key);
}

Result<Json> window_life(storage::Connection& connection, const AskState& ask, const Config& config,
                         const WindowKey& key) {
  LENSART_ASSIGN(const TimeZone zone, TimeZone::find(config.pipeline.time_zone));
  const std::vector<std::string> parameters = {key.date, std::to_string(key.hour),
                                               std::to_string(key.branch_id)};
  Json life = {{"window",
                {{"metric_date", key.date},
                 {"metric_hour", key.hour},
                 {"branch_id", key.branch_id},
                 {"time_zone", config.pipeline.time_zone}}}};
  LENSART_TRY(connection.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
  LENSART_ASSIGN(
      Json rows,
      rows_as_json(connection, config,
                   "SELECT total_orders, total_revenue::text, avg_order_value::text, "
                   "pending_orders, processing_orders, completed_orders, cancelled_orders, "
                   "cash_orders, online_orders, updated_at FROM {schema}.order_metrics WHERE "
                   "metric_date = $1::date AND metric_hour = $2::bigint AND branch_id = $3::bigint",
                   parameters));
  life["row"] = rows.empty() ? Json(nullptr) : rows.front();
  LENSART_ASSIGN(life["orders"],
                 rows_as_json(connection, config, sql::explain("window_orders"), parameters));
  LENSART_TRY(connection.run("COMMIT"));

  life["moment"] = or_error(ask("moment"));
  const auto watermark = instant_in(life["moment"], "watermark", zone);
  mark_followed(life["orders"], watermark, config, zone);
  // The hour's last instant on the business clock; of an hour that the clock shows twice the later.
  const auto start = orders::parse_instant(fmt::format("{} {:02}:59:59", key.date, key.hour), zone);
  if (!start) return fail(Errc::kBadUsage, fmt::format("DATE {}: outside 2000 to 2100", key.date));
  const Instant ends_at = *start + std::chrono::seconds(1);
  life["ends_at"] = text_of(ends_at);
  std::optional<Instant> late_before;
  if (watermark && config.pipeline.allowed_lateness) {
    late_before = *watermark - *config.pipeline.allowed_lateness;
  }
  life["late_before"] = json_of(late_before);
  life["verdict"] = late_before && *late_before >= ends_at ? "corrections" : "open";
  return life;
}

}  // namespace lensart::app
