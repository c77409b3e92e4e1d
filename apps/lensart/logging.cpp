#include "apps/lensart/logging.hpp"

#include <date/date.h>
#include <fmt/format.h>
#include <spdlog/formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "apps/config/values.hpp"
#include "apps/lensart/progress.hpp"

namespace lensart::app {
namespace {

class JsonFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const auto micros = std::chrono::floor<std::chrono::microseconds>(message.time);
    const auto level = spdlog::level::to_string_view(message.level);
    const auto line = json_log_line(date::format("%FT%TZ", micros), {level.data(), level.size()},
                                    {message.payload.data(), message.payload.size()});
    out.append(line.data(), line.data() + line.size());
    out.push_back('\n');
  }
  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<JsonFormatter>();
  }
};

/// Stands before the sink that writes, so that no line of the log begins behind a progress line.
class LineClearer final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
  void sink_it_(const spdlog::details::log_msg&) override { clear_progress_line(); }
  void flush_() override {}
};

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::kTrace:
      return spdlog::level::trace;
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  std::abort();
}

bool wants_json(LogFormat format, bool is_terminal) {
  switch (format) {
    case LogFormat::kAuto:
      return !is_terminal;
    case LogFormat::kHuman:
      return false;
    case LogFormat::kJson:
      return true;
  }
  std::abort();
}

}  // namespace

std::string json_log_line(std::string_view time, std::string_view level, std::string_view message) {
  return fmt::format(R"({{"time":{},"level":{},"message":{}}})", json_string(time),
                     json_string(level), json_string(message));
}

void set_log_level(LogLevel level) { spdlog::set_level(level_of(level)); }

void set_up_logging(const LogConfig& config) {
  const bool is_terminal = isatty(STDERR_FILENO) == 1;
  const char* no_color = std::getenv("NO_COLOR");
  const bool colours = is_terminal && (no_color == nullptr || *no_color == '\0');
  auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>(
      colours ? spdlog::color_mode::always : spdlog::color_mode::never);
  if (wants_json(config.format, is_terminal)) {
    sink->set_formatter(std::make_unique<JsonFormatter>());
  } else {
    sink->set_pattern("%H:%M:%S.%e %^%-5l%$ %v");
  }
  spdlog::set_default_logger(std::make_shared<spdlog::logger>(
      "lensart", spdlog::sinks_init_list{std::make_shared<LineClearer>(), std::move(sink)}));
  set_log_level(config.level);
  spdlog::flush_on(spdlog::level::trace);
}

}  // namespace lensart::app
