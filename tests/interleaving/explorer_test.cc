// What the explorer finds wrong, what it does not take for wrong, and that it looks at each
// execution once.

#include "ringpeer/tests/interleaving/explorer.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "ringpeer/tests/interleaving/checked_atomics.h"

namespace ringpeer::interleaving {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr auto kAcquire = std::memory_order_acquire;
constexpr auto kRelease = std::memory_order_release;
constexpr auto kSequential = std::memory_order_seq_cst;

void expect_failure(const Result& result, const std::string& what) {
  EXPECT_FALSE(result.is_proven());
  EXPECT_NE(result.failure.find(what), std::string::npos) << result.failure;
}

// ---- Data races.

Result pass_message(std::memory_order store, std::memory_order load) {
  return explore([=](Scenario& test) {
    auto& ready = test.make<Atomic<bool>>(false);
    auto& data = test.make<Plain<int>>(0);
    test.thread([&, store] {
      data = 1;
      ready.store(true, store);
    });
    test.thread([&, load] {
      if (ready.load(load)) expect(data == 1, "the data");
    });
  });
}

TEST(Races, AMessageIsOrderedByReleaseAndAcquireOnly) {
  EXPECT_TRUE(pass_message(kRelease, kAcquire).is_proven());
  EXPECT_TRUE(pass_message(kSequential, kSequential).is_proven());
  expect_failure(pass_message(kRelaxed, kAcquire), "data race");
  expect_failure(pass_message(kRelease, kRelaxed), "data race");
}

TEST(Races, FencesOrderPlainAccesses) {
  const auto pass = [](std::memory_order release, std::memory_order acquire) {
    return explore([=](Scenario& test) {
      auto& ready = test.make<Atomic<bool>>(false);
      auto& data = test.make<Plain<int>>(0);
      test.thread([&, release] {
        data = 1;
        thread_fence(release);
        ready.store(true, kRelaxed);
      });
      test.thread([&, acquire] {
        if (!ready.load(kRelaxed)) return;
        thread_fence(acquire);
        expect(data == 1, "the data");
      });
    });
  };
  EXPECT_TRUE(pass(kRelease, kAcquire).is_proven());
  EXPECT_TRUE(pass(kSequential, std::memory_order_acq_rel).is_proven());
  expect_failure(pass(kAcquire, kAcquire), "data race");
  expect_failure(pass(kRelease, kRelease), "data race");
  expect_failure(pass(kRelaxed, kAcquire), "data race");
}

TEST(Races, TwoReadsAreNone) {
  EXPECT_TRUE(explore([](Scenario& test) {
                auto& data = test.make<Plain<int>>(7);
                for (int i = 0; i < 3; ++i) test.thread([&] { expect(data == 7, "the data"); });
                test.at_end([&] { data = 8; });
              }).is_proven());
}

TEST(Races, AnUnorderedReadOrWriteWithAWriteIsOne) {
  for (const bool second_writes : {false, true}) {
    expect_failure(explore([second_writes](Scenario& test) {
                     auto& data = test.make<Plain<int>>(0);
                     test.thread([&] { data = 1; });
                     test.thread([&, second_writes] {
                       if (second_writes) {
                         data = 2;
                       } else {
                         [[maybe_unused]] const int value = data;
                       }
                     });
                   }),
                   "data race");
  }
}

// The second thread reads what the first then writes: a read must be ordered before a
// write as well.
TEST(Races, AReadMustBeReleasedToTheNextWriter) {
  const auto reuse = [](std::memory_order release) {
    return explore([=](Scenario& test) {
      auto& done = test.make<Atomic<bool>>(false);
      auto& data = test.make<Plain<int>>(0);
      test.thread([&] {
        if (done.load(kAcquire)) data = 2;
      });
      test.thread([&, release] {
        expect(data == 0, "the data");
        done.store(true, release);
      });
    });
  };
  EXPECT_TRUE(reuse(kRelease).is_proven());
  expect_failure(reuse(kRelaxed), "data race");
}

TEST(Races, AnAtomicObjectMustBeMadeBeforeItIsUsed) {
  const auto publish = [](std::memory_order release) {
    return explore([=](Scenario& test) {
      auto& place = test.make<Atomic<Atomic<int>*>>(nullptr);
      test.thread([&, release] { place.store(new Atomic<int>(5), release); });
      test.thread([&] {
        Atomic<int>* const object = place.load(kAcquire);
        if (object != nullptr) expect(object->load(kRelaxed) == 5, "its value");
      });
      test.at_end([&] { delete place.load(kRelaxed); });
    });
  };
  EXPECT_TRUE(publish(kRelease).is_proven());
  expect_failure(publish(kRelaxed), "data race");
}

// ---- Waiting.

// Each side stores, then looks whether the other has stored; the second sleeps if not.
Result store_then_look(std::memory_order fence) {
  return explore([=](Scenario& test) {
    auto& waits = test.make<Atomic<bool>>(false);
    auto& is_there = test.make<Atomic<bool>>(false);
    auto& wakeup = test.make<Atomic<bool>>(false);
    test.thread([&, fence] {
      is_there.store(true, kRelaxed);
      thread_fence(fence);
      if (waits.load(kRelaxed)) wakeup.store(true, kRelease);
    });
    test.thread([&, fence] {
      waits.store(true, kRelaxed);
      thread_fence(fence);
      if (!is_there.load(kRelaxed)) await(wakeup, [](bool woken) { return woken; });
    });
  });
}

TEST(Waiting, AWakeUpIsLostWithoutSequentialFences) {
  EXPECT_TRUE(store_then_look(kSequential).is_proven());
  expect_failure(store_then_look(std::memory_order_acq_rel), "deadlock");
}

TEST(Waiting, TwoThatWaitForEachOtherAreADeadlock) {
  expect_failure(explore([](Scenario& test) {
                   auto& a = test.make<Atomic<int>>(0);
                   auto& b = test.make<Atomic<int>>(0);
                   const auto is_set = [](int value) { return value != 0; };
                   test.thread([&, is_set] {
                     await(a, is_set);
                     b.store(1, kRelease);
                   });
                   test.thread([&, is_set] {
                     await(b, is_set);
                     a.store(1, kRelease);
                   });
                 }),
                 "deadlock");
}

TEST(Waiting, AnAwaitGoesOnWithAnyValueItWants) {
  const Result result = explore([](Scenario& test) {
    auto& count = test.make<Atomic<int>>(0);
    auto& seen = test.make<Plain<int>>(0);
    test.thread([&] { seen = await(count, [](int value) { return value >= 2; }); });
    test.thread([&] {
      for (int i = 0; i < 3; ++i) count.fetch_add(1, kRelease);
    });
    test.at_end([&] { record(std::to_string(seen)); });
  });
  EXPECT_TRUE(result.is_proven()) << result.failure;
  EXPECT_EQ(result.outcomes, (std::map<std::string, std::uint64_t>{{"2", 1}, {"3", 1}}));
}

// A value that was wanted once but is gone for good does not end a wait.
TEST(Waiting, AWaitForAValueThatPassesIsADeadlock) {
  expect_failure(explore([](Scenario& test) {
                   auto& count = test.make<Atomic<int>>(0);
                   test.thread([&] { await(count, [](int value) { return value == 1; }); });
                   test.thread([&] {
                     count.store(1, kRelease);
                     count.store(2, kRelease);
                   });
                 }),
                 "deadlock");
}

TEST(Waiting, ASpinLockExcludes) {
  const auto lock = [](std::memory_order acquire, std::memory_order release) {
    return explore([=](Scenario& test) {
      auto& is_locked = test.make<Atomic<bool>>(false);
      auto& data = test.make<Plain<int>>(0);
      for (int i = 0; i < 3; ++i) {
        test.thread([&, acquire, release] {
          while (is_locked.exchange(true, acquire)) {
            await(
                is_locked, [](bool locked) { return !locked; }, kRelaxed);
          }
          data = data + 1;
          is_locked.store(false, release);
        });
      }
      test.at_end([&] { expect(data == 3, "all counted"); });
    });
  };
  const Result result = lock(kAcquire, kRelease);
  EXPECT_TRUE(result.is_proven()) << result.failure;
  expect_failure(lock(kRelaxed, kRelease), "data race");
  expect_failure(lock(kAcquire, kRelaxed), "data race");
}

TEST(Waiting, ALoopThatWaitsWithoutSayingSoIsFound) {
  expect_failure(explore([](Scenario& test) {
                   auto& flag = test.make<Atomic<bool>>(false);
                   test.thread([&] {
                     while (!flag.load(kRelaxed)) {
                     }
                   });
                   test.thread([&] { flag.store(true, kRelaxed); });
                 }),
                 "does not end");
}

// The kernel compares and goes to sleep in one step, but a change without a wake-up is missed.
TEST(Waiting, AFutexWakesWhoSleepsAndNobodyElse) {
  const auto sleep = [](bool wakes, std::memory_order order) {
    return explore([=](Scenario& test) {
      auto& word = test.make<Atomic<int>>(0);
      auto& data = test.make<Plain<int>>(0);
      test.thread([&, wakes, order] {
        data = 1;
        word.store(1, order);
        if (wakes) futex_wake_all(word.object(), Site::current());
      });
      test.thread([&] {
        while (word.load(kAcquire) == 0) futex_sleep_while_equal(word.object(), 0, Site::current());
        expect(data == 1, "the data");
      });
    });
  };
  const Result result = sleep(true, kRelease);
  EXPECT_TRUE(result.is_proven()) << result.failure;
  expect_failure(sleep(false, kRelease), "deadlock");
  expect_failure(sleep(true, kRelaxed), "data race");
}

// Clearing one may eat a notification; what was done before that is visible then.
TEST(Waiting, AnEventDescriptorIsReadableFromNotifyToClear) {
  constexpr int kDescriptor = 3;
  const auto serve = [](bool looks_again) {
    return explore([=](Scenario& test) {
      auto& work = test.make<Atomic<int>>(0);
      test.thread([&] {
        for (int i = 1; i <= 2; ++i) {
          work.store(i, kRelaxed);
          eventfd_notify(kDescriptor, Site::current());
        }
      });
      test.thread([&, looks_again] {
        for (int seen = 0; seen < 2;) {
          eventfd_await_readable(kDescriptor, Site::current());
          if (!looks_again) seen = work.load(kRelaxed);
          eventfd_clear(kDescriptor, Site::current());
          if (looks_again) seen = work.load(kRelaxed);
        }
      });
    });
  };
  const Result result = serve(true);
  EXPECT_TRUE(result.is_proven()) << result.failure;
  expect_failure(serve(false), "deadlock");
}

// ---- Memory.

TEST(MemoryUse, LeaksAreFound) {
  EXPECT_TRUE(explore([](Scenario& test) {
                test.thread([] { std::make_unique<Plain<int>>(1); });
              }).is_proven());
  expect_failure(explore([](Scenario& test) {
                   auto& kept = test.make<Atomic<Plain<int>*>>(nullptr);
                   test.thread([&] { kept.store(new Plain<int>(1), kRelaxed); });
                 }),
                 "leak");
}

TEST(MemoryUse, FreeingTwiceOrWhileInUseIsFound) {
  expect_failure(explore([](Scenario& test) {
                   auto& kept = test.make<Atomic<Plain<int>*>>(new Plain<int>(1));
                   test.thread([&] { delete kept.load(kRelaxed); });
                   test.at_end([&] { delete kept.load(kRelaxed); });
                 }),
                 "free of freed memory");
  expect_failure(explore([](Scenario& test) {
                   auto& kept = test.make<Atomic<Plain<int>*>>(new Plain<int>(1));
                   test.thread([&] { delete kept.exchange(nullptr, kAcquire); });
                   test.thread([&] {
                     Plain<int>* const object = kept.load(kAcquire);
                     if (object != nullptr) [[maybe_unused]]
                       const int value = *object;
                   });
                 }),
                 "memory");
}

TEST(MemoryUse, AccessesBesideAnObjectAndToUnwrittenMemoryAreFound) {
  expect_failure(
      explore([](Scenario& test) {
        auto& bytes = test.make<std::unique_ptr<char[]>>(std::make_unique_for_overwrite<char[]>(8));
        test.thread([&] { plain_access(bytes.get() + 7, 2, PlainAccess::kWrite); });
      }),
      "outside");
  expect_failure(
      explore([](Scenario& test) {
        auto& bytes = test.make<std::unique_ptr<char[]>>(std::make_unique_for_overwrite<char[]>(8));
        test.thread([&] {
          plain_access(bytes.get(), 4, PlainAccess::kWrite);
          plain_access(bytes.get() + 2, 4, PlainAccess::kRead);
        });
      }),
      "unwritten");
}

// ---- Ways through a test.

TEST(Ways, AWeakCompareExchangeMayFailForNoReasonAsOftenAsToldTo) {
  const auto outcomes = [](int failures) {
    return explore(
               [](Scenario& test) {
                 auto& word = test.make<Atomic<int>>(0);
                 auto& tries = test.make<Plain<int>>(0);
                 test.thread([&] {
                   int expected = 0;
                   do {
                     tries = tries + 1;
                   } while (!word.compare_exchange_weak(expected, 1, kRelaxed, kRelaxed));
                   expect(expected == 0, "what it was");
                 });
                 test.at_end([&] { record(std::to_string(tries)); });
               },
               Options{.spurious_failures = failures})
        .outcomes.size();
  };
  EXPECT_EQ(outcomes(0), 1u);
  EXPECT_EQ(outcomes(2), 3u);
}

TEST(Ways, ChooseTakesAllOfThemAndAssumeLeavesOut) {
  const Result result = explore([](Scenario& test) {
    auto& sum = test.make<Plain<int>>(0);
    test.thread([&] {
      const int a = choose(3);
      const int b = choose(3);
      assume(a != b);
      sum = 10 * a + b;
    });
    test.at_end([&] { record(std::to_string(sum)); });
  });
  EXPECT_TRUE(result.is_proven()) << result.failure;
  EXPECT_EQ(result.outcomes.size(), 6u);
  EXPECT_EQ(result.executions, 6u);
  EXPECT_EQ(result.dead_ends, 3u);
}

TEST(Ways, EachExecutionIsLookedAtOnce) {
  // Each of three increments may follow any other: six orders.
  const Result result = explore([](Scenario& test) {
    auto& count = test.make<Atomic<int>>(0);
    for (int i = 0; i < 3; ++i) test.thread([&] { count.fetch_add(1, kRelaxed); });
    test.at_end([&] { expect(count.load(kRelaxed) == 3, "all counted"); });
  });
  EXPECT_TRUE(result.is_proven()) << result.failure;
  EXPECT_EQ(result.executions, 6u);
}

TEST(Ways, AFailureIsToldWithItsExecution) {
  const Result result = explore([](Scenario& test) {
    auto& word = test.make<Atomic<int>>(0);
    test.thread([&] { word.store(1, kRelaxed); });
    test.thread([&] { expect(word.load(kRelaxed) == 0, "nothing is stored"); });
  });
  expect_failure(result, "nothing is stored");
  expect_failure(result, "store relaxed");
  expect_failure(result, "explorer_test.cc");
}

TEST(Ways, WhatStopsBeforeItsEndProvesNothing) {
  const Result result = explore(
      [](Scenario& test) {
        auto& count = test.make<Atomic<int>>(0);
        for (int i = 0; i < 3; ++i) test.thread([&] { count.fetch_add(1, kRelaxed); });
      },
      Options{.max_executions = 5});
  EXPECT_EQ(result.failure, "");
  EXPECT_FALSE(result.is_complete);
  EXPECT_FALSE(result.is_proven());
}

TEST(Ways, OrdersAreNotedAndWeakenedByTheirPlace) {
  const auto test_of = [](Scenario& test) {
    auto& ready = test.make<Atomic<bool>>(false);
    auto& data = test.make<Plain<int>>(0);
    test.thread([&] {
      data = 1;
      ready.store(true, kRelease);
    });
    test.thread([&] {
      if (ready.load(kAcquire)) expect(data == 1, "the data");
    });
  };
  const Result result = explore(test_of, Options{.notes_uses = true});
  ASSERT_TRUE(result.is_proven()) << result.failure;
  ASSERT_EQ(result.uses.size(), 2u);
  for (const Use& use : result.uses) {
    Options options;
    options.weakening = Weakening{use, kRelaxed};
    expect_failure(explore(test_of, options), "data race");
  }
}

}  // namespace
}  // namespace ringpeer::interleaving
