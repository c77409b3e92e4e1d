/// What one look at something found, as a code with figures: worded by words.hpp.
#pragma once

#include <string>
#include <vector>

#include "apps/doctor/words.hpp"

namespace lensart::app {

struct Finding {
  /// kNote: worth a line, nothing to mend. kFailure: the pipeline cannot do its work.
  enum class Verdict { kGood, kNote, kWarning, kFailure };

  std::string subject;  ///< "kafka", "kafka topic order-created", "state"
  Verdict verdict = Verdict::kGood;
  std::string code;  ///< `cause.CODE` has the sentence
  Json parameters = Json::object();
  std::string remedy = {};  ///< `remedy.REMEDY` has the next step; empty when all is well
  int exit_code = 0;        ///< that this alone would end a command with

  std::string detail(Language language) const { return say(language, "cause." + code, parameters); }
  std::string next_step(Language language) const {
    return remedy.empty() ? std::string() : say(language, "remedy." + remedy, parameters);
  }
};

using Findings = std::vector<Finding>;

constexpr int kFoundSomething = 1;

/// The page that says more, by its path in this repository; empty where there is none.
std::string_view runbook_of(std::string_view code);

/// 0 where there is nothing but good and notes; else that of the first failure, else
/// kFoundSomething.
int exit_code_of(const Findings& findings);

}  // namespace lensart::app
