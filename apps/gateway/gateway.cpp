#include "apps/gateway/gateway.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

#include "apps/gateway/gateway_metrics.hpp"
#include "apps/gateway/json_writer.hpp"
#include "apps/gateway/kafka_publisher.hpp"
#include "apps/gateway/rate_limiter.hpp"
#include "apps/gateway/recent_ids.hpp"
#include "apps/http/health.hpp"
#include "apps/http/http_server.hpp"
#include "apps/http/responder.hpp"
#include "graph/text.hpp"

namespace lensart::gateway {
namespace {

using app::HttpRequest;
using app::HttpResponse;
using app::Responder;

constexpr std::string_view kEventsPath = "/api/kafka/events/";
constexpr std::string_view kTestPath = "/api/kafka/test-connection";
/// What the envelope adds to a body of the largest size.
constexpr std::uint64_t kEnvelopeRoomBytes = 4096;

/// `application/json`, in UTF-8 where it says.
bool is_json(std::string_view content_type) {
  auto type = lower_ascii(content_type);
  std::erase(type, ' ');
  std::erase(type, '"');
  return type == "application/json" || type == "application/json;charset=utf-8";
}

std::string quoted(std::string_view text) {
  std::string out;
  append_text(out, text);
  return out;
}

HttpResponse refusal(int status, std::string_view message, int retry_after_seconds,
                     std::string_view event_id = {}) {
  std::string body = fmt::format(R"({{"status":"error","message":{})", quoted(message));
  if (!event_id.empty()) body += fmt::format(R"(,"event_id":{})", quoted(event_id));
  auto response = HttpResponse::json(status, body + "}\n");
  if (retry_after_seconds > 0) {
    response.headers.emplace_back("Retry-After", std::to_string(retry_after_seconds));
  }
  return response;
}

/// Anything but an acknowledgement. The id goes with it: a repeat must carry the same.
HttpResponse failure(Settled settled, std::string_view event_id) {
  switch (settled) {
    case Settled::kTooLarge:
      return refusal(413, "the topic takes no message of this size", 0, event_id);
    case Settled::kBusy:
      return refusal(503, "too many events wait for Kafka: send it again, with the same event_id",
                     1, event_id);
    case Settled::kRefused:
      return refusal(503, "Kafka refuses the event; /readyz or the gateway's log may say why", 30,
                     event_id);
    case Settled::kAway:
    case Settled::kAcknowledged:
      break;
  }
  return refusal(503,
                 "Kafka did not acknowledge the event in time: send it again, with the same "
                 "event_id",
                 2, event_id);
}

/// In Laravel's shape: the first error and the number of the others, then each field's.
HttpResponse invalid(const InvalidRequest& request) {
  const auto& errors = request.errors;
  if (request.is_too_large) return refusal(413, errors.back().message, 0);
  std::string summary = errors.front().message;
  if (const auto more = errors.size() - 1; more > 0) {
    summary += fmt::format(" (and {} more error{})", more, more == 1 ? "" : "s");
  }
  std::vector<std::pair<std::string_view, std::string>> fields;
  for (const auto& error : errors) {
    const auto same = std::find_if(fields.begin(), fields.end(),
                                   [&](const auto& field) { return field.first == error.field; });
    if (same == fields.end()) {
      fields.emplace_back(error.field, quoted(error.message));
    } else {
      same->second += ',' + quoted(error.message);
    }
  }
  std::string body = fmt::format(R"({{"message":{},"errors":{{)", quoted(summary));
  for (const auto& [name, messages] : fields) {
    if (body.back() != '{') body += ',';
    body += fmt::format("{}:[{}]", quoted(name), messages);
  }
  return HttpResponse::json(422, body + "}}\n");
}

HttpResponse success(const IncomingEvent& event) {
  return HttpResponse::json(
      200, fmt::format(R"({{"status":"success","message":"Event sent to Kafka","event_type":{},)"
                       R"("order_id":{},"event_id":{}}})"
                       "\n",
                       quoted(event.event_type),
                       event.order_id ? std::to_string(*event.order_id) : "null",
                       quoted(event.event_id)));
}

/// Answers a request when its event is settled. `Done` makes the answer of an acknowledged one.
template <class Done>
class Answer final : public Publication {
 public:
  Answer(Responder responder, std::string event_id, Done done)
      : responder_(std::move(responder)), event_id_(std::move(event_id)), done_(std::move(done)) {}

