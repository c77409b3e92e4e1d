#include "apps/dlq/replay.hpp"

#include <fmt/format.h>

#include "apps/dlq/patch.hpp"
#include "apps/orders/event_reader.hpp"
#include "apps/orders/replay_envelope.hpp"
#include "graph/arena.hpp"
#include "graph/time_zone.hpp"

namespace lensart::dlq {

namespace {

using storage::Rows;

constexpr std::string_view kTooLate = "too_late";

/// A record's letter, as far as its replay needs it.
struct Letter {
  Place place;
  std::string code;
  std::string payload;
  std::optional<std::string> replayed_as;  ///< the event of a replay that was accepted
};

/// How the payload is to be judged, and what of it.
struct Reading {
  orders::Topic topic = orders::Topic::kOrderCreated;
  std::string payload;
};

class Replayer {
 public:
  Replayer(Connection& connection, const Config& config, const TimeZone& zone, const Clock& clock,
           const ReplayRequest& request, importing::ReplaySender* sender)
      : connection_(connection),
        config_(config),
        clock_(clock),
        request_(request),
        sender_(sender),
        schema_(storage::quoted_identifier(config.postgres.schema)),
        reader_(rules_of(config, zone)) {}

  Result<ReplayResult> replay(const Place& place);

 private:
  static orders::Rules rules_of(const Config& config, const TimeZone& zone) {
    orders::Rules rules;
    rules.max_payload_bytes = config.pipeline.max_payload;
    rules.max_future = config.pipeline.max_future;
    rules.allow_zero_total = config.validation.allow_zero_total;
    rules.zone = &zone;
    return rules;
  }

  Result<std::optional<Letter>> letter_of(const Place& place);
  /// What to read, or why nothing can be: then `result` says so.
  std::optional<Reading> reading_of(const Letter& letter, ReplayResult& result) const;
  bool judge(const Reading& reading, ReplayResult& result);
  Result<bool> is_new(const Letter& letter, ReplayResult& result);
  Result<Unit> send(const Letter& letter, const Reading& reading);

