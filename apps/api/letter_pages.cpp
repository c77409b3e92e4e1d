// Dead letters: the list, one record's, and their replay (apps/dlq does the work).

#include <algorithm>
#include <cmath>

#include "apps/api/context.hpp"
#include "apps/api/parameters.hpp"
#include "apps/dlq/letter_detail.hpp"
#include "apps/dlq/letters.hpp"
#include "apps/dlq/patch.hpp"
#include "apps/dlq/replay.hpp"
#include "apps/pipeline/pipeline.hpp"
#include "graph/text.hpp"

namespace lensart::app {

namespace {

constexpr std::string_view kLetters = "/api/v1/dead-letters/";
constexpr std::size_t kLettersAtOnce = 200;
constexpr std::size_t kPatchOperations = 100;
constexpr std::size_t kLongestPointer = 1000;
/// A worker that waited longer for a broker would keep others from the database.
constexpr std::chrono::seconds kDeliveryTimeout{10};

const std::vector<std::string_view>& codes() {
  static const std::vector<std::string_view> kCodes = [] {
    std::vector<std::string_view> all;
    for (std::size_t code = 0; code < kLetterCodes; ++code) {
      all.push_back(orders::name_of(static_cast<orders::Code>(code)));
    }
    return all;
  }();
  return kCodes;
}

dlq::Filter filter_in(QueryReader& query) {
  dlq::Filter filter;
  filter.code = query.one_of("code", codes());
  filter.topic = query.text("topic", 249);
  if (filter.topic && !is_topic(*filter.topic)) {
    query.refuse("topic", "must be the name of a topic: letters, digits, '.', '_', '-'");
  }
  filter.order_id = query.whole("order_id", 1, INT64_MAX);
  filter.event_id = query.text("event_id", 100);
  filter.since = query.instant("since");
  filter.until = query.instant("until");
  filter.replayed = query.boolean("replayed");
  filter.text = query.text("text", 200);
  return filter;
}

void list_letters(const ApiContext& context, const HttpRequest& request, Responder responder) {
  QueryReader query(request);
  const dlq::Filter filter = filter_in(query);
  dlq::Page page;
  page.limit = static_cast<std::size_t>(query.whole("limit", 1, kLettersAtOnce).value_or(50));
  const auto after = query.text("after", 4000);
  if (auto refused = query.refusal()) return responder.answer(std::move(*refused));
  if (after) {
    page.after = dlq::read_cursor(*after);
    if (!page.after) return responder.answer(not_found("after: is no cursor of this list"));
  }
  context.ask(
      [&context, filter, page](storage::Connection& database) -> Result<HttpResponse> {
        const auto letters = dlq::list(database, context.config(), filter, page);
        // A cursor that somebody has made up may name an instant that there is none of.
        if (!letters && page.after && letters.error().code == Errc::kRowRefused) {
          return not_found("after: is no cursor of this list");
        }
        LENSART_TRY(letters);
        return json_answer(dumped(*letters));
      },
      std::move(responder));
}

void count_letters(const ApiContext& context, const HttpRequest& request, Responder responder) {
  QueryReader query(request);
  const dlq::Filter filter = filter_in(query);
  if (auto refused = query.refusal()) return responder.answer(std::move(*refused));
  context.ask(
      [&context, filter](storage::Connection& database) -> Result<HttpResponse> {
        LENSART_ASSIGN(const Json counts, dlq::count_by_code(database, context.config(), filter));
        return json_answer(dumped({{"codes", counts}}));
      },
      std::move(responder));
}

void show_letter(const ApiContext& context, const HttpRequest& request, Responder responder) {
  QueryReader query(request);
  if (auto refused = query.refusal()) return responder.answer(std::move(*refused));
  const auto path = path_after(request.path, kLetters);
  if (!path || path->size() != 3) {
    return responder.answer(not_found("write /api/v1/dead-letters/TOPIC/PARTITION/OFFSET"));
  }
  const auto bad = [&responder](const char* name, const char* what) {
    responder.answer(api_error(400, "bad_parameter", fmt::format("{}: {}", name, what), name));
  };
  const auto partition = parse_plain_whole((*path)[1], 0, INT32_MAX);
  const auto offset = parse_plain_whole((*path)[2], 0, INT64_MAX);
  if (!is_topic((*path)[0])) return bad("topic", "must be the name of a topic");
  if (!partition) return bad("partition", "must be a whole number from 0");
  if (!offset) return bad("offset", "must be a whole number from 0");
  const dlq::Place place{(*path)[0], static_cast<std::int32_t>(*partition), *offset};
  context.ask(
      [&context, place](storage::Connection& database) -> Result<HttpResponse> {
        LENSART_ASSIGN(const auto detail, dlq::show(database, context.config(), place));
        if (!detail) {
          return not_found(fmt::format("there is no dead letter of {}", place.text()));
        }
        return json_answer(dumped(*detail));
      },
      std::move(responder));
}

// ------------------------------------------------------------------------------------- replay

/// A whole number of JSON: 5.0 is one, too.
std::optional<std::int64_t> whole_in(const Json& value, std::int64_t low, std::int64_t high) {
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX) return std::nullopt;
  std::int64_t number = 0;
  if (value.is_number_integer()) {
    number = value.get<std::int64_t>();
  } else if (value.is_number_float() && std::trunc(value.get<double>()) == value.get<double>() &&
             std::abs(value.get<double>()) < 9e15) {
    number = static_cast<std::int64_t>(value.get<double>());
  } else {
    return std::nullopt;
  }
  return number >= low && number <= high ? std::optional(number) : std::nullopt;
}

struct ReplayOrder {
  dlq::ReplayRequest request;
  bool dry_run = true;
};
/// The order, or what is wrong with the body.
using Ordered = tl::expected<ReplayOrder, HttpResponse>;

tl::unexpected<HttpResponse> bad_body(std::string_view field, std::string_view what) {
  return tl::unexpected(api_error(400, "bad_body", fmt::format("{}: {}", field, what), field));
}

tl::expected<std::vector<dlq::Place>, HttpResponse> places_in(const Json& letters) {
  if (!letters.is_array() || letters.empty() || letters.size() > kLettersAtOnce) {
    return bad_body("letters", fmt::format("must be a list of 1 to {}", kLettersAtOnce));
  }
  std::vector<dlq::Place> places;
  for (const Json& letter : letters) {
    const auto number = [&letter](const char* name, std::int64_t most) {
      return letter.contains(name) ? whole_in(letter[name], 0, most) : std::nullopt;
    };
    const bool is_place = letter.is_object() && letter.size() == 3 && letter.contains("topic") &&
                          letter["topic"].is_string() &&
                          is_topic(letter["topic"].get_ref<const std::string&>());
    const auto partition = is_place ? number("partition", INT32_MAX) : std::nullopt;
    const auto offset = is_place ? number("offset", INT64_MAX) : std::nullopt;
    if (!partition || !offset) {
      return bad_body("letters", R"(each must be {"topic":"…","partition":0,"offset":0})");
    }
    places.push_back({letter["topic"], static_cast<std::int32_t>(*partition), *offset});
  }
  return places;
}

std::optional<orders::Topic> topic_named(const Json& name) {
  using orders::Topic;
  if (name == "order_created") return Topic::kOrderCreated;
  if (name == "order_updated") return Topic::kOrderUpdated;
  if (name == "order_cancelled") return Topic::kOrderCancelled;
  if (name == "order_events") return Topic::kOrderEvents;
  return std::nullopt;
}

/// JSON Pointer (RFC 6901).
bool is_pointer(const Json& value) {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  if (text.empty()) return true;
  if (text.front() != '/' || count_code_points(text) > kLongestPointer) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '~') continue;
    if (i + 1 == text.size() || (text[i + 1] != '0' && text[i + 1] != '1')) return false;
  }
  return true;
}

