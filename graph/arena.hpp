/// Bytes that live as long as the batch they belong to.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace lensart {

/// A bump allocator: nothing is freed before the arena is, or `reset()`.
///
/// Threads: one at a time. Lifetime: views returned by `copy` and spans returned by `make` die with
/// the arena or at `reset()`; moving the arena keeps them valid.
class Arena {
 public:
  explicit Arena(std::size_t block_bytes = 64 * 1024) : block_bytes_(block_bytes) {}

  /// `size` bytes aligned to `alignment`, uninitialised.
  char* allocate(std::size_t size, std::size_t alignment = 1) {
    std::size_t at = (used_ + alignment - 1) & ~(alignment - 1);
    if (blocks_.empty() || at + size > blocks_.back().size) {
      add_block(size);
      at = 0;
    }
    used_ = at + size;
    return blocks_.back().bytes.get() + at;
  }

  std::string_view copy(std::string_view text) {
    if (text.empty()) return {"", 0};
    char* to = allocate(text.size());
    std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }

  /// An array of trivially destructible `T`, value-initialised.
  template <class T>
  T* make(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    T* first = reinterpret_cast<T*>(allocate(count * sizeof(T), alignof(T)));
    for (std::size_t i = 0; i < count; ++i) new (first + i) T{};
    return first;
  }

  std::size_t capacity_bytes() const { return capacity_bytes_; }

  /// Forgets everything, keeps the first block.
  void reset() {
    if (blocks_.size() > 1) {
      blocks_.resize(1);
      capacity_bytes_ = blocks_.front().size;
    }
    used_ = 0;
  }

 private:
  struct Block {
    std::unique_ptr<char[]> bytes;
    std::size_t size;
  };

  void add_block(std::size_t at_least) {
    const std::size_t size = at_least > block_bytes_ ? at_least : block_bytes_;
    blocks_.push_back({std::unique_ptr<char[]>(new char[size]), size});
    capacity_bytes_ += size;
    used_ = 0;
  }

  std::size_t block_bytes_;
  std::size_t used_ = 0;
  std::size_t capacity_bytes_ = 0;
  std::vector<Block> blocks_;
};

}  // namespace lensart
