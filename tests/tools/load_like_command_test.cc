// `ringpeer load --like` from outside: what a server sees of a recorded session that many clients
// play, and what is said of its answers.

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "ringpeer/tests/tools/command_process.h"
#include "ringpeer/tests/tools/load/capture_writer.h"
#include "ringpeer/tests/tools/load/server_socket.h"
#include "ringpeer/tests/tools/report_schema.h"

namespace ringpeer::tools {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
using Words = std::vector<std::string>;

constexpr std::chrono::seconds kPatience{60};
// Nothing of this machine's speed is expected, but where the test says so.
const std::string kAnyMachine = "--allow-invalid";

// ---- The session ---------------------------------------------------------------

// What a client sent, no two of one size, and how often it was answered before the next.
struct Recorded {
  int at_ms;
  std::size_t size;
  int answers;
};
constexpr std::array<Recorded, 6> kSession = {
    {{0, 20, 2}, {40, 33, 0}, {70, 21, 1}, {200, 24, 1}, {210, 50, 2}, {300, 60, 1}}};
// With the pause at its end, a mean distance.
constexpr int kPeriodMs = 360;

const net::Endpoint& recorded_client() {
  static const net::Endpoint endpoint = endpoint_of("192.0.2.7:40000");
  return endpoint;
}
const net::Endpoint& recorded_server() {
  static const net::Endpoint endpoint = endpoint_of("192.0.2.1:7777");
  return endpoint;
}

constexpr std::uint64_t kMs = 1'000'000;

std::vector<CaptureEntry> session_entries(const net::Endpoint& client, bool has_answers = true) {
  std::vector<CaptureEntry> entries;
  for (const Recorded& packet : kSession) {
    const std::uint64_t time = kMs * (1000 + static_cast<std::uint64_t>(packet.at_ms));
    const std::string payload(packet.size, static_cast<char>('a' + packet.size % 26));
    entries.push_back({time, ip_packet(client, recorded_server(), payload)});
    for (int i = 0; has_answers && i < packet.answers; ++i) {
      const std::uint64_t later = time + kMs * static_cast<std::uint64_t>(1 + i);
      entries.push_back({later, ip_packet(recorded_server(), client, "recorded answer")});
    }
  }
  return entries;
}

std::string session_file(const std::string& name = "session.pcap") {
  return write_test_file(name, pcap_file(kRawLink, session_entries(recorded_client())));
}

const Words kFields = {"--vary", "0:8:sequence", "--vary", "8:8:time", "--vary", "16:2:client:be"};

std::size_t place_of(std::size_t size) {
  return static_cast<std::size_t>(std::ranges::find(kSession, size, &Recorded::size) -
                                  kSession.begin());
}

// ---- The server ----------------------------------------------------------------

// Answers as the recorded one did, with bytes that are not those of the packet, and writes down
// what comes.
class Game {
 public:
  struct Packet {
    Clock::time_point at;
    std::string bytes;
  };
  using Senders = std::map<std::uint16_t, std::vector<Packet>>;

  // Of two answers `most` are given.
  explicit Game(int most = 2) {
    thread_ = std::jthread([this, most](const std::stop_token& stop) {
      while (!stop.stop_requested()) serve(most);
    });
  }
  ~Game() { stop(); }
  Game(const Game&) = delete;
  Game& operator=(const Game&) = delete;

  std::string target() const { return "127.0.0.1:" + std::to_string(socket_.port()); }
  // By port of the client.
  const Senders& stop() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
    return senders_;
  }

 private:
  void serve(int most) {
    std::array<char, 2048> bytes;
    sockaddr_in from = {};
    socklen_t size = sizeof(from);
    const ssize_t count = recvfrom(socket_.descriptor(), bytes.data(), bytes.size(), 0,
                                   reinterpret_cast<sockaddr*>(&from), &size);
    if (count < 0) return;
    const std::string packet(bytes.data(), static_cast<std::size_t>(count));
    senders_[ntohs(from.sin_port)].push_back({Clock::now(), packet});
    const std::size_t place = place_of(packet.size());
    if (place == kSession.size()) return;
    const std::string answer = "an answer";
    for (int i = 0; i < std::min(most, kSession[place].answers); ++i) {
      sendto(socket_.descriptor(), answer.data(), answer.size(), 0,
             reinterpret_cast<sockaddr*>(&from), size);
    }
  }

  const ServerSocket socket_;
  Senders senders_;
  std::jthread thread_;
};

