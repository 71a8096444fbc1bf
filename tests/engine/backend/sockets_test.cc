#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <vector>

#include "ringpeer/engine/backend/error_breaks.h"
#include "ringpeer/tests/engine/backend/backend_fixture.h"

namespace ringpeer::test {
namespace {

// Longer than a busy kernel takes to bring a packet over loopback.
constexpr int kArrivalMs = 3000;

class SocketsTest : public BackendTest {
 protected:
  // Whether nobody receives on the port any more: close() alone does not end an
  // armed multishot, which goes on receiving and holds the port.
  static bool port_is_free(std::uint16_t port) {
    net::Socket again;
    return again.open(net::SocketFamily::kIpv4) == 0 && again.bind(loopback_ipv4(port)) == 0;
  }
};
RINGPEER_TEST_ON_EVERY_BACKEND(SocketsTest);

TEST_P(SocketsTest, DetachFreesThePortAtOnce) {
  for (int round = 0; round < 50; ++round) {
    net::Socket socket = open_receiver(0);
    const std::uint16_t port = port_of(socket);
    attach(socket);
    const Sender sender(port);
    ASSERT_TRUE(sender.send_numbered(0, 10));
    ASSERT_TRUE(receive_until(static_cast<std::size_t>(round) + 1));
    ASSERT_TRUE(detach());
    socket.close();
    ASSERT_TRUE(port_is_free(port)) << "round " << round;
  }
}

TEST_P(SocketsTest, DetachRightAfterAttachFreesThePort) {
  for (int round = 0; round < 20; ++round) {
    net::Socket socket = open_receiver(0);
    const std::uint16_t port = port_of(socket);
    ASSERT_EQ(backend().attach(0, socket.descriptor()), 0);  // not waited for
    ASSERT_TRUE(detach());
    socket.close();
    ASSERT_TRUE(port_is_free(port)) << "round " << round;
  }
}

TEST_P(SocketsTest, DetachWithPacketsInFlightLosesTrackOfNothing) {
  for (int round = 0; round < 30; ++round) {
    received().clear();
    net::Socket socket = open_receiver();
    const std::uint16_t port = port_of(socket);
    attach(socket);
    const Sender sender(port);
    constexpr std::uint32_t kCount = 100;
    for (std::uint32_t i = 0; i < kCount; ++i) ASSERT_TRUE(sender.send_numbered(i, 200));
    if (round % 2 == 1) wait({.poll = true});  // completions wait unread
    ASSERT_TRUE(detach());
    std::uint32_t next = static_cast<std::uint32_t>(received().size());
    for (std::uint32_t i = 0; i < next; ++i) ASSERT_EQ(number_of(received()[i].payload), i);
    // What the backend did not take is still in the socket, in order, or a busy kernel is about
    // to bring it there.
    std::array<std::uint8_t, 256> bytes{};
    pollfd readable{socket.descriptor(), POLLIN, 0};
    while (next<kCount&& ::poll(&readable, 1, kArrivalMs)> 0) {
      ASSERT_EQ(::recv(socket.descriptor(), bytes.data(), bytes.size(), 0), 200);
      ASSERT_EQ(number_of(bytes), next++);
    }
    EXPECT_EQ(next, kCount);
    socket.close();
    ASSERT_TRUE(port_is_free(port));
  }
  EXPECT_TRUE(backend().has_buffers_to_lend());
}

TEST_P(SocketsTest, ADetachedSocketIsNotReadAnyMore) {
  const net::Socket socket = open_receiver();
  attach(socket);
  ASSERT_TRUE(detach());
  const Sender sender(port_of(socket));
  ASSERT_TRUE(sender.send_numbered(9, 10));
  step_a_while();
  EXPECT_TRUE(received().empty());
  std::array<std::uint8_t, 16> bytes{};
  EXPECT_EQ(::recv(socket.descriptor(), bytes.data(), bytes.size(), 0), 10);
}

// What was under way for the last socket of a slot must never be taken for the next
// one's.
TEST_P(SocketsTest, ASlotServesOneSocketAfterAnother) {
  for (std::uint32_t round = 0; round < 100; ++round) {
    const net::Socket socket = open_receiver();
    attach(socket, 5);
    received().clear();
    const Sender sender(port_of(socket));
    for (std::uint32_t i = 0; i < 10; ++i) ASSERT_TRUE(sender.send_numbered(round, 50));
    ASSERT_TRUE(receive_until(round % 3 == 0 ? 10 : 1));
    ASSERT_TRUE(detach(5));
    for (const Received& datagram : received()) {
      EXPECT_EQ(datagram.slot, 5);
      ASSERT_EQ(number_of(datagram.payload), round);
      ASSERT_EQ(datagram.source, sender.endpoint());
    }
  }
}

TEST_P(SocketsTest, TheSameSocketCanComeBack) {
  const net::Socket socket = open_receiver();
  const Sender sender(port_of(socket));
  for (std::uint32_t round = 0; round < 20; ++round) {
    attach(socket, static_cast<backend::SocketSlot>(round % 3));
    ASSERT_TRUE(sender.send_numbered(round, 50));
    ASSERT_TRUE(receive_until(round + 1));
    EXPECT_EQ(number_of(received()[round].payload), round);
    EXPECT_EQ(received()[round].slot, round % 3);
    ASSERT_TRUE(detach(static_cast<backend::SocketSlot>(round % 3)));
  }
}

TEST_P(SocketsTest, ServesManySockets) {
  constexpr std::size_t kSockets = 300;
  std::vector<net::Socket> sockets;
  std::map<backend::SocketSlot, std::uint32_t> expected;
  for (std::size_t i = 0; i < kSockets; ++i) {
    sockets.push_back(open_receiver(0));
    // The last of the slots as well as the first.
    const auto slot = static_cast<backend::SocketSlot>(i % 2 == 0 ? i : backend::kMaxSockets - i);
    ASSERT_EQ(backend().attach(slot, sockets[i].descriptor()), 0);
    expected[slot] = static_cast<std::uint32_t>(i);
  }
  step();
  for (int round = 0; round < 3; ++round) {
    received().clear();
    for (std::uint32_t i = 0; i < kSockets; ++i) {
      ASSERT_TRUE(Sender(port_of(sockets[i])).send_numbered(i, 30));
    }
    ASSERT_TRUE(receive_until(kSockets));
    for (const Received& datagram : received()) {
      ASSERT_EQ(number_of(datagram.payload), expected.at(datagram.slot));
    }
  }
  for (const auto& [slot, number] : expected) {
    ASSERT_TRUE(detach(slot));
    const std::uint16_t port = port_of(sockets[number]);
    sockets[number].close();
    ASSERT_TRUE(port_is_free(port));
  }
}

// Requests of other sockets that run on must not keep a detached one: the kernel would go on
// choosing it for a share of the senders, whom nobody then hears.
TEST_P(SocketsTest, ADetachedSocketOfASharedPortSwallowsNothing) {
  const auto open_shared = [](std::uint16_t port) {
    net::Socket socket;
    EXPECT_EQ(socket.open(net::SocketFamily::kIpv4), 0);
    EXPECT_EQ(socket.set_reuse_port(true), 0);
    EXPECT_EQ(socket.bind(loopback_ipv4(port)), 0);
    return socket;
  };
  const net::Socket staying = open_shared(0);
  net::Socket leaving = open_shared(port_of(staying));
  attach(staying, 0);
  attach(leaving, 1);
  ASSERT_TRUE(detach(1));
  leaving.close();
  constexpr std::size_t kSenders = 40;  // by chance all hash to one socket: once in 2^40
  for (std::uint32_t i = 0; i < kSenders; ++i) {
    ASSERT_TRUE(Sender(port_of(staying)).send_numbered(i, 20));
  }
  ASSERT_TRUE(receive_until(kSenders)) << received().size() << " of " << kSenders;
}

// A socket that has something at each look must not hide the others.
class BusySocketTest : public SocketsTest {
 protected:
  // Before each wait `each_time` datagrams arrive at each busy socket, of which at most
  // one batch is taken. Returns the number of waits until a quiet socket is heard.
  int waits_until_the_quiet_one_is_heard(int each_time, std::chrono::microseconds budget,
                                         std::size_t size = 64, backend::SocketSlot busy = 1) {
    std::vector<net::Socket> sockets;  // the last is the quiet one
    std::vector<Sender> senders;
    for (backend::SocketSlot slot = 0; slot <= busy; ++slot) {
      sockets.push_back(open_receiver());
      attach(sockets.back(), slot);
      senders.emplace_back(port_of(sockets.back()));
    }
    step_a_while();
    int waits = 0;
    bool heard = false;
    for (; waits < kMaxWaits && !heard; ++waits) {
      for (backend::SocketSlot slot = 0; slot < busy; ++slot) {
        for (int i = 0; i < each_time; ++i) senders[slot].send_numbered(0, size);
      }
      if (waits == kQuietSendsAt) senders[busy].send_numbered(1, size);
      wait({.budget = budget, .idle = std::chrono::milliseconds(100)});
      heard = take_one_batch_has(busy);
    }
    for (backend::SocketSlot slot = 0; slot <= busy; ++slot) detach(slot);
    return waits - kQuietSendsAt;
  }