  void on_settled(Settled settled) override {
    responder_.answer(settled == Settled::kAcknowledged ? done_() : failure(settled, event_id_));
  }

 private:
  Responder responder_;
  std::string event_id_;
  Done done_;
};

}  // namespace

GatewayOptions gateway_options(const app::Config& config, const TimeZone& zone) {
  GatewayOptions options;
  options.listen = config.gateway.listen;
  options.hosts = config.http.hosts;
  options.access = {config.gateway.auth, config.gateway.tokens, config.http.hosts};
  options.rate_limit = config.gateway.rate_limit;
  options.max_body_bytes = config.gateway.max_body;
  options.brokers = config.kafka.brokers;
  options.intake.rules = {config.pipeline.max_payload, config.pipeline.max_future,
                          config.validation.allow_zero_total, &zone};
  const auto& topics = config.kafka.topics;
  options.intake.topics = {topics.order_created, topics.order_updated, topics.order_cancelled,
                           topics.order_events};
  return options;
}

void set_topics_and_bounds(const app::Config& config, KafkaPublisherOptions& options) {
  const auto& topics = config.kafka.topics;
  options.topics = {topics.order_created, topics.order_updated, topics.order_cancelled,
                    topics.order_events};
  options.max_event_bytes =
      std::max(config.pipeline.max_payload, config.gateway.max_body + kEnvelopeRoomBytes);
}

class Gateway::Impl {
 public:
  Impl(GatewayOptions options, Publisher& publisher, const Clock& clock)
      : publisher_(publisher),
        clock_(clock),
        brokers_(options.brokers),
        intake_(options.intake),
        limiter_(options.access.tokens.size()),
        rate_limit_(options.rate_limit),
        recent_(std::make_shared<RecentIds>(options.remembered_ids)),
        metrics_(std::make_shared<GatewayMetrics>(publisher)) {}

  app::Router router(const app::AccessOptions& access) {
    app::Router router;
    app::add_probes(router, [this] {
      app::Health health;
      health.reasons = publisher_.not_ready();
      health.ready = health.reasons.empty();
      return health;
    });
    app::add_metrics(router, metrics_);
    router.add_guard("/api/", app::access_guard(access));
    const auto add = [&](std::string_view name, EventKind kind) {
      router.add_async("POST", fmt::format("{}{}", kEventsPath, name),
                       [this, kind](HttpRequest request, Responder responder) {
                         publish(kind, request, std::move(responder));
                       });
    };
    add("order-created", EventKind::kOrderCreated);
    add("order-updated", EventKind::kOrderUpdated);
    add("order-cancelled", EventKind::kOrderCancelled);
    add("order-status-changed", EventKind::kOrderStatusChanged);
    add("generic", EventKind::kGeneric);
    add("send", EventKind::kGeneric);
    for (const char* method : {"GET", "POST"}) {
      router.add_async(method, std::string(kTestPath),
                       [this](const HttpRequest& request, Responder responder) {
                         test_connection(request, std::move(responder));
                       });
    }
    return router;
  }

  Result<Unit> listen(const GatewayOptions& options) {
    app::HttpServerOptions server;
    server.listen = options.listen;
    server.setting = "gateway.listen";
    server.hosts = options.hosts;
    server.body_limit_bytes = options.max_body_bytes;
    server.observe = [metrics = metrics_](std::string_view path, int status,
                                          std::chrono::nanoseconds taken) {
      if (path.empty() || path.starts_with("/api/")) {
        metrics->count(endpoint_of(path), status, taken);
      }
    };
    LENSART_ASSIGN(server_, app::HttpServer::start(std::move(server), router(options.access)));
    return Unit{};
  }

