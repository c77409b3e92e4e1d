#include "apps/config/checks.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <memory>
#include <sstream>

#include "apps/config/listen_address.hpp"
#include "apps/config/secrets.hpp"
#include "apps/config/suggest.hpp"
#include "graph/text.hpp"
#include "graph/time_zone.hpp"

namespace lensart::app {
namespace {

constexpr std::size_t kLongestName = 63;        // an identifier of PostgreSQL
constexpr std::size_t kLongestTopic = 249;      // Kafka's own limit
constexpr std::size_t kLongestMappedText = 50;  // the column's, in code points
constexpr std::size_t kTokenHashLength = 64;

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

using KafkaConf = std::unique_ptr<rd_kafka_conf_t, decltype(&rd_kafka_conf_destroy)>;

/// Properties whose value the promises of the pipeline rest on, and what to use instead.
struct ReservedProperty {
  std::string_view name;
  std::string_view remedy;
};
constexpr std::array kReservedProperties = {
    ReservedProperty{"bootstrap.servers", "set kafka.brokers instead"},
    ReservedProperty{"metadata.broker.list", "set kafka.brokers instead"},
    ReservedProperty{"group.id", "set kafka.group instead"},
    ReservedProperty{"auto.offset.reset", "remove it: the state says where to read on"},
    ReservedProperty{"topic.auto.offset.reset", "remove it: the state says where to read on"},
    ReservedProperty{"enable.auto.commit", "remove it: offsets are committed with the state"},
    ReservedProperty{"auto.commit.enable", "remove it: offsets are committed with the state"},
    ReservedProperty{"enable.auto.offset.store", "remove it: offsets live in the state"},
    ReservedProperty{"enable.partition.eof", "remove it: idleness is judged by it"},
    ReservedProperty{"enable.idempotence", "remove it: the producer is always idempotent"},
    ReservedProperty{"acks", "remove it: the producer always waits for all replicas"},
    ReservedProperty{"request.required.acks",
                     "remove it: the producer always waits for all replicas"},
    ReservedProperty{"transactional.id", "remove it: the pipeline uses no Kafka transactions"},
    ReservedProperty{"isolation.level", "remove it: only committed messages are read"},
};

/// The names librdkafka lists, for suggestions; its dump leaves those out that have no default.
std::vector<std::string> known_properties() {
  std::vector<std::string> names = {
      "sasl.username",
      "sasl.password",
      "ssl.ca.location",
      "ssl.ca.pem",
      "ssl.certificate.location",
      "ssl.certificate.pem",
      "ssl.key.location",
      "ssl.key.password",
      "ssl.key.pem",
      "ssl.keystore.location",
      "ssl.keystore.password",
      "sasl.oauthbearer.config",
      "sasl.mechanisms",
      "sasl.mechanism",
      "ssl.cipher.suites",
      "debug",
  };
  const KafkaConf conf(rd_kafka_conf_new(), &rd_kafka_conf_destroy);
  std::size_t count = 0;
  const char** dump = rd_kafka_conf_dump(conf.get(), &count);
  for (std::size_t i = 0; i < count; i += 2) names.emplace_back(dump[i]);
  rd_kafka_conf_dump_free(dump, count);
  return names;
}

/// For suggestions: the zones (`Z name …`) and links (`L target name`) of the system's database.
std::vector<std::string> zone_names() {
  std::vector<std::string> names;
  std::ifstream file("/usr/share/zoneinfo/tzdata.zi");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string kind;
    std::string name;
    words >> kind >> name;
    if (kind == "L") words >> name;
    if (kind == "Z" || kind == "L") names.push_back(name);
  }
  return names;
}

}  // namespace

std::optional<Complaint> check_not_empty(std::string_view /*entry*/, std::string_view text) {
  if (!text.empty()) return std::nullopt;
  return Complaint{"is empty", "write a path, or remove the line for the default"};
}

std::optional<Complaint> check_name(std::string_view /*entry*/, std::string_view text) {
  if (!text.empty() && text.size() <= kLongestName &&
      std::all_of(text.begin(), text.end(), is_name_char)) {
    return std::nullopt;
  }
  return Complaint{"is no name", fmt::format("write 1 to {} letters, digits, \".\", \"_\" or \"-\"",
                                             kLongestName)};
}

std::optional<Complaint> check_time_zone(std::string_view /*entry*/, std::string_view text) {
  if (TimeZone::find(text)) return std::nullopt;
  return Complaint{"is no time zone that this machine knows",
                   fmt::format("write an IANA name like \"Asia/Ho_Chi_Minh\"{}",
                               did_you_mean(text, zone_names()))};
}

std::optional<Complaint> check_mapped_text(std::string_view entry, std::string_view text) {
  const auto subject = entry.data() == nullptr ? text : entry;
  if (subject.empty()) return Complaint{"names an empty text", "name a status or payment method"};
  if (count_code_points(subject) <= kLongestMappedText) return std::nullopt;
  return Complaint{fmt::format("{} is longer than its column", in_quotes(subject)),
                   fmt::format("write at most {} characters", kLongestMappedText)};
}

std::optional<Complaint> check_brokers(std::string_view /*entry*/, std::string_view text) {
  const Complaint complaint{"is no list of brokers",
                            "write \"host:port\", several separated by commas"};
  while (true) {
    const auto comma = text.find(',');
    auto broker = text.substr(0, comma);
    const auto colon = broker.rfind(':');
    if (broker.find_first_of(" \t\r\n") != std::string_view::npos || colon == 0 || broker.empty()) {
      return complaint;
    }
    if (colon != std::string_view::npos && !broker.ends_with(']')) {
      const auto port = broker.substr(colon + 1);
      const auto number = parse_listen_address(fmt::format("localhost:{}", port));
      if (!number || number->port == 0) return complaint;
    }
    if (comma == std::string_view::npos) return std::nullopt;
    text.remove_prefix(comma + 1);
  }
}

