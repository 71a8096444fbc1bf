// A batch of every kind of source, and everything else that may happen to the source meanwhile,
// in random order: each packet comes once and in its sender's order, and what the batch has
// shown stays as it was until the batch ends.

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/test/backends.h"
#include "ringpeer/test/loopback.h"
#include "ringpeer/udp_server.h"

namespace ringpeer {
namespace {

enum class Source {
  kSocket,
  kSocketWithNotes,  // reply_from_received_address: read without windows
  kServer,
  kServersPeer,
  kTogether,
};

constexpr std::size_t kSenders = 3;
constexpr std::uint16_t kSegment = 400;
constexpr std::uint32_t kTrain = 8;
constexpr int kWorlds = 3;  // each ends with a close, a stop or a connect
constexpr int kStepsOfABatch = 40;

// Fills buffers with something else, through a socket of its own.
class Noise {
 public:
  explicit Noise(const std::shared_ptr<Engine>& engine) : engine_(engine), peer_(engine) {
    EXPECT_EQ(peer_.bind(0, "127.0.0.1", 4 << 20), Error::OK);
    sender_.emplace(static_cast<std::uint16_t>(peer_.get_local_port()));
  }
  // Holds more than half of the kernel's buffers, so that packets are copied.
  void make_worker_copy() {
    hog_.reset(new DrainBatch(peer_.drain()));
    ReceivedPacket packet;
    for (int i = 0; i < 80; ++i) {
      send(1, 60000);  // in the io_uring backend's
      send(30, 100);   // in the recvmmsg backend's, where large ones are copied anyway
      while (hog_->next(&packet)) {
      }
    }
  }
  void overwrite() {
    send(16, 60000);
    std::span<const std::uint8_t> packet;
    while (peer_.get_packet(&packet) == Error::OK) {
    }
  }

 private:
  void send(int count, std::size_t size) {
    const std::vector<std::uint8_t> bytes(size, 0xee);
    for (int i = 0; i < count; ++i) ASSERT_TRUE(sender_->send(bytes));
    ASSERT_EQ(engine_->sync(), Error::OK);
  }

  const std::shared_ptr<Engine> engine_;
  PacketPeerUDP peer_;
  std::optional<test::Sender> sender_;
  std::unique_ptr<DrainBatch> hog_;
};

class World {
 public:
  World(const std::shared_ptr<Engine>& engine, Source source, bool gro, unsigned seed)
      : engine_(engine), source_(source), gro_(gro), random_(seed) {
    source_ == Source::kSocket || source_ == Source::kSocketWithNotes ? bind() : listen();
  }

  void run_batch(Noise& noise) {
    {
      DrainBatch batch = drain();
      for (int step = 0; step < kStepsOfABatch; ++step) {
        do_something(batch, noise);
        if (testing::Test::HasFatalFailure()) return;
      }
      noise.overwrite();
      check_views();
      views_.clear();
    }
  }
  // In the middle of a batch.
  void end(Noise& noise) {
    DrainBatch batch = drain();
    for (int i = 0; i < 5; ++i) send_some();
    for (int i = 0; i < 7; ++i) next(batch);
    go_away();
    noise.overwrite();
    check_views();
    ReceivedPacket packet;
    EXPECT_FALSE(source_ != Source::kServer && batch.next(&packet));
    views_.clear();
  }

 private:
  struct View {
    std::span<const std::uint8_t> bytes;
    std::uint32_t number;
  };

  void bind() {
    SocketOptions options;
    options.reply_from_received_address = source_ == Source::kSocketWithNotes;
    peer_ = std::make_unique<PacketPeerUDP>(engine_);
    ASSERT_EQ(peer_->bind(0, "127.0.0.1", 1 << 20, options), Error::OK);
    make_senders(peer_->get_local_port());
  }
  void listen() {
    ServerOptions options;
    if (source_ == Source::kTogether) options.receive = ServerReceive::kTogether;
    server_ = std::make_unique<UDPServer>(engine_);
    ASSERT_EQ(server_->listen(0, "127.0.0.1", options), Error::OK);
    make_senders(server_->get_local_port());
    if (source_ == Source::kTogether) return;
    for (std::size_t i = 0; i < kSenders; ++i) {
      send_train(i);
      ASSERT_EQ(engine_->sync(), Error::OK);
      peers_.push_back(server_->take_connection());
      ASSERT_NE(peers_.back(), nullptr);
    }
  }
  void make_senders(int port) {
    for (std::size_t i = 0; i < kSenders; ++i) {
      senders_.push_back(std::make_unique<test::Sender>(static_cast<std::uint16_t>(port)));
    }
  }

  DrainBatch drain() {
    if (peer_ != nullptr) return peer_->drain();
    return source_ == Source::kServersPeer ? peers_[0]->drain() : server_->drain();
  }

  void do_something(DrainBatch& batch, Noise& noise) {
    switch (random_() % 8) {
      case 0:
      case 1:
        return send_some();
      case 2:
      case 3:
      case 4:
        return next(batch);
      case 5:
        return get_beside_the_batch();
      case 6:
        return count();
      default:
        noise.overwrite();
        return check_views();
    }
  }

