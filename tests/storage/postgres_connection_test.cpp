#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <thread>

#include "storage/postgres/connection.hpp"
#include "tests/storage/postgres_fixture.hpp"

namespace lensart::storage {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Sqlstate, EveryClassOfTheContractHasItsMeaning) {
  for (const char* retried : {"40001", "40P01", "55P03", "57014", "25006", "08006", "08P01",
                              "57P01", "57P03", "53100", "53300"}) {
    EXPECT_EQ(errc_for_sqlstate(retried), Errc::kDatabaseDown) << retried;
  }
  for (const char* refused : {"22001", "22003", "22P05", "23502", "23514"}) {
    EXPECT_EQ(errc_for_sqlstate(refused), Errc::kRowRefused) << refused;
  }
  for (const char* mended : {"23503", "23505"}) {
    EXPECT_EQ(errc_for_sqlstate(mended), Errc::kRowsMissing) << mended;
  }
  for (const char* other : {"42P01", "42501", "23P01", "54001", "XX000", "58P01", "25P02"}) {
    EXPECT_EQ(errc_for_sqlstate(other), Errc::kFatal) << other;
  }
  EXPECT_EQ(errc_for_sqlstate("LA001"), Errc::kFenced);
  EXPECT_EQ(errc_for_sqlstate("LA002"), Errc::kStateMismatch);
}

class ConnectionTest : public PostgresFixture {
 protected:
  Errc code_of(const std::string& sql) {
    const auto done = admin->run(filled(sql));
    EXPECT_FALSE(done) << sql;
    return done ? Errc::kFatal : done.error().code;
  }
};

TEST_F(ConnectionTest, ParametersAndNullsGoThere) {
  const auto found = admin->query("SELECT $1::text, $2::bigint + 1, $3::text IS NULL",
                                  {"a'b\\", "41", std::nullopt});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->text(0, 0), "a'b\\");
  EXPECT_EQ(found->number(0, 1), 42);
  EXPECT_EQ(found->text(0, 2), "t");
}

TEST_F(ConnectionTest, ErrorsAreClassifiedAndLeaveTheConnectionUsable) {
  make_small_tables();
  run("INSERT INTO {schema}.parents VALUES (1, 'one')");
  EXPECT_EQ(code_of("INSERT INTO {schema}.parents VALUES (2, 'bad')"), Errc::kRowRefused);
  EXPECT_EQ(admin->sqlstate(), "23514");
  EXPECT_EQ(code_of("INSERT INTO {schema}.parents VALUES (1, 'two')"), Errc::kRowsMissing);
  EXPECT_EQ(code_of("INSERT INTO {schema}.children VALUES (9, 1)"), Errc::kRowsMissing);
  EXPECT_EQ(code_of("SELECT 1/0"), Errc::kRowRefused);
  EXPECT_EQ(code_of("SELECT * FROM {schema}.nothing"), Errc::kFatal);
  EXPECT_EQ(code_of("SET statement_timeout = '20ms'; SELECT pg_sleep(5)"), Errc::kDatabaseDown);
  EXPECT_FALSE(admin->lost());
  run("SET statement_timeout = 0");
}

TEST_F(ConnectionTest, AnErrorNamesWhatTheServerSaid) {
  const auto done = admin->run("SELECT * FROM nowhere_at_all");
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("nowhere_at_all"));
  EXPECT_THAT(done.error().message, HasSubstr("42P01"));
}

TEST_F(ConnectionTest, AServerThatCannotBeReachedIsDownAndThePasswordIsNotTold) {
  ConnectionOptions nobody;
  nobody.dsn = "host=127.0.0.1 port=1 user=u dbname=d";
  nobody.password = "secret-word";
  const auto opened = Connection::open(nobody);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::kDatabaseDown);
  EXPECT_THAT(opened.error().message, HasSubstr("postgres.dsn"));
  EXPECT_THAT(opened.error().message, Not(HasSubstr("secret-word")));
}

