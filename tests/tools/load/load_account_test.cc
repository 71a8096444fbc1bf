// A client's account against an obvious model of it: a list of all that was ever sent and came.

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "ringpeer/tools/load/load_client.h"

namespace ringpeer::tools {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using Clock = std::chrono::steady_clock;

constexpr std::uint32_t kId = 4;

// Remembers everything, and counts it when asked.
class Model {
 public:
  struct Packet {
    Clock::time_point due, sent_at;
    bool answered = false;
    bool damaged = false;
  };

  void sent(Clock::time_point due, Clock::time_point sent_at) {
    // A client that waits sends this one if nothing of its own is out, or has been for a second.
    if (!waits_for_ || sent_at - packets_[*waits_for_].sent_at >= LoadClient::kClosedLoopPatience) {
      waits_for_ = packets_.size();
    }
    packets_.push_back({due, sent_at});
  }

  // The corrected time and, for a client that waits, the uncorrected one.
  std::optional<std::pair<nanoseconds, std::optional<nanoseconds>>> echo(std::uint64_t sequence,
                                                                         Clock::time_point now) {
    Packet& packet = packets_[sequence];
    if (packet.answered) {
      ++repeated;
      return std::nullopt;
    }
    packet.answered = true;
    if (newest_ && sequence < *newest_) ++late;
    newest_ = std::max(newest_.value_or(0), sequence);
    std::optional<nanoseconds> uncorrected;
    if (waits_for_ == sequence) {
      const nanoseconds waited = now - packet.sent_at;
      if (waited <= LoadClient::kClosedLoopPatience) uncorrected = waited;
      waits_for_.reset();
    }
    return std::make_pair(nanoseconds(now - packet.due), uncorrected);
  }

  void damage(std::uint64_t sequence) {
    ++corrupted;
    packets_[sequence].damaged = true;
  }

  std::uint64_t echoes() const {
    return static_cast<std::uint64_t>(std::count_if(
        packets_.begin(), packets_.end(), [](const Packet& packet) { return packet.answered; }));
  }
  std::uint64_t damaged() const {
    return static_cast<std::uint64_t>(
        std::count_if(packets_.begin(), packets_.end(),
                      [](const Packet& packet) { return packet.damaged && !packet.answered; }));
  }
  const std::vector<Packet>& packets() const { return packets_; }

  std::uint64_t late = 0, repeated = 0, corrupted = 0;

 private:
  std::vector<Packet> packets_;
  std::optional<std::uint64_t> newest_;
  std::optional<std::uint64_t> waits_for_;
};

struct Network {
  double loss, duplicates, corruption;
  milliseconds longest;  // on the way
  microseconds interval;
};

// What a network may do to the packets of one client; and then what the client made of it.
class AccountTest : public testing::TestWithParam<Network> {
 protected:
  void arrive(std::uint64_t sequence, bool corrupt) {
    LoadReply reply;
    reply.kind = LoadReply::Kind::kEcho;
    reply.stamp = {.client = kId, .sequence = sequence, .due_at = model.packets()[sequence].due};
    if (corrupt) {
      // The payload noticed it, or the time in it is another.
      // Times of packets that were answered long ago are forgotten.
      if (model.packets()[sequence].answered || random() % 2 == 0) {
        reply.kind = LoadReply::Kind::kCorrupted;
      } else {
        reply.stamp.due_at -= nanoseconds(1 + random() % 1000);
      }
      model.damage(sequence);
      EXPECT_FALSE(client.receive(reply, now).has_value());
      return;
    }
    const auto expected = model.echo(sequence, now);
    const auto answer = client.receive(reply, now);
    ASSERT_EQ(answer.has_value(), expected.has_value()) << sequence;
    if (!answer) return;
    EXPECT_EQ(answer->sequence, sequence);
    EXPECT_EQ(answer->round_trip, expected->first);
    EXPECT_EQ(answer->uncorrected, expected->second) << sequence;
  }

  void expect_the_same() {
    EXPECT_EQ(client.packets_sent(), model.packets().size());
    EXPECT_EQ(client.echoes(), model.echoes());
    EXPECT_EQ(client.late(), model.late);
    EXPECT_EQ(client.repeated(), model.repeated);
    EXPECT_EQ(client.corrupted(), model.corrupted);
    EXPECT_EQ(client.damaged(), model.damaged());
    EXPECT_EQ(client.foreign(), foreign);
    EXPECT_EQ(client.settled(), model.echoes() == model.packets().size());
  }

