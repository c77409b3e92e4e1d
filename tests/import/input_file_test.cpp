#include "apps/import/input_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <thread>

namespace lensart::importing {
namespace {

std::string content(const InputFile& input) {
  std::string text(1'000'000, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), input.file()));
  return text;
}

class InputFileTest : public testing::Test {
 protected:
  InputFileTest() {
    std::string name = std::filesystem::temp_directory_path() / "import-XXXXXX";
    directory_ = mkdtemp(name.data());
  }
  ~InputFileTest() override { std::filesystem::remove_all(directory_); }

  std::filesystem::path directory_;
};

TEST_F(InputFileTest, APipeIsReadTwiceAndLeavesNothingBehind) {
  const std::string pipe = directory_ / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const std::string text(300'000, 'x');
  std::thread writer([&] {
    std::FILE* file = std::fopen(pipe.c_str(), "wb");
    std::fwrite(text.data(), 1, text.size(), file);
    std::fclose(file);
  });
  const char* before = std::getenv("TMPDIR");
  const std::string kept = before == nullptr ? "" : before;
  setenv("TMPDIR", directory_.c_str(), 1);
  auto input = InputFile::open(pipe, true);
  writer.join();
  before == nullptr ? unsetenv("TMPDIR") : setenv("TMPDIR", kept.c_str(), 1);
  ASSERT_TRUE(input) << input.error().message;
  EXPECT_EQ(input->size_bytes(), text.size());
  EXPECT_EQ(content(*input), text);
  ASSERT_TRUE(input->rewind());
  EXPECT_EQ(content(*input), text);
  std::filesystem::remove(pipe);
  EXPECT_TRUE(std::filesystem::is_empty(directory_));
}

TEST_F(InputFileTest, WhatCannotBeReadIsAWrongCommandLine) {
  EXPECT_EQ(InputFile::open(directory_ / "none", true).error().code, Errc::kBadUsage);
  EXPECT_EQ(InputFile::open(directory_, false).error().code, Errc::kBadUsage);
}

}  // namespace
}  // namespace lensart::importing
