/// A text that is nearly always short.
#pragma once

#include <boost/container/small_vector.hpp>
#include <compare>
#include <cstddef>
#include <string_view>

namespace lensart {

/// Owns a text; one of up to `kInside` bytes without an allocation. Threads: one at a time.
template <std::size_t kInside>
class ShortText {
 public:
  ShortText() = default;
  ShortText(std::string_view text)  // NOLINT(google-explicit-constructor): is one
      : bytes_(text.begin(), text.end()) {}
  ShortText& operator=(std::string_view text) {
    bytes_.assign(text.begin(), text.end());
    return *this;
  }
  operator std::string_view() const { return view(); }  // NOLINT(google-explicit-constructor)
  std::string_view view() const { return {bytes_.data(), bytes_.size()}; }
  /// What lies outside of it.
  std::size_t heap_bytes() const { return bytes_.capacity() <= kInside ? 0 : bytes_.capacity(); }

  friend bool operator==(const ShortText& a, const ShortText& b) { return a.view() == b.view(); }
  friend bool operator==(const ShortText& a, std::string_view b) { return a.view() == b; }
  friend auto operator<=>(const ShortText& a, const ShortText& b) { return a.view() <=> b.view(); }

 private:
  boost::container::small_vector<char, kInside> bytes_;
};

/// Of ids and statuses: a UUID takes 36.
using KeyText = ShortText<40>;

}  // namespace lensart
