#include "apps/orders/json_document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "apps/orders/json_number.hpp"
#include "apps/orders/json_text.hpp"

namespace lensart::orders {
namespace {

/// Buffers grown for a rare giant are given back for the payloads after it.
constexpr std::size_t kKeptNodes = 16 * 1024;
constexpr std::size_t kKeptScratchBytes = 2 * 1024 * 1024;

constexpr bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

template <class T>
void empty(std::vector<T>& list) {
  if (list.capacity() > kKeptNodes) {
    list = std::vector<T>();
  } else {
    list.clear();
  }
}

/// The end of the last whole code point before `limit`.
std::size_t end_of_code_points(std::string_view text, std::size_t limit) {
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80) --limit;
  return limit;
}

}  // namespace

/// One pass over the tokens. Every token is looked at, and every byte of every scalar.
class JsonDocument::Walk {
 public:
  Walk(JsonDocument& document, std::string_view payload)
      : document_(document),
        bytes_(payload.data()),
        size_(payload.size()),
        tokens_(document.index_.tokens()),
        scratch_(document.scratch_for(payload.size())) {}

  /// Nothing on success, else what is wrong.
  const char* run() {
    document_.nodes_.emplace_back();
    if (current() != '{') return "the payload is not an object";
    bool sound = enter(0, JsonKind::kObject) != Step::kBroken;
    while (sound && depth_ > 0) sound = member();
    if (sound && token_ != tokens_.size()) sound = broken("something follows the object");
    return sound ? nullptr : error_;
  }

 private:
  enum class Step : std::uint8_t { kBroken, kEntered, kDone };

  struct Open {
    NodeId node;
    bool is_object;
    bool may_repeat;
    std::uint32_t members;
    std::array<std::uint64_t, 8> seen;  ///< a bit of each key's hash; no two alike, no key repeated
  };

  bool broken(const char* error) {
    error_ = error;
    return false;
  }

  // No byte that may begin a token is U+0000, so it stands for the end.
  char current() const { return token_ < tokens_.size() ? bytes_[tokens_[token_]] : '\0'; }

  /// The token at hand, without the white space behind it.
  std::string_view scalar() const {
    const std::size_t from = tokens_[token_];
    std::size_t end = token_ + 1 < tokens_.size() ? tokens_[token_ + 1] : size_;
    while (is_blank(bytes_[end - 1])) --end;  // stops at `from`, which is not blank
    return {bytes_ + from, end - from};
  }

  /// One field or element, and the comma or the brackets behind it.
  bool member() {
    Open& in = open_[depth_ - 1];
    const auto id = static_cast<NodeId>(document_.nodes_.size());
    JsonNode& node = document_.nodes_.emplace_back();
    node.parent = in.node;
    node.place = in.members++;
    if (in.is_object) {
      if (current() != '"') return broken("a field's name is missing");
      if (!text(node.key, node.nul_in_key)) return false;
      node.key_hash = KeyEnds(node.key).hash(node.key.size());
      note_key(in, node.key_hash);
      if (current() != ':') return broken("a field's name has no colon behind it");
      ++token_;
    }
    const Step step = value(id, node);
    if (node.nul_in_key || node.nul_in_text) [[unlikely]]
      document_.nul_nodes_.push_back(id);
    if (step != Step::kDone) return step == Step::kEntered;
    return after_value();
  }

  static void note_key(Open& in, std::uint32_t hash) {
    std::uint64_t& word = in.seen[hash >> 29];
    const std::uint64_t bit = std::uint64_t{1} << (hash >> 23 & 63);
    in.may_repeat |= (word & bit) != 0;
    word |= bit;
  }

  Step value(NodeId id, JsonNode& node) {
    bool sound = false;
    switch (current()) {
      case '{':
        return enter(id, JsonKind::kObject);
      case '[':
        return enter(id, JsonKind::kArray);
      case '"':
        node.kind = JsonKind::kText;
        sound = text(node.text, node.nul_in_text);
        break;
      case 't':
        sound = literal(node, JsonKind::kTrue, "true");
        break;
      case 'f':
        sound = literal(node, JsonKind::kFalse, "false");
        break;
      case 'n':
        sound = literal(node, JsonKind::kNull, "null");
        break;
      default:
        sound = number(node);
    }
    node.end = id + 1;
    return sound ? Step::kDone : Step::kBroken;
  }

  /// Steps into a container, or over it if it is empty.
  Step enter(NodeId id, JsonKind kind) {
    if (depth_ == kMaxDepth) {
      broken("objects and arrays are nested more than 32 deep");
      return Step::kBroken;
    }
    document_.nodes_[id].kind = kind;
    open_[depth_++] = {id, kind == JsonKind::kObject, false, 0, {}};
    ++token_;
    if (current() != closing_bracket()) return Step::kEntered;
    leave();
    return Step::kDone;
  }

