#include <linux/sock_diag.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <thread>
#include <vector>

#include "ringpeer/bench/rivals/control.h"
#include "ringpeer/bench/rivals/payload.h"
#include "ringpeer/bench/rivals/scheduling.h"
#include "ringpeer/bench/rivals/transmitter_process.h"
#include "ringpeer/bench/rivals/udp_socket.h"

namespace ringpeer::bench {
namespace {

std::uint64_t dropped_by_kernel(const UdpSocket& socket) {
  std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
  socklen_t length = sizeof(memory);
  getsockopt(socket.fd(), SOL_SOCKET, SO_MEMINFO, memory.data(), &length);
  return memory[SK_MEMINFO_DROPS];
}

std::uint64_t drain(const UdpSocket& socket) {
  std::array<std::byte, 2048> packet;
  std::uint64_t received = 0;
  while (recv(socket.fd(), packet.data(), packet.size(), MSG_DONTWAIT) >= 0) ++received;
  return received;
}

void greet(const std::vector<UdpSocket>& sockets, int port) {
  const sockaddr_in address = loopback_address(port);
  const PayloadHeader hello;
  for (const UdpSocket& socket : sockets) {
    sendto(socket.fd(), &hello, sizeof(hello), 0, reinterpret_cast<const sockaddr*>(&address),
           sizeof(address));
  }
}

}  // namespace

int run_sink_process(int cpu, int sockets) {
  SinkReady ready;
  ready.error = claim_cpu(cpu);
  std::vector<UdpSocket> destinations(static_cast<std::size_t>(sockets));
  ReceiverOptions smallest;
  smallest.receive_buffer = 1;  // the kernel rounds it up to its minimum
  for (UdpSocket& socket : destinations) {
    if (ready.error.empty()) ready.error = socket.open_for(smallest);
    ready.ports.push_back(socket.port());
  }
  print_line(ready);
  if (!ready.error.empty()) return 1;
  {
    const Control control([&](int port) { greet(destinations, port); });
    while (control.phase() != Phase::kFinish) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  SinkResult result;
  for (const UdpSocket& socket : destinations) {
    result.received += drain(socket);
    result.dropped += dropped_by_kernel(socket);
  }
  print_line(result);
  return 0;
}

}  // namespace ringpeer::bench
