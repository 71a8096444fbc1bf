#include "ringpeer/tests/soak/impaired_stage.h"

#include <signal.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include <nlohmann/json.hpp>

namespace ringpeer::soak {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kClients = 24;
constexpr std::uint64_t kSendsOnceIn = 4;
constexpr std::uint64_t kMaxPacket = 1200;
// Longer than the relay keeps anything, even on a machine that is busy.
constexpr milliseconds kQuiet{1500};
constexpr seconds kMaxSettling{30};
constexpr seconds kPatience{30};

EngineOptions without_threads() {
  EngineOptions options;
  options.workers = 0;
  return options;
}

// Between two reads of a pipe the port may be cut in half: what is behind it is waited for.
int port_of(const std::string& said) {
  const std::string before = "impair on port ";
  const std::size_t at = said.find(before);
  return at == std::string::npos ? 0 : std::atoi(said.c_str() + at + before.size());
}

}  // namespace

ImpairedStage::ImpairedStage(std::uint64_t seed) : random_(seed), server_(without_threads()) {}

// What packets of a bad network hold at most is a matter of luck: the engines end with the minute,
// or chance would decide what is resident in the thirtieth.
void ImpairedStage::begin_minute() {
  engine_ = Engine::create({});
  if (engine_ == nullptr) throw std::runtime_error("no engine for clients");
  server_.open(ServerReceive::kPerRemote);
  relay_.emplace(std::vector<std::string>{"impair",
                                          "--port",
                                          "0",
                                          "--address",
                                          "127.0.0.1",
                                          "--target",
                                          "127.0.0.1:" + std::to_string(server_.port()),
                                          "--loss",
                                          "3/5",
                                          "--burst",
                                          "4",
                                          "--delay",
                                          "20",
                                          "--jitter",
                                          "15",
                                          "--duplicate",
                                          "2",
                                          "--reorder",
                                          "2",
                                          "--truncate",
                                          "2",
                                          "--corrupt",
                                          "2",
                                          "--rate",
                                          "2000",
                                          "--seed",
                                          std::to_string(random_() >> 1),
                                          "--json"});
  if (!relay_->wait_for_error_text(", seed ", kPatience)) {
    throw std::runtime_error("ringpeer impair does not start: " + relay_->error_output());
  }
  for (std::size_t i = 0; i < kClients; ++i) {
    auto& client = clients_.emplace_back(std::make_unique<PacketPeerUDP>(engine_));
    if (client->connect_to_host("127.0.0.1", port_of(relay_->error_output())) != Error::OK) {
      throw std::runtime_error("a client cannot connect to the relay");
    }
  }
}

void ImpairedStage::turn() {
  std::array<std::uint8_t, kMaxPacket> packet = {};
  for (const auto& client : clients_) {
    if (random_() % kSendsOnceIn != 0) continue;
    (void)client->put_packet(std::span(packet).first(1 + random_() % (kMaxPacket - 1)));
  }
  server_.turn(false);
  receive();
}

void ImpairedStage::receive() {
  for (const auto& client : clients_) {
    while (client->get_available_packet_count() > 0) {
      std::span<const std::uint8_t> packet;
      taken_ += client->get_packet(&packet) == Error::OK ? 1 : 0;
    }
  }
}

void ImpairedStage::settle() {
  const Clock::time_point deadline = Clock::now() + kMaxSettling;
  std::uint64_t before = 0;
  for (Clock::time_point last = Clock::now();
       Clock::now() < last + kQuiet && Clock::now() < deadline;) {
    server_.turn(true);
    receive();
    if (const std::uint64_t now = server_.taken() + taken_; now != std::exchange(before, now)) {
      last = Clock::now();
    }
    std::this_thread::sleep_for(milliseconds(5));
  }
  server_.sync();
  (void)engine_->sync();
  receive();
}

void ImpairedStage::end_relay(Balance* balance) {
  relay_->send_signal(SIGINT);
  const int status = relay_->finish(kPatience);
  const auto report = nlohmann::json::parse(relay_->output(), nullptr, false);
  if (status != 0 || report.is_discarded()) {
    throw std::runtime_error("ringpeer impair ends with status " + std::to_string(status) + ", " +
                             std::to_string(relay_->output().size()) +
                             " bytes of report: " + relay_->error_output());
  }
  relay_.reset();
  for (const auto& [name, way] :
       {std::pair("to_server", &to_server_), {"to_client", &to_client_}}) {
    const auto& said = report.at(name);
    const auto drops = said.at("kernel_drops");
    way->arrived += said.at("arrived").get<std::uint64_t>() +
                    (drops.is_null() ? 0 : drops.get<std::uint64_t>());
    way->forwarded += said.at("forwarded").get<std::uint64_t>();
    lost_ += said.at("lost").get<std::uint64_t>() + said.at("queue_full").get<std::uint64_t>();
    balance->expect_equal(std::string("the relay, ") + name + ": nothing still waits", 0,
                          said.at("waiting").get<std::uint64_t>());
  }
}

void ImpairedStage::end_minute(Balance* balance) {
  settle();
  clients_.clear();
  (void)engine_->sync();
  server_.close();
  server_.sync();
  end_relay(balance);
  taken_by_server_ += server_.taken();
  ended_server_ += server_.end_engine();
  engine_->stop();
  ended_clients_ += engine_->counters();
  engine_.reset();
  const CounterSnapshot& clients = ended_clients_;
  const CounterSnapshot& server = ended_server_;
  balance->expect_balanced("clients of the relay", clients);
  balance->expect_balanced("server behind the relay", server);
  balance->expect_equal("clients of the relay: delivered = taken",
                        clients[Counter::kDeliveredPackets], taken_);
  balance->expect_equal("server behind the relay: delivered = taken",
                        server[Counter::kDeliveredPackets], taken_by_server_);
  const auto arrived_at = [](const CounterSnapshot& counters) {
    return counters[Counter::kReceivedPackets] + counters[Counter::kKernelDrops];
  };
  balance->expect_equal("from clients to the relay", clients[Counter::kSentPackets],
                        to_server_.arrived);
  balance->expect_equal("from the relay to the server", to_server_.forwarded, arrived_at(server));
  balance->expect_equal("from the server to the relay", server[Counter::kSentPackets],
                        to_client_.arrived);
  balance->expect_equal("from the relay to clients", to_client_.forwarded, arrived_at(clients));
}

CounterSnapshot ImpairedStage::totals() const {
  CounterSnapshot totals = ended_clients_;
  totals += ended_server_;
  return totals;
}

}  // namespace ringpeer::soak
