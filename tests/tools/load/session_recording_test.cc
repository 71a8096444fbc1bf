// One client's session out of captures of every kind, and what is told of those that have none.

#include "ringpeer/tools/capture/session_recording.h"

#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "ringpeer/tests/tools/load/capture_writer.h"
#include "ringpeer/tools/capture/udp_frame.h"

namespace ringpeer::tools {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr std::uint64_t kStart = 1'700'000'000'123'456'000;
constexpr std::uint64_t kMs = 1'000'000;

const net::Endpoint& client() {
  static const net::Endpoint endpoint = endpoint_of("10.0.0.1:40000");
  return endpoint;
}
const net::Endpoint& server() {
  static const net::Endpoint endpoint = endpoint_of("10.0.0.2:7777");
  return endpoint;
}

// A client says hello, is answered twice, says more, and the server says the last.
std::vector<CaptureEntry> session(std::uint32_t link, const net::Endpoint& from,
                                  const net::Endpoint& to, int tags = 0) {
  return {{kStart, framed(link, ip_packet(from, to, "hello"), tags)},
          {kStart + 5 * kMs, framed(link, ip_packet(to, from, "welcome!"), tags)},
          {kStart + 6 * kMs, framed(link, ip_packet(to, from, "map"), tags)},
          {kStart + 20 * kMs, framed(link, ip_packet(from, to, ""), tags)},
          {kStart + 40 * kMs, framed(link, ip_packet(from, to, "move"), tags)},
          {kStart + 41 * kMs, framed(link, ip_packet(to, from, "ok"), tags)}};
}

std::string text_of(const SessionRecording& recording, const RecordedPacket& packet) {
  const auto payload = recording.payload(packet);
  return {payload.begin(), payload.end()};
}

void expect_session(const std::string& file, const net::Endpoint& from, const net::Endpoint& to) {
  SessionRecording recording;
  std::string error;
  ASSERT_TRUE(recording.read(write_test_file("session", file), {}, &error)) << error;
  EXPECT_EQ(recording.client().to_string(), from.to_string());
  EXPECT_EQ(recording.server().to_string(), to.to_string());
  ASSERT_EQ(recording.sent().size(), 3U);
  ASSERT_EQ(recording.answers().size(), 3U);
  EXPECT_EQ(text_of(recording, recording.sent()[0]), "hello");
  EXPECT_EQ(text_of(recording, recording.sent()[1]), "");
  EXPECT_EQ(text_of(recording, recording.sent()[2]), "move");
  EXPECT_EQ(recording.sent()[0].offset.count(), 0);
  EXPECT_EQ(recording.sent()[1].offset, milliseconds(20));
  EXPECT_EQ(text_of(recording, recording.answers()[0]), "welcome!");
  EXPECT_EQ(recording.answers()[2].offset, milliseconds(41));
  EXPECT_EQ(recording.duration(), milliseconds(40));
  EXPECT_TRUE(recording.remarks().empty()) << recording.remarks().front();
  EXPECT_FALSE(recording.is_cut_short());
}

TEST(SessionRecordingTest, EveryLinkAndBothFamilies) {
  const net::Endpoint from6 = endpoint_of("[2001:db8::1]:40000");
  const net::Endpoint to6 = endpoint_of("[2001:db8::2]:7777");
  for (const std::uint32_t link : {kNullLink, kEthernetLink, kRawLink, kSllLink, kSll2Link}) {
    SCOPED_TRACE(link);
    expect_session(pcap_file(link, session(link, client(), server())), client(), server());
    expect_session(pcapng_file(link, session(link, from6, to6)), from6, to6);
    expect_session(pcap_file(link, session(link, from6, to6), true, true), from6, to6);
  }
  for (const int tags : {1, 2}) {
    expect_session(pcap_file(kEthernetLink, session(kEthernetLink, client(), server(), tags)),
                   client(), server());
  }
}

TEST(SessionRecordingTest, TimesAreAsFineAsTheFile) {
  std::vector<CaptureEntry> entries = session(kRawLink, client(), server());
  entries[3].time_ns += 789;
  SessionRecording recording;
  std::string error;
  ASSERT_TRUE(
      recording.read(write_test_file("fine", pcap_file(kRawLink, entries, true)), {}, &error));
  EXPECT_EQ(recording.sent()[1].offset, milliseconds(20) + std::chrono::nanoseconds(789));
}

TEST(SessionRecordingTest, WhoSendsFirstIsTheClientUnlessNamed) {
  const std::string path =
      write_test_file("named", pcap_file(kRawLink, session(kRawLink, client(), server())));
  SessionRecording recording;
  std::string error;
  ASSERT_TRUE(recording.read(path, {.client = server()}, &error)) << error;
  EXPECT_EQ(recording.client().to_string(), server().to_string());
  ASSERT_EQ(recording.sent().size(), 3U);
  EXPECT_EQ(text_of(recording, recording.sent()[0]), "welcome!");
  ASSERT_EQ(recording.remarks().size(), 1U);
  EXPECT_EQ(recording.remarks()[0].find("1 answers come before"), 0U) << recording.remarks()[0];
  ASSERT_TRUE(recording.read(path, {.server = client()}, &error)) << error;
  EXPECT_EQ(recording.client().to_string(), server().to_string());
  EXPECT_FALSE(recording.read(path, {.client = endpoint_of("10.0.0.9:1")}, &error));
  EXPECT_NE(error.find("10.0.0.1:40000 with 10.0.0.2:7777 (6 packets)"), std::string::npos)
      << error;
}

TEST(SessionRecordingTest, OfSeveralSessionsOneIsNamed) {
  std::vector<CaptureEntry> entries = session(kRawLink, client(), server());
  const net::Endpoint other = endpoint_of("10.0.0.3:5000");
  for (const CaptureEntry& entry : session(kRawLink, other, server())) entries.push_back(entry);
  const std::string path = write_test_file("several", pcap_file(kRawLink, entries));
  SessionRecording recording;
  std::string error;
  EXPECT_FALSE(recording.read(path, {}, &error));
  EXPECT_NE(error.find("2 sessions; name the client"), std::string::npos) << error;
  EXPECT_NE(error.find("10.0.0.3:5000"), std::string::npos) << error;
  ASSERT_TRUE(recording.read(path, {.client = other}, &error)) << error;
  EXPECT_EQ(recording.client().to_string(), other.to_string());
  EXPECT_EQ(recording.sent().size(), 3U);
}

TEST(SessionRecordingTest, WhatIsThereInPartIsTold) {
  SessionRecording recording;
  std::string error;
  std::vector<CaptureEntry> entries = session(kEthernetLink, client(), server());
  entries[0].snap = 44;
  EXPECT_FALSE(
      recording.read(write_test_file("cut", pcap_file(kEthernetLink, entries)), {}, &error));
  EXPECT_NE(error.find("1 packets of the client were recorded only in part"), std::string::npos)
      << error;

  entries = session(kEthernetLink, client(), server());
  entries[1].snap = 44;  // an answer: its size is known
  ASSERT_TRUE(recording.read(write_test_file("cut", pcap_file(kEthernetLink, entries)), {}, &error))
      << error;
  EXPECT_EQ(recording.answers()[0].size, 8U);
  EXPECT_EQ(recording.answers()[0].captured, 2U);
  EXPECT_FALSE(recording.answers()[0].is_whole());
  ASSERT_EQ(recording.remarks().size(), 1U);

  for (const bool is_ipv6 : {false, true}) {
    const net::Endpoint from = is_ipv6 ? endpoint_of("[::1]:40000") : client();
    const net::Endpoint to = is_ipv6 ? endpoint_of("[::1]:7777") : server();
    const std::uint16_t first = is_ipv6 ? 1 : 0x2000;
    const std::uint16_t later = is_ipv6 ? 8 : 1;
    entries = session(kRawLink, from, to);
    entries.push_back({kStart + 50 * kMs, ip_packet(from, to, "part", first)});
    entries.push_back({kStart + 50 * kMs, ip_packet(from, to, "rest", later)});
    EXPECT_FALSE(recording.read(write_test_file("part", pcap_file(kRawLink, entries)), {}, &error));
    EXPECT_NE(error.find("2 fragments"), std::string::npos) << error;
  }
}

// Of two sessions between the same machines, whose a fragment is its first one says.
TEST(SessionRecordingTest, FragmentsOfAnotherSessionAreNotOfThisOne) {
  for (const bool is_ipv6 : {false, true}) {
    const net::Endpoint from = is_ipv6 ? endpoint_of("[::1]:40000") : client();
    const net::Endpoint other =
        is_ipv6 ? endpoint_of("[::1]:40001") : endpoint_of("10.0.0.1:40001");
    const net::Endpoint to = is_ipv6 ? endpoint_of("[::1]:7777") : server();
    const std::uint16_t first = is_ipv6 ? 1 : 0x2000;
    const std::uint16_t later = is_ipv6 ? 8 : 1;
    const auto numbered = [&](CaptureBytes packet, std::uint8_t number) {
      packet[is_ipv6 ? 44 : 4] = number;
      return packet;
    };
    std::vector<CaptureEntry> entries = session(kRawLink, from, to);
    entries.push_back({kStart + 50 * kMs, numbered(ip_packet(other, to, "part", first), 3)});
    entries.push_back({kStart + 50 * kMs, numbered(ip_packet(other, to, "rest", later), 3)});
    const auto read = [&](SessionRecording* recording, std::string* error) {
      return recording->read(write_test_file("both", pcap_file(kRawLink, entries)),
                             {.client = from}, error);
    };
    SessionRecording recording;
    std::string error;
    ASSERT_TRUE(read(&recording, &error)) << error;
    EXPECT_EQ(recording.sent().size(), 3U);
    ASSERT_EQ(recording.remarks().size(), 1U);
    EXPECT_EQ(recording.remarks()[0].find("1 fragments between the two machines"), 0U);
    // Of its own answers they are told, and its own packets cannot be sent.
    entries.push_back({kStart + 51 * kMs, numbered(ip_packet(to, from, "part", first), 4)});
    entries.push_back({kStart + 51 * kMs, numbered(ip_packet(to, from, "rest", later), 4)});
    ASSERT_TRUE(read(&recording, &error)) << error;
    EXPECT_NE(recording.remarks()[1].find("1 fragments of answers"), std::string::npos)
        << recording.remarks()[1];
    entries.push_back({kStart + 52 * kMs, numbered(ip_packet(from, to, "part", first), 5)});
    entries.push_back({kStart + 52 * kMs, numbered(ip_packet(from, to, "rest", later), 5)});
    EXPECT_FALSE(read(&recording, &error));
    EXPECT_NE(error.find("2 fragments"), std::string::npos) << error;
  }
}

// Where nothing is to be had, the words say what to do.
TEST(SessionRecordingTest, FilesOfTheWrongMakeAreToldTheWayOut) {
  SessionRecording recording;
  std::string error;
  std::vector<CaptureEntry> entries = session(kEthernetLink, client(), server());
  for (CaptureEntry& entry : entries) entry.snap = 40;
  EXPECT_FALSE(
      recording.read(write_test_file("short", pcap_file(kEthernetLink, entries)), {}, &error));
  EXPECT_NE(error.find("6 of which end before UDP's ports: record with tcpdump -s 0"),
            std::string::npos)
      << error;
  // A second interface, of another link, behind the first.
  std::string file = pcapng_file(kEthernetLink, session(kEthernetLink, client(), server()));
  const std::string interface = pcapng_file(kRawLink, {}).substr(28);
  ASSERT_TRUE(recording.read(write_test_file("links", file + interface), {}, &error)) << error;
  ASSERT_EQ(recording.remarks().size(), 1U);
  EXPECT_NE(recording.remarks()[0].find("tshark -r FILE"), std::string::npos)
      << recording.remarks()[0];
  file.insert(pcapng_file(kEthernetLink, {}).size(), interface);
  EXPECT_FALSE(recording.read(write_test_file("links", file), {}, &error));
  EXPECT_NE(error.find("tshark -r FILE"), std::string::npos) << error;
}

// A terminal is not controlled by the name of a file.
TEST(SessionRecordingTest, NamesAreMadePrintable) {
  SessionRecording recording;
  std::string error;
  const std::string name = "es\x1b[31mc\nape";
  EXPECT_FALSE(recording.read("/no/" + name, {}, &error));
  EXPECT_EQ(error, "/no/es?[31mc?ape: No such file or directory.");
  std::vector<CaptureEntry> entries = session(kEthernetLink, client(), server());
  const auto expect_printable = [&](const std::string& file, std::string_view words) {
    EXPECT_FALSE(recording.read(write_test_file(name, file), {}, &error));
    EXPECT_EQ(error.find_first_of("\x1b\n"), std::string::npos) << error;
    EXPECT_NE(error.find("es?[31mc?ape"), std::string::npos) << error;
    EXPECT_NE(error.find(words), std::string::npos) << error;
  };
  expect_printable("no capture", "is no pcap");
  expect_printable(pcap_file(105, {}), "of a link");
  expect_printable(pcap_file(kRawLink, {}), "no UDP datagram");
  entries[0].snap = 44;
  expect_printable(pcap_file(kEthernetLink, entries), "only in part");
}

TEST(SessionRecordingTest, AFileThatEndsInTheMiddleIsReadAsFarAsItGoes) {
  std::string file = pcap_file(kRawLink, session(kRawLink, client(), server()));
  file.resize(file.size() - 5);
  SessionRecording recording;
  std::string error;
  ASSERT_TRUE(recording.read(write_test_file("middle", file), {}, &error)) << error;
  EXPECT_TRUE(recording.is_cut_short());
  EXPECT_EQ(recording.sent().size(), 3U);
  EXPECT_EQ(recording.answers().size(), 2U);
  ASSERT_EQ(recording.remarks().size(), 1U);
  EXPECT_NE(recording.remarks()[0].find("ends in the middle"), std::string::npos);
}

TEST(SessionRecordingTest, WhatIsNoSessionSaysWhy) {
  SessionRecording recording;
  std::string error;
  const auto complaint = [&](const std::string& file) {
    error.clear();
    EXPECT_FALSE(recording.read(write_test_file("none", file), {}, &error));
    return error;
  };
  EXPECT_NE(complaint("no capture").find("is no pcap or pcapng file"), std::string::npos) << error;
  EXPECT_NE(complaint("").find("is no pcap"), std::string::npos) << error;
  EXPECT_NE(complaint(pcap_file(kRawLink, {})).find("no UDP datagram in 0 frames"),
            std::string::npos)
      << error;
  EXPECT_NE(complaint(pcap_file(105, {})).find("of a link (IEEE802_11)"), std::string::npos)
      << error;
  EXPECT_FALSE(recording.read("/no/such/file", {}, &error));
  EXPECT_EQ(error, "/no/such/file: No such file or directory.");
  EXPECT_FALSE(recording.read("/tmp", {}, &error));
  EXPECT_FALSE(recording.read("/dev/null", {}, &error));
  std::vector<CaptureEntry> entries = session(kRawLink, client(), server());
  entries.back() = {kStart + 8 * 24 * 3600 * std::uint64_t{1'000'000'000},
                    ip_packet(client(), server(), "late")};
  EXPECT_NE(complaint(pcap_file(kRawLink, entries)).find("more than a week"), std::string::npos)
      << error;
}

TEST(SessionRecordingTest, OddTimesAndDoublesAreTold) {
  std::vector<CaptureEntry> entries = session(kRawLink, client(), server());
  entries[4].time_ns = kStart + 10 * kMs;  // before the one before
  SessionRecording recording;
  std::string error;
  ASSERT_TRUE(recording.read(write_test_file("odd", pcap_file(kRawLink, entries)), {}, &error));
  EXPECT_EQ(recording.sent()[2].offset, milliseconds(20));
  ASSERT_EQ(recording.remarks().size(), 1U);
  EXPECT_NE(recording.remarks()[0].find("times go backwards"), std::string::npos);

  // Also those of answers: each belongs to the packet before it.
  entries = session(kRawLink, client(), server());
  entries[1].time_ns = kStart - 3 * kMs;
  ASSERT_TRUE(recording.read(write_test_file("odd", pcap_file(kRawLink, entries)), {}, &error));
  EXPECT_EQ(recording.answers()[0].offset.count(), 0);
  EXPECT_EQ(recording.answers()[1].offset, milliseconds(6));
  ASSERT_EQ(recording.remarks().size(), 1U);
  EXPECT_EQ(recording.remarks()[0].find("1 times go backwards"), 0U) << recording.remarks()[0];

  std::vector<CaptureEntry> doubles;
  for (const CaptureEntry& entry : session(kSllLink, client(), server())) {
    doubles.push_back(entry);
    doubles.push_back(entry);
    doubles.back().time_ns += 3000;
  }
  ASSERT_TRUE(recording.read(write_test_file("any", pcap_file(kSllLink, doubles)), {}, &error));
  ASSERT_EQ(recording.remarks().size(), 1U);
  EXPECT_NE(recording.remarks()[0].find("\"any\""), std::string::npos) << recording.remarks()[0];
}

// ---- Files that somebody made to do harm

TEST(UdpFrameTest, NoFrameIsReadBeyondItsEnd) {
  std::mt19937 random(7);
  const net::Endpoint from6 = endpoint_of("[::1]:1");
  for (const std::uint32_t link : {kNullLink, kEthernetLink, kRawLink, kSllLink, kSll2Link}) {
    const LinkType type = link == kNullLink       ? LinkType::kNull
                          : link == kEthernetLink ? LinkType::kEthernet
                          : link == kRawLink      ? LinkType::kRaw
                          : link == kSllLink      ? LinkType::kLinuxSll
                                                  : LinkType::kLinuxSll2;
    for (int round = 0; round < 5000; ++round) {
      const CaptureBytes whole =
          framed(link,
                 round % 2 == 0 ? ip_packet(client(), server(), "payload")
                                : ip_packet(from6, from6, "payload", round % 4 == 1 ? 1 : 0),
                 static_cast<int>(random() % 3));
      // In memory of its own size, so that a sanitizer sees a byte too far.
      CaptureBytes frame(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(
                                                            random() % (whole.size() + 1)));
      frame.shrink_to_fit();
      for (std::uint32_t i = random() % 5; i > 0 && !frame.empty(); --i) {
        frame[random() % frame.size()] = static_cast<std::uint8_t>(random());
      }
      const UdpFrame read = read_udp_frame(type, frame);
      EXPECT_LE(read.payload.size(), frame.size());
      EXPECT_LE(read.payload.size(), read.size);
      if (!read.payload.empty()) {
        EXPECT_GE(read.payload.data(), frame.data());
        EXPECT_LE(read.payload.data() + read.payload.size(), frame.data() + frame.size());
      }
      EXPECT_EQ(read.kind == UdpFrame::Kind::kWhole && read.payload.size() != read.size, false);
    }
  }
}

TEST(SessionRecordingTest, MutatedFilesGiveASessionOrWords) {
  std::mt19937 random(20'261'129);
  std::vector<CaptureEntry> entries = session(kEthernetLink, client(), server());
  const std::vector<std::string> seeds = {pcap_file(kEthernetLink, entries),
                                          pcap_file(kEthernetLink, entries, true, true),
                                          pcapng_file(kEthernetLink, entries)};
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  int read = 0;
  for (int round = 0; round < 700 && std::chrono::steady_clock::now() < end; ++round) {
    std::string file = seeds[static_cast<std::size_t>(round) % seeds.size()];
    for (std::uint32_t i = 1 + random() % 6; i > 0; --i) {
      const std::size_t place = random() % file.size();
      switch (random() % 4) {
        case 0:
          file[place] = static_cast<char>(random());
          break;
        case 1:
          file[place] = static_cast<char>(random() % 2 == 0 ? 0xff : 0);
          break;
        case 2:
          file.erase(place, random() % 8);
          break;
        default:
          file.insert(place, random() % 8, static_cast<char>(random()));
          break;
      }
      if (file.empty()) file = "x";
    }
    SessionRecording recording;
    std::string error;
    if (!recording.read(write_test_file("mutant", file), {}, &error)) {
      EXPECT_NE(error, "") << round;
      continue;
    }
    ++read;
    EXPECT_FALSE(recording.sent().empty());
    std::chrono::nanoseconds before{0};
    for (const RecordedPacket& packet : recording.sent()) {
      EXPECT_TRUE(packet.is_whole());
      EXPECT_EQ(recording.payload(packet).size(), packet.size);
      EXPECT_GE(packet.offset, before) << round;
      before = packet.offset;
    }
    for (const RecordedPacket& packet : recording.answers()) {
      EXPECT_EQ(recording.payload(packet).size(), packet.captured);
    }
  }
  EXPECT_GT(read, 20);
}

}  // namespace
}  // namespace ringpeer::tools
