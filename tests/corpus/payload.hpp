/// Payloads written member by member, so that a case can spoil exactly one thing.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/model/judge.hpp"

namespace lensart::corpus {

/// The text of a JSON object. Keys and values are raw JSON, keys without their quotes; nothing is
/// checked, as most of what is built here is wrong on purpose.
class ObjectText {
 public:
  ObjectText(std::initializer_list<std::pair<std::string, std::string>> members)
      : members_(members) {}

  /// Replaces the member, or appends it.
  void set(const std::string& key, const std::string& value);
  void drop(const std::string& key);
  /// Appends a member, also where the key stands already.
  void append(const std::string& key, const std::string& value);
  void prepend(const std::string& key, const std::string& value);

  const std::vector<std::pair<std::string, std::string>>& members() const { return members_; }
  std::string text() const;

 private:
  std::vector<std::pair<std::string, std::string>> members_;
};

/// A payload in the making. Each change gives a new draft, so a case reads as one expression.
/// `@ORDER@` stands for the case's own order id; its event id is `corpus @ORDER@`.
class Draft {
 public:
  Draft(model::TopicKind topic, ObjectText envelope, ObjectText data)
      : topic_(topic), envelope_(std::move(envelope)), data_(std::move(data)) {}

  /// Of the top-level object.
  Draft top(const std::string& key, const std::string& value) const;
  Draft top_without(const std::string& key) const;
  Draft top_append(const std::string& key, const std::string& value) const;
  /// Of `data`.
  Draft data(const std::string& key, const std::string& value) const;
  Draft data_without(const std::string& key) const;
  Draft data_append(const std::string& key, const std::string& value) const;
  Draft data_prepend(const std::string& key, const std::string& value) const;
  /// `data`'s members moved into the top-level object.
  Draft flat() const;
  Draft on(model::TopicKind topic) const;

  model::TopicKind topic() const { return topic_; }
  std::string text() const;
  /// The text of `data`, for the snapshot inside a status event.
  std::string data_text() const { return data_.text(); }

 private:
  model::TopicKind topic_;
  ObjectText envelope_;
  ObjectText data_;
  bool flat_ = false;
};

// Events that are accepted as they are.

ObjectText good_line();
ObjectText good_snapshot();
Draft created();
Draft updated();
Draft cancelled();
Draft status_changed();   ///< without a snapshot
Draft payment_changed();  ///< without a snapshot
Draft status_changed_with(const ObjectText& snapshot);
/// An order created with one line, `line`.
Draft created_with(const ObjectText& line);

/// `text` in quotes; nothing in it is escaped.
std::string quoted(std::string_view text);
std::string repeated(std::string_view text, std::size_t times);

}  // namespace lensart::corpus
