/// What the kernel says of this process and of a disk, for /metrics. Threads: any; nothing is kept.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace lensart::app {

struct ProcessFigures {
  double cpu_seconds = 0;  ///< user and system, all threads
  double resident_bytes = 0;
  double virtual_bytes = 0;
  double private_bytes = 0;  ///< RssAnon + RssShmem: the mapped state not counted
  double threads = 0;
  double open_fds = 0;
  double max_fds = 0;
};
ProcessFigures read_process_figures();

/// Of the machine, whoever uses it.
std::uint64_t machine_memory_bytes();

/// Seconds since 1970. Asked once: later answers would move with the wall clock.
double process_started_at();

struct DiskFigures {
  double free_bytes = 0;  ///< that we may use
  double size_bytes = 0;
};
/// Of the file system that a directory is on; nothing where that cannot be told.
std::optional<DiskFigures> disk_of(const std::string& directory);

}  // namespace lensart::app
