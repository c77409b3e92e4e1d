// The pages that the worker answers: business, one order, one window, the state by tree.

#include <chrono>
#include <map>
#include <memory>

#include "apps/api/context.hpp"
#include "apps/api/live_state.hpp"
#include "apps/api/parameters.hpp"
#include "apps/audit/migrate.hpp"
#include "apps/explain/database.hpp"
#include "apps/explain/order_life.hpp"
#include "apps/explain/window_life.hpp"
#include "apps/pipeline/pipeline.hpp"
#include "sql/embedded.hpp"

namespace lensart::app {

namespace {

constexpr std::string_view kOrders = "/api/v1/orders/";
constexpr std::string_view kWindows = "/api/v1/windows/";
constexpr std::chrono::milliseconds kBusinessKept{500};  // kKept in console/assets/lib/asker.js
constexpr std::size_t kBusinessAnswers = 32;

/// Answers of late. Threads: the worker's.
class BusinessCache {
 public:
  using Clock = std::chrono::steady_clock;

  const std::string* find(const std::string& question) const {
    const auto found = answers_.find(question);
    const bool is_fresh =
        found != answers_.end() && Clock::now() - found->second.at < kBusinessKept;
    return is_fresh ? &found->second.body : nullptr;
  }
  void keep(const std::string& question, const std::string& body) {
    if (answers_.size() >= kBusinessAnswers) answers_.clear();
    answers_[question] = {Clock::now(), body};
  }

 private:
  struct Answer {
    Clock::time_point at;
    std::string body;
  };
  std::map<std::string, Answer> answers_;
};

struct BusinessQuestion {
  std::string hours = "48";
  std::optional<std::string> branch, until;

