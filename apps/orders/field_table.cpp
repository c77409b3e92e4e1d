#include "apps/orders/field_table.hpp"

namespace lensart::orders {
namespace {

constexpr std::size_t kIdColumn = 100;
constexpr std::size_t kStatusColumn = 50;
constexpr std::size_t kNameColumn = 255;

/// In the order of FieldId.
constexpr std::array<FieldSpec, kEventFields + kLineFields> kSpecs = {{
    {"event_type", FieldType::kText, 0},
    {"event_id", FieldType::kText, kIdColumn},
    {"timestamp", FieldType::kText, 0},
    {"data", FieldType::kObject, 0},
    {"order_id", FieldType::kNumber, 0},
    {"id", FieldType::kNumber, 0},
    {"old_status", FieldType::kText, kStatusColumn},
    {"new_status", FieldType::kText, kStatusColumn},
    {"new_payment_status", FieldType::kText, kStatusColumn},
    {"order", FieldType::kObject, 0},
    {"id", FieldType::kNumber, 0},
    {"user_id", FieldType::kNumber, 0},
    {"branch_id", FieldType::kNumber, 0},
    {"date", FieldType::kText, 0},
    {"address", FieldType::kText, 0},
    {"note", FieldType::kText, 0},
    {"coupon_id", FieldType::kNumber, 0},
    {"total_price", FieldType::kNumber, 0},
    {"order_status", FieldType::kText, kStatusColumn},
    {"payment_status", FieldType::kText, kStatusColumn},
    {"payment_method", FieldType::kText, kStatusColumn},
    {"user", FieldType::kObject, 0},
    {"name", FieldType::kText, kNameColumn},
    {"email", FieldType::kText, kNameColumn},
    {"branch", FieldType::kObject, 0},
    {"name", FieldType::kText, kNameColumn},
    {"address", FieldType::kText, 0},
    {"order_details", FieldType::kArray, 0},
    {"product_id", FieldType::kNumber, 0},
    {"product_name", FieldType::kText, kNameColumn},
    {"color", FieldType::kText, kStatusColumn},
    {"quantity", FieldType::kNumber, 0},
    {"total_price", FieldType::kNumber, 0},
    {"price", FieldType::kNumber, 0},
}};

/// An empty PHP array is `[]` even where an object is meant (docs/contract.md §1).
bool is_object_or_empty_array(const JsonDocument& document, NodeId id) {
  const JsonKind kind = document.node(id).kind;
  return kind == JsonKind::kObject || (kind == JsonKind::kArray && document.is_empty(id));
}

bool take_number(const JsonNode& node, Field& field) {
  if (node.kind != JsonKind::kNumber && node.kind != JsonKind::kText) return false;
  const auto number =
      node.kind == JsonKind::kText ? parse_numeric_string(node.text) : parse_decimal(node.text);
  if (number) field.number = *number;
  return number.has_value();
}

}  // namespace

const FieldSpec& spec_of(FieldId id) { return kSpecs[static_cast<std::size_t>(id)]; }

FieldTable::Scope::Scope(std::initializer_list<FieldId> ids) {
  for (const FieldId id : ids) {
    const std::string_view name = spec_of(id).name;
    std::array<char, 32> padded{};
    name.copy(padded.data(), padded.size());
    const KeyEnds ends({padded.data(), name.size()});
    std::size_t at = ends.hash(name.size()) % kSlots;
    while (!slots_[at].name.empty()) at = (at + 1) % kSlots;
    slots_[at] = {name, ends, id};
  }
}

const FieldId* FieldTable::Scope::find(const JsonNode& node) const {
  const KeyEnds ends(node.key);
  for (std::size_t at = node.key_hash % kSlots; !slots_[at].name.empty(); at = (at + 1) % kSlots) {
    const Slot& slot = slots_[at];
    if (slot.name.size() != node.key.size() || slot.ends != ends) continue;
    if (node.key.size() <= sizeof(KeyEnds) || slot.name == node.key) return &slot.id;
  }
  return nullptr;
}

FieldTable::FieldTable()
    : envelope_({FieldId::kEventType, FieldId::kEventId, FieldId::kTimestamp, FieldId::kData}),
      order_ids_({FieldId::kOrderId, FieldId::kId}),
      snapshot_body_({FieldId::kOrderId, FieldId::kId, FieldId::kUserId, FieldId::kBranchId,
                      FieldId::kDate, FieldId::kAddress, FieldId::kNote, FieldId::kCouponId,
                      FieldId::kTotalPrice, FieldId::kOrderStatus, FieldId::kPaymentStatus,
                      FieldId::kPaymentMethod, FieldId::kUser, FieldId::kBranch,
                      FieldId::kOrderDetails}),
      status_body_({FieldId::kOrderId, FieldId::kId, FieldId::kOldStatus, FieldId::kNewStatus,
                    FieldId::kOrder}),
      payment_body_({FieldId::kOrderId, FieldId::kId, FieldId::kNewPaymentStatus, FieldId::kOrder}),
      nested_snapshot_({FieldId::kSnapshotId, FieldId::kUserId, FieldId::kBranchId, FieldId::kDate,
                        FieldId::kAddress, FieldId::kNote, FieldId::kCouponId, FieldId::kTotalPrice,
                        FieldId::kOrderStatus, FieldId::kPaymentStatus, FieldId::kPaymentMethod,
                        FieldId::kUser, FieldId::kBranch, FieldId::kOrderDetails}),
      user_({FieldId::kUserName, FieldId::kUserEmail}),
      branch_({FieldId::kBranchName, FieldId::kBranchAddress}),
      line_({FieldId::kProductId, FieldId::kProductName, FieldId::kColor, FieldId::kQuantity,
             FieldId::kLineTotal, FieldId::kPrice}) {}

void FieldTable::read_envelope(const JsonDocument& document) {
  fields_.fill(Field{});
  lines_.clear();
  misfits_.clear();
  has_snapshot_ = false;
  read_object(document, 0, envelope_, *this);
  const Field& data = (*this)[FieldId::kData];
  is_flat_ = data.state == FieldState::kAbsent;
  has_body_ = data.state != FieldState::kWrong;
  body_ = is_flat_ ? 0 : data.node;
}

void FieldTable::read_order_ids(const JsonDocument& document) {
  if (has_body_) read_object(document, body_, order_ids_, *this);
}

void FieldTable::read_body(const JsonDocument& document, EventType type) {
  if (!has_body_) return;
  switch (type) {
    case EventType::kCreated:
    case EventType::kUpdated:
    case EventType::kCancelled:
      read_snapshot(document, body_, snapshot_body_);
      return;
    case EventType::kStatusChanged:
      read_object(document, body_, status_body_, *this);
      break;
    case EventType::kPaymentStatusChanged:
      read_object(document, body_, payment_body_, *this);
      break;
  }
  const Field& order = (*this)[FieldId::kOrder];
  if (order.is_good() && !document.is_empty(order.node)) {
    read_snapshot(document, order.node, nested_snapshot_);
  }
}

void FieldTable::read_snapshot(const JsonDocument& document, NodeId object, const Scope& scope) {
  has_snapshot_ = true;
  snapshot_ = object;
  read_object(document, object, scope, *this);
  const Field& user = (*this)[FieldId::kUser];
  if (user.is_good()) read_object(document, user.node, user_, *this);
  const Field& branch = (*this)[FieldId::kBranch];
  if (branch.is_good()) read_object(document, branch.node, branch_, *this);
  const Field& details = (*this)[FieldId::kOrderDetails];
  if (details.is_good()) read_lines(document, details.node);
}

void FieldTable::read_lines(const JsonDocument& document, NodeId array) {
  for (NodeId id = array + 1; id != document.node(array).end; id = document.node(id).end) {
    if (!is_object_or_empty_array(document, id)) {  // null too (§1)
      misfits_.push_back({id, "an object"});
      continue;
    }
    LineFields& line = lines_.emplace_back();
    line.node = id;
    read_object(document, id, line_, line);
  }
}

template <class Fields>
void FieldTable::read_object(const JsonDocument& document, NodeId object, const Scope& scope,
                             Fields& fields) {
  // An array here is an empty one, which has no members to look at.
  for (NodeId id = object + 1; id != document.node(object).end; id = document.node(id).end) {
    const FieldId* known = scope.find(document.node(id));
    if (known != nullptr) place(document, id, spec_of(*known), fields[*known]);
  }
}

void FieldTable::place(const JsonDocument& document, NodeId id, const FieldSpec& spec,
                       Field& field) {
  const JsonNode& node = document.node(id);
  const bool is_repeated = field.node != 0;
  field.node = id;
  const char* wanted = nullptr;
  if (node.kind != JsonKind::kNull) {
    switch (spec.type) {
      case FieldType::kText:
        if (node.kind != JsonKind::kText) wanted = "a text";
        field.text = node.text;
        break;
      case FieldType::kNumber:
        if (!take_number(node, field)) wanted = "a number, or a text that is one";
        break;
      case FieldType::kObject:
        if (!is_object_or_empty_array(document, id)) wanted = "an object";
        break;
      case FieldType::kArray:
        if (node.kind != JsonKind::kArray) wanted = "an array";
        break;
    }
    field.state = wanted == nullptr ? FieldState::kGood : FieldState::kWrong;
  }
  if (wanted != nullptr) misfits_.push_back({id, wanted});
  // The document has noted it; even one that is null the second time must not pass for the other.
  if (is_repeated) field.state = FieldState::kWrong;
}

}  // namespace lensart::orders
