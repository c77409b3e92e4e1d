/// Of several copies of one event, replays among them, the one that counts (docs/contract.md §2,
/// §6).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/model/model.hpp"

namespace lensart::model {

/// An event that breaks no rule; whether it is the copy that counts is still open.
struct Copy {
  const LogRecord* record;
  AcceptedEvent accepted;
};

class Copies {
 public:
  /// `oldest`: of whose latest event is before it an order may have expired.
  explicit Copies(std::optional<Instant> oldest) : oldest_(oldest) {}

  void add(Copy copy);

  /// Within a partition the lowest offset; across them the hinted one. Of the replays of one letter
  /// one counts, so each may give way to another. Nothing when all may rightly have been refused.
  std::optional<std::size_t> that_counts(const std::vector<Copy>& copies, const Hints& hints) const;
  /// A replay that may have been refused because its order has expired, and left no letter.
  bool in_doubt(const Copy& copy) const;

  std::map<std::string, std::vector<Copy>> by_event;

 private:
  bool may_give_way(const Copy& copy) const;

  std::optional<Instant> oldest_;
  std::map<Coordinates, int> replays_of_;
  std::set<std::int64_t> old_orders_;
};

/// Of several replays that made one letter's event count, the first, or that of the run.
void keep_first_replays(std::vector<Replay>& replays, const Hints& hints);

/// Gives what is in doubt to the column that the run has it in, as far as that can be.
void believe_accounts(std::map<std::pair<std::string, std::int32_t>, Account>& accounts,
                      const Hints& hints);

}  // namespace lensart::model