json load(const std::string& target, Words words, int expected_status = 0,
          std::string* said = nullptr) {
  words.insert(words.begin(), {"load", "--target", target, "--json"});
  CommandProcess process(words);
  EXPECT_EQ(process.finish(kPatience), expected_status) << process.error_output();
  json report = json::parse(process.output(), nullptr, false);
  EXPECT_FALSE(report.is_discarded()) << process.output();
  EXPECT_EQ(ReportSchema().complaint("load", report), "");
  if (said != nullptr) *said = process.error_output();
  return report;
}

// ---- Sizes and times -----------------------------------------------------------

// Sizes are those recorded, from the first, round after round.
std::string complaint_about_sizes(const std::vector<Game::Packet>& packets) {
  for (std::size_t i = 0; i < packets.size(); ++i) {
    if (packets[i].bytes.size() == kSession[i % kSession.size()].size) continue;
    return "packet " + std::to_string(i) + " has " + std::to_string(packets[i].bytes.size()) +
           " bytes; ";
  }
  return "";
}

std::string complaint_about_times(const std::vector<Game::Packet>& packets) {
  constexpr milliseconds kTolerance{15};
  for (std::size_t i = 0; i < packets.size(); ++i) {
    const auto round = static_cast<int>(i / kSession.size());
    const milliseconds expected(kPeriodMs * round + kSession[i % kSession.size()].at_ms);
    const auto off = packets[i].at - packets.front().at - expected;
    if (std::chrono::abs(off) <= kTolerance) continue;
    return "packet " + std::to_string(i) + " is off by " +
           std::to_string(std::chrono::duration<double, std::milli>(off).count()) + " ms; ";
  }
  return "";
}

TEST(LoadLikeCommandTest, TheServerSeesSizesAndIntervalsOfTheRecording) {
  std::string complaints;
  // This machine may pause.
  for (int i = 0; i < 5; ++i) {
    Game game;
    const json report = load(game.target(), {"--like", session_file(), "--clients", "5",
                                             "--threads", "2", "--duration", "1.5", kAnyMachine});
    std::string complaint;
    std::uint64_t packets = 0;
    const Game::Senders& senders = game.stop();
    EXPECT_EQ(senders.size(), 5U);
    for (const auto& [port, sent] : senders) {
      complaint += complaint_about_sizes(sent) + complaint_about_times(sent);
      packets += sent.size();
    }
    EXPECT_EQ(report.at("sent"), packets);
    // 1.5 s of 6 packets in 0.36 s, of clients that begin within the first 0.36 s.
    if (packets < 5 * 18) complaint += std::to_string(packets) + " packets";
    if (complaint.empty()) return;
    complaints += complaint + "\n";
  }
  ADD_FAILURE() << complaints;
}

// ---- Answers -------------------------------------------------------------------

TEST(LoadLikeCommandTest, AnswersAreHeldAgainstThoseRecorded) {
  Game game;
  std::string said;
  const std::string file = session_file();
  const json report = load(
      game.target(), {"--like", file, "--clients", "4", "--duration", "1", kAnyMachine}, 0, &said);
  std::uint64_t expected = 0;
  for (const auto& [port, packets] : game.stop()) {
    for (const auto& packet : packets) {
      expected += static_cast<std::uint64_t>(kSession[place_of(packet.bytes.size())].answers);
    }
  }
  EXPECT_EQ(report.at("payload"), "like");
  EXPECT_EQ(report.at("server"), "replies");
  EXPECT_NEAR(report.at("hz").get<double>(), 6 / 0.36, 1e-6);
  EXPECT_EQ(report.at("replies").at("expected"), expected);
  EXPECT_EQ(report.at("replies").at("received"), expected);
  EXPECT_EQ(report.at("replies").at("percent"), 100);
  EXPECT_EQ(report.at("received"), expected);
  EXPECT_EQ(report.at("answered"), 0);
  EXPECT_TRUE(report.at("lost").is_null());
  EXPECT_TRUE(report.at("unaccounted").is_null());
  EXPECT_EQ(report.at("foreign"), 0);
  EXPECT_EQ(report.at("joins").at("answered"), 4);
  EXPECT_EQ(report.at("rtt_us").at("count"), 0);
  EXPECT_TRUE(report.at("rtt_us").at("p99").is_null());
  for (const json& point : report.at("series").at("points")) {
    EXPECT_TRUE(point.at("lost").is_null());
  }
  EXPECT_NE(said.find(file + ": 192.0.2.7:40000 sent 6 packets to 192.0.2.1:7777 in 0.3 s and got "
                             "7 answers"),
            std::string::npos)
      << said;
}

