#include "ringpeer/bench/rivals/registry.h"

#include "ringpeer/bench/rivals/receivers/receivers.h"
#include "ringpeer/bench/rivals/transmitters/transmitters.h"

namespace ringpeer::bench {

std::unique_ptr<Receiver> make_receiver(std::string_view peer) {
  if (peer.starts_with("ringpeer/")) return make_ringpeer_receiver(peer);
  if (peer == "floor") return make_floor_receiver();
  if (peer == "recvfrom") return make_recvfrom_receiver();
  // Asked once a frame, it never waits.
  if (peer == "recvmmsg" || peer == "recvmmsg_gro" || peer == "recvmmsg_frame") {
    return make_recvmmsg_receiver(MmsgWait::kBlocking);
  }
  if (peer == "recvmmsg_cadence") return make_recvmmsg_receiver(MmsgWait::kCadence);
  if (peer == "recvmmsg_epoll") return make_recvmmsg_receiver(MmsgWait::kEpoll);
  if (peer == "godot_way") return make_godot_way_receiver();
  if (peer == "asio") return make_asio_receiver();
  if (peer == "libuv") return make_libuv_receiver();
  return nullptr;
}

// The send cases use the names of the receivers that go with each way of sending.
std::unique_ptr<Transmitter> make_transmitter(std::string_view peer) {
  if (peer.starts_with("ringpeer/")) return make_ringpeer_transmitter(peer);
  if (peer == "floor") return make_train_transmitter();
  if (peer == "recvfrom") return make_sendto_transmitter();
  if (peer == "recvmmsg") return make_sendmmsg_transmitter();
  return nullptr;
}

}  // namespace ringpeer::bench
