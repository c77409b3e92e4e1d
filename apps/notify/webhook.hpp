/// The webhook: a message POSTed to an HTTP or HTTPS address, signed as
/// https://www.standardwebhooks.com has it, so that receivers find a library for it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "apps/notify/delivery.hpp"
#include "graph/clock.hpp"
#include "graph/error.hpp"

namespace lensart::notify {

/// The header `webhook-signature`: `v1,` and the base64 of the HMAC-SHA256 of `ID.TIMESTAMP.BODY`.
/// A secret that begins with `whsec_` is base64 behind that; any other is its own bytes.
std::string webhook_signature(std::string_view secret, std::string_view id,
                              std::string_view seconds, std::string_view body);

struct WebhookOptions {
  std::string url;     ///< http:// or https://; may hold a secret, and is never shown
  std::string secret;  ///< empty: unsigned
  std::chrono::milliseconds patience = std::chrono::seconds(10);
};

/// Certificates are checked against the system's authorities; redirections are not followed.
/// Threads: one at a time.
class Webhook {
 public:
  /// Fails with kBadConfig where the address is none.
  static Result<std::unique_ptr<Webhook>> open(const WebhookOptions& options);
  virtual ~Webhook() = default;
  Webhook(const Webhook&) = delete;
  Webhook& operator=(const Webhook&) = delete;

  /// Delivered is 2xx. For good is any other answer but 408, 425, 429 and 5xx. Waits at most
  /// `patience`, and no longer once `stop` says true.
  virtual Attempt post(const Message& message, Instant now, const std::function<bool()>& stop) = 0;

 protected:
  Webhook() = default;
};

}  // namespace lensart::notify
