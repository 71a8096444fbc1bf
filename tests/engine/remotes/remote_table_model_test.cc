// Random sequences of every call of a table of remotes, beside a map, with keys that make senders
// collide and without memory now and then.

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <vector>

#include "ringpeer/engine/net/secret.h"
#include "ringpeer/engine/remotes/remote_table.h"
#include "ringpeer/tests/support/model/model_run.h"
#include "ringpeer/tests/support/model/refused_memory.h"

namespace ringpeer {
namespace {

// The keys of the next hash. With kPortAlone what has the same port has the same hash.
enum class Keys { kRandom, kPortAlone };
Keys keys = Keys::kRandom;
std::uint64_t key_seed = 0;

}  // namespace

// Takes the place of the kernel's random source, so that a sequence is the same each time.
void net::draw_secret(std::span<std::byte> secret) {
  std::mt19937_64 random(key_seed);
  std::vector<std::uint64_t> words(secret.size() / sizeof(std::uint64_t));
  for (std::uint64_t& word : words) word = random();
  if (keys == Keys::kPortAlone) std::fill_n(words.begin(), 5, 0);
  std::memcpy(secret.data(), words.data(), words.size() * sizeof(std::uint64_t));
}

namespace worker {
namespace {

using test::Draws;

// Fewer than a table's longest probe: those of one hash must not make it grow without end.
constexpr std::uint32_t kFewSenders = 100;
constexpr std::uint32_t kManySenders = 1000;

net::Endpoint endpoint_of(std::uint32_t index) {
  net::Endpoint endpoint;
  endpoint.address = net::IpAddress::from_ipv4(htonl(0x0a000000u + index / 7));
  endpoint.port = static_cast<std::uint16_t>(4000 + index % 7);
  // Link-local senders differ in the interface alone.
  if (index % 3 == 0) endpoint.scope_id = index;
  return endpoint;
}

class TableModel final : public test::Model {
 public:
  enum Kind { kPut, kPutMany, kErase, kEraseMany, kFind, kFindAll, kWithoutMemory };

  explicit TableModel(std::uint32_t senders) : senders_(senders) {
    for (std::uint32_t i = 0; i < 2 * senders; ++i) {
      remotes_.push_back(std::make_unique<Remote>(endpoint_of(i / 2), std::uint16_t{0}));
    }
  }

  void step(std::size_t kind, Draws& draws) override {
    const std::size_t which = draws.below(remotes_.size());
    switch (kind) {
      case kPut:
        put(which);
        break;
      case kPutMany:
        for (std::size_t i = draws.below(100); i > 0; --i) put((which + i) % remotes_.size());
        break;
      case kErase:
        erase(which);
        break;
      case kEraseMany:
        for (std::size_t i = draws.below(100); i > 0; --i) erase((which + i) % remotes_.size());
        break;
      case kFind:
        check_found(which / 2, table_.find(endpoint_of(static_cast<std::uint32_t>(which / 2))));
        break;
      case kFindAll:
        find_all(which, draws.below(100));
        break;
      default:
        put_without_memory(which, draws.below(2));
    }
    check();
  }

  void end() override {
    check_all();
    for (std::size_t i = 0; i < remotes_.size(); ++i) erase(i);
    check_all();
    ASSERT_EQ(table_.size(), 0u);
  }

 private:
  void put(std::size_t which) {
    ASSERT_TRUE(table_.put(remotes_[which].get()));
    present_[which / 2] = remotes_[which].get();
  }
  // Where it has to grow and cannot, all is as before.
  void put_without_memory(std::size_t which, std::size_t granted) {
    bool was_put = false;
    bool was_refused = false;
    {
      const test::RefusedMemory refused(true, granted);
      was_put = table_.put(remotes_[which].get());
      was_refused = refused.has_refused();
    }
    ASSERT_EQ(was_put, !was_refused);
    if (was_put) present_[which / 2] = remotes_[which].get();
    if (!was_put) check_all();
  }
  void erase(std::size_t which) {
    const auto found = present_.find(which / 2);
    const bool is_there = found != present_.end() && found->second == remotes_[which].get();
    ASSERT_EQ(table_.erase(remotes_[which].get()), is_there);
    if (is_there) present_.erase(found);
  }

  void check_found(std::size_t sender, const Remote* found) {
    const auto expected = present_.find(sender);
    ASSERT_EQ(found, expected == present_.end() ? nullptr : expected->second) << sender;
  }
  void find_all(std::size_t first, std::size_t count) {
    std::vector<net::Endpoint> endpoints;
    std::vector<std::size_t> senders;
    for (std::size_t i = 0; i < count; ++i) {
      senders.push_back((first + i * 3) % (senders_ + 5));  // some that nobody has heard of
      endpoints.push_back(endpoint_of(static_cast<std::uint32_t>(senders.back())));
    }
    std::vector<Remote*> found(count + 1, remotes_.front().get());
    table_.find_all(endpoints, found.data());
    for (std::size_t i = 0; i < count; ++i) check_found(senders[i], found[i]);
    ASSERT_EQ(found[count], remotes_.front().get()) << "written behind the end";
  }

  void check() {
    ASSERT_EQ(table_.size(), present_.size());
    ASSERT_LE(table_.size() * 2 * 16, table_.memory()) << "more than half full";
  }
  void check_all() {
    check();
    ASSERT_LE(table_.longest_probe(), RemoteTable::kMaxProbe);
    for (std::uint32_t i = 0; i < senders_; ++i) check_found(i, table_.find(endpoint_of(i)));
    std::set<const Remote*> visited;
    table_.for_each([&](const Remote* remote) { ASSERT_TRUE(visited.insert(remote).second); });
    ASSERT_EQ(visited.size(), present_.size());
    for (const auto& [sender, remote] : present_) ASSERT_TRUE(visited.contains(remote));
  }

  const std::uint32_t senders_;
  RemoteTable table_;
  std::vector<std::unique_ptr<Remote>> remotes_;  // two of each sender
  std::map<std::size_t, Remote*> present_;        // by sender
};

void run(Keys chosen, std::uint32_t senders, std::size_t sequences) {
  test::ModelPlan plan;
  plan.kinds = {
      {"put", 4},      {"put_many", 1},          {"erase", 4}, {"erase_many", 1}, {"find", 2},
      {"find_all", 1}, {"put_without_memory", 1}};
  plan.sequences = sequences;
  plan.max_operations = 60;
  plan.make = [chosen, senders](Draws& draws) {
    keys = chosen;
    key_seed = draws.below(1 << 20);
    return std::make_unique<TableModel>(senders);
  };
  run_model(plan);
}

TEST(RemoteTableModelTest, IsAMapOfThoseWhoSend) { run(Keys::kRandom, kManySenders, 300); }
TEST(RemoteTableModelTest, IsOneOfFewToo) { run(Keys::kRandom, kFewSenders, 1000); }
TEST(RemoteTableModelTest, IsOneWhenTheirHashesAreTheSame) {
  run(Keys::kPortAlone, kFewSenders, 1000);
}

}  // namespace
}  // namespace worker
}  // namespace ringpeer