  char closing_bracket() const { return open_[depth_ - 1].is_object ? '}' : ']'; }

  void leave() {
    const Open& closed = open_[--depth_];
    document_.nodes_[closed.node].end = static_cast<NodeId>(document_.nodes_.size());
    if (closed.may_repeat) document_.find_repeated_keys(closed.node);
    ++token_;
  }

  bool after_value() {
    while (depth_ > 0) {
      if (current() == ',') {
        ++token_;
        return true;
      }
      if (current() != closing_bracket()) return broken("a comma or a closing bracket is missing");
      leave();
    }
    return true;
  }

  /// REQUIRES: the token at hand begins with a quote.
  bool text(std::string_view& out, bool& has_nul) {
    const std::string_view quoted = scalar();
    // The index has seen to it that a string is closed, and that what follows it is a token.
    if (quoted.size() < 2 || quoted.back() != '"') return broken("a string is not closed");
    ++token_;
    out = quoted.substr(1, quoted.size() - 2);
    if (!has_escape(out)) return true;
    const Unescaped unescaped = unescape(out, scratch_);
    if (unescaped.end == nullptr) return broken("a string holds an escape that is no character");
    out = {scratch_, static_cast<std::size_t>(unescaped.end - scratch_)};
    scratch_ = unescaped.end;
    has_nul = unescaped.has_nul;
    return true;
  }

  bool literal(JsonNode& node, JsonKind kind, std::string_view spelling) {
    node.kind = kind;
    node.text = scalar();
    ++token_;
    return node.text == spelling || broken("a value is none of JSON's");
  }

  bool number(JsonNode& node) {
    if (token_ == tokens_.size()) return broken("the payload ends within the object");
    node.kind = JsonKind::kNumber;
    node.text = scalar();
    ++token_;
    return parse_decimal(node.text).has_value() ||
           broken("a value is none of JSON's, or a number that takes more than 1000 digits");
  }

  JsonDocument& document_;
  const char* bytes_;
  std::size_t size_;
  std::span<const std::uint32_t> tokens_;
  std::size_t token_ = 0;
  char* scratch_;
  const char* error_ = nullptr;
  std::size_t depth_ = 0;
  std::array<Open, kMaxDepth> open_;  // written before it is read
};

const char* JsonDocument::parse(std::string_view payload) {
  empty(nodes_);
  empty(repeated_keys_);
  empty(nul_nodes_);
  const char* error = index_.build(payload);
  if (error == nullptr) error = Walk(*this, payload).run();
  if (error != nullptr) nodes_.clear();
  return error;
}

/// Texts never grow when unescaped, so what the payload takes is enough for all of them.
char* JsonDocument::scratch_for(std::size_t payload_bytes) {
  const std::size_t needed = payload_bytes + kTextPadding;
  const bool oversized = scratch_bytes_ > kKeptScratchBytes && needed <= kKeptScratchBytes;
  if (needed > scratch_bytes_ || oversized) {
    scratch_bytes_ = std::max<std::size_t>(std::bit_ceil(needed), 4096);
    scratch_.reset(new char[scratch_bytes_]);
  }
  return scratch_.get();
}

void JsonDocument::find_repeated_keys(NodeId object) {
  const NodeId end = nodes_[object].end;
  for (NodeId id = object + 1; id != end; id = nodes_[id].end) {
    keys_.push_back({nodes_[id].key_hash, id});
  }
  // Sorted by hash, spelling and place, fields of one name stand side by side.
  std::sort(keys_.begin(), keys_.end(), [this](const KeyRef& left, const KeyRef& right) {
    if (left.hash != right.hash) return left.hash < right.hash;
    const int spelling = nodes_[left.node].key.compare(nodes_[right.node].key);
    return spelling != 0 ? spelling < 0 : left.node < right.node;
  });
  for (std::size_t i = 1; i < keys_.size(); ++i) {
    if (nodes_[keys_[i - 1].node].key == nodes_[keys_[i].node].key) {
      repeated_keys_.push_back({keys_[i - 1].node, keys_[i].node});
    }
  }
  empty(keys_);
}

std::string JsonDocument::path_of(NodeId id) const {
  std::array<NodeId, kMaxDepth> way;  // from the value up to the field of the top object
  std::size_t steps = 0;
  for (; id != 0; id = nodes_[id].parent) way[steps++] = id;
  std::string path;
  while (steps > 0 && path.size() < kMaxPathBytes) {
    const JsonNode& node = nodes_[way[--steps]];
    if (nodes_[node.parent].kind == JsonKind::kArray) {
      path += fmt::format("[{}]", node.place);
    } else {
      if (node.parent != 0) path += '.';
      path += node.key.substr(0, kMaxPathBytes + 1);
    }
  }
  if (path.size() > kMaxPathBytes) path.resize(end_of_code_points(path, kMaxPathBytes));
  return path;
}

}  // namespace lensart::orders
