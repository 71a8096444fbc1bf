#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "ringpeer/udp_server.h"

int main() {
  ringpeer::UDPServer server;
  if (server.listen(4000) != ringpeer::Error::OK) return 1;
  server.set_idle_timeout(std::chrono::seconds(30));  // who says nothing for so long has left
  std::vector<std::shared_ptr<ringpeer::PacketPeerUDP>> players;
  for (;;) {
    while (server.is_connection_available()) players.push_back(server.take_connection());
    for (auto& player : players) {
      while (player->get_available_packet_count() > 0) {
        const ringpeer::Variant input = player->get_var();
        // With no room to send, this answer is lost, as the network may lose it.
        (void)player->put_var(ringpeer::Dictionary{{"you_said", input}});
      }
    }
    while (const ringpeer::PacketPeerUDP* gone = server.next_disconnected()) {
      std::erase_if(players, [gone](const auto& player) { return player.get() == gone; });
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(16));  // the rest of the frame
  }
}
