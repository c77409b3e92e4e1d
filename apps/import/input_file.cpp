#include "apps/import/input_file.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace lensart::importing {

Result<InputFile> InputFile::open(const std::string& path, bool twice) {
  File file(path == "-" ? stdin : std::fopen(path.c_str(), "rb"));
  if (!file) {
    return fail(Errc::kBadUsage, fmt::format("{}: cannot be read: {}", path, std::strerror(errno)));
  }
  struct stat about {};
  if (fstat(fileno(file.get()), &about) != 0) about = {};
  if (S_ISDIR(about.st_mode)) {
    return fail(Errc::kBadUsage, fmt::format("{} is a directory: name a file, or - for the "
                                             "standard input",
                                             path));
  }
  // A regular file on the standard input may have been read in part by someone else.
  const bool plain = S_ISREG(about.st_mode) && path != "-";
  if (!plain && twice) return spool(std::move(file));
  return InputFile(std::move(file), plain ? static_cast<std::uint64_t>(about.st_size) : 0);
}

Result<InputFile> InputFile::spool(File from) {
  const char* chosen = std::getenv("TMPDIR");
  std::string name = chosen != nullptr && *chosen != '\0' ? chosen : "/tmp";
  const auto failed = [directory = name] {
    return fail(Errc::kStateFailed,
                fmt::format("the input cannot be copied to {}: {}; set TMPDIR to a directory with "
                            "room for it, or import from a file",
                            directory, std::strerror(errno)));
  };
  name += "/lensart-import-XXXXXX";
  const int handle = mkstemp(name.data());
  if (handle < 0) return failed();
  unlink(name.c_str());
  File copy(fdopen(handle, "w+b"));
  if (!copy) return failed();
  std::array<char, 64 * 1024> buffer{};
  std::uint64_t size = 0;
  while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), from.get())) {
    if (std::fwrite(buffer.data(), 1, got, copy.get()) != got) return failed();
    size += got;
  }
  if (std::ferror(from.get()) != 0) {
    return fail(Errc::kFatal, fmt::format("reading the standard input: {}", std::strerror(errno)));
  }
  if (std::fflush(copy.get()) != 0) return failed();
  InputFile spooled(std::move(copy), size);
  LENSART_TRY(spooled.rewind());
  return spooled;
}

Result<Unit> InputFile::rewind() {
  if (std::fseek(file_.get(), 0, SEEK_SET) == 0) return Unit{};
  return fail(Errc::kFatal,
              fmt::format("the input cannot be read a second time: {}", std::strerror(errno)));
}

}  // namespace lensart::importing
