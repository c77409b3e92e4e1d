/// What the sources of a configuration have in common; internal to `apps/config`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apps/config/load.hpp"

namespace lensart::app {

/// One value from one source, on its way into the Config.
struct Assignment {
  OptionMatch match;
  std::string entry;  ///< the one entry of a map that is set; empty: the whole value
  RawValue raw;
  Origin origin;

  std::string key() const;
};

/// Collects the assignments of all sources, in the order of their precedence, and the problems.
struct Sources {
  std::vector<Assignment> assignments;
  std::vector<Problem> problems;
  std::vector<std::string> node_names;

  /// A key that names no option: says so, with the nearest name. `shown_key` is what the operator
  /// wrote (a key, or a variable's name), `candidates` what could have been meant, spelt likewise.
  void unknown(const Origin& origin, const std::string& shown_key, const RawValue& raw,
               const std::vector<std::string>& candidates);
};

/// The file's table, recursively. `path` is the key so far.
void collect_file(const RawValue& root, const std::string& file_name, Sources& sources);
void collect_environment(const std::vector<std::pair<std::string, std::string>>& environment,
                         Sources& sources);
void collect_overrides(const std::vector<std::string>& overrides, Sources& sources);

/// Text of the environment or of --set as the raw value that `option` expects: a number or boolean
/// where it can be read as one, a TOML list or table, or the text itself.
tl::expected<RawValue, Complaint> raw_from_text(const Option& option, bool is_entry,
                                                const std::string& text);

/// "LENSART_PIPELINE_EPOCH_MAX_TIME".
std::string environment_name(std::string_view key);

/// All full keys, those of nodes for each of `node_names` (or with the placeholder).
std::vector<std::string> all_keys(const std::vector<std::string>& node_names);

}  // namespace lensart::app
