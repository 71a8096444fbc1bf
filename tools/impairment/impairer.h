#ifndef RINGPEER_TOOLS_IMPAIRMENT_IMPAIRER_H_
#define RINGPEER_TOOLS_IMPAIRMENT_IMPAIRER_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "ringpeer/tools/impairment/delay_line.h"
#include "ringpeer/tools/impairment/flow.h"
#include "ringpeer/tools/impairment/impair_counts.h"
#include "ringpeer/tools/impairment/impairment.h"

namespace ringpeer::tools {

// Carries out what the fates say: takes datagrams in, and gives them back when their time has
// come. It knows of no sockets, and of no clock but its callers'.
// Threads: one. Lifetime: the impairments must outlive it.
class Impairer {
 public:
  using Clock = std::chrono::steady_clock;
  using Impairments = std::array<Impairment, kDirections.size()>;

  // One that is held back leaves after this time though no other has followed.
  static constexpr std::chrono::milliseconds kMaxHeldBack{100};
  // Payload that waits for its time: a second of 2 Gbit/s. More is dropped as relay_full, so that a
  // flood with a long delay does not take the machine's memory.
  static constexpr std::size_t kMaxWaitingBytes = std::size_t{256} << 20;
  // What a datagram takes beside its payload, at least.
  static constexpr std::size_t kTravellerBytes = 128;

  explicit Impairer(const Impairments& impairments) : impairments_(&impairments) {}

  void arrive(Flow& flow, std::span<const std::uint8_t> payload, Clock::time_point now);
  // One for whom there is no flow.
  void refuse(Direction direction);

  // The next datagram that is due now; it is counted by the call of left() that must follow.
  std::optional<Traveller> take_due(Clock::time_point now);
  void left(const Traveller& traveller, bool was_sent, Clock::time_point now);

  bool is_empty() const { return line_.is_empty(); }
  Clock::time_point next_due() const { return line_.next_due(); }  // not when it is empty

  // As of now: what waits is counted one by one.
  ImpairCounts counts(Direction direction) const;

 private:
  ImpairCounts& counts_of(const Flow& flow) {
    return counts_[static_cast<std::size_t>(flow.direction)];
  }
  // False when it was dropped, and counted.
  bool add(Flow& flow, const Fate& fate, bool is_copy, std::span<const std::uint8_t> payload,
           Clock::time_point now);

  const Impairments* impairments_;
  DelayLine line_;
  std::array<ImpairCounts, kDirections.size()> counts_;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_IMPAIRMENT_IMPAIRER_H_
