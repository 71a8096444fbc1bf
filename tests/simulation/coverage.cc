#include "ringpeer/tests/simulation/coverage.h"

#include <span>
#include <string_view>

#include "ringpeer/codec/base/branch.h"
#include "ringpeer/tests/simulation/failure.h"

#ifdef NDEBUG

// Neither assertions nor marks: nothing would be found.
#error "build the simulation with assertions on"

#endif

extern "C" {
// Where the linker has put the marks.
extern ringpeer::base::Branch* const __start_ringpeer_branches[];
extern ringpeer::base::Branch* const __stop_ringpeer_branches[];
}

namespace ringpeer::simulation {
namespace {

std::span<base::Branch* const> all_branches() {
  const std::span<base::Branch* const> all(__start_ringpeer_branches, __stop_ringpeer_branches);
  check(all.size() <= Coverage::kMaxBranches, "there are more marks than Coverage has room for");
  return all;
}

template <typename Visit>
void for_each(const Coverage& coverage, Visit visit) {
  for (std::size_t i = 0; i < kCounterCount; ++i) {
    visit("counter", counter_info(static_cast<Counter>(i)).name, coverage.counters[i]);
  }
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    visit("fault", kFaultNames[i], coverage.faults[i]);
  }
  for (std::size_t i = 0; i < all_branches().size(); ++i) {
    visit("branch", std::string_view(all_branches()[i]->name), coverage.branches[i]);
  }
}

}  // namespace

void Coverage::add(const CounterSnapshot& snapshot, const Faults& happened) {
  for (std::size_t i = 0; i < kCounterCount; ++i) counters[i].add_seed(snapshot.values[i]);
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    faults[i].add_seed(happened.happened(static_cast<Fault>(i)));
  }
  for (std::size_t i = 0; i < all_branches().size(); ++i) {
    branches[i].add_seed(all_branches()[i]->passed.exchange(0, std::memory_order_relaxed));
  }
}

Coverage& Coverage::operator+=(const Coverage& other) {
  for (std::size_t i = 0; i < kCounterCount; ++i) counters[i] += other.counters[i];
  for (std::size_t i = 0; i < kFaultCount; ++i) faults[i] += other.faults[i];
  for (std::size_t i = 0; i < kMaxBranches; ++i) branches[i] += other.branches[i];
  return *this;
}

std::vector<std::string> Coverage::missing() const {
  std::vector<std::string> names;
  // Of servers with limit_replies, of which no plan has one.
  const std::string_view of_no_plan = counter_info(Counter::kSendFailedUnverified).name;
  for_each(*this, [&](const char* kind, std::string_view name, const Reached& reached) {
    if (reached.seeds == 0 && name != of_no_plan)
      names.push_back(std::string(kind) + ' ' + std::string(name));
  });
  return names;
}

std::string Coverage::to_text() const {
  std::string text = "         times   seeds\n";
  const auto add_number = [&text](std::uint64_t number, std::size_t width) {
    const std::string digits = std::to_string(number);
    text += std::string(digits.size() < width ? width - digits.size() : 0, ' ') + digits;
  };
  for_each(*this, [&](const char* kind, std::string_view name, const Reached& reached) {
    add_number(reached.times, 14);
    add_number(reached.seeds, 8);
    text += "  " + std::string(kind) + ' ' + std::string(name) + '\n';
  });
  return text;
}

}  // namespace ringpeer::simulation
