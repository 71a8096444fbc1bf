#ifndef RINGPEER_ENGINE_STATS_COUNTERS_H_
#define RINGPEER_ENGINE_STATS_COUNTERS_H_

#include "ringpeer/codec/base/language.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ringpeer {

// Everything the engine counts. Conservation, tested under load:
//   received_packets = delivered_packets + those that wait + the sum of the drop_* counters
//   send_requested_packets = sent_packets + those that wait + the sum of the send_failed_* counters
// "Received" is what the kernel gave us; what the kernel itself dropped for want
// of socket buffer is kernel_drops.
enum class Counter : std::uint8_t {
  kReceivedPackets,
  kReceivedBytes,
  kDeliveredPackets,
  kDeliveredBytes,
  kDropPeerFull,
  kDropRingFull,
  kDropBudget,
  kDropPendingFull,
  kDropDenied,
  kDropSourceRate,
  kDropRemoteRate,
  kDropNewRate,
  kDropUnverified,
  kDropHandshake,
  kDropTruncated,
  kDropMalformed,
  kDropClosed,
  kDropWrongWorker,
  kDropNoMemory,
  kKernelDrops,
  kPendingReplaced,
  kChallengesSent,
  kChallengesUnsent,
  kSendRequestedPackets,
  kSentPackets,
  kSentBytes,
  kSendFailedQueueFull,
  kSendFailedRefused,
  kSendFailedUnverified,
  kSendFailedOther,
  kSendFailedClosed,
  kWakeups,
  kBufferStarved,
  kRearms,
  kSleepsCut,
  kCount,
};

struct CounterInfo {
  std::string_view name;  // snake_case, stable: what tools print and export
  std::string_view help;
  bool is_drop;  // counts packets that arrived and were not delivered
};

inline constexpr std::size_t kCounterCount = static_cast<std::size_t>(Counter::kCount);

const CounterInfo& counter_info(Counter counter);

// A consistent-enough copy: each counter is exact, their moment may differ slightly.
struct CounterSnapshot {
  std::array<std::uint64_t, kCounterCount> values{};

  std::uint64_t operator[](Counter counter) const {
    return values[static_cast<std::size_t>(counter)];
  }
  CounterSnapshot& operator+=(const CounterSnapshot& other);
  // The sum of the counters that are drops.
  std::uint64_t dropped_packets() const;
  // The sum of the send_failed_* counters.
  std::uint64_t unsent_packets() const;
};

// One thread's counters: add() belongs to the one writing thread, snapshot() to any.
class Counters {
 public:
  void add(Counter counter, std::uint64_t n) {
    auto& value = values_[static_cast<std::size_t>(counter)];
    // One writer: a load and a store are enough, and cheaper than a locked add.
    value.store(value.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  CounterSnapshot snapshot() const;

 private:
  std::array<std::atomic<std::uint64_t>, kCounterCount> values_{};
};

}  // namespace ringpeer

#endif  // RINGPEER_ENGINE_STATS_COUNTERS_H_
