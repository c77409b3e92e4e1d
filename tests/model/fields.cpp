#include "tests/model/fields.hpp"

#include <algorithm>
#include <limits>

#include "tests/model/decimal.hpp"

namespace lensart::model {

std::size_t times_standing(const Value& object, std::string_view key) {
  return static_cast<std::size_t>(
      std::count_if(object.members.begin(), object.members.end(),
                    [&](const Member& member) { return member.key == key; }));
}

bool is_missing(const Value& object, std::string_view key) {
  return times_standing(object, key) == 0 ||
         (times_standing(object, key) == 1 && find(object, key) == nullptr);
}

const Value* find(const Value& object, std::string_view key) {
  if (times_standing(object, key) != 1) return nullptr;
  const auto found = std::find_if(object.members.begin(), object.members.end(),
                                  [&](const Member& member) { return member.key == key; });
  return found->value.is(Value::Type::kNull) ? nullptr : &found->value;
}

bool is_object(const Value& value) {
  const bool empty_array = value.is(Value::Type::kArray) && value.items.empty();
  return value.is(Value::Type::kObject) || empty_array;
}

const Value* body_of(const Value& top) {
  if (is_missing(top, "data")) return &top;
  const Value* data = find(top, "data");
  return data != nullptr && is_object(*data) ? data : nullptr;
}

const Value* order_of(const Value& body) {
  const Value* order = find(body, "order");
  const bool filled = order != nullptr && !order->members.empty();
  return filled ? order : nullptr;
}

bool is_numeric(const Value& value) {
  return value.is(Value::Type::kNumber) ||
         (value.is(Value::Type::kString) && is_json_number(value.text));
}

namespace {

std::optional<Decimal> number_in(const Value& value) {
  if (!is_numeric(value)) return std::nullopt;
  return to_decimal(value.text);
}

std::optional<std::int64_t> whole_between(const Value& value, std::int64_t low, std::int64_t high) {
  const auto number = number_in(value);
  const auto whole = number ? number->scaled(0) : std::nullopt;
  if (!whole || *whole < low || *whole > high) return std::nullopt;
  return whole;
}

}  // namespace

std::optional<std::int64_t> id_in(const Value& value) {
  return whole_between(value, 1, std::numeric_limits<std::int64_t>::max());
}

std::optional<std::int64_t> quantity_in(const Value& value) {
  return whole_between(value, 1, 1'000'000);
}

std::optional<std::int64_t> amount_in(const Value& value) {
  constexpr std::int64_t kBelow = 1'000'000'000'000'000;  // 10¹³ in hundredths
  const auto number = number_in(value);
  const auto hundredths = number ? number->scaled(2) : std::nullopt;
  if (!hundredths || *hundredths < 0 || *hundredths >= kBelow) return std::nullopt;
  return hundredths;
}

std::optional<std::int64_t> order_id_of(const Value* body) {
  if (body == nullptr) return std::nullopt;
  std::optional<std::int64_t> id;
  for (const std::string_view key : {"order_id", "id"}) {
    if (is_missing(*body, key)) continue;
    const Value* value = find(*body, key);
    const auto this_id = value != nullptr ? id_in(*value) : std::nullopt;
    if (!this_id || (id && *id != *this_id)) return std::nullopt;
    id = this_id;
  }
  return id;
}

}  // namespace lensart::model
