// EncodePool in every interleaving: two and three threads that lease, write and give back.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>

#include "ringpeer/codec/wire/encode_pool.h"
#include "ringpeer/tests/interleaving/explorer.h"
#include "ringpeer/tests/interleaving/trials.h"

namespace ringpeer {
namespace {

using interleaving::expect;
using interleaving::Scenario;
using interleaving::Trials;

EncodePool& make_pool(Scenario& test, std::size_t prefilled, std::size_t kept) {
  return test.make<EncodePool>(
      EncodePool::Options{.prefilled_per_class = prefilled, .kept_per_class = kept});
}

// A buffer is nobody else's while it is leased.
void use(EncodePool& pool, std::uint8_t mine) {
  const EncodePool::Lease lease = pool.lease(1);
  lease.data()[0] = mine;
  lease.data()[EncodePool::kSmallestBuffer - 1] = mine;
  expect(lease.data()[0] == mine, "what was written");
}

void users(Scenario& test, EncodePool& pool, int threads, int times) {
  for (int i = 0; i < threads; ++i) {
    test.thread([&pool, i, times] {
      for (int j = 0; j < times; ++j) use(pool, static_cast<std::uint8_t>(i));
    });
  }
  test.at_end([&pool, threads, times] {
    const EncodePool::ClassStatistics end = pool.statistics()[0];
    expect(end.leases == static_cast<std::uint64_t>(threads * times), "all leases are counted");
    expect(end.prefilled + end.grown + end.unkept <=
               static_cast<std::uint64_t>(threads * times) + end.prefilled,
           "no more buffers than leases");
    use(pool, 0);
    expect(pool.statistics()[0].leases == end.leases + 1, "one more");
  });
}

const Trials& trials() {
  static const Trials trials{
      {"one buffer for two threads",
       [](Scenario& test) { users(test, make_pool(test, 1, 1), 2, 1); }},
      {"one buffer for two threads, twice each",
       [](Scenario& test) { users(test, make_pool(test, 1, 1), 2, 2); }},
      {"one buffer for three threads",
       [](Scenario& test) { users(test, make_pool(test, 1, 1), 3, 1); }},
      {"two threads, and the first buffer is made",
       [](Scenario& test) { users(test, make_pool(test, 0, 1), 2, 2); }},
      {"three threads, and the first two buffers are made",
       [](Scenario& test) { users(test, make_pool(test, 0, 2), 3, 1); }},
      {"a thread that reads the statistics",
       [](Scenario& test) {
         EncodePool& pool = make_pool(test, 1, 2);
         users(test, pool, 2, 1);
         test.thread([&pool] {
           const EncodePool::ClassStatistics now = pool.statistics()[0];
           expect(now.leases <= 2 && now.grown <= 1 && now.unkept == 0, "no more than happens");
         });
       }},
  };
  return trials;
}

TEST(EncodePoolInterleavings, AreAllRightAndNeedEveryOrder) {
  interleaving::expect_right_and_tight(trials(), {"encode_pool.h", "encode_pool.cc"});
}

}  // namespace
}  // namespace ringpeer
