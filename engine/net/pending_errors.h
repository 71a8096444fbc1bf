#ifndef RINGPEER_ENGINE_NET_PENDING_ERRORS_H_
#define RINGPEER_ENGINE_NET_PENDING_ERRORS_H_

namespace ringpeer::net {

// On an unconnected socket with an error queue a send may say the ICMP error of an earlier packet,
// to whomever, and is not made then. The kernel has reported that one, so another try tells; but
// under a flood of errors the next one may have come. Where half of the sends meet one,
// so many tries send 15 packets of 16; one that is refused for good costs three calls more.
inline constexpr int kMaxTriesPastErrors = 4;

// Calls send(), which answers 0 or errno, until it says what is of this packet.
template <typename Send, typename IsOfPacket>
int send_past_errors(Send send, IsOfPacket is_of_packet) {
  int error = send();
  for (int i = 1; error != 0 && i < kMaxTriesPastErrors && !is_of_packet(error); ++i)
    error = send();
  return error;
}

}  // namespace ringpeer::net

#endif  // RINGPEER_ENGINE_NET_PENDING_ERRORS_H_
