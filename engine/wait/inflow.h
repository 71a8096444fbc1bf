#ifndef RINGPEER_ENGINE_WAIT_INFLOW_H_
#define RINGPEER_ENGINE_WAIT_INFLOW_H_

#include <cstddef>
#include <cstdint>

#include "ringpeer/engine/wait/consumer_pace.h"
#include "ringpeer/engine/wait/rhythm.h"

namespace ringpeer::wait {

// What the kernel charges a socket's buffer for a datagram with so many bytes of payload, on
// loopback and where a driver copies small ones: the rounded memory of its data, of 576 bytes at
// least, and what describes it. Source: __alloc_skb() and SKB_TRUESIZE of Linux 6.18, and
// SO_MEMINFO, which shows 832 bytes for 64 of payload, 1,280 for 512, 2,304 for 1,200.
std::uint64_t kernel_charge(std::uint64_t payload_bytes);

// What comes into one socket, and how its consumer takes it: from which follows how long its worker
// may sleep.
//
// Threads: the worker's.
// Lifetime: that of a sink; the pace is there as long.
class Inflow {
 public:
  explicit Inflow(ConsumerPace* pace) : pace_(pace) {}

  // The socket's receive buffer as the kernel counts it, in bytes.
  void set_buffer(std::uint64_t bytes) { buffer_bytes_ = bytes; }
  ConsumerPace& pace() const { return *pace_; }
  const Rhythm& rhythm() const { return rhythm_; }

  // Whether the worker's wait is planned with it.
  bool is_active() const { return is_active_; }
  void set_active(bool active) { is_active_ = active; }

  // Packets have come, of so many bytes together.
  void record(std::uint64_t packets, std::uint64_t bytes) {
    packets_ += packets;
    bytes_ += bytes;
  }
  // The worker has taken what there was: what came since the last time tells the rate.
  void end_look(std::uint64_t now_us);
  bool is_quiet(std::uint64_t now_us) const { return now_us - last_came_us_ > kQuietUs; }

  // What the buffer holds of such packets as came last, and the time until it is full at the rate
  // of late; 0 when nothing has come.
  std::uint64_t buffer_packets() const {
    return packet_charge_ == 0 ? 0 : buffer_bytes_ / packet_charge_;
  }
  std::uint64_t buffer_us() const;
  // How long may pass until as much has come as the buffer should hold at most while nobody looks.
  std::uint64_t longest_sleep_us() const;
  // When the last look before the tick is to be, and the one before it: that takes the time to
  // bring what has come in a whole sleep, and leaves little to the last.
  struct Lead {
    std::uint64_t last_us = 0;
    std::uint64_t bulk_us = 0;  // before the last; 0: there is little to bring
  };
  // When to look next, for who is known to tick: at equal distances up to `longest_us`, and then
  // just before the tick.
  std::uint64_t next_look_us(std::uint64_t now_us, std::uint64_t longest_us,
                             const Lead& lead) const;
  // Whether a tick that was due has not come.
  bool is_tick_late(std::uint64_t now_us) const;

 private:
  // A look that would come so soon after another is none of its own.
  static constexpr std::uint64_t kSameLookUs = 50;
  // Without packets for so long, it has no part in the worker's wait: the next one wakes it.
  static constexpr std::uint64_t kQuietUs = 1'000'000;
  // What may come while nobody looks: the rest is for a sleep that ends late, and for a burst.
  static constexpr std::uint64_t kShareOfBuffer = 4;
  // A rate that may begin at any time, in a sleep that was planned for less: 100,000 small packets
  // a second. The whole buffer is to hold that.
  static constexpr std::uint64_t kSuddenBytesPerMs = 83'200;

  ConsumerPace* const pace_;
  Rhythm rhythm_;
  std::uint64_t buffer_bytes_ = 0;
  std::uint64_t packets_ = 0;  // since the last look
  std::uint64_t bytes_ = 0;
  std::uint64_t packet_charge_ = 0;  // of those that came last, on the average
  std::uint64_t charge_per_ms_ = 0;
  std::uint64_t last_look_us_ = 0;
  std::uint64_t last_came_us_ = 0;
  bool is_active_ = false;
};

}  // namespace ringpeer::wait

#endif  // RINGPEER_ENGINE_WAIT_INFLOW_H_