TEST(LoadLikeCommandTest, AServerThatFallsBehindFails) {
  Game game(1);
  std::string said;
  const json report =
      load(game.target(),
           {"--like", session_file(), "--clients", "3", "--duration", "1", kAnyMachine}, 1, &said);
  const double percent = report.at("replies").at("percent");
  EXPECT_GT(percent, 60);
  EXPECT_LT(percent, 85);
  EXPECT_EQ(report.at("ok"), false);
  EXPECT_NE(said.find("answers came where the recorded server gave"), std::string::npos) << said;
  EXPECT_NE(said.find("90 % are the least"), std::string::npos) << said;
}

TEST(LoadLikeCommandTest, OfASessionWithoutAnswersNoneAreExpected) {
  Game game(0);
  const std::string file =
      write_test_file("one-way", pcapng_file(kRawLink, session_entries(recorded_client(), false)));
  const json report = load(game.target(), {"--like", file, "--duration", "0.4", kAnyMachine});
  EXPECT_EQ(report.at("replies").at("expected"), 0);
  EXPECT_TRUE(report.at("replies").at("percent").is_null());
  EXPECT_TRUE(report.at("server").is_null());
  EXPECT_EQ(report.at("sent").get<int>() + report.at("send_missed").get<int>(), 7);
}

TEST(LoadLikeCommandTest, WithoutAServerItFails) {
  std::string target;
  {
    const Game game;
    target = game.target();
  }
  std::string said;
  load(target, {"--like", session_file(), "--duration", "0.3", kAnyMachine}, 1, &said);
  EXPECT_NE(said.find("nobody listens at"), std::string::npos) << said;
}

TEST(LoadLikeCommandTest, OfASinkNothingIsExpected) {
  Game game;
  const json report = load(game.target(), {"--like", session_file(), "--duration", "0.3",
                                           "--expect", "nothing", kAnyMachine});
  EXPECT_EQ(report.at("server"), "silent");
  EXPECT_FALSE(report.contains("replies"));
}

// Fields say which packet an echo is of, and when that was due.
TEST(LoadLikeCommandTest, EchoesAreMatched) {
  CommandProcess echo({"serve", "--mode", "echo", "--port", "0", "--address", "127.0.0.1"});
  ASSERT_TRUE(echo.wait_for_error_text(", backend ", kPatience));
  const std::string& told = echo.error_output();
  const std::string target =
      "127.0.0.1:" + std::to_string(std::stoi(told.substr(told.find(" on port ") + 9)));
  Words words = {"--like", session_file(), "--clients", "6",        "--threads", "3", "--duration",
                 "1",      "--expect",     "echo",      kAnyMachine};
  words.insert(words.end(), kFields.begin(), kFields.end());
  const json report = load(target, words);
  EXPECT_EQ(report.at("server"), "echo");
  EXPECT_GT(report.at("sent"), 6 * 10);
  EXPECT_EQ(report.at("answered"), report.at("sent"));
  EXPECT_EQ(report.at("rtt_us").at("count"), report.at("sent"));
  for (const char* field : {"lost", "unaccounted", "corrupted", "foreign", "repeated"}) {
    EXPECT_EQ(report.at(field), 0) << field;
  }
  EXPECT_FALSE(report.contains("replies"));
}

