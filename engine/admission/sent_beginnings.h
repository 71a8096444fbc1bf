#ifndef RINGPEER_ENGINE_ADMISSION_SENT_BEGINNINGS_H_
#define RINGPEER_ENGINE_ADMISSION_SENT_BEGINNINGS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "ringpeer/engine/net/endpoint.h"

namespace ringpeer::admission {

// What the quote in an ICMP error proves: that its sender has seen a packet on its way to the
// destination; nothing, because it is too short; that its sender has made it up.
enum class QuoteVerdict : std::uint8_t { kProved, kShort, kForged };

// How the packets began that were sent lately, by destination, as a keyed hash: what the quotes in
// ICMP errors are held against. An error has addresses and ports, which a forger knows; the payload
// only who is on the way, or at its end, has seen.
//
// Anybody may send any number of errors: a look touches one cache line.
//
// Never said to be forged: a quote of what was sent to that destination within kWindowUs, unless
// it was overwritten. Each of 4,096 sets keeps the last 15 packets that fall into it by the hash,
// so that of a packet which N others have followed since the chance is that of 15 or more in a
// Poisson distribution of mean N / 4096: after 8,192 1 in 10^9, after 16,384 2 in 100,000, after
// 32,768 1.7 %. At 100,000 packets/s a quote must come within 160 ms. An error that is lost so
// comes again with the next packet.
//
// Said to be proved of what was never sent: with a chance of 2^-16 at most for each quote, whatever
// is in it, so that of n forged ones any passes with n * 2^-16 (multilinear hashing collides with
// 2^-32, and there are at most 61,440 to collide with). Also if it is what was sent a multiple of
// 67 s ago.
//
// Threads: any; of two that record into one set at a time one may overwrite the other. Nothing here
// allocates but create().
class SentBeginnings {
 public:
  // The part of a payload that counts. Who quotes payload at all quotes far more (RFC 4443, RFC
  // 1812 and RFC 4884 ask for 576 bytes, or 128 of the packet), and a beginning of a few bytes is
  // easily guessed: those of a Variant are its type.
  static constexpr std::size_t kBytes = 32;
  // Payloads that are shorter are guessed: they prove nothing.
  static constexpr std::size_t kMinBytes = 8;
  // How long a router on the way tries to reach the next machine, 3 s in Linux, and a round trip.
  static constexpr std::uint64_t kWindowUs = 4'000'000;

  // Null: no memory (256 KiB).
  static std::unique_ptr<SentBeginnings> create();

  // The time for the next three: every caller's clock is the same.
  static std::uint64_t now_us();

  // A packet has been sent. now_us: of one clock for all calls, to 100 ms.
  void record(const net::Endpoint& destination, std::span<const std::uint8_t> payload,
              std::uint64_t now_us) noexcept;

  // What a quote proves that came back for a packet to `destination`. quote: the payload in it, of
  // any length; what is behind kBytes is not looked at.
  QuoteVerdict judge(const net::Endpoint& destination, std::span<const std::uint8_t> quote,
                     std::uint64_t now_us) const noexcept;

  // Whether a packet that began so was sent there lately. At least kMinBytes.
  bool has(const net::Endpoint& destination, std::span<const std::uint8_t> beginning,
           std::uint64_t now_us) const noexcept;

  static constexpr std::size_t memory() { return sizeof(SentBeginnings); }

 private:
  static constexpr std::size_t kSets = 4096;
  static constexpr std::size_t kEntriesPerSet = 15;
  static constexpr std::size_t kEndpointWords = sizeof(net::Endpoint) / sizeof(std::uint32_t);
  static constexpr std::size_t kWords = kEndpointWords + kBytes / sizeof(std::uint32_t);

  // The upper 20 bits of a hash, whose lower 12 are the set, over 12 bits of time.
  static constexpr std::uint32_t kTimeMask = kSets - 1;
  static constexpr int kTimeUnitLog2 = 14;  // microseconds
  // Both ends are rounded down.
  static constexpr std::uint32_t kWindowUnits = (kWindowUs >> kTimeUnitLog2) + 1;
  // 131 ms: an error may be looked at with a time that was read before the packet was sent.
  static constexpr std::uint32_t kUnitsAhead = 8;
  static_assert(kWindowUnits + kUnitsAhead <= kTimeMask / 2);

  // A ring, oldest first to be overwritten.
  struct alignas(64) Set {
    std::atomic<std::uint32_t> next{0};
    std::array<std::atomic<std::uint32_t>, kEntriesPerSet> entries{};
  };
  static_assert(sizeof(Set) == 64);

  SentBeginnings();

  // Of no more than kBytes, and as if zeros followed.
  std::uint32_t hash_of(const net::Endpoint& destination,
                        std::span<const std::uint8_t> beginning) const noexcept;

  std::array<Set, kSets> sets_;
  std::array<std::uint64_t, kWords + 1> keys_;
};

}  // namespace ringpeer::admission

#endif  // RINGPEER_ENGINE_ADMISSION_SENT_BEGINNINGS_H_
