#include "apps/lensart/signals.hpp"

#include <csignal>
#include <cstdlib>

namespace lensart::app {

namespace {

volatile std::sig_atomic_t stop_noted = 0;
void note_stop(int /*signal*/) { stop_noted = 1; }

}  // namespace

std::function<bool()> note_stop_signals() {
  static_cast<void>(std::signal(SIGINT, note_stop));
  static_cast<void>(std::signal(SIGTERM, note_stop));
  return [] { return stop_noted != 0; };
}

SignalWatch::SignalWatch() {
  sigemptyset(&set_);
  // SIGUSR1 is our own way to end the wait.
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) sigaddset(&set_, signal);
  pthread_sigmask(SIG_BLOCK, &set_, nullptr);
}

SignalWatch::~SignalWatch() {
  if (!thread_.joinable()) return;
  ended_ = true;
  pthread_kill(thread_.native_handle(), SIGUSR1);
  thread_.join();
}

void SignalWatch::start(std::function<void()> stop, std::function<void()> reload) {
  thread_ = std::thread([this, stop = std::move(stop), reload = std::move(reload)] {
    int stops = 0;
    while (!ended_) {
      int signal = 0;
      sigwait(&set_, &signal);
      if (signal == SIGHUP) reload();
      if (signal != SIGINT && signal != SIGTERM) continue;
      if (++stops > 1) std::_Exit(0);
      stop();
    }
  });
}

}  // namespace lensart::app
