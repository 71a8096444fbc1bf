#ifndef RINGPEER_TESTS_INTERLEAVING_EXECUTION_GRAPH_H_
#define RINGPEER_TESTS_INTERLEAVING_EXECUTION_GRAPH_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ringpeer/tests/interleaving/clock.h"
#include "ringpeer/tests/interleaving/site.h"

namespace ringpeer::interleaving {

constexpr bool is_acquire(std::memory_order order) {
  return order == std::memory_order_acquire || order == std::memory_order_acq_rel ||
         order == std::memory_order_seq_cst;
}
constexpr bool is_release(std::memory_order order) {
  return order == std::memory_order_release || order == std::memory_order_acq_rel ||
         order == std::memory_order_seq_cst;
}

enum class EventKind : std::uint8_t {
  kInitial,  // the value that an object had before its first atomic operation
  kRead,
  kWrite,
  kModify,  // reads and writes in one step
  kFence,
  kMark,  // no operation: where threads begin
};

// An atomic operation that was executed. The first fields say what is wanted, the others are
// filled in by ExecutionGraph::add.
struct Event {
  EventKind kind = EventKind::kMark;
  std::uint8_t thread = 0;
  std::memory_order order = std::memory_order_relaxed;
  int location = -1;
  int source = -1;  // the write that a read or modify takes its value from
  // Of a write: its place in the modification order of its location. (The place of a read or
  // modify follows from its source.)
  int position = -1;
  std::uint64_t written = 0;
  // For a read: more than what happens before it must be visible to it.
  Clock also_visible;
  bool is_kernel = false;  // a fence of the thread has no part in it
  Site site;

  Stamp index = 0;
  std::uint64_t read = 0;
  Clock before;    // what happens before its predecessor in the thread, and that one
  Clock clock;     // what happens before it, and itself
  Clock released;  // of a write: what happens before whoever acquires it

  bool reads() const { return kind == EventKind::kRead || kind == EventKind::kModify; }
  bool writes() const {
    return kind == EventKind::kWrite || kind == EventKind::kModify || kind == EventKind::kInitial;
  }
};

// An execution in the sense of the C++20 memory model: the atomic operations of each thread in
// their order, which write each read takes its value from, and the modification order of each
// location. Grows by one event at a time and says which ways to grow are consistent with the
// model. consume is not known.
//
// It is the model of the standard (N4861, [intro.races] and [atomics.order]) with one addition,
// which every compiler and processor keeps: the relations "sequenced before" and "reads from"
// have no cycle together, so that no value comes out of thin air. Such executions can be built
// one event after another, each after whatever it reads from.
//
// Why looking at the newest event is enough: nothing happens after it yet. So
// - of the four coherence rules only lower bounds remain: a read may not take, nor a write come
//   before, a value older than one that happens before it, or than one that was read by
//   something that happens before it;
// - a modify follows its source directly, and nothing comes between the two later;
// - whether a total order S of the seq_cst operations exists is asked of the whole graph: it
//   exists just when what the standard's conditions put in order has no cycle.
class ExecutionGraph {
 public:
  // Forgets everything.
  void clear();

  // The location of an object, by an address that is the same in every run; with this value
  // when it is new. The initial value happens before everything.
  int location(std::uint64_t address, std::uint64_t initial_value);
  bool has_location(std::uint64_t address) const { return locations_by_address_.contains(address); }
  // The object's life ends; another one at this address is another location.
  void forget_location(std::uint64_t address) { locations_by_address_.erase(address); }
  std::uint64_t address_of(int location) const { return locations_[location].address; }

  // Adds an event of its thread, whose fields must be one of the consistent choices.
  int add(Event event);

  // Whether another operation of order seq_cst is one more than can be ordered.
  bool is_full() const { return sequential_.size() == kMaxSequential; }

  // The threads begin with all that the first has done; it goes on with all that they have done.
  void begin_threads(std::size_t count);
  void end_threads();

  // Writes that an event of this thread at this location may read, oldest first, as far as
  // coherence goes.
  std::vector<int> readable(std::size_t thread, int location, const Clock& also_visible) const;
  // The places in the modification order that a write of this thread may take, likewise.
  std::vector<int> writable(std::size_t thread, int location) const;
  // Whether a modify that reads from `write` can be atomic.
  bool can_be_modified(int write) const;
  // Whether adding the event leaves the graph consistent.
  bool allows(const Event& event);

  const Event& event(int id) const { return events_[id]; }
  std::size_t size() const { return events_.size(); }
  const Clock& clock(std::size_t thread) const { return threads_[thread].clock; }
  Stamp count(std::size_t thread) const { return threads_[thread].count; }
  // The last write in modification order.
  int newest(int location) const { return locations_[location].writes.back(); }
  // The write before this one in modification order, or -1.
  int previous(int write) const;

  // One line for each event.
  std::string describe() const;

 private:
  struct Thread {
    Stamp count = 0;
    Clock clock;     // what happens before its next event
    Clock acquired;  // what would, if an acquire fence came first
    Clock fenced;    // what happened before its last release fence
  };
  struct Location {
    std::uint64_t address = 0;
    std::vector<int> writes;  // in modification order
    std::vector<int> reads;
  };
  static constexpr std::uint8_t kNoThread = 0xff;
  // Operations of order seq_cst in one execution, at most: bits of a word.
  static constexpr std::size_t kMaxSequential = 64;
  using Mask = std::uint64_t;

  bool happens_before(const Event& event, const Clock& clock) const {
    return event.thread == kNoThread || clock.covers(event.thread, event.index);
  }
  int oldest_visible(const Location& location, const Clock& clock) const;
  void insert_write(int id);
  void remove_last(const Thread& thread_before);
  bool is_newest(const Event& event) const;

  bool has_sequential_order();
  void order_strongly();
  void order_coherently(const Location& location);
  Mask fences_before(const Event& event) const;
  bool has_cycle() const;

  std::vector<Event> events_;
  std::array<Thread, kMaxThreads> threads_;
  std::vector<Location> locations_;
  std::unordered_map<std::uint64_t, int> locations_by_address_;
  std::size_t thread_count_ = 1;

  // The seq_cst events in the order of their adding; one's number is its bit.
  std::vector<int> sequential_;
  std::array<std::vector<int>, kMaxThreads> sequential_of_;  // numbers, for each thread
  std::array<Mask, kMaxSequential> comes_after_{};           // must be before it in S
  std::vector<std::pair<int, int>> scratch_;
};

}  // namespace ringpeer::interleaving

#endif  // RINGPEER_TESTS_INTERLEAVING_EXECUTION_GRAPH_H_
