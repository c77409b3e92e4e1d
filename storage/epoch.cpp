#include "storage/epoch.hpp"

#include <sys/random.h>

#include <cstdlib>
#include <cstring>

namespace lensart::storage {

namespace {
template <class Id>
Id random_id() {
  Id id;
  // 16 bytes are below the size from which getrandom may be interrupted.
  if (getrandom(id.bytes.data(), id.bytes.size(), 0) != static_cast<ssize_t>(id.bytes.size())) {
    std::abort();
  }
  return id;
}
}  // namespace

template <class Tag>
std::string Id128<Tag>::hex() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const std::uint8_t byte : bytes) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

template <class Tag>
std::optional<Id128<Tag>> Id128<Tag>::from(std::string_view raw16) {
  Id128 id;
  if (raw16.size() != id.bytes.size()) return std::nullopt;
  std::memcpy(id.bytes.data(), raw16.data(), raw16.size());
  return id;
}

template struct Id128<EpochTag>;
template struct Id128<IncarnationTag>;

EpochId random_epoch_id() { return random_id<EpochId>(); }
Incarnation random_incarnation() { return random_id<Incarnation>(); }

}  // namespace lensart::storage
