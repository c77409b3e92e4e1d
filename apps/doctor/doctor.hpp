/// `lensart doctor`: everything that can be looked at from outside, in one go, and what to do next.
///
/// Changes nothing anywhere. The rules are those of others: the configuration's checks, what a
/// start is refused for (storage/protocol/start_check.hpp), what the running instance itself says
/// needs attention (apps/api/attention.hpp).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "apps/config/load.hpp"
#include "apps/doctor/finding.hpp"
#include "nodes/kafka/kafka_handle.hpp"

namespace lensart::app {

struct DoctorOptions {
  std::string version;                           ///< of this program
  nodes::KafkaClientOptions kafka;               ///< how an administrative client is opened
  Duration patience = std::chrono::seconds{10};  ///< with each service
};

/// What was found, and what a bundle takes along: file names and texts, not yet redacted.
struct Examination {
  Findings findings;
  std::vector<std::pair<std::string, std::string>> evidence;
};

Examination examine(const LoadedConfig& loaded, const DoctorOptions& options);

/// The findings of a configuration that cannot be used; nothing else can be looked at then.
Findings configuration_findings(const std::vector<Problem>& problems);

std::string report_text(const Findings& findings, Language language);
/// `{"well", "exit_code", "findings": [{"subject", "verdict", "code", "cause", "next", …}]}`
Json report_json(const Findings& findings, Language language);

}  // namespace lensart::app
