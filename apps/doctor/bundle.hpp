/// A redacted archive for somebody who helps: what was found, the settings, versions and figures.
/// No payload, no dead letter's content, no customer, no secret.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "apps/doctor/redactor.hpp"
#include "graph/error.hpp"

namespace lensart::app {

using BundleFiles = std::vector<std::pair<std::string, std::string>>;

/// Versions of the program, of what it is linked with, and of the machine's kernel.
std::string versions_text(const std::string& program_version);

/// Writes a tar archive compressed by gzip, `lensart-doctor/NAME` for each file, every text through
/// `redactor`; only the user may read it. An existing file is replaced at the end, whole or not at
/// all. Fails with kBadUsage where the file cannot be written.
Result<Unit> write_bundle(const std::string& path, const BundleFiles& files,
                          const Redactor& redactor);

}  // namespace lensart::app
