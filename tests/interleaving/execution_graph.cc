#include "ringpeer/tests/interleaving/execution_graph.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>

#include "ringpeer/tests/interleaving/order_name.h"

namespace ringpeer::interleaving {
namespace {

const char* name_of(EventKind kind) {
  switch (kind) {
    case EventKind::kInitial:
      return "initial";
    case EventKind::kRead:
      return "load";
    case EventKind::kWrite:
      return "store";
    case EventKind::kModify:
      return "modify";
    case EventKind::kFence:
      return "fence";
    case EventKind::kMark:
      return "threads begin";
  }
  return "";
}

}  // namespace

void ExecutionGraph::clear() {
  events_.clear();
  locations_.clear();
  locations_by_address_.clear();
  threads_.fill({});
  thread_count_ = 1;
  sequential_.clear();
  for (auto& numbers : sequential_of_) numbers.clear();
}

int ExecutionGraph::location(std::uint64_t address, std::uint64_t initial_value) {
  const auto [found, is_new] =
      locations_by_address_.try_emplace(address, static_cast<int>(locations_.size()));
  if (is_new) {
    Event initial;
    initial.kind = EventKind::kInitial;
    initial.thread = kNoThread;
    initial.location = found->second;
    initial.position = 0;
    initial.written = initial_value;
    locations_.push_back({address, {static_cast<int>(events_.size())}, {}});
    events_.push_back(initial);
  }
  return found->second;
}

int ExecutionGraph::add(Event event) {
  Thread& thread = threads_[event.thread];
  const int id = static_cast<int>(events_.size());
  event.index = ++thread.count;
  event.before = thread.clock;
  thread.clock.set(event.thread, event.index);
  const bool acquires = is_acquire(event.order);
  const bool releases = is_release(event.order);
  if (event.reads()) {
    const Event& source = events_[event.source];
    event.read = source.written;
    if (!event.is_kernel) thread.acquired.join(source.released);
    if (acquires) thread.clock.join(source.released);
  }
  if (event.kind == EventKind::kFence) {
    if (acquires) thread.clock.join(thread.acquired);
    if (releases) thread.fenced = thread.clock;
  }
  event.clock = thread.clock;
  if (event.writes()) {
    event.released = releases ? thread.clock : thread.fenced;
    // It goes on with every release sequence that its source belongs to.
    if (event.kind == EventKind::kModify) event.released.join(events_[event.source].released);
  }
  events_.push_back(event);
  if (event.writes()) insert_write(id);
  if (event.kind == EventKind::kRead) locations_[event.location].reads.push_back(id);
  if (event.order == std::memory_order_seq_cst) {
    sequential_of_[event.thread].push_back(static_cast<int>(sequential_.size()));
    sequential_.push_back(id);
  }
  return id;
}

void ExecutionGraph::insert_write(int id) {
  auto& writes = locations_[events_[id].location].writes;
  const int position = events_[id].position;
  writes.insert(writes.begin() + position, id);
  for (std::size_t i = static_cast<std::size_t>(position) + 1; i < writes.size(); ++i) {
    events_[writes[i]].position = static_cast<int>(i);
  }
}

void ExecutionGraph::remove_last(const Thread& thread_before) {
  const Event& event = events_.back();
  if (event.writes()) {
    auto& writes = locations_[event.location].writes;
    writes.erase(writes.begin() + event.position);
    for (std::size_t i = static_cast<std::size_t>(event.position); i < writes.size(); ++i) {
      events_[writes[i]].position = static_cast<int>(i);
    }
  }
  if (event.kind == EventKind::kRead) locations_[event.location].reads.pop_back();
  if (event.order == std::memory_order_seq_cst) {
    sequential_of_[event.thread].pop_back();
    sequential_.pop_back();
  }
  threads_[event.thread] = thread_before;
  events_.pop_back();
}

void ExecutionGraph::begin_threads(std::size_t count) {
  add(Event{});
  thread_count_ = count + 1;
  for (std::size_t i = 1; i < thread_count_; ++i) threads_[i].clock = threads_[0].clock;
}

void ExecutionGraph::end_threads() {
  for (std::size_t i = 1; i < thread_count_; ++i) {
    threads_[0].clock.join(threads_[i].clock);
    // Also what it has done since its last event.
    threads_[0].clock.set(i, static_cast<Stamp>(threads_[i].count + 1));
  }
}

int ExecutionGraph::oldest_visible(const Location& location, const Clock& clock) const {
  int oldest = 0;
  for (std::size_t i = location.writes.size(); i-- > 1;) {
    if (happens_before(events_[location.writes[i]], clock)) {
      oldest = static_cast<int>(i);
      break;
    }
  }
  for (const int id : location.reads) {
    const Event& read = events_[id];
    if (happens_before(read, clock)) oldest = std::max(oldest, events_[read.source].position);
  }
  return oldest;
}

std::vector<int> ExecutionGraph::readable(std::size_t thread, int location,
                                          const Clock& also_visible) const {
  const Location& there = locations_[location];
  Clock clock = threads_[thread].clock;
  clock.join(also_visible);
  return {there.writes.begin() + oldest_visible(there, clock), there.writes.end()};
}

std::vector<int> ExecutionGraph::writable(std::size_t thread, int location) const {
  const Location& there = locations_[location];
  std::vector<int> positions;
  const int end = static_cast<int>(there.writes.size());
  for (int i = oldest_visible(there, threads_[thread].clock) + 1; i <= end; ++i) {
    if (i == end || events_[there.writes[i]].kind != EventKind::kModify) positions.push_back(i);
  }
  return positions;
}

int ExecutionGraph::previous(int write) const {
  const Event& event = events_[write];
  return event.position == 0 ? -1 : locations_[event.location].writes[event.position - 1];
}

bool ExecutionGraph::can_be_modified(int write) const {
  const Event& event = events_[write];
  const auto& writes = locations_[event.location].writes;
  const std::size_t next = static_cast<std::size_t>(event.position) + 1;
  return next == writes.size() || events_[writes[next]].kind != EventKind::kModify;
}

bool ExecutionGraph::is_newest(const Event& event) const {
  const auto& writes = locations_[event.location].writes;
  return event.reads() ? event.source == writes.back()
                       : event.position == static_cast<int>(writes.size());
}

bool ExecutionGraph::allows(const Event& event) {
  if (event.reads()) {
    const std::vector<int> sources = readable(event.thread, event.location, event.also_visible);
    if (std::find(sources.begin(), sources.end(), event.source) == sources.end()) return false;
    if (event.kind == EventKind::kModify && !can_be_modified(event.source)) return false;
  }
  // Coherence-ordered after all others and before none: nothing can come before another in S
  // because of it, and it has no successors itself.
  if (is_newest(event)) return true;
  const Thread before = threads_[event.thread];
  add(event);
  const bool has_order = sequential_.size() < 2 || has_sequential_order();
  remove_last(before);
  return has_order;
}

// ---- The order S.

bool ExecutionGraph::has_sequential_order() {
  std::fill_n(comes_after_.begin(), sequential_.size(), 0);
  order_strongly();
  for (const Location& location : locations_) {
    if (location.writes.size() + location.reads.size() > 1) order_coherently(location);
  }
  return !has_cycle();
}

// "A strongly happens before B": A is sequenced before B; or before something that happens
// before something that is sequenced before B; or a chain of those and of seq_cst operations that
// synchronize with each other. The last kind of link leads from one seq_cst operation to another
// at the same location, which are coherence-ordered; so it need not be looked at here.
void ExecutionGraph::order_strongly() {
  for (std::size_t number = 0; number < sequential_.size(); ++number) {
    const Event& event = events_[sequential_[number]];
    for (std::size_t thread = 0; thread < thread_count_; ++thread) {
      const Stamp before = event.before[thread];
      const Stamp end = thread == event.thread ? event.index : before;  // not that one itself
      const auto& numbers = sequential_of_[thread];
      for (std::size_t i = numbers.size(); i-- > 0;) {
        if (events_[sequential_[numbers[i]]].index >= end) continue;
        comes_after_[number] |= Mask{1} << numbers[i];
        break;  // earlier ones are before that one
      }
    }
  }
}

// The latest fence of order seq_cst in each thread that happens before the event.
ExecutionGraph::Mask ExecutionGraph::fences_before(const Event& event) const {
  Mask fences = 0;
  for (std::size_t thread = 0; thread < thread_count_; ++thread) {
    const auto& numbers = sequential_of_[thread];
    for (std::size_t i = numbers.size(); i-- > 0;) {
      const Event& fence = events_[sequential_[numbers[i]]];
      if (fence.kind != EventKind::kFence || !happens_before(fence, event.clock)) continue;
      fences |= Mask{1} << numbers[i];
      break;
    }
  }
  return fences;
}

// "A is coherence-ordered before B" is, among the operations on one location, the order of
// numbers: 2p for the write at place p, 2p + 1 for who reads it; a modify counts as its write.
// Whatever stands for A in S (itself, or a fence that happens before it) is before
// whatever stands for B (itself, or a fence that it happens before).
void ExecutionGraph::order_coherently(const Location& location) {
  scratch_.clear();
  for (const int id : location.writes) scratch_.emplace_back(2 * events_[id].position, id);
  for (const int id : location.reads) {
    scratch_.emplace_back(2 * events_[events_[id].source].position + 1, id);
  }
  std::sort(scratch_.begin(), scratch_.end());
  Mask before = 0;  // what stands for operations of smaller numbers
  Mask equal = 0;
  int current = -1;
  for (const auto& [place, id] : scratch_) {
    if (place != current) {
      before |= std::exchange(equal, 0);
      current = place;
    }
    const Event& event = events_[id];
    if (event.kind == EventKind::kInitial) continue;
    const Mask fences = fences_before(event);
    for (std::size_t number = 0; number < sequential_.size(); ++number) {
      const Event& other = events_[sequential_[number]];
      const bool is_itself = sequential_[number] == id;
      if (is_itself) equal |= Mask{1} << number;
      const bool is_fence_after =
          other.kind == EventKind::kFence && happens_before(event, other.clock);
      if (is_itself || is_fence_after) comes_after_[number] |= before;
    }
    equal |= fences;
  }
}

bool ExecutionGraph::has_cycle() const {
  Mask left = sequential_.size() == kMaxSequential ? ~Mask{0} : (Mask{1} << sequential_.size()) - 1;
  for (bool progress = true; progress && left != 0;) {
    progress = false;
    for (Mask rest = left; rest != 0; rest &= rest - 1) {
      const int number = std::countr_zero(rest);
      if ((comes_after_[number] & left) != 0) continue;
      left &= ~(Mask{1} << number);
      progress = true;
    }
  }
  return left != 0;
}

// ---- For people.

std::string ExecutionGraph::describe() const {
  // Of a loop without end, its begin and its last rounds.
  constexpr std::size_t kFirst = 100;
  constexpr std::size_t kLast = 30;
  std::string text;
  char line[256];
  for (std::size_t id = 0; id < events_.size(); ++id) {
    if (id == kFirst && events_.size() > kFirst + kLast) {
      id = events_.size() - kLast;
      text += "  ...\n";
    }
    const Event& event = events_[id];
    if (event.kind == EventKind::kInitial) {
      std::snprintf(line, sizeof(line), "  #%zu object %d is %lld\n", id, event.location,
                    static_cast<long long>(event.written));
      text += line;
      continue;
    }
    std::snprintf(line, sizeof(line), "  #%zu thread %u: %s %s", id, event.thread,
                  name_of(event.kind),
                  event.kind == EventKind::kMark ? "" : order_name(event.order));
    text += line;
    if (event.location >= 0) {
      std::snprintf(line, sizeof(line), ", object %d", event.location);
      text += line;
    }
    if (event.reads()) {
      std::snprintf(line, sizeof(line), ", reads %lld of #%d", static_cast<long long>(event.read),
                    event.source);
      text += line;
    }
    if (event.writes()) {
      std::snprintf(line, sizeof(line), ", writes %lld as number %d",
                    static_cast<long long>(event.written), event.position);
      text += line;
    }
    const char* slash = std::strrchr(event.site.file, '/');
    std::snprintf(line, sizeof(line), "  (%s:%d)\n", slash == nullptr ? event.site.file : slash + 1,
                  event.site.line);
    text += line;
  }
  return text;
}

}  // namespace ringpeer::interleaving
