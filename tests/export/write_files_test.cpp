#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "apps/export/flink_sql.hpp"

namespace lensart::app {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class WriteFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string form = fs::temp_directory_path() / "lensart-export-XXXXXX";
    ASSERT_NE(mkdtemp(form.data()), nullptr);
    directory = form;
  }
  void TearDown() override { fs::remove_all(directory); }

  static std::string text_of(const fs::path& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  fs::path directory;
  const std::vector<ExportedFile> files = {{"a.sql", "one\n"}, {"run.sh", "two\n", true}};
};

TEST_F(WriteFilesTest, ADirectoryThatIsMissingIsMade) {
  const fs::path inner = directory / "x" / "y";
  ASSERT_TRUE(write_files(inner, files, false));
  EXPECT_EQ(text_of(inner / "a.sql"), "one\n");
  EXPECT_NE(fs::status(inner / "run.sh").permissions() & fs::perms::owner_exec, fs::perms::none);
  EXPECT_EQ(fs::status(inner / "a.sql").permissions() & fs::perms::owner_exec, fs::perms::none);
}

TEST_F(WriteFilesTest, WhatIsThereIsKeptUnlessForced) {
  std::ofstream(directory / "a.sql") << "mine";
  const auto refused = write_files(directory, files, false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kBadUsage);
  EXPECT_THAT(refused.error().message, AllOf(HasSubstr(directory.string()), HasSubstr("--force")));
  EXPECT_EQ(text_of(directory / "a.sql"), "mine");
  ASSERT_TRUE(write_files(directory, files, true));
  EXPECT_EQ(text_of(directory / "a.sql"), "one\n");
}

TEST_F(WriteFilesTest, AFileInTheWayIsSaid) {
  std::ofstream(directory / "file") << "x";
  const auto refused = write_files(directory / "file", files, true);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("is a file"));
}

}  // namespace
}  // namespace lensart::app
