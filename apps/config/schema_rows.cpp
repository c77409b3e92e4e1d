#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <type_traits>

#include "apps/config/checks.hpp"
#include "apps/config/schema.hpp"

namespace lensart::app {
namespace {

using namespace std::chrono_literals;

/// The texts of an enumeration, by value.
template <class Enum>
constexpr auto names_of() {
  if constexpr (std::is_same_v<Enum, AuthKind>) {
    return std::array<std::string_view, 2>{"none", "token"};
  } else if constexpr (std::is_same_v<Enum, SinkKind>) {
    return std::array<std::string_view, 2>{"postgres", "null"};
  } else if constexpr (std::is_same_v<Enum, LogLevel>) {
    return std::array<std::string_view, 5>{"trace", "debug", "info", "warn", "error"};
  } else {
    static_assert(std::is_same_v<Enum, LogFormat>);
    return std::array<std::string_view, 3>{"auto", "human", "json"};
  }
}

template <class Member>
Value to_value(const Member& member) {
  if constexpr (std::is_enum_v<Member>) {
    return std::string(names_of<Member>()[static_cast<std::size_t>(member)]);
  } else if constexpr (std::is_same_v<Member, std::uint32_t>) {
    return std::uint64_t{member};
  } else {
    return member;
  }
}

template <class Member>
void from_value(Member& member, const Value& value) {
  if constexpr (std::is_enum_v<Member>) {
    constexpr auto kNames = names_of<Member>();
    const auto found = std::find(kNames.begin(), kNames.end(), std::get<std::string>(value));
    member = static_cast<Member>(found - kNames.begin());
  } else if constexpr (std::is_same_v<Member, std::uint32_t>) {
    member = static_cast<std::uint32_t>(std::get<std::uint64_t>(value));
  } else {
    member = std::get<Member>(value);
  }
}

template <class Member>
constexpr Kind kind_of() {
  if constexpr (std::is_same_v<Member, bool>) return Kind::kBoolean;
  if constexpr (std::is_unsigned_v<Member>) return Kind::kInteger;
  if constexpr (std::is_same_v<Member, Duration>) return Kind::kDuration;
  if constexpr (std::is_same_v<Member, OptionalDuration>) return Kind::kOptionalDuration;
  if constexpr (std::is_same_v<Member, std::string>) return Kind::kText;
  if constexpr (std::is_enum_v<Member>) return Kind::kChoice;
  if constexpr (std::is_same_v<Member, TextList>) return Kind::kTextList;
  if constexpr (std::is_same_v<Member, TextMap>) return Kind::kTextMap;
}

template <auto kAccess>
Option option_at(std::string_view key, std::string_view doc) {
  using Member = std::remove_cvref_t<decltype(kAccess(std::declval<Config&>()))>;
  Option option{.key = std::string(key), .kind = kind_of<Member>(), .doc = doc};
  if constexpr (std::is_enum_v<Member>) {
    constexpr auto kNames = names_of<Member>();
    option.choices.assign(kNames.begin(), kNames.end());
  }
  option.set = [](Config& config, std::string_view, const Value& value) {
    from_value(kAccess(config), value);
  };
  option.get = [](const Config& config, std::string_view) -> std::optional<Value> {
    return to_value(kAccess(config));
  };
  return option;
}

template <auto kMember>
Option node_option_at(std::string_view name, std::string_view doc) {
  Option option{.key = fmt::format("nodes.NAME.{}", name), .kind = Kind::kInteger, .doc = doc};
  option.set = [](Config& config, std::string_view node, const Value& value) {
    config.nodes[canonical_node_name(node)].*kMember =
        static_cast<std::uint32_t>(std::get<std::uint64_t>(value));
  };
  option.get = [](const Config& config, std::string_view node) -> std::optional<Value> {
    const auto set = config.node(node).*kMember;
    if (!set) return std::nullopt;
    return std::uint64_t{*set};
  };
  return option;
}

/// Refines a row: `row(OPTION(…)).between(1ms, 1h).in_tables()`.
class Row {
 public:
  explicit Row(Option option) : option_(std::move(option)) {}
  operator Option() && { return std::move(option_); }  // NOLINT: a row is an option when done

