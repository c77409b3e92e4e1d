/// The program's log: on stderr, human on a terminal, else one JSON object a line.
///
/// Results never go here: they belong on stdout. Threads: set up from main, used from any.
#pragma once

#include <string>

#include "apps/config/config.hpp"

namespace lensart::app {

/// Replaces spdlog's default logger. May be called again: the level and format of the last call
/// hold. Colours on a terminal only, and not where NO_COLOR is set.
void set_up_logging(const LogConfig& config);

/// Only the level, for a running process (SIGHUP).
void set_log_level(LogLevel level);

/// `{"time":"2025-01-31T08:00:00.123456Z","level":"info","message":"…"}`: the JSON form of one
/// message.
std::string json_log_line(std::string_view time, std::string_view level, std::string_view message);

}  // namespace lensart::app
