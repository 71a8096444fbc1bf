#include "ringpeer/tests/simulation/campaign.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#include "ringpeer/tests/simulation/failure.h"
#include "ringpeer/tests/simulation/world.h"
#include "ringpeer/tests/support/heap/heap.h"

namespace ringpeer::simulation {
namespace {

// A hundred times what a run takes: one that takes longer hangs.
constexpr unsigned kMaxSeconds = 20;

// A thread keeps what it put to an engine with until it puts to another, or ends: allocations for
// the lanes of three workers, twice.
constexpr long kKeptByThread = 200;

// What is spent on finding less that fails.
constexpr int kMaxShrinkingRuns = 400;
constexpr std::chrono::seconds kMaxShrinkingTime{120};

// Two processes see it.
template <typename T>
class Shared {
 public:
  Shared() {
    void* const memory =
        ::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    check(memory != MAP_FAILED, "no memory that processes share");
    value_ = new (memory) T();
  }
  ~Shared() { ::munmap(value_, sizeof(T)); }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  T* operator->() { return value_; }
  T& operator*() { return *value_; }

 private:
  T* value_;
};

std::uint64_t run_world(const Plan& plan, Coverage* coverage) {
  PacketPeerUDP().wake();  // what a thread puts with, once for a process: no run has to make it
  World world(plan);
  world.run();
  if (coverage != nullptr) coverage->add(world.counters(), world.faults());
  return world.fingerprint();
}

// On a thread of its own, which keeps nothing of the run before it.
std::uint64_t run_here(const Plan& plan, Coverage* coverage) {
  ::alarm(kMaxSeconds);
  std::uint64_t fingerprint = 0;
  std::thread thread([&] {
    const long at_first = test::live_blocks();
    fingerprint = run_world(plan, coverage);
    check(test::live_blocks() <= at_first + kKeptByThread, "a run leaves allocations behind");
  });
  thread.join();
  return fingerprint;
}

std::string read_all(int descriptor) {
  std::string text;
  std::array<char, 4096> part;
  for (ssize_t size = ::read(descriptor, part.data(), part.size()); size > 0;
       size = ::read(descriptor, part.data(), part.size())) {
    text.append(part.data(), static_cast<std::size_t>(size));
  }
  return text;
}

std::string describe_end(int status) {
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) return "it hangs\n";
  if (WIFSIGNALED(status)) return "signal " + std::to_string(WTERMSIG(status)) + '\n';
  return "";
}

// What a plan may do without, each by itself.
std::vector<Plan> lesser_plans(const Plan& plan) {
  std::vector<Plan> lesser;
  const auto offer = [&](auto change) {
    Plan less = plan;
    change(less);
    if (less.to_flags() != plan.to_flags()) lesser.push_back(less);
  };
  offer([](Plan& p) { p.datagrams /= 4; });
  offer([](Plan& p) { p.datagrams -= p.datagrams / 4; });
  offer([](Plan& p) { p.steps = p.steps > 4000 ? 2000 : p.steps / 2; });
  offer([](Plan& p) { p.steps -= p.steps / 8; });
  offer([](Plan& p) { --p.steps; });
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    if (plan.faults[i] != 0) offer([i](Plan& p) { p.faults[i] = 0; });
  }
  for (const Plan::Part& part : Plan::parts()) {
    if (plan.*part.is_there) offer([&part](Plan& p) { p.*part.is_there = false; });
  }
  offer([](Plan& p) { p.peers = 0; });
  offer([](Plan& p) { p.servers = p.servers > 1 ? p.servers - 1 : 1; });
  offer([](Plan& p) { p.remotes = 1; });
  offer([](Plan& p) { p.remotes -= p.remotes / 3; });
  offer([](Plan& p) { p.workers = p.workers > 1 ? 1 : p.workers; });
  offer([](Plan& p) { p.largest_burst = 1 + p.largest_burst / 4; });
  return lesser;
}

}  // namespace

Outcome run_apart(const Plan& plan, const Plan* before) {
  std::array<int, 2> pipe{};
  check(::pipe(pipe.data()) == 0, "no pipe");
  Shared<std::uint64_t> fingerprint;
  const pid_t child = ::fork();
  check(child >= 0, "no process");
  if (child == 0) {
    ::dup2(pipe[1], STDERR_FILENO);
    ::close(pipe[0]);
    ::close(pipe[1]);
    if (before != nullptr) run_here(*before, nullptr);
    *fingerprint = run_here(plan, nullptr);
    ::_exit(0);
  }
  ::close(pipe[1]);
  const std::string words = read_all(pipe[0]);
  ::close(pipe[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  const bool held = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return {held, held ? "" : words + describe_end(status), *fingerprint};
}

Plan shrink(const Plan& failing, int* runs) {
  const auto begun = std::chrono::steady_clock::now();
  const auto may_go_on = [&] {
    return *runs < kMaxShrinkingRuns &&
           std::chrono::steady_clock::now() - begun < kMaxShrinkingTime;
  };
  Plan least = failing;
  bool is_less = true;
  while (is_less && may_go_on()) {
    is_less = false;
    for (const Plan& less : lesser_plans(least)) {
      if (!may_go_on()) break;
      ++*runs;
      if (run_apart(less).has_held) continue;
      least = less;
      is_less = true;
      break;
    }
  }
  return least;
}

namespace {

struct Progress {
  std::atomic<std::uint64_t> next;
  std::atomic<bool> has_failed{false};
};

struct ProcessReport {
  std::uint64_t current = 0;
  std::uint64_t done = 0;
  Coverage coverage;
};

[[noreturn]] void run_seeds(Progress& progress, std::uint64_t end, ProcessReport& report) {
  for (std::uint64_t seed = progress.next++; seed < end && !progress.has_failed;
       seed = progress.next++) {
    report.current = seed;
    run_here(Plan::from_seed(seed), &report.coverage);
    ++report.done;
  }
  ::_exit(0);
}

}  // namespace

CampaignResult run_campaign(std::uint64_t first, std::uint64_t seeds, int processes) {
  constexpr std::size_t kMaxProcesses = 64;
  Shared<Progress> progress;
  progress->next = first;
  Shared<std::array<ProcessReport, kMaxProcesses>> reports;
  std::vector<pid_t> children;
  for (int i = 0; i < processes; ++i) {
    const pid_t child = ::fork();
    check(child >= 0, "no process");
    if (child == 0) run_seeds(*progress, first + seeds, (*reports)[children.size()]);
    children.push_back(child);
  }
  CampaignResult result;
  for (std::size_t left = children.size(); left > 0; --left) {
    int status = 0;
    const pid_t ended = ::wait(&status);
    for (std::size_t i = 0; i < children.size(); ++i) {
      if (children[i] != ended || (WIFEXITED(status) && WEXITSTATUS(status) == 0)) continue;
      progress->has_failed = true;
      if (!result.failing.has_value()) {
        result.failing = Plan::from_seed((*reports)[i].current);
      }
    }
  }
  for (const ProcessReport& report : *reports) {
    result.seeds += report.done;
    result.coverage += report.coverage;
  }
  return result;
}

}  // namespace ringpeer::simulation
