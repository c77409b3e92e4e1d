#include "tests/model/schema.hpp"

#include <initializer_list>
#include <utility>

namespace lensart::model {
namespace {

constexpr std::size_t kEventIdLimit = 100;
constexpr std::size_t kStatusLimit = 50;
constexpr std::size_t kColorLimit = 50;
constexpr std::size_t kNameLimit = 255;

using Fields = std::initializer_list<std::pair<std::string_view, Kind>>;

Kind look_up(const Fields& fields, std::string_view key) {
  for (const auto& [name, kind] : fields) {
    if (name == key) return kind;
  }
  return {};
}

Kind snapshot_field(std::string_view key) {
  static const Fields kFields = {
      {"user_id", {Role::kId}},
      {"branch_id", {Role::kId}},
      {"date", {Role::kInstant}},
      {"address", {Role::kText}},
      {"note", {Role::kText}},
      {"coupon_id", {Role::kId}},
      {"total_price", {Role::kTotal}},
      {"order_status", {Role::kText, kStatusLimit}},
      {"payment_status", {Role::kText, kStatusLimit}},
      {"payment_method", {Role::kText, kStatusLimit}},
      {"user", {Role::kObject, kUnlimited, Scope::kUser}},
      {"branch", {Role::kObject, kUnlimited, Scope::kBranch}},
      {"order_details", {Role::kLines, kUnlimited, Scope::kLine}},
  };
  return look_up(kFields, key);
}

Kind body_field(std::string_view key, EventType type) {
  if (key == "order_id" || key == "id") return {Role::kOrderId};
  if (!is_status_event(type)) return snapshot_field(key);
  if (key == "order") return {Role::kObject, kUnlimited, Scope::kOrder};
  if (type == EventType::kStatusChanged && (key == "old_status" || key == "new_status")) {
    return {Role::kText, kStatusLimit};
  }
  if (type == EventType::kPaymentStatusChanged && key == "new_payment_status") {
    return {Role::kText, kStatusLimit};
  }
  return {};
}

Kind envelope_field(std::string_view key) {
  static const Fields kFields = {
      {"event_type", {Role::kText}},
      {"event_id", {Role::kText, kEventIdLimit}},
      {"timestamp", {Role::kInstant}},
      {"data", {Role::kObject, kUnlimited, Scope::kBody}},
  };
  return look_up(kFields, key);
}

Kind line_field(std::string_view key) {
  static const Fields kFields = {
      {"product_id", {Role::kId}},           {"product_name", {Role::kText, kNameLimit}},
      {"color", {Role::kText, kColorLimit}}, {"quantity", {Role::kQuantity}},
      {"total_price", {Role::kAmount}},      {"price", {Role::kAmount}},
  };
  return look_up(kFields, key);
}

}  // namespace

bool is_status_event(EventType type) {
  return type == EventType::kStatusChanged || type == EventType::kPaymentStatusChanged;
}

Kind kind_of(Scope scope, std::string_view key, EventType type) {
  switch (scope) {
    case Scope::kEnvelope:
      return envelope_field(key);
    case Scope::kFlat: {
      const Kind kind = envelope_field(key);
      return kind.role == Role::kUnread ? body_field(key, type) : kind;
    }
    case Scope::kBody:
      return body_field(key, type);
    case Scope::kOrder:
      return key == "id" ? Kind{Role::kSnapshotId} : snapshot_field(key);
    case Scope::kUser:
      return look_up({{"name", {Role::kText, kNameLimit}}, {"email", {Role::kText, kNameLimit}}},
                     key);
    case Scope::kBranch:
      return look_up({{"name", {Role::kText, kNameLimit}}, {"address", {Role::kText}}}, key);
    case Scope::kLine:
      return line_field(key);
    case Scope::kUnread:
      return {};
  }
  return {};
}

}  // namespace lensart::model
