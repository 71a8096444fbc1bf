#ifndef RINGPEER_TOOLS_ECHO_SERVICE_H_
#define RINGPEER_TOOLS_ECHO_SERVICE_H_

#include <memory>
#include <string>

#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tools/service.h"

namespace ringpeer::tools {

// Takes every packet from one peer and, unless it is a sink, sends it back: bytes as they
// are, Variants decoded and encoded anew.
class EchoService : public Service {
 public:
  EchoService(std::shared_ptr<Engine> engine, PayloadKind payload, bool replies);

  Error open(int port, const std::string& address) override;
  int port() const override { return peer_.get_local_port(); }
  void serve(Clock::time_point until) override;
  void close() override { peer_.close(); }
  ServiceCounts counts() const override { return counts_; }

 private:
  void serve_packet();
  Error reply_to_sender(const Variant& value);
  Error reply_to_sender(std::span<const std::uint8_t> packet);
  Error address_sender();

  PacketPeerUDP peer_;
  PayloadKind payload_;
  bool replies_;
  // Whom peer_ sends to now.
  std::string destination_;
  int destination_port_ = 0;
  ServiceCounts counts_;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_ECHO_SERVICE_H_
