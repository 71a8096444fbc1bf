#ifndef RINGPEER_TESTS_PROBES_PROBE_CONTEXT_H_
#define RINGPEER_TESTS_PROBES_PROBE_CONTEXT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "ringpeer/engine.h"
#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tests/probes/machine.h"
#include "ringpeer/tests/probes/probe_report.h"
#include "ringpeer/udp_server.h"

namespace ringpeer::probes {

using Json = nlohmann::json;
using Bytes = std::vector<std::uint8_t>;
using Peer = std::shared_ptr<PacketPeerUDP>;
using Server = std::shared_ptr<UDPServer>;

inline constexpr std::string_view kLoopback = "127.0.0.1";
inline constexpr std::string_view kLoopbackIpv6 = "::1";
inline constexpr int kGodotReceiveBufferSize = 65536;
inline constexpr int kLargeReceiveBufferSize = 1 << 20;

Bytes filled_bytes(std::size_t size, std::uint8_t fill = 0);
// A packet whose first four bytes are a number.
Bytes numbered(std::uint32_t number, std::size_t size);
std::uint32_t number_of(const Bytes& packet);
int code(Error error);
Json to_json(const Variant& value);

// What the probes need around the calls they ask about: the counterparts of the helpers
// in the script that asked Godot. Godot reads its socket inside every count and every
// get; here a worker does, so each of those calls is preceded by Engine::sync(). An Error that a
// probe does not report is dropped, (void), as the script drops it.
class ProbeContext {
 public:
  ProbeContext(std::shared_ptr<Engine> engine, const Machine& machine, ProbeReport* report)
      : engine_(std::move(engine)), machine_(machine), report_(report) {}

  const Machine& machine() const { return machine_; }
  void report(const std::string& probe, Json result) { report_->report(probe, std::move(result)); }
  void skip(const std::string& probe, const std::string& reason) { report_->skip(probe, reason); }

  Peer peer() { return std::make_shared<PacketPeerUDP>(engine_); }
  Peer bound(int receive_buffer_size = kGodotReceiveBufferSize,
             std::string_view address = kLoopback);
  Peer to(int port, std::string_view address = kLoopback);
  Peer connected_to(int port);
  // A server that is polled, as every Godot server is.
  Server server();

  int available(const Peer& peer);
  Bytes get(const Peer& peer);
  Variant get_var(const Peer& peer, bool allow_objects = false);
  void poll(const Server& server);
  void empty(const Peer& peer);
  Json state(const Peer& peer);

  // An empty datagram, which put_packet never sends, from a plain socket.
  void send_empty(int port);
  // Sends numbered packets and lets all arrive, so that only the peer's queue can be
  // full. Returns what it holds.
  int fill(const Peer& receiver, const Peer& sender, int packets, std::size_t size);

  void let_arrive();

 private:
  const std::shared_ptr<Engine> engine_;
  const Machine& machine_;
  ProbeReport* const report_;
};

}  // namespace ringpeer::probes

#endif  // RINGPEER_TESTS_PROBES_PROBE_CONTEXT_H_