  app::HttpServer& server() { return *server_; }
  const std::shared_ptr<GatewayMetrics>& metrics() const { return metrics_; }
  void set_rate_limit(std::uint32_t per_second) { rate_limit_ = per_second; }

 private:
  /// The answer to one who asks too often.
  std::optional<HttpResponse> over_limit(const HttpRequest& request) {
    const auto wait = limiter_.take(request.token, rate_limit_, clock_.tick());
    if (!wait) return std::nullopt;
    return refusal(429, "more requests a second than gateway.rate_limit allows",
                   static_cast<int>(wait->count()));
  }

  void publish(EventKind kind, HttpRequest& request, Responder responder) {
    if (auto limited = over_limit(request)) return responder.answer(std::move(*limited));
    if (!is_json(request.header("content-type")) || !request.header("content-encoding").empty()) {
      return responder.answer(
          refusal(415, "send JSON in UTF-8, not compressed: Content-Type: application/json", 0));
    }
    auto event = intake_.read(kind, std::move(request.body), clock_.wall());
    if (!event) return responder.answer(invalid(event.error()));
    if (recent_->holds(event->event_id)) {
      metrics_->count_repeat();
      return responder.answer(success(*event));
    }
    const std::string envelope = std::move(event->envelope);
    const auto topic = event->topic;
    const auto key =
        event->order_id ? std::optional(std::to_string(*event->order_id)) : std::nullopt;
    std::string event_id = event->event_id;
    auto done = [event = std::move(*event), recent = recent_]() mutable {
      auto response = success(event);
      recent->add(std::move(event.event_id));
      return response;
    };
    publisher_.publish(topic, key, envelope,
                       std::make_unique<Answer<decltype(done)>>(
                           std::move(responder), std::move(event_id), std::move(done)));
  }

  void test_connection(const HttpRequest& request, Responder responder) {
    if (auto limited = over_limit(request)) return responder.answer(std::move(*limited));
    const auto test = intake_.connection_test(clock_.wall());
    auto done = [brokers = brokers_] {
      return HttpResponse::json(200, fmt::format(R"({{"status":"success","message":"Kafka )"
                                                 R"(acknowledged a test event",)"
                                                 R"("kafka_brokers":{}}})"
                                                 "\n",
                                                 quoted(brokers)));
    };
    publisher_.publish(
        test.topic, std::nullopt, test.envelope,
        std::make_unique<Answer<decltype(done)>>(std::move(responder), "", std::move(done)));
  }

  Publisher& publisher_;
  const Clock& clock_;
  const std::string brokers_;
  // Of the server's thread.
  EventIntake intake_;
  RateLimiter limiter_;
  std::atomic<std::uint32_t> rate_limit_;
  std::shared_ptr<RecentIds> recent_;
  std::shared_ptr<GatewayMetrics> metrics_;
  std::unique_ptr<app::HttpServer> server_;  // last: its thread uses the others
};

Result<std::unique_ptr<Gateway>> Gateway::start(GatewayOptions options, Publisher& publisher,
                                                const Clock& clock) {
  auto impl = std::make_unique<Impl>(options, publisher, clock);
  LENSART_TRY(impl->listen(options));
  return std::unique_ptr<Gateway>(new Gateway(std::move(impl)));
}

Gateway::Gateway(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Gateway::~Gateway() = default;

std::uint16_t Gateway::port() const { return impl_->server().port(); }
std::shared_ptr<prometheus::Collectable> Gateway::metrics() const { return impl_->metrics(); }
void Gateway::set_rate_limit(std::uint32_t per_second) { impl_->set_rate_limit(per_second); }
void Gateway::stop(std::chrono::milliseconds grace) { impl_->server().stop(grace); }

}  // namespace lensart::gateway
