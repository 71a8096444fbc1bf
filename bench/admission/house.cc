#include "ringpeer/bench/admission/house.h"

#include <algorithm>
#include <thread>

namespace ringpeer::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::microseconds kFrame{16'667};
constexpr std::chrono::seconds kPatience{10};
// Of the players at the door.
constexpr std::chrono::milliseconds kKnock{100};
constexpr std::chrono::milliseconds kLook{1};

}  // namespace

std::unique_ptr<House> House::open(const HouseOptions& options, std::string* error) {
  std::unique_ptr<House> house(new House(options));
  return house->start(error) ? std::move(house) : nullptr;
}

bool House::start(std::string* error) {
  EngineOptions options;
  options.backend = options_.backend;
  engine_ = Engine::create(options, nullptr, error);
  if (engine_ == nullptr) return false;
  server_ = std::make_unique<UDPServer>(engine_);
  ServerOptions server_options;
  server_options.admission = options_.admission;
  server_options.socket.detect_unreachable = options_.detect_unreachable;
  if (server_->listen(0, "127.0.0.1", server_options) != Error::OK) {
    *error = "no port";
    return false;
  }
  players_ = std::make_unique<Players>(port(), options_.players);
  if (!players_->is_valid()) {
    *error = "no sockets for the players";
    return false;
  }
  if (!let_players_in()) {
    *error = "not all players came in";
    return false;
  }
  next_frame_ = Clock::now();
  return true;
}

bool House::let_players_in() {
  server_->set_max_pending_connections(static_cast<int>(options_.players) + 1);
  const auto patience_ends = Clock::now() + kPatience;
  auto next_knock = Clock::now();
  while (peers_.size() < options_.players) {
    const auto now = Clock::now();
    if (now > patience_ends) return false;
    if (now >= next_knock) {
      players_->knock(options_.admission.cookie);
      next_knock = now + kKnock;
    }
    players_->answer_challenges();
    while (auto peer = server_->take_connection()) peers_.push_back(std::move(peer));
    std::this_thread::sleep_for(kLook);
  }
  server_->set_max_pending_connections(UDPServer::kDefaultMaxPendingConnections);
  settle();
  delivered_ = 0;
  return true;
}

void House::take_newcomers() {
  while (auto newcomer = server_->take_connection()) {
    if (keeps_ && keeps_(*newcomer)) {
      peers_.push_back(std::move(newcomer));
    } else {
      newcomer->close();
    }
  }
  most_remotes_ = std::max(most_remotes_, server_->get_remote_count());
}

void House::take_packets() {
  for (const ReceivedPacket& packet : server_->drain()) {
    if (Players::sender_of(packet.payload)) ++delivered_;
  }
}

void House::play_frame() {
  take_newcomers();
  take_packets();
  if (each_frame_) each_frame_();
  ++frames_;
  // After a pause the frames that were missed are not made up for.
  next_frame_ = std::max(next_frame_ + kFrame, Clock::now() - kFrame);
  std::this_thread::sleep_until(next_frame_);
}

void House::play_for(std::chrono::duration<double> time) {
  const auto end = Clock::now() + time;
  while (Clock::now() < end) play_frame();
}

void House::settle() {
  std::uint64_t before = 0;
  do {
    before = engine_->counters()[Counter::kReceivedPackets];
    (void)engine_->sync();
    take_newcomers();
    take_packets();
  } while (engine_->counters()[Counter::kReceivedPackets] != before);
}

std::size_t House::players_gone() const {
  const auto end = peers_.begin() + static_cast<std::ptrdiff_t>(options_.players);
  return static_cast<std::size_t>(std::count_if(peers_.begin(), end, [](const auto& peer) {
    return !peer->is_bound() || peer->is_disconnected();
  }));
}

}  // namespace ringpeer::bench
