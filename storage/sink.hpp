/// Where committed epochs go. The engine knows no more of the sink than this.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "graph/error.hpp"
#include "storage/epoch.hpp"
#include "storage/protocol/epoch_cutter.hpp"

namespace lensart::storage {

/// How the sink is, for /readyz and /metrics.
struct SinkStatus {
  std::string trouble;  ///< empty: none; else what is wrong, for a person
  EpochNumber newest = 0;
  EpochNumber applied = 0;
  std::uint64_t outbox_bytes = 0;
  std::uint64_t rows = 0;             ///< sent, since the start
  std::uint64_t refused = 0;          ///< rows that the database would not have, likewise
  std::uint64_t applied_records = 0;  ///< of Kafka, applied by every lane since the start
  double busy_seconds = 0;            ///< of all workers, inside transactions
  std::size_t workers = 0;
  std::optional<Instant> last_success;  ///< when the database last did what it was asked
};

/// Threads: any, unless said otherwise. Failures that must stop the process reach `on_stop`, given
/// at construction, once, on a thread of the sink's.
class Sink {
 public:
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  virtual ~Sink() = default;

  /// An epoch is durable in the state. Called by the committer, in order.
  virtual void on_durable(const ChainRecord& record) = 0;
  virtual Downstream downstream() const = 0;
  virtual SinkStatus status() const = 0;
  /// How far the database's clock is ahead of ours, as of late; nothing while it does not answer. A
  /// sink without a clock agrees.
  virtual std::optional<std::chrono::microseconds> clock_offset() const {
    return std::chrono::microseconds(0);
  }
  /// Waits until everything durable is applied; false when the deadline came first.
  virtual bool wait_idle(std::chrono::milliseconds at_most) = 0;
  /// Ends the sink's threads; what is not applied stays in the outbox.
  virtual void stop() = 0;
};

/// Drops what it is given, at once: everything up to and including the state's transaction is the
/// same.
class NullSink final : public Sink {
 public:
  /// `on_progress`: after each epoch; `trim_to` as the relay's.
  NullSink(std::function<void(EpochNumber)> trim_to, std::function<void()> on_progress)
      : trim_to_(std::move(trim_to)), on_progress_(std::move(on_progress)) {}

  void on_durable(const ChainRecord& record) override {
    trim_to_(record.number);
    newest_.store(record.number, std::memory_order_release);
    records_.fetch_add(record.records, std::memory_order_relaxed);
    on_progress_();
  }
  Downstream downstream() const override { return {true, 0}; }
  SinkStatus status() const override {
    SinkStatus status;
    status.newest = status.applied = newest_.load(std::memory_order_acquire);
    status.applied_records = records_.load(std::memory_order_relaxed);
    return status;
  }
  bool wait_idle(std::chrono::milliseconds) override { return true; }
  void stop() override {}

 private:
  std::function<void(EpochNumber)> trim_to_;
  std::function<void()> on_progress_;
  std::atomic<EpochNumber> newest_{0};
  std::atomic<std::uint64_t> records_{0};
};

}  // namespace lensart::storage
