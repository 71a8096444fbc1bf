#include "ringpeer/tools/load/plan_options.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string_view>

#include "ringpeer/tools/command/number_option.h"
#include "ringpeer/tools/command/quantity.h"

namespace ringpeer::tools {
namespace {

template <typename T>
bool parse_all(std::string_view text, T* value) {
  const char* const end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, *value);
  return result.ec == std::errc() && result.ptr == end;
}

std::optional<RateRange> parse_range(std::string_view text) {
  const std::size_t dots = text.find("..");
  RateRange range;
  if (dots == std::string_view::npos || !parse_all(text.substr(0, dots), &range.least) ||
      !parse_all(text.substr(dots + 2), &range.most)) {
    return std::nullopt;
  }
  return range;
}

std::optional<LoadPart> parse_part(std::string_view text) {
  const std::size_t slash = text.find('/');
  LoadPart part;
  if (slash == std::string_view::npos || !parse_all(text.substr(0, slash), &part.number) ||
      !parse_all(text.substr(slash + 1), &part.of)) {
    return std::nullopt;
  }
  return part;
}

std::string read_goal(const PlanOptions& plan, LoadOptions* options) {
  if (plan.loss.empty() && plan.p99.empty()) return "";
  if (!options->has_steps()) return "--loss and --p99 are goals of --find-max and --ramp.";
  LoadGoal goal;
  if (!plan.loss.empty()) {
    const auto percent = parse_percent(plan.loss);
    if (!percent) return fmt::format("--loss {}: write a percentage, like 0.1%.", plan.loss);
    goal.loss_percent = *percent;
  }
  if (!plan.p99.empty()) {
    const auto seconds = parse_seconds(plan.p99);
    if (!seconds) return fmt::format("--p99 {}: write a time, like 5ms or 800us.", plan.p99);
    goal.p99_us = *seconds * 1e6;
  }
  options->goal = goal;
  return "";
}

std::string read_steps(const PlanOptions& plan, LoadOptions* options) {
  if (!plan.ramp.empty()) {
    options->ramp = parse_range(plan.ramp);
    if (!options->ramp) {
      return fmt::format("--ramp {}: write two rates, like 100..10000.", plan.ramp);
    }
  }
  if (!options->has_steps()) {
    if (plan.has_steps || !plan.step.empty()) {
      return "--step and --steps are of --ramp and --find-max.";
    }
    return "";
  }
  if (plan.has_duration) return "--duration does not go with --ramp and --find-max: use --step.";
  if (plan.has_steps && options->find_max) return "--steps does not go with --find-max.";
  if (!plan.has_clients) options->clients = LoadOptions::kStepClients;
  if (plan.step.empty()) return "";
  const auto step = parse_seconds(plan.step);
  if (!step) return fmt::format("--step {}: write a time, like 2s.", plan.step);
  options->step_seconds = *step;
  return "";
}

}  // namespace

void add_plan_options(CLI::App& command, PlanOptions* plan, LoadOptions* options) {
  add_number(command, "--threads", &options->threads, "threads that the clients are divided among")
      ->capture_default_str();
  add_number(command, "--burst", &options->burst,
             "packets that are sent at once, as seldom as the rate asks for")
      ->capture_default_str();
  command.add_option("--interface", options->interface,
                     "the network interface to send through alone, like eth0");
  command.add_option("--source", plan->source, "the address of this machine to send from");
  command.add_flag(
      "--cookie", options->cookie,
      "show the server a cookie first, as one that asks for it wants (serve --cookie)");
  command.add_option("--wait", plan->wait,
                     "how long to wait for replies after the last one, like 2s; without, as the "
                     "round trips are");
  add_number(command, "--receive-buffer", &options->receive_buffer,
             "bytes of socket buffer to ask for, of each client; 0 is the system's")
      ->capture_default_str();
  command.add_option("--join-rate", options->join_rate,
                     "clients that join a second; without, all are there from the start");
  command.add_option("--session", plan->session,
                     "how long a client stays, like 30s; then another one takes its place");
  command.add_option("--part", plan->part,
                     "this process's part of the plan, like 1/2; load merge puts them together");
  command.add_option("--ramp", plan->ramp,
                     "rise from one rate to another, in packets a second of all clients, like "
                     "100..10000; of --find-max the range");
  add_number(command, "--steps", &options->steps, "steps of --ramp")
      ->capture_default_str()
      ->each([plan](const std::string&) { plan->has_steps = true; });
  command.add_option("--step", plan->step, "how long a step lasts")->default_str("2s");
  command.add_flag("--find-max", options->find_max,
                   "look for the highest rate that keeps the goal, and verify it");
  command.add_option("--loss", plan->loss, "the goal: packets lost at most")->default_str("0.1%");
  command.add_option("--p99", plan->p99, "the goal: corrected p99 at most")->default_str("5ms");
}

std::string read_plan(const PlanOptions& plan, LoadOptions* options) {
  if (!plan.session.empty()) {
    options->session_seconds = parse_seconds(plan.session);
    if (!options->session_seconds) {
      return fmt::format("--session {}: write a time, like 30s or 5m.", plan.session);
    }
  }
  if (!plan.wait.empty()) {
    options->wait_seconds = parse_seconds(plan.wait);
    if (!options->wait_seconds) {
      return fmt::format("--wait {}: write a time, like 2s: 0 to {} seconds.", plan.wait,
                         LoadOptions::kMaxWait);
    }
  }
  if (!plan.part.empty()) {
    const auto part = parse_part(plan.part);
    if (!part) return fmt::format("--part {}: write a number of how many, like 1/2.", plan.part);
    options->part = *part;
  }
  if (std::string complaint = read_steps(plan, options); !complaint.empty()) return complaint;
  return read_goal(plan, options);
}

}  // namespace ringpeer::tools
