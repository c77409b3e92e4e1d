/// The fields of an event that somebody reads, found in the payload's tree, each with its type
/// looked at (docs/contract.md §1).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "apps/orders/event.hpp"
#include "apps/orders/json_document.hpp"
#include "apps/orders/json_number.hpp"

namespace lensart::orders {

enum class FieldId : std::uint8_t {
  // The envelope, always at the top.
  kEventType,
  kEventId,
  kTimestamp,
  kData,
  // What `data` says, or in the flat form the top itself.
  kOrderId,
  kId,
  kOldStatus,
  kNewStatus,
  kNewPaymentStatus,
  kOrder,
  // The snapshot: `data` itself, or a status event's `order`.
  kSnapshotId,  ///< `order.id` of a status event
  kUserId,
  kBranchId,
  kDate,
  kAddress,
  kNote,
  kCouponId,
  kTotalPrice,
  kOrderStatus,
  kPaymentStatus,
  kPaymentMethod,
  kUser,
  kUserName,
  kUserEmail,
  kBranch,
  kBranchName,
  kBranchAddress,
  kOrderDetails,
  // A line of it.
  kProductId,
  kProductName,
  kColor,
  kQuantity,
  kLineTotal,
  kPrice,
};

inline constexpr std::size_t kEventFields = static_cast<std::size_t>(FieldId::kProductId);
inline constexpr std::size_t kLineFields =
    static_cast<std::size_t>(FieldId::kPrice) + 1 - kEventFields;

enum class FieldType : std::uint8_t { kText, kNumber, kObject, kArray };

struct FieldSpec {
  std::string_view name;
  FieldType type;
  std::size_t max_code_points;  ///< of its column (docs/contract.md §3); 0 is no limit
};

const FieldSpec& spec_of(FieldId id);

/// A field whose value is null is absent; one that stands twice is wrong, as one of a wrong type
/// is, and neither it nor anything inside it is judged further.
enum class FieldState : std::uint8_t { kAbsent, kGood, kWrong };

struct Field {
  NodeId node = 0;  ///< 0 until a key is seen
  FieldState state = FieldState::kAbsent;
  Decimal number;          ///< of a good number
  std::string_view text;   ///< of a good text; NFC once the rules have seen it
  std::int64_t value = 0;  ///< what the rules make of it: an id, hundredths, a count, microseconds

  bool is_good() const { return state == FieldState::kGood; }
};

struct LineFields {
  NodeId node = 0;
  std::array<Field, kLineFields> fields;

  Field& operator[](FieldId id) { return fields[static_cast<std::size_t>(id) - kEventFields]; }
  const Field& operator[](FieldId id) const {
    return fields[static_cast<std::size_t>(id) - kEventFields];
  }
};

/// A value of a wrong type and what should stand there.
struct Misfit {
  NodeId node = 0;
  const char* wanted = "";
};

/// Threads: one at a time. Lifetime: holds views into the document it last read.
class FieldTable {
 public:
  FieldTable();

  /// Forgets the last event and reads the envelope.
  void read_envelope(const JsonDocument& document);
  /// Reads what the type makes of `data`, or in the flat form of the top. REQUIRES:
  /// `read_envelope`.
  void read_body(const JsonDocument& document, EventType type);
  /// Reads only the fields that name the order, whatever the type. REQUIRES: `read_envelope`.
  void read_order_ids(const JsonDocument& document);

  Field& operator[](FieldId id) { return fields_[static_cast<std::size_t>(id)]; }
  const Field& operator[](FieldId id) const { return fields_[static_cast<std::size_t>(id)]; }
  std::vector<LineFields>& lines() { return lines_; }
  const std::vector<LineFields>& lines() const { return lines_; }
  const std::vector<Misfit>& misfits() const { return misfits_; }

  bool is_flat() const { return is_flat_; }
  /// Whether there is a `data` of the right type, or the flat form.
  bool has_body() const { return has_body_; }
  NodeId body() const { return body_; }
  bool has_snapshot() const { return has_snapshot_; }
  NodeId snapshot() const { return snapshot_; }

 private:
  /// Which key of some object is which field.
  class Scope {
   public:
    explicit Scope(std::initializer_list<FieldId> ids);
    /// Nothing for an unknown key.
    const FieldId* find(const JsonNode& node) const;

   private:
    static constexpr std::size_t kSlots = 64;
    struct Slot {
      std::string_view name;
      KeyEnds ends;
      FieldId id{};
    };
    std::array<Slot, kSlots> slots_{};
  };

  template <class Fields>
  void read_object(const JsonDocument& document, NodeId object, const Scope& scope, Fields& fields);
  void read_snapshot(const JsonDocument& document, NodeId object, const Scope& scope);
  void read_lines(const JsonDocument& document, NodeId array);
  void place(const JsonDocument& document, NodeId id, const FieldSpec& spec, Field& field);

  Scope envelope_;
  Scope order_ids_;
  Scope snapshot_body_;
  Scope status_body_;
  Scope payment_body_;
  Scope nested_snapshot_;
  Scope user_;
  Scope branch_;
  Scope line_;

  std::array<Field, kEventFields> fields_;
  std::vector<LineFields> lines_;
  std::vector<Misfit> misfits_;
  bool is_flat_ = false;
  bool has_body_ = false;
  bool has_snapshot_ = false;
  NodeId body_ = 0;
  NodeId snapshot_ = 0;
};

}  // namespace lensart::orders
