/// The running pipeline's ear: a Unix socket in the state directory, through which commands ask for
/// the live state (docs/contract.md §6).
///
/// One question a connection: a line of at most 4 KiB, such as `order 42`. The answer is one JSON
/// object, then the end: `{"answer": …}` or `{"error": …}`. Whoever may read the state directory
/// may ask; nothing can be changed through it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "apps/explain/answer.hpp"
#include "graph/error.hpp"

namespace lensart::app {

class ControlSocket {
 public:
  /// Called on the socket's own thread, one question at a time.
  using Answer = std::function<Result<Json>(const std::string& question)>;

  /// REQUIRES: the caller holds the directory's lock. Fails with kStateFailed.
  static Result<std::unique_ptr<ControlSocket>> open(const std::string& directory, Answer answer);
  ~ControlSocket();

 private:
  ControlSocket(std::string directory, Answer answer)
      : directory_(std::move(directory)), answer_(std::move(answer)) {}
  void work();
  void serve(int connection) const;

  std::string directory_;
  Answer answer_;
  int listener_ = -1;
  int stop_fd_ = -1;
  std::thread thread_;
};

/// Asks the instance that runs on a state directory. Nothing when none does. Fails with what the
/// instance answered, or kOwnedByAnother when it does not answer within 10 s.
Result<std::optional<Json>> ask_running(const std::string& directory, const std::string& question);

}  // namespace lensart::app
