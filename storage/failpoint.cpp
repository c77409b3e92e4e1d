#include "storage/failpoint.hpp"

#ifdef LENSART_FAILPOINTS

#include <csignal>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>

namespace lensart::storage {

namespace {

struct Point {
  std::string action;  // "kill", "error", "throw"
  long at = 0;         // the n-th time; 0: every time
  long reached = 0;
};

std::map<std::string, Point, std::less<>> parse(const char* text) {
  std::map<std::string, Point, std::less<>> points;
  std::string_view rest = text == nullptr ? "" : text;
  while (!rest.empty()) {
    const std::string_view item = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(rest.size(), item.size() + 1));
    const auto equals = item.find('=');
    if (equals == std::string_view::npos) continue;
    Point point;
    const std::string_view action = item.substr(equals + 1);
    point.action = action.substr(0, action.find('@'));
    if (const auto at = action.find('@'); at != std::string_view::npos) {
      point.at = std::atol(std::string(action.substr(at + 1)).c_str());
    }
    points.emplace(item.substr(0, equals), point);
  }
  return points;
}

}  // namespace

bool failpoint(std::string_view name) {
  static std::mutex mutex;
  static auto points = parse(std::getenv("LENSART_FAILPOINTS"));
  if (points.empty()) return false;
  const std::lock_guard lock(mutex);
  const auto found = points.find(name);
  if (found == points.end()) return false;
  Point& point = found->second;
  if (++point.reached != point.at && point.at != 0) return false;
  if (point.action == "kill") std::raise(SIGKILL);
  if (point.action == "throw") throw std::bad_alloc();
  return point.action == "error";
}

}  // namespace lensart::storage

#endif
