/// Where the tokens of a JSON text begin: simdjson's first stage, and nothing else of it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace lensart::orders {

/// Finds, with the widest instructions this machine has, each bracket, colon, comma, opening quote
/// and first byte of any other token, leaving out what stands within strings; on the way it checks
/// the whole text for valid UTF-8, for strings left open and for raw control characters within
/// strings.
///
/// What it does not check is left to the walk over the index: the order of the tokens, and the
/// bytes of each token up to the next.
///
/// simdjson's own walks are not used: On-Demand does not look at what it skips and is bound at
/// compile time to the slowest kernel in a plain build; the DOM refuses numbers that the contract
/// accepts.
///
/// Threads: one at a time.
class JsonIndex {
 public:
  JsonIndex();
  ~JsonIndex();
  JsonIndex(JsonIndex&&) noexcept;
  JsonIndex& operator=(JsonIndex&&) noexcept;

  /// Nothing on success, else what is wrong with the text. Whatever bytes `text` holds.
  const char* build(std::string_view text);

  /// Offsets, rising. Valid until the next `build`.
  std::span<const std::uint32_t> tokens() const { return tokens_; }

 private:
  struct Kernel;

  std::unique_ptr<Kernel> kernel_;
  std::span<const std::uint32_t> tokens_;
};

}  // namespace lensart::orders
