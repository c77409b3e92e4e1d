#include "apps/import/byte_reader.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

namespace lensart::importing {

ByteReader::ByteReader(std::FILE* file) : file_(file) {
  constexpr std::array<unsigned char, 3> kMark = {0xEF, 0xBB, 0xBF};
  if (fill() && filled_ >= kMark.size() &&
      std::memcmp(buffer_.data(), kMark.data(), kMark.size()) == 0) {
    at_ = kMark.size();
  }
}

bool ByteReader::fill() {
  if (error_ != 0) return false;
  bytes_before_ += filled_;
  at_ = 0;
  filled_ = std::fread(buffer_.data(), 1, buffer_.size(), file_);
  if (filled_ == 0 && std::ferror(file_) != 0) error_ = errno == 0 ? EIO : errno;
  return filled_ > 0;
}

Result<Unit> ByteReader::verdict() const {
  if (error_ == 0) return Unit{};
  return fail(Errc::kFatal, fmt::format("reading failed at line {}: {}; nothing after it was read",
                                        line_, std::strerror(error_)));
}

}  // namespace lensart::importing
