/// The console's API, `/api/v1/…`: what a running pipeline says of itself. The paths, what they
/// take and what they answer are in openapi.json, which is served with them.
#pragma once

#include <memory>
#include <string>

#include "apps/config/load.hpp"
#include "apps/http/router.hpp"
#include "nodes/kafka/kafka_handle.hpp"

namespace lensart::app {

class Pipeline;

/// Two threads of its own: one looks at the pipeline once a second, one asks the database.
///
/// Threads: one. Lifetime: the pipeline outlives it; it outlives the server whose router it is in.
class ConsoleApi {
 public:
  /// `producer`: how a producer for replays is opened.
  ConsoleApi(const Pipeline& pipeline, const LoadedConfig& loaded,
             nodes::KafkaClientOptions producer, std::string version);
  ~ConsoleApi();
  ConsoleApi(const ConsoleApi&) = delete;
  ConsoleApi& operator=(const ConsoleApi&) = delete;

  /// Adds all paths and their guard.
  void add_to(Router& router);
  /// What the console's first page shows, and the latest epochs, as JSON. Threads: any.
  std::string overview() const;
  std::string epochs() const;
  /// Ends the streams and answers what waits; afterwards every question is answered 503.
  void stop();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// The OpenAPI document, as it is served.
std::string_view openapi_document();

}  // namespace lensart::app
