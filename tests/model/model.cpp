#include "tests/model/model.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "tests/model/copies.hpp"

namespace lensart::model {
namespace {

/// The clock the record may have been judged by: the earliest if the run found it in the future.
/// With the broker's time unknown that is 1970, which believes the run.
Instant clock_for(const LogRecord& record, const Hints& hints, Instant now) {
  return hints.in_future.contains(record.at) ? record.appended.value_or(Instant{}) : now;
}

AcceptedEvent accept(const LogRecord& record, Verdict verdict, const Hints& hints) {
  AcceptedEvent accepted;
  accepted.event = std::move(verdict.event);
  accepted.event_data = sha256_hex(verdict.canonical_payload);
  accepted.at = record.replays_a_letter() ? *record.replay->original : record.at;
  accepted.came_too_late = !record.replays_a_letter() && hints.too_late.contains(record.at);
  accepted.too_late = accepted.came_too_late;
  return accepted;
}

/// The record's value, whole.
const std::optional<std::string>& value_of(const LogRecord& record) {
  return record.replay ? record.replay->message : record.payload;
}

DeadLetter letter_for(const LogRecord& record, const Verdict& verdict) {
  return {record.at,        verdict.outcome,  verdict.field,
          verdict.event_id, verdict.order_id, value_of(record)};
}

std::string derived_id(std::string_view payload) { return "hash_" + sha256_hex(payload); }

/// An id that was made from the payload was absent from it.
std::optional<std::string> stated_id(const LogRecord& record, const Event& event) {
  const bool derived = event.event_id == derived_id(record.payload.value_or(""));
  return derived ? std::nullopt : std::optional(event.event_id);
}

DeadLetter too_late_letter(const LogRecord& record, const Event& event) {
  return {record.at,      "too_late",      "timestamp", stated_id(record, event),
          event.order_id, value_of(record)};
}

/// The field of an `expired_order` letter is the order id's, wherever it stands, or none.
std::string believable_field(const std::string& field) {
  static const std::set<std::string> kFields = {"data.order_id", "data.id", "order_id", "id"};
  return kFields.contains(field) ? field : "";
}

DeadLetter expired_letter(const LogRecord& record, const Event& event, const std::string& field) {
  return {record.at,      "expired_order", believable_field(field), stated_id(record, event),
          event.order_id, value_of(record)};
}

Verdict verdict_of(const LogRecord& record, const Hints& hints, Instant now,
                   const Settings& settings) {
  if (record.replay && !record.replay->opened) {
    Verdict verdict;
    verdict.outcome = "bad_json";
    return verdict;
  }
  return judge(record.kind, record.payload.value_or(""), clock_for(record, hints, now), settings);
}

/// What became of an event's copies.
void settle(std::vector<Copy>& copies, const Copies& all, const Hints& hints, Reading& reading) {
  const auto counts = all.that_counts(copies, hints);
  AcceptedEvent* accepted = nullptr;
  if (counts) {
    const LogRecord& record = *copies[*counts].record;
    ++reading.accounts[{record.at.topic, record.at.partition}].accepted;
    accepted = &reading.accepted.emplace_back(std::move(copies[*counts].accepted));
    if (record.replays_a_letter()) {
      reading.replays.push_back({accepted->at, accepted->event.event_id, false, record.at});
    }
  }
  for (std::size_t i = 0; i < copies.size(); ++i) {
    if (i == counts) continue;
    const LogRecord& record = *copies[i].record;
    Account& account = reading.accounts[{record.at.topic, record.at.partition}];
    const bool in_doubt = all.in_doubt(copies[i]);
    ++(in_doubt ? account.in_doubt : account.duplicate);
    if (accepted == nullptr || !record.replays_a_letter() || !record.replay->too_late) continue;
    const auto cleared = hints.cleared.find(*record.replay->original);
    if (in_doubt && (cleared == hints.cleared.end() || cleared->second != record.at)) continue;
    accepted->too_late = false;
    reading.replays.push_back(
        {*record.replay->original, accepted->event.event_id, true, record.at});
  }
  if (accepted != nullptr && accepted->came_too_late) {
    reading.dead_letters.push_back(too_late_letter(*copies[*counts].record, accepted->event));
  }
}

/// Reads the log once, believing all that is hinted of expired orders.
Reading read_believing(const std::vector<LogRecord>& log, const Hints& hints, Instant now,
                       const Settings& settings) {
  Reading reading;
  reading.timer_clock = hints.timer_clock;
  reading.watermark = hints.watermark;
  Copies copies(settings.state_ttl && hints.watermark
                    ? std::optional(*hints.watermark - *settings.state_ttl)
                    : std::nullopt);
  for (const LogRecord& record : log) {
    Account& account = reading.accounts[{record.at.topic, record.at.partition}];
    ++account.consumed;
    Verdict verdict = verdict_of(record, hints, now, settings);
    const auto expired = hints.expired.find(record.at);
    if (verdict.ignored()) {
      ++account.ignored;
    } else if (!verdict.accepted()) {
      ++account.dead_lettered;
      // The letter of a replayed letter is there already.
      if (!record.replays_a_letter()) reading.dead_letters.push_back(letter_for(record, verdict));
    } else if (expired != hints.expired.end()) {
      ++account.dead_lettered;
      reading.dead_letters.push_back(expired_letter(record, verdict.event, expired->second));
    } else {
      copies.add({&record, accept(record, std::move(verdict), hints)});
    }
  }
  for (auto& [event_id, of_event] : copies.by_event) settle(of_event, copies, hints, reading);
  keep_first_replays(reading.replays, hints);
  believe_accounts(reading.accounts, hints);
  return reading;
}

/// Of the records read as expired those that cannot be: their order was never seen or is too young,
/// or a copy was accepted before, so that they are duplicates.
std::vector<Coordinates> impossible_expiries(const Reading& reading, const Settings& settings) {
  std::map<std::int64_t, Instant> latest_of_order;
  std::map<std::string, const AcceptedEvent*> accepted_copy;
  for (const AcceptedEvent& one : reading.accepted) {
    Instant& latest = latest_of_order.try_emplace(one.event.order_id, Instant::min()).first->second;
    latest = std::max(latest, one.event.timestamp);
    accepted_copy[one.event.event_id] = &one;
  }
  std::vector<Coordinates> impossible;
  for (const DeadLetter& letter : reading.dead_letters) {
    if (letter.code != "expired_order") continue;
    const auto latest = latest_of_order.find(*letter.order_id);
    const auto copy =
        accepted_copy.find(letter.event_id.value_or(derived_id(letter.payload.value_or(""))));
    const bool old_enough = settings.state_ttl && reading.watermark &&
                            latest != latest_of_order.end() &&
                            latest->second < *reading.watermark - *settings.state_ttl;
    // Once expired the order accepts nothing: a copy of its own was accepted before. One of another
    // order may have come later, unless it is known to lie before.
    const bool accepted_before =
        copy != accepted_copy.end() && (copy->second->event.order_id == *letter.order_id ||
                                        (copy->second->at.topic == letter.at.topic &&
                                         copy->second->at.partition == letter.at.partition &&
                                         copy->second->at.offset < letter.at.offset));
    if (!old_enough || accepted_before) impossible.push_back(letter.at);
  }
  return impossible;
}

}  // namespace

Reading read_log(const std::vector<LogRecord>& log, const Hints& hints, Instant now,
                 const Settings& settings) {
  Reading reading = read_believing(log, hints, now, settings);
  const std::vector<Coordinates> impossible = impossible_expiries(reading, settings);
  if (impossible.empty()) return reading;
  Hints fewer = hints;
  for (const Coordinates& at : impossible) fewer.expired.erase(at);
  return read_log(log, fewer, now, settings);
}

std::vector<std::string> impossible_judgements(const Reading& reading, const Settings& settings) {
  std::vector<std::string> impossible;
  std::optional<Instant> highest;
  for (const AcceptedEvent& one : reading.accepted) {
    highest = std::max(highest, std::optional(one.event.timestamp));
    const bool may_be_late = reading.watermark && settings.allowed_lateness &&
                             one.event.timestamp < *reading.watermark - *settings.allowed_lateness;
    if (one.came_too_late && !may_be_late) {
      impossible.push_back("too late, yet not below any watermark: " + one.event.event_id);
    }
  }
  if (!reading.watermark) return impossible;
  if (!highest || *reading.watermark > *highest - settings.max_out_of_orderness) {
    impossible.push_back("a watermark beyond every event: " + print_instant(*reading.watermark));
  }
  if (!reading.timer_clock || *reading.timer_clock < *reading.watermark) {
    impossible.emplace_back("a timer clock before the watermark");
  }
  return impossible;
}

}  // namespace lensart::model
