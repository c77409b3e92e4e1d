/// Reads rows of orders_raw back into the events they log.
#pragma once

#include <memory>
#include <string>

#include "apps/config/config.hpp"
#include "apps/orders/event.hpp"
#include "apps/orders/event_reader.hpp"
#include "apps/rebuild/database_side.hpp"
#include "graph/arena.hpp"
#include "graph/error.hpp"
#include "graph/time_zone.hpp"

namespace lensart::app {

/// Threads: one at a time. Lifetime: `zone` outlives it.
class LogReader {
 public:
  LogReader(const Config& config, const TimeZone& zone);

  /// `event`'s views live until the next call, and as long as the row. Fails with kStateCorrupt
  /// when the row is no event by this program's rules: somebody changed it.
  Result<Unit> read(const LoggedEvent& logged, orders::Event& event);

 private:
  orders::EventReader reader_;
  Arena arena_;
  std::string padded_;
};

}  // namespace lensart::app
