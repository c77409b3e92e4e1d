#include "nodes/sink/committer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace lensart::nodes {

std::string offsets_json(const std::vector<storage::SourcePosition>& positions) {
  std::map<std::string_view, std::map<std::int32_t, std::int64_t>> topics;
  for (const auto& position : positions)
    topics[position.topic][position.partition] = position.next_offset;
  std::string out = "{";
  for (const auto& [topic, partitions] : topics) {
    // Kafka allows letters, digits, '.', '_' and '-' in a topic's name: nothing to escape.
    out += fmt::format("{}\"{}\":{{", out.size() > 1 ? "," : "", topic);
    bool first = true;
    for (const auto& [partition, offset] : partitions) {
      out += fmt::format("{}\"{}\":{}", first ? "" : ",", partition, offset);
      first = false;
    }
    out += "}";
  }
  return out + "}";
}

Committer::Committer(storage::StateStore& store, storage::IdIndex& ids, const Clock& clock,
                     const storage::Incarnation& incarnation, Callbacks callbacks)
    : store_(store),
      ids_(ids),
      clock_(clock),
      incarnation_(incarnation),
      callbacks_(std::move(callbacks)),
      thread_([this] { work(); }) {}

Committer::~Committer() { stop(); }

void Committer::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Committer::submit(std::shared_ptr<EpochDraft> draft) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(draft));
  }
  changed_.notify_all();
}

CommitFigures Committer::figures() const {
  const std::lock_guard lock(mutex_);
  return figures_;
}

Result<storage::ChainRecord> Committer::commit(EpochDraft& draft) {
  storage::EpochCommit epoch;
  epoch.number = draft.number;
  epoch.records = draft.records;
  epoch.watermark = draft.watermark;
  epoch.timer_clock = draft.timer_clock;
  epoch.judged_by = draft.judged_by;
  epoch.offsets_json = offsets_json(draft.positions);
  epoch.positions = std::move(draft.positions);
  for (LaneOutput& output : draft.outputs) {
    epoch.changes.push_back(std::move(output.changes));
    for (storage::OutboxChunk& chunk : output.chunks) epoch.chunks.push_back(std::move(chunk));
  }
  draft.outputs.clear();
  std::stable_sort(epoch.chunks.begin(), epoch.chunks.end(),
                   [](const auto& a, const auto& b) { return a.lane < b.lane; });
  return store_.commit(epoch, incarnation_);
}

/// What the state needs now and then: nobody waits for it but the next epoch.
Result<Unit> Committer::tidy_up(const EpochDraft& draft) {
  if (draft.freeze_ids) LENSART_TRY(ids_.seal(draft.number));
  LENSART_TRY(ids_.merge_some(draft.records));
  return store_.fold();
}

void Committer::work() {
  for (;;) {
    std::shared_ptr<EpochDraft> draft;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      draft = std::move(waiting_.front());
      waiting_.pop_front();
    }
    const Tick began = clock_.tick();
    auto record = commit(*draft);
    if (!record) return callbacks_.on_stop(record.error());
    {
      const std::lock_guard lock(mutex_);
      ++figures_.epochs;
      figures_.records += draft->records;
      figures_.outbox_bytes += record->outbox_bytes;
      figures_.seconds += std::chrono::duration<double>(clock_.tick() - began).count();
    }
    callbacks_.on_durable(*record, *draft);
    if (auto tidied = tidy_up(*draft); !tidied) return callbacks_.on_stop(tidied.error());
  }
}

}  // namespace lensart::nodes
