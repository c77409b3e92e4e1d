/// Hostile events in few numbers each, so that what fails can be made small: few orders, few
/// instants, few ids, every type and form, broken ones among them.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "nodes/source/memory_source.hpp"

namespace lensart::rehearsal {

/// One record to be. Any numbers will do; the smaller, the plainer.
struct Draft {
  std::uint32_t order = 0;      ///< which order
  std::uint32_t type = 0;       ///< created, updated, payment, status, cancelled
  std::uint32_t instant = 0;    ///< which of a few instants, and how it is spelt
  std::uint32_t from = 0;       ///< old_status: null, absent, then which one
  std::uint32_t id = 0;         ///< which of a few ids; 0 is one of its own
  std::uint32_t form = 0;       ///< envelope or flat; how a status event carries its order
  std::uint32_t body = 0;       ///< what the snapshot says
  std::uint32_t flaw = 0;       ///< 0…19 none, ignored or broken after that
  std::uint32_t partition = 0;  ///< of its topic
  std::uint32_t repeat = 0;     ///< 0 none; else the so-manieth record before is sent again
  /// 0 none; else the so-manieth record before is replayed: by its coordinates, as it came or with
  /// what this draft says; or, by itself, through the replay topic as an import is.
  std::uint32_t replay = 0;
};
void showValue(const Draft& draft, std::ostream& out);

/// The instants that there are: the first few are close together, the others lie on the edges of
/// sessions, days, hours, lateness and retention.
inline constexpr std::uint32_t kCloseInstants = 12;
inline constexpr std::uint32_t kInstantCount = 45;
inline constexpr std::uint32_t kOldStatusCount = 10;

/// Of the topics in `app::source_topics`.
inline constexpr std::uint32_t kReplayTopic = 4;

/// The log, in the order of arrival.
std::vector<nodes::MemoryRecord> log_of(const std::vector<Draft>& drafts);

}  // namespace lensart::rehearsal
