/// What the API's handlers share. Internal to `apps/api`.
#pragma once

#include "apps/api/hub.hpp"
#include "apps/api/query_worker.hpp"
#include "apps/config/load.hpp"
#include "apps/http/router.hpp"
#include "nodes/kafka/kafka_handle.hpp"

namespace lensart::app {

struct ApiContext {
  const Pipeline& pipeline;
  const LoadedConfig& loaded;
  const Json& settings;
  Hub& hub;
  QueryWorker& worker;
  const nodes::KafkaClientOptions& producer;  ///< for replays

  const Config& config() const { return loaded.config; }
  /// Asks the database, or answers that there is none (`sink.kind = "null"`).
  void ask(QueryWorker::Question question, Responder responder) const;
};

/// Answered from memory, at once.
void add_pipeline_pages(Router& router, const ApiContext& context);
/// Answered by the worker.
void add_table_pages(Router& router, const ApiContext& context);
void add_letter_pages(Router& router, const ApiContext& context);

}  // namespace lensart::app
