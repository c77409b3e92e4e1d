#include "apps/api/query_worker.hpp"

#include <fmt/format.h>

#include <exception>

#include "apps/api/parameters.hpp"

namespace lensart::app {

namespace {

constexpr std::string_view kQueryCanceled = "57014";

HttpResponse stopping() { return unavailable("stopping", "the pipeline is stopping"); }

}  // namespace

QueryWorker::QueryWorker(Open open, QueryWorkerOptions options)
    : open_(std::move(open)), options_(std::move(options)), thread_([this] { work(); }) {}

void QueryWorker::stop() {
  std::deque<Waiting> left;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    left.swap(waiting_);
    errand_.reset();
  }
  changed_.notify_all();
  for (Waiting& waiting : left) waiting.responder.answer(stopping());
  if (thread_.joinable()) thread_.join();
}

void QueryWorker::ask(Question question, Responder responder) {
  enqueue({[question = std::move(question)](storage::Connection* database) {
             return question(*database);
           },
           true, std::move(responder), std::chrono::steady_clock::now()});
}

void QueryWorker::ask_without_database(std::function<Result<HttpResponse>()> question,
                                       Responder responder) {
  enqueue({[question = std::move(question)](storage::Connection*) { return question(); }, false,
           std::move(responder), std::chrono::steady_clock::now()});
}

void QueryWorker::enqueue(Waiting waiting) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_ && waiting_.size() < options_.queue_limit) {
      waiting_.push_back(std::move(waiting));
      changed_.notify_all();
      return;
    }
    if (stopping_) return waiting.responder.answer(stopping());
  }
  waiting.responder.answer(
      unavailable("busy", "too many questions to the database wait already; ask again later"));
}

bool QueryWorker::run(Errand errand) {
  const std::lock_guard lock(mutex_);
  if (stopping_ || errand_) return false;
  errand_ = std::move(errand);
  changed_.notify_all();
  return true;
}

void QueryWorker::work() {
  for (;;) {
    std::optional<Waiting> next;
    std::optional<Errand> errand;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !waiting_.empty() || errand_; });
      if (stopping_) return;
      if (!waiting_.empty()) {
        next.emplace(std::move(waiting_.front()));
        waiting_.pop_front();
      } else {
        errand = std::exchange(errand_, std::nullopt);
      }
    }
    if (next) answer(std::move(*next));
    if (errand) run_errand(*errand);
  }
}

void QueryWorker::run_errand(const Errand& errand) {
  try {
    errand(connection());
  } catch (const std::exception&) {
    connection_.reset();
  }
}

void QueryWorker::answer(Waiting waiting) {
  if (std::chrono::steady_clock::now() - waiting.since > options_.patience) {
    return waiting.responder.answer(
        unavailable("busy", "the database takes too long to answer those who asked before"));
  }
  storage::Connection* const database = waiting.needs_database ? connection() : nullptr;
  if (waiting.needs_database && database == nullptr) {
    return waiting.responder.answer(unavailable("database_away", away_));
  }
  try {
    auto answer = waiting.question(database);
    waiting.responder.answer(answer ? std::move(*answer) : failure_of(answer.error()));
    // What failed may have left a transaction open.
    if (!answer) connection_.reset();
  } catch (const std::exception& error) {
    connection_.reset();
    waiting.responder.answer(api_error(500, "failed", error.what()));
  }
}

HttpResponse QueryWorker::failure_of(const Error& error) const {
  const std::string message = options_.clean(error.message);
  if (connection_ && connection_->sqlstate() == kQueryCanceled) {
    return unavailable("database_slow",
                       fmt::format("the database took longer than {} ms; ask for less, or later",
                                   options_.statement_timeout.count()));
  }
  if (error.code == Errc::kDatabaseDown) return unavailable("database_away", message);
  if (error.code == Errc::kBrokerDown) return unavailable("kafka_away", message);
  return api_error(500, "failed", message);
}

storage::Connection* QueryWorker::connection() {
  // One that broke while nobody used it does not know yet.
  if (connection_ && connection_->query("SELECT 1")) return &*connection_;
  connection_.reset();
  const auto now = std::chrono::steady_clock::now();
  if (now < next_try_) return nullptr;
  auto opened = open_();
  if (opened) {
    // Without JIT: its compiling takes longer than what is asked here.
    const auto set = opened->run(
        fmt::format("SET statement_timeout = {}; SET lock_timeout = 1000; SET TIME ZONE 'UTC'; "
                    "SET default_transaction_read_only = on; SET jit = off",
                    options_.statement_timeout.count()));
    if (set) {
      connection_.emplace(std::move(*opened));
      return &*connection_;
    }
    opened = tl::unexpected(set.error());
  }
  away_ = options_.clean(opened.error().message);
  next_try_ = now + options_.retry;
  return nullptr;
}

}  // namespace lensart::app