/// One operation of RFC 6902, with the members it needs and no others.
bool is_operation(const Json& operation) {
  if (!operation.is_object() || !operation.contains("op") || !operation.contains("path") ||
      !is_pointer(operation["path"])) {
    return false;
  }
  const Json& op = operation["op"];
  if (op == "remove") return operation.size() == 2;
  if (operation.size() != 3) return false;
  if (op == "add" || op == "replace" || op == "test") return operation.contains("value");
  const bool has_from = operation.contains("from") && is_pointer(operation["from"]);
  return (op == "move" || op == "copy") && has_from;
}

Ordered read_order(const std::string& body) {
  const Json json = Json::parse(body, nullptr, false);
  if (!json.is_object()) return bad_body("body", "must be a JSON object");
  ReplayOrder order;
  for (const auto& [name, value] : json.items()) {
    if (name == "letters") {
      LENSART_ASSIGN(order.request.places, places_in(value));
    } else if (name == "dry_run") {
      if (!value.is_boolean()) return bad_body(name, "must be true or false");
      order.dry_run = value.get<bool>();
    } else if (name == "patch") {
      if (!value.is_array() || value.size() > kPatchOperations) {
        return bad_body(name, fmt::format("must be a list of at most {}", kPatchOperations));
      }
      if (!std::all_of(value.begin(), value.end(), is_operation)) {
        return bad_body(name, R"(each must be an operation of RFC 6902, like )"
                              R"({"op":"replace","path":"/data/id","value":1})");
      }
      auto patch = dlq::parse_patch(value.dump());
      if (!patch) return bad_body(name, patch.error().message);
      order.request.patch = std::move(*patch);
    } else if (name == "as") {
      order.request.as = topic_named(value);
      if (!order.request.as) {
        return bad_body(name,
                        "must be order_created, order_updated, order_cancelled or order_events");
      }
    } else {
      return bad_body(is_utf8_text(name) ? name : "body",
                      "is no member here; there are letters, dry_run, patch, as");
    }
  }
  if (order.request.places.empty()) return bad_body("letters", "is missing");
  return order;
}

