/// The configuration as it came out: for people, for programs, and as a fingerprint. No secrets.
///
/// Threads: any; pure functions.
#pragma once

#include <string>
#include <vector>

#include "apps/config/load.hpp"

namespace lensart::app {

/// All settings as a TOML document, each line with `# from where`.
std::string effective_text(const LoadedConfig& loaded);

/// `{"valid": true, "file": …, "settings": {"kafka.brokers": {"value": …, "origin": …}, …}}`
/// `services` is JSON for a member of that name, left out where it is empty.
std::string effective_json(const LoadedConfig& loaded, const std::string& services = {});

/// `{"valid": false, "problems": [{"origin": …, "line": …, "key": …, "value": …, …}]}`
std::string problems_json(const std::vector<Problem>& problems);

/// The settings that enter a table, as a JSON object whose keys are those of the [pipeline]
/// section: what `pipeline_settings` holds. Durations and maps as the file spells them; canonical,
/// so that equal settings give equal texts whatever order they were written in.
std::string settings_json(const Config& config);

/// Of the settings that enter a table, 32 hexadecimal digits (XXH3-128 of `settings_json`): equal
/// if and only if none of them changed. Anything else in the configuration leaves it alone.
std::string settings_fingerprint(const Config& config);

}  // namespace lensart::app
