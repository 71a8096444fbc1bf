// The bad network of a generator's clients against naive sums of what went in and came out, and
// against the fates that `ringpeer impair` has.

#include "ringpeer/tools/load/client_impairment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ringpeer/tools/load/payload_sizes.h"
#include "ringpeer/tools/load/raw_payload.h"

namespace ringpeer::tools {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
using Bytes = std::vector<std::uint8_t>;

constexpr Clock::time_point kStart{std::chrono::seconds(1000)};
constexpr std::size_t kSize = 64;

// A server that echoes, and a network beyond that may lose, double, and refuse.
struct Beyond {
  double loss = 0;
  double duplicates = 0;
  double refusals = 0;
  double corruption = 0;  // of answers to what came whole
  bool answers_damaged = true;
};

// Everything that ever happened, in lists.
class World {
 public:
  World(const ImpairmentPlan& plan, std::uint64_t seed, const Beyond& beyond)
      : impairment(plan, seed), beyond_(beyond), random_(seed) {}

  void join(std::uint32_t client) {
    impairment.join(client);
    sequences_[client] = 0;
  }

  void send(std::uint32_t client, Clock::time_point now) {
    const std::uint64_t sequence = sequences_[client]++;
    const auto packet =
        payload_.compose({.client = client, .sequence = sequence, .due_at = now}, false);
    originals[{client, sequence}] = Bytes(packet.begin(), packet.end());
    impairment.send(client, packet, now, now);
    deliver(now);
  }

  void deliver(Clock::time_point now) {
    answer(now);
    while (const auto traveller = impairment.take_due(now)) {
      const bool to_server = traveller->flow->direction == Direction::kToServer;
      const bool was_sent = !to_server || !happens(beyond_.refusals);
      impairment.left(*traveller, was_sent, now);
      if (!to_server) ++received;
      if (to_server && was_sent) depart(*traveller);
      if (to_server && !was_sent) ++refused;
    }
    answer(now);
  }

  // All that waits.
  Clock::time_point drain(Clock::time_point now) {
    for (deliver(now); !impairment.is_empty(); deliver(now)) {
      now = std::max(now, impairment.next_due());
    }
    return now;
  }

  ClientImpairment impairment;
  std::map<std::pair<std::uint32_t, std::uint64_t>, Bytes> originals;
  std::set<std::pair<std::uint32_t, std::uint64_t>> whole_requests;
  std::set<std::pair<std::uint32_t, std::uint64_t>> whole_answers;
  std::uint64_t departed = 0, damaged = 0, refused = 0;
  std::uint64_t lost_whole = 0;  // copies, beyond
  std::uint64_t arrived = 0, arrived_whole = 0;
  std::uint64_t received = 0;

 private:
  struct Answer {
    std::uint32_t client;
    std::uint64_t index;
    Bytes bytes;
    bool is_whole;
  };

  bool happens(double share) { return std::uniform_real_distribution<>(0, 1)(random_) < share; }

  void depart(const Traveller& traveller) {
    const std::uint32_t client = ClientImpairment::client_of(traveller);
    const bool is_whole = traveller.payload == originals.at({client, traveller.index});
    ++departed;
    if (is_whole) {
      whole_requests.emplace(client, traveller.index);
    } else {
      ++damaged;
      if (!beyond_.answers_damaged) return;
    }
    if (happens(beyond_.loss)) {
      lost_whole += is_whole ? 1 : 0;
      return;
    }
    Bytes bytes = traveller.payload;
    const bool is_right = is_whole && !(beyond_.corruption > 0 && happens(beyond_.corruption));
    if (is_whole && !is_right) bytes.back() ^= 0xff;
    for (int copies = happens(beyond_.duplicates) ? 2 : 1; copies > 0; --copies) {
      answers_.push_back({client, traveller.index, bytes, is_right});
    }
  }

  void answer(Clock::time_point now) {
    for (; !answers_.empty(); answers_.pop_front()) {
      const Answer& answer = answers_.front();
      ++arrived;
      if (answer.is_whole) {
        ++arrived_whole;
        whole_answers.emplace(answer.client, answer.index);
      }
      impairment.receive(answer.client, answer.bytes, payload_.read(answer.bytes, answer.client),
                         now);
    }
  }

