// The reference for `floor_extract.cpp`: other calls of another interface, written down as plainly
// as can be, and slower.

#include <simdjson.h>

#include "bench/floor_extract.hpp"

namespace lensart::bench {
namespace {

namespace dom = simdjson::dom;

void add_text(dom::object object, const char* key, Totals& totals) {
  std::string_view text;
  if (object[key].get(text) == simdjson::SUCCESS) totals.text_bytes += text.size();
}

void add_id(dom::object object, const char* key, std::int64_t& sum) {
  std::int64_t id = 0;
  std::string_view text;
  if (object[key].get(id) == simdjson::SUCCESS) {
    sum += id;
  } else if (object[key].get(text) == simdjson::SUCCESS) {
    sum += std::stoll(std::string(text));
  }
}

bool add_price(dom::object object, const char* key, std::int64_t& sum) {
  std::string_view text;
  dom::element element;
  if (object[key].get(element) != simdjson::SUCCESS) return false;
  if (element.get(text) == simdjson::SUCCESS) {
    sum += hundredths(text);
  } else {
    sum += hundredths(simdjson::minify(element));
  }
  return true;
}

void read_line(dom::object line, Totals& totals) {
  ++totals.lines;
  add_id(line, "product_id", totals.ids);
  add_text(line, "product_name", totals);
  add_text(line, "color", totals);
  add_id(line, "quantity", totals.quantities);
  add_price(line, "total_price", totals.line_hundredths);
  add_price(line, "price", totals.line_hundredths);
}

/// An envelope, its `data`, a snapshot: each has some of these.
void read_object(dom::object object, Totals& totals) {
  for (const char* key :
       {"event_type", "event_id", "timestamp", "date", "address", "note", "order_status",
        "payment_status", "payment_method", "old_status", "new_status", "new_payment_status"}) {
    add_text(object, key, totals);
  }
  for (const char* key : {"id", "order_id", "user_id", "branch_id", "coupon_id"}) {
    add_id(object, key, totals.ids);
  }
  totals.snapshots += add_price(object, "total_price", totals.price_hundredths);
  dom::object inner;
  for (const char* key : {"user", "branch"}) {
    if (object[key].get(inner) != simdjson::SUCCESS) continue;
    for (const char* text : {"name", "email", "address"}) add_text(inner, text, totals);
  }
  dom::array lines;
  if (object["order_details"].get(lines) == simdjson::SUCCESS) {
    for (dom::element line : lines) read_line(line, totals);
  }
  for (const char* key : {"data", "order"}) {
    if (object[key].get(inner) == simdjson::SUCCESS) read_object(inner, totals);
  }
}

}  // namespace

struct ReferenceReader::Impl {
  dom::parser parser;
};

ReferenceReader::ReferenceReader() : impl_(std::make_unique<Impl>()) {}
ReferenceReader::~ReferenceReader() = default;

void ReferenceReader::read(std::string_view payload, Totals& totals) {
  ++totals.events;
  dom::object object;
  if (impl_->parser.parse(payload.data(), payload.size()).get(object) != simdjson::SUCCESS) {
    ++totals.broken;
    return;
  }
  read_object(object, totals);
}

void Totals::add(const Totals& other) {
  events += other.events;
  broken += other.broken;
  snapshots += other.snapshots;
  lines += other.lines;
  text_bytes += other.text_bytes;
  ids += other.ids;
  quantities += other.quantities;
  price_hundredths += other.price_hundredths;
  line_hundredths += other.line_hundredths;
}

std::int64_t hundredths(std::string_view text) {
  std::int64_t value = 0;
  int decimals = -1;
  const bool negative = text.starts_with('-');
  for (const char c : text.substr(negative ? 1 : 0)) {
    if (c == '.') {
      decimals = 0;
    } else if (c < '0' || c > '9' || decimals == 2) {
      break;
    } else {
      value = value * 10 + (c - '0');
      if (decimals >= 0) ++decimals;
    }
  }
  for (int i = decimals < 0 ? 0 : decimals; i < 2; ++i) value *= 10;
  return negative ? -value : value;
}

}  // namespace lensart::bench
