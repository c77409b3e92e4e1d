/// Keeps the pending lists of a schema's GIN indexes short, so that no COMMIT of the relay's has
/// to: at 4 MB, the server's default, that would be 100 ms in some transaction.
///
/// On a connection of its own: the owner's, which holds the advisory lock, must stay idle. A
/// backend at work notices only at the end of its statement that its client was killed, and until
/// then a restart would take itself for a second instance.
#pragma once

#include <string>
#include <vector>

#include "graph/error.hpp"
#include "storage/postgres/connection.hpp"

namespace lensart::storage {

/// Threads: one.
class PendingLists {
 public:
  /// Indexes that are not ours to clean are left alone.
  static Result<PendingLists> open(const ConnectionOptions& options, const std::string& schema);
  Result<Unit> clean();

 private:
  explicit PendingLists(Connection connection) : connection_(std::move(connection)) {}
  Connection connection_;
  std::vector<std::string> indexes_;
};

}  // namespace lensart::storage
