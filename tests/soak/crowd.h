#ifndef RINGPEER_TESTS_SOAK_CROWD_H_
#define RINGPEER_TESTS_SOAK_CROWD_H_

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/net/socket.h"

namespace ringpeer::soak {

// Clients with plain sockets, so that what they count owes nothing to the engine. They send
// packets of all sizes, now and then many at once, and take what comes back.
// Threads: one.
class Crowd {
 public:
  // Fleeting ones close their sockets at any time, and others come in their place.
  Crowd(std::size_t clients, bool fleeting, std::uint64_t seed);

  void aim(const net::Endpoint& server);
  void send_some();
  // All of them send at once, as much as they can.
  void flood();
  void receive();
  // All of them leave; others come at once, with other ports.
  void replace_all();
  void leave();

  // Since the last forget().
  std::uint64_t sent() const { return sent_; }
  std::uint64_t received() const { return received_; }
  // Replies that the kernel had no room for.
  std::uint64_t kernel_drops() const;
  void forget();

 private:
  struct Client {
    net::Socket socket;
    std::uint64_t drops_before = 0;
  };

  static Client open_client();
  void close(Client* client);
  void receive_of(const Client& client);
  void send(const Client& client);
  void send_burst(const Client& client);
  bool chance(std::uint64_t one_in) { return random_() % one_in == 0; }

  std::size_t size_;
  bool fleeting_;
  std::mt19937_64 random_;
  net::SocketAddress server_;
  std::vector<Client> clients_;
  std::vector<std::uint8_t> packet_;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t drops_of_closed_ = 0;
};

}  // namespace ringpeer::soak

#endif  // RINGPEER_TESTS_SOAK_CROWD_H_
