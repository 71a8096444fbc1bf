#ifndef RINGPEER_ENGINE_PEER_CONSUMER_LOOKS_H_
#define RINGPEER_ENGINE_PEER_CONSUMER_LOOKS_H_

#include "ringpeer/codec/base/clock.h"
#include "ringpeer/engine/wait/consumer_pace.h"
#include "ringpeer/engine/worker/worker_group.h"

namespace ringpeer::internal {

// Tells the workers when a consumer looks, where they plan their waits by that.
//
// Lifetime: the engine's workers and the pace outlive it.
// Threads: the consumer's.
class ConsumerLooks {
 public:
  ConsumerLooks(worker::WorkerGroup& workers, wait::ConsumerPace& pace)
      : workers_(workers), pace_(pace), are_wanted_(workers.at(0).waits().is_automatic()) {}

  // Constant.
  bool are_wanted() const { return are_wanted_; }
  // It has looked where it knew of nothing more; `found`: there was something.
  void record(bool found) {
    if (are_wanted_ && pace_.wants_looks())
      pace_.record_look(workers_.us_of(base::Clock::now()), found);
  }

 private:
  worker::WorkerGroup& workers_;
  wait::ConsumerPace& pace_;
  const bool are_wanted_;
};

}  // namespace ringpeer::internal

#endif  // RINGPEER_ENGINE_PEER_CONSUMER_LOOKS_H_
