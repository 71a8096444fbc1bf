#include "ringpeer/tools/doctor/udp_probe.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <optional>

#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/net/ip_address.h"
#include "ringpeer/tools/doctor/trial_process.h"

namespace ringpeer::tools {
namespace {

constexpr std::chrono::milliseconds kPatience{200};

int bind_loopback(net::Socket* socket, net::SocketFamily family) {
  const char* const address = family == net::SocketFamily::kIpv4 ? "127.0.0.1" : "::1";
  return socket->bind({net::IpAddress::parse(address).value(), 0});
}

// IPv4 where there is any; the error is its own where there is neither.
int open_either(net::Socket* socket, net::SocketFamily* family) {
  *family = net::SocketFamily::kIpv4;
  const int error = socket->open(*family);
  if (error == 0) return 0;
  *family = net::SocketFamily::kIpv6;
  return socket->open(*family) == 0 ? 0 : error;
}

// Without a wait that may be forbidden: it looks until it is there.
int receive_one(const net::Socket& socket) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    const net::WaitingDatagram waiting = socket.discard();
    if (waiting.error != EAGAIN && waiting.error != EINTR) return waiting.error;
    if (std::chrono::steady_clock::now() >= deadline) return ETIME;
  }
}

void try_udp(StepFacts* facts) {
  facts->was_tried = true;
  net::Socket socket;
  net::SocketFamily family = net::SocketFamily::kIpv4;
  facts->begin("socket");
  if (!facts->end(open_either(&socket, &family))) return;
  facts->begin("bind to loopback");
  if (!facts->end(bind_loopback(&socket, family))) return;
  facts->begin("a datagram over loopback");
  if (!facts->end(send_over_loopback(socket, 1))) return;
  facts->begin("its arrival");
  if (facts->end(receive_one(socket))) facts->begin("");
}

}  // namespace

int open_loopback(net::Socket* socket) {
  net::SocketFamily family = net::SocketFamily::kIpv4;
  const int error = open_either(socket, &family);
  return error != 0 ? error : bind_loopback(socket, family);
}

int send_over_loopback(const net::Socket& receiver, int count) {
  errno = 0;
  const std::optional<net::Endpoint> to = receiver.local_endpoint();
  net::Socket sender;
  if (!to) return errno == 0 ? ENOTCONN : errno;
  if (const int error = open_loopback(&sender); error != 0) return error;
  if (const int error = sender.connect(*to); error != 0) return error;
  constexpr std::array<std::uint8_t, 4> kPayload = {'p', 'i', 'n', 'g'};
  for (int i = 0; i < count; ++i) {
    if (const int error = sender.send(kPayload); error != 0) return error;
  }
  return 0;
}

StepFacts probe_udp() {
  auto [end, facts] = try_apart<StepFacts>(try_udp);
  facts.signal = end.signal;
  return facts;
}

}  // namespace ringpeer::tools
