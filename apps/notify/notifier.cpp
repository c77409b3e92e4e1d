#include "apps/notify/notifier.hpp"

#include <fmt/format.h>

#include <charconv>

namespace lensart::notify {

namespace {

constexpr std::chrono::seconds kLookEvery{1};
constexpr std::chrono::seconds kTablesEvery{3};
constexpr std::chrono::seconds kDatabasePatience{5};
constexpr std::chrono::seconds kLastPatience{2};

std::map<std::string, std::uint64_t> more_than(const std::map<std::string, std::uint64_t>& before,
                                               const std::map<std::string, std::uint64_t>& now) {
  std::map<std::string, std::uint64_t> more;
  for (const auto& [code, count] : now) {
    const auto known = before.find(code);
    const std::uint64_t told = known == before.end() ? 0 : known->second;
    if (count > told) more[code] = count - told;
  }
  return more;
}

}  // namespace

Notifier::Notifier(NotifierOptions options, const Clock& clock, Look look, Log log)
    : options_(std::move(options)),
      clock_(clock),
      look_(std::move(look)),
      log_(std::move(log)),
      book_(options_.pipeline, options_.interval),
      stalls_(options_.stall_after) {}

Result<std::unique_ptr<Notifier>> Notifier::start(NotifierOptions options, const Clock& clock,
                                                  Look look, Log log) {
  std::unique_ptr<Notifier> self(
      new Notifier(std::move(options), clock, std::move(look), std::move(log)));
  LENSART_TRY(self->open_channels());
  if (!self->channels_.empty()) {
    self->publish();
    self->thread_ = std::thread([notifier = self.get()] { notifier->work(); });
  }
  return self;
}

Notifier::~Notifier() { stop(); }

void Notifier::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (!stop_by_) stop_by_ = clock_.tick() + kLastPatience;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Result<Unit> Notifier::open_channels() {
  const auto add = [this](std::string name, std::function<Attempt(const Message&)> send) {
    auto channel = std::make_unique<Channel>();
    channel->name = std::move(name);
    channel->send = std::move(send);
    channels_.push_back(std::move(channel));
  };
  if (options_.webhook) {
    LENSART_ASSIGN(webhook_, Webhook::open(*options_.webhook));
    add("webhook", [this](const Message& message) {
      return webhook_->post(message, clock_.wall(), [this] { return out_of_time(); });
    });
  }
  if (!options_.channel.empty() && options_.database)
    add("postgres", [this](const Message& message) { return send_notify(message); });
  return Unit{};
}

bool Notifier::out_of_time() const {
  const std::lock_guard lock(mutex_);
  return stop_by_ && clock_.tick() >= *stop_by_;
}

void Notifier::work() {
  for (bool last = false;;) {
    const Tick now = clock_.tick();
    if (last) next_table_look_ = now;
    look(now);
    for (Message& message : book_.due(now, clock_.wall(), last)) {
      for (const auto& channel : channels_) channel->delivery.push(message, now);
    }
    for (const auto& channel : channels_) deliver(*channel);
    publish();
    if (last) return;
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kLookEvery, [this] { return stop_by_.has_value(); });
    last = stop_by_.has_value();
  }
}

void Notifier::publish() {
  const std::lock_guard lock(mutex_);
  for (const auto& channel : channels_) figures_[channel->name] = channel->delivery.figures();
}

std::map<std::string, DeliveryFigures> Notifier::figures() const {
  const std::lock_guard lock(mutex_);
  return figures_;
}

void Notifier::look(Tick now) {
  const Sight sight = look_();
  if (const auto change = stalls_.look(sight, now)) book_.stall(*change);
  if (options_.database && now >= next_table_look_) {
    next_table_look_ = now + kTablesEvery;
    look_at_tables();
  }
  const auto more = more_than(letters_told_, sight.letters);
  if (more.empty()) return;
  letters_told_ = sight.letters;
  // The count is the program's own; what the table shows of them may come a moment later, or not.
  auto examples = find_letters();
  book_.letters(more, examples ? *examples : std::vector<LetterSeen>{});
}

void Notifier::look_at_tables() {
  auto done = ensure_connected();
  if (done && !stuck_up_to_) done = begin_tables();
  if (done) done = find_stuck();
  if (!done && connection_ && connection_->lost()) connection_.reset();
}

