/// The signals that end or change a command that runs until it is told to stop.
#pragma once

#include <signal.h>

#include <atomic>
#include <functional>
#include <thread>

namespace lensart::app {

/// For a command that looks itself whether it is to stop: from here on SIGINT and SIGTERM are
/// noted. Returns what says whether one came.
std::function<bool()> note_stop_signals();

/// Takes SIGINT, SIGTERM and SIGHUP on a thread of its own. REQUIRES: made before any other thread,
/// which inherits that these signals are not its to take.
class SignalWatch {
 public:
  SignalWatch();
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  /// `stop` at the first SIGINT or SIGTERM; a second ends the process at once, with exit code 0.
  /// `reload` at each SIGHUP. Both run on the watch's thread.
  void start(std::function<void()> stop, std::function<void()> reload);

 private:
  sigset_t set_{};
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

}  // namespace lensart::app
