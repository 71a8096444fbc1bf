#include "ringpeer/engine/wait/inflow.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace ringpeer::wait {
namespace {

constexpr std::uint64_t kUsPerMs = 1000;
// A rate of less says nothing: two looks may follow each other at once.
constexpr std::uint64_t kShortestUs = 200;

// Headers, room for those of a device, and the shared information behind the data.
constexpr std::uint64_t kAroundPayload = 28 + 31 + 320;
constexpr std::uint64_t kSmallData = 576;
constexpr std::uint64_t kDescription = 256;

// Of the rate before, what is kept when less comes: a burst is not forgotten at once.
constexpr std::uint64_t kKeptOf8 = 7;

}  // namespace

std::uint64_t kernel_charge(std::uint64_t payload_bytes) {
  const std::uint64_t data = payload_bytes + kAroundPayload;
  return kDescription + (data <= kSmallData ? kSmallData : std::bit_ceil(data));
}

void Inflow::end_look(std::uint64_t now_us) {
  rhythm_.observe(pace_->last_tick());
  const std::uint64_t us = std::max(now_us - std::exchange(last_look_us_, now_us), kShortestUs);
  const std::uint64_t packets = std::exchange(packets_, 0);
  const std::uint64_t bytes = std::exchange(bytes_, 0);
  std::uint64_t charge_per_ms = 0;
  if (packets > 0) {
    last_came_us_ = now_us;
    packet_charge_ = kernel_charge(bytes / packets);
    charge_per_ms = packets * packet_charge_ * kUsPerMs / us;
  }
  charge_per_ms_ = std::max(charge_per_ms, charge_per_ms_ * kKeptOf8 / 8);
}

std::uint64_t Inflow::buffer_us() const {
  return charge_per_ms_ == 0 ? 0 : buffer_bytes_ * kUsPerMs / charge_per_ms_;
}

std::uint64_t Inflow::longest_sleep_us() const {
  const std::uint64_t sudden_us = buffer_bytes_ * kUsPerMs / kSuddenBytesPerMs;
  if (charge_per_ms_ == 0) return sudden_us;
  return std::min(sudden_us, buffer_bytes_ / kShareOfBuffer * kUsPerMs / charge_per_ms_);
}

bool Inflow::is_tick_late(std::uint64_t now_us) const {
  const std::uint64_t period_us = rhythm_.period_us();
  return now_us > rhythm_.last_us() + period_us + period_us / 8;
}

std::uint64_t Inflow::next_look_us(std::uint64_t now_us, std::uint64_t longest_us,
                                   const Lead& lead) const {
  const std::uint64_t period_us = rhythm_.period_us();
  const std::uint64_t sleep_us = std::clamp<std::uint64_t>(longest_us, 1, period_us / 4 + 1);
  std::uint64_t last_us = rhythm_.last_us() + period_us - lead.last_us;
  if (now_us + kSameLookUs >= last_us) last_us += period_us;  // it has been: the one after it
  if (now_us + lead.bulk_us + kSameLookUs < last_us) last_us -= lead.bulk_us;
  const std::uint64_t left_us = last_us - now_us;
  // A little longer each rather than one more.
  const std::uint64_t sleeps = (left_us + sleep_us - 1 - sleep_us / 8) / sleep_us;
  return now_us + left_us / std::max<std::uint64_t>(sleeps, 1);
}

}  // namespace ringpeer::wait
