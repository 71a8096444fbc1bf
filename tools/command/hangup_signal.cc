#include "ringpeer/tools/command/hangup_signal.h"

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

}  // namespace

HangupSignal::HangupSignal() {
  g_is_asked.store(false, std::memory_order_relaxed);
  struct sigaction action = {};
  action.sa_handler = remember;
  // What sleeps looks soon enough by itself.
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  if (sigaction(SIGHUP, &action, &previous_) == 0) return;
  // The run goes on without.
  say(std::string("SIGHUP cannot be caught (") + std::strerror(errno) +
      "): files are not read again.");
}

HangupSignal::~HangupSignal() { sigaction(SIGHUP, &previous_, nullptr); }

bool HangupSignal::take() { return g_is_asked.exchange(false, std::memory_order_relaxed); }

}  // namespace ringpeer::tools
