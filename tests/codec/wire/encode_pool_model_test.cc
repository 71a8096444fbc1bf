// Random sequences of every call of a pool of buffers to encode into, without memory now and then:
// no buffer is out twice, none is lost, each is of the smallest class that holds what was asked
// for, and the statistics say what has happened.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ringpeer/codec/value/variant.h"
#include "ringpeer/codec/wire/encode.h"
#include "ringpeer/codec/wire/encode_pool.h"
#include "ringpeer/codec/wire/pooled_encoding.h"
#include "ringpeer/tests/support/model/model_run.h"
#include "ringpeer/tests/support/model/refused_memory.h"

namespace ringpeer {
namespace {

using test::Draws;

constexpr std::array<std::size_t, 12> kSizes{0,    1,    1023, 1024,  1025,  2048,
                                             2049, 4097, 9000, 32768, 65536, 65537};

std::size_t class_of(std::size_t bytes) {
  std::size_t index = 0;
  while ((EncodePool::kSmallestBuffer << index) < bytes) ++index;
  return index;
}

class PoolModel final : public test::Model {
 public:
  enum Kind { kLease, kLeaseWithoutMemory, kReset, kMove, kAddEmpty, kEncode };

  explicit PoolModel(const EncodePool::Options& options)
      : kept_(std::max(options.kept_per_class, options.prefilled_per_class)),
        pool_(options),
        classes_(EncodePool::kClassCount) {
    for (Class& each : classes_) each.made = options.prefilled_per_class;
    prefilled_ = options.prefilled_per_class;
  }

  void step(std::size_t kind, Draws& draws) override {
    switch (kind) {
      case kLease:
        lease(draws.one_of(kSizes), false);
        break;
      case kLeaseWithoutMemory:
        lease(draws.one_of(kSizes), true);
        break;
      case kReset:
        reset(draws.below(20));
        break;
      case kMove:
        move(draws.below(20), draws.below(20));
        break;
      case kAddEmpty:
        if (!held_.empty()) held_.push_back({});
        break;
      default:
        encode(draws.one_of(kSizes) / 2, draws.one_of(kSizes));
    }
    check();
  }

 private:
  struct Class {
    std::size_t made = 0;    // buffers that exist, or existed beyond what is kept
    std::size_t out = 0;     // of those that are kept
    std::size_t unkept = 0;  // made beyond, so far
    std::uint64_t leases = 0;
  };
  struct Held {
    EncodePool::Lease lease;
    std::uint8_t mark = 0;
    bool is_kept = false;
  };

