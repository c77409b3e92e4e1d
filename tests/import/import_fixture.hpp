/// A file of orders read as the command does it, with verbs for what came out.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "apps/import/importer.hpp"
#include "graph/time_zone.hpp"

namespace lensart::importing {

class ImportTest : public testing::Test {
 protected:
  /// The columns that every order must have.
  static constexpr const char* kHeader =
      "id,branch_id,total_price,order_status,payment_status,created_at";

  ImportTest() {
    options.rules.zone = &zone_;
    options.rules.max_payload_bytes = 64 * 1024;
  }

  Tally read(const std::string& text, Form form) {
    options.form = form;
    std::FILE* file = std::tmpfile();
    EXPECT_EQ(std::fwrite(text.data(), 1, text.size(), file), text.size());
    std::rewind(file);
    events.clear();
    auto tally =
        read_orders(file, options, clock, [&](const OrderEvents::Ready& ready) -> Result<Unit> {
          events.emplace_back(ready.payload);
          return Unit{};
        });
    std::fclose(file);
    EXPECT_TRUE(tally);
    return tally.value_or(Tally{});
  }
  Tally read_csv(const std::string& text) { return read(text, Form::kCsv); }
  Tally read_json(const std::string& text) { return read(text, Form::kJsonLines); }

  /// `line N FIELD code` of each problem.
  static std::vector<std::string> blamed(const Tally& tally) {
    std::vector<std::string> out;
    for (const Problem& problem : tally.shown) {
      out.push_back("line " + std::to_string(problem.line) + " " +
                    (problem.field.empty() ? "-" : problem.field) + " " + problem.code);
    }
    return out;
  }

  /// The data of the first order; the envelope is looked at where it matters.
  std::string data() const {
    if (events.empty()) return "(no order)";
    const auto at = events.front().find("\"data\":") + 7;
    return events.front().substr(at, events.front().size() - at - 1);
  }

  ManualClock clock{std::chrono::sys_days(std::chrono::year{2026} / 11 / 20)};
  PassOptions options;
  std::vector<std::string> events;

 private:
  TimeZone zone_ = *TimeZone::find("Asia/Ho_Chi_Minh");
};

}  // namespace lensart::importing
