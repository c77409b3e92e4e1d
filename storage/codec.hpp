/// Bytes in and out of persisted values and keys (docs/state-format.md).
///
/// Values are little-endian; keys are big-endian, so that their order is the numbers' order.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "graph/clock.hpp"

namespace lensart::storage {

static_assert(std::endian::native == std::endian::little, "the formats are written as they lie");

__extension__ using Int128 = __int128;

/// How many bytes `value` takes without the zeros at its upper end; eight for a negative one.
constexpr std::size_t short_size(std::int64_t value) {
  return (64 + 7 - static_cast<std::size_t>(std::countl_zero(static_cast<std::uint64_t>(value)))) /
         8;
}

/// Appends to a string. Threads: one.
class ByteWriter {
 public:
  explicit ByteWriter(std::string& out) : out_(out) {}

  template <class T>
  void number(T value) {
    static_assert(std::is_integral_v<T>);
    char bytes[sizeof(T)];
    std::memcpy(bytes, &value, sizeof(T));
    out_.append(bytes, sizeof(T));
  }
  /// 128 bits: the low half, then the high one.
  void wide(Int128 value) {
    number(static_cast<std::uint64_t>(value));
    number(static_cast<std::int64_t>(value >> 64));
  }
  /// A number that is mostly small and not negative: how many bytes, then those. A negative one
  /// takes all sixteen.
  void compact(Int128 value) {
    std::uint8_t size = 0;
    char bytes[sizeof(value)];
    for (; value != 0 && size < sizeof(value); value >>= 8) {
      bytes[size++] = static_cast<char>(value);
    }
    number(size);
    out_.append(bytes, size);
  }
  /// A number that is mostly small and not negative: `base` and how many bytes, then those.
  void short_number(std::int64_t value, std::uint8_t base = 0) {
    const std::size_t size = short_size(value);
    char bytes[1 + sizeof(value)] = {static_cast<char>(base + size)};
    std::memcpy(bytes + 1, &value, sizeof(value));
    out_.append(bytes, 1 + size);
  }
  void instant(Instant value) {
    number(static_cast<std::int64_t>(value.time_since_epoch().count()));
  }
  /// Four bytes of length, then the text.
  void text(std::string_view value) {
    number(static_cast<std::uint32_t>(value.size()));
    out_.append(value);
  }
  void raw(std::string_view bytes) { out_.append(bytes); }

 private:
  std::string& out_;
};

/// Appends many short values to a string: they are gathered, and appended together. Until it is
/// flushed or gone, what it was given is not in the string, and nobody else appends to that.
/// Threads: one.
class StagedWriter {
 public:
  explicit StagedWriter(std::string& out) : out_(out) {}
  StagedWriter(const StagedWriter&) = delete;
  StagedWriter& operator=(const StagedWriter&) = delete;
  ~StagedWriter() noexcept(false) { flush(); }  // out of memory is no end of the program

  template <class T>
  void number(T value) {
    static_assert(std::is_integral_v<T>);
    std::memcpy(room_for(sizeof(T)), &value, sizeof(T));
  }
  void wide(Int128 value) {
    number(static_cast<std::uint64_t>(value));
    number(static_cast<std::int64_t>(value >> 64));
  }
  void short_number(std::int64_t value, std::uint8_t base = 0) {
    const std::size_t size = short_size(value);
    char* const at = room_for(1 + sizeof(value));
    *at = static_cast<char>(base + size);
    std::memcpy(at + 1, &value, sizeof(value));
    size_ -= sizeof(value) - size;
  }
  void instant(Instant value) {
    number(static_cast<std::int64_t>(value.time_since_epoch().count()));
  }
  /// Four bytes of length, then the text.
  void text(std::string_view value) {
    number(static_cast<std::uint32_t>(value.size()));
    raw(value);
  }
  void raw(std::string_view bytes) {
    if (bytes.size() > kShort) {
      flush();
      out_.append(bytes);
    } else if (!bytes.empty()) {
      std::memcpy(room_for(bytes.size()), bytes.data(), bytes.size());
    }
  }
  void flush() {
    out_.append(staged_, size_);
    size_ = 0;
  }

 private:
  static constexpr std::size_t kRoom = 512;
  /// What is longer is appended as it is.
  static constexpr std::size_t kShort = 128;

  char* room_for(std::size_t bytes) {
    if (kRoom - size_ < bytes) flush();
    char* const at = staged_ + size_;
    size_ += bytes;
    return at;
  }

