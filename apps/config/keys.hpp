/// Every key that can be set, for people and for the documentation: docs/configuration.md is made
/// of it. Threads: any; pure functions.
#pragma once

#include <string>

namespace lensart::app {

/// A line a key: name, type, default, range; its sentence below.
std::string keys_text();

/// `[{"key", "type", "default", "range", "environment", "meaning", "enters_tables", "secret"}, …]`.
/// "default" is as the file spells it; null where it depends on the machine or on the node.
std::string keys_json();

}  // namespace lensart::app
