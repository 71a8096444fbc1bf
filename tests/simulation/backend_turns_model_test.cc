// The backends on a machine in memory, where floods do not end: before each look, who is busy has
// more than a look takes. However many are, each socket has its turn within a number of looks, and
// in each socket's order; and sockets that find no buffer are not armed over and over.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "ringpeer/engine/backend/backend.h"
#include "ringpeer/engine/net/socket.h"
#include "ringpeer/engine/packet/packet_buffer.h"
#include "ringpeer/tests/simulation/drawn_kernel.h"
#include "ringpeer/tests/simulation/kernel.h"
#include "ringpeer/tests/simulation/machine.h"
#include "ringpeer/tests/support/model/model_run.h"

namespace ringpeer::simulation {
namespace {

using std::chrono::microseconds;
using test::Draws;

constexpr std::size_t kMaxSockets = 12;
// More than a batch, and than the kernel takes of one socket in a row.
constexpr std::size_t kFlood = 100;
constexpr std::uint16_t kFirstPort = 4000;
// Looks until a socket that has something gives something: some for what lies in the ring. Where a
// look is one batch, which no worker's is, each other socket has a few of its own.
constexpr std::size_t kSoon = 20;
constexpr std::size_t kBatchesOfOthers = 4;
// Of sockets that hold more together than there are buffers.
constexpr std::size_t kStorm = 300;

class BackendTurnsModel final : public test::Model {
 public:
  explicit BackendTurnsModel(Draws& draws)
      : machine_(draw_features(draws)),
        sockets_(2 + draws.below(kMaxSockets - 1)),
        max_batches_(draws.one_of(std::array<std::size_t, 3>{4, 8, 1})) {
    const bool use_uring = draws.one_in(2);
    machine_.scheduler.run([&] { open(use_uring); });
  }
  ~BackendTurnsModel() override {
    machine_.scheduler.run([this] {
      release_held();
      sockets_.clear();
      backend_.reset();
    });
  }

  void step(std::size_t kind, Draws& draws) override {
    machine_.scheduler.run([&] {
      Talker& talker = sockets_[draws.below(sockets_.size())];
      switch (kind) {
        case 0:
          return look({.budget = microseconds(draws.one_in(2) ? 100 : 0),
                       .idle = microseconds(1000),
                       .poll = draws.one_in(4)});
        case 1:
          return send(talker, 1 + draws.below(3), draws.one_in(4) ? 0 : kNumbered);
        case 2:
          talker.is_busy = !talker.is_busy;
          talker.flood_size = draws.one_in(2) ? 0 : kNumbered;
          return;
        case 3:
          holds_ = !holds_;
          return;
        default:
          return storm();
      }
    });
  }

 private:
  static constexpr std::size_t kNumbered = 40;

  struct Talker {
    net::Socket socket;
    std::uint32_t sent = 0;
    std::uint32_t received = 0;
    std::size_t looks = 0;  // since it has something and gives nothing
    bool is_busy = false;
    std::size_t flood_size = kNumbered;
  };

  void open(bool use_uring) {
    backend::BackendFailure failure;
    backend_ = use_uring ? backend::make_uring_backend({}, &home_, &failure)
                         : backend::make_mmsg_backend({}, &home_, &failure);
    ASSERT_TRUE(backend_ != nullptr && backend_->start(&failure)) << failure.what;
    for (std::size_t i = 0; i < sockets_.size(); ++i) {
      net::Socket& socket = sockets_[i].socket;
      ASSERT_EQ(socket.open(net::SocketFamily::kIpv4), 0);
      ASSERT_EQ(socket.bind({*net::IpAddress::parse("10.0.0.1"), 0, port(i)}), 0);
      ASSERT_EQ(backend_->attach(static_cast<backend::SocketSlot>(i), socket.descriptor()), 0);
    }
  }
  static std::uint16_t port(std::size_t index) {
    return static_cast<std::uint16_t>(kFirstPort + index);
  }

