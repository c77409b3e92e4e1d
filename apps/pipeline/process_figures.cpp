#include "apps/pipeline/process_figures.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>
#include <vector>

namespace lensart::app {

namespace {

/// The fields of /proc/self/stat from the third on: the second is a name in parentheses that may
/// hold anything.
std::vector<double> stat_fields() {
  std::ifstream file("/proc/self/stat");
  const std::string line((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::istringstream rest(line.substr(std::min(line.size(), line.rfind(')') + 2)));
  std::vector<double> fields;
  for (std::string field; rest >> field;) fields.push_back(std::strtod(field.c_str(), nullptr));
  fields.resize(50);
  return fields;
}

/// As proc(5) numbers them, from 1.
double field(const std::vector<double>& fields, std::size_t number) { return fields[number - 3]; }

double ticks_a_second() { return static_cast<double>(sysconf(_SC_CLK_TCK)); }

double private_bytes() {
  std::ifstream status("/proc/self/status");
  double kib = 0;
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("RssAnon:") || line.starts_with("RssShmem:")) {
      kib += std::strtod(line.c_str() + line.find(':') + 1, nullptr);
    }
  }
  return kib * 1024;
}

double open_fds() {
  std::error_code none;
  double count = 0;
  for (auto at = std::filesystem::directory_iterator("/proc/self/fd", none);
       !none && at != std::filesystem::directory_iterator(); at.increment(none)) {
    ++count;
  }
  return count > 0 ? count - 1 : 0;  // one of them was ours, to look
}

}  // namespace

ProcessFigures read_process_figures() {
  const std::vector<double> stat = stat_fields();
  ProcessFigures out;
  out.cpu_seconds = (field(stat, 14) + field(stat, 15)) / ticks_a_second();
  out.threads = field(stat, 20);
  out.virtual_bytes = field(stat, 23);
  out.resident_bytes = field(stat, 24) * static_cast<double>(sysconf(_SC_PAGESIZE));
  out.private_bytes = private_bytes();
  out.open_fds = open_fds();
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) out.max_fds = static_cast<double>(limit.rlim_cur);
  return out;
}

std::uint64_t machine_memory_bytes() {
  return static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) *
         static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

double process_started_at() {
  double uptime = 0;
  std::ifstream("/proc/uptime") >> uptime;
  const double age = uptime - field(stat_fields(), 22) / ticks_a_second();
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count() - age;
}

std::optional<DiskFigures> disk_of(const std::string& directory) {
  std::error_code failed;
  const auto space = std::filesystem::space(directory, failed);
  if (failed) return std::nullopt;
  return DiskFigures{static_cast<double>(space.available), static_cast<double>(space.capacity)};
}

}  // namespace lensart::app
