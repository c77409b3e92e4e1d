/// The one thread that asks the database on behalf of the API, with a bounded queue before it.
///
/// It asks as a reader: read-only transactions, a limit on each statement, times in UTC.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "apps/http/responder.hpp"
#include "apps/http/router.hpp"
#include "graph/error.hpp"
#include "storage/postgres/connection.hpp"

namespace lensart::app {

struct QueryWorkerOptions {
  std::size_t queue_limit = 16;
  std::chrono::milliseconds patience{5'000};  ///< in the queue
  std::chrono::milliseconds retry{1'000};     ///< after the database could not be reached
  std::chrono::milliseconds statement_timeout{4'000};
  /// Masks what messages of the database must not show.
  std::function<std::string(std::string)> clean = [](std::string text) { return text; };
};

/// Threads: any; the questions run on the worker's, one at a time.
class QueryWorker {
 public:
  using Open = std::function<Result<storage::Connection>()>;
  /// Gives the answer, or the failure that it is answered with.
  using Question = std::function<Result<HttpResponse>(storage::Connection&)>;
  /// Told with the connection, or nullptr where there is none.
  using Errand = std::function<void(storage::Connection*)>;

  QueryWorker(Open open, QueryWorkerOptions options = {});
  ~QueryWorker() { stop(); }
  QueryWorker(const QueryWorker&) = delete;
  QueryWorker& operator=(const QueryWorker&) = delete;

  /// Answers 503 `busy` where the queue is full or the question waited too long, `database_away`
  /// where nobody answers, `database_slow` where the statement took too long, `stopping` at the
  /// end; 500 for other failures.
  void ask(Question question, Responder responder);
  /// The same for what needs no database but takes a moment.
  void ask_without_database(std::function<Result<HttpResponse>()> question, Responder responder);
  /// Work of our own, whose answer nobody waits for: at most one waits at a time. False: it does
  /// already.
  bool run(Errand errand);
  /// Answers what waits and ends; a question under way is waited for.
  void stop();

 private:
  struct Waiting {
    std::function<Result<HttpResponse>(storage::Connection*)> question;
    bool needs_database = true;
    Responder responder;
    std::chrono::steady_clock::time_point since;
  };
  void enqueue(Waiting waiting);
  void work();
  void answer(Waiting waiting);
  void run_errand(const Errand& errand);
  /// Empty where the database is away: `away_` says why.
  storage::Connection* connection();
  HttpResponse failure_of(const Error& error) const;

  const Open open_;
  const QueryWorkerOptions options_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Waiting> waiting_;
  std::optional<Errand> errand_;
  bool stopping_ = false;
  // The worker's thread.
  std::optional<storage::Connection> connection_;
  std::string away_;
  std::chrono::steady_clock::time_point next_try_{};
  std::thread thread_;
};

}  // namespace lensart::app
