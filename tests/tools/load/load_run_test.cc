// Simulated clients against a server that is slow, or away for a while.

#include "ringpeer/tools/load/load_run.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <deque>
#include <memory>
#include <string>
#include <thread>

#include "ringpeer/tests/tools/load/server_socket.h"
#include "ringpeer/tools/load/payload_choice.h"
#include "ringpeer/tools/target/target_address.h"

namespace ringpeer::tools {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// An echo server of plain sockets, which the test opens and closes as it likes.
class Echo {
 public:
  // 0: any port.
  explicit Echo(int port) : socket_(port) {}

  int port() const { return socket_.port(); }
  int descriptor() const { return socket_.descriptor(); }

  // Takes what comes within some milliseconds, and answers what came `delay` ago. True when
  // a packet was answered.
  bool serve(milliseconds delay) {
    Waiting packet;
    socklen_t size = sizeof(packet.sender);
    const ssize_t count = recvfrom(descriptor(), packet.bytes.data(), packet.bytes.size(), 0,
                                   reinterpret_cast<sockaddr*>(&packet.sender), &size);
    if (count > 0) {
      packet.size = static_cast<std::size_t>(count);
      packet.due = Clock::now() + delay;
      waiting_.push_back(packet);
    }
    bool answered = false;
    for (; !waiting_.empty() && waiting_.front().due <= Clock::now(); waiting_.pop_front()) {
      const Waiting& first = waiting_.front();
      sendto(descriptor(), first.bytes.data(), first.size, 0,
             reinterpret_cast<const sockaddr*>(&first.sender), sizeof(first.sender));
      answered = true;
    }
    return answered;
  }

 private:
  struct Waiting {
    Clock::time_point due;
    sockaddr_in sender = {};
    std::array<char, 256> bytes;
    std::size_t size = 0;
  };

  const ServerSocket socket_;
  std::deque<Waiting> waiting_;
};

LoadOptions options_for(int port, double rate, double duration) {
  LoadOptions options;
  options.target_text = "127.0.0.1:" + std::to_string(port);
  options.targets = {*parse_target_address(options.target_text)};
  options.allow_invalid = true;  // other tests take this one's time
  options.rate = rate;
  options.seconds = duration;
  return options;
}

LoadOptions options_without_leave(LoadOptions options) {
  options.allow_invalid = false;
  return options;
}

LoadReport report_of(const LoadOptions& options) {
  const StopSignal stop;
  std::string error;
  const auto payload = make_load_payload(options, &error);
  LoadRun run(options, *payload);
  EXPECT_TRUE(run.open(&error)) << error;
  return run.run(stop);
}

// The end of a run waits as long as replies take.
TEST(LoadRunTest, LateIsNotLost) {
  struct Case {
    double rate, duration;
    milliseconds delay;
    std::uint64_t packets;
  };
  for (const Case& c : {Case{1, 2.1, milliseconds(700), 3},      // seen before the end
                        Case{1, 0.2, milliseconds(1500), 1}}) {  // none seen before the end
    Echo echo(0);
    std::jthread server([&](const std::stop_token& stop) {
      while (!stop.stop_requested()) echo.serve(c.delay);
    });
    const LoadOptions options = options_for(echo.port(), c.rate, c.duration);
    const LoadReport report = report_of(options);
    EXPECT_EQ(report.sent, c.packets);
    EXPECT_EQ(report.echoes, c.packets);
    EXPECT_EQ(judge_load(options, report), "");
  }
}

// While it is away, the machine says of each packet that nobody listens.
TEST(LoadRunTest, RefusedIsNotLost) {
  auto echo = std::make_unique<Echo>(0);
  const int port = echo->port();
  std::jthread server([&](const std::stop_token& stop) {
    int answered = 0;
    while (answered < 10 && !stop.stop_requested()) answered += echo->serve(milliseconds(0));
    // Right after an answer: the next packet is not on its way yet.
    echo.reset();
    std::this_thread::sleep_for(milliseconds(500));
    echo = std::make_unique<Echo>(port);
    while (!stop.stop_requested()) echo->serve(milliseconds(0));
  });
  const LoadOptions options = options_for(port, 20, 2);
  const LoadReport report = report_of(options);
  EXPECT_GT(report.connection_refused, 3U);
  EXPECT_EQ(report.send_refused, 0U);
  EXPECT_GT(report.echoes, 10U);
  EXPECT_EQ(report.sent, report.echoes + report.connection_refused);
  EXPECT_EQ(judge_load(options, report), "");
  EXPECT_NE(load_report_to_text(options, report).find("refused by the target"), std::string::npos);
}

// What a client sent last may be on its way for longer than its answer is waited for.
TEST(LoadRunTest, WhoLeavesWaitsFromWhenItsNetworkIsEmpty) {
  Echo echo(0);
  std::jthread server([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) echo.serve(milliseconds(100));
  });
  LoadOptions options = options_for(echo.port(), 20, 1);
  options.clients = 5;
  options.session_seconds = 0.3;
  options.wait_seconds = 0.8;
  options.impairment.is_given = true;
  options.impairment.impairments[0].delay = milliseconds(1200);
  const LoadReport report = report_of(options);
  EXPECT_GT(report.joins, 10U);
  EXPECT_EQ(report.echoes, report.sent);
  EXPECT_EQ(report.unaccounted_requests(), 0);
  EXPECT_EQ(judge_load(options, report), "");
}

