#include "apps/export/jdbc_url.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lensart::app::flink {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

JdbcTarget target_of(const std::string& dsn) {
  auto target = jdbc_target(dsn);
  EXPECT_TRUE(target) << target.error().message;
  return target ? *target : JdbcTarget{};
}

TEST(JdbcUrlTest, BothFormsOfADsnBecomeTheSameUrl) {
  const std::string url = "jdbc:postgresql://db.example.org:5433/shop?";
  for (const std::string dsn : {"host=db.example.org port=5433 dbname=shop user=lensart",
                                "postgresql://lensart@db.example.org:5433/shop"}) {
    EXPECT_THAT(target_of(dsn).url, StartsWith(url));
    EXPECT_EQ(target_of(dsn).user, "lensart");
    EXPECT_THAT(target_of(dsn).warnings, IsEmpty());
  }
}

TEST(JdbcUrlTest, TextsAreReadAsTheColumnsType) {
  EXPECT_THAT(target_of("host=a dbname=b user=c").url, HasSubstr("stringtype=unspecified"));
}

TEST(JdbcUrlTest, NoPasswordGetsIn) {
  const JdbcTarget target =
      target_of("host=a dbname=b user=c password=hunter2 sslpassword=hunter2");
  EXPECT_THAT(target.url, Not(HasSubstr("hunter2")));
  EXPECT_THAT(target.warnings,
              ElementsAre(AllOf(HasSubstr("sslpassword"), Not(HasSubstr("hunter2")))));
}

TEST(JdbcUrlTest, SeveralServersAndTheOneThatWritesAreKept) {
  EXPECT_THAT(
      target_of("host=a,b port=1,2 dbname=x user=c target_session_attrs=read-write").url,
      AllOf(StartsWith("jdbc:postgresql://a:1,b:2/x?"), HasSubstr("targetServerType=primary")));
  EXPECT_THAT(target_of("host=::1 port=1 dbname=x user=c").url,
              StartsWith("jdbc:postgresql://[::1]:1/x?"));
}

TEST(JdbcUrlTest, ANameCannotAddOptions) {
  EXPECT_THAT(target_of("host=a port=1 dbname='x?user=root&a= ' user=c").url,
              StartsWith("jdbc:postgresql://a:1/x%3Fuser%3Droot%26a%3D%20?stringtype="));
  EXPECT_THAT(target_of("host=a dbname=x user=c options='-c a=b'").url,
              HasSubstr("&options=-c%20a%3Db"));
}

TEST(JdbcUrlTest, AUnixSocketIsSaid) {
  const JdbcTarget target = target_of("host=/run/postgresql dbname=x user=c");
  EXPECT_THAT(target.url, StartsWith("jdbc:postgresql://localhost:"));
  EXPECT_THAT(target.warnings, ElementsAre(HasSubstr("host=/run/postgresql is a Unix socket")));
}

TEST(JdbcUrlTest, WhatLibpqCannotReadIsNamed) {
  const auto target = jdbc_target("host=a nonsense password=hunter2");
  ASSERT_FALSE(target);
  EXPECT_EQ(target.error().code, Errc::kBadConfig);
  EXPECT_THAT(target.error().message, AllOf(HasSubstr("postgres.dsn"), Not(HasSubstr("hunter2"))));
}

}  // namespace
}  // namespace lensart::app::flink
