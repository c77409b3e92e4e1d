#include "tests/model/rules.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <vector>

#include "tests/model/fields.hpp"
#include "tests/model/schema.hpp"
#include "tests/model/text.hpp"

namespace lensart::model {
namespace {

bool has_type(Role role, const Value& value) {
  switch (role) {
    case Role::kUnread:
      return true;
    case Role::kText:
    case Role::kInstant:
      return value.is(Value::Type::kString);
    case Role::kOrderId:
    case Role::kSnapshotId:
    case Role::kId:
    case Role::kAmount:
    case Role::kTotal:
    case Role::kQuantity:
      return is_numeric(value);
    case Role::kObject:
      return is_object(value);
    case Role::kLines:
      return value.is(Value::Type::kArray);
  }
  return false;
}

/// A field that means something and has its type, in the order of the payload.
struct KnownField {
  std::string path;
  Kind kind;
  const Value* value;
};

// Paths begin with a point while they grow, `.data.user`, so that a key that is empty shows, too.

std::string join(const std::string& path, const std::string& key) { return path + "." + key; }

std::string at_index(const std::string& path, std::size_t index) {
  return path + "[" + std::to_string(index) + "]";
}

/// Rule 5, in the order in which docs/contract.md §1 names the fields.
class MissingFields {
 public:
  static std::optional<Violation> first(const Value& top, EventType type) {
    MissingFields search;
    search.require(top, "", "timestamp");
    const Value* body = body_of(top);
    if (body == nullptr) return search.found_;
    const std::string path = body == &top ? "" : ".data";
    const bool status_event = is_status_event(type);
    if (is_missing(*body, "order_id") && is_missing(*body, "id")) {
      // Of its two names the one that this form of this event has.
      search.report(join(path, status_event || path.empty() ? "order_id" : "id"));
    }
    if (!status_event) {
      search.snapshot(*body, path);
      return search.found_;
    }
    search.require(*body, path,
                   type == EventType::kStatusChanged ? "new_status" : "new_payment_status");
    if (const Value* order = order_of(*body)) search.snapshot(*order, join(path, "order"));
    return search.found_;
  }

 private:
  void report(std::string path) {
    if (!found_) found_ = Violation{"missing_field", std::move(path)};
  }

  void require(const Value& object, const std::string& path, const std::string& key) {
    if (is_missing(object, key)) report(join(path, key));
  }

  void snapshot(const Value& object, const std::string& path) {
    for (const char* key : {"branch_id", "total_price", "order_status", "payment_status"}) {
      require(object, path, key);
    }
    const Value* lines = find(object, "order_details");
    if (lines == nullptr) return;
    for (std::size_t i = 0; i < lines->items.size(); ++i) {
      if (!is_object(lines->items[i])) continue;
      for (const char* key : {"product_id", "quantity", "total_price"}) {
        require(lines->items[i], at_index(join(path, "order_details"), i), key);
      }
    }
  }

  std::optional<Violation> found_;
};

/// Rule 6, and on the way a list of the known fields for the rules after it.
class TypeWalk {
 public:
  explicit TypeWalk(EventType type) : type_(type) {}

  void object(const Value& object, Scope scope, const std::string& path) {
    std::set<std::string_view> met;
    for (const Member& member : object.members) {
      const Kind kind = kind_of(scope, member.key, type_);
      const std::string member_path = join(path, member.key);
      if (!met.insert(member.key).second) {
        report(member_path);  // where it stands again
      } else if (times_standing(object, member.key) > 1) {
        own_type(member.value, kind, member_path);  // nothing inside a repeated field is judged
      } else {
        field(member.value, kind, member_path);
      }
    }
  }

  const std::vector<KnownField>& known() const { return known_; }
  const std::optional<Violation>& found() const { return found_; }

 private:
  void report(std::string path) {
    if (!found_) found_ = Violation{"bad_type", std::move(path)};
  }

  bool own_type(const Value& value, const Kind& kind, const std::string& path) {
    if (value.is(Value::Type::kNull) || has_type(kind.role, value)) return true;
    report(path);
    return false;
  }

  void field(const Value& value, const Kind& kind, const std::string& path) {
    if (kind.role == Role::kUnread) return unread(value, path);
    if (value.is(Value::Type::kNull) || !own_type(value, kind, path)) return;
    known_.push_back({path, kind, &value});
    if (kind.role == Role::kObject) object(value, kind.inside, path);
    if (kind.role == Role::kLines) {
      for (std::size_t i = 0; i < value.items.size(); ++i) {
        line(value.items[i], kind.inside, at_index(path, i));
      }
    }
  }

  void line(const Value& value, Scope scope, const std::string& path) {
    if (!is_object(value)) return report(path);
    object(value, scope, path);
  }

  void unread(const Value& value, const std::string& path) {
    if (value.is(Value::Type::kObject)) object(value, Scope::kUnread, path);
    for (std::size_t i = 0; i < value.items.size(); ++i) {
      unread(value.items[i], at_index(path, i));
    }
  }

