/// The files of templates/, carried inside the program.
#pragma once

#include <string_view>

namespace lensart::app {

/// The text of the file of that name. REQUIRES: there is one.
std::string_view export_template(std::string_view name);

}  // namespace lensart::app
