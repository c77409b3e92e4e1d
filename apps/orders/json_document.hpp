/// A whole JSON text, checked to its last byte, as a flat list of its values.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apps/orders/json_index.hpp"

namespace lensart::orders {

enum class JsonKind : std::uint8_t { kNull, kTrue, kFalse, kNumber, kText, kArray, kObject };

/// A value's place in the list, which is its place in the payload: a container stands before what
/// is in it. 0 is the top object.
using NodeId = std::uint32_t;

struct JsonNode {
  std::string_view key;   ///< in an object, unescaped; in an array empty
  std::string_view text;  ///< a text unescaped, any other value as it is spelt (containers: empty)
  NodeId parent = 0;
  NodeId end = 0;  ///< the next value that is not within this one
  std::uint32_t key_hash = 0;
  std::uint32_t place = 0;  ///< among the members of what it is in, from 0
  JsonKind kind = JsonKind::kNull;
  bool nul_in_key = false;
  bool nul_in_text = false;
};

/// The first eight bytes of a key, or all of them and zeros, and its last eight if it has as many:
/// together with its length the whole of one of up to sixteen.
struct KeyEnds {
  KeyEnds() = default;
  /// REQUIRES: 8 readable bytes at its start.
  explicit KeyEnds(std::string_view key) {
    std::memcpy(&first, key.data(), sizeof first);
    if (key.size() >= sizeof last) {
      std::memcpy(&last, key.data() + key.size() - sizeof last, sizeof last);
    } else {
      first &= (std::uint64_t{1} << (8 * key.size())) - 1;
    }
  }
  /// Equal keys have equal hashes.
  std::uint32_t hash(std::size_t size) const {
    const std::uint64_t mixed = (first ^ std::rotl(last, 29) ^ size << 56) * 0x9E37'79B9'7F4A'7C15;
    return static_cast<std::uint32_t>(mixed >> 32);
  }
  friend bool operator==(const KeyEnds&, const KeyEnds&) = default;

  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

/// The second of two fields of one name in one object.
struct RepeatedKey {
  NodeId first = 0;
  NodeId again = 0;
};

/// Rule 2 of docs/contract.md §2, and what the rules on keys and U+0000 need to know of every
/// value, whether anyone reads it or not.
///
/// Threads: one at a time. Lifetime: nodes and their views die at the next `parse`; keys and texts
/// without escapes point into the payload.
class JsonDocument {
 public:
  static constexpr std::size_t kMaxDepth = 32;
  static constexpr std::size_t kMaxPathBytes = 4096;
  /// How many bytes behind the payload must be readable.
  static constexpr std::size_t kPadding = 32;

  /// Nothing on success, else why the payload is no JSON object as the contract has it. Whatever
  /// bytes `payload` holds. After a failure there are no nodes.
  const char* parse(std::string_view payload);

  const std::vector<JsonNode>& nodes() const { return nodes_; }
  const JsonNode& node(NodeId id) const { return nodes_[id]; }
  /// In no particular order; of three fields of one name the second and the third.
  const std::vector<RepeatedKey>& repeated_keys() const { return repeated_keys_; }
  /// Values with U+0000 in their key or text, in the payload's order.
  const std::vector<NodeId>& nul_nodes() const { return nul_nodes_; }

  bool is_empty(NodeId id) const { return nodes_[id].end == id + 1; }

  /// `data.order_details[2].quantity`; empty for the top object. Cut after kMaxPathBytes: keys may
  /// be as long as the payload, and a column takes 255 code points of them.
  std::string path_of(NodeId id) const;

 private:
  class Walk;

  struct KeyRef {
    std::uint32_t hash;
    NodeId node;
  };

  char* scratch_for(std::size_t payload_bytes);
  void find_repeated_keys(NodeId object);

  JsonIndex index_;
  std::vector<JsonNode> nodes_;
  std::vector<RepeatedKey> repeated_keys_;
  std::vector<NodeId> nul_nodes_;
  std::vector<KeyRef> keys_;
  std::unique_ptr<char[]> scratch_;
  std::size_t scratch_bytes_ = 0;
};

}  // namespace lensart::orders
