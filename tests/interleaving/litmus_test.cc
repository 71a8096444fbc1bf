// The explorer finds exactly the executions that the C++20 memory model allows: on the classic
// programs, with every combination of orders and fences, and on random ones. Twice told: by what
// is known of the classic programs, and by the sentences of the standard, tried one by one.

#include "ringpeer/tests/interleaving/litmus.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <random>
#include <string>
#include <vector>

namespace ringpeer::interleaving {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr auto kAcquire = std::memory_order_acquire;
constexpr auto kRelease = std::memory_order_release;
constexpr auto kBoth = std::memory_order_acq_rel;
constexpr auto kSequential = std::memory_order_seq_cst;

constexpr std::array kLoadOrders = {kRelaxed, kAcquire, kSequential};
constexpr std::array kStoreOrders = {kRelaxed, kRelease, kSequential};
constexpr std::array kModifyOrders = {kRelaxed, kAcquire, kRelease, kBoth, kSequential};
constexpr std::array kFences = {kRelaxed, kAcquire, kRelease, kBoth, kSequential};  // relaxed: none

constexpr int kX = 0;
constexpr int kY = 1;

// Two operations with a fence between them, in all orders.
std::vector<LitmusThread> all_orders(Instruction first, Instruction second) {
  const auto orders = [](const Instruction& instruction) {
    return instruction.kind == Instruction::Kind::kLoad ? kLoadOrders : kStoreOrders;
  };
  std::vector<LitmusThread> threads;
  for (const auto first_order : orders(first)) {
    for (const auto second_order : orders(second)) {
      for (const auto between : kFences) {
        first.order = first_order;
        second.order = second_order;
        threads.push_back({first, fence(between), second});
      }
    }
  }
  return threads;
}

// Whether S orders the two operations of such a thread for everybody.
bool is_sequential(const LitmusThread& thread) {
  return thread[1].order == kSequential ||
         (thread[0].order == kSequential && thread[2].order == kSequential);
}
bool is_releasing(const LitmusThread& thread) {
  const auto fence = thread[1].order;
  return thread[2].order == kRelease || thread[2].order == kSequential || fence == kRelease ||
         fence == kBoth || fence == kSequential;
}
bool is_acquiring(const LitmusThread& thread) {
  const auto fence = thread[1].order;
  return thread[0].order == kAcquire || thread[0].order == kSequential || fence == kAcquire ||
         fence == kBoth || fence == kSequential;
}

// All outcomes, and how often, are those of the standard; the one that makes this program
// interesting is there just when it is known to be.
void expect_exactly(const Program& program, const std::string& outcome, bool is_allowed) {
  const Result result = explore(program);
  ASSERT_TRUE(result.is_proven()) << describe(program) << result.failure;
  ASSERT_EQ(result.outcomes, ask_axioms(program).standard) << describe(program);
  ASSERT_EQ(result.outcomes.contains(outcome), is_allowed) << describe(program) << outcome;
}
void expect_allowed(const Program& program, const std::string& outcome) {
  expect_exactly(program, outcome, true);
}
void expect_forbidden(const Program& program, const std::string& outcome) {
  expect_exactly(program, outcome, false);
}

TEST(Litmus, StoreBuffering) {
  for (const auto& a : all_orders(store(kX, 1, {}), load(kY, {}))) {
    for (const auto& b : all_orders(store(kY, 1, {}), load(kX, {}))) {
      ASSERT_NO_FATAL_FAILURE(
          expect_exactly({a, b}, "00|110", !(is_sequential(a) && is_sequential(b))));
    }
  }
}

TEST(Litmus, MessagePassing) {
  for (const auto& a : all_orders(store(kX, 1, {}), store(kY, 1, {}))) {
    for (const auto& b : all_orders(load(kY, {}), load(kX, {}))) {
      ASSERT_NO_FATAL_FAILURE(
          expect_exactly({a, b}, "10|110", !(is_releasing(a) && is_acquiring(b))));
    }
  }
}

// The standard allows it for relaxed operations and asks implementations not to. RC11, which
// the explorer follows here, forbids cycles of "sequenced before" and "reads from".
TEST(Litmus, LoadBuffering) {
  for (const auto& a : all_orders(load(kX, {}), store(kY, 1, {}))) {
    for (const auto& b : all_orders(load(kY, {}), store(kX, 1, {}))) {
      expect_forbidden({a, b}, "11|110");
    }
  }
}

TEST(Litmus, TwoPlusTwoWrites) {
  for (const auto& a : all_orders(store(kX, 1, {}), store(kY, 2, {}))) {
    for (const auto& b : all_orders(store(kY, 1, {}), store(kX, 2, {}))) {
      ASSERT_NO_FATAL_FAILURE(
          expect_exactly({a, b}, "|110", !(is_sequential(a) && is_sequential(b))));
    }
  }
}

// Two loads of order seq_cst order what they saw, whatever the orders of the stores: their
// coherence order goes through the stores. (RC11 asks for stores of order seq_cst, too; it is the
// only one of these programs for which the two differ.)
TEST(Litmus, IndependentReadsOfIndependentWrites) {
  const auto xy = all_orders(load(kX, {}), load(kY, {}));
  const auto yx = all_orders(load(kY, {}), load(kX, {}));
  for (std::size_t x = 0; x < kStoreOrders.size(); ++x) {
    for (std::size_t y = x; y < kStoreOrders.size(); ++y) {
      for (std::size_t a = 0; a < xy.size(); ++a) {
        // With equal stores, one of two mirror images will do.
        for (std::size_t b = x == y ? a : 0; b < yx.size(); ++b) {
          const Program program{
              {store(kX, 1, kStoreOrders[x])}, {store(kY, 1, kStoreOrders[y])}, xy[a], yx[b]};
          const bool is_forbidden = is_sequential(xy[a]) && is_sequential(yx[b]);
          ASSERT_NO_FATAL_FAILURE(expect_exactly(program, "1010|110", !is_forbidden));
        }
      }
    }
  }
}

TEST(Litmus, Rc11DiffersFromTheStandardOnlyWhereLoadsAreSequentialAndStoresAreNot) {
  for (const auto& a : all_orders(store(kX, 1, {}), load(kY, {}))) {
    for (const auto& b : all_orders(store(kY, 1, {}), load(kX, {}))) {
      const Axioms axioms = ask_axioms({a, b});
      ASSERT_EQ(axioms.standard, axioms.rc11) << describe({a, b});
    }
  }
  for (const auto& a : all_orders(store(kX, 1, {}), store(kY, 2, {}))) {
    for (const auto& b : all_orders(store(kY, 1, {}), store(kX, 2, {}))) {
      const Axioms axioms = ask_axioms({a, b});
      ASSERT_EQ(axioms.standard, axioms.rc11) << describe({a, b});
    }
  }
  for (const auto stores : kStoreOrders) {
    const LitmusThread a{load(kX, kSequential), load(kY, kSequential)};
    const LitmusThread b{load(kY, kSequential), load(kX, kSequential)};
    const Axioms axioms = ask_axioms({{store(kX, 1, stores)}, {store(kY, 1, stores)}, a, b});
    EXPECT_FALSE(axioms.standard.contains("1010|110"));
    EXPECT_EQ(axioms.rc11.contains("1010|110"), stores != kSequential);
  }
}

TEST(Litmus, Coherence) {
  // Read-read, write-write, read-write, write-read, all relaxed.
  expect_forbidden({{store(kX, 1, kRelaxed)}, {load(kX, kRelaxed), load(kX, kRelaxed)}}, "10|100");
  expect_forbidden({{store(kX, 1, kRelaxed), store(kX, 2, kRelaxed)}}, "|100");
  expect_forbidden({{load(kX, kRelaxed), store(kX, 1, kRelaxed)}}, "1|100");
  expect_forbidden({{load(kX, kRelaxed), store(kX, 1, kRelaxed)}, {store(kX, 2, kRelaxed)}},
                   "2|200");
  expect_forbidden({{store(kX, 1, kRelaxed), load(kX, kRelaxed)}, {store(kX, 2, kRelaxed)}},
                   "2|100");
  expect_allowed({{store(kX, 1, kRelaxed), load(kX, kRelaxed)}, {store(kX, 2, kRelaxed)}}, "2|200");
  // Two readers agree on the order of two writes.
  const LitmusThread reader{load(kX, kRelaxed), load(kX, kRelaxed)};
  expect_forbidden({{store(kX, 1, kRelaxed)}, {store(kX, 2, kRelaxed)}, reader, reader},
                   "1221|200");
}

TEST(Litmus, ReadModifyWritesAreAtomic) {
  for (const auto order : kModifyOrders) {
    expect_forbidden({{add(kX, 1, order)}, {add(kX, 1, order)}}, "00|100");
    expect_allowed({{add(kX, 1, order)}, {add(kX, 1, order)}}, "01|200");
    expect_forbidden({{add(kX, 1, order)}, {store(kX, 5, kRelaxed)}}, "0|100");
    const auto cas = compare_exchange(kX, 0, 1, order, kRelaxed);
    expect_forbidden({{cas}, {cas}}, "00|100");
    // A failed one is a load and may be out of date.
    const auto late = compare_exchange(kX, 2, 9, order, kRelaxed);
    expect_allowed({{store(kX, 1, kRelaxed), store(kX, 2, kRelaxed)}, {late}}, "1|200");
  }
}

TEST(Litmus, ReleaseSequences) {
  const LitmusThread reader{load(kY, kAcquire), load(kX, kRelaxed)};
  const LitmusThread writer{store(kX, 1, kRelaxed), store(kY, 1, kRelease)};
  // Relaxed read-modify-writes go on with it, whoever does them.
  expect_forbidden({writer, {add(kY, 1, kRelaxed)}, reader}, "020|120");
  LitmusThread writer_and_add = writer;
  writer_and_add.push_back(add(kY, 1, kRelaxed));
  expect_forbidden({writer_and_add, reader}, "120|120");
  // A store ends it, since C++20 also one by the same thread.
  LitmusThread writer_and_store = writer;
  writer_and_store.push_back(store(kY, 2, kRelaxed));
  expect_allowed({writer_and_store, reader}, "20|120");
  expect_allowed({writer, {store(kY, 2, kRelaxed)}, reader}, "20|120");
  // One headed by a fence.
  const LitmusThread by_fence{store(kX, 1, kRelaxed), fence(kRelease), store(kY, 1, kRelaxed)};
  expect_forbidden({by_fence, {add(kY, 1, kRelaxed)}, reader}, "020|120");
}

TEST(Litmus, WriteToReadCausality) {
  const auto program = [](std::memory_order acquire, std::memory_order release) {
    return Program{{store(kX, 1, kRelaxed)},
                   {load(kX, acquire), store(kY, 1, release)},
                   {load(kY, kAcquire), load(kX, kRelaxed)}};
  };
  // Reading is enough, by coherence; but what was read must be handed on.
  expect_forbidden(program(kRelaxed, kRelease), "110|110");
  expect_forbidden(program(kAcquire, kRelease), "110|110");
  expect_allowed(program(kAcquire, kRelaxed), "110|110");
}

TEST(Litmus, HandedOnTwice) {  // ISA2
  const auto program = [](std::memory_order acquire, std::memory_order release) {
    constexpr int kZ = 2;
    return Program{{store(kX, 1, kRelaxed), store(kY, 1, kRelease)},
                   {load(kY, acquire), store(kZ, 1, release)},
                   {load(kZ, kAcquire), load(kX, kRelaxed)}};
  };
  expect_forbidden(program(kAcquire, kRelease), "110|111");
  expect_allowed(program(kRelaxed, kRelease), "110|111");
  expect_allowed(program(kAcquire, kRelaxed), "110|111");
}

// What C++11 forbade and no Power machine kept: the mix of seq_cst and weaker operations that
// made C++20 weaken "happens before" to "strongly happens before" in the conditions for S.
TEST(Litmus, MixedOrdersOfOneObject) {  // Z6.U
  const auto program = [](std::memory_order weaker) {
    return Program{{store(kX, 1, kSequential), store(kY, 1, weaker)},
                   {add(kY, 1, kSequential), load(kY, kRelaxed)},
                   {store(kY, 3, kSequential), load(kX, kSequential)}};
  };
  expect_allowed(program(kRelease), "130|130");
  expect_forbidden(program(kSequential), "130|130");
}

TEST(Litmus, ReadToWriteCausality) {  // RWC, with fences
  const auto program = [](std::memory_order a, std::memory_order b) {
    return Program{{store(kX, 1, kRelaxed)},
                   {load(kX, kRelaxed), fence(a), load(kY, kRelaxed)},
                   {store(kY, 1, kRelaxed), fence(b), load(kX, kRelaxed)}};
  };
  expect_forbidden(program(kSequential, kSequential), "100|110");
  expect_allowed(program(kBoth, kSequential), "100|110");
  expect_allowed(program(kSequential, kBoth), "100|110");
}

// Branches on what was read, up to nine operations, two or three threads: whatever they are, each
// execution of the standard is found, and found once.
TEST(Litmus, RandomPrograms) {
  constexpr int kPrograms = 4000;
  std::mt19937 random(20221);
  const auto below = [&](std::size_t count) { return static_cast<std::size_t>(random() % count); };
  for (int i = 0; i < kPrograms; ++i) {
    const std::size_t threads = 2 + below(2);
    const bool prefers_sequential = below(2) != 0;
    const auto order_of = [&](const auto& orders) {
      return prefers_sequential && below(2) != 0 ? kSequential : orders[below(orders.size())];
    };
    Program program(threads);
    for (std::size_t thread = 0; thread < threads; ++thread) {
      const std::size_t count = 1 + below(threads == 2 ? 4 : 3);
      for (std::size_t j = 0; j < count; ++j) {
        const auto object = static_cast<int>(below(2));
        const auto value = static_cast<int>(1 + thread * 4 + j);
        Instruction instruction = fence(order_of(kFences));
        const std::size_t kind = below(9);
        if (kind < 3) instruction = load(object, order_of(kLoadOrders));
        if (kind >= 3 && kind < 6) instruction = store(object, value, order_of(kStoreOrders));
        if (kind == 6) instruction = add(object, 1, order_of(kModifyOrders));
        if (kind == 7) {
          instruction = compare_exchange(object, static_cast<int>(below(3)), 9,
                                         order_of(kModifyOrders), order_of(kLoadOrders));
        }
        instruction.is_conditional = below(4) == 0;
        program[thread].push_back(instruction);
      }
    }
    const Result result = explore(program);
    ASSERT_TRUE(result.is_proven()) << describe(program) << result.failure;
    ASSERT_EQ(result.outcomes, ask_axioms(program).standard) << describe(program);
  }
}

}  // namespace
}  // namespace ringpeer::interleaving
