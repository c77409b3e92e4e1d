#include <fmt/format.h>

#include <algorithm>

#include "apps/doctor/doctor.hpp"

namespace lensart::app {

namespace {

constexpr std::size_t kVerdictWidth = 9;
constexpr std::size_t kSubjectWidth = 34;

std::string_view verdict_name(Finding::Verdict verdict) {
  switch (verdict) {
    case Finding::Verdict::kGood:
      return "good";
    case Finding::Verdict::kNote:
      return "note";
    case Finding::Verdict::kWarning:
      return "warning";
    case Finding::Verdict::kFailure:
      return "failure";
  }
  std::abort();
}

/// "state" → "trạng thái"; what stands behind the first word is a name.
std::string subject_text(Language language, const std::string& subject) {
  const auto blank = subject.find(' ');
  const std::string key = "subject." + subject.substr(0, blank);
  if (!has_words(language, key)) return subject;
  return say(language, key) + (blank == std::string::npos ? "" : subject.substr(blank));
}

/// As many columns as a terminal shows, for texts of letters: code points.
std::string padded(const std::string& text, std::size_t width) {
  const auto shown = static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
  return text + std::string(shown < width ? width - shown : 1, ' ');
}

bool needs_attention(const Finding& finding) {
  return finding.verdict == Finding::Verdict::kWarning ||
         finding.verdict == Finding::Verdict::kFailure;
}

}  // namespace

Findings configuration_findings(const std::vector<Problem>& problems) {
  Findings findings;
  for (const Problem& problem : problems) {
    findings.push_back({"configuration",
                        Finding::Verdict::kFailure,
                        "configuration_bad",
                        {{"place", problem.origin.text()},
                         {"key", problem.key},
                         {"value", problem.value},
                         {"what", problem.what},
                         {"fix", problem.remedy}},
                        problem.remedy.empty() ? "" : "correct_setting",
                        exit_code_for(Errc::kBadConfig)});
  }
  return findings;
}

std::string report_text(const Findings& findings, Language language) {
  std::string text;
  const std::string indent(kVerdictWidth, ' ');
  for (const Finding& finding : findings) {
    const auto verdict = say(language, fmt::format("doctor.{}", verdict_name(finding.verdict)));
    text += padded(verdict, kVerdictWidth) +
            padded(subject_text(language, finding.subject), kSubjectWidth) +
            finding.detail(language) + "\n";
    if (const auto next = finding.next_step(language); !next.empty()) {
      text += fmt::format("{}{}: {}\n", indent, say(language, "doctor.next"), next);
    }
    if (const auto page = runbook_of(finding.code); !page.empty() && needs_attention(finding)) {
      text += fmt::format("{}{}: {}\n", indent, say(language, "doctor.more"), page);
    }
  }
  const auto found = std::count_if(findings.begin(), findings.end(), needs_attention);
  text += "\n" + (found == 0   ? say(language, "doctor.all_well")
                  : found == 1 ? say(language, "doctor.found_one")
                               : say(language, "doctor.found", {{"found", found}}));
  return text + "\n";
}

Json report_json(const Findings& findings, Language language) {
  Json items = Json::array();
  for (const Finding& finding : findings) {
    const auto page = runbook_of(finding.code);
    items.push_back(
        {{"subject", finding.subject},
         {"verdict", verdict_name(finding.verdict)},
         {"code", finding.code},
         {"parameters", finding.parameters.is_null() ? Json::object() : finding.parameters},
         {"cause", finding.detail(language)},
         {"next", finding.next_step(language)},
         {"runbook", page.empty() ? Json(nullptr) : Json(page)}});
  }
  const int code = exit_code_of(findings);
  return {{"well", code == 0}, {"exit_code", code}, {"findings", std::move(items)}};
}

}  // namespace lensart::app
