/// The file of an import, which may be read twice even where it is a pipe.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "graph/error.hpp"

namespace lensart::importing {

/// Threads: one.
class InputFile {
 public:
  /// `path` `-` is the standard input. What is no regular file is copied to a temporary one first
  /// (in $TMPDIR, else /tmp; it has no name, so nothing is left behind), if `twice` is asked for.
  /// Fails with kBadUsage where it cannot be read, kStateFailed where the copy cannot be written.
  static Result<InputFile> open(const std::string& path, bool twice);

  std::FILE* file() const { return file_.get(); }
  /// 0 where it is not known.
  std::uint64_t size_bytes() const { return size_bytes_; }
  Result<Unit> rewind();

 private:
  struct Closer {
    void operator()(std::FILE* file) const {
      if (file != stdin) static_cast<void>(std::fclose(file));
    }
  };
  using File = std::unique_ptr<std::FILE, Closer>;

  InputFile(File file, std::uint64_t size) : file_(std::move(file)), size_bytes_(size) {}
  static Result<InputFile> spool(File from);

  File file_;
  std::uint64_t size_bytes_ = 0;
};

}  // namespace lensart::importing
