// What one payload costs: the whole reader, against its own first half (the checked tree) and
// against simdjson's token index alone, which is the floor for anything built on it.
//
//   build/bench/bench/micro/event_reader_bench --benchmark_min_time=2

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "apps/orders/event_reader.hpp"
#include "apps/orders/json_document.hpp"
#include "apps/orders/json_index.hpp"
#include "graph/time_zone.hpp"

namespace lensart::orders {
namespace {

struct Sample {
  const char* name;
  Topic topic;
};

constexpr Sample kCreated{"order-created.envelope.json", Topic::kOrderCreated};
constexpr Sample kFlat{"order-created.flat.json", Topic::kOrderCreated};
constexpr Sample kStatus{"order-events.status-changed.json", Topic::kOrderEvents};
constexpr Sample kStatusOnly{"order-events.status-changed.no-snapshot.json", Topic::kOrderEvents};

constexpr Instant kNow = std::chrono::sys_days(std::chrono::year(2026) / 11 / 24);
constexpr std::size_t kEventsInAnArena = 256;

/// The payload with its padding behind it.
std::string load(const Sample& sample) {
  std::ifstream in(std::string(LENSART_SAMPLES) + "/" + sample.name, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  bytes.resize(bytes.size() + kPayloadPadding);
  return bytes;
}

std::string_view payload_of(const std::string& padded) {
  return std::string_view(padded).substr(0, padded.size() - kPayloadPadding);
}

const TimeZone& zone() {
  static const TimeZone found = TimeZone::find("Asia/Ho_Chi_Minh").value();
  return found;
}

EventReader make_reader() {
  Rules rules;
  rules.zone = &zone();
  return EventReader(rules);
}

void read_event(benchmark::State& state, const Sample& sample) {
  const std::string padded = load(sample);
  const std::string_view payload = payload_of(padded);
  EventReader reader = make_reader();
  Arena arena;
  Event event;
  Rejection rejection;
  std::size_t events = 0;
  for (auto _ : state) {
    if (++events % kEventsInAnArena == 0) arena.reset();
    benchmark::DoNotOptimize(reader.read(sample.topic, payload, kNow, arena, event, rejection));
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(events * payload.size()));
  state.SetItemsProcessed(static_cast<std::int64_t>(events));
}

void walk_document(benchmark::State& state, const Sample& sample) {
  const std::string padded = load(sample);
  JsonDocument document;
  for (auto _ : state) benchmark::DoNotOptimize(document.parse(payload_of(padded)));
}

void index_tokens(benchmark::State& state, const Sample& sample) {
  const std::string padded = load(sample);
  JsonIndex index;
  for (auto _ : state) benchmark::DoNotOptimize(index.build(payload_of(padded)));
}

/// Figures for a reader that reads wrongly are worth nothing.
void check_output() {
  const auto expect = [](bool holds, const char* claim) {
    if (holds) return;
    fmt::print(stderr, "event_reader_bench: not true: {}\n", claim);
    std::exit(1);
  };
  EventReader reader = make_reader();
  Arena arena;
  Event event;
  Rejection rejection;
  for (const Sample& sample : {kCreated, kFlat, kStatus, kStatusOnly}) {
    const std::string padded = load(sample);
    const Outcome outcome =
        reader.read(sample.topic, payload_of(padded), kNow, arena, event, rejection);
    expect(outcome == Outcome::kEvent, sample.name);
  }
  const std::string padded = load(kCreated);
  reader.read(kCreated.topic, payload_of(padded), kNow, arena, event, rejection);
  expect(event.event_id == "evt_6b046c89a61795.04114447", "the event id");
  expect(event.order_id == 1042 && event.snapshot.total_price == 175'000'000, "the numbers");
  expect(event.snapshot.user_name == "Nguyễn Thị Ánh", "the texts");
  expect(event.snapshot.lines.size() == 2 && event.snapshot.lines[1].quantity == 2, "the lines");
}

BENCHMARK_CAPTURE(read_event, created, kCreated);
BENCHMARK_CAPTURE(read_event, flat_with_derived_id, kFlat);
BENCHMARK_CAPTURE(read_event, status_changed, kStatus);
BENCHMARK_CAPTURE(read_event, status_changed_without_snapshot, kStatusOnly);
BENCHMARK_CAPTURE(walk_document, created, kCreated);
BENCHMARK_CAPTURE(index_tokens, created, kCreated);

}  // namespace
}  // namespace lensart::orders

int main(int count, char** arguments) {
  lensart::orders::check_output();
  benchmark::Initialize(&count, arguments);
  if (benchmark::ReportUnrecognizedArguments(count, arguments)) return 64;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
