#include "ringpeer/tests/interleaving/litmus.h"

#include <cstddef>
#include <sstream>

#include "ringpeer/tests/interleaving/checked_atomics.h"

namespace ringpeer::interleaving {
namespace {

const char* short_name(std::memory_order order) {
  switch (order) {
    case std::memory_order_acquire:
      return "acq";
    case std::memory_order_release:
      return "rel";
    case std::memory_order_acq_rel:
      return "acq_rel";
    case std::memory_order_seq_cst:
      return "sc";
    default:
      return "rlx";
  }
}

struct Objects {
  Atomic<int> at[kLitmusObjects];
};

constexpr std::size_t kMaxReads = 16;
struct Reads {
  std::size_t count = 0;
  int values[kMaxReads] = {};
};

void execute(const LitmusThread& thread, Objects& objects, Reads& reads) {
  for (const Instruction& instruction : thread) {
    if (instruction.is_conditional && (reads.count == 0 || reads.values[reads.count - 1] == 0)) {
      continue;
    }
    Atomic<int>& object = objects.at[instruction.object];
    switch (instruction.kind) {
      case Instruction::Kind::kLoad:
        reads.values[reads.count++] = object.load(instruction.order);
        break;
      case Instruction::Kind::kStore:
        object.store(instruction.value, instruction.order);
        break;
      case Instruction::Kind::kAdd:
        reads.values[reads.count++] = object.fetch_add(instruction.value, instruction.order);
        break;
      case Instruction::Kind::kCompareExchange: {
        int expected = instruction.expected;
        object.compare_exchange_strong(expected, instruction.value, instruction.order,
                                       instruction.failure);
        reads.values[reads.count++] = expected;
        break;
      }
      case Instruction::Kind::kFence:
        thread_fence(instruction.order);
        break;
    }
  }
}

}  // namespace

std::string describe(const Program& program) {
  std::ostringstream text;
  for (std::size_t i = 0; i < program.size(); ++i) {
    if (i > 0) text << " || ";
    for (const Instruction& instruction : program[i]) {
      if (instruction.is_conditional) text << "if != 0: ";
      const char name = "xyz"[instruction.object];
      const char* const order = short_name(instruction.order);
      switch (instruction.kind) {
        case Instruction::Kind::kLoad:
          text << "load " << name << ' ' << order;
          break;
        case Instruction::Kind::kStore:
          text << "store " << name << '=' << instruction.value << ' ' << order;
          break;
        case Instruction::Kind::kAdd:
          text << "add " << name << '+' << instruction.value << ' ' << order;
          break;
        case Instruction::Kind::kCompareExchange:
          text << "cas " << name << ' ' << instruction.expected << "->" << instruction.value << ' '
               << order << '/' << short_name(instruction.failure);
          break;
        case Instruction::Kind::kFence:
          text << "fence " << order;
          break;
      }
      text << "; ";
    }
  }
  return text.str();
}

std::string outcome_of(const std::vector<int>& read, const std::vector<int>& last) {
  std::string text;
  for (const int value : read) text += std::to_string(value);
  text += "|";
  for (const int value : last) text += std::to_string(value);
  return text;
}

Result explore(const Program& program) {
  return explore([&](Scenario& test) {
    auto& objects = test.make<Objects>();
    auto& reads = test.make<std::vector<Reads>>(program.size());
    for (std::size_t i = 0; i < program.size(); ++i) {
      test.thread([&, i] { execute(program[i], objects, reads[i]); });
    }
    test.at_end([&] {
      std::vector<int> read;
      for (const Reads& of_thread : reads) {
        read.insert(read.end(), of_thread.values, of_thread.values + of_thread.count);
      }
      std::vector<int> last;
      for (auto& object : objects.at) last.push_back(object.load(std::memory_order_relaxed));
      record(outcome_of(read, last));
    });
  });
}

}  // namespace ringpeer::interleaving
