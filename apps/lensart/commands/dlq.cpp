/// `lensart dlq`: what was refused and why, and sending it again.

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <sstream>

#include "apps/dlq/letter_detail.hpp"
#include "apps/dlq/patch.hpp"
#include "apps/dlq/render.hpp"
#include "apps/explain/arguments.hpp"
#include "apps/lensart/command.hpp"
#include "apps/lensart/commands/all.hpp"
#include "apps/lensart/topics.hpp"
#include "apps/orders/replay_envelope.hpp"
#include "apps/pipeline/options.hpp"
#include "graph/time_zone.hpp"

namespace lensart::app {
namespace {

/// What the command line says, each condition as it is spelt.
struct FilterWords {
  std::string code, topic, order_id, event_id, since, until, text;
  bool replayed = false;
  bool not_replayed = false;

  void add_to(CLI::App& command) {
    command.add_option("--code", code, "Letters of this rule, such as bad_price");
    command.add_option("--topic", topic, "From this topic");
    command.add_option("--order", order_id, "Of this order")->type_name("ID");
    command.add_option("--event", event_id, "Of this event id");
    command.add_option("--since", since, "Refused then or later")->type_name("INSTANT");
    command.add_option("--until", until, "Refused before")->type_name("INSTANT");
    command.add_option("--text", text, "With this in message, field or event id");
  }
  bool any() const {
    return !code.empty() || !topic.empty() || !order_id.empty() || !event_id.empty() ||
           !since.empty() || !until.empty() || !text.empty();
  }
};

Result<std::optional<Instant>> instant_of(const char* option, const std::string& text,
                                          const TimeZone& zone) {
  if (text.empty()) return std::optional<Instant>();
  const bool is_day = text.size() == 10;
  const auto instant = orders::parse_instant(is_day ? text + " 00:00:00" : text, zone);
  if (instant) return instant;
  return fail(Errc::kBadUsage,
              fmt::format("{} {}: write YYYY-MM-DD, with HH:MM:SS behind it or not; without an "
                          "offset it is in pipeline.time_zone",
                          option, text));
}

Result<dlq::Filter> filter_of(const FilterWords& words, const Config& config) {
  LENSART_ASSIGN(const TimeZone zone, TimeZone::find(config.pipeline.time_zone));
  const auto given = [](const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(text);
  };
  dlq::Filter filter;
  filter.code = given(words.code);
  if (filter.code && !dlq::is_code(*filter.code)) {
    return fail(
        Errc::kBadUsage,
        fmt::format("--code {}: there is no such code; docs/contract.md §2 has them", words.code));
  }
  if (!words.order_id.empty()) {
    filter.order_id = parse_whole(words.order_id, 1, INT64_MAX);
    if (!filter.order_id) {
      return fail(Errc::kBadUsage, fmt::format("--order {}: must be an order's id, a whole number "
                                               "from 1",
                                               words.order_id));
    }
  }
  filter.topic = given(words.topic);
  filter.event_id = given(words.event_id);
  filter.text = given(words.text);
  LENSART_ASSIGN(filter.since, instant_of("--since", words.since, zone));
  LENSART_ASSIGN(filter.until, instant_of("--until", words.until, zone));
  if (words.replayed) filter.replayed = true;
  if (words.not_replayed) filter.replayed = false;
  return filter;
}

Result<storage::Connection> connect(const Config& config) {
  LENSART_ASSIGN(const storage::ConnectionOptions options, connection_options(config));
  return storage::Connection::open(options);
}

std::string dumped(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

// ------------------------------------------------------------------------------------- list, show

Result<Json> list_letters(const Config& config, const FilterWords& words, std::size_t limit,
                          const std::string& after) {
  dlq::Page page;
  page.limit = limit;
  if (!after.empty()) {
    page.after = dlq::read_cursor(after);
    if (!page.after) {
      return fail(Errc::kBadUsage, "--after: that is not what an earlier page ended with");
    }
  }
  LENSART_ASSIGN(const dlq::Filter filter, filter_of(words, config));
  LENSART_ASSIGN(auto connection, connect(config));
  LENSART_ASSIGN(Json letters, dlq::list(connection, config, filter, page));
  LENSART_ASSIGN(letters["codes"], dlq::count_by_code(connection, config, filter));
  return letters;
}

int list(const Program& program, const FilterWords& words, std::size_t limit,
         const std::string& after) {
  const auto config = program.load_config();
  if (!config) return report(config.error());
  const auto letters = list_letters(*config, words, limit, after);
  if (!letters) return report(letters.error());
  std::cout << (program.json ? dumped(*letters) : dlq::list_text(*letters));
  return 0;
}

int show(const Program& program, const std::string& text) {
  const auto place = dlq::parse_place(text);
  if (!place) return report(place.error());
  const auto config = program.load_config();
  if (!config) return report(config.error());
  auto connection = connect(*config);
  if (!connection) return report(connection.error());
  const auto detail = dlq::show(*connection, *config, *place);
  if (!detail) return report(detail.error());
  if (!*detail) {
    std::cout << (program.json ? "null\n" : fmt::format("{} has no dead letter\n", text));
    return 1;
  }
  const bool colour = ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  std::cout << (program.json ? dumped(**detail) : dlq::detail_text(**detail, colour));
  return 0;
}

// ------------------------------------------------------------------------------------------ replay

struct ReplayLine {
  std::vector<std::string> places;
  FilterWords filter;
  bool all = false;
  bool dry_run = false;
  bool yes = false;
  std::string edit;
  std::string as;
};

Result<Json> patch_in(const std::string& file) {
  std::ifstream input(file, std::ios::binary);
  std::ostringstream text;
  text << input.rdbuf();
  if (!input) return fail(Errc::kBadUsage, fmt::format("--edit {}: it cannot be read", file));
  auto patch = dlq::parse_patch(text.str());
  if (!patch) patch.error().message = fmt::format("--edit {}: {}", file, patch.error().message);
  return patch;
}

Result<dlq::ReplayRequest> request_of(const Config& config, const ReplayLine& line) {
  dlq::ReplayRequest request;
  for (const std::string& text : line.places) {
    LENSART_ASSIGN(dlq::Place place, dlq::parse_place(text));
    request.places.push_back(std::move(place));
  }
  const bool filtered = line.all || line.filter.any();
  if (request.places.empty() != filtered) {
    return fail(Errc::kBadUsage,
                "say what to replay: TOPIC/PARTITION/OFFSET, or conditions such as --code "
                "bad_price, or --all; not both");
  }
  if (filtered) {
    LENSART_ASSIGN(request.filter, filter_of(line.filter, config));
  }
  if (!line.edit.empty()) {
    LENSART_ASSIGN(request.patch, patch_in(line.edit));
  }
  if (!line.as.empty()) request.as = orders::topic_from_replay_name(line.as);
  return request;
}

/// On a terminal a person says yes, elsewhere the command line does.
Result<bool> confirmed(const ReplayLine& line) {
  if (line.dry_run || line.yes) return true;
  if (::isatty(STDIN_FILENO) != 1) {
    return fail(Errc::kBadUsage, "without a terminal it takes --yes (or --dry-run)");
  }
  std::cerr << (line.places.empty() ? "Replay every letter that fits"
                                    : fmt::format("Replay {} letters", line.places.size()))
            << (line.edit.empty() ? "" : ", edited") << "? [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "yes";
}

/// Results as they come; in JSON a list whose elements are a line each.
class Report {
 public:
  Report(bool json, bool dry_run) : json_(json) {
    if (json_) std::cout << fmt::format("{{\"dry_run\": {}, \"results\": [", dry_run);
  }
  void add(const dlq::ReplayResult& result) {
    if (!json_) {
      std::cout << dlq::result_text(result);
      return;
    }
    std::cout << (first_ ? "\n" : ",\n")
              << json_of(result).dump(-1, ' ', false, Json::error_handler_t::replace);
    first_ = false;
  }
  /// `failed`: why what was sent is not known to have arrived.
  void end(const dlq::ReplayTally& tally, bool dry_run, bool complete) const {
    if (json_) {
      std::cout << fmt::format("],\n\"good\": {}, \"done\": {}, \"bad\": {}, \"complete\": {}}}\n",
                               tally.good, tally.done, tally.bad, complete);
    } else if (complete) {
      std::cout << fmt::format("{} {}, {} accepted already, {} not\n", tally.good,
                               dry_run ? "would be accepted" : "sent", tally.done, tally.bad);
    }
  }

 private:
  bool json_;
  bool first_ = true;
};

Result<dlq::ReplayTally> replay_all(const Config& config, const ReplayLine& line,
                                    const dlq::ReplayRequest& request, Report& out) {
  LENSART_ASSIGN(auto connection, connect(config));
  std::optional<importing::ReplaySender> sender;
  if (!line.dry_run) {
    LENSART_ASSIGN(auto opened,
                   importing::ReplaySender::open(kafka_options(config, nodes::KafkaRole::kProducer),
                                                 config.kafka.replay_topic));
    sender.emplace(std::move(opened));
  }
  return dlq::replay(connection, config, SystemClock(), request, sender ? &*sender : nullptr,
                     [&out](const dlq::ReplayResult& result) { out.add(result); });
}

int replay(const Program& program, const ReplayLine& line) {
  const auto config = program.load_config();
  if (!config) return report(config.error());
  const auto request = request_of(*config, line);
  if (!request) return report(request.error());
  const auto go_on = confirmed(line);
  if (!go_on) return report(go_on.error());
  if (!*go_on) {
    std::cout << "nothing was sent\n";
    return 1;
  }
  Report out(program.json, line.dry_run);
  const auto tally = replay_all(*config, line, *request, out);
  out.end(tally.value_or(dlq::ReplayTally{}), line.dry_run, tally.has_value());
  if (!tally) {
    Error error = tally.error();
    if (!line.dry_run) error.message += "; what was sent may be sent again: it counts once";
    return report(error);
  }
  return tally->bad == 0 ? 0 : 1;
}

void add_list(CLI::App& dlq, Program& program) {
  auto words = std::make_shared<FilterWords>();
  auto limit = std::make_shared<std::size_t>(50);
  auto after = std::make_shared<std::string>();
  CLI::App* command = dlq.add_subcommand("list", "Which there are, the latest first");
  command->fallthrough();
  words->add_to(*command);
  auto* replayed = command->add_flag("--replayed", words->replayed, "Whose replay was accepted");
  command->add_flag("--not-replayed", words->not_replayed, "The others")->excludes(replayed);
  command->add_option("--limit", *limit, "At most so many (50)")->check(CLI::Range(1, 10'000));
  command->add_option("--after", *after, "Go on behind an earlier page")->type_name("CURSOR");
  command->footer(
      "Example:\n  lensart dlq list --code bad_price --since 2026-11-20\n"
      "  lensart dlq list --not-replayed --text total_price --json");
  command->callback([&program, words, limit, after] {
    program.action = [&program, words, limit, after] {
      return list(program, *words, *limit, *after);
    };
  });
}

void add_show(CLI::App& dlq, Program& program) {
  auto place = std::make_shared<std::string>();
  CLI::App* command =
      dlq.add_subcommand("show", "One record's letters, whole: rule, remedy, payload");
  command->fallthrough();
  command->add_option("PLACE", *place, "TOPIC/PARTITION/OFFSET")->required()->type_name("");
  command->footer("Example:\n  lensart dlq show order-created/0/12\n\nExit code 1: it has none.");
  command->callback(
      [&program, place] { program.action = [&program, place] { return show(program, *place); }; });
}

void add_replay(CLI::App& dlq, Program& program) {
  auto line = std::make_shared<ReplayLine>();
  CLI::App* command = dlq.add_subcommand("replay", "Send letters through the pipeline again");
  command->fallthrough();
  command->add_option("PLACES", line->places, "TOPIC/PARTITION/OFFSET")->type_name("");
  line->filter.add_to(*command);
  command->add_flag("--all", line->all, "Every letter that was not replayed");
  command->add_flag("--dry-run", line->dry_run, "Say what would be accepted; send nothing");
  command->add_option("--edit", line->edit, "A JSON patch (RFC 6902) for each payload")
      ->type_name("FILE");
  command->add_option("--as", line->as, "Judge it as of this topic")
      ->check(CLI::IsMember({"order_created", "order_updated", "order_cancelled", "order_events"}))
      ->type_name("TOPIC");
  command->add_flag("--yes", line->yes, "Do not ask");
  command->footer(
      "Each is judged by the pipeline's own rules; those that pass are sent, and count once\n"
      "however often they are. The running pipeline applies them, or `lensart run --until-end`.\n\n"
      "Example:\n  lensart dlq replay order-created/0/12 --edit patch.json --dry-run\n"
      "  lensart dlq replay --code timestamp_in_future --yes\n\n"
      "Exit code 0: all sent (or accepted already); 1: some were not; 69: no broker.");
  command->callback(
      [&program, line] { program.action = [&program, line] { return replay(program, *line); }; });
}

}  // namespace

void add_dlq_command(CLI::App& root, Program& program) {
  CLI::App* command = root.add_subcommand("dlq", "Dead letters: list, show, replay");
  command->require_subcommand(1);
  command->footer("Example:\n  lensart dlq list\n  lensart dlq show order-created/0/12");
  add_list(*command, program);
  add_show(*command, program);
  add_replay(*command, program);
}

}  // namespace lensart::app
