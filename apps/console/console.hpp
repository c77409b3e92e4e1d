/// The console: the pages that `lensart run` serves at `/`, carried inside the program.
///
/// They hold no data and need no token; what they show they ask of `/api/v1/`. A browser that was
/// here before is answered 304; one that takes gzip gets what was compressed at build time. Asset
/// paths carry a version made from all contents (`/assets/VERSION/…`), so they may be kept for
/// ever, and pages of different builds never mix. No other host is ever named: the pages'
/// Content-Security-Policy allows this origin alone, and no inline script.
///
/// Threads: add_console before the server starts; the handlers on any thread, they never block.
#pragma once

#include <span>
#include <string_view>

#include "apps/http/router.hpp"

namespace lensart::app {

/// One embedded file. Everything in it lives as long as the program.
struct ConsoleAsset {
  std::string_view name;  ///< as in `pages/graph.js`; `index.html` is the page itself
  std::string_view content_type;
  std::string_view hash;  ///< of the content, 16 hexadecimal digits
  std::string_view plain;
  std::string_view gzip;  ///< empty where the format is compressed already
};

/// All of them, by name.
std::span<const ConsoleAsset> console_assets();
/// What asset paths carry; another one for each content of any asset.
std::string_view console_version();

/// Adds `/`, the address of each page, and `/assets/*`.
void add_console(Router& router);

}  // namespace lensart::app
