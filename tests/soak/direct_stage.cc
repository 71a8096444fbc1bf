#include "ringpeer/tests/soak/direct_stage.h"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "ringpeer/tests/soak/busy_neighbours.h"

namespace ringpeer::soak {
namespace {

constexpr std::size_t kClients = 48;
// Turns in which nobody listens.
constexpr int kTurnsAway = 20;
// In which a worker, when it gets to run at all, finds as much as there may be.
constexpr std::chrono::milliseconds kHeldUp{50};
// Looks that find nothing, one after the other, before all is taken for heard.
constexpr int kQuietLooks = 3;

}  // namespace

DirectStage::DirectStage(std::string name, const EngineOptions& options, bool fleeting,
                         std::uint64_t seed)
    : name_(std::move(name)),
      fleeting_(fleeting),
      server_(options),
      crowd_(kClients, fleeting, seed) {}

void DirectStage::begin_round(ServerReceive receive) {
  receive_ = receive;
  was_restarted_ = false;
  open();
}

void DirectStage::open() {
  server_.open(receive_);
  net::Endpoint endpoint;
  endpoint.address = *net::IpAddress::parse("127.0.0.1");
  endpoint.port = static_cast<std::uint16_t>(server_.port());
  crowd_.aim(endpoint);
}

void DirectStage::turn() {
  crowd_.send_some();
  server_.turn(false);
  crowd_.receive();
}

void DirectStage::flood(bool holds_workers_up) {
  turn();  // the server knows them
  std::optional<BusyNeighbours> neighbours;
  if (holds_workers_up) neighbours.emplace();
  crowd_.flood();
  if (holds_workers_up) std::this_thread::sleep_for(kHeldUp);
}

void DirectStage::restart_in_traffic() {
  was_restarted_ = true;
  server_.close();
  for (int i = 0; i < kTurnsAway; ++i) crowd_.send_some();
  open();
}

void DirectStage::end_round(Balance* balance) {
  std::uint64_t before = 0;
  for (int quiet = 0; quiet < kQuietLooks; ++quiet) {
    server_.sync();  // the kernel's packets are in the queues, and answers with the kernel
    server_.turn(true);
    server_.sync();
    crowd_.receive();
    const std::uint64_t now = server_.taken() + crowd_.received();
    if (now != std::exchange(before, now)) quiet = 0;
  }
  server_.close();
  server_.sync();
  const CounterSnapshot counters = server_.counters();
  balance->expect_balanced(name_, counters);
  balance->expect_equal(name_ + ": delivered = taken", counters[Counter::kDeliveredPackets],
                        server_.taken());
  if (!was_restarted_) {
    balance->expect_equal(name_ + ": sent by players = received + dropped by the kernel",
                          crowd_.sent(),
                          counters[Counter::kReceivedPackets] + counters[Counter::kKernelDrops]);
  }
  if (!fleeting_) {
    balance->expect_equal(name_ + ": answers sent = received by players + dropped by the kernel",
                          counters[Counter::kSentPackets],
                          crowd_.received() + crowd_.kernel_drops());
    crowd_.leave();
    return;
  }
  crowd_.leave();
  crowd_.forget();
  const CounterSnapshot last = server_.end_engine();
  balance->expect_balanced(name_ + ", after its end", last);
  ended_ += last;
}

CounterSnapshot DirectStage::totals() const {
  CounterSnapshot totals = ended_;
  if (!fleeting_) totals += server_.counters();
  return totals;
}

}  // namespace ringpeer::soak
