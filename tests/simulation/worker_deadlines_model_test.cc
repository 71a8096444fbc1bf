// Sinks that have timers: whatever else the worker waits for, each is told when its time has come,
// never before, and no later than a worker needs to wake up.

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "ringpeer/engine/backend/backend.h"
#include "ringpeer/engine/net/socket.h"
#include "ringpeer/engine/worker/datagram_sink.h"
#include "ringpeer/engine/worker/worker_group.h"
#include "ringpeer/tests/simulation/machine.h"
#include "ringpeer/tests/support/model/model_run.h"

namespace ringpeer::simulation {
namespace {

using test::Draws;

constexpr std::size_t kMaxSinks = 3;
constexpr std::uint16_t kFirstPort = 4000;
// A worker's clock has whole microseconds, and its calls take time on the way.
constexpr Time kLate = 300 * kMicrosecond;

// Told by a datagram after how many microseconds it wants to be called; and then again and again.
class TimedSink final : public worker::DatagramSink {
 public:
  explicit TimedSink(Scheduler& scheduler) : scheduler_(scheduler) {}

  void deliver(const worker::DatagramRun& run, worker::Delivery& delivery) override {
    for (const backend::Datagram& datagram : run.datagrams) {
      std::uint64_t words[2] = {};
      std::memcpy(words, datagram.packet.payload, sizeof(words));
      again_us_ = words[1];
      set(delivery.now_us(), words[0]);
      delivery.drop(datagram, Counter::kDropNoMemory);
    }
  }
  void publish() override {}
  bool notify() override { return false; }
  void on_socket_error(int /*error*/, std::uint64_t /*now_us*/) override {}
  void on_worker_stopped() override {}

  bool has_deadlines() const override { return true; }
  std::uint64_t deadline_us() const override { return deadline_us_; }
  void on_deadline(std::uint64_t now_us) override {
    EXPECT_GE(now_us, deadline_us_);
    EXPECT_LE(scheduler_.now(), due_ + kLate) << "it is told late";
    ++told_;
    again_us_ == 0 ? clear() : set(now_us, again_us_);
  }

  // Between two calls of the worker.
  void expect_nothing_due() const { EXPECT_LE(scheduler_.now(), due_ + kLate) << "it is not told"; }
  std::size_t told() const { return told_; }

 private:
  void set(std::uint64_t now_us, std::uint64_t after_us) {
    deadline_us_ = now_us + after_us;
    due_ = scheduler_.now() + static_cast<Time>(after_us) * kMicrosecond;
  }
  void clear() {
    deadline_us_ = kNoDeadline;
    due_ = kNever - kLate;
  }

  Scheduler& scheduler_;
  std::uint64_t deadline_us_ = kNoDeadline;
  std::uint64_t again_us_ = 0;
  Time due_ = kNever - kLate;
  std::size_t told_ = 0;
};

class WorkerDeadlinesModel final : public test::Model {
 public:
  enum Kind { kPassTime, kSet, kBurst, kAttach, kDetach, kSync };

  explicit WorkerDeadlinesModel(Draws& draws)
      : machine_({.has_min_wait = draws.one_in(2)}), places_(kMaxSinks) {
    worker::GroupOptions options;
    options.backend =
        draws.one_in(2) ? worker::BackendChoice::kUring : worker::BackendChoice::kMmsg;
    options.workers = 1;
    // Those that a deadline has to cut short among them.
    const std::chrono::microseconds budget(draws.one_of(kBudgetsUs));
    options.worker.latency_budget =
        draws.one_in(2) ? LatencyBudget(budget) : LatencyBudget::automatic(budget);
    machine_.scheduler.run([&] {
      backend::BackendFailure failure;
      group_ = worker::WorkerGroup::create(options, &failure);
      ASSERT_NE(group_, nullptr) << failure.what;
    });
  }
  ~WorkerDeadlinesModel() override {
    machine_.scheduler.run([this] {
      for (Place& place : places_) told += place.sink == nullptr ? 0 : place.sink->told();
      group_->stop();
      group_.reset();
      places_.clear();
    });
  }

  void step(std::size_t kind, Draws& draws) override {
    machine_.scheduler.run([&] { do_it(static_cast<Kind>(kind), draws); });
    for (const Place& place : places_) {
      if (place.sink != nullptr) place.sink->expect_nothing_due();
    }
  }

  static inline std::size_t told = 0;

 private:
  static constexpr std::array<std::int64_t, 5> kBudgetsUs = {0, 50, 200, 2000, 20000};

  struct Place {
    net::Socket socket;
    std::unique_ptr<TimedSink> sink;
    worker::Worker* worker = nullptr;
    backend::SocketSlot slot = 0;
  };

  void do_it(Kind kind, Draws& draws) {
    const std::size_t index = draws.below(kMaxSinks);
    Place& place = places_[index];
    const auto port = static_cast<std::uint16_t>(kFirstPort + index);
    if (kind == kPassTime) {
      return machine_.scheduler.sleep(static_cast<Time>(draws.below(4000)) * 10 * kMicrosecond);
    }
    if (kind == kSync) return void(group_->at(0).sync());
    if (kind == kAttach) return attach(place, port);
    if (place.sink == nullptr) return;
    if (kind == kDetach) return detach(place);
    // One that changes its mind in a burst is held to the last.
    for (std::size_t left = kind == kSet ? 1 : 1 + draws.below(40); left > 0; --left) {
      const std::uint64_t words[2] = {draws.below(30000),
                                      draws.one_in(2) ? 0 : 100 + draws.below(5000)};
      std::vector<std::uint8_t> payload(sizeof(words));
      std::memcpy(payload.data(), words, sizeof(words));
      Machine::put(machine_.socket_on(port), {*net::IpAddress::parse("10.0.0.2"), 0, 9},
                   std::move(payload));
    }
  }
  void attach(Place& place, std::uint16_t port) {
    if (place.sink != nullptr) return;
    ASSERT_EQ(place.socket.open(net::SocketFamily::kIpv4), 0);
    ASSERT_EQ(place.socket.bind({*net::IpAddress::parse("10.0.0.1"), 0, port}), 0);
    place.sink = std::make_unique<TimedSink>(machine_.scheduler);
    ASSERT_EQ(
        group_->attach(place.socket.descriptor(), place.sink.get(), &place.worker, &place.slot), 0);
  }
  void detach(Place& place) {
    place.worker->detach(place.slot);
    told += place.sink->told();
    place.sink.reset();
    place.socket = {};
  }

  Machine machine_;
  std::unique_ptr<worker::WorkerGroup> group_;
  std::vector<Place> places_;
};

TEST(WorkerDeadlinesModelTest, SinksAreToldInTime) {
  test::ModelPlan plan;
  plan.kinds = {{"pass time", 6}, {"set", 4},    {"burst", 2},
                {"attach", 2},    {"detach", 1}, {"sync", 1}};
  plan.sequences = 400;
  plan.make = [](Draws& draws) { return std::make_unique<WorkerDeadlinesModel>(draws); };
  run_model(plan);
  EXPECT_GT(WorkerDeadlinesModel::told, 0U);
}

}  // namespace
}  // namespace ringpeer::simulation
