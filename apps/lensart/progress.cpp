#include "apps/lensart/progress.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <mutex>

namespace lensart::app {

namespace {

constexpr std::size_t kUsualWidth = 80;

/// The one line that may stand on a terminal, and whose it is.
std::mutex line_mutex;
int line_descriptor = -1;

void write_all(int descriptor, std::string_view text) {
  [[maybe_unused]] const auto written = ::write(descriptor, text.data(), text.size());
}

std::size_t width_of(int descriptor) {
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsualWidth;
  return size.ws_col;
}

/// `2 h 5 min`, `3 min 20 s`, `12 s`.
std::string duration_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds + 0.5);
  if (whole >= 3600) return fmt::format("{} h {} min", whole / 3600, whole / 60 % 60);
  if (whole >= 60) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} s", whole);
}

}  // namespace

const Clock& Progress::system_clock() {
  static const SystemClock clock;
  return clock;
}

Progress::Progress(ProgressOptions options, const Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      terminal_(isatty(options_.descriptor) == 1),
      began_(clock.tick()),
      last_(began_) {}

Progress::~Progress() {
  if (terminal_) clear_progress_line();
}

std::string Progress::line(std::uint64_t done, std::optional<double> share, std::string_view detail,
                           Duration elapsed) const {
  const double seconds = std::chrono::duration<double>(elapsed).count();
  std::string text = fmt::format("{} {}", done, options_.unit);
  if (share) {
    const double part = std::clamp(*share, 0.0, 1.0);
    text += fmt::format(", {:.0f} %", std::min(part * 100, 99.0));
    if (part > 0) text += fmt::format(", {} left", duration_text(seconds * (1 - part) / part));
  }
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  if (rate >= 1) text += fmt::format(", {:.0f} a second", rate);
  if (!detail.empty()) text += fmt::format(": {}", detail);
  return text;
}

void Progress::show(std::uint64_t done, std::optional<double> share, std::string_view detail) {
  if (options_.quiet) return;
  const Tick now = clock_.tick();
  if (now - last_ < (terminal_ ? options_.on_terminal : options_.elsewhere)) return;
  last_ = now;
  std::string text = line(done, share, detail, now - began_);
  if (!terminal_) return spdlog::info("{}", text);
  const std::size_t width = width_of(options_.descriptor);
  if (text.size() >= width) text.resize(width - 1);  // a line that wraps cannot be taken back
  const std::lock_guard lock(line_mutex);
  line_descriptor = options_.descriptor;
  write_all(options_.descriptor, "\r" + text + "\033[K");
}

void clear_progress_line() {
  const std::lock_guard lock(line_mutex);
  if (line_descriptor < 0) return;
  write_all(line_descriptor, "\r\033[K");
  line_descriptor = -1;
}

}  // namespace lensart::app
