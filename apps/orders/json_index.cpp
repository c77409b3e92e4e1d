#include "apps/orders/json_index.hpp"

#include <simdjson.h>

#include <algorithm>
#include <bit>

namespace lensart::orders {

namespace {

constexpr std::size_t kFirstCapacity = 64 * 1024;
/// A buffer for a rare giant is not kept for the small ones after it.
constexpr std::size_t kKeptCapacity = 2 * 1024 * 1024;

}  // namespace

struct JsonIndex::Kernel {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;
  std::size_t capacity = 0;

  bool reserve(std::size_t size) {
    if (size <= capacity && (capacity <= kKeptCapacity || size > kKeptCapacity / 2)) return true;
    capacity = std::max(kFirstCapacity, std::bit_ceil(size));
    parser.reset();
    // The depth is the walk's business.
    const auto error = simdjson::get_active_implementation()->create_dom_parser_implementation(
        capacity, /*max_depth=*/1, parser);
    if (error != simdjson::SUCCESS) capacity = 0;
    return error == simdjson::SUCCESS;
  }
};

JsonIndex::JsonIndex() : kernel_(std::make_unique<Kernel>()) {}
JsonIndex::~JsonIndex() = default;
JsonIndex::JsonIndex(JsonIndex&&) noexcept = default;
JsonIndex& JsonIndex::operator=(JsonIndex&&) noexcept = default;

const char* JsonIndex::build(std::string_view text) {
  tokens_ = {};
  if (text.empty()) return "the payload is empty";
  if (!kernel_->reserve(text.size())) return "no memory for the payload";
  auto& parser = *kernel_->parser;
  const auto error = parser.stage1(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
                                   simdjson::stage1_mode::regular);
  switch (error) {
    case simdjson::SUCCESS:
      break;
    case simdjson::UTF8_ERROR:
      return "a byte sequence is not valid UTF-8";
    case simdjson::UNCLOSED_STRING:
      return "a string is not closed";
    case simdjson::UNESCAPED_CHARS:
      return "a string holds a raw control character";
    case simdjson::EMPTY:
      return "the payload is only white space";
    default:
      return "the payload is not JSON";
  }
  tokens_ = {parser.structural_indexes.get(), parser.n_structural_indexes};
  return nullptr;
}

}  // namespace lensart::orders
