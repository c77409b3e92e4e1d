#include "tests/model/model.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace lensart::model {
namespace {

/// An event that breaks no rule; whether it is the copy that counts is still open.
struct Candidate {
  const LogRecord* record;
  AcceptedEvent accepted;
};

/// The clock the record may have been judged by: the earliest if the run found it in the future.
/// With the broker's time unknown that is 1970, which believes the run.
Instant clock_for(const LogRecord& record, const Hints& hints, Instant now) {
  return hints.in_future.contains(record.at) ? record.appended.value_or(Instant{}) : now;
}

/// Of one event's copies: within a partition the lowest offset; across them the hinted one.
std::size_t copy_that_counts(const std::vector<Candidate>& copies, const Hints& hints) {
  std::map<std::pair<std::string, std::int32_t>, std::size_t> lowest;
  for (std::size_t i = 0; i < copies.size(); ++i) {
    const Coordinates& at = copies[i].record->at;
    const auto [entry, is_new] = lowest.try_emplace({at.topic, at.partition}, i);
    if (!is_new && at.offset < copies[entry->second].record->at.offset) entry->second = i;
  }
  for (const auto& [partition, index] : lowest) {
    if (hints.accepted.contains(copies[index].record->at)) return index;
  }
  return lowest.begin()->second;
}

AcceptedEvent accept(const LogRecord& record, Verdict verdict, const Hints& hints) {
  AcceptedEvent accepted;
  accepted.event = std::move(verdict.event);
  accepted.event_data = sha256_hex(verdict.canonical_payload);
  accepted.at = record.at;
  accepted.too_late = hints.too_late.contains(record.at);
  return accepted;
}

DeadLetter letter_for(const LogRecord& record, const Verdict& verdict) {
  return {record.at,        verdict.outcome,  verdict.field,
          verdict.event_id, verdict.order_id, record.payload};
}

std::string derived_id(std::string_view payload) { return "hash_" + sha256_hex(payload); }

/// An id that was made from the payload was absent from it.
std::optional<std::string> stated_id(const LogRecord& record, const Event& event) {
  const bool derived = event.event_id == derived_id(record.payload.value_or(""));
  return derived ? std::nullopt : std::optional(event.event_id);
}

DeadLetter too_late_letter(const LogRecord& record, const Event& event) {
  return {record.at,      "too_late",    "timestamp", stated_id(record, event),
          event.order_id, record.payload};
}

/// The field of an `expired_order` letter is the order id's, wherever it stands, or none.
std::string believable_field(const std::string& field) {
  static const std::set<std::string> kFields = {"data.order_id", "data.id", "order_id", "id"};
  return kFields.contains(field) ? field : "";
}

DeadLetter expired_letter(const LogRecord& record, const Event& event, const std::string& field) {
  return {record.at,      "expired_order", believable_field(field), stated_id(record, event),
          event.order_id, record.payload};
}

/// Reads the log once, believing all that is hinted of expired orders.
Reading read_believing(const std::vector<LogRecord>& log, const Hints& hints, Instant now,
                       const Settings& settings) {
  Reading reading;
  reading.timer_clock = hints.timer_clock;
  reading.watermark = hints.watermark;
  std::map<std::string, std::vector<Candidate>> copies_of;
  for (const LogRecord& record : log) {
    Account& account = reading.accounts[{record.at.topic, record.at.partition}];
    ++account.consumed;
    Verdict verdict =
        judge(record.kind, record.payload.value_or(""), clock_for(record, hints, now), settings);
    const auto expired = hints.expired.find(record.at);
    if (verdict.ignored()) {
      ++account.ignored;
    } else if (!verdict.accepted()) {
      ++account.dead_lettered;
      reading.dead_letters.push_back(letter_for(record, verdict));
    } else if (expired != hints.expired.end()) {
      ++account.dead_lettered;
      reading.dead_letters.push_back(expired_letter(record, verdict.event, expired->second));
    } else {
      AcceptedEvent accepted = accept(record, std::move(verdict), hints);
      copies_of[accepted.event.event_id].push_back({&record, std::move(accepted)});
    }
  }
  for (auto& [event_id, copies] : copies_of) {
    const std::size_t counts = copy_that_counts(copies, hints);
    for (std::size_t i = 0; i < copies.size(); ++i) {
      const LogRecord& record = *copies[i].record;
      Account& account = reading.accounts[{record.at.topic, record.at.partition}];
      if (i != counts) {
        ++account.duplicate;
        continue;
      }
      ++account.accepted;
      const AcceptedEvent& accepted = reading.accepted.emplace_back(std::move(copies[i].accepted));
      if (accepted.too_late) {
        reading.dead_letters.push_back(too_late_letter(record, accepted.event));
      }
    }
  }
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
    if (one.too_late && !may_be_late) {
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
