#ifndef RINGPEER_BENCH_ADMISSION_SENDING_THREAD_H_
#define RINGPEER_BENCH_ADMISSION_SENDING_THREAD_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <thread>

namespace ringpeer::bench {

// A thread that sends until it is stopped, and what it takes of the processor: that is none of the
// engine's.
//
// Threads: one starts and stops it; sent() any.
class SendingThread {
 public:
  SendingThread() = default;
  ~SendingThread() { stop(); }
  SendingThread(const SendingThread&) = delete;
  SendingThread& operator=(const SendingThread&) = delete;

  // send_some is called again and again, and says how many datagrams the kernel has taken. Between
  // the calls nothing sleeps.
  void start(std::function<std::size_t()> send_some);
  void stop();

  // Since it was made.
  std::uint64_t sent() const { return sent_.load(std::memory_order_relaxed); }
  // Of the thread while it runs; 0 when it does not.
  std::chrono::nanoseconds cpu_time();

 private:
  std::atomic<bool> stops_{false};
  std::atomic<std::uint64_t> sent_{0};
  std::thread thread_;
};

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_ADMISSION_SENDING_THREAD_H_