  void send_some() {
    send_train(random_() % kSenders);
    ASSERT_EQ(engine_->sync(), Error::OK);
  }
  void send_train(std::size_t sender) {
    std::vector<std::uint8_t> train;
    for (std::uint32_t i = 0; i < kTrain; ++i) {
      const std::uint32_t number = sent_[sender]++ * kSenders + static_cast<std::uint32_t>(sender);
      const auto packet = test::numbered_payload(number, kSegment);
      if (!gro_) {
        ASSERT_TRUE(senders_[sender]->send(packet));
      }
      train.insert(train.end(), packet.begin(), packet.end());
    }
    if (gro_) {
      ASSERT_TRUE(senders_[sender]->send_train(train, kSegment));
    }
  }

  void next(DrainBatch& batch) {
    for (std::uint32_t left = random_() % (kTrain + 3); left > 0; --left) {
      ReceivedPacket packet;
      if (!batch.next(&packet)) return;
      got(packet.payload);
      views_.push_back({packet.payload, test::number_of(packet.payload)});
    }
  }
  void get_beside_the_batch() {
    std::span<const std::uint8_t> bytes;
    ReceivedPacket packet;
    for (std::uint32_t left = random_() % (kTrain + 3); left > 0; --left) {
      if (server_ != nullptr && (peers_.empty() || random_() % 3 == 0)) {
        if (server_->get_packet(&packet) == Error::OK) got(packet.payload);
      } else {
        PacketPeerUDP& peer = peer_ != nullptr ? *peer_ : *peers_[random_() % peers_.size()];
        if (peer.get_packet(&bytes) == Error::OK) got(bytes);
      }
    }
  }
  void count() {
    if (peer_ != nullptr) {
      EXPECT_GE(peer_->get_available_packet_count(), 0);
    }
    for (const auto& peer : peers_) EXPECT_GE(peer->get_available_packet_count(), 0);
  }

  void go_away() {
    if (peer_ != nullptr) {
      random_() % 2 == 0 ? peer_->close()
                         : static_cast<void>(peer_->connect_to_host("127.0.0.1", 9));
      return;
    }
    if (!peers_.empty()) peers_[0]->close();
    if (peers_.empty() || random_() % 2 == 0) server_->stop();
  }

  // Each once, and in its sender's order.
  void got(std::span<const std::uint8_t> bytes) {
    ASSERT_EQ(bytes.size(), kSegment);
    const std::uint32_t number = test::number_of(bytes);
    ASSERT_TRUE(test::is_numbered_payload(bytes, number));
    ASSERT_EQ(number / kSenders, expected_[number % kSenders]++);
  }
  void check_views() {
    for (const View& view : views_) {
      ASSERT_TRUE(test::is_numbered_payload(view.bytes, view.number)) << view.number;
    }
  }

  const std::shared_ptr<Engine> engine_;
  const Source source_;
  const bool gro_;
  std::minstd_rand random_;
  std::unique_ptr<PacketPeerUDP> peer_;
  std::unique_ptr<UDPServer> server_;
  std::vector<std::shared_ptr<PacketPeerUDP>> peers_;
  std::vector<std::unique_ptr<test::Sender>> senders_;
  std::array<std::uint32_t, kSenders> sent_{};
  std::array<std::uint32_t, kSenders> expected_{};
  std::vector<View> views_;
};

using Parameters = std::tuple<test::EngineKind, Source, bool, bool>;

class DrainModelTest : public testing::TestWithParam<Parameters> {};

TEST_P(DrainModelTest, GivesEachPacketOnceAndKeepsWhatItHasShown) {
  const auto [kind, source, gro, copied] = GetParam();
  EngineOptions options = kind.options();
  options.gro = gro;
  std::string message;
  const auto engine = Engine::create(options, nullptr, &message);
  if (engine == nullptr) GTEST_SKIP() << message;
  Noise noise(engine);
  if (copied) noise.make_worker_copy();
  for (unsigned seed = 1; seed <= kWorlds; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    World world(engine, source, gro, seed);
    for (int i = 0; i < 3 && !HasFatalFailure(); ++i) world.run_batch(noise);
    if (HasFatalFailure()) return;
    world.end(noise);
    if (HasFailure()) return;
  }
}

std::string name_of(const testing::TestParamInfo<Parameters>& info) {
  const auto& [kind, source, gro, copied] = info.param;
  constexpr std::array<const char*, 5> kNames{"Socket", "SocketWithNotes", "Server", "ServersPeer",
                                              "Together"};
  return test::engine_name({kind, 0}) + kNames[static_cast<std::size_t>(source)] +
         (gro ? "Trains" : "") + (copied ? "Copied" : "");
}

INSTANTIATE_TEST_SUITE_P(Sources, DrainModelTest,
                         testing::Combine(test::every_engine(),
                                          testing::Values(Source::kSocket, Source::kSocketWithNotes,
                                                          Source::kServer, Source::kServersPeer,
                                                          Source::kTogether),
                                          testing::Bool(), testing::Bool()),
                         name_of);

}  // namespace
}  // namespace ringpeer
