#include "apps/lensart/http_get.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

namespace lensart::app {
namespace {

constexpr std::size_t kLongestAnswer = 1 << 20;

std::size_t append(char* bytes, std::size_t, std::size_t count, void* to) {
  auto& text = *static_cast<std::string*>(to);
  if (text.size() + count > kLongestAnswer) return 0;  // ends the transfer with an error
  text.append(bytes, count);
  return count;
}

}  // namespace

std::string base_url(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  if (url.find("://") == std::string::npos) url = "http://" + url;
  return url;
}

Result<HttpAnswer> http_get(const std::string& url, const std::string& token, Duration patience) {
  struct Handles {
    CURL* curl = curl_easy_init();
    curl_slist* headers = nullptr;
    ~Handles() {
      curl_slist_free_all(headers);
      curl_easy_cleanup(curl);
    }
  } handles;
  if (handles.curl == nullptr) return fail(Errc::kFatal, "libcurl cannot be used");
  HttpAnswer answer;
  char problem[CURL_ERROR_SIZE] = "";
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(patience).count();
  curl_easy_setopt(handles.curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handles.curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handles.curl, CURLOPT_PROXY, "");
  curl_easy_setopt(handles.curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handles.curl, CURLOPT_TIMEOUT_MS, static_cast<long>(milliseconds));
  curl_easy_setopt(handles.curl, CURLOPT_WRITEFUNCTION, append);
  curl_easy_setopt(handles.curl, CURLOPT_WRITEDATA, &answer.body);
  curl_easy_setopt(handles.curl, CURLOPT_ERRORBUFFER, problem);
  if (!token.empty()) {
    handles.headers = curl_slist_append(nullptr, ("Authorization: Bearer " + token).c_str());
    curl_easy_setopt(handles.curl, CURLOPT_HTTPHEADER, handles.headers);
  }
  if (const auto code = curl_easy_perform(handles.curl); code != CURLE_OK) {
    return fail(Errc::kBrokerDown,
                fmt::format("{}: {}; is an instance running there?", url,
                            *problem != '\0' ? problem : curl_easy_strerror(code)));
  }
  curl_easy_getinfo(handles.curl, CURLINFO_RESPONSE_CODE, &answer.status);
  return answer;
}

}  // namespace lensart::app
