// Workers whose kernel refuses to wait for them any more: the log is told before anybody can find
// out, by a call that fails or by asking.

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "ringpeer/engine/backend/backend.h"
#include "ringpeer/engine/net/socket.h"
#include "ringpeer/engine/worker/socket_queue.h"
#include "ringpeer/engine/worker/worker_group.h"
#include "ringpeer/tests/simulation/machine.h"
#include "ringpeer/tests/support/model/model_run.h"

namespace ringpeer::simulation {
namespace {

using test::Draws;

constexpr std::size_t kMaxWorkers = 3;
constexpr Time kLogTakes = kMillisecond;
// Longer than an idle worker sleeps, and an ending one.
constexpr Time kLongTime = 2 * kSecond;

class WorkerFailureModel final : public test::Model {
 public:
  enum Kind { kPassTime, kAttach, kDetach, kSync, kFlush, kAsk, kRefuse };

  explicit WorkerFailureModel(Draws& draws) : told_(1 + draws.below(kMaxWorkers)) {
    const bool use_uring = draws.one_in(2);
    machine_.scheduler.run([&] {
      sink_ = std::make_unique<worker::SocketQueue>(64, 1 << 16);
      backend::BackendFailure failure;
      worker::GroupOptions options;
      options.backend = use_uring ? worker::BackendChoice::kUring : worker::BackendChoice::kMmsg;
      options.workers = static_cast<int>(told_.size());
      options.worker.log = [this](std::string_view line) { hear(line); };
      group_ = worker::WorkerGroup::create(options, &failure);
      ASSERT_NE(group_, nullptr) << failure.what;
    });
  }
  ~WorkerFailureModel() override {
    machine_.scheduler.run([this] {
      group_->stop();
      group_.reset();
      places_.clear();
      sink_.reset();
    });
  }

  void step(std::size_t kind, Draws& draws) override {
    machine_.scheduler.run([&] { do_it(static_cast<Kind>(kind), draws); });
  }

  void end() override {
    machine_.scheduler.run([this] {
      if (machine_.kernel.waits_refused != 0) machine_.scheduler.sleep(kLongTime);
      for (std::size_t i = 0; i < told_.size(); ++i) {
        EXPECT_EQ(told_[i], machine_.kernel.waits_refused != 0) << "worker " << i;
        EXPECT_EQ(group_->at(i).has_failed(), told_[i]) << "worker " << i;
      }
    });
  }

 private:
  struct Place {
    net::Socket socket;
    worker::Worker* worker = nullptr;
    backend::SocketSlot slot = 0;
  };

  void do_it(Kind kind, Draws& draws) {
    const std::size_t index = draws.below(told_.size());
    worker::Worker& worker = group_->at(index);
    switch (kind) {
      case kPassTime:
        return machine_.scheduler.sleep(static_cast<Time>(draws.below(20)) * 100 * kMicrosecond);
      case kAttach: {
        Place place;
        ASSERT_EQ(place.socket.open(net::SocketFamily::kIpv4), 0);
        const int error =
            group_->attach(place.socket.descriptor(), sink_.get(), &place.worker, &place.slot);
        if (error != 0) return expect_somebody_told("an attach");
        return places_.push_back(std::move(place));
      }
      case kDetach:
        if (places_.empty()) return;
        places_.back().worker->detach(places_.back().slot);
        return places_.pop_back();
      case kSync:
        if (worker.sync() != 0) expect_told(index, "a sync");
        return;
      case kFlush:
        if (worker.flush() != 0) expect_told(index, "a flush");
        return;
      case kAsk:
        if (worker.has_failed()) expect_told(index, "who asks");
        if (!group_->is_running()) expect_somebody_told("who asks for all");
        return;
      case kRefuse:
        if (!draws.one_in(4)) return;
        machine_.kernel.waits_refused = EPERM;
    }
  }

  // "worker 2: has ended: ..."; others run meanwhile.
  void hear(std::string_view line) {
    constexpr std::string_view kBegin = "worker ";
    ASSERT_TRUE(line.starts_with(kBegin)) << line;
    machine_.scheduler.sleep(kLogTakes);
    told_[static_cast<std::size_t>(line[kBegin.size()] - '0')] = true;
  }
  void expect_told(std::size_t worker, const char* who) const {
    EXPECT_TRUE(told_[worker]) << who << " finds out before the log is told";
  }
  void expect_somebody_told(const char* who) const {
    const bool is_told = std::find(told_.begin(), told_.end(), true) != told_.end();
    EXPECT_TRUE(is_told) << who << " finds out before the log is told";
  }

  Machine machine_;
  std::unique_ptr<worker::SocketQueue> sink_;
  std::unique_ptr<worker::WorkerGroup> group_;
  std::vector<Place> places_;
  std::vector<bool> told_;  // by worker
};

TEST(WorkerFailureModelTest, TheLogIsToldFirst) {
  test::ModelPlan plan;
  plan.kinds = {{"pass_time", 3}, {"attach", 2}, {"detach", 1}, {"sync", 2},
                {"flush", 2},     {"ask", 3},    {"refuse", 1}};
  plan.sequences = 300;
  plan.max_operations = 40;
  plan.make = [](Draws& draws) { return std::make_unique<WorkerFailureModel>(draws); };
  run_model(plan);
}

}  // namespace
}  // namespace ringpeer::simulation
