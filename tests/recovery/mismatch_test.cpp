// A state that does not fit its database or its topics: refused with exit 76 and the way out,
// before anything is written; and the way out works.

#include <gmock/gmock.h>

#include "tests/corpus/payload.hpp"
#include "tests/integration/scenario.hpp"

namespace lensart::integration {
namespace {

using model::TopicKind;
using testing::HasSubstr;

void expect_refused(const Finished& finished, const std::string& remedy) {
  EXPECT_EQ(finished.status.code, 76) << finished.status.describe() << finished.stderr_text;
  EXPECT_THAT(finished.stderr_text, HasSubstr(remedy));
}

class MismatchTest : public testing::Test {
 protected:
  /// `events` more, of orders that nobody has seen yet.
  void produce(std::uint64_t events) {
    Stream stream;
    stream.events = events;
    stream.seed = ++streams_;
    stream.first_order = streams_ * 100'000;
    pipeline_.generate(stream);
  }

  void produce_and_run(std::uint64_t events) {
    produce(events);
    expect_exit(pipeline_.run_to_end(), 0);
  }

  std::string epochs() const {
    return pipeline_.ask("SELECT string_agg(e::text, ' ' ORDER BY lane) FROM " +
                         pipeline_.schema() + ".pipeline_epochs e");
  }

  static Environment in(const std::filesystem::path& state) {
    return {{"LENSART_STATE_DIRECTORY", state.string()}};
  }

  std::filesystem::path other_state() const { return pipeline_.workspace().directory() / "other"; }

  Pipeline pipeline_;
  std::uint64_t streams_ = 0;
};

TEST_F(MismatchTest, TheOriginalIsRefusedOnceACopyOfItHasRunAhead) {
  produce_and_run(500);
  std::filesystem::copy(pipeline_.workspace().state_directory(), other_state(),
                        std::filesystem::copy_options::recursive);
  produce(500);
  expect_exit(pipeline_.run_to_end(in(other_state())), 0);
  const std::string before = epochs();
  expect_refused(pipeline_.run_to_end(), "lensart state adopt");
  EXPECT_EQ(epochs(), before);
  expect_all_is_well(pipeline_);
}

TEST_F(MismatchTest, TwoCopiesThatCutTheSameEpochAreToldApart) {
  produce_and_run(500);
  std::filesystem::copy(pipeline_.workspace().state_directory(), other_state(),
                        std::filesystem::copy_options::recursive);
  produce(500);
  // Both read the same records; the original dies before the database has heard of its epoch.
  const Finished died = pipeline_.run_to_end({{"LENSART_FAILPOINTS", "relay.before=kill@1"}});
  ASSERT_EQ(died.status.signal, 9) << died.stderr_text;
  expect_exit(pipeline_.run_to_end(in(other_state())), 0);
  expect_refused(pipeline_.run_to_end(), "lensart state adopt");
  expect_all_is_well(pipeline_);
}

TEST_F(MismatchTest, AnEmptiedDatabaseIsRefusedAndFilledAgainFromAnEmptyState) {
  produce_and_run(500);
  pipeline_.execute("DROP SCHEMA " + pipeline_.schema() + " CASCADE");
  expect_exit(pipeline_.command({"init"}), 0);
  expect_refused(pipeline_.run_to_end(), "empty state directory");
  expect_exit(pipeline_.run_to_end(in(other_state())), 0);
  expect_all_is_well(pipeline_);
}

TEST_F(MismatchTest, ALostStateIsRefusedByTheFullDatabase) {
  produce_and_run(500);
  const std::string before = epochs();
  expect_refused(pipeline_.run_to_end(in(other_state())), "lensart state adopt");
  EXPECT_EQ(epochs(), before);
  expect_exit(pipeline_.run_to_end(), 0);
  expect_all_is_well(pipeline_);
}

class TopicMismatchTest : public MismatchTest {
 protected:
  void SetUp() override {
    produce_and_run(300);
    send("first", 3);
    expect_exit(pipeline_.run_to_end(), 0);
  }

  /// Orders created, with ids that begin with `word`.
  void send(const std::string& word, int count, std::int32_t partition = 0) {
    auto writer = need(support::LogWriter::open(pipeline_.stack().brokers));
    for (int i = 0; i < count; ++i) {
      const std::string id = std::to_string(++order_);
      const std::string payload =
          corpus::created().top("event_id", corpus::quoted(word + " " + id)).data("id", id).text();
      need(writer.send(topic(), partition, payload));
    }
    need(writer.flush());
  }

