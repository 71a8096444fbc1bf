// An engine where the kernel refuses it one system call, in turn each that it makes: from the
// start, as in a container, or from a moment on, as where a sandbox closes behind a server.
// Either it works, if need be in another way and says why, or a call says that it does not.
// Nothing hangs, spins, crashes, or is deaf in silence.

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <time.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "ringpeer/tests/engine/support/child_process.h"
#include "ringpeer/tests/support/sanitizer/sanitizer.h"
#include "ringpeer/udp_server.h"

namespace ringpeer {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr const char* kNoFilters = "this sandbox allows no seccomp filters";

// Long enough for anything on loopback, on a busy machine and under a sanitizer too.
constexpr milliseconds kPatience{8000};
// How often who waits for a packet looks whether the counters say that it was not sent.
constexpr milliseconds kLook{100};
// close() and stop() of everything, all bounds together.
constexpr milliseconds kEndPatience{6000};
// How long an idle engine is looked at, and how much of the time that this took it may use: a
// spinning thread would use all, or half where two share a core.
constexpr milliseconds kIdleTime{200};
constexpr double kIdleShare = 0.3;
// As a game polls: its rhythm is known within three frames, and said once a second. How much of the
// time that this took the engine and the game may use.
constexpr milliseconds kFrame{10};
constexpr int kFrames = 150;
constexpr int kPacketsPerFrame = 5;
constexpr double kPlayShare = 0.5;

// The runtime of the sanitizers cannot do without mmap and munmap; UBSan tells whether an object's
// memory may be read by writing it into a pipe, and TSan starts a thread with signals blocked.
#define RINGPEER_SANITIZED (RINGPEER_ADDRESS_SANITIZER || RINGPEER_THREAD_SANITIZER)

enum class Moment { kFromTheStart, kWhileItRuns };

struct SystemCall {
  const char* name;
  long number;
};

struct Restriction {
  SystemCall call;
  int error;
  BackendKind backend;
  int workers;
  Moment moment;
};

// All that an engine and its peers call. Not futex and not the calls that end a process or a
// thread: glibc itself cannot do without.
const std::vector<SystemCall>& system_calls() {
  static const std::vector<SystemCall> calls = {
    {"io_uring_setup", SYS_io_uring_setup},
    {"io_uring_enter", SYS_io_uring_enter},
    {"io_uring_register", SYS_io_uring_register},
    {"epoll_create1", SYS_epoll_create1},
    {"epoll_ctl", SYS_epoll_ctl},
    {"epoll_wait", SYS_epoll_wait},
    {"eventfd2", SYS_eventfd2},
    {"read", SYS_read},
#if !RINGPEER_SANITIZED
    {"write", SYS_write},
    {"mmap", SYS_mmap},
    {"munmap", SYS_munmap},
#endif
    {"close", SYS_close},
    {"poll", SYS_poll},
    {"ppoll", SYS_ppoll},
    {"socket", SYS_socket},
    {"bind", SYS_bind},
    {"connect", SYS_connect},
    {"getsockname", SYS_getsockname},
    {"getsockopt", SYS_getsockopt},
    {"setsockopt", SYS_setsockopt},
    {"fcntl", SYS_fcntl},
    {"recvmmsg", SYS_recvmmsg},
    {"recvmsg", SYS_recvmsg},
    {"recvfrom", SYS_recvfrom},
    {"sendmmsg", SYS_sendmmsg},
    {"sendmsg", SYS_sendmsg},
    {"sendto", SYS_sendto},
    {"madvise", SYS_madvise},
    {"membarrier", SYS_membarrier},
    {"getrandom", SYS_getrandom},
    {"clone3", SYS_clone3},
    {"prctl", SYS_prctl},
    {"sched_setaffinity", SYS_sched_setaffinity},
#if !RINGPEER_THREAD_SANITIZER
    {"rt_sigprocmask", SYS_rt_sigprocmask},
#endif
    {"clock_nanosleep", SYS_clock_nanosleep},
  };
  return calls;
}

std::span<const std::uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string describe(const char* what, Error error) {
  return std::string("says: ") + what + " gives error " + std::to_string(static_cast<int>(error));
}

// On a futex, for the usual calls may be what is forbidden.
void sleep_for(milliseconds duration) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable().wait_for(lock, duration);
}

