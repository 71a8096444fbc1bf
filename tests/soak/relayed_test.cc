// A short run of what ./dev relayed does, and that it would see a single packet that is missing.

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "ringpeer/tests/soak/relayed_account.h"

namespace ringpeer::soak {
namespace {

using nlohmann::json;

std::vector<std::string> complaints_about(const RelayedReports& reports) {
  Balance balance;
  compare(reports, &balance);
  return balance.complaints();
}

TEST(RelayedTest, EachPacketIsAccountedForOnBothSides) {
  RelayedRun run;
  const RelayedReports reports = run_relayed(run);
  EXPECT_EQ(complaints_about(reports), std::vector<std::string>()) << to_text(reports);
  const auto count = [](const json& object, const char* field) {
    return object.at(field).get<std::uint64_t>();
  };
  EXPECT_EQ(count(reports.load, "sent") + count(reports.load, "send_missed"), run.packets);
  for (const char* fate : {"lost", "duplicated", "queue_full", "truncated", "corrupted"}) {
    EXPECT_GT(count(reports.impair.at("to_server"), fate), 0U) << fate;
  }
  EXPECT_GT(count(reports.impair.at("to_client"), "lost"), 0U);

  // Whoever forgets a single packet, or counts one twice, is found.
  for (const auto& [program, path] : std::vector<std::pair<json RelayedReports::*, std::string>>{
           {&RelayedReports::load, "/sent"},
           {&RelayedReports::load, "/received"},
           {&RelayedReports::load, "/answered"},
           {&RelayedReports::impair, "/to_server/arrived"},
           {&RelayedReports::impair, "/to_server/forwarded"},
           {&RelayedReports::impair, "/to_server/queue_full"},
           {&RelayedReports::impair, "/to_client/lost"},
           {&RelayedReports::impair, "/to_client/duplicated"},
           {&RelayedReports::impair, "/to_client/waiting"},
           {&RelayedReports::serve, "/received"},
           {&RelayedReports::serve, "/drops/drop_ring_full"},
           {&RelayedReports::serve, "/sent"}}) {
    RelayedReports wrong = reports;
    json& value = (wrong.*program).at(json::json_pointer(path));
    value = value.get<std::uint64_t>() + 1;
    EXPECT_FALSE(complaints_about(wrong).empty()) << path;
  }
}

}  // namespace
}  // namespace ringpeer::soak
