#include "ringpeer/engine/worker/command_queue.h"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <set>
#include <thread>

#include "ringpeer/engine/worker/free_slots.h"

namespace ringpeer::worker {
namespace {

class StoppedSink : public DatagramSink {
 public:
  void deliver(const DatagramRun& /*run*/, Delivery& /*delivery*/) override {}
  void publish() override {}
  bool notify() override { return false; }
  void on_socket_error(int /*error*/, std::uint64_t /*now_us*/) override {}
  void on_worker_stopped() override { ++stops; }

  int stops = 0;
};

TEST(CommandQueue, TakesNothingBeforeItIsOpenNorAfterItIsClosed) {
  CommandQueue queue;
  Command command;
  command.done = true;
  EXPECT_FALSE(queue.push(&command));
  queue.open(false);
  EXPECT_FALSE(queue.push(&command));
  queue.open(true);
  EXPECT_TRUE(queue.push(&command));
  EXPECT_FALSE(command.done);
  CommandList left = queue.close();
  EXPECT_EQ(left.pop(), &command);
  EXPECT_EQ(left.pop(), nullptr);
  Command late;
  late.done = true;
  EXPECT_FALSE(queue.push(&late));
  EXPECT_TRUE(late.done) << "so that nobody waits for it";
}

TEST(CommandQueue, GivesCommandsInTheirOrderAndOnce) {
  CommandQueue queue;
  queue.open(true);
  std::array<Command, 3> commands;
  for (Command& command : commands) ASSERT_TRUE(queue.push(&command));
  CommandList taken = queue.take_all();
  for (Command& command : commands) EXPECT_EQ(taken.pop(), &command);
  EXPECT_EQ(taken.pop(), nullptr);
  EXPECT_TRUE(queue.take_all().empty());
}

TEST(CommandQueue, BringsEachAnswerToWhoAsked) {
  constexpr int kThreads = 4;
  constexpr int kCommands = 200;
  CommandQueue queue;
  std::array<std::thread, kThreads> threads;
  for (std::thread& thread : threads) {
    thread = std::thread([&queue] {
      ASSERT_TRUE(queue.wait_until_tried());
      for (int i = 0; i < kCommands; ++i) {
        Command command;
        command.descriptor = i;
        ASSERT_TRUE(queue.push(&command));
        EXPECT_EQ(queue.wait_for(&command), i);
      }
    });
  }
  queue.open(true);
  for (int answered = 0; answered < kThreads * kCommands;) {
    CommandList commands = queue.take_all();
    while (Command* command = commands.pop()) {
      queue.finish(command, command->descriptor);
      ++answered;
    }
    std::this_thread::yield();
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(CommandQueue, TellsTheSinkOfAFailureThatNobodyWaitsFor) {
  CommandQueue queue;
  StoppedSink sink;
  Command command{CommandKind::kAttach, -1, &sink};
  queue.finish(&command, EBADF);
  EXPECT_EQ(sink.stops, 0);
  command.has_waiter = false;
  queue.finish(&command, 0);
  EXPECT_EQ(sink.stops, 0);
  queue.finish(&command, EBADF);
  EXPECT_EQ(sink.stops, 1);
}

TEST(FreeSlots, GivesEachSlotToOneSocket) {
  FreeSlots slots;
  std::set<backend::SocketSlot> taken;
  while (const auto slot = slots.take()) EXPECT_TRUE(taken.insert(*slot).second);
  EXPECT_EQ(taken.size(), backend::kMaxSockets);
  slots.give_back(7);
  EXPECT_EQ(slots.take(), 7);
  EXPECT_FALSE(slots.take().has_value());
}

}  // namespace
}  // namespace ringpeer::worker
