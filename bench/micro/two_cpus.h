#ifndef RINGPEER_BENCH_MICRO_TWO_CPUS_H_
#define RINGPEER_BENCH_MICRO_TWO_CPUS_H_

#include <pthread.h>
#include <sched.h>

#include <cstddef>

namespace ringpeer::bench {

// Where the two ends of a hand-over run.
inline constexpr std::size_t kProducerCpu = 0;
inline constexpr std::size_t kConsumerCpu = 1;

// Keeps the calling thread on one CPU, and gives it back its freedom at the end.
// Failure: where the kernel refuses, the thread stays free and the figure is noisier.
class PinnedToCpu {
 public:
  explicit PinnedToCpu(std::size_t cpu) {
    pthread_getaffinity_np(pthread_self(), sizeof(before_), &before_);
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
  }
  ~PinnedToCpu() { pthread_setaffinity_np(pthread_self(), sizeof(before_), &before_); }
  PinnedToCpu(const PinnedToCpu&) = delete;
  PinnedToCpu& operator=(const PinnedToCpu&) = delete;

 private:
  cpu_set_t before_;
};

// Whether this thread may run on both.
inline bool has_two_cpus() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  pthread_getaffinity_np(pthread_self(), sizeof(allowed), &allowed);
  return CPU_ISSET(kProducerCpu, &allowed) && CPU_ISSET(kConsumerCpu, &allowed);
}

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_MICRO_TWO_CPUS_H_
