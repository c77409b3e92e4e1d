/// From the fields of an event that broke no rule to the event itself.
#pragma once

#include <memory>
#include <string_view>

#include "apps/orders/event.hpp"
#include "apps/orders/field_table.hpp"
#include "graph/arena.hpp"

namespace lensart::orders {

/// Threads: one at a time.
class EventBuilder {
 public:
  EventBuilder();
  ~EventBuilder();

  /// Fills `event` with texts in `arena`. REQUIRES: the rules have judged `fields` and found
  /// nothing; they were read from `json`, which is `payload` or lies in `arena` (an event without
  /// an id gets the payload's digest for one).
  void build(const FieldTable& fields, EventType type, std::string_view payload,
             std::string_view json, Arena& arena, Event& event);

 private:
  class Sha256;
  class Texts;

  std::string_view derived_id(std::string_view payload, Arena& arena);
  static void build_snapshot(const FieldTable& fields, const Texts& texts, Arena& arena,
                             Snapshot& snapshot);

  std::unique_ptr<Sha256> sha256_;
};

}  // namespace lensart::orders
