#ifndef RINGPEER_ENGINE_ADMISSION_ERROR_WITNESS_H_
#define RINGPEER_ENGINE_ADMISSION_ERROR_WITNESS_H_

#include <atomic>
#include <cstdint>

#include "ringpeer/engine/admission/sent_beginnings.h"

namespace ringpeer::admission {

// Whether ICMP errors make a remote count as gone: one error whose quote is proved, or three whose
// quotes are too short to prove anything, and a second afterwards in which nothing came from the
// remote. A forged error so does nothing to who goes on sending.
//
// 4 bytes, all zeros at first. Threads: one worker writes; any may ask.
class ErrorWitness {
 public:
  // A router that quotes too little quotes each packet so: three cost a dead remote three packets.
  static constexpr std::uint32_t kMinShortErrors = 3;
  // Far more than lies between two packets of a client that is at play.
  static constexpr std::uint64_t kSilenceUs = 1'000'000;

  // An error has come. What is told already stands: errors that follow do not prolong the second.
  void record(QuoteVerdict verdict, std::uint64_t now_us) {
    const std::uint32_t state = state_.load(std::memory_order_relaxed);
    const std::uint32_t errors = state >> kTimeBits;
    if (verdict == QuoteVerdict::kForged || errors == kMinShortErrors) return;
    const std::uint32_t more = verdict == QuoteVerdict::kProved ? kMinShortErrors : errors + 1;
    state_.store(more << kTimeBits | time_at(now_us), std::memory_order_relaxed);
  }

  // Whether so many have come that it counts as gone unless something comes from it.
  bool is_told() const { return is_told(state_.load(std::memory_order_relaxed)); }

  // Something has come from the remote.
  void clear() {
    if (state_.load(std::memory_order_relaxed) != 0) [[unlikely]]
      state_.store(0, std::memory_order_relaxed);
  }

  // From 1.05 to 1.12 s after the error that told it on, for 400 days. now_us may be behind the
  // worker's.
  bool says_gone(std::uint64_t now_us) const {
    const std::uint32_t state = state_.load(std::memory_order_relaxed);
    if (!is_told(state)) return false;
    const std::uint32_t elapsed = (time_at(now_us) - state) & kTimeMask;
    return elapsed >= kSilenceUnits && elapsed <= kTimeMask / 2;
  }

 private:
  static constexpr int kTimeBits = 30;  // below the number of errors
  static constexpr std::uint32_t kTimeMask = (std::uint32_t{1} << kTimeBits) - 1;
  static constexpr int kTimeUnitLog2 = 16;  // 66 ms
  // So many, and as much as a part of one: both ends are rounded down.
  static constexpr std::uint32_t kSilenceUnits =
      static_cast<std::uint32_t>((kSilenceUs >> kTimeUnitLog2) + 2);

  static bool is_told(std::uint32_t state) { return state >> kTimeBits == kMinShortErrors; }
  static std::uint32_t time_at(std::uint64_t now_us) {
    return static_cast<std::uint32_t>(now_us >> kTimeUnitLog2) & kTimeMask;
  }

  std::atomic<std::uint32_t> state_{0};
};
static_assert(sizeof(ErrorWitness) == 4);

}  // namespace ringpeer::admission

#endif  // RINGPEER_ENGINE_ADMISSION_ERROR_WITNESS_H_
