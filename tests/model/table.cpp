#include "tests/model/table.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace lensart::model {

void Table::add(Row row) {
  if (row.size() != shape_.columns.size()) throw std::logic_error("a row of another shape");
  const std::size_t key_columns = shape_.key_columns == 0 ? row.size() : shape_.key_columns;
  std::string key;
  for (std::size_t i = 0; i < key_columns; ++i) {
    if (i > 0) key += '|';
    key += print_cell(row[i]);
  }
  std::string unique_key = key;
  for (int copy = 2; rows_.contains(unique_key); ++copy) {
    unique_key = key + " (copy " + std::to_string(copy) + ")";
  }
  rows_.emplace(std::move(unique_key), std::move(row));
}

const Cell& Table::at(const std::string& key, std::string_view column) const {
  const auto found = std::find(shape_.columns.begin(), shape_.columns.end(), column);
  if (found == shape_.columns.end()) throw std::out_of_range("no such column");
  return rows_.at(key).at(static_cast<std::size_t>(found - shape_.columns.begin()));
}

std::string print_cell(const Cell& cell) { return cell ? *cell : "NULL"; }

std::string print_amount(Wide hundredths) {
  const Wide magnitude = hundredths < 0 ? -hundredths : hundredths;
  std::string digits;
  for (Wide rest = magnitude; rest > 0 || digits.size() < 3; rest /= 10) {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(rest % 10)));
  }
  digits.insert(digits.size() - 2, 1, '.');
  return (hundredths < 0 ? "-" : "") + digits;
}

std::string print_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex.push_back(kDigits[byte >> 4]);
    hex.push_back(kDigits[byte & 15]);
  }
  return hex;
}

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return print_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

}  // namespace lensart::model
