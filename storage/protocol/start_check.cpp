#include "storage/protocol/start_check.hpp"

#include <fmt/format.h>

namespace lensart::storage {

namespace {
constexpr std::string_view kAdopt =
    "`lensart state adopt` shows both sides and rebuilds the state from the database";
}

std::optional<EpochNumber> position_in(std::span<const ChainRecord> chain, EpochNumber epoch,
                                       const EpochId& id) {
  if (chain.empty() || epoch < chain.front().number) return std::nullopt;
  const EpochNumber at = epoch - chain.front().number;
  if (at >= chain.size()) return std::nullopt;
  const ChainRecord& record = chain[static_cast<std::size_t>(at)];
  return record.id == id ? std::optional(record.number) : std::nullopt;
}

Result<StartPlan> plan_start(std::span<const ChainRecord> chain, std::span<const LaneRow> rows,
                             int lanes_wanted) {
  if (chain.empty()) return fail(Errc::kStateCorrupt, "the state has no chain of epochs");
  const ChainRecord& newest = chain.back();
  StartPlan plan;
  if (rows.empty()) {
    if (newest.number != 0) {
      return fail(
          Errc::kStateMismatch,
          fmt::format("the state stands at epoch {}, but the database knows nothing of this "
                      "pipeline (emptied, restored, or another one?). Point postgres.dsn and "
                      "postgres.schema at the right database; or start from an empty state "
                      "directory to read Kafka again from the beginning",
                      newest.number));
    }
    plan.insert_rows = true;
    plan.lanes = lanes_wanted;
    plan.positions.assign(static_cast<std::size_t>(lanes_wanted), 0);
    return plan;
  }
  plan.lanes = rows.front().lanes;
  if (static_cast<std::size_t>(plan.lanes) != rows.size()) {
    return fail(
        Errc::kStateMismatch,
        fmt::format("pipeline_epochs has {} rows of this pipeline where {} belong together; "
                    "somebody deleted some. {}",
                    rows.size(), plan.lanes, kAdopt));
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const LaneRow& row = rows[i];
    const auto position = row.lane == static_cast<int>(i) ? position_in(chain, row.epoch, row.id)
                                                          : std::optional<EpochNumber>{};
    if (!position) {
      const std::string_view guess =
          row.epoch > newest.number
              ? "the state directory is older than the database (restored copy, "
                "or lost and made anew)"
          : row.epoch < chain.front().number
              ? "the database is older than what the outbox still holds (restored backup?)"
              : "state and database went different ways";
      return fail(Errc::kStateMismatch,
                  fmt::format("lane {} of the database stands at epoch {} (id {}), which is not in "
                              "this state's history (epochs {} to {}): {}. {}",
                              row.lane, row.epoch, row.id.hex(), chain.front().number,
                              newest.number, guess, kAdopt));
    }
    plan.positions.push_back(*position);
  }
  return plan;
}

}  // namespace lensart::storage
