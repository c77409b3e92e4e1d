/// What the operator can set, as the program sees it: one struct, the members named as the keys
/// are.
///
/// Durations are microseconds, sizes bytes. Every default here is the default of the product: an
/// empty configuration file is valid. How a value is spelt, its bounds and what it is for stand in
/// `schema.hpp`; a new member needs a row there, and a test fails until it has one.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "graph/clock.hpp"

namespace lensart::app {

/// A duration that can be switched off: nullopt is "unlimited".
using OptionalDuration = std::optional<Duration>;
using TextList = std::vector<std::string>;
using TextMap = std::map<std::string, std::string>;

/// 30 days and the like, whose literal the standard library lacks.
constexpr Duration days(int count) { return std::chrono::hours{24} * count; }

inline constexpr std::uint64_t kKiB = 1024;
inline constexpr std::uint64_t kMiB = 1024 * kKiB;
inline constexpr std::uint64_t kGiB = 1024 * kMiB;

struct KafkaTopicsConfig {
  std::string order_created = "order-created";
  std::string order_updated = "order-updated";
  std::string order_cancelled = "order-cancelled";
  std::string order_events = "order-events";
};

/// Properties passed on to librdkafka as they are: SASL, TLS, socket settings.
struct KafkaClientConfig {
  TextMap properties;
};

struct KafkaConfig {
  std::string brokers = "localhost:9092";
  std::string group = "lensart-consumer-group";
  KafkaTopicsConfig topics;
  std::string dlq_topic = "order-events-dlq";
  std::string replay_topic = "order-events-replay";
  TextMap properties;  ///< for every client; those of consumer and producer come after
  KafkaClientConfig consumer;
  KafkaClientConfig producer;
};

struct PostgresConfig {
  /// libpq's, URI or keywords. Never print it: `secrets.hpp` has the masked form, and the form with
  /// the password of `password_file` put in, which is what a connection wants.
  std::string dsn;
  std::string password_file;
  std::string schema = "public";
};

struct StateConfig {
  std::string directory = "lensart-state";
  std::uint64_t cache = 32 * kMiB;
  std::uint64_t max_size = 64 * kGiB;
};

enum class AuthKind : std::uint8_t { kNone, kToken };

struct HttpConfig {
  std::string listen = "127.0.0.1:8081";
  AuthKind auth = AuthKind::kNone;
  TextList tokens;  ///< SHA-256 in hexadecimal
  TextList hosts;   ///< names beside the usual ones that a request's Host may carry
};

struct GatewayConfig {
  bool enabled = false;
  std::string listen = "127.0.0.1:8082";
  AuthKind auth = AuthKind::kToken;
  TextList tokens;                  ///< SHA-256 in hexadecimal
  std::uint32_t rate_limit = 1000;  ///< requests a second a token; 0 is no limit
  std::uint64_t max_body = 1 * kMiB;
};

/// Messages to a person. With neither address nor channel there are none.
struct NotifyConfig {
  std::string webhook_url;                         ///< may hold a secret: never print it
  std::string webhook_secret_file;                 ///< empty: requests are not signed
  std::string channel;                             ///< of PostgreSQL's NOTIFY
  Duration interval = std::chrono::minutes{1};     ///< at most one message a kind
  Duration stall_after = std::chrono::minutes{5};  ///< nothing applied though something waits
};

struct PipelineConfig {
  std::string name = "lensart";
  TextList jobs = {"orders", "status", "metrics"};
  std::string time_zone = "Asia/Ho_Chi_Minh";
  /// Status text → pending, processing, completed or cancelled. Exact comparison, in NFC.
  TextMap status_map = {{"Đang xử lý", "pending"},
                        {"Đã xử lý và sẵn sàng giao hàng", "processing"},
                        {"Đang giao hàng", "processing"},
                        {"Đã giao", "completed"},
                        {"Đã hủy", "cancelled"}};
  /// Payment method → cash or online.
  TextMap payment_map = {{"Tiền mặt", "cash"},       {"cash", "cash"},    {"COD", "cash"},
                         {"Chuyển khoản", "online"}, {"payos", "online"}, {"online", "online"},
                         {"momo", "online"}};
  /// From first to last; a status that is not listed has no rank.
  TextList status_ranks = {"Đang xử lý", "Đã xử lý và sẵn sàng giao hàng", "Đang giao hàng",
                           "Đã giao"};
  TextList terminal_statuses = {"Đã giao", "Đã hủy"};
  Duration max_out_of_orderness = std::chrono::minutes{5};
  OptionalDuration allowed_lateness = std::chrono::hours{1};
  Duration idle_timeout = std::chrono::seconds{30};
  Duration max_future = std::chrono::hours{1};
  std::uint64_t max_payload = 1 * kMiB;
  OptionalDuration state_ttl = days(400);
  Duration stuck_after = std::chrono::hours{24};
  Duration session_gap = std::chrono::minutes{30};
  Duration epoch_min_time = std::chrono::milliseconds{5};
  Duration epoch_max_time = std::chrono::seconds{1};
  std::uint64_t epoch_max_records = 50'000;
  std::uint64_t epoch_max_bytes = 7 * kMiB;
};

struct ValidationConfig {
  bool allow_zero_total = false;
};

enum class SinkKind : std::uint8_t { kPostgres, kNull };

struct SinkConfig {
  SinkKind kind = SinkKind::kPostgres;
  std::uint32_t lanes = 1;
  std::uint64_t outbox_max = 256 * kMiB;
  std::uint32_t max_refusals = 100;  ///< among the last 1 000 rows of a table
};

struct RetentionConfig {
  Duration dead_letters = days(30);
  Duration sliding = days(400);
  Duration accounts = days(30);
};

struct RetryConfig {
  Duration initial = std::chrono::milliseconds{100};
  Duration max = std::chrono::seconds{30};
};

struct PoolConfig {
  std::uint32_t threads = std::max(1U, std::thread::hardware_concurrency());
};

enum class LogLevel : std::uint8_t { kTrace, kDebug, kInfo, kWarn, kError };
enum class LogFormat : std::uint8_t { kAuto, kHuman, kJson };

struct LogConfig {
  LogLevel level = LogLevel::kInfo;
  LogFormat format = LogFormat::kAuto;  ///< auto: human on a terminal, else JSON lines
};

/// Tuning of one node of the graph; what is not set is the node's own default.
struct NodeOptions {
  std::optional<std::uint32_t> concurrency;  ///< bodies at once, of a parallel node
  std::optional<std::uint32_t> lanes;        ///< shards, of a keyed node
  std::optional<std::uint32_t> batch;        ///< records a batch
  std::optional<std::uint32_t> queue;        ///< batches that may wait before the node
  std::optional<std::uint32_t> priority;     ///< TBB's: higher goes first
};

struct Config {
  KafkaConfig kafka;
  PostgresConfig postgres;
  StateConfig state;
  PipelineConfig pipeline;
  ValidationConfig validation;
  SinkConfig sink;
  RetentionConfig retention;
  RetryConfig retry;
  PoolConfig pool;
  LogConfig log;
  HttpConfig http;
  GatewayConfig gateway;
  NotifyConfig notify;
  Duration shutdown_timeout = std::chrono::seconds{20};
  Duration start_timeout = std::chrono::seconds{60};
  /// By node name, `-` written as `_`; look a node up with `node()`.
  std::map<std::string, NodeOptions, std::less<>> nodes;

  /// The tuning of the node that `lensart graph` prints as `name`.
  NodeOptions node(std::string_view name) const;
};

}  // namespace lensart::app
