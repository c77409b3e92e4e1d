/// What is said to a person, in English or Vietnamese: sentences by a key, with figures put in.
///
/// The sentences about a running instance are those of the console (apps/console/assets/words/),
/// read from what the program carries of it; those that only the doctor says are in
/// words_table.cpp.
///
/// Threads: any.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "apps/explain/answer.hpp"

namespace lensart::app {

enum class Language { kEnglish, kVietnamese };

/// Of LC_ALL, LC_MESSAGES or LANG, the first that is set: Vietnamese where it begins with `vi`.
Language language_of_environment();

/// `cause.kafka_away` with `{brokers}` and so on put in. Sizes, durations and shares are spelt by
/// the endings of the parameters' names, as the console does. A key without words is its own text.
std::string say(Language language, std::string_view key, const Json& parameters = Json::object());
bool has_words(Language language, std::string_view key);

/// One sentence of the doctor's own.
struct Sentence {
  std::string_view key;
  std::string_view english;
  std::string_view vietnamese;
};
std::span<const Sentence> own_sentences();

}  // namespace lensart::app
