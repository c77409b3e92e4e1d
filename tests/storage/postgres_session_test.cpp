#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/postgres/session.hpp"
#include "tests/storage/postgres_fixture.hpp"

namespace lensart::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SessionTest : public PostgresFixture {
 protected:
  SessionOptions session() const {
    SessionOptions out;
    out.connection = options;
    out.pipeline = "lensart";
    out.schema = schema;
    out.lanes = 2;
    out.settings_json = "{}";
    out.settings_fingerprint = "f1";
    out.schema_version = static_cast<std::int64_t>(sql::migrations().size());
    out.allow_unsafe_fsync = true;
    return out;
  }
  static std::optional<Session> open(const SessionOptions& with, const Incarnation& incarnation) {
    auto opened = Session::open(with, incarnation);
    EXPECT_TRUE(opened) << opened.error().message;
    if (!opened) return std::nullopt;
    return std::move(*opened);
  }
  static Error refusal(const SessionOptions& with) {
    const auto opened = Session::open(with, random_incarnation());
    EXPECT_FALSE(opened);
    return opened ? Error{} : opened.error();
  }
  static std::vector<ChainRecord> chain(EpochNumber newest) {
    std::vector<ChainRecord> out;
    for (EpochNumber number = 0; number <= newest; ++number) {
      ChainRecord record;
      record.number = number;
      record.id.bytes[0] = static_cast<std::uint8_t>(number + 1);
      record.offsets_json = "{}";
      out.push_back(record);
    }
    return out;
  }
  std::vector<std::string> lanes() {
    return rows(
        "SELECT lane, lanes, epoch, encode(incarnation, 'hex') FROM "
        "{schema}.pipeline_epochs ORDER BY lane");
  }
};

TEST_F(SessionTest, ASchemaWithoutTablesIsRefusedAndNamesInit) {
  const Error error = refusal(session());
  EXPECT_EQ(error.code, Errc::kBadConfig);
  EXPECT_THAT(error.message, HasSubstr("lensart init"));
  EXPECT_THAT(error.message, HasSubstr(schema));
}

TEST_F(SessionTest, AnOlderSchemaNamesInitAndANewerOneTheNewerProgram) {
  migrate();
  SessionOptions newer = session();
  ++newer.schema_version;
  EXPECT_THAT(refusal(newer).message, HasSubstr("lensart init"));
  SessionOptions older = session();
  --older.schema_version;
  const Error error = refusal(older);
  EXPECT_EQ(error.code, Errc::kBadConfig);
  EXPECT_THAT(error.message, HasSubstr("newer"));
}

TEST_F(SessionTest, ASecondOwnerIsRefusedUntilTheFirstIsGone) {
  migrate();
  auto first = open(session(), random_incarnation());
  const Error error = refusal(session());
  EXPECT_EQ(error.code, Errc::kOwnedByAnother);
  EXPECT_THAT(error.message, HasSubstr("pipeline.name = \"lensart\""));
  SessionOptions other = session();
  other.pipeline = "other";
  EXPECT_TRUE(open(other, random_incarnation())) << "another pipeline shares the schema";
  first.reset();
  EXPECT_TRUE(open(session(), random_incarnation()));
}

TEST_F(SessionTest, TheFirstClaimMakesTheRowsAndTheNextOneTakesThem) {
  migrate();
  const Incarnation one = random_incarnation();
  {
    auto first = open(session(), one);
    const auto plan = first->claim(chain(0));
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_TRUE(plan->insert_rows);
  }
  EXPECT_THAT(lanes(), ElementsAre("0|2|0|" + one.hex(), "1|2|0|" + one.hex()));
  const Incarnation two = random_incarnation();
  auto second = open(session(), two);
  const auto plan = second->claim(chain(3));
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_FALSE(plan->insert_rows);
  EXPECT_THAT(plan->positions, ElementsAre(0, 0));
  EXPECT_THAT(lanes(), ElementsAre("0|2|0|" + two.hex(), "1|2|0|" + two.hex()));
}