  bool happens(double share) { return std::uniform_real_distribution<>(0, 1)(random) < share; }

  std::mt19937_64 random{1};
  Clock::time_point now{std::chrono::hours(1)};
  LoadClient client{kId};
  Model model;
  std::uint64_t foreign = 0;
};

TEST_P(AccountTest, CountsAsTheModelDoes) {
  const Network& network = GetParam();
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random.seed(seed);
    client = LoadClient(kId);
    model = Model();
    foreign = 0;
    struct Coming {
      std::uint64_t sequence;
      bool corrupt;
    };
    std::multimap<Clock::time_point, Coming> on_the_way;
    for (int i = 0; i < 1000; ++i) {
      const Clock::time_point due = now + network.interval;
      for (; !on_the_way.empty() && on_the_way.begin()->first <= due;
           on_the_way.erase(on_the_way.begin())) {
        now = on_the_way.begin()->first;
        arrive(on_the_way.begin()->second.sequence, on_the_way.begin()->second.corrupt);
      }
      now = due;
      const Clock::time_point sent_at = due + microseconds(random() % 500);
      const LoadStamp stamp = client.next_stamp(due);
      EXPECT_EQ(stamp.sequence, model.packets().size());
      client.sent(due, sent_at);
      model.sent(due, sent_at);
      const int copies = happens(network.loss) ? 0 : happens(network.duplicates) ? 2 : 1;
      for (int copy = 0; copy < copies; ++copy) {
        const auto delay = nanoseconds(random() % nanoseconds(network.longest).count());
        on_the_way.emplace(sent_at + delay, Coming{stamp.sequence, happens(network.corruption)});
      }
      if (happens(0.01)) {
        client.receive(LoadReply(), now);
        ++foreign;
      }
      if (i % 50 == 0) expect_the_same();
    }
    for (const auto& [when, coming] : on_the_way) {
      now = when;
      arrive(coming.sequence, coming.corrupt);
    }
    expect_the_same();
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Networks, AccountTest,
    testing::Values(Network{0, 0, 0, milliseconds(1), microseconds(10'000)},  // a perfect one
                    Network{0.1, 0.1, 0.1, milliseconds(40), microseconds(10'000)},  // overtaking
                    Network{0.3, 0.3, 0.3, milliseconds(3000), microseconds(16'000)},
                    Network{0.5, 0, 0, milliseconds(5), microseconds(500'000)},
                    // Older than what is remembered with its times.
                    Network{0.2, 0.3, 0, milliseconds(30'000), microseconds(50'000)},
                    Network{0, 0, 0, milliseconds(200), microseconds(100)}));

// Nothing comes back for longer than is remembered: then what comes is told from repetitions as
// long as its number is known.
TEST(SentWindowTest, WhatIsGivenUpIsStillToldFromWhatWasAnswered) {
  SentWindow window;
  const Clock::time_point start{std::chrono::hours(1)};
  const std::uint64_t packets = SentWindow::kMaxPackets + 500;
  for (std::uint64_t i = 0; i < packets; ++i) window.add(start, start);
  EXPECT_EQ(window.find(0), nullptr);
  EXPECT_EQ(window.state(0), SentWindow::State::kGivenUp);
  window.set(0, SentWindow::State::kAnswered);
  EXPECT_EQ(window.state(0), SentWindow::State::kAnswered);
  EXPECT_EQ(window.state(1), SentWindow::State::kGivenUp);
  EXPECT_EQ(window.state(packets - 1), SentWindow::State::kWaiting);
  for (std::uint64_t i = 0; i < SentWindow::kMaxGivenUp; ++i) window.add(start, start);
  EXPECT_EQ(window.state(1), SentWindow::State::kUnknown);
}

TEST(SentWindowTest, OldPacketsAreGivenUpHoweverFewThereAre) {
  SentWindow window;
  const Clock::time_point start{std::chrono::hours(1)};
  window.add(start, start + milliseconds(3));
  EXPECT_EQ(window.find(0)->sent_at(), start + milliseconds(3));
  window.add(start + SentWindow::kMaxAge, start + SentWindow::kMaxAge);
  EXPECT_EQ(window.state(0), SentWindow::State::kWaiting);
  window.add(start + SentWindow::kMaxAge + milliseconds(1), start + SentWindow::kMaxAge);
  EXPECT_EQ(window.state(0), SentWindow::State::kGivenUp);
  EXPECT_EQ(window.state(1), SentWindow::State::kWaiting);
}

}  // namespace
}  // namespace ringpeer::tools
