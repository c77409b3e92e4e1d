/// What somebody should know: the rules by which figures become a list of causes and remedies.
///
/// Each is a code with its parameters (`Attention` in openapi.json names them all), so that a page
/// can word it in its reader's language. All thresholds stand in attention.cpp.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apps/api/history.hpp"
#include "apps/api/readings.hpp"
#include "apps/explain/answer.hpp"

namespace lensart::app {

enum class Severity : std::uint8_t { kCritical, kWarning, kInfo };
std::string_view name_of(Severity severity);

struct Attention {
  std::string code;
  Severity severity = Severity::kWarning;
  std::string remedy;
  Json parameters;
  Instant since{};  ///< when it was first noticed
};

/// Orders stuck now, as the database has them.
struct StuckOrders {
  std::uint64_t orders = 0;
  std::int64_t order_id = 0;  ///< the one that has been stuck the longest
  std::string status;
  std::string since;
};

// The rules that need no history, for whoever has the figures at hand; `since` is left open.
std::optional<Attention> clocks_attention(Duration offset);
std::optional<Attention> state_attention(std::uint64_t used_bytes, std::uint64_t max_bytes);
std::optional<Attention> disk_attention(std::uint64_t free_bytes, std::uint64_t total_bytes);
std::optional<Attention> stuck_attention(const StuckOrders& stuck);

/// Remembers since when each thing is so. Threads: one at a time.
class AttentionRules {
 public:
  explicit AttentionRules(const Facts& facts) : facts_(facts) {}

  /// REQUIRES: once a second, `history` holding `readings` as its last. The most severe first, of
  /// equals the newest. `stuck`: nothing where it is not known.
  std::vector<Attention> look(const Readings& readings, const History& history,
                              const std::optional<StuckOrders>& stuck);

 private:
  struct Watch {  ///< of one partition
    std::int64_t offset = 0;
    Tick moved_at{};
    bool has_moved = false;
    std::int64_t elsewhere = 0;  ///< offsets of the topic's others, added up, when it last moved
  };
  struct Noticed {
    Instant at{};
    Tick tick{};
  };

  void look_at_services();
  void look_at_partitions();
  void look_at_partition(std::size_t index);
  void look_at_lag();
  void look_at_events();
  void look_at_room();
  void look_at_stuck(const std::optional<StuckOrders>& stuck);
  std::optional<std::string> bottleneck() const;
  bool was_level(std::size_t seconds) const;

  /// How long `condition` has been true without a break, in seconds; nothing when it is not.
  std::optional<double> lasting(const std::string& key, bool condition);
  void add(std::string key, Severity severity, const char* remedy, Json parameters);
  void add(std::optional<Attention> item);

  const Facts& facts_;
  std::vector<Watch> watches_;
  std::map<std::string, Noticed> noticed_;
  Tick disturbed_at_{};  ///< when reading was last hindered by something that has a line of its own
  // Of the look under way.
  const Readings* now_ = nullptr;
  const History* history_ = nullptr;
  std::map<std::string, Noticed> still_;
  std::vector<Attention> found_;
};

}  // namespace lensart::app
