// The C++20 memory model, read off the standard without any thought of speed. Shares nothing
// with the explorer but the programs.

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ringpeer/tests/interleaving/litmus.h"

namespace ringpeer::interleaving {
namespace {

constexpr std::size_t kMaxEvents = 16;

// A relation between events.
class Relation {
 public:
  bool operator()(std::size_t a, std::size_t b) const { return (rows_[a] >> b & 1) != 0; }
  void add(std::size_t a, std::size_t b) { rows_[a] |= 1u << b; }
  bool operator==(const Relation&) const = default;
  Relation operator|(const Relation& other) const {
    Relation result = *this;
    for (std::size_t i = 0; i < kMaxEvents; ++i) result.rows_[i] |= other.rows_[i];
    return result;
  }
  // First this, then the other.
  Relation then(const Relation& other) const {
    Relation result;
    for (std::size_t i = 0; i < kMaxEvents; ++i) {
      for (std::size_t j = 0; j < kMaxEvents; ++j) {
        if ((*this)(i, j)) result.rows_[i] |= other.rows_[j];
      }
    }
    return result;
  }
  // Once or several times.
  Relation closure() const {
    Relation result = *this;
    for (std::size_t via = 0; via < kMaxEvents; ++via) {
      for (std::size_t i = 0; i < kMaxEvents; ++i) {
        if (result(i, via)) result.rows_[i] |= result.rows_[via];
      }
    }
    return result;
  }
  bool has_cycle() const {
    const Relation all = closure();
    for (std::size_t i = 0; i < kMaxEvents; ++i) {
      if (all(i, i)) return true;
    }
    return false;
  }
  template <typename Condition>
  Relation where(Condition condition) const {
    Relation result;
    for (std::size_t i = 0; i < kMaxEvents; ++i) {
      for (std::size_t j = 0; j < kMaxEvents; ++j) {
        if ((*this)(i, j) && condition(i, j)) result.add(i, j);
      }
    }
    return result;
  }

 private:
  std::array<std::uint32_t, kMaxEvents> rows_{};
};

struct Candidate {
  struct Event {
    const Instruction* instruction = nullptr;  // null: an object's initial value
    int thread = -1;
    int object = -1;
    bool reads = false;
    bool writes = false;
    bool is_fence = false;
    bool is_left_out = false;
    std::memory_order order = std::memory_order_relaxed;
    std::size_t source = 0;  // whom it reads from
    std::size_t place = 0;   // in the modification order
    int read = 0;
    int written = 0;
  };
  std::vector<Event> events;

  bool is_acquire(std::size_t i) const {
    const auto order = events[i].order;
    return (events[i].reads || events[i].is_fence) &&
           (order == std::memory_order_acquire || order == std::memory_order_acq_rel ||
            order == std::memory_order_seq_cst);
  }
  bool is_release(std::size_t i) const {
    const auto order = events[i].order;
    return (events[i].writes || events[i].is_fence) &&
           (order == std::memory_order_release || order == std::memory_order_acq_rel ||
            order == std::memory_order_seq_cst);
  }
  bool is_sequential(std::size_t i) const { return events[i].order == std::memory_order_seq_cst; }
  bool same_object(std::size_t a, std::size_t b) const {
    return events[a].object >= 0 && events[a].object == events[b].object;
  }
  template <typename Condition>
  Relation relate(Condition condition) const {
    Relation relation;
    for (std::size_t a = 0; a < events.size(); ++a) {
      for (std::size_t b = 0; b < events.size(); ++b) {
        if (condition(a, b)) relation.add(a, b);
      }
    }
    return relation;
  }

  // [intro.races]: the maximal contiguous subsequence of the modification order that begins
  // with `head` and goes on with read-modify-writes.
  bool is_in_release_sequence(std::size_t head, std::size_t write) const {
    if (!events[write].writes || !same_object(head, write)) return false;
    if (events[write].place < events[head].place) return false;
    for (std::size_t i = 0; i < events.size(); ++i) {
      const bool is_between = events[i].writes && same_object(i, head) &&
                              events[i].place > events[head].place &&
                              events[i].place <= events[write].place;
      if (is_between && !events[i].reads) return false;
    }
    return true;
  }

