#include "tests/support/run_compare.hpp"

#include <fmt/format.h>

#include "graph/clock.hpp"
#include "tests/support/kafka_log.hpp"
#include "tests/support/postgres_tables.hpp"

namespace lensart::support {

std::string RunComparison::describe() const {
  std::string text = support::describe(differences);
  for (const std::string& account : broken_accounts) {
    text += "account does not add up: " + account + "\n";
  }
  for (const std::string& judgement : impossible) text += "cannot be: " + judgement + "\n";
  text += fmt::format("{} consumed = {} accepted + {} duplicate + {} ignored + {} dead-lettered\n",
                      totals.consumed, totals.accepted, totals.duplicate, totals.ignored,
                      totals.dead_lettered);
  return text;
}

Result<std::vector<model::LogRecord>> read_log(const RunToCompare& run) {
  std::vector<model::LogRecord> log;
  for (std::size_t kind = 0; kind < run.topics.size(); ++kind) {
    LENSART_ASSIGN(auto records, read_topic(run.brokers, run.topics[kind]));
    for (KafkaRecord& record : records) {
      log.push_back({static_cast<model::TopicKind>(kind),
                     {run.topics[kind], record.partition, record.offset},
                     std::move(record.payload),
                     record.appended});
    }
  }
  if (run.replay_topic.empty()) return log;
  LENSART_ASSIGN(const auto replays, read_topic(run.brokers, run.replay_topic));
  for (const KafkaRecord& record : replays) {
    log.push_back(model::open_replay({run.replay_topic, record.partition, record.offset},
                                     record.payload, record.appended));
  }
  return log;
}

Result<RunComparison> compare_run(const RunToCompare& run) {
  LENSART_ASSIGN(const auto log, read_log(run));
  LENSART_ASSIGN(auto database, Database::connect(run.dsn));
  LENSART_ASSIGN(const auto clocks, read_clocks(database, run.schema, run.pipeline));
  LENSART_ASSIGN(auto tables, read_tables(database, run.schema, run.pipeline));
  const auto actual = without_old_windows(std::move(tables), clocks, run.settings);
  const model::Reading reading =
      model::read_log(log, hints_from(actual, clocks), SystemClock().wall(), run.settings);
  RunComparison comparison;
  comparison.differences = compare_all(model::all_tables(reading, run.settings), actual);
  comparison.broken_accounts = broken_accounts(table_named(actual, model::accounts_shape().name));
  comparison.impossible = model::impossible_judgements(reading, run.settings);
  for (const auto& [partition, account] : reading.accounts) {
    comparison.totals.consumed += account.consumed;
    comparison.totals.accepted += account.accepted;
    comparison.totals.duplicate += account.duplicate;
    comparison.totals.ignored += account.ignored;
    comparison.totals.dead_lettered += account.dead_lettered;
  }
  return comparison;
}

}  // namespace lensart::support
