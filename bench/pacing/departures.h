#ifndef RINGPEER_BENCH_PACING_DEPARTURES_H_
#define RINGPEER_BENCH_PACING_DEPARTURES_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ringpeer::bench {

// When UDP packets to a port left on the loopback interface, by the kernel's clock: what a
// generator says of its own times is not asked.
// Threads: one, and one of its own between start() and stop(). Needs CAP_NET_RAW.
class Departures {
 public:
  Departures();
  ~Departures();
  Departures(const Departures&) = delete;
  Departures& operator=(const Departures&) = delete;

  // Packets with fewer bytes of payload are another thing's: a greeting, a word at the end.
  // "" or what went wrong.
  std::string start(std::uint16_t port, std::size_t payload_bytes);
  // Ascending. Once.
  std::vector<std::chrono::nanoseconds> stop();
  // Packets of which no time was taken. After stop().
  std::uint64_t dropped() const;

 private:
  struct Capture;
  std::unique_ptr<Capture> capture_;
};

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_PACING_DEPARTURES_H_
