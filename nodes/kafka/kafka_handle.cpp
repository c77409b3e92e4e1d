#include "nodes/kafka/kafka_handle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>

namespace lensart::nodes {
namespace {

/// Whether a property may hold a secret: then its value never enters a message.
bool is_secret(std::string_view property) {
  constexpr std::array<std::string_view, 6> kMarks = {"password", "secret", "key.pem",
                                                      "oauth",    "jaas",   "token"};
  return std::any_of(kMarks.begin(), kMarks.end(), [property](std::string_view mark) {
    return property.find(mark) != std::string_view::npos;
  });
}

Result<Unit> set_property(rd_kafka_conf_t* conf, const std::string& origin, const std::string& name,
                          const std::string& value) {
  std::array<char, 512> reason{};
  if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), reason.data(), reason.size()) ==
      RD_KAFKA_CONF_OK) {
    return Unit{};
  }
  if (is_secret(name)) {
    return fail(Errc::kBadConfig,
                fmt::format("{}.{} = ***: librdkafka does not take this value", origin, name));
  }
  return fail(Errc::kBadConfig, fmt::format("{}.{} = \"{}\": {}; see librdkafka's CONFIGURATION.md",
                                            origin, name, value, reason.data()));
}

/// The operator may repeat what we require, but not change it.
Result<Unit> check_required(const KafkaProperties& required, const std::string& origin,
                            const std::string& name, const std::string& value) {
  const auto found = required.find(name);
  if (found == required.end() || found->second == value) return Unit{};
  return fail(Errc::kBadConfig,
              fmt::format("{}.{} = \"{}\": exactly once needs \"{}\" here; remove the key", origin,
                          name, is_secret(name) ? "***" : value, found->second));
}

Result<Unit> apply_layers(rd_kafka_conf_t* conf, const KafkaClientOptions& options) {
  LENSART_TRY(set_property(conf, "kafka", "bootstrap.servers", options.brokers));
  for (const auto& [name, value] : options.defaults) {
    LENSART_TRY(set_property(conf, "default", name, value));
  }
  for (const KafkaPropertyLayer& layer : options.layers) {
    for (const auto& [name, value] : layer.properties) {
      if (name == "bootstrap.servers" || name == "metadata.broker.list") {
        return fail(Errc::kBadConfig,
                    fmt::format("{}.{}: set kafka.brokers instead", layer.origin, name));
      }
      LENSART_TRY(check_required(options.required, layer.origin, name, value));
      LENSART_TRY(set_property(conf, layer.origin, name, value));
    }
  }
  for (const auto& [name, value] : options.required) {
    LENSART_TRY(set_property(conf, "required", name, value));
  }
  return Unit{};
}

KafkaLogLevel level_of(int syslog) { return static_cast<KafkaLogLevel>(std::clamp(syslog, 3, 7)); }

}  // namespace

struct KafkaClient::Context {
  std::string brokers;
  KafkaLog log;
  std::shared_ptr<KafkaFigures> figures;
  DeliveryCallback on_delivery = nullptr;
  void* opaque = nullptr;
  std::atomic<bool> silent{false};  ///< whoever is told is gone
  std::mutex mutex;
  std::string last_error;  // what a broker's thread said last, to explain a timeout

  static Context& of(const rd_kafka_t* client) {
    return *static_cast<Context*>(rd_kafka_opaque(client));
  }

  static void log_callback(const rd_kafka_t* client, int level, const char* facility,
                           const char* text) {
    Context& context = of(client);
    if (context.silent.load(std::memory_order_acquire)) return;
    const KafkaLogLevel said = level_of(level);
    if (said <= KafkaLogLevel::kWarning) context.remember(text);
    if (context.log) context.log(said, facility, text);
  }

  static void error_callback(rd_kafka_t*, int code, const char* reason, void* opaque) {
    auto& context = *static_cast<Context*>(opaque);
    if (context.silent.load(std::memory_order_acquire)) return;
    if (context.figures) context.figures->errors.fetch_add(1, std::memory_order_relaxed);
    // That all brokers are down is no reason: it follows one.
    if (code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) context.remember(reason);
    if (context.log) {
      context.log(KafkaLogLevel::kWarning,
                  rd_kafka_err2name(static_cast<rd_kafka_resp_err_t>(code)), reason);
    }
  }

  static void delivery_callback(rd_kafka_t* client, const rd_kafka_message_t* message,
                                void* opaque) {
    const auto& context = *static_cast<Context*>(opaque);
    context.on_delivery(client, message, context.opaque);
  }

  void remember(std::string_view text) {
    const std::lock_guard lock(mutex);
    last_error = text;
  }

