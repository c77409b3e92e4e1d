/// Encoded values by key, in a room of a fixed size.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>

#include "graph/batch.hpp"

namespace lensart::nodes {

/// A ring: values are put at its head, and what lies at its tail makes room for them. A value that
/// was asked for since it last lay there goes to the head once more (the CLOCK rule), and so does
/// one that is not durable yet, which nobody else could give. Where all of the room is full of
/// those, what comes has memory of its own until it is durable.
///
/// The memory is taken at once, and is the same from then on whatever the values' sizes; a value
/// lies in one piece (docs/adr/0016-memory-is-taken-at-the-start.md). Threads: one at a time.
class ValueRing {
 public:
  /// A room of no more than `room_bytes`; the index takes about a sixteenth of that beside it.
  explicit ValueRing(std::size_t room_bytes);

  /// The view dies with the next put().
  std::optional<std::string_view> find(std::int64_t key);
  /// Has the processor fetch the value of `key` ahead of a find() or put().
  void prefetch(std::int64_t key) const;
  /// `changed_in`: the epoch that gives the key this value; 0 where the tree has it already, and
  /// the value is only kept as far as there is room.
  void put(std::int64_t key, std::string_view value, EpochNumber changed_in);
  /// The value is forgotten, durable or not.
  void forget(std::int64_t key);
  /// What was changed in `epoch` or before is in the tree.
  void set_durable(EpochNumber epoch);

  /// The room as far as it was ever used, and what lies outside of it.
  std::size_t used_bytes() const { return touched_ + outside_bytes_; }
  std::size_t size() const { return places_.size() + outside_.size(); }

 private:
  /// Lies before each value. `bytes`: to the next one.
  struct Header {
    std::int64_t key = 0;
    EpochNumber changed_in = 0;
    std::uint32_t bytes = 0;
    std::uint32_t value_bytes = 0;
    bool live = false;  ///< the index leads here
    bool used = false;  ///< since it last lay at the tail
  };
  struct Outside {
    std::string value;
    EpochNumber changed_in = 0;
  };
  /// Everything begins at a multiple of it, so that a header fits wherever there is any room.
  static constexpr std::size_t kUnit = sizeof(Header);
  static_assert(kUnit == 32);
  static constexpr std::size_t kHugePage = 2 << 20;
  struct Unmapped {
    void operator()(char* room) const { ::operator delete[](room, std::align_val_t(kHugePage)); }
  };

  Header& at(std::size_t position) { return *reinterpret_cast<Header*>(room_.get() + position); }
  char* value_at(std::size_t position) { return room_.get() + position + sizeof(Header); }
  std::size_t free_at_head() const;
  bool make_room(std::size_t bytes);
  void pad_to_the_end();
  void pass_tail();
  void append(const Header& header, const char* value);
  void put_outside(std::int64_t key, std::string_view value, EpochNumber changed_in);
  void forget_outside(std::int64_t key);

  std::size_t capacity_ = 0;
  std::unique_ptr<char[], Unmapped> room_;
  std::size_t head_ = 0;
  std::size_t tail_ = 0;
  std::size_t filled_ = 0;   ///< from the tail to the head
  std::size_t touched_ = 0;  ///< the highest position ever filled
  boost::unordered_flat_map<std::int64_t, std::uint32_t> places_;  ///< in units
  boost::unordered_flat_map<std::int64_t, Outside> outside_;
  std::size_t outside_bytes_ = 0;
  EpochNumber durable_ = 0;
  bool exhausted_ = false;  ///< nothing can go before more is durable
};

}  // namespace lensart::nodes
