/// Who may use the console's API, and the token as a cookie.
///
/// A browser's EventSource can send no header, so the token may come as a cookie as well: HttpOnly,
/// so that no script reads it, SameSite=Strict, so that no other site sends it. Nothing is kept
/// here; the cookie is the token.
#pragma once

#include "apps/config/config.hpp"
#include "apps/http/router.hpp"

namespace lensart::app {

/// Guards everything below /api/ and adds /api/v1/session. With `http.auth = "token"` every request
/// wants one of `http.tokens`; with `none` a write does as soon as there are any. What holds no
/// data is open: the session itself and the OpenAPI document.
void add_access(Router& router, const HttpConfig& http);

}  // namespace lensart::app
