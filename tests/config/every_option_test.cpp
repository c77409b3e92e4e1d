/// Claims that hold of every option there is: made from the schema, so that a new one is covered.

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "apps/config/effective.hpp"
#include "apps/config/sources.hpp"
#include "tests/config/config_fixture.hpp"

namespace lensart::app {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// Texts that each checked option refuses; those without a check or a range take any.
const std::map<std::string, std::string> kRefusedTexts = {
    {"kafka.brokers", R"("host:port")"},
    {"kafka.group", R"("")"},
    {"kafka.topics.order_created", R"("no blanks")"},
    {"kafka.topics.order_updated", R"("..")"},
    {"kafka.topics.order_cancelled", R"("")"},
    {"kafka.topics.order_events", R"("ä")"},
    {"kafka.dlq_topic", R"("a/b")"},
    {"kafka.replay_topic", R"("a:b")"},
    {"kafka.properties", R"({ "no.such.property" = "x" })"},
    {"kafka.consumer.properties", R"({ "group.id" = "x" })"},
    {"kafka.producer.properties", R"({ "security.protocol" = "carrier-pigeon" })"},
    {"postgres.dsn", R"("host=a user")"},
    {"postgres.password_file", R"("/nonexistent/password")"},
    {"postgres.schema", R"("pg_mine")"},
    {"state.directory", R"("")"},
    {"pipeline.name", R"("a name")"},
    {"pipeline.time_zone", R"("Mars/Olympus")"},
    {"pipeline.status_map", R"({ "x" = "pendin" })"},
    {"pipeline.payment_map", R"({ "" = "cash" })"},
    {"pipeline.status_ranks", R"([""])"},
    {"pipeline.terminal_statuses",
     R"(["a text that is longer than the fifty characters its column has"])"},
    {"pipeline.jobs", R"(["odrers"])"},
    {"http.listen", R"("localhost")"},
    {"http.tokens", R"(["not a hash"])"},
    {"http.hosts", R"(["https://orders.example"])"},
    {"notify.webhook_url", R"("ftp://example.org/")"},
    {"notify.webhook_secret_file", R"("/nonexistent/secret")"},
    {"notify.channel", R"("two words")"},
    {"gateway.listen", R"("127.0.0.1:99999")"},
    {"gateway.tokens", R"(["ABCDEF"])"},
};

/// A value of another type than the option's.
std::string wrong_type(const Option& option) {
  return option.kind == Kind::kBoolean || option.kind == Kind::kInteger ? R"("many")" : "true";
}

/// Values outside of the option's range or choice.
std::vector<std::string> out_of_range(const std::string& key, const Option& option) {
  if (option.kind == Kind::kBoolean) return {"1"};
  if (option.kind == Kind::kChoice) return {R"("neither")"};
  if (!option.is_number()) return {kRefusedTexts.at(key)};
  const auto spell = [&](std::uint64_t number) -> std::string {
    if (option.kind == Kind::kSize) return fmt::format("\"{}B\"", number);
    if (option.kind == Kind::kInteger) return fmt::format("{}", number);
    return fmt::format("\"{}us\"", number);
  };
  std::vector<std::string> values = {spell(option.most + 1)};
  if (option.least > 0) values.push_back(spell(option.least - 1));
  if (option.kind == Kind::kInteger) values.emplace_back("-1");
  return values;
}

/// What people do to names: leave a letter out, double one, swap two, hit a neighbour.
std::vector<std::string> misspellings(const std::string& word) {
  const auto middle = word.size() / 2;
  auto left_out = word;
  left_out.erase(middle, 1);
  auto doubled = word;
  doubled.insert(middle, 1, word[middle]);
  auto swapped = word;
  std::swap(swapped[middle - 1], swapped[middle]);
  auto other = word;
  other[middle] = other[middle] == 'x' ? 'y' : 'x';
  std::vector<std::string> all = {left_out, doubled, swapped, other};
  all.erase(std::remove(all.begin(), all.end(), word), all.end());
  return all;
}

class EveryOptionTest : public ConfigTest {
 protected:
  void count(bool caught, const std::string& what) {
    ++tried_;
    if (caught) {
      ++caught_;
    } else {
      ADD_FAILURE() << "not caught: " << what;
    }
  }
  ~EveryOptionTest() override {
    if (tried_ > 0) fmt::print("[          ] caught {}/{}\n", caught_, tried_);
  }

 private:
  int tried_ = 0;
  int caught_ = 0;
};

TEST_F(EveryOptionTest, MisspeltIsCaughtAtItsLineAndTheRightNameIsSuggested) {
  for (const auto& [key, option] : all_options()) {
    const auto leaf = key.substr(key.rfind('.') + 1);
    const auto section = key.substr(0, key.size() - leaf.size());
    for (const auto& wrong : misspellings(leaf)) {
      file("# a comment\n" + file_with(section + wrong, "7"));
      const auto text = problem();
      const int line = section.empty() ? 2 : 3;
      count(text.starts_with(fmt::format("lensart.toml:{}: {}{} = ", line, section, wrong)) &&
                text.find("did you mean \"" + key + "\"?") != std::string::npos,
            text);
    }
  }
}

TEST_F(EveryOptionTest, MisspeltInTheEnvironmentIsCaught) {
  for (const auto& [key, option] : all_options()) {
    if (option->of_node()) continue;
    const auto name = environment_name(key);
    options.environment = {{name + "S", "7"}};
    const auto text = problem();
    count(text.starts_with("environment " + name + "S") &&
              text.find("did you mean \"" + name + "\"?") != std::string::npos,
          text);
  }
}

TEST_F(EveryOptionTest, WrongTypeIsCaughtWithFileLineKeyValueAndRemedy) {
  for (const auto& [key, option] : all_options()) {
    const auto spelling = wrong_type(*option);
    file(file_with(key, spelling));
    const auto text = problem();
    const auto shown = option->secrecy == Secrecy::kOpen ? spelling : "***";
    count(text.starts_with(fmt::format("lensart.toml:{}: {} = {}: is ",
                                       key.find('.') == std::string::npos ? 1 : 2, key, shown)) &&
              text.find("; write ") != std::string::npos,
          text);
  }
}

TEST_F(EveryOptionTest, ValueOutOfRangeIsCaughtWithFileLineKeyValueAndRemedy) {
  for (const auto& [key, option] : all_options()) {
    for (const auto& spelling : out_of_range(key, *option)) {
      file(file_with(key, spelling));
      const auto text = problem();
      // A map's problem names the entry, and a secret shows nothing.
      const bool has_value = option->kind == Kind::kTextMap || option->secrecy != Secrecy::kOpen ||
                             text.find(" = " + spelling + ": ") != std::string::npos;
      count(text.starts_with(fmt::format("lensart.toml:{}: {}",
                                         key.find('.') == std::string::npos ? 1 : 2, key)) &&
                has_value && text.find("; ") != std::string::npos,
            text);
    }
  }
}

TEST_F(EveryOptionTest, WrongTypeAndRangeAreCaughtInTheEnvironmentAndOnTheCommandLineToo) {
  for (const auto& [key, option] : all_options()) {
    if (!option->is_number()) continue;
    options = {};
    options.search_path.clear();
    environment(environment_name(key), "many");
    const auto by_environment = problem();
    count(by_environment.starts_with("environment " + environment_name(key) + ": " + key +
                                     " = \"many\": "),
          by_environment);
    options.environment.clear();
    set(key + "=many");
    const auto by_set = problem();
    count(by_set.starts_with("--set: " + key + " = \"many\": "), by_set);
  }
}

TEST_F(EveryOptionTest, DefaultIsAcceptedFromTheFileAndChangesNothing) {
  const auto plain = load();
  for (const auto& [key, option] : all_options()) {
    if (option->of_node()) continue;
    file(file_with(key, option->default_text()));
    const auto loaded = load();
    EXPECT_EQ(option->get(loaded.config, {}), option->get(plain.config, {})) << key;
    const int line = key.find('.') == std::string::npos ? 1 : 2;
    EXPECT_EQ(loaded.origin_of(key).text(), fmt::format("{}:{}", options.file->string(), line));
  }
}

TEST_F(EveryOptionTest, DefaultIsAcceptedFromTheEnvironment) {
  for (const auto& [key, option] : all_options()) {
    if (option->of_node()) continue;
    auto text = option->default_text();
    if (text.starts_with('"')) text = text.substr(1, text.size() - 2);
    options.environment = {{environment_name(key), text}};
    EXPECT_EQ(option->get(load().config, {}), option->get(Config{}, {})) << key;
  }
}

TEST_F(EveryOptionTest, NamesInTheEnvironmentAreDistinct) {
  std::set<std::string> names;
  for (const auto& [key, option] : all_options()) {
    EXPECT_TRUE(names.insert(environment_name(key)).second) << key;
  }
}

TEST_F(EveryOptionTest, HasADocumentingSentence) {
  for (const auto& [key, option] : all_options()) {
    EXPECT_TRUE(option->doc.ends_with('.')) << key;
  }
}

TEST_F(EveryOptionTest, EffectiveTextReadBackGivesTheSameConfiguration) {
  file(
      "shutdown_timeout = \"7s\"\n[nodes.parse]\nlanes = 3\n[kafka.properties]\n"
      "security.protocol = \"PLAINTEXT\"\n[pipeline]\nallowed_lateness = \"unlimited\"\n");
  const auto first = load();
  file(effective_text(first));
  const auto second = load();
  for (const auto& [key, option] : all_options()) {
    EXPECT_EQ(option->get(first.config, "parse"), option->get(second.config, "parse")) << key;
  }
}

}  // namespace
}  // namespace lensart::app
