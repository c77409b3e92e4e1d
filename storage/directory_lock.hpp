/// One process a state: a file lock of our own, since LMDB refuses no second one.
#pragma once

#include <string>
#include <utility>

#include "graph/error.hpp"

namespace lensart::storage {

/// The lock on a state's directory, held against every other process. Threads: one.
class DirectoryLock {
 public:
  /// Makes the directory if need be. Fails with kOwnedByAnother, kStateFailed.
  static Result<DirectoryLock> take(const std::string& directory);
  DirectoryLock(DirectoryLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  DirectoryLock& operator=(DirectoryLock&&) = delete;
  ~DirectoryLock();

 private:
  explicit DirectoryLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace lensart::storage
