/// Bytes for golden tests.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace lensart::storage {

/// Lower-case hexadecimal.
inline std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

/// The bytes that hex() wrote so.
inline std::string from_hex(std::string_view digits) {
  std::string out;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    out.push_back(static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16)));
  }
  return out;
}

/// Hexadecimal of a sealed value, without the four bytes of checksum behind.
inline std::string hex_unsigned(std::string_view sealed) {
  return hex(sealed.substr(0, sealed.size() - 4));
}

}  // namespace lensart::storage
