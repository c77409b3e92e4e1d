#include "apps/pipeline/epoch_log.hpp"

#include <algorithm>
#include <numeric>

namespace lensart::app {

void EpochLog::on_closed(Tick now) {
  const std::lock_guard lock(mutex_);
  closed_at_ = now;
}

void EpochLog::on_durable(const storage::ChainRecord& record, const nodes::EpochDraft& draft,
                          Instant wall, Tick now) {
  EpochFigures figures;
  figures.number = record.number;
  figures.durable_at = wall;
  figures.records = record.records;
  figures.outbox_bytes = record.outbox_bytes;
  figures.watermark = record.watermark;
  figures.fill = draft.cut_tick - draft.first_record_at;
  const std::lock_guard lock(mutex_);
  figures.close = closed_at_ - draft.cut_tick;
  figures.commit = now - closed_at_;
  epochs_.push_back(figures);
  if (epochs_.size() > kKept) epochs_.pop_front();
  waiting_.push_back({record.number, record.records, now});
  idle_ = draft.idle;
}

EpochFigures* EpochLog::find(EpochNumber number) {
  if (epochs_.empty() || number < epochs_.front().number) return nullptr;
  const auto index = static_cast<std::size_t>(number - epochs_.front().number);
  return index < epochs_.size() ? &epochs_[index] : nullptr;
}

void EpochLog::on_applied(EpochNumber up_to, Instant wall, Tick now) {
  const std::lock_guard lock(mutex_);
  for (; !waiting_.empty() && waiting_.front().number <= up_to; waiting_.pop_front()) {
    EpochFigures* const figures = find(waiting_.front().number);
    if (figures == nullptr) continue;
    figures->applied_at = wall;
    figures->apply = now - waiting_.front().durable_at;
  }
}

std::vector<EpochFigures> EpochLog::newest(std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  const auto count = static_cast<std::ptrdiff_t>(std::min(limit, epochs_.size()));
  return {epochs_.rbegin(), epochs_.rbegin() + count};
}

std::vector<bool> EpochLog::idle() const {
  const std::lock_guard lock(mutex_);
  return idle_;
}

std::uint64_t EpochLog::unapplied_records() const {
  const std::lock_guard lock(mutex_);
  return std::accumulate(
      waiting_.begin(), waiting_.end(), std::uint64_t{0},
      [](std::uint64_t sum, const Waiting& epoch) { return sum + epoch.records; });
}

}  // namespace lensart::app
