#include "ringpeer/tools/stop_signal.h"

#include <atomic>

namespace ringpeer::tools {
namespace {

std::atomic<int> g_signal_number{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may not take a lock");

void remember(int number) { g_signal_number.store(number, std::memory_order_relaxed); }

}  // namespace

StopSignal::StopSignal() {
  g_signal_number.store(0, std::memory_order_relaxed);
  struct sigaction action = {};
  action.sa_handler = remember;
  // No SA_RESTART: a sleeping main loop must wake and look at requested().
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &previous_interrupt_);
  sigaction(SIGTERM, &action, &previous_terminate_);
}

StopSignal::~StopSignal() {
  sigaction(SIGINT, &previous_interrupt_, nullptr);
  sigaction(SIGTERM, &previous_terminate_, nullptr);
}

int StopSignal::number() const { return g_signal_number.load(std::memory_order_relaxed); }

}  // namespace ringpeer::tools
