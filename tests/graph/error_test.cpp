#include "graph/error.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace lensart {
namespace {

struct Meaning {
  Errc code;
  Action action;
  int exit_code;
};

// The table of docs/contract.md §6, once more.
const std::vector<Meaning> kMeanings{
    {Errc::kBrokerDown, Action::kRetry, 69},  {Errc::kDatabaseDown, Action::kRetry, 69},
    {Errc::kStateFailed, Action::kStop, 74},  {Errc::kStateFull, Action::kStop, 74},
    {Errc::kStateCorrupt, Action::kStop, 74}, {Errc::kOwnedByAnother, Action::kStop, 75},
    {Errc::kFenced, Action::kStop, 75},       {Errc::kStateMismatch, Action::kStop, 76},
    {Errc::kRowRefused, Action::kBisect, 1},  {Errc::kRowsMissing, Action::kMend, 1},
    {Errc::kBadConfig, Action::kStop, 78},    {Errc::kBadUsage, Action::kStop, 64},
    {Errc::kFatal, Action::kStop, 1},
};

TEST(Error, EveryCodeHasItsActionAndItsExitCode) {
  for (const Meaning& meaning : kMeanings) {
    EXPECT_EQ(action_for(meaning.code), meaning.action) << static_cast<int>(meaning.code);
    EXPECT_EQ(exit_code_for(meaning.code), meaning.exit_code) << static_cast<int>(meaning.code);
  }
  EXPECT_EQ(kMeanings.size(), static_cast<std::size_t>(Errc::kFatal) + 1) << "one is not listed";
}

Result<int> half(int number) {
  if (number % 2 != 0) return fail(Errc::kBadUsage, "odd");
  return number / 2;
}

Result<int> quarter(int number) {
  LENSART_ASSIGN(const int once, half(number));
  LENSART_ASSIGN(const int twice, half(once));
  return twice;
}

Result<Unit> is_even(int number) {
  LENSART_TRY(half(number));
  return Unit{};
}

TEST(Error, TheFirstErrorLeavesTheFunctionUnchanged) {
  EXPECT_EQ(*quarter(8), 2);
  for (const int number : {1, 2}) {
    const auto result = quarter(number);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::kBadUsage);
    EXPECT_EQ(result.error().message, "odd");
  }
  EXPECT_TRUE(is_even(2));
  EXPECT_FALSE(is_even(3));
}

TEST(Error, WhatCanOnlyBeMovedIsMoved) {
  const auto make = []() -> Result<std::unique_ptr<int>> { return std::make_unique<int>(5); };
  const auto use = [&]() -> Result<int> {
    LENSART_ASSIGN(const auto pointer, make());
    return *pointer;
  };
  EXPECT_EQ(*use(), 5);
}

TEST(Error, AFailureCarriesTheErrorOutOfANode) {
  EXPECT_EQ(value_or_throw(half(4)), 2);
  try {
    value_or_throw(half(3));
    FAIL() << "nothing was thrown";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.error().code, Errc::kBadUsage);
    EXPECT_STREQ(failure.what(), "odd");
  }
}

}  // namespace
}  // namespace lensart
