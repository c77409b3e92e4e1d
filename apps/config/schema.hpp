/// The one table of everything that can be set: parsing, `lensart check`, the names in the
/// environment, "did you mean" and the configuration's documentation are all made from it.
///
/// Threads: any; the table is built once and never changes.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apps/config/config.hpp"
#include "apps/config/values.hpp"

namespace lensart::app {

/// How much of a value may be shown.
enum class Secrecy : std::uint8_t {
  kOpen,
  kWhole,    ///< none of it
  kDsn,      ///< a connection string without its passwords
  kEntries,  ///< of a map, the entries whose names say so
};

/// What is wrong with a value, and what to do about it.
struct Complaint {
  std::string what;
  std::string remedy;
};

/// Judges one text of a setting: the value, a list's element or, with `entry` its key, a map's.
using Check = std::optional<Complaint> (*)(std::string_view entry, std::string_view text);

/// What stands for a node's name in the key of an option that each node has.
inline constexpr std::string_view kNodePrefix = "nodes.";
inline constexpr std::string_view kNodePlaceholder = "NAME";

struct Option {
  std::string key;  ///< "pipeline.epoch_max_time"; "nodes.NAME.lanes" for one that each node has
  Kind kind = Kind::kText;
  std::string_view doc;  ///< one sentence
  /// Bounds of a number: bytes, microseconds, a count.
  std::uint64_t least = 0;
  std::uint64_t most = ~std::uint64_t{0};
  std::vector<std::string_view> choices = {};  ///< of a choice, a list's elements, a map's values
  Check check = nullptr;
  Secrecy secrecy = Secrecy::kOpen;
  bool enters_table = false;  ///< a change makes the tables wrong until they are rebuilt
  bool unordered = false;     ///< a list whose order means nothing
  bool normalized = false;    ///< texts are brought to Unicode NFC, as the tables hold them

  /// REQUIRES: `value` has the alternative that `kind` asks for. `node` only matters to a node's.
  void (*set)(Config& config, std::string_view node, const Value& value) = nullptr;
  /// nullopt: the node leaves it to its default.
  std::optional<Value> (*get)(const Config& config, std::string_view node) = nullptr;

  bool of_node() const { return key.starts_with(kNodePrefix); }
  bool is_number() const;
  /// The key with the node's name in it.
  std::string key_for(std::string_view node) const;
  /// "from 1s to 1h", "postgres or null", empty where any value will do.
  std::string range_text() const;
  /// The default as the file would spell it; empty for a node's.
  std::string default_text() const;
};

/// The rows, made once by `schema()`: `schema_rows.cpp` is the table itself.
std::vector<Option> make_schema();

/// All options, by section in the order of the documentation.
std::span<const Option> schema();

/// The option a full key names, and the node in it. `nodes.parse.lanes` finds `nodes.NAME.lanes`.
struct OptionMatch {
  const Option* option = nullptr;
  std::string node;
};
std::optional<OptionMatch> find_option(std::string_view key);

/// `key-partition` and `key_partition` are one node.
std::string canonical_node_name(std::string_view name);

/// The raw value as `option` wants it: type, bounds and texts judged.
tl::expected<Value, Complaint> convert(const Option& option, const RawValue& raw);

}  // namespace lensart::app
