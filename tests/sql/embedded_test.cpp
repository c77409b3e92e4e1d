#include "sql/embedded.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

namespace lensart::sql {
namespace {

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void expect_embedded(const std::filesystem::path& folder, std::span<const SqlFile> files) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.insert(entry.path().stem().string());
  }
  ASSERT_FALSE(names.empty());
  ASSERT_EQ(files.size(), names.size());
  auto name = names.begin();
  for (const SqlFile& file : files) {
    EXPECT_EQ(file.name, *name);
    EXPECT_EQ(file.text, contents(folder / (*name++ + ".sql")));
  }
}

TEST(EmbeddedSqlTest, MigrationsAreTheFilesByteForByteInOrder) {
  expect_embedded(std::filesystem::path(LENSART_SQL_DIR) / "migrations", migrations());
}

TEST(EmbeddedSqlTest, AuditQueriesAreTheFilesByteForByte) {
  expect_embedded(std::filesystem::path(LENSART_SQL_DIR) / "audit", audits());
}

TEST(EmbeddedSqlTest, AnAuditQueryIsFoundByItsTable) {
  EXPECT_NE(audit("orders_processed").find("{schema}.orders_raw"), std::string_view::npos);
  EXPECT_TRUE(audit("no_such_table").empty());
}

}  // namespace
}  // namespace lensart::sql
