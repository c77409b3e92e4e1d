#include "storage/state_store.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "storage/codec.hpp"
#include "storage/failpoint.hpp"
#include "storage/state_format.hpp"

namespace lensart::storage {

namespace {

constexpr std::string_view kMetaKey = "meta";
constexpr std::string_view kBindingKey = "binding";

std::string source_key(std::uint32_t source) {
  std::string key;
  append_key(key, source);
  return key;
}

/// What an epoch's chunks and their keys must amount to. A chunk's own checksum knows neither its
/// key nor its neighbours, and LMDB's pages have none: a lost chunk would be lost without a sound.
class OutboxDigest {
 public:
  void add(std::string_view key, std::string_view chunk) {
    seen_.append(key);
    ByteWriter(seen_).number(static_cast<std::uint64_t>(chunk.size()));
    // The end is the chunk's checksum.
    seen_.append(chunk.substr(chunk.size() - std::min<std::size_t>(chunk.size(), 4)));
  }
  std::uint64_t value() const { return XXH3_64bits(seen_.data(), seen_.size()); }

 private:
  std::string seen_;
};

EpochId chain_id(const EpochId& previous, const Incarnation& incarnation,
                 const EpochCommit& epoch) {
  XXH3_state_t* state = XXH3_createState();
  XXH3_128bits_reset(state);
  const auto add = [state](std::string_view bytes) {
    XXH3_128bits_update(state, bytes.data(), bytes.size());
  };
  add(previous.view());
  add(incarnation.view());
  add(epoch.offsets_json);
  for (const ChangeSet& set : epoch.changes) {
    for (const std::string& block : set.blocks) add(block);
  }
  for (const OutboxChunk& chunk : epoch.chunks) add(chunk.bytes);
  const XXH128_canonical_t canonical = [&] {
    XXH128_canonical_t out;
    XXH128_canonicalFromHash(&out, XXH3_128bits_digest(state));
    return out;
  }();
  XXH3_freeState(state);
  EpochId id;
  std::memcpy(id.bytes.data(), canonical.digest, sizeof(canonical.digest));
  return id;
}

}  // namespace

Result<std::unique_ptr<StateStore>> StateStore::open(const StateStoreOptions& options) {
  std::unique_ptr<StateStore> self(new StateStore());
  if (!options.read_only) {
    LENSART_ASSIGN(DirectoryLock lock, DirectoryLock::take(options.directory));
    self->lock_.emplace(std::move(lock));
  }
  LENSART_TRY(self->load(options));
  return self;
}

StateStore::~StateStore() { environment_.reset(); }

Result<Unit> StateStore::load(const StateStoreOptions& options) {
  EnvironmentOptions environment;
  environment.directory = options.directory;
  environment.max_size_bytes = options.max_size_bytes;
  environment.read_only = options.read_only;
  LENSART_ASSIGN(environment_, Environment::open(environment));
  LENSART_TRY(environment_->open_all_tables());
  LENSART_ASSIGN(meta_table_, environment_->table("meta"));
  LENSART_ASSIGN(chain_table_, environment_->table("chain"));
  LENSART_ASSIGN(positions_table_, environment_->table("positions"));
  LENSART_ASSIGN(outbox_table_, environment_->table("outbox"));
  std::optional<std::string> meta;
  {
    LENSART_ASSIGN(auto txn, environment_->read());
    LENSART_ASSIGN(const auto value, txn.get(meta_table_, kMetaKey));
    if (value) meta = std::string(*value);
  }
  if (!meta) {
    LENSART_TRY(check_fresh());
    if (options.read_only)
      return fail(Errc::kStateFailed, options.directory + " holds no state yet");
    LENSART_TRY(create(options));
  } else {
    LENSART_TRY(check_meta(*meta, options));
  }
  LENSART_TRY(load_chain());
  LENSART_TRY(check_outbox());
  log_.emplace(environment_->logged_tables(), options.log_bytes);
  LENSART_TRY(load_log());
  return load_positions();
}

Result<Unit> StateStore::load_log() {
  if (environment_->logged_tables().trees().empty()) return Unit{};
  LENSART_ASSIGN(const auto txn, environment_->read());
  return log_->load(txn);
}

/// A state without its meta record must not be taken for a new one.
Result<Unit> StateStore::check_fresh() const {
  LENSART_ASSIGN(auto txn, environment_->read());
  std::uint64_t entries = 0;
  for (const Table table : {meta_table_, chain_table_, positions_table_, outbox_table_}) {
    LENSART_ASSIGN(const std::uint64_t count, txn.count(table));
    entries += count;
  }
  if (entries == 0) return Unit{};
  return fail(Errc::kStateCorrupt,
              "the state's meta record is gone; restore a backup or run "
              "`lensart state adopt`");
}

Result<Unit> StateStore::create(const StateStoreOptions& options) {
  StateMeta meta;
  meta.pipeline = options.pipeline;
  meta.fingerprint = options.fingerprint;
  const EpochId random = random_epoch_id();
  std::memcpy(&meta.hash_seed, random.bytes.data(), sizeof(meta.hash_seed));
  hash_seed_ = meta.hash_seed;
  ChainRecord first;
  first.id = random_epoch_id();
  first.offsets_json = "{}";
  if (options.begins_at) first = *options.begins_at;
  return environment_->write([&](WriteTransaction& txn) -> Result<Unit> {
    LENSART_TRY(txn.put(chain_table_, key_of(first.number), encode(first)));
    for (const SourcePosition& position : options.begins_positions) {
      LENSART_TRY(txn.put(positions_table_, source_key(position.source), encode(position)));
    }
    return txn.put(meta_table_, kMetaKey, encode(meta));
  });
}

Result<Unit> StateStore::check_meta(std::string_view value, const StateStoreOptions& options) {
  const auto meta = decode_meta(value);
  if (!meta) return fail(Errc::kStateCorrupt, "the state's meta record is damaged (checksum)");
  if (meta->format > kStateFormat) {
    return fail(Errc::kStateMismatch,
                fmt::format("the state has format {}, newer than this program knows ({}); use the "
                            "program that wrote it, or a newer one",
                            meta->format, kStateFormat));
  }
  if (meta->pipeline != options.pipeline) {
    return fail(
        Errc::kStateMismatch,
        fmt::format("state.directory = \"{}\" belongs to pipeline.name = \"{}\", not to \"{}\"; "
                    "give each pipeline a directory of its own",
                    options.directory, meta->pipeline, options.pipeline));
  }
  if (!options.fingerprint.empty() && meta->fingerprint != options.fingerprint) {
    return fail(
        Errc::kStateMismatch,
        "a setting that enters a table (jobs, maps, ranks, zone, lateness, gaps, stuck_after) "
        "differs from the one this state was made with; `lensart rebuild` makes the tables "
        "anew under the new settings, or set the old value again");
  }
  hash_seed_ = meta->hash_seed;
  return meta->format == kStateFormat || options.read_only ? Unit{} : migrate(*meta);
}

/// Format 1 had no log, format 2 no merged segments of ids, format 3 no status writes in an order's
/// own value, format 4 no sort keys that stand for several: a state without any says the same.
/// Format 5 had no grouped places: they are grouped when their tree is opened. Format 6 had numbers
/// and texts in their long form, which is read as before.
Result<Unit> StateStore::migrate(const StateMeta& meta) {
  StateMeta now = meta;
  now.format = kStateFormat;
  return environment_->write(
      [&](WriteTransaction& txn) { return txn.put(meta_table_, kMetaKey, encode(now)); });
}

Result<Unit> StateStore::load_chain() {
  LENSART_ASSIGN(auto txn, environment_->read());
  bool damaged = false;
  LENSART_TRY(txn.scan(chain_table_, "", [&](std::string_view key, std::string_view value) {
    const bool whole_key = key.size() == sizeof(EpochNumber);
    const auto record = decode_chain_record(whole_key ? key_to_u64(key) : 0, value);
    damaged =
        !whole_key || !record || (!chain_.empty() && record->number != chain_.back().number + 1);
    if (!damaged) chain_.push_back(*record);
    return !damaged;
  }));
  if (damaged || chain_.empty()) {
    return fail(Errc::kStateCorrupt,
                "the state's chain of epochs is damaged; restore a backup or run "
                "`lensart state adopt`");
  }
  trimmed_to_ = chain_.front().number;
  LENSART_ASSIGN(const auto binding, txn.get(meta_table_, kBindingKey));
  if (binding) {
    binding_ = decode_binding(*binding);
  }
  LENSART_ASSIGN(const std::uint64_t records, txn.count(meta_table_));
  if (records != (binding_ ? 2U : 1U)) {
    return fail(Errc::kStateCorrupt,
                "the state's binding record is damaged; restore a backup or "
                "run `lensart state adopt`");
  }
  return Unit{};
}

Result<Unit> StateStore::check_outbox() const {
  std::map<EpochNumber, OutboxDigest> found;
  bool damaged = false;
  {
    LENSART_ASSIGN(auto txn, environment_->read());
    LENSART_TRY(txn.scan(outbox_table_, "", [&](std::string_view key, std::string_view chunk) {
      damaged = key.size() != outbox_key(0, 0, 0).size();
      if (!damaged) found[key_to_u64(key)].add(key, chunk);
      return !damaged;
    }));
  }
  // Of the oldest epoch only the record is kept.
  damaged = damaged || (!found.empty() && found.begin()->first <= trimmed_to_);
  for (const ChainRecord& record : chain_) {
    if (record.number <= trimmed_to_) continue;
    damaged = damaged || found[record.number].value() != record.outbox_digest;
  }
  if (!damaged && (found.empty() || found.rbegin()->first <= chain_.back().number)) return Unit{};
  return fail(Errc::kStateCorrupt,
              "the state's outbox is damaged (chunks are missing or misplaced); restore a backup "
              "or run `lensart state adopt`");
}

Result<std::vector<SourcePosition>> StateStore::positions(const ReadTransaction& txn) const {
  std::vector<SourcePosition> found;
  bool damaged = false;
  LENSART_TRY(txn.scan(positions_table_, "", [&](std::string_view key, std::string_view value) {
    const auto source = static_cast<std::uint32_t>(found.size());
    const auto position = decode_position(source, value);
    damaged = !position || key != source_key(source);
    if (!damaged) found.push_back(*position);
    return !damaged;
  }));
  if (damaged) return fail(Errc::kStateCorrupt, "the state's source positions are damaged");
  return found;
}

Result<Unit> StateStore::load_positions() {
  LENSART_ASSIGN(const auto txn, environment_->read());
  LENSART_ASSIGN(positions_, positions(txn));
  return Unit{};
}

Result<ChainRecord> StateStore::newest_epoch(const ReadTransaction& txn) const {
  LENSART_ASSIGN(const auto key, txn.last_key(chain_table_));
  if (key) {
    LENSART_ASSIGN(const auto value, txn.get(chain_table_, *key));
    if (const auto record = decode_chain_record(key_to_u64(*key), value.value_or(""))) {
      return *record;
    }
  }
  return fail(Errc::kStateCorrupt, "the newest epoch of the state's chain is damaged");
}

Result<Unit> StateStore::bind(const Binding& binding) {
  LENSART_TRY(environment_->write(
      [&](WriteTransaction& txn) { return txn.put(meta_table_, kBindingKey, encode(binding)); }));
  binding_ = binding;
  return Unit{};
}

Result<Unit> StateStore::trim(WriteTransaction& txn, EpochNumber target) {
  LENSART_TRY(txn.erase_range(outbox_table_, "", key_of(target + 1)));
  LENSART_TRY(txn.erase_range(chain_table_, "", key_of(target)));
  return Unit{};
}

void StateStore::forget_chain_before(EpochNumber number) {
  const auto keep = std::find_if(chain_.begin(), chain_.end(), [number](const ChainRecord& record) {
    return record.number >= number;
  });
  chain_.erase(chain_.begin(), keep);
  trimmed_to_ = number;
}

Result<Unit> StateStore::trim_now() {
  const EpochNumber target = trim_target_.load(std::memory_order_acquire);
  if (target <= trimmed_to_) return Unit{};
  LENSART_TRY(environment_->write([&](WriteTransaction& txn) { return trim(txn, target); }));
  forget_chain_before(target);
  return Unit{};
}

/// Sorted by tree: those of one lie side by side.
Result<FoldProgress> StateStore::write_changes(WriteTransaction& txn,
                                               std::span<const StateChange> changes) const {
  std::vector<StateChange> logged;
  for (const StateChange& change : changes) {
    if (environment_->logged_tables().contains(change.table)) {
      logged.push_back(change);
    } else if (change.value) {
      LENSART_TRY(txn.put_sorted(change.table, change.key, *change.value));
    } else {
      LENSART_TRY(txn.erase(change.table, change.key));
    }
  }
  return log_->write(txn, logged);
}

Result<ChainRecord> StateStore::commit(const EpochCommit& epoch, const Incarnation& incarnation) {
  ChainRecord record;
  record.number = epoch.number;
  record.id = chain_id(chain_.back().id, incarnation, epoch);
  record.watermark = epoch.watermark;
  record.timer_clock = epoch.timer_clock;
  record.judged_by = epoch.judged_by;
  record.offsets_json = epoch.offsets_json;
  record.records = epoch.records;
  std::vector<std::string> keys;
  OutboxDigest digest;
  for (const OutboxChunk& chunk : epoch.chunks) {  // sorted by lane, so the keys ascend
    keys.push_back(outbox_key(epoch.number, chunk.lane, static_cast<std::uint32_t>(keys.size())));
    digest.add(keys.back(), chunk.bytes);
    record.outbox_bytes += chunk.bytes.size();
  }
  record.outbox_digest = digest.value();
  const std::vector<StateChange> changes = sorted_changes(epoch.changes);
  FoldProgress grown;
  const EpochNumber trim_target = trim_target_.load(std::memory_order_acquire);
  LENSART_FAILPOINT("commit.before");
  LENSART_TRY(environment_->write([&](WriteTransaction& txn) -> Result<Unit> {
    if (trim_target > trimmed_to_) LENSART_TRY(trim(txn, trim_target));
    LENSART_ASSIGN(grown, write_changes(txn, changes));
    for (const SourcePosition& position : epoch.positions) {
      LENSART_TRY(txn.put(positions_table_, source_key(position.source), encode(position)));
    }
    LENSART_FAILPOINT("commit.inside");
    for (std::size_t i = 0; i < keys.size(); ++i) {
      LENSART_TRY(txn.append(outbox_table_, keys[i], epoch.chunks[i].bytes));
    }
    return txn.append(chain_table_, key_of(epoch.number), encode(record));
  }));
  LENSART_FAILPOINT("commit.after");
  log_->advance(std::move(grown));
  if (trim_target > trimmed_to_) forget_chain_before(trim_target);
  chain_.push_back(record);
  return record;
}

Result<Unit> StateStore::fold() {
  while (log_->is_folding_due()) {
    FoldProgress folded;
    LENSART_TRY(environment_->write([&](WriteTransaction& txn) -> Result<Unit> {
      LENSART_ASSIGN(folded, log_->fold(txn));
      return Unit{};
    }));
    log_->advance(std::move(folded));
  }
  return Unit{};
}

Result<Unit> StateStore::for_each_chunk(
    int lane, EpochNumber from, EpochNumber to,
    const std::function<Result<Unit>(std::string_view)>& visit) const {
  for (EpochNumber epoch = from + 1; epoch <= to; ++epoch) {
    std::string key = outbox_key(epoch, static_cast<std::uint8_t>(lane), 0);
    const std::string prefix = key.substr(0, 9);
    std::string chunk;
    for (bool more = true; more;) {
      // A short transaction a chunk: the copy is what may be slow to go out.
      more = false;
      LENSART_ASSIGN(auto txn, environment_->read());
      LENSART_TRY(txn.scan(outbox_table_, key, [&](std::string_view found, std::string_view value) {
        if (found.starts_with(prefix)) {
          more = true;
          chunk.assign(value);
          key.assign(found);
          key.push_back('\0');  // the next key after this one
        }
        return false;
      }));
      txn.reset();
      if (more) LENSART_TRY(visit(chunk));
    }
  }
  return Unit{};
}

}  // namespace lensart::storage
