/// How a long command gets on, on stderr: on a terminal one line that is written over again, with
/// rate and time left; elsewhere a line of the log now and then; nothing where nobody is to be told
/// (`--json`).
#pragma once

#include <unistd.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "graph/clock.hpp"

namespace lensart::app {

struct ProgressOptions {
  std::string unit;                ///< what is counted, and how: `orders checked`
  bool quiet = false;              ///< `--json`: results are read by a program
  int descriptor = STDERR_FILENO;  ///< where to; whether it is a terminal is asked once
  Duration on_terminal = std::chrono::milliseconds(200);  ///< least time between two lines
  Duration elsewhere = std::chrono::seconds(5);
};

/// Threads: one at a time. Lifetime: the line is gone with the object, before results are printed.
/// The log takes it away before each of its own lines: see set_up_logging().
class Progress {
 public:
  explicit Progress(ProgressOptions options, const Clock& clock = system_clock());
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// May be called as often as one likes. `share`: of the whole that is done, 0 to 1, where it is
  /// known. `detail`: what it is at.
  void show(std::uint64_t done, std::optional<double> share = {}, std::string_view detail = {});

 private:
  static const Clock& system_clock();
  std::string line(std::uint64_t done, std::optional<double> share, std::string_view detail,
                   Duration elapsed) const;

  ProgressOptions options_;
  const Clock& clock_;
  bool terminal_;
  Tick began_;
  Tick last_;
};

/// Takes a progress line off the terminal, if there is one. Threads: any.
void clear_progress_line();

}  // namespace lensart::app
