// Peers of an engine on a machine in memory whose application goes from thread to thread, as one
// without threads of its own allows: io_uring is left on the way, with completions in it, buffers
// lent and sockets paused. Nothing is lost, twice or out of order, what is held stays as it is, a
// sync hands over all that had come, and a poll leaves nobody believing that nothing waits.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tests/simulation/drawn_kernel.h"
#include "ringpeer/tests/simulation/machine.h"
#include "ringpeer/tests/simulation/payload.h"
#include "ringpeer/tests/support/heap/heap.h"
#include "ringpeer/tests/support/model/model_run.h"

namespace ringpeer::simulation {
namespace {

using test::Draws;

constexpr std::size_t kMaxPeers = 3;
// More than a pump takes.
constexpr std::size_t kMaxSent = 500;
constexpr std::size_t kSize = 40;
constexpr std::size_t kPutAtOnce = 1500;
constexpr std::uint16_t kHostPort = 9;
// Less than an idle worker sleeps.
constexpr Time kSoon = 50 * kMillisecond;
// That wait for a peer: fewer than its queue holds.
constexpr std::size_t kMaxWaiting = 900;
// More than a break from a socket takes.
constexpr std::size_t kMaxErrors = 40;
// That one, and a while.
constexpr Time kBreak = 20 * kMillisecond;

class EngineThreadsModel final : public test::Model {
 public:
  enum Kind {
    kSend,
    kSendEmpty,
    kReturnErrors,
    kGet,
    kHold,
    kCount,
    kPoll,
    kSync,
    kPut,
    kLittleMemory,
    kChangeThread
  };

  explicit EngineThreadsModel(Draws& draws)
      : machine_(draw_kernel(draws)), peers_(1 + draws.below(kMaxPeers)) {
    const bool use_uring = !draws.one_in(4);
    has_threads_ = draws.one_in(4);
    machine_.scheduler.run([&] { open(use_uring); });
  }
  ~EngineThreadsModel() override {
    machine_.scheduler.run([this] {
      peers_.clear();
      engine_->stop();
      engine_.reset();
    });
  }

  void step(std::size_t kind, Draws& draws) override {
    if (kind == kLittleMemory) {
      // Who receives drops what there is no memory for: here only the change asks for some.
      if (has_threads_ || elsewhere_ || engine_->backend() != BackendKind::kIoUring) return;
      elsewhere_ = true;
      return here([this] { sync_without_memory(); });
    }
    if (kind == kChangeThread) {
      elsewhere_ = !elsewhere_ && !has_threads_;
      return;
    }
    here([&] { do_it(static_cast<Kind>(kind), draws); });
  }
  void end() override {
    here([this] {
      for (Peer& peer : peers_) {
        while (get(peer)) {
        }
        EXPECT_EQ(peer.received, peer.sent);
      }
      const CounterSnapshot counters = engine_->counters();
      EXPECT_EQ(counters[Counter::kReceivedPackets], counters[Counter::kDeliveredPackets]);
    });
  }

 private:
  struct Peer {
    std::unique_ptr<PacketPeerUDP> peer;
    std::uint16_t port = 0;
    std::uint32_t sent = 0;
    std::uint32_t received = 0;
    std::span<const std::uint8_t> held;
    std::uint32_t held_number = 0;
    Time last_error = 0;
  };

  static KernelFeatures draw_kernel(Draws& draws) {
    KernelFeatures features = draw_features(draws);
    features.most_completions = draws.one_of(std::array<std::size_t, 3>{4096, 64, 16});
    return features;
  }
  void open(bool use_uring) {
    EngineOptions options;
    options.backend = use_uring ? BackendKind::kIoUring : BackendKind::kRecvmmsg;
    options.workers = has_threads_ ? 1 : 0;
    options.encode_buffers = 1;
    machine_.network.add_host({*net::IpAddress::parse("10.0.0.2"), 0, kHostPort},
                              [](const SimulatedDatagram&) {});
    std::string message;
    engine_ = Engine::create(options, nullptr, &message);
    ASSERT_NE(engine_, nullptr) << message;
    for (Peer& peer : peers_) {
      peer.peer = std::make_unique<PacketPeerUDP>(engine_);
      ASSERT_EQ(peer.peer->bind(0, "10.0.0.1", 1 << 18), Error::OK);
      peer.port = static_cast<std::uint16_t>(peer.peer->get_local_port());
    }
  }

  // A thread's number is that of the real one that runs it.
  void here(const std::function<void()>& function) {
    if (!elsewhere_) return machine_.scheduler.run(function);
    std::thread([&] { machine_.scheduler.run(function); }).join();
  }

  void do_it(Kind kind, Draws& draws) {
    Peer& peer = peers_[draws.below(peers_.size())];
    switch (kind) {
      case kSend:
        return send(peer, 1 + draws.below(kMaxSent), kSize);
      case kSendEmpty:
        return send(peer, 1 + draws.below(3), 0);
      case kReturnErrors:
        for (std::size_t left = draws.below(kMaxErrors); left > 0; --left) {
          return_error(peer);
          static_cast<void>(peer.peer->poll());
          machine_.scheduler.sleep(100 * kMicrosecond);
        }
        return;
      case kGet:
        for (std::size_t left = 1 + draws.below(kMaxSent); left > 0 && get(peer); --left) {
        }
        return;
      case kHold:
        peer.held = {};
        if (peer.peer->get_packet(&peer.held) == Error::OK) take(peer, peer.held);
        return;
      case kCount:
        ASSERT_LE(waiting_of(peer), peer.sent - peer.received);
        return;
      case kPoll: {
        const bool may_have_a_break = machine_.scheduler.now() - peer.last_error < kBreak;
        const bool waits = !kernels(peer).received.empty();
        // Which hides nothing, where they are rare.
        if (!may_have_a_break && draws.one_in(3)) return_error(peer);
        const std::uint64_t before = received();
        ASSERT_EQ(peer.peer->poll(), Error::OK);
        if (has_threads_ || may_have_a_break || !waits) return;
        ASSERT_GT(received(), before) << "nobody reads what waits";
        return;
      }
      case kSync:
        return sync();
      case kPut:
        return put(peer, kPutAtOnce);
      case kLittleMemory:
      case kChangeThread:
        return;
    }
  }