Result<Unit> Notifier::ensure_connected() {
  if (connection_ && connection_->lost()) connection_.reset();
  if (connection_) return Unit{};
  if (!options_.database) return fail(Errc::kDatabaseDown, "there is no database");
  storage::ConnectionOptions options = *options_.database;
  options.connect_timeout = options.patience = kDatabasePatience;
  LENSART_ASSIGN(auto opened, storage::Connection::open(options));
  // Instants as text, to be given back as they came.
  LENSART_TRY(
      opened.run(fmt::format("SET search_path = {}; SET timezone = 'UTC'; "
                             "SET datestyle = 'ISO'; SET client_min_messages = warning",
                             storage::quoted_identifier(options_.schema))));
  connection_.emplace(std::move(opened));
  return Unit{};
}

/// What is there already is old news: told by whoever ran before.
Result<Unit> Notifier::begin_tables() {
  LENSART_ASSIGN(const storage::Rows rows,
                 connection_->query("SELECT coalesce((SELECT max(detected_at) FROM order_anomalies "
                                    "WHERE kind = 'stuck'), '-infinity'), "
                                    "coalesce((SELECT max(occurred_at) FROM dead_letters), "
                                    "'-infinity')"));
  stuck_up_to_ = rows.text(0, 0);
  letters_up_to_ = rows.text(0, 1);
  return Unit{};
}

/// `detected_at` is the time of the transaction that wrote the row, and one lane writes them all:
/// what comes later has a later one.
Result<Unit> Notifier::find_stuck() {
  LENSART_ASSIGN(
      const storage::Rows rows,
      connection_->query(
          fmt::format("SELECT order_id, status, to_char(since, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), "
                      "count(*) OVER (), max(detected_at) OVER () FROM order_anomalies "
                      "WHERE kind = 'stuck' AND resolved_at IS NULL AND detected_at > $1 "
                      "ORDER BY since LIMIT {}",
                      kExamples),
          {*stuck_up_to_}));
  if (rows.count() == 0) return Unit{};
  std::vector<StuckOrder> examples;
  for (int i = 0; i < rows.count(); ++i) {
    examples.push_back(
        {rows.number(i, 0), std::string(rows.text(i, 1)), std::string(rows.text(i, 2))});
  }
  book_.stuck(static_cast<std::uint64_t>(rows.number(0, 3)), examples);
  stuck_up_to_ = rows.text(0, 4);
  return Unit{};
}

Result<std::vector<LetterSeen>> Notifier::find_letters() {
  LENSART_TRY(ensure_connected());
  if (!letters_up_to_) LENSART_TRY(begin_tables());
  LENSART_ASSIGN(const storage::Rows rows,
                 connection_->query(fmt::format("SELECT code, field, topic, partition, \"offset\", "
                                                "occurred_at FROM dead_letters WHERE occurred_at > "
                                                "$1 ORDER BY occurred_at DESC LIMIT {}",
                                                kExamples),
                                    {*letters_up_to_}));
  std::vector<LetterSeen> letters;
  for (int i = 0; i < rows.count(); ++i) {
    letters.push_back({std::string(rows.text(i, 0)), std::string(rows.text(i, 1)),
                       std::string(rows.text(i, 2)), rows.number(i, 3), rows.number(i, 4)});
  }
  if (!letters.empty()) letters_up_to_ = rows.text(0, 5);
  return letters;
}

Attempt Notifier::send_notify(const Message& message) {
  Attempt attempt;
  auto sent = ensure_connected();
  if (sent) {
    auto rows = connection_->query("SELECT pg_notify($1, $2)", {options_.channel, message.json});
    if (!rows) sent = tl::unexpected(rows.error());
  }
  attempt.delivered = sent.has_value();
  if (!sent) attempt.why = sent.error().message;
  return attempt;
}

void Notifier::deliver(Channel& channel) {
  while (const Message* message = channel.delivery.next(clock_.tick())) {
    if (out_of_time()) return;
    const Attempt attempt = channel.send(*message);
    channel.delivery.on_attempt(attempt, clock_.tick());
    publish();
    if (attempt.delivered) {
      channel.in_trouble = false;
    } else if (!std::exchange(channel.in_trouble, true)) {
      log_(fmt::format("a notification was not taken by the {}, {}: {}", channel.name,
                       attempt.for_good ? "and is given up" : "retrying", attempt.why));
    }
  }
}

}  // namespace lensart::notify
