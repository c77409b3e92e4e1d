/// Tells a person: by a webhook and by PostgreSQL's NOTIFY, from a thread of its own, so that
/// nothing waits for it (docs/operations.md, Notifications).
///
/// It looks at the pipeline every second and at the tables every few, and tells of what is new
/// since it began: orders that have become stuck, dead letters, a stall and its end.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "apps/notify/delivery.hpp"
#include "apps/notify/notice.hpp"
#include "apps/notify/webhook.hpp"
#include "graph/error.hpp"
#include "storage/postgres/connection.hpp"

namespace lensart::notify {

struct NotifierOptions {
  std::string pipeline;
  std::string schema;
  std::optional<WebhookOptions> webhook;
  std::string channel;  ///< of NOTIFY; empty: none
  Duration interval = std::chrono::minutes(1);
  Duration stall_after = std::chrono::minutes(5);
  /// Where the tables are; nothing: there are none (sink.kind = "null").
  std::optional<storage::ConnectionOptions> database;
};

/// Threads: `figures` any. Lifetime: the clock, and what `look` refers to, outlive it.
class Notifier {
 public:
  using Look = std::function<Sight()>;
  using Log = std::function<void(const std::string&)>;

  /// With neither webhook nor channel it does nothing. Fails with kBadConfig.
  static Result<std::unique_ptr<Notifier>> start(NotifierOptions options, const Clock& clock,
                                                 Look look, Log log);
  ~Notifier();
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  /// Looks once more, tries each message that waits once, and ends: two seconds at most. May be
  /// called again.
  void stop();
  /// By channel: `webhook`, `postgres`; those that are configured.
  std::map<std::string, DeliveryFigures> figures() const;

 private:
  struct Channel {
    std::string name;
    std::function<Attempt(const Message&)> send;
    Delivery delivery;
    bool in_trouble = false;
  };
  Notifier(NotifierOptions options, const Clock& clock, Look look, Log log);
  Result<Unit> open_channels();
  void work();
  void look(Tick now);
  void look_at_tables();
  Result<Unit> begin_tables();
  Result<Unit> find_stuck();
  Result<std::vector<LetterSeen>> find_letters();
  Result<Unit> ensure_connected();
  Attempt send_notify(const Message& message);
  void deliver(Channel& channel);
  void publish();
  bool out_of_time() const;

  NotifierOptions options_;
  const Clock& clock_;
  Look look_;
  Log log_;
  std::unique_ptr<Webhook> webhook_;
  std::vector<std::unique_ptr<Channel>> channels_;
  NoticeBook book_;
  StallWatch stalls_;
  std::map<std::string, std::uint64_t> letters_told_;
  std::optional<storage::Connection> connection_;
  std::optional<std::string> stuck_up_to_;    ///< detected_at of the latest row seen
  std::optional<std::string> letters_up_to_;  ///< occurred_at
  Tick next_table_look_{};

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, DeliveryFigures> figures_;
  std::optional<Tick> stop_by_;  ///< set: the thread is to end, by then
  std::thread thread_;
};

}  // namespace lensart::notify
