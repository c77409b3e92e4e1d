/// The rules single texts of the configuration are held to.
///
/// Each returns what is wrong and the remedy, or nullopt. `entry` is the key of a map's entry,
/// empty elsewhere. Threads: any.
#pragma once

#include <optional>
#include <string_view>

#include "apps/config/schema.hpp"

namespace lensart::app {

std::optional<Complaint> check_not_empty(std::string_view entry, std::string_view text);
/// A name for people and tables: letters, digits, `.`, `_`, `-`.
std::optional<Complaint> check_name(std::string_view entry, std::string_view text);
std::optional<Complaint> check_time_zone(std::string_view entry, std::string_view text);
/// A status or payment method: in a map it is the entry's name, in a list the text.
std::optional<Complaint> check_mapped_text(std::string_view entry, std::string_view text);
std::optional<Complaint> check_brokers(std::string_view entry, std::string_view text);
std::optional<Complaint> check_topic(std::string_view entry, std::string_view text);
/// A property of librdkafka: known to it, its value accepted, and none the pipeline needs its way.
std::optional<Complaint> check_kafka_property(std::string_view entry, std::string_view text);
/// Whether librdkafka has a property of that name.
bool is_kafka_property(std::string_view name);
std::optional<Complaint> check_dsn(std::string_view entry, std::string_view text);
std::optional<Complaint> check_schema_name(std::string_view entry, std::string_view text);
std::optional<Complaint> check_listen(std::string_view entry, std::string_view text);
std::optional<Complaint> check_host_name(std::string_view entry, std::string_view text);
/// `http://` or `https://` with a host; empty is none.
std::optional<Complaint> check_webhook_url(std::string_view entry, std::string_view text);
/// A channel of PostgreSQL's; empty is none.
std::optional<Complaint> check_channel(std::string_view entry, std::string_view text);
std::optional<Complaint> check_token_hash(std::string_view entry, std::string_view text);

}  // namespace lensart::app
