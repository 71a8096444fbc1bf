#include "ringpeer/tools/command/status_signal.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>

#include "ringpeer/tools/command/diagnostics.h"

namespace ringpeer::tools {
namespace {

std::atomic<bool> g_is_asked{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may not take a lock");

void remember(int /*number*/) { g_is_asked.store(true, std::memory_order_relaxed); }

// The run goes on without.
void is_not_caught() {
  say(std::string("SIGUSR1 cannot be caught (") + std::strerror(errno) +
      "): it would end this program without a report.");
}

}  // namespace

StatusSignal::StatusSignal() {
  g_is_asked.store(false, std::memory_order_relaxed);
  if (sigaction(SIGUSR1, nullptr, &previous_) != 0) {
    is_not_caught();
    return;
  }
  if (previous_.sa_handler == SIG_IGN) return;
  struct sigaction action = {};
  action.sa_handler = remember;
  // What sleeps looks soon enough by itself.
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  if (sigaction(SIGUSR1, &action, nullptr) != 0) is_not_caught();
}

StatusSignal::~StatusSignal() { sigaction(SIGUSR1, &previous_, nullptr); }

bool StatusSignal::take() { return g_is_asked.exchange(false, std::memory_order_relaxed); }

}  // namespace ringpeer::tools
