// Who is told what, how often, and that it arrives: without a pipeline.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "apps/notify/notifier.hpp"
#include "tests/notify/receiver.hpp"
#include "tests/support/process.hpp"

namespace lensart::notify {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

Tick at(Duration after_start) { return Tick{} + after_start; }
const Instant kWall{std::chrono::sys_days(std::chrono::year(2026) / 11 / 20)};

std::vector<std::string> kinds(const std::vector<Message>& messages) {
  std::vector<std::string> names;
  for (const Message& message : messages) names.emplace_back(name_of(message.kind));
  return names;
}

class NoticeBookTest : public testing::Test {
 protected:
  std::vector<Message> due(Duration after_start, bool everything = false) {
    return book.due(at(after_start), kWall, everything);
  }
  NoticeBook book{"shop", 60s};
};

TEST_F(NoticeBookTest, TheFirstGoesAtOnceAndTheNextAreAddedUpForAMinute) {
  book.stuck(1, {{4711, "Đang giao hàng", "2026-11-19T00:00:00Z"}});
  const auto first = due(0s);
  ASSERT_EQ(kinds(first), std::vector<std::string>{"stuck_orders"});
  const json one = json::parse(first[0].json);
  EXPECT_EQ(one["orders"], json::parse(R"([{"order_id": 4711, "status": "Đang giao hàng",
                             "since": "2026-11-19T00:00:00Z"}])"));
  EXPECT_EQ(one["pipeline"], "shop");
  EXPECT_EQ(one["at"], "2026-11-20T00:00:00.000Z");
  EXPECT_EQ(one["id"], first[0].id);
  book.stuck(2, {});
  book.stuck(3, {});
  EXPECT_TRUE(due(59s).empty());
  const auto second = due(60s);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(json::parse(second[0].json)["count"], 5);
  EXPECT_NE(second[0].id, first[0].id);
  EXPECT_TRUE(due(3600s).empty()) << "there was nothing more";
}

TEST_F(NoticeBookTest, KindsDoNotWaitForEachOther) {
  book.stuck(1, {});
  EXPECT_EQ(due(0s).size(), 1U);
  book.letters({{"bad_json", 2}, {"bad_id", 1}, {"bad_price", 0}},
               {{"bad_id", "data.id", "order-created", 2, 17}});
  const auto letters = due(1s);
  ASSERT_EQ(kinds(letters), std::vector<std::string>{"dead_letters"});
  const json said = json::parse(letters[0].json);
  EXPECT_EQ(said["codes"], json::parse(R"({"bad_json": 2, "bad_id": 1})"));
  EXPECT_EQ(said["letters"][0]["offset"], 17);
  EXPECT_EQ(said["text"], "3 dead letters: 1 bad_id, 2 bad_json.");
}

TEST_F(NoticeBookTest, AtTheEndEverythingGoes) {
  book.stuck(1, {});
  EXPECT_EQ(due(0s).size(), 1U);
  book.stuck(1, {});
  EXPECT_EQ(due(1s, true).size(), 1U);
}

TEST_F(NoticeBookTest, AMessageFitsIntoANotifyWhateverStandsInIt) {
  const std::string nasty(250, '\x01');
  std::vector<LetterSeen> examples(50, {nasty, std::string(1000, '"') + "đ", nasty, 1, 2});
  book.letters({{"bad_json", 50}}, examples);
  const auto messages = due(0s);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_LE(messages[0].json.size(), kMessageBytes);
  EXPECT_GT(json::parse(messages[0].json)["letters"].size(), 0U);
}

TEST(StallWatchTest, TellsOnceWhenWorkWaitsAndNothingIsApplied) {
  StallWatch watch(5min);
  Sight sight;
  sight.lag_records = 10;
  sight.applied_records = 7;
  EXPECT_FALSE(watch.look(sight, at(0s)));  // the first look cannot tell
  EXPECT_FALSE(watch.look(sight, at(1s)));
  EXPECT_FALSE(watch.look(sight, at(300s)));
  const auto began = watch.look(sight, at(301s));
  ASSERT_TRUE(began);
  EXPECT_FALSE(began->ended);
  EXPECT_EQ(began->lasted, 300s);
  EXPECT_FALSE(watch.look(sight, at(900s))) << "told already";
  sight.applied_records = 8;
  const auto ended = watch.look(sight, at(901s));
  ASSERT_TRUE(ended);
  EXPECT_TRUE(ended->ended);
  EXPECT_EQ(ended->lasted, 900s);
  EXPECT_FALSE(watch.look(sight, at(902s)));
}

TEST(StallWatchTest, RestIsNoStallAndATroubleIs) {
  StallWatch watch(5min);
  Sight sight;
  for (int minute = 0; minute < 20; ++minute)
    EXPECT_FALSE(watch.look(sight, at(std::chrono::minutes(minute))));
  sight.trouble = {"PostgreSQL cannot be reached"};
  EXPECT_FALSE(watch.look(sight, at(20min)));
  EXPECT_TRUE(watch.look(sight, at(25min)));
}

