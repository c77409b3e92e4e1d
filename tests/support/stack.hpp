/// The private Kafka and PostgreSQL of `scripts/stack.sh`, and a corner of them for each test.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "graph/error.hpp"
#include "tests/model/judge.hpp"

namespace lensart::support {

enum class Service { kKafka, kPostgres };

/// The stack this test runs under. Threads: any.
struct Stack {
  std::string brokers;
  std::string dsn;
  std::string admin_dsn;            ///< as superuser
  std::filesystem::path directory;  ///< of the stack itself; empty if it was not told

  /// From LENSART_KAFKA_BROKERS, LENSART_POSTGRES_DSN, LENSART_TEST_ADMIN_DSN and
  /// LENSART_STACK_DIR. Fails with kBadUsage and the command to run if there is no stack.
  static Result<Stack> from_environment();

  // Each waits until it is so. Addresses stay the same over a stop and a start.
  Result<Unit> start(Service service) const;
  Result<Unit> stop(Service service) const;
  /// SIGKILL, to every process of it.
  Result<Unit> kill(Service service) const;

 private:
  Result<Unit> control(const char* verb, Service service) const;
};

/// Four topics of our kinds, a schema and a state directory that no other test uses; all removed
/// with the object. Topics and schema are names only until someone makes them.
class Workspace {
 public:
  /// Fails with kStateFailed if no directory can be made.
  static Result<Workspace> create(const Stack& stack);
  Workspace(Workspace&& other) noexcept;
  Workspace& operator=(Workspace&&) = delete;
  ~Workspace();

  /// Makes the four topics and those of dead letters and replays, as the contract has them.
  Result<Unit> create_topics(int partitions = 3) const;

  const Stack& stack() const { return stack_; }
  /// `tWORD_`: what all names begin with.
  const std::string& prefix() const { return prefix_; }
  const std::string& topic(model::TopicKind kind) const;
  const std::array<std::string, 4>& topics() const { return topics_; }
  const std::string& dlq_topic() const { return dlq_topic_; }
  const std::string& replay_topic() const { return replay_topic_; }
  const std::string& schema() const { return schema_; }
  const std::filesystem::path& directory() const { return directory_; }
  std::filesystem::path state_directory() const { return directory_ / "state"; }
  /// `127.0.0.1:PORT`, a port that was free a moment ago.
  const std::string& http_address() const { return http_address_; }

  /// What makes the program use all this: LENSART_… variables.
  std::vector<std::pair<std::string, std::string>> environment() const;

 private:
  explicit Workspace(Stack stack) : stack_(std::move(stack)) {}

  Stack stack_;
  std::string prefix_;
  std::array<std::string, 4> topics_;
  std::string dlq_topic_;
  std::string replay_topic_;
  std::string schema_;
  std::filesystem::path directory_;
  std::string http_address_;
  bool owns_ = false;
};

}  // namespace lensart::support
