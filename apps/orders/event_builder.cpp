#include "apps/orders/event_builder.hpp"

#include <openssl/evp.h>

#include <array>
#include <cstdlib>

namespace lensart::orders {
namespace {

constexpr std::string_view kDerivedPrefix = "hash_";
constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::size_t kDigestBytes = 32;

std::string_view text_of(const Field& field, Arena& arena) { return arena.copy(field.text); }

Text optional_text_of(const Field& field, Arena& arena) {
  if (!field.is_good()) return std::nullopt;
  return arena.copy(field.text);
}

OptionalId optional_value_of(const Field& field) {
  if (!field.is_good()) return std::nullopt;
  return field.value;
}

Instant instant_of(const Field& field) { return Instant(std::chrono::microseconds(field.value)); }

}  // namespace

/// OpenSSL's digest with its context, which costs more to make than a small payload to hash.
class EventBuilder::Sha256 {
 public:
  using Digest = std::array<unsigned char, kDigestBytes>;

  Sha256() : context_(EVP_MD_CTX_new()), algorithm_(EVP_MD_fetch(nullptr, "SHA256", nullptr)) {}
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  ~Sha256() {
    EVP_MD_free(algorithm_);
    EVP_MD_CTX_free(context_);
  }

  Digest of(std::string_view bytes) {
    Digest digest{};
    // These fail only without memory or without the algorithm itself: then no id can be trusted.
    if (EVP_DigestInit_ex2(context_, algorithm_, nullptr) != 1 ||
        EVP_DigestUpdate(context_, bytes.data(), bytes.size()) != 1 ||
        EVP_DigestFinal_ex(context_, digest.data(), nullptr) != 1) {
      std::abort();
    }
    return digest;
  }

 private:
  EVP_MD_CTX* context_;
  EVP_MD* algorithm_;
};

EventBuilder::EventBuilder() : sha256_(std::make_unique<Sha256>()) {}
EventBuilder::~EventBuilder() = default;

void EventBuilder::build(const FieldTable& fields, EventType type, std::string_view payload,
                         Arena& arena, Event& event) {
  event = Event{};
  event.type = type;
  const Field& id = fields[FieldId::kEventId];
  // Absent, null or empty: derived (docs/contract.md §1).
  const bool has_id = id.is_good() && !id.text.empty();
  event.event_id = has_id ? text_of(id, arena) : derived_id(payload, arena);
  event.derived_id = !has_id;
  event.timestamp = instant_of(fields[FieldId::kTimestamp]);
  const Field& order_id = fields[FieldId::kOrderId];
  event.order_id = order_id.is_good() ? order_id.value : fields[FieldId::kId].value;
  if (type == EventType::kStatusChanged) {
    event.old_status = optional_text_of(fields[FieldId::kOldStatus], arena);
    event.new_status = text_of(fields[FieldId::kNewStatus], arena);
  }
  if (type == EventType::kPaymentStatusChanged) {
    event.new_payment_status = text_of(fields[FieldId::kNewPaymentStatus], arena);
  }
  event.has_snapshot = fields.has_snapshot();
  if (event.has_snapshot) build_snapshot(fields, arena, event.snapshot);
}

std::string_view EventBuilder::derived_id(std::string_view payload, Arena& arena) {
  std::array<char, kDerivedPrefix.size() + 2 * kDigestBytes> id{};
  char* to = id.data() + kDerivedPrefix.copy(id.data(), kDerivedPrefix.size());
  for (const unsigned char byte : sha256_->of(payload)) {
    *to++ = kHexDigits[byte >> 4];
    *to++ = kHexDigits[byte & 0x0F];
  }
  return arena.copy({id.data(), id.size()});
}

void EventBuilder::build_snapshot(const FieldTable& fields, Arena& arena, Snapshot& snapshot) {
  snapshot.user_id = optional_value_of(fields[FieldId::kUserId]);
  snapshot.user_name = optional_text_of(fields[FieldId::kUserName], arena);
  snapshot.user_email = optional_text_of(fields[FieldId::kUserEmail], arena);
  snapshot.branch_id = fields[FieldId::kBranchId].value;
  snapshot.branch_name = optional_text_of(fields[FieldId::kBranchName], arena);
  snapshot.branch_address = optional_text_of(fields[FieldId::kBranchAddress], arena);
  if (fields[FieldId::kDate].is_good()) snapshot.date = instant_of(fields[FieldId::kDate]);
  snapshot.address = optional_text_of(fields[FieldId::kAddress], arena);
  snapshot.note = optional_text_of(fields[FieldId::kNote], arena);
  snapshot.coupon_id = optional_value_of(fields[FieldId::kCouponId]);
  snapshot.total_price = fields[FieldId::kTotalPrice].value;
  snapshot.order_status = text_of(fields[FieldId::kOrderStatus], arena);
  snapshot.payment_status = text_of(fields[FieldId::kPaymentStatus], arena);
  snapshot.payment_method = optional_text_of(fields[FieldId::kPaymentMethod], arena);

  Line* line = arena.make<Line>(fields.lines().size());
  snapshot.lines = {line, fields.lines().size()};
  for (const LineFields& from : fields.lines()) {
    line->product_id = from[FieldId::kProductId].value;
    line->product_name = optional_text_of(from[FieldId::kProductName], arena);
    line->color = optional_text_of(from[FieldId::kColor], arena);
    line->quantity = from[FieldId::kQuantity].value;
    line->total_price = from[FieldId::kLineTotal].value;
    line->price = optional_value_of(from[FieldId::kPrice]);
    ++line;
  }
}

}  // namespace lensart::orders
