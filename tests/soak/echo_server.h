#ifndef RINGPEER_TESTS_SOAK_ECHO_SERVER_H_
#define RINGPEER_TESTS_SOAK_ECHO_SERVER_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ringpeer/engine.h"
#include "ringpeer/udp_server.h"

namespace ringpeer::soak {

// A game server that answers each packet with itself, in one of the ways in which a game may take
// them. Some of its players it does not listen to for long.
// Threads: one.
class EchoServer {
 public:
  explicit EchoServer(const EngineOptions& options) : options_(options) {}

  // The first time an engine comes into being; it lives until end_engine(). Throws when there is
  // no engine or no port to be had.
  void open(ServerReceive receive);
  // Takes and answers. `patient`: hears everybody.
  void turn(bool patient);
  // What still waits is dropped, and counted.
  void close();
  // Gives what the engine counted in its life, and forgets it.
  CounterSnapshot end_engine();

  bool is_open() const { return server_.has_value(); }
  // The same one from the first open() on.
  int port() const { return port_; }
  const std::string& backend() const { return backend_; }
  // Since the engine began: packets that this program took.
  std::uint64_t taken() const { return taken_; }
  CounterSnapshot counters() const { return engine_->counters(); }
  // Lets the workers bring what the kernel has, and send what was put.
  void sync() { (void)engine_->sync(); }

 private:
  struct Player {
    std::shared_ptr<PacketPeerUDP> peer;
    bool is_slow = false;
  };

  void turn_of_peers(bool patient);
  void hear(const Player& player);

  EngineOptions options_;
  std::shared_ptr<Engine> engine_;
  std::optional<UDPServer> server_;
  ServerReceive receive_ = ServerReceive::kPerRemote;
  std::vector<Player> players_;
  std::uint64_t players_seen_ = 0;
  int port_ = 0;
  std::uint64_t taken_ = 0;
  std::string backend_;
};

}  // namespace ringpeer::soak

#endif  // RINGPEER_TESTS_SOAK_ECHO_SERVER_H_
