/// `lensart run`: the pipeline.

#include <fmt/format.h>
#include <malloc.h>
#include <spdlog/spdlog.h>

#include <charconv>
#include <condition_variable>
#include <mutex>
#include <numeric>
#include <optional>
#include <thread>

#include "apps/api/api.hpp"
#include "apps/api/live_state.hpp"
#include "apps/config/secrets.hpp"
#include "apps/console/console.hpp"
#include "apps/explain/control_socket.hpp"
#include "apps/http/health.hpp"
#include "apps/http/http_server.hpp"
#include "apps/lensart/command.hpp"
#include "apps/lensart/commands/all.hpp"
#include "apps/lensart/gateway_service.hpp"
#include "apps/lensart/logging.hpp"
#include "apps/lensart/progress.hpp"
#include "apps/lensart/signals.hpp"
#include "apps/lensart/topics.hpp"
#include "apps/notify/pipeline_notifier.hpp"
#include "apps/pipeline/pipeline.hpp"
#include "apps/pipeline/pipeline_metrics.hpp"

namespace lensart::app {
namespace {

struct RunOptions {
  bool until_end = false;
  std::vector<std::string> accepted_gaps;
};

Result<std::set<std::pair<std::string, std::int32_t>>> parse_gaps(
    const std::vector<std::string>& texts) {
  std::set<std::pair<std::string, std::int32_t>> gaps;
  for (const std::string& text : texts) {
    const auto slash = text.rfind('/');
    std::int32_t partition = -1;
    if (slash != std::string::npos) {
      std::from_chars(text.data() + slash + 1, text.data() + text.size(), partition);
    }
    if (partition < 0) {
      return fail(
          Errc::kBadUsage,
          fmt::format("--accept-gap {}: write TOPIC/PARTITION, such as order-created/0", text));
    }
    gaps.emplace(text.substr(0, slash), partition);
  }
  return gaps;
}

Result<std::unique_ptr<HttpServer>> start_http(const Config& config, const Pipeline& pipeline,
                                               std::shared_ptr<PipelineMetrics> metrics,
                                               ConsoleApi& api) {
  Router router;
  api.add_to(router);
  add_probes(router, [&pipeline] {
    Health health;
    health.reasons = pipeline.not_ready();
    health.ready = health.reasons.empty();
    return health;
  });
  add_metrics(router, std::move(metrics));
  add_console(router);
  HttpServerOptions options;
  options.listen = config.http.listen;
  options.hosts = config.http.hosts;
  return HttpServer::start(std::move(options), std::move(router));
}

/// What the control socket answers: the state's questions, and the console's pages.
Result<Json> answer_running(const Pipeline& pipeline, const ConsoleApi& api,
                            const std::string& question) {
  if (question == "overview") return Json::parse(api.overview(), nullptr, false);
  if (question == "epochs") return Json::parse(api.epochs(), nullptr, false);
  return answer_live(pipeline, question);
}

/// Shows how far a run with an end has come: of the records that waited when it began, those that
/// are applied.
class EndWatch {
 public:
  EndWatch(const Pipeline& pipeline, bool quiet)
      : pipeline_(pipeline), progress_({.unit = "records applied", .quiet = quiet}) {
    const auto lags = pipeline.lags();
    all_ = std::accumulate(lags.begin(), lags.end(), std::int64_t{0});
    thread_ = std::thread([this] { watch(); });
  }
  ~EndWatch() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

 private:
  void watch() {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, std::chrono::milliseconds(200), [this] { return ended_; })) {
      const std::uint64_t applied = pipeline_.sink_status().applied_records;
      if (all_ > 0)
        progress_.show(applied, static_cast<double>(applied) / static_cast<double>(all_));
    }
  }

  const Pipeline& pipeline_;
  Progress progress_;
  std::int64_t all_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;
  std::thread thread_;
};

