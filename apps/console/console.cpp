#include "apps/console/console.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lensart::app {
namespace {

/// All of them show index.html; which page it is the browser reads from the address.
constexpr std::string_view kPages[] = {"/",          "/graph",        "/epochs",   "/watermarks",
                                       "/business",  "/orders",       "/orders/*", "/letters",
                                       "/letters/*", "/configuration"};

constexpr std::string_view kAssets = "/assets/";

constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// Whether `accepts` holds for one of the elements of a comma-separated header.
template <class Accepts>
bool any_element(std::string_view header, Accepts accepts) {
  while (!header.empty()) {
    const auto comma = header.find(',');
    if (accepts(trimmed(header.substr(0, comma)))) return true;
    if (comma == std::string_view::npos) return false;
    header.remove_prefix(comma + 1);
  }
  return false;
}

/// `gzip`, `gzip;q=0.8`; not `gzip;q=0`. What is not understood means no: plain is always right.
bool takes_gzip(std::string_view accept_encoding) {
  return any_element(accept_encoding, [](std::string_view element) {
    const auto semicolon = element.find(';');
    if (trimmed(element.substr(0, semicolon)) != "gzip") return false;
    if (semicolon == std::string_view::npos) return true;
    const std::string_view weight = trimmed(element.substr(semicolon + 1));
    return weight.starts_with("q=") && weight.find_first_of("123456789") != std::string_view::npos;
  });
}

bool has_tag(std::string_view if_none_match, std::string_view tag) {
  return any_element(if_none_match, [tag](std::string_view element) {
    if (element.starts_with("W/")) element.remove_prefix(2);
    return element == tag || element == "*";
  });
}

HttpResponse serve(const ConsoleAsset& asset, const HttpRequest& request, bool is_page) {
  const bool gzip = !asset.gzip.empty() && takes_gzip(request.header("accept-encoding"));
  const std::string tag = fmt::format("\"{}{}\"", asset.hash, gzip ? "-gzip" : "");
  HttpResponse response;
  response.content_type = asset.content_type;
  response.headers = {
      {"ETag", tag},
      {"Vary", "Accept-Encoding"},
      {"Cache-Control", is_page ? "no-cache" : "public, max-age=31536000, immutable"},
      {"Referrer-Policy", "no-referrer"}};
  if (is_page) response.headers.emplace_back("Content-Security-Policy", kPolicy);
  if (has_tag(request.header("if-none-match"), tag)) {
    response.status = 304;
    return response;
  }
  if (gzip) response.headers.emplace_back("Content-Encoding", "gzip");
  response.body = gzip ? asset.gzip : asset.plain;
  return response;
}

const ConsoleAsset* find(std::string_view name) {
  const auto assets = console_assets();
  const auto found = std::ranges::find(assets, name, &ConsoleAsset::name);
  return found == assets.end() ? nullptr : &*found;
}

HttpResponse serve_asset(const HttpRequest& request) {
  std::string_view name = std::string_view(request.path).substr(kAssets.size());
  const std::string_view version = name.substr(0, name.find('/'));
  name.remove_prefix(std::min(name.size(), version.size() + 1));
  if (version != console_version()) {
    return HttpResponse::error(404, "the console has been updated since; load the page again");
  }
  const ConsoleAsset* asset = find(name);
  if (asset == nullptr || asset->name == "index.html") {
    return HttpResponse::error(404, "the console has no such file");
  }
  return serve(*asset, request, false);
}

}  // namespace

void add_console(Router& router) {
  const ConsoleAsset* index = find("index.html");
  for (const std::string_view page : kPages) {
    router.add("GET", std::string(page),
               [index](const HttpRequest& request) { return serve(*index, request, true); });
  }
  router.add("GET", std::string(kAssets) + "*", serve_asset);
}

}  // namespace lensart::app
