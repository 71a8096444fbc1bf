#ifndef RINGPEER_ENGINE_SEND_ERROR_LATCH_H_
#define RINGPEER_ENGINE_SEND_ERROR_LATCH_H_

#include <atomic>
#include <cstdint>

namespace ringpeer::worker {

// Where an errno that nobody was waiting for is left for whoever calls next: an ICMP
// error, a packet that could not be sent. One is kept, the latest.
//
// Threads: any.
class ErrorLatch {
 public:
  void set(int error) {
    error_.store(error, std::memory_order_release);
    count_change();
  }
  // The errno since the last call, or 0.
  int take() {
    if (error_.load(std::memory_order_relaxed) == 0) return 0;
    return error_.exchange(0, std::memory_order_acq_rel);
  }

  // Another number after each error that is left anywhere in the process: who remembers it
  // need not look for one of its own, cold among thousands, before each packet.
  static std::uint32_t changes() { return changes_.load(std::memory_order_acquire); }
  static void count_change() { changes_.fetch_add(1, std::memory_order_release); }

 private:
  static inline std::atomic<std::uint32_t> changes_{0};
  std::atomic<int> error_{0};
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_SEND_ERROR_LATCH_H_