  Beyond beyond_;
  std::mt19937_64 random_;
  RawPayload payload_{kSize};
  std::map<std::uint32_t, std::uint64_t> sequences_;
  std::deque<Answer> answers_;
};

ImpairmentPlan random_plan(std::mt19937_64* random) {
  const auto share = [&] {
    return (*random)() % 3 == 0 ? 0.0 : static_cast<double>((*random)() % 60) / 100;
  };
  ImpairmentPlan plan;
  plan.is_given = true;
  for (Impairment& asked : plan.impairments) {
    asked.loss = share();
    asked.duplicate = share();
    asked.reorder = share();
    asked.truncate = share() / 2;
    asked.corrupt = share() / 2;
    asked.delay = milliseconds((*random)() % 20);
    asked.jitter = milliseconds((*random)() % 20);
    if ((*random)() % 2 == 0)
      asked.bits_per_second = static_cast<double>(50'000 + (*random)() % 500'000);
    asked.queue = 1 + (*random)() % 10;
  }
  return plan;
}

void expect_naive_sums(const World& world) {
  const ImpairmentAccount account = world.impairment.account();
  const ImpairCounts& out = account.of(Direction::kToServer);
  const ImpairCounts& in = account.of(Direction::kToClient);
  EXPECT_EQ(out.arrived, world.originals.size());
  EXPECT_EQ(out.forwarded, world.departed);
  EXPECT_EQ(out.send_failed, world.refused);
  EXPECT_EQ(in.arrived, world.arrived);
  EXPECT_EQ(in.forwarded, world.received);
  EXPECT_EQ(out.unaccounted(), 0);
  EXPECT_EQ(in.unaccounted(), 0);
  EXPECT_EQ(out.waiting + in.waiting, 0U);
  EXPECT_EQ(account.damaged, world.damaged);
  EXPECT_EQ(account.requests, world.whole_requests.size());
  EXPECT_EQ(account.answered, world.whole_answers.size());
  EXPECT_EQ(account.answered + account.repeated, world.arrived_whole);
  EXPECT_EQ(account.corrupted + account.foreign, world.arrived - world.arrived_whole);
}

World run_world(std::uint64_t seed, const Beyond& beyond) {
  std::mt19937_64 random(seed);
  const ImpairmentPlan plan = random_plan(&random);
  // The plan must outlive the world.
  static auto& plans = *new std::deque<ImpairmentPlan>();
  World world(plans.emplace_back(plan), seed, beyond);
  constexpr std::uint32_t kClients = 3;
  for (std::uint32_t client = 0; client < kClients; ++client) world.join(client);
  Clock::time_point now = kStart;
  for (int i = 0; i < 600; ++i) {
    now += microseconds(random() % 2000);
    world.send(static_cast<std::uint32_t>(random() % kClients), now);
    if (random() % 100 == 0) now = world.drain(now);
  }
  world.drain(now);
  return world;
}

TEST(ClientImpairmentTest, EachPacketIsAccountedFor) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const World world =
        run_world(seed, {.refusals = seed % 3 == 0 ? 0.1 : 0, .answers_damaged = seed % 2 == 0});
    expect_naive_sums(world);
    EXPECT_EQ(world.impairment.account().unaccounted_echoes(0), 0);
    if (seed % 2 == 0) {
      for (std::uint32_t client = 0; client < 3; ++client) {
        EXPECT_TRUE(world.impairment.is_settled(client));
      }
    }
  }
}

// What the server loses is told from what the impairment loses, copy by copy.
TEST(ClientImpairmentTest, WhatIsLostBeyondIsUnaccountedFor) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const World world = run_world(seed, {.loss = 0.2, .answers_damaged = seed % 2 == 0});
    expect_naive_sums(world);
    const ImpairmentAccount account = world.impairment.account();
    EXPECT_EQ(account.unaccounted_echoes(0), static_cast<std::int64_t>(world.lost_whole));
    EXPECT_EQ(account.unaccounted_echoes(world.lost_whole), 0);
    EXPECT_GT(world.lost_whole, 0U);
  }
}

// Then copies cannot be told from each other, but requests without any answer can.
TEST(ClientImpairmentTest, DuplicatesOfOthersDoNotMakeUpForLosses) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const World world = run_world(seed, {.loss = 0.1, .duplicates = 0.5});
    expect_naive_sums(world);
    const std::int64_t unaccounted = world.impairment.account().unaccounted_echoes(0);
    EXPECT_GE(unaccounted,
              static_cast<std::int64_t>(world.whole_requests.size() - world.whole_answers.size()));
    EXPECT_LE(unaccounted, static_cast<std::int64_t>(world.lost_whole));
  }
}

// A server that answers with wrong bytes has answered, whatever is doubled and damaged before it.
TEST(ClientImpairmentTest, WrongAnswersAreAnswers) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const World world = run_world(seed, {.corruption = seed % 2 == 0 ? 1 : 0.3});
    expect_naive_sums(world);
    const ImpairmentAccount account = world.impairment.account();
    EXPECT_GT(account.corrupted, 0U);
    EXPECT_EQ(account.answered_damaged, world.whole_requests.size() - world.whole_answers.size());
    EXPECT_EQ(account.unaccounted_echoes(0), 0);
  }
}

