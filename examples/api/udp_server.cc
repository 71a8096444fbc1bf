// UDPServer: one port, a peer for each sender.
#include "ringpeer/udp_server.h"

#include <chrono>
#include <memory>
#include <thread>
#include <vector>

namespace {

using namespace ringpeer;  // NOLINT(google-build-using-namespace)

// example: tick
// One tick: takes who is new, answers everybody. Returns the packets it answered.
int tick(UDPServer& server, std::vector<std::shared_ptr<PacketPeerUDP>>& players) {
  int answered = 0;
  while (server.is_connection_available()) players.push_back(server.take_connection());
  for (const auto& player : players) {
    while (player->get_available_packet_count() > 0) {
      const Error error = player->put_var(Dictionary{{"you_said", player->get_var()}});
      if (error == Error::OK) ++answered;
    }
  }
  return answered;
}
// end

}  // namespace

int main() {
  UDPServer server;
  if (server.listen(0, "127.0.0.1") != Error::OK) return 1;
  PacketPeerUDP client;
  if (client.connect_to_host("127.0.0.1", server.get_local_port()) != Error::OK) return 1;
  if (client.put_var("hello") != Error::OK) return 1;
  std::vector<std::shared_ptr<PacketPeerUDP>> players;
  for (int i = 0; i < 5000 && tick(server, players) == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  if (client.wait(std::chrono::seconds(5)) != Error::OK) return 1;
  return client.get_var()["you_said"] == Variant("hello") ? 0 : 1;
}
