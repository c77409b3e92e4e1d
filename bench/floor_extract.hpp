/// The least that any reader of the events must do: find the fields, decode them, add them up.
///
/// No rule is checked. What is added up is there to be compared between two ways of reading, so
/// that neither can leave a field out.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace lensart::bench {

/// Sums over all events; equal sums mean that the same fields were read.
struct Totals {
  std::uint64_t events = 0;
  std::uint64_t broken = 0;  ///< payloads that could not be read
  std::uint64_t snapshots = 0;
  std::uint64_t lines = 0;
  std::uint64_t text_bytes = 0;  ///< of all texts, decoded
  std::int64_t ids = 0;          ///< modulo 2⁶⁴
  std::int64_t quantities = 0;
  std::int64_t price_hundredths = 0;  ///< of the snapshots' totals
  std::int64_t line_hundredths = 0;

  void add(const Totals& other);
  bool operator==(const Totals&) const = default;
};

/// Bytes past a payload that must be readable.
inline constexpr std::size_t kFloorPadding = 64;

/// simdjson On-Demand: one pass, forward only. Threads: one at a time.
class FloorReader {
 public:
  FloorReader();
  ~FloorReader();
  void read(std::string_view payload, Totals& totals);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The same by simdjson's tree, which validates the whole payload: the reference.
class ReferenceReader {
 public:
  ReferenceReader();
  ~ReferenceReader();
  void read(std::string_view payload, Totals& totals);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// "1750000.00", "5", "-1.5": hundredths, further digits cut.
std::int64_t hundredths(std::string_view text);

}  // namespace lensart::bench
