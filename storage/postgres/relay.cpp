#include "storage/postgres/relay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "storage/failpoint.hpp"
#include "storage/postgres/pending_lists.hpp"

namespace lensart::storage {

namespace {
constexpr auto kSessionWorkEvery = std::chrono::milliseconds(500);
/// With more epochs than these waiting nobody looks at single commits, and cleaning gains nothing.
constexpr std::uint64_t kBacklogEpochs = 4;
}  // namespace

Relay::Relay(const RelayOptions& options, const TableRegistry& registry, StateStore& store,
             const Clock& clock, const Incarnation& incarnation, SinkHooks hooks,
             RelayCallbacks callbacks)
    : options_(options),
      registry_(registry),
      store_(store),
      clock_(clock),
      incarnation_(incarnation),
      hooks_(std::move(hooks)),
      callbacks_(std::move(callbacks)),
      protocol_(options.limits) {}

Relay::~Relay() { stop(); }

Result<std::unique_ptr<Relay>> Relay::start(const RelayOptions& options,
                                            const TableRegistry& registry, StateStore& store,
                                            const Clock& clock, const Incarnation& incarnation,
                                            SinkHooks hooks, RelayCallbacks callbacks) {
  std::unique_ptr<Relay> self(new Relay(options, registry, store, clock, incarnation,
                                        std::move(hooks), std::move(callbacks)));
  LENSART_TRY(self->open_session_patiently());
  for (const ChainRecord& record : store.chain()) self->records_.emplace(record.number, record);
  self->counted_to_ = self->protocol_.lowest();
  self->start_workers();
  LENSART_TRY(self->bring_level());
  self->workers_.emplace_back([relay = self.get()] { relay->keep_session(); });
  self->workers_.emplace_back([relay = self.get()] { relay->keep_lists_short(); });
  return self;
}

Result<Unit> Relay::open_session_patiently() {
  const Tick deadline = clock_.tick() + options_.start_timeout;
  bool told = false;
  for (int failures = 1;; ++failures) {
    auto opened = open_session();
    if (opened || action_for(opened.error().code) != Action::kRetry) return opened;
    if (clock_.tick() >= deadline) return opened;
    if (!told) callbacks_.log(fmt::format("waiting for the database: {}", opened.error().message));
    told = true;
    back_off(failures, opened.error());
  }
}

Result<Unit> Relay::open_session() {
  session_.reset();
  LENSART_ASSIGN(Session session, Session::open(options_.session, incarnation_));
  session_.emplace(std::move(session));
  LENSART_TRY(check_identity());
  LENSART_ASSIGN(const StartPlan plan, session_->claim(store_.chain()));
  LENSART_TRY(session_->check_settings());
  lanes_now_ = plan.lanes;
  protocol_.start(plan, store_.chain(), clock_.tick());
  return Unit{};
}

Result<Unit> Relay::check_identity() {
  LENSART_ASSIGN(const DatabaseIdentity identity, session_->identity());
  Binding binding = store_.binding().value_or(Binding{});
  if (binding.database_system_id.empty()) {
    binding.database_system_id = identity.system_id;
    binding.database_timeline = identity.timeline;
    return store_.bind(binding);
  }
  if (binding.database_system_id != identity.system_id) {
    return fail(
        Errc::kStateMismatch,
        fmt::format("this state belongs to the database cluster with system_identifier {}, not "
                    "to {}; point postgres.dsn at the right server. If the cluster was made anew "
                    "on purpose, `lensart state adopt` binds the state to it",
                    binding.database_system_id, identity.system_id));
  }
  // A promoted standby has a later timeline: what it holds is checked by the lane rows.
  if (binding.database_timeline == identity.timeline) return Unit{};
  binding.database_timeline = identity.timeline;
  return store_.bind(binding);
}

/// Nothing new may enter the outbox while lanes stand apart or under another numbering.
Result<Unit> Relay::bring_level() {
  std::unique_lock lock(mutex_);
  const auto settled = [&] { return protocol_.idle() || failed_; };
  const bool wanted = lanes_now_ == options_.session.lanes;
  if (wanted) return Unit{};
  changed_.wait(lock, settled);
  if (failed_) return fail(Errc::kDatabaseDown, trouble_);
  const ChainRecord at = records_.at(protocol_.newest());
  LENSART_TRY(session_->relane(at, options_.session.lanes));
  StartPlan plan;
  plan.lanes = options_.session.lanes;
  plan.positions.assign(static_cast<std::size_t>(plan.lanes), at.number);
  protocol_.start(plan, store_.chain(), clock_.tick());
  return Unit{};
}

void Relay::start_workers() {
  const LaneContext context{options_.session.pipeline, options_.session.schema, incarnation_,
                            options_.max_refusals, options_.keep_accounts};
  for (std::size_t i = 0; i < options_.connections; ++i) {
    writers_.push_back(std::make_unique<LaneWriter>(registry_, context, hooks_));
  }
  for (std::size_t i = 0; i < options_.connections; ++i) {
    workers_.emplace_back([this, i] { work(i); });
  }
}

void Relay::on_durable(const ChainRecord& record) {
  {
    const std::lock_guard lock(mutex_);
    protocol_.on_durable(record);
    records_.emplace(record.number, record);
  }
  changed_.notify_all();
}

Downstream Relay::downstream() const {
  const std::lock_guard lock(mutex_);
  return {protocol_.idle(), protocol_.outstanding_bytes()};
}

SinkStatus Relay::status() const {
  const std::lock_guard lock(mutex_);
  SinkStatus status;
  status.trouble = trouble_;
  status.newest = protocol_.newest();
  status.applied = protocol_.lowest();
  status.outbox_bytes = protocol_.outstanding_bytes();
  status.rows = rows_;
  status.refused = refused_;
  status.applied_records = applied_records_;
  status.busy_seconds = std::chrono::duration<double>(busy_).count();
  status.workers = options_.connections;
  status.last_success = last_success_;
  return status;
}

bool Relay::wait_idle(std::chrono::milliseconds at_most) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, at_most, [this] { return protocol_.idle() || failed_; }) &&
         protocol_.idle();
}

