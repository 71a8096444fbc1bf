#include "ringpeer/tools/stop_signal.h"

#include <atomic>
#include <cstddef>

namespace ringpeer::tools {
namespace {

std::atomic<int> g_signal_number{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may not take a lock");

void remember(int number) { g_signal_number.store(number, std::memory_order_relaxed); }

}  // namespace

StopSignal::StopSignal() {
  g_signal_number.store(0, std::memory_order_relaxed);
  for (std::size_t i = 0; i < kSignals.size(); ++i) take(kSignals[i], &previous_[i]);
}

void StopSignal::take(int number, struct sigaction* previous) {
  sigaction(number, nullptr, previous);
  // nohup, or a shell that put the program into the background.
  if (previous->sa_handler == SIG_IGN) return;
  struct sigaction action = {};
  action.sa_handler = remember;
  // No SA_RESTART: a sleeping main loop must wake and look at requested().
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigemptyset(&action.sa_mask);
  sigaction(number, &action, nullptr);
}

StopSignal::~StopSignal() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &previous_[i], nullptr);
}

int StopSignal::number() const { return g_signal_number.load(std::memory_order_relaxed); }

}  // namespace ringpeer::tools
