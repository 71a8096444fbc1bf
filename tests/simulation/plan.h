#ifndef RINGPEER_TESTS_SIMULATION_PLAN_H_
#define RINGPEER_TESTS_SIMULATION_PLAN_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "ringpeer/tests/simulation/faults.h"
#include "ringpeer/tests/simulation/kernel.h"

namespace ringpeer::simulation {

// What a run can be made to do wrong itself, to show that it would find an engine that does.
enum class PlantedBug {
  kNone,
  kWrongByte,
  kWrongSender,
  kTwice,
  kOutOfOrder,
  kNeverDelivered,
  // Servers that keep to other rules than they are asked to.
  kLowerLimits,
  kNoCookies,
  kNoLists,
};

// Whether it is of what a run takes for what the engine has given.
constexpr bool is_of_deliveries(PlantedBug bug) {
  return bug != PlantedBug::kNone && bug < PlantedBug::kLowerLimits;
}

// What engines take when they are not told.
inline constexpr std::size_t kDefaultMaxDatagram = 65'527;

// What a run consists of: all of it follows from the seed, and each part can be made less while the
// others stay, to find the least that still fails. A value.
struct Plan {
  std::uint64_t seed = 0;

  // The machine and its engine.
  bool use_uring = true;
  int workers = 1;  // 0: none has a thread
  KernelFeatures kernel;
  int latency_budget_us = 200;
  bool automatic_budget = false;  // that is its bound then
  std::size_t max_datagram = 1400;
  std::size_t payload_budget_kib = 1024;
  int receive_buffer = 0;  // asked for; 0: the kernel's
  bool gro = false;
  bool gso = true;

  // Who talks.
  int servers = 2;
  int remotes = 16;       // hosts around the machine
  int peers = 2;          // PacketPeerUDPs on it
  bool together = false;  // the last server hands out one queue of all
  bool timestamps = false;
  bool local_addresses = false;
  bool detect_unreachable = false;
  int max_pending = 16;
  bool limits = false;        // of what remotes and strangers may send
  bool attackers = false;     // who forge, flood, and answer for themselves
  bool cookies = false;       // the servers of remotes ask for one, but on a shared port
  bool source_lists = false;  // servers refuse some, who change
  bool shares_port = false;   // the first server, with a stranger who comes and goes
  // What happens once, at the end.
  bool flood = false;          // more comes than a ring holds
  bool flooded_peer = false;   // more than its queue holds, and its socket
  bool late_worker = false;    // a close finds workers that get no processor
  bool full_sockets = false;   // a stop finds sockets that take nothing
  bool deaf_host = false;      // one stops listening that a peer is connected to
  bool flooded_loops = false;  // somebody sends faster than plain loops take
  bool ended_peer = false;     // one that a put has opened finds no memory to receive with

  // How much: the run ends when so many datagrams went each way, or after so many steps.
  int datagrams = 3000;
  int steps = 1'000'000;
  int largest_burst = 40;

  // How often each fault happens when it is asked for, in a thousand; 0: not in this run.
  std::array<std::uint32_t, kFaultCount> faults{};

  bool has(Fault fault) const { return faults[static_cast<std::size_t>(fault)] > 0; }

  PlantedBug planted = PlantedBug::kNone;

  static Plan from_seed(std::uint64_t seed);
  // What may be left out of a plan by name, as faults may be.
  struct Part {
    std::string_view name;
    bool Plan::*is_there;
  };
  static std::span<const Part> parts();
  // As flags of the simulate program, of what from_seed() would not give.
  std::string to_flags() const;
  // In words.
  std::string to_text() const;
};

}  // namespace ringpeer::simulation

#endif  // RINGPEER_TESTS_SIMULATION_PLAN_H_
