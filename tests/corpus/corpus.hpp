/// A hostile corpus: every code of docs/contract.md §2 in several forms, everything PHP does to
/// JSON, and edges that look like poison and must pass. What is expected of each case is written by
/// hand from the contract; no code computes it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "graph/clock.hpp"
#include "tests/corpus/payload.hpp"
#include "tests/model/judge.hpp"

namespace lensart::corpus {

/// A column and what it must hold: `orders_raw`'s by its bare name, `processed.NAME` of
/// `orders_processed`, `item.NAME` of the order's first line; "NULL" is NULL.
using Expectations = std::vector<std::pair<std::string, std::string>>;

struct Case {
  std::string name;
  model::TopicKind topic = model::TopicKind::kOrderCreated;
  std::optional<std::string> payload;  ///< nothing for a null value
  std::string outcome;                 ///< "accepted", "ignored" or a code
  std::string field;                   ///< of a code
  /// Of a code: what the dead letter says of the event.
  std::optional<std::string> event_id;
  std::optional<std::int64_t> order_id;
  /// Of an accepted event.
  Expectations columns;
};

/// The whole corpus. Event ids and order ids are unique to a case, so that all of it can stand in
/// one log. `now`: the wall clock by which it is going to be read, give or take some minutes.
std::vector<Case> all_cases(Instant now);

/// What the files of cases add to.
class Collector {
 public:
  Case& accept(const std::string& name, const Draft& draft, Expectations columns = {});
  Case& ignore(const std::string& name, const Draft& draft);
  /// Expects the dead letter to carry the event's and the order's id.
  Case& reject(const std::string& name, const Draft& draft, const std::string& code,
               const std::string& field);
  /// Rule 1 or 2: a payload of which nothing can be said.
  Case& unreadable(const std::string& name, std::optional<std::string> payload,
                   const std::string& code = "bad_json");
  Case& accept_bytes(const std::string& name, model::TopicKind topic, std::string payload,
                     Expectations columns = {});

  /// The id that `@ORDER@` stands for in the case added next.
  std::int64_t next_order_id() const { return next_order_id_; }
  std::vector<Case> take() { return std::move(cases_); }

 private:
  Case& add(const std::string& name, model::TopicKind topic, std::string payload);

  std::vector<Case> cases_;
  std::int64_t next_order_id_ = 9'000'001;
};

void add_json_cases(Collector& cases);
void add_number_cases(Collector& cases);
void add_type_cases(Collector& cases);
void add_repeated_field_cases(Collector& cases);
void add_missing_field_cases(Collector& cases);
void add_timestamp_cases(Collector& cases, Instant now);
void add_id_cases(Collector& cases);
void add_money_cases(Collector& cases);
void add_text_cases(Collector& cases);
void add_shape_cases(Collector& cases);

}  // namespace lensart::corpus
