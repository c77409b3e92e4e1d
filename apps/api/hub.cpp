#include "apps/api/hub.hpp"

#include <algorithm>
#include <utility>

#include "apps/api/graph_picture.hpp"
#include "apps/api/pictures.hpp"

namespace lensart::app {

namespace {

constexpr std::chrono::seconds kLookEvery{1};
constexpr Picture kAll[] = {Picture::kOverview, Picture::kGraph, Picture::kEpochs,
                            Picture::kWatermarks};

}  // namespace

std::string_view name_of(Picture picture) {
  switch (picture) {
    case Picture::kOverview:
      return "overview";
    case Picture::kGraph:
      return "graph";
    case Picture::kEpochs:
      return "epochs";
    case Picture::kWatermarks:
      return "watermarks";
  }
  std::abort();
}

std::optional<Picture> picture_named(std::string_view name) {
  for (const Picture picture : kAll) {
    if (name_of(picture) == name) return picture;
  }
  return std::nullopt;
}

Hub::Hub(Facts facts, Sources sources)
    : facts_(std::move(facts)), sources_(std::move(sources)), history_(facts_.nodes) {}

void Hub::start() {
  look();
  thread_ = std::thread([this] { work(); });
}

void Hub::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const Listener& listener : listeners_) listener.stream.close();
    listeners_.clear();
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Hub::work() {
  auto next = std::chrono::steady_clock::now() + kLookEvery;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      if (changed_.wait_until(lock, next, [this] { return stopping_; })) return;
    }
    look();
    // After a pause of the machine it goes on from now: what was missed is not made up for.
    next = std::max(next + kLookEvery, std::chrono::steady_clock::now());
  }
}

void Hub::look() {
  Readings readings = sources_.read();
  std::unique_lock lock(mutex_);
  const bool eager = std::exchange(asked_, false) || !listeners_.empty();
  lock.unlock();
  const auto stuck = sources_.stuck(eager);
  lock.lock();
  readings_ = std::move(readings);
  history_.add(readings_);
  attention_ = rules_.look(readings_, history_, stuck);
  made_ = {};
  events_ = {};
  std::erase_if(listeners_, [this](const Listener& listener) {
    for (const Picture picture : listener.pictures) {
      if (!listener.stream.send(event_of(picture))) return true;
    }
    return false;
  });
}

const std::string& Hub::picture_of(Picture picture) {
  auto& made = made_[static_cast<std::size_t>(picture)];
  if (made) return *made;
  const Look look{facts_, readings_, history_, attention_};
  ++pictures_made_;
  switch (picture) {
    case Picture::kOverview:
      made = dumped(overview_of(look));
      break;
    case Picture::kGraph:
      made = dumped(graph_of(look));
      break;
    case Picture::kEpochs:
      made = dumped(epochs_of(look, sources_.epochs(kEpochsShown)));
      break;
    case Picture::kWatermarks:
      made = dumped(watermarks_of(look));
      break;
  }
  return *made;
}

const ServerSentEvent& Hub::event_of(Picture picture) {
  auto& event = events_[static_cast<std::size_t>(picture)];
  if (!event) event.emplace(std::string(name_of(picture)), picture_of(picture), Waiting::kLatest);
  return *event;
}

std::string Hub::document(Picture picture) {
  const std::lock_guard lock(mutex_);
  asked_ = true;
  return picture_of(picture);
}

std::string Hub::epochs(std::size_t limit) {
  if (limit == kEpochsShown) return document(Picture::kEpochs);
  const auto recent = sources_.epochs(limit);
  const std::lock_guard lock(mutex_);
  return dumped(epochs_of({facts_, readings_, history_, attention_}, recent));
}

std::string Hub::overview_history(std::size_t seconds, std::size_t step) const {
  const std::lock_guard lock(mutex_);
  return dumped(app::overview_history(history_, seconds, step));
}

std::pair<Json, Json> Hub::node(std::size_t index, std::size_t seconds, std::size_t step) const {
  const std::lock_guard lock(mutex_);
  const NodeLive live = history_.live(index);
  return {node_picture(facts_.nodes[index], &readings_.nodes[index], &live),
          node_history(history_, index, seconds, step)};
}

void Hub::listen(EventStream stream, std::set<Picture> pictures) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  for (const Picture picture : pictures) {
    if (!stream.send(event_of(picture))) return;
  }
  listeners_.push_back({std::move(stream), std::move(pictures)});
}

std::size_t Hub::listeners() const {
  const std::lock_guard lock(mutex_);
  return listeners_.size();
}

std::uint64_t Hub::pictures_made() const {
  const std::lock_guard lock(mutex_);
  return pictures_made_;
}

}  // namespace lensart::app