TEST_F(SessionTest, AClaimThatDoesNotFitWritesNothing) {
  migrate();
  const Incarnation one = random_incarnation();
  { ASSERT_TRUE(open(session(), one)->claim(chain(0))); }
  const auto before = lanes();
  auto other = chain(0);
  other[0].id.bytes[9] = 99;
  {
    const auto plan = open(session(), random_incarnation())->claim(other);
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error().code, Errc::kStateMismatch);
  }
  EXPECT_EQ(lanes(), before);
  run("DELETE FROM {schema}.pipeline_epochs");
  const auto plan = open(session(), random_incarnation())->claim(chain(2));
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, Errc::kStateMismatch);
  EXPECT_THAT(lanes(), IsEmpty());
}

TEST_F(SessionTest, AStaleBackendThatHoldsTheRowsIsEnded) {
  migrate();
  const Incarnation old = random_incarnation();
  { ASSERT_TRUE(open(session(), old)->claim(chain(0))); }
  ConnectionOptions stale = options;
  stale.application_name = application_name("lensart", old, "relay");
  auto hung = connect(stale);
  ASSERT_TRUE(hung->run(filled("BEGIN; SELECT * FROM {schema}.pipeline_epochs FOR UPDATE")));
  auto next = open(session(), random_incarnation());
  const auto plan = next->claim(chain(0));
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_FALSE(hung->run("COMMIT"));
  EXPECT_TRUE(hung->lost());
}

TEST_F(SessionTest, AnotherNumberOfLanesMakesOtherRows) {
  migrate();
  auto owner = open(session(), random_incarnation());
  ASSERT_TRUE(owner->claim(chain(0)));
  ASSERT_TRUE(owner->relane(chain(4).back(), 3));
  const auto made = rows("SELECT lane, lanes, epoch FROM {schema}.pipeline_epochs ORDER BY lane");
  EXPECT_THAT(made, ElementsAre("0|3|4", "1|3|4", "2|3|4"));
}

TEST_F(SessionTest, SettingsAreKeptAndOthersRefused) {
  migrate();
  auto owner = open(session(), random_incarnation());
  ASSERT_TRUE(owner->check_settings());
  ASSERT_TRUE(owner->check_settings());
  owner.reset();
  SessionOptions other = session();
  other.settings_fingerprint = "f2";
  const auto checked = open(other, random_incarnation())->check_settings();
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, Errc::kStateMismatch);
  EXPECT_THAT(checked.error().message, HasSubstr("lensart rebuild"));
}

TEST_F(SessionTest, ALostConnectionIsALostLock) {
  migrate();
  auto owner = open(session(), random_incarnation());
  ASSERT_TRUE(owner->ping());
  end_backend(owner->connection());
  const auto ping = owner->ping();
  ASSERT_FALSE(ping);
  EXPECT_EQ(ping.error().code, Errc::kDatabaseDown);
}

TEST_F(SessionTest, TheDatabaseSaysWhoItIs) {
  migrate();
  auto owner = open(session(), random_incarnation());
  const auto identity = owner->identity();
  ASSERT_TRUE(identity) << identity.error().message;
  EXPECT_FALSE(identity->system_id.empty());
  EXPECT_GE(identity->timeline, 1);
}

TEST_F(SessionTest, ApplicationNamesFitIntoWhatPostgresKeeps) {
  const Incarnation incarnation = random_incarnation();
  const std::string name = application_name(std::string(100, 'p'), incarnation, "relay-123456789");
  EXPECT_LE(name.size(), 63U);
  EXPECT_THAT(name, HasSubstr(incarnation.hex().substr(0, 16)));
}

/// The server's real setting, when the stack's is off: nobody but a test may accept it.
TEST_F(SessionTest, AServerThatDoesNotSyncIsRefused) {
  migrate();
  const bool syncs = rows("SHOW fsync") == std::vector<std::string>{"on"};
  SessionOptions strict = session();
  strict.allow_unsafe_fsync = false;
  const auto opened = Session::open(strict, random_incarnation());
  EXPECT_EQ(opened.has_value(), syncs);
  if (!opened) {
    EXPECT_THAT(opened.error().message, HasSubstr("fsync = on"));
  }
}

}  // namespace
}  // namespace lensart::storage
