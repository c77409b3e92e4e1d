/// The shop's old producer: one request of Kafka's protocol over a socket, version 0, as it was
/// before there were keys, timestamps or record batches. It writes to partition 0 and no other.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lensart::integration {

/// The bytes of a Produce request, version 0: one message (format 0) without a key.
std::string produce_v0(std::string_view topic, std::string_view payload);

/// Sends it to `host:port` with acks=1 and returns the offset the broker gives it; nothing where
/// the broker closes, is silent for ten seconds or answers with an error.
std::optional<std::int64_t> produce_as_old_client(const std::string& broker, std::string_view topic,
                                                  std::string_view payload);

}  // namespace lensart::integration
