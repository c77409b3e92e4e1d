/// Who may use a route: bearer tokens, and no page from elsewhere.
///
/// Threads: any; what it makes is immutable.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apps/config/config.hpp"
#include "apps/http/router.hpp"

namespace lensart::app {

struct AccessOptions {
  AuthKind auth = AuthKind::kNone;
  /// SHA-256 of the tokens, 64 hexadecimal digits each, as the configuration has checked them. Any
  /// of them lets in, so that a new one can be given out before the old one is taken away.
  TextList tokens;
  /// Names beside the request's own Host that an Origin may carry: those of a reverse proxy.
  TextList hosts;
};

/// A guard for `Router::add_guard`:
/// 401 with WWW-Authenticate unless `Authorization: Bearer …` carries one of the tokens, whose
/// place in the list it notes in `request.token`; compared by hash, in a time that says nothing.
/// 403 for a write (anything but GET and HEAD) that a browser sends on behalf of another site: by
/// its Origin, or by Sec-Fetch-Site. Programs send neither.
HttpGuard access_guard(const AccessOptions& options);

}  // namespace lensart::app
