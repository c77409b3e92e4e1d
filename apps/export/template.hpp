/// Texts with holes: `{{name}}`, or `{{name argument}}`, where the argument may have holes itself.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace lensart::app {

/// What goes into the hole of a name, given its argument; without one an empty text.
using Fillings = std::map<std::string, std::function<std::string(const std::string&)>, std::less<>>;

/// REQUIRES: holes are closed, and each has a filling; the templates are part of the program, so
/// anything else is a bug (std::logic_error). What a filling returns is taken as it is: a value of
/// the configuration that looks like a hole stays what it is.
std::string fill_template(std::string_view text, const Fillings& fillings);

}  // namespace lensart::app
