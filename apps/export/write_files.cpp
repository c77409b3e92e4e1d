#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <system_error>

#include "apps/export/flink_sql.hpp"

namespace lensart::app {

namespace {

Error cannot_write(const std::string& path, const std::error_code& code) {
  return {Errc::kBadUsage,
          fmt::format("--out: {} cannot be written: {}; name a directory that you may write to",
                      path, code.message())};
}

}  // namespace

Result<Unit> write_files(const std::string& directory, const std::vector<ExportedFile>& files,
                         bool force) {
  namespace fs = std::filesystem;
  std::error_code code;
  if (fs::exists(directory, code) && !fs::is_directory(directory, code)) {
    return fail(Errc::kBadUsage,
                fmt::format("--out {}: is a file; name a directory, or one to be made", directory));
  }
  fs::create_directories(directory, code);
  if (code) return tl::unexpected(cannot_write(directory, code));
  const bool is_empty = fs::is_empty(directory, code);
  if (code) return tl::unexpected(cannot_write(directory, code));
  if (!is_empty && !force) {
    return fail(Errc::kBadUsage,
                fmt::format("--out {}: is not empty; name another directory, or write over what is "
                            "there by --force",
                            directory));
  }
  for (const ExportedFile& file : files) {
    const fs::path path = fs::path(directory) / file.name;
    errno = 0;
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << file.text;
    out.close();
    if (!out) return tl::unexpected(cannot_write(path, {errno, std::generic_category()}));
    if (file.executable) {
      fs::permissions(path, fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec,
                      fs::perm_options::add, code);
      if (code) return tl::unexpected(cannot_write(path, code));
    }
  }
  return Unit{};
}

}  // namespace lensart::app
