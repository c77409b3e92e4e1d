#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>

#include "apps/config/schema.hpp"
#include "apps/config/suggest.hpp"
#include "graph/text.hpp"

namespace lensart::app {
namespace {

using Outcome = tl::expected<Value, Complaint>;
using TextOutcome = tl::expected<std::string, Complaint>;

tl::unexpected<Complaint> complain(std::string what, std::string remedy) {
  return tl::unexpected(Complaint{std::move(what), std::move(remedy)});
}

tl::unexpected<Complaint> wrong_type(const Option& option, const RawValue& raw) {
  const auto remedy = option.kind == Kind::kChoice
                          ? fmt::format("write one of {} in quotes", option.range_text())
                          : fmt::format("write {}", spelling_of(option.kind));
  return complain(fmt::format("is {}, not {}", raw.type_name(), name_of(option.kind)), remedy);
}

bool is_utf8(std::string_view text) {
  const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  auto left = static_cast<utf8proc_ssize_t>(text.size());
  while (left > 0) {
    utf8proc_int32_t code_point = 0;
    const auto taken = utf8proc_iterate(at, left, &code_point);
    if (taken <= 0) return false;
    at += taken;
    left -= taken;
  }
  return true;
}

/// A text of the option, a list's element, or one half of a map's entry.
TextOutcome plain_text(const Option& option, const std::string& text) {
  if (!is_utf8(text)) return complain("is no valid UTF-8", "write it in UTF-8");
  if (text.find('\0') != std::string::npos) {
    return complain("has a NUL character in it", "leave the NUL out");
  }
  if (option.normalized) return to_nfc(text);
  return text;
}

std::optional<Complaint> judge_choice(const Option& option, std::string_view text) {
  if (option.choices.empty()) return std::nullopt;
  if (std::find(option.choices.begin(), option.choices.end(), text) != option.choices.end()) {
    return std::nullopt;
  }
  const std::vector<std::string> names(option.choices.begin(), option.choices.end());
  return Complaint{fmt::format("{} is none of {}", in_quotes(text), option.range_text()),
                   fmt::format("write one of them{}", did_you_mean(text, names))};
}

Outcome convert_number(const Option& option, std::uint64_t number) {
  if (number < option.least || number > option.most) {
    const auto remedy = fmt::format("write a value {}", option.range_text());
    return complain("is out of range", remedy);
  }
  if (option.kind == Kind::kDuration) return Duration{static_cast<std::int64_t>(number)};
  if (option.kind == Kind::kOptionalDuration) {
    return OptionalDuration{Duration{static_cast<std::int64_t>(number)}};
  }
  return number;
}

Outcome convert_integer(const Option& option, const RawValue& raw) {
  const auto* number = std::get_if<std::int64_t>(&raw.content);
  if (number == nullptr) return wrong_type(option, raw);
  if (*number < 0) {
    return complain("is out of range", fmt::format("write a value {}", option.range_text()));
  }
  return convert_number(option, static_cast<std::uint64_t>(*number));
}

Outcome convert_measure(const Option& option, const RawValue& raw) {
  const auto* text = std::get_if<std::string>(&raw.content);
  if (text == nullptr) return wrong_type(option, raw);
  if (option.kind == Kind::kOptionalDuration && *text == "unlimited") return OptionalDuration{};
  std::optional<std::uint64_t> number;
  if (option.kind == Kind::kSize) {
    number = parse_size(*text);
  } else if (const auto duration = parse_duration(*text)) {
    number = static_cast<std::uint64_t>(duration->count());
  }
  if (!number) {
    return complain(fmt::format("is not {}", name_of(option.kind)),
                    fmt::format("write {}, {}", spelling_of(option.kind), option.range_text()));
  }
  return convert_number(option, *number);
}

Outcome convert_text(const Option& option, const RawValue& raw) {
  const auto* text = std::get_if<std::string>(&raw.content);
  if (text == nullptr) return wrong_type(option, raw);
  auto plain = plain_text(option, *text);
  if (!plain) return tl::unexpected(std::move(plain).error());
  if (auto complaint = judge_choice(option, *plain)) return tl::unexpected(std::move(*complaint));
  if (option.check != nullptr) {
    if (auto complaint = option.check({}, *plain)) return tl::unexpected(std::move(*complaint));
  }
  return *plain;
}

Outcome convert_list(const Option& option, const RawValue& raw) {
  const auto* elements = std::get_if<RawValue::List>(&raw.content);
  if (elements == nullptr) return wrong_type(option, raw);
  TextList list;
  for (const auto& element : *elements) {
    auto text = convert_text(option, element);
    if (!text) return tl::unexpected(std::move(text).error());
    auto& plain = std::get<std::string>(*text);
    if (std::find(list.begin(), list.end(), plain) != list.end()) {
      return complain(
          fmt::format("has {} twice",
                      option.secrecy == Secrecy::kOpen ? in_quotes(plain) : "an element"),
          "name it once");
    }
    list.push_back(std::move(plain));
  }
  return list;
}

/// The text of a map's value; librdkafka's properties may be spelt as numbers and booleans too.
std::optional<std::string> entry_text(const Option& option, const RawValue& raw) {
  if (const auto* text = std::get_if<std::string>(&raw.content)) return *text;
  if (option.secrecy != Secrecy::kEntries) return std::nullopt;
  if (const auto* number = std::get_if<std::int64_t>(&raw.content)) {
    return fmt::format("{}", *number);
  }
  if (const auto* flag = std::get_if<bool>(&raw.content)) return *flag ? "true" : "false";
  return std::nullopt;
}

Outcome convert_map(const Option& option, const RawValue& raw) {
  const auto* table = std::get_if<RawValue::Table>(&raw.content);
  if (table == nullptr) return wrong_type(option, raw);
  TextMap map;
  for (const auto& [name, value] : *table) {
    const auto text = entry_text(option, value);
    if (!text) {
      return complain(fmt::format("{} is {}, not a text", in_quotes(name), value.type_name()),
                      fmt::format("write {}", spelling_of(option.kind)));
    }
    auto key = plain_text(option, name);
    if (!key) return tl::unexpected(std::move(key).error());
    auto plain = plain_text(option, *text);
    if (!plain) return tl::unexpected(std::move(plain).error());
    if (auto complaint = judge_choice(option, *plain)) return tl::unexpected(std::move(*complaint));
    if (option.check != nullptr) {
      if (auto complaint = option.check(*key, *plain)) {
        return tl::unexpected(std::move(*complaint));
      }
    }
    if (!map.emplace(*key, *plain).second) {
      return complain(fmt::format("has {} twice", in_quotes(*key)), "name it once");
    }
  }
  return map;
}

}  // namespace

Outcome convert(const Option& option, const RawValue& raw) {
  switch (option.kind) {
    case Kind::kBoolean:
      if (const auto* flag = std::get_if<bool>(&raw.content)) return *flag;
      return wrong_type(option, raw);
    case Kind::kInteger:
      return convert_integer(option, raw);
    case Kind::kSize:
    case Kind::kDuration:
    case Kind::kOptionalDuration:
      return convert_measure(option, raw);
    case Kind::kText:
    case Kind::kChoice:
      return convert_text(option, raw);
    case Kind::kTextList:
      return convert_list(option, raw);
    case Kind::kTextMap:
      return convert_map(option, raw);
  }
  std::abort();
}

}  // namespace lensart::app
