#include "ringpeer/bench/admission/sending_thread.h"

#include <pthread.h>
#include <time.h>

#include <utility>

namespace ringpeer::bench {

void SendingThread::start(std::function<std::size_t()> send_some) {
  stop();
  stops_ = false;
  thread_ = std::thread([this, send = std::move(send_some)] {
    while (!stops_.load(std::memory_order_relaxed)) {
      sent_.fetch_add(send(), std::memory_order_relaxed);
    }
  });
}

void SendingThread::stop() {
  stops_ = true;
  if (thread_.joinable()) thread_.join();
}

std::chrono::nanoseconds SendingThread::cpu_time() {
  clockid_t clock = 0;
  timespec time{};
  if (!thread_.joinable() || ::pthread_getcpuclockid(thread_.native_handle(), &clock) != 0 ||
      ::clock_gettime(clock, &time) != 0) {
    return {};
  }
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace ringpeer::bench