  Row&& between(Duration least, Duration most) && {
    return std::move(*this).between(static_cast<std::uint64_t>(least.count()),
                                    static_cast<std::uint64_t>(most.count()));
  }
  Row&& between(std::uint64_t least, std::uint64_t most) && {
    option_.least = least;
    option_.most = most;
    return std::move(*this);
  }
  Row&& size_between(std::uint64_t least, std::uint64_t most) && {
    option_.kind = Kind::kSize;
    return std::move(*this).between(least, most);
  }
  Row&& checked(Check check) && {
    option_.check = check;
    return std::move(*this);
  }
  Row&& one_of(std::vector<std::string_view> choices) && {
    option_.choices = std::move(choices);
    return std::move(*this);
  }
  Row&& secret(Secrecy secrecy) && {
    option_.secrecy = secrecy;
    return std::move(*this);
  }
  Row&& in_tables() && {
    option_.enters_table = true;
    return std::move(*this);
  }
  Row&& unordered() && {
    option_.unordered = true;
    return std::move(*this);
  }
  Row&& normalized() && {
    option_.normalized = true;
    return std::move(*this);
  }

 private:
  Option option_;
};

// The key is the member's own path, so that the two cannot part.
#define ROW(member, doc) Row(option_at<[](auto& c) -> auto& { return c.member; }>(#member, doc))
#define NODE_ROW(member, doc) Row(node_option_at<&NodeOptions::member>(#member, doc))

using Rows = std::vector<Option>;

void add_kafka(Rows& rows) {
  rows.push_back(ROW(kafka.brokers, "Brokers to ask first, host:port, separated by commas.")
                     .checked(check_brokers));
  rows.push_back(ROW(kafka.group, "Consumer group the offsets are reported under, for Kafka tools.")
                     .checked(check_name));
  rows.push_back(
      ROW(kafka.topics.order_created, "Topic of order.created events.").checked(check_topic));
  rows.push_back(
      ROW(kafka.topics.order_updated, "Topic of order.updated events.").checked(check_topic));
  rows.push_back(
      ROW(kafka.topics.order_cancelled, "Topic of order.cancelled events.").checked(check_topic));
  rows.push_back(
      ROW(kafka.topics.order_events, "Topic of status and payment events.").checked(check_topic));
  rows.push_back(ROW(kafka.dlq_topic, "Topic the dead letters go to.").checked(check_topic));
  rows.push_back(ROW(kafka.replay_topic, "Topic that replayed and imported events go through.")
                     .checked(check_topic));
  rows.push_back(ROW(kafka.properties, "librdkafka properties of every client (SASL, TLS).")
                     .checked(check_kafka_property)
                     .secret(Secrecy::kEntries));
  rows.push_back(ROW(kafka.consumer.properties, "librdkafka properties of the consumer alone.")
                     .checked(check_kafka_property)
                     .secret(Secrecy::kEntries));
  rows.push_back(ROW(kafka.producer.properties, "librdkafka properties of the producers alone.")
                     .checked(check_kafka_property)
                     .secret(Secrecy::kEntries));
}

void add_stores(Rows& rows) {
  rows.push_back(
      ROW(postgres.dsn, "libpq's connection string, URI or keywords; PG* variables work.")
          .checked(check_dsn)
          .secret(Secrecy::kDsn));
  rows.push_back(ROW(postgres.password_file, "File whose first line is the database password."));
  rows.push_back(
      ROW(postgres.schema, "PostgreSQL schema that holds the tables.").checked(check_schema_name));
  rows.push_back(ROW(state.directory, "Directory of the state; on a local disk, one a pipeline.")
                     .checked(check_not_empty));
  rows.push_back(
      ROW(state.cache,
          "Memory for the state of orders, as it lies in the state; a sixteenth more for "
          "histories, an eighth for windows.")
          .size_between(1 * kMiB, 1024 * kGiB));
  rows.push_back(ROW(state.max_size, "Size the state may grow to before the source stops.")
                     .size_between(8 * kMiB, 16 * 1024 * kGiB));
}

void add_pipeline(Rows& rows) {
  rows.push_back(
      ROW(pipeline.name, "Name of the pipeline in the bookkeeping tables.").checked(check_name));
  rows.push_back(ROW(pipeline.jobs, "Jobs that run, all on one graph.")
                     .one_of({"orders", "status", "metrics", "product_sales_hourly"})
                     .in_tables()
                     .unordered());
  rows.push_back(ROW(pipeline.time_zone, "Business time zone, an IANA name.")
                     .checked(check_time_zone)
                     .in_tables());
  rows.push_back(ROW(pipeline.status_map, "Order status to the column it counts under.")
                     .checked(check_mapped_text)
                     .one_of({"pending", "processing", "completed", "cancelled"})
                     .in_tables()
                     .normalized());
  rows.push_back(ROW(pipeline.payment_map, "Payment method to the column it counts under.")
                     .checked(check_mapped_text)
                     .one_of({"cash", "online"})
                     .in_tables()
                     .normalized());
  rows.push_back(ROW(pipeline.status_ranks, "Order statuses from first to last.")
                     .checked(check_mapped_text)
                     .in_tables()
                     .normalized());
  rows.push_back(ROW(pipeline.terminal_statuses, "Order statuses after which none should follow.")
                     .checked(check_mapped_text)
                     .in_tables()
                     .unordered()
                     .normalized());
  rows.push_back(ROW(pipeline.stuck_after, "Time without a change after which an order is stuck.")
                     .between(1s, days(3650))
                     .in_tables());
  rows.push_back(ROW(pipeline.session_gap, "Longest pause within one session of status changes.")
                     .between(1s, days(365))
                     .in_tables());
}

void add_event_time(Rows& rows) {
  rows.push_back(ROW(pipeline.max_out_of_orderness, "How far event time may run backwards.")
                     .between(0s, days(365))
                     .in_tables());
  rows.push_back(ROW(pipeline.allowed_lateness, "How late an event may be and still be counted.")
                     .between(0s, days(36500))
                     .in_tables());
  rows.push_back(ROW(pipeline.idle_timeout, "Silence at its end after which a partition is idle.")
                     .between(10ms, days(1)));
  rows.push_back(ROW(pipeline.max_future, "How far ahead of the clock a timestamp may be.")
                     .between(1s, days(365)));
  rows.push_back(
      ROW(pipeline.max_payload, "Largest payload that is read.").size_between(1 * kKiB, 16 * kMiB));
  rows.push_back(ROW(pipeline.state_ttl, "Age after which a finished order's state is dropped.")
                     .between(days(1), days(36500)));
  rows.push_back(
      ROW(pipeline.epoch_min_time, "Shortest time between two commits.").between(100us, 1min));
  rows.push_back(ROW(pipeline.epoch_max_time, "Time after which a commit is made in any case.")
                     .between(1ms, 10min));
  rows.push_back(ROW(pipeline.epoch_max_records,
                     "The most records of one commit; half of them are enough for one.")
                     .between(1, 10'000'000));
  rows.push_back(
      ROW(pipeline.epoch_max_bytes, "The most payload of one commit; half of it is enough for one.")
          .size_between(64 * kKiB, 1 * kGiB));
  rows.push_back(ROW(validation.allow_zero_total, "Accept orders whose total is zero."));
}

void add_sink(Rows& rows) {
  rows.push_back(ROW(sink.kind, "Where rows go; null drops them after the durable commit."));
  rows.push_back(
      ROW(sink.lanes, "Lanes of the relay, each a transaction of its own.").between(1, 64));
  rows.push_back(ROW(sink.outbox_max, "Rows waiting for PostgreSQL before the source pauses.")
                     .size_between(1 * kMiB, 1024 * kGiB));
  rows.push_back(
      ROW(sink.max_refusals, "Refused rows among 1 000 that stop the pipeline.").between(0, 1000));
  rows.push_back(ROW(retention.dead_letters, "Time a dead letter is kept once it was sent.")
                     .between(days(1), days(36500)));
  rows.push_back(ROW(retention.sliding, "Age after which sliding windows are dropped.")
                     .between(days(1), days(36500))
                     .in_tables());
  rows.push_back(ROW(retention.accounts, "Time after which accounts are folded into days.")
                     .between(days(1), days(36500)));
  rows.push_back(
      ROW(retry.initial, "First pause before a failed call is repeated.").between(1ms, 1h));
  rows.push_back(
      ROW(retry.max, "Longest pause before a failed call is repeated.").between(1ms, 1h));
}

void add_process(Rows& rows) {
  rows.push_back(
      ROW(pool.threads, "Threads that run the graph; by default one a core.").between(1, 1024));
  rows.push_back(
      ROW(shutdown_timeout, "Time to wait for the sink when told to stop.").between(0s, 1h));
  rows.push_back(
      ROW(start_timeout, "Patience with Kafka and PostgreSQL at the start.").between(1s, 24h));
  rows.push_back(ROW(log.level, "Least important messages that are logged."));
  rows.push_back(ROW(log.format, "Form of the log; auto is human on a terminal, else JSON lines."));
}

void add_servers(Rows& rows) {
  rows.push_back(ROW(http.listen, "Address of probes, metrics, API and console; host:port.")
                     .checked(check_listen));
  rows.push_back(ROW(http.auth, "Who may use them; none is refused off loopback."));
  rows.push_back(ROW(http.tokens, "SHA-256 of the accepted bearer tokens, in hexadecimal.")
                     .checked(check_token_hash)
                     .secret(Secrecy::kWhole));
  rows.push_back(ROW(http.hosts, "Further names under which the server may be asked for.")
                     .checked(check_host_name));
  rows.push_back(ROW(gateway.enabled, "Run the gateway inside `lensart run`."));
  rows.push_back(ROW(gateway.listen, "Address of the gateway; host:port.").checked(check_listen));
  rows.push_back(ROW(gateway.auth, "Who may publish; none is refused off loopback."));
  rows.push_back(ROW(gateway.tokens, "SHA-256 of the accepted bearer tokens, in hexadecimal.")
                     .checked(check_token_hash)
                     .secret(Secrecy::kWhole));
  rows.push_back(ROW(gateway.rate_limit, "Requests a second for each token; 0 is no limit.")
                     .between(0, 1'000'000));
  rows.push_back(ROW(gateway.max_body, "Largest request body that is read.")
                     .size_between(1 * kKiB, 16 * kMiB));
}

void add_notify(Rows& rows) {
  rows.push_back(ROW(notify.webhook_url, "Address that messages to a person are posted to.")
                     .checked(check_webhook_url)
                     .secret(Secrecy::kWhole));
  rows.push_back(ROW(notify.webhook_secret_file, "File whose first line signs the messages."));
  rows.push_back(ROW(notify.channel, "Channel of PostgreSQL's NOTIFY for the same messages.")
                     .checked(check_channel));
  rows.push_back(
      ROW(notify.interval, "Least time between two messages of a kind.").between(1s, days(1)));
  rows.push_back(ROW(notify.stall_after, "Time without progress that is worth a message.")
                     .between(1s, days(1)));
}

void add_nodes(Rows& rows) {
  rows.push_back(NODE_ROW(concurrency, "Bodies of a parallel node at once.").between(1, 1024));
  rows.push_back(NODE_ROW(lanes, "Serial lanes of a keyed node.").between(1, 1024));
  rows.push_back(NODE_ROW(batch, "Records in a batch.").between(1, 1'000'000));
  rows.push_back(NODE_ROW(queue, "Batches that may wait for the node.").between(1, 1'000'000));
  rows.push_back(NODE_ROW(priority, "Which node runs first; higher goes first.").between(0, 100));
}

#undef ROW
#undef NODE_ROW

}  // namespace

std::vector<Option> make_schema() {
  Rows rows;
  add_kafka(rows);
  add_stores(rows);
  add_pipeline(rows);
  add_event_time(rows);
  add_sink(rows);
  add_process(rows);
  add_servers(rows);
  add_notify(rows);
  add_nodes(rows);
  return rows;
}

}  // namespace lensart::app
