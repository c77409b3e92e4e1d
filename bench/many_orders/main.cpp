// How the pipeline does with many orders in its state: it is filled from a log that is made up on
// the way, restarted, and then reads updates of which nine in ten are on orders of the last three
// days. Into the null sink, all jobs. One process for each step, so that its memory is that step's.
//
//   lensart_many_orders fill DIRECTORY ORDERS
//   lensart_many_orders update DIRECTORY ORDERS UPDATES
//
// Prints one line of JSON. Configured from the environment, as lensart is.

#include <fmt/format.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "apps/config/load.hpp"
#include "apps/jobs/order_state.hpp"
#include "apps/pipeline/pipeline.hpp"
#include "apps/pipeline/process_figures.hpp"
#include "bench/many_orders/shop_log.hpp"

namespace lensart::bench {
namespace {

constexpr std::uint64_t kSampledOrders = 2'000;

[[noreturn]] void die(const std::string& why) {
  std::fputs(("lensart_many_orders: " + why + "\n").c_str(), stderr);
  std::exit(1);
}

template <class T>
T value_or_die(Result<T> result) {
  if (!result) die(result.error().message);
  return std::move(*result);
}

/// The instant that the orders end and the updates begin at: the same in each process.
constexpr Instant kUpdatesBegin = std::chrono::sys_days(std::chrono::year(2026) / 11 / 1);

struct Sample {
  double seconds = 0;
  std::uint64_t records = 0;
};

/// Looks at a pipeline from time to time until it is told to stop.
class Watch {
 public:
  Watch(const app::Pipeline& pipeline, Tick began) : pipeline_(pipeline), began_(began) {
    thread_ = std::thread([this] { work(); });
  }
  void stop() {
    ended_.store(true);
    thread_.join();
    look();
  }

  /// Records a second between the 10 % and the 90 % mark.
  double rate() const {
    const std::uint64_t all = samples_.back().records;
    const auto at = [&](std::uint64_t records) {
      for (const Sample& sample : samples_) {
        if (sample.records >= records) return sample;
      }
      return samples_.back();
    };
    const Sample from = at(all / 10);
    const Sample to = at(all - all / 10);
    return static_cast<double>(to.records - from.records) / (to.seconds - from.seconds);
  }
  double first_seconds() const {
    for (const Sample& sample : samples_) {
      if (sample.records > 0) return sample.seconds;
    }
    return samples_.back().seconds;
  }
  double peak_private_mib() const { return peak_bytes_ / (1 << 20); }

 private:
  void work() {
    while (!ended_.load()) {
      look();
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  void look() {
    std::uint64_t records = 0;
    for (const auto& topic : pipeline_.counters().by_topic) {
      for (const auto& count : topic) records += count.load(std::memory_order_relaxed);
    }
    samples_.push_back(
        {std::chrono::duration<double>(SystemClock().tick() - began_).count(), records});
    peak_bytes_ = std::max(peak_bytes_, app::read_process_figures().private_bytes);
  }

  const app::Pipeline& pipeline_;
  Tick began_;
  std::atomic<bool> ended_{false};
  std::vector<Sample> samples_;
  double peak_bytes_ = 0;
  std::thread thread_;
};

/// The state holds every order, and of a sample of them what the log says last.
void check(const storage::StateStore& store, const ShopLog& log, std::uint64_t updates) {
  const auto txn = value_or_die(store.read());
  const storage::Table orders = store.tables().at("orders");
  const std::uint64_t count = value_or_die(txn.count(orders));
  if (count != log.orders()) die(fmt::format("{} orders in the state", count));
  const std::uint64_t step = std::max<std::uint64_t>(1, log.orders() / kSampledOrders);
  std::vector<Instant> latest(log.orders() / step + 1);
  for (std::uint64_t order = 0; order < log.orders(); order += step) {
    latest[order / step] = log.created_at(order);
  }
  for (std::uint64_t i = 0; i < updates; ++i) {
    const std::uint64_t order = log.order_of_update(i);
    if (order % step == 0) latest[order / step] = log.updated_at(i);
  }
  for (std::uint64_t order = 0; order < log.orders(); order += step) {
    const auto value = value_or_die(txn.get(orders, storage::state_key(log.order_id(order))));
    const auto state = jobs::OrderState::decode(value.value_or(""));
    const auto whole = std::chrono::floor<std::chrono::seconds>(latest[order / step]);
    if (!state || std::chrono::floor<std::chrono::seconds>(state->all.latest) != whole) {
      die(fmt::format("order {} is not as the log has it: its last event is of {}, not {}",
                      log.order_id(order), state ? state->all.latest.time_since_epoch().count() : 0,
                      latest[order / step].time_since_epoch().count()));
    }
  }
}

int run(const std::string& step, const std::string& directory, std::uint64_t orders,
        std::uint64_t updates) {
  const ShopLog log(orders, updates, kUpdatesBegin);
  app::LoadOptions load;
  load.search_path.clear();
  load.environment = app::process_environment();
  load.overrides = {"sink.kind=null", "state.directory=" + directory + "/state"};
  const auto loaded = app::load_config_from(load);
  if (!loaded) die(loaded.error().front().text());
  const SystemClock clock;
  app::PipelineOptions options;
  options.until_end = true;
  options.log = [](const std::string& line) { std::fputs((line + "\n").c_str(), stderr); };
  Tick began{};
  const auto make_source =
      [&](nodes::SourceDirectory& numbers) -> Result<std::unique_ptr<nodes::RecordSource>> {
    const Tick before = clock.tick();
    auto source = std::make_unique<ShopSource>(numbers, log, directory + "/updates");
    began += clock.tick() - before;  // rendering is no part of a start
    return source;
  };
  began = clock.tick();
  auto pipeline =
      value_or_die(app::Pipeline::open(loaded->config, std::move(options), clock, make_source));
  Watch watch(*pipeline, began);
  value_or_die(pipeline->run());
  watch.stop();
  check(pipeline->store(), log, updates);
  fmt::print(
      "{{\"step\": \"{}\", \"orders\": {}, \"updates\": {}, \"rate\": {:.0f}, "
      "\"first_event_seconds\": {:.3f}, \"peak_private_mib\": {:.1f}, \"state_mib\": {:.0f}}}\n",
      step, orders, updates, watch.rate(), watch.first_seconds(), watch.peak_private_mib(),
      static_cast<double>(pipeline->store().used_bytes()) / (1 << 20));
  return 0;
}

}  // namespace
}  // namespace lensart::bench

int main(int argc, char** argv) {
  const std::string step = argc > 1 ? argv[1] : "";
  const bool known = (step == "fill" && argc == 4) || (step == "update" && argc == 5);
  if (!known) {
    std::fputs(
        "usage: lensart_many_orders fill DIRECTORY ORDERS | update DIRECTORY ORDERS UPDATES\n",
        stderr);
    return 64;
  }
  const auto number = [&](int at) { return std::strtoull(argv[at], nullptr, 10); };
  return lensart::bench::run(step, argv[2], number(3), step == "update" ? number(4) : 0);
}
