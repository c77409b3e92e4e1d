// What the doctor says: in both languages, of everything that can be found, with a page that
// exists.

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "apps/api/api.hpp"
#include "apps/doctor/doctor.hpp"

namespace lensart::app {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr Language kBoth[] = {Language::kEnglish, Language::kVietnamese};

/// The codes and remedies that openapi.json has for a running instance.
std::set<std::pair<std::string, std::string>> attention_of_the_console() {
  const Json document = Json::parse(openapi_document());
  std::set<std::pair<std::string, std::string>> all;
  for (const Json& choice : document["components"]["schemas"]["Attention"]["oneOf"]) {
    all.emplace(choice["title"], choice["properties"]["remedy"]["const"]);
  }
  return all;
}

std::string source(const std::string& name) {
  std::ifstream file(std::filesystem::path(LENSART_SOURCE_DIR) / name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(WordsTest, EveryCauseAndRemedyOfARunningInstanceHasWordsInBothLanguages) {
  const auto all = attention_of_the_console();
  ASSERT_GT(all.size(), 15U);
  for (const auto& [code, remedy] : all) {
    for (const Language language : kBoth) {
      EXPECT_TRUE(has_words(language, "cause." + code)) << code;
      EXPECT_TRUE(has_words(language, "remedy." + remedy)) << remedy;
    }
  }
}

TEST(WordsTest, OwnSentencesAreDifferentInTheTwoLanguagesAndNameTheSameFigures) {
  const auto figures = [](std::string_view text) {
    std::set<std::string> names;
    const std::string all(text);
    const std::regex brace(R"(\{(\w+)\})");
    for (std::sregex_iterator at(all.begin(), all.end(), brace), end; at != end; ++at) {
      names.insert((*at)[1]);
    }
    return names;
  };
  for (const Sentence& sentence : own_sentences()) {
    EXPECT_FALSE(sentence.english.empty() || sentence.vietnamese.empty()) << sentence.key;
    EXPECT_EQ(figures(sentence.english), figures(sentence.vietnamese)) << sentence.key;
  }
}

TEST(WordsTest, EveryCodeAndRemedyInTheSourcesHasASentence) {
  const std::set<std::string> files = {"doctor.cpp", "instance_probe.cpp", "probe.cpp",
                                       "state_probe.cpp", "report.cpp"};
  const std::regex pair(R"re(Verdict::k\w+,\s*"([a-z_]+)",)re");
  int seen = 0;
  for (const std::string& name : files) {
    const std::string text = source("apps/doctor/" + name);
    for (std::sregex_iterator at(text.begin(), text.end(), pair), end; at != end; ++at, ++seen) {
      EXPECT_TRUE(has_words(Language::kEnglish, "cause." + (*at)[1].str())) << name << (*at)[1];
    }
  }
  EXPECT_GT(seen, 15);
}

TEST(WordsTest, EveryRunbookThatIsNamedExists) {
  std::set<std::string> codes;
  for (const auto& [code, remedy] : attention_of_the_console()) codes.insert(code);
  for (const Sentence& sentence : own_sentences()) {
    if (sentence.key.starts_with("cause.")) codes.emplace(sentence.key.substr(6));
  }
  int pages = 0;
  for (const std::string& code : codes) {
    const auto page = runbook_of(code);
    if (page.empty()) continue;
    ++pages;
    EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(LENSART_SOURCE_DIR) / page)) << page;
  }
  EXPECT_GT(pages, 20);
}

TEST(WordsTest, FiguresAreSpeltForAPerson) {
  const Json parameters = {
      {"topic", "order-created"}, {"partition", 2}, {"events", 12}, {"seconds", 75}};
  EXPECT_EQ(say(Language::kEnglish, "cause.partition_stalled", parameters),
            "order-created/2 stands still: 12 events wait and none has been read for 1 min 15 s.");
  EXPECT_THAT(say(Language::kVietnamese, "cause.disk_nearly_full",
                  {{"free_bytes", 1'610'612'736}, {"total_bytes", 10'737'418'240}}),
              HasSubstr("1,5 GiB trên 10,0 GiB"));
  EXPECT_THAT(
      say(Language::kEnglish, "cause.dead_letter_burst",
          {{"code", "bad_price"}, {"events", 9}, {"refused", 12}, {"share", 0.25}, {"minutes", 5}}),
      testing::AllOf(HasSubstr("12 events"), HasSubstr("25 %"), Not(HasSubstr("{"))));
  EXPECT_EQ(say(Language::kEnglish, "cause.unknown_statuses", {{"events", 1}}).find("One event"),
            0U);
}

TEST(ReportTest, WhatIsWrongComesWithTheNextStepAndThePage) {
  const Findings findings = {{"configuration", Finding::Verdict::kGood, "configuration_defaults"},
                             {"kafka",
                              Finding::Verdict::kFailure,
                              "kafka_unreachable",
                              {{"message", "nobody there"}},
                              "start_or_set_kafka",
                              69}};
  const std::string english = report_text(findings, Language::kEnglish);
  EXPECT_THAT(english, HasSubstr("PROBLEM"));
  EXPECT_THAT(english, HasSubstr("nobody there"));
  EXPECT_THAT(english, HasSubstr("next: start the broker"));
  EXPECT_THAT(english, HasSubstr("docs/runbooks/kafka-away.md"));
  EXPECT_THAT(english, HasSubstr("One finding needs attention."));
  const std::string vietnamese = report_text(findings, Language::kVietnamese);
  EXPECT_THAT(vietnamese, HasSubstr("SỰ CỐ"));
  EXPECT_THAT(vietnamese, HasSubstr("cần làm: Hãy khởi động broker"));
  const Json json = report_json(findings, Language::kEnglish);
  EXPECT_EQ(json["exit_code"], 69);
  EXPECT_EQ(json["findings"][1]["runbook"], "docs/runbooks/kafka-away.md");
}

TEST(ReportTest, TheFirstFailureGivesTheExitCodeAndNotesGiveNone) {
  using Verdict = Finding::Verdict;
  const auto of = [](Verdict verdict, int code) {
    return Finding{"x", verdict, "not_running", {}, "", code};
  };
  EXPECT_EQ(exit_code_of({of(Verdict::kGood, 0), of(Verdict::kNote, 0)}), 0);
  EXPECT_EQ(exit_code_of({of(Verdict::kWarning, 0)}), 1);
  EXPECT_EQ(exit_code_of(
                {of(Verdict::kWarning, 0), of(Verdict::kFailure, 76), of(Verdict::kFailure, 69)}),
            76);
}

}  // namespace
}  // namespace lensart::app
