/// The columns a row may have, whatever the form of the file. Threads: any; pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lensart::importing {

/// In the order in which an event has them. Those from kUser on are for JSON lines only.
enum class Column : std::uint8_t {
  kId,
  kUserId,
  kBranchId,
  kDate,
  kAddress,
  kNote,
  kCouponId,
  kTotalPrice,
  kOrderStatus,
  kPaymentStatus,
  kPaymentMethod,
  kUserName,
  kUserEmail,
  kBranchName,
  kBranchAddress,
  kCreatedAt,
  kOrderDetails,
  kUser,
  kBranch,
  kStatus,
  kMetadata,
};
inline constexpr std::size_t kColumns = 21;
inline constexpr std::size_t kFlatColumns = 17;

enum class ColumnKind : std::uint8_t { kNumber, kText, kInstant, kJson };

enum class Form : std::uint8_t { kCsv, kJsonLines };

std::string_view name_of(Column column);
ColumnKind kind_of(Column column);

/// The column of that name in a file of that form; exact.
std::optional<Column> column_named(std::string_view name, Form form);

/// ` (did you mean "x"?)`, or nothing.
std::string nearest_column(std::string_view name, Form form);

/// One order as its row has it: for each column JSON text, or nothing for NULL and absent.
struct OrderRow {
  std::uint64_t line = 0;
  std::array<std::optional<std::string>, kColumns> values;

  std::optional<std::string>& at(Column column) { return values[static_cast<std::size_t>(column)]; }
  const std::optional<std::string>& at(Column column) const {
    return values[static_cast<std::size_t>(column)];
  }
};

}  // namespace lensart::importing
