#ifndef RINGPEER_ENGINE_WORKER_STRAY_ERRORS_H_
#define RINGPEER_ENGINE_WORKER_STRAY_ERRORS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "ringpeer/codec/base/mutex.h"
#include "ringpeer/engine/net/error_queue.h"

namespace ringpeer::worker {

// ICMP errors that came to another worker of a server than the one that has the remote: the
// kernel finds a socket for them by a hash of its own, wherever datagrams are steered to. A
// worker leaves here what it has no remote for, and all look whether they have.
//
// Threads: any. The lock is far from the path of packets.
class StrayErrors {
 public:
  // How many errors came before those that its holder has not seen.
  using Position = std::uint64_t;

  void add(const net::ReturnedError& error) RINGPEER_EXCLUDES(mutex_);
  // The oldest that was not seen. False when there is none.
  bool next(Position* seen, net::ReturnedError* error) RINGPEER_EXCLUDES(mutex_);

 private:
  // Anybody can send any number of forged ones: the oldest make room. A dead remote's come
  // again with each packet that is put for it.
  static constexpr std::size_t kEntries = 256;

  std::atomic<Position> count_{0};  // written with mutex_ locked
  base::Mutex mutex_;
  std::array<net::ReturnedError, kEntries> entries_ RINGPEER_GUARDED_BY(mutex_){};
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_WORKER_STRAY_ERRORS_H_
