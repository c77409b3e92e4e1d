/// Reading payloads in tests, and saying in one line what came of it.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "apps/orders/event_reader.hpp"
#include "graph/time_zone.hpp"
#include "tests/orders/payloads.hpp"

namespace lensart::orders {

class ReaderTest : public ::testing::Test {
 protected:
  ReaderTest() { set_up(Rules{}); }

  /// Reads with these rules from now on, in Vietnam's time unless they name another zone.
  void set_up(Rules rules) {
    if (rules.zone == nullptr) rules.zone = &zone_;
    reader_ = std::make_unique<EventReader>(rules);
  }

  Outcome read(Topic topic, std::string_view payload) {
    outcome_ = reader_->read(topic, padded(payload), now_, arena_, event_, rejection_);
    return outcome_;
  }

  /// "accepted", "ignored", or the code and the field: "bad_price data.total_price".
  std::string verdict(Topic topic, std::string_view payload) {
    switch (read(topic, payload)) {
      case Outcome::kEvent:
        return "accepted";
      case Outcome::kIgnored:
        return "ignored";
      case Outcome::kRejected:
        break;
    }
    const Violation& violation = rejection_.violation;
    EXPECT_FALSE(violation.message.empty());
    const std::string code(name_of(violation.code));
    return violation.field.empty() ? code : code + ' ' + violation.field;
  }
  std::string verdict(Topic topic, const Json& payload) { return verdict(topic, payload.text()); }

  /// Of an order.created around this snapshot.
  std::string verdict_of(const Json& snapshot) {
    return verdict(Topic::kOrderCreated, created(snapshot));
  }
  /// Of an order.created whose first line is this one.
  std::string verdict_of_line(const Json& first) {
    return verdict_of(snapshot().set("order_details", lines({first, line()})));
  }
  /// Of an order.status_changed around this data.
  std::string verdict_of_status(const Json& data) {
    return verdict(Topic::kOrderEvents, envelope("order.status_changed", data));
  }

  std::vector<std::string> violations(Topic topic, std::string_view payload) {
    std::vector<std::string> out;
    for (const Violation& violation : reader_->violations(topic, padded(payload), now_)) {
      EXPECT_FALSE(violation.message.empty());
      out.push_back(fmt::format("{} {}", name_of(violation.code), violation.field));
    }
    return out;
  }

  /// A copy of the payload with as little behind it as the reader asks for, and that is misleading.
  std::string_view padded(std::string_view payload) {
    buffer_ = std::make_unique<char[]>(payload.size() + kPayloadPadding);
    payload.copy(buffer_.get(), payload.size());
    for (std::size_t i = 0; i < kPayloadPadding; ++i) {
      buffer_[payload.size() + i] = R"(9\"}],)"[i % 6];
    }
    return {buffer_.get(), payload.size()};
  }

  static Instant utc(int year, unsigned month, unsigned day, std::chrono::microseconds time) {
    return std::chrono::sys_days(std::chrono::year(year) / std::chrono::month(month) /
                                 std::chrono::day(day)) +
           time;
  }

  TimeZone zone_ = TimeZone::find("Asia/Ho_Chi_Minh").value();
  Instant now_ = utc(2026, 11, 24, std::chrono::hours(12));
  std::unique_ptr<EventReader> reader_;
  std::unique_ptr<char[]> buffer_;
  Arena arena_;
  Event event_;
  Rejection rejection_;
  Outcome outcome_ = Outcome::kIgnored;
};

}  // namespace lensart::orders