// The share of a processor that the process uses while this runs.
template <typename Work>
double share_used_by(Work work) {
  const auto seconds_of = [](clockid_t clock) {
    timespec now{};
    ::clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
  };
  const double used = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
  const double begun = seconds_of(CLOCK_MONOTONIC);
  work();
  return (seconds_of(CLOCK_PROCESS_CPUTIME_ID) - used) / (seconds_of(CLOCK_MONOTONIC) - begun);
}

// A small server and a client. Each step gives "" when it went well.
class Scene {
 public:
  explicit Scene(const Restriction& restriction) {
    options_.backend = restriction.backend;
    options_.workers = restriction.workers;
    options_.worker_cpus = {0};
    options_.log = [this](std::string_view line) {
      const std::lock_guard lock(mutex_);
      log_.append(line).append("; ");
    };
  }

  std::string open() {
    std::string message;
    Error error = Error::OK;
    engine_ = Engine::create(options_, &error, &message);
    if (engine_ == nullptr) {
      return message.empty() || error == Error::OK ? "says nothing" : "says: " + message;
    }
    server_ = std::make_unique<UDPServer>(engine_);
    client_ = std::make_unique<PacketPeerUDP>(engine_);
    error = server_->listen(0, "127.0.0.1");
    if (error != Error::OK) return describe("listen", error);
    if (server_->get_local_port() == 0) return "says: port 0";
    error = client_->connect_to_host("127.0.0.1", server_->get_local_port());
    return error == Error::OK ? "" : describe("connect_to_host", error);
  }

  // A question and its answer.
  std::string exchange() {
    if (std::string said = put(*client_, "question"); !said.empty()) return said;
    if (std::string said = hear(*server_); !said.empty()) return said;
    if (player_ == nullptr) player_ = server_->take_connection();
    if (player_ == nullptr) return "deaf: nobody there";
    if (player_->get_packet().empty()) return "deaf: an empty packet";
    if (std::string said = put(*player_, "answer"); !said.empty()) return said;
    if (std::string said = hear(*client_); !said.empty()) return said;
    return client_->get_packet().empty() ? "deaf: an empty answer" : "";
  }

  // A game at a steady rate, after an exchange.
  std::string play() {
    int taken = 0;
    const auto take = [&] {
      while (!player_->get_packet().empty()) ++taken;
      client_->get_packet();  // as who only looks
    };
    std::string said;
    const double used = share_used_by([&] {
      for (int i = 0; i < kFrames && said.empty(); ++i) {
        for (int k = 0; k < kPacketsPerFrame; ++k) said += put(*client_, "move");
        take();
        sleep_for(kFrame);
      }
    });
    const auto deadline = Clock::now() + kPatience;
    while (said.empty() && taken < kFrames * kPacketsPerFrame) {
      if (Clock::now() > deadline) return "deaf: " + std::to_string(taken) + " packets";
      sleep_for(kFrame);
      take();
    }
    if (used > kPlayShare) return "spins: uses " + std::to_string(used) + " of a processor";
    return said;
  }
  WaitReason wait_reason() const { return engine_->stats().waits.at(0).reason; }

  static std::string idle() {
    const double used = share_used_by([] { sleep_for(kIdleTime); });
    return used <= kIdleShare ? "" : "spins: uses " + std::to_string(used) + " of a processor";
  }

  std::string close() {
    const auto start = Clock::now();
    player_.reset();
    client_.reset();
    if (server_ != nullptr) server_->stop();
    if (engine_ != nullptr) engine_->stop();
    const auto took = std::chrono::duration_cast<milliseconds>(Clock::now() - start);
    return took <= kEndPatience ? "" : "slow: the end took " + std::to_string(took.count()) + " ms";
  }

  // Of an engine that had to end, what it has told.
  std::string last_words() {
    if (engine_ == nullptr || engine_->is_running()) return "";
    const std::lock_guard lock(mutex_);
    return ", not running: " + log_;
  }

