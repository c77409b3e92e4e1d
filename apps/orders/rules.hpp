/// Rules 5 to 13 of docs/contract.md §2, each a function over the fields of an event.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/orders/event.hpp"
#include "apps/orders/event_reader.hpp"
#include "apps/orders/field_table.hpp"
#include "apps/orders/json_document.hpp"

namespace lensart::orders {

/// A broken rule, before anyone writes a sentence about it.
struct Finding {
  Code code = Code::kBadJson;
  NodeId node = 0;  ///< the field that broke it; for one that is missing, where it is missing
  std::string_view missing;  ///< its name, if it is missing
  const char* remedy = "";
  bool is_repeated = false;  ///< it breaks rule 6 by standing twice
  bool is_shared = false;    ///< no single field broke it: `node` is the later of two that disagree
};

/// What the rules look at, and what they leave behind: each good field's `value`, and its `text` in
/// NFC.
struct Judgement {
  const Rules& rules;
  const JsonDocument& document;
  FieldTable& fields;
  std::optional<EventType> type;  ///< nothing when the event does not say; then only the envelope
  Instant now;
  bool plainly_nfc;                ///< every text is, as a look at the whole payload has shown
  std::deque<std::string>& texts;  ///< keeps the texts that had to be normalised
  std::vector<Finding> findings;   ///< empty when the event is accepted
};

/// Judges up to the first broken rule. `findings` then holds what breaks it, the first field first.
void judge_to_first(Judgement& judgement);

/// Judges every rule. `findings` are in the order of the rules and within one in the payload's; a
/// missing field stands where the contract's list has it.
void judge_all(Judgement& judgement);

/// The order id that the fields name, or nothing where there is none that is valid: absent, of a
/// wrong type, out of range, standing twice, or two that differ.
std::optional<OrderId> order_id_of(const FieldTable& fields);

/// The sentence about a finding, cut and cleaned as `dead_letters` needs it (§3).
Violation describe(const JsonDocument& document, const Finding& finding);

/// NFC, U+0000 replaced by U+FFFD, at most `code_points` of them: fit for a text column.
std::string fit_for_column(std::string_view text, std::size_t code_points);

}  // namespace lensart::orders
