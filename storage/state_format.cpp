#include "storage/state_format.hpp"

#include "storage/codec.hpp"

namespace lensart::storage {

namespace {

constexpr std::uint8_t kVersion = 1;

void write_instant(ByteWriter& writer, const std::optional<Instant>& instant) {
  writer.number(static_cast<std::uint8_t>(instant ? 1 : 0));
  writer.number(static_cast<std::int64_t>(instant ? instant->time_since_epoch().count() : 0));
}

std::optional<Instant> read_instant(ByteReader& reader) {
  const bool present = reader.number<std::uint8_t>() != 0;
  const Instant instant{std::chrono::microseconds(reader.number<std::int64_t>())};
  return present ? std::optional(instant) : std::nullopt;
}

}  // namespace

std::string encode(const StateMeta& meta) {
  std::string out;
  ByteWriter writer(out);
  writer.number(meta.format);
  writer.text(meta.pipeline);
  writer.text(meta.fingerprint);
  writer.number(meta.hash_seed);
  return seal(kVersion, out);
}

std::optional<StateMeta> decode_meta(std::string_view value) {
  const Unsealed unsealed = unseal(kVersion, value);
  ByteReader reader(unsealed.value);
  StateMeta meta;
  meta.format = reader.number<std::uint32_t>();
  meta.pipeline = reader.text();
  meta.fingerprint = reader.text();
  meta.hash_seed = reader.number<std::uint64_t>();
  if (!unsealed.ok || !reader.ok()) return std::nullopt;
  return meta;
}

std::string encode(const Binding& binding) {
  std::string out;
  ByteWriter writer(out);
  writer.text(binding.kafka_cluster_id);
  writer.text(binding.database_system_id);
  writer.number(binding.database_timeline);
  return seal(kVersion, out);
}

std::optional<Binding> decode_binding(std::string_view value) {
  const Unsealed unsealed = unseal(kVersion, value);
  ByteReader reader(unsealed.value);
  Binding binding;
  binding.kafka_cluster_id = reader.text();
  binding.database_system_id = reader.text();
  binding.database_timeline = reader.number<std::int64_t>();
  if (!unsealed.ok || !reader.ok()) return std::nullopt;
  return binding;
}

std::string encode(const ChainRecord& record) {
  std::string out;
  ByteWriter writer(out);
  writer.raw(record.id.view());
  write_instant(writer, record.watermark);
  write_instant(writer, record.timer_clock);
  write_instant(writer, record.judged_by);
  writer.number(record.outbox_bytes);
  writer.number(record.outbox_digest);
  writer.number(record.records);
  writer.text(record.offsets_json);
  return seal(kVersion, out);
}

std::optional<ChainRecord> decode_chain_record(EpochNumber number, std::string_view value) {
  const Unsealed unsealed = unseal(kVersion, value);
  ByteReader reader(unsealed.value);
  ChainRecord record;
  record.number = number;
  const auto id = EpochId::from(reader.raw(16));
  record.watermark = read_instant(reader);
  record.timer_clock = read_instant(reader);
  record.judged_by = read_instant(reader);
  record.outbox_bytes = reader.number<std::uint64_t>();
  record.outbox_digest = reader.number<std::uint64_t>();
  record.records = reader.number<std::uint64_t>();
  record.offsets_json = reader.text();
  if (!unsealed.ok || !reader.ok() || !id) return std::nullopt;
  record.id = *id;
  return record;
}

std::string encode(const SourcePosition& position) {
  std::string out;
  ByteWriter writer(out);
  writer.text(position.topic);
  writer.number(position.partition);
  writer.number(position.next_offset);
  writer.number(position.last_offset);
  writer.number(position.last_hash);
  write_instant(writer, position.highest);
  return seal(kVersion, out);
}

std::optional<SourcePosition> decode_position(std::uint32_t source, std::string_view value) {
  const Unsealed unsealed = unseal(kVersion, value);
  ByteReader reader(unsealed.value);
  SourcePosition position;
  position.source = source;
  position.topic = reader.text();
  position.partition = reader.number<std::int32_t>();
  position.next_offset = reader.number<std::int64_t>();
  position.last_offset = reader.number<std::int64_t>();
  position.last_hash = reader.number<std::uint64_t>();
  position.highest = read_instant(reader);
  if (!unsealed.ok || !reader.ok()) return std::nullopt;
  return position;
}

std::string outbox_key(EpochNumber epoch, std::uint8_t lane, std::uint32_t chunk) {
  std::string key;
  append_key(key, epoch);
  key.push_back(static_cast<char>(lane));
  append_key(key, chunk);
  return key;
}

}  // namespace lensart::storage
