/// A pump between a source of memory and a sink of which the test says how far behind it is.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "nodes/source/memory_source.hpp"
#include "nodes/source/pump.hpp"
#include "storage/sink.hpp"

namespace lensart::nodes {

using namespace std::chrono_literals;

/// A memory source that may be made endless or made to fail, and notes what it is told.
class TestSource final : public RecordSource {
 public:
  TestSource(SourceDirectory& directory, const std::vector<MemoryRecord>& log)
      : directory_(directory), memory_(directory, {"t"}, log) {}
  Result<Unit> start(std::span<const storage::SourcePosition> positions) override {
    return memory_.start(positions);
  }
  Result<Unit> poll(RecordBatch& into, const PollLimits& limits) override {
    if (fails) return fail(Errc::kBrokerDown, "the source failed");
    if (!endless) return memory_.poll(into, limits);
    into.add(directory_.add("t", 0, 0), next_++, -1, "endless");
    return Unit{};
  }
  int wake_descriptor() const override { return -1; }
  std::int64_t next_offset(std::uint32_t source) const override {
    return memory_.next_offset(source);
  }
  bool at_end(std::uint32_t source) const override { return !endless && memory_.at_end(source); }
  bool reached_start_end() const override { return !endless && memory_.reached_start_end(); }
  void report_committed(std::span<const storage::SourcePosition> positions) override {
    for (const auto& position : positions) reported.push_back(position.next_offset);
  }
  std::vector<std::int64_t> lags() const override { return {}; }
  std::string trouble() const override { return {}; }

  bool endless = false;
  bool fails = false;
  std::vector<std::int64_t> reported;

 private:
  SourceDirectory& directory_;
  MemorySource memory_;
  std::int64_t next_ = 0;
};

/// A sink of which the test says how far behind it is.
class TestSink final : public storage::Sink {
 public:
  void on_durable(const storage::ChainRecord&) override {}
  storage::Downstream downstream() const override {
    return {relay_idle.load(), outbox_bytes.load()};
  }
  storage::SinkStatus status() const override { return {}; }
  bool wait_idle(std::chrono::milliseconds) override { return true; }
  void stop() override {}
  std::atomic<bool> relay_idle{true};
  std::atomic<std::uint64_t> outbox_bytes{0};
};

class PumpTest : public ::testing::Test {
 protected:
  PumpTest() {
    options.cut.min_time = 0us;
    options.poll.max_records = 5;
    options.until_end = true;
  }
  ~PumpTest() override {
    if (running.joinable()) {
      pump->abandon();
      open_gate();
      running.join();
    }
    if (flow) flow->drain();
  }

  void records(std::size_t count, std::int32_t partitions = 1) {
    for (std::size_t i = 0; i < count; ++i) {
      log.push_back({0, static_cast<std::int32_t>(i) % partitions, "record " + std::to_string(i)});
    }
  }
  void make(EpochNumber last_epoch = 0, std::vector<storage::SourcePosition> positions = {}) {
    Wiring wiring;
    wiring.name = "test";
    wiring.nodes.push_back(
        {"collect", NodeKind::kSerial, {}, "", [this](std::size_t, Batch& batch) {
           collect(static_cast<RecordBatch&>(batch));
         }});
    flow = std::make_unique<Flow>(std::move(wiring), FlowOptions{1}, [](const Error&) {});
    ASSERT_TRUE(source.start(positions));
    storage::ChainRecord last;
    last.number = last_epoch;
    pump = std::make_unique<Pump>(options, parts(), last, positions);
  }
  Pump::Parts parts() {
    Pump::Parts out;
    out.source = &source;
    out.directory = &directory;
    out.flow = flow.get();
    out.credits = &credits;
    out.clock = &clock;
    out.sink = &sink;
    out.make_batch = [] { return std::make_shared<RecordBatch>(); };
    out.make_draft = [] { return std::make_shared<EpochDraft>(); };
    out.limit_clock = limit_clock;
    return out;
  }
  /// Runs on this thread, to the end.
  EpochNumber run() {
    make();
    const auto done = pump->run();
    flow->drain();
    EXPECT_TRUE(done) << done.error().message;
    return done ? *done : 0;
  }
  /// Runs on a thread of its own.
  void start() {
    make();
    running = std::thread([this] {
      auto done = pump->run();
      const std::lock_guard lock(mutex);
      result = std::move(done);
      changed.notify_all();
    });
  }
  bool wait_for(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    std::unique_lock lock(mutex);
    // What the pump itself counts has no event: it is looked at again and again.
    while (!holds() && std::chrono::steady_clock::now() < deadline) changed.wait_for(lock, 2ms);
    return holds();
  }
  void wait_result() {
    ASSERT_TRUE(wait_for([this] { return result.has_value(); })) << "the pump goes on";
    running.join();
    flow->drain();
  }
  void open_gate() {
    const std::lock_guard lock(mutex);
    gate_open = true;
    changed.notify_all();
  }
  void make_durable(EpochNumber number) {
    credits.give_back(credit_of.at(number));
    pump->on_durable(number, watermark);
  }
  std::vector<std::uint64_t> records_by_epoch() {
    const std::lock_guard lock(mutex);
    std::vector<std::uint64_t> out;
    for (const auto& draft : drafts) out.push_back(draft->records);
    return out;
  }

  PumpOptions options;
  std::vector<MemoryRecord> log;
  SourceDirectory directory;
  TestSource source{directory, log};
  TestSink sink;
  Credits credits{1 << 20};
  SystemClock clock;
  std::unique_ptr<Flow> flow;
  std::unique_ptr<Pump> pump;
  std::thread running;

  std::mutex mutex;
  std::condition_variable changed;
  bool durable_at_once = true;
  std::optional<Instant> watermark;             ///< that each epoch is closed with
  std::function<Instant(Instant)> limit_clock;  ///< as Pump::Parts has it
  bool gate_open = true;
  std::optional<Result<EpochNumber>> result;
  std::vector<std::string> payloads;
  std::vector<std::pair<std::uint64_t, EpochNumber>> arrived;  ///< (sequence, epoch)
  std::vector<std::shared_ptr<EpochDraft>> drafts;
  std::map<EpochNumber, std::size_t> credit_of;

 private:
  void collect(RecordBatch& batch) {
    EpochNumber cut = 0;
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [this] { return gate_open; });
      arrived.emplace_back(batch.sequence, batch.epoch);
      for (const RawRecord& record : batch.records) payloads.emplace_back(batch.payload(record));
      if (batch.marker) {
        drafts.push_back(batch.draft);
        cut = batch.draft->number;
        credit_of[cut] = batch.draft->credit_bytes;
      }
      changed.notify_all();
    }
    pump->on_batch_done();
    if (cut != 0 && durable_at_once) make_durable(cut);
  }
};

}  // namespace lensart::nodes
