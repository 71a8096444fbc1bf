// A server in steady state takes nothing from the heap for a packet: views, decoding
// into an arena, and encoding into the pool; and hostile packets take little.

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "ringpeer/codec/base/error.h"
#include "ringpeer/codec/value/variant.h"
#include "ringpeer/codec/view/packet_view.h"
#include "ringpeer/codec/wire/arena_decode.h"
#include "ringpeer/codec/wire/decode.h"
#include "ringpeer/codec/wire/encode_pool.h"
#include "ringpeer/codec/wire/pooled_encoding.h"
#include "ringpeer/tests/codec/support/allocation_counter.h"
#include "ringpeer/tests/codec/support/hostile_shapes.h"

namespace ringpeer {
namespace {

constexpr int kRounds = 100;
constexpr std::size_t kEncodeBufferMaxSize = std::size_t{8} << 20;

class Allocations : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!heap_use_is_counted()) GTEST_SKIP() << "this sanitizer brings a heap of its own";
  }

  // Heap allocations of kRounds rounds after one that warms up.
  template <typename Round>
  static std::uint64_t in_steady_state(Round round) {
    round();
    const std::uint64_t before = heap_use().allocations;
    for (int i = 0; i < kRounds; ++i) round();
    return heap_use().allocations - before;
  }
};

Variant message() {
  return Dictionary{{"t", 1},
                    {"id", 7},
                    {"name", "a text that no small string holds inside itself"},
                    {"pos", Vector3{1, 2, 3}},
                    {"path", PackedVector3Array{{1, 2, 3}, {4, 5, 6}}},
                    {"tags", Array{"red", "blue", Transform3D(), Dictionary{{1, 2}}}}};
}

std::vector<std::uint8_t> packet_of(const Variant& value) {
  EncodePool pool;
  PooledEncoding encoding;
  EXPECT_EQ(encoding.encode(&pool, value, kEncodeBufferMaxSize), Error::OK);
  return {encoding.bytes().begin(), encoding.bytes().end()};
}

// The counter itself: without this the tests below could not fail.
TEST_F(Allocations, AreCounted) {
  // The sizes are volatile and all is compared at the end: a compiler may remove an
  // allocation that nobody sees, and an expectation allocates itself.
  const volatile std::size_t size = 1000;
  const HeapUse before = heap_use();
  std::vector<char>* volatile made = new std::vector<char>(size);
  const HeapUse with_new = heap_use();
  delete made;
  void* volatile raw = std::malloc(size);
  const HeapUse with_malloc = heap_use();
  std::free(raw);
  const HeapUse after = heap_use();
  EXPECT_EQ(with_new.allocations, before.allocations + 2);
  EXPECT_GE(with_new.bytes, before.bytes + 1000);
  EXPECT_EQ(with_malloc.allocations, before.allocations + 3);
  EXPECT_GE(with_malloc.bytes, before.bytes + 1000);
  EXPECT_EQ(after.bytes, before.bytes);
  EXPECT_GE(after.most_bytes, before.bytes + 1000);
  const std::vector<std::uint8_t> packet = packet_of(message());
  EXPECT_GT(in_steady_state([&packet] {
              Variant value;
              EXPECT_EQ(decode_variant(packet, &value, nullptr), Error::OK);
            }),
            std::uint64_t{kRounds});
}

TEST_F(Allocations, AViewMakesNone) {
  const std::vector<std::uint8_t> packet = packet_of(message());
  PacketView view;
  const auto round = [&] {
    ASSERT_EQ(view.parse(packet), Error::OK);
    Vector3 position;
    ASSERT_TRUE(view["pos"].read(&position));
    std::string_view name;
    ASSERT_TRUE(view["name"].read(&name));
    PackedView<Vector3> path;
    ASSERT_TRUE(view["path"].read(&path));
    ASSERT_EQ(path[1].z, 6);
    ArrayView tags;
    ASSERT_TRUE(view["tags"].read(&tags));
    for (const VariantView tag : tags) {
      DictionaryView entries;
      if (!tag.read(&entries)) continue;
      ASSERT_TRUE(entries.find(std::int64_t{1}).exists());
    }
    ASSERT_TRUE(view.fields().find(Variant("id")).exists());
    Error error = Error::FAILED;
    ASSERT_TRUE(VariantView::parse(packet, {}, &error).exists());
  };
  EXPECT_EQ(in_steady_state(round), 0u);
}

