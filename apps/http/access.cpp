#include "apps/http/access.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <set>

namespace lensart::app {
namespace {

constexpr std::size_t kDigestBytes = 32;
using Digest = std::array<unsigned char, kDigestBytes>;

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool equal_but_for_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

/// nullopt only without memory: then nobody is let in.
std::optional<Digest> digest_of(std::string_view token) {
  Digest digest{};
  if (EVP_Digest(token.data(), token.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    return std::nullopt;
  }
  return digest;
}

Digest from_hexadecimal(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  Digest digest{};
  for (std::size_t i = 0; i < kDigestBytes && 2 * i + 1 < text.size(); ++i) {
    digest[i] = static_cast<unsigned char>(16 * kDigits.find(lower(text[2 * i])) +
                                           kDigits.find(lower(text[2 * i + 1])));
  }
  return digest;
}

/// `host:port` of an origin or a Host, without the port that goes without saying.
std::string_view without_default_port(std::string_view host) {
  for (const std::string_view port : {":80", ":443"}) {
    if (host.ends_with(port)) return host.substr(0, host.size() - port.size());
  }
  return host;
}

class Access {
 public:
  explicit Access(const AccessOptions& options) : needs_token_(options.auth == AuthKind::kToken) {
    for (const auto& token : options.tokens) digests_.push_back(from_hexadecimal(token));
    for (const auto& host : options.hosts) {
      std::string name = host;
      std::transform(name.begin(), name.end(), name.begin(), lower);
      hosts_.insert(std::move(name));
    }
  }

  std::optional<HttpResponse> refusal(HttpRequest& request) const {
    if (needs_token_) {
      request.token = token_of(request.header("authorization"));
      if (request.token < 0) return unknown_token(request.header("authorization").empty());
    }
    if (request.method != "GET" && is_from_elsewhere(request)) {
      return HttpResponse::error(403,
                                 "a page of another site may not write here; if it is this server "
                                 "behind a proxy, add the proxy's name to http.hosts");
    }
    return std::nullopt;
  }

 private:
  int token_of(std::string_view authorization) const {
    constexpr std::string_view kScheme = "Bearer ";
    if (!equal_but_for_case(authorization.substr(0, kScheme.size()), kScheme)) return -1;
    const auto digest = digest_of(authorization.substr(kScheme.size()));
    int found = -1;
    // Each is compared whole, whichever it is: the time taken tells nothing about them.
    for (std::size_t i = 0; digest && i < digests_.size(); ++i) {
      if (CRYPTO_memcmp(digests_[i].data(), digest->data(), kDigestBytes) == 0) {
        found = static_cast<int>(i);
      }
    }
    return found;
  }

  static HttpResponse unknown_token(bool is_missing) {
    auto response = HttpResponse::error(
        401, is_missing ? "send a token: Authorization: Bearer TOKEN" : "the token is not known");
    response.headers.emplace_back("WWW-Authenticate", "Bearer");
    return response;
  }

  bool is_from_elsewhere(const HttpRequest& request) const {
    const auto origin = request.header("origin");
    if (origin.empty()) {
      const auto site = request.header("sec-fetch-site");
      return site == "cross-site" || site == "same-site";
    }
    const auto scheme = origin.find("://");
    if (scheme == std::string_view::npos) return true;  // "null"
    const auto host = without_default_port(origin.substr(scheme + 3));
    if (equal_but_for_case(host, without_default_port(request.header("host")))) return false;
    std::string name(host.substr(0, host.rfind(':')));
    std::transform(name.begin(), name.end(), name.begin(), lower);
    return !hosts_.contains(name);
  }

  bool needs_token_;
  std::vector<Digest> digests_;
  std::set<std::string> hosts_;
};

}  // namespace

HttpGuard access_guard(const AccessOptions& options) {
  return [access = Access(options)](HttpRequest& request) { return access.refusal(request); };
}

}  // namespace lensart::app
