#include "apps/doctor/probe.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <librdkafka/rdkafka.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "apps/config/secrets.hpp"
#include "sql/embedded.hpp"

namespace lensart::app {
namespace {

using Verdict = Finding::Verdict;
using Deadline = std::chrono::steady_clock::time_point;

// ---- Kafka ----

struct KafkaDeleter {
  void operator()(rd_kafka_t* kafka) const { rd_kafka_destroy(kafka); }
  void operator()(const rd_kafka_metadata_t* metadata) const {
    rd_kafka_metadata_destroy(metadata);
  }
};
using KafkaHandle = std::unique_ptr<rd_kafka_t, KafkaDeleter>;
using KafkaMetadata = std::unique_ptr<const rd_kafka_metadata_t, KafkaDeleter>;

/// The last thing librdkafka complained about, which says more than "timed out".
void remember_error(rd_kafka_t* /*kafka*/, int /*error*/, const char* reason, void* opaque) {
  *static_cast<std::string*>(opaque) = reason;
}

Result<KafkaHandle> open_kafka(const Config& config, std::string& last_error) {
  std::array<char, 512> reason{};
  auto* conf = rd_kafka_conf_new();
  const auto set = [&](const std::string& name, const std::string& value) {
    return rd_kafka_conf_set(conf, name.c_str(), value.c_str(), reason.data(), reason.size()) ==
           RD_KAFKA_CONF_OK;
  };
  bool good = set("bootstrap.servers", config.kafka.brokers) && set("log_level", "0") &&
              set("client.id", "lensart-check");
  for (const auto& [name, value] : config.kafka.properties) good = good && set(name, value);
  rd_kafka_conf_set_opaque(conf, &last_error);
  rd_kafka_conf_set_error_cb(conf, &remember_error);
  rd_kafka_t* kafka =
      good ? rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason.data(), reason.size()) : nullptr;
  if (kafka != nullptr) return KafkaHandle(kafka);
  rd_kafka_conf_destroy(conf);
  return fail(Errc::kBadConfig, without_secrets(config, reason.data()));
}

Finding judge_topic(const rd_kafka_metadata_t& metadata, const std::string& topic) {
  const auto* begin = metadata.topics;
  const auto* end = begin + metadata.topic_cnt;
  const auto* found = std::find_if(begin, end, [&](const rd_kafka_metadata_topic_t& each) {
    return topic == each.topic && each.err == RD_KAFKA_RESP_ERR_NO_ERROR;
  });
  const auto subject = "kafka topic " + topic;
  if (found == end) {
    return {subject, Verdict::kWarning, "topic_missing", {{"topic", topic}}, "init_or_rights"};
  }
  for (int i = 0; i < found->partition_cnt; ++i) {
    if (found->partitions[i].leader >= 0) continue;
    return {subject,
            Verdict::kWarning,
            "partition_no_leader",
            {{"topic", topic}, {"partition", found->partitions[i].id}},
            "check_partition_leader"};
  }
  return {subject, Verdict::kGood, "topic_there", {{"partitions", found->partition_cnt}}};
}

// ---- PostgreSQL ----

struct PostgresDeleter {
  void operator()(PGconn* connection) const { PQfinish(connection); }
  void operator()(PGresult* result) const { PQclear(result); }
  void operator()(char* text) const { PQfreemem(text); }
};
using PostgresConnection = std::unique_ptr<PGconn, PostgresDeleter>;
using PostgresResult = std::unique_ptr<PGresult, PostgresDeleter>;

/// Waits until the connection's socket is ready. False when the deadline is past.
bool wait_for(PGconn* connection, bool for_writing, Deadline deadline) {
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd socket{PQsocket(connection), static_cast<short>(for_writing ? POLLOUT : POLLIN), 0};
    const int ready = poll(&socket, 1, static_cast<int>(left.count()));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

/// A connection, or nothing with the reason in `reason`. A hung server costs the deadline, no more.
PostgresConnection connect(const std::string& dsn, Deadline deadline, std::string& reason) {
  PostgresConnection connection(PQconnectStart(dsn.c_str()));
  if (!connection) {
    reason = "out of memory";
    return nullptr;
  }
  auto state =
      PQstatus(connection.get()) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  while (state == PGRES_POLLING_READING || state == PGRES_POLLING_WRITING) {
    if (!wait_for(connection.get(), state == PGRES_POLLING_WRITING, deadline)) {
      reason = "no answer in time";
      return nullptr;
    }
    state = PQconnectPoll(connection.get());
  }
  if (state == PGRES_POLLING_OK) return connection;
  reason = PQerrorMessage(connection.get());
  return nullptr;
}

/// The one row of a query, or nullopt with the reason.
std::optional<std::vector<std::string>> one_row(PGconn* connection, const std::string& sql,
                                                Deadline deadline, std::string& reason) {
  if (PQsendQuery(connection, sql.c_str()) == 0) {
    reason = PQerrorMessage(connection);
    return std::nullopt;
  }
  std::optional<std::vector<std::string>> row;
  while (true) {
    while (PQisBusy(connection) == 1) {
      if (!wait_for(connection, false, deadline)) {
        reason = "no answer in time";
        return std::nullopt;
      }
      if (PQconsumeInput(connection) == 0) {
        reason = PQerrorMessage(connection);
        return std::nullopt;
      }
    }
    const PostgresResult result(PQgetResult(connection));
    if (!result) return row;
    if (PQresultStatus(result.get()) != PGRES_TUPLES_OK || PQntuples(result.get()) != 1) {
      reason = PQresultErrorMessage(result.get());
      continue;
    }
    row.emplace();
    for (int i = 0; i < PQnfields(result.get()); ++i) {
      row->emplace_back(PQgetvalue(result.get(), 0, i));
    }
  }
}

Finding unreachable(const Config& config, std::string reason) {
  for (char& c : reason) {
    if (c == '\n' || c == '\t') c = ' ';
  }
  reason = reason.substr(0, reason.find_last_not_of(' ') + 1);
  return {"postgres",
          Verdict::kFailure,
          "postgres_unreachable",
          {{"message", without_secrets(config, std::move(reason))}},
          "start_or_set_postgres",
          exit_code_for(Errc::kDatabaseDown)};
}

Finding judge_schema(const Config& config, PGconn* connection, Deadline deadline) {
  const auto& schema = config.postgres.schema;
  const auto subject = "postgres schema " + schema;
  const std::unique_ptr<char, PostgresDeleter> name(
      PQescapeIdentifier(connection, schema.data(), schema.size()));
  std::string reason;
  const auto row =
      one_row(connection, fmt::format("SELECT max(version) FROM {}.schema_migrations", name.get()),
              deadline, reason);
  const auto wanted = fmt::format("{}", sql::migrations().size());
  if (!row) return {subject, Verdict::kWarning, "schema_missing", {}, "init"};
  if (row->front() == wanted) {
    return {subject, Verdict::kGood, "schema_there", {{"version", wanted}}};
  }
  return {subject,
          Verdict::kWarning,
          "schema_other",
          {{"version", row->front()}, {"wanted", wanted}},
          "init_or_newer"};
}

}  // namespace

Findings probe_kafka(const Config& config, Duration patience) {
  const auto unreachable_for = [&](std::string message) {
    return Findings{{"kafka",
                     Verdict::kFailure,
                     "kafka_unreachable",
                     {{"message", std::move(message)}},
                     "start_or_set_kafka",
                     exit_code_for(Errc::kBrokerDown)}};
  };
  std::string last_error;
  const auto kafka = open_kafka(config, last_error);
  if (!kafka) return unreachable_for(kafka.error().message);
  const rd_kafka_metadata_t* raw = nullptr;
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(patience);
  const auto error =
      rd_kafka_metadata(kafka->get(), 1, nullptr, &raw, static_cast<int>(milliseconds.count()));
  const KafkaMetadata metadata(raw);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_poll(kafka->get(), 0);
    auto detail = fmt::format("{}: {}{}{}", config.kafka.brokers, rd_kafka_err2str(error),
                              last_error.empty() ? "" : ", ", last_error);
    return unreachable_for(without_secrets(config, std::move(detail)));
  }
  Findings findings = {{"kafka",
                        Verdict::kGood,
                        "kafka_there",
                        {{"listed", config.kafka.brokers},
                         {"brokers", metadata->broker_cnt},
                         {"topics", metadata->topic_cnt}}}};
  const auto& topics = config.kafka.topics;
  for (const auto& topic :
       {topics.order_created, topics.order_updated, topics.order_cancelled, topics.order_events,
        config.kafka.dlq_topic, config.kafka.replay_topic}) {
    findings.push_back(judge_topic(*metadata, topic));
  }
  return findings;
}

Findings probe_postgres(const Config& config, Duration patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  const auto dsn = postgres_connection_string(config.postgres);
  if (!dsn) return {unreachable(config, dsn.error().message)};
  std::string reason;
  const auto connection = connect(*dsn, deadline, reason);
  if (!connection) return {unreachable(config, reason)};
  const auto row = one_row(connection.get(),
                           "SELECT current_setting('server_version'), current_database(),"
                           " current_user, current_setting('fsync')",
                           deadline, reason);
  if (!row) return {unreachable(config, reason)};
  Findings findings = {{"postgres",
                        Verdict::kGood,
                        "postgres_there",
                        {{"version", (*row)[0]}, {"database", (*row)[1]}, {"user", (*row)[2]}}}};
  if ((*row)[3] != "on") {
    findings.push_back({"postgres fsync", Verdict::kWarning, "fsync_off", {}, "fsync_on"});
  }
  findings.push_back(judge_schema(config, connection.get(), deadline));
  return findings;
}

}  // namespace lensart::app
