/// What must not be seen, and the one place where it is put together for use.
///
/// Threads: any; nothing is kept.
#pragma once

#include <string>
#include <string_view>

#include "apps/config/config.hpp"
#include "apps/config/schema.hpp"
#include "graph/error.hpp"

namespace lensart::app {

inline constexpr std::string_view kMask = "***";

/// Whether a name says that its value is a secret: a password, token, key or credential.
bool is_secret_name(std::string_view name);

/// The same of a property of librdkafka; of one it does not know, which may be a secret's misspelt.
bool is_secret_property(std::string_view name);

/// libpq's connection string, URI or keywords, in keyword form with every password masked. One that
/// libpq cannot read is masked whole: where its password begins is then anybody's guess.
std::string masked_dsn(std::string_view dsn);

/// Whether the connection string carries the database's password itself.
bool has_password(std::string_view dsn);

/// The value as it may be shown.
Value masked(const Option& option, const Value& value);
/// The spelling of what a source said for `key`, which may be no option at all, as it may be shown.
/// `suggestion` is the option that was probably meant.
std::string masked_spelling(std::string_view key, const RawValue& raw,
                            const Option* option_or_suggestion);

/// What to connect with: the connection string with the password of `postgres.password_file` in it,
/// in keyword form. Holds a secret: for PQconnect only, never for a message.
Result<std::string> postgres_connection_string(const PostgresConfig& postgres);

/// What signs the messages to a person: the first line of `notify.webhook_secret_file`; empty where
/// none is set. Never for a message.
Result<std::string> webhook_secret(const NotifyConfig& notify);

/// `text` with every secret of `config` that occurs in it masked: for messages that librdkafka or
/// libpq wrote.
std::string without_secrets(const Config& config, std::string text);

}  // namespace lensart::app
