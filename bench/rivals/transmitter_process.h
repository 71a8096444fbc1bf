#ifndef RINGPEER_BENCH_RIVALS_TRANSMITTER_PROCESS_H_
#define RINGPEER_BENCH_RIVALS_TRANSMITTER_PROCESS_H_

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ringpeer/bench/rivals/transmitter.h"

namespace ringpeer::bench {

// What the application sends each tick.
enum class Pattern {
  kFanOut,      // 64 packets a millisecond, to the next 64 destinations in turn
  kGrouped,     // 8 packets to each destination every 8 ms, one destination after the other
  kRoundRobin,  // the same packets, one to each destination, eight times over
  kToOne,       // 64 packets a millisecond, all to the first destination
};
NLOHMANN_JSON_SERIALIZE_ENUM(Pattern, {{Pattern::kFanOut, "fan_out"},
                                       {Pattern::kGrouped, "grouped"},
                                       {Pattern::kRoundRobin, "round_robin"},
                                       {Pattern::kToOne, "to_one"}})

struct TransmitTask {
  std::string peer;
  int cpu = 0;
  Pattern pattern = Pattern::kFanOut;
  std::size_t size = 64;
  std::vector<int> ports;
  bool incoming = false;  // packets come in meanwhile, taken before each tick's puts
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(TransmitTask, peer, cpu, pattern, size, ports, incoming)

// A port other than 0 asks for a packet from each destination before the first tick.
struct TransmitterReady {
  int port = 0;
  int incoming_port = 0;  // 0: nothing is to come in
  std::string error;
  std::string description;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(TransmitterReady, port, incoming_port, error, description)

struct TransmitResult {
  double window_seconds = 0;
  std::uint64_t window_packets = 0;
  std::uint64_t window_process_cpu_ns = 0;
  std::uint64_t window_calling_cpu_ns = 0;  // inside put() and end_tick() only
  std::uint64_t longest_call_ns = 0;        // one tick's puts
  std::uint64_t total_put = 0;              // put() was called
  std::uint64_t total_refused = 0;          // put() said no
  std::uint64_t total_failed = 0;           // accepted, not given to the kernel
  std::uint64_t window_taken = 0;           // of what came in
  std::uint64_t total_taken = 0;
  std::uint64_t incoming_kernel_drops = 0;
  std::uint64_t incoming_own_drops = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(TransmitResult, window_seconds, window_packets,
                                   window_process_cpu_ns, window_calling_cpu_ns, longest_call_ns,
                                   total_put, total_refused, total_failed, window_taken,
                                   total_taken, incoming_kernel_drops, incoming_own_drops)

// The measured process of the send cases: prints TransmitterReady, obeys "begin", "end"
// and "finish", prints TransmitResult. Returns the exit status.
// Threads: the main one; Control has one of its own.
int run_transmitter_process(const TransmitTask& task, const TransmitterFactory& factory);

// The destinations: sockets with the smallest buffer, soon full, so that receiving costs
// as little as it can. Ready line, "hello PORT" where the peer wants it, "finish", result
// line.
struct SinkReady {
  std::vector<int> ports;
  std::string error;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SinkReady, ports, error)
struct SinkResult {
  std::uint64_t received = 0;
  std::uint64_t dropped = 0;  // by the kernel, for want of buffer
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SinkResult, received, dropped)
int run_sink_process(int cpu, int sockets);

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_RIVALS_TRANSMITTER_PROCESS_H_
