// The shapes of the tables: names and columns as docs/contract.md §3 has them.

#include "tests/model/table.hpp"

namespace lensart::model {

const TableShape& orders_raw_shape() {
  static const TableShape kShape{
      "orders_raw",
      {"event_id", "event_type", "order_id", "user_id", "branch_id", "total_price", "order_status",
       "payment_status", "payment_method", "event_data", "event_timestamp", "kafka_topic",
       "kafka_partition", "kafka_offset", "too_late"},
      1};
  return kShape;
}

const TableShape& orders_processed_shape() {
  static const TableShape kShape{"orders_processed",
                                 {"order_id", "user_id", "user_name", "user_email", "branch_id",
                                  "branch_name", "branch_address", "order_date", "address", "note",
                                  "coupon_id", "total_price", "order_status", "payment_status",
                                  "payment_method", "items_count", "created_at", "updated_at"},
                                 1};
  return kShape;
}

const TableShape& order_items_shape() {
  static const TableShape kShape{"order_items_analytics",
                                 {"order_id", "product_id", "product_name", "color", "quantity",
                                  "unit_price", "total_price", "order_date", "branch_id"},
                                 0};
  return kShape;
}

const TableShape& dead_letters_shape() {
  static const TableShape kShape{
      "dead_letters",
      {"topic", "partition", "offset", "code", "field", "event_id", "order_id", "payload"},
      5};
  return kShape;
}

const TableShape& accounts_shape() {
  static const TableShape kShape{
      "pipeline_accounts",
      {"topic", "partition", "consumed", "accepted", "duplicate", "ignored", "dead_lettered"},
      2};
  return kShape;
}

const TableShape& order_status_history_shape() {
  static const TableShape kShape{"order_status_history",
                                 {"order_id", "event_id", "old_status", "new_status", "changed_at",
                                  "processing_time_seconds", "anomaly", "session_id"},
                                 2};
  return kShape;
}

const TableShape& order_status_sessions_shape() {
  static const TableShape kShape{"order_status_sessions",
                                 {"order_id", "session_id", "started_at", "ended_at", "changes",
                                  "first_status", "last_status"},
                                 2};
  return kShape;
}

const TableShape& order_anomalies_shape() {
  static const TableShape kShape{
      "order_anomalies", {"order_id", "kind", "status", "since", "resolved_at"}, 4};
  return kShape;
}

const TableShape& order_metrics_shape() {
  static const TableShape kShape{
      "order_metrics",
      {"metric_date", "metric_hour", "branch_id", "total_orders", "total_revenue",
       "avg_order_value", "pending_orders", "processing_orders", "completed_orders",
       "cancelled_orders", "cash_orders", "online_orders"},
      3};
  return kShape;
}

const TableShape& order_metrics_sliding_shape() {
  static const TableShape kShape{
      "order_metrics_sliding",
      {"window_start", "window_end", "branch_id", "total_orders", "total_revenue",
       "avg_order_value", "pending_orders", "processing_orders", "completed_orders",
       "cancelled_orders", "cash_orders", "online_orders"},
      3};
  return kShape;
}

const TableShape& product_sales_hourly_shape() {
  static const TableShape kShape{
      "product_sales_hourly",
      {"sale_date", "sale_hour", "product_id", "orders", "quantity", "revenue"},
      3};
  return kShape;
}

const TableShape& replays_shape() {
  static const TableShape kShape{"pipeline_replays",
                                 {"topic", "partition", "offset", "event_id", "too_late",
                                  "replay_topic", "replay_partition", "replay_offset"},
                                 3};
  return kShape;
}

std::vector<TableShape> all_shapes() {
  return {orders_raw_shape(),
          orders_processed_shape(),
          order_items_shape(),
          dead_letters_shape(),
          accounts_shape(),
          order_status_history_shape(),
          order_status_sessions_shape(),
          order_anomalies_shape(),
          order_metrics_shape(),
          order_metrics_sliding_shape(),
          product_sales_hourly_shape(),
          replays_shape()};
}

}  // namespace lensart::model
