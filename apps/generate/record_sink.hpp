/// Where generated records go.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "apps/generate/event_stream.hpp"
#include "graph/error.hpp"
#include "nodes/kafka/producer.hpp"

namespace lensart::generate {

/// The configured names of the four topics.
struct TopicNames {
  std::string order_created = "order-created";
  std::string order_updated = "order-updated";
  std::string order_cancelled = "order-cancelled";
  std::string order_events = "order-events";

  const std::string& of(orders::Topic topic) const;
};

/// Threads: one at a time.
class RecordSink {
 public:
  RecordSink() = default;
  RecordSink(const RecordSink&) = delete;
  RecordSink& operator=(const RecordSink&) = delete;
  virtual ~RecordSink() = default;

  virtual Result<Unit> write(const GeneratedRecord& record) = 0;
  /// Lets `duration` pass, with whatever there is to do meanwhile.
  virtual void pause(std::chrono::microseconds duration) = 0;
  /// Everything written is safe when this succeeds. To be called once, at the end.
  virtual Result<Unit> finish() = 0;
};

/// The file of `record_file.hpp`; `-` is the standard output.
class FileSink final : public RecordSink {
 public:
  /// Replaces the file. Fails with kBadUsage where it cannot be written.
  static Result<std::unique_ptr<RecordSink>> open(const std::string& path, TopicNames names);
  ~FileSink() override;

  Result<Unit> write(const GeneratedRecord& record) override;
  void pause(std::chrono::microseconds duration) override;
  Result<Unit> finish() override;

 private:
  FileSink(std::string path, TopicNames names, std::FILE* file)
      : path_(std::move(path)), names_(std::move(names)), file_(file) {}
  Result<Unit> write_out();

  std::string path_;
  TopicNames names_;
  std::FILE* file_;
  std::string buffer_;
};

/// Kafka, without keys and headers, as the shop does it, to the partition that the record names.
class KafkaSink final : public RecordSink {
 public:
  KafkaSink(std::unique_ptr<nodes::Producer> producer, TopicNames names)
      : producer_(std::move(producer)), names_(std::move(names)) {}

  Result<Unit> write(const GeneratedRecord& record) override;
  void pause(std::chrono::microseconds duration) override;
  /// Fails where a record was not acknowledged.
  Result<Unit> finish() override;

 private:
  std::unique_ptr<nodes::Producer> producer_;
  TopicNames names_;
};

}  // namespace lensart::generate
