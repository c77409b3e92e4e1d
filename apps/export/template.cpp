#include "apps/export/template.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace lensart::app {

namespace {

/// Fills one level, up to the `}}` that closes it (`inside`) or to the end.
class Filler {
 public:
  Filler(std::string_view text, const Fillings& fillings) : text_(text), fillings_(fillings) {}

  std::string fill(bool inside) {
    std::string out;
    while (at_ < text_.size()) {
      if (starts_with("{{")) {
        at_ += 2;
        out += hole();
      } else if (inside && starts_with("}}")) {
        at_ += 2;
        return out;
      } else {
        out += text_[at_++];
      }
    }
    if (inside) throw std::logic_error("a template has a hole that is not closed");
    return out;
  }

 private:
  bool starts_with(std::string_view what) const { return text_.substr(at_).starts_with(what); }

  std::string hole() {
    std::string name;
    while (at_ < text_.size() && text_[at_] != ' ' && text_[at_] != '}') name += text_[at_++];
    if (at_ < text_.size() && text_[at_] == ' ') ++at_;
    const std::string argument = fill(true);
    const auto filling = fillings_.find(name);
    if (filling == fillings_.end()) {
      throw std::logic_error(fmt::format("a template wants {}, which nothing fills", name));
    }
    return filling->second(argument);
  }

  std::string_view text_;
  const Fillings& fillings_;
  std::size_t at_ = 0;
};

}  // namespace

std::string fill_template(std::string_view text, const Fillings& fillings) {
  return Filler(text, fillings).fill(false);
}

}  // namespace lensart::app
