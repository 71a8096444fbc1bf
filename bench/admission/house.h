#ifndef RINGPEER_BENCH_ADMISSION_HOUSE_H_
#define RINGPEER_BENCH_ADMISSION_HOUSE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ringpeer/admission_options.h"
#include "ringpeer/bench/admission/players.h"
#include "ringpeer/engine.h"
#include "ringpeer/udp_server.h"

namespace ringpeer::bench {

struct HouseOptions {
  BackendKind backend = BackendKind::kAuto;
  AdmissionOptions admission;
  bool detect_unreachable = false;
  std::size_t players = 200;  // that are in before it begins; 0: none
};

// A game on one port, with its players in: 60 frames a second, in each of which it takes all
// packets, and whoever knocks. Options of the engine are the defaults, but for its backend.
//
// Threads: one, the application's.
class House {
 public:
  // Null, and *error says why not.
  static std::unique_ptr<House> open(const HouseOptions& options, std::string* error);

  UDPServer& server() { return *server_; }
  Engine& engine() { return *engine_; }
  Players& players() { return *players_; }
  int port() const { return server_->get_local_port(); }
  const HouseOptions& options() const { return options_; }

  // Whether to keep one who knocks; while it is null all are turned away: taken, and closed.
  using Keeps = std::function<bool(const PacketPeerUDP& newcomer)>;
  void set_keeps(Keeps keeps) { keeps_ = std::move(keeps); }
  // Called in each frame after all that.
  void set_each_frame(std::function<void()> each_frame) { each_frame_ = std::move(each_frame); }

  void play_frame();
  void play_for(std::chrono::duration<double> time);
  // Once nobody sends any more: takes what is under way.
  void settle();

  // Since the players are in.
  std::uint64_t delivered() const { return delivered_; }  // packets of players
  std::uint64_t frames() const { return frames_; }
  std::size_t most_remotes() const { return most_remotes_; }
  std::size_t kept() const { return peers_.size(); }
  // Players whose peer is closed or disconnected.
  std::size_t players_gone() const;

 private:
  explicit House(const HouseOptions& options) : options_(options) {}
  bool start(std::string* error);
  bool let_players_in();
  void take_newcomers();
  void take_packets();

  const HouseOptions options_;
  std::shared_ptr<Engine> engine_;
  std::unique_ptr<UDPServer> server_;
  std::unique_ptr<Players> players_;
  std::vector<std::shared_ptr<PacketPeerUDP>> peers_;  // the players' first
  Keeps keeps_;
  std::function<void()> each_frame_;
  std::chrono::steady_clock::time_point next_frame_;
  std::uint64_t delivered_ = 0;
  std::uint64_t frames_ = 0;
  std::size_t most_remotes_ = 0;
};

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_ADMISSION_HOUSE_H_
