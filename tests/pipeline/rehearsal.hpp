/// The whole job on a log in memory: run, crash, run again with other numbers of threads and lanes,
/// and hold the tables to the reference model. No Kafka, no PostgreSQL, no second process.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "apps/config/config.hpp"
#include "apps/pipeline/pipeline.hpp"
#include "graph/clock.hpp"
#include "nodes/source/memory_source.hpp"
#include "tests/model/model.hpp"
#include "tests/pipeline/memory_sink.hpp"

namespace lensart::rehearsal {

/// How a run ends.
enum class Ending : std::uint8_t {
  kLogRead,      ///< the log is read and everything applied
  kPowerLost,    ///< after `after` epochs; what is on the disk then is all that stays
  kSourceFails,  ///< after `after` records the source reports an error
  kStopped,      ///< after `after` epochs somebody asks for an orderly stop
};

struct RunPlan {
  Ending ending = Ending::kLogRead;
  std::uint64_t after = 0;
  /// kPowerLost: so many epochs before, the database was copied, and the copy takes its place.
  std::uint64_t database_age = 0;
  std::uint32_t threads = 2;
  std::uint32_t id_lanes = 1;
  std::uint32_t order_lanes = 1;
  std::uint64_t epoch_max_records = 50'000;
  std::uint64_t epoch_min_micros = 0;
  std::uint64_t epoch_max_micros = 1'000;
  std::uint32_t batch = 512;   ///< records a batch
  std::uint32_t queue = 16;    ///< batches in flight
  std::uint64_t cache = 1;     ///< bytes of keyed state in memory
  std::uint64_t outbox = 256;  ///< MiB
  SinkHabits sink;
};
void showValue(const RunPlan& plan, std::ostream& out);

/// Stands still for who reads the wall, but for a second each millisecond: accounts spread over
/// minutes.
class RehearsalClock final : public Clock {
 public:
  /// 2026-11-20T03:30:00Z, as the generated streams have it.
  static constexpr Instant kStart{std::chrono::seconds(1'795'145'400)};

  Instant wall() const override { return kStart + 1000 * (system_.tick() - began_); }
  Tick tick() const override { return system_.tick(); }

 private:
  SystemClock system_;
  Tick began_ = system_.tick();
};

class Rehearsal {
 public:
  static constexpr std::uint64_t kMaxPayload = 16 * 1024;

  Rehearsal(std::vector<nodes::MemoryRecord> log, std::string zone);
  ~Rehearsal();
  Rehearsal(const Rehearsal&) = delete;
  Rehearsal& operator=(const Rehearsal&) = delete;

  /// One process. Empty, or what went wrong that was not planned.
  std::string run(const RunPlan& plan);
  /// The model's tables against these. Empty, or the differences.
  std::string differences() const;

  const MemoryDatabase& database() const { return database_; }
  /// Bytes in flight that were still held when the last run had ended.
  std::size_t credits_held() const { return credits_held_; }
  std::uint64_t epochs() const { return epochs_; }
  /// The most that any run held after an epoch.
  std::size_t most_cached_bytes() const { return most_cached_bytes_; }

 private:
  app::Config config_of(const RunPlan& plan) const;
  /// After an epoch was durable: what the plan has for this moment. True: the power is lost.
  bool after_epoch(const RunPlan& plan, std::uint64_t epochs);
  void photograph(const RunPlan& plan);

  std::vector<nodes::MemoryRecord> log_;
  std::string zone_;
  RehearsalClock clock_;
  std::filesystem::path directory_;
  std::filesystem::path state_;
  int states_ = 0;
  MemoryDatabase database_;
  std::vector<MemoryDatabase> photographs_;  ///< of this run, one an epoch, while it keeps all
  app::Pipeline* running_ = nullptr;
  std::size_t credits_held_ = 0;
  std::uint64_t epochs_ = 0;
  std::size_t most_cached_bytes_ = 0;
};

}  // namespace lensart::rehearsal
