/// The log of a shop that has been open for years, made up record by record.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "apps/generate/order_plan.hpp"
#include "graph/clock.hpp"
#include "nodes/source/record_source.hpp"

namespace lensart::bench {

/// `orders` orders, created one after the other at `kOrdersADay`; then `updates` of them, nine in
/// ten on orders of the last three days. A pure function of its numbers. Orders older than three
/// days are delivered.
class ShopLog {
 public:
  static constexpr std::uint64_t kOrdersADay = 27'400;  ///< ten million in a year

  ShopLog(std::uint64_t orders, std::uint64_t updates, Instant updates_begin);

  std::uint64_t orders() const { return orders_; }
  std::uint64_t updates() const { return updates_; }

  /// Replaces `out` by the payload that creates the `index`-th order, or by the `index`-th update.
  void render_created(std::string& out, std::uint64_t index) const;
  void render_update(std::string& out, std::uint64_t index) const;

  std::uint64_t order_of_update(std::uint64_t index) const;
  std::int64_t order_id(std::uint64_t order) const { return static_cast<std::int64_t>(order) + 1; }
  Instant created_at(std::uint64_t order) const;
  Instant updated_at(std::uint64_t update) const;

 private:
  void render(std::string& out, std::uint64_t order, generate::Step step,
              std::uint64_t number) const;

  std::uint64_t orders_;
  std::uint64_t updates_;
  std::uint64_t recent_;  ///< orders of the last three days
  Instant updates_begin_;
};

/// Reads a shop's log: what was created, then what was updated. The updates are rendered when it is
/// made, so that reading them costs next to nothing; they lie in a file that is mapped.
class ShopSource final : public nodes::RecordSource {
 public:
  /// `updates_file`: is written, and removed at once. Throws std::system_error.
  ShopSource(nodes::SourceDirectory& directory, const ShopLog& log,
             const std::string& updates_file);
  ~ShopSource() override;

  Result<Unit> start(std::span<const storage::SourcePosition> positions) override;
  Result<Unit> poll(nodes::RecordBatch& into, const nodes::PollLimits& limits) override;
  int wake_descriptor() const override { return -1; }
  std::int64_t next_offset(std::uint32_t source) const override {
    return static_cast<std::int64_t>(source == created_ ? next_created_ : next_update_);
  }
  bool at_end(std::uint32_t source) const override {
    return source == created_ ? next_created_ == log_.orders() : next_update_ == log_.updates();
  }
  bool reached_start_end() const override { return at_end(created_) && at_end(updated_); }
  void report_committed(std::span<const storage::SourcePosition>) override {}
  std::vector<std::int64_t> lags() const override { return {}; }
  std::string trouble() const override { return {}; }

 private:
  nodes::SourceDirectory& directory_;
  const ShopLog& log_;
  std::uint32_t created_ = 0;
  std::uint32_t updated_ = 0;
  std::uint64_t next_created_ = 0;
  std::uint64_t next_update_ = 0;
  std::string payload_;
  std::vector<std::uint64_t> ends_;  ///< of the updates, in the file
  const char* mapped_ = nullptr;
  std::size_t mapped_bytes_ = 0;
};

}  // namespace lensart::bench