TEST_F(Allocations, ARefusedPacketMakesNone) {
  std::vector<std::uint8_t> packet = packet_of(message());
  packet.resize(packet.size() - 4);
  PacketView view;
  VariantArena arena;
  const auto round = [&] {
    ASSERT_NE(view.parse(packet), Error::OK);
    const Variant* value = nullptr;
    ASSERT_NE(arena.decode(packet, &value, nullptr), Error::OK);
    arena.reset();
  };
  EXPECT_EQ(in_steady_state(round), 0u);
}

TEST_F(Allocations, DecodingIntoAnArenaMakesNone) {
  const std::vector<std::uint8_t> packet = packet_of(message());
  VariantArena arena;
  const auto round = [&] {
    const Variant* value = nullptr;
    ASSERT_EQ(arena.decode(packet, &value, nullptr), Error::OK);
    ASSERT_EQ((*value)["id"].as_int(), 7);
    arena.reset();
  };
  EXPECT_EQ(in_steady_state(round), 0u);
}

TEST_F(Allocations, EncodingIntoThePoolMakesNone) {
  EncodePool pool;
  const Variant value = message();
  const auto round = [&] {
    PooledEncoding encoding;
    ASSERT_EQ(encoding.encode(&pool, value, kEncodeBufferMaxSize), Error::OK);
    encoding.shrink();
    ASSERT_FALSE(encoding.bytes().empty());
  };
  EXPECT_EQ(in_steady_state(round), 0u);
  // Too large for a datagram: only counted.
  const Variant large = std::string(100000, '*');
  EXPECT_EQ(in_steady_state([&] {
              PooledEncoding encoding;
              ASSERT_EQ(encoding.encode(&pool, large, kEncodeBufferMaxSize), Error::FAILED);
            }),
            0u);
}

// An index of all the room, made again where an index begins and ends, would cost as much as the
// room is large.
TEST_F(Allocations, AnIndexIsForTheEntriesThatThereAre) {
  constexpr std::size_t kRoom = 100'000;
  constexpr std::int64_t kKeys = 2 * Dictionary::kIndexThreshold;
  Dictionary dictionary;
  dictionary.reserve(kRoom);
  const std::size_t without_index = heap_use().bytes;
  reset_most_bytes();
  for (int i = 0; i < kRounds; ++i) {
    for (std::int64_t key = 0; key < kKeys; ++key) dictionary.set(key, i);
    for (std::int64_t key = 0; key < kKeys; ++key) EXPECT_TRUE(dictionary.erase(key));
    dictionary.reserve(kRoom);
  }
  EXPECT_LT(heap_use().most_bytes, without_index + kRoom * sizeof(void*));
  // Sized for less than the room, it grows as it fills.
  for (std::size_t key = 0; key < kRoom; ++key) dictionary.set(key, key);
  EXPECT_EQ(dictionary[kRoom - 1].as_int(), static_cast<std::int64_t>(kRoom - 1));
}

// Decoding them is hostile_test's matter.
TEST_F(Allocations, AViewOfAHostileDatagramMakesNone) {
  for (const testing::HostileShape& shape : testing::hostile_shapes()) {
    PacketView view;
    const std::uint64_t before = heap_use().allocations;
    const Error error = view.parse(shape.bytes, {.allow_objects = true});
    EXPECT_EQ(heap_use().allocations, before) << shape.name;
    EXPECT_EQ(error == Error::OK, shape.valid) << shape.name;
  }
}

}  // namespace
}  // namespace ringpeer
