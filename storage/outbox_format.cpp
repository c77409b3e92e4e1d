#include "storage/outbox_format.hpp"

namespace lensart::storage {

std::string& ChunkBuilder::begin(std::uint8_t table, EntryKind kind, Origin origin) {
  if (open_.empty()) {
    open_.reserve(kOutboxChunkBytes + 4096);
    open_.push_back(static_cast<char>(kOutboxVersion));
  }
  ByteWriter writer(open_);
  writer.number(table);
  writer.number(static_cast<std::uint8_t>(kind));
  writer.number(origin.source);
  writer.number(origin.offset);
  length_at_ = open_.size();
  writer.number(std::uint32_t{0});
  return open_;
}

void ChunkBuilder::end() {
  const auto length = static_cast<std::uint32_t>(open_.size() - length_at_ - sizeof(std::uint32_t));
  std::memcpy(open_.data() + length_at_, &length, sizeof(length));
  if (open_.size() >= kOutboxChunkBytes) close_chunk();
}

void ChunkBuilder::close_chunk() {
  if (open_.empty()) return;
  seal_in_place(open_);
  bytes_ += open_.size();
  chunks_.push_back(std::move(open_));
  open_.clear();
}

std::vector<std::string> ChunkBuilder::take() {
  close_chunk();
  bytes_ = 0;
  return std::exchange(chunks_, {});
}

}  // namespace lensart::storage
