// Numbers by rule 2: how they may be spelt, and how long they may be when written out.

#include "tests/corpus/corpus.hpp"

namespace lensart::corpus {
namespace {

Draft with_metadata(const std::string& number) { return created().data("metadata", number); }
std::string digits(std::size_t count) { return repeated("7", count); }

void add_spellings(Collector& cases) {
  const char* broken[] = {"NaN",
                          "nan",
                          "Infinity",
                          "-Infinity",
                          "inf",
                          "01",
                          "-01",
                          "00",
                          "+1",
                          ".5",
                          "-.5",
                          "1.",
                          "1.e5",
                          "1e",
                          "1e+",
                          "1E-",
                          "1e5.",
                          "1e1.5",
                          "0x10",
                          "1_000",
                          "--1",
                          "-",
                          "1f",
                          "1n",
                          "1,5",
                          "1 000",
                          "\xE2\x88\x92"
                          "1",
                          "1e5e5",
                          "\xD9\xA1",
                          "0b1"};
  for (const char* number : broken) {
    cases.unreadable(std::string("number ") + number, with_metadata(number).text());
    cases.unreadable(std::string("total_price ") + number,
                     created().data("total_price", number).text());
  }
  const char* fine[] = {"0",
                        "-0",
                        "0.0",
                        "-0.0",
                        "0e0",
                        "0E+0",
                        "1e5",
                        "1E5",
                        "1e+5",
                        "1e-5",
                        "1e05",
                        "1e005",
                        "0.00001",
                        "123.456e-7",
                        "18446744073709551616",
                        "-9223372036854775809",
                        "1e400",
                        "-1e400",
                        "1e-400",
                        "4.9e-324"};
  for (const char* number : fine) {
    cases.accept(std::string("unread number ") + number, with_metadata(number));
  }
}

void add_lengths(Collector& cases) {
  const std::pair<const char*, std::string> fine[] = {
      {"1000 digits before the point", digits(1000)},
      {"1000 digits before the point, negative", "-" + digits(1000)},
      {"1000 digits after the point", "0." + digits(1000)},
      {"1000 digits on both sides", digits(1000) + "." + digits(1000)},
      {"1000 zeros after the point", "0." + repeated("0", 1000)},
      {"0e999", "0e999"},
      {"0e-1000", "0e-1000"},
      {"1e999", "1e999"},
      {"1e-1000", "1e-1000"},
      {"-1e999", "-1e999"},
      {"12e998", "12e998"},
      {"1.5e999", "1.5e999"},
      {"0.5e-999", "0.5e-999"},
      {"1e00000000000000000000999", "1e00000000000000000000999"},
      {"1e-00000000000000000000001", "1e-00000000000000000000001"},
      {"1500 digits with the point moved to 1000", digits(1500) + "e-500"},
      {"1500 digits after the point, moved to 1000", "0." + digits(1500) + "e500"},
  };
  for (const auto& [name, number] : fine) cases.accept(name, with_metadata(number));

  const std::pair<const char*, std::string> too_long[] = {
      {"1001 digits before the point", digits(1001)},
      {"1001 digits before the point, negative", "-" + digits(1001)},
      {"1001 digits after the point", "0." + digits(1001)},
      {"1001 zeros after the point", "0." + repeated("0", 1001)},
      {"0e1000", "0e1000"},
      {"0e-1001", "0e-1001"},
      {"0.0e-1000", "0.0e-1000"},
      {"1e1000", "1e1000"},
      {"-1e1000", "-1e1000"},
      {"1e-1001", "1e-1001"},
      {"12e999", "12e999"},
      {"1.5e-1000", "1.5e-1000"},
      {"1e131072", "1e131072"},
      {"1e-16384", "1e-16384"},
      {"1e2147483648", "1e2147483648"},
      {"1e-2147483649", "1e-2147483649"},
      {"1e99999999999999999999", "1e99999999999999999999"},
      {"0e99999999999999999999", "0e99999999999999999999"},
      {"1e-99999999999999999999", "1e-99999999999999999999"},
      {"1e18446744073709551616", "1e18446744073709551616"},
      {"1e-18446744073709551616", "1e-18446744073709551616"},
      {"1e18446744073709551617", "1e18446744073709551617"},
      {"100 000 digits", digits(100'000)},
  };
  for (const auto& [name, number] : too_long) {
    cases.unreadable(std::string(name) + ", unread", with_metadata(number).text());
    cases.unreadable(std::string(name) + " as total_price",
                     created().data("total_price", number).text());
  }
  Case& ignored = cases.unreadable("1001 digits in an ignored type",
                                   R"({"event_type":"test.connection","n":)" + digits(1001) + "}");
  ignored.topic = model::TopicKind::kOrderEvents;
}

/// Rule 2 is about numbers. A text that spells one is a text until rule 6 asks, and is then judged
/// by its value.
void add_texts_that_spell_numbers(Collector& cases) {
  cases.accept("an unread text of 1001 digits", with_metadata(quoted(digits(1001))));
  cases.reject("total_price a text of 1001 digits",
               created().data("total_price", quoted(digits(1001))), "bad_price",
               "data.total_price");
  cases.reject("user_id a text of 1001 digits", created().data("user_id", quoted(digits(1001))),
               "bad_id", "data.user_id");
  cases.reject("total_price 1e400", created().data("total_price", "1e400"), "bad_price",
               "data.total_price");
  cases.reject("branch_id 1e400", created().data("branch_id", "1e400"), "bad_id", "data.branch_id");
  cases.reject("branch_id of 1000 digits", created().data("branch_id", digits(1000)), "bad_id",
               "data.branch_id");
  cases.accept("total_price with 1000 decimals",
               created().data("total_price", "5." + repeated("0", 1000)),
               {{"total_price", "5.00"}});
  cases.accept("total_price 500 zeros and e-500",
               created().data("total_price", "7" + repeated("0", 500) + "e-500"),
               {{"total_price", "7.00"}});
}

}  // namespace

void add_number_cases(Collector& cases) {
  add_spellings(cases);
  add_lengths(cases);
  add_texts_that_spell_numbers(cases);
}

}  // namespace lensart::corpus
