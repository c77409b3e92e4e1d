#include <set>

#include "apps/config/effective.hpp"
#include "tests/config/config_fixture.hpp"

namespace lensart::app {
namespace {

using FingerprintTest = ConfigTest;

/// Another valid value of each option that is not a plain number.
const std::map<std::string, std::string> kOtherTexts = {
    {"pipeline.time_zone", R"("Europe/Berlin")"},
    {"pipeline.status_map",
     R"({ "Đang xử lý" = "pending", "Đã xử lý và sẵn sàng giao hàng" = "pending",
      "Đang giao hàng" = "pending", "Đã giao" = "completed", "Đã hủy" = "cancelled" })"},
    {"pipeline.payment_map", R"({ "cash" = "cash" })"},
    {"pipeline.status_ranks", R"(["Đã giao", "Đang giao hàng"])"},
    {"pipeline.terminal_statuses", R"(["Đã giao"])"},
    {"pipeline.jobs", R"(["orders", "status", "metrics", "product_sales_hourly"])"},
    {"retention.sliding", R"("401d")"},
    {"pipeline.stuck_after", R"("25h")"},
    {"pipeline.session_gap", R"("31m")"},
    {"pipeline.max_out_of_orderness", R"("6m")"},
    {"pipeline.allowed_lateness", R"("unlimited")"},
};

Value greatest(const Option& option) {
  if (option.kind == Kind::kOptionalDuration) return OptionalDuration{};
  if (option.kind == Kind::kDuration) return Duration{static_cast<std::int64_t>(option.most)};
  return option.most;
}

std::string without_newlines(std::string text) {
  text.erase(std::remove(text.begin(), text.end(), '\n'), text.end());
  return text;
}

TEST_F(FingerprintTest, ChangesForEachSettingThatEntersATable) {
  std::set<std::string> seen = {settings_fingerprint(Config{})};
  for (const auto& [key, option] : all_options()) {
    if (!option->enters_table) continue;
    file(file_with(key, without_newlines(kOtherTexts.at(key))));
    EXPECT_TRUE(seen.insert(settings_fingerprint(load().config)).second) << key;
  }
}

TEST_F(FingerprintTest, StaysForEverySettingThatEntersNoTable) {
  const auto plain = settings_fingerprint(Config{});
  for (const auto& [key, option] : all_options()) {
    if (option->enters_table || !option->is_number()) continue;
    Config config;
    option->set(config, "parse", greatest(*option));
    EXPECT_EQ(settings_fingerprint(config), plain) << key;
  }
  file(
      "[kafka]\nbrokers = 'elsewhere:1'\n[postgres]\ndsn = 'host=x'\n[sink]\nkind = 'null'\n"
      "[pipeline]\nname = 'other'\n[log]\nlevel = 'warn'\n[http]\nlisten = '127.0.0.1:1'\n");
  EXPECT_EQ(settings_fingerprint(load().config), plain);
}

TEST_F(FingerprintTest, StaysForAnotherSpellingOfTheSame) {
  file(
      "[pipeline]\nterminal_statuses = ['Đã hủy', 'Đã giao']\nstuck_after = '1d'\n"
      "allowed_lateness = '60m'\n");
  EXPECT_EQ(settings_fingerprint(load().config), settings_fingerprint(Config{}));
}

TEST_F(FingerprintTest, IsPinned) {
  // Written into states and databases: whoever changes it refuses the start of every pipeline.
  EXPECT_EQ(settings_json(Config{}),
            "{\"allowed_lateness\": \"1h\", \"jobs\": [\"metrics\", \"orders\", \"status\"], "
            "\"max_out_of_orderness\": \"5m\", \"payment_map\": {\"COD\": \"cash\", \"Chuyển "
            "khoản\": \"online\", \"Tiền "
            "mặt\": \"cash\", \"cash\": \"cash\", \"momo\": \"online\", \"online\": \"online\", "
            "\"payos\": \"online\"}, \"retention.sliding\": \"400d\", \"session_gap\": \"30m\", "
            "\"status_map\": {\"Đang giao "
            "hàng\": \"processing\", \"Đang xử lý\": \"pending\", \"Đã giao\": \"completed\", "
            "\"Đã hủy\": \"cancelled\", \"Đã xử lý và sẵn sàng giao hàng\": \"processing\"}, "
            "\"status_ranks\": [\"Đang xử lý\", \"Đã xử lý và sẵn sàng giao hàng\", \"Đang giao "
            "hàng\", \"Đã giao\"], \"stuck_after\": \"24h\", \"terminal_statuses\": [\"Đã giao\", "
            "\"Đã hủy\"], \"time_zone\": \"Asia/Ho_Chi_Minh\"}");
  EXPECT_EQ(settings_fingerprint(Config{}).size(), 32U);
}

}  // namespace
}  // namespace lensart::app
