/// Expressions of Flink SQL that the rules of docs/contract.md become.
///
/// An argument is an expression; it is repeated in the result, so it should be a column's name.
#pragma once

#include <string>
#include <string_view>

#include "apps/config/config.hpp"

namespace lensart::app::flink {

/// A text literal, whatever is in it.
std::string literal(std::string_view text);

/// The same value, but computed once and not at each use (templates/events.sql says how).
std::string once(const std::string& expression);

/// An instant's text (docs/contract.md §2, rule 7) as microseconds since 1970, NULL where it is
/// none.
std::string micros_of(const std::string& text);

/// Microseconds since 1970 as a text that PostgreSQL reads as TIMESTAMPTZ.
std::string instant_of(const std::string& micros);
std::string instant_of_seconds(const std::string& seconds);

/// Day and hour in the business time zone, as texts.
std::string day_of(const std::string& micros);
std::string hour_of(const std::string& micros);

/// Whether a payload's characters are such that PostgreSQL takes it as JSONB: no U+0000, escaped or
/// not, no surrogate without its partner.
std::string has_no_nul(const std::string& payload);
std::string has_whole_surrogates(const std::string& payload);

/// Whether the status is in the map, or terminal; both false of NULL.
std::string is_known(const PipelineConfig& pipeline, const std::string& status);
std::string is_terminal(const PipelineConfig& pipeline, const std::string& status);

/// The status's rank, NULL where it has none.
std::string rank_of(const PipelineConfig& pipeline, const std::string& status);

/// What `text` counts under by the map, NULL where that does not have it.
std::string mapped(const TextMap& map, const std::string& text);

}  // namespace lensart::app::flink
