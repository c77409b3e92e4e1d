/// Payloads for the tests, written piece by piece so that each test shows only what it changes.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lensart::orders {

/// A JSON object in the making: members in order, values as they are spelt.
class Json {
 public:
  Json() = default;
  Json(std::initializer_list<std::pair<std::string, std::string>> members) : members_(members) {}

  /// Replaces a member in its place, or appends it.
  Json& set(std::string_view key, std::string value) {
    for (auto& member : members_) {
      if (member.first == key) {
        member.second = std::move(value);
        return *this;
      }
    }
    return add(key, std::move(value));
  }
  /// Appends, whether there is one of this name or not.
  Json& add(std::string_view key, std::string value) {
    members_.emplace_back(key, std::move(value));
    return *this;
  }
  Json& drop(std::string_view key) {
    std::erase_if(members_, [&](const auto& member) { return member.first == key; });
    return *this;
  }

  std::string text() const {
    std::string out = "{";
    for (const auto& [key, value] : members_) {
      if (out.size() > 1) out += ',';
      out += '"' + key + "\":" + value;
    }
    return out + "}";
  }

 private:
  std::vector<std::pair<std::string, std::string>> members_;
};

inline Json line() {
  return {{"id", "901"},         {"product_id", "37"}, {"product_name", R"("Frame")"},
          {"color", R"("red")"}, {"quantity", "2"},    {"total_price", R"("500000.00")"},
          {"price", "250000"}};
}

inline std::string lines(std::initializer_list<Json> list) {
  std::string out = "[";
  for (const Json& json : list) {
    if (out.size() > 1) out += ',';
    out += json.text();
  }
  return out + "]";
}

inline Json snapshot() {
  return {{"id", "1042"},
          {"user_id", "12"},
          {"branch_id", "2"},
          {"date", R"("2026-11-20 10:30:00")"},
          {"address", R"("12/5 Street")"},
          {"note", R"("ring twice")"},
          {"coupon_id", "7"},
          {"total_price", R"("1750000.00")"},
          {"order_status", R"("new")"},
          {"payment_status", R"("open")"},
          {"payment_method", R"("cash")"},
          {"status", R"("active")"},
          {"user", R"({"id":12,"name":"Anh","email":"anh@example.com"})"},
          {"branch", R"({"id":2,"name":"Three","address":"25 Road"})"},
          {"order_details", lines({line(), line().set("id", "902")})},
          {"metadata", "[]"}};
}

inline Json status_change() {
  return {{"order_id", "1042"},
          {"old_status", R"("new")"},
          {"new_status", R"("sent")"},
          {"order", snapshot().text()}};
}

inline Json payment_change() {
  return {{"order_id", "1042"},
          {"old_payment_status", R"("open")"},
          {"new_payment_status", R"("paid")"},
          {"order", "null"}};
}

/// The envelope around `data`; of 2026-11-20 03:30:02 UTC.
inline Json envelope(std::string_view type, const Json& data) {
  return {{"event_type", '"' + std::string(type) + '"'},
          {"event_id", R"("evt_1")"},
          {"timestamp", R"("2026-11-20T10:30:02+07:00")"},
          {"data", data.text()}};
}

inline Json created(const Json& data) { return envelope("order.created", data); }

/// The flat form: `data`'s members at the top.
inline Json flat(std::string_view type, Json data) {
  data.add("event_type", '"' + std::string(type) + '"');
  return data.add("timestamp", R"("2026-11-20T10:30:02+07:00")");
}

}  // namespace lensart::orders