  Relation sequenced_before() const {
    return relate([&](std::size_t a, std::size_t b) {
      return events[a].thread >= 0 && events[a].thread == events[b].thread && a < b;
    });
  }
  Relation reads_from() const {
    return relate(
        [&](std::size_t a, std::size_t b) { return events[b].reads && events[b].source == a; });
  }
  Relation modification_order() const {
    return relate([&](std::size_t a, std::size_t b) {
      return events[a].writes && events[b].writes && same_object(a, b) &&
             events[a].place < events[b].place;
    });
  }

  // [atomics.order] 2 and [atomics.fences].
  Relation synchronizes_with(const Relation& sb) const {
    const auto reads_from_sequence = [&](std::size_t head, std::size_t read) {
      return events[read].reads && is_in_release_sequence(head, events[read].source);
    };
    return relate([&](std::size_t a, std::size_t b) {
      if (!is_release(a) || !is_acquire(b)) return false;
      for (std::size_t x = 0; x < events.size(); ++x) {
        const bool stands_for_a = events[x].writes && (events[a].is_fence ? sb(a, x) : x == a);
        if (!stands_for_a) continue;
        for (std::size_t y = 0; y < events.size(); ++y) {
          const bool stands_for_b = events[y].reads && (events[b].is_fence ? sb(y, b) : y == b);
          if (stands_for_b && reads_from_sequence(x, y)) return true;
        }
      }
      return false;
    });
  }

  // [intro.races], the four coherence requirements, and [atomics.order] 10 for
  // read-modify-writes.
  bool is_coherent(const Relation& hb) const {
    for (std::size_t a = 0; a < events.size(); ++a) {
      if (events[a].reads && events[a].writes &&
          events[events[a].source].place + 1 != events[a].place) {
        return false;
      }
      for (std::size_t b = 0; b < events.size(); ++b) {
        if (!hb(a, b) || !same_object(a, b)) continue;
        const auto seen = [&](std::size_t i) { return events[events[i].source].place; };
        if (events[a].writes && events[b].writes && events[a].place >= events[b].place)
          return false;
        if (events[a].reads && events[b].reads && seen(a) > seen(b)) return false;
        if (events[a].reads && events[b].writes && seen(a) >= events[b].place) return false;
        if (events[a].writes && events[b].reads && seen(b) < events[a].place) return false;
      }
    }
    return true;
  }

  // [atomics.order] 3.
  Relation coherence_ordered_before(const Relation& rf, const Relation& mo) const {
    const Relation reads_older = relate([&](std::size_t a, std::size_t b) {
      return a != b && events[a].reads && mo(events[a].source, b);
    });
    Relation cob = rf | mo | reads_older;
    for (;;) {
      const Relation through =
          cob.where([&](std::size_t, std::size_t x) { return events[x].writes; });
      const Relation more = cob | through.then(cob);
      if (more == cob) return cob;
      cob = more;
    }
  }

  // [atomics.order] 4: whether the total order S can exist.
  bool has_order_of_standard(const Relation& sb, const Relation& sw, const Relation& hb,
                             const Relation& cob) const {
    const Relation sequential_sw = sw.where([&](std::size_t a, std::size_t b) {
      return is_sequential(a) && is_sequential(b) && !events[a].is_fence && !events[b].is_fence;
    });
    const Relation strongly = (sb | sequential_sw | sb.then(hb).then(sb)).closure();
    const Relation s = relate([&](std::size_t first, std::size_t second) {
      if (!is_sequential(first) || !is_sequential(second)) return false;
      if (strongly(first, second)) return true;
      for (std::size_t a = 0; a < events.size(); ++a) {
        for (std::size_t b = 0; b < events.size(); ++b) {
          if (!cob(a, b)) continue;
          const bool first_fits = first == a || (events[first].is_fence && hb(first, a));
          const bool second_fits = second == b || (events[second].is_fence && hb(b, second));
          if (first_fits && second_fits) return true;
        }
      }
      return false;
    });
    return !s.has_cycle();
  }