  std::string_view reason() const { return engine_ == nullptr ? "" : engine_->backend_reason(); }
  std::string_view backend() const { return engine_ == nullptr ? "" : engine_->backend_name(); }

 private:
  static std::string put(PacketPeerUDP& peer, const std::string& text) {
    const Error error = peer.put_packet(bytes_of(text));
    return error == Error::OK ? "" : describe("put_packet", error);
  }

  // OK, or an error that is more than "nothing came": a packet that was not sent is told of by
  // the counters, or by the next put.
  template <typename Source>
  std::string hear(Source& source) {
    const auto deadline = Clock::now() + kPatience;
    while (Clock::now() < deadline) {
      const Error error = source.wait(kLook);
      if (error == Error::OK) return "";
      if (error != Error::ERR_TIMEOUT) return describe("wait", error);
      if (engine_->counters()[Counter::kSendFailedOther] > 0) {
        return "says: not sent, by the counters";
      }
    }
    if (const Error put = client_->put_packet(bytes_of("?")); put != Error::OK) {
      return describe("the next put_packet", put);
    }
    return "deaf: nothing came, and nobody says why";
  }

  std::mutex mutex_;
  std::string log_;
  EngineOptions options_;
  std::shared_ptr<Engine> engine_;
  std::unique_ptr<UDPServer> server_;
  std::unique_ptr<PacketPeerUDP> client_;
  std::shared_ptr<PacketPeerUDP> player_;
};

// What a process with this restriction tells: "works (backend: reason)", "says: ..." or what is
// wrong.
std::string live_with(const Restriction& restriction) {
  Scene scene(restriction);
  std::string said;
  const bool later = restriction.moment == Moment::kWhileItRuns;
  if (later) said = scene.open();
  if (later && said.empty()) said = scene.exchange();
  if (!said.empty()) return "does not work without a restriction: " + said;
  if (!test::forbid_system_call(restriction.call.number, restriction.error, later)) {
    return kNoFilters;
  }
  if (!later) said = scene.open();
  for (int i = 0; i < 3 && said.empty(); ++i) said = scene.exchange();
  if (!said.empty()) said += scene.last_words();
  // Whatever was said, nothing spins, and everything can be closed.
  if (const std::string idle = Scene::idle(); !idle.empty()) said = idle;
  if (const std::string end = scene.close(); !end.empty()) said = end;
  if (!said.empty()) return said;
  return "works (" + std::string(scene.backend()) + ": " + std::string(scene.reason()) + ")";
}

std::string name_of(const Restriction& restriction) {
  std::string name = restriction.call.name;
  name += restriction.error == ENOSYS ? "_missing" : "_forbidden";
  name += restriction.backend == BackendKind::kRecvmmsg  ? "_recvmmsg"
          : restriction.backend == BackendKind::kIoUring ? "_io_uring"
                                                         : "_auto";
  name += restriction.workers == 0 ? "_inline" : "_threaded";
  return name + (restriction.moment == Moment::kFromTheStart ? "" : "_while_it_runs");
}

void PrintTo(const Restriction& restriction, std::ostream* out) { *out << name_of(restriction); }

std::vector<Restriction> restrictions() {
  std::vector<Restriction> all;
  for (const SystemCall& call : system_calls()) {
    for (const BackendKind backend : {BackendKind::kIoUring, BackendKind::kRecvmmsg}) {
      for (const int workers : {0, 1}) {
        for (const Moment moment : {Moment::kFromTheStart, Moment::kWhileItRuns}) {
          all.push_back({call, EPERM, backend, workers, moment});
        }
      }
    }
    all.push_back({call, ENOSYS, BackendKind::kAuto, 1, Moment::kFromTheStart});
  }
  return all;
}

class RestrictedEngineTest : public testing::TestWithParam<Restriction> {};

TEST_P(RestrictedEngineTest, WorksOrSaysThatItDoesNot) {
  const test::ChildResult child = test::run_in_child([] { return live_with(GetParam()); });
  ASSERT_FALSE(child.timed_out) << "hangs";
  ASSERT_EQ(child.exit_status, 0) << "crashes";
  if (child.output == kNoFilters) GTEST_SKIP() << kNoFilters;
  EXPECT_TRUE(child.output.starts_with("works") || child.output.starts_with("says: "))
      << child.output;
}

