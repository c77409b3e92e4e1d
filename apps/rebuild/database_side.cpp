#include "apps/rebuild/database_side.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

namespace lensart::app {

namespace {

using storage::Rows;

constexpr int kRowsAtOnce = 2'000;
constexpr std::string_view kMicros = "(extract(epoch FROM {}) * 1e6)::bigint";

std::string micros_of(std::string_view column) {
  return fmt::format(fmt::runtime(kMicros), column);
}

std::optional<Instant> instant_at(const Rows& rows, int row, int column) {
  if (rows.null(row, column)) return std::nullopt;
  return Instant{std::chrono::microseconds(rows.number(row, column))};
}

/// `{"topic": {"0": 12}}`, as pipeline_epochs has it.
Result<std::vector<storage::SourcePosition>> positions_from(const std::string& offsets) {
  const auto damaged = [] {
    return fail(Errc::kStateMismatch, "pipeline_epochs.offsets is not what this program writes");
  };
  simdjson::dom::parser parser;
  simdjson::dom::object topics;
  if (parser.parse(offsets).get(topics) != simdjson::SUCCESS) return damaged();
  std::vector<storage::SourcePosition> positions;
  for (const auto topic : topics) {
    simdjson::dom::object partitions;
    if (topic.value.get(partitions) != simdjson::SUCCESS) return damaged();
    for (const auto partition : partitions) {
      storage::SourcePosition position;
      position.source = static_cast<std::uint32_t>(positions.size());
      position.topic = topic.key;
      position.partition = std::atoi(std::string(partition.key).c_str());
      if (partition.value.get(position.next_offset) != simdjson::SUCCESS) return damaged();
      positions.push_back(position);
    }
  }
  return positions;
}

Result<Unit> read_highest(storage::Connection& connection, const DatabaseNames& names,
                          std::vector<storage::SourcePosition>& positions) {
  LENSART_ASSIGN(const Rows rows,
                 connection.query(fmt::format(
                     "SELECT kafka_topic, kafka_partition, {0} FROM {1}.orders_raw r "
                     // Replayed events have moved no watermark.
                     "WHERE NOT EXISTS (SELECT FROM {1}.pipeline_replays p WHERE p.topic = "
                     "r.kafka_topic AND p.partition = r.kafka_partition AND p.\"offset\" = "
                     "r.kafka_offset AND p.event_id = r.event_id AND NOT p.too_late) "
                     "GROUP BY 1, 2",
                     micros_of("max(event_timestamp)"), storage::quoted_identifier(names.schema))));
  for (int i = 0; i < rows.count(); ++i) {
    for (storage::SourcePosition& position : positions) {
      if (position.topic == rows.text(i, 0) && position.partition == rows.number(i, 1)) {
        position.highest = instant_at(rows, i, 2);
      }
    }
  }
  return Unit{};
}

/// The rows that `where` names, by `order`, in one snapshot.
Result<std::uint64_t> visit_log(storage::Connection& connection, const DatabaseNames& names,
                                const std::string& where, const std::string& order,
                                const std::function<Result<Unit>(const LoggedEvent&)>& visit) {
  LENSART_TRY(connection.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
  LENSART_TRY(connection.run(
      fmt::format("DECLARE lensart_log NO SCROLL CURSOR FOR SELECT event_id, event_type, "
                  "event_data::text, kafka_topic, kafka_partition, kafka_offset, too_late FROM "
                  "{}.orders_raw {} ORDER BY {}",
                  storage::quoted_identifier(names.schema), where, order)));
  std::uint64_t seen = 0;
  for (;;) {
    LENSART_ASSIGN(const Rows rows,
                   connection.query(fmt::format("FETCH {} FROM lensart_log", kRowsAtOnce)));
    if (rows.count() == 0) break;
    for (int i = 0; i < rows.count(); ++i) {
      LoggedEvent event;
      event.event_id = rows.text(i, 0);
      event.event_type = rows.text(i, 1);
      event.event_data = rows.text(i, 2);
      event.topic = rows.text(i, 3);
      event.partition = static_cast<std::int32_t>(rows.number(i, 4));
      event.offset = rows.number(i, 5);
      event.too_late = rows.text(i, 6) == "t";
      LENSART_TRY(visit(event));
      ++seen;
    }
  }
  LENSART_TRY(connection.run("COMMIT"));
  return seen;
}

}  // namespace

Result<DatabaseSide> read_database_side(storage::Connection& connection,
                                        const DatabaseNames& names) {
  const std::string schema = storage::quoted_identifier(names.schema);
  LENSART_ASSIGN(
      const Rows rows,
      connection.query(
          fmt::format("SELECT e.lanes, e.epoch, e.epoch_id, e.offsets::text, {}, {}, "
                      "s.fingerprint FROM {}.pipeline_epochs e LEFT JOIN {}.pipeline_settings s "
                      "USING (pipeline) WHERE e.pipeline = $1 ORDER BY e.lane",
                      micros_of("e.watermark"), micros_of("e.timer_clock"), schema, schema),
          {names.pipeline}));
  if (rows.count() == 0 || rows.number(0, 0) != rows.count()) {
    return fail(Errc::kStateMismatch,
                fmt::format("schema \"{}\" has no epoch of pipeline.name = \"{}\" to go on from",
                            names.schema, names.pipeline));
  }
  DatabaseSide side;
  side.lanes = rows.count();
  side.at.number = static_cast<EpochNumber>(rows.number(0, 1));
  const auto id = storage::EpochId::from(rows.bytes(0, 2));
  if (!id) return fail(Errc::kStateMismatch, "pipeline_epochs.epoch_id cannot be read");
  side.at.id = *id;
  side.at.offsets_json = rows.text(0, 3);
  side.at.watermark = instant_at(rows, 0, 4);
  side.at.timer_clock = instant_at(rows, 0, 5);
  side.fingerprint = rows.text(0, 6);
  for (int i = 1; i < rows.count(); ++i) {
    if (rows.text(i, 2) != rows.text(0, 2)) {
      return fail(
          Errc::kStateMismatch,
          "a group of epochs is half applied: the sink lanes stand at different epochs. Only "
          "the state that sent it can finish it (lensart run with that state directory)");
    }
  }
  LENSART_ASSIGN(side.positions, positions_from(side.at.offsets_json));
  LENSART_TRY(read_highest(connection, names, side.positions));
  return side;
}

Result<std::uint64_t> for_each_logged_event(
    storage::Connection& connection, const DatabaseNames& names,
    const std::function<Result<Unit>(const LoggedEvent&)>& visit) {
  return visit_log(connection, names, "", "id", visit);
}

Result<Unit> for_each_replayed(storage::Connection& connection, const DatabaseNames& names,
                               const std::function<void(const ReplayedRecord&)>& visit) {
  LENSART_ASSIGN(const Rows rows,
                 connection.query(fmt::format("SELECT topic, partition, \"offset\", event_id FROM "
                                              "{}.pipeline_replays WHERE NOT too_late",
                                              storage::quoted_identifier(names.schema))));
  for (int i = 0; i < rows.count(); ++i) {
    visit({rows.text(i, 0), static_cast<std::int32_t>(rows.number(i, 1)), rows.number(i, 2),
           rows.text(i, 3)});
  }
  return Unit{};
}

Result<std::uint64_t> for_each_event_of(
    storage::Connection& connection, const DatabaseNames& names, orders::OrderId order_id,
    const std::function<Result<Unit>(const LoggedEvent&)>& visit) {
  return visit_log(
      connection, names, fmt::format("WHERE order_id = {}", order_id),
      fmt::format("event_timestamp, {}.lensart_rank(event_type), event_id COLLATE \"C\"",
                  storage::quoted_identifier(names.schema)),
      visit);
}

}  // namespace lensart::app
