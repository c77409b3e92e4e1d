// The registry against the shipped migrations: what the relay writes is what the schema has.

#include "apps/jobs/tables.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "sql/embedded.hpp"

namespace lensart::jobs {
namespace {

using storage::ColumnSpec;
using storage::ColumnType;
using storage::Conflation;
using storage::TableSpec;

struct SqlTable {
  std::map<std::string, std::string, std::less<>> columns;  ///< name → what follows it
  std::vector<std::string> keys;                ///< of PRIMARY KEY and UNIQUE, spaceless
  std::set<std::string, std::less<>> required;  ///< NOT NULL, no default, not made by itself
};

std::string trimmed(const std::string& text) {
  const auto from = text.find_first_not_of(" \n\t");
  if (from == std::string::npos) return "";
  return text.substr(from, text.find_last_not_of(" \n\t,") - from + 1);
}

std::string unquoted(std::string name) {
  std::erase(name, '"');
  return name;
}

/// The definitions between the parentheses, one a comma outside of any others.
std::vector<std::string> definitions(const std::string& body) {
  std::vector<std::string> out(1);
  int depth = 0;
  for (const char c : body) {
    if (c == '(') ++depth;
    if (c == ')') --depth;
    if (c == ',' && depth == 0) {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

SqlTable parse_body(const std::string& body) {
  SqlTable table;
  static const std::regex kKey(R"((PRIMARY KEY|UNIQUE) \(([^)]*)\))");
  for (const std::string& definition : definitions(body)) {
    const std::string text = trimmed(definition);
    if (text.starts_with("CONSTRAINT")) {
      std::smatch key;
      if (!std::regex_search(text, key, kKey)) continue;
      std::string columns = unquoted(key[2]);
      std::erase(columns, ' ');
      table.keys.push_back(columns);
      continue;
    }
    const auto space = text.find(' ');
    const std::string name = unquoted(text.substr(0, space));
    const std::string rest = trimmed(text.substr(space));
    table.columns[name] = rest;
    const bool made =
        rest.find("DEFAULT") != std::string::npos || rest.find("GENERATED") != std::string::npos;
    if (rest.find("NOT NULL") != std::string::npos && !made) table.required.insert(name);
  }
  return table;
}

/// Every CREATE TABLE of the migrations.
const std::map<std::string, SqlTable, std::less<>>& schema() {
  static const auto kSchema = [] {
    std::map<std::string, SqlTable, std::less<>> tables;
    static const std::regex kCreate(R"(CREATE TABLE IF NOT EXISTS \{schema\}\.(\w+) \()");
    for (const sql::SqlFile& file : sql::migrations()) {
      std::string text(file.text);
      text = std::regex_replace(text, std::regex("--[^\n]*"), "");
      for (std::sregex_iterator at(text.begin(), text.end(), kCreate), end; at != end; ++at) {
        const auto from = static_cast<std::size_t>(at->position() + at->length());
        std::size_t until = from;
        for (int depth = 1; depth > 0; ++until)
          depth += text[until] == '(' ? 1 : text[until] == ')' ? -1 : 0;
        tables[(*at)[1]] = parse_body(text.substr(from, until - 1 - from));
      }
    }
    return tables;
  }();
  return kSchema;
}

std::string_view sql_type_of(ColumnType type) {
  switch (type) {
    case ColumnType::kBigint:
      return "BIGINT";
    case ColumnType::kText:
      return "(VARCHAR|TEXT)";
    case ColumnType::kJson:
      return "JSONB";
    case ColumnType::kInstant:
      return "TIMESTAMPTZ";
    case ColumnType::kDate:
      return "DATE";
    case ColumnType::kMoney:
      return R"(DECIMAL\(15,2\))";
    case ColumnType::kBigMoney:
      return R"(NUMERIC\(20,2\))";
    case ColumnType::kBoolean:
      return "BOOLEAN";
    case ColumnType::kBytes:
      return "BYTEA";
  }
  return "";
}

std::string joined_keys(const TableSpec& table) {
  std::string key;
  for (std::size_t i = 0; i < table.key_columns; ++i)
    key += (i > 0 ? "," : "") + std::string(table.columns[i].name);
  return key;
}

class TablesTest : public testing::TestWithParam<TableSpec> {
 protected:
  const SqlTable& in_sql() const {
    static const SqlTable kNone;
    const auto found = schema().find(GetParam().name);
    EXPECT_NE(found, schema().end()) << "no CREATE TABLE " << GetParam().name;
    return found == schema().end() ? kNone : found->second;
  }
};

TEST_P(TablesTest, EveryColumnStandsInTheSchemaWithItsType) {
  for (const ColumnSpec& column : GetParam().columns) {
    const auto found = in_sql().columns.find(column.name);
    ASSERT_NE(found, in_sql().columns.end()) << column.name;
    const std::regex type("^" + std::string(sql_type_of(column.type)) + R"(($|[ (]).*)");
    EXPECT_TRUE(std::regex_match(found->second, type)) << column.name << " " << found->second;
  }
}

TEST_P(TablesTest, EveryColumnThatTheSchemaRequiresIsWritten) {
  for (const std::string& name : in_sql().required) {
    const auto& columns = GetParam().columns;
    EXPECT_TRUE(std::any_of(columns.begin(), columns.end(), [&](const ColumnSpec& column) {
      return column.name == name;
    })) << name;
  }
}

TEST_P(TablesTest, TheKeyIsAKeyOfTheSchema) {
  const TableSpec& table = GetParam();
  const auto& keys = in_sql().keys;
  const bool is_key = std::find(keys.begin(), keys.end(), joined_keys(table)) != keys.end();
  EXPECT_EQ(is_key, table.conflation != Conflation::kReplaceAll)
      << joined_keys(table) << ": a bag has none, every other table has";
}

TEST_P(TablesTest, WhatRefersToColumnsRefersToItsOwn) {
  const TableSpec& table = GetParam();
  for (const std::string_view name : table.identity) {
    EXPECT_TRUE(std::any_of(table.columns.begin(), table.columns.end(),
                            [&](const ColumnSpec& column) { return column.name == name; }))
        << name;
  }
  if (table.conflation == Conflation::kAdd) {
    EXPECT_EQ(table.first_added, table.key_columns + 2) << "the least and the greatest between";
    for (std::size_t i = table.key_columns; i < table.columns.size(); ++i)
      EXPECT_EQ(table.columns[i].type, ColumnType::kBigint) << table.columns[i].name;
  }
}

TEST_P(TablesTest, AParentStandsBeforeAndItsKeyBeginsTheChilds) {
  const TableSpec& table = GetParam();
  if (table.parent.empty()) return;
  const TableSpec* parent = tables().find(table.parent);
  ASSERT_NE(parent, nullptr);
  EXPECT_LT(tables().index_of(parent->id), tables().index_of(table.id));
  EXPECT_EQ(parent->key_columns, 1U);
  EXPECT_EQ(parent->columns[0].name, table.columns[0].name);
}

INSTANTIATE_TEST_SUITE_P(Registry, TablesTest,
                         testing::ValuesIn(tables().tables().begin(), tables().tables().end()),
                         [](const auto& one) { return std::string(one.param.name); });

TEST(TableIdsTest, ArePersistedAndThereforeThese) {
  std::map<int, std::string> ids;
  for (const TableSpec& table : tables().tables()) ids[table.id] = table.name;
  EXPECT_EQ(ids, (std::map<int, std::string>{{1, "orders_raw"},
                                             {2, "orders_processed"},
                                             {3, "order_items_analytics"},
                                             {4, "dead_letters"},
                                             {5, "pipeline_accounts"},
                                             {6, "order_status_history"},
                                             {7, "order_status_sessions"},
                                             {8, "order_anomalies"},
                                             {9, "order_metrics"},
                                             {10, "order_metrics_sliding"},
                                             {11, "product_sales_hourly"},
                                             {12, "pipeline_replays"}}));
}

}  // namespace
}  // namespace lensart::jobs
