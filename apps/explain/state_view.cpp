#include "apps/explain/state_view.hpp"

#include "apps/jobs/order_state.hpp"
#include "storage/codec.hpp"

namespace lensart::app {

namespace {

/// A tree of the state; nothing where the jobs that keep it never ran.
std::optional<storage::Table> tree(const storage::StateStore& store, std::string_view name) {
  const auto found = store.tables().find(name);
  return found == store.tables().end() ? std::nullopt : std::optional(found->second);
}

Result<std::uint64_t> count_below(const storage::ReadTransaction& txn, storage::Table table,
                                  const std::string& prefix) {
  std::uint64_t count = 0;
  LENSART_TRY(txn.scan(table, prefix, [&](std::string_view key, std::string_view) {
    if (!key.starts_with(prefix)) return false;
    ++count;
    return true;
  }));
  return count;
}

}  // namespace

bool holds_watermark(const storage::SourcePosition& position,
                     const std::optional<Instant>& watermark, const Config& config) {
  if (position.topic == config.kafka.replay_topic) return false;
  if (!watermark) return !position.highest;
  return position.highest && *position.highest - config.pipeline.max_out_of_orderness == *watermark;
}

Result<Json> order_in_state(const storage::StateStore& store, orders::OrderId order_id) {
  Json answer = {{"known", false}};
  const auto orders = tree(store, "orders");
  if (!orders) return answer;
  const std::string key = storage::key_of(static_cast<std::uint64_t>(order_id));
  LENSART_ASSIGN(const auto txn, store.read());
  LENSART_ASSIGN(const auto value, txn.get(*orders, key));
  if (!value) return answer;
  const auto state = jobs::OrderState::decode(*value);
  if (!state) {
    return fail(Errc::kStateCorrupt, fmt::format("order {}: its state is damaged (checksum); "
                                                 "`lensart state adopt` makes the state anew",
                                                 order_id));
  }
  answer["known"] = true;
  answer["expired"] = state->expired;
  answer["has_snapshot"] = state->all.has_snapshot;
  answer["late_fold"] = state->on_time != nullptr;
  answer["duplicates"] = state->duplicates;
  answer["timer"] = json_of(state->timer);
  std::uint64_t in_tree = 0;
  if (const auto history = tree(store, "history"); history && state->writes.in_tree) {
    LENSART_ASSIGN(in_tree, count_below(txn, *history, key));
  }
  answer["status_writes"] = state->writes.count + in_tree;
  return answer;
}

Result<Json> moment_of_state(const storage::StateStore& store, const Config& config) {
  LENSART_ASSIGN(const auto txn, store.read());
  LENSART_ASSIGN(const storage::ChainRecord newest, store.newest_epoch(txn));
  LENSART_ASSIGN(const auto positions, store.positions(txn));
  Json answer = {{"epoch", newest.number},
                 {"watermark", json_of(newest.watermark)},
                 {"timer_clock", json_of(newest.timer_clock)},
                 {"judged_by", json_of(newest.judged_by)},
                 {"partitions", Json::array()}};
  for (const storage::SourcePosition& position : positions) {
    answer["partitions"].push_back(
        {{"topic", position.topic},
         {"partition", position.partition},
         {"next_offset", position.next_offset},
         {"highest", json_of(position.highest)},
         {"holds_watermark", holds_watermark(position, newest.watermark, config)}});
  }
  return answer;
}

Result<Json> state_stats(const storage::StateStore& store, const Config& config) {
  LENSART_ASSIGN(const auto txn, store.read());
  Json answer = {{"directory", config.state.directory},
                 {"used_bytes", store.used_bytes()},
                 {"map_bytes", store.map_size_bytes()},
                 {"max_bytes", config.state.max_size},
                 {"trees", Json::array()}};
  for (const auto& [name, table] : store.tables()) {
    LENSART_ASSIGN(const std::uint64_t entries, txn.count(table));
    LENSART_ASSIGN(const std::uint64_t bytes, txn.bytes(table));
    answer["trees"].push_back({{"name", name}, {"entries", entries}, {"bytes", bytes}});
  }
  return answer;
}

}  // namespace lensart::app
