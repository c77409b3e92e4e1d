/// Dead letters as the table has them: which there are, a page at a time, and how many of each rule
/// (docs/contract.md §3, dead_letters).
///
/// Threads: any, with a connection of its own each. Fails with what the connection fails with.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/config/config.hpp"
#include "apps/explain/answer.hpp"
#include "graph/error.hpp"
#include "storage/postgres/connection.hpp"

namespace lensart::dlq {

using app::Config;
using app::Json;
using storage::Connection;

/// Where a record lies.
struct Place {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::string text() const;  ///< `order-created/0/12`
};
/// Reads `TOPIC/PARTITION/OFFSET`; fails with kBadUsage.
Result<Place> parse_place(std::string_view text);

/// Every condition given must hold.
struct Filter {
  std::optional<std::string> code;
  std::optional<std::string> topic;
  std::optional<std::int64_t> order_id;
  std::optional<std::string> event_id;
  std::optional<Instant> since;  ///< refused then or later
  std::optional<Instant> until;  ///< refused before
  std::optional<bool> replayed;
  std::optional<std::string> text;  ///< in message, field or event id, in any case of letters
};

/// Where a page ends: what comes after it is older.
struct Cursor {
  std::string occurred_at;  ///< microseconds
  Place place;
  std::string code;
  std::string field;
  std::string text() const;  ///< letters and digits only
};
std::optional<Cursor> read_cursor(std::string_view text);

struct Page {
  std::size_t limit = 50;
  std::optional<Cursor> after;
};

/// `{"letters": [{"code", "field", "message", "topic", "partition", "offset", "event_id",
/// "order_id", "payload_bytes", "occurred_at", "sent_at", "replayed_at"}], "next"}`, the latest
/// first. `next` is null on the last page.
Result<Json> list(Connection& connection, const Config& config, const Filter& filter,
                  const Page& page);

/// `[{"code", "letters"}]`, the most frequent first.
Result<Json> count_by_code(Connection& connection, const Config& config, const Filter& filter);

/// A code of dead_letters, spelt right.
bool is_code(std::string_view text);

// For the other files of this room.

/// Up to 500 records with letters that there is something to replay of, by place, behind `after`.
Result<std::vector<Place>> replayable(Connection& connection, const Config& config,
                                      const Filter& filter, const std::optional<Place>& after);

/// SELECT … FROM dead_letters d LEFT JOIN pipeline_replays r, up to and including WHERE true, and
/// the parameters of what follows.
inline constexpr std::string_view kLetterColumns =
    "d.code, d.field, d.message, d.topic, d.partition, d.\"offset\", d.event_id, d.order_id, "
    "octet_length(d.payload), (extract(epoch FROM d.occurred_at) * 1e6)::bigint, "
    "(extract(epoch FROM d.sent_at) * 1e6)::bigint, "
    "(extract(epoch FROM coalesce(d.replayed_at, r.replayed_at)) * 1e6)::bigint";
/// {} is the schema. A letter of a row that PostgreSQL refused is not replayed with its event.
inline constexpr std::string_view kLettersFrom =
    "{0}.dead_letters d LEFT JOIN {0}.pipeline_replays r ON d.code <> 'sink_rejected' AND "
    "r.topic = d.topic AND r.partition = d.partition AND r.\"offset\" = d.\"offset\"";
/// A row of kLetterColumns.
Json letter_of(const storage::Rows& rows, int row);
Place place_of(const storage::Rows& rows, int row);

}  // namespace lensart::dlq
