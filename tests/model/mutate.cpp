#include "tests/model/mutate.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>
#include <vector>

#include "tests/corpus/payload.hpp"
#include "tests/model/json.hpp"
#include "tests/model/nuisances.hpp"

namespace lensart::model {
namespace {

using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t bound) {
  return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
}

bool one_in(Random& random, std::size_t n) { return below(random, n) == 0; }

template <class Container>
const auto& one_of(Random& random, const Container& container) {
  return *(std::begin(container) +
           static_cast<std::ptrdiff_t>(below(random, std::size(container))));
}

constexpr std::array<const char*, 42> kKeys = {"event_type",
                                               "event_id",
                                               "timestamp",
                                               "data",
                                               "id",
                                               "order_id",
                                               "user_id",
                                               "branch_id",
                                               "date",
                                               "address",
                                               "note",
                                               "coupon_id",
                                               "total_price",
                                               "order_status",
                                               "payment_status",
                                               "payment_method",
                                               "status",
                                               "user",
                                               "branch",
                                               "order_details",
                                               "metadata",
                                               "name",
                                               "email",
                                               "product_id",
                                               "product_name",
                                               "color",
                                               "quantity",
                                               "price",
                                               "old_status",
                                               "new_status",
                                               "old_payment_status",
                                               "new_payment_status",
                                               "order",
                                               "x",
                                               "",
                                               "\\u0000",
                                               "\\u0069d",
                                               "é",
                                               "e\xCC\x81",
                                               "a.b",
                                               "da\\u0074a",
                                               "timestamp "};

/// A tree of raw text: leaves are JSON as spelt, so that anything can be put in anywhere.
struct Node {
  enum class Type { kLeaf, kObject, kArray };
  Type type = Type::kLeaf;
  std::string raw;
  std::vector<std::pair<std::string, Node>> members;  ///< an array's have no key
};

void append_raw_text(std::string& out, const std::string& text, Random& random) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool must = byte < 0x20 || c == '"' || c == '\\';
    if (byte < 0x80 && (must || one_in(random, 200))) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

std::string spelt(const std::string& text, Random& random) {
  std::string raw;
  append_raw_text(raw, text, random);
  return raw;
}

Node to_node(const Value& value, Random& random) {
  Node node;
  switch (value.type) {
    case Value::Type::kNull:
      node.raw = "null";
      break;
    case Value::Type::kBool:
      node.raw = value.boolean ? "true" : "false";
      break;
    case Value::Type::kNumber:
      node.raw = value.text;
      break;
    case Value::Type::kString:
      node.raw = spelt(value.text, random);
      break;
    case Value::Type::kArray:
      node.type = Node::Type::kArray;
      for (const Value& item : value.items) node.members.emplace_back("", to_node(item, random));
      break;
    case Value::Type::kObject:
      node.type = Node::Type::kObject;
      for (const Member& member : value.members) {
        const std::string quoted = spelt(member.key, random);
        node.members.emplace_back(quoted.substr(1, quoted.size() - 2),
                                  to_node(member.value, random));
      }
      break;
  }
  return node;
}

void print(std::string& out, const Node& node, Random& random) {
  const auto blank = [&] {
    if (one_in(random, 400)) out += one_of(random, std::array{" ", "\n", "\t", "\r", "\v"});
  };
  if (node.type == Node::Type::kLeaf) {
    out += node.raw;
    return;
  }
  const bool object = node.type == Node::Type::kObject;
  out += object ? '{' : '[';
  for (std::size_t i = 0; i < node.members.size(); ++i) {
    if (i > 0) out += ',';
    blank();
    if (object) out += '"' + node.members[i].first + "\":";
    blank();
    print(out, node.members[i].second, random);
    blank();
  }
  out += object ? '}' : ']';
}

/// All objects and arrays of the tree that have members.
void collect(Node& node, std::vector<Node*>& containers) {
  if (!node.members.empty()) containers.push_back(&node);
  for (auto& [key, child] : node.members) collect(child, containers);
}

void mutate_tree(Node& root, Random& random) {
  std::vector<Node*> containers;
  collect(root, containers);
  if (containers.empty()) return;
  auto& members = one_of(random, containers)->members;
  const std::size_t at = below(random, members.size());
  const auto other = static_cast<std::ptrdiff_t>(below(random, members.size()));
  switch (below(random, 12)) {
    case 0:
      members.erase(members.begin() + static_cast<std::ptrdiff_t>(at));
      break;
    case 1: {
      auto copy = members[at];
      members.insert(members.begin() + other, std::move(copy));
      break;
    }
    case 2:
      std::swap(members[at], members[static_cast<std::size_t>(other)]);
      break;
    case 3:
      std::swap(members[at].second, members[static_cast<std::size_t>(other)].second);
      break;
    case 4:
      members[at].first = one_of(random, kKeys);
      break;
    case 5:
      members.insert(
          members.begin() + other,
          {one_of(random, kKeys), Node{Node::Type::kLeaf, one_of(random, nuisances()), {}}});
      break;
    case 6: {
      Node* elsewhere = one_of(random, containers);
      if (elsewhere == &root || !elsewhere->members.empty()) {
        Node copy = one_of(random, elsewhere->members).second;
        members[at].second = std::move(copy);
      }
      break;
    }
    default:
      members[at].second = Node{Node::Type::kLeaf, one_of(random, nuisances()), {}};
  }
}

void mutate_bytes(std::string& bytes, Random& random) {
  if (bytes.empty()) return;
  const std::size_t at = below(random, bytes.size());
  const std::size_t length = std::min(below(random, 8) + 1, bytes.size() - at);
  switch (below(random, 7)) {
    case 0:
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(random, 8)));
      break;
    case 1:
      bytes[at] = static_cast<char>(below(random, 256));
      break;
    case 2:
      bytes.erase(at, length);
      break;
    case 3:
      bytes.insert(at, bytes.substr(at, length));
      break;
    case 4:
      bytes.resize(at);
      break;
    case 5:
      bytes.insert(at, 1,
                   one_of(random, std::string("{}[],:\"\\ \t\n0123456789eE+-.untf\x80\xC3\xED")));
      break;
    default:
      bytes[at] = one_of(random, std::string("{}[],:\"\\ 0123456789eE+-.u\xF0\x9F"));
  }
}

