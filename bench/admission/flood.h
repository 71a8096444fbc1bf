#ifndef RINGPEER_BENCH_ADMISSION_FLOOD_H_
#define RINGPEER_BENCH_ADMISSION_FLOOD_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "ringpeer/bench/admission/sending_thread.h"
#include "ringpeer/tools/measure/pacer.h"

namespace ringpeer::bench {

// Datagrams of numbered sources, one of each in turn, from a thread of its own: at a rate, or at
// the highest that this machine makes.
//
// Threads: one starts and stops it.
class Flood {
 public:
  static constexpr std::size_t kBatch = 64;
  static constexpr double kFlatOut = 0;

  // Sends one datagram of each of these sources, kBatch at most; returns how many the kernel took.
  using Send = std::function<std::size_t(std::uint32_t first, std::size_t count)>;

  Flood(Send send, std::uint32_t sources, double packets_per_second = kFlatOut);

  void start();
  void stop() { thread_.stop(); }
  std::uint64_t sent() const { return thread_.sent(); }
  std::chrono::nanoseconds cpu_time() { return thread_.cpu_time(); }

 private:
  std::size_t send_some();
  std::size_t send_next(std::size_t count);

  const Send send_;
  const std::uint32_t sources_;
  const double packets_per_second_;
  std::optional<tools::Pacer> pacer_;
  std::uint32_t next_ = 0;
  SendingThread thread_;
};

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_ADMISSION_FLOOD_H_