Result<importing::ReplaySender> open_sender(const ApiContext& context) {
  nodes::ProducerOptions options;
  options.client = context.producer;
  options.delivery_timeout = kDeliveryTimeout;
  LENSART_ASSIGN(auto producer, nodes::Producer::open(std::move(options)));
  return importing::ReplaySender(std::move(producer), context.config().kafka.replay_topic);
}

Result<HttpResponse> answer_replay(storage::Connection& database, const ApiContext& context,
                                   const ReplayOrder& order) {
  std::optional<importing::ReplaySender> sender;
  if (!order.dry_run) {
    if (const std::string trouble = context.pipeline.source_trouble(); !trouble.empty()) {
      return fail(Errc::kBrokerDown, trouble);
    }
    LENSART_ASSIGN(auto opened, open_sender(context));
    sender.emplace(std::move(opened));
  }
  Json results = Json::array();
  LENSART_TRY(dlq::replay(database, context.config(), context.pipeline.clock(), order.request,
                          sender ? &*sender : nullptr, [&results](const dlq::ReplayResult& result) {
                            results.push_back(dlq::json_of(result));
                          }));
  return json_answer(dumped({{"dry_run", order.dry_run}, {"results", results}}));
}

void replay_letters(const ApiContext& context, const HttpRequest& request, Responder responder) {
  QueryReader query(request);
  if (auto refused = query.refusal()) return responder.answer(std::move(*refused));
  if (!is_json(request)) return responder.answer(not_json());
  Ordered order = read_order(request.body);
  if (!order) return responder.answer(std::move(order.error()));
  context.ask(
      [&context, order = std::move(*order)](storage::Connection& database) {
        return answer_replay(database, context, order);
      },
      std::move(responder));
}

template <class Page>
void add_letter_page(Router& router, const char* method, std::string path,
                     const ApiContext& context, Page page) {
  router.add_async(method, std::move(path),
                   [&context, page](const HttpRequest& request, Responder responder) {
                     page(context, request, std::move(responder));
                   });
}

}  // namespace

void add_letter_pages(Router& router, const ApiContext& context) {
  add_letter_page(router, "GET", "/api/v1/dead-letters", context, list_letters);
  add_letter_page(router, "GET", "/api/v1/dead-letters/codes", context, count_letters);
  add_letter_page(router, "GET", fmt::format("{}*", kLetters), context, show_letter);
  add_letter_page(router, "POST", "/api/v1/dead-letters/replay", context, replay_letters);
}

}  // namespace lensart::app
