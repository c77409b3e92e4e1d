/// Random payloads near the edge: an accepted event, changed here and there in its tree and then,
/// sometimes, in its bytes.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "tests/model/judge.hpp"

namespace lensart::model {

/// The same seed gives the same payloads.
class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_(seed) {}

  struct Payload {
    TopicKind topic = TopicKind::kOrderCreated;
    std::string bytes;
  };
  Payload next();

 private:
  std::mt19937_64 random_;
};

}  // namespace lensart::model
