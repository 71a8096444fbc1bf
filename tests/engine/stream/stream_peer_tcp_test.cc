#include "ringpeer/stream_peer_tcp.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

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
      (void)client_->poll();
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
    (void)client.poll();
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

// ---- A new connection of the same stream.

TEST_F(StreamPeerTcpTest, ANewConnectionStartsCleanBothWays) {
  constexpr std::size_t kMoreThanSocketsHold = 16 << 20;
  for (const bool tells_the_end : {false, true}) {
    SCOPED_TRACE(tells_the_end ? "after the end was seen" : "before the end was seen");
    client_ = std::make_shared<StreamPeerTCP>();
    server_ = std::make_shared<StreamPeerTCP>();
    connect();
    PacketPeerStream client(client_);
    client.set_output_buffer_max_size(kMoreThanSocketsHold);
    ASSERT_EQ(Error::OK, client.put_packet(std::vector<std::uint8_t>(kMoreThanSocketsHold)));
    ASSERT_GT(client.get_pending_output(), 0u);
    std::size_t written = 0;
    const std::vector<std::uint8_t> whole_and_half = {1, 0, 0, 0, 'x', 100, 0, 0, 0, 'h', 'a'};
    ASSERT_EQ(Error::OK, server_->put_partial_data(whole_and_half, &written));
    ASSERT_TRUE(eventually([&client] { return client.get_available_packet_count() == 1; }));

    server_->disconnect_from_host();
    if (tells_the_end) {
      ASSERT_TRUE(eventually([&client] {
        client.get_packet();
        return client.poll() != Error::OK;
      }));
    }
    client_->disconnect_from_host();
    connect();
    PacketPeerStream server(server_);
    EXPECT_TRUE(client.get_packet().empty()) << "that was the old server's";
    EXPECT_EQ(Error::ERR_UNAVAILABLE, client.get_packet_error());
    EXPECT_EQ(Error::OK, client.put_var("question"));
    ASSERT_TRUE(eventually([&server] { return server.get_available_packet_count() != 0; }));
    EXPECT_EQ(Variant("question"), server.get_var());
    EXPECT_EQ(Error::OK, server.put_var("answer"));
    ASSERT_TRUE(eventually([&client] { return client.get_available_packet_count() != 0; }));
    EXPECT_EQ(Variant("answer"), client.get_var());
    EXPECT_EQ(Error::OK, client.poll());
    client_->disconnect_from_host();
  }
}

// ---- Resets.

// What a client does when it does not know yet that the server has reset the connection.
using FirstCall = std::function<void(PacketPeerStream&, StreamPeerTCP&)>;

const std::vector<std::pair<const char*, FirstCall>>& first_calls() {
  static const auto& calls = *new std::vector<std::pair<const char*, FirstCall>>{
      {"get", [](PacketPeerStream&, StreamPeerTCP&) {}},
      {"count", [](PacketPeerStream& peer, StreamPeerTCP&) { peer.get_available_packet_count(); }},
      {"poll", [](PacketPeerStream& peer, StreamPeerTCP&) { (void)peer.poll(); }},
      {"put", [](PacketPeerStream& peer, StreamPeerTCP&) { (void)peer.put_var("one more"); }},
      {"poll of the stream", [](PacketPeerStream&, StreamPeerTCP& stream) { (void)stream.poll(); }},
      {"put of the stream", [](PacketPeerStream&, StreamPeerTCP& stream) {
         std::size_t written = 0;
         const std::vector<std::uint8_t> byte(1);
         EXPECT_EQ(Error::FAILED, stream.put_partial_data(byte, &written));
       }}};
  return calls;
}

