#include "apps/dlq/letters.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>

#include "apps/orders/event_reader.hpp"
#include "apps/orders/replay_envelope.hpp"

namespace lensart::dlq {

namespace {

using storage::Rows;

bool read_whole(std::string_view text, std::int64_t& number) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() && number >= 0;
}

/// Conditions with their parameters.
class Conditions {
 public:
  /// Each `?` in `condition` is the next of `values`.
  void add(std::string_view condition, std::initializer_list<std::string> values = {}) {
    text_ += " AND ";
    const std::string* value = values.begin();
    for (const char c : condition) {
      if (c != '?') {
        text_ += c;
        continue;
      }
      values_.push_back(*value++);
      text_ += fmt::format("${}", values_.size());
    }
  }
  const std::string& text() const { return text_; }

  Result<Rows> query(Connection& connection, const std::string& sql) const {
    for (const std::string& value : values_) {
      const bool is_text = simdjson::validate_utf8(value.data(), value.size()) &&
                           value.find('\0') == std::string::npos;
      if (!is_text) return fail(Errc::kBadUsage, "what is looked for is no text in UTF-8");
    }
    const std::vector<Connection::Parameter> parameters(values_.begin(), values_.end());
    return connection.query(sql, parameters);
  }

 private:
  std::string text_;
  std::vector<std::string> values_;
};

const std::string kInstant = "timestamptz 'epoch' + ?::bigint * interval '1 microsecond'";

std::string micros(Instant instant) { return std::to_string(instant.time_since_epoch().count()); }

Conditions conditions_of(const Filter& filter) {
  Conditions out;
  if (filter.code) out.add("d.code = ?", {*filter.code});
  if (filter.topic) out.add("d.topic = ?", {*filter.topic});
  if (filter.order_id) out.add("d.order_id = ?::bigint", {std::to_string(*filter.order_id)});
  if (filter.event_id) out.add("d.event_id = ?", {*filter.event_id});
  if (filter.since) out.add("d.occurred_at >= " + kInstant, {micros(*filter.since)});
  if (filter.until) out.add("d.occurred_at < " + kInstant, {micros(*filter.until)});
  if (filter.replayed) {
    out.add(fmt::format("coalesce(d.replayed_at, r.replayed_at) IS {}NULL",
                        *filter.replayed ? "NOT " : ""));
  }
  if (filter.text) {
    out.add(
        "strpos(lower(concat_ws(E'\\n', d.message, d.field, d.event_id) COLLATE "
        "pg_catalog.\"default\"), lower(?)) > 0",
        {*filter.text});
  }
  return out;
}

std::string from_where(const Config& config, const Conditions& conditions) {
  return fmt::format(fmt::runtime(kLettersFrom),
                     storage::quoted_identifier(config.postgres.schema)) +
         " WHERE true" + conditions.text();
}

Json instant_at(const Rows& rows, int row, int column) {
  if (rows.null(row, column)) return nullptr;
  return app::text_of(Instant{std::chrono::microseconds(rows.number(row, column))});
}

Json text_at(const Rows& rows, int row, int column) {
  return rows.null(row, column) ? Json(nullptr) : Json(std::string(rows.text(row, column)));
}

Json number_at(const Rows& rows, int row, int column) {
  return rows.null(row, column) ? Json(nullptr) : Json(rows.number(row, column));
}

}  // namespace

std::string Place::text() const { return fmt::format("{}/{}/{}", topic, partition, offset); }

Result<Place> parse_place(std::string_view text) {
  if (const auto record = orders::parse_record_place(text)) {
    return Place{std::string(record->topic), record->partition, record->offset};
  }
  return fail(Errc::kBadUsage, fmt::format("{}: a record is named TOPIC/PARTITION/OFFSET, such as "
                                           "order-created/0/12",
                                           text));
}

bool is_code(std::string_view text) {
  for (int code = 0; code <= static_cast<int>(orders::Code::kSinkRejected); ++code) {
    if (text == orders::name_of(static_cast<orders::Code>(code))) return true;
  }
  return false;
}

// A cursor is the key of the page's last row, as hexadecimal: a shell and a URL take it as it is.

std::string Cursor::text() const {
  const std::string key =
      Json::array({occurred_at, place.topic, place.partition, place.offset, code, field}).dump();
  std::string out;
  for (const char c : key) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

std::optional<Cursor> read_cursor(std::string_view text) {
  std::string key;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    unsigned char byte = 0;
    const auto read = std::from_chars(text.data() + i, text.data() + i + 2, byte, 16);
    if (read.ec != std::errc() || read.ptr != text.data() + i + 2) return std::nullopt;
    key.push_back(static_cast<char>(byte));
  }
  const Json parts = Json::parse(key, nullptr, false);
  if (text.size() % 2 != 0 || !parts.is_array() || parts.size() != 6) return std::nullopt;
  for (const std::size_t i : {0, 1, 4, 5}) {
    if (!parts[i].is_string()) return std::nullopt;
  }
  std::int64_t micros_then = 0;
  const auto& occurred_at = parts[0].get_ref<const std::string&>();
  if (!read_whole(occurred_at, micros_then) || !parts[2].is_number_integer() ||
      !parts[3].is_number_integer()) {
    return std::nullopt;
  }
  return Cursor{occurred_at,
                {parts[1], parts[2].get<std::int32_t>(), parts[3].get<std::int64_t>()},
                parts[4],
                parts[5]};
}

