/// Bytes of a file one after the other, a byte order mark at its start left out.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>

#include "graph/error.hpp"

namespace lensart::importing {

/// Threads: one. Lifetime: does not own the file, which it reads from where it stands.
class ByteReader {
 public:
  static constexpr int kEnd = -1;

  explicit ByteReader(std::FILE* file);

  /// The next byte, 0 to 255; kEnd at the end, and where reading failed.
  int get() { return at_ < filled_ || fill() ? buffer_[at_++] : kEnd; }
  int peek() { return at_ < filled_ || fill() ? buffer_[at_] : kEnd; }

  /// Of the byte that comes next, from 1.
  std::uint64_t line() const { return line_; }
  /// To be called for each line feed taken.
  void count_line() { ++line_; }

  std::uint64_t bytes_read() const { return bytes_before_ + at_; }
  /// Fails with kFatal if kEnd was no end.
  Result<Unit> verdict() const;

 private:
  bool fill();

  std::FILE* file_;
  std::array<unsigned char, 64 * 1024> buffer_;
  std::size_t at_ = 0;
  std::size_t filled_ = 0;
  std::uint64_t bytes_before_ = 0;
  std::uint64_t line_ = 1;
  int error_ = 0;
};

}  // namespace lensart::importing