  UdpSocket& kernels(const Talker& talker) {
    return *machine_.kernel.find_socket(talker.socket.descriptor());
  }
  void send(Talker& talker, std::size_t count, std::size_t size) {
    for (std::size_t i = 0; i < count; ++i) {
      std::vector<std::uint8_t> payload(size);
      if (size > 0) std::memcpy(payload.data(), &talker.sent, sizeof(talker.sent));
      ++talker.sent;
      Machine::put(kernels(talker), {*net::IpAddress::parse("10.0.0.2"), 0, 9}, std::move(payload));
    }
  }
  void flood() {
    for (Talker& talker : sockets_) {
      const std::size_t waiting = kernels(talker).received.size();
      if (talker.is_busy && waiting < kFlood) send(talker, kFlood - waiting, talker.flood_size);
    }
  }

  // A step of a worker.
  void look(const backend::WaitPolicy& policy) {
    std::vector<bool> gave(sockets_.size(), false);
    release_held();
    flood();
    backend::BackendFailure failure;
    ASSERT_TRUE(backend_->wait(policy, &failure)) << failure.what;
    for (std::size_t i = 0; i < max_batches_; ++i) {
      flood();
      const backend::Received received = backend_->receive(batch_);
      for (std::size_t k = 0; k < received.count; ++k) take(batch_[k], gave);
      reclaim();
      if (!received.may_be_more) break;
    }
    const std::size_t soon = kSoon + (max_batches_ == 1 ? kBatchesOfOthers * sockets_.size() : 0);
    for (std::size_t i = 0; i < sockets_.size(); ++i) {
      Talker& talker = sockets_[i];
      talker.looks = gave[i] || talker.received == talker.sent ? 0 : talker.looks + 1;
      ASSERT_LE(talker.looks, soon) << "socket " << i << " waits for its turn";
    }
  }
  void take(const backend::Datagram& datagram, std::vector<bool>& gave) {
    ASSERT_EQ(datagram.fault, backend::DatagramFault::kNone);
    Talker& talker = sockets_[datagram.slot];
    gave[datagram.slot] = true;
    if (datagram.packet.size > 0) {
      std::uint32_t number = 0;
      std::memcpy(&number, datagram.packet.payload, sizeof(number));
      ASSERT_EQ(number, talker.received) << "socket " << datagram.slot;
    }
    ++talker.received;
    ASSERT_LE(talker.received, talker.sent);
    if (holds_ && backend_->has_buffers_to_lend()) {
      held_.push_back(datagram.packet.buffer);
    } else {
      datagram.packet.buffer->release();
    }
  }
  void release_held() {
    for (packet::PacketBuffer* const buffer : held_) buffer->release();
    held_.clear();
    reclaim();
  }
  void reclaim() {
    for (packet::PacketBuffer* buffer = home_.take_all(); buffer != nullptr;) {
      packet::PacketBuffer* const next = buffer->next;
      backend_->recycle(buffer);
      buffer = next;
    }
  }

  // So much at once that buffers run short, and then nothing more.
  void storm() {
    holds_ = false;
    for (Talker& talker : sockets_) {
      talker.is_busy = false;
      send(talker, kStorm, kNumbered);
    }
    const auto is_left = [](const Talker& talker) { return talker.received < talker.sent; };
    const std::uint64_t rearms = backend_->events().rearms;
    while (std::any_of(sockets_.begin(), sockets_.end(), is_left) && !testing::Test::HasFailure())
      look({.idle = microseconds(1000)});
    // Of what was there before, an empty one may have ended one more.
    ASSERT_LE(backend_->events().rearms - rearms, 3 * sockets_.size())
        << "receives end over and over";
  }

  Machine machine_;
  packet::BufferReturn home_;
  std::unique_ptr<backend::Backend> backend_;
  std::vector<Talker> sockets_;
  const std::size_t max_batches_;
  std::array<backend::Datagram, backend::kBatchSize> batch_;
  std::vector<packet::PacketBuffer*> held_;
  bool holds_ = false;
};

TEST(BackendTurnsModelTest, EachSocketHasItsTurnHoweverBusyOthersAre) {
  test::ModelPlan plan;
  plan.kinds = {{"look", 12}, {"send", 3}, {"flood", 2}, {"hold", 1}, {"storm", 1}};
  plan.sequences = 200;
  plan.make = [](Draws& draws) { return std::make_unique<BackendTurnsModel>(draws); };
  run_model(plan);
}

}  // namespace
}  // namespace ringpeer::simulation
