/// A payload's fields, looked at the way docs/contract.md §1 and §2 speak of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "tests/model/json.hpp"

namespace lensart::model {

/// How often a key stands in an object.
std::size_t times_standing(const Value& object, std::string_view key);

/// Absent, or null, which is the same. A field that stands twice is not missing but of a wrong
/// type, null or not.
bool is_missing(const Value& object, std::string_view key);

/// The field's value, if it stands once and is not null; else a null pointer.
const Value* find(const Value& object, std::string_view key);

/// An object, or `[]`, which is PHP's `{}`.
bool is_object(const Value& value);

/// The object that holds the order's fields: `data`, or the top-level one if there is no `data`.
/// Null if `data` is of a wrong type.
const Value* body_of(const Value& top);

/// A status event's snapshot, null if it has none or one of a wrong type.
const Value* order_of(const Value& body);

/// The order id, nothing unless whatever stands for it is a valid id, once, and the same one.
std::optional<std::int64_t> order_id_of(const Value* body);

// Values by type. Each takes any value and answers nothing if it is not what is asked for.

/// Whether it is a number or a text that is, whole, a number.
bool is_numeric(const Value& value);
std::optional<std::int64_t> id_in(const Value& value);
std::optional<std::int64_t> quantity_in(const Value& value);
/// In hundredths.
std::optional<std::int64_t> amount_in(const Value& value);

}  // namespace lensart::model
