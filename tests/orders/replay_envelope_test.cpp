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

TEST(ReplayEnvelope, AReplayOfAReplayHasNoHeader) { EXPECT_EQ(replay_header(Topic::kReplay), ""); }

}  // namespace
}  // namespace lensart::orders