  void lease(std::size_t bytes, bool without_memory) {
    if (held_.size() > 12) return;
    Held held;
    bool was_refused = false;
    try {
      const test::RefusedMemory refused(without_memory);
      held.lease = pool_.lease(bytes);
    } catch (const std::bad_alloc&) {
      was_refused = true;
    }
    if (bytes > EncodePool::kMaxBuffer) {
      ASSERT_FALSE(held.lease);
      ASSERT_EQ(held.lease.size(), 0u);
      return;
    }
    Class& of = classes_[class_of(bytes)];
    const bool has_free = of.out < std::min(of.made, kept_);
    ASSERT_EQ(was_refused, without_memory && !has_free);
    if (was_refused) return;
    ASSERT_EQ(held.lease.size(), EncodePool::kSmallestBuffer << class_of(bytes));
    ASSERT_EQ(held.lease.bytes().data(), held.lease.data());
    ASSERT_EQ(held.lease.bytes().size(), held.lease.size());
    held.is_kept = has_free || of.made < kept_;
    of.made += has_free ? 0 : 1;
    of.out += held.is_kept ? 1 : 0;
    of.unkept += held.is_kept ? 0 : 1;
    ++of.leases;
    held.mark = ++next_mark_;
    std::memset(held.lease.data(), held.mark, held.lease.size());
    held_.push_back(std::move(held));
  }
  void check_bytes(const Held& held) {
    if (!held.lease) return;
    const auto bytes = held.lease.bytes();
    ASSERT_TRUE(std::all_of(bytes.begin(), bytes.end(), [&](std::uint8_t byte) {
      return byte == held.mark;
    })) << "somebody else has it";
  }
  void count_given_back(const Held& held) {
    if (held.lease && held.is_kept) --classes_[class_of(held.lease.size())].out;
  }
  void reset(std::size_t which) {
    if (held_.empty()) return;
    std::swap(held_[which % held_.size()], held_.back());
    check_bytes(held_.back());
    count_given_back(held_.back());
    held_.back().lease.reset();
    ASSERT_FALSE(held_.back().lease);
    ASSERT_EQ(held_.back().lease.size(), 0u);
    held_.pop_back();
  }
  // What lay there before is given back.
  void move(std::size_t from, std::size_t to) {
    if (held_.empty() || from % held_.size() == to % held_.size()) return;
    Held& source = held_[from % held_.size()];
    Held& target = held_[to % held_.size()];
    check_bytes(target);
    count_given_back(target);
    const std::uint8_t* const data = source.lease.data();
    target.lease = std::move(source.lease);
    ASSERT_EQ(target.lease.data(), data);
    ASSERT_FALSE(source.lease);  // NOLINT(bugprone-use-after-move): that is promised
    target.mark = source.mark;
    target.is_kept = source.is_kept;
  }
  // A whole encoding, which leases and gives back by itself, and what it is shrunk to.
  void encode(std::size_t text_size, std::size_t max_size) {
    const Variant value = std::string(text_size, 'x');
    const std::size_t whole = 8 + (text_size + 3) / 4 * 4;
    max_size = std::max(max_size, EncodePool::kSmallestBuffer);
    {
      PooledEncoding encoding;
      const Error error = encoding.encode(&pool_, value, max_size);
      count_passing_lease(std::min(max_size, EncodePool::kMaxBuffer));
      ASSERT_EQ(error, whole > max_size ? Error::ERR_OUT_OF_MEMORY : Error::OK);
      if (error != Error::OK) {
        ASSERT_TRUE(encoding.bytes().empty());
        return;
      }
      ASSERT_EQ(encoding.bytes().size(), whole);
      const std::size_t before = encoding.capacity();
      encoding.shrink();
      ASSERT_EQ(encoding.bytes().size(), whole);
      ASSERT_LE(encoding.capacity(), before);
      ASSERT_TRUE(encoding.capacity() / 2 < whole ||
                  encoding.capacity() == EncodePool::kSmallestBuffer);
      if (encoding.capacity() < before) count_passing_lease(whole);
      std::vector<std::uint8_t> expected(whole);
      std::size_t size = 0;
      ASSERT_EQ(encode_variant(value, expected, &size), Error::OK);
      ASSERT_TRUE(std::ranges::equal(expected, encoding.bytes()));
      // What was moved from is empty, and may be used again.
      const PooledEncoding moved = std::move(encoding);
      ASSERT_TRUE(std::ranges::equal(expected, moved.bytes()));
      ASSERT_TRUE(encoding.bytes().empty());  // NOLINT(bugprone-use-after-move)
      ASSERT_EQ(encoding.capacity(), 0u);
    }
  }
  void count_passing_lease(std::size_t bytes) {
    Class& of = classes_[class_of(bytes)];
    const bool has_free = of.out < std::min(of.made, kept_);
    of.unkept += !has_free && of.made >= kept_ ? 1 : 0;
    of.made += has_free ? 0 : 1;
    ++of.leases;
  }

  void check() {
    std::set<const std::uint8_t*> distinct;
    for (const Held& held : held_) {
      if (!held.lease) continue;
      ASSERT_TRUE(distinct.insert(held.lease.data()).second);
    }
    const EncodePool::Statistics statistics = pool_.statistics();
    for (std::size_t i = 0; i < classes_.size(); ++i) {
      ASSERT_EQ(statistics[i].buffer_size, EncodePool::kSmallestBuffer << i);
      ASSERT_EQ(statistics[i].leases, classes_[i].leases) << i;
      ASSERT_EQ(statistics[i].prefilled, prefilled_) << i;
      ASSERT_EQ(statistics[i].grown, std::min(classes_[i].made, kept_) - prefilled_) << i;
      ASSERT_EQ(statistics[i].unkept, classes_[i].unkept) << i;
    }
  }

  const std::size_t kept_;
  std::size_t prefilled_ = 0;
  EncodePool pool_;
  std::vector<Class> classes_;
  std::vector<Held> held_;
  std::uint8_t next_mark_ = 0;
};

TEST(EncodePoolModelTest, LendsEachBufferToOneAndLosesNone) {
  test::ModelPlan plan;
  plan.kinds = {{"lease", 4},     {"lease_without_memory", 1},
                {"reset", 4},     {"move", 1},
                {"add_empty", 1}, {"encode", 1}};
  plan.sequences = 2000;
  plan.max_operations = 60;
  plan.make = [](Draws& draws) {
    const std::size_t prefilled = draws.below(4);
    return std::make_unique<PoolModel>(
        EncodePool::Options{.prefilled_per_class = prefilled, .kept_per_class = draws.below(5)});
  };
  run_model(plan);
}

}  // namespace
}  // namespace ringpeer
