/// Parts of a JSON text that was read, written again.
#pragma once

#include <string>
#include <string_view>

#include "apps/orders/json_document.hpp"

namespace lensart::gateway {

/// `text` in quotes. Only what JSON demands is escaped; UTF-8 stays as it is.
void append_text(std::string& out, std::string_view text);

/// The value at `node` with all that is in it: the same value, numbers as they were spelt, members
/// in their order (those that stand twice, twice), no white space.
void append_value(std::string& out, const orders::JsonDocument& document, orders::NodeId node);

/// `"key":value` of a member of an object.
void append_member(std::string& out, const orders::JsonDocument& document, orders::NodeId node);

}  // namespace lensart::gateway