  std::string explanation() {
    const std::lock_guard lock(mutex);
    return last_error;
  }
};

KafkaClient::KafkaClient() : context_(std::make_unique<Context>()) {}
KafkaClient::~KafkaClient() = default;

namespace {

/// False when it is not over after `patience`.
bool close_consumer(rd_kafka_t* client, std::chrono::milliseconds patience) {
  const KafkaQueue answers(rd_kafka_queue_new(client));
  if (rd_kafka_error_t* error = rd_kafka_consumer_close_queue(client, answers.get())) {
    rd_kafka_error_destroy(error);
    return false;
  }
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (rd_kafka_consumer_closed(client) == 0) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    if (rd_kafka_event_t* event = rd_kafka_queue_poll(answers.get(), 50)) {
      rd_kafka_event_destroy(event);
    }
  }
  return true;
}

}  // namespace

void KafkaClient::end_consumer(std::chrono::milliseconds patience) {
  if (close_consumer(handle_.get(), patience)) return;
  context_->silent.store(true, std::memory_order_release);
  static_cast<void>(handle_.release());
  static_cast<void>(context_.release());
}
KafkaClient::KafkaClient(KafkaClient&&) noexcept = default;
KafkaClient& KafkaClient::operator=(KafkaClient&& other) noexcept {
  handle_ = std::move(other.handle_);  // first: its callbacks use the context
  context_ = std::move(other.context_);
  return *this;
}

Result<KafkaClient> KafkaClient::open(KafkaRole role, const KafkaClientOptions& options,
                                      DeliveryCallback on_delivery, void* opaque) {
  KafkaClient client;
  client.context_->brokers = options.brokers;
  client.context_->log = options.log;
  client.context_->figures = options.figures;
  client.context_->on_delivery = on_delivery;
  client.context_->opaque = opaque;
  KafkaConf conf(rd_kafka_conf_new());
  LENSART_TRY(apply_layers(conf.get(), options));
  rd_kafka_conf_set_opaque(conf.get(), client.context_.get());
  rd_kafka_conf_set_log_cb(conf.get(), &Context::log_callback);
  rd_kafka_conf_set_error_cb(conf.get(), &Context::error_callback);
  if (on_delivery != nullptr) {
    rd_kafka_conf_set_dr_msg_cb(conf.get(), &Context::delivery_callback);
  }
  std::array<char, 512> reason{};
  client.handle_.reset(
      rd_kafka_new(role == KafkaRole::kProducer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER, conf.get(),
                   reason.data(), reason.size()));
  if (!client.handle_) {
    return fail(Errc::kBadConfig,
                fmt::format("librdkafka refuses the properties under kafka: {}", reason.data()));
  }
  [[maybe_unused]] const rd_kafka_conf_t* taken = conf.release();  // the client owns it now
  return client;
}

const std::string& KafkaClient::brokers() const { return context_->brokers; }

bool is_passing(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
    case RD_KAFKA_RESP_ERR__DESTROY:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
    case RD_KAFKA_RESP_ERR_NOT_CONTROLLER:
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS:
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
    case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
      return true;
    default:
      return false;
  }
}

Error KafkaClient::error(rd_kafka_resp_err_t code, std::string_view doing,
                         std::string_view detail) const {
  std::string text = fmt::format("{}: {}", doing, rd_kafka_err2str(code));
  if (!detail.empty()) text += fmt::format(" ({})", detail);
  if (is_passing(code)) {
    if (const std::string last = context_->explanation(); !last.empty()) {
      text += fmt::format("; librdkafka says: {}", last);
    }
    text += fmt::format("; kafka.brokers = \"{}\": is Kafka running, and is this its address?",
                        context_->brokers);
    return Error{Errc::kBrokerDown, std::move(text)};
  }
  if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION ||
      code == RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED || code == RD_KAFKA_RESP_ERR__SSL) {
    text += fmt::format(
        "; check kafka.properties (sasl.*, ssl.*, security.protocol) against the "
        "brokers \"{}\"",
        context_->brokers);
    return Error{Errc::kBadConfig, std::move(text)};
  }
  text += fmt::format(" (brokers \"{}\")", context_->brokers);
  return Error{Errc::kFatal, std::move(text)};
}

Result<Unit> KafkaClient::check_fatal() const {
  std::array<char, 512> reason{};
  const rd_kafka_resp_err_t code = rd_kafka_fatal_error(get(), reason.data(), reason.size());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return Unit{};
  return fail(Errc::kFatal, fmt::format("the Kafka client cannot go on: {} ({}); start again",
                                        reason.data(), rd_kafka_err2str(code)));
}

}  // namespace lensart::nodes
