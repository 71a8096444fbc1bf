#include "ringpeer/bench/admission/table.h"

#include <gtest/gtest.h>

#include <cstddef>

#include <nlohmann/json.hpp>

#include "ringpeer/engine/stats/counters.h"

namespace ringpeer::bench {
namespace {

TEST(AdmissionTableTest, AlignsColumnsAndLeavesOutNothing) {
  Table table;
  table.name = "name";
  table.about = "about";
  table.add({{"who", "a"}, {"packets", 12345678}}, kShown);
  table.add({{"who", "somebody"}, {"packets", nullptr}, {"ns", 1.5}}, kKept);
  EXPECT_EQ(
      "name\nabout\n\n"
      "who        packets  verdict   ns\n"
      "a         12345678  shown      -\n"
      "somebody         -  kept     1.5\n",
      to_text(table));
}

TEST(AdmissionTableTest, IsGoodWhileNothingMisses) {
  Table table;
  table.add({{"n", 1}}, kVoid);
  EXPECT_TRUE(table.is_good);
  table.add({{"n", 2}}, kMissed);
  EXPECT_FALSE(table.is_good);
  EXPECT_FALSE(to_json(table)["ok"].get<bool>());
  EXPECT_EQ("MISSED", to_json(table)["rows"][1]["verdict"]);
}

TEST(AdmissionTableTest, AnErrorIsNotGood) {
  Table table;
  table.add_error({{"n", 1}}, "no port");
  EXPECT_FALSE(table.is_good);
  EXPECT_EQ("not measured: no port", table.rows[0]["verdict"]);
}

TEST(AdmissionTableTest, NamesDropsByReason) {
  CounterSnapshot counters;
  EXPECT_EQ("-", drops_of(counters));
  counters.values[static_cast<std::size_t>(Counter::kReceivedPackets)] = 9;
  counters.values[static_cast<std::size_t>(Counter::kDropDenied)] = 2;
  counters.values[static_cast<std::size_t>(Counter::kDropNewRate)] = 3;
  counters.values[static_cast<std::size_t>(Counter::kKernelDrops)] = 4;
  EXPECT_EQ("denied 2, new_rate 3", drops_of(counters));
}

TEST(AdmissionTableTest, Rounds) {
  EXPECT_EQ(1.2, rounded(1.24, 1));
  EXPECT_EQ(1, rounded(0.5, 0));
  EXPECT_TRUE(steal_of({}).is_null());
  EXPECT_EQ(2.3, steal_of(2.345).get<double>());
}

}  // namespace
}  // namespace ringpeer::bench
