#ifndef RINGPEER_ENGINE_ADMISSION_REPLY_ALLOWANCE_H_
#define RINGPEER_ENGINE_ADMISSION_REPLY_ALLOWANCE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace ringpeer::admission {

// What a remote may be sent that has not shown yet that it receives: kFactor times the bytes that
// came from it. It has shown it when the application has taken it, has sent it something, and hears
// from it afterwards: a source that never hears its replies seldom goes on as one that does.
//
// Threads: record_arrival() one, the worker's; the others any.
class ReplyAllowance {
 public:
  // As much as QUIC lets a server send before an address is validated (RFC 9000, section 8.1).
  static constexpr std::int64_t kFactor = 3;

  explicit ReplyAllowance(bool is_limited) : left_(is_limited ? 0 : kNoLimit) {}

  bool is_limited() const { return left_.load(std::memory_order_relaxed) != kNoLimit; }

  // Bytes have come from the remote, whatever becomes of them.
  void record_arrival(std::uint32_t bytes, bool is_accepted) {
    if (!is_limited()) [[likely]]
      return;
    if (is_accepted && was_used_.load(std::memory_order_relaxed)) {
      left_.store(kNoLimit, std::memory_order_relaxed);
    } else {
      add(kFactor * bytes);
    }
  }

  // Takes what a reply of so many bytes needs, or nothing, and says false.
  bool take(std::size_t bytes) {
    const auto wanted = static_cast<std::int64_t>(bytes);
    std::int64_t left = left_.load(std::memory_order_relaxed);
    do {
      if (left == kNoLimit) return true;
      if (left < wanted) return false;
    } while (!left_.compare_exchange_weak(left, left - wanted, std::memory_order_relaxed));
    was_used_.store(true, std::memory_order_relaxed);
    return true;
  }
  // What take() took, of a reply that was not sent.
  void give_back(std::size_t bytes) { add(static_cast<std::int64_t>(bytes)); }

 private:
  // Beyond what 3 times 10 Gbit/s for ten years come to.
  static constexpr std::int64_t kNoLimit = INT64_MAX;

  void add(std::int64_t bytes) {
    std::int64_t left = left_.load(std::memory_order_relaxed);
    do {
      if (left == kNoLimit) return;
    } while (!left_.compare_exchange_weak(left, left + bytes, std::memory_order_relaxed));
  }

  std::atomic<std::int64_t> left_;
  std::atomic<bool> was_used_{false};
};

}  // namespace ringpeer::admission

#endif  // RINGPEER_ENGINE_ADMISSION_REPLY_ALLOWANCE_H_
