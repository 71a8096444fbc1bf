#include "ringpeer/tools/load/payload_files.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ringpeer/tests/tools/load/capture_writer.h"

namespace ringpeer::tools {
namespace {

VaryingField field(const std::string& text) {
  std::string error;
  return parse_varying_field(text, &error).value();
}

TEST(PayloadFilesTest, Templates) {
  const auto complaint = [](const std::string& text, bool needs_echoes) {
    std::string error = "what was there before";
    const auto payload =
        make_template_payload(write_test_file("template", text), 1, needs_echoes, &error);
    EXPECT_EQ(payload == nullptr, !error.empty()) << error;
    return error;
  };
  EXPECT_EQ(complaint("[\"$sequence\", \"$time\"]\n", true), "");
  EXPECT_EQ(complaint("[1]", false), "");
  EXPECT_NE(complaint("[1]", true).find("put both into the template"), std::string::npos);
  EXPECT_NE(complaint("[", false).find("/template: the template is no Godot text"),
            std::string::npos);
  EXPECT_NE(complaint(std::string(17 << 20, ' '), false).find("16 MiB"), std::string::npos);
  EXPECT_NE(complaint("", false), "");
}

TEST(PayloadFilesTest, LinesOfHexadecimalDigits) {
  const auto complaint = [](const std::string& text, std::vector<VaryingField> fields,
                            bool needs_echoes) {
    std::string error = "what was there before";
    const auto payload = make_recorded_payload(write_test_file("lines", text), std::move(fields), 1,
                                               needs_echoes, &error);
    EXPECT_EQ(payload == nullptr, !error.empty()) << error;
    return error;
  };
  const std::string line = "00112233445566778899aabbccddeeff\n";
  EXPECT_EQ(complaint(line, {}, false), "");
  EXPECT_EQ(complaint(line, {field("0:8:sequence"), field("8:8:time")}, true), "");
  EXPECT_NE(complaint(line, {field("0:8:sequence")}, true).find("name both"), std::string::npos);
  EXPECT_NE(complaint(line, {field("12:8:random")}, false).find("byte 19"), std::string::npos);
  EXPECT_NE(complaint(line, {field("0:8:random"), field("7:1:client")}, false).find("byte 7"),
            std::string::npos);
  EXPECT_NE(complaint("zz", {}, false).find("/lines: line 1: 'z'"), std::string::npos);
}

TEST(PayloadFilesTest, FilesThatAreNone) {
  std::string error;
  EXPECT_EQ(make_template_payload("/no/such/file", 1, false, &error), nullptr);
  EXPECT_EQ(error, "/no/such/file: No such file or directory.");
  EXPECT_EQ(make_recorded_payload("/no/such/file", {}, 1, false, &error), nullptr);
  EXPECT_EQ(error, "/no/such/file: No such file or directory.");
  EXPECT_EQ(make_template_payload("/", 1, false, &error), nullptr);
  EXPECT_NE(error, "");
  EXPECT_EQ(make_recorded_payload("/", {}, 1, false, &error), nullptr);
  EXPECT_NE(error, "");
}

TEST(PayloadFilesTest, Sessions) {
  const net::Endpoint client = endpoint_of("10.0.0.1:40000");
  const net::Endpoint server = endpoint_of("10.0.0.2:7777");
  const std::string file = write_test_file(
      "session.pcap",
      pcap_file(kRawLink, {{1'000'000, ip_packet(client, server, "0123456789abcdef0123")},
                           {2'000'000, ip_packet(client, server, "0123456789abcdef01")}}));
  using Replies = SessionPayload::Replies;
  const auto complaint = [&](std::vector<VaryingField> fields, Replies replies) {
    std::string error = "what was there before";
    const auto payload = make_session_payload(
        file, {.choice = {}, .fields = std::move(fields), .replies = replies}, &error);
    EXPECT_EQ(payload == nullptr, !error.empty()) << error;
    return error;
  };
  const std::vector<VaryingField> both = {field("0:8:sequence"), field("8:8:time")};
  EXPECT_EQ(complaint({}, Replies::kCounted), "");
  EXPECT_EQ(complaint({}, Replies::kIgnored), "");
  EXPECT_EQ(complaint({field("18:2:client")}, Replies::kCounted), "");  // in one of them
  EXPECT_NE(complaint({field("18:3:client")}, Replies::kCounted).find("byte 20"),
            std::string::npos);
  EXPECT_EQ(complaint(both, Replies::kEchoes), "");
  EXPECT_NE(complaint({}, Replies::kEchoes).find("name both"), std::string::npos);
  EXPECT_NE(complaint({both[0], field("11:8:time")}, Replies::kEchoes).find("name both"),
            std::string::npos);
  EXPECT_NE(complaint({both[0], both[0]}, Replies::kCounted).find("in common"), std::string::npos);
}

// At one time, or nearly: nobody sends so much.
TEST(PayloadFilesTest, SessionsWithoutTimesAreRefused) {
  const net::Endpoint client = endpoint_of("10.0.0.1:40000");
  const net::Endpoint server = endpoint_of("10.0.0.2:7777");
  const auto complaint = [&](std::uint64_t distance_ns, std::uint32_t clients) {
    std::vector<CaptureEntry> entries;
    for (std::uint64_t i = 0; i < 5; ++i) {
      entries.push_back({i * distance_ns, ip_packet(client, server, "0123")});
    }
    std::string error;
    const auto payload =
        make_session_payload(write_test_file("at once", pcap_file(kRawLink, entries, true)),
                             {.choice = {}, .fields = {}, .clients = clients}, &error);
    EXPECT_EQ(payload == nullptr, !error.empty()) << error;
    return error;
  };
  for (const std::uint32_t clients : {1U, 500U}) {
    EXPECT_NE(complaint(0, clients).find("its times are all the same, or too close"),
              std::string::npos);
    EXPECT_NE(complaint(99'000, clients).find("10101 packets a second in the mean"),
              std::string::npos)
        << complaint(99'000, clients);
    EXPECT_EQ(complaint(101'000, clients), "");
  }
}

TEST(PayloadFilesTest, NamesAreMadePrintable) {
  const std::string name = "es\x1b[31mc\nape";
  std::string error;
  const auto expect_printable = [&](const auto& make, const std::string& words) {
    error.clear();
    EXPECT_EQ(make(write_test_file(name, "[")), nullptr);
    EXPECT_EQ(error.find_first_of("\x1b\n"), std::string::npos) << error;
    EXPECT_NE(error.find("es?[31mc?ape" + words), std::string::npos) << error;
    EXPECT_EQ(make("/no/" + name), nullptr);
    EXPECT_EQ(error.find("/no/es?[31mc?ape: "), 0U) << error;
  };
  expect_printable(
      [&](const std::string& file) { return make_template_payload(file, 1, false, &error); },
      ": the template is no Godot text");
  expect_printable(
      [&](const std::string& file) { return make_recorded_payload(file, {}, 1, false, &error); },
      ": line 1: '['");
  expect_printable([&](const std::string& file) { return make_session_payload(file, {}, &error); },
                   " is no pcap");
}

// Parts of a plan are told by it.
TEST(PayloadFilesTest, AnotherFileHasAnotherDigest) {
  std::string error;
  const auto digest_of = [&](const std::unique_ptr<LoadPayload>& payload) {
    EXPECT_NE(payload, nullptr) << error;
    return payload == nullptr ? std::nullopt : payload->digest();
  };
  const auto of_template = [&](const std::string& text) {
    return digest_of(make_template_payload(write_test_file("text", text), 1, false, &error));
  };
  EXPECT_EQ(of_template("[1]"), of_template("[1]"));
  EXPECT_NE(of_template("[1]"), of_template("[2]"));
  const auto of_lines = [&](const std::string& text) {
    return digest_of(make_recorded_payload(write_test_file("hex", text), {}, 1, false, &error));
  };
  EXPECT_EQ(of_lines("0011\n22\n"), of_lines("00 11 # the first\n22\n"));
  EXPECT_NE(of_lines("0011\n22\n"), of_lines("00\n1122\n"));
  const net::Endpoint client = endpoint_of("10.0.0.1:40000");
  const net::Endpoint server = endpoint_of("10.0.0.2:7777");
  const auto of_session = [&](std::uint64_t ms, const char* text, const net::Endpoint& second) {
    const net::Endpoint& other = second.port == client.port ? server : client;
    return digest_of(make_session_payload(
        write_test_file("dump",
                        pcap_file(kRawLink, {{0, ip_packet(client, server, "a")},
                                             {ms * 1'000'000, ip_packet(second, other, text)}})),
        {}, &error));
  };
  const auto digest = of_session(5, "b", client);
  EXPECT_TRUE(digest.has_value());
  EXPECT_EQ(of_session(5, "b", client), digest);
  EXPECT_NE(of_session(6, "b", client), digest);
  EXPECT_NE(of_session(5, "c", client), digest);
  EXPECT_NE(of_session(5, "b", server), digest);
}

}  // namespace
}  // namespace ringpeer::tools
