#include "bench/floor_extract.hpp"

#include <simdjson.h>

#include <cstring>
#include <utility>

namespace lensart::bench {
namespace {

using simdjson::error_code;
namespace ondemand = simdjson::ondemand;

/// The key as it stands between its quotes; ours have no escapes.
std::string_view key_of(ondemand::field& field) {
  const char* raw = field.key().raw();
  return {raw, static_cast<std::size_t>(std::strchr(raw, '"') - raw)};
}

void add_text(ondemand::value value, Totals& totals) {
  std::string_view text;
  if (value.get_string().get(text) == simdjson::SUCCESS) totals.text_bytes += text.size();
}

void add_id(ondemand::value value, std::int64_t& sum) {
  std::int64_t id = 0;
  const auto type = value.type();
  if (type.error() != simdjson::SUCCESS) return;
  const bool read = type.value_unsafe() == ondemand::json_type::string
                        ? value.get_int64_in_string().get(id) == simdjson::SUCCESS
                        : value.get_int64().get(id) == simdjson::SUCCESS;
  if (read) sum += id;
}

void add_price(ondemand::value value, std::int64_t& sum) {
  std::string_view text;
  if (value.get_string().get(text) == simdjson::SUCCESS) {
    sum += hundredths(text);
  } else {
    sum += hundredths(value.raw_json_token());
  }
}

void read_person_or_place(ondemand::value value, Totals& totals) {
  ondemand::object object;
  if (value.get_object().get(object) != simdjson::SUCCESS) return;
  for (auto each : object) {
    ondemand::field field;
    if (std::move(each).get(field) != simdjson::SUCCESS) return;
    const std::string_view key = key_of(field);
    if (key == "name" || key == "email" || key == "address") add_text(field.value(), totals);
  }
}

void read_lines(ondemand::value value, Totals& totals) {
  ondemand::array array;
  if (value.get_array().get(array) != simdjson::SUCCESS) return;
  for (auto line : array) {
    ondemand::object object;
    if (std::move(line).get_object().get(object) != simdjson::SUCCESS) return;
    ++totals.lines;
    for (auto each : object) {
      ondemand::field field;
      if (std::move(each).get(field) != simdjson::SUCCESS) return;
      const std::string_view key = key_of(field);
      if (key == "product_id") {
        add_id(field.value(), totals.ids);
      } else if (key == "product_name" || key == "color") {
        add_text(field.value(), totals);
      } else if (key == "quantity") {
        add_id(field.value(), totals.quantities);
      } else if (key == "total_price" || key == "price") {
        add_price(field.value(), totals.line_hundredths);
      }
    }
  }
}

/// One member of the envelope, of `data` or of a snapshot: the flat form has them all in one.
void read_field(std::string_view key, ondemand::value value, Totals& totals);

void read_object(ondemand::value value, Totals& totals) {
  ondemand::object object;
  if (value.get_object().get(object) != simdjson::SUCCESS) return;
  for (auto each : object) {
    ondemand::field field;
    if (std::move(each).get(field) != simdjson::SUCCESS) return;
    read_field(key_of(field), field.value(), totals);
  }
}

void read_field(std::string_view key, ondemand::value value, Totals& totals) {
  switch (key.size()) {
    case 2:
      if (key == "id") add_id(value, totals.ids);
      return;
    case 4:
      if (key == "data") return read_object(value, totals);
      if (key == "user") return read_person_or_place(value, totals);
      if (key == "date" || key == "note") add_text(value, totals);
      return;
    case 5:
      if (key == "order") read_object(value, totals);
      return;
    case 6:
      if (key == "branch") read_person_or_place(value, totals);
      return;
    case 7:
      if (key == "user_id") return add_id(value, totals.ids);
      if (key == "address") add_text(value, totals);
      return;
    case 8:
      if (key == "order_id") return add_id(value, totals.ids);
      if (key == "event_id") add_text(value, totals);
      return;
    case 9:
      if (key == "branch_id" || key == "coupon_id") return add_id(value, totals.ids);
      if (key == "timestamp") add_text(value, totals);
      return;
    case 11:
      if (key != "total_price") return;
      ++totals.snapshots;
      return add_price(value, totals.price_hundredths);
    case 13:
      if (key == "order_details") read_lines(value, totals);
      return;
    default:
      if (key == "event_type" || key == "order_status" || key == "payment_status" ||
          key == "payment_method" || key == "old_status" || key == "new_status" ||
          key == "new_payment_status") {
        add_text(value, totals);
      }
  }
}

}  // namespace

struct FloorReader::Impl {
  ondemand::parser parser;
};

FloorReader::FloorReader() : impl_(std::make_unique<Impl>()) {}
FloorReader::~FloorReader() = default;

void FloorReader::read(std::string_view payload, Totals& totals) {
  ++totals.events;
  ondemand::document document;
  ondemand::object object;
  if (impl_->parser.iterate(payload.data(), payload.size(), payload.size() + kFloorPadding)
              .get(document) != simdjson::SUCCESS ||
      document.get_object().get(object) != simdjson::SUCCESS) {
    ++totals.broken;
    return;
  }
  for (auto each : object) {
    ondemand::field field;
    if (std::move(each).get(field) != simdjson::SUCCESS) {
      ++totals.broken;
      return;
    }
    read_field(key_of(field), field.value(), totals);
  }
}

}  // namespace lensart::bench