// IPv6 carries 20 bytes more than IPv4.
TEST(LoadLikeCommandTest, TheLargestEchoesAreWhole) {
  CommandProcess echo({"serve", "--mode", "echo", "--port", "0", "--address", "::1"});
  if (!echo.wait_for_error_text(", backend ", std::chrono::seconds(5))) {
    GTEST_SKIP() << "there is no IPv6 here: " << echo.error_output();
  }
  const std::string& told = echo.error_output();
  const std::string target =
      "[::1]:" + std::to_string(std::stoi(told.substr(told.find(" on port ") + 9)));
  const net::Endpoint client = endpoint_of("[2001:db8::7]:40000");
  const net::Endpoint game = endpoint_of("[2001:db8::1]:7777");
  std::vector<CaptureEntry> entries;
  for (const std::size_t size : {65'507, 65'508, 65'527}) {
    entries.push_back({entries.size() * 50 * kMs, ip_packet(client, game, std::string(size, 'x'))});
  }
  const std::string file = write_test_file("large.pcap", pcap_file(kRawLink, entries));
  Words words = {"--like", file, "--duration", "0.5", "--expect", "echo", kAnyMachine};
  words.insert(words.end(), kFields.begin(), kFields.end());
  const json report = load(target, words);
  EXPECT_EQ(report.at("packet_bytes"), 65'527);
  EXPECT_EQ(report.at("answered"), report.at("sent"));
  EXPECT_EQ(report.at("corrupted"), 0);
}

// ---- Clients that come and go --------------------------------------------------

TEST(LoadLikeCommandTest, WhoComesBeginsWithTheFirstPacket) {
  Game game;
  Words words = {"--like",    session_file(), "--clients",  "4",   "--join-rate", "20",
                 "--session", "250ms",        "--duration", "1.4", kAnyMachine};
  words.insert(words.end(), kFields.begin(), kFields.end());
  const json report = load(game.target(), words);
  const Game::Senders& senders = game.stop();
  EXPECT_EQ(report.at("joins").at("count"), senders.size());
  EXPECT_GT(senders.size(), 12U);
  std::size_t whole = 0;
  for (const auto& [port, packets] : senders) {
    // Whoever stays 250 ms comes to the fifth packet, at 210 ms.
    EXPECT_LE(packets.size(), 5U);
    whole += packets.size() == 5 ? 1 : 0;
    EXPECT_EQ(packets.front().bytes.size(), kSession.front().size);
    for (std::size_t i = 0; i < packets.size(); ++i) {
      EXPECT_EQ(packets[i].bytes.substr(0, 8),
                std::string(1, static_cast<char>(i)) + std::string(7, '\0'));
    }
  }
  EXPECT_GT(whole, 0U);
}

TEST(LoadLikeCommandTest, PartsArePutTogether) {
  Game game;
  std::vector<std::string> files;
  std::uint64_t received = 0;
  std::vector<std::unique_ptr<CommandProcess>> parts;
  for (const std::string part : {"1/2", "2/2"}) {
    parts.push_back(std::make_unique<CommandProcess>(
        Words{"load", "--target", game.target(), "--like", session_file("part.pcap"), "--clients",
              "4", "--duration", "0.8", "--part", part, "--json", kAnyMachine}));
  }
  for (auto& part : parts) {
    EXPECT_EQ(part->finish(kPatience), 0) << part->error_output();
    received += json::parse(part->output()).at("replies").at("received").get<std::uint64_t>();
    files.push_back(write_test_file("part" + std::to_string(files.size()), part->output()));
  }
  CommandProcess merge({"load", "merge", files[0], files[1], "--json"});
  merge.finish(kPatience);
  const json merged = json::parse(merge.output());
  EXPECT_EQ(ReportSchema().complaint("load", merged), "");
  EXPECT_EQ(merged.at("replies").at("received"), received);
  EXPECT_EQ(merged.at("replies").at("percent"), 100);
  EXPECT_EQ(merged.at("clients"), 4);
  EXPECT_TRUE(merged.at("lost").is_null());
  EXPECT_EQ(game.stop().size(), 4U);
}

// As many packets of as many bytes at one rate, and yet another recording.
TEST(LoadLikeCommandTest, PartsOfTwoRecordingsAreNotOfOnePlan) {
  Game game;
  std::vector<std::string> reports;
  for (const std::string number : {"1", "2"}) {
    std::vector<CaptureEntry> entries = session_entries(recorded_client());
    entries.front().frame.back() = static_cast<std::uint8_t>(number.front());
    const std::string file = write_test_file("recording" + number, pcap_file(kRawLink, entries));
    CommandProcess part({"load", "--target", game.target(), "--like", file, "--clients", "2",
                         "--duration", "0.2", "--part", number + "/2", "--json", kAnyMachine});
    part.finish(kPatience);
    reports.push_back(write_test_file("of" + number, part.output()));
  }
  CommandProcess merge({"load", "merge", reports[0], reports[1], "--json"});
  EXPECT_EQ(merge.finish(kPatience), 1);
  EXPECT_NE(merge.error_output().find("--like"), std::string::npos) << merge.error_output();
}

// ---- Files and options ---------------------------------------------------------

TEST(LoadLikeCommandTest, AmongSeveralSessionsOneIsNamed) {
  const net::Endpoint other = endpoint_of("192.0.2.8:40001");
  std::vector<CaptureEntry> entries = session_entries(recorded_client());
  entries.push_back({2000 * kMs, ip_packet(other, recorded_server(), "hello")});
  const std::string file = write_test_file("two.pcap", pcap_file(kRawLink, entries));
  Game game;
  const json report =
      load(game.target(), {"--like", file, "--like-client", "192.0.2.8:40001", "--like-server",
                           "192.0.2.1:7777", "--duration", "0.1", kAnyMachine});
  EXPECT_EQ(report.at("sent"), 1);
  EXPECT_EQ(report.at("packet_bytes"), 5);
  CommandProcess unnamed({"load", "--target", game.target(), "--like", file});
  EXPECT_EQ(unnamed.finish(kPatience), 2);
  EXPECT_NE(unnamed.error_output().find("--like-client"), std::string::npos)
      << unnamed.error_output();
}

TEST(LoadLikeCommandTest, WhatIsOddInAFileIsTold) {
  std::string bytes = pcap_file(kRawLink, session_entries(recorded_client()));
  bytes.resize(bytes.size() - 3);
  Game game;
  std::string said;
  load(game.target(),
       {"--like", write_test_file("cut.pcap", bytes), "--duration", "0.1", kAnyMachine}, 0, &said);
  EXPECT_NE(said.find("/cut.pcap: The file ends in the middle"), std::string::npos) << said;
}

TEST(LoadLikeCommandTest, FilesAndOptionsThatAreNotFitAreToldInOneLine) {
  const std::string file = session_file();
  std::vector<CaptureEntry> at_once = session_entries(recorded_client());
  for (CaptureEntry& entry : at_once) entry.time_ns = kMs;
  const std::vector<std::pair<Words, std::string>> cases = {
      {{"--like", ""}, "its value is empty"},
      {{"--like", "/no/such/file"}, "/no/such/file"},
      {{"--like", write_test_file("text", "no capture at all")}, "text"},
      {{"--like", write_test_file("none.pcap", pcap_file(kRawLink, {}))}, "no UDP datagram"},
      {{"--like", file, "--hz", "60"}, "leave out --hz"},
      {{"--like", file, "--ramp", "1..2"}, "leave out --ramp and --find-max"},
      {{"--like", file, "--find-max"}, "leave out --ramp and --find-max"},
      {{"--like", file, "--size", "100"}, "leave out --size"},
      {{"--like", file, "--payload", "raw"}, "leave out --payload"},
      {{"--like", file, "--packets", file}, "--packets and --like both say what is sent"},
      {{"--like", file, "--template", file}, "--template and --like both say what is sent"},
      {{"--like", file, "--vary", "60:1:client"}, "no packet is as long as byte 60"},
      {{"--like", file, "--vary", "0:8:time", "--vary", "4:1:client"}, "byte 4 in common"},
      {{"--like", file, "--expect", "echo"}, "name both"},
      {{"--like", file, "--expect", "echo", "--vary", "0:8:sequence", "--vary", "18:8:time"},
       "name both"},
      {{"--like", file, "--like-client", "192.0.2.9:1"}, "no session of that name"},
      {{"--like", file, "--like-client", "game"}, "write an address and a port"},
      {{"--like", file, "--like-client", "\x1b[31m\n"}, "--like-client ?[31m?: write"},
      {{"--like", file, "--vary", "\x1b[31m\n"}, "--vary ?[31m?: write"},
      {{"--like", file, "--session", "\x1b[31m\n"}, "--session ?[31m?: write"},
      {{"--like", file, "--clients", "\x1b[31m\n"}, "--clients = ?[31m"},
      {{"--like", write_test_file("at-once", pcap_file(kRawLink, at_once))},
       "its times are all the same"},
      {{"--like-client", "192.0.2.9:1"}, "use --like"},
      {{"--like-server", "192.0.2.9:1"}, "use --like"},
  };
  for (const auto& [options, words] : cases) {
    Words line = {"load", "--target", "127.0.0.1:9"};
    line.insert(line.end(), options.begin(), options.end());
    CommandProcess process(line);
    EXPECT_EQ(process.finish(kPatience), 2) << words;
    EXPECT_EQ(process.output(), "");
    const std::string& said = process.error_output();
    EXPECT_NE(said.find(words), std::string::npos) << said;
    EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
  }
}

}  // namespace
}  // namespace ringpeer::tools