// The server answers with a few packets, has the client's packets unread, and closes: a reset.
// With data under way both ways, and buffers that do not hold all answers at once.
TEST_F(StreamPeerTcpTest, WhatArrivedBeforeAResetIsDelivered) {
  constexpr int kAnswers = 20;
  const std::vector<std::uint8_t> answer(1000, 'a');
  for (const auto& [name, first_call] : first_calls()) {
    for (const std::size_t question : {std::size_t{10}, std::size_t{16} << 20}) {
      SCOPED_TRACE(std::string(name) + " after a question of " + std::to_string(question));
      client_ = std::make_shared<StreamPeerTCP>();
      server_ = std::make_shared<StreamPeerTCP>();
      connect();
      PacketPeerStream client(client_);
      client.set_output_buffer_max_size(16 << 20);
      client.set_input_buffer_max_size(2000);
      PacketPeerStream server(server_);
      ASSERT_EQ(Error::OK, client.put_packet(std::vector<std::uint8_t>(question)));
      // Into the socket directly: the server does not read. Without delay: a reset drops
      // what the kernel has kept back.
      server_->set_no_delay(true);
      for (int i = 0; i < kAnswers; ++i) {
        std::size_t written = 0;
        std::vector<std::uint8_t> frame = {1000 & 0xff, 1000 >> 8, 0, 0};
        frame.insert(frame.end(), answer.begin(), answer.end());
        ASSERT_EQ(Error::OK, server_->put_partial_data(frame, &written));
        ASSERT_EQ(frame.size(), written);
      }
      server_->disconnect_from_host();

      first_call(client, *client_);
      int answers = 0;
      std::vector<std::uint8_t> packet;
      while (packet = client.get_packet(), client.get_packet_error() == Error::OK) {
        EXPECT_EQ(answer, packet);
        ++answers;
      }
      EXPECT_EQ(kAnswers, answers);
      EXPECT_EQ(Error::FAILED, client.get_packet_error());
      EXPECT_EQ(Error::FAILED, client.poll());
      EXPECT_EQ(Error::FAILED, client.put_var("too late"));
      EXPECT_EQ(StreamPeerTCP::STATUS_ERROR, client_->get_status());
    }
  }
}

// ---- Descriptors from elsewhere.

// Descriptors that are closed with this object.
class Descriptors {
 public:
  ~Descriptors() {
    for (const int descriptor : all_) ::close(descriptor);
  }
  int add(int descriptor) {
    all_.push_back(descriptor);
    return descriptor;
  }
  // A socket bound to loopback, connected to itself where `connected`.
  int add_bound(int type, bool connected) {
    const int descriptor = add(::socket(AF_INET, type, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(0, ::bind(descriptor, generic, size));
    EXPECT_EQ(0, ::getsockname(descriptor, generic, &size));
    if (connected) {
      EXPECT_EQ(0, ::connect(descriptor, generic, size));
    }
    return descriptor;
  }

 private:
  std::vector<int> all_;
};

TEST_F(StreamPeerTcpTest, AdoptsNothingButConnections) {
  Descriptors descriptors;
  std::array<int, 2> pipe{};
  ASSERT_EQ(0, ::pipe(pipe.data()));
  std::array<int, 2> pair{};
  ASSERT_EQ(0, ::socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()));
  const std::vector<std::pair<const char*, int>> others = {
      {"the reading end of a pipe", descriptors.add(pipe[0])},
      {"the writing end of a pipe", descriptors.add(pipe[1])},
      {"a file", descriptors.add(::open("/dev/null", O_RDWR))},
      {"a local socket", descriptors.add(pair[0])},
      {"its other end", descriptors.add(pair[1])},
      {"a bound UDP socket", descriptors.add_bound(SOCK_DGRAM, false)},
      {"a connected UDP socket", descriptors.add_bound(SOCK_DGRAM, true)},
      {"a listener", listener_},
      {"a bound TCP socket", descriptors.add_bound(SOCK_STREAM, false)},
      {"a TCP socket", descriptors.add(::socket(AF_INET6, SOCK_STREAM, 0))},
      {"a closed descriptor", 1 << 20}};
  for (const auto& [what, descriptor] : others) {
    const int flags = ::fcntl(descriptor, F_GETFL);
    EXPECT_EQ(Error::ERR_INVALID_PARAMETER, client_->adopt_descriptor(descriptor)) << what;
    EXPECT_EQ(StreamPeerTCP::STATUS_NONE, client_->get_status()) << what;
    EXPECT_EQ(flags, ::fcntl(descriptor, F_GETFL)) << what << " is not as it was";
  }
  connect();  // it is as good as new
}

TEST_F(StreamPeerTcpTest, AdoptsAConnectionThatWasResetForWhatHadArrived) {
  ASSERT_EQ(Error::OK, client_->connect_to_host("127.0.0.1", port_));
  const int accepted = ::accept(listener_, nullptr, nullptr);
  ASSERT_TRUE(eventually([this] {
    return client_->poll() == Error::OK && client_->get_status() == StreamPeerTCP::STATUS_CONNECTED;
  }));
  PacketPeerStream client(client_);
  ASSERT_EQ(Error::OK, client.put_var("last words"));
  ASSERT_EQ(3, ::send(accepted, "any", 3, 0));
  client_->disconnect_from_host();  // with bytes unread: a reset
  ASSERT_EQ(Error::OK, server_->adopt_descriptor(accepted));
  PacketPeerStream server(server_);
  EXPECT_EQ(Variant("last words"), server.get_var());
}

// Makes another holder of the connection's socket, who has it block.
void let_another_holder_block(int descriptor) {
  const int flags = ::fcntl(descriptor, F_GETFL);
  ASSERT_EQ(0, ::fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK));
}

