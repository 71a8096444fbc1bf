// A socket whose remotes answer that nobody listens, on a machine in memory: before each look
// another error has come, as one does while a worker sleeps, or nobody polls. It hides nothing: the
// same look gives what waits behind it.

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <ostream>
#include <string>
#include <tuple>
#include <vector>

#include "ringpeer/engine/backend/backend.h"
#include "ringpeer/engine/net/socket.h"
#include "ringpeer/engine/packet/packet_buffer.h"
#include "ringpeer/tests/simulation/kernel.h"
#include "ringpeer/tests/simulation/machine.h"

namespace ringpeer::simulation {
namespace {

using std::chrono::microseconds;

constexpr std::uint16_t kPort = 4000;
constexpr microseconds kWait{2000};
constexpr std::size_t kSize = 40;
constexpr std::size_t kSockets = 8;
// More than a batch, and than the kernel takes of one socket in a row.
constexpr std::size_t kFlood = 100;
// Looks until a socket that has something gives something, of four batches each.
constexpr int kSoon = 20;
// So few errors come that no socket is left alone for a while.
constexpr Time kBetweenLooks = kMillisecond;
constexpr int kLooks = 100;
constexpr std::size_t kMaxBatches = 4;  // of a look without threads
// Of the calls of a look.
constexpr Time kSlack = 200 * kMicrosecond;

struct Case {
  std::string name;
  bool use_uring = false;
  bool has_min_wait = false;
  // What a look is: one of these.
  microseconds sleep{0};
  microseconds budget{0};
  bool poll = false;
  // The error comes between two batches of a look, of which the first ends with an empty datagram:
  // io_uring reads the socket with recvmmsg then.
  bool is_between = false;
};

class BackendErrorsTest : public testing::TestWithParam<Case> {
 protected:
  BackendErrorsTest() : machine_({.has_min_wait = GetParam().has_min_wait}) {}
  ~BackendErrorsTest() override {
    machine_.scheduler.run([this] {
      sockets_.clear();
      backend_.reset();
    });
  }

  void open() {
    backend::BackendFailure failure;
    backend_ = GetParam().use_uring ? backend::make_uring_backend({}, &home_, &failure)
                                    : backend::make_mmsg_backend({}, &home_, &failure);
    ASSERT_TRUE(backend_ != nullptr && backend_->start(&failure)) << failure.what;
    for (std::size_t i = 0; i < sockets_.size(); ++i) {
      const net::Endpoint local{*net::IpAddress::parse("10.0.0.1"), 0, port(i)};
      ASSERT_EQ(sockets_[i].open(net::SocketFamily::kIpv4), 0);
      ASSERT_EQ(sockets_[i].bind(local), 0);
      ASSERT_EQ(backend_->attach(static_cast<backend::SocketSlot>(i), sockets_[i].descriptor()), 0);
    }
  }
  static std::uint16_t port(std::size_t index) { return static_cast<std::uint16_t>(kPort + index); }

  // To the first, of which the errors are, too.
  void come(std::size_t size) {
    put(0, size);
    ++sent_;
  }
  void put(std::size_t index, std::size_t size) {
    Machine::put(machine_.socket_on(port(index)), {*net::IpAddress::parse("10.0.0.2"), 0, 9},
                 std::vector<std::uint8_t>(size));
  }
  void return_error() { machine_.socket_on(kPort).error = ECONNREFUSED; }
  void flood() {
    if (!others_are_busy_) return;
    for (std::size_t i = 1; i < sockets_.size(); ++i) {
      while (machine_.socket_on(port(i)).received.size() < kFlood) put(i, kSize);
    }
  }

  void look() {
    const backend::WaitPolicy policy{.sleep = GetParam().sleep,
                                     .budget = GetParam().budget,
                                     .idle = microseconds(500'000),
                                     .poll = GetParam().poll};
    backend::BackendFailure failure;
    flood();
    ASSERT_TRUE(backend_->wait(policy, &failure)) << failure.what;
    for (std::size_t i = 0; i < kMaxBatches; ++i) {
      flood();
      const backend::Received received = backend_->receive(batch_);
      for (std::size_t k = 0; k < received.count; ++k) take(batch_[k]);
      if (comes_between_ && i == 0) return_error();
      if (!received.may_be_more) break;
    }
    comes_between_ = false;
  }
  void take(const backend::Datagram& datagram) {
    if (datagram.fault == backend::DatagramFault::kSocketError) {
      ++errors_;
      return;
    }
    received_ += datagram.slot == 0 ? 1 : 0;
    datagram.packet.buffer->release();
    for (packet::PacketBuffer* buffer = home_.take_all(); buffer != nullptr;) {
      packet::PacketBuffer* const next = buffer->next;
      backend_->recycle(buffer);
      buffer = next;
    }
  }

  Machine machine_;
  packet::BufferReturn home_;
  std::unique_ptr<backend::Backend> backend_;
  std::vector<net::Socket> sockets_ = std::vector<net::Socket>(kSockets);
  std::array<backend::Datagram, backend::kBatchSize> batch_;
  bool comes_between_ = false;
  bool others_are_busy_ = false;
  int sent_ = 0;
  int received_ = 0;
  int errors_ = 0;
};

void PrintTo(const Case& each, std::ostream* stream) { *stream << each.name; }

TEST_P(BackendErrorsTest, AnErrorHidesNothing) {
  machine_.scheduler.run([this] {
    open();
    for (int i = 0; i < kLooks && !HasFailure(); ++i) {
      comes_between_ = GetParam().is_between;
      if (comes_between_) come(0);
      come(kSize);
      if (!comes_between_) return_error();
      const Time begun = machine_.scheduler.now();
      look();
      ASSERT_EQ(received_, sent_) << "after " << errors_ << " errors";
      ASSERT_LE(machine_.scheduler.now() - begun, kWait.count() * kMicrosecond + kSlack);
      machine_.scheduler.sleep(kBetweenLooks);
    }
    EXPECT_GE(errors_, kLooks - 1);  // one may be left
  });
}

// Nor has it a turn of its own, of which busy sockets leave few.
TEST_P(BackendErrorsTest, AnErrorTakesNoTurn) {
  machine_.scheduler.run([this] {
    open();
    others_are_busy_ = true;
    for (int i = 0, silent = 0; i < kLooks && !HasFailure(); ++i) {
      const int before = received_;
      come(kSize);
      return_error();
      look();
      silent = received_ == before ? silent + 1 : 0;
      ASSERT_LE(silent, kSoon) << "after " << errors_ << " errors";
      machine_.scheduler.sleep(kBetweenLooks);
    }
  });
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const auto& [backend, use_uring, has_min_wait] :
       {std::tuple{"recvmmsg", false, false}, std::tuple{"io_uring", true, true},
        std::tuple{"io_uring_that_sleeps", true, false}}) {
    for (const bool is_between : {false, true}) {
      const std::string name = std::string(backend) + (is_between ? "_between" : "");
      cases.push_back({name + "_sleep", use_uring, has_min_wait, kWait, {}, false, is_between});
      cases.push_back({name + "_budget", use_uring, has_min_wait, {}, kWait, false, is_between});
      cases.push_back({name + "_poll", use_uring, has_min_wait, {}, {}, true, is_between});
      cases.push_back({name + "_at_once", use_uring, has_min_wait, {}, {}, false, is_between});
    }
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(AllWaits, BackendErrorsTest, testing::ValuesIn(all_cases()),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace ringpeer::simulation
