// The line before a replayed event's payload.

#include "apps/orders/replay_envelope.hpp"

#include <gtest/gtest.h>

namespace lensart::orders {
namespace {

TEST(ReplayEnvelope, IsSpeltAsTheContractHasIt) {
  EXPECT_EQ(replay_header(Topic::kOrderCreated),
            "{\"lensart_replay\":1,\"topic\":\"order_created\"}\n");
}

TEST(ReplayEnvelope, GivesTopicAndPayloadBackByteForByte) {
  for (const Topic topic :
       {Topic::kOrderCreated, Topic::kOrderUpdated, Topic::kOrderCancelled, Topic::kOrderEvents}) {
    for (const std::string& payload : {std::string("{\"a\": 1}"), std::string(),
                                       std::string("\n\n"), std::string("\0\xFF", 2)}) {
      const std::string message = replay_header(topic) + payload;
      const auto opened = open_replay(message);
      ASSERT_TRUE(opened);
      EXPECT_EQ(opened->topic, topic);
      EXPECT_EQ(opened->payload, payload);
    }
  }
}

TEST(ReplayEnvelope, AnEnvelopeWithinOneIsPayload) {
  const std::string inner = replay_header(Topic::kOrderUpdated) + "{}";
  const std::string outer = replay_header(Topic::kOrderCreated) + inner;
  const auto opened = open_replay(outer);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->payload, inner);
}

TEST(ReplayEnvelope, NothingElseIsTakenForOne) {
  const std::string header = replay_header(Topic::kOrderCreated);
  EXPECT_FALSE(open_replay(""));
  EXPECT_FALSE(open_replay("{}"));
  EXPECT_FALSE(open_replay(header.substr(0, header.size() - 1)));  // without its line end
  EXPECT_FALSE(open_replay(" " + header));
  EXPECT_FALSE(open_replay("{\"lensart_replay\":2,\"topic\":\"order_created\"}\n{}"));
  EXPECT_FALSE(open_replay("{\"lensart_replay\":1,\"topic\":\"replay\"}\n{}"));
}

TEST(ReplayEnvelope, SaysWhereTheRecordLayFirst) {
  const OriginalRecord original{"shop.order-created", 2, 9'223'372'036'854'775'807, false};
  const std::string header = replay_header(Topic::kOrderCreated, original);
  EXPECT_EQ(header,
            "{\"lensart_replay\":1,\"topic\":\"order_created\",\"original\":"
            "\"shop.order-created/2/9223372036854775807\"}\n");
  const auto opened = open_replay(header + "\n{");
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->payload, "\n{");
  EXPECT_EQ(opened->original, original);
  EXPECT_FALSE(open_replay(replay_header(Topic::kOrderEvents))->original);
}

TEST(ReplayEnvelope, SaysWhetherTheEventWasTooLate) {
  const OriginalRecord original{"order-events", 0, 7, true};
  const std::string header = replay_header(Topic::kOrderEvents, original);
  EXPECT_EQ(header,
            "{\"lensart_replay\":1,\"topic\":\"order_events\",\"original\":\"order-events/0/7\","
            "\"too_late\":true}\n");
  EXPECT_EQ(open_replay(header)->original, original);
}

TEST(ReplayEnvelope, CoordinatesThatAreNoneAreRefused) {
  const auto opens = [](const std::string& coordinates) {
    return open_replay("{\"lensart_replay\":1,\"topic\":\"order_events\",\"original\":\"" +
                       coordinates + "\"}\n{}")
        .has_value();
  };
  EXPECT_TRUE(opens("t/0/0"));
  for (const char* bad :
       {"", "t", "t/0", "/0/0", "t//0", "t/0/", "t/-1/0", "t/0/-1", "t/0/0x", "t/ 0/0",
        "t/2147483648/0", "t/0/9223372036854775808", "t\xFF/0/0", "a/b/0/0"}) {
    EXPECT_FALSE(opens(bad)) << bad;
  }
  EXPECT_FALSE(opens(std::string(250, 't') + "/0/0"));
}

TEST(ReplayEnvelope, AReplayOfAReplayHasNoHeader) { EXPECT_EQ(replay_header(Topic::kReplay), ""); }

}  // namespace
}  // namespace lensart::orders
