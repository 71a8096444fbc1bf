#include <gtest/gtest.h>

#include <cstring>

#include "ringpeer/tests/engine/backend/backend_fixture.h"

namespace ringpeer::test {
namespace {

using backend::DatagramFault;

class BuffersTest : public BackendTest {};
RINGPEER_TEST_ON_EVERY_BACKEND(BuffersTest);

// A consumer may keep what it was lent for as long as it likes.
TEST_P(BuffersTest, WhatIsHeldIsNotOverwritten) {
  const net::Socket socket = open_receiver();
  attach(socket);
  const Sender sender(port_of(socket));
  hold_buffers(true);
  constexpr std::uint32_t kHeld = 150;
  for (std::uint32_t i = 0; i < kHeld; ++i) {
    ASSERT_TRUE(sender.send_numbered(i, 4 + i * 11));
    ASSERT_TRUE(receive_until(i + 1));
  }
  hold_buffers(false);
  for (std::uint32_t i = kHeld; i < kHeld + 3000; ++i) {
    ASSERT_TRUE(sender.send_numbered(i, 1800));
    const bool end_of_burst = i % 50 == 49;
    ASSERT_TRUE(!end_of_burst || receive_until(i + 1));
  }
  ASSERT_EQ(held().size(), kHeld);
  for (const Held& entry : held()) {
    ASSERT_TRUE(
        is_numbered_payload({entry.payload, entry.size}, static_cast<std::uint32_t>(entry.index)))
        << entry.index;
  }
}

TEST_P(BuffersTest, StopsLendingWhenHalfOfThemAreOut) {
  const net::Socket socket = open_receiver();
  attach(socket);
  const Sender sender(port_of(socket));
  EXPECT_TRUE(backend().has_buffers_to_lend());
  hold_buffers(true);
  // The largest datagrams: no backend holds more of them than these.
  constexpr std::uint32_t kMaxBuffers = 5000;
  std::uint32_t sent = 0;
  while (backend().has_buffers_to_lend() && sent < kMaxBuffers) {
    ASSERT_TRUE(sender.send_numbered(sent++, 65507));
    ASSERT_TRUE(receive_until(sent));
  }
  EXPECT_FALSE(backend().has_buffers_to_lend());
  EXPECT_GT(sent, 16u) << "half of them is more than a few";
  // Those that are not lent still receive.
  hold_buffers(false);
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(sender.send_numbered(sent++, 65507));
    ASSERT_TRUE(receive_until(sent));
  }
  EXPECT_FALSE(backend().has_buffers_to_lend());
  release_held();
  EXPECT_TRUE(backend().has_buffers_to_lend());
}

// With no buffer left the datagrams stay in the socket (ENOBUFS on io_uring, which
// ends the multishot); buffers that come back start it again.
TEST_P(BuffersTest, WithoutBuffersNothingIsLostAndReceivingStartsAgain) {
  const net::Socket socket = open_receiver(16 << 20);
  attach(socket);
  const Sender sender(port_of(socket));
  for (int round = 0; round < 2; ++round) {
    received().clear();
    hold_buffers(true);
    const std::uint64_t starved_before = backend().events().starved;
    constexpr std::uint32_t kMaxBuffers = 5000;
    // A datagram that is not there by then is stuck: the kernel may deliver it late.
    constexpr std::chrono::milliseconds kLooks(200);
    std::uint32_t sent = 0;
    while (received().size() == sent && sent < kMaxBuffers) {
      ASSERT_TRUE(sender.send_numbered(sent++, 60000));
      const auto end = std::chrono::steady_clock::now() + kLooks;
      do {
        step();
      } while (received().size() < sent && std::chrono::steady_clock::now() < end);
    }
    ASSERT_LT(received().size(), sent) << "the backend has more buffers than this test thinks";
    const std::size_t out = received().size();
    // A wait without buffers ends in time.
    for (int i = 0; i < 5; ++i) step({.idle = std::chrono::milliseconds(2)});
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(sender.send_numbered(sent++, 60000));
    step_a_while();
    EXPECT_EQ(received().size(), out);
    EXPECT_GT(backend().events().starved, starved_before);

    hold_buffers(false);
    release_held();
    ASSERT_TRUE(receive_until(sent)) << "round " << round;
    for (std::uint32_t i = 0; i < sent; ++i) ASSERT_EQ(number_of(received()[i].payload), i);
    EXPECT_EQ(received().size(), sent);
  }
  EXPECT_EQ(socket.kernel_drops(), 0u);
}

// One packet in each buffer held, as slow consumers do: the pool must not end up
// with every buffer pinned while the kernel still has some.
TEST_P(BuffersTest, BuffersComeBackInAnyOrder) {
  const net::Socket socket = open_receiver();
  attach(socket);
  const Sender sender(port_of(socket));
  std::uint32_t sent = 0;
  for (int round = 0; round < 20; ++round) {
    hold_buffers(true);
    for (int i = 0; i < 20; ++i) {
      ASSERT_TRUE(sender.send_numbered(sent, 1 + sent % 5 * 13000));
      ASSERT_TRUE(receive_until(++sent));
    }
    hold_buffers(false);
    for (int i = 0; i < 20; ++i) {
      ASSERT_TRUE(sender.send_numbered(sent++, 40000));
      ASSERT_TRUE(receive_until(sent));
    }
    release_held();
  }
  EXPECT_TRUE(backend().has_buffers_to_lend());
  EXPECT_EQ(socket.kernel_drops(), 0u);
}

TEST_P(BuffersTest, ABackendCanEndWithBuffersOut) {
  const net::Socket socket = open_receiver();
  attach(socket);
  const Sender sender(port_of(socket));
  hold_buffers(true);
  for (std::uint32_t i = 0; i < 10; ++i) ASSERT_TRUE(sender.send_numbered(i, 100));
  ASSERT_TRUE(receive_until(10));
  ASSERT_TRUE(detach());
  for (const Held& entry : held()) {
    ASSERT_TRUE(
        is_numbered_payload({entry.payload, entry.size}, static_cast<std::uint32_t>(entry.index)));
  }
}

}  // namespace
}  // namespace ringpeer::test
