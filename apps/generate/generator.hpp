/// A stream poured into a sink at a steady rate, and what it amounted to.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "apps/generate/event_stream.hpp"
#include "apps/generate/record_sink.hpp"
#include "graph/clock.hpp"

namespace lensart::generate {

struct Summary {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;                ///< of payloads
  std::array<std::uint64_t, 5> events{};  ///< to be accepted, by orders::EventType
  std::uint64_t duplicates = 0;
  std::uint64_t ignored = 0;
  std::map<orders::Code, std::uint64_t> poison;
  std::uint64_t orders = 0;  ///< that were created
  Instant first{};           ///< event times of the accepted ones
  Instant last{};
  double seconds = 0;

  void add(const GeneratedRecord& record);
  std::uint64_t accepted() const;
  std::uint64_t rejected() const;
  double rate() const { return seconds > 0 ? static_cast<double>(records) / seconds : 0; }

  /// For a person, several lines.
  std::string to_text() const;
  std::string to_json() const;
};

struct PourOptions {
  /// Records a second; 0 is as fast as possible.
  double rate = 0;
  /// Called about once a second. May be empty.
  std::function<void(const Summary&)> on_progress;
  /// Asked before each record; true ends the stream early. May be empty.
  std::function<bool()> stop;
};

/// Pours the whole stream, then finishes the sink. `clock`'s ticks set the pace.
Result<Summary> pour(EventStream& stream, RecordSink& sink, const Clock& clock,
                     const PourOptions& options);

}  // namespace lensart::generate
