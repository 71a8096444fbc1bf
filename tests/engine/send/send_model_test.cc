// The way of packets from the threads that put to the kernel, under random operations and
// a kernel that refuses at random, against what must hold whatever happens:
//   - packets of one thread to one destination through one socket keep their order;
//   - none is sent twice; requested = sent + failed by reason + waiting;
//   - a socket that the kernel takes nothing of holds up no other;
//   - a mark is sent exactly when all that was pushed before it is;
//   - after a socket is given up nothing of it is left, and the others have lost nothing;
//   - all memory comes back.

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <tuple>
#include <vector>

#include "ringpeer/tests/engine/send/fake_kernel.h"
#include "ringpeer/tests/engine/support/loopback.h"
#include "ringpeer/tests/support/model/model_run.h"

namespace ringpeer::worker {
namespace {

using test::Draws;
using test::FakeKernel;
using test::loopback_ipv4;
using test::number_of;
using test::numbered_payload;

constexpr std::size_t kThreads = 3;
constexpr int kSockets = 4;
constexpr int kFirstDescriptor = 1000;
constexpr std::uint16_t kPorts = 12;
constexpr std::uint16_t kNarrowPort = 3;
constexpr std::uint16_t kForbiddenPort = 5;

// A thread that does what it is told, one thing after another.
class Hand {
 public:
  Hand() : thread_([this] { run(); }) {}
  ~Hand() {
    give(nullptr);
    thread_.join();
  }
  // Returns when it is done.
  void operator()(const std::function<void()>& work) {
    give(work);
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !has_work_; });
  }

 private:
  void give(const std::function<void()>& work) {
    const std::lock_guard lock(mutex_);
    work_ = work;
    has_work_ = true;
    changed_.notify_all();
  }
  void run() {
    for (;;) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return has_work_; });
      if (!work_) return;
      work_();
      has_work_ = false;
      changed_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::function<void()> work_;
  bool has_work_ = false;
  std::thread thread_;
};

struct Packet {
  std::size_t thread;
  int socket;
  std::uint16_t port;
  bool has_source = false;
};

class SendModel final : public test::Model {
 public:
  enum Kind {
    kPushSome,
    kPushLarge,
    kBroadcast,
    kDrain,
    kChangeKernel,
    kDrainFully,
    kTakeMark,
    kClose
  };

  SendModel(bool trains, bool looks_at_memory)
      : looks_at_memory_(looks_at_memory), batch_(queue_, counters_, trains, FakeKernel::kCalls) {
    for (int i = 0; i < kSockets; ++i) {
      // The last one is connected.
      sockets_.push_back(i + 1 == kSockets ? std::make_unique<SendSocket>(&latch_, &latch_)
                                           : std::make_unique<SendSocket>(&errors_));
      sockets_.back()->open(kFirstDescriptor + i, AF_INET);
    }
    kernel_.narrow = {kNarrowPort};
    kernel_.forbidden = {kForbiddenPort};
    // Without draws, after the last step, it takes one at a time.
    kernel_.most_a_call = [this] { return 1 + below(80); };
  }

  void step(std::size_t kind, Draws& draws) override {
    draws_ = &draws;
    switch (static_cast<Kind>(kind)) {
      case kPushSome:
        push_some();
        break;
      case kPushLarge:
        push_large();
        break;
      case kBroadcast:
        broadcast();
        break;
      case kDrain:
        drain_once();
        break;
      case kChangeKernel:
        change_kernel();
        break;
      case kDrainFully:
        drain_fully();
        break;
      case kTakeMark:
        take_mark();
        break;
      case kClose:
        close_one();
    }
    check_marks();
    draws_ = nullptr;
  }

  void end() override {
    kernel_.full.clear();
    kernel_.once.clear();
    const std::uint64_t mark = batch_.mark();
    drain_fully();
    check_marks();
    EXPECT_TRUE(batch_.is_sent(mark));
    EXPECT_FALSE(batch_.has_waiting());
    EXPECT_EQ(requested_, kernel_.sent.size() + failed());
    EXPECT_EQ(kernel_.calls_on_closed, 0);
    check_order();
    check_failures();
    if (looks_at_memory_) check_memory();
  }

 private:
  unsigned below(unsigned limit) {
    return draws_ == nullptr ? 0 : static_cast<unsigned>(draws_->below(limit));
  }

  SendTarget target(int socket, std::uint16_t port) {
    SendTarget result{sockets_[static_cast<std::size_t>(socket)].get(), loopback_ipv4(port)};
    result.connected = socket + 1 == kSockets;
    result.tells = true;
    return result;
  }
  int any_open_socket() {
    int socket = static_cast<int>(below(kSockets));
    while (closed_.contains(socket)) socket = (socket + 1) % kSockets;
    return socket;
  }
  // The next packet's number, if it is pushed.
  std::uint32_t next() const { return static_cast<std::uint32_t>(packets_.size()); }

