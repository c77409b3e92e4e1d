#include "apps/dlq/letter_detail.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <simdjson.h>

#include <algorithm>

#include "apps/dlq/explanations.hpp"
#include "apps/orders/json_document.hpp"
#include "apps/orders/replay_envelope.hpp"
#include "apps/orders/rules.hpp"

namespace lensart::dlq {

namespace {

using orders::JsonDocument;
using orders::NodeId;
using storage::Rows;

std::string in_base64(std::string_view bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

/// How much of a payload is a replay's envelope: only letters of the replay topic have one.
std::size_t envelope_bytes(const Config& config, const Place& place, std::string_view payload) {
  if (place.topic != config.kafka.replay_topic) return 0;
  const auto opened = orders::open_replay(payload);
  return opened ? payload.size() - opened->payload.size() : 0;
}

/// The payload taken apart, its field looked for by the very path that the letter was given.
class FieldFinder {
 public:
  explicit FieldFinder(std::string_view payload) : padded_(payload) {
    padded_.append(JsonDocument::kPadding, '\0');
    is_json_ = document_.parse({padded_.data(), payload.size()}) == nullptr;
  }

  Json path_to(const std::string& field) const {
    if (!is_json_ || field.empty()) return nullptr;
    for (NodeId id = 1; id < document_.nodes().size(); ++id) {
      if (orders::fit_for_column(document_.path_of(id), kFieldColumn) == field) return steps_to(id);
    }
    return nullptr;
  }

 private:
  Json steps_to(NodeId id) const {
    std::vector<Json> steps;
    for (; id != 0; id = document_.node(id).parent) {
      const orders::JsonNode& node = document_.node(id);
      const bool in_list = document_.node(node.parent).kind == orders::JsonKind::kArray;
      steps.push_back(in_list ? Json(node.place) : Json(std::string(node.key)));
    }
    std::reverse(steps.begin(), steps.end());
    return steps;
  }

  std::string padded_;
  JsonDocument document_;
  bool is_json_ = false;
};

Json payload_json(std::string_view payload, std::size_t envelope) {
  const bool is_text = simdjson::validate_utf8(payload.data(), payload.size());
  return {{"bytes", payload.size()},
          {"text", is_text ? Json(std::string(payload)) : Json(nullptr)},
          {"base64", is_text ? Json(nullptr) : Json(in_base64(payload))},
          {"envelope_bytes", envelope}};
}

/// The replay that was accepted, if there is one.
Result<Json> replay_of(Connection& connection, const std::string& schema, const Place& place) {
  LENSART_ASSIGN(
      const Rows rows,
      connection.query(
          fmt::format("SELECT event_id, too_late, replay_topic, replay_partition, replay_offset, "
                      "(extract(epoch FROM replayed_at) * 1e6)::bigint FROM {}.pipeline_replays "
                      "WHERE topic = $1 AND partition = $2::bigint AND \"offset\" = $3::bigint",
                      schema),
          {place.topic, std::to_string(place.partition), std::to_string(place.offset)}));
  if (rows.count() == 0) return Json(nullptr);
  return Json{{"event_id", std::string(rows.text(0, 0))},
              {"too_late", rows.text(0, 1) == "t"},
              {"topic", std::string(rows.text(0, 2))},
              {"partition", rows.number(0, 3)},
              {"offset", rows.number(0, 4)},
              {"at", app::text_of(Instant{std::chrono::microseconds(rows.number(0, 5))})}};
}

/// The event in orders_raw that the record became, or that has its id.
Result<Json> event_of(Connection& connection, const std::string& schema, const Place& place,
                      const Json& replay, const Json& letter_event_id,
                      const std::string& derived_id) {
  const auto id = [](const Json& value) {
    return value.is_string() ? std::optional<std::string>(value) : std::nullopt;
  };
  const auto replayed = replay.is_null() ? std::nullopt : id(replay["event_id"]);
  LENSART_ASSIGN(
      const Rows rows,
      connection.query(
          fmt::format("SELECT event_id, kafka_topic, kafka_partition, kafka_offset, too_late FROM "
                      "{}.orders_raw WHERE event_id IN ($1, $2, $3) ORDER BY (kafka_topic, "
                      "kafka_partition, kafka_offset) <> ($4, $5::bigint, $6::bigint) LIMIT 1",
                      schema),
          {replayed, id(letter_event_id), derived_id, place.topic, std::to_string(place.partition),
           std::to_string(place.offset)}));
  if (rows.count() == 0) return Json(nullptr);
  return Json{{"event_id", std::string(rows.text(0, 0))},
              {"topic", std::string(rows.text(0, 1))},
              {"partition", rows.number(0, 2)},
              {"offset", rows.number(0, 3)},
              {"too_late", rows.text(0, 4) == "t"}};
}

}  // namespace

Result<std::optional<Json>> show(Connection& connection, const Config& config, const Place& place) {
  const std::string schema = storage::quoted_identifier(config.postgres.schema);
  LENSART_ASSIGN(
      const Rows rows,
      connection.query(
          fmt::format("SELECT {}, d.payload, 'hash_' || encode(sha256(coalesce(d.payload, '')), "
                      "'hex') FROM {} WHERE d.topic = $1 AND d.partition = $2::bigint AND "
                      "d.\"offset\" = $3::bigint ORDER BY d.payload IS NULL, d.code, d.field",
                      kLetterColumns, fmt::format(fmt::runtime(kLettersFrom), schema)),
          {place.topic, std::to_string(place.partition), std::to_string(place.offset)}));
  if (rows.count() == 0) return std::optional<Json>();
  constexpr int kPayload = 12;
  const std::string payload = rows.bytes(0, kPayload);
  const std::size_t envelope = envelope_bytes(config, place, payload);
  const FieldFinder finder(std::string_view(payload).substr(envelope));
  Json letters = Json::array();
  for (int i = 0; i < rows.count(); ++i) {
    Json letter = letter_of(rows, i);
    const Explanation words = explanation_of(rows.text(i, 0));
    const bool is_path = rows.text(i, 0) != "sink_rejected";
    Json path = is_path ? finder.path_to(letter["field"]) : Json(nullptr);
    letters.push_back({{"letter", std::move(letter)},
                       {"field_path", std::move(path)},
                       {"rule", words.rule},
                       {"remedy", words.remedy}});
  }
  LENSART_ASSIGN(Json replay, replay_of(connection, schema, place));
  LENSART_ASSIGN(Json event,
                 event_of(connection, schema, place, replay, letters[0]["letter"]["event_id"],
                          std::string(rows.text(0, kPayload + 1))));
  const bool has_payload = !rows.null(0, kPayload);
  return std::optional(
      Json{{"letters", std::move(letters)},
           {"payload", has_payload ? payload_json(payload, envelope) : Json(nullptr)},
           {"replay", std::move(replay)},
           {"event", std::move(event)}});
}

}  // namespace lensart::dlq
