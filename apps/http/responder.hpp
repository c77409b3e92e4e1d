/// The answer to one request, given later and from any thread.
#pragma once

#include <functional>
#include <utility>

#include "apps/http/router.hpp"

namespace lensart::app {

/// Answers once. Destroyed unanswered it answers 500 by itself, so that no client waits for ever.
/// The client may have gone meanwhile, and so may the server: then the answer goes nowhere.
///
/// Threads: any, one at a time. Lifetime: may outlive the server.
class Responder {
 public:
  /// Where an answer goes; called at most once, from whichever thread answers; must not block.
  using Sink = std::function<void(HttpResponse)>;

  /// Has nobody to answer to.
  Responder() = default;
  explicit Responder(Sink sink) : sink_(std::move(sink)) {}
  Responder(Responder&& other) noexcept : sink_(std::exchange(other.sink_, nullptr)) {}
  Responder& operator=(Responder&& other) noexcept;
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;
  ~Responder() { give_up(); }

  /// Whether an answer is still owed.
  explicit operator bool() const { return sink_ != nullptr; }
  /// Sends the answer. A second call does nothing.
  void answer(HttpResponse response);

 private:
  void give_up();

  Sink sink_;
};

}  // namespace lensart::app
