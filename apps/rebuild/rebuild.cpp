#include "apps/rebuild/rebuild.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <filesystem>

#include "apps/config/effective.hpp"
#include "apps/jobs/tables.hpp"
#include "apps/pipeline/options.hpp"
#include "apps/rebuild/row_writer.hpp"
#include "apps/rebuild/state_builder.hpp"
#include "storage/failpoint.hpp"
#include "storage/postgres/relay.hpp"

namespace lensart::app {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kEventsALook = 1'000;  // at the clock

/// The database of a relay that runs for us alone: to bring what is durable home.
class BorrowedRelay {
 public:
  static Result<std::unique_ptr<BorrowedRelay>> start(const Config& config,
                                                      storage::StateStore& store,
                                                      const std::string& fingerprint) {
    auto self = std::unique_ptr<BorrowedRelay>(new BorrowedRelay());
    LENSART_ASSIGN(storage::RelayOptions options, relay_options(config));
    options.session.settings_fingerprint = fingerprint;
    storage::RelayCallbacks callbacks;
    callbacks.on_progress = [] {};
    callbacks.trim_to = [&store](EpochNumber epoch) { store.trim_to(epoch); };
    callbacks.on_letters = [] {};
    callbacks.on_stop = [relay = self.get()](const Error& error) { relay->fail(error); };
    callbacks.log = [](const std::string&) {};
    LENSART_ASSIGN(self->relay_, storage::Relay::start(options, jobs::tables(), store, self->clock_,
                                                       self->incarnation_, {}, callbacks));
    return self;
  }
  ~BorrowedRelay() {
    if (relay_) relay_->stop();
  }
  storage::Sink& sink() { return *relay_; }
  const storage::Incarnation& incarnation() const { return incarnation_; }
  Result<Unit> drain() {
    while (!relay_->wait_idle(std::chrono::milliseconds(200))) {
      const std::lock_guard lock(mutex_);
      if (failure_) return tl::unexpected(*failure_);
    }
    return Unit{};
  }

