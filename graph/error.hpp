/// The one error type of the program, and the one decision the engine takes about it.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace lensart {

enum class Errc : std::uint8_t {
  // A service that may come back.
  kBrokerDown,
  kDatabaseDown,
  // The state directory or its disk.
  kStateFailed,
  kStateFull,
  kStateCorrupt,
  // Somebody else owns what we need.
  kOwnedByAnother,
  kFenced,
  // The two stores, or the log, do not tell one story.
  kStateMismatch,
  // The database refused a row for a reason of its data (SQLSTATE 22…, 23502, 23514).
  kRowRefused,
  // Rows that must be there are not (23503, or an update that touched fewer rows than staged).
  kRowsMissing,
  // Configuration and command line.
  kBadConfig,
  kBadUsage,
  // Anything else: stop with an explanation.
  kFatal,
};

/// What the engine does about a failure; the only thing it ever branches on.
enum class Action : std::uint8_t { kRetry, kBisect, kMend, kStop };

constexpr Action action_for(Errc code) {
  switch (code) {  // no default: -Wswitch names the case a new code forgot
    case Errc::kBrokerDown:
    case Errc::kDatabaseDown:
      return Action::kRetry;
    case Errc::kRowRefused:
      return Action::kBisect;
    case Errc::kRowsMissing:
      return Action::kMend;
    case Errc::kStateFailed:
    case Errc::kStateFull:
    case Errc::kStateCorrupt:
    case Errc::kOwnedByAnother:
    case Errc::kFenced:
    case Errc::kStateMismatch:
    case Errc::kBadConfig:
    case Errc::kBadUsage:
    case Errc::kFatal:
      return Action::kStop;
  }
  std::abort();
}

/// The exit code a failure ends the process with (docs/contract.md §6).
constexpr int exit_code_for(Errc code) {
  switch (code) {
    case Errc::kBadUsage:
      return 64;
    case Errc::kBrokerDown:
    case Errc::kDatabaseDown:
      return 69;
    case Errc::kStateFailed:
    case Errc::kStateFull:
    case Errc::kStateCorrupt:
      return 74;
    case Errc::kOwnedByAnother:
    case Errc::kFenced:
      return 75;
    case Errc::kStateMismatch:
      return 76;
    case Errc::kBadConfig:
      return 78;
    case Errc::kRowRefused:
    case Errc::kRowsMissing:
    case Errc::kFatal:
      return 1;
  }
  std::abort();
}

struct Error {
  Errc code = Errc::kFatal;
  std::string message;  ///< a sentence for a person: what, where, and the remedy
};

/// An Error on its way out of a node's body, which has no result to return: the flow catches it and
/// the process stops with it.
class Failure final : public std::exception {
 public:
  explicit Failure(Error error) : error_(std::move(error)) {}
  const Error& error() const { return error_; }
  const char* what() const noexcept override { return error_.message.c_str(); }

 private:
  Error error_;
};

template <class T>
using Result = tl::expected<T, Error>;

struct Unit {};

/// The value, or a Failure thrown. For node bodies only.
template <class T>
T value_or_throw(Result<T> result) {
  if (!result) throw Failure(std::move(result).error());
  return std::move(*result);
}

/// `return fail(Errc::kStateFull, "…");`
inline tl::unexpected<Error> fail(Errc code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}

}  // namespace lensart

/// Leaves the enclosing function with the error of `expression`, if it is one. May be nested.
#define LENSART_TRY(expression) \
  LENSART_TRY_IMPL(LENSART_CONCAT(lensart_try_, __COUNTER__), expression)
#define LENSART_TRY_IMPL(name, expression)              \
  do {                                                  \
    if (auto name = (expression); !name) [[unlikely]] { \
      return tl::unexpected(std::move(name).error());   \
    }                                                   \
  } while (false)

/// `LENSART_ASSIGN(auto value, f());`
#define LENSART_ASSIGN(declaration, expression) \
  LENSART_ASSIGN_IMPL(LENSART_CONCAT(lensart_result_, __COUNTER__), declaration, expression)
#define LENSART_ASSIGN_IMPL(name, declaration, expression) \
  auto name = (expression);                                \
  if (!name) [[unlikely]]                                  \
    return tl::unexpected(std::move(name).error());        \
  declaration = std::move(*name)
#define LENSART_CONCAT(a, b) LENSART_CONCAT_IMPL(a, b)
#define LENSART_CONCAT_IMPL(a, b) a##b
