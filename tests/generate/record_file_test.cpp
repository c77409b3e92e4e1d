#include "apps/generate/record_file.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <random>

#include "apps/generate/record_sink.hpp"
#include "tests/generate/stream_fixture.hpp"

namespace lensart::generate {
namespace {

using testing::HasSubstr;
using namespace std::string_literals;

std::string line_of(std::optional<std::string_view> payload) {
  std::string line;
  append_record(line, "order-created", 2, payload);
  return line;
}

FileRecord round_trip(std::optional<std::string_view> payload) {
  const std::string line = line_of(payload);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const auto record = parse_record(std::string_view(line).substr(0, line.size() - 1));
  EXPECT_TRUE(record) << line;
  return record.value_or(FileRecord{});
}

TEST(RecordFile, APlainPayloadStandsAsItIs) {
  EXPECT_EQ(line_of(R"({"a":"Đã giao"})"), "order-created\t2\t{\"a\":\"Đã giao\"}\n");
  EXPECT_EQ(line_of(std::nullopt), "order-created\t2\tnull:\n");
  EXPECT_EQ(line_of("a\nb"), "order-created\t2\tbase64:YQpi\n");
}

TEST(RecordFile, EveryPayloadComesBack) {
  std::vector<std::string> payloads = {"",         "null:", "base64:", "base64:YQ==", "a\tb", "\0"s,
                                       "\xff\xfe", "\r\n",  "\x7f",    "Đã giao",     "null"};
  std::mt19937 random(1);
  for (std::size_t size = 0; size < 70; ++size) {
    std::string bytes;
    for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(random());
    payloads.push_back(bytes);
  }
  for (const std::string& payload : payloads) {
    const FileRecord back = round_trip(payload);
    ASSERT_TRUE(back.payload);
    EXPECT_EQ(*back.payload, payload);
    EXPECT_EQ(back.topic, "order-created");
    EXPECT_EQ(back.partition, 2);
  }
  EXPECT_FALSE(round_trip(std::nullopt).payload);
}

TEST(RecordFile, AWrongLineIsRefusedWithItsReason) {
  const auto complaint = [](std::string_view line) {
    const auto record = parse_record(line);
    return record ? std::string("fine") : record.error().message;
  };
  EXPECT_THAT(complaint("order-created 1 {}"), HasSubstr("three fields"));
  EXPECT_THAT(complaint("order-created\tone\t{}"), HasSubstr("\"one\""));
  EXPECT_THAT(complaint("order-created\t-1\t{}"), HasSubstr("\"-1\""));
  EXPECT_THAT(complaint("order-created\t1\tbase64:a"), HasSubstr("base 64"));
  EXPECT_THAT(complaint("order-created\t1\tbase64:a b="), HasSubstr("base 64"));
}

TEST(RecordFile, AStreamComesBackFromItsFile) {
  GenerateOptions options = options_of(2000);
  options.poison = 0.3;
  const auto records = all_of(options);
  const auto path = std::filesystem::path(testing::TempDir()) / "lensart_record_file_test.txt";
  {
    auto sink = FileSink::open(path.string(), {});
    ASSERT_TRUE(sink);
    for (const auto& record : records) ASSERT_TRUE((*sink)->write(record));
    ASSERT_TRUE((*sink)->finish());
  }
  const auto back = read_record_file(path.string());
  std::filesystem::remove(path);
  ASSERT_TRUE(back) << back.error().message;
  ASSERT_EQ(back->size(), records.size());
  const TopicNames names;
  for (std::size_t i = 0; i < records.size(); ++i) {
    EXPECT_EQ((*back)[i].topic, names.of(records[i].topic));
    EXPECT_EQ((*back)[i].partition, records[i].partition);
    EXPECT_EQ((*back)[i].payload.has_value(), !records[i].is_null);
    EXPECT_EQ((*back)[i].payload.value_or(""), records[i].payload);
  }
}

TEST(RecordFile, AFileThatIsNotThereIsNamed) {
  const auto missing = read_record_file("/nowhere/records.txt");
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("/nowhere/records.txt"));
  const auto sink = FileSink::open("/nowhere/records.txt", {});
  ASSERT_FALSE(sink);
  EXPECT_EQ(sink.error().code, Errc::kBadUsage);
}

TEST(RecordFile, AFullDiskIsReported) {
  auto sink = FileSink::open("/dev/full", {});
  ASSERT_TRUE(sink);
  for (const auto& record : all_of(options_of(3))) ASSERT_TRUE((*sink)->write(record));
  const auto finished = (*sink)->finish();
  ASSERT_FALSE(finished);
  EXPECT_THAT(finished.error().message, HasSubstr("/dev/full"));
}

}  // namespace
}  // namespace lensart::generate