Result<Unit> run_pipeline(const Program& program, const LoadedConfig& loaded,
                          const RunOptions& options) {
  const Config& config = loaded.config;
  SignalWatch signals;
  PipelineOptions pipeline_options;
  pipeline_options.until_end = options.until_end;
  LENSART_ASSIGN(pipeline_options.accepted_gaps, parse_gaps(options.accepted_gaps));
  pipeline_options.consumer = kafka_options(config, nodes::KafkaRole::kConsumer);
  pipeline_options.producer = kafka_options(config, nodes::KafkaRole::kProducer);
  const auto log = [&config](const std::string& line) {
    spdlog::warn("{}", without_secrets(config, line));
  };
  pipeline_options.log = log;
  const SystemClock clock;
  LENSART_ASSIGN(const auto pipeline, Pipeline::open(config, std::move(pipeline_options), clock));
  const auto metrics = std::make_shared<PipelineMetrics>(
      *pipeline, BuildInfo{program.version, program.commit, program.build_type});
  ConsoleApi api(*pipeline, loaded, kafka_options(config, nodes::KafkaRole::kProducer),
                 program.version);
  LENSART_ASSIGN(const auto notifier, start_notifier(config, *pipeline, log));
  metrics->include(notifier_metrics(*notifier));
  std::unique_ptr<GatewayService> gateway;
  if (config.gateway.enabled && !options.until_end) {
    LENSART_ASSIGN(gateway, GatewayService::start(config, clock));
    metrics->include(gateway->metrics());
  }
  LENSART_ASSIGN(const auto http, start_http(config, *pipeline, metrics, api));
  LENSART_ASSIGN(const auto ear,
                 ControlSocket::open(config.state.directory, [&](const std::string& question) {
                   return answer_running(*pipeline, api, question);
                 }));
  signals.start(
      [&pipeline] {
        // Asked twice: at once. Nothing is lost, the outbox and Kafka hold the rest.
        spdlog::info("stopping: committing what is read (a second signal stops at once)");
        pipeline->request_stop();
      },
      [&program, &gateway] {
        // Reading the settings again sets the log level; a bad file changes nothing.
        const auto again = program.load_settings();
        if (!again) spdlog::error("not read again: {}", again.error().message);
        if (again && gateway) gateway->set_rate_limit(again->config.gateway.rate_limit);
      });
  spdlog::info("running pipeline {} (http on {})", config.pipeline.name, config.http.listen);
  std::optional<EndWatch> watch;
  if (options.until_end) watch.emplace(*pipeline, program.json);
  auto done = pipeline->run();
  watch.reset();
  if (gateway) gateway->stop();
  notifier->stop();
  api.stop();
  http->stop();
  if (done) spdlog::info("stopped; everything read is committed");
  return done;
}

}  // namespace

void add_run_command(CLI::App& root, Program& program) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* command = root.add_subcommand("run", "Run the pipeline: Kafka in, PostgreSQL out");
  command->add_flag("--until-end", options->until_end,
                    "Read every partition up to its end as of now, apply everything, exit");
  command
      ->add_option("--accept-gap", options->accepted_gaps,
                   "Go on after a truncated or recreated partition; the gap is recorded as skipped")
      ->type_name("TOPIC/PARTITION");
  command->footer("Example:\n  lensart run --config lensart.toml\n  lensart run --until-end");
  command->callback([&program, options] {
    program.action = [&program, options] {
      // Few arenas, and freed memory given back: buffers of many sizes come and go on many threads.
      // Left alone, glibc raises both thresholds to the largest block it has seen freed, and what
      // an epoch took stays in the arenas, cut up by the cache's small blocks.
      mallopt(M_ARENA_MAX, 4);
      mallopt(M_MMAP_THRESHOLD, 128 << 10);
      mallopt(M_TRIM_THRESHOLD, 1 << 20);
      const auto loaded = program.load_settings();
      if (!loaded) return report(loaded.error());
      const auto done = run_pipeline(program, *loaded, *options);
      return done ? 0 : report(done.error());
    };
  });
}

}  // namespace lensart::app
