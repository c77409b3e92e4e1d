/// Changes the places of logged trees (storage/log_places.hpp), a group at a time.
#pragma once

#include <cstdint>
#include <string_view>

#include "storage/lmdb.hpp"
#include "storage/log_places.hpp"

namespace lensart::storage {

/// Quick when keys come in their order, a tree after the other. Nothing is sure to be written
/// before finish(). Lives no longer than the transaction. Threads: the writer's.
class PlaceWriter {
 public:
  explicit PlaceWriter(WriteTransaction& txn) : txn_(txn) {}

  /// Fails with kStateCorrupt where a group cannot hold it: the key is no number of eight bytes, or
  /// the place is one that the log never had.
  Result<Unit> put(const LoggedTree& tree, std::string_view key, const LogPlace& place);
  Result<Unit> erase(const LoggedTree& tree, std::string_view key);
  Result<Unit> finish();

 private:
  Result<Unit> turn_to(const LoggedTree& tree, std::string_view key);

  WriteTransaction& txn_;
  Table open_ = 0;  ///< whose group is at hand; 0: none
  bool existed_ = false;
  PlaceGroup group_;
};

}  // namespace lensart::storage
