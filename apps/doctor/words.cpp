#include "apps/doctor/words.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <map>

#include "apps/console/console.hpp"

namespace lensart::app {

namespace {

using Words = std::map<std::string, std::string, std::less<>>;

/// The content of a quoted text of JavaScript that begins at `at`; moves `at` behind it.
std::optional<std::string> quoted_at(std::string_view text, std::size_t& at) {
  const auto begin = text.find('\'', at);
  if (begin == std::string_view::npos) return std::nullopt;
  std::string out;
  for (std::size_t i = begin + 1; i < text.size(); ++i) {
    if (text[i] == '\'') {
      at = i + 1;
      return out;
    }
    if (text[i] == '\\') ++i;
    if (i < text.size()) out += text[i];
  }
  return std::nullopt;
}

/// The lines `'key': 'sentence',` of a file of words.
Words words_in(std::string_view file) {
  Words words;
  while (!file.empty()) {
    const std::string_view line = file.substr(0, file.find('\n'));
    file.remove_prefix(std::min(file.size(), line.size() + 1));
    const auto first = line.find_first_not_of(' ');
    if (first == std::string_view::npos || line[first] != '\'') continue;
    std::size_t at = first;
    auto key = quoted_at(line, at);
    auto sentence = quoted_at(line, at);
    if (key && sentence) words.insert_or_assign(std::move(*key), std::move(*sentence));
  }
  return words;
}

Words all_words(Language language) {
  const std::string_view name = language == Language::kVietnamese ? "words/vi.js" : "words/en.js";
  Words words;
  for (const ConsoleAsset& asset : console_assets()) {
    if (asset.name == name) words = words_in(asset.plain);
  }
  for (const Sentence& own : own_sentences()) {
    words.insert_or_assign(
        std::string(own.key),
        std::string(language == Language::kVietnamese ? own.vietnamese : own.english));
  }
  return words;
}

const Words& words_of(Language language) {
  static const Words kEnglish = all_words(Language::kEnglish);
  static const Words kVietnamese = all_words(Language::kVietnamese);
  return language == Language::kVietnamese ? kVietnamese : kEnglish;
}

std::string_view unit(Language language, std::string_view name) {
  const Words& words = words_of(language);
  const auto found = words.find("unit.short." + std::string(name));
  return found == words.end() ? name : std::string_view(found->second);
}

std::string decimal(Language language, double value, int digits) {
  std::string text = fmt::format("{:.{}f}", value, digits);
  if (language == Language::kVietnamese) {
    if (const auto point = text.find('.'); point != std::string::npos) text[point] = ',';
  }
  return text;
}

std::string size_text(Language language, double bytes) {
  constexpr std::array<std::string_view, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t at = 0;
  for (; bytes >= 1024 && at + 1 < kUnits.size(); ++at) bytes /= 1024;
  return fmt::format("{} {}", decimal(language, bytes, at > 0 && bytes < 99.95 ? 1 : 0),
                     kUnits[at]);
}

/// 2.5 s, 1 min 15 s, 1 d 2 h: at most two units.
std::string time_text(Language language, double seconds) {
  const std::string sign = seconds < 0 ? "−" : "";
  seconds = std::abs(seconds);
  if (seconds < 9.95) {
    return fmt::format("{}{} {}", sign, decimal(language, seconds, 1), unit(language, "s"));
  }
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  const std::array<std::pair<std::int64_t, std::string_view>, 4> parts = {
      {{whole / 86'400, "d"},
       {whole / 3'600 % 24, "h"},
       {whole / 60 % 60, "min"},
       {whole % 60, "s"}}};
  std::string text;
  int shown = 0;
  for (const auto& [count, name] : parts) {
    if (shown == 2 || (shown == 0 && count == 0)) continue;
    ++shown;
    if (count > 0)
      text += fmt::format("{}{} {}", text.empty() ? "" : " ", count, unit(language, name));
  }
  return sign + text;
}

bool ends(std::string_view name, std::string_view ending) {
  return name == ending || name.ends_with("_" + std::string(ending));
}

std::string spelt(Language language, std::string_view name, const Json& value) {
  if (value.is_null()) return say(language, "attention.unknown");
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_number()) return dumped(value);
  const double number = value.get<double>();
  if (ends(name, "bytes")) return size_text(language, number);
  if (ends(name, "seconds") || name == "seconds_left") return time_text(language, number);
  if (name == "minutes") return time_text(language, number * 60);
  if (name == "share") return decimal(language, number * 100, number < 0.0995 ? 1 : 0) + " %";
  if (value.is_number_integer()) return fmt::format("{}", value.get<std::int64_t>());
  return decimal(language, number, 1);
}

}  // namespace

Language language_of_environment() {
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    return std::string_view(value).starts_with("vi") ? Language::kVietnamese : Language::kEnglish;
  }
  return Language::kEnglish;
}

bool has_words(Language language, std::string_view key) {
  const Words& words = words_of(language);
  return words.find(key) != words.end();
}

std::string say(Language language, std::string_view key, const Json& parameters) {
  const Words& words = words_of(language);
  auto found = words.find(key);
  if (found == words.end()) return std::string(key);
  for (const char* counted : {"events", "orders"}) {
    if (parameters.contains(counted) && parameters[counted] == 1) {
      if (const auto one = words.find(std::string(key) + ".one"); one != words.end()) found = one;
      break;
    }
  }
  const std::string& sentence = found->second;
  std::string out;
  for (std::size_t at = 0; at < sentence.size();) {
    const auto end = sentence[at] == '{' ? sentence.find('}', at) : std::string::npos;
    if (end == std::string::npos) {
      out += sentence[at++];
      continue;
    }
    const std::string name = sentence.substr(at + 1, end - at - 1);
    if (name == "rule" && parameters.contains("code")) {
      out += say(language, "code." + parameters["code"].get<std::string>());
    } else if (parameters.contains(name)) {
      out += spelt(language, name, parameters[name]);
    } else {
      out += sentence.substr(at, end - at + 1);
    }
    at = end + 1;
  }
  return out;
}

}  // namespace lensart::app
