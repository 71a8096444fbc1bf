// A server on a machine in memory whose application takes until nothing waits, while somebody sends
// faster than it takes: whichever calls the loop is made of, it ends with what may wait at most.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ringpeer/tests/simulation/machine.h"
#include "ringpeer/tests/support/model/model_run.h"
#include "ringpeer/udp_server.h"

namespace ringpeer::simulation {
namespace {

using test::Draws;

constexpr std::uint16_t kPort = 4000;
constexpr std::size_t kSize = 40;
// What the arrivals of one worker's sockets have room for.
constexpr std::size_t kRingPackets = 32'768;
constexpr std::size_t kMaxPending = 40;
constexpr std::size_t kMoreEachTime = 2;
constexpr Time kOneTakes = 5 * kMicrosecond;
constexpr Time kOneConnectionTakes = 100 * kMicrosecond;
// What waited may have come slowly, and so has, on the average, what comes behind a pause.
constexpr std::size_t kBehindAPause = 3;
// Of the kernel's, beyond which it drops.
constexpr std::size_t kMaxInSocket = 200;

class ServerLoopsModel final : public test::Model {
 public:
  enum Kind { kGetLoop, kConnectionLoop, kSend, kGet, kConnect, kPoll };

  explicit ServerLoopsModel(Draws& draws) : max_pending_(1 + draws.below(kMaxPending)) {
    machine_.scheduler.run([&] { open(draws); });
  }
  ~ServerLoopsModel() override {
    machine_.scheduler.run([this] {
      connections_.clear();
      server_.reset();
      engine_->stop();
      engine_.reset();
    });
  }

  void step(std::size_t kind, Draws& draws) override {
    machine_.scheduler.run([&] { do_it(static_cast<Kind>(kind), draws); });
  }

 private:
  void open(Draws& draws) {
    EngineOptions options;
    options.backend = draws.one_in(2) ? BackendKind::kIoUring : BackendKind::kRecvmmsg;
    options.workers = static_cast<int>(draws.below(2));
    options.encode_buffers = 1;
    std::string message;
    engine_ = Engine::create(options, nullptr, &message);
    ASSERT_NE(engine_, nullptr) << message;
    server_ = std::make_unique<UDPServer>(engine_);
    server_->set_max_pending_connections(static_cast<int>(max_pending_));
    ServerOptions server_options;
    is_together_ = draws.one_in(3);
    if (is_together_) server_options.receive = ServerReceive::kTogether;
    ASSERT_EQ(server_->listen(kPort, "10.0.0.1", server_options), Error::OK);
  }

  void do_it(Kind kind, Draws& draws) {
    switch (kind) {
      case kGetLoop:
        return get_loop();
      case kConnectionLoop:
        return connection_loop();
      case kSend:
        return send(1 + draws.below(kMaxInSocket), draws.one_in(2));
      case kGet: {
        ReceivedPacket packet;
        return static_cast<void>(server_->get_packet(&packet));
      }
      case kConnect:
        return static_cast<void>(connect());
      case kPoll:
        ASSERT_EQ(server_->poll(), Error::OK);
    }
  }

  void get_loop() {
    while (connections_.empty() && !is_together_) {  // it gives those of peers that were taken
      send(1, true);
      machine_.scheduler.sleep(kMillisecond);
      if (server_->is_connection_available()) {
        ASSERT_TRUE(connect());
      }
    }
    send(kMaxInSocket, false);
    machine_.scheduler.sleep(kMillisecond);
    ReceivedPacket packet;
    for (std::size_t given = 0; server_->get_packet(&packet) == Error::OK; ++given) {
      ASSERT_LE(given, kBehindAPause * kRingPackets) << "a loop of get_packet has no end";
      send(kMoreEachTime, false);
      machine_.scheduler.sleep(kOneTakes);
    }
  }
  void connection_loop() {
    send(kMaxInSocket, true);
    machine_.scheduler.sleep(kMillisecond);
    for (std::size_t given = 0; server_->is_connection_available(); ++given) {
      ASSERT_LE(given, kBehindAPause * max_pending_) << "a loop of connections has no end";
      ASSERT_TRUE(connect()) << "who is available is not there";
      send(kMoreEachTime, true);
      machine_.scheduler.sleep(kOneConnectionTakes);
    }
    connections_.clear();
  }
  bool connect() {
    std::shared_ptr<PacketPeerUDP> peer = server_->take_connection();
    if (peer == nullptr) return false;
    connections_.push_back(std::move(peer));
    return true;
  }
  void send(std::size_t count, bool by_strangers) {
    UdpSocket& socket = machine_.socket_on(kPort);
    for (; count > 0 && socket.received.size() < kMaxInSocket; --count) {
      if (by_strangers) ++stranger_;
      const int known = connections_.empty() ? 1 : connections_.back()->get_packet_port();
      const auto sender =
          static_cast<std::uint16_t>(by_strangers ? 1 + stranger_ % UINT16_MAX : known);
      Machine::put(socket, {*net::IpAddress::parse("10.0.0.2"), 0, sender},
                   std::vector<std::uint8_t>(kSize));
    }
  }

  Machine machine_;
  std::shared_ptr<Engine> engine_;
  std::unique_ptr<UDPServer> server_;
  std::vector<std::shared_ptr<PacketPeerUDP>> connections_;
  const std::size_t max_pending_;
  std::uint32_t stranger_ = 0;
  bool is_together_ = false;
};

TEST(ServerLoopsModelTest, EndHoweverFastOthersSend) {
  test::ModelPlan plan;
  plan.kinds = {{"loop of get_packet", 1},
                {"loop of connections", 6},
                {"send", 8},
                {"get", 4},
                {"connect", 2},
                {"poll", 2}};
  plan.sequences = 40;
  plan.max_operations = 30;
  plan.make = [](Draws& draws) { return std::make_unique<ServerLoopsModel>(draws); };
  run_model(plan);
}

}  // namespace
}  // namespace ringpeer::simulation
