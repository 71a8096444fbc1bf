#include "ringpeer/bench/rivals/measurement.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ringpeer::bench {
namespace {

TEST(Measurement, HasTheFieldsThatItsReadersKnow) {
  const nlohmann::json json = Measurement{};
  for (const char* field :
       {"case", "peer", "round", "size", "remotes", "offered_pps", "delivered_pps",
        "cpu_ns_per_packet", "app_ns_per_packet", "p50_us", "p99_us", "p999_us", "drops",
        "kernel_drops", "engine_drops", "unaccounted"}) {
    EXPECT_TRUE(json.contains(field)) << field;
  }
}

TEST(Measurement, ComesBackFromItsLine) {
  Measurement m;
  m.test_case = "paced_100k";
  m.peer = "ringpeer/io_uring";
  m.round = 3;
  m.size = 1200;
  m.remotes = 1000;
  m.p99_us = 240.5;
  m.drops = 0;
  m.repeats = 2;
  m.busy = true;
  const auto back = nlohmann::json::parse(nlohmann::json(m).dump()).get<Measurement>();
  EXPECT_EQ(back.test_case, "paced_100k");
  EXPECT_EQ(back.peer, "ringpeer/io_uring");
  EXPECT_EQ(back.round, 3);
  EXPECT_EQ(back.size, 1200);
  EXPECT_EQ(back.remotes, 1000);
  EXPECT_EQ(back.p99_us, 240.5);
  EXPECT_EQ(back.drops, 0);
  EXPECT_EQ(back.repeats, 2);
  EXPECT_TRUE(back.busy);
  EXPECT_TRUE(std::isnan(back.p50_us)) << "what a case does not have stays absent";
}

TEST(Measurement, RefusesALineThatLacksAField) {
  nlohmann::json json = Measurement{};
  json.erase("p99_us");
  EXPECT_THROW(json.get<Measurement>(), nlohmann::json::exception);
}

}  // namespace
}  // namespace ringpeer::bench
