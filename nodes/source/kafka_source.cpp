#include "nodes/source/kafka_source.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "nodes/source/kafka_layout.hpp"
#include "nodes/source/kafka_log_check.hpp"

namespace lensart::nodes {

namespace {

constexpr auto kDiscoveryEvery = std::chrono::seconds(10);
constexpr auto kLastCommitPatience = std::chrono::seconds(2);
constexpr auto kLookForEndsEvery = std::chrono::milliseconds(500);
constexpr std::size_t kPollMessages = 256;
constexpr std::size_t kRunBytes = 1 << 20;            // of a partition in one response
constexpr std::size_t kUsualRecordBytes = 16 * 1024;  // so that a batch's last one rarely moves it

KafkaClientOptions client_options(const KafkaSourceOptions& options) {
  KafkaClientOptions client = options.client;
  client.defaults = {
      {"fetch.wait.max.ms", "100"},
      // So much of each partition that is not paused (ADR 18): not less than a broker's batch, for
      // of any but the first partition of a request a larger one is left out.
      {"fetch.message.max.bytes", std::to_string(kRunBytes)},
      // Never reached, or partitions would be left out: after its queue was full librdkafka names
      // them in the same order again (issue 1854 of librdkafka), so that those at the end would get
      // nothing as long as those at the front have more. They would hold the watermark back.
      {"fetch.max.bytes", "67108864"},
      {"queued.min.messages", "1000000"},
      {"queued.max.messages.kbytes", std::to_string(options.prefetch_bytes / 1024)},
      {"topic.metadata.refresh.interval.ms", "10000"},
      {"socket.keepalive.enable", "true"},
  };
  client.required = {
      {"group.id", options.group},
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      // An offset out of range must stop us: librdkafka would jump to the end.
      {"auto.offset.reset", "error"},
      {"enable.partition.eof", "true"},
      {"isolation.level", "read_committed"},
  };
  return client;
}

}  // namespace

KafkaSource::KafkaSource(KafkaClient client, const KafkaSourceOptions& options,
                         SourceDirectory& directory, const Clock& clock)
    : options_(options), directory_(directory), clock_(clock), client_(std::move(client)) {
  polled_.resize(kPollMessages);
}

Result<std::unique_ptr<KafkaSource>> KafkaSource::open(const KafkaSourceOptions& options,
                                                       SourceDirectory& directory,
                                                       const Clock& clock) {
  LENSART_ASSIGN(KafkaClient client,
                 KafkaClient::open(KafkaRole::kConsumer, client_options(options)));
  std::unique_ptr<KafkaSource> self(new KafkaSource(std::move(client), options, directory, clock));
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0)
    return fail(Errc::kFatal, "no file descriptors left");
  self->wake_read_fd_ = ends[0];
  self->wake_write_fd_ = ends[1];
  rd_kafka_poll_set_consumer(self->client_.get());
  self->queue_.reset(rd_kafka_queue_get_consumer(self->client_.get()));
  rd_kafka_queue_io_event_enable(self->queue_.get(), self->wake_write_fd_, "1", 1);
  self->nudger_ = std::make_unique<KafkaNudger>(self->client_.get(), directory, self->progress_);
  self->turns_ = std::make_unique<KafkaTurns>(self->client_.get(), self->queue_.get(), directory,
                                              *self->nudger_, kRunBytes,
                                              [s = self.get()] { return s->behind(); });
  return self;
}

KafkaSource::~KafkaSource() {
  turns_.reset();
  nudger_.reset();
  while (polled_at_ < polled_count_) rd_kafka_message_destroy(polled_[polled_at_++]);
  if (queue_) {
    rd_kafka_queue_io_event_enable(queue_.get(), -1, nullptr, 0);
    rd_kafka_assign(client_.get(), nullptr);
    queue_.reset();
    client_.end_consumer(kLastCommitPatience);
  }
  if (wake_read_fd_ >= 0) ::close(wake_read_fd_);
  if (wake_write_fd_ >= 0) ::close(wake_write_fd_);
}