// A ramp of packets to a sink waits for what is on its way, and for nothing else.
TEST(LoadRunTest, OfASinkNothingIsWaitedFor) {
  const Echo sink(0);
  LoadOptions options = options_for(sink.port(), 60, 10);
  options.expect = ExpectedReply::kNothing;
  options.clients = 2;
  options.ramp = RateRange{.least = 20, .most = 40};
  options.steps = 3;
  options.step_seconds = 0.2;
  options.impairment.is_given = true;
  options.impairment.impairments[0].delay = milliseconds(100);
  const Clock::time_point begin = Clock::now();
  const LoadReport report = report_of(options);
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(5));
  EXPECT_EQ(report.impairment->of(Direction::kToServer).forwarded, report.sent);
}

// Of a server that drops half, each client waits long for its last answers when it has left.
TEST(LoadRunTest, ClientsThatComeAndGoHaveTheirSocketsThoughAnswersAreLost) {
  rlimit before = {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  constexpr rlim_t kNeeded = 4096;
  if (before.rlim_max < kNeeded) GTEST_SKIP() << "this user may open too few files";
  const rlimit few = {.rlim_cur = 100, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  Echo echo(0);
  std::jthread server([&](const std::stop_token& stop) {
    std::array<char, 256> bytes;
    for (int i = 0; !stop.stop_requested(); ++i) {
      sockaddr_in sender = {};
      socklen_t size = sizeof(sender);
      const ssize_t count = recvfrom(echo.descriptor(), bytes.data(), bytes.size(), 0,
                                     reinterpret_cast<sockaddr*>(&sender), &size);
      if (count <= 0 || i % 2 == 0) continue;
      sendto(echo.descriptor(), bytes.data(), static_cast<std::size_t>(count), 0,
             reinterpret_cast<const sockaddr*>(&sender), size);
    }
  });
  LoadOptions options = options_for(echo.port(), 20, 1.5);
  options.clients = 100;
  options.session_seconds = 0.1;
  const LoadReport report = report_of(options);
  EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(report.joins_failed, 0U);
  EXPECT_EQ(report.send_refused, 0U);
  EXPECT_GT(report.joins, 700U);
}

// More than any thread sends. What is said of it is true: it took a core at most, and the packets
// left in the time that it names.
TEST(LoadRunTest, AnOverloadedGeneratorSaysWhatItDid) {
  const Echo sink(0);
  LoadOptions options = options_for(sink.port(), LoadOptions::kMaxRate, 0.3);
  options.clients = 1000;
  options.expect = ExpectedReply::kNothing;
  const Clock::time_point begin = Clock::now();
  const LoadReport report = report_of(options);
  const double took = std::chrono::duration<double>(Clock::now() - begin).count();
  ASSERT_TRUE(report.busiest_thread_percent);
  EXPECT_LE(*report.busiest_thread_percent, 105);
  EXPECT_GE(report.seconds, 0.3);
  EXPECT_LE(report.seconds, took);
  EXPECT_GT(report.send_missed, 0U);
  // Each that was due is sent, or said not to be.
  EXPECT_NEAR(static_cast<double>(report.sent + report.send_missed + report.send_refused), 3e6,
              3e4);
  // None leaves later than it may have waited in a batch, and before.
  EXPECT_LE(report.send_lateness.percentile(0.5), milliseconds(1000));
}

// Its packets come later than the clock says: nothing is sent, and nothing at once.
TEST(LoadRunTest, WhoJoinsInAnAgeIsNotThere) {
  Echo echo(0);
  std::jthread server([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) echo.serve(milliseconds(0));
  });
  LoadOptions options = options_for(echo.port(), 50, 0.3);
  options.clients = 5;
  options.join_rate = 1e-12;
  const LoadReport report = report_of(options);
  EXPECT_EQ(report.joins, 1U);
  EXPECT_GT(report.sent, 0U);
  EXPECT_LE(report.sent, 15U);
  LoadOptions seldom = options_for(echo.port(), LoadOptions::kMinRate, 0.3);
  EXPECT_EQ(report_of(seldom).sent, 1U);
}

// Answers are waited for long after the last packet: that is no part of the series.
TEST(LoadRunTest, TheSeriesEndsWithTheLastAnswer) {
  Echo echo(0);
  std::jthread server([&](const std::stop_token& stop) {
    for (int answered = 0; answered < 5 && !stop.stop_requested();) {
      answered += echo.serve(milliseconds(0));
    }
  });
  LoadOptions options = options_for(echo.port(), 20, 0.5);
  options.clients = 2;
  options.wait_seconds = 2.5;
  const LoadReport report = report_of(options);
  ASSERT_EQ(report.series.points().size(), 1U);
  EXPECT_EQ(report.series.points()[0].clients, 2U);
  EXPECT_EQ(report.series.points()[0].sent, report.sent);
}

// ---- The highest rate -----------------------------------------------------------

constexpr std::chrono::microseconds kWork{20};

// As a plain server of another make: one thread that receives, works and answers, with room for
// what comes while it is not scheduled.
void serve_with_work(int descriptor, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::array<char, 256> bytes;
    sockaddr_in sender = {};
    socklen_t size = sizeof(sender);
    const ssize_t count = recvfrom(descriptor, bytes.data(), bytes.size(), 0,
                                   reinterpret_cast<sockaddr*>(&sender), &size);
    if (count < 0) continue;
    const Clock::time_point end = Clock::now() + kWork;
    while (Clock::now() < end) {
    }
    sendto(descriptor, bytes.data(), static_cast<std::size_t>(count), 0,
           reinterpret_cast<const sockaddr*>(&sender), size);
  }
}

