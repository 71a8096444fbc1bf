#ifndef RINGPEER_ENGINE_ADMISSION_TOKEN_BUCKET_H_
#define RINGPEER_ENGINE_ADMISSION_TOKEN_BUCKET_H_

#include <cassert>
#include <cstdint>

#include "ringpeer/engine/admission/admission_options.h"

namespace ringpeer::admission {

// What buckets count time in: sixteenths of a microsecond, so that the engine's clock is turned
// into ticks by a shift. 32 bits of them wrap every 268 s; only differences count.
inline constexpr int kTicksPerMicrosecondLog2 = 4;
// A source that was silent for so long, a quarter of the wrap, owes nothing: nobody can owe more.
// Whoever is refused was taken no longer ago than that; both together are less than half the wrap.
inline constexpr std::uint64_t kSilentUs = std::uint64_t{1} << (30 - kTicksPerMicrosecondLog2);

// A RateLimit in integers, worked out once. What a packet costs is rounded down to whole ticks, so
// that who keeps within the limit is never refused. That gives away less than a tick a packet: at
// 8,000 packets/s 0.05 %, at 1,000,000 up to 6 %. More than 16,000,000 packets/s are no limit.
//
// A plain value. Threads: any. Nothing here allocates.
class BucketRate {
 public:
  // Neither rates nor bursts may be so that a packet, or a burst, takes much more than a minute to
  // be paid off: a bucket's time wraps.
  static constexpr double kMinPacketsPerSecond = 1.0 / 60;
  static constexpr double kMinBytesPerSecond = 1200;  // kMaxBytes take 55 s
  static constexpr double kMaxBurstSeconds = 60;
  // Of a packet, or of a train.
  static constexpr std::uint32_t kMaxBytes = UINT16_MAX;
  // What a bucket owes at most, in ticks: 67 s, a quarter of the wrap.
  static constexpr std::int64_t kMaxOwed = std::int64_t{1} << 30;

  // Whether the constructor takes it: rates of 0, which are no limit, or from the least above on,
  // bursts from 0 to the most, nothing infinite and no NaN.
  static bool is_valid(const RateLimit& limit);

  // No limit.
  BucketRate() = default;
  // `limit`: a valid one.
  explicit BucketRate(const RateLimit& limit);

  std::uint64_t ticks_per_packet() const { return ticks_per_packet_; }
  // What so many bytes cost, in 2^-32 ticks.
  std::uint64_t fine_ticks_of(std::uint32_t bytes) const { return fine_ticks_per_byte_ * bytes; }
  // What may be owed, in ticks; where there is no limit kMaxOwed.
  std::int64_t packet_burst() const { return packet_burst_; }
  std::int64_t byte_burst() const { return byte_burst_; }

 private:
  std::uint64_t ticks_per_packet_ = 0;
  std::uint64_t fine_ticks_per_byte_ = 0;
  std::int64_t packet_burst_ = kMaxOwed;
  std::int64_t byte_burst_ = kMaxOwed;
};

// The two token buckets of one source, packets and bytes, each as the time when it is full (GCRA,
// the virtual scheduling of ITU-T I.371): there is nothing to refill. 8 bytes. One of zeros is full
// for a source that was never heard of; for one that was, it may owe: see full_bucket().
//
// Threads: the worker's.
struct Bucket {
  // Packets in the lower half, bytes in the upper one, in one word: take() looks at both at once.
  std::uint64_t full_at = 0;
};

// One that is full, for a source that was heard of without take().
inline Bucket full_bucket(std::uint64_t now_us) {
  const auto now = static_cast<std::uint32_t>(now_us << kTicksPerMicrosecondLog2);
  return {std::uint64_t{now} << 32 | now};
}

// take() for a source that owes something, or was silent for long, and for trains.
bool take_owing(Bucket& bucket, const BucketRate& rate, std::uint64_t now_us,
                std::uint64_t heard_us, std::uint32_t bytes, std::uint32_t packets) noexcept;

// take() for a single packet of a source that has paid all off, or says false. Costs 14
// instructions of x86-64 in a loop over packets of one now_us (counted with g++ 12 -O2).
inline bool take_paid_off(Bucket& bucket, const BucketRate& rate, std::uint64_t now_us,
                          std::uint32_t bytes) noexcept {
  constexpr std::uint64_t kSigns = 0x80000000'80000000;
  constexpr std::uint64_t kUpper = 0xffffffff'00000000;
  const auto now = static_cast<std::uint32_t>(now_us << kTicksPerMicrosecondLog2);
  const std::uint64_t both_now = full_bucket(now_us).full_at;
  // Whether neither lies ahead. The lower half may borrow from the upper one, which then seems to
  // owe a tick that it does not: that takes the longer way, to the same answer. After a silence of
  // more than half the wrap neither owes anything, whichever way is taken.
  if (((both_now - bucket.full_at) & kSigns) != 0) [[unlikely]]
    return false;
  const std::uint64_t both_after =
      std::uint64_t{now} << 32 | static_cast<std::uint32_t>(now + rate.ticks_per_packet());
  bucket.full_at = both_after + (rate.fine_ticks_of(bytes) & kUpper);
  return true;
}

// Takes what one packet, or a train of `packets` that have `bytes` together, costs from both
// buckets, or nothing and says false. What is larger than a whole bucket passes when it is full.
//
// now_us: the engine's clock. heard_us: when take() was last called for this source, whatever it
// said, or up to 1 s less (0: never). So heard_us may be a time that other reasons set, too, as
// long as nothing sets it without take() being called.
//
// Of a source that has paid all off, as players nearly always have, it is take_paid_off(); another
// one costs some 45 instructions.
inline bool take(Bucket& bucket, const BucketRate& rate, std::uint64_t now_us,
                 std::uint64_t heard_us, std::uint32_t bytes, std::uint32_t packets = 1) noexcept {
  assert(packets > 0 && bytes <= BucketRate::kMaxBytes);
  if (packets == 1 && take_paid_off(bucket, rate, now_us, bytes)) [[likely]]
    return true;
  return take_owing(bucket, rate, now_us, heard_us, bytes, packets);
}

// For how many ticks the source must be silent until both are full; 0: they are.
std::uint32_t owed_ticks(const Bucket& bucket, std::uint64_t now_us,
                         std::uint64_t heard_us) noexcept;

}  // namespace ringpeer::admission

#endif  // RINGPEER_ENGINE_ADMISSION_TOKEN_BUCKET_H_
