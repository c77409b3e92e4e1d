#include "apps/doctor/bundle.hpp"

#include <curl/curl.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <libpq-fe.h>
#include <librdkafka/rdkafka.h>
#include <lmdb.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <ctime>

namespace lensart::app {

namespace {

constexpr std::size_t kBlock = 512;

/// The header of one file, as POSIX.1-1988 has it (ustar).
std::string tar_header(const std::string& name, std::size_t size, std::time_t at) {
  std::string header(kBlock, '\0');
  const auto put = [&](std::size_t where, const std::string& text) {
    header.replace(where, text.size(), text);
  };
  put(0, name.substr(0, 99));
  put(100, "0000600");
  put(108, "0000000");
  put(116, "0000000");
  put(124, fmt::format("{:011o}", size));
  put(136, fmt::format("{:011o}", static_cast<std::uint64_t>(at)));
  put(148, "        ");  // counts as blanks in its own sum
  put(156, "0");
  put(257, "ustar");
  put(263, "00");
  std::uint32_t sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put(148, fmt::format("{:06o}", sum) + std::string(1, '\0') + " ");
  return header;
}

std::string tar_of(const BundleFiles& files, const Redactor& redactor) {
  const std::time_t now = std::time(nullptr);
  std::string archive;
  for (const auto& [name, text] : files) {
    const std::string clean = redactor.clean(text);
    archive += tar_header("lensart-doctor/" + name, clean.size(), now) + clean;
    archive.resize((archive.size() + kBlock - 1) / kBlock * kBlock, '\0');
  }
  archive.append(2 * kBlock, '\0');
  return archive;
}

Result<std::string> gzip_of(const std::string& bytes) {
  z_stream stream{};
  constexpr int kGzip = 15 + 16;
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzip, 9, Z_DEFAULT_STRATEGY) != Z_OK) {
    return fail(Errc::kFatal, "zlib cannot be used");
  }
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int done = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (done != Z_STREAM_END) return fail(Errc::kFatal, "zlib has failed");
  return out;
}

}  // namespace

std::string versions_text(const std::string& program_version) {
  utsname machine{};
  ::uname(&machine);
  return fmt::format("{}\nlibrdkafka {}\nlibpq {}\n{}\n{}\nzlib {}\n{} {} {}\n", program_version,
                     rd_kafka_version_str(), PQlibVersion(), mdb_version(nullptr, nullptr, nullptr),
                     curl_version(), zlibVersion(), machine.sysname, machine.release,
                     machine.machine);
}

Result<Unit> write_bundle(const std::string& path, const BundleFiles& files,
                          const Redactor& redactor) {
  LENSART_ASSIGN(const std::string archive, gzip_of(tar_of(files, redactor)));
  const std::string beside = path + ".new";
  const auto failed = [&] {
    const std::string reason = std::strerror(errno);
    ::unlink(beside.c_str());
    return fail(Errc::kBadUsage, fmt::format("--bundle {}: cannot be written: {}; name a file in a "
                                             "folder you may write to",
                                             path, reason));
  };
  const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return failed();
  std::size_t written = 0;
  while (written < archive.size()) {
    const ssize_t put = ::write(fd, archive.data() + written, archive.size() - written);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) {
      ::close(fd);
      return failed();
    }
    written += static_cast<std::size_t>(put);
  }
  if (::close(fd) != 0 || ::rename(beside.c_str(), path.c_str()) != 0) return failed();
  return Unit{};
}

}  // namespace lensart::app
