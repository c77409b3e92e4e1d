#include "storage/codec.hpp"

#include <xxhash.h>

namespace lensart::storage {

namespace {
std::uint32_t checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(XXH3_64bits(bytes.data(), bytes.size()));
}
}  // namespace

void seal_in_place(std::string& out, std::size_t from) {
  ByteWriter(out).number(checksum(std::string_view(out).substr(from)));
}

std::string seal(std::uint8_t version, std::string_view value) {
  std::string out;
  out.reserve(value.size() + 5);
  out.push_back(static_cast<char>(version));
  out.append(value);
  seal_in_place(out);
  return out;
}

Unsealed unseal(std::uint8_t version, std::string_view sealed) {
  if (sealed.size() < 5 || static_cast<std::uint8_t>(sealed[0]) != version) return {};
  const std::string_view covered = sealed.substr(0, sealed.size() - 4);
  std::uint32_t stored = 0;
  std::memcpy(&stored, sealed.data() + covered.size(), sizeof(stored));
  if (stored != checksum(covered)) return {};
  return {true, covered.substr(1)};
}

}  // namespace lensart::storage
