// Schedules against naive lists of all that is due.

#include "ringpeer/tools/load/send_schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "ringpeer/tests/tools/load/capture_writer.h"
#include "ringpeer/tools/capture/session_recording.h"
#include "ringpeer/tools/load/even_schedule.h"
#include "ringpeer/tools/load/replay_schedule.h"
#include "ringpeer/tools/load/session_replay.h"

namespace ringpeer::tools {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using Clock = SendSchedule::Clock;

const Clock::time_point kStart{std::chrono::hours(1)};
constexpr auto kNever = Clock::time_point::max();

struct Packet {
  std::size_t place;
  std::uint64_t index;
  Clock::time_point time;
  friend auto operator<=>(const Packet&, const Packet&) = default;
};

// What a schedule gave, and what it said it left out.
struct Taken {
  std::vector<Packet> packets;
  std::vector<Clock::time_point> missed;

  SendSchedule::Missed counter() {
    return [this](Clock::time_point due, std::uint64_t packets_missed) {
      missed.insert(missed.end(), packets_missed, due);
    };
  }
};

// A caller that looks often, and sometimes not for a long while.
Clock::time_point next_look(Clock::time_point now, std::mt19937_64* random) {
  const std::uint64_t most = (*random)() % 10 == 0 ? 700'000 : 9'000;
  return now + std::chrono::microseconds((*random)() % most);
}

TEST(EvenScheduleTest, GivesWhatAListHas) {
  for (std::uint32_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const std::size_t places = 1 + random() % 9;
    const std::uint32_t burst = seed % 2 == 0 ? 1 : 1 + random() % 20;
    // Bursts, whole microseconds apart.
    const auto distance = std::chrono::microseconds(50 * burst + random() % 20'000);
    const double rate = 1e6 / static_cast<double>(distance.count());
    Taken taken;
    EvenSchedule schedule(rate * burst, burst, kStart, places, taken.counter());
    std::vector<Packet> expected;
    std::uint64_t missed = 0;
    std::uint64_t next = 0;
    for (Clock::time_point now = kStart; now < kStart + std::chrono::seconds(3);
         now = next_look(now, &random)) {
      while (const auto due = schedule.take(now)) {
        EXPECT_EQ(schedule.begin(*due, kNever), due->index);
        taken.packets.push_back({due->place, due->index, due->time});
      }
      EXPECT_GT(schedule.next_due(), now);
      std::uint64_t end = next;
      while (kStart + distance * static_cast<std::int64_t>(end) <= now) ++end;
      const std::uint64_t most = static_cast<std::uint64_t>(rate * 0.1) + 1;
      const std::uint64_t first = end - std::min(end - next, most);
      missed += (first - next) * burst;
      for (next = first; next < end; ++next) {
        for (std::uint64_t packet = next * burst; packet < (next + 1) * burst; ++packet) {
          expected.push_back({packet % places, packet / places,
                              kStart + distance * static_cast<std::int64_t>(next)});
        }
      }
    }
    ASSERT_EQ(taken.packets.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      ASSERT_EQ(taken.packets[i].place, expected[i].place) << i;
      ASSERT_EQ(taken.packets[i].index, expected[i].index) << i;
      ASSERT_LE(std::chrono::abs(taken.packets[i].time - expected[i].time), milliseconds(1)) << i;
    }
    EXPECT_EQ(taken.missed.size(), missed);
    for (const auto due : taken.missed) EXPECT_GE(due, kStart);
  }
}

// A generator that cannot keep up takes a few at a time: what waits for it all the while becomes
// too old, and is said to be left out.
TEST(EvenScheduleTest, WhatIsNotTakenSoonIsLeftOut) {
  constexpr double kRate = 10'000;
  Taken taken;
  EvenSchedule schedule(kRate, 1, kStart, 3, taken.counter());
  std::uint64_t last = 0;
  Clock::time_point now = kStart;
  // One in 10 of those that are due.
  for (; now < kStart + std::chrono::seconds(2); now += milliseconds(1)) {
    const auto due = schedule.take(now);
    ASSERT_TRUE(due);
    const std::uint64_t event = due->index * 3 + due->place;
    EXPECT_TRUE(event == 0 || event > last);
    last = event;
    EXPECT_GE(due->time, now - milliseconds(202));  // the newest of a batch a look later
    taken.packets.push_back({due->place, due->index, due->time});
  }
  now -= milliseconds(1);
  while (const auto due = schedule.take(now)) {
    taken.packets.push_back({due->place, due->index, due->time});
  }
  // Each is taken or told of.
  const auto all =
      static_cast<std::size_t>(kRate * std::chrono::duration<double>(now - kStart).count()) + 1;
  EXPECT_NEAR(static_cast<double>(taken.packets.size() + taken.missed.size()),
              static_cast<double>(all), 1);
  EXPECT_GT(taken.missed.size(), all / 2);
}

TEST(EvenScheduleTest, ARateNearZeroHasOnePacket) {
  Taken taken;
  EvenSchedule schedule(1e-300, 1, kStart, 3, taken.counter());
  EXPECT_TRUE(schedule.take(kStart));
  EXPECT_FALSE(schedule.take(kStart + std::chrono::hours(24 * 7)));
  EXPECT_GT(schedule.next_due(), kStart + std::chrono::hours(24 * 7));
  EXPECT_TRUE(taken.missed.empty());
}

// A session whose packets come at once, one by one and after pauses.
SessionRecording recording_of(std::mt19937_64* random) {
  const net::Endpoint client = endpoint_of("10.0.0.1:40000");
  const net::Endpoint server = endpoint_of("10.0.0.2:7777");
  std::vector<CaptureEntry> entries;
  std::uint64_t time = 1'000'000;
  const std::size_t packets = 1 + (*random)() % 12;
  for (std::size_t i = 0; i < packets; ++i) {
    entries.push_back({time, ip_packet(client, server, std::string(i, 'x'))});
    const std::uint64_t kind = (*random)() % 8;
    if (i == 0) time += 5'000'000;  // not so short that it would be all that is sent
    time += 1000 * (kind < 2 ? 0 : kind == 2 ? (*random)() % 900'000 : (*random)() % 30'000);
  }
  SessionRecording read;
  std::string error;
  EXPECT_TRUE(read.read(write_test_file("scheduled", pcap_file(kRawLink, entries)), {}, &error))
      << error;
  return read;
}

// All packets of one place in the order in which they are due, as they stand in the recording.
class Place {
 public:
  Place(const SessionRecording* recording, nanoseconds period, Clock::time_point begins,
        Clock::time_point leaves_at)
      : recording_(recording), period_(period) {
    come(begins, leaves_at);
  }

  void come(Clock::time_point begins, Clock::time_point leaves_at) {
    begins_ = begins;
    leaves_at_ = leaves_at;
    next_ = 0;
  }
  Clock::time_point leaves_at() const { return leaves_at_; }
  Packet give_first(std::size_t place) {
    next_ = 1;
    return {place, 0, begins_};
  }
  // What is due; `missed` gets what is too old.
  std::vector<Packet> take(std::size_t place, Clock::time_point until, Clock::time_point before,
                           std::vector<Clock::time_point>* missed) {
    std::vector<Packet> due;
    for (; time_of(next_) <= until && time_of(next_) < before; ++next_) {
      due.push_back({place, next_, time_of(next_)});
    }
    std::vector<Packet> young;
    for (const Packet& packet : due) {
      const bool is_old =
          packet.time < until - milliseconds(100) && packet.index != due.back().index;
      if (is_old) {
        missed->push_back(packet.time);
      } else {
        young.push_back(packet);
      }
    }
    return young;
  }

 private:
  Clock::time_point time_of(std::uint64_t index) const {
    const std::size_t packets = recording_->sent().size();
    return begins_ + period_ * static_cast<int>(index / packets) +
           recording_->sent()[index % packets].offset;
  }

  const SessionRecording* recording_;
  nanoseconds period_;
  Clock::time_point begins_;
  Clock::time_point leaves_at_;
  std::uint64_t next_ = 0;
};

// Plays one schedule and the list that it should be.
class ReplayModel {
 public:
  explicit ReplayModel(std::uint32_t seed)
      : random_(seed),
        recording_(recording_of(&random_)),
        places_count_(1 + static_cast<std::uint32_t>(random_() % 6)),
        replay_(&recording_, {}, places_count_, 1),
        stay_(random_() % 2 == 0 ? milliseconds(0) : milliseconds(1 + random_() % 900)) {
    std::vector<ReplaySchedule::Visit> visits;
    for (std::uint32_t i = 0; i < places_count_; ++i) {
      const auto begins = kStart + replay_.start(i);
      const auto leaves_at = first_leave(i);
      visits.push_back({.begins = begins, .leaves_at = leaves_at});
      places_.emplace_back(&recording_, replay_.period(), begins, leaves_at);
    }
    schedule_ = std::make_unique<ReplaySchedule>(&replay_, visits, taken_.counter());
    is_new_.assign(places_count_, true);
  }

  void run() {
    Clock::time_point now = kStart;
    while (now < kStart + std::chrono::seconds(3)) {
      take_both(now);
      EXPECT_GT(schedule_->next_due(), now);
      now = next_look(now, &random_);
    }
    EXPECT_GT(count_, 0U);
    std::sort(taken_.missed.begin(), taken_.missed.end());
    std::sort(missed_.begin(), missed_.end());
    EXPECT_EQ(taken_.missed, missed_);
  }

 private:
  void take_both(Clock::time_point now) {
    expected_.clear();
    taken_.packets.clear();
    const std::size_t missed_before = taken_.missed.size();
    while (const auto due = schedule_->take(now)) {
      // As the generator does: who is another begins, and leaves so long after.
      const bool changes = leaves_of(due->place) <= due->time;
      std::uint64_t index = due->index;
      if (changes || is_new_[due->place]) {
        const auto leaves_at = changes ? due->time + stay_ : leaves_of(due->place);
        index = schedule_->begin(*due, leaves_at);
        EXPECT_EQ(index, 0U);
        is_new_[due->place] = false;
        if (changes) leaves_[due->place] = leaves_at;
      }
      taken_.packets.push_back({due->place, index, due->time});
    }
    for (std::size_t i = 0; i < places_count_; ++i) expect_of(i, now);
    if (taken_.missed.size() == missed_before) {
      EXPECT_TRUE(std::ranges::is_sorted(taken_.packets, {}, &Packet::time));
    }
    std::sort(taken_.packets.begin(), taken_.packets.end());
    std::sort(expected_.begin(), expected_.end());
    ASSERT_EQ(taken_.packets, expected_);
    count_ += expected_.size();
  }

  Clock::time_point first_leave(std::size_t place) const {
    if (stay_.count() == 0) return kNever;
    return kStart + stay_ * static_cast<int>(place + 1) / static_cast<int>(places_count_);
  }

  Clock::time_point leaves_of(std::size_t place) {
    const auto found = leaves_.find(place);
    if (found != leaves_.end()) return found->second;
    return first_leave(place);
  }

  // A client's first packet is the first of the session, whenever it comes to it.
  void expect_of(std::size_t place, Clock::time_point now) {
    Place& of = places_[place];
    for (;;) {
      const Clock::time_point leaves_at = of.leaves_at();
      const std::vector<Packet> packets = of.take(place, now, leaves_at, &missed_);
      if (!packets.empty() && !has_begun_[place]) {
        // Where the beginning is too old, it is later.
        has_begun_[place] = true;
        const Clock::time_point begins = packets.front().time;
        const bool is_another = leaves_at == kNever && stay_.count() > 0;
        of.come(begins, is_another ? begins + stay_ : leaves_at);
        expected_.push_back(of.give_first(place));
        continue;
      }
      expected_.insert(expected_.end(), packets.begin(), packets.end());
      if (leaves_at > now) return;
      of.come(leaves_at, kNever);
      has_begun_[place] = false;
    }
  }

  std::mt19937_64 random_;
  SessionRecording recording_;
  std::uint32_t places_count_;
  SessionReplay replay_;
  milliseconds stay_;
  Taken taken_;
  std::unique_ptr<ReplaySchedule> schedule_;
  std::vector<Place> places_;
  std::vector<bool> is_new_;
  std::map<std::size_t, Clock::time_point> leaves_;
  std::map<std::size_t, bool> has_begun_;
  std::vector<Packet> expected_;
  std::vector<Clock::time_point> missed_;
  std::size_t count_ = 0;
};

TEST(ReplayScheduleTest, GivesWhatAListHas) {
  for (std::uint32_t seed = 0; seed < 300 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    ReplayModel(seed).run();
  }
}

// Of a recording of one time there are a million rounds in a second: they are told of, and not
// gone through one by one.
TEST(ReplayScheduleTest, AnyNumberOfRoundsIsLeftOutAtOnce) {
  const net::Endpoint client = endpoint_of("10.0.0.1:40000");
  const net::Endpoint server = endpoint_of("10.0.0.2:7777");
  SessionRecording recording;
  std::string error;
  const std::vector<CaptureEntry> entries(5, {0, ip_packet(client, server, "a")});
  ASSERT_TRUE(recording.read(write_test_file("once", pcap_file(kRawLink, entries)), {}, &error));
  const SessionReplay replay(&recording, {}, 1, 1);
  std::uint64_t missed = 0;
  std::uint64_t calls = 0;
  ReplaySchedule schedule(&replay, {{.begins = kStart}}, [&](auto due, std::uint64_t packets) {
    EXPECT_GE(due, kStart);
    missed += packets;
    ++calls;
  });
  const Clock::time_point later = kStart + std::chrono::hours(24);
  const auto due = schedule.take(later);
  ASSERT_TRUE(due);
  // A packet for each microsecond, five at a time.
  const std::uint64_t until = 24ULL * 3600 * 1'000'000;
  EXPECT_EQ(due->index, missed);
  EXPECT_EQ(missed, until - 100'000);
  EXPECT_EQ(due->time, later - milliseconds(100));
  EXPECT_LE(calls, 2000U);
}

TEST(ReplayScheduleTest, WhoComesInAPauseBeginsThen) {
  const net::Endpoint client = endpoint_of("10.0.0.1:40000");
  const net::Endpoint server = endpoint_of("10.0.0.2:7777");
  SessionRecording recording;
  std::string error;
  const std::vector<CaptureEntry> entries = {{0, ip_packet(client, server, "a")},
                                             {60'000'000'000, ip_packet(client, server, "b")}};
  ASSERT_TRUE(recording.read(write_test_file("pause", pcap_file(kRawLink, entries)), {}, &error));
  const SessionReplay replay(&recording, {}, 1, 1);
  ReplaySchedule schedule(&replay, {{.begins = kStart, .leaves_at = kStart + milliseconds(500)}},
                          [](auto, auto) { ADD_FAILURE(); });
  EXPECT_EQ(schedule.next_due(), kStart);
  ASSERT_TRUE(schedule.take(kStart));
  EXPECT_FALSE(schedule.take(kStart));
  EXPECT_EQ(schedule.next_due(), kStart + milliseconds(500));
  const auto due = schedule.take(kStart + milliseconds(501));
  ASSERT_TRUE(due);
  EXPECT_EQ(due->index, 0U);
  EXPECT_EQ(due->time, kStart + milliseconds(500));
  EXPECT_EQ(schedule.begin(*due, kStart + milliseconds(800)), 0U);
  EXPECT_EQ(schedule.next_due(), kStart + milliseconds(800));
}

}  // namespace
}  // namespace ringpeer::tools