  void push_some() {
    const std::size_t thread = below(kThreads);
    const int socket = any_open_socket();
    std::uint16_t port = any_port(socket);
    const bool changes_port = below(2) == 0;

    const net::LocalAddress source{loopback_ipv4().address, 0};
    const std::size_t size = 4 + below(3) * 60;
    hands_[thread]([&] {
      for (unsigned i = below(8) == 7 ? 300 : below(60); i > 0; --i) {
        if (changes_port) port = any_port(socket);
        const bool has_source = below(8) == 7;
        SendTarget to = target(socket, port);
        if (has_source) to.source = &source;
        push(to, {thread, socket, port, has_source}, below(10) == 0 ? 4 + below(1500) : size);
      }
    });
  }
  void push_large() {
    const std::size_t thread = below(kThreads);
    const int socket = any_open_socket();
    const std::uint16_t port = any_port(socket);
    hands_[thread]([&] {
      push(target(socket, port), {thread, socket, port}, 2049 + below(60000));
    });
  }
  void push(const SendTarget& to, const Packet& packet, std::size_t size) {
    const int error = queue_.push(numbered_payload(next(), size), to);
    EXPECT_TRUE(error == 0 || error == EAGAIN);
    if (error != 0) return;
    packets_.push_back(packet);
    ++requested_;
  }
  // A connected socket has one destination.
  std::uint16_t any_port(int socket) {
    return static_cast<std::uint16_t>(socket + 1 == kSockets ? 1 : 1 + below(kPorts));
  }
  // One number for all of them; a packet of its own for each.
  void broadcast() {
    const std::size_t thread = below(kThreads);
    const int socket = any_open_socket();
    if (socket + 1 == kSockets) return;
    std::vector<SendTarget> targets;
    for (std::uint16_t port = 1; port <= kPorts; ++port) targets.push_back(target(socket, port));
    int error = 0;
    hands_[thread]([&] { error = queue_.push_to_all(numbered_payload(next(), 100), targets); });
    if (error != 0) return;
    broadcasts_.insert(next());
    requested_ += kPorts;
    packets_.push_back({thread, socket, 0});
  }

  void change_kernel() {
    const int descriptor = kFirstDescriptor + static_cast<int>(below(kSockets));
    switch (below(5)) {
      case 0:
        kernel_.full.insert(descriptor);
        break;
      case 1:
        kernel_.full.clear();
        break;
      case 2:
        kernel_.once[descriptor].push_back(EINTR);
        break;
      case 3:
        kernel_.once[descriptor].push_back(ENOBUFS);
        break;
      default:
        kernel_.once[descriptor].push_back(ECONNREFUSED);
    }
  }

  void drain_once() {
    batch_.drain();
    batch_.update_marks();
  }
  void drain_fully() {
    while (batch_.drain()) batch_.update_marks();
    batch_.update_marks();
    EXPECT_EQ(queue_.size(), 0u);
    for (const auto& [key, waiting] : waiting_by_socket()) {
      EXPECT_TRUE(waiting == 0 || kernel_.full.contains(kFirstDescriptor + key))
          << "held up by another socket";
    }
    check_conservation();
  }

  // What is neither sent nor failed is what waits with the sockets and in the queue; here,
  // from what each socket says.
  std::map<int, std::size_t> waiting_by_socket() {
    std::map<int, std::size_t> waiting;
    for (int i = 0; i < kSockets; ++i) {
      waiting[i] = sockets_[static_cast<std::size_t>(i)]->waiting().is_empty() ? 0 : 1;
    }
    return waiting;
  }

  void take_mark() { marks_.push_back({batch_.mark(), requested_}); }
  std::uint64_t counted(Counter counter) const { return counters_.snapshot()[counter]; }
  std::uint64_t failed() const {
    return counted(Counter::kSendFailedOther) + counted(Counter::kSendFailedRefused) +
           counted(Counter::kSendFailedQueueFull) + counted(Counter::kSendFailedClosed);
  }
  void check_conservation() const {
    EXPECT_EQ(counted(Counter::kSendRequestedPackets) + queue_.size(), requested_);
    EXPECT_EQ(counted(Counter::kSentPackets), kernel_.sent.size());
  }
  // No mark is sent before as many packets as it covers are dealt with, nor one where nothing
  // waits any more not.
  void check_marks() {
    batch_.update_marks();
    batch_.update_marks();  // one that has waited for another's end
    for (const auto& [mark, covered] : marks_) {
      const std::uint64_t dealt_with = kernel_.sent.size() + failed();
      if (batch_.is_sent(mark)) {
        EXPECT_GE(dealt_with, covered);
      } else {
        EXPECT_LT(dealt_with, requested_);
      }
    }
  }

  void close_one() {
    if (closed_.size() + 1 == kSockets) return;
    const int socket = any_open_socket();
    SendSocket& closing = *sockets_[static_cast<std::size_t>(socket)];
    closing.close();
    const std::uint64_t mark = batch_.mark();
    if (below(2) == 0) drain_once();
    batch_.update_marks();
    const std::size_t sent_before = kernel_.sent.size();
    batch_.give_up(closing, mark);
    EXPECT_EQ(kernel_.sent.size(), sent_before) << "giving up sends nothing";
    EXPECT_TRUE(batch_.is_sent(mark, closing));
    closed_.insert(socket);
    kernel_.closed.insert(kFirstDescriptor + socket);
  }

