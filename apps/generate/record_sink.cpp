#include "apps/generate/record_sink.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "apps/generate/record_file.hpp"

namespace lensart::generate {
namespace {

/// What is gathered before it is written to the file.
constexpr std::size_t kFileBufferBytes = 1024 * 1024;
/// Below this the clock's resolution is not worth a sleep.
constexpr std::chrono::milliseconds kMinPoll{1};
constexpr std::chrono::seconds kFlushDeadline{120};

std::optional<std::string_view> payload_of(const GeneratedRecord& record) {
  if (record.is_null) return std::nullopt;
  return record.payload;
}

}  // namespace

const std::string& TopicNames::of(orders::Topic topic) const {
  switch (topic) {
    case orders::Topic::kOrderCreated:
      return order_created;
    case orders::Topic::kOrderUpdated:
      return order_updated;
    case orders::Topic::kOrderCancelled:
      return order_cancelled;
    case orders::Topic::kOrderEvents:
      return order_events;
    case orders::Topic::kReplay:
      break;  // nothing is generated for it
  }
  std::abort();
}

Result<std::unique_ptr<RecordSink>> FileSink::open(const std::string& path, TopicNames names) {
  std::FILE* file = path == "-" ? stdout : std::fopen(path.c_str(), "wb");
  if (file == nullptr) {
    return fail(Errc::kBadUsage,
                fmt::format("--to {}: cannot be written: {}", path, std::strerror(errno)));
  }
  return std::unique_ptr<RecordSink>(new FileSink(path, std::move(names), file));
}

FileSink::~FileSink() {
  if (file_ != nullptr && file_ != stdout) static_cast<void>(std::fclose(file_));
}

Result<Unit> FileSink::write(const GeneratedRecord& record) {
  append_record(buffer_, names_.of(record.topic), record.partition, payload_of(record));
  return buffer_.size() < kFileBufferBytes ? Result<Unit>(Unit{}) : write_out();
}

Result<Unit> FileSink::write_out() {
  const bool written = std::fwrite(buffer_.data(), 1, buffer_.size(), file_) == buffer_.size() &&
                       std::fflush(file_) == 0;
  buffer_.clear();
  if (written) return Unit{};
  return fail(Errc::kFatal, fmt::format("writing to {}: {}", path_, std::strerror(errno)));
}

void FileSink::pause(std::chrono::microseconds duration) {
  // A reader at the other end of a pipe shall not wait for a full buffer. A failure shows at the
  // next write.
  if (!buffer_.empty()) static_cast<void>(write_out());
  std::this_thread::sleep_for(duration);
}

Result<Unit> FileSink::finish() {
  LENSART_TRY(write_out());
  if (file_ == stdout) return Unit{};
  const int failed = std::fclose(file_);
  file_ = nullptr;
  if (failed == 0) return Unit{};
  return fail(Errc::kFatal, fmt::format("closing {}: {}", path_, std::strerror(errno)));
}

Result<Unit> KafkaSink::write(const GeneratedRecord& record) {
  nodes::OutgoingMessage message;
  message.topic = names_.of(record.topic);
  message.partition = record.partition;
  message.payload = payload_of(record);
  LENSART_TRY(producer_->produce(message));
  if (producer_->first_failure()) return tl::unexpected(*producer_->first_failure());
  return Unit{};
}

void KafkaSink::pause(std::chrono::microseconds duration) {
  const auto until = std::chrono::steady_clock::now() + duration;
  producer_->poll();
  const auto left = until - std::chrono::steady_clock::now();
  if (left >= kMinPoll) {
    producer_->poll(std::chrono::duration_cast<std::chrono::milliseconds>(left));
  }
  std::this_thread::sleep_until(until);
}

Result<Unit> KafkaSink::finish() {
  LENSART_TRY(producer_->flush(kFlushDeadline));
  if (producer_->first_failure()) return tl::unexpected(*producer_->first_failure());
  const nodes::Producer::Counts counts = producer_->counts();
  if (counts.acknowledged == counts.produced) return Unit{};
  return fail(Errc::kFatal, fmt::format("{} of {} records were not acknowledged",
                                        counts.produced - counts.acknowledged, counts.produced));
}

}  // namespace lensart::generate
