/// `lensart graph`: the wiring as a picture, and with live figures where an instance is asked.

#include <fstream>
#include <iostream>
#include <memory>

#include "apps/api/graph_picture.hpp"
#include "apps/http/http_client.hpp"
#include "apps/lensart/command.hpp"
#include "apps/lensart/commands/all.hpp"
#include "apps/pipeline/options.hpp"

namespace lensart::app {
namespace {

struct GraphOptions {
  std::string format = "dot";
  std::string live;
  std::string token_file;
};

/// GET, with `token` unless it is empty.
Result<std::string> get(const std::string& url, const std::string& token) {
  auto reply = http_get(url, token);
  if (!reply) {
    return fail(reply.error().code, fmt::format("--live {}: {}; is an instance running there?", url,
                                                reply.error().message));
  }
  if (reply->status == 401) {
    return fail(Errc::kBadConfig, fmt::format("--live {}: the instance wants one of its tokens; "
                                              "name a file that holds it by --token-file",
                                              url));
  }
  if (reply->status != 200) {
    return fail(Errc::kBrokerDown, fmt::format("--live {}: answered {}, which is no answer of a "
                                               "running instance",
                                               url, reply->status));
  }
  return std::move(reply->body);
}

Result<std::string> token_in(const std::string& file) {
  if (file.empty()) return std::string();
  std::ifstream in(file);
  std::string token;
  if (!std::getline(in, token)) {
    return fail(Errc::kBadUsage, fmt::format("--token-file {}: cannot be read", file));
  }
  return token;
}

/// The graph of a running instance; the URL is its console's.
Result<Json> live_graph(const GraphOptions& options) {
  std::string url = options.live;
  LENSART_ASSIGN(const std::string token, token_in(options.token_file));
  while (url.ends_with('/')) url.pop_back();
  if (url.find("://") == std::string::npos) url = "http://" + url;
  LENSART_ASSIGN(const std::string answer, get(url + "/api/v1/graph", token));
  Json graph = Json::parse(answer, nullptr, false);
  if (!graph.is_object() || !graph.contains("nodes")) {
    return fail(Errc::kBrokerDown,
                fmt::format("--live {}: what is there is no instance of this program", url));
  }
  return graph;
}

Json wired_graph(const Config& config, const Wiring& wiring) {
  Json nodes = Json::array();
  for (const NodeFacts& node : node_facts(wiring, config.pool.threads)) {
    nodes.push_back(node_picture(node));
  }
  return graph_picture(wiring.name, edge_facts(wiring), std::move(nodes));
}

int print_graph(const Program& program, const GraphOptions& options) {
  const auto config = program.load_config();
  if (!config) return report(config.error());
  const auto zone = TimeZone::find(config->pipeline.time_zone);
  if (!zone) return report(zone.error());
  const Wiring wiring = jobs::OrderJobs::drawing(job_options(*config, *zone));
  const bool is_json = program.json || options.format == "json";
  if (options.live.empty() && !is_json && options.format == "dot") {
    std::cout << to_dot(wiring);
    return 0;
  }
  const auto graph =
      options.live.empty() ? Result<Json>(wired_graph(*config, wiring)) : live_graph(options);
  if (!graph) return report(graph.error());
  if (is_json) {
    std::cout << graph->dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
  } else {
    std::cout << (options.format == "dot" ? graph_dot(*graph) : graph_mermaid(*graph));
  }
  return 0;
}

}  // namespace

void add_graph_command(CLI::App& root, Program& program) {
  auto options = std::make_shared<GraphOptions>();
  CLI::App* command = root.add_subcommand("graph", "Print the flow graph with its tuning");
  command->add_option("--format", options->format, "What to print")
      ->check(CLI::IsMember({"dot", "json", "mermaid"}))
      ->capture_default_str();
  command
      ->add_option("--live", options->live,
                   "Ask the instance whose console is there, for rates, busy shares and queues")
      ->type_name("URL");
  command
      ->add_option("--token-file", options->token_file,
                   "A file with the token, where the instance wants one")
      ->type_name("FILE");
  command->footer(
      "Example:\n  lensart graph --format dot | dot -Tsvg > graph.svg\n"
      "  lensart graph --format mermaid --live http://127.0.0.1:8081");
  command->callback([&program, options] {
    program.action = [&program, options] { return print_graph(program, *options); };
  });
}

}  // namespace lensart::app
