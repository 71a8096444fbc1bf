#ifndef RINGPEER_TESTS_INTERLEAVING_EXPLORATION_H_
#define RINGPEER_TESTS_INTERLEAVING_EXPLORATION_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ringpeer/tests/interleaving/clock.h"
#include "ringpeer/tests/interleaving/execution_graph.h"
#include "ringpeer/tests/interleaving/explorer.h"
#include "ringpeer/tests/interleaving/memory.h"
#include "ringpeer/tests/interleaving/runtime.h"
#include "ringpeer/tests/interleaving/site.h"
#include "ringpeer/tests/support/fiber/fiber.h"

namespace ringpeer::interleaving {

class Exploration;

// The exploration under way, and whether its own code runs rather than the test's.
inline Exploration* g_exploration = nullptr;
inline int g_runtime_depth = 0;

class InRuntime {
 public:
  InRuntime() { ++g_runtime_depth; }
  ~InRuntime() { --g_runtime_depth; }
  InRuntime(const InRuntime&) = delete;
  InRuntime& operator=(const InRuntime&) = delete;
};

inline bool is_in_test() { return g_exploration != nullptr && g_runtime_depth == 0; }

// An operation that a thread wants to execute.
struct Wish {
  enum class Kind : std::uint8_t { kLoad, kStore, kModify, kCompareExchange };

  Kind kind = Kind::kLoad;
  AtomicObject object{};
  int location = -1;
  std::memory_order order = std::memory_order_relaxed;
  std::memory_order failure_order = std::memory_order_relaxed;
  Modification modification = Modification::kExchange;
  std::uint64_t operand = 0;
  std::uint64_t expected = 0;
  bool is_weak = false;
  const std::function<bool(std::uint64_t)>* is_wanted = nullptr;  // of an await
  bool is_kernel = false;
  std::uint64_t kernel_object = 0;  // 0: the object is in memory
  Clock also_visible;
  Site site;
};

// All runs of one test: what explore() does. Threads are fibers; their atomic operations come in
// here.
class Exploration {
 public:
  Exploration(const std::function<void(Scenario&)>& body, const Options& options)
      : body_(body), options_(options) {}

  Result explore();

  // From the threads.
  Event execute(Wish wish);
  void fence(std::memory_order order, Site site);
  void construct(AtomicObject object, std::uint64_t value);
  void access(const void* place, std::size_t size, Memory::Access kind);
  bool owns(const void* place) const {
    return memory_.contains(reinterpret_cast<std::uintptr_t>(place));
  }
  void futex_sleep(AtomicObject word, std::uint64_t expected, Site site);
  void futex_wake(AtomicObject word, Site site);
  void eventfd_set(int descriptor, std::uint64_t value, Site site);
  void eventfd_await(int descriptor, Site site);
  bool eventfd_is_readable(int descriptor, Site site);
  std::memory_order order_of(Operation operation, std::memory_order order, Site site);
  int choose(int count);
  void record(std::string_view outcome) { outcome_.append(outcome); }
  [[noreturn]] void fail(std::string_view what, Site site);
  [[noreturn]] void give_up() { end_run(Status::kDeadEnd); }
  void* allocate(std::size_t size, std::size_t alignment);
  bool free(void* place);  // false when it is not the test's

 private:
  enum class Status { kRunning, kComplete, kDeadEnd, kFailed };
  enum class State { kReady, kWaiting, kJoining, kDone };
  struct Thread {
    test::Fiber fiber;
    bool is_prepared = false;
    State state = State::kDone;
    Wish wish;       // while it waits
    int choice = 0;  // what it waited for
    int spurious_failures = 0;
  };
  struct Decision {
    std::uint64_t question;
    std::vector<int> options;
    std::size_t taken = 0;
  };
  // Options of a read: twice the number of the write, and one more for a failure without
  // reason; or that it waits for a write that is not there yet.
  static constexpr int kLater = -1;

  void run();
  void resume(std::size_t index);
  static void enter();
  void run_test();
  void start_threads(Scenario& test);
  void finish_thread();
  void judge_standstill();
  [[noreturn]] void end_run(Status status);
  void yield() { threads_[current_].fiber.suspend(); }
  bool backtrack();

  template <typename MakeOptions>
  int decide(std::uint64_t question, MakeOptions make_options);
  void await_kernel_object(std::uint64_t object, std::memory_order order, Site site,
                           const std::function<bool(std::uint64_t)>& is_wanted);
  void check_room(std::memory_order order, Site site);
  int choose_source(Wish& wish);
  std::vector<int> sources(const Wish& wish);
  void add_if_allowed(const Wish& wish, std::size_t thread, int write, std::vector<int>* options);
  int choose_position(const Wish& wish);
  Event event_of(const Wish& wish, std::size_t thread, int choice) const;
  void offer(int write);
  void record_write(const Event& event);
  bool may_write(std::size_t thread, int location) const;
  bool may_wait(std::size_t thread, const Wish& wish) const;
  std::array<bool, kMaxThreads> find_live(std::size_t waiting, int its_location) const;
  bool is_hopeless(std::size_t waiting, int its_location) const;
  bool is_newest_wanted(const Wish& wish) const;

  Memory::Accessor accessor() const {
    return {current_, graph_.clock(current_), static_cast<Stamp>(graph_.count(current_) + 1)};
  }

  const std::function<void(Scenario&)>& body_;
  const Options& options_;
  Result result_;
  Memory memory_;

  // Of the run.
  Status status_ = Status::kRunning;
  ExecutionGraph graph_;
  std::array<Thread, kMaxThreads> threads_;
  std::size_t thread_count_ = 1;
  std::size_t current_ = 0;
  std::function<void()>* bodies_ = nullptr;
  std::string outcome_;
  std::string failure_;

  struct SeenUse {
    const char* file;
    int line;
    Operation operation;
    std::memory_order order;
    bool operator==(const SeenUse&) const = default;
  };
  std::vector<SeenUse> seen_uses_;

  // The decisions of the run, as far as it has come; the first ones are those of the run before.
  std::vector<Decision> decisions_;
  std::size_t depth_ = 0;

  // For each location, the number of the last event of each thread that may write to it, as far
  // as any run has shown.
  std::unordered_map<std::uint64_t, std::array<Stamp, kMaxThreads>> last_writes_;
  bool has_new_writes_ = false;
};

}  // namespace ringpeer::interleaving

#endif  // RINGPEER_TESTS_INTERLEAVING_EXPLORATION_H_