void Relay::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& worker : workers_) {
    if (worker.joinable()) worker.join();
  }
  workers_.clear();
}

void Relay::work(std::size_t worker) {
  std::optional<Connection> connection;
  int failures = 0;
  for (;;) {
    std::optional<LaneTask> task;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] {
        if (stopping_ || failed_) return true;
        task = protocol_.next_task();
        return task.has_value();
      });
      if (stopping_ || failed_) {
        if (task) protocol_.on_rolled_back(*task);
        return;
      }
    }
    // One task wakes one worker; there may be more for the others.
    changed_.notify_all();
    handle(worker, connection, *task, failures);
  }
}

std::pair<ChainRecord, ChainRecord> Relay::ends_of(const LaneTask& task) const {
  const std::lock_guard lock(mutex_);
  return {records_.at(task.from), records_.at(task.to)};
}

void Relay::handle(std::size_t worker, std::optional<Connection>& connection, const LaneTask& task,
                   int& failures) {
  const auto [from, to] = ends_of(task);
  LaneOutcome outcome;
  if (auto ready = ensure_connected(worker, connection); !ready) {
    outcome.error = ready.error();
  } else {
    const Tick began = clock_.tick();
    outcome = writers_[worker]->apply(*connection, store_, task, from, to);
    count_busy(began);
  }
  if (outcome.ending == Ending::kApplied) {
    failures = 0;
    // First of all: whoever sees the epoch applied may then wait for its letters.
    if (outcome.letters) callbacks_.on_letters();
    {
      const std::lock_guard lock(mutex_);
      protocol_.on_applied(task, clock_.tick());
      rows_ += outcome.rows;
      refused_ += outcome.refused;
      trouble_.clear();
      last_success_ = clock_.wall();
      count_applied();
      const EpochNumber trimmable = protocol_.trim_target(clock_.tick());
      records_.erase(records_.begin(), records_.lower_bound(trimmable));
      callbacks_.trim_to(trimmable);
    }
    LENSART_FAILPOINT("relay.applied");
    changed_.notify_all();
    callbacks_.on_progress();
    return;
  }
  const bool unknown = outcome.ending == Ending::kUnknown;
  {
    const std::lock_guard lock(mutex_);
    unknown ? protocol_.on_unknown(task) : protocol_.on_rolled_back(task);
  }
  if (connection && connection->lost()) connection.reset();
  if (action_for(outcome.error.code) != Action::kRetry && !unknown)
    return fail_for_good(outcome.error);
  trouble(outcome.error.message);
  if (unknown) settle(worker, connection, task);
  back_off(++failures, outcome.error);
}

Result<Unit> Relay::ensure_connected(std::size_t worker, std::optional<Connection>& connection) {
  if (connection) return Unit{};
  ConnectionOptions options = options_.session.connection;
  options.application_name =
      application_name(options_.session.pipeline, incarnation_, fmt::format("lane-{}", worker));
  LENSART_ASSIGN(Connection opened, Connection::open(options));
  LENSART_TRY(writers_[worker]->prepare(opened));
  connection.emplace(std::move(opened));
  return Unit{};
}

Result<std::optional<LaneRow>> Relay::ask_row(std::size_t worker, Connection& connection,
                                              int lane) {
  LENSART_TRY(connection.run("BEGIN; SET LOCAL lock_timeout = '2s'"));
  auto rows = read_lane_rows(connection, options_.session.schema, options_.session.pipeline, true);
  if (!rows && connection.sqlstate() == "55P03") {
    // The old backend hangs in its COMMIT: end it, by the name that only this worker's carry.
    static_cast<void>(connection.run("ROLLBACK"));
    LENSART_TRY(connection.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND "
        "application_name = $1",
        {application_name(options_.session.pipeline, incarnation_,
                          fmt::format("lane-{}", worker))}));
  }
  if (!rows) return tl::unexpected(rows.error());
  LENSART_TRY(connection.run("ROLLBACK"));
  for (const LaneRow& row : *rows) {
    if (row.lane == lane) return std::optional<LaneRow>(row);
  }
  return std::optional<LaneRow>{};
}

