/// Dead letters on their way to the topic: from their committed rows, at least once
/// (docs/contract.md §5, promise 1).
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "nodes/kafka/producer.hpp"
#include "storage/postgres/connection.hpp"

namespace lensart::nodes {

struct LetterSenderOptions {
  storage::ConnectionOptions connection;
  std::string schema;
  KafkaClientOptions kafka;
  std::string topic;
  std::chrono::hours retention = std::chrono::hours(24 * 30);  ///< of sent letters in the table
  std::chrono::milliseconds retry = std::chrono::seconds(5);
};

struct LetterStatus {
  std::uint64_t sent = 0;
  std::string trouble;  ///< empty: none. An unavailable topic stops nothing
};

/// Sends the rows with `sent_at IS NULL`, keyed `topic/partition/offset` so that a consumer can
/// tell a repeat, then marks them. A letter that the topic refuses for its size is cut, with a
/// header that says so. Retention never deletes an unsent row.
///
/// Threads: `wake`, `status` any; the work has a thread of its own.
class LetterSender {
 public:
  LetterSender(LetterSenderOptions options, std::function<void(const std::string&)> log);
  ~LetterSender();

  void wake();
  LetterStatus status() const;
  /// Waits until nothing is unsent, or the deadline: for the end of a run. True when all is sent.
  bool wait_sent(std::chrono::milliseconds at_most);
  void stop();

 private:
  struct Row {
    std::string topic, partition, offset, code, field, message, payload;
    std::optional<std::string> event_id;
    bool null_payload = false;
    bool acknowledged = false;
    bool too_large = false;
  };
  void work();
  Result<bool> send_some();
  Result<Unit> ensure_open();
  Result<std::vector<Row>> read_unsent();
  Result<Unit> produce(std::vector<Row>& rows);
  Result<Unit> enqueue(Row& row, std::uint64_t tag, std::size_t keep_bytes);
  Result<Unit> mark(const std::vector<Row>& rows);
  Result<Unit> retire();

  LetterSenderOptions options_;
  std::function<void(const std::string&)> log_;
  std::optional<storage::Connection> connection_;
  std::unique_ptr<Producer> producer_;
  std::vector<Row>* in_flight_ = nullptr;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool wanted_ = true;
  bool all_sent_ = false;
  bool stopping_ = false;
  LetterStatus status_;
  std::thread thread_;
};

}  // namespace lensart::nodes
