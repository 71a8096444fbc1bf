// Random sequences of every call of a server's table of remotes, beside lists of those that are
// pending and accepted, without memory now and then.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "ringpeer/engine/remotes/remote.h"
#include "ringpeer/engine/server/server_remotes.h"
#include "ringpeer/tests/engine/support/loopback.h"
#include "ringpeer/tests/support/model/model_run.h"
#include "ringpeer/tests/support/model/refused_memory.h"

namespace ringpeer::internal {
namespace {

using test::Draws;
using worker::Remote;

class RemotesModel final : public test::Model {
 public:
  enum Kind { kAnnounce, kAnnounceSome, kAccept, kForget, kReplace, kTellReplaced, kRefuseNewest };

  explicit RemotesModel(bool several) { shared_.several = several; }

  void step(std::size_t kind, Draws& draws) override {
    switch (kind) {
      case kAnnounce:
        now_us_ += draws.below(100);
        announce(now_us_, draws.one_in(6));
        break;
      case kAnnounceSome:
        announce_some(draws);
        break;
      case kAccept:
        if (!pending_.empty()) accept();
        break;
      case kForget:
        if (!accepted_.empty()) forget(draws.below(accepted_.size()));
        break;
      case kReplace:
        if (!pending_.empty()) replace(draws.below(pending_.size()));
        break;
      case kTellReplaced:
        if (!replaced_.empty()) tell_replaced();
        break;
      default:
        if (!pending_.empty()) refuse_newest();
    }
    check();
  }

 private:
  struct Expected {
    Remote* remote;
    std::uint64_t came_us;
  };

  void announce(std::uint64_t came_us, bool without_memory) {
    Remote& remote = *remotes_.emplace_back(std::make_unique<Remote>(
        test::loopback_ipv4(static_cast<std::uint16_t>(remotes_.size())), std::uint16_t{0}));
    shared_.pending.fetch_add(1);
    bool was_added = false;
    bool was_refused = false;
    {
      const test::RefusedMemory refused(without_memory);
      was_added = server_.add_pending(remote, came_us);
      was_refused = refused.has_refused();
    }
    EXPECT_EQ(was_added, !was_refused);
    EXPECT_EQ(server_.knows(remote.endpoint), was_added && shared_.several);
    if (was_added) {
      pending_.push_back({&remote, came_us});
    } else {
      shared_.pending.fetch_sub(1);
    }
  }
  // Of another worker, which may have heard of them earlier.
  void announce_some(Draws& draws) {
    const std::size_t known = server_.pending_count();
    std::uint64_t came_us = now_us_ - draws.below(static_cast<std::size_t>(now_us_));
    for (std::size_t i = draws.below(5); i > 0; --i) {
      announce(came_us, false);
      came_us += draws.below(50);
    }
    now_us_ = std::max(now_us_, came_us);
    server_.sort_in_pending(known);
    const auto is_older = [](const Expected& a, const Expected& b) {
      return a.came_us < b.came_us;
    };
    std::stable_sort(pending_.begin(), pending_.end(), is_older);
  }
  void accept() {
    server_.reserve_accepted();
    ASSERT_TRUE(server_.claim_oldest());
    Remote* remote = nullptr;
    {
      const test::RefusedMemory refused(true);
      remote = &server_.accept_oldest(channel(), now_us_);
    }
    ASSERT_EQ(remote, pending_.front().remote);
    ASSERT_EQ(remote->channel, &channel());
    ASSERT_TRUE(remote->is_accepted());
    ASSERT_EQ(remote->idle_from_us, now_us_);
    pending_.pop_front();
    accepted_.push_back(remote);
  }
  void forget(std::size_t which) {
    Remote* const remote = accepted_[which];
    server_.forget(*remote);
    ASSERT_EQ(remote->channel, nullptr);
    ASSERT_FALSE(server_.knows(remote->endpoint));
    accepted_[which] = accepted_.back();
    accepted_.pop_back();
  }
  // By the worker: the place is that of the next who is announced, without any more ado.
  void replace(std::size_t which) {
    Remote* const loser = pending_[which].remote;
    ASSERT_TRUE(loser->replace());
    ASSERT_FALSE(loser->accept());
    pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(which));
    replaced_.push_back(loser);
    shared_.pending.fetch_sub(1);
    announce(now_us_, false);
  }
  void tell_replaced() {
    Remote& loser = *replaced_.front();
    replaced_.pop_front();
    server_.remove_replaced(loser);
    server_.for_each([&loser](Remote& remote) { ASSERT_NE(&remote, &loser); });
    server_.forget(loser);
  }
  void refuse_newest() {
    Remote* newest = nullptr;
    // Losers are there until they are told of.
    while (newest == nullptr) newest = server_.take_newest_pending();
    ASSERT_EQ(newest, pending_.back().remote);
    server_.forget(*newest);
    ASSERT_FALSE(server_.knows(newest->endpoint));
    pending_.pop_back();
  }

  void check() {
    ASSERT_GE(server_.pending_count(), pending_.size());
    ASSERT_LE(server_.pending_count(), pending_.size() + replaced_.size());
    ASSERT_EQ(shared_.pending.load(), static_cast<int>(pending_.size()));
    const auto accepted = server_.accepted();
    ASSERT_EQ(std::vector<Remote*>(accepted.begin(), accepted.end()), accepted_);
    std::vector<Remote*> expected;
    for (const Expected& each : pending_) expected.push_back(each.remote);
    expected.insert(expected.end(), accepted_.begin(), accepted_.end());
    std::vector<Remote*> found;
    server_.for_each([&found](Remote& remote) {
      if (!remote.is_replaced()) found.push_back(&remote);
    });
    ASSERT_EQ(found, expected);
  }
  // Which nobody looks into here.
  RemoteChannel& channel() { return reinterpret_cast<RemoteChannel&>(shared_); }

  worker::ServerShared shared_;
  ServerRemotes server_{shared_};
  std::vector<std::unique_ptr<Remote>> remotes_;
  std::deque<Expected> pending_;
  std::deque<Remote*> replaced_;  // and not told of
  std::vector<Remote*> accepted_;
  std::uint64_t now_us_ = 1000;
};

TEST(ServerRemotesModelTest, ArePendingAndThenAccepted) {
  test::ModelPlan plan;
  plan.kinds = {{"announce", 4}, {"announce_some", 2}, {"accept", 4},       {"forget", 2},
                {"replace", 2},  {"tell_replaced", 2}, {"refuse_newest", 1}};
  plan.make = [](Draws& draws) { return std::make_unique<RemotesModel>(draws.one_in(2)); };
  run_model(plan);
}

}  // namespace
}  // namespace ringpeer::internal
