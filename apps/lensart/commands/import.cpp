/// `lensart import`: the orders that were there before the pipeline, through the replay topic.

#include <fmt/format.h>

#include <iostream>

#include "apps/config/values.hpp"
#include "apps/import/importer.hpp"
#include "apps/import/replay_sender.hpp"
#include "apps/lensart/command.hpp"
#include "apps/lensart/commands/all.hpp"
#include "apps/lensart/progress.hpp"
#include "apps/lensart/signals.hpp"
#include "apps/lensart/topics.hpp"
#include "apps/orders/replay_envelope.hpp"
#include "graph/time_zone.hpp"

namespace lensart::app {
namespace {

using importing::Form;
using importing::PassOptions;
using importing::Tally;

struct ImportLine {
  std::string file, format;
  bool dry_run = false;
  bool skip_invalid = false;
};

/// What was done, and what the exit code goes by.
struct Done {
  Tally checked;
  std::uint64_t sent = 0;
  bool refused = false;
};

Result<Form> form_of(const ImportLine& line) {
  if (line.format == "csv") return Form::kCsv;
  if (line.format == "jsonl") return Form::kJsonLines;
  if (const auto form = importing::form_of_file(line.file)) return *form;
  return fail(Errc::kBadUsage, fmt::format("{}: the name does not tell the form (.csv, .jsonl): "
                                           "add --format csv or --format jsonl",
                                           line.file));
}

/// By the bytes read, where the file's size is known.
void show(Progress& progress, const Tally& tally, std::uint64_t size_bytes) {
  std::optional<double> share;
  if (size_bytes > 0) share = static_cast<double>(tally.bytes) / static_cast<double>(size_bytes);
  progress.show(tally.orders, share);
}

Result<Tally> check_all(const importing::InputFile& input, const PassOptions& options, bool quiet) {
  Progress progress({.unit = "orders checked", .quiet = quiet});
  return importing::read_orders(
      input.file(), options, SystemClock(),
      [](const importing::OrderEvents::Ready&) -> Result<Unit> { return Unit{}; },
      [&](const Tally& tally) { show(progress, tally, input.size_bytes()); });
}

/// The second pass. What it finds is what the first found, unless the file was written to.
Result<std::uint64_t> send_all(const Config& config, const importing::InputFile& input,
                               const PassOptions& options, const Tally& checked, bool quiet) {
  LENSART_ASSIGN(importing::ReplaySender sender,
                 importing::ReplaySender::open(kafka_options(config, nodes::KafkaRole::kProducer),
                                               config.kafka.replay_topic));
  const std::string header = orders::replay_header(orders::Topic::kOrderCreated);
  const auto send = [&]() -> Result<Unit> {
    Progress progress({.unit = "orders sent", .quiet = quiet});
    LENSART_ASSIGN(const Tally again,
                   importing::read_orders(
                       input.file(), options, SystemClock(),
                       [&](const importing::OrderEvents::Ready& event) {
                         return sender.send(std::to_string(event.order_id), header, event.payload);
                       },
                       [&](const Tally& tally) { show(progress, tally, input.size_bytes()); }));
    LENSART_TRY(sender.finish());
    if (again.orders == checked.orders && again.invalid == checked.invalid) return Unit{};
    return fail(Errc::kFatal, "the file changed while it was imported");
  };
  auto sent = send();
  if (sent) return sender.acknowledged();
  Error error = std::move(sent).error();
  error.message += fmt::format(
      "; {} of {} orders were sent: import the file again, nothing of it will count twice",
      sender.acknowledged(), checked.orders);
  return tl::unexpected(std::move(error));
}

Result<Done> import_orders(const Config& config, const ImportLine& line, bool quiet) {
  PassOptions options;
  LENSART_ASSIGN(options.form, form_of(line));
  LENSART_ASSIGN(const TimeZone zone, TimeZone::find(config.pipeline.time_zone));
  options.rules.max_payload_bytes = config.pipeline.max_payload;
  options.rules.max_future = config.pipeline.max_future;
  options.rules.allow_zero_total = config.validation.allow_zero_total;
  options.rules.zone = &zone;
  options.stop = note_stop_signals();
  LENSART_ASSIGN(importing::InputFile input, importing::InputFile::open(line.file, !line.dry_run));
  Done done;
  LENSART_ASSIGN(done.checked, check_all(input, options, quiet));
  done.refused = done.checked.broken || (!done.checked.all_good() && !line.skip_invalid);
  if (done.refused || line.dry_run || done.checked.orders == 0) return done;
  LENSART_TRY(input.rewind());
  LENSART_ASSIGN(done.sent, send_all(config, input, options, done.checked, quiet));
  return done;
}

/// Without what a terminal would obey.
std::string harmless(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7F') c = ' ';
  }
  return text;
}

void print_problems(const Tally& checked) {
  for (const importing::Problem& problem : checked.shown) {
    std::cerr << fmt::format("line {}: {} ({})\n", problem.line, harmless(problem.message),
                             problem.code);
  }
  if (checked.problems > checked.shown.size()) {
    std::cerr << fmt::format("and {} more\n", checked.problems - checked.shown.size());
  }
}

void print_text(const Config& config, const ImportLine& line, const Done& done) {
  const Tally& checked = done.checked;
  print_problems(checked);
  std::cout << fmt::format("{} rows: {} orders, {} invalid\n", checked.rows, checked.orders,
                           checked.invalid);
  if (checked.broken) {
    std::cout << "nothing was sent: the file cannot be read to its end\n";
  } else if (done.refused) {
    std::cout << (line.dry_run
                      ? "nothing was sent (--dry-run)\n"
                      : "nothing was sent: mend the rows, or send the others by --skip-invalid\n");
  } else if (line.dry_run) {
    std::cout << "nothing was sent (--dry-run)\n";
  } else {
    std::cout << fmt::format(
        "{} sent to {}; the running pipeline applies them, or `lensart run --until-end` does. "
        "Those "
        "imported before are counted as duplicates and change nothing.\n",
        done.sent, config.kafka.replay_topic);
  }
}

void print_json(const Done& done) {
  std::string problems;
  for (const importing::Problem& problem : done.checked.shown) {
    problems += fmt::format(R"({}{{"line": {}, "field": {}, "code": {}, "message": {}}})",
                            problems.empty() ? "" : ", ", problem.line, json_string(problem.field),
                            json_string(problem.code), json_string(problem.message));
  }
  std::cout << fmt::format(
      R"({{"rows": {}, "orders": {}, "invalid": {}, "sent": {}, "complete": {}, "problems": {}, )"
      R"("shown": [{}]}})"
      "\n",
      done.checked.rows, done.checked.orders, done.checked.invalid, done.sent, !done.checked.broken,
      done.checked.problems, problems);
}

int import_file(const Program& program, const ImportLine& line) {
  const auto config = program.load_config();
  if (!config) return report(config.error());
  const auto done = import_orders(*config, line, program.json);
  if (!done) return report(done.error());
  program.json ? print_json(*done) : print_text(*config, line, *done);
  return done->refused ? 1 : 0;
}

}  // namespace

