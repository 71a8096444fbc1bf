#include "ringpeer/engine/worker/inline_pump.h"

namespace ringpeer::worker {

std::size_t InlinePump::step(std::chrono::milliseconds longest_wait) {
  if (worker_ == nullptr || life_.is_over()) return 0;
  const std::size_t taken = worker_->pump(longest_wait);
  const bool may_be_more = taken >= backend::kBatchSize;
  next_ = base::Clock::now();
  if (!may_be_more) next_ += latency_budget_;
  return taken;
}

void InlinePump::step_if_due() {
  if (worker_ != nullptr && is_due()) step();
}

}  // namespace ringpeer::worker
