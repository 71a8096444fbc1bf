// What put_packet costs the thread that calls it: bursts of 64 packets of 64 bytes, one
// each millisecond, with a real worker that sends them to sockets nobody reads. Only the
// processor time of the calling thread within the burst counts, wake-ups of the worker
// included.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "ringpeer/engine.h"
#include "ringpeer/engine/net/socket.h"
#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tools/measure/machine_load.h"
#include "ringpeer/udp_server.h"

namespace ringpeer::bench {
namespace {

constexpr std::size_t kBurst = 64;
constexpr std::size_t kPacketSize = 64;
constexpr std::chrono::milliseconds kTick{1};
// For the first packets of the destinations.
constexpr std::chrono::milliseconds kGreeting{100};

constexpr const char* kHost = "127.0.0.1";

// Sockets of this machine that packets go to, with the smallest buffers.
class Destinations {
 public:
  explicit Destinations(std::size_t count) : sockets_(count) {
    net::Endpoint any;
    any.address = *net::IpAddress::parse(kHost);
    for (net::Socket& socket : sockets_) {
      if (socket.open(net::SocketFamily::kIpv4) != 0) return;
      socket.request_receive_buffer(1);
      if (socket.bind(any) != 0) return;
      endpoints_.push_back(*socket.local_endpoint());
    }
  }
  bool is_complete() const { return endpoints_.size() == sockets_.size(); }
  const net::Endpoint& operator[](std::size_t i) const { return endpoints_[i]; }
  std::size_t size() const { return endpoints_.size(); }

  void greet(int port) const {
    net::Endpoint server = endpoints_[0];
    server.port = static_cast<std::uint16_t>(port);
    const std::uint8_t hello = 0;
    for (const net::Socket& socket : sockets_) {
      socket.send_to({&hello, 1}, net::to_socket_address(server, socket.family()));
    }
  }

 private:
  std::vector<net::Socket> sockets_;
  std::vector<net::Endpoint> endpoints_;
};

// Calls put(n) for n = 0, 1, 2 and so on, in bursts.
template <typename Put>
void measure_bursts(benchmark::State& state, Put put) {
  using Clock = std::chrono::steady_clock;
  std::size_t next = 0;
  std::size_t refused = 0;
  Clock::time_point tick = Clock::now();
  for (auto step : state) {
    tick = std::max(tick + kTick, Clock::now());
    std::this_thread::sleep_until(tick);
    const std::chrono::nanoseconds start = tools::thread_cpu_time();
    for (std::size_t i = 0; i < kBurst; ++i) refused += put(next++) == Error::OK ? 0 : 1;
    const std::chrono::nanoseconds spent = tools::thread_cpu_time() - start;
    state.SetIterationTime(std::chrono::duration<double>(spent).count());
  }
  if (refused > 0) state.SkipWithError("puts were refused");
  // Seconds a packet.
  state.counters["put"] = benchmark::Counter(
      static_cast<double>(next), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

const std::array<std::uint8_t, kPacketSize> kPacket{};

void put_packet(benchmark::State& state) {
  const Destinations destinations(1);
  PacketPeerUDP peer(Engine::create({}));
  if (!destinations.is_complete() || peer.bind(0, kHost) != Error::OK ||
      peer.set_dest_address(kHost, destinations[0].port) != Error::OK) {
    state.SkipWithError("no sockets");
    return;
  }
  measure_bursts(state, [&](std::size_t) { return peer.put_packet(kPacket); });
}

// The way of Godot's code that has one peer for all: the destination is set before each
// packet, which is part of the figure.
void set_dest_address_and_put_packet(benchmark::State& state) {
  const Destinations destinations(static_cast<std::size_t>(state.range(0)));
  PacketPeerUDP peer(Engine::create({}));
  if (!destinations.is_complete() || peer.bind(0, kHost) != Error::OK) {
    state.SkipWithError("no sockets");
    return;
  }
  measure_bursts(state, [&](std::size_t n) {
    const Error error = peer.set_dest_address(kHost, destinations[n % destinations.size()].port);
    return error == Error::OK ? peer.put_packet(kPacket) : error;
  });
}

void put_packet_to(benchmark::State& state) {
  const Destinations destinations(static_cast<std::size_t>(state.range(0)));
  PacketPeerUDP peer(Engine::create({}));
  if (!destinations.is_complete() || peer.bind(0, kHost) != Error::OK) {
    state.SkipWithError("no sockets");
    return;
  }
  measure_bursts(state, [&](std::size_t n) {
    return peer.put_packet_to(destinations[n % destinations.size()], kPacket);
  });
}

// A server's peers, each in its turn.
void put_packet_of_server_peers(benchmark::State& state) {
  const Destinations destinations(static_cast<std::size_t>(state.range(0)));
  UDPServer server(Engine::create({}));
  server.set_max_pending_connections(static_cast<int>(state.range(0)));
  if (!destinations.is_complete() || server.listen(0, kHost) != Error::OK) {
    state.SkipWithError("no sockets");
    return;
  }
  destinations.greet(server.get_local_port());
  std::this_thread::sleep_for(kGreeting);
  std::vector<std::shared_ptr<PacketPeerUDP>> peers;
  while (auto peer = server.take_connection()) peers.push_back(std::move(peer));
  if (peers.size() != destinations.size()) {
    state.SkipWithError("not every destination has become a peer");
    return;
  }
  measure_bursts(state,
                 [&](std::size_t n) { return peers[n % peers.size()]->put_packet(kPacket); });
}

// Enough ticks to be steady, in two seconds each.
constexpr int kTicks = 2000;

BENCHMARK(put_packet)->UseManualTime()->Iterations(kTicks);
BENCHMARK(set_dest_address_and_put_packet)->Arg(1)->Arg(1000)->UseManualTime()->Iterations(kTicks);
BENCHMARK(put_packet_to)->Arg(1)->Arg(1000)->UseManualTime()->Iterations(kTicks);
BENCHMARK(put_packet_of_server_peers)->Arg(1)->Arg(1000)->UseManualTime()->Iterations(kTicks);

}  // namespace
}  // namespace ringpeer::bench

BENCHMARK_MAIN();