corpus::Draft any_draft(Random& random) {
  using corpus::good_snapshot;
  switch (below(random, 8)) {
    case 0:
      return corpus::updated();
    case 1:
      return corpus::cancelled();
    case 2:
      return corpus::status_changed();
    case 3:
      return corpus::payment_changed();
    case 4:
      return corpus::status_changed_with(good_snapshot());
    case 5:
      return corpus::payment_changed().data("order", good_snapshot().text());
    default:
      return corpus::created();
  }
}

}  // namespace

Mutator::Payload Mutator::next() {
  corpus::Draft draft = any_draft(random_);
  if (one_in(random_, 4)) draft = draft.flat();
  if (one_in(random_, 8)) draft = draft.top_without("event_id");
  std::string text = draft.text();
  for (std::size_t at = text.find("@ORDER@"); at != std::string::npos; at = text.find("@ORDER@")) {
    text.replace(at, 7, "42");
  }
  Payload payload;
  payload.topic = one_in(random_, 40) ? static_cast<TopicKind>(below(random_, 4)) : draft.topic();
  Node root = to_node(parse_json(text).value(), random_);
  for (std::size_t i = below(random_, 4); i > 0; --i) mutate_tree(root, random_);
  print(payload.bytes, root, random_);
  if (one_in(random_, 5)) {
    for (std::size_t i = below(random_, 3) + 1; i > 0; --i) mutate_bytes(payload.bytes, random_);
  }
  return payload;
}

}  // namespace lensart::model