// Does `otherwise` when `call` has not returned in time: it waits for that.
bool returns_at_once(const std::function<void()>& call, const std::function<void()>& otherwise) {
  std::atomic<bool> returned{false};
  bool waited = false;
  std::thread helper([&] {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!returned && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    waited = !returned;
    if (waited) otherwise();
  });
  call();
  returned = true;
  helper.join();
  return !waited;
}

TEST_F(StreamPeerTcpTest, NothingBlocksWhateverOtherHoldersOfTheSocketDo) {
  ASSERT_EQ(Error::OK, client_->connect_to_host("127.0.0.1", port_));
  const int accepted = ::accept(listener_, nullptr, nullptr);
  Descriptors descriptors;
  const int holder = descriptors.add(::dup(accepted));
  ASSERT_EQ(Error::OK, server_->adopt_descriptor(accepted));
  ASSERT_TRUE(eventually([this] {
    return client_->poll() == Error::OK && client_->get_status() == StreamPeerTCP::STATUS_CONNECTED;
  }));
  let_another_holder_block(holder);

  std::vector<std::uint8_t> bytes(1 << 20);
  std::size_t count = 0;
  EXPECT_TRUE(
      returns_at_once([&] { EXPECT_EQ(Error::OK, server_->get_partial_data(bytes, &count)); },
                      [&] { (void)client_->put_partial_data(std::span(bytes).first(1), &count); }));
  EXPECT_TRUE(returns_at_once(
      [&] {
        do {
          EXPECT_EQ(Error::OK, server_->put_partial_data(bytes, &count));
        } while (count > 0);
      },
      [&] { ::shutdown(holder, SHUT_RDWR); }));
  EXPECT_TRUE(
      returns_at_once([&] { (void)server_->poll(); }, [&] { ::shutdown(holder, SHUT_RDWR); }));
}

// A timer that interrupts this thread all the time.
class Interruptions {
 public:
  Interruptions() {
    struct sigaction action = {};
    action.sa_handler = [](int) {};
    ::sigaction(SIGALRM, &action, &previous_);  // without SA_RESTART
    set(200);
  }
  ~Interruptions() {
    set(0);
    ::sigaction(SIGALRM, &previous_, nullptr);
  }
  Interruptions(const Interruptions&) = delete;
  Interruptions& operator=(const Interruptions&) = delete;

 private:
  static void set(int microseconds) {
    const timeval period{0, microseconds};
    const itimerval timer{period, period};
    ::setitimer(ITIMER_REAL, &timer, nullptr);
  }
  struct sigaction previous_ = {};
};

TEST_F(StreamPeerTcpTest, SignalsDoNotEndAConnection) {
  ASSERT_EQ(Error::OK, client_->connect_to_host("127.0.0.1", port_));
  const int accepted = ::accept(listener_, nullptr, nullptr);
  Descriptors descriptors;
  const int holder = descriptors.add(::dup(accepted));
  ASSERT_EQ(Error::OK, server_->adopt_descriptor(accepted));
  let_another_holder_block(holder);
  const Interruptions interruptions;
  PacketPeerStream client(client_);
  PacketPeerStream server(server_);
  for (int i = 0; i < 2000; ++i) {
    ASSERT_TRUE(eventually([&] { return client.put_var(i) == Error::OK; }));
    while (server.get_available_packet_count() == 0) {
      ASSERT_EQ(Error::OK, server.poll()) << "at packet " << i;
    }
    ASSERT_EQ(Variant(i), server.get_var());
  }
}

}  // namespace
}  // namespace ringpeer
