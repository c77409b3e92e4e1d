#include "tests/model/model.hpp"

#include <algorithm>
#include <map>
#include <tuple>

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

DeadLetter too_late_letter(const LogRecord& record, const Event& event) {
  return {record.at, "too_late", "timestamp", event.event_id, event.order_id, record.payload};
}

// Cells.

Cell text(const std::optional<std::string>& value) { return value; }
Cell number(std::int64_t value) { return std::to_string(value); }
Cell number(const std::optional<std::int64_t>& value) {
  return value ? number(*value) : std::nullopt;
}
Cell amount(std::int64_t value) { return print_amount(value); }
Cell instant(const std::optional<Instant>& value) {
  return value ? Cell(print_instant(*value)) : std::nullopt;
}

// What an event writes into the two groups of which each field has a last writer of its own.

constexpr const char* kCancelled = "Đã hủy";

Cell written_order_status(const Event& event) {
  switch (event.type) {
    case EventType::kCreated:
    case EventType::kUpdated:
    case EventType::kPaymentStatusChanged:
      return event.snapshot ? Cell(event.snapshot->order_status) : std::nullopt;
    case EventType::kStatusChanged:
      return event.new_status;
    case EventType::kCancelled:
      return kCancelled;
  }
  return std::nullopt;
}

Cell written_payment_status(const Event& event) {
  if (event.type == EventType::kPaymentStatusChanged) return event.new_payment_status;
  return event.snapshot ? Cell(event.snapshot->payment_status) : std::nullopt;
}

bool earlier(const AcceptedEvent* a, const AcceptedEvent* b) {
  const Event& x = a->event;
  const Event& y = b->event;
  // std::string compares as unsigned bytes, which is UTF-8's order and COLLATE "C".
  return std::tie(x.timestamp, x.type, x.event_id) < std::tie(y.timestamp, y.type, y.event_id);
}

/// Each order's events, in the order in which they are folded.
std::map<std::int64_t, std::vector<const AcceptedEvent*>> by_order(
    const std::vector<AcceptedEvent>& accepted) {
  std::map<std::int64_t, std::vector<const AcceptedEvent*>> orders;
  for (const AcceptedEvent& one : accepted) orders[one.event.order_id].push_back(&one);
  for (auto& [order_id, events] : orders) std::sort(events.begin(), events.end(), earlier);
  return orders;
}

/// The snapshot written last, null if the order never had one.
const Snapshot* latest_snapshot(const std::vector<const AcceptedEvent*>& events) {
  const Snapshot* latest = nullptr;
  for (const AcceptedEvent* one : events) {
    if (one->event.snapshot) latest = &*one->event.snapshot;
  }
  return latest;
}

Instant created_at(const std::vector<const AcceptedEvent*>& events) {
  for (const AcceptedEvent* one : events) {
    if (one->event.type == EventType::kCreated) return one->event.timestamp;
  }
  return events.front()->event.timestamp;
}

/// total / quantity to hundredths, half away from zero; neither is negative.
std::int64_t unit_price(const Line& line) {
  if (line.price) return *line.price;
  const std::int64_t whole = line.total_price / line.quantity;
  const std::int64_t rest = line.total_price % line.quantity;
  return 2 * rest >= line.quantity ? whole + 1 : whole;
}

}  // namespace

