#include "apps/http/event_stream.hpp"

#include <algorithm>
#include <utility>

namespace lensart::app {
namespace {

/// Each line of the data is a field of its own: a line break would end the event (WHATWG HTML,
/// server-sent events).
void append_data(std::string& bytes, std::string_view data) {
  while (true) {
    const auto end = data.find_first_of("\r\n");
    bytes.append("data: ").append(data.substr(0, end)).append("\n");
    if (end == std::string_view::npos) return;
    const bool is_pair = data.substr(end, 2) == "\r\n";
    data.remove_prefix(end + (is_pair ? 2 : 1));
  }
}

}  // namespace

ServerSentEvent::ServerSentEvent(std::string name, std::string_view data, Waiting waiting,
                                 std::string_view id) {
  Content content{std::move(name), {}, waiting};
  if (!id.empty()) content.bytes.append("id: ").append(id).append("\n");
  if (!content.name.empty()) content.bytes.append("event: ").append(content.name).append("\n");
  append_data(content.bytes, data);
  content.bytes += '\n';
  content_ = std::make_shared<const Content>(std::move(content));
}

bool EventQueue::push(const ServerSentEvent& event) {
  const std::lock_guard lock(mutex_);
  if (!is_open_) return false;
  if (event.waiting() == Waiting::kLatest) {
    const auto same = std::find_if(events_.begin(), events_.end(), [&](const auto& waiting) {
      return waiting.name() == event.name();
    });
    if (same != events_.end()) {
      bytes_ -= same->bytes().size();
      events_.erase(same);
    }
  }
  make_room(event.bytes().size());
  events_.push_back(event);
  bytes_ += event.bytes().size();
  if (!std::exchange(is_awake_, true)) wake_();
  return true;
}

void EventQueue::make_room(std::size_t bytes) {
  while (!events_.empty() &&
         (events_.size() >= limits_.max_events || bytes_ + bytes > limits_.max_bytes)) {
    bytes_ -= events_.front().bytes().size();
    events_.pop_front();
    ++dropped_;
  }
}

void EventQueue::end() {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(is_open_, false)) return;
  if (!std::exchange(is_awake_, true)) wake_();
}

bool EventQueue::is_open() const {
  const std::lock_guard lock(mutex_);
  return is_open_;
}

std::uint64_t EventQueue::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

std::string EventQueue::take() {
  const std::lock_guard lock(mutex_);
  is_awake_ = false;
  std::string bytes;
  bytes.reserve(bytes_);
  for (const auto& event : events_) bytes += event.bytes();
  events_.clear();
  bytes_ = 0;
  return bytes;
}

bool EventQueue::is_finished() const {
  const std::lock_guard lock(mutex_);
  return !is_open_ && events_.empty();
}

EventStream::EventStream(std::shared_ptr<EventQueue> queue)
    // The connection holds the queue too: so the handles count among themselves.
    : queue_(queue.get(), [queue](EventQueue* last) { last->end(); }) {}

}  // namespace lensart::app
