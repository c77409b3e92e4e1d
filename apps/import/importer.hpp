/// A pass over a file of orders: each row to its event, or to what is wrong with it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "apps/import/input_file.hpp"
#include "apps/import/order_event.hpp"
#include "apps/import/order_rows.hpp"

namespace lensart::importing {

/// By the name's end, `.csv`, `.jsonl` or `.ndjson`; nothing for any other.
std::optional<Form> form_of_file(std::string_view path);

struct PassOptions {
  Form form = Form::kCsv;
  orders::Rules rules;
  std::size_t shown_problems = 20;
  /// Stops with kFatal when it says true. May be empty.
  std::function<bool()> stop;
};

struct Tally {
  std::uint64_t rows = 0;
  std::uint64_t orders = 0;   ///< rows that are good
  std::uint64_t invalid = 0;  ///< rows that are not
  bool broken = false;        ///< reading could not go on to the end
  std::uint64_t problems = 0;
  std::vector<Problem> shown;  ///< the first of them
  std::uint64_t bytes = 0;     ///< read so far

  bool all_good() const { return problems == 0; }
};

/// What is done with each good row's event. An error ends the pass.
using TakeOrder = std::function<Result<Unit>(const OrderEvents::Ready&)>;
/// Called now and then.
using ShowProgress = std::function<void(const Tally&)>;

/// Reads from where the file stands to its end. Fails where reading or `take` fails; rows that are
/// no orders are no failure but in the tally. Memory: bounded, whatever the file.
Result<Tally> read_orders(std::FILE* file, const PassOptions& options, const Clock& clock,
                          const TakeOrder& take, const ShowProgress& progress = {});

}  // namespace lensart::importing
