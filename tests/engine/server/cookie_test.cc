// Whom a server lets in that asks for cookies, and what its answers cost, on loopback.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ringpeer/engine/admission/handshake_packet.h"
#include "ringpeer/tests/engine/server/admission_fixture.h"

namespace ringpeer {
namespace {

using admission::HandshakePacket;

class CookieTest : public AdmissionTest {
 protected:
  void listen_with_cookie() {
    AdmissionOptions admission;
    admission.cookie = true;
    listen(admission);
  }
  // What has come to a plain socket.
  std::optional<std::vector<std::uint8_t>> receive(const test::Sender& sender) const {
    std::vector<std::uint8_t> bytes(2048);
    const ssize_t size =
        ::recv(sender.socket().descriptor(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (size < 0) return std::nullopt;
    bytes.resize(static_cast<std::size_t>(size));
    return bytes;
  }
  std::optional<HandshakePacket> challenge_for(const test::Sender& sender) const {
    const auto bytes = receive(sender);
    if (!bytes || admission::handshake_kind(*bytes) != admission::HandshakeKind::kChallenge) {
      return std::nullopt;
    }
    HandshakePacket packet;
    std::copy(bytes->begin(), bytes->end(), packet.begin());
    return packet;
  }
  void send_packet(const test::Sender& sender, std::span<const std::uint8_t> packet) const {
    ASSERT_TRUE(sender.send(packet));
    settle();
  }
};

TEST_P(CookieTest, OnlyWhoAnswersComesIn) {
  listen_with_cookie();
  const auto player = sender();
  send_packet(*player, admission::hello_packet());
  const auto challenge = challenge_for(*player);
  ASSERT_TRUE(challenge);
  EXPECT_EQ(take(), nullptr);
  // The cookie is for this address and port alone.
  const auto answer = admission::answer_packet(admission::cookie_of(*challenge));
  const auto other = sender();
  const auto elsewhere = sender("127.0.0.2");
  send_packet(*other, answer);
  send_packet(*elsewhere, answer);
  EXPECT_EQ(take(), nullptr);
  EXPECT_EQ(counted(Counter::kDropUnverified), 2U);
  // Nor may a bit differ.
  for (const std::size_t byte : {12U, 16U, 23U}) {
    HandshakePacket forged = answer;
    forged[byte] ^= 1;
    send_packet(*player, forged);
  }
  EXPECT_EQ(take(), nullptr);
  send_packet(*player, answer);
  const auto peer = take();
  ASSERT_NE(peer, nullptr);
  EXPECT_EQ(peer->get_available_packet_count(), 0);
  send(*player, 3, 24);  // as large as a handshake, and none
  EXPECT_EQ(drain(*peer), 3);
}

TEST_P(CookieTest, MoreIsNeverSentThanCame) {
  listen_with_cookie();
  const auto stranger = sender();
  std::uint64_t sent = 0;
  for (std::size_t size = 1; size < 60; ++size) {
    send(*stranger, 1, size);
    sent += size;
  }
  std::uint64_t received = 0;
  int answers = 0;
  while (const auto packet = receive(*stranger)) {
    received += packet->size();
    ++answers;
  }
  EXPECT_EQ(answers, 60 - 24);
  EXPECT_LE(received, sent);
  EXPECT_EQ(counted(Counter::kChallengesSent), 36U);
  EXPECT_EQ(counted(Counter::kDropUnverified), 59U);
  EXPECT_EQ(server_->get_remote_count(), 0U);
}

// Else two servers, or a server and an echo, would never end.
TEST_P(CookieTest, AChallengeIsNeverAnswered) {
  listen_with_cookie();
  const auto stranger = sender();
  send_packet(*stranger, admission::hello_packet());
  const auto challenge = challenge_for(*stranger);
  ASSERT_TRUE(challenge.has_value());
  const auto echo = sender("127.0.0.2");
  send_packet(*echo, *challenge);
  send_packet(*stranger, *challenge);
  EXPECT_EQ(receive(*echo), std::nullopt);
  EXPECT_EQ(receive(*stranger), std::nullopt);
  EXPECT_EQ(counted(Counter::kChallengesSent), 1U);
  EXPECT_EQ(counted(Counter::kDropHandshake), 3U);
  EXPECT_EQ(server_->get_remote_count(), 0U);
}

TEST_P(CookieTest, HandshakesOfPlayersReachNoApplication) {
  listen_with_cookie();
  const auto player = sender();
  send_packet(*player, admission::hello_packet());
  const auto challenge = challenge_for(*player);
  ASSERT_TRUE(challenge);
  send_packet(*player, admission::answer_packet(admission::cookie_of(*challenge)));
  const auto peer = take();
  ASSERT_NE(peer, nullptr);
  send_packet(*player, admission::hello_packet());
  EXPECT_TRUE(challenge_for(*player));
  send_packet(*player, admission::answer_packet(admission::cookie_of(*challenge)));
  EXPECT_EQ(peer->get_available_packet_count(), 0);
  EXPECT_EQ(take(), nullptr);
  EXPECT_EQ(counted(Counter::kDropHandshake), 4U);
}

// With a client of its own engine: its worker speaks, whatever its application does.
TEST_P(CookieTest, APeerComesInByItself) {
  listen_with_cookie();
  EngineOptions options = GetParam().options();
  if (options.workers == 0) GTEST_SKIP() << "both would have to be polled at a time";
  options.workers = 1;
  const auto engine = Engine::create(options);
  ASSERT_NE(engine, nullptr);
  PacketPeerUDP client(engine);
  SocketOptions socket;
  socket.cookie = true;
  ASSERT_EQ(client.bind(0, "127.0.0.1", 65536, socket), Error::OK);
  ASSERT_EQ(client.connect_to_host("127.0.0.1", port()), Error::OK);
  std::shared_ptr<PacketPeerUDP> peer;
  ASSERT_TRUE(test::eventually([&] { return (peer = take()) != nullptr; }));
  const std::vector<std::uint8_t> hello{1, 2, 3};
  ASSERT_EQ(client.put_packet(hello), Error::OK);
  ASSERT_TRUE(test::eventually([&] { return peer->get_available_packet_count() == 1; }));
  ASSERT_EQ(peer->put_packet(hello), Error::OK);
  ASSERT_TRUE(test::eventually([&] { return client.get_available_packet_count() == 1; }));
  EXPECT_EQ(client.get_packet(), hello);
  // The server starts again, and has forgotten all.
  const int port_number = server_->get_local_port();
  peer = nullptr;
  server_->stop();
  AdmissionOptions admission;
  admission.cookie = true;
  ServerOptions again;
  again.admission = admission;
  ASSERT_EQ(server_->listen(port_number, "127.0.0.1", again), Error::OK);
  ASSERT_TRUE(test::eventually([&] {
    static_cast<void>(client.put_packet(hello));  // too short to be challenged
    client.get_available_packet_count();
    return (peer = take()) != nullptr;
  }));
  EXPECT_EQ(peer->get_packet_port(), client.get_local_port());
}

TEST_P(CookieTest, WhatMakesNoSenseIsRefused) {
  ServerOptions options;
  options.admission.cookie = true;
  options.receive = ServerReceive::kTogether;
  EXPECT_EQ(server_->listen(0, "127.0.0.1", options), Error::ERR_INVALID_PARAMETER);
  options = {};
  options.socket.cookie = true;
  EXPECT_EQ(server_->listen(0, "127.0.0.1", options), Error::ERR_INVALID_PARAMETER);
  for (const double rate : {-1.0, 1e-9, std::numeric_limits<double>::infinity()}) {
    options = {};
    options.admission.source.packets_per_second = rate;
    EXPECT_EQ(server_->listen(0, "127.0.0.1", options), Error::ERR_INVALID_PARAMETER) << rate;
    options = {};
    options.admission.new_remotes_per_second = rate;
    EXPECT_EQ(server_->listen(0, "127.0.0.1", options), Error::ERR_INVALID_PARAMETER) << rate;
  }
  EXPECT_EQ(server_->listen(0, "127.0.0.1"), Error::OK);
}

// Trains would hide what is in them.
TEST_P(CookieTest, HandshakesAreLookedAtOneByOne) {
  EngineOptions with_trains = GetParam().options();
  with_trains.gro = true;
  std::string message;
  engine_ = Engine::create(with_trains, nullptr, &message);
  ASSERT_NE(engine_, nullptr) << message;
  server_ = std::make_unique<UDPServer>(engine_);
  listen_with_cookie();
  const auto client = sender();
  std::vector<std::uint8_t> hellos;
  for (int i = 0; i < 3; ++i) {
    const HandshakePacket hello = admission::hello_packet();
    hellos.insert(hellos.end(), hello.begin(), hello.end());
  }
  if (!client->send_train(hellos, static_cast<std::uint16_t>(admission::kHandshakeSize))) {
    GTEST_SKIP() << "this kernel sends no trains";
  }
  settle();
  EXPECT_EQ(counted(Counter::kChallengesSent), 3U);
  EXPECT_EQ(counted(Counter::kDropHandshake), 3U);
}

INSTANTIATE_TEST_SUITE_P(Engines, CookieTest, test::every_engine(), test::engine_name);

}  // namespace
}  // namespace ringpeer
