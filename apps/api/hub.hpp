/// Looks at the pipeline once a second, remembers the last hour, and tells whoever listens.
///
/// What a page shows is made at most once a look, however many ask or listen, and only when
/// somebody does.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "apps/api/attention.hpp"
#include "apps/api/history.hpp"
#include "apps/api/readings.hpp"
#include "apps/http/event_stream.hpp"

namespace lensart::app {

/// The events of the stream; each is also a page of its own.
enum class Picture : std::uint8_t { kOverview, kGraph, kEpochs, kWatermarks };
inline constexpr std::size_t kPictures = 4;
std::string_view name_of(Picture picture);
std::optional<Picture> picture_named(std::string_view name);

/// Threads: any, but for start() and stop().
class Hub {
 public:
  static constexpr std::size_t kEpochsShown = 60;

  struct Sources {
    std::function<Readings()> read;
    std::function<std::vector<EpochFigures>(std::size_t limit)> epochs;
    /// What the database says of stuck orders; `eager` while somebody looks. Must not wait.
    std::function<std::optional<StuckOrders>(bool eager)> stuck;
  };

  Hub(Facts facts, Sources sources);
  ~Hub() { stop(); }
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  /// Begins to look by itself.
  void start();
  /// Ends that, and every stream.
  void stop();
  /// One look.
  void look();

  const Facts& facts() const { return facts_; }
  /// The page as of the last look. REQUIRES: one.
  std::string document(Picture picture);
  std::string epochs(std::size_t limit);
  std::string overview_history(std::size_t seconds, std::size_t step) const;
  /// The node by its place in facts(): its picture and its history.
  std::pair<Json, Json> node(std::size_t index, std::size_t seconds, std::size_t step) const;

  /// Sends the pages at once and after every look, until the listener is gone.
  void listen(EventStream stream, std::set<Picture> pictures);

  std::size_t listeners() const;
  /// How many pages were made so far.
  std::uint64_t pictures_made() const;

 private:
  struct Listener {
    EventStream stream;
    std::set<Picture> pictures;
  };
  void work();
  const std::string& picture_of(Picture picture);
  const ServerSentEvent& event_of(Picture picture);

  const Facts facts_;
  const Sources sources_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  AttentionRules rules_{facts_};
  History history_;
  Readings readings_;
  std::vector<Attention> attention_;
  std::vector<Listener> listeners_;
  std::array<std::optional<std::string>, kPictures> made_;  ///< since the last look
  std::array<std::optional<ServerSentEvent>, kPictures> events_;
  std::uint64_t pictures_made_ = 0;
  bool asked_ = false;  ///< since the last look
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace lensart::app
