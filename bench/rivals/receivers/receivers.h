#ifndef RINGPEER_BENCH_RIVALS_RECEIVERS_RECEIVERS_H_
#define RINGPEER_BENCH_RIVALS_RECEIVERS_RECEIVERS_H_

#include <memory>

#include "ringpeer/bench/rivals/receiver.h"

namespace ringpeer::bench {

// The receivers that need nothing but the kernel, Asio and this project. Threads, lifetime and
// failure: as Receiver.

// Blocking recvfrom, one packet a call.
std::unique_ptr<Receiver> make_recvfrom_receiver();

// How a receiver that reads 64 packets a recvmmsg call waits for them.
enum class MmsgWait {
  kBlocking,  // recvmmsg itself blocks for the first packet
  kCadence,   // sleeps the latency budget, then reads until the socket is empty
  kEpoll,     // epoll_wait, then reads until the socket is empty
};
std::unique_ptr<Receiver> make_recvmmsg_receiver(MmsgWait wait);

// Godot's PacketPeerUDP: poll, recvfrom until EAGAIN into a byte ring, then packet by
// packet out of the ring.
std::unique_ptr<Receiver> make_godot_way_receiver();

// One multishot recvmsg on a bare io_uring, handled where it completes: what an engine
// on io_uring cannot go below.
std::unique_ptr<Receiver> make_floor_receiver();

std::unique_ptr<Receiver> make_asio_receiver();
std::unique_ptr<Receiver> make_libuv_receiver();

// This project: the peers of make_engine().
std::unique_ptr<Receiver> make_ringpeer_receiver(std::string_view peer);

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_RIVALS_RECEIVERS_RECEIVERS_H_
