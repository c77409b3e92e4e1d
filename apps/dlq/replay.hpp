/// Dead letters sent again, or what would come of it (docs/contract.md §6, dlq replay).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/dlq/letters.hpp"
#include "apps/import/replay_sender.hpp"
#include "apps/orders/event.hpp"
#include "graph/clock.hpp"

namespace lensart::dlq {

enum class Verdict : std::uint8_t {
  kWouldBeAccepted,
  kWouldBeRefused,
  kSent,
  kRefused,          ///< it breaks a rule still, so it was not sent
  kNotFound,         ///< the record has no letter
  kCannotBePatched,  ///< the patch does not fit the payload, or the event is accepted already
  kAlreadyAccepted,  ///< by an earlier replay, or under this event id: nothing to be done
  kNothingToReplay,  ///< sink_rejected: the event is accepted, a row of it is not
};
/// `would_be_accepted` and so on.
std::string_view name_of(Verdict verdict);

/// What came, or would come, of one record.
struct ReplayResult {
  Place place;
  Verdict verdict = Verdict::kNotFound;
  std::optional<std::string> code;     ///< of the rule that it breaks
  std::optional<std::string> field;    ///< likewise
  std::optional<std::string> message;  ///< why, for a person
};

/// What `--json` prints and the console shows of it.
Json json_of(const ReplayResult& result);

struct ReplayRequest {
  std::vector<Place> places;     ///< these, or, where there are none,
  std::optional<Filter> filter;  ///< all that these conditions hold for and that were not replayed
  std::optional<Json> patch;     ///< for each payload, before it is judged
  std::optional<orders::Topic> as;  ///< judged as if it lay in this topic
};

struct ReplayTally {
  std::uint64_t good = 0;  ///< sent, or would be accepted
  std::uint64_t done = 0;  ///< accepted already
  std::uint64_t bad = 0;   ///< everything else
};

/// Judges each record by the rules that the pipeline judges by, as of now; with a `sender` sends
/// those that pass, and returns when all are acknowledged. What only the pipeline knows, whether
/// the order has expired, is not foreseen: such a replay counts as dead-lettered of its topic.
///
/// `on_result` is called for each in its order; a `kSent` holds only if the call succeeds as a
/// whole. Sent twice, a record counts once. Threads: one. Memory: one page of records, one payload.
Result<ReplayTally> replay(Connection& connection, const Config& config, const Clock& clock,
                           const ReplayRequest& request, importing::ReplaySender* sender,
                           const std::function<void(const ReplayResult&)>& on_result);

}  // namespace lensart::dlq
