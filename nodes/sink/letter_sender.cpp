#include "nodes/sink/letter_sender.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "storage/failpoint.hpp"

namespace lensart::nodes {

namespace {

constexpr int kRowsAtOnce = 500;
constexpr int kBytesAtOnce = 8 << 20;
constexpr std::size_t kCutToBytes = 256 * 1024;  // of a letter that the topic does not take whole
constexpr auto kFlushPatience = std::chrono::seconds(10);
constexpr auto kRetireEvery = std::chrono::hours(1);

/// A text[] literal.
std::string array_of(const std::vector<std::string>& items) {
  std::string out = "{";
  for (const std::string& item : items) {
    if (out.size() > 1) out += ',';
    out += '"';
    for (const char c : item) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  return out + "}";
}

std::string from_hex(std::string_view text) {  // \x0123…
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string out;
  for (std::size_t i = 2; i + 1 < text.size(); i += 2) {
    out.push_back(static_cast<char>(digit(text[i]) * 16 + digit(text[i + 1])));
  }
  return out;
}

}  // namespace

LetterSender::LetterSender(LetterSenderOptions options, std::function<void(const std::string&)> log)
    : options_(std::move(options)), log_(std::move(log)), thread_([this] { work(); }) {}

LetterSender::~LetterSender() { stop(); }

void LetterSender::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void LetterSender::wake() {
  {
    const std::lock_guard lock(mutex_);
    wanted_ = true;
    all_sent_ = false;
  }
  changed_.notify_all();
}

LetterStatus LetterSender::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

bool LetterSender::wait_sent(std::chrono::milliseconds at_most) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, at_most, [this] { return all_sent_ || stopping_; }) && all_sent_;
}

void LetterSender::work() {
  auto next_retirement = std::chrono::steady_clock::now();
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      const bool in_trouble = !status_.trouble.empty();
      changed_.wait_for(lock, in_trouble ? options_.retry : std::chrono::milliseconds(60'000),
                        [&] { return stopping_ || (wanted_ && !in_trouble); });
      if (stopping_) return;
      wanted_ = false;
    }
    Result<bool> more = true;
    while (more && *more) more = send_some();
    if (more && std::chrono::steady_clock::now() >= next_retirement) {
      next_retirement = std::chrono::steady_clock::now() + kRetireEvery;
      if (auto retired = retire(); !retired) more = tl::unexpected(retired.error());
    }
    bool fresh = false;
    {
      const std::lock_guard lock(mutex_);
      fresh = !more && status_.trouble.empty();
      status_.trouble = more ? "" : more.error().message;
      all_sent_ = more && !wanted_;
      if (!more) wanted_ = true;
    }
    changed_.notify_all();
    if (!more && connection_ && connection_->lost()) connection_.reset();
    if (fresh) log_("dead letters wait for their topic, retrying: " + more.error().message);
  }
}

Result<Unit> LetterSender::ensure_open() {
  if (!connection_) {
    LENSART_ASSIGN(storage::Connection opened, storage::Connection::open(options_.connection));
    LENSART_TRY(
        opened.run("SET synchronous_commit = on; SET lock_timeout = '5s'; "
                   "SET statement_timeout = '60s'; SET client_min_messages = warning"));
    connection_.emplace(std::move(opened));
  }
  if (producer_) return Unit{};
  ProducerOptions producer;
  producer.client = options_.kafka;
  producer.delivery_timeout = kFlushPatience;
  producer.on_delivery = [this](const Delivery& delivery) {
    if (in_flight_ == nullptr || delivery.tag >= in_flight_->size()) return;
    Row& row = (*in_flight_)[delivery.tag];
    row.acknowledged = row.acknowledged || delivery.acknowledged;
    row.too_large = row.too_large || delivery.too_large;
  };
  LENSART_ASSIGN(producer_, Producer::open(std::move(producer)));
  return Unit{};
}

Result<std::vector<LetterSender::Row>> LetterSender::read_unsent() {
  LENSART_ASSIGN(
      const storage::Rows found,
      connection_->query(fmt::format(
          "SELECT topic, partition, \"offset\", code, field, message, event_id, payload FROM "
          "(SELECT *, "
          "sum(octet_length(payload)) OVER (ORDER BY topic, partition, \"offset\", code, field) AS "
          "running "
          "FROM (SELECT * FROM {}.dead_letters WHERE sent_at IS NULL ORDER BY topic, partition, "
          "\"offset\" LIMIT {}) AS oldest) AS sized WHERE coalesce(running - "
          "octet_length(payload), 0) < {}",
          storage::quoted_identifier(options_.schema), kRowsAtOnce, kBytesAtOnce)));
  std::vector<Row> rows;
  for (int i = 0; i < found.count(); ++i) {
    Row& row = rows.emplace_back();
    row.topic = found.text(i, 0);
    row.partition = found.text(i, 1);
    row.offset = found.text(i, 2);
    row.code = found.text(i, 3);
    row.field = found.text(i, 4);
    row.message = found.text(i, 5);
    if (!found.null(i, 6)) row.event_id = found.text(i, 6);
    row.null_payload = found.null(i, 7);
    if (!row.null_payload) row.payload = from_hex(found.text(i, 7));
  }
  return rows;
}

