#include "apps/generate/record_file.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace lensart::generate {
namespace {

constexpr std::string_view kBase64Mark = "base64:";
constexpr std::string_view kNullMark = "null:";
constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool can_stand_verbatim(std::string_view payload) {
  const auto is_control = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '\x7f';
  };
  return !payload.starts_with(kBase64Mark) && !payload.starts_with(kNullMark) &&
         std::none_of(payload.begin(), payload.end(), is_control) &&
         simdjson::validate_utf8(payload.data(), payload.size());
}

void append_base64(std::string& out, std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = group << 8U | (i < count ? static_cast<unsigned char>(bytes[at + i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      out += i <= count ? kAlphabet[group >> (18 - 6 * i) & 0x3fU] : '=';
    }
  }
}

/// Nothing when `text` is not base 64 with padding.
std::optional<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && text.ends_with('=')) {
    text.remove_suffix(1);
    ++padding;
  }
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    const std::size_t digit = kAlphabet.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = bits << 6U | static_cast<std::uint32_t>(digit);
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes += static_cast<char>(bits >> held & 0xffU);
    }
  }
  return bytes;
}

}  // namespace

void append_record(std::string& out, std::string_view topic, std::int32_t partition,
                   std::optional<std::string_view> payload) {
  fmt::format_to(std::back_inserter(out), "{}\t{}\t", topic, partition);
  if (!payload) {
    out += kNullMark;
  } else if (can_stand_verbatim(*payload)) {
    out += *payload;
  } else {
    out += kBase64Mark;
    append_base64(out, *payload);
  }
  out += '\n';
}

Result<FileRecord> parse_record(std::string_view line) {
  const std::size_t first = line.find('\t');
  const std::size_t second = first == std::string_view::npos ? first : line.find('\t', first + 1);
  if (second == std::string_view::npos) {
    return fail(Errc::kBadUsage,
                "a line needs three fields between tabs: topic, partition, payload");
  }
  FileRecord record;
  record.topic = line.substr(0, first);
  const std::string_view partition = line.substr(first + 1, second - first - 1);
  const auto [end, error] =
      std::from_chars(partition.data(), partition.data() + partition.size(), record.partition);
  if (error != std::errc{} || end != partition.data() + partition.size() || record.partition < 0) {
    return fail(Errc::kBadUsage,
                fmt::format("partition \"{}\" is no whole number from 0 on", partition));
  }
  const std::string_view payload = line.substr(second + 1);
  if (payload == kNullMark) return record;
  if (!payload.starts_with(kBase64Mark)) {
    record.payload = payload;
    return record;
  }
  record.payload = decode_base64(payload.substr(kBase64Mark.size()));
  if (!record.payload) return fail(Errc::kBadUsage, "what follows base64: is not base 64");
  return record;
}

Result<RecordFileReader> RecordFileReader::open(const std::string& path) {
  RecordFileReader reader(path);
  if (!reader.file_) {
    return fail(Errc::kBadUsage, fmt::format("{} cannot be read: does it exist?", path));
  }
  return reader;
}

Result<bool> RecordFileReader::next(FileRecord& record) {
  if (!std::getline(file_, line_)) return false;
  ++line_number_;
  auto parsed = parse_record(line_);
  if (!parsed) {
    return fail(parsed.error().code,
                fmt::format("{}:{}: {}", path_, line_number_, parsed.error().message));
  }
  record = std::move(*parsed);
  return true;
}

Result<std::vector<FileRecord>> read_record_file(const std::string& path) {
  LENSART_ASSIGN(RecordFileReader reader, RecordFileReader::open(path));
  std::vector<FileRecord> records;
  while (true) {
    FileRecord record;
    LENSART_ASSIGN(const bool more, reader.next(record));
    if (!more) return records;
    records.push_back(std::move(record));
  }
}

}  // namespace lensart::generate
