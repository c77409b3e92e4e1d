/// The committer: one thread that makes closed epochs durable, one LMDB transaction each.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "graph/clock.hpp"
#include "nodes/epoch_draft.hpp"
#include "storage/id_index.hpp"
#include "storage/state_store.hpp"

namespace lensart::nodes {

struct CommitFigures {
  std::uint64_t epochs = 0;
  std::uint64_t records = 0;
  std::uint64_t outbox_bytes = 0;
  double seconds = 0;  ///< inside commits
};

/// Threads: `submit` from the closing node; the callbacks run on the committer's thread.
class Committer {
 public:
  struct Callbacks {
    /// Durable: the sink's turn. Then credits go back.
    std::function<void(const storage::ChainRecord&, const EpochDraft&)> on_durable;
    std::function<void(const Error&)> on_stop;
  };
  Committer(storage::StateStore& store, storage::IdIndex& ids, const Clock& clock,
            const storage::Incarnation& incarnation, Callbacks callbacks);
  ~Committer();

  /// Takes a closed epoch. At most one is under way, as the next is not cut before it is durable.
  void submit(std::shared_ptr<EpochDraft> draft);
  void stop();
  CommitFigures figures() const;

 private:
  void work();
  Result<storage::ChainRecord> commit(EpochDraft& draft);
  Result<Unit> tidy_up(const EpochDraft& draft);

  storage::StateStore& store_;
  storage::IdIndex& ids_;
  const Clock& clock_;
  storage::Incarnation incarnation_;
  Callbacks callbacks_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<EpochDraft>> waiting_;
  CommitFigures figures_;
  bool stopping_ = false;
  std::thread thread_;
};

/// {"topic": {"0": 12}} for pipeline_epochs.offsets.
std::string offsets_json(const std::vector<storage::SourcePosition>& positions);

}  // namespace lensart::nodes
