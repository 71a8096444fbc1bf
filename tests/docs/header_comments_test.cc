// What the comments of the public headers say: their numbers are the code's, and the names in them
// exist.

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "ringpeer/engine/stats/counters.h"
#include "ringpeer/packet_peer_stream.h"
#include "ringpeer/tests/docs/header_scanner.h"
#include "ringpeer/tests/docs/page.h"
#include "ringpeer/tests/docs/public_headers.h"
#include "ringpeer/tests/docs/stated.h"
#include "ringpeer/udp_server.h"

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
  static const std::string kSends = "engine/worker/send_half.h";
  static const auto stall = constant_of(kSends, "kMaxStall");
  static const auto whole = constant_of(kSends, "kMaxClose") + stall;
  static const std::vector<std::pair<std::string, std::multiset<std::string>>> all = {
      {"engine/core/engine.h",
       {with_commas(kLargestDatagram), "1 ms", "5 MiB", "16", "6.12", "6.12", "92", "128",
        unit(whole, " ms"), unit(stall, " ms"), unit(stall, " ms")}},
      {"engine/api/packet_peer.h",
       {std::to_string(PacketPeer::kEncodeBufferSmallestMaximum),
        unit(PacketPeer::kEncodeBufferLargestMaximum >> 20, " MiB"), "4.6", "4.6.3"}},
      {"engine/api/packet_peer_udp.h",
       {"60 Hz", "700,000", "24", unit(whole, " ms"), unit(stall, " ms")}},
      {"engine/api/udp_server.h", {}},
      {"engine/core/socket_options.h", {"63", "46"}},
      {"engine/core/drain_batch.h", {"2000"}},
      {"engine/stream/packet_peer_stream.h",
       {"32", "16", unit(PacketPeerStream::kLargestBufferSize >> 20, " MiB")}},
      {"engine/stream/stream_peer.h", {}},
      {"engine/stream/stream_peer_buffer.h", {}},
      {"engine/stream/stream_peer_tcp.h", {}},
      {"engine/api/inherited_sockets.h", {}},
      {"engine/api/packet_peer_extension.h", {}},
  };
  return all;
}

TEST(HeaderCommentsTest, StateTheNumbersThatTheCodeHas) {
  for (const auto& [path, numbers] : known_numbers()) {
    EXPECT_EQ(numbers_in_comments(read_page(path)), numbers) << path;
  }
}

TEST(HeaderCommentsTest, AWrongNumberIsHeardOf) {
  std::string header = read_page("engine/api/packet_peer_udp.h");
  const std::size_t at = header.find("500 ms");
  ASSERT_NE(at, std::string::npos);
  header.replace(at, 6, "600 ms");
  for (const auto& [path, numbers] : known_numbers()) {
    if (path == "engine/api/packet_peer_udp.h") {
      EXPECT_NE(numbers_in_comments(header), numbers);
    }
  }
}

// ---- Names

// Of Godot, of systems, and of words that look like names.
const std::set<std::string>& names_of_others() {
  static const std::set<std::string> names = {
      // The kernel's, and the C library's.
      "IOU_PBUF_RING_INC", "LISTEN_FDNAMES", "LISTEN_FDS", "LISTEN_PID", "SO_RCVBUF", "SO_SNDBUF",
      "SO_TIMESTAMPNS", "UDP_GRO", "UDP_SEGMENT", "_exit", "abort", "accept", "exit", "fork",
      "main", "quick_exit", "io_uring", "io_uring_enter", "min_left", "min_wait_usec", "rmem_max",
      "wmem_max", "nohz_full", "error_queue",
      // Godot's.
      "GlobalScope", "Resource", "Variant::Type", "EncodedObjectAsID", "_get_packet", "_put_packet",
      "bytes_to_var", "var_to_bytes", "max_buffer_po2", "max_pending_connections", "error_list",
      // Units and notions.
      "KiB", "MiB", "NaN", "snake_case",
      // In an example.
      "look_at"};
  return names;
}

