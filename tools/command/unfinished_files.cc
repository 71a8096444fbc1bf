#include "ringpeer/tools/command/unfinished_files.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>

namespace ringpeer::tools {
namespace {

// A run has four.
constexpr std::size_t kMaxFiles = 16;
constexpr std::array<int, 4> kSignals = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

std::array<std::atomic<const char*>, kMaxFiles> g_names = {};
std::atomic<pid_t> g_owner{0};
static_assert(std::atomic<const char*>::is_always_lock_free &&
                  std::atomic<pid_t>::is_always_lock_free,
              "a signal handler may not take a lock");

// A StopSignal, which is there already or comes later, does its part by itself.
void take_signals() {
  for (const int number : kSignals) {
    struct sigaction action = {};
    if (sigaction(number, nullptr, &action) != 0 || action.sa_handler != SIG_DFL) continue;
    action = {};
    action.sa_handler = end_by_signal;
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, nullptr);
  }
}

}  // namespace

void remember_unfinished(const char* name) {
  if (g_owner.exchange(::getpid()) != ::getpid()) {
    // What was there is of the process that this one comes from.
    for (auto& slot : g_names) slot.store(nullptr);
  }
  take_signals();
  for (auto& slot : g_names) {
    const char* free = nullptr;
    if (slot.compare_exchange_strong(free, name)) return;
  }
}

void forget_unfinished(const char* name) {
  for (auto& slot : g_names) {
    const char* own = name;
    if (slot.compare_exchange_strong(own, nullptr)) return;
  }
}

void remove_unfinished() noexcept {
  if (g_owner.load() != ::getpid()) return;
  const int before = errno;
  for (auto& slot : g_names) {
    const char* const name = slot.exchange(nullptr);
    if (name != nullptr) ::unlink(name);
  }
  errno = before;
}

void end_by_signal(int number) noexcept {
  remove_unfinished();
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  sigemptyset(&action.sa_mask);
  sigaction(number, &action, nullptr);
  // While its handler runs it waits.
  ::raise(number);
}

}  // namespace ringpeer::tools
