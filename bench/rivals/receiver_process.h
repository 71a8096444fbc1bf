#ifndef RINGPEER_BENCH_RIVALS_RECEIVER_PROCESS_H_
#define RINGPEER_BENCH_RIVALS_RECEIVER_PROCESS_H_

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "ringpeer/bench/rivals/receiver.h"

namespace ringpeer::bench {

// What a receiving process is told and says, a line of JSON each.
// Threads: its main one; Control has one of its own.

// When the application looks for packets.
enum class Drain {
  kAsTheyCome,  // waits for packets and takes them
  kPerFrame,    // once per 16.7 ms, without waiting: a game
  kSlow,        // all the time, but each packet costs it kSlowWork
};
NLOHMANN_JSON_SERIALIZE_ENUM(Drain, {{Drain::kAsTheyCome, "as_they_come"},
                                     {Drain::kPerFrame, "per_frame"},
                                     {Drain::kSlow, "slow"}})

inline constexpr std::chrono::nanoseconds kFrame{16'666'667};
// 20,000 packets/s: receiving is a small part of what the application does, so that
// twice as many packets could be received. Losing progress over them is the failure.
inline constexpr std::chrono::nanoseconds kSlowWork{50'000};
// The overload case's budget of one call, in packets: 1.6 ms of work.
inline constexpr std::size_t kSlowBudget = 32;

struct ReceiveTask {
  std::string peer;
  int cpu = 0;
  Drain drain = Drain::kAsTheyCome;
  int receive_buffer = 0;
  bool gro = false;
  int latency_budget_us = 200;
  int queue_bytes = 0;
  int longest_wait_ms = 50;
  std::uint32_t latency_sample = 1;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ReceiveTask, peer, cpu, drain, receive_buffer, gro,
                                   latency_budget_us, queue_bytes, longest_wait_ms, latency_sample)

// First line of a receiving process.
struct ReceiverReady {
  int port = 0;
  std::string error;
  std::string description;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ReceiverReady, port, error, description)

// Last line of a receiving process. "window" is the time between the runner's "begin"
// and "end"; the totals are of the whole life.
struct ReceiveResult {
  double window_seconds = 0;
  std::uint64_t window_packets = 0;
  std::uint64_t window_process_cpu_ns = 0;
  std::uint64_t window_application_cpu_ns = 0;
  std::uint64_t window_calls_cpu_ns = 0;  // part of it: in receive_available(); 0 when it waits
  std::uint64_t window_switches = 0;
  std::uint64_t window_application_switches = 0;  // part of these
  std::uint64_t window_without_header = 0;
  std::uint64_t p50_ns = 0;
  std::uint64_t p99_ns = 0;
  std::uint64_t p999_ns = 0;
  std::uint64_t longest_call_ns = 0;
  double drain_pps = 0;  // of a slow application, without any traffic
  std::uint64_t total_packets = 0;
  std::uint64_t total_without_header = 0;
  std::uint64_t total_reordered = 0;
  std::uint64_t kernel_drops = 0;
  std::uint64_t own_drops = 0;
  int receive_buffer = 0;  // granted
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ReceiveResult, window_seconds, window_packets,
                                   window_process_cpu_ns, window_application_cpu_ns,
                                   window_calls_cpu_ns, window_switches,
                                   window_application_switches, window_without_header, p50_ns,
                                   p99_ns, p999_ns, longest_call_ns, drain_pps, total_packets,
                                   total_without_header, total_reordered, kernel_drops, own_drops,
                                   receive_buffer)

// The receiving process: opens the peer, prints ReceiverReady, obeys "begin", "end" and
// "finish" on standard input, prints ReceiveResult. Returns the exit status. Ends by
// itself when the runner's end of the pipe closes.
int run_receiver_process(const ReceiveTask& task, const ReceiverFactory& factory);

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_RIVALS_RECEIVER_PROCESS_H_
