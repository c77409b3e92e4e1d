#include "apps/jobs/tables.hpp"

namespace lensart::jobs {

namespace {

using storage::ColumnType;
using storage::Conflation;
using storage::TableSpec;

TableSpec orders_raw() {
  TableSpec table;
  table.id = kOrdersRaw;
  table.name = "orders_raw";
  table.conflation = Conflation::kAppend;
  table.spread = true;
  table.columns = {{"event_id", ColumnType::kText},           {"event_type", ColumnType::kText},
                   {"order_id", ColumnType::kBigint},         {"user_id", ColumnType::kBigint},
                   {"branch_id", ColumnType::kBigint},        {"total_price", ColumnType::kMoney},
                   {"order_status", ColumnType::kText},       {"payment_status", ColumnType::kText},
                   {"payment_method", ColumnType::kText},     {"event_data", ColumnType::kJson},
                   {"event_timestamp", ColumnType::kInstant}, {"kafka_topic", ColumnType::kText},
                   {"kafka_partition", ColumnType::kBigint},  {"kafka_offset", ColumnType::kBigint},
                   {"too_late", ColumnType::kBoolean}};
  table.identity = {"kafka_topic", "kafka_partition", "kafka_offset"};
  return table;
}

TableSpec orders_processed() {
  TableSpec table;
  table.id = kOrdersProcessed;
  table.name = "orders_processed";
  // The snapshot's columns stand together: an order's state keeps them encoded as they lie here.
  table.columns = {{"order_id", ColumnType::kBigint},     {"user_id", ColumnType::kBigint},
                   {"user_name", ColumnType::kText},      {"user_email", ColumnType::kText},
                   {"branch_id", ColumnType::kBigint},    {"branch_name", ColumnType::kText},
                   {"branch_address", ColumnType::kText}, {"order_date", ColumnType::kInstant},
                   {"address", ColumnType::kText},        {"note", ColumnType::kText},
                   {"coupon_id", ColumnType::kBigint},    {"total_price", ColumnType::kMoney},
                   {"payment_method", ColumnType::kText}, {"items_count", ColumnType::kBigint},
                   {"order_status", ColumnType::kText},   {"payment_status", ColumnType::kText},
                   {"created_at", ColumnType::kInstant},  {"updated_at", ColumnType::kInstant}};
  return table;
}

TableSpec order_items() {
  TableSpec table;
  table.id = kOrderItems;
  table.name = "order_items_analytics";
  table.conflation = Conflation::kReplaceAll;
  table.parent = "orders_processed";
  table.columns = {{"order_id", ColumnType::kBigint},   {"product_id", ColumnType::kBigint},
                   {"product_name", ColumnType::kText}, {"color", ColumnType::kText},
                   {"quantity", ColumnType::kBigint},   {"unit_price", ColumnType::kMoney},
                   {"total_price", ColumnType::kMoney}, {"order_date", ColumnType::kDate},
                   {"branch_id", ColumnType::kBigint}};
  return table;
}

TableSpec dead_letters() {
  TableSpec table;
  table.id = kDeadLetters;
  table.name = "dead_letters";
  table.conflation = Conflation::kOnce;
  table.key_columns = 5;
  table.columns = {{"topic", ColumnType::kText},    {"partition", ColumnType::kBigint},
                   {"offset", ColumnType::kBigint}, {"code", ColumnType::kText},
                   {"field", ColumnType::kText},    {"message", ColumnType::kText},
                   {"event_id", ColumnType::kText}, {"order_id", ColumnType::kBigint},
                   {"payload", ColumnType::kBytes}, {"occurred_at", ColumnType::kInstant}};
  return table;
}

/// In the sink lane of the event's row in orders_raw, whose `too_late` goes with it.
TableSpec replays() {
  TableSpec table;
  table.id = kReplays;
  table.name = "pipeline_replays";
  table.conflation = Conflation::kOnce;
  table.spread = true;
  table.key_columns = 3;
  table.batch_function = "record_replays";
  table.columns = {{"topic", ColumnType::kText},
                   {"partition", ColumnType::kBigint},
                   {"offset", ColumnType::kBigint},
                   {"event_id", ColumnType::kText},
                   {"too_late", ColumnType::kBoolean},
                   {"replay_topic", ColumnType::kText},
                   {"replay_partition", ColumnType::kBigint},
                   {"replay_offset", ColumnType::kBigint}};
  return table;
}

TableSpec accounts() {
  TableSpec table;
  table.id = kAccounts;
  table.name = "pipeline_accounts";
  table.conflation = Conflation::kAdd;
  table.key_columns = 4;
  table.first_added = 6;
  table.columns = {{"pipeline", ColumnType::kText},        {"topic", ColumnType::kText},
                   {"partition", ColumnType::kBigint},     {"minute", ColumnType::kInstant},
                   {"first_offset", ColumnType::kBigint},  {"last_offset", ColumnType::kBigint},
                   {"consumed", ColumnType::kBigint},      {"accepted", ColumnType::kBigint},
                   {"duplicate", ColumnType::kBigint},     {"ignored", ColumnType::kBigint},
                   {"dead_lettered", ColumnType::kBigint}, {"skipped", ColumnType::kBigint}};
  return table;
}

TableSpec status_history() {
  TableSpec table;
  table.id = kStatusHistory;
  table.name = "order_status_history";
  table.parent = "orders_processed";
  table.key_columns = 2;
  table.columns = {
      {"order_id", ColumnType::kBigint},    {"event_id", ColumnType::kText},
      {"old_status", ColumnType::kText},    {"new_status", ColumnType::kText},
      {"changed_at", ColumnType::kInstant}, {"processing_time_seconds", ColumnType::kBigint},
      {"anomaly", ColumnType::kText},       {"session_id", ColumnType::kBigint}};
  return table;
}

TableSpec status_sessions() {
  TableSpec table;
  table.id = kStatusSessions;
  table.name = "order_status_sessions";
  table.key_columns = 2;
  table.columns = {{"order_id", ColumnType::kBigint},    {"session_id", ColumnType::kBigint},
                   {"started_at", ColumnType::kInstant}, {"ended_at", ColumnType::kInstant},
                   {"changes", ColumnType::kBigint},     {"first_status", ColumnType::kText},
                   {"last_status", ColumnType::kText}};
  return table;
}

TableSpec anomalies() {
  TableSpec table;
  table.id = kAnomalies;
  table.name = "order_anomalies";
  table.key_columns = 4;
  table.columns = {{"order_id", ColumnType::kBigint},
                   {"kind", ColumnType::kText},
                   {"status", ColumnType::kText},
                   {"since", ColumnType::kInstant},
                   {"resolved_at", ColumnType::kInstant}};
  return table;
}

void add_measures(TableSpec& table) {
  table.columns.push_back({"total_orders", ColumnType::kBigint});
  table.columns.push_back({"total_revenue", ColumnType::kBigMoney});
  table.columns.push_back({"avg_order_value", ColumnType::kBigMoney});
  for (const char* name : {"pending_orders", "processing_orders", "completed_orders",
                           "cancelled_orders", "cash_orders", "online_orders"}) {
    table.columns.push_back({name, ColumnType::kBigint});
  }
}

TableSpec order_metrics() {
  TableSpec table;
  table.id = kOrderMetrics;
  table.name = "order_metrics";
  table.key_columns = 3;
  table.batch_function = "upsert_order_metrics_batch";
  table.columns = {{"metric_date", ColumnType::kDate},
                   {"metric_hour", ColumnType::kBigint},
                   {"branch_id", ColumnType::kBigint}};
  add_measures(table);
  return table;
}

TableSpec order_metrics_sliding() {
  TableSpec table;
  table.id = kOrderMetricsSliding;
  table.name = "order_metrics_sliding";
  table.key_columns = 3;
  table.batch_function = "upsert_order_metrics_sliding_batch";
  table.columns = {{"window_start", ColumnType::kInstant},
                   {"window_end", ColumnType::kInstant},
                   {"branch_id", ColumnType::kBigint}};
  add_measures(table);
  return table;
}

TableSpec product_sales_hourly() {
  TableSpec table;
  table.id = kProductSalesHourly;
  table.name = "product_sales_hourly";
  table.key_columns = 3;
  table.batch_function = "upsert_product_sales_hourly_batch";
  table.columns = {{"sale_date", ColumnType::kDate},    {"sale_hour", ColumnType::kBigint},
                   {"product_id", ColumnType::kBigint}, {"orders", ColumnType::kBigint},
                   {"quantity", ColumnType::kBigint},   {"revenue", ColumnType::kBigMoney}};
  return table;
}

}  // namespace

const storage::TableRegistry& tables() {
  static const storage::TableRegistry kRegistry(
      {orders_raw(), orders_processed(), order_items(), status_history(), status_sessions(),
       anomalies(), order_metrics(), order_metrics_sliding(), product_sales_hourly(),
       dead_letters(), replays(), accounts()});
  return kRegistry;
}

}  // namespace lensart::jobs