  Connection& connection_;
  const Config& config_;
  const Clock& clock_;
  const ReplayRequest& request_;
  importing::ReplaySender* sender_;
  std::string schema_;
  orders::EventReader reader_;
  Arena arena_;
  std::string event_id_;  ///< of the event judged last
};

ReplayResult result_of(const Place& place, Verdict verdict, std::optional<std::string> message) {
  return {place, verdict, std::nullopt, std::nullopt, std::move(message)};
}

Result<std::optional<Letter>> Replayer::letter_of(const Place& place) {
  LENSART_ASSIGN(
      const Rows rows,
      connection_.query(
          fmt::format("SELECT d.code, d.payload, r.event_id FROM {} WHERE d.topic = $1 AND "
                      "d.partition = $2::bigint AND d.\"offset\" = $3::bigint ORDER BY d.code = "
                      "'sink_rejected', d.code LIMIT 1",
                      fmt::format(fmt::runtime(kLettersFrom), schema_)),
          {place.topic, std::to_string(place.partition), std::to_string(place.offset)}));
  if (rows.count() == 0) return std::optional<Letter>();
  Letter letter;
  letter.place = place;
  letter.code = rows.text(0, 0);
  letter.payload = rows.bytes(0, 1);
  if (!rows.null(0, 2)) letter.replayed_as = rows.text(0, 2);
  return std::optional(std::move(letter));
}

std::optional<Reading> Replayer::reading_of(const Letter& letter, ReplayResult& result) const {
  const auto refused = [&](Verdict verdict, std::string message) {
    result = result_of(letter.place, verdict, std::move(message));
    return std::nullopt;
  };
  const Config& config = config_;
  const auto& topics = config.kafka.topics;
  const std::string& from = letter.place.topic;
  std::optional<orders::Topic> topic = request_.as;
  Reading reading;
  reading.payload = letter.payload;
  if (from == config.kafka.replay_topic) {
    if (const auto opened = orders::open_replay(letter.payload)) {
      if (!topic) topic = opened->topic;
      reading.payload = opened->payload;
    }
  } else if (!topic) {
    if (from == topics.order_created) topic = orders::Topic::kOrderCreated;
    if (from == topics.order_updated) topic = orders::Topic::kOrderUpdated;
    if (from == topics.order_cancelled) topic = orders::Topic::kOrderCancelled;
    if (from == topics.order_events) topic = orders::Topic::kOrderEvents;
  }
  if (!topic) {
    return refused(
        sender_ != nullptr ? Verdict::kRefused : Verdict::kWouldBeRefused,
        fmt::format("by which topic's rules it is judged, \"{}\" does not say: say it by "
                    "--as order_created, order_updated, order_cancelled or order_events",
                    from));
  }
  reading.topic = *topic;
  if (!request_.patch) return reading;
  if (letter.code == kTooLate) {
    return refused(Verdict::kCannotBePatched,
                   "the event is accepted as it is, and stands in orders_raw: replay it without a "
                   "patch, and send an order.updated for what is to change");
  }
  auto edited = patched(reading.payload, *request_.patch);
  if (!edited) return refused(Verdict::kCannotBePatched, edited.error().message);
  reading.payload = std::move(*edited);
  return reading;
}

/// Whether it would be accepted; else `result` says why not.
bool Replayer::judge(const Reading& reading, ReplayResult& result) {
  std::string padded = reading.payload;
  padded.append(orders::kPayloadPadding, '\0');
  arena_.reset();
  orders::Event event;
  orders::Rejection rejection;
  const auto outcome = reader_.read(reading.topic, {padded.data(), reading.payload.size()},
                                    clock_.wall(), arena_, event, rejection);
  if (outcome == orders::Outcome::kEvent) {
    event_id_ = event.event_id;
    return true;
  }
  result.verdict = sender_ != nullptr ? Verdict::kRefused : Verdict::kWouldBeRefused;
  if (outcome == orders::Outcome::kIgnored) {
    result.message = "its event_type is none of the five: it would be ignored";
    return false;
  }
  result.code = orders::name_of(rejection.violation.code);
  result.field = rejection.violation.field;
  result.message = rejection.violation.message;
  return false;
}

/// False when its event is accepted already, and counts; `result` says so.
Result<bool> Replayer::is_new(const Letter& letter, ReplayResult& result) {
  LENSART_ASSIGN(const Rows rows,
                 connection_.query(fmt::format("SELECT kafka_topic, kafka_partition, kafka_offset, "
                                               "too_late FROM {}.orders_raw WHERE event_id = $1",
                                               schema_),
                                   {event_id_}));
  if (rows.count() == 0) return true;
  const Place there{std::string(rows.text(0, 0)), static_cast<std::int32_t>(rows.number(0, 1)),
                    rows.number(0, 2)};
  const bool counts = rows.text(0, 3) == "f";
  if (letter.code == kTooLate && !counts) return true;
  result.verdict = Verdict::kAlreadyAccepted;
  result.message = letter.code == kTooLate
                       ? fmt::format("event \"{}\" counts already", event_id_)
                       : fmt::format("event \"{}\" was accepted from {}: this one is a duplicate",
                                     event_id_, there.text());
  return false;
}

Result<Unit> Replayer::send(const Letter& letter, const Reading& reading) {
  const Place& place = letter.place;
  const std::string header = orders::replay_header(
      reading.topic,
      orders::OriginalRecord{place.topic, place.partition, place.offset, letter.code == kTooLate});
  return sender_->send(place.text(), header, reading.payload);
}

Result<ReplayResult> Replayer::replay(const Place& place) {
  ReplayResult result = result_of(place, Verdict::kNotFound, "the record has no dead letter");
  LENSART_ASSIGN(const std::optional<Letter> letter, letter_of(place));
  if (!letter) return result;
  if (letter->code == "sink_rejected") {
    return result_of(place, Verdict::kNothingToReplay,
                     "its event is accepted, and PostgreSQL refused a row of it: mend the "
                     "constraint, then run `lensart rebuild --order ID`");
  }
  if (letter->replayed_as) {
    return result_of(
        place, Verdict::kAlreadyAccepted,
        fmt::format("it was replayed and accepted as event \"{}\"", *letter->replayed_as));
  }
  const std::optional<Reading> reading = reading_of(*letter, result);
  if (!reading) return result;
  result = result_of(place, Verdict::kWouldBeAccepted, std::nullopt);
  if (!judge(*reading, result)) return result;
  LENSART_ASSIGN(const bool wanted, is_new(*letter, result));
  if (!wanted || sender_ == nullptr) return result;
  result.verdict = Verdict::kSent;
  LENSART_TRY(send(*letter, *reading));
  return result;
}

void count(Verdict verdict, ReplayTally& tally) {
  switch (verdict) {
    case Verdict::kWouldBeAccepted:
    case Verdict::kSent:
      ++tally.good;
      return;
    case Verdict::kAlreadyAccepted:
      ++tally.done;
      return;
    case Verdict::kWouldBeRefused:
    case Verdict::kRefused:
    case Verdict::kNotFound:
    case Verdict::kCannotBePatched:
    case Verdict::kNothingToReplay:
      ++tally.bad;
      return;
  }
}

}  // namespace

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kWouldBeAccepted:
      return "would_be_accepted";
    case Verdict::kWouldBeRefused:
      return "would_be_refused";
    case Verdict::kSent:
      return "sent";
    case Verdict::kRefused:
      return "refused";
    case Verdict::kNotFound:
      return "not_found";
    case Verdict::kCannotBePatched:
      return "cannot_be_patched";
    case Verdict::kAlreadyAccepted:
      return "already_accepted";
    case Verdict::kNothingToReplay:
      return "nothing_to_replay";
  }
  return "";
}

Json json_of(const ReplayResult& result) {
  const auto text = [](const std::optional<std::string>& value) {
    return value ? Json(*value) : Json(nullptr);
  };
  return {{"topic", result.place.topic},    {"partition", result.place.partition},
          {"offset", result.place.offset},  {"verdict", name_of(result.verdict)},
          {"code", text(result.code)},      {"field", text(result.field)},
          {"message", text(result.message)}};
}

Result<ReplayTally> replay(Connection& connection, const Config& config, const Clock& clock,
                           const ReplayRequest& request, importing::ReplaySender* sender,
                           const std::function<void(const ReplayResult&)>& on_result) {
  LENSART_ASSIGN(const TimeZone zone, TimeZone::find(config.pipeline.time_zone));
  Replayer replayer(connection, config, zone, clock, request, sender);
  ReplayTally tally;
  const auto replay_all = [&](const std::vector<Place>& places) -> Result<Unit> {
    for (const Place& place : places) {
      LENSART_ASSIGN(const ReplayResult result, replayer.replay(place));
      count(result.verdict, tally);
      on_result(result);
    }
    return Unit{};
  };
  LENSART_TRY(replay_all(request.places));
  if (request.places.empty() && request.filter) {
    Filter filter = *request.filter;
    if (!filter.replayed) filter.replayed = false;
    std::optional<Place> after;
    for (;;) {
      LENSART_ASSIGN(const std::vector<Place> places,
                     replayable(connection, config, filter, after));
      if (places.empty()) break;
      LENSART_TRY(replay_all(places));
      after = places.back();
    }
  }
  if (sender != nullptr) LENSART_TRY(sender->finish());
  return tally;
}

}  // namespace lensart::dlq
