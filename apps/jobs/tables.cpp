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

}  // namespace

const storage::TableRegistry& tables() {
  static const storage::TableRegistry kRegistry(
      {orders_raw(), orders_processed(), order_items(), dead_letters(), accounts()});
  return kRegistry;
}

}  // namespace lensart::jobs