// No more than a packet for each 20 us, and a good part of that: the rest is system calls, and
// whatever else this machine does.
TEST(LoadRunTest, TheHighestRateIsThatOfTheServersWork) {
  Echo echo(0);
  std::jthread server(
      [&](const std::stop_token& stop) { serve_with_work(echo.descriptor(), stop); });
  LoadOptions options = options_for(echo.port(), 60, 10);
  options.clients = 50;
  options.find_max = true;
  options.ramp = RateRange{.least = 1000, .most = 200'000};
  options.step_seconds = 0.3;
  options.goal = LoadGoal{.loss_percent = 1, .p99_us = 50'000};
  const LoadReport report = report_of(options);
  ASSERT_TRUE(report.find_max.has_value());
  const FindMaxResult& found = *report.find_max;
  constexpr double kMaxPossible = 1e6 / static_cast<double>(kWork.count());
  std::string steps;
  for (const LoadStep& step : report.steps) {
    steps += std::to_string(step.offered_per_s) + "/s: " + step.why + "\n";
    // Whatever the machine does: the server cannot do more than its work allows.
    EXPECT_FALSE(step.offered_per_s > 1.1 * kMaxPossible && step.holds == true) << steps;
  }
  if (found.limited_by == KneeLimit::kGenerator) {
    EXPECT_NE(judge_load(options_without_leave(options), report), "");
    GTEST_SKIP() << "this machine is too busy to tell:\n" << steps;
  }
  EXPECT_EQ(found.limited_by, KneeLimit::kTarget) << steps;
  ASSERT_TRUE(found.knee_per_s.has_value()) << steps;
  EXPECT_LE(*found.knee_per_s, 1.05 * kMaxPossible) << steps;
  EXPECT_GE(*found.knee_per_s, 0.1 * kMaxPossible) << steps;
  EXPECT_EQ(judge_load(options, report).empty(), found.is_verified()) << steps;
}

}  // namespace
}  // namespace ringpeer::tools