std::optional<Complaint> check_topic(std::string_view /*entry*/, std::string_view text) {
  if (!text.empty() && text.size() <= kLongestTopic && text != "." && text != ".." &&
      std::all_of(text.begin(), text.end(), is_name_char)) {
    return std::nullopt;
  }
  return Complaint{
      "is no name of a Kafka topic",
      fmt::format("write 1 to {} letters, digits, \".\", \"_\" or \"-\"", kLongestTopic)};
}

std::optional<Complaint> check_kafka_property(std::string_view entry, std::string_view text) {
  for (const auto& reserved : kReservedProperties) {
    if (reserved.name != entry) continue;
    return Complaint{fmt::format("{} is the pipeline's own", in_quotes(entry)),
                     std::string(reserved.remedy)};
  }
  const KafkaConf conf(rd_kafka_conf_new(), &rd_kafka_conf_destroy);
  std::array<char, 512> reason{};
  const std::string name(entry);
  const std::string value(text);
  switch (
      rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), reason.data(), reason.size())) {
    case RD_KAFKA_CONF_OK:
      return std::nullopt;
    case RD_KAFKA_CONF_UNKNOWN:
      return Complaint{fmt::format("librdkafka has no property {}", in_quotes(entry)),
                       fmt::format("correct its name{}", did_you_mean(entry, known_properties()))};
    case RD_KAFKA_CONF_INVALID:
      break;
  }
  return Complaint{fmt::format("librdkafka refuses the value of {}{}", in_quotes(entry),
                               is_secret_name(entry) ? "" : fmt::format(" ({})", reason.data())),
                   "see librdkafka's CONFIGURATION.md for what it takes"};
}

bool is_kafka_property(std::string_view name) {
  const KafkaConf conf(rd_kafka_conf_new(), &rd_kafka_conf_destroy);
  std::array<char, 512> reason{};
  return rd_kafka_conf_set(conf.get(), std::string(name).c_str(), "", reason.data(),
                           reason.size()) != RD_KAFKA_CONF_UNKNOWN;
}

std::optional<Complaint> check_dsn(std::string_view /*entry*/, std::string_view text) {
  const std::string dsn(text);
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse(dsn.c_str(), nullptr), &PQconninfoFree);
  if (options) return std::nullopt;
  // libpq's own message quotes from the text, perhaps from its password: it is not passed on.
  return Complaint{"is no connection string that libpq can read",
                   "write \"postgresql://user@host:5432/database\" or \"host=… user=… dbname=…\", "
                   "values with blanks in single quotes, special characters of a URI as %XX"};
}

std::optional<Complaint> check_schema_name(std::string_view /*entry*/, std::string_view text) {
  if (!text.empty() && text.size() <= kLongestName && !text.starts_with("pg_")) {
    return std::nullopt;
  }
  return Complaint{"is no name for a schema",
                   fmt::format("write 1 to {} bytes that do not begin with \"pg_\"", kLongestName)};
}

std::optional<Complaint> check_listen(std::string_view /*entry*/, std::string_view text) {
  if (parse_listen_address(text)) return std::nullopt;
  return Complaint{"is no address to listen on",
                   "write \"127.0.0.1:8081\", \"[::1]:8081\" or \"0.0.0.0:8081\""};
}

std::optional<Complaint> check_host_name(std::string_view /*entry*/, std::string_view text) {
  if (!text.empty() && text.size() <= 253 && std::all_of(text.begin(), text.end(), is_name_char)) {
    return std::nullopt;
  }
  return Complaint{"is no host name", "write it without scheme and port, like \"orders.example\""};
}

std::optional<Complaint> check_webhook_url(std::string_view /*entry*/, std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::string_view rest = text;
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (rest.starts_with(scheme)) rest.remove_prefix(scheme.size());
  }
  const auto host = rest.substr(0, rest.find_first_of("/?#"));
  const bool is_printable = std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) > ' ' && static_cast<unsigned char>(c) < 0x7F;
  });
  if (rest.size() < text.size() && !host.empty() && is_printable) return std::nullopt;
  return Complaint{"is no address of a webhook",
                   "write it whole, like \"https://hooks.example/lensart\""};
}

std::optional<Complaint> check_channel(std::string_view /*entry*/, std::string_view text) {
  constexpr std::size_t kLongestIdentifier = 63;
  const auto is_first = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  const auto is_next = [&](char c) { return is_first(c) || (c >= '0' && c <= '9'); };
  if (text.empty() || (text.size() <= kLongestIdentifier && is_first(text.front()) &&
                       std::all_of(text.begin(), text.end(), is_next))) {
    return std::nullopt;
  }
  return Complaint{"is no channel that LISTEN takes unquoted",
                   "use lower-case letters, digits and _, like \"lensart_notices\""};
}

std::optional<Complaint> check_token_hash(std::string_view /*entry*/, std::string_view text) {
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (text.size() == kTokenHashLength && std::all_of(text.begin(), text.end(), is_hex)) {
    return std::nullopt;
  }
  return Complaint{"holds something that is no SHA-256 of a token",
                   "write 64 lower-case hexadecimal digits, as "
                   "`printf %s TOKEN | sha256sum` prints them"};
}

}  // namespace lensart::app