  static constexpr int kMaxWaits = 200;
  static constexpr int kQuietSendsAt = 10;  // by then the busy one is known to be busy
  // Room for a ready queue of other entries; a fair backend needs two or three.
  static constexpr int kSoon = 20;

 private:
  bool take_one_batch_has(backend::SocketSlot quiet_slot) {
    std::array<backend::Datagram, backend::kBatchSize> batch;
    const std::size_t count = backend().receive(batch).count;
    bool quiet = false;
    for (std::size_t i = 0; i < count; ++i) {
      quiet = quiet || batch[i].slot == quiet_slot;
      batch[i].packet.buffer->release();
    }
    reclaim();
    return quiet;
  }
};
RINGPEER_TEST_ON_EVERY_BACKEND(BusySocketTest);

TEST_P(BusySocketTest, DoesNotHideAQuietOneWithALatencyBudget) {
  EXPECT_LE(waits_until_the_quiet_one_is_heard(1, std::chrono::microseconds(100)), kSoon);
}

TEST_P(BusySocketTest, DoesNotHideAQuietOneWithoutABudget) {
  EXPECT_LE(waits_until_the_quiet_one_is_heard(1, std::chrono::microseconds(0)), kSoon);
}

TEST_P(BusySocketTest, ThatIsNeverDrainedDoesNotHideAQuietOne) {
  EXPECT_LE(waits_until_the_quiet_one_is_heard(70, std::chrono::microseconds(100)), kSoon);
}

// An empty datagram ends a multishot, and anybody can send a flood of them.
TEST_P(BusySocketTest, ThatGetsEmptyDatagramsDoesNotHideAQuietOne) {
  EXPECT_LE(waits_until_the_quiet_one_is_heard(70, std::chrono::microseconds(100), 0), kSoon);
}

TEST_P(BusySocketTest, NorDoSeveralOfThem) {
  EXPECT_LE(waits_until_the_quiet_one_is_heard(70, std::chrono::microseconds(100), 0, 4), kSoon);
}

// Whose every read fails: a stream socket that is connected to nobody stands for a device that
// is broken, or a kernel without memory.
TEST_P(SocketsTest, OneThatOnlyReportsErrorsIsLeftAloneNowAndThen) {
  const net::Socket good = open_receiver();
  attach(good, 0);
  const int broken = ::socket(AF_INET, SOCK_STREAM, 0);
  ASSERT_EQ(backend().attach(1, broken), 0);
  using Clock = std::chrono::steady_clock;
  const Sender sender(port_of(good));
  const auto start = Clock::now();
  std::uint32_t sent = 0;
  std::size_t errors = 0;
  while (Clock::now() - start < std::chrono::milliseconds(300)) {
    ASSERT_TRUE(sender.send_numbered(sent++, 20));
    received().clear();
    const auto is_good = [](const Received& datagram) { return datagram.slot == 0; };
    bool heard = false;
    for (const auto sent_at = Clock::now(); !heard && Clock::now() - sent_at < kPatience;) {
      step({.idle = std::chrono::milliseconds(20)});
      heard = std::any_of(received().begin(), received().end(), is_good);
    }
    ASSERT_TRUE(heard);
    errors += static_cast<std::size_t>(
        std::count_if(received().begin(), received().end(), std::not_fn(is_good)));
  }
  const auto breaks = (Clock::now() - start) / backend::ErrorBreaks::kBreak + 2;
  EXPECT_GT(errors, 0u);
  EXPECT_LE(errors, breaks * backend::ErrorBreaks::kErrorsPerBreak);
  // With nothing else to do, the wait is one.
  const std::uint64_t wakeups = backend().events().wakeups;
  const auto quiet_from = Clock::now();
  while (Clock::now() - quiet_from < std::chrono::milliseconds(100)) {
    step({.idle = std::chrono::milliseconds(20)});
  }
  const auto later_breaks = (Clock::now() - quiet_from) / backend::ErrorBreaks::kBreak + 2;
  EXPECT_LE(backend().events().wakeups - wakeups,
            later_breaks * (backend::ErrorBreaks::kErrorsPerBreak + 2));
  ASSERT_TRUE(detach(1));
  ::close(broken);
}

// More arrives at each look than the kernel has buffers for: what they hold is shared by turns,
// and costs no more ends of a multishot than there are sockets.
class StarvedSocketsTest : public SocketsTest {};
RINGPEER_TEST_ON_EVERY_BACKEND(StarvedSocketsTest);

TEST_P(StarvedSocketsTest, TakeTurnsWithoutAStormOfRearms) {
  constexpr std::uint32_t kSockets = 200;
  constexpr std::uint32_t kEach = 20;  // 4,000 in all; one datagram a buffer, the kernel has 256
  std::vector<net::Socket> sockets;
  for (std::uint32_t i = 0; i < kSockets; ++i) {
    sockets.push_back(open_receiver(1 << 20));
    attach(sockets.back(), static_cast<backend::SocketSlot>(i));
  }
  for (std::uint32_t round = 0; round < 3; ++round) {
    for (const net::Socket& socket : sockets) {
      const Sender sender(port_of(socket));
      for (std::uint32_t n = 0; n < kEach; ++n) ASSERT_TRUE(sender.send_numbered(n, 40));
    }
    received().clear();
    const std::uint64_t rearms = backend().events().rearms;
    ASSERT_TRUE(receive_until(std::size_t{kSockets} * kEach));
    EXPECT_LE(backend().events().rearms - rearms, 2 * kSockets) << "round " << round;
    std::map<backend::SocketSlot, std::uint32_t> next;
    for (const Received& datagram : received()) {
      ASSERT_EQ(number_of(datagram.payload), next[datagram.slot]++) << "in each socket's order";
    }
  }
}

}  // namespace
}  // namespace ringpeer::test
