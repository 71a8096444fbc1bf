// StreamPeerTCP and PacketPeerStream beside a real Godot: the same calls, what each answers
// and the state of the stream behind it. tests/testdata/stream_behaviour.jsonl has Godot's
// answers; what differs on purpose is a row of docs/compatibility.md.

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "ringpeer/packet_peer_stream.h"
#include "ringpeer/stream_peer_tcp.h"
#include "ringpeer/tests/engine/support/loopback.h"

namespace ringpeer {
namespace {

using nlohmann::ordered_json;

const std::string kScenarios = "tests/testdata/stream_scenarios.json";
const std::string kRecorded = "tests/testdata/stream_behaviour.jsonl";
const std::string kDifferences = "tests/testdata/stream_differences.jsonl";
const std::string kPage = "docs/compatibility.md";
const std::string kScript = "tests/testdata/stream_behaviour.gd";

// ---- The kernel's view --------------------------------------------------------

// What /proc/net/tcp says of the socket on a local port.
struct TcpState {
  int state = 0;  // 0: there is none
  int unread = 0;
};

constexpr int kEstablished = 1;
constexpr int kCloseWait = 8;  // the other side has ended it

TcpState tcp_state(int local_port, int remote_port) {
  std::ifstream file("/proc/net/tcp");
  std::string line;
  while (std::getline(file, line)) {
    unsigned slot = 0, local = 0, remote = 0, state = 0, to_send = 0, unread = 0;
    if (std::sscanf(line.c_str(), " %u: %*8x:%4x %*8x:%4x %2x %8x:%8x", &slot, &local, &remote,
                    &state, &to_send, &unread) == 6 &&
        static_cast<int>(local) == local_port && static_cast<int>(remote) == remote_port) {
      return {static_cast<int>(state), static_cast<int>(unread)};
    }
  }
  return {};
}

// ---- One scenario -------------------------------------------------------------

class Listener {
 public:
  Listener() : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(0, ::bind(descriptor_, generic, size));
    EXPECT_EQ(0, ::listen(descriptor_, 4));
    EXPECT_EQ(0, ::getsockname(descriptor_, generic, &size));
    port_ = ntohs(address.sin_port);
  }
  ~Listener() { ::close(descriptor_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int port() const { return port_; }
  int accept() const { return ::accept(descriptor_, nullptr, nullptr); }

 private:
  int descriptor_;
  int port_ = 0;
};

// Makes the calls that stream_behaviour.gd makes of a scenario.
class Scenario {
 public:
  std::vector<std::string> answers(const std::vector<std::string>& steps) {
    std::vector<std::string> answers;
    for (const std::string& step : steps) {
      std::istringstream words(step);
      std::string call;
      words >> call;
      if (const auto answer = answer_to(call, words)) answers.push_back(*answer + " " + state());
    }
    return answers;
  }

 private:
  static std::vector<std::uint8_t> bytes(std::istream& words) {
    std::size_t count = 0;
    words >> count;
    return std::vector<std::uint8_t>(count, 'a');
  }

  static std::string text(Error error) { return std::to_string(static_cast<int>(error)); }
  static std::string text(Error error, std::size_t count) {
    return text(error) + " " + std::to_string(count);
  }

  std::string connect(const std::string& host, int port) {
    const Error error = client_->connect_to_host(host, port);
    local_port_ = client_->get_local_port();
    remote_port_ = port;
    return text(error);
  }

  // What a call of the client answers; nothing for what else happens.
  std::optional<std::string> answer_to(const std::string& call, std::istream& words) {
    if (call == "connect") return connect("127.0.0.1", listener_.port());
    if (call == "connect_nobody") return connect("127.0.0.1", Listener().port());
    if (call == "connect_to") {
      std::string host;
      int port = 0;
      words >> host >> port;
      return connect(host, port);
    }
    if (call == "disconnect") return client_->disconnect_from_host(), "done";
    if (call == "no_delay") return client_->set_no_delay(true), "done";
    if (call == "poll") return text(client_->poll());
    if (call.starts_with("packet_")) return answer_to_packets(call, words);
    if (call == "put") {
      std::size_t written = 0;
      const Error error = client_->put_partial_data(bytes(words), &written);
      return text(error, written);
    }
    if (call == "get") {
      std::vector<std::uint8_t> buffer = bytes(words);
      std::size_t received = 0;
      const Error error = client_->get_partial_data(buffer, &received);
      return text(error, received);
    }
    let_happen(call, words);
    return std::nullopt;
  }

  std::optional<std::string> answer_to_packets(const std::string& call, std::istream& words) {
    if (call == "packet_count") return std::to_string(packets_.get_available_packet_count());
    if (call == "packet_put") return text(packets_.put_packet(bytes(words)));
    const std::size_t size = packets_.get_packet().size();
    return text(packets_.get_packet_error(), size);
  }

  void let_happen(const std::string& what, std::istream& words) {
    if (what == "await") return await(words);
    if (what == "accept") {
      server_ = std::make_unique<StreamPeerTCP>();
      ASSERT_EQ(Error::OK, server_->adopt_descriptor(listener_.accept()));
      server_->set_no_delay(true);
    } else if (what == "send" || what == "send_packet") {
      std::vector<std::uint8_t> data = bytes(words);
      if (what == "send_packet") {
        const auto size = static_cast<std::uint8_t>(data.size());
        data.insert(data.begin(), {size, 0, 0, 0});
      }
      std::size_t written = 0;
      ASSERT_EQ(Error::OK, server_->put_partial_data(data, &written));
    } else if (what == "finish") {
      server_->disconnect_from_host();
    } else if (what == "reset") {
      // Closed with bytes unread, once they are there.
      const int from = server_->get_local_port();
      ASSERT_TRUE(test::eventually([&] { return tcp_state(from, local_port_).unread > 0; }));
      server_->disconnect_from_host();
    } else {
      FAIL() << "there is no step " << what;
    }
  }

  // Until it has come to the client's socket.
  void await(std::istream& words) {
    std::string what;
    words >> what;
    ASSERT_TRUE(test::eventually([&] {
      const TcpState tcp = tcp_state(local_port_, remote_port_);
      if (what == "established") return tcp.state == kEstablished;
      if (what == "end") return tcp.state == kCloseWait;
      if (what == "reset") return tcp.state == 0;
      return tcp.unread >= std::stoi(what);
    })) << what;
  }

  std::string state() const {
    return "status " + std::to_string(client_->get_status()) + " host '" +
           client_->get_connected_host() + "' port " +
           std::to_string(client_->get_connected_port() != 0 ? 1 : 0) + " local " +
           (client_->get_local_port() != 0 ? "yes" : "no");
  }

  Listener listener_;
  std::unique_ptr<StreamPeerTCP> server_;
  std::shared_ptr<StreamPeerTCP> client_ = std::make_shared<StreamPeerTCP>();
  PacketPeerStream packets_{client_};
  int local_port_ = 0;
  int remote_port_ = 0;
};

// ---- The comparison -----------------------------------------------------------

std::vector<ordered_json> json_lines(std::istream& lines) {
  std::vector<ordered_json> all;
  std::string line;
  while (std::getline(lines, line)) {
    if (line.starts_with('{')) all.push_back(ordered_json::parse(line, nullptr, false));
  }
  return all;
}

using Steps = std::vector<std::string>;

std::vector<std::pair<std::string, Steps>> read_scenarios() {
  std::ifstream file(kScenarios);
  const auto json = ordered_json::parse(file, nullptr, false);
  std::vector<std::pair<std::string, Steps>> scenarios;
  for (const auto& [name, steps] : json.items()) {
    scenarios.emplace_back(name, steps.get<Steps>());
  }
  return scenarios;
}

// What Godot answered, by scenario.
std::map<std::string, Steps> godot_answers(std::istream& lines) {
  std::map<std::string, Steps> answers;
  for (const ordered_json& line : json_lines(lines)) {
    if (line.contains("scenario")) answers[line.at("scenario")] = line.at("answers").get<Steps>();
  }
  return answers;
}

// The steps that answer.
Steps calls_of(const Steps& steps) {
  const std::set<std::string> others = {"await",       "accept", "send",
                                        "send_packet", "finish", "reset"};
  Steps calls;
  std::copy_if(steps.begin(), steps.end(), std::back_inserter(calls),
               [&](const auto& step) { return !others.contains(step.substr(0, step.find(' '))); });
  return calls;
}

struct Difference {
  std::string ours;
  std::string kind;
};
using Differences = std::map<std::pair<std::string, std::size_t>, Difference>;

// By scenario and number of the call, from 1.
Differences read_differences() {
  std::ifstream file(kDifferences);
  Differences differences;
  for (const ordered_json& line : json_lines(file)) {
    differences[{line.at("scenario"), line.at("call")}] = {line.at("ours"), line.at("kind")};
  }
  return differences;
}

// The rows "| kind | Godot | here | why |" of the section on streams.
std::set<std::string> documented_kinds() {
  std::ifstream file(kPage);
  std::set<std::string> kinds;
  bool inside = false;
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with("## ")) inside = line == "## Streams";
    if (inside && line.starts_with("| **")) kinds.insert(line.substr(4, line.find("**", 4) - 4));
  }
  return kinds;
}

TEST(StreamBehaviourTest, AnswersAsGodotDoesButForWhatIsDocumented) {
  std::ifstream file(kRecorded);
  const auto recorded = godot_answers(file);
  Differences differences = read_differences();
  std::set<std::string> kinds;
  const auto scenarios = read_scenarios();
  ASSERT_FALSE(scenarios.empty());
  for (const auto& [name, steps] : scenarios) {
    SCOPED_TRACE(name);
    const Steps calls = calls_of(steps);
    const Steps ours = Scenario().answers(steps);
    ASSERT_TRUE(recorded.contains(name));
    const Steps& theirs = recorded.at(name);
    ASSERT_EQ(calls.size(), ours.size());
    ASSERT_EQ(calls.size(), theirs.size());
    for (std::size_t i = 0; i < calls.size(); ++i) {
      const auto known = differences.extract({name, i + 1});
      const std::string& expected = known.empty() ? theirs[i] : known.mapped().ours;
      EXPECT_EQ(expected, ours[i]) << "call " << i + 1 << ": " << calls[i];
      if (known.empty()) continue;
      EXPECT_NE(theirs[i], ours[i]) << "call " << i + 1 << " does not differ any more";
      kinds.insert(known.mapped().kind);
    }
  }
  EXPECT_TRUE(differences.empty()) << "differences of calls that there are not";
  EXPECT_EQ(documented_kinds(), kinds) << "docs/compatibility.md, section Streams";
}

// ---- Godot itself -------------------------------------------------------------

// What a command prints; its exit status goes to *status.
std::string output_of(const std::string& command, int* status) {
  std::string text;
  FILE* pipe = ::popen((command + " 2>/dev/null").c_str(), "r");
  if (pipe == nullptr) return text;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) text += static_cast<char>(c);
  const int ended = ::pclose(pipe);
  *status = WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
  return text;
}

