#include "tests/model/copies.hpp"

#include <algorithm>

namespace lensart::model {

void Copies::add(Copy copy) {
  const Event& event = copy.accepted.event;
  if (copy.record->replays_a_letter()) ++replays_of_[*copy.record->replay->original];
  if (oldest_ && event.timestamp < *oldest_) old_orders_.insert(event.order_id);
  by_event[event.event_id].push_back(std::move(copy));
}

bool Copies::in_doubt(const Copy& copy) const {
  return copy.record->replays_a_letter() && old_orders_.contains(copy.accepted.event.order_id);
}

bool Copies::may_give_way(const Copy& copy) const {
  return in_doubt(copy) ||
         (copy.record->replays_a_letter() && replays_of_.at(*copy.record->replay->original) > 1);
}

std::optional<std::size_t> Copies::that_counts(const std::vector<Copy>& copies,
                                               const Hints& hints) const {
  std::map<std::pair<std::string, std::int32_t>, std::size_t> lowest;
  for (std::size_t i = 0; i < copies.size(); ++i) {
    if (may_give_way(copies[i])) continue;
    const Coordinates& at = copies[i].record->at;
    const auto [entry, is_new] = lowest.try_emplace({at.topic, at.partition}, i);
    if (!is_new && at.offset < copies[entry->second].record->at.offset) entry->second = i;
  }
  for (std::size_t i = 0; i < copies.size(); ++i) {
    if (!copies[i].record->replays_a_letter()) continue;
    const Coordinates& at = copies[i].record->at;
    const auto hinted = hints.replayed.find(copies[i].accepted.at);
    const auto before = lowest.find({at.topic, at.partition});
    const bool is_first =
        before == lowest.end() || at.offset <= copies[before->second].record->at.offset;
    if (hinted != hints.replayed.end() && hinted->second == at && is_first) return i;
  }
  for (const auto& [partition, index] : lowest) {
    if (hints.accepted.contains(copies[index].record->at)) return index;
  }
  return lowest.empty() ? std::nullopt : std::optional(lowest.begin()->second);
}

void keep_first_replays(std::vector<Replay>& replays, const Hints& hints) {
  const auto is_hinted = [&](const Replay& one) {
    const auto hint = hints.cleared.find(one.original);
    return one.too_late && hint != hints.cleared.end() && hint->second == one.through;
  };
  std::stable_sort(replays.begin(), replays.end(), [&](const Replay& a, const Replay& b) {
    if (a.original != b.original) return a.original < b.original;
    if (is_hinted(a) != is_hinted(b)) return is_hinted(a);
    return a.through < b.through;
  });
  replays.erase(std::unique(replays.begin(), replays.end(),
                            [](const Replay& a, const Replay& b) {
                              return a.too_late && b.too_late && a.original == b.original;
                            }),
                replays.end());
}

void believe_accounts(std::map<std::pair<std::string, std::int32_t>, Account>& accounts,
                      const Hints& hints) {
  for (auto& [partition, account] : accounts) {
    const auto hint = hints.dead_lettered.find(partition);
    const std::int64_t hinted = hint == hints.dead_lettered.end() ? 0 : hint->second;
    const std::int64_t refused =
        std::clamp<std::int64_t>(hinted - account.dead_lettered, 0, account.in_doubt);
    account.dead_lettered += refused;
    account.duplicate += account.in_doubt - refused;
  }
}

}  // namespace lensart::model
