/// What other threads want done on the server's thread: a burst of them wakes it once.
///
/// Internal to `apps/http`. Threads: any. Lifetime: shared; may outlive the server, which closes
/// it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace lensart::app {

class Mailbox : public std::enable_shared_from_this<Mailbox> {
 public:
  using Task = std::function<void()>;

  explicit Mailbox(boost::asio::io_context& io) : io_(&io) {}

  void put(Task task) {
    const std::lock_guard lock(mutex_);
    if (io_ == nullptr) return;
    tasks_.push_back(std::move(task));
    if (tasks_.size() > 1) return;
    boost::asio::post(*io_, [self = shared_from_this()] { self->deliver(); });
  }

  /// What is put in from here on goes nowhere. REQUIRES: the server's thread has ended.
  void close() {
    const std::lock_guard lock(mutex_);
    io_ = nullptr;
    tasks_.clear();
  }

 private:
  void deliver() {
    std::vector<Task> tasks;
    {
      const std::lock_guard lock(mutex_);
      tasks.swap(tasks_);
    }
    for (const auto& task : tasks) {
      try {
        task();
      } catch (const std::exception&) {
        // Out of memory: the connection it was for is gone, the others get what is theirs.
      }
    }
  }

  std::mutex mutex_;
  boost::asio::io_context* io_;
  std::vector<Task> tasks_;
};

}  // namespace lensart::app
