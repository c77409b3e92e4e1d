#include "nodes/source/pump.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <utility>

namespace lensart::nodes {

namespace {

constexpr std::int64_t kNoInstant = INT64_MIN;
/// How often what time alone brings about is looked for.
constexpr std::chrono::milliseconds kTimeLooks{20};
/// Without records for so long, the pipeline is at rest.
constexpr std::chrono::milliseconds kQuiet{200};
/// That fire timers after the last record: each takes its milliseconds, and who stops a program
/// waits for it.
constexpr std::size_t kEpochsAtStop = 20;

std::int64_t to_micros(std::optional<Instant> instant) {
  return instant ? instant->time_since_epoch().count() : kNoInstant;
}

std::optional<Instant> to_instant(std::int64_t micros) {
  if (micros == kNoInstant) return std::nullopt;
  return Instant{std::chrono::microseconds(micros)};
}

}  // namespace

Pump::Pump(const PumpOptions& options, Parts parts, const storage::ChainRecord& last,
           std::span<const storage::SourcePosition> positions)
    : options_(options),
      parts_(std::move(parts)),
      cutter_(options.cut, parts_.clock->tick()),
      open_epoch_(last.number + 1),
      positions_(positions.begin(), positions.end()),
      judged_by_(last.watermark),
      watermark_(last.watermark),
      timer_clock_(last.timer_clock),
      wake_fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      durable_watermark_micros_(to_micros(last.watermark)),
      durable_(last.number) {}

Pump::~Pump() {
  if (wake_fd_ >= 0) ::close(wake_fd_);
}

void Pump::stop() {
  stopping_.store(true, std::memory_order_release);
  wake();
}

void Pump::wake() {
  const std::uint64_t one = 1;
  // A full counter is already readable: nothing is lost when the write fails.
  [[maybe_unused]] const auto written = ::write(wake_fd_, &one, sizeof(one));
}

void Pump::on_durable(EpochNumber epoch, std::optional<Instant> watermark) {
  durable_watermark_micros_.store(to_micros(watermark), std::memory_order_relaxed);
  durable_.store(epoch, std::memory_order_release);
  wake();
}

void Pump::on_batch_done() {
  const auto before = batches_in_flow_.fetch_sub(1, std::memory_order_acq_rel);
  if (before == static_cast<std::int64_t>(options_.max_batches_in_flow)) wake();
}

/// Whether there is anything to read for.
bool Pump::wants_more() const {
  if (stopping_.load(std::memory_order_acquire)) return false;
  return !options_.until_end || !parts_.source->reached_start_end();
}

/// What must happen before records may be polled; nothing: they may.
std::optional<PauseReason> Pump::pause_reason() const {
  if (!cutter_.accepts_records()) {
    return cutter_.previous_durable() ? PauseReason::kOutbox : PauseReason::kCommit;
  }
  if (!parts_.credits->available()) return PauseReason::kMemory;
  if (batches_in_flow_.load(std::memory_order_acquire) >=
      static_cast<std::int64_t>(options_.max_batches_in_flow)) {
    return PauseReason::kGraph;
  }
  if (parts_.sink->downstream().outbox_bytes >= options_.cut.outbox_max_bytes) {
    return PauseReason::kOutbox;
  }
  return std::nullopt;
}

void Pump::count_pause(Tick now, std::optional<PauseReason> from_now_on) {
  if (pausing_) {
    paused_micros_[static_cast<std::size_t>(*pausing_)].fetch_add((now - pausing_since_).count(),
                                                                  std::memory_order_relaxed);
  }
  pausing_ = from_now_on;
  pausing_since_ = now;
}

/// Every partition is known from when the source has found it: one that nothing was read from yet
/// holds the watermark all the same.
void Pump::note_sources(Tick now) {
  while (positions_.size() < parts_.directory->size()) {
    const auto source = static_cast<std::uint32_t>(positions_.size());
    const SourceInfo& info = parts_.directory->at(source);
    storage::SourcePosition position;
    position.source = source;
    position.topic = info.topic;
    position.partition = info.partition;
    position.next_offset = parts_.source->next_offset(source);
    positions_.push_back(position);
  }
  last_record_at_.resize(positions_.size(), now);
}

void Pump::note(const RecordBatch& batch, Tick now) {
  note_sources(now);
  for (const RawRecord& record : batch.records) {
    storage::SourcePosition& position = positions_[record.source];
    position.next_offset = record.offset + 1;
    position.last_offset = record.offset;
    last_record_at_[record.source] = now;
  }
  // Only the last record of a source counts, so the hash is taken from the back, once a source.
  std::vector<bool> hashed(positions_.size());
  for (auto record = batch.records.rbegin(); record != batch.records.rend(); ++record) {
    if (hashed[record->source]) continue;
    hashed[record->source] = true;
    const std::string_view payload = batch.payload(*record);
    positions_[record->source].last_hash = XXH3_64bits(payload.data(), payload.size());
  }
}

Result<bool> Pump::poll_once() {
  auto batch = parts_.make_batch();
  LENSART_TRY(parts_.source->poll(*batch, options_.poll));
  if (batch->records.empty()) return false;
  note(*batch, parts_.clock->tick());
  batch->credit_bytes = batch->bytes.size();
  batch->pad();
  batch->records_count = batch->records.size();
  batch->sequence = next_sequence_++;
  batch->epoch = open_epoch_;
  batch->judged_by = judged_by_;
  parts_.credits->try_take(batch->credit_bytes);
  open_credit_bytes_ += batch->credit_bytes;
  records_since_freeze_ += batch->records_count;
  last_polled_at_ = parts_.clock->tick();
  if (!first_record_at_) first_record_at_ = last_polled_at_;
  cutter_.on_records(batch->records_count, batch->credit_bytes);
  polled_records_.fetch_add(batch->records_count, std::memory_order_relaxed);
  batches_in_flow_.fetch_add(1, std::memory_order_acq_rel);
  parts_.flow->push(std::move(batch));
  return true;
}

void Pump::update_idle(Tick now) {
  note_sources(now);
  idle_.assign(positions_.size(), false);
  for (std::size_t i = 0; i < positions_.size(); ++i) {
    const auto source = static_cast<std::uint32_t>(i);
    if (parts_.outside_time && parts_.outside_time(source)) {
      idle_[i] = true;
    } else if (options_.until_end) {
      idle_[i] = parts_.source->at_start_end(source);
    } else {
      idle_[i] = parts_.source->at_end(source) && now - last_record_at_[i] >= options_.idle_timeout;
    }
  }
}

/// The timer clock as it could be now (docs/contract.md §4): the data watermark or, on a quiet
/// night, the wall clock, as long as the database's clock agrees with it. Never goes back.
std::optional<Instant> Pump::clock_now() const {
  std::optional<Instant> clock = std::max(timer_clock_, watermark_);
  const bool quiet = !options_.until_end &&
                     std::all_of(idle_.begin(), idle_.end(), [](bool idle) { return idle; });
  if (!quiet || idle_.empty()) return clock;
  const auto offset = parts_.sink->clock_offset();
  if (!offset || std::chrono::abs(*offset) > options_.max_future) return clock;
  return std::max(clock, std::optional(parts_.clock->wall() - options_.max_out_of_orderness));
}

/// What time alone brings about makes an epoch without records: a partition fell idle, which moves
/// the watermark, or a timer is due.
void Pump::look_at_time(Tick now) {
  if (!cutter_.previous_durable()) return;
  const bool stopping = stopping_.load(std::memory_order_acquire);
  if (!stopping && options_.until_end && !parts_.source->reached_start_end()) return;
  if (stopping) return catch_up_at_stop();
  update_idle(now);
  idle_at_cut_.resize(idle_.size(), false);
  for (std::size_t i = 0; i < idle_.size(); ++i) {
    if (idle_[i] && !idle_at_cut_[i]) cutter_.request_empty();
  }
  const std::optional<Instant> clock = clock_now();
  if (!clock || clock == timer_clock_) return;
  const bool due = parts_.any_timer_due && parts_.any_timer_due(*clock);
  if (due || options_.until_end) return cutter_.request_empty();
  if (now - last_polled_at_ >= kQuiet) catch_up_with_watermark();
}

/// Timers fire with the epoch after the one that moved the watermark. Where no further records
/// come, at rest and at the end, an epoch without any brings the timer clock level.
void Pump::catch_up_with_watermark() {
  const bool behind = watermark_ && (!timer_clock_ || *timer_clock_ < *watermark_);
  if (behind && parts_.sink->downstream().outbox_bytes == 0) cutter_.request_empty();
}

/// As catch_up_with_watermark(), but the sink is not waited for: it may be away. By so many epochs,
/// so that a stop ends however many timers are due; the others fire after the next start.
void Pump::catch_up_at_stop() {
  const bool behind = watermark_ && (!timer_clock_ || *timer_clock_ < *watermark_);
  if (!behind || !cutter_.empty() || epochs_at_stop_ == kEpochsAtStop) return;
  ++epochs_at_stop_;
  cutter_.request_empty();
}

void Pump::cut(Tick now) {
  update_idle(now);
  auto draft = parts_.make_draft();
  draft->number = open_epoch_;
  draft->cut_at = parts_.clock->wall();
  draft->cut_tick = now;
  draft->first_record_at = std::exchange(first_record_at_, std::nullopt).value_or(now);
  draft->positions = cut_positions_ = positions_;
  draft->idle = idle_at_cut_ = idle_;
  draft->judged_by = judged_by_;
  if (auto clock = clock_now(); clock != timer_clock_) {
    if (parts_.limit_clock)
      clock = std::max(timer_clock_, std::optional(parts_.limit_clock(*clock)));
    timer_clock_ = clock;
  }
  draft->timer_clock = timer_clock_;
  draft->credit_bytes = open_credit_bytes_;
  draft->records = cutter_.open_records();
  draft->freeze_ids = records_since_freeze_ >= options_.freeze_ids_every;
  if (draft->freeze_ids) records_since_freeze_ = 0;
  auto marker = parts_.make_batch();
  marker->marker = true;
  marker->sequence = next_sequence_++;
  marker->epoch = open_epoch_;
  marker->draft = std::move(draft);
  batches_in_flow_.fetch_add(1, std::memory_order_acq_rel);
  parts_.flow->push(std::move(marker));
  cutter_.on_cut(now);
  open_credit_bytes_ = 0;
  ++open_epoch_;
  // The last epoch closed when this one opens is the one before that just cut: it is durable.
  judged_by_ = watermark_;
}

void Pump::take_durable() {
  if (cutter_.previous_durable() || durable_.load(std::memory_order_acquire) + 1 != open_epoch_) {
    return;
  }
  watermark_ = to_instant(durable_watermark_micros_.load(std::memory_order_relaxed));
  cutter_.on_durable();
  parts_.source->report_committed(cut_positions_);
}

bool Pump::finished() const {
  if (parts_.flow->failed() || abandoned_.load(std::memory_order_acquire)) return true;
  const bool no_more = stopping_.load(std::memory_order_acquire) ||
                       (options_.until_end && parts_.source->reached_start_end());
  return no_more && cutter_.empty() && cutter_.previous_durable();
}

/// A source that begins elsewhere than the state stands does so by the operator's leave. That is
/// made durable even if no record follows: the next start would be refused for the same gap again.
void Pump::note_moved_positions() {
  for (storage::SourcePosition& position : positions_) {
    const std::int64_t begins_at = parts_.source->next_offset(position.source);
    if (begins_at == position.next_offset) continue;
    position.next_offset = begins_at;
    position.last_offset = -1;
    position.last_hash = 0;
    cutter_.request_empty();
  }
}

/// The source was started by whoever made it.
Result<EpochNumber> Pump::run() {
  note_moved_positions();
  note_sources(parts_.clock->tick());
  for (;;) {
    const Tick now = parts_.clock->tick();
    take_durable();
    if (now - looked_at_time_ >= kTimeLooks || options_.until_end ||
        stopping_.load(std::memory_order_acquire)) {
      looked_at_time_ = now;
      look_at_time(now);
    }
    if (finished()) return open_epoch_ - 1;
    storage::Downstream downstream = parts_.sink->downstream();
    // What was read when we were told to stop is committed without waiting for the sink.
    if (stopping_.load(std::memory_order_acquire)) downstream.relay_idle = true;
    if (cutter_.should_cut(now, downstream)) cut(now);
    const bool wanted = wants_more();
    const std::optional<PauseReason> reason = pause_reason();
    count_pause(now, wanted ? reason : std::nullopt);
    const bool polling = wanted && !reason;
    paused_.store(!polling, std::memory_order_relaxed);
    if (polling) {
      LENSART_ASSIGN(const bool some, poll_once());
      // The poll that finds nothing may be the one that finds the end.
      if (some || finished()) continue;
    }
    wait(now, polling);
  }
}

void Pump::wait(Tick now, bool for_source) {
  const int source_fd = for_source ? parts_.source->wake_descriptor() : -1;
  std::array<pollfd, 2> descriptors{pollfd{wake_fd_, POLLIN, 0}, pollfd{source_fd, POLLIN, 0}};
  const auto micros = cutter_.until_time_matters(now);
  const auto millis = static_cast<int>((micros.count() + 999) / 1000);
  if (::poll(descriptors.data(), source_fd < 0 ? 1 : 2, millis) <= 0) return;
  if ((descriptors[0].revents & POLLIN) != 0) {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(wake_fd_, &count, sizeof(count));
  }
}

}  // namespace lensart::nodes
