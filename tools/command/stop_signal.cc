#include "ringpeer/tools/command/stop_signal.h"

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>

#include "ringpeer/tools/command/diagnostics.h"
#include "ringpeer/tools/command/unfinished_files.h"

namespace ringpeer::tools {
namespace {

std::atomic<int> g_signal_number{0};
std::atomic<unsigned> g_seen{0};  // a bit for each signal that came
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<unsigned>::is_always_lock_free,
              "a signal handler may not take a lock");

// The run goes on: its result is worth something, and what it was started for goes on, too.
void is_not_caught(int number) {
  say("signal " + std::to_string(number) + " cannot be caught (" + std::strerror(errno) +
      "): it would end this program without a report.");
}

void remember(int number) {
  const unsigned bit = 1U << static_cast<unsigned>(number);
  if ((g_seen.fetch_or(bit, std::memory_order_relaxed) & bit) != 0) return end_by_signal(number);
  g_signal_number.store(number, std::memory_order_relaxed);
}

}  // namespace

StopSignal::StopSignal() {
  g_signal_number.store(0, std::memory_order_relaxed);
  g_seen.store(0, std::memory_order_relaxed);
  for (std::size_t i = 0; i < kSignals.size(); ++i) take(kSignals[i], &previous_[i]);
}

void StopSignal::take(int number, struct sigaction* previous) {
  if (sigaction(number, nullptr, previous) != 0) return is_not_caught(number);
  // nohup, or a shell that put the program into the background.
  if (previous->sa_handler == SIG_IGN) return;
  struct sigaction action = {};
  action.sa_handler = remember;
  // No SA_RESTART: a sleeping main loop must wake and look at requested().
  sigemptyset(&action.sa_mask);
  if (sigaction(number, &action, nullptr) != 0) is_not_caught(number);
}

StopSignal::~StopSignal() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &previous_[i], nullptr);
}

int StopSignal::number() const { return g_signal_number.load(std::memory_order_relaxed); }

}  // namespace ringpeer::tools
