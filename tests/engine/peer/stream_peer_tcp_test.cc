#include "ringpeer/stream_peer_tcp.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <thread>

#include "ringpeer/packet_peer_stream.h"

namespace ringpeer {
namespace {

constexpr std::chrono::seconds kPatience{10};

// False when the time is up.
template <typename Condition>
bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

class StreamPeerTcpTest : public testing::Test {
 protected:
  void SetUp() override {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(0, ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)));
    ASSERT_EQ(0, ::listen(listener_, 1));
    socklen_t size = sizeof(address);
    ASSERT_EQ(0, ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size));
    port_ = ntohs(address.sin_port);
  }
  void TearDown() override {
    if (listener_ >= 0) ::close(listener_);
  }

  // Connects client_ and server_ with each other.
  void connect() {
    ASSERT_EQ(Error::OK, client_->connect_to_host("127.0.0.1", port_));
    ASSERT_EQ(Error::OK, server_->adopt_descriptor(::accept(listener_, nullptr, nullptr)));
    ASSERT_TRUE(eventually([this] {
      client_->poll();
      return client_->get_status() == StreamPeerTCP::STATUS_CONNECTED;
    }));
  }

  int listener_ = -1;
  int port_ = 0;
  std::shared_ptr<StreamPeerTCP> client_ = std::make_shared<StreamPeerTCP>();
  std::shared_ptr<StreamPeerTCP> server_ = std::make_shared<StreamPeerTCP>();
};

TEST_F(StreamPeerTcpTest, ConnectsAndKnowsBothEnds) {
  EXPECT_EQ(StreamPeerTCP::STATUS_NONE, client_->get_status());
  EXPECT_EQ("", client_->get_connected_host());
  connect();
  EXPECT_EQ("127.0.0.1", client_->get_connected_host());
  EXPECT_EQ(port_, client_->get_connected_port());
  EXPECT_EQ(client_->get_local_port(), server_->get_connected_port());
  EXPECT_EQ(Error::ERR_ALREADY_IN_USE, client_->connect_to_host("127.0.0.1", port_));
  client_->disconnect_from_host();
  EXPECT_EQ(StreamPeerTCP::STATUS_NONE, client_->get_status());
}

TEST_F(StreamPeerTcpTest, RefusesWhatIsNoAddress) {
  EXPECT_EQ(Error::ERR_INVALID_PARAMETER, client_->connect_to_host("localhost", port_));
  EXPECT_EQ(Error::ERR_INVALID_PARAMETER, client_->connect_to_host("127.0.0.1", 0));
  EXPECT_EQ(Error::ERR_INVALID_PARAMETER, client_->connect_to_host("127.0.0.1", 65536));
  EXPECT_EQ(Error::ERR_INVALID_PARAMETER, client_->adopt_descriptor(-1));
}

TEST_F(StreamPeerTcpTest, SaysThatNobodyListens) {
  ::close(listener_);
  listener_ = -1;
  if (client_->connect_to_host("127.0.0.1", port_) == Error::OK) {
    EXPECT_TRUE(eventually([this] { return client_->poll() == Error::FAILED; }));
  }
  EXPECT_EQ(StreamPeerTCP::STATUS_ERROR, client_->get_status());
}

TEST_F(StreamPeerTcpTest, CarriesPacketsBothWays) {
  connect();
  client_->set_no_delay(true);
  PacketPeerStream client(client_);
  PacketPeerStream server(server_);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(Error::OK, client.put_var(i));
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(eventually([&server] { return server.get_available_packet_count() > 0; }));
    const Variant value = server.get_var();
    ASSERT_EQ(Variant(i), value);
    ASSERT_EQ(Error::OK, server.put_var(value));
  }
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(eventually([&client] { return client.get_available_packet_count() > 0; }));
    ASSERT_EQ(Variant(i), client.get_var());
  }
}

// Packets are larger than what both sockets' buffers hold together, so that they go in
// pieces; none is lost or torn.
TEST_F(StreamPeerTcpTest, KeepsPacketsWholeWhenTheOtherSideIsSlow) {
  connect();
  PacketPeerStream client(client_);
  PacketPeerStream server(server_);
  // The output buffer holds exactly one.
  constexpr int kSize = (16 << 20) - PacketPeerStream::kLengthSize;
  client.set_output_buffer_max_size(kSize);
  server.set_input_buffer_max_size(kSize);
  std::vector<std::uint8_t> packet(kSize);
  for (std::size_t i = 0; i < packet.size(); ++i) packet[i] = static_cast<std::uint8_t>(i * 7);
  ASSERT_EQ(Error::OK, client.put_packet(packet));
  EXPECT_GT(client.get_pending_output(), 0u);
  EXPECT_EQ(Error::ERR_BUSY, client.put_packet(packet));
  ASSERT_TRUE(eventually([&] {
    client.poll();
    return server.get_available_packet_count() == 1;
  }));
  EXPECT_EQ(packet, server.get_packet());
  EXPECT_EQ(0u, client.get_pending_output());
}

TEST_F(StreamPeerTcpTest, SaysThatTheOtherSideHasGone) {
  connect();
  PacketPeerStream client(client_);
  PacketPeerStream server(server_);
  ASSERT_EQ(Error::OK, server.put_var("bye"));
  server_->disconnect_from_host();
  ASSERT_TRUE(eventually([&client] { return client.get_available_packet_count() == 1; }));
  EXPECT_EQ(Variant("bye"), client.get_var());
  ASSERT_TRUE(eventually([&client] { return client.poll() != Error::OK; }));
  EXPECT_EQ(Error::ERR_FILE_EOF, client.poll());
  Variant value;
  EXPECT_EQ(Error::ERR_FILE_EOF, client.get_var(&value));
  EXPECT_EQ(Error::ERR_FILE_EOF, client.put_var("too late"));
  EXPECT_EQ(StreamPeerTCP::STATUS_NONE, client_->get_status());
}

}  // namespace
}  // namespace ringpeer
