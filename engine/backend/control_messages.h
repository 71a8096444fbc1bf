#ifndef RINGPEER_ENGINE_BACKEND_CONTROL_MESSAGES_H_
#define RINGPEER_ENGINE_BACKEND_CONTROL_MESSAGES_H_

#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>

#include <cstddef>
#include <cstdint>

#include "ringpeer/engine/net/local_address.h"

namespace ringpeer::backend {

// What the kernel says beside a datagram, read where it lies: nothing here keeps or changes it, any
// thread may ask, and what is cut short or unknown counts as not said.

// Room for the segment size of a train (UDP_GRO). With less the kernel cuts the
// message and the train cannot be taken apart.
inline constexpr std::uint16_t kGroControlSize = CMSG_SPACE(sizeof(int));

// Room for everything that a socket may be asked to tell with each datagram: that, the
// time of arrival and the address it was sent to.
inline constexpr std::uint16_t kFullControlSize = kGroControlSize + CMSG_SPACE(sizeof(timespec)) +
                                                  CMSG_SPACE(sizeof(in_pktinfo)) +
                                                  CMSG_SPACE(sizeof(in6_pktinfo));

// The segment size in control messages at any alignment; 0 when there is none.
std::uint16_t segment_size_of(const std::uint8_t* control, std::size_t size);

// When the kernel got a datagram, in nanoseconds of CLOCK_REALTIME; 0 when not said.
std::int64_t timestamp_of(const std::uint8_t* control, std::size_t size);

// The address a datagram was sent to; not is_known() when not said.
net::LocalAddress local_address_of(const std::uint8_t* control, std::size_t size);

}  // namespace ringpeer::backend

#endif  // RINGPEER_ENGINE_BACKEND_CONTROL_MESSAGES_H_
