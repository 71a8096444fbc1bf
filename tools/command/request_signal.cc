#include "ringpeer/tools/command/request_signal.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "ringpeer/tools/command/diagnostics.h"

namespace ringpeer::tools {
namespace {

// By number.
std::array<std::atomic<bool>, NSIG> g_is_asked{};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may not take a lock");

std::atomic<bool>& is_asked(int number) { return g_is_asked[static_cast<std::size_t>(number)]; }

void remember(int number) { is_asked(number).store(true, std::memory_order_relaxed); }

}  // namespace

RequestSignal::RequestSignal(int number, WhenIgnored when_ignored, const std::string& otherwise)
    : number_(number) {
  is_asked(number).store(false, std::memory_order_relaxed);
  bool is_caught = sigaction(number, nullptr, &previous_) == 0;
  if (is_caught && previous_.sa_handler == SIG_IGN && when_ignored == WhenIgnored::kStaysSo) return;
  struct sigaction action = {};
  action.sa_handler = remember;
  // What sleeps looks soon enough by itself.
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  is_caught = is_caught && sigaction(number, &action, nullptr) == 0;
  // The run goes on without.
  if (!is_caught) {
    say(std::string("SIG") + sigabbrev_np(number) + " cannot be caught (" + std::strerror(errno) +
        "): " + otherwise);
  }
}

RequestSignal::~RequestSignal() { sigaction(number_, &previous_, nullptr); }

bool RequestSignal::take() { return is_asked(number_).exchange(false, std::memory_order_relaxed); }

}  // namespace ringpeer::tools
