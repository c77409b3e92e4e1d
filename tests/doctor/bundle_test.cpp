// The archive for whoever helps: what is in it can be unpacked by tar, and no secret is.

#include "apps/doctor/bundle.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/support/process.hpp"

namespace lensart::app {
namespace {

using testing::HasSubstr;
using testing::Not;

class BundleTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "lensart-bundle-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  std::string file(const std::string& name) const { return (folder / name).string(); }

  /// All files of the archive, one after the other, as tar unpacks them.
  std::string unpacked(const std::string& archive) const {
    support::ProcessOptions options;
    options.command = {"tar", "-xzOf", archive};
    const auto done = support::run_process(std::move(options), std::chrono::seconds(20));
    EXPECT_TRUE(done) << (done ? "" : done.error().message);
    EXPECT_EQ(done->status.code, 0) << done->stderr_text;
    return done->stdout_text;
  }

  std::filesystem::path folder;
};

TEST_F(BundleTest, TarUnpacksItAndOnlyTheUserMayReadIt) {
  const std::string path = file("bundle.tar.gz");
  const auto written = write_bundle(
      path, {{"a.txt", "first\n"}, {"b.txt", std::string(5'000, 'x')}, {"empty.txt", ""}},
      Redactor(Config{}));
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(unpacked(path), "first\n" + std::string(5'000, 'x'));
  struct stat found {};
  ASSERT_EQ(::stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
}

TEST_F(BundleTest, AFolderThatIsNotThereIsNamed) {
  const auto written = write_bundle(file("nowhere/b.tar.gz"), {}, Redactor(Config{}));
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().message, HasSubstr("nowhere/b.tar.gz"));
}

TEST_F(BundleTest, EverySecretOfTheConfigurationIsTakenOutHoweverItIsSpelt) {
  const std::string odd = R"(se"cret\with/odd chars)";
  std::ofstream(file("password")) << "canary-file-password\n";
  std::ofstream(file("hook")) << "canary-hook-secret\n";
  Config config;
  config.postgres.dsn = "host=db password='se\"cret\\\\with/odd chars' sslpassword=canary-ssl";
  config.postgres.password_file = file("password");
  config.kafka.properties["sasl.password"] = "canary-sasl";
  config.kafka.consumer.properties["ssl.key.password"] = "canary-key";
  config.kafka.producer.properties["ssl.key.pem"] = "canary\npem";
  config.notify.webhook_url = "https://hooks.example/services/canary-path";
  config.notify.webhook_secret_file = file("hook");
  config.http.tokens = {"canary-token-hash"};
  config.gateway.tokens = {"canary-gateway-hash"};
  const std::string text =
      odd + R"( se\"cret\\with/odd chars se%22cret%5Cwith%2Fodd%20chars canary-ssl
        canary-file-password canary-hook-secret canary-sasl canary-key canary\npem
        GET /services/canary-path canary-token-hash canary-gateway-hash
        {"message": "duplicate key DETAIL: Key (user_email)=(canary@example.org) exists", "n": 1}
        DETAIL:  Failing row contains (1, canary name).
        kept)";
  const std::string path = file("bundle.tar.gz");
  ASSERT_TRUE(write_bundle(path, {{"all.txt", text}}, Redactor(config)));
  const std::string seen = unpacked(path);
  EXPECT_THAT(seen, Not(HasSubstr("canary")));
  EXPECT_THAT(seen, Not(HasSubstr("cret")));
  EXPECT_THAT(seen, HasSubstr("kept"));
  EXPECT_THAT(seen, HasSubstr("\"n\": 1"));
}

}  // namespace
}  // namespace lensart::app
