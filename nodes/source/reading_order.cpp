#include "nodes/source/reading_order.hpp"

#include <algorithm>
#include <tuple>

namespace lensart::nodes {

namespace {

/// A turn comes before the queue is so short that librdkafka fetches by itself.
constexpr double kRunsAtTurn = 1.2;
constexpr double kRecordsOfAverage = 256;

}  // namespace

ReadingOrder::Change ReadingOrder::begin(Behind behind) {
  sources_.resize(std::max(sources_.size(), behind.size()));
  for (Source& source : sources_) {
    const std::int64_t written_ms = source.written_ms;
    source = {};
    source.written_ms = written_ms;
    source.gave = true;  // nothing of it is queued: as good as drained
  }
  empty_since_.reset();
  return turn(behind);
}

void ReadingOrder::on_record(std::uint32_t source, std::int64_t written_ms, std::size_t bytes) {
  if (source >= sources_.size()) sources_.resize(source + 1);
  sources_[source].written_ms = written_ms;
  sources_[source].gave = true;
  taken_since_turn_ += bytes;
  record_bytes_ += (static_cast<double>(bytes) - record_bytes_) / kRecordsOfAverage;
  empty_since_.reset();
}

bool ReadingOrder::is_turn(std::size_t queued_records) {
  const double left = static_cast<double>(queued_records) * record_bytes_;
  const bool is_much = left > kRunsAtTurn * static_cast<double>(run_bytes_);
  awaits_turn_ = awaits_turn_ || is_much;
  return (awaits_turn_ && !is_much) || taken_since_turn_ >= kRunsWithoutTurn * run_bytes_;
}

ReadingOrder::Change ReadingOrder::turn(Behind behind) {
  awaits_turn_ = false;
  taken_since_turn_ = 0;
  Change change;
  Sources candidates;
  for (std::uint32_t i = 0; i < sources_.size(); ++i) {
    Source& source = sources_[i];
    source.quiet = source.paused || source.gave ? 0 : source.quiet + 1;
    source.passed_over = source.paused ? source.passed_over + 1 : 0;
    if (!has_backlog(i, behind)) {
      if (source.paused) change.resume.push_back(i);
    } else if (source.quiet < kQuietTurns) {
      candidates.push_back(i);
    }
  }
  sort_by_turn(candidates);
  for (std::size_t place = 0; place < candidates.size(); ++place) {
    const std::uint32_t i = candidates[place];
    if (place < places_ && sources_[i].paused) change.resume.push_back(i);
    // What gave nothing since the last turn may still be on its way.
    if (place >= places_ && sources_[i].gave && !sources_[i].paused) change.pause.push_back(i);
  }
  for (Source& source : sources_) source.gave = false;
  for (const std::uint32_t i : change.pause) sources_[i].paused = true;
  for (const std::uint32_t i : change.resume) sources_[i].paused = false;
  return change;
}

ReadingOrder::Change ReadingOrder::on_empty(Behind behind, Tick now) {
  Change change;
  if (!any_paused()) return change;
  if (!empty_since_) empty_since_ = now;
  if (now - *empty_since_ >= kStall) {
    empty_since_.reset();
    change.resume = resume_all();
    return change;
  }
  // Those that came near their end leave their place to others.
  std::size_t places = places_;
  Sources candidates;
  for (std::uint32_t i = 0; i < sources_.size(); ++i) {
    if (sources_[i].paused) {
      candidates.push_back(i);
    } else if (has_backlog(i, behind) && sources_[i].quiet < kQuietTurns && places > 0) {
      --places;
    }
  }
  sort_by_turn(candidates);
  candidates.resize(std::min(candidates.size(), places));
  for (const std::uint32_t i : candidates) sources_[i].paused = false;
  change.resume = std::move(candidates);
  return change;
}

bool ReadingOrder::any_paused() const {
  return std::any_of(sources_.begin(), sources_.end(), [](const Source& s) { return s.paused; });
}

ReadingOrder::Sources ReadingOrder::paused() const {
  Sources paused;
  for (std::uint32_t i = 0; i < sources_.size(); ++i) {
    if (sources_[i].paused) paused.push_back(i);
  }
  return paused;
}

bool ReadingOrder::has_backlog(std::uint32_t source, Behind behind) const {
  return source < behind.size() && behind[source] > kNearEnd;
}

/// Where timestamps are the same (very old clients send none), those that have waited longer first.
void ReadingOrder::sort_by_turn(Sources& sources) const {
  const auto key = [this](std::uint32_t i) {
    const Source& source = sources_[i];
    const bool in_time = source.passed_over < kMostTurnsPassedOver;
    return std::tuple(in_time, source.written_ms, UINT32_MAX - source.passed_over, i);
  };
  std::sort(sources.begin(), sources.end(),
            [&key](std::uint32_t a, std::uint32_t b) { return key(a) < key(b); });
}

ReadingOrder::Sources ReadingOrder::resume_all() {
  Sources resumed = paused();
  for (const std::uint32_t i : resumed) sources_[i].paused = false;
  return resumed;
}

}  // namespace lensart::nodes
