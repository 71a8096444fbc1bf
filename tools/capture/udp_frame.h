#ifndef RINGPEER_TOOLS_CAPTURE_UDP_FRAME_H_
#define RINGPEER_TOOLS_CAPTURE_UDP_FRAME_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "ringpeer/engine/net/endpoint.h"

namespace ringpeer::tools {

// The ways in which a capture holds packets: DLT_... of pcap, as numbers of the file.
enum class LinkType {
  kNull,       // BSD loopback: the family in the host's order
  kLoop,       // the same in the network's order
  kEthernet,   // with any number of VLAN tags
  kRaw,        // IPv4 or IPv6 at once
  kLinuxSll,   // "any" of Linux
  kLinuxSll2,  // the same of later versions
  kUnknown,
};

// What a captured frame is.
struct UdpFrame {
  enum class Kind {
    kOther,          // nothing of UDP
    kWhole,          // a datagram with all of its payload
    kCut,            // a datagram of which the capture has a part
    kFirstFragment,  // the beginning of a datagram; the rest is in other frames
    kLaterFragment,  // a part of a datagram, whose ports are in another frame
    kMalformed,      // lengths that contradict each other
  };

  Kind kind = Kind::kOther;
  net::Endpoint from;  // their ports are 0 of a later fragment
  net::Endpoint to;
  std::uint32_t datagram = 0;             // of fragments of one the same: IP's identification
  std::size_t size = 0;                   // of the payload, as UDP's header says
  std::span<const std::uint8_t> payload;  // what there is of it
};

// Reads one frame. `bytes` is what was captured; nothing of it is taken for granted. Checksums are
// not looked at: a sender's own capture has them before the card fills them in.
// Threads: any. Lifetime: the payload lies in `bytes`. Failure: kinds that are none of a datagram.
UdpFrame read_udp_frame(LinkType link, std::span<const std::uint8_t> bytes);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_CAPTURE_UDP_FRAME_H_
