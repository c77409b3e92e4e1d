/// Records in a text file: what `lensart generate --to FILE` writes and a memory source replays.
///
/// One record a line, `topic TAB partition TAB payload`, ended by a line feed. The payload stands
///
/// * verbatim, when it is valid UTF-8, has no control character (U+0000…U+001F, U+007F) and does
///   not begin with `base64:` or `null:`;
/// * otherwise as `base64:` and its bytes in base 64 (RFC 4648, with padding);
/// * as `null:` when the record has no value at all.
///
/// Topic names are the configured ones. Offsets are not written: a record's offset is the number of
/// records before it in the file with the same topic and partition.
#pragma once

#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/error.hpp"

namespace lensart::generate {

struct FileRecord {
  std::string topic;
  std::int32_t partition = 0;
  std::optional<std::string> payload;
};

/// Appends one line. REQUIRES: the topic has no tab and no line feed.
void append_record(std::string& out, std::string_view topic, std::int32_t partition,
                   std::optional<std::string_view> payload);

/// `line` without its line feed. Fails with kBadUsage, naming what is wrong.
Result<FileRecord> parse_record(std::string_view line);

/// Reads a file record by record. Threads: one at a time.
class RecordFileReader {
 public:
  static Result<RecordFileReader> open(const std::string& path);

  /// False at the end. Fails with kBadUsage, naming file and line.
  Result<bool> next(FileRecord& record);

 private:
  explicit RecordFileReader(std::string path) : path_(std::move(path)), file_(path_) {}

  std::string path_;
  std::ifstream file_;
  std::string line_;
  std::uint64_t line_number_ = 0;
};

/// The whole file.
Result<std::vector<FileRecord>> read_record_file(const std::string& path);

}  // namespace lensart::generate
