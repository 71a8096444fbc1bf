#include "ringpeer/tests/simulation/plan.h"

#include <algorithm>

namespace ringpeer::simulation {
namespace {

// Of all runs, those that have a fault of a kind, and how often it then happens when it may.
constexpr std::uint32_t kRunsWithFaultOf1000 = 150;

// They take twenty times as long as others.
constexpr std::uint32_t kRunsWithFloodOf1000 = 12;
// Of all runs, those in which one of the other things happens that happen once.
constexpr std::uint32_t kRunsWithScenarioOf1000 = 30;
// What it leads to differs with backends and with what is done then.
constexpr std::uint32_t kRunsWithFloodedPeerOf1000 = 90;
// Only without threads and io_uring anything happens in them.
constexpr std::uint32_t kRunsWithEndedPeerOf1000 = 120;

// More than the slots that a ring keeps for news of them.
constexpr int kRemotesOfFlood = 120;

constexpr std::uint32_t kRunsWithAttackersOf1000 = 180;
constexpr std::uint32_t kRunsWithCookiesOf1000 = 180;
constexpr std::uint32_t kRunsWithListsOf1000 = 150;

// Faults that are asked for at every datagram, and those that are asked for at rare calls.
std::uint32_t rate_of(Fault fault, Random& random) {
  switch (fault) {
    case Fault::kNoDescriptors:
    case Fault::kNoThread:
      return 60;
    case Fault::kNoRing:
    case Fault::kSmallCompletionRing:
    case Fault::kFullReceiveBuffer:
      return 300;
    case Fault::kNoAllocation:
    case Fault::kTrain:
      return static_cast<std::uint32_t>(random.between(200, 900));
    case Fault::kFullSendBuffer:
    case Fault::kDeviceQueueFull:
    case Fault::kSlowThread:
    case Fault::kClockJump:
      return static_cast<std::uint32_t>(random.between(2, 30));
    default:
      return static_cast<std::uint32_t>(random.between(5, 120));
  }
}

void draw_fault(Plan& plan, Fault fault, Random& random) {
  const std::uint32_t rate = rate_of(fault, random);
  if (random.chance(kRunsWithFaultOf1000)) plan.faults[static_cast<std::size_t>(fault)] = rate;
}

}  // namespace

Plan Plan::from_seed(std::uint64_t seed) {
  Random random(seed * 0x9e3779b97f4a7c15 + 1);
  Plan plan;
  plan.seed = seed;
  // Those that came later are drawn last: a seed keeps the rest of its plan.
  constexpr auto kFirstOfLater = static_cast<std::size_t>(Fault::kPollEnds);
  for (std::size_t i = 0; i < kFirstOfLater; ++i) draw_fault(plan, static_cast<Fault>(i), random);
  plan.use_uring = random.chance(600);
  plan.workers = static_cast<int>(random.between(0, 3));
  plan.kernel.has_min_wait = random.chance(600);
  plan.kernel.has_incremental_buffers = random.chance(600);
  if (plan.has(Fault::kSmallCompletionRing)) plan.kernel.most_completions = 8u << random.below(4);
  constexpr std::array<int, 4> kBudgets = {0, 50, 200, 2000};
  plan.latency_budget_us = kBudgets.at(random.below(kBudgets.size()));
  plan.max_datagram = random.chance(500) ? 1400 : 4000;
  plan.payload_budget_kib = random.chance(300) ? 256 * 3 : 4096;
  if (plan.has(Fault::kFullReceiveBuffer)) plan.receive_buffer = 8192;
  plan.gro = plan.has(Fault::kTrain) && !plan.has(Fault::kMalformed);
  if (plan.gro) plan.max_datagram = kDefaultMaxDatagram;  // no less than a train may take
  plan.gso = random.chance(800);
  plan.servers = static_cast<int>(random.between(2, 3));
  plan.remotes = static_cast<int>(random.between(8, 64)) - 4;
  plan.peers = 4;
  plan.together = random.chance(200);
  plan.timestamps = random.chance(200) || plan.has(Fault::kClockJump);
  plan.local_addresses = random.chance(250);
  plan.detect_unreachable = random.chance(250) || plan.has(Fault::kIcmpError);
  plan.max_pending = random.chance(300) ? 4 : 64;
  plan.shares_port = random.chance(100);
  if (random.chance(300)) plan.receive_buffer = 1 << 20;
  plan.flood = random.chance(kRunsWithFloodOf1000);
  if (plan.flood) {
    plan.workers = 1;
    plan.remotes = kRemotesOfFlood;
    plan.max_pending = kRemotesOfFlood;
    plan.steps = 600;
    if (random.chance(500)) plan.payload_budget_kib = 64 << 10;
    plan.together = random.chance(500);
  }
  plan.flooded_peer = random.chance(kRunsWithFloodedPeerOf1000);
  plan.late_worker = random.chance(kRunsWithScenarioOf1000);
  plan.full_sockets = random.chance(kRunsWithScenarioOf1000);
  plan.deaf_host = random.chance(kRunsWithScenarioOf1000);
  if (plan.late_worker || plan.full_sockets || plan.deaf_host) {
    plan.workers = std::max(plan.workers, 1);
    plan.gso = plan.gso || plan.deaf_host;
  }
  // Without trains: of one that makes no sense nobody knows how many packets it has.
  if (plan.has(Fault::kMalformed)) plan.use_uring = true;
  plan.largest_burst = random.chance(300) ? 200 : 20;
  plan.flooded_loops = random.chance(kRunsWithScenarioOf1000);
  plan.automatic_budget = random.chance(500);
  plan.ended_peer = random.chance(kRunsWithEndedPeerOf1000) && plan.workers == 0 && !plan.use_uring;
  for (std::size_t i = kFirstOfLater; i < kFaultCount; ++i)
    draw_fault(plan, static_cast<Fault>(i), random);
  // Those send more than any limit lets pass, and count on it.
  const bool is_full = plan.flood || plan.flooded_peer || plan.late_worker || plan.full_sockets ||
                       plan.deaf_host || plan.flooded_loops || plan.ended_peer;
  plan.limits = random.chance(250) && !is_full;
  plan.attackers = random.chance(kRunsWithAttackersOf1000) && !is_full;
  plan.cookies = random.chance(kRunsWithCookiesOf1000) && !is_full;
  plan.source_lists = random.chance(kRunsWithListsOf1000) && !is_full;
  return plan;
}

std::span<const Plan::Part> Plan::parts() {
  static constexpr std::array<Part, 4> kParts = {{{"limits", &Plan::limits},
                                                  {"attackers", &Plan::attackers},
                                                  {"cookies", &Plan::cookies},
                                                  {"source_lists", &Plan::source_lists}}};
  return kParts;
}

std::string Plan::to_flags() const {
  const Plan whole = from_seed(seed);
  std::string flags = "--seed=" + std::to_string(seed);
  const auto add = [&flags](const char* name, auto value, auto usual) {
    if (value != usual) flags += std::string(" --") + name + "=" + std::to_string(value);
  };
  add("datagrams", datagrams, whole.datagrams);
  add("steps", steps, whole.steps);
  add("remotes", remotes, whole.remotes);
  add("peers", peers, whole.peers);
  add("servers", servers, whole.servers);
  add("workers", workers, whole.workers);
  add("largest_burst", largest_burst, whole.largest_burst);
  std::string off;
  const auto leave_out = [&off](std::string_view name) {
    off += (off.empty() ? "" : ",") + std::string(name);
  };
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    if (faults[i] != whole.faults[i]) leave_out(kFaultNames[i]);
  }
  for (const Part& part : parts()) {
    if (this->*part.is_there != whole.*part.is_there) leave_out(part.name);
  }
  if (!off.empty()) flags += " --without=" + off;
  return flags;
}