class DeliveryTest : public testing::Test {
 protected:
  void push(const std::string& id, Duration now = 0s) {
    delivery.push({id, NoticeKind::kStall, "{}"}, at(now));
  }
  std::string next(Duration now) {
    const Message* message = delivery.next(at(now));
    return message == nullptr ? "" : message->id;
  }
  void fails(Duration now, std::optional<Duration> retry_after = {}) {
    delivery.on_attempt({.delivered = false, .retry_after = retry_after}, at(now));
  }
  Delivery delivery;
};

TEST_F(DeliveryTest, IsTriedAgainAfterGrowingPauses) {
  push("a");
  std::vector<long> pauses;
  Duration now{};
  for (int attempt = 0; attempt < 12; ++attempt) {
    ASSERT_EQ(next(now), "a");
    fails(now);
    Duration pause{};
    while (next(now + pause).empty()) pause += 1s;
    pauses.push_back(std::chrono::duration_cast<std::chrono::seconds>(pause).count());
    now += pause;
  }
  EXPECT_THAT(pauses, ElementsAre(1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300));
  delivery.on_attempt({.delivered = true}, at(now));
  push("b", now);
  EXPECT_EQ(next(now), "b") << "a new one does not inherit the pause";
}

TEST_F(DeliveryTest, TheReceiversWishIsHeededWithinReason) {
  push("a");
  fails(0s, 30s);
  EXPECT_EQ(next(29s), "");
  EXPECT_EQ(next(30s), "a");
  fails(30s, std::chrono::hours(24));
  EXPECT_EQ(next(30s + 299s), "");
  EXPECT_EQ(next(30s + 300s), "a");
}

TEST_F(DeliveryTest, WhatIsRefusedForGoodOrTooOldIsGivenUpAndTheNextGoes) {
  push("refused");
  push("next");
  delivery.on_attempt({.for_good = true}, at(0s));
  EXPECT_EQ(next(0s), "next");
  EXPECT_EQ(next(6h), "next");
  EXPECT_EQ(next(6h + 1s), "") << "news of six hours ago";
  EXPECT_EQ(delivery.figures().given_up, 2U);
}

TEST_F(DeliveryTest, TheQueueIsBoundedAndTheOldestGoes) {
  for (int i = 0; i < 40; ++i) push(std::to_string(i));
  EXPECT_EQ(delivery.figures().waiting, 32U);
  EXPECT_EQ(delivery.figures().given_up, 8U);
  EXPECT_EQ(next(0s), "8");
}

TEST(WebhookTest, TheSignatureIsThatOfStandardWebhooks) {
  // The example of its specification.
  EXPECT_EQ(webhook_signature("whsec_plJ3nmyCDGBKInavdOK15jsl", "msg_loFOjxBNrRLzqYUf",
                              "1731705121", R"({"event_type":"ping","data":{"success":true}})"),
            "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=");
  EXPECT_NE(webhook_signature("plain", "a", "1", "b"), webhook_signature("plainer", "a", "1", "b"));
}

class ReceivedTest : public testing::Test {
 protected:
  Attempt post(const std::string& url, const std::string& secret = "") {
    auto webhook = Webhook::open({url, secret, 2s});
    if (!webhook) return {.why = webhook.error().message};
    return (*webhook)->post({"msg_1", NoticeKind::kStall, R"({"kind":"stall"})"}, kWall,
                            [] { return false; });
  }
  Receiver receiver;
};

TEST_F(ReceivedTest, AMessageArrivesWholeAndSigned) {
  EXPECT_TRUE(post(receiver.url(), "secret").delivered);
  ASSERT_EQ(receiver.received().size(), 1U);
  const Received got = receiver.received()[0];
  EXPECT_EQ(got.target, "POST /hook HTTP/1.1");
  EXPECT_EQ(got.body, R"({"kind":"stall"})");
  EXPECT_EQ(got.headers.at("content-type"), "application/json");
  EXPECT_EQ(got.headers.at("webhook-id"), "msg_1");
  EXPECT_EQ(got.headers.at("webhook-timestamp"), "1795132800");
  EXPECT_EQ(got.headers.at("webhook-signature"),
            webhook_signature("secret", "msg_1", "1795132800", got.body));
}

TEST_F(ReceivedTest, WithoutASecretThereIsNoSignature) {
  EXPECT_TRUE(post(receiver.url()).delivered);
  EXPECT_FALSE(receiver.received()[0].headers.contains("webhook-signature"));
}

TEST_F(ReceivedTest, AnAnswerTellsWhetherAskingAgainMayHelp) {
  receiver.will_answer({"500 Oops", "429 Slow\r\nRetry-After: 7", "404 Gone", "302 Elsewhere"});
  EXPECT_FALSE(post(receiver.url()).for_good);
  const Attempt slow = post(receiver.url());
  EXPECT_FALSE(slow.for_good);
  EXPECT_EQ(slow.retry_after, 7s);
  EXPECT_TRUE(post(receiver.url()).for_good);
  EXPECT_TRUE(post(receiver.url()).for_good) << "redirections are not followed";
  EXPECT_EQ(receiver.received().size(), 4U);
}

