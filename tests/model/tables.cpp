// The tables of the job `orders`, and the books (docs/contract.md §3).

#include <map>

#include "tests/model/fold.hpp"
#include "tests/model/model.hpp"

namespace lensart::model {
namespace {

/// total / quantity to hundredths, half away from zero; neither is negative.
std::int64_t unit_price(const Line& line) {
  if (line.price) return *line.price;
  const std::int64_t whole = line.total_price / line.quantity;
  const std::int64_t rest = line.total_price % line.quantity;
  return 2 * rest >= line.quantity ? whole + 1 : whole;
}

}  // namespace

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
    Cell payment_status;
    for (const AcceptedEvent* one : events) {
      if (const Cell written = written_payment_status(one->event)) payment_status = written;
    }
    std::int64_t items_count = 0;
    for (const Line& line : snapshot->lines) items_count += line.quantity;
    table.add({number(order_id), number(snapshot->user_id), text(snapshot->user_name),
               text(snapshot->user_email), number(snapshot->branch_id), text(snapshot->branch_name),
               text(snapshot->branch_address), instant(snapshot->date), text(snapshot->address),
               text(snapshot->note), number(snapshot->coupon_id), amount(snapshot->total_price),
               order_status(events), payment_status, text(snapshot->payment_method),
               number(items_count), instant(created_at(events)),
               instant(events.back()->event.timestamp)});
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

Table replays(const std::vector<Replay>& replays) {
  Table table(replays_shape());
  for (const Replay& one : replays) {
    table.add({text(one.original.topic), number(one.original.partition),
               number(one.original.offset), text(one.event_id), one.too_late ? "true" : "false",
               text(one.through.topic), number(one.through.partition), number(one.through.offset)});
  }
  return table;
}

std::vector<Table> all_tables(const Reading& reading, const Settings& settings) {
  const auto& accepted = reading.accepted;
  std::vector<Table> tables = {orders_raw(accepted), orders_processed(accepted),
                               order_items(accepted, settings.zone),
                               dead_letters(reading.dead_letters), accounts(reading)};
  const auto add = [&](const char* job, const TableShape& shape, const auto& table) {
    tables.push_back(settings.jobs.contains(job) ? table() : Table(shape));
  };
  add("status", order_status_history_shape(),
      [&] { return order_status_history(accepted, settings); });
  add("status", order_status_sessions_shape(),
      [&] { return order_status_sessions(accepted, settings); });
  add("status", order_anomalies_shape(),
      [&] { return order_anomalies(accepted, reading.timer_clock, settings); });
  add("metrics", order_metrics_shape(), [&] { return order_metrics(accepted, settings); });
  add("metrics", order_metrics_sliding_shape(),
      [&] { return order_metrics_sliding(accepted, reading.watermark, settings); });
  add("product_sales_hourly", product_sales_hourly_shape(),
      [&] { return product_sales_hourly(accepted, settings); });
  tables.push_back(replays(reading.replays));
  return tables;
}

}  // namespace lensart::model