Result<Unit> LetterSender::enqueue(Row& row, std::uint64_t tag, std::size_t keep_bytes) {
  const std::string key = row.topic + "/" + row.partition + "/" + row.offset;
  const std::string full_size = std::to_string(row.payload.size());
  std::vector<Header> headers{{"code", row.code}, {"message", row.message}, {"field", row.field}};
  if (row.event_id) headers.push_back({"event_id", *row.event_id});
  const bool cut = row.payload.size() > keep_bytes;
  if (cut) headers.push_back({"truncated_from_bytes", full_size});
  OutgoingMessage message;
  message.topic = options_.topic;
  message.key = key;
  message.headers = headers;
  if (!row.null_payload) message.payload = std::string_view(row.payload).substr(0, keep_bytes);
  message.tag = tag;
  return producer_->produce(message, kFlushPatience);
}

Result<Unit> LetterSender::produce(std::vector<Row>& rows) {
  in_flight_ = &rows;
  Result<Unit> sent = Unit{};
  for (std::size_t i = 0; sent && i < rows.size(); ++i) {
    sent = enqueue(rows[i], i, std::string::npos);
    // The client itself may know that no topic takes it.
    if (!sent && sent.error().code == Errc::kFatal) {
      rows[i].too_large = true;
      sent = Unit{};
    }
  }
  if (sent) sent = producer_->flush(kFlushPatience);
  // Smaller and smaller, until the topic takes it.
  for (std::size_t keep = kCutToBytes; sent && keep >= 256; keep /= 8) {
    bool any = false;
    for (std::size_t i = 0; sent && i < rows.size(); ++i) {
      if (rows[i].acknowledged || !std::exchange(rows[i].too_large, false)) continue;
      any = true;
      sent = enqueue(rows[i], i, keep);
    }
    if (!any) break;
    if (sent) sent = producer_->flush(kFlushPatience);
  }
  in_flight_ = nullptr;
  if (!sent) producer_.reset();  // what is in its queue must not be taken for later rows
  return sent;
}

Result<Unit> LetterSender::mark(const std::vector<Row>& rows) {
  std::vector<std::string> topics, partitions, offsets, codes, fields;
  for (const Row& row : rows) {
    if (!row.acknowledged) continue;
    topics.push_back(row.topic);
    partitions.push_back(row.partition);
    offsets.push_back(row.offset);
    codes.push_back(row.code);
    fields.push_back(row.field);
  }
  if (topics.empty()) return Unit{};
  LENSART_FAILPOINT("letters.mark");
  LENSART_TRY(connection_->query(
      fmt::format(
          "UPDATE {}.dead_letters d SET sent_at = now() FROM unnest($1::text[], $2::bigint[], "
          "$3::bigint[], $4::text[], $5::text[]) AS s(topic, partition, \"offset\", code, field) "
          "WHERE d.topic = s.topic AND d.partition = s.partition AND d.\"offset\" = s.\"offset\" "
          "AND d.code = s.code AND d.field = s.field",
          storage::quoted_identifier(options_.schema)),
      {array_of(topics), array_of(partitions), array_of(offsets), array_of(codes),
       array_of(fields)}));
  const std::lock_guard lock(mutex_);
  status_.sent += topics.size();
  return Unit{};
}

/// True when there may be more.
Result<bool> LetterSender::send_some() {
  LENSART_TRY(ensure_open());
  LENSART_ASSIGN(std::vector<Row> rows, read_unsent());
  if (rows.empty()) return false;
  const Result<Unit> produced = produce(rows);
  LENSART_TRY(mark(rows));
  LENSART_TRY(produced);
  const bool all =
      std::all_of(rows.begin(), rows.end(), [](const Row& row) { return row.acknowledged; });
  if (all) return true;
  return fail(
      Errc::kBrokerDown,
      fmt::format("topic \"{}\" did not take every letter (kafka.dlq_topic); run `lensart init` "
                  "if it is missing",
                  options_.topic));
}

Result<Unit> LetterSender::retire() {
  LENSART_TRY(connection_->query(
      fmt::format("DELETE FROM {}.dead_letters WHERE sent_at IS NOT NULL AND occurred_at < now() - "
                  "make_interval(hours => $1::int)",
                  storage::quoted_identifier(options_.schema)),
      {std::to_string(options_.retention.count())}));
  return Unit{};
}

}  // namespace lensart::nodes
