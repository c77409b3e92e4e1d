#include "apps/dlq/patch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <unordered_set>
#include <vector>

#include "apps/orders/json_number.hpp"

namespace lensart::dlq {

namespace {

using app::Json;

constexpr std::size_t kMaxDepth = 100;

/// What a number that JSON's types do not hold as it is spelt goes by while it is in a document: a
/// text of this beginning, which no payload can foresee.
std::string random_mark() {
  std::random_device random;
  return fmt::format("lensart-number-{:08x}{:08x}{:08x}{:08x}:", random(), random(), random(),
                     random());
}

/// Short whole numbers are kept by any type.
bool is_kept(std::string_view number) {
  return number.size() <= 18 && !number.starts_with("-0") &&
         number.find_first_of(".eE+") == std::string_view::npos;
}

/// The payload with texts in place of the numbers that would change.
std::string with_marks(std::string_view payload, const std::string& mark) {
  constexpr std::string_view kOfNumbers = "-+.eE0123456789";
  std::string out;
  bool in_text = false;
  for (std::size_t i = 0; i < payload.size(); ++i) {
    const char c = payload[i];
    if (!in_text && (c == '-' || (c >= '0' && c <= '9'))) {
      const std::size_t end = std::min(payload.find_first_not_of(kOfNumbers, i), payload.size());
      const std::string_view number = payload.substr(i, end - i);
      const bool changes = !is_kept(number) && orders::parse_numeric_string(number);
      out += changes ? fmt::format("\"{}{}\"", mark, number) : std::string(number);
      i = end - 1;
      continue;
    }
    out += c;
    if (in_text && c == '\\' && i + 1 < payload.size()) out += payload[++i];
    if (c == '"') in_text = !in_text;
  }
  return out;
}

/// Builds a document, and says what keeps it from being one that a patch can be applied to.
class Builder final : public nlohmann::json_sax<Json> {
 public:
  Json take() { return std::move(root_); }
  const std::string& trouble() const { return trouble_; }

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(value); }
  bool number_unsigned(number_unsigned_t value) override { return put(value); }
  bool number_float(number_float_t value, const string_t&) override { return put(value); }
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    if (!open_.back().keys.insert(name).second) {
      trouble_ = fmt::format("the key \"{}\" stands twice in one object", name);
      return false;
    }
    open_.back().next = std::move(name);
    return true;
  }
  bool parse_error(std::size_t, const std::string&,
                   const nlohmann::detail::exception& error) override {
    trouble_ = error.what();
    return false;
  }

 private:
  struct Open {
    Json* container;
    std::unordered_set<std::string> keys;
    std::string next;  ///< the key of the value to come
  };

  bool put(Json value) { return place(std::move(value)) != nullptr; }
  Json* place(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Open& inner = open_.back();
    if (inner.container->is_array()) {
      inner.container->push_back(std::move(value));
      return &inner.container->back();
    }
    // Not operator[]: that would look through all keys for each.
    auto& members = inner.container->get_ref<Json::object_t&>();
    static_cast<Json::object_t::Container&>(members).emplace_back(inner.next, std::move(value));
    return &members.back().second;
  }
  bool open(Json container) {
    if (open_.size() >= kMaxDepth) {
      trouble_ = fmt::format("it is nested deeper than {} levels", kMaxDepth);
      return false;
    }
    open_.push_back({place(std::move(container)), {}, {}});
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  Json root_;
  std::vector<Open> open_;
  std::string trouble_;
};

/// Numbers back in place of the texts that stood for them.
std::string without_marks(const std::string& text, const std::string& mark) {
  const std::string begin = '"' + mark;
  std::string out;
  std::size_t from = 0;
  for (std::size_t at = text.find(begin); at != std::string::npos; at = text.find(begin, from)) {
    const std::size_t end = text.find('"', at + begin.size());
    out.append(text, from, at - from);
    out.append(text, at + begin.size(), end - at - begin.size());
    from = end + 1;
  }
  return out.append(text, from);
}

bool nests_deeper(const Json& value, std::size_t levels) {
  if (!value.is_structured()) return false;
  return levels == 0 || std::any_of(value.begin(), value.end(), [levels](const Json& inner) {
           return nests_deeper(inner, levels - 1);
         });
}

bool replaces_all(const Json& patch) {
  if (!patch.is_array() || patch.empty() || !patch[0].is_object()) return false;
  const Json& first = patch[0];
  return first.value("op", "") == "replace" && first.value("path", "-").empty();
}

}  // namespace

Result<Json> parse_patch(std::string_view text) {
  Json patch = Json::parse(text, nullptr, false);
  if (patch.is_array() && !patch.empty()) return patch;
  return fail(Errc::kBadUsage,
              "the patch is no JSON patch (RFC 6902): it is a list such as [{\"op\": \"replace\", "
              "\"path\": \"/data/total_price\", \"value\": \"5.00\"}]");
}

Result<std::string> patched(std::string_view payload, const Json& patch) {
  if (nests_deeper(patch, kMaxDepth)) {
    return fail(Errc::kBadUsage,
                fmt::format("the patch is nested deeper than {} levels", kMaxDepth));
  }
  const std::string mark = random_mark();
  Builder builder;
  const bool is_json = Json::sax_parse(with_marks(payload, mark), &builder);
  if (!is_json && !replaces_all(patch)) {
    return fail(Errc::kBadUsage,
                fmt::format("the payload can only be replaced whole, by a patch that begins with "
                            "{{\"op\": \"replace\", \"path\": \"\", \"value\": …}}: {}",
                            builder.trouble()));
  }
  try {
    const Json document = is_json ? builder.take() : Json();
    return without_marks(document.patch(patch).dump(), mark);
  } catch (const Json::exception& error) {
    return fail(Errc::kBadUsage, fmt::format("the patch does not fit: {}", error.what()));
  }
}

}  // namespace lensart::dlq
