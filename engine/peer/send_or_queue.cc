#include "ringpeer/engine/peer/send_or_queue.h"

#include <cerrno>

#include "ringpeer/engine.h"
#include "ringpeer/engine/net/pending_errors.h"
#include "ringpeer/engine/send/failure_counter.h"

namespace ringpeer {

Error send_result(int error) {
  if (error == 0) return Error::OK;
  if (error == EDESTADDRREQ) return Error::ERR_UNCONFIGURED;
  if (error == ENOMEM) return Error::ERR_OUT_OF_MEMORY;
  // Godot spins here until the kernel has room; an overload must not stop a tick.
  return is_overload(error) || error == worker::kNotVerified ? Error::ERR_BUSY : Error::FAILED;
}

namespace internal {
namespace {

int check(const net::Socket& socket, std::span<const std::uint8_t> packet,
          const worker::SendTarget& target) {
  const bool ipv4 = target.destination.address.is_ipv4();
  if (packet.size() > (ipv4 ? kLargestIpv4Datagram : kLargestDatagram)) [[unlikely]] {
    return EMSGSIZE;
  }
  if (target.connected) return 0;
  if (target.destination.port == 0) return EINVAL;
  if (ipv4) return 0;
  if (target.socket->family() == AF_INET) return EAFNOSUPPORT;
  if (!socket.may_send_to_scope(target.destination.scope_id)) return ENETUNREACH;
  return 0;
}

int send_unconnected(const net::Socket& socket, std::span<const std::uint8_t> packet,
                     const worker::SendTarget& target) {
  const net::SocketAddress destination =
      net::to_socket_address(target.destination, socket.family());
  return target.source == nullptr ? socket.send_to(packet, destination)
                                  : socket.send_from(packet, destination, *target.source);
}

// A kernel that finds no port for a socket that has none says the same as for a full buffer.
int explain(const net::Socket& socket, int error) {
  if (error != EAGAIN) return error;
  const auto local = socket.local_endpoint();
  return local.has_value() && local->port == 0 ? EADDRNOTAVAIL : error;
}

// Signals that interrupt one put: a call that says nothing else is refused by somebody.
constexpr int kMaxInterruptions = 64;

int send_once(const net::Socket& socket, std::span<const std::uint8_t> packet,
              const worker::SendTarget& target) {
  int error = EINTR;
  // A signal says nothing about the packet.
  for (int i = 0; error == EINTR && i <= kMaxInterruptions; ++i) {
    error = target.connected ? socket.send(packet) : send_unconnected(socket, packet, target);
  }
  return error;
}

int send_now(const net::Socket& socket, std::span<const std::uint8_t> packet,
             const worker::SendTarget& target) {
  return net::send_past_errors([&] { return send_once(socket, packet, target); },
                               [&](int error) { return is_overload(error) || target.connected; });
}

}  // namespace

int send_or_queue(worker::WorkerGroup& workers, worker::Worker& worker, const net::Socket& socket,
                  std::span<const std::uint8_t> packet, const worker::SendTarget& target,
                  bool now) {
  if (const int error = check(socket, packet, target); error != 0) [[unlikely]]
    return error;
  int error = 0;
  if (!now && worker.has_thread()) {
    error = worker.sends().send(packet, target);
    if (error == 0) return 0;
  } else {
    error = worker.sends().is_refusing() ? ESHUTDOWN
                                         : explain(socket, send_now(socket, packet, target));
  }
  if (error != ESHUTDOWN) workers.counters().count_send(error, packet.size());
  return error;
}

}  // namespace internal
}  // namespace ringpeer
