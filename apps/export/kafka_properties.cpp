#include "apps/export/kafka_properties.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace lensart::app::flink {

namespace {

/// The same name and the same meaning in both clients.
constexpr std::array<std::string_view, 12> kSame = {
    "client.rack",          "fetch.max.bytes",
    "fetch.min.bytes",      "heartbeat.interval.ms",
    "isolation.level",      "max.partition.fetch.bytes",
    "metadata.max.age.ms",  "reconnect.backoff.max.ms",
    "reconnect.backoff.ms", "sasl.kerberos.service.name",
    "session.timeout.ms",   "socket.connection.setup.timeout.ms"};

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

/// Within the double quotes of a JAAS entry.
std::string jaas_quoted(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

JavaProperties java_properties(const KafkaConfig& kafka) {
  TextMap all = kafka.properties;
  for (const auto& [name, value] : kafka.consumer.properties) all[name] = value;
  JavaProperties java;
  std::string user;
  std::string mechanism;
  for (const auto& [name, value] : all) {
    if (std::find(kSame.begin(), kSame.end(), name) != kSame.end()) {
      java.properties[name] = value;
    } else if (name == "security.protocol") {
      java.properties[name] = upper(value);
    } else if (name == "sasl.mechanism" || name == "sasl.mechanisms") {
      mechanism = upper(value);
      java.properties["sasl.mechanism"] = mechanism;
    } else if (name == "sasl.username") {
      user = value;
    } else if (name == "sasl.password") {
      java.wants_password = true;
    } else if (name == "ssl.ca.location") {
      java.properties["ssl.truststore.type"] = "PEM";
      java.properties["ssl.truststore.location"] = value;
      java.warnings.push_back(
          "kafka.properties: ssl.ca.location: the file must be on every task manager");
    } else if (name == "ssl.endpoint.identification.algorithm") {
      java.properties[name] = value == "none" ? "" : value;
    } else {
      java.warnings.push_back(
          fmt::format("kafka.properties: {} is not carried over; if Kafka's Java client needs its "
                      "like, write 'properties.NAME' = '...' into 2-sources.sql",
                      name));
    }
  }
  if (java.wants_password) {
    const bool scram = mechanism.starts_with("SCRAM");
    java.properties["sasl.jaas.config"] = fmt::format(
        "org.apache.kafka.common.security.{} required username=\"{}\" "
        "password=\"${{FLINK_KAFKA_PASSWORD}}\";",
        scram ? "scram.ScramLoginModule" : "plain.PlainLoginModule", jaas_quoted(user));
  }
  return java;
}

}  // namespace lensart::app::flink
