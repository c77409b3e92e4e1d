#include "tests/support/stack.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/support/kafka_log.hpp"
#include "tests/support/postgres_tables.hpp"
#include "tests/support/process.hpp"

namespace lensart::support {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

/// A port nobody listens on: asked of the kernel and given back. It may be taken again before it is
/// used; the program then says so and the test fails, which in practice does not happen.
Result<std::string> free_address() {
  const int handle = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  const bool found =
      handle >= 0 && bind(handle, generic, size) == 0 && getsockname(handle, generic, &size) == 0;
  if (handle >= 0) close(handle);
  if (!found) return fail(Errc::kFatal, std::string("no free port: ") + std::strerror(errno));
  return "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

}  // namespace

Result<Stack> Stack::from_environment() {
  Stack stack;
  stack.brokers = variable("LENSART_KAFKA_BROKERS");
  stack.dsn = variable("LENSART_POSTGRES_DSN");
  stack.admin_dsn = variable("LENSART_TEST_ADMIN_DSN");
  stack.directory = variable("LENSART_STACK_DIR");
  if (stack.brokers.empty() || stack.dsn.empty()) {
    return fail(Errc::kBadUsage,
                "this test needs Kafka and PostgreSQL: run it as scripts/stack.sh run -- TEST, or "
                "first eval \"$(scripts/stack.sh env)\"");
  }
  return stack;
}

Result<Unit> Stack::control(const char* verb, Service service) const {
  if (directory.empty()) {
    return fail(Errc::kBadUsage, "LENSART_STACK_DIR is not set: whose Kafka shall be stopped?");
  }
  ProcessOptions options;
  options.command = {LENSART_STACK_SCRIPT, "--dir", directory.string(), verb,
                     service == Service::kKafka ? "kafka" : "postgres"};
  LENSART_ASSIGN(const Finished finished, run_process(std::move(options), std::chrono::minutes(3)));
  if (finished.status.code == 0) return Unit{};
  return fail(Errc::kFatal, std::string("stack.sh ") + verb + ": " + finished.status.describe() +
                                "\n" + finished.stderr_text);
}

Result<Unit> Stack::start(Service service) const { return control("start", service); }
Result<Unit> Stack::stop(Service service) const { return control("stop", service); }
Result<Unit> Stack::kill(Service service) const { return control("kill", service); }

Result<Workspace> Workspace::create(const Stack& stack) {
  Workspace workspace(stack);
  std::string directory = (std::filesystem::temp_directory_path() / "lensart-test.XXXXXX").string();
  if (mkdtemp(directory.data()) == nullptr) {
    return fail(Errc::kStateFailed, directory + ": " + std::strerror(errno));
  }
  // The directory's random ending serves all the other names, too.
  workspace.directory_ = directory;
  workspace.owns_ = true;
  const std::string unique = directory.substr(directory.size() - 6);
  workspace.prefix_ = "t" + unique + "_";
  workspace.topics_ = {workspace.prefix_ + "order-created", workspace.prefix_ + "order-updated",
                       workspace.prefix_ + "order-cancelled", workspace.prefix_ + "order-events"};
  workspace.dlq_topic_ = workspace.prefix_ + "order-events-dlq";
  workspace.replay_topic_ = workspace.prefix_ + "order-events-replay";
  workspace.schema_ = "test_" + unique;
  LENSART_ASSIGN(workspace.http_address_, free_address());
  return workspace;
}

Workspace::Workspace(Workspace&& other) noexcept
    : stack_(other.stack_),
      prefix_(other.prefix_),
      topics_(other.topics_),
      dlq_topic_(other.dlq_topic_),
      replay_topic_(other.replay_topic_),
      schema_(other.schema_),
      directory_(other.directory_),
      http_address_(other.http_address_),
      owns_(std::exchange(other.owns_, false)) {}

Workspace::~Workspace() {
  if (!owns_) return;
  // A test may end with a service stopped on purpose: what cannot be removed now goes with the
  // stack.
  std::vector<std::string> names(topics_.begin(), topics_.end());
  names.push_back(dlq_topic_);
  names.push_back(replay_topic_);
  if (const auto deleted = delete_topics(stack_.brokers, names); !deleted) {
    std::fprintf(stderr, "topics left behind: %s\n", deleted.error().message.c_str());
  }
  if (auto database = Database::connect(stack_.dsn)) {
    const auto dropped =
        database->execute("DROP SCHEMA IF EXISTS " + quote_identifier(schema_) + " CASCADE");
    if (!dropped) std::fprintf(stderr, "schema left: %s\n", dropped.error().message.c_str());
  }
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

Result<Unit> Workspace::create_topics(int partitions) const {
  std::vector<TopicSpec> specs;
  const std::map<std::string, std::string> two_mebibytes = {
      {"max.message.bytes", "2097152"}, {"message.timestamp.type", "LogAppendTime"}};
  for (const std::string& name : topics_) specs.push_back({name, partitions, two_mebibytes});
  const std::map<std::string, std::string> a_little_more = {
      {"max.message.bytes", std::to_string(2097152 + 65536)},
      {"message.timestamp.type", "LogAppendTime"}};
  specs.push_back({dlq_topic_, 1, a_little_more});
  specs.push_back({replay_topic_, 1, a_little_more});
  return support::create_topics(stack_.brokers, specs);
}

const std::string& Workspace::topic(model::TopicKind kind) const {
  return topics_.at(static_cast<std::size_t>(kind));
}

std::vector<std::pair<std::string, std::string>> Workspace::environment() const {
  return {{"LENSART_KAFKA_BROKERS", stack_.brokers},
          {"LENSART_KAFKA_GROUP", prefix_ + "group"},
          {"LENSART_KAFKA_TOPICS_ORDER_CREATED", topics_[0]},
          {"LENSART_KAFKA_TOPICS_ORDER_UPDATED", topics_[1]},
          {"LENSART_KAFKA_TOPICS_ORDER_CANCELLED", topics_[2]},
          {"LENSART_KAFKA_TOPICS_ORDER_EVENTS", topics_[3]},
          {"LENSART_KAFKA_DLQ_TOPIC", dlq_topic_},
          {"LENSART_KAFKA_REPLAY_TOPIC", replay_topic_},
          {"LENSART_POSTGRES_DSN", stack_.dsn},
          {"LENSART_POSTGRES_SCHEMA", schema_},
          {"LENSART_STATE_DIRECTORY", state_directory().string()},
          {"LENSART_HTTP_LISTEN", http_address_}};
}

}  // namespace lensart::support
