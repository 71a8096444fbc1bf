// The tables of errors in docs/api.md: each row is executed. A row without a case fails, and so
// does a case without a row.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ringpeer/tests/docs/error_cases.h"
#include "ringpeer/tests/docs/page.h"
#include "ringpeer/tests/engine/support/backends.h"

namespace ringpeer::docs {
namespace {

// What tests of the engine execute, which need more than a table has: the file, the test.
const std::multimap<std::string, std::pair<std::string, std::string>>& elsewhere() {
  static const std::string kStream = "tests/engine/stream/packet_peer_stream_test.cc";
  static const std::pair<std::string, std::string> kEachAllocation = {
      "tests/engine/core/nth_allocation_test.cc", "OfARunningEngineIsAnErrorOrADrop"};
  static const std::multimap<std::string, std::pair<std::string, std::string>> all = {
      {"PacketPeerStream | ERR_UNCONFIGURED | get", {kStream, "HasNothingWithoutAStream"}},
      {"PacketPeerStream | ERR_UNCONFIGURED | put", {kStream, "HasNothingWithoutAStream"}},
      {"PacketPeerStream | ERR_UNCONFIGURED | poll", {kStream, "HasNothingWithoutAStream"}},
      {"PacketPeerStream | ERR_UNAVAILABLE | get", {kStream, "PutsPacketsTogetherFromAnyPieces"}},
      {"PacketPeerStream | ERR_INVALID_PARAMETER | put",
       {kStream, "WaitsForRoomInsteadOfBlocking"}},
      {"PacketPeerStream | ERR_BUSY | put", {kStream, "WaitsForRoomInsteadOfBlocking"}},
      {"PacketPeerStream | ERR_LOCKED | get", {kStream, "CallsFromWithinTheStreamAreRefused"}},
      {"PacketPeerStream | ERR_LOCKED | put", {kStream, "CallsFromWithinTheStreamAreRefused"}},
      {"PacketPeerStream | ERR_LOCKED | poll", {kStream, "CallsFromWithinTheStreamAreRefused"}},
      {"PacketPeerStream | ERR_FILE_EOF | get",
       {kStream, "TheEndOfTheStreamIsToldBehindThePacketsAndStays"}},
      {"PacketPeerStream | ERR_FILE_EOF | put",
       {kStream, "AnEndedStreamTakesNoPutsWhilePacketsWait"}},
      {"PacketPeerStream | ERR_FILE_EOF | poll",
       {kStream, "TheEndOfTheStreamIsToldBehindThePacketsAndStays"}},
      {"PacketPeerStream | FAILED | get", {kStream, "ReportsABrokenStreamAfterWhatArrived"}},
      {"PacketPeerStream | FAILED | put", {kStream, "APutThatFailedIsSentOnceWhenItIsPutAgain"}},
      {"PacketPeerStream | FAILED | poll", {kStream, "TellsThatWhatWaitedIsLost"}},
      {"Engine | ERR_UNAVAILABLE | create",
       {"tests/engine/core/restricted_engine_test.cc", "WorksOrSaysThatItDoesNot"}},
      {"PacketPeer | ERR_OUT_OF_MEMORY | get", kEachAllocation},
      {"PacketPeerUDP | ERR_OUT_OF_MEMORY | bind", kEachAllocation},
      {"PacketPeerUDP | ERR_OUT_OF_MEMORY | bind_descriptor", kEachAllocation},
      {"PacketPeerUDP | ERR_OUT_OF_MEMORY | connect_to_host", kEachAllocation},
      {"PacketPeerUDP | ERR_OUT_OF_MEMORY | groups", kEachAllocation},
      {"PacketPeerUDP | ERR_OUT_OF_MEMORY | set_dest_address", kEachAllocation},
      {"PacketPeerUDP | ERR_OUT_OF_MEMORY | set_socket_options", kEachAllocation},
      {"PacketPeerUDP | ERR_OUT_OF_MEMORY | put", kEachAllocation},
      {"UDPServer | ERR_OUT_OF_MEMORY | listen", kEachAllocation},
      {"UDPServer | ERR_OUT_OF_MEMORY | listen_descriptor", kEachAllocation},
      {"UDPServer | ERR_OUT_OF_MEMORY | puts", kEachAllocation},
      {"SourceList | ERR_OUT_OF_MEMORY | create",
       {"tests/engine/admission/source_list_model_test.cc", "RefusesWhatTheLongestPrefixSays"}},
      {"Engine | ERR_OUT_OF_MEMORY | create",
       {"tests/engine/core/engine_test.cc", "WithoutAddressSpaceIsAnErrorInWords"}},
      {"PacketPeerStream | ERR_OUT_OF_MEMORY | get", kEachAllocation},
      {"PacketPeerStream | ERR_OUT_OF_MEMORY | put", kEachAllocation},
      {"PacketPeerStream | ERR_OUT_OF_MEMORY | poll", kEachAllocation},
  };
  return all;
}

std::vector<std::string> items(const std::string& cell) {
  std::vector<std::string> items;
  int depth = 0;
  std::string item;
  for (const char c : cell + ",") {
    if (c == '(') ++depth;
    if (c == ')') --depth;
    if (c == ',' && depth == 0) {
      const std::size_t first = item.find_first_not_of(' ');
      items.push_back(first == std::string::npos ? "" : item.substr(first));
      item.clear();
    } else if (c != '`') {
      item += c;
    }
  }
  return items;
}

// "Heading | error | from" of each row of a table of errors; one with several of either has all.
std::multiset<std::string> rows_of(const std::string& page) {
  std::multiset<std::string> rows;
  for (const Table& table : tables_of(page)) {
    if (table.head.cells[0] != "error") continue;
    for (const Row& row : table.rows) {
      for (const std::string& error : items(row.cells[0])) {
        for (const std::string& from : items(row.cells[1])) {
          rows.insert(table.heading + " | " + error + " | " + from);
        }
      }
    }
  }
  return rows;
}

const ErrorCases& cases() {
  static const ErrorCases all = [] {
    ErrorCases cases = packet_peer_errors();
    cases.merge(packet_peer_udp_errors());
    cases.merge(udp_server_errors());
    cases.merge(other_errors());
    return cases;
  }();
  return all;
}

std::multiset<std::string> rows_with_a_case() {
  std::multiset<std::string> rows;
  for (const auto& [row, run] : cases()) rows.insert(row);
  for (const auto& [row, where] : elsewhere()) rows.insert(row);
  return rows;
}

TEST(ErrorRowsTest, EachHasACaseAndEachCaseARow) {
  EXPECT_EQ(rows_of(read_page("docs/api.md")), rows_with_a_case());
}

// A wrong error in a row is a row without a case.
TEST(ErrorRowsTest, AWrongErrorIsHeardOf) {
  std::string page = read_page("docs/api.md");
  const std::string truth = "| `ERR_LOCKED` | `put_packet_to` |";
  ASSERT_NE(page.find(truth), std::string::npos);
  page.replace(page.find(truth), truth.size(), "| `ERR_BUSY` | `put_packet_to` |");
  EXPECT_NE(rows_of(page), rows_with_a_case());
}

TEST(ErrorRowsTest, WhatOtherTestsExecuteIsThere) {
  for (const auto& [row, where] : elsewhere()) {
    EXPECT_NE(read_page(where.first).find(where.second), std::string::npos) << row;
  }
}

class ErrorsTest : public testing::TestWithParam<test::EngineKind> {};

TEST_P(ErrorsTest, EveryRowHolds) {
  std::string message;
  for (const auto& [row, run] : cases()) {
    const EnginePointer engine = Engine::create(GetParam().options(), nullptr, &message);
    if (engine == nullptr) GTEST_SKIP() << message;
    SCOPED_TRACE(row);
    run(engine);
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, ErrorsTest, test::every_engine(), test::engine_name);

}  // namespace
}  // namespace ringpeer::docs
