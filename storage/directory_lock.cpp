#include "storage/directory_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace lensart::storage {

Result<DirectoryLock> DirectoryLock::take(const std::string& directory) {
  std::error_code failed;
  std::filesystem::create_directories(directory, failed);
  if (failed) {
    return fail(Errc::kStateFailed, fmt::format("state.directory = \"{}\": cannot be made: {}",
                                                directory, failed.message()));
  }
  const std::string path = directory + "/lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (fd < 0) return fail(Errc::kStateFailed, fmt::format("{}: {}", path, std::strerror(errno)));
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return DirectoryLock(fd);
  ::close(fd);
  return fail(Errc::kOwnedByAnother,
              fmt::format("another instance is running on state.directory = \"{}\"; stop it, or "
                          "give this one a pipeline.name and a state.directory of its own",
                          directory));
}

DirectoryLock::~DirectoryLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace lensart::storage