  void make_topic_anew() {
    need(support::delete_topics(pipeline_.stack().brokers, {topic()}));
    support::TopicSpec spec;
    spec.name = topic();
    spec.config = {{"max.message.bytes", "2097152"}, {"message.timestamp.type", "LogAppendTime"}};
    need(support::create_topics(pipeline_.stack().brokers, {spec}));
  }

  std::int64_t end_of_partition(std::int32_t partition = 0) const {
    return need(support::offset_ranges(pipeline_.stack().brokers, topic())).at(partition).end;
  }

  std::int64_t rows_of(const std::string& word) const {
    return std::stoll(pipeline_.ask("SELECT count(*) FROM " + pipeline_.schema() +
                                    ".orders_raw WHERE event_id LIKE '" + word + " %'"));
  }

  std::int64_t skipped() const {
    return std::stoll(
        pipeline_.ask("SELECT sum(skipped) FROM " + pipeline_.schema() + ".pipeline_accounts"));
  }

  /// Every partition of the topic.
  Arguments accepting_the_gap() const {
    Arguments arguments = {"run", "--until-end"};
    for (int partition = 0; partition < 3; ++partition) {
      arguments.insert(arguments.end(),
                       {"--accept-gap", topic() + "/" + std::to_string(partition)});
    }
    return arguments;
  }

  std::string topic() const { return pipeline_.topic(TopicKind::kOrderCreated); }

  std::int64_t order_ = 9'000'000;
};

TEST_F(TopicMismatchTest, ATopicMadeAnewAndStillShorterIsReadFromItsBeginningOnceThatIsAccepted) {
  make_topic_anew();
  send("second", 2);
  expect_refused(pipeline_.run_to_end(), "--accept-gap " + topic() + "/");
  expect_exit(pipeline_.command(accepting_the_gap()), 0);
  EXPECT_EQ(rows_of("second"), 2);
  EXPECT_EQ(rows_of("first"), 3);
  expect_exit(pipeline_.verify(), 0);
  // Accepted once, it is forgotten.
  send("third", 1);
  expect_exit(pipeline_.run_to_end(), 0);
  EXPECT_EQ(rows_of("third"), 1);
}

TEST_F(TopicMismatchTest, ATopicMadeAnewThatHasGrownPastTheOldOffsetIsRecognised) {
  const auto old_end = std::max({end_of_partition(0), end_of_partition(1), end_of_partition(2)});
  const auto each = static_cast<int>(old_end + 20);
  make_topic_anew();
  for (const std::int32_t partition : {0, 1, 2}) send("second", each, partition);
  expect_refused(pipeline_.run_to_end(), "is not the one this state read there");
  expect_exit(pipeline_.command(accepting_the_gap()), 0);
  EXPECT_EQ(rows_of("second"), 3 * each) << "records of the new topic were passed over";
  EXPECT_EQ(rows_of("first"), 3);
  expect_exit(pipeline_.verify(), 0);
}

TEST_F(TopicMismatchTest, ATruncatedTopicIsRefusedAndItsGapIsRecordedAsSkipped) {
  const std::int64_t read_up_to = end_of_partition();
  send("lost", 7);
  send("kept", 2);
  need(support::delete_records(pipeline_.stack().brokers, topic(), 0, read_up_to + 7));
  expect_refused(pipeline_.run_to_end(), "--accept-gap " + topic() + "/0");
  expect_exit(pipeline_.command({"run", "--until-end", "--accept-gap", topic() + "/0"}), 0);
  EXPECT_EQ(rows_of("lost"), 0);
  EXPECT_EQ(rows_of("kept"), 2);
  EXPECT_EQ(skipped(), 7);
  expect_exit(pipeline_.verify(), 0);
}

TEST_F(TopicMismatchTest, ATopicWhoseRecordsHaveAllExpiredIsNoGap) {
  need(support::delete_records(pipeline_.stack().brokers, topic(), 0, end_of_partition()));
  send("later", 2);
  expect_exit(pipeline_.run_to_end(), 0);
  EXPECT_EQ(rows_of("later"), 2);
  EXPECT_EQ(skipped(), 0);
}

}  // namespace
}  // namespace lensart::integration
