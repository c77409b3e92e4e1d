/// The tables the job writes, as the table registry has them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apps/config/config.hpp"
#include "apps/export/jdbc_url.hpp"
#include "storage/table_spec.hpp"

namespace lensart::app::flink {

/// A bag has no key; its rows get this number within their owner as one.
inline constexpr std::string_view kLineNumber = "line_number";

/// The tables that Flink SQL can fill and whose jobs are on, in the registry's order.
std::vector<const storage::TableSpec*> exported_tables(const PipelineConfig& pipeline);

/// CREATE TABLE for the sink of that name, onto the table of `schema` in PostgreSQL.
std::string create_sink(const storage::TableSpec& table, const JdbcTarget& target,
                        const std::string& schema);

/// INSERT of the view TABLE_rows, by column names.
std::string insert_into_sink(const storage::TableSpec& table);

/// PostgreSQL's triggers that put the texts into Unicode NFC on their way in.
std::string normalising_triggers(const std::vector<const storage::TableSpec*>& tables,
                                 const std::string& schema);

}  // namespace lensart::app::flink
