// The control socket, asked well, asked badly, and not asked at all.

#include "apps/explain/control_socket.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>

#include "tests/storage/state_fixture.hpp"

namespace lensart::app {
namespace {

class ControlSocketTest : public testing::Test {
 protected:
  void open(const std::string& folder) {
    auto opened = ControlSocket::open(folder, [](const std::string& question) -> Result<Json> {
      if (question == "fail") return fail(Errc::kBadUsage, "no such question");
      if (question == "dirt") return Json{{"bytes", "\xff\xfe"}};
      if (question == "much") return Json{{"text", std::string(1 << 20, 'x')}};
      return Json{{"asked", question}};
    });
    ASSERT_TRUE(opened) << opened.error().message;
    socket = std::move(*opened);
  }
  /// What comes back for raw bytes; REQUIRES: a short directory.
  std::string say(const std::string& bytes, bool then_close) const {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    (top + "/control.sock").copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    // Whoever is not listened to any more may be told so in the middle of a word.
    static_cast<void>(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL));
    if (then_close) ::shutdown(fd, SHUT_WR);
    std::string answer;
    char buffer[4096];
    for (ssize_t got = 0; (got = ::read(fd, buffer, sizeof(buffer))) > 0;) {
      answer.append(buffer, static_cast<std::size_t>(got));
    }
    ::close(fd);
    return answer;
  }

  storage::TemporaryDirectory directory;
  const std::string& top = directory.path();
  std::unique_ptr<ControlSocket> socket;
};

TEST_F(ControlSocketTest, AnswersAndFailuresComeBackAsTheyAre) {
  open(top);
  const auto answer = ask_running(top, "order 42");
  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ((**answer)["asked"], "order 42");
  const auto failed = ask_running(top, "fail");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "no such question");
  const auto much = ask_running(top, "much");
  ASSERT_TRUE(much && *much);
  EXPECT_EQ((**much)["text"].get<std::string>().size(), 1U << 20);
  EXPECT_TRUE(ask_running(top, "dirt")) << "bytes that are no UTF-8 are replaced";
}

TEST_F(ControlSocketTest, NobodyRunsWithoutAFolderASocketOrAListener) {
  EXPECT_EQ(ask_running(top + "/none", "stats").value(), std::nullopt);
  EXPECT_EQ(ask_running(top, "stats").value(), std::nullopt);
  open(top);
  socket.reset();
  EXPECT_FALSE(std::filesystem::exists(top + "/control.sock")) << "it takes itself away";
  EXPECT_EQ(ask_running(top, "stats").value(), std::nullopt);
}

TEST_F(ControlSocketTest, TakesTheSocketOfAnInstanceThatWasKilledAndIsTheOwnersOnly) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (top + "/control.sock").copy(address.sun_path, sizeof(address.sun_path) - 1);
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  ::close(fd);  // bound, and nobody listens any more
  EXPECT_EQ(ask_running(top, "stats").value(), std::nullopt);
  open(top);
  EXPECT_TRUE(ask_running(top, "stats").value());
  struct stat info {};
  ASSERT_EQ(::stat((top + "/control.sock").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST_F(ControlSocketTest, APathLongerThanAnAddressMayBeIsNoHindrance) {
  const std::string deep = top + "/" + std::string(200, 'd');
  std::filesystem::create_directories(deep);
  open(deep);
  EXPECT_TRUE(ask_running(deep, "stats").value());
}

TEST_F(ControlSocketTest, WhoAsksBadlyOrNotAtAllStopsNobody) {
  open(top);
  EXPECT_EQ(say("", true), "");
  EXPECT_EQ(say("half a question", true), "");
  EXPECT_EQ(say(std::string(100'000, 'a'), true), "") << "longer than a question may be";
  EXPECT_EQ(say("silent", false), "") << "given up after two seconds";
  EXPECT_TRUE(ask_running(top, "stats").value());
}

}  // namespace
}  // namespace lensart::app
