#include <fmt/format.h>
#include <fmt/ranges.h>

#include "apps/config/listen_address.hpp"
#include "apps/doctor/attention_finding.hpp"
#include "apps/doctor/state_probe.hpp"
#include "apps/http/http_client.hpp"

namespace lensart::app {

namespace {

constexpr std::chrono::seconds kHttpPatience{5};

Finding finding_of(const Json& item) {
  return {"instance",
          verdict_of(item.value("severity", "warning")),
          item.value("code", ""),
          item.value("parameters", Json::object()),
          item.value("remedy", ""),
          kFoundSomething};
}

/// Whether the list already says that a service is away: then it needs no second line.
bool names_a_service(const Json& attention) {
  for (const Json& item : attention) {
    const std::string code = item.value("code", "");
    if (code == "database_away" || code == "kafka_away") return true;
  }
  return false;
}

Findings http_findings(const Config& config, bool explained) {
  const std::string address = http_address(config);
  if (address.empty()) return {};
  const auto reply = http_get(address + "/readyz", {}, kHttpPatience);
  if (!reply) {
    return {{"instance http",
             Finding::Verdict::kWarning,
             "http_silent",
             {{"listen", config.http.listen}, {"message", reply.error().message}},
             "check_listen"}};
  }
  const Json ready = Json::parse(reply->body, nullptr, false);
  if (reply->status == 200 || explained || !ready.is_object()) return {};
  std::vector<std::string> reasons;
  for (const Json& reason : ready.value("reasons", Json::array())) {
    reasons.push_back(reason.is_string() ? reason.get<std::string>() : dumped(reason));
  }
  return {{"instance http",
           Finding::Verdict::kFailure,
           "not_ready",
           {{"reasons", fmt::format("{}", fmt::join(reasons, "; "))}},
           "read_message",
           kFoundSomething}};
}

}  // namespace

std::string http_address(const Config& config) {
  const auto listen = parse_listen_address(config.http.listen);
  if (!listen || listen->port == 0) return {};
  std::string host = listen->is_any() ? "127.0.0.1" : listen->host;
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  return fmt::format("http://{}:{}", host, listen->port);
}

Findings instance_findings(const Config& config, const StateLook& state,
                           const std::string& our_version) {
  if (!state.running() || !state.overview->contains("pipeline")) return {};
  const Json& overview = *state.overview;
  const Json& pipeline = overview["pipeline"];
  const std::string version = pipeline.value("version", "");
  Findings findings = {{"instance",
                        Finding::Verdict::kGood,
                        "instance_running",
                        {{"version", version}, {"uptime_seconds", pipeline["uptime_seconds"]}}}};
  if (version != our_version) {
    findings.push_back({"instance",
                        Finding::Verdict::kNote,
                        "instance_other_version",
                        {{"version", version}, {"wanted", our_version}},
                        "restart"});
  }
  const Json attention = overview.value("attention", Json::array());
  for (const Json& item : attention) findings.push_back(finding_of(item));
  for (Finding& finding : http_findings(config, names_a_service(attention))) {
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace lensart::app
