#ifndef RINGPEER_TESTS_SIMULATION_FAULTS_H_
#define RINGPEER_TESTS_SIMULATION_FAULTS_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "ringpeer/tests/simulation/random.h"

namespace ringpeer::simulation {

// What networks and kernels do to an engine.
enum class Fault : std::uint8_t {
  kLoss,                 // a datagram never arrives
  kDuplicate,            // it arrives twice
  kReorder,              // it is overtaken
  kDelay,                // it takes a hundred times as long
  kOversize,             // it is larger than the engine takes
  kEmpty,                // it has no payload
  kTrain,                // several of one sender arrive as one
  kIcmpError,            // somebody answers that nobody listens
  kFullReceiveBuffer,    // the socket's buffer is small
  kFullSendBuffer,       // the kernel takes nothing for a while: EAGAIN
  kDeviceQueueFull,      // ENOBUFS, several times in a row
  kTrainRefused,         // EIO: the device cuts no trains
  kSendRefused,          // EPERM: a packet filter
  kInterrupted,          // EINTR
  kTryAgain,             // EAGAIN where something waits
  kShortResult,          // fewer messages than there are, or than were asked for
  kNoMemory,             // ENOMEM of calls that may have it
  kNoDescriptors,        // EMFILE
  kNoThread,             // EAGAIN of a new thread
  kNoRing,               // io_uring_setup is forbidden
  kSmallCompletionRing,  // completions overflow
  kClockJump,            // somebody sets the wall clock
  kSlowThread,           // a thread gets no processor for milliseconds
  kNoAllocation,         // operator new has nothing: a worker, or a call
  kMalformed,            // a completion of io_uring contradicts itself
  kPollEnds,             // a poll of io_uring that tells of many tells of this as its last
  kCount,
};
inline constexpr std::size_t kFaultCount = static_cast<std::size_t>(Fault::kCount);

inline constexpr std::array<std::string_view, kFaultCount> kFaultNames = {
    "loss",
    "duplicate",
    "reorder",
    "delay",
    "oversize",
    "empty",
    "train",
    "icmp_error",
    "full_receive_buffer",
    "full_send_buffer",
    "device_queue_full",
    "train_refused",
    "send_refused",
    "interrupted",
    "try_again",
    "short_result",
    "no_memory",
    "no_descriptors",
    "no_thread",
    "no_ring",
    "small_completion_ring",
    "clock_jump",
    "slow_thread",
    "no_allocation",
    "malformed",
    "poll_ends",
};

// Which of them may happen, how often, and how often they have. Asking decides.
class Faults {
 public:
  explicit Faults(Random random) : random_(random) {}

  void turn_on(Fault fault, std::uint32_t of_1000) { rate(fault) = of_1000; }
  void turn_all_off() { rates_.fill(0); }
  bool is_on(Fault fault) const { return rates_[static_cast<std::size_t>(fault)] > 0; }

  bool is_any_on() const {
    return std::any_of(rates_.begin(), rates_.end(), [](std::uint32_t rate) { return rate > 0; });
  }

  bool happens(Fault fault) {
    const bool does = is_on(fault) && random_.chance(rate(fault));
    if (does) ++happened_[static_cast<std::size_t>(fault)];
    return does;
  }
  // One that is brought about by what a run is made of has happened.
  void record(Fault fault) {
    if (is_on(fault)) ++happened_[static_cast<std::size_t>(fault)];
  }
  std::uint64_t happened(Fault fault) const { return happened_[static_cast<std::size_t>(fault)]; }

 private:
  std::uint32_t& rate(Fault fault) { return rates_[static_cast<std::size_t>(fault)]; }

  Random random_;
  std::array<std::uint32_t, kFaultCount> rates_{};
  std::array<std::uint64_t, kFaultCount> happened_{};
};

}  // namespace ringpeer::simulation

#endif  // RINGPEER_TESTS_SIMULATION_FAULTS_H_
