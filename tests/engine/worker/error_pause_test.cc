#include "ringpeer/engine/worker/error_pause.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>

#include "ringpeer/engine/worker/demultiplexer.h"

namespace ringpeer::worker {
namespace {

constexpr std::uint64_t kSecond = 1'000'000;

TEST(ErrorPauseTest, BeginsWithAFloodAndEnds) {
  ErrorPause pause;
  std::uint64_t now_us = 5 * kSecond;
  for (std::uint32_t i = 0; i < ErrorPause::kMaxErrorsPerSecond; ++i) {
    ASSERT_FALSE(pause.begins(now_us));
  }
  EXPECT_TRUE(pause.begins(now_us));
  EXPECT_TRUE(pause.is_on());
  EXPECT_FALSE(pause.ends(now_us + ErrorPause::kPauseUs - 1));
  EXPECT_TRUE(pause.ends(now_us + ErrorPause::kPauseUs));
  EXPECT_FALSE(pause.is_on());
  EXPECT_FALSE(pause.ends(now_us + ErrorPause::kPauseUs));
}

TEST(ErrorPauseTest, AsManyInTwoSecondsAreNone) {
  ErrorPause pause;
  for (std::uint64_t second = 1; second < 10; ++second) {
    for (std::uint32_t i = 0; i < ErrorPause::kMaxErrorsPerSecond; ++i) {
      ASSERT_FALSE(pause.begins(second * kSecond)) << second;
    }
  }
}

// Of a socket whose packets nobody takes: the kernel answers each.
class FloodOfErrorsTest : public testing::Test {
 protected:
  void SetUp() override {
    net::Endpoint here;
    here.address = *net::IpAddress::parse("127.0.0.1");
    ASSERT_EQ(socket_.open(net::SocketFamily::kIpv4), 0);
    ASSERT_EQ(socket_.bind(here), 0);
    ASSERT_EQ(socket_.set_error_queue(true), 0);
    net::Socket closed;
    ASSERT_EQ(closed.open(net::SocketFamily::kIpv4), 0);
    ASSERT_EQ(closed.bind(here), 0);
    nobody_ = closed.local_endpoint().value();
    shared_.read_errors = true;
    demultiplexer_.emplace(std::uint16_t{0}, std::size_t{256}, &shared_);
    demultiplexer_->set_socket(&socket_);
  }
  void provoke_errors(std::uint32_t count) const {
    const std::array<std::uint8_t, 8> packet{};
    const net::SocketAddress to = net::to_socket_address(nobody_, AF_INET);
    for (std::uint32_t i = 0; i < count; ++i) static_cast<void>(socket_.send_to(packet, to));
  }
  bool has_error_queue() const {
    int value = 0;
    socklen_t size = sizeof(value);
    EXPECT_EQ(getsockopt(socket_.descriptor(), IPPROTO_IP, IP_RECVERR, &value, &size), 0);
    return value != 0;
  }

  net::Socket socket_;
  net::Endpoint nobody_;
  ServerShared shared_;
  std::optional<Demultiplexer> demultiplexer_;
};

TEST_F(FloodOfErrorsTest, LeavesTheBufferToPackets) {
  std::uint64_t now_us = 100 * kSecond;
  constexpr std::uint32_t kAtATime = 64;
  for (std::uint32_t sent = 0; has_error_queue(); sent += kAtATime) {
    ASSERT_LE(sent, 4 * ErrorPause::kMaxErrorsPerSecond) << "no flood is noticed";
    provoke_errors(kAtATime);
    demultiplexer_->check_errors(now_us);
  }
  provoke_errors(kAtATime);
  demultiplexer_->check_errors(now_us + ErrorPause::kPauseUs - 1);
  EXPECT_FALSE(has_error_queue());
  demultiplexer_->check_errors(now_us + ErrorPause::kPauseUs);
  EXPECT_TRUE(has_error_queue());
}

}  // namespace
}  // namespace ringpeer::worker
