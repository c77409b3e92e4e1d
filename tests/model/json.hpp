/// A reader of JSON for the reference model: RFC 8259 to the letter, nothing skipped, and a tree
/// that keeps what others throw away: repeated keys, their order, and each number as it is spelt.
///
/// It shares no code with the program, so that the two can be held against each other.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lensart::model {

struct Member;

struct Value {
  enum class Type { kNull, kBool, kNumber, kString, kArray, kObject };

  Type type = Type::kNull;
  bool boolean = false;
  std::string text;             ///< kNumber: as spelt; kString: unescaped, UTF-8
  std::vector<Value> items;     ///< kArray
  std::vector<Member> members;  ///< kObject, in the order written, repeated keys included

  bool is(Type wanted) const { return type == wanted; }
};

struct Member {
  std::string key;  ///< unescaped
  Value value;
};

/// The limits of docs/contract.md §2, rule 2.
inline constexpr int kMaxDepth = 32;
inline constexpr long kMaxNumberDigits = 1000;

/// The one value that `text` holds, or nothing if it breaks rule 2 (other than by not being an
/// object, which is the caller's to ask).
std::optional<Value> parse_json(std::string_view text);

/// Whether `text` is, whole, a number by the grammar of RFC 8259.
bool is_json_number(std::string_view text);

/// The value in a form that two spellings share: members sorted by key, numbers by value, no white
/// space. Of a repeated key the last one counts, as in JSONB.
std::string canonical_json(const Value& value);

}  // namespace lensart::model
