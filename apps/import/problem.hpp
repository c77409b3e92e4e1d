/// What keeps a row from being imported, in words for whoever made the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace lensart::importing {

/// How many code points of a name that we do not know a message shows.
inline constexpr std::size_t kShownName = 60;

struct Problem {
  std::uint64_t line = 0;  ///< from 1; of a row that takes several lines its first
  /// The column, or a path within it (`order_details[2].quantity`); empty where no single one is
  /// to blame.
  std::string field;
  std::string code;     ///< as dead letters have it where the contract has a rule for it
  std::string message;  ///< field, value (shortened) and remedy; may hold any characters
};

}  // namespace lensart::importing