TEST_F(ReceivedTest, NobodyThereIsTriedAgain) {
  const Attempt refused = post("http://127.0.0.1:1/hook?token=canary");
  EXPECT_FALSE(refused.delivered || refused.for_good);
  EXPECT_FALSE(refused.why.empty());
  EXPECT_EQ(refused.why.find("canary"), std::string::npos);
  EXPECT_FALSE(Webhook::open({"gopher://127.0.0.1/", "", 2s}) &&
               post("gopher://127.0.0.1/").delivered);
}

TEST_F(ReceivedTest, ACertificateThatNobodyVouchesForIsRefused) {
  const std::string script =
      "cd $(mktemp -d) && openssl req -x509 -newkey rsa:2048 -nodes -keyout k -out c -days 1 "
      "-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 2>&1 && "
      "exec openssl s_server -accept 0 -cert c -key k -www -naccept 2 2>&1";
  support::ProcessOptions options;
  options.command = {"sh", "-c", script};
  auto server = support::Process::start(std::move(options));
  ASSERT_TRUE(server);
  std::string port;
  for (int i = 0; i < 500 && port.empty(); ++i) {
    const std::string said = server->stdout_text();
    if (const auto found = said.find("ACCEPT "); found != std::string::npos) {
      const std::string line = said.substr(found, said.find('\n', found) - found);
      port = line.substr(line.rfind(':') + 1);
    }
    std::this_thread::sleep_for(10ms);
  }
  ASSERT_FALSE(port.empty()) << server->stdout_text();
  const Attempt attempt = post("https://127.0.0.1:" + port + "/");
  EXPECT_FALSE(attempt.delivered);
  EXPECT_THAT(attempt.why, HasSubstr("certificate"));
}

class NotifierTest : public testing::Test {
 protected:
  void start() {
    options.pipeline = "shop";
    options.webhook = WebhookOptions{receiver.url(), "", 2s};
    notifier = *Notifier::start(
        options, clock,
        [this] {
          const std::lock_guard lock(mutex);
          return sight;
        },
        [this](const std::string& line) {
          const std::lock_guard lock(mutex);
          log.push_back(line);
        });
  }
  void see(const Sight& now) {
    const std::lock_guard lock(mutex);
    sight = now;
  }
  bool received(std::size_t messages) {
    for (int i = 0; i < 500 && receiver.received().size() < messages; ++i)
      std::this_thread::sleep_for(10ms);
    return receiver.received().size() >= messages;
  }
  json message(std::size_t index) { return json::parse(receiver.received().at(index).body); }

  Receiver receiver;
  SystemClock clock;
  NotifierOptions options;
  std::mutex mutex;
  Sight sight;
  std::vector<std::string> log;
  std::unique_ptr<Notifier> notifier;
};

TEST_F(NotifierTest, LettersAreToldThoughThereIsNoDatabaseAndTriedAgainUntilTheyAreTaken) {
  receiver.will_answer({"503 Later"});
  see({.letters = {{"bad_json", 3}}});
  start();
  ASSERT_TRUE(received(2));
  EXPECT_EQ(message(1)["codes"], json::parse(R"({"bad_json": 3})"));
  EXPECT_EQ(message(0)["id"], message(1)["id"]);
  see({.letters = {{"bad_json", 5}}});
  notifier->stop();  // what waits for its minute goes at the end
  ASSERT_TRUE(received(3));
  EXPECT_EQ(message(2)["codes"], json::parse(R"({"bad_json": 2})"));
  const DeliveryFigures figures = notifier->figures().at("webhook");
  EXPECT_EQ(figures.delivered, 2U);
  EXPECT_EQ(figures.attempts_failed, 1U);
  EXPECT_THAT(log, ElementsAre(HasSubstr("webhook, retrying: it answered 503")));
}

TEST_F(NotifierTest, AReceiverThatHangsHoldsUpNoEnd) {
  options.interval = 1s;
  see({.letters = {{"bad_json", 1}}});
  start();
  notifier->stop();
  ASSERT_TRUE(received(1));
  const int silent = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(silent, reinterpret_cast<sockaddr*>(&address), size);
  ::listen(silent, 1);
  ::getsockname(silent, reinterpret_cast<sockaddr*>(&address), &size);
  NotifierOptions hanging;
  hanging.webhook =
      WebhookOptions{"http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)), "", 60s};
  auto other = *Notifier::start(
      hanging, clock,
      [] {
        return Sight{.letters = {{"bad_json", 1}}};
      },
      [](const std::string&) {});
  const auto before = std::chrono::steady_clock::now();
  other->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - before, 4s);
  ::close(silent);
}

TEST_F(NotifierTest, WithNobodyToTellItDoesNothing) {
  auto idle = Notifier::start(
      {}, clock, [] { return Sight{}; }, [](const std::string&) {});
  ASSERT_TRUE(idle);
  EXPECT_TRUE((*idle)->figures().empty());
}

}  // namespace
}  // namespace lensart::notify
