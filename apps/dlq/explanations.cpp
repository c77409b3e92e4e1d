#include "apps/dlq/explanations.hpp"

#include <array>
#include <utility>

namespace lensart::dlq {

namespace {

constexpr std::array<std::pair<std::string_view, Explanation>, 15> kExplanations = {{
    {"too_large",
     {"A payload has at most pipeline.max_payload bytes.",
      "Have the producer send less; or raise pipeline.max_payload, restart, and replay it."}},
    {"bad_json",
     {"A payload is one JSON object in UTF-8 and nothing else (RFC 8259).",
      "Have the producer mend it; or replay it with a patch that replaces it whole."}},
    {"missing_field",
     {"The field is required.", "Have the producer send it; or replay with a patch that adds it."}},
    {"bad_type",
     {"Each field has its type, and stands once.",
      "Have the producer mend it; or replay with a patch that replaces the value."}},
    {"wrong_topic",
     {"Each type of event has its topic.",
      "Have the producer use the topic of the type; or replay it as of that topic (--as)."}},
    {"bad_timestamp",
     {"timestamp and date are ISO-8601 instants from 2000 to 2100.",
      "Have the producer mend it; or replay with a patch that replaces it."}},
    {"timestamp_in_future",
     {"timestamp is at most pipeline.max_future ahead of the clock.",
      "Look at the producer's clock. Once the time has come, replay it as it is; or with a "
      "patch."}},
    {"bad_id",
     {"Ids are whole numbers from 1; those that name one order agree.",
      "Have the producer mend it; or replay with a patch that replaces it."}},
    {"bad_price",
     {"Amounts are from 0 to below 10^13 with at most two decimals, an order's total at least "
      "0.01.",
      "Have the producer mend it; or replay with a patch. For free orders there is "
      "validation.allow_zero_total."}},
    {"bad_quantity",
     {"Quantities are whole numbers from 1 to 1 000 000.",
      "Have the producer mend it; or replay with a patch that replaces it."}},
    {"field_too_long",
     {"A text fits its column.", "Have the producer cut it; or replay with a patch that does."}},
    {"nul_in_text",
     {"No text or key holds U+0000, which PostgreSQL cannot keep.",
      "Have the producer leave it out; or replay with a patch that does."}},
    {"expired_order",
     {"An order's state is kept for pipeline.state_ttl after its latest event.",
      "Nothing, as a rule: the order's rows stay as they are. With a longer pipeline.state_ttl and "
      "`lensart rebuild` it can be replayed."}},
    {"too_late",
     {"An event further behind the watermark than pipeline.allowed_lateness counts in no metric. "
      "It "
      "is accepted, and stands in every other table.",
      "Replay it as it is: from then on it counts."}},
    {"sink_rejected",
     {"PostgreSQL refused a row of the event, by a constraint that is not of this program. The "
      "event "
      "is accepted.",
      "Mend or drop the constraint; then `lensart rebuild --order ID` writes the order's rows. "
      "There "
      "is nothing to replay."}},
}};

}  // namespace

Explanation explanation_of(std::string_view code) {
  for (const auto& [known, explanation] : kExplanations) {
    if (known == code) return explanation;
  }
  return {};
}

}  // namespace lensart::dlq
