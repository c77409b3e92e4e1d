#include "apps/orders/event_builder.hpp"

#include <openssl/evp.h>

#include <array>
#include <cstdlib>
#include <functional>

namespace lensart::orders {
namespace {

constexpr std::string_view kDerivedPrefix = "hash_";
constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::size_t kDigestBytes = 32;

OptionalId optional_value_of(const Field& field) {
  if (!field.is_good()) return std::nullopt;
  return field.value;
}

Instant instant_of(const Field& field) { return Instant(std::chrono::microseconds(field.value)); }

}  // namespace

/// Texts that live in the arena: those that lie there already, and copies of the others.
class EventBuilder::Texts {
 public:
  /// `inside`: what of the arena the fields may point into.
  Texts(std::string_view inside, Arena& arena) : inside_(inside), arena_(arena) {}

  std::string_view of(const Field& field) const {
    const std::string_view text = field.text;
    const bool is_inside = std::less_equal<>()(inside_.data(), text.data()) &&
                           std::less<>()(text.data(), inside_.data() + inside_.size());
    return is_inside ? text : arena_.copy(text);
  }
  Text optional_of(const Field& field) const {
    if (!field.is_good()) return std::nullopt;
    return of(field);
  }

 private:
  std::string_view inside_;
  Arena& arena_;
};

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
                         std::string_view json, Arena& arena, Event& event) {
  const Texts texts(json.data() == payload.data() ? std::string_view() : json, arena);
  event = Event{};
  event.type = type;
  const Field& id = fields[FieldId::kEventId];
  // Absent, null or empty: derived (docs/contract.md §1).
  const bool has_id = id.is_good() && !id.text.empty();
  event.event_id = has_id ? texts.of(id) : derived_id(payload, arena);
  event.derived_id = !has_id;
  event.json = has_id ? json : payload;
  event.timestamp = instant_of(fields[FieldId::kTimestamp]);
  const Field& order_id = fields[FieldId::kOrderId];
  event.order_id = order_id.is_good() ? order_id.value : fields[FieldId::kId].value;
  if (type == EventType::kStatusChanged) {
    event.old_status = texts.optional_of(fields[FieldId::kOldStatus]);
    event.new_status = texts.of(fields[FieldId::kNewStatus]);
  }
  if (type == EventType::kPaymentStatusChanged) {
    event.new_payment_status = texts.of(fields[FieldId::kNewPaymentStatus]);
  }
  event.has_snapshot = fields.has_snapshot();
  if (event.has_snapshot) build_snapshot(fields, texts, arena, event.snapshot);
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

void EventBuilder::build_snapshot(const FieldTable& fields, const Texts& texts, Arena& arena,
                                  Snapshot& snapshot) {
  snapshot.user_id = optional_value_of(fields[FieldId::kUserId]);
  snapshot.user_name = texts.optional_of(fields[FieldId::kUserName]);
  snapshot.user_email = texts.optional_of(fields[FieldId::kUserEmail]);
  snapshot.branch_id = fields[FieldId::kBranchId].value;
  snapshot.branch_name = texts.optional_of(fields[FieldId::kBranchName]);
  snapshot.branch_address = texts.optional_of(fields[FieldId::kBranchAddress]);
  if (fields[FieldId::kDate].is_good()) snapshot.date = instant_of(fields[FieldId::kDate]);
  snapshot.address = texts.optional_of(fields[FieldId::kAddress]);
  snapshot.note = texts.optional_of(fields[FieldId::kNote]);
  snapshot.coupon_id = optional_value_of(fields[FieldId::kCouponId]);
  snapshot.total_price = fields[FieldId::kTotalPrice].value;
  snapshot.order_status = texts.of(fields[FieldId::kOrderStatus]);
  snapshot.payment_status = texts.of(fields[FieldId::kPaymentStatus]);
  snapshot.payment_method = texts.optional_of(fields[FieldId::kPaymentMethod]);

  Line* line = arena.make<Line>(fields.lines().size());
  snapshot.lines = {line, fields.lines().size()};
  for (const LineFields& from : fields.lines()) {
    line->product_id = from[FieldId::kProductId].value;
    line->product_name = texts.optional_of(from[FieldId::kProductName]);
    line->color = texts.optional_of(from[FieldId::kColor]);
    line->quantity = from[FieldId::kQuantity].value;
    line->total_price = from[FieldId::kLineTotal].value;
    line->price = optional_value_of(from[FieldId::kPrice]);
    ++line;
  }
}

}  // namespace lensart::orders