  void return_error(Peer& peer) {
    kernels(peer).error = ECONNREFUSED;
    peer.last_error = machine_.scheduler.now();
  }
  UdpSocket& kernels(const Peer& peer) { return machine_.socket_on(peer.port); }
  // An error is told once, instead.
  static std::uint32_t waiting_of(const Peer& peer) {
    const int count = peer.peer->get_available_packet_count();
    return static_cast<std::uint32_t>(count >= 0 ? count : peer.peer->get_available_packet_count());
  }
  void send(Peer& peer, std::size_t count, std::size_t size) {
    UdpSocket& socket = kernels(peer);
    for (; count > 0 && peer.sent - peer.received < kMaxWaiting; --count) {
      Machine::put(
          socket, {*net::IpAddress::parse("10.0.0.2"), 0, kHostPort},
          size > 0 ? make_payload({peer.port, peer.sent}, size) : std::vector<std::uint8_t>());
      ++peer.sent;
    }
  }

  // False when nothing waits.
  bool get(Peer& peer) {
    look_at_held(peer);
    for (int tries = 0; tries < kTries; ++tries) {
      std::span<const std::uint8_t> packet;
      if (peer.peer->get_packet(&packet) == Error::OK) {
        peer.held = packet;
        take(peer, packet);
        return true;
      }
      peer.held = {};
      if (peer.sent == peer.received) return false;
      machine_.scheduler.sleep(kMillisecond);
    }
    ADD_FAILURE() << "something is never given";
    return false;
  }
  void take(Peer& peer, std::span<const std::uint8_t> packet) {
    const auto stamp = read_payload(packet);
    if (stamp.has_value()) {
      ASSERT_EQ(stamp->sender, peer.port);
      ASSERT_EQ(stamp->number, peer.received);
    }
    peer.held_number = peer.received++;
    ASSERT_LE(peer.received, peer.sent);
  }
  // The last that was got is as it was, whatever has happened to the backend that wrote it.
  void look_at_held(const Peer& peer) {
    if (peer.held.empty()) return;
    const auto stamp = read_payload(peer.held);
    ASSERT_TRUE(stamp.has_value() && stamp->number == peer.held_number);
  }

  // Faster than anybody looks: all of it leaves soon, although nothing more is put.
  void put(Peer& peer, std::size_t count) {
    ASSERT_EQ(peer.peer->set_dest_address("10.0.0.2", kHostPort), Error::OK);
    const std::uint64_t sent = engine_->counters()[Counter::kSentPackets];
    machine_.scheduler.wake_others_late(machine_.scheduler.now() + kMillisecond);
    std::size_t taken = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::array<std::uint8_t, 4> packet{1, 2, 3, 4};
      taken += peer.peer->put_packet(packet) == Error::OK ? 1 : 0;
    }
    ASSERT_GT(taken, 0u);
    static_cast<void>(peer.peer->poll());
    machine_.scheduler.sleep(kSoon);
    ASSERT_EQ(engine_->counters()[Counter::kSentPackets] - sent, taken);
  }

  std::uint64_t received() const { return engine_->counters()[Counter::kReceivedPackets]; }

  // All that has come, of sockets that have a break, too.
  void sync() {
    ASSERT_EQ(engine_->sync(), Error::OK);
    std::uint64_t sent = 0;
    for (const Peer& peer : peers_) sent += peer.sent;
    ASSERT_EQ(received(), sent);
    for (const Peer& peer : peers_) {
      look_at_held(peer);
      ASSERT_EQ(waiting_of(peer), peer.sent - peer.received);
    }
  }

  // What takes the ring's place may find no memory: a later call does.
  void sync_without_memory() {
    test::set_refusal([] {
      const Scheduler& scheduler = Kernel::current().scheduler();
      return scheduler.runs_worker_code() || scheduler.runs_application_code();  // not the machine
    });
    const Error error = engine_->sync();
    test::set_refusal(nullptr);
    ASSERT_TRUE(error == Error::OK || error == Error::ERR_OUT_OF_MEMORY) << error_name(error);
  }

  static constexpr int kTries = 100;

  Machine machine_;
  std::shared_ptr<Engine> engine_;
  std::vector<Peer> peers_;
  bool has_threads_ = false;
  bool elsewhere_ = false;
};

TEST(EngineThreadsModelTest, WhoeverCallsFindsWhatHasCome) {
  test::ModelPlan plan;
  plan.kinds = {{"send", 8},          {"send empty ones", 2},
                {"return errors", 1}, {"get", 4},
                {"hold", 3},          {"count", 2},
                {"poll", 3},          {"sync", 2},
                {"put", 1},           {"sync without memory", 1},
                {"change thread", 2}};
  plan.sequences = 600;
  plan.make = [](Draws& draws) { return std::make_unique<EngineThreadsModel>(draws); };
  run_model(plan);
}

}  // namespace
}  // namespace ringpeer::simulation
