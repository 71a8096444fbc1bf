#ifndef RINGPEER_WORKER_ERROR_LATCH_H_
#define RINGPEER_WORKER_ERROR_LATCH_H_

#include <atomic>

#include "ringpeer/net/local_address.h"

namespace ringpeer::worker {

// Where an errno that nobody was waiting for is left for whoever calls next: an ICMP
// error, a packet that could not be sent. One is kept, the latest.
//
// Threads: any.
class ErrorLatch {
 public:
  void set(int error) { error_.store(error, std::memory_order_release); }
  // The errno since the last call, or 0.
  int take() {
    if (error_.load(std::memory_order_relaxed) == 0) return 0;
    return error_.exchange(0, std::memory_order_acq_rel);
  }

 private:
  std::atomic<int> error_{0};
};

// A latch that also says which address packets leave from, for destinations that
// have to hear from the address they wrote to.
struct AddressedLatch : ErrorLatch {
  const net::LocalAddress* source = nullptr;  // null: the kernel chooses. Not owned.
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_WORKER_ERROR_LATCH_H_
