// What the comments of the public headers say: their numbers are the code's.

#include <gtest/gtest.h>

#include <cctype>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "ringpeer/packet_peer_stream.h"
#include "ringpeer/udp_server.h"
#include "tests/docs/header_scanner.h"
#include "tests/docs/page.h"
#include "tests/docs/stated.h"

namespace ringpeer::docs {
namespace {

// The numbers from 10 on, and those with a unit, in the comments of a header.
std::multiset<std::string> numbers_in_comments(const std::string& header) {
  std::multiset<std::string> numbers;
  std::istringstream lines(header);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t comment = line.find("//");
    if (comment == std::string::npos) continue;
    for (std::size_t i = comment; i < line.size(); ++i) {
      const auto is_digit = [&](std::size_t at) {
        return at < line.size() && std::isdigit(static_cast<unsigned char>(line[at])) != 0;
      };
      const auto is_word = [&](std::size_t at) {
        return std::isalnum(static_cast<unsigned char>(line[at])) != 0 || line[at] == '_' ||
               line[at] == '.' || line[at] == ':';
      };
      if (!is_digit(i) || is_word(i - 1)) continue;
      std::size_t end = i;
      while (is_digit(end) || ((line[end] == ',' || line[end] == '.') && is_digit(end + 1))) ++end;
      std::string number = line.substr(i, end - i);
      for (const char* unit : {" ms", " us", " KiB", " MiB", " Hz"}) {
        if (line.compare(end, std::string_view(unit).size(), unit) == 0) number += unit;
      }
      if (number.size() > 1) numbers.insert(number);
      i = end;
    }
  }
  return numbers;
}

std::string unit(std::int64_t number, const char* name) { return with_commas(number) + name; }

// Every number that a comment of a public header states, and what the code has.
const std::vector<std::pair<std::string, std::multiset<std::string>>>& known_numbers() {
  static const std::string kWorker = "engine/worker/worker.h";
  static const auto stall = constant_of(kWorker, "kLongestStall");
  static const auto whole = constant_of(kWorker, "kLongestClose") + stall;
  static const std::vector<std::pair<std::string, std::multiset<std::string>>> all = {
      {"engine/peer/engine.h",
       {with_commas(kLargestDatagram), "1 ms", "5 MiB", "16", "6.12", "6.12", "92", "128",
        unit(whole, " ms"), unit(stall, " ms"), unit(stall, " ms")}},
      {"engine/peer/packet_peer.h",
       {std::to_string(PacketPeer::kEncodeBufferSmallestMaximum),
        unit(PacketPeer::kEncodeBufferLargestMaximum >> 20, " MiB"), "4.6", "4.6.3"}},
      {"engine/peer/packet_peer_udp.h",
       {"60 Hz", "700,000", "24", unit(whole, " ms"), unit(stall, " ms")}},
      {"engine/peer/udp_server.h", {}},
      {"engine/peer/socket_options.h", {"63", "46"}},
      {"engine/peer/drain_batch.h", {"2000"}},
      {"engine/peer/packet_peer_stream.h",
       {"32", "16", unit(PacketPeerStream::kLargestBufferSize >> 20, " MiB")}},
      {"engine/peer/stream_peer.h", {}},
      {"engine/peer/stream_peer_buffer.h", {}},
      {"engine/peer/stream_peer_tcp.h", {}},
      {"engine/peer/inherited_sockets.h", {}},
      {"engine/peer/packet_peer_extension.h", {}},
  };
  return all;
}

TEST(HeaderCommentsTest, StateTheNumbersThatTheCodeHas) {
  for (const auto& [path, numbers] : known_numbers()) {
    EXPECT_EQ(numbers_in_comments(read_page(path)), numbers) << path;
  }
}

TEST(HeaderCommentsTest, AWrongNumberIsHeardOf) {
  std::string header = read_page("engine/peer/packet_peer_udp.h");
  const std::size_t at = header.find("500 ms");
  ASSERT_NE(at, std::string::npos);
  header.replace(at, 6, "600 ms");
  for (const auto& [path, numbers] : known_numbers()) {
    if (path == "engine/peer/packet_peer_udp.h") {
      EXPECT_NE(numbers_in_comments(header), numbers);
    }
  }
}

}  // namespace
}  // namespace ringpeer::docs
