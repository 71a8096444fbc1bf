#ifndef RINGPEER_ENGINE_ADMISSION_SOURCE_BUCKETS_H_
#define RINGPEER_ENGINE_ADMISSION_SOURCE_BUCKETS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "ringpeer/engine/admission/token_bucket.h"
#include "ringpeer/engine/net/ip_address.h"

namespace ringpeer::admission {

// The buckets of strangers, by source: an IPv4 address, or an IPv6 /64, which is what one line of
// a provider has. All link-local addresses are one /64, and so one source.
//
// It takes the same memory however many sources there are. When a set of four is full, a newcomer
// replaces the source that owes least, so forged addresses, each of which owes a packet for a
// moment, do not drive out one that floods. What is replaced is forgiven: no source that keeps
// within the rate is ever refused, and more than four sources of one set that flood together are
// limited less.
//
// Which set is nobody's choice: sources are found by a keyed hash (SipHash-1-3). Of it 44 bits
// count; a newcomer shares the bucket of another source with a chance of 2^-30.
//
// Threads: the worker's. Nothing here allocates but create().
class SourceBuckets {
 public:
  // 256 KiB, which stays in a second-level cache. A worker handles some 1,000,000 packets/s: of so
  // many sources that flood it together each has 60, far below any rate.
  static constexpr std::size_t kEntries = 16384;

  // Null: no memory.
  static std::unique_ptr<SourceBuckets> create(const BucketRate& rate);

  // take() of the source's own bucket, which is a full one if the source is new.
  bool take(const net::IpAddress& source, std::uint64_t now_us, std::uint32_t bytes,
            std::uint32_t packets = 1) noexcept;

  // How many sources were replaced that owed something still: beside the number of packets taken
  // it tells whether the table is large enough.
  std::uint64_t forgiven() const { return forgiven_; }
  static constexpr std::size_t memory() { return sizeof(SourceBuckets); }

 private:
  static constexpr std::size_t kWays = 4;  // of a cache line
  static constexpr std::size_t kSets = kEntries / kWays;
  // 32 bits of it last for 142 years; fine enough beside kSilentUs.
  static constexpr int kHeardUnitLog2 = 20;  // microseconds

  // As it is made, a source that was never heard of: it owes nothing, whoever finds it.
  struct Entry {
    std::uint32_t tag = 0;  // of the hash
    std::uint32_t heard = 0;
    Bucket bucket;
  };
  struct alignas(64) Set {
    std::array<Entry, kWays> entries;
  };
  static_assert(sizeof(Set) == 64);

  explicit SourceBuckets(const BucketRate& rate);

  std::uint64_t hash_of(const net::IpAddress& source) const;
  static std::uint64_t heard_us(const Entry& entry) {
    return std::uint64_t{entry.heard} << kHeardUnitLog2;
  }
  Entry& entry_for(std::uint64_t hash, std::uint64_t now_us);

  std::array<Set, kSets> sets_;
  const BucketRate rate_;
  std::array<std::uint64_t, 2> key_;
  std::uint64_t forgiven_ = 0;
};

}  // namespace ringpeer::admission

#endif  // RINGPEER_ENGINE_ADMISSION_SOURCE_BUCKETS_H_
