#include "apps/api/api.hpp"

#include <atomic>
#include <mutex>

#include "apps/api/access.hpp"
#include "apps/api/configuration.hpp"
#include "apps/api/context.hpp"
#include "apps/api/parameters.hpp"
#include "apps/audit/migrate.hpp"
#include "apps/config/secrets.hpp"
#include "apps/pipeline/pipeline.hpp"
#include "sql/embedded.hpp"

// The document's bytes, by the assembler: literals of that length are not portable.
asm(".pushsection .rodata\n"
    "lensart_openapi: .incbin \"" LENSART_OPENAPI
    "\"\n"
    "lensart_openapi_end: .byte 0\n"
    ".popsection\n");
extern "C" {
extern const char lensart_openapi[];
extern const char lensart_openapi_end[];
}

namespace lensart::app {

namespace {

constexpr std::chrono::seconds kStuckEvery{10};
constexpr std::chrono::milliseconds kStuckEagerly{1'000};
constexpr std::chrono::seconds kConnectTimeout{3};
constexpr std::chrono::seconds kPatience{6};

/// What the database says of stuck orders, asked for beside and remembered. Threads: any.
class StuckWatch {
 public:
  StuckWatch(const Config& config, QueryWorker& worker) : config_(config), worker_(worker) {}

  std::optional<StuckOrders> look(bool eager) {
    const auto now = std::chrono::steady_clock::now();
    const std::lock_guard lock(mutex_);
    const std::chrono::milliseconds every = eager ? kStuckEagerly : kStuckEvery;
    if (config_.sink.kind == SinkKind::kPostgres && (!asked_at_ || now - *asked_at_ >= every)) {
      asked_at_ = now;
      worker_.run([this](storage::Connection* database) {
        if (database != nullptr) ask(*database);
      });
    }
    return stuck_;
  }

 private:
  void ask(storage::Connection& database) {
    const auto rows = database.query(with_names(sql::console("stuck"), database,
                                                config_.postgres.schema, config_.pipeline.name));
    if (!rows) return;
    StuckOrders stuck;
    if (rows->count() == 1) {
      stuck.orders = static_cast<std::uint64_t>(rows->number(0, 0));
      stuck.order_id = rows->number(0, 1);
      stuck.status = rows->text(0, 2);
      stuck.since = rows->text(0, 3);
    }
    const std::lock_guard lock(mutex_);
    stuck_ = std::move(stuck);
  }

  const Config& config_;
  QueryWorker& worker_;
  std::mutex mutex_;
  std::optional<std::chrono::steady_clock::time_point> asked_at_;
  std::optional<StuckOrders> stuck_;
};

QueryWorkerOptions worker_options(const Config& config) {
  QueryWorkerOptions options;
  options.clean = [&config](std::string text) { return without_secrets(config, std::move(text)); };
  return options;
}

Result<storage::Connection> open_database(const Pipeline& pipeline) {
  LENSART_ASSIGN(storage::ConnectionOptions options, pipeline.database_for("console"));
  options.connect_timeout = kConnectTimeout;
  options.patience = kPatience;
  return storage::Connection::open(options);
}

}  // namespace

struct ConsoleApi::Parts {
  Parts(const Pipeline& pipeline, const LoadedConfig& loaded_config,
        nodes::KafkaClientOptions producer_options, std::string version)
      : loaded(loaded_config),
        producer(std::move(producer_options)),
        settings(settings_of(loaded)),
        worker([&pipeline] { return open_database(pipeline); }, worker_options(loaded.config)),
        stuck(loaded.config, worker),
        hub(facts_of(pipeline, std::move(version)),
            {[this, &pipeline] { return read_clean(pipeline); },
             [&pipeline](std::size_t limit) { return pipeline.epoch_log().newest(limit); },
             [this](bool eager) { return stuck.look(eager); }}),
        context{pipeline, loaded, settings, hub, worker, producer} {}

  Readings read_clean(const Pipeline& pipeline) {
    Readings readings = read_figures(pipeline, hub.facts());
    for (std::string* text :
         {&readings.sink.trouble, &readings.source_trouble, &readings.letters_trouble}) {
      *text = without_secrets(loaded.config, std::move(*text));
    }
    return readings;
  }

  const LoadedConfig loaded;
  const nodes::KafkaClientOptions producer;
  const Json settings;
  QueryWorker worker;
  StuckWatch stuck;
  Hub hub;
  const ApiContext context;
};

ConsoleApi::ConsoleApi(const Pipeline& pipeline, const LoadedConfig& loaded,
                       nodes::KafkaClientOptions producer, std::string version)
    : parts_(std::make_unique<Parts>(pipeline, loaded, std::move(producer), std::move(version))) {
  parts_->hub.start();
}

ConsoleApi::~ConsoleApi() { stop(); }

std::string ConsoleApi::overview() const { return parts_->hub.document(Picture::kOverview); }
std::string ConsoleApi::epochs() const { return parts_->hub.document(Picture::kEpochs); }

void ConsoleApi::stop() {
  parts_->hub.stop();
  parts_->worker.stop();
}

void ConsoleApi::add_to(Router& router) {
  add_access(router, parts_->loaded.config.http);
  add_pipeline_pages(router, parts_->context);
  add_table_pages(router, parts_->context);
  add_letter_pages(router, parts_->context);
  router.add("GET", "/api/v1/openapi.json", [](const HttpRequest& request) {
    QueryReader query(request);
    if (auto refused = query.refusal()) return *refused;
    return HttpResponse::json(200, std::string(openapi_document()));
  });
}

std::string_view openapi_document() { return {lensart_openapi, lensart_openapi_end}; }

}  // namespace lensart::app