 private:
  BorrowedRelay() = default;
  void fail(const Error& error) {
    const std::lock_guard lock(mutex_);
    failure_ = error;
  }
  SystemClock clock_;
  storage::Incarnation incarnation_ = storage::random_incarnation();
  std::mutex mutex_;
  std::optional<Error> failure_;
  std::unique_ptr<storage::Sink> relay_;
};

Result<storage::Connection> connect(const Config& config) {
  LENSART_ASSIGN(storage::ConnectionOptions options, connection_options(config));
  options.patience = std::chrono::hours(1);  // the whole log is read
  return storage::Connection::open(options);
}

DatabaseNames names_of(const Config& config) {
  return {config.postgres.schema, config.pipeline.name};
}

/// What the outbox still holds goes to the database first, under the settings it was made with.
Result<Unit> send_what_waits(const Config& config, const std::string& fingerprint) {
  storage::StateStoreOptions options = state_options(config);
  options.fingerprint.clear();
  LENSART_ASSIGN(const auto store, storage::StateStore::open(options));
  LENSART_ASSIGN(const auto relay, BorrowedRelay::start(config, *store, fingerprint));
  return relay->drain();
}

fs::path new_directory(const Config& config) { return fs::path(config.state.directory) / "anew"; }

Result<Unit> sync_directory(const fs::path& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  if (fd >= 0) ::close(fd);
  if (synced) return Unit{};
  return fail(Errc::kStateFailed, fmt::format("{}: cannot be synced", directory.string()));
}

/// The new state takes the old one's place, at once.
Result<Unit> put_in_place(const Config& config) {
  const fs::path directory = config.state.directory;
  std::error_code failed;
  fs::rename(new_directory(config) / "data.mdb", directory / "data.mdb", failed);
  if (failed) return fail(Errc::kStateFailed, "the new state: " + failed.message());
  fs::remove(directory / "lock.mdb", failed);
  fs::remove_all(new_directory(config), failed);
  return sync_directory(directory);
}

Result<storage::Session> hold_pipeline(const Config& config,
                                       const storage::Incarnation& incarnation) {
  LENSART_ASSIGN(const storage::RelayOptions options, relay_options(config));
  return storage::Session::open(options.session, incarnation);
}

/// The state made anew beside the old one.
Result<Unit> build_state(const Config& config, const RebuildOptions& options,
                         const DatabaseSide& side, const storage::ChainRecord& at,
                         storage::Session& session) {
  LENSART_ASSIGN(const storage::DatabaseIdentity identity, session.identity());
  const storage::Binding binding{options.kafka_cluster_id, identity.system_id, identity.timeline};
  std::error_code failed;
  fs::remove_all(new_directory(config), failed);
  LENSART_ASSIGN(const auto builder,
                 StateBuilder::open(config, side, at, new_directory(config), binding));
  LENSART_ASSIGN(auto connection, connect(config));
  LENSART_ASSIGN(const storage::Rows events,
                 connection.query(fmt::format("SELECT count(*) FROM {}.orders_raw",
                                              storage::quoted_identifier(config.postgres.schema))));
  const auto all = static_cast<std::uint64_t>(events.number(0, 0));
  std::uint64_t seen = 0;
  LENSART_TRY(for_each_logged_event(connection, names_of(config),
                                    [&](const LoggedEvent& event) -> Result<Unit> {
                                      if (++seen % kEventsALook == 0)
                                        options.on_progress(seen, all);
                                      return builder->add(event);
                                    }));
  options.say(fmt::format("{} events folded", seen));
  LENSART_TRY(for_each_replayed(connection, names_of(config),
                                [&](const ReplayedRecord& replayed) { builder->add(replayed); }));
  return builder->finish();
}

/// The tables are emptied and the lanes moved to a place of their own, in one transaction.
Result<Unit> empty_tables(const Config& config, const std::set<std::string>& tables,
                          const storage::ChainRecord& at) {
  LENSART_ASSIGN(auto connection, connect(config));
  const std::string schema = storage::quoted_identifier(config.postgres.schema);
  std::vector<std::string> names;
  for (const std::string& table : tables) {
    names.push_back(schema + "." + storage::quoted_identifier(table));
  }
  const std::string pipeline = connection.quoted(config.pipeline.name);
  return connection.run(fmt::format(
      "BEGIN; TRUNCATE {}; UPDATE {}.pipeline_epochs SET epoch_id = '\\x{}' WHERE pipeline = {}; "
      "UPDATE {}.pipeline_settings SET settings = {}::jsonb, fingerprint = '{}', updated_at = "
      "now() WHERE pipeline = {}; COMMIT",
      fmt::join(names, ", "), schema, at.id.hex(), pipeline, schema,
      connection.quoted(settings_json(config)), kRebuilding, pipeline));
}

Result<Unit> declare_finished(const Config& config) {
  LENSART_ASSIGN(auto connection, connect(config));
  return connection.run(fmt::format(
      "UPDATE {}.pipeline_settings SET fingerprint = {}, updated_at = now() WHERE pipeline = {}",
      storage::quoted_identifier(config.postgres.schema),
      connection.quoted(settings_fingerprint(config)), connection.quoted(config.pipeline.name)));
}

/// Tables whose rows go with another's: they are made anew together.
std::set<std::string> with_children(const std::set<std::string>& tables) {
  std::set<std::string> all = tables;
  for (const storage::TableSpec& table : jobs::tables().tables()) {
    if (!table.parent.empty() && tables.contains(std::string(table.parent))) {
      all.insert(std::string(table.name));
    }
  }
  return all;
}

}  // namespace

std::vector<std::string> derived_tables() {
  std::vector<std::string> names;
  for (const storage::TableSpec& table : jobs::tables().tables()) {
    const bool derived = table.conflation == storage::Conflation::kLastRow ||
                         table.conflation == storage::Conflation::kReplaceAll;
    if (derived) names.emplace_back(table.name);
  }
  return names;
}

Result<BothSides> look_at_both_sides(const Config& config) {
  LENSART_ASSIGN(auto connection, connect(config));
  BothSides sides;
  LENSART_ASSIGN(sides.database, read_database_side(connection, names_of(config)));
  storage::StateStoreOptions options = state_options(config);
  options.fingerprint.clear();
  options.read_only = true;
  if (!fs::exists(fs::path(options.directory) / "data.mdb")) {
    sides.state_trouble = options.directory + " holds no state";
    return sides;
  }
  const auto store = storage::StateStore::open(options);
  if (store) {
    sides.state = (*store)->chain().back();
  } else {
    sides.state_trouble = store.error().message;
  }
  return sides;
}

