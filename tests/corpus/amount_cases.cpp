// Rules 9 to 11: ids, amounts and quantities.

#include "tests/corpus/corpus.hpp"

namespace lensart::corpus {
namespace {

void add_order_ids(Collector& cases) {
  const std::pair<const char*, const char*> fine[] = {
      {"1", "1"},
      {"\"2\"", "2"},
      {"3.0", "3"},
      {"4e0", "4"},
      {"50e-1", "5"},
      {"\"6.00\"", "6"},
      {"0.7e1", "7"},
      {"\"8e0\"", "8"},
      {"9223372036854775807", "9223372036854775807"},
      {"\"9223372036854775806\"", "9223372036854775806"},
      {"9223372036854775805.000", "9223372036854775805"},
      {"9.223372036854775804e18", "9223372036854775804"},
      {"9007199254740993", "9007199254740993"},
  };
  for (const auto& [text, id] : fine) {
    cases.accept(std::string("order id ") + text, created().data("id", text), {{"order_id", id}});
  }
  const char* bad[] = {"0",
                       "-0",
                       "0.0",
                       "-1",
                       "\"0\"",
                       "\"-5\"",
                       "1.5",
                       "\"1.5\"",
                       "0.5",
                       "1e-1",
                       "1.0000000000000000000000001",
                       "9223372036854775808",
                       "\"9223372036854775808\"",
                       "18446744073709551617",
                       "1e19",
                       "1e999",
                       "9223372036854775807.5",
                       "-9223372036854775808",
                       "-9223372036854775809"};
  for (const char* text : bad) {
    cases.reject(std::string("order id ") + text, created().data("id", text), "bad_id", "data.id")
        .order_id.reset();
    for (const char* field : {"user_id", "branch_id", "coupon_id"}) {
      cases.reject(std::string(field) + " " + text, created().data(field, text), "bad_id",
                   std::string("data.") + field);
    }
    ObjectText line = good_line();
    line.set("product_id", text);
    cases.reject(std::string("product_id ") + text, created_with(line), "bad_id",
                 "data.order_details[0].product_id");
  }
}

void add_ids_that_meet(Collector& cases) {
  cases.accept("order_id for id", created().data_without("id").data("order_id", "@ORDER@"));
  cases.accept("id for order_id", status_changed().data_without("order_id").data("id", "@ORDER@"));
  cases.accept("both, the same by value",
               created().data("order_id", "\"@ORDER@.0\"").data("id", "@ORDER@e0"));
  cases.accept("both, one null", created().data("order_id", "null"));
  cases.reject("order_id and id differ", created().data("order_id", "77"), "bad_id", "")
      .order_id.reset();
  cases
      .reject("order_id and id differ, flat", status_changed().data("id", "77").flat(), "bad_id",
              "")
      .order_id.reset();
  ObjectText snapshot = good_snapshot();
  cases.accept("a snapshot's id the same by value",
               status_changed_with(snapshot).data("order_id", "\"@ORDER@\""));
  snapshot.set("id", "77");
  cases.reject("a snapshot of another order", status_changed_with(snapshot), "bad_id",
               "data.order.id");
  cases.reject("a snapshot of another order, flat", status_changed_with(snapshot).flat(), "bad_id",
               "order.id");
  snapshot.set("id", "0");
  cases.reject("a snapshot's id 0", status_changed_with(snapshot), "bad_id", "data.order.id");
  snapshot.set("id", "null");
  cases.accept("a snapshot's id null", status_changed_with(snapshot));
  snapshot.drop("id");
  cases.accept("a snapshot without id", status_changed_with(snapshot));
  ObjectText first = good_snapshot();
  first.set("id", "77");
  cases.reject("a snapshot of another order before the order id",
               status_changed().data_without("order").data_prepend("order", first.text()), "bad_id",
               "data.order.id");
}

void add_good_amounts(Collector& cases) {
  const std::pair<const char*, const char*> fine[] = {
      {"5", "5.00"},
      {"5.0", "5.00"},
      {"5e0", "5.00"},
      {"\"5.00\"", "5.00"},
      {"\"5\"", "5.00"},
      {"1.500", "1.50"},
      {"\"1.5000000\"", "1.50"},
      {"0.01", "0.01"},
      {"1e-2", "0.01"},
      {"1000e-5", "0.01"},
      {"0.1e-1", "0.01"},
      {"1.1e1", "11.00"},
      {"1E+3", "1000.00"},
      {"9999999999999.99", "9999999999999.99"},
      {"\"9999999999999.990\"", "9999999999999.99"},
      {"9.99999999999999e12", "9999999999999.99"},
      {"0.29", "0.29"},
      {"1.005e3", "1005.00"},
      {"4503599627370.49", "4503599627370.49"},
  };
  for (const auto& [text, amount] : fine) {
    cases.accept(std::string("total_price ") + text, created().data("total_price", text),
                 {{"total_price", amount}});
    ObjectText line = good_line();
    line.set("price", text);
    cases.accept(std::string("a line's price ") + text, created_with(line),
                 {{"item.unit_price", amount}});
  }
  for (const char* text : {"0", "-0", "0.0", "-0.00", "\"0\"", "\"-0.00\"", "0e5", "-0e-5"}) {
    ObjectText line = good_line();
    line.set("total_price", text);
    cases.accept(std::string("a free line ") + text, created_with(line),
                 {{"item.total_price", "0.00"}, {"item.unit_price", "0.00"}});
    line.set("price", text);
    cases.accept(std::string("a line of price ") + text, created_with(line),
                 {{"item.unit_price", "0.00"}});
    cases.reject(std::string("total_price ") + text, created().data("total_price", text),
                 "bad_price", "data.total_price");
  }
}

void add_bad_amounts(Collector& cases) {
  const char* bad[] = {"-1",
                       "-0.01",
                       "\"-5.00\"",
                       "1.005",
                       "\"1.005\"",
                       "0.001",
                       "1e-3",
                       "0.009999999999",
                       "1.0000000000000000000001",
                       "10000000000000",
                       "1e13",
                       "\"1e13\"",
                       "9999999999999.991",
                       "9999999999999.999",
                       "1e18",
                       "1e999",
                       "92233720368547758.08",
                       "184467440737095516.17",
                       "-1e999",
                       "1e-999"};
  for (const char* text : bad) {
    cases.reject(std::string("total_price ") + text, created().data("total_price", text),
                 "bad_price", "data.total_price");
    for (const char* field : {"total_price", "price"}) {
      ObjectText line = good_line();
      line.set(field, text);
      cases.reject(std::string("a line's ") + field + " " + text, created_with(line), "bad_price",
                   std::string("data.order_details[0].") + field);
    }
  }
}

void add_quantities(Collector& cases) {
  const std::pair<const char*, const char*> fine[] = {
      {"1", "1"},    {"\"2\"", "2"},     {"3.0", "3"},
      {"4e0", "4"},  {"1e6", "1000000"}, {"\"1000000\"", "1000000"},
      {"10e-1", "1"}};
  for (const auto& [text, quantity] : fine) {
    ObjectText line = good_line();
    line.set("quantity", text);
    cases.accept(std::string("quantity ") + text, created_with(line),
                 {{"item.quantity", quantity}, {"processed.items_count", quantity}});
  }
  for (const char* text : {"0", "-0", "-1", "1.5", "\"0\"", "1000001", "1e7", "1000000.5", "0.999",
                           "1e999", "9223372036854775808", "-9223372036854775808"}) {
    ObjectText line = good_line();
    line.set("quantity", text);
    cases.reject(std::string("quantity ") + text, created_with(line), "bad_quantity",
                 "data.order_details[0].quantity");
  }
  const std::pair<std::pair<const char*, const char*>, const char*> unit_prices[] = {
      {{"10.00", "3"}, "3.33"}, {{"0.05", "2"}, "0.03"},  {{"0.01", "3"}, "0.00"},
      {{"0.01", "2"}, "0.01"},  {{"20.00", "3"}, "6.67"}, {{"0.07", "1000000"}, "0.00"},
  };
  for (const auto& [pair, unit_price] : unit_prices) {
    ObjectText line = good_line();
    line.set("total_price", pair.first);
    line.set("quantity", pair.second);
    cases.accept(std::string(pair.first) + " for " + pair.second, created_with(line),
                 {{"item.unit_price", unit_price}});
  }
}

}  // namespace

void add_id_cases(Collector& cases) {
  add_order_ids(cases);
  add_ids_that_meet(cases);
}

void add_money_cases(Collector& cases) {
  add_good_amounts(cases);
  add_bad_amounts(cases);
  add_quantities(cases);
}

}  // namespace lensart::corpus
