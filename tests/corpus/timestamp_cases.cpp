// Rules 7 and 8: instants.

#include "tests/corpus/corpus.hpp"
#include "tests/model/instant.hpp"

namespace lensart::corpus {
namespace {

using namespace std::chrono_literals;

Draft at(const std::string& timestamp) { return created().top("timestamp", quoted(timestamp)); }
Draft dated(const std::string& date) { return created().data("date", quoted(date)); }

void add_good_timestamps(Collector& cases) {
  const std::pair<const char*, const char*> fine[] = {
      {"2024-05-01T10:30:02Z", "2024-05-01T10:30:02.000000Z"},
      {"2024-05-01 10:30:02Z", "2024-05-01T10:30:02.000000Z"},
      {"2024-05-01T10:30:02", "2024-05-01T03:30:02.000000Z"},
      {"2024-05-01 10:30:02", "2024-05-01T03:30:02.000000Z"},
      {"2024-05-01T10:30:02+07:00", "2024-05-01T03:30:02.000000Z"},
      {"2024-05-01T10:30:02+0700", "2024-05-01T03:30:02.000000Z"},
      {"2024-05-01T10:30:02+07", "2024-05-01T03:30:02.000000Z"},
      {"2024-05-01T10:30:02-03:30", "2024-05-01T14:00:02.000000Z"},
      {"2024-05-01T10:30:02-0330", "2024-05-01T14:00:02.000000Z"},
      {"2024-05-01T10:30:02-11", "2024-05-01T21:30:02.000000Z"},
      {"2024-05-01T10:30:02+00:00", "2024-05-01T10:30:02.000000Z"},
      {"2024-05-01T10:30:02-00:00", "2024-05-01T10:30:02.000000Z"},
      {"2024-05-01T10:30:02+23:59", "2024-04-30T10:31:02.000000Z"},
      {"2024-05-01T10:30:02-23:59", "2024-05-02T10:29:02.000000Z"},
      {"2024-05-01T10:30:02-2359", "2024-05-02T10:29:02.000000Z"},
      {"2024-05-01T10:30:02+23", "2024-04-30T11:30:02.000000Z"},
      {"2024-05-01T10:30:02.5Z", "2024-05-01T10:30:02.500000Z"},
      {"2024-05-01T10:30:02.000001Z", "2024-05-01T10:30:02.000001Z"},
      {"2024-05-01T10:30:02.0000009Z", "2024-05-01T10:30:02.000000Z"},
      {"2024-05-01T10:30:02.123456789Z", "2024-05-01T10:30:02.123456Z"},
      {"2024-05-01T10:30:02.123456+07:00", "2024-05-01T03:30:02.123456Z"},
      {"2024-05-01 10:30:02.25", "2024-05-01T03:30:02.250000Z"},
      {"2024-05-01T23:59:59.999999999Z", "2024-05-01T23:59:59.999999Z"},
      {"2024-05-01T00:00:00Z", "2024-05-01T00:00:00.000000Z"},
      {"2024-02-29T12:00:00Z", "2024-02-29T12:00:00.000000Z"},
      {"2000-02-29T12:00:00Z", "2000-02-29T12:00:00.000000Z"},
      {"2000-01-01T00:00:00Z", "2000-01-01T00:00:00.000000Z"},
      {"2000-01-01T07:00:00", "2000-01-01T00:00:00.000000Z"},
      {"1999-12-31T23:30:00-01:00", "2000-01-01T00:30:00.000000Z"},
      {"2023-12-31T23:59:59+07:00", "2023-12-31T16:59:59.000000Z"},
  };
  for (const auto& [text, instant] : fine) {
    cases.accept(std::string("timestamp ") + text, at(text), {{"event_timestamp", instant}});
    cases.accept(std::string("date ") + text, dated(text), {{"processed.order_date", instant}});
  }
  cases.accept("a timestamp spelt with escapes", at(R"(2024\u002d05\u002d01\u005410:30:02\u005A)"),
               {{"event_timestamp", "2024-05-01T10:30:02.000000Z"}});
  cases.accept("the last date there is", dated("2100-12-31T23:59:59.999999999Z"),
               {{"processed.order_date", "2100-12-31T23:59:59.999999Z"}});
  cases.accept("a date past 2100 in its own zone only", dated("2101-01-01T00:30:00+01:00"),
               {{"processed.order_date", "2100-12-31T23:30:00.000000Z"}});
  cases.accept("the lines' date is the business zone's", dated("2024-05-01T17:00:00Z"),
               {{"item.order_date", "2024-05-02"}});
  cases.accept("the lines' date before the business zone's midnight",
               dated("2024-05-01T16:59:59.999999Z"), {{"item.order_date", "2024-05-01"}});
  cases.accept("no date", created().data_without("date"),
               {{"processed.order_date", "NULL"}, {"item.order_date", "NULL"}});
}

void add_bad_timestamps(Collector& cases) {
  const char* bad[] = {
      "",
      " ",
      "now",
      "infinity",
      "epoch",
      "1714534202",
      "2024-05-01",
      "2024-05-01T",
      "2024-05-01T10",
      "2024-05-01T10:30",
      "2024-05-01T10:30Z",
      "2024-05-01t10:30:02Z",
      "2024-05-01T10:30:02z",
      "2024-05-01  10:30:02",
      "2024-05-01\\t10:30:02",
      "2024-05-01\\u00a010:30:02",
      "2024-05-01_10:30:02",
      "2024-05-0110:30:02",
      " 2024-05-01T10:30:02Z",
      "2024-05-01T10:30:02Z ",
      "2024-05-01T10:30:02 Z",
      "2024-05-01T10:30:02 +07:00",
      "2024-05-01T10:30:02ZZ",
      "2024-05-01T10:30:02Z+07:00",
      "2024-05-01T10:30:02+07:00Z",
      "2024-05-01T10:30:02UTC",
      "2024-05-01T10:30:02+7",
      "2024-05-01T10:30:02+7:00",
      "2024-05-01T10:30:02+070",
      "2024-05-01T10:30:02+07:",
      "2024-05-01T10:30:02+07:0",
      "2024-05-01T10:30:02+07:000",
      "2024-05-01T10:30:02+07000",
      "2024-05-01T10:30:02+07:00:00",
      "2024-05-01T10:30:02+",
      "2024-05-01T10:30:02-",
      "2024-05-01T10:30:02+24:00",
      "2024-05-01T10:30:02-24",
      "2024-05-01T10:30:02+2400",
      "2024-05-01T10:30:02+07:60",
      "2024-05-01T10:30:02+0799",
      "2024-05-01T10:30:02\xE2\x88\x92"
      "07:00",
      "2024-05-01T10:30:02[Asia/Ho_Chi_Minh]",
      "2024-05-01T10:30:02.Z",
      "2024-05-01T10:30:02.",
      "2024-05-01T10:30:02,5Z",
      "2024-05-01T10:30:02.1234567890Z",
      "2024-05-01T24:00:00Z",
      "2024-05-01T25:00:00Z",
      "2024-05-01T10:60:00Z",
      "2024-05-01T10:30:60Z",
      "2016-12-31T23:59:60Z",
      "2024-00-01T10:30:02Z",
      "2024-13-01T10:30:02Z",
      "2024-05-00T10:30:02Z",
      "2024-05-32T10:30:02Z",
      "2024-04-31T10:30:02Z",
      "2023-02-29T10:30:02Z",
      "2100-02-29T10:30:02Z",
      "0000-00-00 00:00:00",
      "24-05-01T10:30:02Z",
      "02024-05-01T10:30:02Z",
      "+2024-05-01T10:30:02Z",
      "-2024-05-01T10:30:02Z",
      "2024-5-1T10:30:02Z",
      "2024-05-01T1:30:02Z",
      "2024-05-01T10:30:2Z",
      "2024/05/01 10:30:02",
      "01-05-2024 10:30:02",
      "20240501T103002Z",
      "2024-05-01T10:30:02 PM",
      "2024-W18-3T10:30:02Z",
      "2024-122T10:30:02Z",
      "\xEF\xBC\x92"
      "024-05-01T10:30:02Z",
      "2024-05-01T10:30:02Z\\u0000",
      "1999-12-31T23:59:59.999999Z",
      "1999-12-31T23:59:59Z",
      "2000-01-01T00:30:00+01:00",
      "2000-01-01T06:59:59",
      "1970-01-01T00:00:00Z",
      "0001-01-01T00:00:00Z",
      "0000-01-01T00:00:00Z",
      "2101-01-01T00:00:00Z",
      "2100-12-31T23:30:00-01:00",
      "2101-01-01T07:00:00",
      "9999-12-31T23:59:59Z",
  };
  for (const char* text : bad) {
    cases.reject(std::string("timestamp ") + text, at(text), "bad_timestamp", "timestamp");
    cases.reject(std::string("date ") + text, dated(text), "bad_timestamp", "data.date");
  }
  ObjectText snapshot = good_snapshot();
  snapshot.set("date", R"("2023-02-29 10:00:00")");
  cases.reject("a bad date in a status event's snapshot", status_changed_with(snapshot),
               "bad_timestamp", "data.order.date");
  cases.reject("a bad date, flat", dated("2023-02-29 10:00:00").flat(), "bad_timestamp", "date");
  cases.reject("both times bad", dated("x").top("timestamp", "\"y\""), "bad_timestamp",
               "timestamp");
}

void add_future_timestamps(Collector& cases, Instant now) {
  cases.accept("45 minutes ahead", at(model::print_instant(now + 45min)));
  cases.reject("90 minutes ahead", at(model::print_instant(now + 90min)), "timestamp_in_future",
               "timestamp");
  cases.reject("a year ahead", at(model::print_instant(now + 365 * 24h)), "timestamp_in_future",
               "timestamp");
  cases.reject("the last timestamp there is", at("2100-12-31T23:59:59.999999Z"),
               "timestamp_in_future", "timestamp");
  cases.accept("a date ahead of the clock", dated(model::print_instant(now + 365 * 24h)));
}

}  // namespace

void add_timestamp_cases(Collector& cases, Instant now) {
  add_good_timestamps(cases);
  add_bad_timestamps(cases);
  add_future_timestamps(cases, now);
}

}  // namespace lensart::corpus