Result<Unit> adopt_database(const Config& config, const RebuildOptions& options) {
  LENSART_ASSIGN(const auto lock, storage::DirectoryLock::take(config.state.directory));
  LENSART_ASSIGN(auto session, hold_pipeline(config, storage::random_incarnation()));
  LENSART_ASSIGN(auto connection, connect(config));
  LENSART_ASSIGN(const DatabaseSide side, read_database_side(connection, names_of(config)));
  if (side.fingerprint != settings_fingerprint(config)) {
    return fail(Errc::kStateMismatch,
                side.fingerprint == kRebuilding
                    ? "a rebuild of the tables was begun and not finished: run `lensart rebuild`"
                    : "the tables were made under other settings than the configuration's; set the "
                      "old values again (pipeline_settings has them), or run `lensart rebuild`");
  }
  LENSART_TRY(build_state(config, options, side, side.at, session));
  LENSART_FAILPOINT("adopt.swap");
  return put_in_place(config);
}

Result<Unit> rebuild_tables(const Config& config, const RebuildOptions& options) {
  std::set<std::string> tables = options.tables;
  if (tables.empty()) {
    for (std::string& name : derived_tables()) tables.insert(std::move(name));
  }
  tables = with_children(tables);
  LENSART_ASSIGN(auto sides, look_at_both_sides(config));
  if (sides.database.fingerprint != kRebuilding) {
    LENSART_TRY(send_what_waits(config, sides.database.fingerprint));
  }
  {
    LENSART_ASSIGN(const auto lock, storage::DirectoryLock::take(config.state.directory));
    LENSART_ASSIGN(auto session, hold_pipeline(config, storage::random_incarnation()));
    LENSART_ASSIGN(auto connection, connect(config));
    LENSART_ASSIGN(const DatabaseSide side, read_database_side(connection, names_of(config)));
    storage::ChainRecord at = side.at;
    at.id = storage::random_epoch_id();
    LENSART_TRY(build_state(config, options, side, at, session));
    LENSART_FAILPOINT("rebuild.emptied.before");
    LENSART_TRY(empty_tables(config, tables, at));
    LENSART_FAILPOINT("rebuild.emptied");
    LENSART_TRY(put_in_place(config));
  }
  LENSART_FAILPOINT("rebuild.swapped");
  LENSART_ASSIGN(const auto store, storage::StateStore::open(state_options(config)));
  LENSART_ASSIGN(const auto relay, BorrowedRelay::start(config, *store, std::string(kRebuilding)));
  options.say("filling " + fmt::format("{}", fmt::join(tables, ", ")));
  LENSART_TRY(fill_tables(config, tables, *store, relay->incarnation(), relay->sink(),
                          [&] { options.on_progress(relay->sink().status().rows, 0); }));
  LENSART_TRY(relay->drain());
  LENSART_TRY(store->trim_now());
  LENSART_FAILPOINT("rebuild.filled");
  return declare_finished(config);
}

Result<std::optional<OrderRebuilt>> rebuild_order(const Config& config, orders::OrderId order_id) {
  LENSART_ASSIGN(const auto store, storage::StateStore::open(state_options(config)));
  LENSART_ASSIGN(const auto rebuilder, OrderRebuilder::open(config, *store));
  LENSART_ASSIGN(const auto relay,
                 BorrowedRelay::start(config, *store, settings_fingerprint(config)));
  LENSART_TRY(relay->drain());  // the rows are compared with what the tables hold
  LENSART_ASSIGN(auto connection, connect(config));
  OrderRebuilt rebuilt;
  LENSART_ASSIGN(const auto epoch, rebuilder->build(connection, order_id, rebuilt));
  if (!epoch) return std::optional<OrderRebuilt>();
  LENSART_ASSIGN(const storage::ChainRecord record, store->commit(*epoch, relay->incarnation()));
  LENSART_FAILPOINT("rebuild.order.durable");
  relay->sink().on_durable(record);
  LENSART_TRY(relay->drain());
  LENSART_TRY(store->trim_now());
  return std::optional(rebuilt);
}

}  // namespace lensart::app
