#include "apps/http/http_client.hpp"

#include <curl/curl.h>

namespace lensart::app {

namespace {

constexpr std::size_t kLongestReply = 16 << 20;

std::size_t append_reply(char* bytes, std::size_t, std::size_t count, void* to) {
  auto& text = *static_cast<std::string*>(to);
  if (text.size() + count > kLongestReply) return 0;  // ends the transfer with an error
  text.append(bytes, count);
  return count;
}

}  // namespace

Result<HttpReply> http_get(const std::string& url, const std::string& token,
                           std::chrono::seconds patience) {
  struct Handles {
    CURL* curl = curl_easy_init();
    curl_slist* headers = nullptr;
    ~Handles() {
      curl_slist_free_all(headers);
      curl_easy_cleanup(curl);
    }
  } handles;
  if (handles.curl == nullptr) return fail(Errc::kFatal, "libcurl cannot be used");
  HttpReply reply;
  char problem[CURL_ERROR_SIZE] = "";
  curl_easy_setopt(handles.curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handles.curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handles.curl, CURLOPT_TIMEOUT, static_cast<long>(patience.count()));
  curl_easy_setopt(handles.curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handles.curl, CURLOPT_WRITEFUNCTION, append_reply);
  curl_easy_setopt(handles.curl, CURLOPT_WRITEDATA, &reply.body);
  curl_easy_setopt(handles.curl, CURLOPT_ERRORBUFFER, problem);
  if (!token.empty()) {
    handles.headers = curl_slist_append(nullptr, ("Authorization: Bearer " + token).c_str());
    curl_easy_setopt(handles.curl, CURLOPT_HTTPHEADER, handles.headers);
  }
  if (const auto code = curl_easy_perform(handles.curl); code != CURLE_OK) {
    return fail(Errc::kBrokerDown, *problem != '\0' ? problem : curl_easy_strerror(code));
  }
  long status = 0;
  curl_easy_getinfo(handles.curl, CURLINFO_RESPONSE_CODE, &status);
  reply.status = static_cast<int>(status);
  return reply;
}

}  // namespace lensart::app
