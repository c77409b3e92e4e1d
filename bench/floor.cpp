/// `lensart_floor`: how fast could anything read these topics? librdkafka consumes them, simdjson
/// finds the fields, and that is all. The pipeline's rates are quoted against this figure.
///
/// Before it times anything it reads the topics once with a validating reader and keeps the sums; a
/// timed run with other sums is a failure (exit 1).

#include <fmt/format.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <thread>

#include "bench/floor_extract.hpp"
#include "bench/floor_parts.hpp"
#include "nodes/kafka/admin.hpp"
#include "nodes/kafka/kafka_handle.hpp"

namespace lensart::bench {
namespace {

using nodes::KafkaClient;
using nodes::PartitionRange;
using std::chrono::steady_clock;

struct FloorOptions {
  std::string brokers = "localhost:9092";
  std::vector<std::string> topics = {"order-created", "order-updated", "order-cancelled",
                                     "order-events"};
  /// `CONSUMERS/PARSERS`, each tried: the floor is the best of them.
  std::vector<std::string> shapes = {"2/0", "1/1", "1/2"};
  std::size_t runs = 2;
  std::uint64_t expect_events = 0;
  bool json = false;
};

/// How the work is spread.
struct Shape {
  /// Clients that share the partitions, each with a thread that takes its messages.
  std::size_t consumers = 1;
  /// Threads that parse for each client; 0: the one that takes the messages does.
  std::size_t parsers = 0;
};

Result<Shape> parse_shape(const std::string& text) {
  Shape shape;
  char slash = 0;
  char rest = 0;
  const int read =
      std::sscanf(text.c_str(), "%zu%c%zu%c", &shape.consumers, &slash, &shape.parsers, &rest);
  if (read == 3 && slash == '/' && shape.consumers >= 1 && shape.consumers <= 64 &&
      shape.parsers <= 64) {
    return shape;
  }
  return fail(Errc::kBadUsage,
              fmt::format("--shapes {}: CONSUMERS/PARSERS is needed, such as 2/0", text));
}

constexpr std::chrono::seconds kSilence{30};

/// Parses messages with a reader of its own; copies each where its end may be read beyond.
template <class Reader>
class Worker {
 public:
  void parse(const Batch& batch, Marks& marks) {
    for (const rd_kafka_message_t* message : batch.messages) {
      if (buffer_.size() < message->len + kFloorPadding) buffer_.resize(2 * message->len + 4096);
      std::memcpy(buffer_.data(), message->payload, message->len);
      reader_.read({buffer_.data(), message->len}, totals_);
    }
    marks.done(batch.messages.size());
  }
  const Totals& totals() const { return totals_; }

 private:
  Reader reader_;
  Totals totals_;
  std::string buffer_;
};

std::uint64_t events_in(const std::vector<PartitionRange>& ranges) {
  std::uint64_t count = 0;
  for (const PartitionRange& range : ranges) {
    count += static_cast<std::uint64_t>(range.end - range.begin);
  }
  return count;
}

Result<KafkaClient> open_consumer(const FloorOptions& options,
                                  const std::vector<PartitionRange>& ranges) {
  nodes::KafkaClientOptions client_options;
  client_options.brokers = options.brokers;
  client_options.defaults = {{"group.id", "lensart-floor"},
                             {"enable.auto.commit", "false"},
                             {"enable.auto.offset.store", "false"},
                             {"auto.offset.reset", "error"},
                             {"check.crcs", "false"},
                             {"fetch.message.max.bytes", "4194304"},
                             {"fetch.min.bytes", "1"},
                             {"fetch.wait.max.ms", "10"},
                             // A full queue makes the client wait for a second: never full.
                             {"queued.min.messages", "10000000"},
                             {"queued.max.messages.kbytes", "2000000"},
                             {"socket.receive.buffer.bytes", "4194304"}};
  LENSART_ASSIGN(KafkaClient client,
                 KafkaClient::open(nodes::KafkaRole::kConsumer, client_options));
  rd_kafka_poll_set_consumer(client.get());
  const nodes::KafkaPartitions list(
      rd_kafka_topic_partition_list_new(static_cast<int>(ranges.size())));
  for (const PartitionRange& range : ranges) {
    rd_kafka_topic_partition_list_add(list.get(), range.topic.c_str(), range.partition)->offset =
        range.begin;
  }
  const rd_kafka_resp_err_t code = rd_kafka_assign(client.get(), list.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return tl::unexpected(client.error(code, "assigning partitions"));
  }
  return client;
}

/// Takes messages until `wanted` of them (those before the ends) are there.
template <class Take>
Result<Unit> consume(const KafkaClient& client, std::uint64_t wanted, Take take) {
  const nodes::KafkaQueue queue(rd_kafka_queue_get_consumer(client.get()));
  std::uint64_t taken = 0;
  auto last = steady_clock::now();
  while (taken < wanted) {
    Batch batch;
    batch.messages.resize(kBatchMessages);
    const ssize_t count =
        rd_kafka_consume_batch_queue(queue.get(), 100, batch.messages.data(), kBatchMessages);
    batch.messages.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    for (const rd_kafka_message_t* message : batch.messages) {
      if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR && !nodes::is_passing(message->err)) {
        return tl::unexpected(client.error(message->err, "consuming"));
      }
    }
    std::erase_if(batch.messages, [](rd_kafka_message_t* message) {
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) return false;
      rd_kafka_message_destroy(message);
      return true;
    });
    if (!batch.messages.empty()) last = steady_clock::now();
    if (steady_clock::now() - last > kSilence) {
      return fail(Errc::kBrokerDown, "no message for 30 s before the end was reached");
    }
    taken += batch.messages.size();
    take(std::move(batch));
  }
  return Unit{};
}