  EventType type_;
  std::vector<KnownField> known_;
  std::optional<Violation> found_;
};

/// Rules 7 to 12, each over all known fields before the next.
class ValueRules {
 public:
  ValueRules(const Value& top, const std::vector<KnownField>& known, Instant now,
             const Settings& settings)
      : body_(*body_of(top)), known_(known), now_(now), settings_(settings) {}

  std::optional<Violation> first() const {
    using Rule = std::optional<Violation> (ValueRules::*)(const KnownField&) const;
    constexpr Rule kRules[] = {&ValueRules::bad_timestamp, &ValueRules::timestamp_in_future,
                               &ValueRules::bad_id,        &ValueRules::bad_price,
                               &ValueRules::bad_quantity,  &ValueRules::field_too_long};
    for (const Rule rule : kRules) {
      for (const KnownField& field : known_) {
        if (auto violation = (this->*rule)(field)) return violation;
      }
    }
    return std::nullopt;
  }

 private:
  std::optional<Violation> bad_timestamp(const KnownField& field) const {
    if (field.kind.role != Role::kInstant) return std::nullopt;
    if (parse_instant(field.value->text, settings_.zone)) return std::nullopt;
    return Violation{"bad_timestamp", field.path};
  }

  std::optional<Violation> timestamp_in_future(const KnownField& field) const {
    if (field.path != ".timestamp") return std::nullopt;
    if (*parse_instant(field.value->text, settings_.zone) <= now_ + settings_.max_future) {
      return std::nullopt;
    }
    return Violation{"timestamp_in_future", field.path};
  }

  std::optional<Violation> bad_id(const KnownField& field) const {
    const Role role = field.kind.role;
    if (role != Role::kId && role != Role::kOrderId && role != Role::kSnapshotId) {
      return std::nullopt;
    }
    const auto id = id_in(*field.value);
    if (!id) return Violation{"bad_id", field.path};
    if (role == Role::kSnapshotId) {
      const auto order_id = order_id_of(&body_);
      if (order_id && *order_id != *id) return Violation{"bad_id", field.path};
    }
    if (role == Role::kOrderId) return disagreeing_ids(*field.value);
    return std::nullopt;
  }

  /// `order_id` and `id` that differ are a fault of neither alone; it shows at the second of them.
  std::optional<Violation> disagreeing_ids(const Value& this_one) const {
    const Value* order_id = find(body_, "order_id");
    const Value* id = find(body_, "id");
    if (order_id == nullptr || id == nullptr) return std::nullopt;
    // Members lie in one array, in the payload's order.
    if (&this_one != std::max(order_id, id)) return std::nullopt;
    const auto one = id_in(*order_id);
    const auto other = id_in(*id);
    if (!one || !other || *one == *other) return std::nullopt;
    return Violation{"bad_id", ""};
  }

  std::optional<Violation> bad_price(const KnownField& field) const {
    const bool total = field.kind.role == Role::kTotal;
    if (!total && field.kind.role != Role::kAmount) return std::nullopt;
    const auto amount = amount_in(*field.value);
    const bool free = total && amount && *amount == 0 && !settings_.allow_zero_total;
    if (amount && !free) return std::nullopt;
    return Violation{"bad_price", field.path};
  }

  std::optional<Violation> bad_quantity(const KnownField& field) const {
    if (field.kind.role != Role::kQuantity || quantity_in(*field.value)) return std::nullopt;
    return Violation{"bad_quantity", field.path};
  }

  std::optional<Violation> field_too_long(const KnownField& field) const {
    if (field.kind.role != Role::kText || field.kind.limit == kUnlimited) return std::nullopt;
    if (count_code_points(to_nfc(field.value->text)) <= field.kind.limit) return std::nullopt;
    return Violation{"field_too_long", field.path};
  }

  const Value& body_;
  const std::vector<KnownField>& known_;
  Instant now_;
  const Settings& settings_;
};

/// Rule 13: the path of the first text or key with U+0000, read or not.
std::optional<std::string> find_nul(const Value& value, const std::string& path) {
  if (value.text.find('\0') != std::string::npos) return path;
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    if (auto found = find_nul(value.items[i], at_index(path, i))) return found;
  }
  for (const Member& member : value.members) {
    const std::string member_path = join(path, member.key);
    if (member.key.find('\0') != std::string::npos) return member_path;
    if (auto found = find_nul(member.value, member_path)) return found;
  }
  return std::nullopt;
}

std::optional<Violation> find_violation(const Value& top, EventType type, Instant now,
                                        const Settings& settings) {
  if (auto missing = MissingFields::first(top, type)) return missing;
  TypeWalk walk(type);
  const bool flat = is_missing(top, "data");
  walk.object(top, flat ? Scope::kFlat : Scope::kEnvelope, "");
  if (walk.found()) return walk.found();
  if (auto broken = ValueRules(top, walk.known(), now, settings).first()) return broken;
  if (auto path = find_nul(top, "")) return Violation{"nul_in_text", *path};
  return std::nullopt;
}

}  // namespace

std::optional<Violation> first_violation(const Value& top, EventType type, Instant now,
                                         const Settings& settings) {
  auto violation = find_violation(top, type, now, settings);
  if (violation && !violation->field.empty()) violation->field.erase(0, 1);
  return violation;
}

}  // namespace lensart::model
