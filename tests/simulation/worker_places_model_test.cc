// The workers of a group whose places are nearly all taken, beside a count of them: a socket goes
// to the next worker in turn that has a place for it, and what is detached leaves its place.

#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <deque>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "ringpeer/engine/backend/backend.h"
#include "ringpeer/engine/net/socket.h"
#include "ringpeer/engine/worker/command.h"
#include "ringpeer/engine/worker/socket_queue.h"
#include "ringpeer/engine/worker/worker_group.h"
#include "ringpeer/tests/simulation/machine.h"
#include "ringpeer/tests/support/model/model_run.h"

namespace ringpeer::simulation {
namespace {

using test::Draws;

constexpr std::size_t kMaxWorkers = 3;
// Places of a worker that are free at first.
constexpr std::size_t kMaxLeft = 6;
constexpr std::size_t kMaxAtATime = 8;

class WorkerPlacesModel final : public test::Model {
 public:
  explicit WorkerPlacesModel(Draws& draws) : used_(1 + draws.below(kMaxWorkers)) {
    machine_.scheduler.run([&] {
      ASSERT_EQ(socket_.open(net::SocketFamily::kIpv4), 0);
      sink_ = std::make_unique<worker::SocketQueue>(64, 1 << 16);
      backend::BackendFailure failure;
      worker::GroupOptions options;
      options.backend = worker::BackendChoice::kUring;
      options.workers = static_cast<int>(used_.size());
      group_ = worker::WorkerGroup::create(options, &failure);
      ASSERT_NE(group_, nullptr) << failure.what;
      for (std::size_t i = 0; i < used_.size(); ++i)
        fill(i, backend::kMaxSockets - draws.up_to(kMaxLeft));
    });
  }
  ~WorkerPlacesModel() override {
    machine_.scheduler.run([this] {
      group_->stop();
      group_.reset();
      places_.clear();
      sink_.reset();
      socket_.close();
    });
  }

  void step(std::size_t kind, Draws& draws) override {
    machine_.scheduler.run([&] {
      if (kind == 0) {
        attach(1 + draws.below(kMaxAtATime));
      } else {
        for (std::size_t i = 1 + draws.below(kMaxAtATime); i > 0 && !places_.empty(); --i)
          detach(draws.below(places_.size()));
      }
    });
  }

 private:
  struct Place {
    std::size_t worker = 0;
    backend::SocketSlot slot = 0;
  };

  // Without waiting for each.
  void fill(std::size_t index, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      Place place;
      place.worker = index;
      worker::Command& command = commands_.emplace_back();
      ASSERT_EQ(group_->at(index).attach_later(&command, socket_.descriptor(), sink_.get()), 0);
      place.slot = command.slot;
      ASSERT_TRUE(used_[index].insert(place.slot).second) << "a place is given twice";
      places_.push_back(place);
    }
    ASSERT_EQ(group_->at(index).sync(), 0);
  }
  void attach(std::size_t count) {
    for (std::size_t i = 0; i < count && !testing::Test::HasFatalFailure(); ++i) attach();
  }
  void attach() {
    Place place;
    worker::Worker* worker = nullptr;
    const int error = group_->attach(socket_.descriptor(), sink_.get(), &worker, &place.slot);
    const std::size_t first = next_++;
    for (std::size_t i = 0; i < used_.size(); ++i) {
      place.worker = (first + i) % used_.size();
      if (used_[place.worker].size() == backend::kMaxSockets) continue;
      ASSERT_EQ(error, 0) << "worker " << place.worker << " has a place";
      ASSERT_EQ(worker, &group_->at(place.worker)) << "not worker " << place.worker;
      ASSERT_TRUE(used_[place.worker].insert(place.slot).second) << "a place is given twice";
      places_.push_back(place);
      return;
    }
    ASSERT_EQ(error, ENOSPC);
  }
  void detach(std::size_t index) {
    std::swap(places_[index], places_.back());
    const Place& place = places_.back();
    group_->at(place.worker).detach(place.slot);
    used_[place.worker].erase(place.slot);
    places_.pop_back();
  }

  Machine machine_;
  // One for all places: a ring lets it be armed as often as one likes.
  net::Socket socket_;
  std::unique_ptr<worker::SocketQueue> sink_;
  std::unique_ptr<worker::WorkerGroup> group_;
  std::deque<worker::Command> commands_;  // of those that were there first
  std::vector<Place> places_;
  std::vector<std::set<backend::SocketSlot>> used_;  // by worker
  std::size_t next_ = 0;
};

TEST(WorkerPlacesModelTest, ASocketGetsTheNextPlaceInTurnAndLeavesIt) {
  test::ModelPlan plan;
  plan.kinds = {{"attach", 3}, {"detach", 2}};
  plan.sequences = 30;
  plan.max_operations = 40;
  plan.make = [](Draws& draws) { return std::make_unique<WorkerPlacesModel>(draws); };
  run_model(plan);
}

}  // namespace
}  // namespace ringpeer::simulation
