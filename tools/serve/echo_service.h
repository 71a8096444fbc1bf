#ifndef RINGPEER_TOOLS_SERVE_ECHO_SERVICE_H_
#define RINGPEER_TOOLS_SERVE_ECHO_SERVICE_H_

#include <chrono>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tools/serve/service.h"
#include "ringpeer/udp_server.h"

namespace ringpeer::tools {

// Takes the packets of everybody and, unless it is a sink, sends them back: bytes as they are,
// Variants decoded and encoded again.
// Threads, lifetime and failure: as Service. A reply that is refused is counted.
class EchoService : public Service {
 public:
  // `work`: how long a processor is kept busy with each packet, before its answer.
  EchoService(std::shared_ptr<Engine> engine, PayloadKind payload, bool replies,
              std::chrono::microseconds work = std::chrono::microseconds(0));

  void set_source_list(std::shared_ptr<const SourceList> list) override {
    server_.set_source_list(std::move(list));
  }
  Error open(const ServeOptions& options) override;
  int port() const override { return server_.get_local_port(); }
  int receive_buffer() const override { return server_.get_socket_receive_buffer(); }
  void serve(Clock::time_point until) override;
  void close() override;
  ServiceCounts counts() const override { return counts_; }

 private:
  // Where there are remotes: takes new ones, and closes those that are gone.
  void meet_remotes();
  void serve_packet(const ReceivedPacket& packet);
  // Whether an answer would come back here, to be answered again without end.
  bool is_own(const net::Endpoint& sender) const;
  // Decodes what is Godot's, encodes it again into encoded_; false when it is none.
  bool translate(std::span<const std::uint8_t> packet);

  // A socket of each worker. Without cookies it keeps no state of any sender.
  UDPServer server_;
  bool has_remotes_ = false;
  std::unordered_map<const PacketPeerUDP*, std::shared_ptr<PacketPeerUDP>> peers_;
  PayloadKind payload_;
  bool replies_;
  std::chrono::microseconds work_;
  std::vector<std::uint8_t> encoded_;
  ServiceCounts counts_;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_SERVE_ECHO_SERVICE_H_
