#include "tests/integration/scenario.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <random>
#include <set>
#include <sstream>
#include <thread>

namespace lensart::integration {

namespace {

Workspace make_workspace() {
  return need(Workspace::create(need(support::Stack::from_environment())));
}

std::string header(const support::KafkaRecord& record, std::string_view name) {
  for (const auto& [key, value] : record.headers) {
    if (key == name) return value;
  }
  return "(no header " + std::string(name) + ")";
}

}  // namespace

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr && *text != '\0' ? std::stoull(text) : otherwise;
}

std::uint64_t chosen_seed() {
  return number_from_environment("LENSART_TEST_SEED", std::random_device{}());
}

std::string program_file() {
  const char* other = std::getenv("LENSART_TEST_PROGRAM");
  return other != nullptr && *other != '\0' ? other : LENSART_PROGRAM;
}

bool wait_until(const std::function<bool()>& done, milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!done()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return true;
}

HttpAnswer http_get(const std::string& address, const std::string& path) {
  HttpAnswer answer;
  const auto colon = address.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
  inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr);
  const int handle = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience{5, 0};
  setsockopt(handle, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const std::string request =
      fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", path, address);
  std::string received;
  if (connect(handle, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 &&
      ::send(handle, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
    char buffer[16 * 1024];
    for (ssize_t got = 0; (got = recv(handle, buffer, sizeof buffer, 0)) > 0;) {
      received.append(buffer, static_cast<std::size_t>(got));
    }
  }
  ::close(handle);
  const auto body = received.find("\r\n\r\n");
  if (body == std::string::npos || received.size() < 12) return answer;
  answer.status = std::stoi(received.substr(9, 3));
  answer.body = received.substr(body + 4);
  return answer;
}

std::optional<double> metric(const std::string& metrics, const std::string& name) {
  std::optional<double> sum;
  std::istringstream lines(metrics);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(name)) continue;
    const char next = line.size() > name.size() ? line[name.size()] : '\0';
    if (next != ' ' && next != '{') continue;
    sum = sum.value_or(0) + std::stod(line.substr(line.rfind(' ') + 1));
  }
  return sum;
}

Pipeline::Pipeline(int partitions) : workspace_(make_workspace()) {
  need(workspace_.create_topics(partitions));
  const Finished done = command({"init"});
  if (done.status.code != 0) throw std::runtime_error("init: " + done.stderr_text);
}

void Pipeline::set(const std::string& variable, const std::string& value) {
  std::erase_if(settings_, [&](const auto& setting) { return setting.first == variable; });
  settings_.emplace_back(variable, value);
}

Environment Pipeline::environment(const Environment& more) const {
  // The last of a name counts, so each layer overrides the one before.
  std::map<std::string, std::string> merged;
  for (const auto& layer : {workspace_.environment(), settings_, more}) {
    for (const auto& [name, value] : layer) merged[name] = value;
  }
  return {merged.begin(), merged.end()};
}

Process Pipeline::start(Arguments arguments, const Environment& more) const {
  support::ProcessOptions options;
  options.command = {program_file()};
  options.command.insert(options.command.end(), arguments.begin(), arguments.end());
  options.environment = environment(more);
  options.working_directory = workspace_.directory();
  return need(Process::start(std::move(options)));
}

Finished Pipeline::command(Arguments arguments, const Environment& more,
                           milliseconds patience) const {
  Process process = start(std::move(arguments), more);
  const auto status = process.wait(patience);
  if (!status) throw std::runtime_error("it did not end: " + process.stderr_text());
  return {*status, process.stdout_text(), process.stderr_text()};
}

Finished Pipeline::run_to_end(const Environment& more) const {
  return command({"run", "--until-end"}, more);
}

void Pipeline::generate(const Stream& stream) const {
  const Finished done =
      command({"generate", "--events", std::to_string(stream.events), "--seed",
               std::to_string(stream.seed), "--first-order", std::to_string(stream.first_order),
               "--duplicates", fmt::format("{}", stream.duplicates), "--poison",
               fmt::format("{}", stream.poison), "--disorder", stream.disorder, "--span",
               stream.span, "--orders", std::to_string(stream.events)});
  if (done.status.code != 0) throw std::runtime_error("generate: " + done.stderr_text);
}

void Pipeline::send(model::TopicKind kind, std::int32_t partition,
                    std::optional<std::string_view> payload) const {
  auto writer = need(support::LogWriter::open(stack().brokers));
  need(writer.send(topic(kind), partition, payload));
  need(writer.flush());
}

std::int64_t Pipeline::records_in_topics() const {
  std::int64_t records = records_in(workspace_.replay_topic());
  for (const std::string& name : workspace_.topics()) records += records_in(name);
  return records;
}

std::int64_t Pipeline::records_in(const std::string& topic) const {
  std::int64_t records = 0;
  for (const auto& [partition, range] : need(support::offset_ranges(stack().brokers, topic))) {
    records += range.size();
  }
  return records;
}

std::int64_t Pipeline::consumed(Database& database) const {
  return std::stoll(need(database.query_one("SELECT coalesce(sum(consumed), 0) FROM " + schema() +
                                            ".pipeline_accounts")));
}

bool Pipeline::wait_ready(Process& process, milliseconds patience) const {
  return wait_until([&] { return !process.is_running() || get("/readyz").status == 200; },
                    patience) &&
         process.is_running();
}

support::RunComparison Pipeline::compare() const {
  support::RunToCompare run;
  run.brokers = stack().brokers;
  run.dsn = stack().dsn;
  run.schema = workspace_.schema();
  run.topics = workspace_.topics();
  run.replay_topic = workspace_.replay_topic();
  return need(support::compare_run(run));
}

std::vector<std::string> Pipeline::letters_amiss() const {
  std::set<std::string> sent;
  for (const auto& record : need(support::read_topic(stack().brokers, workspace_.dlq_topic()))) {
    sent.insert(fmt::format("{} {} {} {} {}", record.key.value_or("(no key)"),
                            header(record, "code"), header(record, "field"),
                            header(record, "message"),
                            record.payload ? model::print_hex(*record.payload) : "NULL"));
  }
  std::vector<std::string> amiss;
  const auto check = [&](const Database::Cells& cells) {
    const std::string expected =
        fmt::format("{}/{}/{} {} {} {} {}", *cells[0], *cells[1], *cells[2], *cells[3], *cells[4],
                    *cells[5], cells[6].value_or("NULL"));
    if (!sent.contains(expected)) amiss.push_back("not in the topic: " + expected.substr(0, 300));
    if (cells[7] == "f") amiss.push_back("not marked as sent: " + expected.substr(0, 300));
  };
  Database rows = database();
  need(
      rows.query("SELECT topic, partition, \"offset\", code, field, message, "
                 "encode(payload, 'hex'), sent_at IS NOT NULL FROM " +
                     schema() + ".dead_letters",
                 check));
  return amiss;
}

void expect_all_is_well(const Pipeline& pipeline) {
  const support::RunComparison comparison = pipeline.compare();
  EXPECT_TRUE(comparison.equal()) << comparison.describe();
  EXPECT_EQ(comparison.totals.consumed, pipeline.records_in_topics());
  expect_exit(pipeline.verify(), 0);
}

void expect_exit(const Finished& finished, int code) {
  EXPECT_EQ(finished.status.code, code) << finished.status.describe() << "\n"
                                        << finished.stdout_text << "\n"
                                        << finished.stderr_text.substr(0, 4000);
}

}  // namespace lensart::integration