TEST_F(ConnectionTest, AStatementWithoutAnAnswerIsGivenUpAfterThePatience) {
  options.patience = 200ms;
  auto connection = connect();
  const auto before = std::chrono::steady_clock::now();
  const auto done = connection->run("SELECT pg_sleep(60)");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::kDatabaseDown);
  EXPECT_TRUE(connection->lost());
  EXPECT_LT(std::chrono::steady_clock::now() - before, 4s);
  end_backend(*connection);
}

TEST_F(ConnectionTest, ABackendThatStandsStillIsGivenUpThoughTheKernelAnswersForIt) {
  options.patience = 200ms;
  auto connection = connect();
  const pid_t backend = connection->backend_pid();
  if (::kill(backend, SIGSTOP) != 0) {  // not ours to stop: a server elsewhere
    EXPECT_FALSE(connection->run("SELECT pg_sleep(60)"));
    end_backend(*connection);
    return;
  }
  const auto done = connection->query("SELECT 1");
  ::kill(backend, SIGCONT);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::kDatabaseDown);
  EXPECT_TRUE(connection->lost());
}

TEST_F(ConnectionTest, AnEndedBackendIsALostConnection) {
  auto connection = connect();
  end_backend(*connection);
  const auto done = connection->query("SELECT 1");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::kDatabaseDown);
  EXPECT_TRUE(connection->lost());
  EXPECT_FALSE(connection->run("SELECT 1")) << "and stays one";
}

TEST_F(ConnectionTest, CopyTakesMoreThanABufferAndSaysHowManyRows) {
  run("CREATE TABLE {schema}.t (a BIGINT, b TEXT)");
  ASSERT_TRUE(admin->copy_begin(filled("COPY {schema}.t FROM STDIN")));
  std::string lines;
  for (int i = 0; i < 20'000; ++i) lines += fmt::format("{}\t{}\n", i, std::string(500, 'x'));
  ASSERT_TRUE(admin->copy_put(lines));
  const auto copied = admin->copy_end();
  ASSERT_TRUE(copied) << copied.error().message;
  EXPECT_EQ(*copied, 20'000);
  EXPECT_THAT(rows("SELECT count(*), sum(a) FROM {schema}.t"), ElementsAre("20000|199990000"));
}

TEST_F(ConnectionTest, ARowThatCopyRefusesIsAnErrorOfTheRowAndTheConnectionGoesOn) {
  make_small_tables();
  ASSERT_TRUE(admin->copy_begin(filled("COPY {schema}.parents FROM STDIN")));
  Result<Unit> put = admin->copy_put("1\tbad\n");
  Result<std::int64_t> ended = 0;
  if (put) ended = admin->copy_end();
  const Error error = put ? ended.error() : put.error();
  EXPECT_EQ(error.code, Errc::kRowRefused);
  EXPECT_THAT(rows("SELECT count(*) FROM {schema}.parents"), ElementsAre("0"));
}

TEST_F(ConnectionTest, ALostConnectionInTheMiddleOfACopyIsNoticed) {
  make_small_tables();
  auto connection = connect();
  ASSERT_TRUE(connection->copy_begin(filled("COPY {schema}.parents FROM STDIN")));
  end_backend(*connection);
  Result<Unit> put = Unit{};
  for (int i = 0; put && i < 10'000; ++i) put = connection->copy_put("1\tx\n");
  if (put) {
    const auto ended = connection->copy_end();
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().code, Errc::kDatabaseDown);
  } else {
    EXPECT_EQ(put.error().code, Errc::kDatabaseDown);
  }
  EXPECT_TRUE(connection->lost());
}

TEST_F(ConnectionTest, LiteralsAndIdentifiersAreQuoted) {
  EXPECT_EQ(quoted_identifier("a\"b"), "\"a\"\"b\"");
  const std::string odd = "it's \\ a \"text\"";
  EXPECT_THAT(rows("SELECT " + admin->quoted(odd)), ElementsAre(odd));
}

}  // namespace
}  // namespace lensart::storage
