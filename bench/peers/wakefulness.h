#ifndef RINGPEER_BENCH_PEERS_WAKEFULNESS_H_
#define RINGPEER_BENCH_PEERS_WAKEFULNESS_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <thread>
#include <vector>

namespace ringpeer::bench {

// What waking up costs decides many a comparison of receivers, and on a virtual machine it
// depends on its CPUs: one that has halted is given back to the host and takes tens of
// microseconds to return, which the thread that was woken pays; one that has not halted, a few.

// CPU time that a thread of this machine pays for a sleep of 200 us on a CPU, in the mean.
std::chrono::nanoseconds cost_of_a_sleep(int cpu);

// Keeps CPUs from halting as long as it lives: on each, a thread that runs when nobody else
// wants to (SCHED_IDLE).
class Wakefulness {
 public:
  explicit Wakefulness(std::size_t cpus);
  ~Wakefulness();
  Wakefulness(const Wakefulness&) = delete;
  Wakefulness& operator=(const Wakefulness&) = delete;

 private:
  std::atomic<bool> ending_{false};
  std::vector<std::thread> threads_;
};

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_PEERS_WAKEFULNESS_H_
