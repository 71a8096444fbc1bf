#include "ringpeer/worker/arrival_notes.h"

#include <time.h>

#include <cstring>

#include "ringpeer/backend/control_messages.h"
#include "ringpeer/net/endpoint.h"

namespace ringpeer::worker {
namespace {

// The io_uring backend puts control messages right behind the address, others later:
// the note never reaches the payload.
static_assert(kNotedSourceSpace <= net::kSocketAddressSize + backend::kFullControlSize);
static_assert(kLocalAddressOffset >= net::kSocketAddressSize);

}  // namespace

ArrivalClock::ArrivalClock(std::uint32_t now_us) : now_us_(now_us) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  now_real_ns_ = now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
}

std::uint32_t ArrivalClock::arrival_us(const backend::Datagram& datagram) const {
  const std::int64_t stamp = backend::timestamp_of(datagram.control, datagram.control_size);
  if (stamp == 0) return now_us_;
  return now_us_ - static_cast<std::uint32_t>((now_real_ns_ - stamp) / 1000);
}

void note_local_address(const backend::Datagram& datagram,
                        const packet::PacketDescriptor& descriptor) {
  const net::LocalAddress local =
      backend::local_address_of(datagram.control, datagram.control_size);
  // The worker holds the buffer; the source is constant only for those after it.
  auto* source = static_cast<std::uint8_t*>(const_cast<void*>(descriptor.source));
  std::memcpy(source + kLocalAddressOffset, &local, sizeof(local));
}

net::LocalAddress noted_local_address(const void* source) {
  net::LocalAddress local;
  std::memcpy(&local, static_cast<const std::uint8_t*>(source) + kLocalAddressOffset,
              sizeof(local));
  return local;
}

}  // namespace ringpeer::worker
