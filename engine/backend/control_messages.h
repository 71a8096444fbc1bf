#ifndef RINGPEER_BACKEND_CONTROL_MESSAGES_H_
#define RINGPEER_BACKEND_CONTROL_MESSAGES_H_

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>

namespace ringpeer::backend {

// Room for the segment size of a train (UDP_GRO). With less the kernel cuts the
// message and the train cannot be taken apart.
inline constexpr std::uint16_t kGroControlSize = CMSG_SPACE(sizeof(int));

// The segment size in control messages at any alignment; 0 when there is none.
std::uint16_t segment_size_of(const std::uint8_t* control, std::size_t size);

}  // namespace ringpeer::backend

#endif  // RINGPEER_BACKEND_CONTROL_MESSAGES_H_
