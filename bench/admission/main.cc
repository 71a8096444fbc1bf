// What strangers cost a server, and whether its players notice: floods of forged addresses and of
// real ones, newcomers among them, amplification, and lists that change while players play. In a
// network namespace of its own.

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "ringpeer/bench/admission/parts.h"
#include "ringpeer/bench/scale/own_network.h"
#include "ringpeer/engine.h"
#include "ringpeer/tools/measure/machine_description.h"

namespace ringpeer::bench {
namespace {

constexpr int kBadUsage = 2;

void print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

BackendKind backend_of(const std::string& name) {
  if (name == "io_uring") return BackendKind::kIoUring;
  return name == "recvmmsg" ? BackendKind::kRecvmmsg : BackendKind::kAuto;
}

std::vector<std::string> part_names() {
  std::vector<std::string> names;
  for (const Part& part : kParts) names.emplace_back(part.name);
  return names;
}

struct Request {
  PartOptions options;
  std::vector<std::string> only = part_names();
  bool as_json = false;
};

// -1: go on.
int parse(int argc, char** argv, Request* request) {
  CLI::App app(
      "What strangers cost a server, and whether its players notice.\nAs root, or where user "
      "namespaces are allowed: it runs in a network of its own.\nA round in which the hypervisor "
      "takes more than 5 % of the processors is made again, and void the third time.");
  std::string backend = "auto";
  PartOptions& options = request->options;
  app.add_option("--only", request->only, "the parts to run; all by default")
      ->check(CLI::IsMember(part_names()))
      ->delimiter(',');
  app.add_option("--backend", backend, "io_uring, recvmmsg or auto")
      ->check(CLI::IsMember({"io_uring", "recvmmsg", "auto"}));
  app.add_option("--seconds", options.seconds, "of a round, beside one to warm up")
      ->check(CLI::Range(0.5, 600.0));
  app.add_option("--players", options.players, "who play meanwhile")->check(CLI::Range(1, 5000));
  app.add_option("--sources", options.sources, "forged addresses of a flood")
      ->check(CLI::Range(1, 1'000'000));
  app.add_option("--tries", options.tries, "of the newcomer, each from a fresh socket")
      ->check(CLI::Range(1, 10'000));
  app.add_option("--forged-rate", options.forged_per_second,
                 "forged packets/s while the newcomer knocks")
      ->check(CLI::Range(1.0, 1e7));
  app.add_flag("--json", request->as_json, "print one JSON object instead of tables");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kBadUsage;
  }
  options.backend = backend_of(backend);
  return -1;
}

// What the figures are of. False when there is no such backend here, which is told then.
bool describe(const PartOptions& options, Json* report) {
  EngineOptions engine_options;
  engine_options.backend = options.backend;
  std::string why_not;
  const auto engine = Engine::create(engine_options, nullptr, &why_not);
  if (engine == nullptr) {
    std::fprintf(stderr, "%s\n", why_not.c_str());
    return false;
  }
  const tools::MachineDescription machine = tools::describe_machine();
  *report = {{"command", "bench admission"},   {"backend", engine->backend_name()},
             {"kernel", machine.kernel},       {"processors", machine.processors},
             {"processor", machine.processor}, {"seconds", options.seconds},
             {"players", options.players},     {"sources", options.sources}};
  return true;
}

std::string heading_of(const Json& report) {
  std::string text;
  for (const auto& field : report.items()) {
    if (field.key() == "command") continue;
    text += (text.empty() ? "" : ", ") + field.key() + ' ';
    text += field.value().is_string() ? field.value().get<std::string>() : field.value().dump();
  }
  return text + "\n\n";
}

int run(int argc, char** argv) {
  Request request;
  if (const int status = parse(argc, argv, &request); status >= 0) return status;
  if (const std::string why_not = enter_own_network(); !why_not.empty()) {
    std::fprintf(stderr, "%s: run it as root, or where user namespaces are allowed\n",
                 why_not.c_str());
    return 1;
  }
  Json report;
  if (!describe(request.options, &report)) return 1;
  if (!request.as_json) print(heading_of(report));
  Json parts = Json::array();
  bool is_good = true;
  for (const Part& part : kParts) {
    if (std::ranges::find(request.only, part.name) == request.only.end()) continue;
    const Table table = part.measure(request.options);
    is_good = is_good && table.is_good;
    parts.push_back(to_json(table));
    if (!request.as_json) print(to_text(table) + '\n');
  }
  if (request.as_json) {
    report["parts"] = parts;
    report["ok"] = is_good;
    print(report.dump(2) + '\n');
  }
  return is_good && std::ferror(stdout) == 0 ? 0 : 1;
}

}  // namespace
}  // namespace ringpeer::bench

int main(int argc, char** argv) { return ringpeer::bench::run(argc, argv); }
