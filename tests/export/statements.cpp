#include "tests/export/statements.hpp"

#include <stdexcept>

namespace lensart::app {

namespace {

class Reader {
 public:
  explicit Reader(std::string_view sql) : sql_(sql) {}

  std::vector<Statement> read() {
    while (at_ < sql_.size()) {
      if (sql_.substr(at_).starts_with("--")) {
        at_ = std::min(sql_.find('\n', at_), sql_.size());
      } else if (sql_[at_] == '\'') {
        literal();
      } else {
        plain(sql_[at_++]);
      }
    }
    if (current_.text.find_first_not_of(" \n") != std::string::npos) {
      throw std::runtime_error("a statement is not closed: " + current_.text);
    }
    return std::move(statements_);
  }

 private:
  void literal() {
    std::string value;
    const std::size_t from = at_++;
    for (;; ++at_) {
      if (at_ >= sql_.size()) throw std::runtime_error("a quote is not closed");
      if (sql_[at_] == '\'' && !sql_.substr(at_ + 1).starts_with('\'')) break;
      if (sql_[at_] == '\'') ++at_;
      value += sql_[at_];
    }
    ++at_;
    current_.text += sql_.substr(from, at_ - from);
    current_.literals.push_back(value);
  }

  void plain(char c) {
    if (c == '(') ++depth_;
    if (c == ')' && --depth_ < 0) throw std::runtime_error("a parenthesis too many");
    if (c != ';') {
      current_.text += c;
      return;
    }
    if (depth_ != 0) throw std::runtime_error("a parenthesis is open: " + current_.text);
    const auto begin = current_.text.find_first_not_of(" \n");
    if (begin == std::string::npos) throw std::runtime_error("an empty statement");
    current_.text.erase(0, begin);
    const bool in_set = current_.text.starts_with("EXECUTE STATEMENT SET");
    if (in_set && !current_.text.ends_with("END")) {
      current_.text += c;
      return;
    }
    statements_.push_back(std::move(current_));
    current_ = {};
  }

  std::string_view sql_;
  std::size_t at_ = 0;
  int depth_ = 0;
  Statement current_;
  std::vector<Statement> statements_;
};

}  // namespace

std::vector<Statement> read_statements(std::string_view sql) { return Reader(sql).read(); }

}  // namespace lensart::app
