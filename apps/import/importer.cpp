#include "apps/import/importer.hpp"

#include <algorithm>
#include <iterator>
#include <memory>

namespace lensart::importing {
namespace {

/// How much longer a row may be than its event: `\u0111` for two bytes, blanks between values.
constexpr std::size_t kRowPerPayload = 8;
constexpr std::uint64_t kRowsPerProgress = 256;

void count_problems(Tally& tally, std::vector<Problem>& problems, std::size_t shown) {
  tally.problems += problems.size();
  const std::size_t room = shown - std::min(shown, tally.shown.size());
  const auto end = problems.begin() + static_cast<std::ptrdiff_t>(std::min(room, problems.size()));
  std::move(problems.begin(), end, std::back_inserter(tally.shown));
  problems.clear();
}

}  // namespace

std::optional<Form> form_of_file(std::string_view path) {
  if (path.ends_with(".csv")) return Form::kCsv;
  if (path.ends_with(".jsonl") || path.ends_with(".ndjson")) return Form::kJsonLines;
  return std::nullopt;
}

Result<Tally> read_orders(std::FILE* file, const PassOptions& options, const Clock& clock,
                          const TakeOrder& take, const ShowProgress& progress) {
  const auto bytes = std::make_unique<ByteReader>(file);
  const auto rows =
      OrderRows::open(options.form, *bytes, kRowPerPayload * options.rules.max_payload_bytes);
  OrderEvents events(options.rules);
  Tally tally;
  OrderRow row;
  std::vector<Problem> problems;
  for (RowStep step; (step = rows->next(row, problems)) != RowStep::kEnd;) {
    OrderEvents::Ready ready;
    if (step == RowStep::kBroken) {
      tally.broken = true;
    } else {
      ++tally.rows;
      if (step == RowStep::kRow && events.make(row, clock.wall(), ready, problems)) {
        ++tally.orders;
        LENSART_TRY(take(ready));
      } else {
        ++tally.invalid;
      }
    }
    count_problems(tally, problems, options.shown_problems);
    if (tally.broken) break;
    if (tally.rows % kRowsPerProgress != 0) continue;
    tally.bytes = bytes->bytes_read();
    if (progress) progress(tally);
    if (options.stop && options.stop()) return fail(Errc::kFatal, "stopped by a signal");
  }
  tally.bytes = bytes->bytes_read();
  LENSART_TRY(bytes->verdict());
  return tally;
}

}  // namespace lensart::importing
