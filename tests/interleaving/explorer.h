#ifndef RINGPEER_TESTS_INTERLEAVING_EXPLORER_H_
#define RINGPEER_TESTS_INTERLEAVING_EXPLORER_H_

#include <array>
#include <atomic>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ringpeer/tests/interleaving/clock.h"
#include "ringpeer/tests/interleaving/site.h"

namespace ringpeer::interleaving {

// Runs a small test of two to four threads once for each execution that the C++20 memory model
// allows, and says what went wrong in one of them: an expectation that does not hold, a data race,
// a deadlock, a use of memory that is unwritten, freed or not allocated, a leak.
//
//   const Result result = explore([](Scenario& test) {
//     auto& ready = test.make<Atomic<bool>>(false);
//     auto& data = test.make<Plain<int>>(0);
//     test.thread([&] { data = 1; ready.store(true, std::memory_order_release); });
//     test.thread([&] { if (ready.load(std::memory_order_acquire)) expect(data == 1, "data"); });
//   });
//   EXPECT_TRUE(result.is_proven()) << result.failure;
//
// How it goes through all executions, and why it misses none and takes none twice, is in
// docs/interleavings.md. A test must do the same whenever its atomic operations give the same
// values: no clock, no chance, nothing kept from run to run. Its threads must end whatever they
// read; a loop that waits for another thread says await() instead.

// How an order may be weakened, for a look whether anybody notices.
enum class Operation : std::uint8_t { kLoad, kStore, kModify, kFailure, kFence };
struct Use {  // of an order by an operation at a place
  std::string file;
  int line = 0;
  Operation operation = Operation::kLoad;
  std::memory_order order = std::memory_order_relaxed;

  auto operator<=>(const Use&) const = default;
};
struct Weakening {
  Use use;
  std::memory_order order = std::memory_order_relaxed;  // instead
};

struct Options {
  // Weak compare_exchanges that may fail for no reason, in each thread.
  int spurious_failures = 0;
  // Beyond this many the result is not complete. A few minutes.
  std::uint64_t max_executions = 20'000'000;
  bool notes_uses = false;
  std::optional<Weakening> weakening = std::nullopt;
};

struct Result {
  std::string failure;           // of the first execution that is wrong, with all its events
  bool is_complete = false;      // all were looked at
  std::uint64_t executions = 0;  // that ran to their end
  std::uint64_t dead_ends = 0;   // that turned out to be part of none
  std::map<std::string, std::uint64_t> outcomes;  // what record() said, and how often
  std::vector<Use> uses;                          // with notes_uses: of orders, each once

  bool is_proven() const { return failure.empty() && is_complete && executions > 0; }
};

// The parts of an explored test. Whatever `body` does before it returns happens before the threads,
// and what at_end() gets happens after them.
class Scenario {
 public:
  Scenario() = default;
  ~Scenario();
  Scenario(const Scenario&) = delete;
  Scenario& operator=(const Scenario&) = delete;

  void thread(std::function<void()> body) { threads_.at(thread_count_++) = std::move(body); }
  void at_end(std::function<void()> body) { end_ = std::move(body); }

  // An object that lives until the end of the test; the last is destroyed first.
  template <typename T, typename... Arguments>
  T& make(Arguments&&... arguments) {
    auto* const made = new Made<T>(std::forward<Arguments>(arguments)...);
    made->previous = last_made_;
    last_made_ = made;
    return made->object;
  }

 private:
  friend class Exploration;
  struct AnyMade {
    virtual ~AnyMade() = default;
    AnyMade* previous = nullptr;
  };
  template <typename T>
  struct Made final : AnyMade {
    template <typename... Arguments>
    explicit Made(Arguments&&... arguments) : object(std::forward<Arguments>(arguments)...) {}
    T object;
  };

  std::array<std::function<void()>, kMaxThreads - 1> threads_;
  std::size_t thread_count_ = 0;
  std::function<void()> end_;
  AnyMade* last_made_ = nullptr;
};

Result explore(const std::function<void(Scenario&)>& body, const Options& options = {});

// ---- For the threads of a test.

// Ends the exploration with this failure unless the condition holds.
void expect(bool condition, std::string_view what, Site site = Site::current());
// Leaves out this execution unless the condition holds.
void assume(bool condition);
// Every number below `count`, one after the other.
int choose(int count);
// What is different from one execution to another.
void record(std::string_view outcome);

}  // namespace ringpeer::interleaving

#endif  // RINGPEER_TESTS_INTERLEAVING_EXPLORER_H_