Reading read_log(const std::vector<LogRecord>& log, const Hints& hints, Instant now,
                 const Settings& settings) {
  Reading reading;
  std::map<std::string, std::vector<Candidate>> copies_of;
  for (const LogRecord& record : log) {
    Account& account = reading.accounts[{record.at.topic, record.at.partition}];
    ++account.consumed;
    Verdict verdict =
        judge(record.kind, record.payload.value_or(""), clock_for(record, hints, now), settings);
    if (verdict.ignored()) {
      ++account.ignored;
    } else if (!verdict.accepted()) {
      ++account.dead_lettered;
      reading.dead_letters.push_back(letter_for(record, verdict));
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

Table orders_raw(const std::vector<AcceptedEvent>& accepted) {
  Table table(orders_raw_shape());
  for (const AcceptedEvent& one : accepted) {
    const Event& event = one.event;
    const Snapshot* snapshot = event.snapshot ? &*event.snapshot : nullptr;
    table.add({text(event.event_id), std::string(name_of(event.type)), number(event.order_id),
               snapshot ? number(snapshot->user_id) : std::nullopt,
               snapshot ? number(snapshot->branch_id) : std::nullopt,
               snapshot ? amount(snapshot->total_price) : std::nullopt, written_order_status(event),
               written_payment_status(event),
               snapshot ? text(snapshot->payment_method) : std::nullopt, text(one.event_data),
               instant(event.timestamp), text(one.at.topic), number(one.at.partition),
               number(one.at.offset), one.too_late ? "true" : "false"});
  }
  return table;
}

Table orders_processed(const std::vector<AcceptedEvent>& accepted) {
  Table table(orders_processed_shape());
  for (const auto& [order_id, events] : by_order(accepted)) {
    const Snapshot* snapshot = latest_snapshot(events);
    if (snapshot == nullptr) continue;
    Cell order_status;
    Cell payment_status;
    for (const AcceptedEvent* one : events) {
      if (const Cell written = written_order_status(one->event)) order_status = written;
      if (const Cell written = written_payment_status(one->event)) payment_status = written;
    }
    std::int64_t items_count = 0;
    for (const Line& line : snapshot->lines) items_count += line.quantity;
    table.add({number(order_id), number(snapshot->user_id), text(snapshot->user_name),
               text(snapshot->user_email), number(snapshot->branch_id), text(snapshot->branch_name),
               text(snapshot->branch_address), instant(snapshot->date), text(snapshot->address),
               text(snapshot->note), number(snapshot->coupon_id), amount(snapshot->total_price),
               order_status, payment_status, text(snapshot->payment_method), number(items_count),
               instant(created_at(events)), instant(events.back()->event.timestamp)});
  }
  return table;
}

Table order_items(const std::vector<AcceptedEvent>& accepted, const Zone& zone) {
  Table table(order_items_shape());
  for (const auto& [order_id, events] : by_order(accepted)) {
    const Snapshot* snapshot = latest_snapshot(events);
    if (snapshot == nullptr) continue;
    const Cell date = snapshot->date ? Cell(zone.date_of(*snapshot->date)) : std::nullopt;
    for (const Line& line : snapshot->lines) {
      table.add({number(order_id), number(line.product_id), text(line.product_name),
                 text(line.color), number(line.quantity), amount(unit_price(line)),
                 amount(line.total_price), date, number(snapshot->branch_id)});
    }
  }
  return table;
}

Table dead_letters(const std::vector<DeadLetter>& letters) {
  Table table(dead_letters_shape());
  for (const DeadLetter& letter : letters) {
    table.add({text(letter.at.topic), number(letter.at.partition), number(letter.at.offset),
               text(letter.code), text(letter.field), text(letter.event_id),
               number(letter.order_id),
               letter.payload ? Cell(print_hex(*letter.payload)) : std::nullopt});
  }
  return table;
}

Table accounts(const Reading& reading) {
  Table table(accounts_shape());
  for (const auto& [partition, account] : reading.accounts) {
    table.add({text(partition.first), number(partition.second), number(account.consumed),
               number(account.accepted), number(account.duplicate), number(account.ignored),
               number(account.dead_lettered)});
  }
  return table;
}

std::vector<Table> all_tables(const Reading& reading, const Settings& settings) {
  return {orders_raw(reading.accepted), orders_processed(reading.accepted),
          order_items(reading.accepted, settings.zone), dead_letters(reading.dead_letters),
          accounts(reading)};
}

}  // namespace lensart::model
