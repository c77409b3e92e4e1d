#include "tests/model/table.hpp"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace lensart::model {

void Table::add(Row row) {
  if (row.size() != shape_.columns.size()) throw std::logic_error("a row of another shape");
  const std::size_t key_columns = shape_.key_columns == 0 ? row.size() : shape_.key_columns;
  std::string key;
  for (std::size_t i = 0; i < key_columns; ++i) {
    if (i > 0) key += '|';
    key += print_cell(row[i]);
  }
  std::string unique_key = key;
  for (int copy = 2; rows_.contains(unique_key); ++copy) {
    unique_key = key + " (copy " + std::to_string(copy) + ")";
  }
  rows_.emplace(std::move(unique_key), std::move(row));
}

const Cell& Table::at(const std::string& key, std::string_view column) const {
  const auto found = std::find(shape_.columns.begin(), shape_.columns.end(), column);
  if (found == shape_.columns.end()) throw std::out_of_range("no such column");
  return rows_.at(key).at(static_cast<std::size_t>(found - shape_.columns.begin()));
}

std::string print_cell(const Cell& cell) { return cell ? *cell : "NULL"; }

std::string print_amount(std::int64_t hundredths) {
  const std::int64_t magnitude = hundredths < 0 ? -hundredths : hundredths;
  return fmt::format("{}{}.{:02}", hundredths < 0 ? "-" : "", magnitude / 100, magnitude % 100);
}

std::string print_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex.push_back(kDigits[byte >> 4]);
    hex.push_back(kDigits[byte & 15]);
  }
  return hex;
}

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return print_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

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

}  // namespace lensart::model
