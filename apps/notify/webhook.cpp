#include "apps/notify/webhook.hpp"

#include <curl/curl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <vector>

namespace lensart::notify {

namespace {

constexpr std::string_view kEncodedSecret = "whsec_";
constexpr std::size_t kAnswerBytes = 64 << 10;  // read and thrown away; more is no answer to us

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* handle) const {
    Free(handle);
  }
};
using Curl = std::unique_ptr<CURL, Freed<curl_easy_cleanup>>;
using Headers = std::unique_ptr<curl_slist, Freed<curl_slist_free_all>>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string key_of(std::string_view secret) {
  if (!secret.starts_with(kEncodedSecret)) return std::string(secret);
  const std::string_view encoded = secret.substr(kEncodedSecret.size());
  std::string key(encoded.size() / 4 * 3 + 3, '\0');
  const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(key.data()),
                                     bytes_of(encoded), static_cast<int>(encoded.size()));
  if (length < 0) return std::string(secret);  // it only looks like it
  // EVP_DecodeBlock counts the padding as bytes.
  const auto padding = encoded.size() - std::min(encoded.size(), encoded.find('='));
  key.resize(static_cast<std::size_t>(length) - std::min<std::size_t>(padding, 2));
  return key;
}

std::size_t throw_away(char*, std::size_t size, std::size_t count, void* seen) {
  auto& total = *static_cast<std::size_t*>(seen);
  total += size * count;
  return total <= kAnswerBytes ? size * count : 0;
}

int ask_to_stop(void* stop, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return (*static_cast<const std::function<bool()>*>(stop))() ? 1 : 0;
}

bool may_pass(long status) {
  return status >= 500 || status == 408 || status == 425 || status == 429;
}

class CurlWebhook final : public Webhook {
 public:
  CurlWebhook(const WebhookOptions& options, Curl curl)
      : options_(options), curl_(std::move(curl)) {}

  Attempt post(const Message& message, Instant now, const std::function<bool()>& stop) override {
    const Headers headers = headers_for(message, now);
    std::size_t answered = 0;
    set(CURLOPT_HTTPHEADER, headers.get());
    set(CURLOPT_POSTFIELDS, message.json.data());
    set(CURLOPT_POSTFIELDSIZE, static_cast<long>(message.json.size()));
    set(CURLOPT_WRITEDATA, &answered);
    set(CURLOPT_XFERINFODATA, &stop);
    const CURLcode done = curl_easy_perform(curl_.get());
    long status = 0;
    curl_easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &status);
    Attempt attempt;
    // An answer that is too long is an answer all the same.
    if (done != CURLE_OK && !(done == CURLE_WRITE_ERROR && status != 0)) {
      attempt.why = curl_easy_strerror(done);
      return attempt;
    }
    attempt.delivered = status >= 200 && status < 300;
    if (attempt.delivered) return attempt;
    attempt.for_good = !may_pass(status);
    attempt.why = fmt::format("it answered {}", status);
    curl_off_t seconds = 0;
    curl_easy_getinfo(curl_.get(), CURLINFO_RETRY_AFTER, &seconds);
    if (seconds > 0) attempt.retry_after = std::chrono::seconds(seconds);
    return attempt;
  }

  Result<Unit> set_up() {
    if (set(CURLOPT_URL, options_.url.c_str()) != CURLE_OK ||
        set(CURLOPT_PROTOCOLS_STR, "http,https") != CURLE_OK) {
      return fail(Errc::kBadConfig, "notify.webhook_url is no address that libcurl can use");
    }
    const auto patience = static_cast<long>(options_.patience.count());
    set(CURLOPT_TIMEOUT_MS, patience);
    set(CURLOPT_CONNECTTIMEOUT_MS, patience / 2);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_USERAGENT, "lensart");
    set(CURLOPT_WRITEFUNCTION, &throw_away);
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, &ask_to_stop);
    return Unit{};
  }

 private:
  template <class Value>
  CURLcode set(CURLoption option, Value value) {
    return curl_easy_setopt(curl_.get(), option, value);
  }

  Headers headers_for(const Message& message, Instant now) const {
    const auto since_1970 = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch();
    const std::string seconds = std::to_string(since_1970.count());
    std::vector<std::string> lines = {"content-type: application/json", "webhook-id: " + message.id,
                                      "webhook-timestamp: " + seconds};
    if (!options_.secret.empty()) {
      lines.push_back("webhook-signature: " +
                      webhook_signature(options_.secret, message.id, seconds, message.json));
    }
    curl_slist* list = nullptr;
    for (const std::string& line : lines) list = curl_slist_append(list, line.c_str());
    return Headers(list);
  }

  WebhookOptions options_;
  Curl curl_;
};

}  // namespace

std::string webhook_signature(std::string_view secret, std::string_view id,
                              std::string_view seconds, std::string_view body) {
  const std::string key = key_of(secret);
  const std::string signed_text = fmt::format("{}.{}.{}", id, seconds, body);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(signed_text),
       signed_text.size(), digest.data(), &size);
  std::array<unsigned char, 64> text{};
  const int length = EVP_EncodeBlock(text.data(), digest.data(), static_cast<int>(size));
  return "v1," +
         std::string(reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(length));
}

Result<std::unique_ptr<Webhook>> Webhook::open(const WebhookOptions& options) {
  Curl curl(curl_easy_init());
  if (!curl) return fail(Errc::kFatal, "libcurl cannot be used: no memory");
  auto webhook = std::make_unique<CurlWebhook>(options, std::move(curl));
  LENSART_TRY(webhook->set_up());
  return std::unique_ptr<Webhook>(std::move(webhook));
}

}  // namespace lensart::notify
