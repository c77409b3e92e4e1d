/// The SQL of this folder, carried inside the program.
///
/// Every text holds the placeholder `{schema}`: the target schema as a quoted identifier (as
/// PQescapeIdentifier gives it), to be put in before the text is sent. The audit's, explain's and
/// the console's texts also hold `{pipeline}`: the pipeline's name as a quoted literal
/// (PQescapeLiteral). There are no others, and nothing relies on search_path.
///
/// Threads: any; all of it is constant.
#pragma once

#include <span>
#include <string_view>

namespace lensart::sql {

struct SqlFile {
  std::string_view name;  ///< file name without `.sql`, as in `0001_bookkeeping`
  std::string_view text;
};

/// All migrations in the order in which they must run; the first four digits of a name are its
/// version, from 1 without gaps. Each may run again at any time, holds several statements, is meant
/// for a transaction, and records itself in `{schema}.schema_migrations`.
std::span<const SqlFile> migrations();

/// The audit query of that name (see sql/README.md), or an empty text if there is none.
std::string_view audit(std::string_view table);

/// The query of that name behind `lensart explain`, or an empty text.
std::string_view explain(std::string_view name);

/// The query of that name behind the console's pages, or an empty text.
std::string_view console(std::string_view name);

/// All audit queries, by name.
std::span<const SqlFile> audits();

}  // namespace lensart::sql
