#include "ringpeer/engine/worker/worker_group.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <cerrno>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ringpeer/tests/engine/support/child_process.h"
#include "ringpeer/tests/engine/worker/worker_fixture.h"

namespace ringpeer::test {
namespace {

using worker::BackendChoice;
using worker::GroupOptions;
using worker::WorkerGroup;

constexpr std::uint64_t kManyBytes = std::uint64_t{1} << 30;

// ---- Without io_uring: what containers and old kernels do, by a seccomp filter.

constexpr const char* kNoFilters = "this sandbox allows no seccomp filters";

// Creates a group in a process where `system_call` fails with `error`, lets a packet
// through and tells what happened.
std::string try_group_without(long system_call, int error, BackendChoice choice) {
  if (!forbid_system_call(system_call, error)) return kNoFilters;
  backend::BackendFailure failure;
  GroupOptions options;
  options.backend = choice;
  const auto group = WorkerGroup::create(options, &failure);
  if (group == nullptr) return "failed " + std::to_string(failure.error) + ": " + failure.what;
  std::string text = group->uses_uring() ? "io_uring" : "recvmmsg";
  text += " because " + std::string(group->backend_reason());
  Consumer consumer(group->at(0), 64, kManyBytes);
  Sender(consumer.port()).send_numbered(1, 10);
  group->at(0).sync();
  return text + "; packets received: " + std::to_string(consumer.take_all());
}

std::string in_child_without(long system_call, int error, BackendChoice choice) {
  const ChildResult child =
      run_in_child([&] { return try_group_without(system_call, error, choice); });
  EXPECT_FALSE(child.timed_out) << child.output;
  EXPECT_EQ(child.exit_status, 0) << child.output;
  return child.output;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

struct Refusal {
  std::string name;
  long system_call;
  int error;
  std::string word;  // that the reason must contain
};

class WithoutUring : public testing::TestWithParam<Refusal> {};

TEST_P(WithoutUring, AutoServesThroughRecvmmsgAndSaysWhy) {
  const std::string text =
      in_child_without(GetParam().system_call, GetParam().error, BackendChoice::kAuto);
  if (text == kNoFilters) GTEST_SKIP() << text;
  EXPECT_TRUE(contains(text, "recvmmsg because io_uring is not available")) << text;
  EXPECT_TRUE(contains(text, GetParam().word)) << text;
  EXPECT_TRUE(contains(text, "packets received: 1")) << text;
}

TEST_P(WithoutUring, ForcedItFailsClearly) {
  const std::string text =
      in_child_without(GetParam().system_call, GetParam().error, BackendChoice::kUring);
  if (text == kNoFilters) GTEST_SKIP() << text;
  EXPECT_TRUE(contains(text, "failed " + std::to_string(GetParam().error) + ": ")) << text;
  EXPECT_TRUE(contains(text, GetParam().word)) << text;
}

TEST_P(WithoutUring, RecvmmsgDoesNotMind) {
  const std::string text =
      in_child_without(GetParam().system_call, GetParam().error, BackendChoice::kMmsg);
  if (text == kNoFilters) GTEST_SKIP() << text;
  EXPECT_TRUE(contains(text, "recvmmsg because asked for")) << text;
  EXPECT_TRUE(contains(text, "packets received: 1")) << text;
}

INSTANTIATE_TEST_SUITE_P(
    Refusals, WithoutUring,
    testing::Values(Refusal{"not_permitted", SYS_io_uring_setup, EPERM, "forbids it"},
                    Refusal{"not_in_this_kernel", SYS_io_uring_setup, ENOSYS, "no io_uring"},
                    Refusal{"too_old", SYS_io_uring_setup, EINVAL, "older than Linux"},
                    Refusal{"no_memory", SYS_io_uring_setup, ENOMEM, "memory ("},
                    // Filters that allow the first call and refuse the next.
                    Refusal{"register_not_permitted", SYS_io_uring_register, EPERM,
                            "start of the backend"}),
    [](const testing::TestParamInfo<Refusal>& refusal) { return refusal.param.name; });

TEST(WorkerGroup, AThreadThatCannotBeStartedIsAFailure) {
  const ChildResult child = run_in_child([]() -> std::string {
    if (!forbid_system_call(SYS_clone3, EAGAIN) || !forbid_system_call(SYS_clone, EAGAIN)) {
      return kNoFilters;
    }
    backend::BackendFailure failure;
    const auto group = WorkerGroup::create({}, &failure);
    return group == nullptr ? failure.what : "created";
  });
  if (child.output == kNoFilters) GTEST_SKIP() << kNoFilters;
  EXPECT_EQ(child.exit_status, 0);
  EXPECT_TRUE(contains(child.output, "thread")) << child.output;
}

// ---- After fork().

class ForkTest : public testing::TestWithParam<int> {};  // workers

TEST_P(ForkTest, CallsOfTheChildFailAndTheParentGoesOn) {
  for (const BackendChoice choice : {BackendChoice::kMmsg, BackendChoice::kAuto}) {
    backend::BackendFailure failure;
    GroupOptions options;
    options.backend = choice;
    options.workers = GetParam();
    auto group = WorkerGroup::create(options, &failure);
    ASSERT_NE(group, nullptr) << failure.what;
    auto consumer = std::make_unique<Consumer>(group->at(0), 64, kManyBytes);
    const Sender sender(consumer->port());
    const ChildResult child = run_in_child([&]() -> std::string {
      if (group->is_usable()) return "the group says it is usable";
      sender.send_numbered(1, 10);
      group->inline_pump().step();
      if (consumer->depth() != 0) return "the child took the parent's packet";
      if (group->at(0).sync() == 0) return "sync() says 0";
      const net::Socket socket = open_receiver();
      worker::SocketQueue queue(64, kManyBytes);
      backend::SocketSlot slot = 0;
      if (group->at(0).attach(socket.descriptor(), &queue, &slot) == 0) return "attach() says 0";
      group->counters().forget(&consumer->socket());
      consumer.reset();  // detaches
      group->stop();
      group.reset();
      return "fine";
    });
    EXPECT_FALSE(child.timed_out) << "the child hangs";
    EXPECT_EQ(child.exit_status, 0);
    EXPECT_EQ(child.output, "fine");
    EXPECT_TRUE(group->is_usable());
    EXPECT_TRUE(sender.send_numbered(2, 10));
    EXPECT_EQ(group->at(0).sync(), 0);
    EXPECT_EQ(consumer->take_all(), 2u) << "the child's packet and the parent's";
  }
}

INSTANTIATE_TEST_SUITE_P(Workers, ForkTest, testing::Values(0, 1, 2));

// ---- Several workers.

class GroupTest : public testing::TestWithParam<BackendChoice> {
 protected:
  static std::unique_ptr<WorkerGroup> make(GroupOptions options) {
    options.backend = GetParam();
    backend::BackendFailure failure;
    auto group = WorkerGroup::create(options, &failure);
    EXPECT_NE(group, nullptr) << failure.what;
    return group;
  }
};
INSTANTIATE_TEST_SUITE_P(Backends, GroupTest,
                         testing::Values(BackendChoice::kAuto, BackendChoice::kMmsg),
                         [](const testing::TestParamInfo<BackendChoice>& choice) {
                           return choice.param == BackendChoice::kMmsg ? "recvmmsg" : "automatic";
                         });

TEST_P(GroupTest, SaysWhichBackendAndWhy) {
  const auto group = make({});
  EXPECT_FALSE(group->backend_reason().empty());
  if (GetParam() == BackendChoice::kMmsg) {
    EXPECT_FALSE(group->uses_uring());
  }
  EXPECT_FALSE(group->is_inline());
  EXPECT_EQ(group->size(), 1u);
}

TEST_P(GroupTest, GivesSocketsToItsWorkersInTurn) {
  GroupOptions options;
  options.workers = 3;
  const auto group = make(options);
  ASSERT_EQ(group->size(), 3u);
  std::map<worker::Worker*, int> given;
  worker::SocketQueue sink(64, kManyBytes, {});
  std::vector<net::Socket> sockets;
  for (int i = 0; i < 9; ++i) {
    sockets.push_back(open_receiver());
    worker::Worker* worker = nullptr;
    backend::SocketSlot slot = 0;
    ASSERT_EQ(group->attach(sockets.back().descriptor(), &sink, &worker, &slot), 0);
    ++given[worker];
  }
  EXPECT_EQ(given.size(), 3u);
  for (const auto& [worker, count] : given) EXPECT_EQ(count, 3);
  group->stop();
}

TEST_P(GroupTest, WithoutThreadsHasOneInlineWorker) {
  GroupOptions options;
  options.workers = 0;
  const auto group = make(options);
  ASSERT_EQ(group->size(), 1u);
  EXPECT_TRUE(group->is_inline());
  Consumer consumer(group->at(0), 64, kManyBytes);
  ASSERT_TRUE(Sender(consumer.port()).send_numbered(1, 10));
  group->inline_pump().step();
  EXPECT_EQ(consumer.take_all(), 1u);
}

// On a shared port the kernel spreads remotes over the workers' sockets: each remote
// must always reach the same one, or its packets would overtake each other.
TEST_P(GroupTest, OnASharedPortARemoteStaysWithItsWorker) {
  constexpr int kWorkers = 3;
  GroupOptions options;
  options.workers = kWorkers;
  const auto group = make(options);
  std::vector<std::unique_ptr<Consumer>> consumers;
  std::uint16_t port = 0;
  for (int i = 0; i < kWorkers; ++i) {
    net::Socket socket;
    ASSERT_EQ(socket.open(net::SocketFamily::kIpv4), 0);
    ASSERT_EQ(socket.set_reuse_port(true), 0);
    socket.request_receive_buffer(8 << 20);
    ASSERT_EQ(socket.bind(loopback_ipv4(port)), 0);
    port = port_of(socket);
    consumers.push_back(std::make_unique<Consumer>(group->at(static_cast<std::size_t>(i)),
                                                   std::move(socket), 1 << 12, kManyBytes));
  }
  constexpr std::uint32_t kRemotes = 60;
  constexpr std::uint32_t kRounds = 20;
  std::vector<Sender> senders;
  for (std::uint32_t i = 0; i < kRemotes; ++i) senders.emplace_back(port);
  for (std::uint32_t round = 1; round <= kRounds; ++round) {
    for (const Sender& sender : senders) ASSERT_TRUE(sender.send_numbered(round, 20));
  }
  std::map<std::uint16_t, std::uint32_t> last;
  std::map<std::uint16_t, int> home;
  std::size_t taken = 0;
  for (int i = 0; i < kWorkers; ++i) {
    ASSERT_EQ(group->at(static_cast<std::size_t>(i)).sync(), 0);
    const std::size_t here = consumers[static_cast<std::size_t>(i)]->take_all(
        [&](const net::Endpoint& source, std::span<const std::uint8_t> packet) {
          EXPECT_TRUE(home.emplace(source.port, i).first->second == i)
              << source.to_string() << " turned up on two workers";
          EXPECT_EQ(number_of(packet), last[source.port] + 1);
          last[source.port] = number_of(packet);
        });
    EXPECT_GT(here, 0u) << "60 remotes over three workers";
    taken += here;
  }
  EXPECT_EQ(taken, kRemotes * kRounds);
  EXPECT_EQ(home.size(), kRemotes);
}

// ---- The books.

TEST_P(GroupTest, SumsWorkersConsumersAndSockets) {
  const auto group = make({});
  net::Socket socket = open_receiver(1);
  const net::Socket* watched = &socket;
  group->counters().watch(watched);
  const Sender sender(port_of(socket));
  for (std::uint32_t i = 0; i < 100; ++i) ASSERT_TRUE(sender.send_numbered(i, 1000));
  const std::uint64_t drops = socket.kernel_drops().value_or(0);
  ASSERT_GT(drops, 0u);
  EXPECT_EQ(group->snapshot()[Counter::kKernelDrops], drops);
  group->counters().forget(watched);
  socket.close();
  EXPECT_EQ(group->snapshot()[Counter::kKernelDrops], drops) << "kept after the socket is gone";

  Counters* counters = group->counters().lend();
  counters->add(Counter::kDeliveredPackets, 7);
  EXPECT_EQ(group->snapshot()[Counter::kDeliveredPackets], 7u);
  group->counters().take_back(counters);
  EXPECT_EQ(group->snapshot()[Counter::kDeliveredPackets], 7u);

  group->counters().count_send(0, 100);
  group->counters().count_send(EAGAIN, 100);
  group->counters().count_send(ECONNREFUSED, 100);
  group->counters().count_send(EMSGSIZE, 100);
  const CounterSnapshot sum = group->snapshot();
  EXPECT_EQ(sum[Counter::kSendRequestedPackets], 4u);
  EXPECT_EQ(sum[Counter::kSentPackets], 1u);
  EXPECT_EQ(sum[Counter::kSentBytes], 100u);
  EXPECT_EQ(sum[Counter::kSendFailedQueueFull], 1u);
  EXPECT_EQ(sum[Counter::kSendFailedRefused], 1u);
  EXPECT_EQ(sum[Counter::kSendFailedOther], 1u);
}

// A socket that was there before may have lost packets; they are not the engine's.
TEST_P(GroupTest, CountsKernelDropsFromTheMomentItWatches) {
  const auto group = make({});
  const net::Socket socket = open_receiver(1);
  const Sender sender(port_of(socket));
  for (std::uint32_t i = 0; i < 100; ++i) ASSERT_TRUE(sender.send_numbered(i, 1000));
  ASSERT_GT(socket.kernel_drops(), 0u);
  group->counters().watch(&socket);
  EXPECT_EQ(group->snapshot()[Counter::kKernelDrops], 0u);
  ASSERT_TRUE(sender.send_numbered(1, 1000));
  EXPECT_EQ(group->snapshot()[Counter::kKernelDrops], 1u);
  group->counters().forget(&socket);
}

TEST_P(GroupTest, StopsOnce) {
  const auto group = make({});
  EXPECT_FALSE(group->is_stopped());
  group->stop();
  group->stop();
  EXPECT_TRUE(group->is_stopped());
  EXPECT_EQ(group->at(0).sync(), ESHUTDOWN);
}

}  // namespace
}  // namespace ringpeer::test
