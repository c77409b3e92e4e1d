#include "storage/lane_group.hpp"

#include <algorithm>
#include <iterator>

#include "storage/row.hpp"

namespace lensart::storage {

namespace {

/// Adds up the numbers of two rows of a kAdd table. Between the key and `first_added` stand the
/// least and the greatest of something.
std::string added(const TableSpec& table, std::string_view a, std::string_view b) {
  ByteReader left(a);
  ByteReader right(b);
  std::string out;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    Cell x = read_cell(table.columns[i].type, left);
    const Cell y = read_cell(table.columns[i].type, right);
    if (i >= table.first_added) {
      x.number += y.number;
    } else if (i == table.key_columns) {
      x.number = std::min(x.number, y.number);
    } else if (i > table.key_columns) {
      x.number = std::max(x.number, y.number);
    }
    append_cell(out, x);
  }
  return out;
}

/// The kind that two changes of one key in a row amount to.
EntryKind merged_kind(const KeyChange& first, EntryKind second) {
  switch (second) {
    case EntryKind::kInsert:
    case EntryKind::kUpdate:
      // What was deleted and is there again still stands in the database, unless it never did.
      return first.was_absent ? EntryKind::kInsert : EntryKind::kUpdate;
    case EntryKind::kReplace:
    case EntryKind::kReplaceNew:
      return first.kind == EntryKind::kReplaceNew ? EntryKind::kReplaceNew : EntryKind::kReplace;
    case EntryKind::kDelete:
    case EntryKind::kAppend:
    case EntryKind::kAdd:
    case EntryKind::kOnce:
      return second;
  }
  return second;
}

}  // namespace

LaneGroup::LaneGroup(const TableRegistry& registry) : registry_(registry) {
  for (const TableSpec& table : registry.tables()) pending_.push_back({&table, {}});
}

void LaneGroup::add(const OutboxEntry& entry) {
  const TableSpec* table = registry_.find(entry.table);
  if (table == nullptr) return;  // refused by load(): the registry never drops a table's id
  KeyChange change;
  change.kind = entry.kind;
  change.was_absent = entry.kind == EntryKind::kInsert;
  change.origin = entry.origin;
  change.key = leading_columns(table->columns, table->key_columns, entry.body);
  if (entry.kind == EntryKind::kReplace || entry.kind == EntryKind::kReplaceNew) {
    ByteReader reader(entry.body.substr(change.key.size()));
    while (reader.ok() && !reader.at_end()) change.rows.push_back(reader.text());
  } else if (entry.kind != EntryKind::kDelete) {
    change.rows.push_back(entry.body);
  }
  pending_[registry_.index_of(entry.table)].entries.push_back(std::move(change));
}

Result<Unit> LaneGroup::load(const StateStore& store, int lane, EpochNumber from, EpochNumber to) {
  return store.for_each_chunk(lane, from, to, [this](std::string_view chunk) -> Result<Unit> {
    LENSART_ASSIGN(std::string entries, entries_of(chunk, registry_));
    const std::string_view kept = keep(std::move(entries));
    bool unknown = false;
    LENSART_TRY(for_each_entry(kept, [&](const OutboxEntry& entry) {
      unknown = unknown || registry_.find(entry.table) == nullptr;
      add(entry);
    }));
    if (unknown) {
      return fail(
          Errc::kStateMismatch,
          "the outbox holds rows of a table this program does not know; use the program that "
          "wrote them, or a newer one");
    }
    return Unit{};
  });
}

std::string_view LaneGroup::keep(std::string bytes) {
  bytes_.push_back(std::make_unique<std::string>(std::move(bytes)));
  return *bytes_.back();
}

void LaneGroup::merge(const TableSpec& table, KeyChange& into, KeyChange&& later) {
  if (table.conflation == Conflation::kOnce) return;  // the first stays
  if (table.conflation == Conflation::kAdd) {
    into.rows[0] = keep(added(table, into.rows[0], later.rows[0]));
    return;
  }
  later.kind = merged_kind(into, later.kind);
  later.was_absent = into.was_absent;
  into = std::move(later);
}

void LaneGroup::conflate(Pending& pending, TableChanges& out) {
  auto& entries = pending.entries;
  if (pending.table->conflation == Conflation::kAppend) {
    out.changes = std::move(entries);
    return;
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const KeyChange& a, const KeyChange& b) { return a.key < b.key; });
  for (KeyChange& entry : entries) {
    if (!out.changes.empty() && out.changes.back().key == entry.key) {
      merge(*pending.table, out.changes.back(), std::move(entry));
    } else {
      out.changes.push_back(std::move(entry));
    }
  }
  // What came and went within the group never was.
  std::erase_if(out.changes, [](const KeyChange& change) {
    return change.kind == EntryKind::kDelete && change.was_absent;
  });
}

void LaneGroup::close() {
  for (Pending& pending : pending_) {
    if (pending.entries.empty()) continue;
    TableChanges changes;
    changes.table = pending.table;
    conflate(pending, changes);
    closed_.push_back(std::move(changes));
  }
  pending_.clear();
}

std::size_t LaneGroup::rows() const {
  std::size_t rows = 0;
  for (const TableChanges& table : closed_) {
    for (const KeyChange& change : table.changes) rows += change.rows.size();
  }
  return rows;
}

}  // namespace lensart::storage