  void check_order() {
    std::map<std::tuple<std::size_t, int, std::uint16_t>, std::int64_t> last;
    for (const test::SentPacket& sent : kernel_.sent) {
      const std::uint32_t number = number_of(sent.payload);
      ASSERT_LT(number, packets_.size());
      ASSERT_TRUE(test::is_numbered_payload(sent.payload, number));
      const Packet& packet = packets_[number];
      EXPECT_EQ(sent.descriptor, kFirstDescriptor + packet.socket);
      EXPECT_EQ(sent.has_source, packet.has_source) << "it leaves from where another does";
      const std::uint16_t port = sent.destination.port;
      const bool is_broadcast = broadcasts_.contains(number);
      if (!is_broadcast && packet.socket + 1 != kSockets) {
        EXPECT_EQ(port, packet.port);
      }
      auto [before, is_first] = last.insert({{packet.thread, packet.socket, port}, -1});
      ASSERT_LT(before->second, std::int64_t{number}) << "out of order, or twice";
      before->second = number;
    }
  }

  // Only what the kernel would not have at all has failed so.
  void check_failures() {
    for (const test::SentPacket& sent : kernel_.sent) {
      EXPECT_NE(sent.destination.port, kForbiddenPort);
      EXPECT_TRUE(!sent.in_train || sent.destination.port != kNarrowPort);
    }
    if (closed_.empty()) {
      std::uint64_t forbidden = 0;
      for (std::size_t i = 0; i < packets_.size(); ++i) {
        const bool is_broadcast = broadcasts_.contains(static_cast<std::uint32_t>(i));
        const bool is_connected = packets_[i].socket + 1 == kSockets;
        forbidden += is_broadcast || (packets_[i].port == kForbiddenPort && !is_connected) ? 1 : 0;
      }
      // Some may have been lost to a full device instead.
      EXPECT_LE(counted(Counter::kSendFailedOther), forbidden);
      EXPECT_GE(counted(Counter::kSendFailedOther) + counted(Counter::kSendFailedQueueFull),
                forbidden);
      EXPECT_EQ(counted(Counter::kSendFailedClosed), 0u);
    }
  }

  // As much can be pushed as into a queue that is new.
  void check_memory() {
    static const std::size_t expected = [] {
      SendQueue fresh;
      return fill(fresh);
    }();
    std::size_t count = 0;
    hands_[0]([&] { count = fill(queue_); });
    // Each thread may keep a chunk, and has brought one.
    EXPECT_NEAR(static_cast<double>(count), static_cast<double>(expected),
                kThreads * static_cast<double>(SendChunks::kChunkSize) / SendQueue::kMaxInChunk);
  }
  static std::size_t fill(SendQueue& queue) {
    SendSocket socket(nullptr, nullptr);
    const auto payload = numbered_payload(0, SendQueue::kMaxInChunk);
    const auto large = numbered_payload(0, 60000);
    std::size_t count = 0;
    while (queue.push(payload, {&socket, {}}) == 0) ++count;
    while (queue.push(large, {&socket, {}}) == 0) ++count;
    std::array<SendItem*, 64> items;
    while (const std::size_t popped = queue.pop(items)) queue.release({items.data(), popped});
    return count;
  }

  const bool looks_at_memory_;  // which takes longer than all the rest
  Draws* draws_ = nullptr;      // of the present step
  FakeKernel kernel_;
  SendErrors errors_;
  ErrorLatch latch_;
  std::vector<std::unique_ptr<SendSocket>> sockets_;
  SendQueue queue_;
  Counters counters_;
  SendBatch batch_;
  std::array<Hand, kThreads> hands_;

  std::vector<Packet> packets_;  // by number
  std::set<std::uint32_t> broadcasts_;
  std::uint64_t requested_ = 0;                                 // packets, each of a broadcast
  std::vector<std::pair<std::uint64_t, std::uint64_t>> marks_;  // and packets that they cover
  std::set<int> closed_;
};

class SendModelTest : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Trains, SendModelTest, testing::Bool());

TEST_P(SendModelTest, HoldsWhateverTheKernelRefuses) {
  test::ModelPlan plan;
  plan.kinds = {{"push_some", 4},     {"push_large", 1},  {"broadcast", 1}, {"drain_once", 2},
                {"change_kernel", 1}, {"drain_fully", 1}, {"take_mark", 1}, {"close_one", 1}};
  plan.sequences = 500;
  plan.max_operations = 60;
  plan.make = [trains = GetParam()](Draws& draws) {
    return std::make_unique<SendModel>(trains, draws.one_in(10));
  };
  run_model(plan);
}

}  // namespace
}  // namespace ringpeer::worker
