// A batch of every kind of source, and everything else that may happen to the source meanwhile,
// in random order: each packet comes once and in its sender's order, what the batch has shown
// stays as it was until the batch ends, and what a get has shown until the next get of the same
// peer or server, whatever is closed or stopped meanwhile.

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/tests/engine/support/buffer_noise.h"
#include "ringpeer/tests/engine/support/loopback.h"
#include "ringpeer/tests/support/model/model_run.h"
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

// A batch is open in each step but that of kNewBatch, which ends one and begins another.
class World final : public test::Model {
 public:
  enum Kind { kSend, kNext, kGet, kCount, kCloseAndComeBack, kOverwrite, kNewBatch };

  World(const std::shared_ptr<Engine>& engine, test::BufferNoise& noise, Source source, bool gro)
      : engine_(engine), noise_(noise), source_(source), gro_(gro) {
    source_ == Source::kSocket || source_ == Source::kSocketWithNotes ? bind() : listen();
    if (!testing::Test::HasFatalFailure()) batch_.reset(new DrainBatch(drain()));
  }

  void step(std::size_t kind, test::Draws& draws) override {
    ASSERT_NE(batch_, nullptr);
    draws_ = &draws;
    switch (static_cast<Kind>(kind)) {
      case kSend:
        return send_some();
      case kNext:
        return next(*batch_);
      case kGet:
        return get_beside_the_batch();
      case kCount:
        return count();
      case kCloseAndComeBack:
        return close_and_come_back();
      case kOverwrite:
        noise_.overwrite();
        return check_views();
      case kNewBatch:
        return begin_new_batch();
    }
  }

  // The source goes away in the middle of a batch: what was shown stays, and nothing more comes.
  void end() override {
    draws_ = nullptr;
    if (batch_ == nullptr) return;
    for (int i = 0; i < 5; ++i) send_train(static_cast<std::size_t>(i) % kSenders);
    ASSERT_EQ(engine_->sync(), Error::OK);
    for (int i = 0; i < 3; ++i) next(*batch_);
    goes_away_ = sent_[0] % 2 == 0;
    go_away();
    noise_.overwrite();
    check_views();
    ReceivedPacket packet;
    EXPECT_FALSE(source_ != Source::kServer && batch_->next(&packet));
    views_.clear();
    batch_.reset();
    // After that, when the batch is gone, too.
    noise_.overwrite();
    check_views();
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

  std::size_t below(std::size_t limit) { return draws_ == nullptr ? 0 : draws_->below(limit); }

  void begin_new_batch() {
    noise_.overwrite();
    check_views();
    views_.clear();
    batch_.reset();
    batch_.reset(new DrainBatch(drain()));
  }

  void send_some() {
    send_train(below(kSenders));
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
    for (std::size_t left = draws_ == nullptr ? 3 : below(kTrain + 3); left > 0; --left) {
      ReceivedPacket packet;
      if (!batch.next(&packet)) return;
      got(packet.payload);
      views_.push_back({packet.payload, test::number_of(packet.payload)});
    }
  }
  void get_beside_the_batch() {
    for (std::size_t left = below(kTrain + 3); left > 0; --left) {
      if (server_ != nullptr && (peers_.empty() || below(3) == 0)) {
        ReceivedPacket packet;
        const Error error = server_->get_packet(&packet);
        record_shown(server_.get(), error, packet.payload);
      } else {
        PacketPeerUDP& peer = peer_ != nullptr ? *peer_ : *peers_[below(peers_.size())];
        std::span<const std::uint8_t> bytes;
        const Error error = peer.get_packet(&bytes);
        record_shown(&peer, error, bytes);
      }
    }
  }
  void record_shown(const void* by, Error error, std::span<const std::uint8_t> bytes) {
    shown_.erase(by);
    if (error != Error::OK) return;
    got(bytes);
    shown_[by] = {bytes, test::number_of(bytes)};
  }
  // A peer that is not the batch's is closed with what waits for it; its sender gets another.
  void close_and_come_back() {
    if (peers_.empty()) return;
    const std::size_t i = 1 + below(kSenders - 1);
    peers_[i]->close();
    closed_.push_back(peers_[i]);
    expected_[i] = sent_[i];
    send_train(i);
    ASSERT_EQ(engine_->sync(), Error::OK);
    peers_[i] = server_->take_connection();
    ASSERT_NE(peers_[i], nullptr);
  }
  void count() {
    if (peer_ != nullptr) {
      EXPECT_GE(peer_->get_available_packet_count(), 0);
    }
    for (const auto& peer : peers_) EXPECT_GE(peer->get_available_packet_count(), 0);
  }

  void go_away() {
    if (peer_ != nullptr) {
      goes_away_ ? peer_->close() : static_cast<void>(peer_->connect_to_host("127.0.0.1", 9));
      return;
    }
    if (!peers_.empty()) peers_[0]->close();
    if (peers_.empty() || goes_away_) server_->stop();
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
    for (const auto& [by, view] : shown_) {
      ASSERT_TRUE(test::is_numbered_payload(view.bytes, view.number)) << view.number;
    }
  }

  const std::shared_ptr<Engine> engine_;
  test::BufferNoise& noise_;
  const Source source_;
  const bool gro_;
  test::Draws* draws_ = nullptr;  // of the present step
  bool goes_away_ = false;        // rather than to be connected elsewhere
  std::unique_ptr<PacketPeerUDP> peer_;
  std::unique_ptr<UDPServer> server_;
  std::vector<std::shared_ptr<PacketPeerUDP>> peers_;
  std::vector<std::unique_ptr<test::Sender>> senders_;
  std::array<std::uint32_t, kSenders> sent_{};
  std::array<std::uint32_t, kSenders> expected_{};
  std::vector<std::shared_ptr<PacketPeerUDP>> closed_;
  std::vector<View> views_;            // of the batch
  std::map<const void*, View> shown_;  // what each peer, and the server, has shown last
  std::unique_ptr<DrainBatch> batch_;
};

using Parameters = std::tuple<test::EngineKind, Source, bool, bool>;

class DrainModelTest : public testing::TestWithParam<Parameters> {};

// What a world needs: made again for each, so that a shrunk one begins as the first did.
class EngineAndWorld final : public test::Model {
 public:
  EngineAndWorld(const EngineOptions& options, Source source, bool copied)
      : engine_(Engine::create(options)), noise_(engine_) {
    if (copied) noise_.make_worker_copy();
    world_ = std::make_unique<World>(engine_, noise_, source, options.gro);
  }
  void step(std::size_t kind, test::Draws& draws) override { world_->step(kind, draws); }
  void end() override { world_->end(); }

 private:
  const std::shared_ptr<Engine> engine_;
  test::BufferNoise noise_;
  std::unique_ptr<World> world_;
};

TEST_P(DrainModelTest, GivesEachPacketOnceAndKeepsWhatItHasShown) {
  const auto [kind, source, gro, copied] = GetParam();
  EngineOptions options = kind.options();
  options.gro = gro;
  std::string message;
  if (Engine::create(options, nullptr, &message) == nullptr) GTEST_SKIP() << message;
  test::ModelPlan plan;
  plan.kinds = {{"send", 2},
                {"next", 3},
                {"get_beside_the_batch", 1},
                {"count", 1},
                {"close_and_come_back", 1},
                {"overwrite", 1},
                {"new_batch", 1}};
  plan.sequences = copied ? 2 : 6;
  plan.max_operations = 150;
  plan.make = [options, source = source, copied = copied](test::Draws&) {
    return std::make_unique<EngineAndWorld>(options, source, copied);
  };
  run_model(plan);
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