/// Where to begin in a partition, held against what the broker still has.
Result<Unit> KafkaSource::place(std::uint32_t source, const storage::SourcePosition* known) {
  const SourceInfo& info = directory_.at(source);
  LENSART_ASSIGN(const OffsetRange range,
                 ask_range(client_, info.topic, info.partition, options_.patience, clock_));
  if (source >= partitions_.size()) partitions_.resize(source + 1);
  Partition& partition = partitions_[source];
  partition.end_at_start = range.end;
  partition.next_offset = known != nullptr ? known->next_offset : range.begin;
  partition.at_end = partition.next_offset >= range.end;
  partition.assigned = true;
  if (known == nullptr || (range.begin <= known->next_offset && known->next_offset <= range.end)) {
    return Unit{};
  }
  if (!options_.accepted_gaps.contains({info.topic, info.partition})) {
    return fail(
        Errc::kStateMismatch,
        fmt::format("{}/{}: this state has read up to offset {}, but the broker now has {} to {}: "
                    "the topic was truncated or made anew. If that is known, `lensart run "
                    "--accept-gap {}/{}` goes on and records the gap as skipped",
                    info.topic, info.partition, known->next_offset, range.begin, range.end,
                    info.topic, info.partition));
  }
  const std::int64_t begin = range.begin;
  if (begin > known->next_offset) skipped_.push_back({source, known->next_offset, begin});
  partition.next_offset = begin;
  partition.at_end = begin >= range.end;
  return Unit{};
}

Result<Unit> KafkaSource::start(std::span<const storage::SourcePosition> positions) {
  LENSART_ASSIGN(const auto listed, list_partitions(client_, options_.topics, options_.patience));
  // Known partitions first, under the numbers they have in the state.
  for (const storage::SourcePosition& position : positions) {
    const auto topic = std::find(options_.topics.begin(), options_.topics.end(), position.topic);
    const auto index = static_cast<std::uint32_t>(topic - options_.topics.begin());
    if (directory_.add(position.topic, position.partition, index) != position.source) {
      return fail(Errc::kStateCorrupt, "the state numbers one partition twice");
    }
    const bool exists = std::find(listed.begin(), listed.end(),
                                  std::pair{index, position.partition}) != listed.end();
    if (topic == options_.topics.end() || !exists) {
      return fail(
          Errc::kStateMismatch,
          fmt::format("{}/{}, which this state has read, is no longer among the configured topics "
                      "of the broker; set kafka.topics.* back, or start from an empty state",
                      position.topic, position.partition));
    }
    LENSART_TRY(place(position.source, &position));
  }
  LENSART_TRY(check_last_records(positions));
  for (const auto& [index, partition] : listed) {
    const std::uint32_t source = directory_.add(options_.topics[index], partition, index);
    if (source >= positions.size()) LENSART_TRY(place(source, nullptr));
  }
  next_discovery_ = clock_.tick() + kDiscoveryEvery;
  return assign();
}

Result<Unit> KafkaSource::check_last_records(std::span<const storage::SourcePosition> positions) {
  std::vector<storage::SourcePosition> to_check;
  for (const storage::SourcePosition& position : positions) {
    if (position.last_offset < 0) continue;
    if (options_.accepted_gaps.contains({position.topic, position.partition})) {
      LENSART_TRY(begin_anew_if_other(position));
    } else {
      to_check.push_back(position);
    }
  }
  return check_kafka_log(options_.client, to_check, options_.patience);
}

/// Of a partition whose gap is accepted: one that was made anew is read from its beginning.
Result<Unit> KafkaSource::begin_anew_if_other(const storage::SourcePosition& position) {
  Partition& partition = partitions_[position.source];
  if (partition.next_offset != position.next_offset) return Unit{};  // it was too short already
  const auto same = check_kafka_log(options_.client, {&position, 1}, options_.patience);
  if (same || same.error().code != Errc::kStateMismatch) return same;
  LENSART_ASSIGN(const OffsetRange range,
                 ask_range(client_, position.topic, position.partition, options_.patience, clock_));
  partition.next_offset = range.begin;
  partition.at_end = range.begin >= range.end;
  return Unit{};
}

