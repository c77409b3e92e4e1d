/// Time, injected: nothing below `apps/` reads a clock of its own.
#pragma once

#include <chrono>

namespace lensart {

/// An instant of the outside world, microseconds UTC since 1970 (docs/contract.md §1).
using Instant = std::chrono::sys_time<std::chrono::microseconds>;
using Duration = std::chrono::microseconds;
/// A reading of a clock that never jumps; only differences mean anything.
using Tick = std::chrono::time_point<std::chrono::steady_clock, std::chrono::microseconds>;

inline double seconds_of(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

/// Threads: any. Lifetime: outlives whatever was given it.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  virtual Instant wall() const = 0;
  virtual Tick tick() const = 0;
};

class SystemClock final : public Clock {
 public:
  Instant wall() const override {
    return std::chrono::time_point_cast<std::chrono::microseconds>(
        std::chrono::system_clock::now());
  }
  Tick tick() const override {
    return std::chrono::time_point_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now());
  }
};

/// A clock that stands still until told to move. Threads: one.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Instant start = Instant{}) : wall_(start) {}
  Instant wall() const override { return wall_; }
  Tick tick() const override { return tick_; }
  void advance(std::chrono::microseconds by) {
    wall_ += by;
    tick_ += by;
  }
  void jump_wall(Instant to) { wall_ = to; }

 private:
  Instant wall_;
  Tick tick_{};
};

}  // namespace lensart