Json letter_of(const Rows& rows, int row) {
  return {{"code", text_at(rows, row, 0)},
          {"field", text_at(rows, row, 1)},
          {"message", text_at(rows, row, 2)},
          {"topic", text_at(rows, row, 3)},
          {"partition", number_at(rows, row, 4)},
          {"offset", number_at(rows, row, 5)},
          {"event_id", text_at(rows, row, 6)},
          {"order_id", number_at(rows, row, 7)},
          {"payload_bytes", number_at(rows, row, 8)},
          {"occurred_at", instant_at(rows, row, 9)},
          {"sent_at", instant_at(rows, row, 10)},
          {"replayed_at", instant_at(rows, row, 11)}};
}

Place place_of(const Rows& rows, int row) {
  return {std::string(rows.text(row, 3)), static_cast<std::int32_t>(rows.number(row, 4)),
          rows.number(row, 5)};
}

Result<Json> list(Connection& connection, const Config& config, const Filter& filter,
                  const Page& page) {
  Conditions conditions = conditions_of(filter);
  if (page.after) {
    const Cursor& after = *page.after;
    conditions.add("(d.occurred_at, d.topic, d.partition, d.\"offset\", d.code, d.field) < (" +
                       kInstant + ", ?, ?::bigint, ?::bigint, ?, ?)",
                   {after.occurred_at, after.place.topic, std::to_string(after.place.partition),
                    std::to_string(after.place.offset), after.code, after.field});
  }
  LENSART_ASSIGN(
      const Rows rows,
      conditions.query(
          connection, fmt::format("SELECT {} FROM {} ORDER BY d.occurred_at DESC, "
                                  "d.topic DESC, d.partition DESC, d.\"offset\" DESC, "
                                  "d.code DESC, d.field DESC LIMIT {}",
                                  kLetterColumns, from_where(config, conditions), page.limit + 1)));
  Json letters = Json::array();
  const int shown = std::min(rows.count(), static_cast<int>(page.limit));
  for (int i = 0; i < shown; ++i) letters.push_back(letter_of(rows, i));
  Json next = nullptr;
  if (rows.count() > shown) {
    const int last = shown - 1;
    next = Cursor{std::string(rows.text(last, 9)), place_of(rows, last),
                  std::string(rows.text(last, 0)), std::string(rows.text(last, 1))}
               .text();
  }
  return Json{{"letters", std::move(letters)}, {"next", std::move(next)}};
}

Result<std::vector<Place>> replayable(Connection& connection, const Config& config,
                                      const Filter& filter, const std::optional<Place>& after) {
  constexpr int kPlacesAtOnce = 500;
  Conditions conditions = conditions_of(filter);
  conditions.add("d.code <> 'sink_rejected'");
  if (after) {
    conditions.add("(d.topic, d.partition, d.\"offset\") > (?, ?::bigint, ?::bigint)",
                   {after->topic, std::to_string(after->partition), std::to_string(after->offset)});
  }
  LENSART_ASSIGN(
      const Rows rows,
      conditions.query(connection, fmt::format("SELECT DISTINCT d.topic, d.partition, "
                                               "d.\"offset\" FROM {} ORDER BY 1, 2, 3 LIMIT {}",
                                               from_where(config, conditions), kPlacesAtOnce)));
  std::vector<Place> places;
  for (int i = 0; i < rows.count(); ++i) {
    places.push_back({std::string(rows.text(i, 0)), static_cast<std::int32_t>(rows.number(i, 1)),
                      rows.number(i, 2)});
  }
  return places;
}

Result<Json> count_by_code(Connection& connection, const Config& config, const Filter& filter) {
  const Conditions conditions = conditions_of(filter);
  LENSART_ASSIGN(
      const Rows rows,
      conditions.query(connection, fmt::format("SELECT d.code, count(*) FROM {} GROUP BY d.code "
                                               "ORDER BY count(*) DESC, d.code",
                                               from_where(config, conditions))));
  Json codes = Json::array();
  for (int i = 0; i < rows.count(); ++i) {
    codes.push_back({{"code", text_at(rows, i, 0)}, {"letters", rows.number(i, 1)}});
  }
  return codes;
}

}  // namespace lensart::dlq
