#include <gtest/gtest.h>
#include <sys/socket.h>

#include <vector>

#include "ringpeer/tests/engine/backend/backend_fixture.h"

namespace ringpeer::test {
namespace {

using backend::DatagramFault;

// Trains of equal datagrams of one sender, which UDP_GRO hands over in one piece.
class TrainsTest : public BackendTest {
 protected:
  void SetUp() override {
    BackendTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    ASSERT_TRUE(restart({.gro = true}));
    socket_ = open_receiver();
    if (socket_.set_receive_offload(true) != 0) GTEST_SKIP() << "this kernel has no UDP_GRO";
    attach(socket_);
  }

  // Sends a train and says how much of it came back in one piece.
  void send_train(std::size_t size, std::uint16_t segment) {
    payload_ = numbered_payload(77, size);
    received().clear();
    const Sender sender(port_of(socket_));
    if (!sender.send_train(payload_, segment)) GTEST_SKIP() << "this kernel has no UDP_SEGMENT";
    ASSERT_TRUE(receive_until(1));
    step_a_while();
    if (received().size() > 1) GTEST_SKIP() << "this kernel takes trains apart on loopback";
  }

  net::Socket socket_;
  std::vector<std::uint8_t> payload_;
};
RINGPEER_TEST_ON_EVERY_BACKEND(TrainsTest);

TEST_P(TrainsTest, ComeAsOneWithTheirSegmentSize) {
  for (const auto& [size, segment] : std::vector<std::pair<std::size_t, std::uint16_t>>{
           {300, 100}, {1050, 100}, {64 * 1000, 1000}, {50 * 1200 + 1, 1200}, {2, 1}}) {
    send_train(size, segment);
    if (IsSkipped()) return;
    const Received& train = received()[0];
    EXPECT_EQ(train.fault, DatagramFault::kNone) << size;
    EXPECT_EQ(train.segment_size, segment) << size;
    EXPECT_EQ(train.payload, payload_) << size;
  }
}

TEST_P(TrainsTest, SingleDatagramsAreNoTrains) {
  const Sender sender(port_of(socket_));
  const std::vector<std::size_t> sizes = {0, 1, 100, 2048, 5000, 65507};
  for (std::uint32_t i = 0; i < sizes.size(); ++i) {
    ASSERT_TRUE(sender.send_numbered(i, sizes[i]));
    ASSERT_TRUE(receive_until(i + 1));
    EXPECT_EQ(received()[i].segment_size, 0) << sizes[i];
    EXPECT_EQ(received()[i].fault, DatagramFault::kNone);
    EXPECT_EQ(received()[i].payload, numbered_payload(i, sizes[i]));
  }
}

// A train whose segment size was cut off (here by another control message in front
// of it) cannot be taken apart: it must not pass for one large datagram.
TEST_P(TrainsTest, WithoutTheirSegmentSizeAreNotDelivered) {
  const int on = 1;
  ASSERT_EQ(::setsockopt(socket_.descriptor(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)), 0);
  send_train(1000, 100);
  if (IsSkipped()) return;
  const Received& train = received()[0];
  if (train.fault == DatagramFault::kNone) {
    EXPECT_EQ(train.segment_size, 100);
    EXPECT_EQ(train.payload, payload_);
  } else {
    EXPECT_EQ(train.fault, DatagramFault::kTruncated);
  }
}

}  // namespace
}  // namespace ringpeer::test
