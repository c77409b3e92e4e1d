/// Which fields of a payload mean something, and what (docs/contract.md §1).
#pragma once

#include <cstddef>
#include <string_view>

#include "tests/model/judge.hpp"

namespace lensart::model {

/// What an object is, which decides what its members mean.
enum class Scope {
  kEnvelope,  ///< the top-level object beside `data`
  kFlat,      ///< the top-level object that stands for `data` too
  kBody,      ///< `data`
  kOrder,     ///< the snapshot in a status event
  kUser,
  kBranch,
  kLine,
  kUnread,
};

enum class Role {
  kUnread,
  kText,
  kInstant,
  kOrderId,     ///< `order_id` and `id` of the body
  kSnapshotId,  ///< `id` in a status event's snapshot
  kId,
  kAmount,
  kTotal,  ///< the order's amount
  kQuantity,
  kObject,
  kLines,
};

inline constexpr std::size_t kUnlimited = static_cast<std::size_t>(-1);

struct Kind {
  Role role = Role::kUnread;
  std::size_t limit = kUnlimited;  ///< kText: code points
  Scope inside = Scope::kUnread;   ///< kObject, kLines: what the object, or each line, is
};

/// What the member `key` of an object is, in an event of this type.
Kind kind_of(Scope scope, std::string_view key, EventType type);

bool is_status_event(EventType type);

}  // namespace lensart::model