// Of a client that has left, the largest packets may be in both queues.
TEST(ClientImpairmentTest, TheLongestStayHasTheQueuesInIt) {
  ImpairmentPlan plan;
  plan.impairments[0].delay = milliseconds(30);
  plan.impairments[1].jitter = milliseconds(5);
  EXPECT_EQ(ClientImpairment::longest_stay(plan), milliseconds(35));
  plan.impairments[0].bits_per_second = 1e6;
  plan.impairments[0].queue = 9;
  // Ten of 65,527 bytes and 28 of headers, at 8 us a byte.
  EXPECT_EQ(ClientImpairment::longest_stay(plan), milliseconds(35) + microseconds(5'244'400));
  EXPECT_EQ(ClientImpairment::longest_delay(plan), milliseconds(35));
}

// Client n is the (n + 1)th that comes to the command.
TEST(ClientImpairmentTest, FatesAreThoseOfTheCommand) {
  std::mt19937_64 random(11);
  ImpairmentPlan plan = random_plan(&random);
  for (Impairment& asked : plan.impairments) asked.bits_per_second = 0;  // time decides there
  for (const std::uint32_t client : {0U, 1U, 77U}) {
    ClientImpairment impairment(plan, 42);
    impairment.join(client);
    Impairer relay(plan.impairments);
    Flow flow(plan.impairments[0], 42, client + 1, Direction::kToServer);
    Clock::time_point now = kStart;
    std::vector<std::pair<Clock::time_point, Bytes>> here;
    std::vector<std::pair<Clock::time_point, Bytes>> there;
    for (int i = 0; i < 1000; ++i) {
      now += microseconds(random() % 3000);
      const Bytes packet(1 + random() % 300, static_cast<std::uint8_t>(i));
      impairment.send(client, packet, now, now);
      relay.arrive(flow, packet, now);
      while (auto traveller = impairment.take_due(now)) {
        impairment.left(*traveller, true, now);
        here.emplace_back(now, std::move(traveller->payload));
      }
      while (auto traveller = relay.take_due(now)) {
        relay.left(*traveller, true, now);
        there.emplace_back(now, std::move(traveller->payload));
      }
    }
    EXPECT_EQ(here, there);
    EXPECT_GT(here.size(), 200U);
  }
}

// What has left while something waits does not come back, and is counted to the end.
TEST(ClientImpairmentTest, AClientThatLeavesKeepsItsAccount) {
  ImpairmentPlan plan;
  plan.impairments[0].delay = milliseconds(50);
  World world(plan, 1, {});
  world.join(0);
  world.join(1);
  world.send(0, kStart);
  world.send(1, kStart);
  EXPECT_TRUE(world.impairment.has(0));
  EXPECT_FALSE(world.impairment.is_settled(0));
  const Clock::time_point now = world.drain(kStart);
  EXPECT_EQ(now, kStart + milliseconds(50));
  EXPECT_FALSE(world.impairment.has(0));
  EXPECT_TRUE(world.impairment.is_settled(0));
  world.impairment.leave(0);
  world.send(1, now);
  world.impairment.leave(1);
  const ImpairmentAccount account = world.impairment.account();
  EXPECT_EQ(account.of(Direction::kToServer).arrived, 3U);
  EXPECT_EQ(account.of(Direction::kToServer).forwarded, 2U);
  EXPECT_EQ(account.of(Direction::kToServer).waiting, 1U);
  EXPECT_EQ(account.answered, 2U);
  EXPECT_EQ(account.unaccounted_echoes(0), 0);
}

// Neither drops of copies nor refusals make up for what never went on.
TEST(ImpairmentAccountTest, WhatDidNotGoOnIsNotAnswered) {
  ImpairmentAccount account;
  account.counts[0].arrived = 100;
  account.requests = 70;
  EXPECT_EQ(account.surely_unanswered(), 30U);
  account.damaged = 12;  // and may have been answered
  EXPECT_EQ(account.surely_unanswered(), 18U);
  account.damaged = 50;  // with copies
  EXPECT_EQ(account.surely_unanswered(), 0U);
}

TEST(ImpairmentAccountTest, AnArenasInputsAreCountedOnce) {
  ImpairmentAccount account;
  account.counts[0].forwarded = 110;  // ten copies among them
  account.requests = 100;
  account.inputs = 97;
  EXPECT_EQ(account.unaccounted_inputs(0), 3);
  EXPECT_EQ(account.unaccounted_inputs(3), 0);
  // A kernel dropped copies whose others came, too; but there were ten at most.
  EXPECT_EQ(account.unaccounted_inputs(8), 0);
  EXPECT_EQ(account.unaccounted_inputs(14), -1);
  account.damaged = 1;
  EXPECT_EQ(account.unaccounted_inputs(0), 0);
}

}  // namespace
}  // namespace ringpeer::tools
