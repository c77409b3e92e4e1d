/// Where the gateway's events go: handed over without waiting, settled later.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/orders/event.hpp"

namespace lensart::gateway {

/// What became of an event.
enum class Settled : std::uint8_t {
  kAcknowledged,  ///< every replica in sync has it: it is not lost any more
  kBusy,          ///< too many wait already: it was not taken
  kAway,          ///< no broker acknowledged it in time; it may be there all the same
  kTooLarge,      ///< the topic takes no message of this size
  kRefused,       ///< the broker will not have it: no such topic, no right to write
};

/// Whoever waits to hear what became of an event.
class Publication {
 public:
  Publication() = default;
  Publication(const Publication&) = delete;
  Publication& operator=(const Publication&) = delete;
  virtual ~Publication() = default;
  /// Called once, on any thread; must not block, nor call the publisher.
  virtual void on_settled(Settled settled) = 0;
};

/// Threads: any.
class Publisher {
 public:
  Publisher() = default;
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;
  virtual ~Publisher() = default;

  /// Copies what it is given. Never blocks; what it cannot take it settles before it returns.
  virtual void publish(orders::Topic topic, std::optional<std::string_view> key,
                       std::string_view payload, std::unique_ptr<Publication> publication) = 0;

  /// Why nothing could be published now, in sentences; empty when it could.
  virtual std::vector<std::string> not_ready() const = 0;
  /// Events that are not settled yet.
  virtual std::size_t waiting() const = 0;
};

}  // namespace lensart::gateway