std::string Plan::to_text() const {
  std::string text =
      std::string(use_uring ? "io_uring" : "recvmmsg") + ", workers " + std::to_string(workers) +
      ", servers " + std::to_string(servers) + ", remotes " + std::to_string(remotes) + ", peers " +
      std::to_string(peers) + ", latency budget " + (automatic_budget ? "up to " : "") +
      std::to_string(latency_budget_us) + " us" + ", largest datagram " +
      std::to_string(max_datagram) + ", budget " + std::to_string(payload_budget_kib) +
      " KiB, receive buffer " + std::to_string(receive_buffer) + ", pending at most " +
      std::to_string(max_pending);
  const auto add = [&text](bool is_so, const char* name) {
    if (is_so) text += std::string(", ") + name;
  };
  add(kernel.has_min_wait, "min_wait");
  add(kernel.has_incremental_buffers, "incremental buffers");
  add(gro, "gro");
  add(gso, "gso");
  add(together, "together");
  add(timestamps, "timestamps");
  add(local_addresses, "local addresses");
  add(detect_unreachable, "detect unreachable");
  for (const Part& part : parts()) add(this->*part.is_there, part.name.data());
  add(shares_port, "shared port");
  add(flood, "flood");
  add(flooded_peer, "flooded peer");
  add(late_worker, "late worker");
  add(full_sockets, "full sockets");
  add(deaf_host, "deaf host");
  add(flooded_loops, "flooded loops");
  add(ended_peer, "ended peer");
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    if (faults[i] > 0) {
      text += ", " + std::string(kFaultNames[i]) + ' ' + std::to_string(faults[i]) + "/1000";
    }
  }
  return text;
}

}  // namespace ringpeer::simulation