  // Lahav, Vafeiadis, Kang, Hur, Dreyer: Repairing Sequential Consistency in C/C++11 (2017):
  // the relation psc has no cycle.
  bool has_order_of_rc11(const Relation& sb, const Relation& hb, const Relation& rf,
                         const Relation& mo) const {
    const Relation reads_before = relate([&](std::size_t a, std::size_t b) {
      return a != b && events[a].reads && mo(events[a].source, b);
    });
    const Relation eco = (rf | mo | reads_before).closure();
    const Relation sb_elsewhere =
        sb.where([&](std::size_t a, std::size_t b) { return !same_object(a, b); });
    const Relation hb_here =
        hb.where([&](std::size_t a, std::size_t b) { return same_object(a, b); });
    const Relation scb =
        sb | sb_elsewhere.then(hb).then(sb_elsewhere) | hb_here | mo | reads_before;
    const Relation self =
        relate([&](std::size_t a, std::size_t b) { return a == b && is_sequential(a); });
    const auto from_fence = hb.where(
        [&](std::size_t a, std::size_t) { return events[a].is_fence && is_sequential(a); });
    const auto to_fence = hb.where(
        [&](std::size_t, std::size_t b) { return events[b].is_fence && is_sequential(b); });
    const Relation base = (self | from_fence).then(scb).then(self | to_fence);
    const Relation fences = (hb | hb.then(eco).then(hb)).where([&](std::size_t a, std::size_t b) {
      return events[a].is_fence && is_sequential(a) && events[b].is_fence && is_sequential(b);
    });
    return !(base | fences).has_cycle();
  }

  // What the thread had read last before this; 0 when nothing.
  int last_read_before(std::size_t i) const {
    for (std::size_t j = i; j-- > 0;) {
      if (events[j].thread == events[i].thread && events[j].reads) return events[j].read;
    }
    return 0;
  }

  // False when values cannot be worked out one after another (out of thin air), or a
  // compare_exchange or a condition does not go the way that was guessed for it.
  bool work_out_values(const Relation& sb, const Relation& rf) {
    if ((sb | rf).has_cycle()) return false;
    std::vector<bool> known(events.size(), false);
    for (std::size_t left = events.size(); left > 0;) {
      for (std::size_t i = 0; i < events.size(); ++i) {
        Event& event = events[i];
        if (known[i] || (event.reads && !known[event.source])) continue;
        known[i] = true;
        --left;
        if (event.instruction == nullptr) continue;
        const Instruction& instruction = *event.instruction;
        if (event.reads) event.read = events[event.source].written;
        event.written = instruction.value;
        if (instruction.kind == Instruction::Kind::kAdd) event.written += event.read;
        if (instruction.kind == Instruction::Kind::kCompareExchange && !event.is_left_out &&
            event.writes != (event.read == instruction.expected)) {
          return false;
        }
      }
    }
    for (std::size_t i = 0; i < events.size(); ++i) {
      const bool wants = events[i].instruction != nullptr && events[i].instruction->is_conditional;
      if (wants && (last_read_before(i) != 0) == events[i].is_left_out) return false;
    }
    return true;
  }