Result<Unit> KafkaSource::assign() {
  const KafkaPartitions list(
      rd_kafka_topic_partition_list_new(static_cast<int>(partitions_.size())));
  for (std::uint32_t source = 0; source < partitions_.size(); ++source) {
    if (!partitions_[source].assigned) continue;
    const SourceInfo& info = directory_.at(source);
    rd_kafka_topic_partition_list_add(list.get(), info.topic.c_str(), info.partition)->offset =
        partitions_[source].next_offset;
    partitions_[source].taken_out_to = partitions_[source].next_offset;
  }
  turns_->release();
  if (const auto rc = rd_kafka_assign(client_.get(), list.get());
      rc != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return tl::unexpected(client_.error(rc, "assigning partitions"));
  }
  next_look_for_ends_ = {};
  note_progress(clock_.tick());
  turns_->begin();
  return Unit{};
}

/// Partitions added while we run are picked up without a restart.
Result<bool> KafkaSource::find_new_partitions() {
  auto listed = list_partitions(client_, options_.topics, options_.patience);
  if (!listed) return false;  // passes; the consumer itself reports what does not
  bool any = false;
  for (const auto& [index, partition] : *listed) {
    const std::size_t before = directory_.size();
    const std::uint32_t source = directory_.add(options_.topics[index], partition, index);
    if (directory_.size() == before) continue;
    LENSART_TRY(place(source, nullptr));
    // Their beginning, not where they stood when we noticed.
    any = true;
  }
  if (any) LENSART_TRY(assign());
  return any;
}

std::uint32_t KafkaSource::source_of(const rd_kafka_message_t& message) {
  const std::pair key{static_cast<const rd_kafka_topic_t*>(message.rkt), message.partition};
  if (key == last_handle_.first) return last_handle_.second;
  const auto found = by_handle_.find(key);
  if (found != by_handle_.end()) return (last_handle_ = *found).second;
  const std::string topic = rd_kafka_topic_name(message.rkt);
  const auto at = std::find(options_.topics.begin(), options_.topics.end(), topic);
  const std::uint32_t source = directory_.add(
      topic, message.partition, static_cast<std::uint32_t>(at - options_.topics.begin()));
  by_handle_.emplace(key, source);
  return source;
}

Result<Unit> KafkaSource::take(rd_kafka_message_t& message, RecordBatch& into) {
  if (message.rkt == nullptr) {
    return is_passing(message.err) ? Result<Unit>(Unit{})
                                   : tl::unexpected(client_.error(message.err, "consuming"));
  }
  const std::uint32_t source = source_of(message);
  Partition& partition = partitions_[source];
  if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    // After a new assignment a stale message may still come through.
    if (message.offset < partition.next_offset) return Unit{};
    rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
    const std::int64_t appended = rd_kafka_message_timestamp(&message, &type);
    const bool by_broker = type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME;
    into.add(source, message.offset, by_broker ? appended * 1000 : polled_at_wall_,
             {static_cast<const char*>(message.payload), message.len}, message.payload == nullptr);
    partition.next_offset = message.offset + 1;
    partition.appended_at = into.records.back().appended_at;
    partition.at_end = false;
    return Unit{};
  }
  if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    partition.at_end = true;
    return Unit{};
  }
  if (is_passing(message.err)) return Unit{};
  const SourceInfo& info = directory_.at(source);
  return fail(
      Errc::kStateMismatch,
      fmt::format("{}/{} at offset {}: {}. The topic was truncated or made anew; if that is known, "
                  "`lensart run --accept-gap {}/{}` goes on and records the gap as skipped",
                  info.topic, info.partition, partition.next_offset,
                  rd_kafka_message_errstr(&message), info.topic, info.partition));
}

