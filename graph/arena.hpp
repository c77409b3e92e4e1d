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
    while (current_ < blocks_.size() && at + size > blocks_[current_].size) {
      ++current_;
      at = 0;
    }
    if (current_ == blocks_.size()) add_block(size);
    used_ = at + size;
    return blocks_[current_].bytes.get() + at;
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

  /// Forgets everything; keeps the blocks of the usual size, gives the larger ones back.
  void reset() {
    std::erase_if(blocks_, [this](const Block& block) {
      if (block.size <= block_bytes_) return false;
      capacity_bytes_ -= block.size;
      return true;
    });
    current_ = 0;
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
  }

  std::size_t block_bytes_;
  std::size_t current_ = 0;  ///< the block that is being filled
  std::size_t used_ = 0;     ///< of it
  std::size_t capacity_bytes_ = 0;
  std::vector<Block> blocks_;
};

}  // namespace lensart