void add_import_command(CLI::App& root, Program& program) {
  auto* command = root.add_subcommand(
      "import", "Send orders that exist already, from CSV or JSON lines, to the pipeline");
  auto line = std::make_shared<ImportLine>();
  command->add_option("FILE", line->file, "The orders, one a row; - is the standard input")
      ->required()
      ->type_name("");
  command->add_option("--format", line->format, "csv or jsonl (default: by the file's name)")
      ->check(CLI::IsMember({"csv", "jsonl"}))
      ->type_name("FORM");
  command->add_flag("--dry-run", line->dry_run, "Check every row, send nothing");
  command->add_flag("--skip-invalid", line->skip_invalid,
                    "Send the good rows although there are others");
  command->footer(
      "Every row is checked by the pipeline's own rules before any is sent. May be repeated: an\n"
      "order that was imported before is a duplicate. docs/import.md has the queries for MySQL.\n\n"
      "Example:\n  lensart import orders.jsonl --dry-run\n  lensart import orders.csv\n"
      "  mysql … | lensart import - --format jsonl\n\n"
      "Exit code 0: all sent (or good); 1: invalid rows, nothing sent; 69: no broker.");
  command->callback([&program, line] {
    program.action = [&program, line] { return import_file(program, *line); };
  });
}

}  // namespace lensart::app
