#include "ringpeer/engine/worker/worker_wait.h"

#include <utility>

#include "ringpeer/engine/net/socket.h"

namespace ringpeer::worker {

void WorkerWait::add(DatagramSink& sink, int descriptor) {
  wait::Inflow* const inflow = sink.inflow();
  if (!is_automatic() || inflow == nullptr) return;
  inflow->set_buffer(static_cast<std::uint64_t>(net::receive_buffer_of(descriptor)));
  planner_.attach(*inflow);
}

void WorkerWait::remove(DatagramSink& sink) {
  if (wait::Inflow* const inflow = sink.inflow()) planner_.forget(*inflow);
}

void WorkerWait::end_automatic_step(std::uint64_t now_us, std::size_t taken) {
  planner_.end_step(now_us, taken, std::exchange(woken_, 0));
  const std::uint64_t cut = planner_.cut_sleeps();
  counters_.add(Counter::kSleepsCut, cut - std::exchange(seen_cut_sleeps_, cut));
}

}  // namespace ringpeer::worker