  std::string& out_;
  std::size_t size_ = 0;
  char staged_[kRoom];  // written before it is read
};

/// Reads what ByteWriter and StagedWriter wrote. After a read past the end `ok()` is false and
/// every value is zero: callers check once, at the end.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  template <class T>
  T number() {
    static_assert(std::is_integral_v<T>);
    T value{};
    if (!need(sizeof(T))) return value;
    std::memcpy(&value, bytes_.data() + at_, sizeof(T));
    at_ += sizeof(T);
    return value;
  }
  Int128 wide() {
    const auto low = number<std::uint64_t>();
    const auto high = number<std::int64_t>();
    return static_cast<Int128>(high) << 64 | static_cast<Int128>(low);
  }
  Int128 compact() {
    const std::string_view bytes = raw(number<std::uint8_t>());
    if (bytes.size() > sizeof(Int128)) ok_ = false;
    Int128 value = 0;
    for (std::size_t i = bytes.size(); ok_ && i > 0; --i) {
      value = value << 8 | static_cast<unsigned char>(bytes[i - 1]);
    }
    return value;
  }
  std::int64_t short_number(std::uint8_t base = 0) {
    return short_bytes(static_cast<std::uint8_t>(number<std::uint8_t>() - base));
  }
  /// What stands behind the byte that says how many. More than eight are none.
  std::int64_t short_bytes(std::size_t size) {
    std::int64_t value = 0;
    if (size > sizeof(value)) ok_ = false;
    if (need(size)) std::memcpy(&value, bytes_.data() + at_, size), at_ += size;
    return value;
  }
  Instant instant() { return Instant{std::chrono::microseconds(number<std::int64_t>())}; }
  std::string_view text() { return raw(number<std::uint32_t>()); }
  std::string_view raw(std::size_t size) {
    if (!need(size)) return {};
    const std::string_view value = bytes_.substr(at_, size);
    at_ += size;
    return value;
  }
  /// For a caller that finds a value which cannot be.
  void fail() { ok_ = false; }
  bool ok() const { return ok_; }
  bool at_end() const { return at_ == bytes_.size(); }
  std::size_t position() const { return at_; }
  std::string_view rest() const { return bytes_.substr(at_); }

 private:
  bool need(std::size_t size) {
    if (!ok_ || bytes_.size() - at_ < size) ok_ = false;
    return ok_;
  }
  std::string_view bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

/// What a string takes beside itself, for a cache's budget: what it has room for and what an
/// allocator rounds up to; nothing where it fits inside.
inline std::size_t heap_bytes(const std::string& text) {
  constexpr std::size_t kInside = 15;
  return text.capacity() <= kInside ? 0 : (text.capacity() + 16) / 16 * 16;
}

/// A key part whose byte order is its numeric order; for signed numbers the sign bit is flipped.
inline void append_key(std::string& key, std::uint64_t value) {
  const std::uint64_t big = __builtin_bswap64(value);
  key.append(reinterpret_cast<const char*>(&big), sizeof(big));
}
inline void append_key(std::string& key, std::uint32_t value) {
  const std::uint32_t big = __builtin_bswap32(value);
  key.append(reinterpret_cast<const char*>(&big), sizeof(big));
}
inline std::string key_of(std::uint64_t value) {
  std::string key;
  append_key(key, value);
  return key;
}
/// The key of a value in a tree: a number's, or what the key's own type makes of itself.
template <class Key>
std::string state_key(const Key& key) {
  if constexpr (std::is_integral_v<Key>) {
    return key_of(static_cast<std::uint64_t>(key));
  } else {
    return key.encode();
  }
}
inline std::uint64_t key_to_u64(std::string_view key) {
  std::uint64_t big = 0;
  std::memcpy(&big, key.data(), sizeof(big));
  return __builtin_bswap64(big);
}

/// `value` sealed with its format version in front and a checksum behind: LMDB has none of its own.
std::string seal(std::uint8_t version, std::string_view value);
/// The same, in place: the version byte stands at `from` already, and the value behind it.
void seal_in_place(std::string& out, std::size_t from = 0);
/// Empty when the checksum or the version is wrong.
struct Unsealed {
  bool ok = false;
  std::string_view value;
};
Unsealed unseal(std::uint8_t version, std::string_view sealed);

}  // namespace lensart::storage