/// One client with its parsers, to the end of its partitions.
template <class Reader>
Result<Totals> read_share(const FloorOptions& options, const Shape& shape,
                          const std::vector<PartitionRange>& ranges, Marks& marks) {
  LENSART_ASSIGN(const KafkaClient client, open_consumer(options, ranges));
  std::vector<Worker<Reader>> workers(std::max<std::size_t>(1, shape.parsers));
  BatchQueue queue;
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < shape.parsers; ++i) {
    threads.emplace_back([&, i] {
      for (Batch batch; queue.pop(batch); batch = Batch{}) workers[i].parse(batch, marks);
    });
  }
  const Result<Unit> consumed = consume(client, events_in(ranges), [&](Batch batch) {
    if (shape.parsers == 0) {
      workers[0].parse(batch, marks);
    } else {
      queue.push(std::move(batch));
    }
  });
  queue.close();
  threads.clear();  // joins
  if (!consumed) return tl::unexpected(consumed.error());
  Totals totals;
  for (const auto& worker : workers) totals.add(worker.totals());
  return totals;
}

struct Run {
  Totals totals;
  double seconds = 0;
  double rate = 0;
  double user_seconds = 0;
  double system_seconds = 0;
};

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

/// Gives the partitions to the clients, the longest first, each to the one with the least.
std::vector<std::vector<PartitionRange>> share_out(std::vector<PartitionRange> ranges,
                                                   std::size_t clients) {
  std::sort(ranges.begin(), ranges.end(), [](const PartitionRange& a, const PartitionRange& b) {
    return a.end - a.begin > b.end - b.begin;
  });
  std::vector<std::vector<PartitionRange>> shares(clients);
  for (PartitionRange& range : ranges) {
    const auto least =
        std::min_element(shares.begin(), shares.end(),
                         [](const auto& a, const auto& b) { return events_in(a) < events_in(b); });
    least->push_back(std::move(range));
  }
  return shares;
}

template <class Reader>
Result<Run> read_all(const FloorOptions& options, const Shape& shape,
                     const std::vector<PartitionRange>& ranges) {
  const auto shares = share_out(ranges, shape.consumers);
  rusage before{};
  getrusage(RUSAGE_SELF, &before);
  Marks marks(events_in(ranges));
  std::vector<Result<Totals>> results(shares.size(), Totals{});
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < shares.size(); ++i) {
      if (shares[i].empty()) continue;
      threads.emplace_back(
          [&, i] { results[i] = read_share<Reader>(options, shape, shares[i], marks); });
    }
  }
  Run run;
  run.seconds = marks.seconds();
  run.rate = marks.rate();
  rusage after{};
  getrusage(RUSAGE_SELF, &after);
  run.user_seconds = seconds_of(after.ru_utime) - seconds_of(before.ru_utime);
  run.system_seconds = seconds_of(after.ru_stime) - seconds_of(before.ru_stime);
  for (const Result<Totals>& result : results) {
    if (!result) return tl::unexpected(result.error());
    run.totals.add(*result);
  }
  return run;
}

