/// The values a configuration holds: their kinds, how each is spelt, and the raw form in which the
/// sources (file, environment, --set) hand them over.
///
/// Threads: any; pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <variant>
#include <vector>

#include "apps/config/config.hpp"

namespace lensart::app {

enum class Kind : std::uint8_t {
  kBoolean,
  kInteger,
  kSize,              ///< bytes, spelt "64MiB"
  kDuration,          ///< spelt "30s", "1h30m"
  kOptionalDuration,  ///< or "unlimited"
  kText,
  kChoice,  ///< one of a few texts
  kTextList,
  kTextMap,
};

/// "a duration", and how one is written, "a number with … in quotes, like \"30s\"": for messages.
std::string_view name_of(Kind kind);
std::string_view spelling_of(Kind kind);

/// A value of a setting. Integers and sizes are both std::uint64_t, choices are their text.
using Value =
    std::variant<bool, std::uint64_t, Duration, OptionalDuration, std::string, TextList, TextMap>;

/// What a source says, before anyone knows what it is for. `line` is 0 where there is none.
struct RawValue {
  using List = std::vector<RawValue>;
  using Table = std::vector<std::pair<std::string, RawValue>>;
  /// A TOML type no setting has: a float, a date, a time. Holds its name.
  struct Foreign {
    std::string type_name;
  };
  std::variant<bool, std::int64_t, std::string, List, Table, Foreign> content;
  int line = 0;

  bool is_table() const { return std::holds_alternative<Table>(content); }
  /// "an integer", for messages.
  std::string type_name() const;
  /// As TOML would spell it, cut to what fits a line.
  std::string spelling() const;
};

/// "30s", "5m", "24h", "1h30m", "250us": whole numbers with us, ms, s, m, h, d. nullopt otherwise.
std::optional<Duration> parse_duration(std::string_view text);
/// "64MiB", "512B": a whole number with B, KiB, MiB, GiB or TiB. nullopt otherwise.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// In the largest unit that leaves a whole number: what parse_duration and parse_size read back.
std::string format_duration(Duration duration);
std::string format_size(std::uint64_t bytes);

/// A TOML basic string / a JSON string, quotes included.
std::string in_quotes(std::string_view text);
std::string json_string(std::string_view text);
/// For a part of a URL (RFC 3986): all but letters, digits and -._~ as %XX.
std::string percent_encoded(std::string_view text);

/// `value` as TOML spells it: what the file would have to say. Canonical: equal values, equal
/// texts.
std::string toml_text(const Value& value, Kind kind);
std::string json_text(const Value& value, Kind kind);

}  // namespace lensart::app
