#include "ringpeer/tools/arena/arena_protocol.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace ringpeer::tools {
namespace {

const ArenaInput kInput = {.sequence = 9, .time = -5, .move = {0.5F, -1}, .leave = false};

Variant changed(Variant value, const char* key, const Variant& member) {
  value.ref<Dictionary>()[key] = member;
  return value;
}

TEST(ArenaProtocolTest, AnInputSurvivesTheJourney) {
  for (const bool leave : {false, true}) {
    ArenaInput input = kInput;
    input.leave = leave;
    const auto read = input_from_variant(to_variant(input));
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->sequence, 9);
    EXPECT_EQ(read->time, -5);
    EXPECT_EQ(read->move, (Vector2{0.5F, -1}));
    EXPECT_EQ(read->leave, leave);
  }
}

TEST(ArenaProtocolTest, MembersThatAreNotKnownAreIgnored) {
  EXPECT_TRUE(input_from_variant(changed(to_variant(kInput), "mood", "good")).has_value());
}

TEST(ArenaProtocolTest, WhatIsNoInputIsRefused) {
  const Variant input = to_variant(kInput);
  EXPECT_FALSE(input_from_variant(Variant()).has_value());
  EXPECT_FALSE(input_from_variant(Variant("seq")).has_value());
  EXPECT_FALSE(input_from_variant(Variant(Dictionary())).has_value());
  EXPECT_FALSE(input_from_variant(changed(input, "seq", -1)).has_value());
  EXPECT_FALSE(input_from_variant(changed(input, "seq", 1.5)).has_value());
  EXPECT_FALSE(input_from_variant(changed(input, "seq", std::numeric_limits<std::int64_t>::max()))
                   .has_value());
  EXPECT_FALSE(input_from_variant(changed(input, "t", "now")).has_value());
  EXPECT_FALSE(input_from_variant(changed(input, "move", 1)).has_value());
  const float infinity = std::numeric_limits<float>::infinity();
  const float not_a_number = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(input_from_variant(changed(input, "move", Vector2{infinity, 0})).has_value());
  EXPECT_FALSE(input_from_variant(changed(input, "move", Vector2{0, not_a_number})).has_value());
}

TEST(ArenaProtocolTest, ASnapshotCarriesTheNeighbours) {
  const std::vector<ArenaWorld::Player> neighbours = {{.id = 3, .position = {1, 2}, .move = {}},
                                                      {.id = 8, .position = {3, 4}, .move = {}}};
  ArenaSnapshot snapshot;
  snapshot.tick = 77;
  snapshot.number = 1;
  snapshot.position = {5, 6};
  const Variant value = to_variant(snapshot, neighbours);
  EXPECT_EQ(value["ids"].get<PackedInt32Array>().size(), 2U);
  EXPECT_EQ(value["ids"].get<PackedInt32Array>()[1], 8);
  EXPECT_EQ(value["positions"].get<PackedVector2Array>()[1], (Vector2{3, 4}));
  const auto read = snapshot_from_variant(value);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->tick, 77);
  EXPECT_EQ(read->position, (Vector2{5, 6}));
  EXPECT_FALSE(read->left);
}

TEST(ArenaProtocolTest, WhatIsNoSnapshotIsRefused) {
  ArenaSnapshot snapshot;
  snapshot.number = 1;
  const Variant value = to_variant(snapshot, {});
  ASSERT_TRUE(snapshot_from_variant(value).has_value());
  EXPECT_FALSE(snapshot_from_variant(to_variant(kInput)).has_value());
  EXPECT_FALSE(snapshot_from_variant(changed(value, "number", 0)).has_value());
  EXPECT_FALSE(snapshot_from_variant(changed(value, "received", -1)).has_value());
  EXPECT_FALSE(snapshot_from_variant(changed(value, "ids", Array())).has_value());
  EXPECT_FALSE(snapshot_from_variant(changed(value, "ids", PackedInt32Array({1, 2}))).has_value());
}

}  // namespace
}  // namespace ringpeer::tools
