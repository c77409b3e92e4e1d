#include "apps/export/expressions.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

namespace lensart::app::flink {

namespace {

// Of the days only 29 February is not judged by its year.
constexpr std::string_view kInstantForm =
    "'^[0-9]{4}-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|"
    "(0[13578]|1[02])-31|02-29)[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    "([.][0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?$'";

std::string is_one_of(const std::string& expression, const std::vector<std::string>& texts) {
  if (texts.empty()) return "FALSE";
  std::vector<std::string> literals;
  for (const std::string& text : texts) literals.push_back(literal(text));
  return fmt::format("({0} IS NOT NULL AND {0} IN ({1}))", expression, fmt::join(literals, ", "));
}

}  // namespace

std::string literal(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out + "'";
}

std::string once(const std::string& expression) {
  return fmt::format("CASE WHEN RAND() >= 0 THEN {} END", expression);
}

std::string micros_of(const std::string& text) {
  const std::string local = fmt::format("REPLACE(SUBSTRING({}, 1, 19), 'T', ' ')", text);
  // What stands behind the seconds and their fraction: nothing, Z, +07, +0700 or +07:00.
  const std::string offset =
      fmt::format("REGEXP_EXTRACT({}, '^.{{19}}(?:[.][0-9]+)?(.*)$', 1)", text);
  const auto seconds = [&](std::string_view form) {
    return fmt::format("UNIX_TIMESTAMP({} || {}, 'yyyy-MM-dd HH:mm:ss{}')", local, offset, form);
  };
  return fmt::format(
      "CASE WHEN REGEXP({text}, {form})\n"
      "                THEN 1000000 * CASE CHAR_LENGTH({offset})\n"
      "                  WHEN 0 THEN UNIX_TIMESTAMP({local}, 'yyyy-MM-dd HH:mm:ss')\n"
      "                  WHEN 3 THEN {hours}\n"
      "                  WHEN 5 THEN {digits}\n"
      "                  ELSE {colon} END\n"
      "                  + COALESCE(CAST(RPAD(SUBSTRING(REGEXP_EXTRACT({text}, "
      "'^.{{19}}[.]([0-9]+)', 1), 1, 6), 6, '0') AS BIGINT), 0) END",
      fmt::arg("text", text), fmt::arg("form", kInstantForm), fmt::arg("offset", offset),
      fmt::arg("local", local), fmt::arg("hours", seconds("X")), fmt::arg("digits", seconds("XX")),
      fmt::arg("colon", seconds("XXX")));
}

std::string instant_of(const std::string& micros) {
  return fmt::format(
      "FROM_UNIXTIME({0} / 1000000, 'yyyy-MM-dd HH:mm:ss') || '.' || "
      "LPAD(CAST(MOD({0}, 1000000) AS STRING), 6, '0') || FROM_UNIXTIME({0} / 1000000, 'XXX')",
      micros);
}

std::string instant_of_seconds(const std::string& seconds) {
  return fmt::format("FROM_UNIXTIME({}, 'yyyy-MM-dd HH:mm:ssXXX')", seconds);
}

std::string day_of(const std::string& micros) {
  return fmt::format("FROM_UNIXTIME({} / 1000000, 'yyyy-MM-dd')", micros);
}

std::string hour_of(const std::string& micros) {
  return fmt::format("FROM_UNIXTIME({} / 1000000, 'HH')", micros);
}

std::string has_no_nul(const std::string& payload) {
  // The search is much cheaper than the pattern, which knows that \\\\u0000 is a backslash and
  // text.
  return fmt::format(
      "POSITION(CHR(0) IN {0}) = 0\n"
      "           AND CASE WHEN POSITION('\\u0000' IN {0}) > 0\n"
      "                    THEN NOT REGEXP({0}, '(^|[^\\\\])(\\\\\\\\)*\\\\u0000') ELSE TRUE END",
      payload);
}

std::string has_whole_surrogates(const std::string& payload) {
  return fmt::format(
      "CASE WHEN POSITION('\\ud' IN {0}) > 0 OR POSITION('\\uD' IN {0}) > 0\n"
      "                    THEN NOT REGEXP(REGEXP_REPLACE({0}, "
      "'\\\\u[dD][89abAB][0-9a-fA-F]{{2}}\\\\u[dD][c-fC-F][0-9a-fA-F]{{2}}', ''),\n"
      "                                    '\\\\u[dD][89a-fA-F]') ELSE TRUE END",
      payload);
}

std::string is_known(const PipelineConfig& pipeline, const std::string& status) {
  std::vector<std::string> texts;
  for (const auto& [text, column] : pipeline.status_map) texts.push_back(text);
  return is_one_of(status, texts);
}

std::string is_terminal(const PipelineConfig& pipeline, const std::string& status) {
  return is_one_of(status, pipeline.terminal_statuses);
}

std::string rank_of(const PipelineConfig& pipeline, const std::string& status) {
  if (pipeline.status_ranks.empty()) return "CAST(NULL AS INTEGER)";
  std::string cases;
  for (std::size_t i = 0; i < pipeline.status_ranks.size(); ++i) {
    cases += fmt::format(" WHEN {} THEN {}", literal(pipeline.status_ranks[i]), i + 1);
  }
  return fmt::format("CASE {}{} END", status, cases);
}

std::string mapped(const TextMap& map, const std::string& text) {
  if (map.empty()) return "CAST(NULL AS STRING)";
  std::string cases;
  for (const auto& [from, to] : map) {
    cases += fmt::format(" WHEN {} THEN {}", literal(from), literal(to));
  }
  return fmt::format("CASE {}{} END", text, cases);
}

}  // namespace lensart::app::flink