void print_totals(const Totals& totals) {
  fmt::print(
      "{} events, {} broken, {} snapshots, {} lines, {} bytes of text, id sum {}, quantity {}, "
      "totals {}.{:02}, lines' {}.{:02}\n",
      totals.events, totals.broken, totals.snapshots, totals.lines, totals.text_bytes, totals.ids,
      totals.quantities, totals.price_hundredths / 100, totals.price_hundredths % 100,
      totals.line_hundredths / 100, totals.line_hundredths % 100);
}

void print_run(const FloorOptions& options, const Shape& shape, const Run& run) {
  const auto each = [&](double seconds) {
    return seconds * 1e6 / static_cast<double>(run.totals.events);
  };
  if (options.json) {
    fmt::print(R"({{"events":{},"seconds":{:.4f},"rate":{:.0f},"user_seconds":{:.3f},)"
               R"("system_seconds":{:.3f},"consumers":{},"parsers":{},"price_hundredths":{}}})"
               "\n",
               run.totals.events, run.seconds, run.rate, run.user_seconds, run.system_seconds,
               shape.consumers, shape.parsers, run.totals.price_hundredths);
    return;
  }
  fmt::print(
      "{}/{}: {} events in {:.2f} s; between 10 % and 90 %: {:.0f} events/s; CPU an event: user "
      "{:.2f} µs, system {:.2f} µs\n",
      shape.consumers, shape.parsers, run.totals.events, run.seconds, run.rate,
      each(run.user_seconds), each(run.system_seconds));
}

Result<int> measure(const FloorOptions& options) {
  nodes::KafkaClientOptions admin_options;
  admin_options.brokers = options.brokers;
  LENSART_ASSIGN(nodes::KafkaAdmin admin, nodes::KafkaAdmin::open(admin_options));
  LENSART_ASSIGN(const auto ranges, admin.ranges(options.topics));
  const std::uint64_t events = events_in(ranges);
  if (events < 10)
    return fail(Errc::kBadUsage, "fewer than 10 events: lensart generate makes some");
  if (options.expect_events != 0 && options.expect_events != events) {
    return fail(Errc::kBadUsage, fmt::format("the topics hold {} events, not the expected {}",
                                             events, options.expect_events));
  }
  std::vector<Shape> shapes;
  for (const std::string& text : options.shapes) {
    LENSART_ASSIGN(const Shape shape, parse_shape(text));
    shapes.push_back(shape);
  }
  LENSART_ASSIGN(const Run reference, read_all<ReferenceReader>(options, {2, 0}, ranges));
  if (!options.json) print_totals(reference.totals);
  double best = 0;
  for (const Shape& shape : shapes) {
    for (std::size_t i = 0; i < options.runs; ++i) {
      LENSART_ASSIGN(const Run run, read_all<FloorReader>(options, shape, ranges));
      if (run.totals != reference.totals) {
        fmt::print(stderr, "the sums differ from the reference's:\n");
        print_totals(run.totals);
        return 1;
      }
      print_run(options, shape, run);
      best = std::max(best, run.rate);
    }
  }
  if (options.json) {
    fmt::print("{{\"best_rate\":{:.0f}}}\n", best);
  } else {
    fmt::print("the floor: {:.0f} events/s\n", best);
  }
  return 0;
}

}  // namespace
}  // namespace lensart::bench

int main(int argc, char** argv) {
  lensart::bench::FloorOptions options;
  CLI::App app{"The floor: librdkafka and a bare simdjson pass over the topics of order events."};
  app.add_option("--brokers", options.brokers)->envname("LENSART_KAFKA_BROKERS");
  app.add_option("--topics", options.topics)->delimiter(',');
  app.add_option("--shapes", options.shapes, "CONSUMERS/PARSERS to try; 0 parsers: inline")
      ->delimiter(',');
  app.add_option("--runs", options.runs, "of each shape");
  app.add_option("--expect-events", options.expect_events);
  app.add_flag("--json", options.json, "one object a run, then the best rate");
  app.footer("Example:\n  lensart_floor --brokers localhost:9092 --shapes 2/0,1/2");
  CLI11_PARSE(app, argc, argv);
  const auto result = lensart::bench::measure(options);
  if (result) return *result;
  std::cerr << result.error().message << '\n';
  return lensart::exit_code_for(result.error().code);
}
