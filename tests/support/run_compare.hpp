/// The invariant that everything is held to: each table of a finished run equals what the reference
/// model makes of the same log, and every offset is in exactly one account.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "graph/error.hpp"
#include "tests/model/judge.hpp"
#include "tests/support/compare.hpp"

namespace lensart::support {

struct RunToCompare {
  std::string brokers;
  std::string dsn;
  std::string schema = "public";
  std::string pipeline = "lensart";
  std::array<std::string, 4> topics;  ///< by `model::TopicKind`
  std::string replay_topic;           ///< empty: nothing was replayed or imported
  model::Settings settings;
};

struct RunComparison {
  std::vector<TableDifference> differences;
  std::vector<std::string> broken_accounts;
  std::vector<std::string> impossible;  ///< clocks and verdicts that cannot be
  model::Account totals;                ///< the model's, over all partitions

  bool equal() const {
    return all_empty(differences) && broken_accounts.empty() && impossible.empty();
  }
  std::string describe() const;
};

/// REQUIRES: nobody writes to the topics or the tables meanwhile.
Result<RunComparison> compare_run(const RunToCompare& run);

/// The topics as the model's log.
Result<std::vector<model::LogRecord>> read_log(const RunToCompare& run);

}  // namespace lensart::support
