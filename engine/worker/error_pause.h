#ifndef RINGPEER_ENGINE_WORKER_ERROR_PAUSE_H_
#define RINGPEER_ENGINE_WORKER_ERROR_PAUSE_H_

#include <cstdint>

namespace ringpeer::worker {

// When the ICMP errors of a socket are a flood, for which it is deaf for a while: they wait in the
// buffer that its packets wait in, and each takes a system call to read.
//
// Threads: the worker's.
class ErrorPause {
 public:
  // More than the machines of a thousand players answer who are gone. Those who are not noticed for
  // a flood are noticed a second later, or by their silence.
  static constexpr std::uint32_t kMaxErrorsPerSecond = 2048;
  static constexpr std::uint64_t kPauseUs = 1'000'000;

  bool is_on() const { return ends_us_ != 0; }
  // Whether it has just ended.
  bool ends(std::uint64_t now_us) {
    if (!is_on() || now_us < ends_us_) return false;
    ends_us_ = 0;
    return true;
  }
  // An error was read: whether it begins.
  bool begins(std::uint64_t now_us) {
    if (now_us - second_us_ >= kSecondUs) {
      second_us_ = now_us;
      errors_ = 0;
    }
    if (++errors_ <= kMaxErrorsPerSecond) return false;
    errors_ = 0;
    ends_us_ = now_us + kPauseUs;
    return true;
  }

 private:
  static constexpr std::uint64_t kSecondUs = 1'000'000;

  std::uint64_t second_us_ = 0;  // when the present one began
  std::uint32_t errors_ = 0;     // in it
  std::uint64_t ends_us_ = 0;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_WORKER_ERROR_PAUSE_H_