// Godot's answers depend on nothing but its version: a machine that is busy for longer than
// the script waits is asked again.
TEST(StreamBehaviourTest, TheRecordIsWhatGodotAnswers) {
  int status = -1;
  const std::string version = output_of("timeout 20 godot --headless --version", &status);
  if (status != 0 || !version.starts_with("4.6.")) {
    GTEST_SKIP() << "there is no Godot 4.6 on the PATH";
  }
  const char* temporary = std::getenv("TEST_TMPDIR");
  const std::string folder = std::string(temporary == nullptr ? "/tmp" : temporary) + "/streams";
  std::filesystem::create_directories(folder);
  for (const std::string& path : {kScript, kScenarios}) {
    std::filesystem::copy_file(std::filesystem::canonical(path),
                               folder + "/" + std::filesystem::path(path).filename().string(),
                               std::filesystem::copy_options::overwrite_existing);
  }
  const std::string command = "timeout 60 godot --headless --path " + folder + " --script " +
                              folder + "/stream_behaviour.gd -- " + folder +
                              "/stream_scenarios.json";
  std::ifstream file(kRecorded);
  const auto recorded = godot_answers(file);
  std::map<std::string, Steps> answered;
  for (int attempt = 0; attempt < 5 && answered != recorded; ++attempt) {
    std::istringstream output(output_of(command, &status));
    answered = godot_answers(output);
  }
  EXPECT_EQ(recorded, answered);
}

}  // namespace
}  // namespace ringpeer