void Relay::settle(std::size_t worker, std::optional<Connection>& connection,
                   const LaneTask& task) {
  for (int failures = 1;; ++failures) {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_ || failed_) return;
    }
    Result<std::optional<LaneRow>> row = fail(Errc::kDatabaseDown, "");
    if (auto ready = ensure_connected(worker, connection); !ready) {
      row = tl::unexpected(ready.error());
    } else {
      row = ask_row(worker, *connection, task.lane);
    }
    if (!row) {
      if (connection && connection->lost()) connection.reset();
      if (action_for(row.error().code) != Action::kRetry) return fail_for_good(row.error());
      trouble(row.error().message);
      back_off(failures, row.error());
      continue;
    }
    callbacks_.on_letters();  // it may have held some
    Result<Settled> settled = Settled::kNotApplied;
    {
      const std::lock_guard lock(mutex_);
      settled = protocol_.on_row(task, *row, incarnation_, clock_.tick());
      count_applied();
    }
    if (!settled) return fail_for_good(settled.error());
    callbacks_.log(fmt::format("a lost COMMIT of lane {} was settled: epochs {} to {} were {}",
                               task.lane, task.from + 1, task.to,
                               *settled == Settled::kApplied ? "applied" : "not applied"));
    changed_.notify_all();
    return callbacks_.on_progress();
  }
}

/// REQUIRES: the mutex is held.
void Relay::count_applied() {
  for (; counted_to_ < protocol_.lowest(); ++counted_to_) {
    applied_records_ += records_.at(counted_to_ + 1).records;
  }
}

void Relay::count_busy(Tick since) {
  const std::lock_guard lock(mutex_);
  busy_ += clock_.tick() - since;
}

/// How far the server's clock is from ours; false when it does not answer. When it does and there
/// is nothing to do, no trouble is left: where there is, a worker will tell.
bool Relay::look_at_clock() {
  const auto theirs = session_->ping();
  const std::lock_guard lock(mutex_);
  clock_offset_.reset();
  if (theirs) {
    last_success_ = clock_.wall();
    if (protocol_.idle()) trouble_.clear();
    clock_offset_ = *theirs - *last_success_;
  }
  return theirs.has_value();
}

std::optional<std::chrono::microseconds> Relay::clock_offset() const {
  const std::lock_guard lock(mutex_);
  return clock_offset_;
}

/// At low load only: under backlog there is nothing to gain. May fail, and is tried again.
void Relay::keep_lists_short() {
  std::optional<PendingLists> lists;
  ConnectionOptions connection = options_.session.connection;
  connection.application_name =
      application_name(options_.session.pipeline, incarnation_, "pending lists");
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, kSessionWorkEvery, [this] { return stopping_ || failed_; });
      if (stopping_ || failed_) return;
      if (protocol_.outstanding_epochs() > kBacklogEpochs) continue;
    }
    if (!lists) {
      auto opened = PendingLists::open(connection, options_.session.schema);
      if (opened) lists.emplace(std::move(*opened));
    }
    if (lists && !lists->clean()) lists.reset();
  }
}

/// Holds the advisory lock; takes it again when the connection broke. The connection does nothing
/// else.
void Relay::keep_session() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, kSessionWorkEvery, [this] { return stopping_ || failed_; });
      if (stopping_ || failed_) return;
    }
    if (session_ && look_at_clock()) continue;
    session_.reset();
    auto opened = Session::open(options_.session, incarnation_);
    if (opened) {
      session_.emplace(std::move(*opened));
    } else if (action_for(opened.error().code) != Action::kRetry) {
      return fail_for_good(opened.error());
    } else {
      trouble(opened.error().message);
    }
  }
}

void Relay::back_off(int failures, const Error&) {
  thread_local std::minstd_rand random(std::random_device{}());
  const int doublings = std::min(failures - 1, 16);
  const auto ceiling = std::min(options_.retry_max, options_.retry_initial * (1 << doublings));
  const auto wait = std::chrono::milliseconds(
      std::uniform_int_distribution<long>(ceiling.count() / 2, ceiling.count())(random));
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, wait, [this] { return stopping_ || failed_; });
}

void Relay::trouble(const std::string& what) {
  bool fresh = false;
  {
    const std::lock_guard lock(mutex_);
    fresh = trouble_.empty();
    trouble_ = what;
  }
  if (!fresh) return;
  callbacks_.log("the database is in trouble, retrying: " + what);
  callbacks_.on_progress();
}

void Relay::fail_for_good(const Error& error) {
  {
    const std::lock_guard lock(mutex_);
    if (failed_) return;
    failed_ = true;
    trouble_ = error.message;
  }
  changed_.notify_all();
  callbacks_.on_stop(error);
}

}  // namespace lensart::storage
