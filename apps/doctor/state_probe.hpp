/// The state directory and whoever runs on it, looked at from outside.
#pragma once

#include <memory>
#include <optional>

#include "apps/config/config.hpp"
#include "apps/doctor/finding.hpp"
#include "storage/postgres/connection.hpp"
#include "storage/state_store.hpp"

namespace lensart::app {

struct StateLook {
  Findings findings;
  /// What a running instance said; nothing where none runs.
  std::optional<Json> overview, epochs, stats, moment;
  /// Opened read-only, where nobody runs and there is one that can be used.
  std::unique_ptr<storage::StateStore> store;
  bool has_state = false;  ///< there are files of one

  bool running() const { return overview.has_value(); }
};

/// Makes nothing and takes no lock.
StateLook look_at_state(const Config& config);

/// The id of the process that holds the lock on a state directory, as the kernel lists it; nothing
/// where nobody does, or where it runs out of sight (in a container).
std::optional<std::int64_t> holder_of(const std::string& directory);

/// Whether this state and this database may go on together: what `run` would refuse.
Findings lineage_findings(const Config& config, const StateLook& state,
                          storage::Connection& connection);

/// What a running instance says needs attention, and whether its HTTP port answers.
Findings instance_findings(const Config& config, const StateLook& state,
                           const std::string& our_version);

/// Where a person's program reaches `http.listen`; empty where the port is the system's choice.
std::string http_address(const Config& config);

}  // namespace lensart::app