INSTANTIATE_TEST_SUITE_P(EachCall, RestrictedEngineTest, testing::ValuesIn(restrictions()),
                         [](const auto& restriction) { return name_of(restriction.param); });

SystemCall call_named(std::string_view name) {
  for (const SystemCall& call : system_calls()) {
    if (call.name == name) return call;
  }
  ADD_FAILURE() << name;
  return {};
}

// Each io_uring call, not only the first, and whatever the filter answers.
TEST(RestrictedEngine, FallsBackFromEachIoUringCallAndSaysWhy) {
  for (const char* name : {"io_uring_setup", "io_uring_enter", "io_uring_register"}) {
    for (const int error : {EPERM, ENOSYS}) {
      for (const int workers : {0, 1, 2}) {
        const test::ChildResult child = test::run_in_child([&] {
          return live_with(
              {call_named(name), error, BackendKind::kAuto, workers, Moment::kFromTheStart});
        });
        if (child.output == kNoFilters) GTEST_SKIP() << kNoFilters;
        EXPECT_TRUE(child.output.starts_with("works (recvmmsg: io_uring is not available: "))
            << name << ", " << workers << " workers: " << child.output;
        EXPECT_NE(child.output.find(name), std::string::npos) << child.output;
      }
    }
  }
}

std::string play_with(const Restriction& restriction) {
  Scene scene(restriction);
  const bool later = restriction.moment == Moment::kWhileItRuns;
  std::string said = later ? scene.open() : "";
  if (later && said.empty()) said = scene.exchange();
  if (!test::forbid_system_call(restriction.call.number, restriction.error, later)) {
    return kNoFilters;
  }
  if (!later) said = scene.open();
  if (!later && said.empty()) said = scene.exchange();
  if (said.empty()) said = scene.play();
  if (said.empty()) {
    const WaitReason reason = scene.wait_reason();
    said = scene.exchange();  // which ends a sleep for the sake of the rhythm
    if (said.empty()) said = "works, " + std::string(name_of(reason));
  }
  if (const std::string end = scene.close(); !end.empty()) said = end;
  return said;
}

// The sleep between two frames, by which a worker knows that nobody looks, is the newest of the
// calls that wait. How it sleeps then is seen where time is simulated.
TEST(RestrictedEngine, PlaysWithoutTheCallThatSleepsBetweenFrames) {
  for (const int error : {EPERM, ENOSYS}) {
    for (const BackendKind backend : {BackendKind::kIoUring, BackendKind::kRecvmmsg}) {
      for (const Moment moment : {Moment::kFromTheStart, Moment::kWhileItRuns}) {
        const test::ChildResult child = test::run_in_child([&] {
          return play_with({call_named("ppoll"), error, backend, 1, moment});
        });
        if (child.output == kNoFilters) GTEST_SKIP() << kNoFilters;
        EXPECT_TRUE(child.output.starts_with("works")) << child.output;
      }
    }
  }
}

// A worker that has nothing left to ask the kernel with ends, and the application can know why.
TEST(RestrictedEngine, ThatHasToEndWhileItRunsTellsTheLogWhichCall) {
  struct Case {
    const char* call;
    BackendKind backend;
  };
  for (const Case& each :
       {Case{"io_uring_enter", BackendKind::kIoUring}, Case{"epoll_wait", BackendKind::kRecvmmsg},
        Case{"recvmmsg", BackendKind::kRecvmmsg}}) {
    for (const int workers : {0, 1, 2}) {
      const test::ChildResult child = test::run_in_child([&] {
        return live_with(
            {call_named(each.call), EPERM, each.backend, workers, Moment::kWhileItRuns});
      });
      if (child.output == kNoFilters) GTEST_SKIP() << kNoFilters;
      const std::size_t end = child.output.find("not running: ");
      ASSERT_NE(end, std::string::npos) << each.call << ": " << child.output;
      EXPECT_NE(child.output.find("has ended: " + std::string(each.call), end), std::string::npos)
          << child.output;
    }
  }
}

}  // namespace
}  // namespace ringpeer