  std::string key() const { return hours + "|" + branch.value_or("") + "|" + until.value_or(""); }
};

Result<HttpResponse> answer_business(storage::Connection& database, const Config& config,
                                     BusinessCache& cache, const BusinessQuestion& question) {
  if (const std::string* known = cache.find(question.key())) return json_answer(*known);
  const std::string sql =
      with_names(sql::console("business"), database, config.postgres.schema, config.pipeline.name);
  LENSART_ASSIGN(const storage::Rows rows,
                 database.query(sql, {question.hours, question.branch, question.until}));
  if (rows.count() != 1) {
    return unavailable("database_away", "pipeline_settings does not know this pipeline yet");
  }
  const std::string body(rows.text(0, 0));
  cache.keep(question.key(), body);
  return json_answer(body);
}

void add_business(Router& router, const ApiContext& context) {
  router.add_async("GET", "/api/v1/business",
                   [&context, cache = std::make_shared<BusinessCache>()](const HttpRequest& request,
                                                                         Responder responder) {
                     QueryReader query(request);
                     BusinessQuestion question;
                     if (const auto hours = query.whole("hours", 1, 336))
                       question.hours = std::to_string(*hours);
                     if (const auto branch = query.whole("branch", 1, INT64_MAX)) {
                       question.branch = std::to_string(*branch);
                     }
                     if (const auto until = query.instant("until"))
                       question.until = text_of(*until);
                     if (auto refused = query.refusal())
                       return responder.answer(std::move(*refused));
                     context.ask(
                         [&context, cache, question](storage::Connection& database) {
                           return answer_business(database, context.config(), *cache, question);
                         },
                         std::move(responder));
                   });
}

AskState asking(const ApiContext& context) {
  return [&context](const std::string& question) -> Result<Json> {
    LENSART_ASSIGN(Json answer, answer_live(context.pipeline, question));
    answer["live"] = true;
    return answer;
  };
}

Result<HttpResponse> answer_order(storage::Connection& database, const ApiContext& context,
                                  std::int64_t id) {
  LENSART_ASSIGN(const Json life, order_life(database, asking(context), context.config(), id));
  if (life["events"].empty() && life["dead_letters"].empty()) {
    return not_found(fmt::format("no event names order {}", id));
  }
  return json_answer(dumped(life));
}

void add_orders(Router& router, const ApiContext& context) {
  router.add_async("GET", fmt::format("{}*", kOrders),
                   [&context](const HttpRequest& request, Responder responder) {
                     QueryReader query(request);
                     if (auto refused = query.refusal())
                       return responder.answer(std::move(*refused));
                     const auto path = path_after(request.path, kOrders);
                     if (!path || path->size() != 1 || path->front().empty()) {
                       return responder.answer(not_found("write /api/v1/orders/ORDER_ID"));
                     }
                     const auto id = parse_plain_whole(path->front(), 1, INT64_MAX);
                     if (!id) {
                       return responder.answer(api_error(
                           400, "bad_parameter",
                           "order_id: must be an order's id, a whole number from 1", "order_id"));
                     }
                     context.ask(
                         [&context, id = *id](storage::Connection& database) {
                           return answer_order(database, context, id);
                         },
                         std::move(responder));
                   });
}

bool has_date_form(std::string_view text) {
  constexpr std::string_view kForm = "2000-00-00";
  if (text.size() != kForm.size() || text.front() != '2') return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_digit = text[i] >= '0' && text[i] <= '9';
    if (kForm[i] == '-' ? text[i] != '-' : !is_digit) return false;
  }
  return true;
}

/// The window, or why not.
tl::expected<WindowKey, HttpResponse> window_in(const HttpRequest& request) {
  const auto path = path_after(request.path, kWindows);
  if (!path || path->size() != 3) {
    return tl::unexpected(not_found("write /api/v1/windows/DATE/HOUR/BRANCH"));
  }
  const auto bad = [](const char* name, const char* what) {
    return tl::unexpected(api_error(400, "bad_parameter", fmt::format("{}: {}", name, what), name));
  };
  const auto hour = parse_plain_whole((*path)[1], 0, 23);
  const auto branch = parse_plain_whole((*path)[2], 1, INT64_MAX);
  if (!has_date_form((*path)[0])) return bad("date", "must be a date like 2026-11-20");
  if (!hour) return bad("hour", "must be a whole number from 0 to 23");
  if (!branch) return bad("branch", "must be a branch's id, a whole number from 1");
  auto key = parse_window((*path)[0], (*path)[1], (*path)[2]);
  if (!key) return tl::unexpected(not_found(key.error().message));
  return *key;
}

Result<HttpResponse> answer_window(storage::Connection& database, const ApiContext& context,
                                   const WindowKey& key) {
  const auto life = window_life(database, asking(context), context.config(), key);
  // At the edges of the years that there are, a business zone's day may lie outside.
  if (!life && life.error().code == Errc::kBadUsage) return not_found(life.error().message);
  LENSART_TRY(life);
  return json_answer(dumped(*life));
}

void add_windows(Router& router, const ApiContext& context) {
  router.add_async("GET", fmt::format("{}*", kWindows),
                   [&context](const HttpRequest& request, Responder responder) {
                     QueryReader query(request);
                     if (auto refused = query.refusal()) {
                       return responder.answer(std::move(*refused));
                     }
                     auto key = window_in(request);
                     if (!key) return responder.answer(std::move(key.error()));
                     context.ask(
                         [&context, key = *key](storage::Connection& database) {
                           return answer_window(database, context, key);
                         },
                         std::move(responder));
                   });
}

void add_state(Router& router, const ApiContext& context) {
  router.add_async("GET", "/api/v1/state",
                   [&context](const HttpRequest& request, Responder responder) {
                     QueryReader query(request);
                     if (auto refused = query.refusal()) {
                       return responder.answer(std::move(*refused));
                     }
                     context.worker.ask_without_database(
                         [&context]() -> Result<HttpResponse> {
                           const AskState ask = asking(context);
                           LENSART_ASSIGN(Json stats, ask("stats"));
                           stats["moment"] = or_error(ask("moment"));
                           return json_answer(dumped(stats));
                         },
                         std::move(responder));
                   });
}

}  // namespace

void ApiContext::ask(QueryWorker::Question question, Responder responder) const {
  if (config().sink.kind == SinkKind::kNull) {
    return responder.answer(
        unavailable("no_database",
                    "there are no tables to ask: sink.kind is \"null\", set it to \"postgres\""));
  }
  worker.ask(std::move(question), std::move(responder));
}

void add_table_pages(Router& router, const ApiContext& context) {
  add_business(router, context);
  add_orders(router, context);
  add_windows(router, context);
  add_state(router, context);
}

}  // namespace lensart::app