void KafkaSource::note_taken_out(const rd_kafka_message_t& message) {
  if (message.rkt == nullptr || message.err != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  const std::uint32_t source = source_of(message);
  partitions_[source].taken_out_to = message.offset + 1;
  turns_->on_record(source, rd_kafka_message_timestamp(&message, nullptr), message.len);
}

/// Takes messages out of librdkafka's queue. False: there are none.
bool KafkaSource::take_batch(Tick now) {
  const std::optional<std::size_t> rest = turns_->due();
  if (rest && *rest > polled_.size()) polled_.resize(*rest);
  const std::size_t most = std::max(kPollMessages, rest.value_or(0));
  const ssize_t count = rd_kafka_consume_batch_queue(queue_.get(), 0, polled_.data(), most);
  polled_at_ = 0;
  polled_count_ = static_cast<std::size_t>(std::max<ssize_t>(0, count));
  for (std::size_t i = 0; i < polled_count_; ++i) note_taken_out(*polled_[i]);
  if (rest) turns_->turn();
  if (polled_count_ == 0) turns_->on_empty(now);
  return polled_count_ > 0;
}

Result<Unit> KafkaSource::poll(RecordBatch& into, const PollLimits& limits) {
  // Empty the pipe first: what arrives after this is announced again.
  char announced[64];
  while (::read(wake_read_fd_, announced, sizeof(announced)) > 0) {
  }
  const Tick now = clock_.tick();
  if (now >= next_discovery_ && nudger_->answering()) {
    next_discovery_ = now + kDiscoveryEvery;
    LENSART_TRY(find_new_partitions());
  }
  polled_at_wall_ = clock_.wall().time_since_epoch().count();
  into.bytes.reserve(limits.max_bytes + kUsualRecordBytes + RecordBatch::kPadding);
  Result<Unit> taken = Unit{};
  while (taken && into.records.size() < limits.max_records &&
         into.bytes.size() < limits.max_bytes) {
    if (polled_at_ == polled_count_ && !take_batch(now)) break;
    // What is over stays for the next poll: the sizes are known only now.
    const KafkaMessage message(polled_[polled_at_++]);
    taken = take(*message, into);
  }
  taken_bytes_ += into.bytes.size();
  if (taken_bytes_ >= options_.prefetch_bytes / 2 && !turns_->awaits_turn()) {
    taken_bytes_ = 0;
    turns_->nudge();
  }
  note_progress(now);
  return taken;
}

/// Once a poll.
void KafkaSource::note_progress(Tick now) {
  const bool look_for_ends = now >= next_look_for_ends_;
  if (look_for_ends) next_look_for_ends_ = now + kLookForEndsEvery;
  for (std::uint32_t source = 0; source < partitions_.size(); ++source) {
    const Partition& partition = partitions_[source];
    progress_.note_place(source, partition.next_offset, partition.appended_at);
    if (!look_for_ends) continue;
    std::int64_t low = 0;
    std::int64_t high = 0;
    const SourceInfo& info = directory_.at(source);
    rd_kafka_get_watermark_offsets(client_.get(), info.topic.c_str(), info.partition, &low, &high);
    progress_.note_end(source, std::max(high, partition.end_at_start));
  }
}

/// By source. One that was told to be at its end has nothing for us, whatever its last offset is:
/// what lies behind it belongs to a transaction, or is gone.
std::vector<std::int64_t> KafkaSource::behind() const {
  std::vector<std::int64_t> behind(partitions_.size(), 0);
  for (std::uint32_t source = 0; source < partitions_.size(); ++source) {
    const Partition& partition = partitions_[source];
    if (!partition.assigned || partition.at_end) continue;
    behind[source] = progress_.end(source) - partition.taken_out_to;
  }
  return behind;
}

/// Of what is paused it is not known.
bool KafkaSource::at_end(std::uint32_t source) const {
  return source < partitions_.size() && partitions_[source].at_end && !turns_->is_paused(source) &&
         nudger_->answering();
}

bool KafkaSource::at_start_end(std::uint32_t source) const {
  if (source >= partitions_.size()) return false;
  const Partition& partition = partitions_[source];
  return partition.next_offset >= partition.end_at_start || partition.at_end;
}

bool KafkaSource::reached_start_end() const {
  for (std::uint32_t source = 0; source < partitions_.size(); ++source) {
    if (!at_start_end(source)) return false;
  }
  return true;
}

void KafkaSource::report_committed(std::span<const storage::SourcePosition> positions) {
  const KafkaPartitions list(rd_kafka_topic_partition_list_new(static_cast<int>(positions.size())));
  for (const storage::SourcePosition& position : positions) {
    rd_kafka_topic_partition_list_add(list.get(), position.topic.c_str(), position.partition)
        ->offset = position.next_offset;
  }
  if (list->cnt > 0) rd_kafka_commit(client_.get(), list.get(), 1);
}

std::string KafkaSource::trouble() const {
  if (const auto fatal = client_.check_fatal(); !fatal) return fatal.error().message;
  if (nudger_->answering()) return {};
  return fmt::format(
      "Kafka does not answer at kafka.brokers = \"{}\"; reading goes on when it does",
      client_.brokers());
}

}  // namespace lensart::nodes
