#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "graph/flow.hpp"

namespace lensart {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Wiring wiring() {
  const auto nothing = [](std::size_t, Batch&) {};
  Wiring out;
  out.name = "a \"quoted\" \\ job";
  out.nodes.push_back({"read", NodeKind::kSource, {}, "Kafka", nullptr});
  out.nodes.push_back({"parse", NodeKind::kParallel, {}, "JSON {a|b}", nothing});
  out.nodes.push_back({"orders", NodeKind::kLanes, {0, 3, 0}, "state", nothing});
  out.nodes.push_back({"close", NodeKind::kSerial, {}, "a \"note\"", nothing});
  out.nodes.push_back({"relay", NodeKind::kExternal, {}, "PostgreSQL", nullptr});
  out.drawn_edges.push_back({"close", "read", "credits"});
  return out;
}

/// Whether quotes and braces close, by DOT's rules: inside quotes only the quote counts.
bool balanced(const std::string& dot) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < dot.size(); ++i) {
    if (quoted && dot[i] == '\\') {
      ++i;
    } else if (dot[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && dot[i] == '{') {
      ++depth;
    } else if (!quoted && dot[i] == '}' && --depth < 0) {
      return false;
    } else if (quoted && dot[i] == '\n') {
      return false;
    }
  }
  return depth == 0 && !quoted;
}

TEST(Dot, NamesEveryNodeWithItsTuning) {
  const std::string dot = to_dot(wiring());
  for (const char* node :
       {"\"read\" [", "\"parse\" [", "\"orders\" [", "\"close\" [", "\"relay\" ["}) {
    EXPECT_THAT(dot, HasSubstr(node));
  }
  EXPECT_THAT(dot, HasSubstr("parallel: as the pool"));
  EXPECT_THAT(dot, HasSubstr("lanes: 3"));
  EXPECT_THAT(dot, HasSubstr("own thread"));
}

TEST(Dot, DrawsTheLineAndWhatHangsBesideIt) {
  const std::string dot = to_dot(wiring());
  EXPECT_THAT(dot, HasSubstr("\"read\" -> \"parse\";"));
  EXPECT_THAT(dot, HasSubstr("\"parse\" -> \"orders\";"));
  EXPECT_THAT(dot, HasSubstr("\"orders\" -> \"close\";"));
  EXPECT_THAT(dot, HasSubstr("\"close\" -> \"read\" [style=dashed label=\"credits\"];"));
}

TEST(Dot, IsBalancedWhateverTheNamesHold) {
  const std::string dot = to_dot(wiring());
  EXPECT_TRUE(balanced(dot)) << dot;
  EXPECT_THAT(dot, HasSubstr(R"(digraph "a \"quoted\" \\ job" {)"));
}

TEST(Dot, HasFiguresOnlyWhenLive) {
  Flow flow(wiring(), {1}, [](const Error&) {});
  auto batch = std::make_shared<Batch>();
  batch->records_count = 5;
  flow.push(batch);
  flow.drain();
  EXPECT_THAT(to_dot(flow.wiring()), Not(HasSubstr("records")));
  const std::string live = to_dot(flow.wiring(), &flow);
  EXPECT_THAT(live, HasSubstr("5 records, 0 queued"));
  EXPECT_TRUE(balanced(live));
}

TEST(Dot, IsWhatGraphvizReadsWhereItIsInstalled) {
  const std::string dot = to_dot(wiring());
  const char* path = std::getenv("PATH");
  std::string tool;
  for (std::string rest = path == nullptr ? "" : path; !rest.empty() && tool.empty();) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    const std::string candidate = rest.substr(0, end) + "/dot";
    if (::access(candidate.c_str(), X_OK) == 0) tool = candidate;
    rest.erase(0, end + 1);
  }
  if (tool.empty()) {
    EXPECT_TRUE(balanced(dot));
    return;
  }
  FILE* pipe = ::popen((tool + " -Tplain > /dev/null").c_str(), "w");
  ASSERT_NE(pipe, nullptr);
  std::fwrite(dot.data(), 1, dot.size(), pipe);
  EXPECT_EQ(::pclose(pipe), 0);
}

}  // namespace
}  // namespace lensart
