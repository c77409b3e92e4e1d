/// Server-sent events: one listener's end of a stream, fed from any thread.
///
/// What a listener does not take in time is not kept for ever: its queue holds as many events and
/// bytes as EventQueueLimits say. When it is full the oldest event goes; one made with kLatest
/// takes the place of a waiting event of its name. A stream is therefore for pictures of a state,
/// or for news whose loss `dropped()` may tell of, never for the only copy of anything.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace lensart::app {

/// What becomes of an event while one of the same name still waits before a slow listener.
enum class Waiting : std::uint8_t {
  kAll,     ///< both are sent
  kLatest,  ///< the later takes the earlier's place
};

/// One event as it goes over the wire, encoded once for any number of listeners; cheap to copy.
class ServerSentEvent {
 public:
  /// `name` and `id` may be empty and hold no line breaks; `data` may hold any.
  ServerSentEvent(std::string name, std::string_view data, Waiting waiting = Waiting::kAll,
                  std::string_view id = {});

  const std::string& name() const { return content_->name; }
  const std::string& bytes() const { return content_->bytes; }
  Waiting waiting() const { return content_->waiting; }

 private:
  struct Content {
    std::string name;
    std::string bytes;
    Waiting waiting;
  };
  std::shared_ptr<const Content> content_;
};

struct EventQueueLimits {
  std::size_t max_events = 64;
  std::size_t max_bytes = 1024 * 1024;  ///< one larger event is sent all the same
};

/// Between the threads that send and the connection that writes. Internal to `apps/http`.
///
/// Threads: any.
class EventQueue {
 public:
  /// `wake` is called, on the sender's thread, when something waits after nothing did; it must not
  /// block and must not call back.
  EventQueue(EventQueueLimits limits, std::function<void()> wake)
      : limits_(limits), wake_(std::move(wake)) {}

  bool push(const ServerSentEvent& event);
  void end();
  bool is_open() const;
  std::uint64_t dropped() const;

  /// What waits, as bytes to be written; empty when nothing does.
  std::string take();
  /// Whether nothing will come any more: the last sender is gone and everything is taken.
  bool is_finished() const;

 private:
  void make_room(std::size_t bytes);

  const EventQueueLimits limits_;
  const std::function<void()> wake_;
  mutable std::mutex mutex_;
  std::deque<ServerSentEvent> events_;
  std::size_t bytes_ = 0;
  std::uint64_t dropped_ = 0;
  bool is_open_ = true;
  bool is_awake_ = false;  ///< `wake_` was called and nothing taken since
};

/// A sender's handle of one listener. The stream ends when the last copy of it is gone.
///
/// Threads: any. Lifetime: may outlive the server.
class EventStream {
 public:
  /// A stream nobody listens to.
  EventStream() = default;
  explicit EventStream(std::shared_ptr<EventQueue> queue);

  /// Never blocks. False: the listener is gone, and the handle is of no more use.
  bool send(const ServerSentEvent& event) const { return queue_ && queue_->push(event); }
  bool is_open() const { return queue_ && queue_->is_open(); }
  /// How many events the listener did not get because it was too slow.
  std::uint64_t dropped() const { return queue_ ? queue_->dropped() : 0; }
  /// Sends what waits, then ends the stream, for all copies of the handle.
  void close() const {
    if (queue_) queue_->end();
  }

 private:
  std::shared_ptr<EventQueue> queue_;
};

}  // namespace lensart::app
