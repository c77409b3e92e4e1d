// What a damaged file does: it is refused, or ends the process, but it never gives a wrong row.
// Each damage is tried in a process of its own, as LMDB may end it.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>

#include "storage/codec.hpp"
#include "storage/outbox_format.hpp"
#include "tests/storage/hex.hpp"
#include "tests/storage/state_fixture.hpp"

namespace lensart::storage {
namespace {

using ::testing::HasSubstr;

constexpr int kSame = 0;
constexpr int kRefused = 10;
constexpr int kWrong = 20;
constexpr unsigned kPatienceSeconds = 20;

/// LENSART_DAMAGE_STEP=1 flips every byte, for a campaign.
std::size_t step() {
  const char* text = std::getenv("LENSART_DAMAGE_STEP");
  return text == nullptr ? 41 : static_cast<std::size_t>(std::atoi(text));
}

class StateDamageTest : public StateFixture {
 protected:
  void SetUp() override {
    open();
    ASSERT_TRUE(store->bind({"cluster", "system", 1}));
    const Table table = *store->table("orders");
    for (int number = 1; number <= 4; ++number) {
      std::vector<OutboxChunk> written;
      for (std::uint8_t lane = 0; lane < 2; ++lane) {
        for (int i = 0; i < 3; ++i) {
          ChunkBuilder builder;
          builder.begin(1, EntryKind::kAppend, {}).append(fmt::format("{}/{}/{}", number, lane, i));
          builder.end();
          written.push_back({lane, builder.take().front()});
        }
      }
      EpochCommit epoch = next_epoch(std::move(written));
      SourcePosition position;
      position.topic = "t";
      position.next_offset = number;
      epoch.positions.push_back(position);
      epoch.changes.resize(1);
      for (std::uint64_t key = 0; key < 20; ++key) {
        epoch.changes[0].put(table, key_of(key), seal(1, std::string(50, 'v')));
      }
      commit(epoch);
    }
    close();
    whole = read_file();
    expected = *everything();
  }

  std::string data() const { return options().directory + "/data.mdb"; }
  std::string read_file() const {
    std::ifstream in(data(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write_file(std::string_view bytes) const {
    std::ofstream out(data(), std::ios::binary | std::ios::trunc);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }

  /// All that a pipeline reads of its state, as text.
  Result<std::string> everything() const {
    LENSART_ASSIGN(const auto opened, StateStore::open(options()));
    std::string out = fmt::format("seed {}\n", opened->hash_seed());
    if (opened->binding()) out += "binding " + opened->binding()->kafka_cluster_id + "\n";
    for (const ChainRecord& record : opened->chain()) {
      out += fmt::format("epoch {} {}\n", record.number, record.id.hex());
    }
    for (const SourcePosition& position : opened->positions()) {
      out += fmt::format("{} {}\n", position.topic, position.next_offset);
    }
    for (int lane = 0; lane < 2; ++lane) {
      LENSART_TRY(opened->for_each_chunk(
          lane, opened->chain().front().number, opened->chain().back().number,
          [&](std::string_view c) -> Result<Unit> {
            LENSART_ASSIGN(const std::string entries, entries_of(c, TableRegistry({})));
            return for_each_entry(entries, [&](const OutboxEntry& entry) {
              out += fmt::format("{}: {}\n", lane, entry.body);
            });
          }));
    }
    return out;
  }

  /// What a process makes of the file as it is now.
  int verdict() const {
    const pid_t child = ::fork();
    if (child == 0) {
      ::signal(SIGSEGV, SIG_DFL);
      ::signal(SIGBUS, SIG_DFL);
      ::signal(SIGABRT, SIG_DFL);
      ::alarm(kPatienceSeconds);
      std::fclose(stderr);  // LMDB's assertions
      const auto now = everything();
      ::_exit(!now ? kRefused : (*now == expected ? kSame : kWrong));
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
  }

  std::string whole;
  std::string expected;
};

TEST_F(StateDamageTest, AWholeFileIsReadAlike) {
  EXPECT_THAT(expected, HasSubstr("1: 4/1/2"));
  EXPECT_EQ(WEXITSTATUS(verdict()), kSame);
}

TEST_F(StateDamageTest, AFlippedByteAnywhereNeverGivesAWrongRow) {
  int same = 0;
  int refused = 0;
  int ended = 0;
  std::string wrong;
  for (std::size_t at = 0; at < whole.size(); at += step()) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x11);
    write_file(damaged);
    const int status = verdict();
    if (WIFSIGNALED(status)) {
      ++ended;
      if (WTERMSIG(status) == SIGALRM) wrong += fmt::format(" {} (for ever)", at);
    } else if (WEXITSTATUS(status) == kSame) {
      ++same;
    } else if (WEXITSTATUS(status) == kRefused) {
      ++refused;
    } else {
      wrong += fmt::format(" {}", at);
    }
  }
  std::cout << fmt::format("{} bytes: {} made no difference, {} refused, {} ended the process\n",
                           whole.size(), same, refused, ended);
  EXPECT_EQ(wrong, "") << "wrong after a flip at these bytes";
  EXPECT_GT(refused, 0);
}

TEST_F(StateDamageTest, ATruncatedFileIsRefusedWhereverItIsCut) {
  for (std::size_t size = 0; size < whole.size(); size += 512) {
    write_file(std::string_view(whole).substr(0, size));
    const int status = verdict();
    if (size == 0) continue;  // an empty file is a new state: the database then refuses the start
    ASSERT_TRUE(WIFEXITED(status)) << "cut to " << size << " bytes, signal " << WTERMSIG(status);
    ASSERT_EQ(WEXITSTATUS(status), kRefused) << "cut to " << size << " bytes";
  }
}

TEST_F(StateDamageTest, TheErrorOfATruncatedFileNamesItAndTheRemedy) {
  write_file(std::string_view(whole).substr(0, whole.size() - 4096));
  const auto opened = everything();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::kStateCorrupt);
  EXPECT_THAT(opened.error().message, HasSubstr(data()));
  EXPECT_THAT(opened.error().message, HasSubstr("cut off"));
  EXPECT_THAT(opened.error().message, HasSubstr("lensart state adopt"));
}

}  // namespace
}  // namespace lensart::storage
