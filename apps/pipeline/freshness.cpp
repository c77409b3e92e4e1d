#include "apps/pipeline/freshness.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>

namespace lensart::app {

void Freshness::on_batch(std::int64_t appended_at_micros, std::uint64_t records) {
  if (appended_at_micros < 0 || records == 0) return;
  const std::lock_guard lock(mutex_);
  open_.emplace_back(appended_at_micros, records);
}

void Freshness::on_closed(EpochNumber epoch) {
  const std::lock_guard lock(mutex_);
  if (!open_.empty()) closed_.emplace(epoch, std::exchange(open_, {}));
}

void Freshness::on_applied(EpochNumber up_to, Instant now) {
  const std::lock_guard lock(mutex_);
  while (!closed_.empty() && closed_.begin()->first <= up_to) {
    for (const auto& [appended_at, records] : closed_.begin()->second) {
      histogram_.add(static_cast<double>(now.time_since_epoch().count() - appended_at) / 1e6,
                     records);
    }
    closed_.erase(closed_.begin());
  }
}

Freshness::Histogram Freshness::histogram() const {
  const std::lock_guard lock(mutex_);
  return histogram_;
}

std::optional<Instant> Freshness::oldest_waiting() const {
  const std::lock_guard lock(mutex_);
  const Waiting& oldest = closed_.empty() ? open_ : closed_.begin()->second;
  const auto first = std::min_element(oldest.begin(), oldest.end());
  if (first == oldest.end()) return std::nullopt;
  return Instant{std::chrono::microseconds(first->first)};
}

namespace {

double seconds_between(Tick from, Tick to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

std::string_view name_of(EpochPhase phase) {
  switch (phase) {
    case EpochPhase::kFill:
      return "fill";
    case EpochPhase::kClose:
      return "close";
    case EpochPhase::kCommit:
      return "commit";
    case EpochPhase::kApply:
      return "apply";
  }
  std::abort();
}

void EpochPhases::on_closed(Tick first_record, Tick cut, Tick now) {
  const std::lock_guard lock(mutex_);
  of(EpochPhase::kFill).add(seconds_between(first_record, cut));
  of(EpochPhase::kClose).add(seconds_between(cut, now));
  closed_at_ = now;
}

void EpochPhases::on_durable(EpochNumber epoch, Tick now) {
  const std::lock_guard lock(mutex_);
  of(EpochPhase::kCommit).add(seconds_between(closed_at_, now));
  durable_.emplace(epoch, now);
}

void EpochPhases::on_applied(EpochNumber up_to, Tick now) {
  const std::lock_guard lock(mutex_);
  while (!durable_.empty() && durable_.begin()->first <= up_to) {
    of(EpochPhase::kApply).add(seconds_between(durable_.begin()->second, now));
    durable_.erase(durable_.begin());
  }
}

EpochPhases::Histogram EpochPhases::histogram(EpochPhase phase) const {
  const std::lock_guard lock(mutex_);
  return histograms_[static_cast<std::size_t>(phase)];
}

}  // namespace lensart::app
