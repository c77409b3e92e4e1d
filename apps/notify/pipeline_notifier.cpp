#include "apps/notify/pipeline_notifier.hpp"

#include <prometheus/client_metric.h>
#include <prometheus/metric_family.h>

#include <numeric>

#include "apps/config/secrets.hpp"
#include "apps/pipeline/pipeline.hpp"

namespace lensart::app {

namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

notify::Sight sight_of(const Pipeline& pipeline) {
  notify::Sight sight;
  for (std::size_t i = 0; i <= static_cast<std::size_t>(orders::Code::kSinkRejected); ++i) {
    const auto code = static_cast<orders::Code>(i);
    sight.letters[std::string(orders::name_of(code))] = pipeline.letters(code);
  }
  for (std::string& reason : pipeline.not_ready())
    sight.trouble.push_back(without_secrets(pipeline.config(), std::move(reason)));
  const auto lags = pipeline.lags();
  sight.lag_records = std::accumulate(lags.begin(), lags.end(), std::int64_t{0});
  const storage::SinkStatus sink = pipeline.sink_status();
  sight.outbox_epochs = sink.newest - sink.applied;
  sight.applied_records = sink.applied_records;
  return sight;
}

class NotifierMetrics final : public prometheus::Collectable {
 public:
  explicit NotifierMetrics(const notify::Notifier& notifier) : notifier_(notifier) {}

  std::vector<MetricFamily> Collect() const override {
    MetricFamily sent;
    sent.name = "lensart_notifications_total";
    sent.help = "Messages to a person, by channel and what became of them";
    sent.type = MetricType::Counter;
    MetricFamily waiting;
    waiting.name = "lensart_notifications_waiting";
    waiting.help = "Messages that are still to be delivered";
    waiting.type = MetricType::Gauge;
    auto figures = notifier_.figures();
    // Both channels always: a rate needs a zero.
    for (const char* channel : {"webhook", "postgres"}) {
      const notify::DeliveryFigures& of = figures[channel];
      add(sent, {{"channel", channel}, {"outcome", "delivered"}}, of.delivered);
      add(sent, {{"channel", channel}, {"outcome", "given_up"}}, of.given_up);
      add(sent, {{"channel", channel}, {"outcome", "attempt_failed"}}, of.attempts_failed);
      add(waiting, {{"channel", channel}}, of.waiting);
    }
    return {std::move(sent), std::move(waiting)};
  }

 private:
  static void add(MetricFamily& to, std::vector<prometheus::ClientMetric::Label> labels,
                  std::uint64_t value) {
    prometheus::ClientMetric metric;
    metric.label = std::move(labels);
    auto& place = to.type == MetricType::Counter ? metric.counter.value : metric.gauge.value;
    place = static_cast<double>(value);
    to.metric.push_back(std::move(metric));
  }

  const notify::Notifier& notifier_;
};

}  // namespace

Result<std::unique_ptr<notify::Notifier>> start_notifier(
    const Config& config, const Pipeline& pipeline, std::function<void(const std::string&)> log) {
  notify::NotifierOptions options;
  options.pipeline = config.pipeline.name;
  options.schema = config.postgres.schema;
  options.channel = config.notify.channel;
  options.interval = config.notify.interval;
  options.stall_after = config.notify.stall_after;
  if (!config.notify.webhook_url.empty()) {
    LENSART_ASSIGN(const std::string secret, webhook_secret(config.notify));
    options.webhook = notify::WebhookOptions{config.notify.webhook_url, secret};
  }
  if (config.sink.kind == SinkKind::kPostgres) {
    LENSART_ASSIGN(options.database, pipeline.database_for("notify"));
  }
  return notify::Notifier::start(
      std::move(options), pipeline.clock(), [&pipeline] { return sight_of(pipeline); },
      std::move(log));
}

std::shared_ptr<prometheus::Collectable> notifier_metrics(const notify::Notifier& notifier) {
  return std::make_shared<NotifierMetrics>(notifier);
}

}  // namespace lensart::app
