#include "ringpeer/engine/worker/arrival_metadata.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "ringpeer/engine/backend/control_messages.h"
#include "ringpeer/engine/net/endpoint.h"

namespace ringpeer::worker {
namespace {

// The io_uring backend puts control messages right behind the address, others later:
// the note never reaches the payload.
static_assert(kRecordedSourceSpace <= net::kSocketAddressSize + backend::kFullControlSize);
static_assert(kLocalAddressOffset >= net::kSocketAddressSize);

// How far the two clocks part between two runs without that anybody set one: the wall clock is
// slewed by half a millisecond a second, and the thread may lose its CPU between the readings.
constexpr std::int64_t kMaxDriftUs = 20'000;

// No datagram is older, whatever its stamp says: descriptors count up to 71 minutes.
constexpr std::int64_t kMaxInSocketUs = std::int64_t{3'600'000'000};

}  // namespace

void ArrivalClock::set(std::uint64_t now_us, std::int64_t wall_ns) {
  const std::int64_t ahead_us = wall_ns / 1000 - static_cast<std::int64_t>(now_us);
  was_set_ = wall_ns_ != 0 && std::abs(ahead_us - wall_ahead_us_) > kMaxDriftUs;
  now_us_ = now_us;
  wall_ns_ = wall_ns;
  wall_ahead_us_ = ahead_us;
}

std::uint32_t ArrivalClock::arrival_us(const backend::Datagram& datagram) const {
  const std::int64_t stamp = backend::timestamp_of(datagram.control, datagram.control_size);
  std::int64_t age_us = 0;
  if (stamp != 0 && !was_set_) {
    age_us = std::clamp<std::int64_t>((wall_ns_ - stamp) / 1000, 0, kMaxInSocketUs);
  }
  return static_cast<std::uint32_t>(now_us_ - static_cast<std::uint64_t>(age_us));
}

void record_local_address(const backend::Datagram& datagram,
                          const packet::PacketDescriptor& descriptor) {
  const net::LocalAddress local =
      backend::local_address_of(datagram.control, datagram.control_size);
  // The worker holds the buffer; the source is constant only for those after it.
  auto* source = static_cast<std::uint8_t*>(const_cast<void*>(descriptor.source));
  std::memcpy(source + kLocalAddressOffset, &local, sizeof(local));
}

net::LocalAddress recorded_local_address(const packet::PacketDescriptor& descriptor) {
  net::LocalAddress local;
  const auto* source = static_cast<const std::uint8_t*>(descriptor.source);
  std::memcpy(&local, source + kLocalAddressOffset, sizeof(local));
  return local;
}

void record_remote(const packet::PacketDescriptor& descriptor, Remote* remote) {
  static_assert(sizeof(remote) <= kLocalAddressOffset);
  std::memcpy(const_cast<void*>(descriptor.source), &remote, sizeof(remote));
}

Remote* recorded_remote(const packet::PacketDescriptor& descriptor) {
  Remote* remote = nullptr;
  std::memcpy(&remote, descriptor.source, sizeof(remote));
  return remote;
}

}  // namespace ringpeer::worker
