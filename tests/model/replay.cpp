// The envelope of the replay topic (docs/contract.md §6).

#include <map>
#include <regex>

#include "tests/model/model.hpp"

namespace lensart::model {

LogRecord open_replay(const Coordinates& at, const std::optional<std::string>& message,
                      std::optional<Instant> appended) {
  constexpr std::size_t kLongestLine = 500;
  static const std::regex kLine(
      R"re(\{"lensart_replay":1,"topic":"order_(created|updated|cancelled|events)")re"
      R"re((,"original":"([A-Za-z0-9._-]+)/([0-9]{1,9})/([0-9]{1,18})"(,"too_late":true)?)?\})re");
  static const std::map<std::string, TopicKind> kKinds = {{"created", TopicKind::kOrderCreated},
                                                          {"updated", TopicKind::kOrderUpdated},
                                                          {"cancelled", TopicKind::kOrderCancelled},
                                                          {"events", TopicKind::kOrderEvents}};
  LogRecord record;
  record.at = at;
  record.appended = appended;
  Replayed& replay = record.replay.emplace();
  replay.message = message;
  const std::string text = message.value_or("");
  const auto end = text.find('\n');
  if (end == std::string::npos || end > kLongestLine) return record;
  const std::string line = text.substr(0, end);
  std::smatch found;
  if (!std::regex_match(line, found, kLine)) return record;
  replay.opened = true;
  record.kind = kKinds.at(found[1]);
  record.payload = text.substr(end + 1);
  if (!found[2].matched) return record;
  replay.original = Coordinates{found[3], std::stoi(found[4]), std::stoll(found[5])};
  replay.too_late = found[6].matched;
  return record;
}

}  // namespace lensart::model
