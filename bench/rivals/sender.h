#ifndef RINGPEER_BENCH_RIVALS_SENDER_H_
#define RINGPEER_BENCH_RIVALS_SENDER_H_

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

namespace ringpeer::bench {

struct SendTask {
  int port = 0;
  int cpu = 1;
  std::size_t size = 64;
  int remotes = 1;
  double packets_per_second = 0;  // 0: as fast as possible
  int train = 0;                  // packets a UDP_SEGMENT train; 0: none
  // One packet in so many is an ordinary one, the others are zero-length ones of one
  // remote; 0: all are ordinary.
  int ordinary_one_in = 0;
  double seconds = 1;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SendTask, port, cpu, size, remotes, packets_per_second, train,
                                   ordinary_one_in, seconds)

struct SendResult {
  std::string error;
  double seconds = 0;
  std::uint64_t sent = 0;
  std::uint64_t sent_zero_length = 0;  // part of sent
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SendResult, error, seconds, sent, sent_zero_length)

// The sending process: one socket a remote, packets in turn over the remotes.
// Threads: the calling one. Failure: the result says it in `error`.
SendResult send_packets(const SendTask& task);

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_RIVALS_SENDER_H_