// The names in a line's code, without its comment and literals.
void add_names_of_code(std::string line, std::set<std::string>* names) {
  static const std::regex literal(R"("(?:[^"\\]|\\.)*")");
  if (line.find('"') != std::string::npos) line = std::regex_replace(line, literal, "");
  line.resize(std::min(line.size(), line.find("//")));
  std::string name;
  for (const char c : line + ' ') {
    if (c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0) {
      name += c;
    } else if (!name.empty()) {
      names->insert(std::move(name));
      name.clear();
    }
  }
}

// The names that code of the library's headers has, and the headers' own.
const std::set<std::string>& known_names() {
  static const std::set<std::string> known = [] {
    std::set<std::string> names = names_of_others();
    for (const char* rooms : {"codec", "engine"}) {
      for (const auto& file : std::filesystem::recursive_directory_iterator(rooms)) {
        if (file.path().extension() != ".h") continue;
        names.insert(file.path().stem().string());
        std::ifstream lines(file.path());
        for (std::string line; std::getline(lines, line);) add_names_of_code(line, &names);
      }
    }
    for (std::size_t i = 0; i < kCounterCount; ++i) {
      names.emplace(counter_info(static_cast<Counter>(i)).name);
    }
    return names;
  }();
  return known;
}

// "Owner::member" of all that the public headers offer.
const std::set<std::string>& known_members() {
  static const std::set<std::string> known = [] {
    std::set<std::string> members;
    for (const std::string& path : public_headers()) {
      for (const Symbol& symbol : scan_header(read_page(path)).symbols) {
        if (!symbol.owner.empty()) members.insert(symbol.owner + "::" + symbol.name);
      }
    }
    return members;
  }();
  return known;
}

bool is_known(const std::string& name) {
  if (name.starts_with("std::") || names_of_others().contains(name)) return true;
  const std::size_t colons = name.rfind("::");
  if (colons == std::string::npos) return known_names().contains(name);
  // A namespace or class of the library's own has no entries: its names are enough.
  const std::string owner = name.substr(0, colons);
  const auto is_of_owner = [&](const std::string& member) {
    return member.starts_with(owner + "::");
  };
  if (std::ranges::any_of(known_members(), is_of_owner)) return known_members().contains(name);
  return is_known(owner) && is_known(name.substr(colons + 2));
}

bool begins_a_name(const std::string& word) {
  const auto next = known_names().lower_bound(word);
  return next != known_names().end() && next->starts_with(word);
}

// The names in the comments of a header that nothing has: calls "x()", members "X::y", and words
// that only names look like: with an underscore, with capitals inside, constants.
std::set<std::string> unknown_names(const std::string& header) {
  static const std::regex name(
      R"(\w+(::\w+)+|\w+\(\)|\b_?[a-z]+\w*_\w+|\bk[A-Z]\w+|\b[A-Z][a-z]+[A-Z]\w*|\b[A-Z]+_[A-Z0-9_]+)");
  static const std::regex literal(R"("[^"]*")");
  std::set<std::string> unknown;
  std::istringstream lines(header);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t comment = line.find("//");
    if (comment == std::string::npos) continue;
    const std::string text = std::regex_replace(line.substr(comment), literal, "");
    for (std::sregex_iterator i(text.begin(), text.end(), name), end; i != end; ++i) {
      std::string word = i->str();
      if (word.ends_with("()")) word.resize(word.size() - 2);
      // "drop_*" and "PACKED_VECTOR2/3/4_ARRAY" are the beginnings of names.
      const std::string behind = i->suffix().str().substr(0, 1);
      const bool is_beginning = behind == "*" || behind == "/";
      if (!(is_beginning ? begins_a_name(word) : is_known(word))) unknown.insert(word);
    }
  }
  return unknown;
}

TEST(HeaderCommentsTest, TheNamesInThemExist) {
  for (const std::string& path : public_headers()) {
    EXPECT_EQ(unknown_names(read_page(path)), std::set<std::string>()) << path;
  }
}

class HeaderNameLieTest
    : public testing::TestWithParam<std::tuple<const char*, const char*, const char*>> {};

TEST_P(HeaderNameLieTest, IsHeardOf) {
  const auto& [path, truth, lie] = GetParam();
  std::string header = read_page(path);
  const std::string comment = std::string(truth);
  const std::size_t at = header.find(comment);
  ASSERT_NE(at, std::string::npos) << "the comment has changed: " << truth;
  header.replace(at, comment.size(), lie);
  EXPECT_FALSE(unknown_names(header).empty()) << lie;
}

INSTANTIATE_TEST_SUITE_P(
    Lies, HeaderNameLieTest,
    testing::Values(
        std::tuple("engine/core/socket_options.h", "and get_path_mtu() says", "and get_mtu() says"),
        std::tuple("engine/core/socket_options.h", "UDPServer::answer", "UDPServer::reply"),
        // A member of another type.
        std::tuple("engine/api/udp_server.h", "// SocketOptions::reply_from_received_address",
                   "// SocketOptions::idle_timeout"),
        std::tuple("engine/api/packet_peer_udp.h", "// inherited_sockets()", "// held_sockets()"),
        std::tuple("engine/api/packet_peer_udp.h", "ERR_CANT_CREATE when", "ERR_NO_SOCKET when"),
        std::tuple("engine/core/engine.h", "of kMinPayloadBudgetPerWorker at",
                   "of kSmallestBudget at"),
        std::tuple("engine/api/packet_peer.h", "// encode_buffer_max_size or",
                   "// encode_buffer_limit or")));

}  // namespace
}  // namespace ringpeer::docs
