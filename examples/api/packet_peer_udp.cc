// PacketPeerUDP: a client that asks and waits for the answer, and a socket that answers.
#include "ringpeer/packet_peer_udp.h"

#include <chrono>
#include <cstdint>
#include <thread>

namespace {

using namespace ringpeer;  // NOLINT(google-build-using-namespace)

// example: ask
// Sends a value and gives the answer; Nil when none comes in time.
Variant ask(PacketPeerUDP& peer, const Variant& question, std::chrono::milliseconds patience) {
  if (peer.put_var(question) != Error::OK) return {};
  if (peer.wait(patience) != Error::OK) return {};
  return peer.get_var();
}
// end

// example: answer
// Sends every packet back to where it came from. False when an answer could not be sent.
bool answer_all(PacketPeerUDP& peer) {
  while (peer.get_available_packet_count() > 0) {
    const Variant value = peer.get_var();
    const Error error = peer.set_dest_address(peer.get_packet_ip(), peer.get_packet_port());
    if (error != Error::OK || peer.put_var(value) != Error::OK) return false;
  }
  return true;
}
// end

}  // namespace

int main() {
  PacketPeerUDP service;
  if (service.bind(0, "127.0.0.1") != Error::OK) return 1;
  const int port = service.get_local_port();
  Variant answer;
  std::thread client([port, &answer] {
    PacketPeerUDP peer;
    if (peer.connect_to_host("127.0.0.1", port) == Error::OK) {
      answer = ask(peer, "ping", std::chrono::seconds(5));
    }
  });
  const bool answered = service.wait(std::chrono::seconds(5)) == Error::OK && answer_all(service);
  client.join();
  return answered && answer == Variant("ping") ? 0 : 1;
}