  void judge(Axioms* result) {
    const Relation sb = sequenced_before();
    if (!is_coherent(sb)) return;  // most are not
    const Relation rf = reads_from();
    if (!work_out_values(sb, rf)) return;
    const Relation mo = modification_order();
    const Relation sw = synchronizes_with(sb);
    const Relation initially = relate([&](std::size_t a, std::size_t b) {
      return events[a].instruction == nullptr && events[b].instruction != nullptr;
    });
    const Relation hb = (sb | sw | initially).closure();
    if (!is_coherent(hb)) return;
    std::vector<int> read;
    std::vector<int> last(kLitmusObjects);
    std::vector<std::size_t> last_place(kLitmusObjects);
    for (const Event& event : events) {
      if (event.reads) read.push_back(event.read);
      if (event.writes && event.place >= last_place[static_cast<std::size_t>(event.object)]) {
        last_place[static_cast<std::size_t>(event.object)] = event.place;
        last[static_cast<std::size_t>(event.object)] = event.written;
      }
    }
    const std::string outcome = outcome_of(read, last);
    if (has_order_of_standard(sb, sw, hb, coherence_ordered_before(rf, mo))) {
      ++result->standard[outcome];
    }
    if (has_order_of_rc11(sb, hb, rf, mo)) ++result->rc11[outcome];
  }
};

// All ways for writes to follow each other, then all ways for reads to take their values.
void try_sources(Candidate& candidate, std::size_t from, Axioms* result) {
  while (from < candidate.events.size() && !candidate.events[from].reads) ++from;
  if (from == candidate.events.size()) {
    Candidate complete = candidate;
    complete.judge(result);
    return;
  }
  for (std::size_t write = 0; write < candidate.events.size(); ++write) {
    if (write == from || !candidate.events[write].writes || !candidate.same_object(write, from)) {
      continue;
    }
    candidate.events[from].source = write;
    try_sources(candidate, from + 1, result);
  }
}

void try_orders(Candidate& candidate, int object, Axioms* result) {
  if (object == kLitmusObjects) return try_sources(candidate, 0, result);
  std::vector<std::size_t> writes;
  for (std::size_t i = 0; i < candidate.events.size(); ++i) {
    if (candidate.events[i].writes && candidate.events[i].object == object &&
        candidate.events[i].instruction != nullptr) {
      writes.push_back(i);
    }
  }
  do {
    for (std::size_t i = 0; i < writes.size(); ++i) candidate.events[writes[i]].place = i + 1;
    const bool is_backwards = std::any_of(writes.begin(), writes.end(), [&](std::size_t a) {
      return std::any_of(writes.begin(), writes.end(), [&](std::size_t b) {
        return candidate.events[a].thread == candidate.events[b].thread && a < b &&
               candidate.events[a].place > candidate.events[b].place;
      });
    });
    if (is_backwards) continue;
    try_orders(candidate, object + 1, result);
  } while (std::next_permutation(writes.begin(), writes.end()));
}

Candidate::Event event_of(const Instruction& instruction, int thread) {
  using Kind = Instruction::Kind;
  Candidate::Event event;
  event.instruction = &instruction;
  event.thread = thread;
  event.order = instruction.order;
  event.is_fence = instruction.kind == Kind::kFence;
  event.object = event.is_fence ? -1 : instruction.object;
  event.reads = !event.is_fence && instruction.kind != Kind::kStore;
  event.writes = !event.is_fence && instruction.kind != Kind::kLoad;
  return event;
}

// All ways for conditions and compare_exchanges to go, from this event on.
void try_guesses(Candidate& candidate, std::size_t from, Axioms* result) {
  if (from == candidate.events.size()) return try_orders(candidate, 0, result);
  const Candidate::Event event = candidate.events[from];
  try_guesses(candidate, from + 1, result);
  if (event.instruction == nullptr) return;
  if (event.instruction->kind == Instruction::Kind::kCompareExchange) {
    candidate.events[from].writes = false;
    candidate.events[from].order = event.instruction->failure;
    try_guesses(candidate, from + 1, result);
  }
  if (event.instruction->is_conditional) {
    Candidate::Event& left_out = candidate.events[from];
    left_out.reads = left_out.writes = left_out.is_fence = false;
    left_out.is_left_out = true;
    left_out.object = -1;
    left_out.order = std::memory_order_relaxed;
    try_guesses(candidate, from + 1, result);
  }
  candidate.events[from] = event;
}

}  // namespace

Axioms ask_axioms(const Program& program) {
  Axioms result;
  Candidate candidate;
  for (int object = 0; object < kLitmusObjects; ++object) {
    Candidate::Event initial;
    initial.object = object;
    initial.writes = true;
    candidate.events.push_back(initial);
  }
  for (std::size_t thread = 0; thread < program.size(); ++thread) {
    for (const Instruction& instruction : program[thread]) {
      candidate.events.push_back(event_of(instruction, static_cast<int>(thread)));
    }
  }
  assert(candidate.events.size() <= kMaxEvents);
  try_guesses(candidate, 0, &result);
  return result;
}

}  // namespace ringpeer::interleaving
