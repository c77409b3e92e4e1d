/// `lensart export flink-sql`: the pipeline as Flink SQL, made from configuration and table
/// registry.
///
/// Threads: any; nothing is kept.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apps/config/config.hpp"
#include "graph/error.hpp"

namespace lensart::app {

struct ExportedFile {
  std::string name;
  std::string text;
  bool executable = false;
};

struct FlinkSqlExport {
  std::vector<ExportedFile> files;    ///< the .sql ones in the order in which they are read
  std::vector<std::string> tables;    ///< that the job fills
  std::vector<std::string> warnings;  ///< what the configuration asks and Flink SQL does not do
};

struct FlinkSqlOptions {
  std::string schema = "flink";  ///< in PostgreSQL, that the job writes to
  std::string version;           ///< of this program, for the README
};

/// No file holds a password: they are variables, to be put in by submit.sh. Fails with kBadConfig,
/// or kBadUsage for a schema that is none or is the pipeline's own.
Result<FlinkSqlExport> export_flink_sql(const Config& config, const FlinkSqlOptions& options);

/// Writes the files. The directory is made if it is missing; unless `force`, it must be empty.
/// Fails with kBadUsage, naming directory and remedy.
Result<Unit> write_files(const std::string& directory, const std::vector<ExportedFile>& files,
                         bool force);

}  // namespace lensart::app
