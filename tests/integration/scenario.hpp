/// A pipeline of a test's own, from its topics to its tables, with verbs for what may happen to it.
///
/// A verb that fails for want of the stack throws, and the test fails with its words; what the
/// program does is left to the test to judge.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/kafka_log.hpp"
#include "tests/support/postgres_tables.hpp"
#include "tests/support/process.hpp"
#include "tests/support/run_compare.hpp"
#include "tests/support/stack.hpp"

namespace lensart::integration {

using std::chrono::milliseconds;
using support::Database;
using support::Finished;
using support::Process;
using support::Workspace;

using Environment = std::vector<std::pair<std::string, std::string>>;
using Arguments = std::vector<std::string>;

template <class T>
T need(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

/// A number from the environment, `otherwise` without one.
std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise);
/// LENSART_TEST_SEED, else a random one.
std::uint64_t chosen_seed();

/// Asks until `done` says yes; false when the time is up.
bool wait_until(const std::function<bool()>& done, milliseconds patience = milliseconds(30'000));

struct HttpAnswer {
  int status = 0;  ///< 0: nobody answered
  std::string body;
};
HttpAnswer http_get(const std::string& address, const std::string& path);
/// The samples of a metric added up over its labels; nothing if it is not there.
std::optional<double> metric(const std::string& metrics, const std::string& name);

/// What `lensart generate` shall make.
struct Stream {
  std::uint64_t events = 2'000;
  std::uint64_t seed = 1;
  std::uint64_t first_order = 1;
  double duplicates = 0.05;
  double poison = 0.02;
  std::string disorder = "10m";
  std::string span = "14d";
};

/// The program under test: LENSART_TEST_PROGRAM, else the one of this build.
std::string program_file();

class Pipeline {
 public:
  /// With its topics; `init` has run.
  explicit Pipeline(int partitions = 3);

  const Workspace& workspace() const { return workspace_; }
  const support::Stack& stack() const { return workspace_.stack(); }
  std::string schema() const { return support::quote_identifier(workspace_.schema()); }
  std::string topic(model::TopicKind kind) const { return workspace_.topic(kind); }

  /// Settings for every later start, such as {"LENSART_SINK_LANES", "2"}.
  void set(const std::string& variable, const std::string& value);

  Finished command(Arguments arguments, const Environment& more = {},
                   milliseconds patience = std::chrono::minutes(10)) const;
  Process start(Arguments arguments, const Environment& more = {}) const;
  /// The account of `lensart run --until-end`.
  Finished run_to_end(const Environment& more = {}) const;
  Finished verify() const { return command({"verify"}); }

  void generate(const Stream& stream) const;
  void send(model::TopicKind kind, std::int32_t partition,
            std::optional<std::string_view> payload) const;
  std::int64_t records_in_topics() const;
  std::int64_t records_in(const std::string& topic) const;

  Database database() const { return need(Database::connect(stack().dsn)); }
  void execute(const std::string& sql) const { need(database().execute(sql)); }
  std::string ask(const std::string& sql) const { return need(database().query_one(sql)); }
  /// Records in the accounts so far.
  std::int64_t consumed(Database& database) const;

  HttpAnswer get(const std::string& path) const {
    return http_get(workspace_.http_address(), path);
  }
  bool wait_ready(Process& process, milliseconds patience = milliseconds(30'000)) const;

  support::RunComparison compare() const;
  /// Letters of the table that the dead letter topic lacks or has otherwise.
  std::vector<std::string> letters_amiss() const;

 private:
  Environment environment(const Environment& more) const;

  Workspace workspace_;
  Environment settings_;
};

/// What everything is held to: the tables equal the model's, and the audit is clean.
void expect_all_is_well(const Pipeline& pipeline);
/// EXPECTs the exit code, showing what the program said where it is another one.
void expect_exit(const Finished& finished, int code);

}  // namespace lensart::integration
