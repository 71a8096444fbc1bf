// docs/compatibility.md: each row is executed. The rows of probes by the probes, which exist; those
// of streams by the comparison with a real Godot's answers; the choices without a probe here, by
// their first cell. What the page says of Godot is asked of one, where there is one.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "ringpeer/codec/wire/decode.h"
#include "ringpeer/packet_peer_extension.h"
#include "ringpeer/packet_peer_stream.h"
#include "ringpeer/stream_peer_buffer.h"
#include "ringpeer/tests/docs/page.h"
#include "ringpeer/tests/docs/peers.h"
#include "ringpeer/tests/docs/stated.h"
#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/tests/engine/support/loopback.h"
#include "ringpeer/udp_server.h"

namespace ringpeer::docs {
namespace {

using std::chrono::milliseconds;
using test::eventually;

constexpr const char* kPage = "docs/compatibility.md";

// How many of `sent` packets of `size` bytes a peer keeps that nobody looks at.
int kept(PacketPeerUDP& peer, const EnginePointer& engine, int sent, std::size_t size) {
  const test::Sender sender(port_of(peer));
  const Bytes packet(size, 1);
  for (int i = 0; i < sent; ++i) EXPECT_TRUE(sender.send(packet));
  EXPECT_EQ(engine->sync(), Error::OK);
  return peer.get_available_packet_count();
}

using Case = std::function<void(const EnginePointer&)>;

const std::map<std::string, Case> kChoices = {
    {"default `recv_buf_size` of `bind()`",
     [](const EnginePointer& engine) {
       PacketPeerUDP peer(engine);
       ASSERT_EQ(peer.bind(0, kHost), Error::OK);
       // The power of two above 524,288, less one: 1,048,575 bytes, 24 and the payload each.
       EXPECT_EQ(kept(peer, engine, 1100, 1000), 1048575 / 1024);
       PacketPeerUDP small(engine);
       ASSERT_EQ(small.bind(0, kHost, 1024), Error::OK);
       EXPECT_EQ(kept(small, engine, 100, 76), 2047 / 100);
     }},
    {"queue of a connected peer, or a server's",
     [](const EnginePointer& engine) {
       const net::Socket remote = test::open_receiver(0);
       PacketPeerUDP peer(engine);
       ASSERT_EQ(peer.connect_to_host(kHost, test::port_of(remote)), Error::OK);
       const net::SocketAddress to =
           net::to_socket_address(test::loopback_ipv4(port_of(peer)), AF_INET);
       const Bytes packet(1000, 1);
       for (int i = 0; i < 100; ++i) EXPECT_EQ(remote.send_to(packet, to), 0);
       ASSERT_EQ(engine->sync(), Error::OK);
       EXPECT_EQ(peer.get_available_packet_count(), 65535 / 1024);
       const Bytes largest(65507, 1);  // with its 24 bytes more than the queue
       while (peer.get_available_packet_count() > 0) peer.get_packet();
       EXPECT_EQ(remote.send_to(largest, to), 0);
       ASSERT_EQ(engine->sync(), Error::OK);
       EXPECT_EQ(peer.get_packet(), largest);
     }},
    {"a loop that takes until nothing waits", nullptr},
    {"`put_packet` when the kernel's buffer is full", nullptr},
    {"a process that is killed, or ends by `_exit`, right after `put_packet`", nullptr},
    {"errors of packets that a worker sends",
     [](const EnginePointer& engine) {
       int port = 0;
       {
         const net::Socket gone = test::open_receiver(0);
         port = test::port_of(gone);
       }
       PacketPeerUDP peer(engine);
       ASSERT_EQ(peer.connect_to_host(kHost, port), Error::OK);
       EXPECT_EQ(peer.put_packet(kByte), Error::OK);
       std::span<const std::uint8_t> packet;
       EXPECT_TRUE(eventually([&] { return peer.get_packet(&packet) == Error::FAILED; }));
       EXPECT_EQ(peer.get_packet(&packet), Error::ERR_UNAVAILABLE);
     }},
    {"`wait()`",
     [](const EnginePointer& engine) {
       PacketPeerUDP peer(engine);
       ASSERT_EQ(peer.bind(0, kHost), Error::OK);
       EXPECT_EQ(kept(peer, engine, 1, 1), 1);
       EXPECT_EQ(peer.wait(), Error::OK);
       EXPECT_EQ(peer.get_packet().size(), 1u);
       EXPECT_EQ(peer.wait(milliseconds(1)), Error::ERR_TIMEOUT);
       peer.wake();
       EXPECT_EQ(peer.wait(), Error::ERR_SKIP);
     }},
    {"`get_var()`",
     [](const EnginePointer& engine) {
       PacketPeerUDP peer(engine);
       ASSERT_EQ(peer.bind(0, kHost), Error::OK);
       EXPECT_TRUE(peer.get_var().is_nil());
       Variant value = 1;
       EXPECT_EQ(peer.get_var(&value), Error::ERR_UNAVAILABLE);
       EXPECT_TRUE(value.is_nil());
     }},
    {"`get_packet_error()`",
     [](const EnginePointer& engine) {
       PacketPeerUDP peer(engine);
       ASSERT_EQ(peer.bind(0, kHost), Error::OK);
       peer.get_var();
       std::span<const std::uint8_t> packet;
       EXPECT_EQ(peer.get_packet(&packet), Error::ERR_UNAVAILABLE);
       EXPECT_EQ(peer.get_packet_error(), Error::OK);
       peer.get_packet();
       EXPECT_EQ(peer.get_packet_error(), Error::ERR_UNAVAILABLE);
     }},
    {"rejected `encode_buffer_max_size` and `max_pending_connections`",
     [](const EnginePointer& engine) {
       PacketPeerUDP peer(engine);
       peer.set_encode_buffer_max_size(1000);
       EXPECT_EQ(peer.get_encode_buffer_max_size(), 8 << 20);
       UDPServer server(engine);
       server.set_max_pending_connections(-1);
       EXPECT_EQ(server.get_max_pending_connections(), 16);
     }},
    {"a sender when `max_pending_connections` wait to be taken", nullptr},
    {"queue of a remote that is not taken yet", nullptr},
    {"`get_packet_ip()` of link-local IPv6", nullptr},
    {"`bind()` and `listen()` on link-local IPv6", nullptr},
    {"`PacketPeerExtension` without `_get_packet` or `_put_packet`",
     [](const EnginePointer&) { EXPECT_TRUE(std::is_abstract_v<PacketPeerExtension>); }},
    {"`PacketPeerStream.put_packet` to a full stream", nullptr},
    {"`PacketPeerStream`: a loop that takes until nothing waits, under a sender that is faster",
     nullptr},
    {"`PacketPeerStream`: a packet larger than the input buffer",
     [](const EnginePointer&) {
       PacketPeerStream peer(
           std::make_shared<StreamPeerBuffer>(std::vector<std::uint8_t>{0, 0, 1, 0, 1}));
       EXPECT_EQ(peer.get_available_packet_count(), -1);
     }},
    {"objects",
     [](const EnginePointer&) {
       // An id, and a full object of a class that no engine has.
       const Bytes id = {24, 0, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0};
       Variant value;
       ASSERT_EQ(decode_variant(id, &value, nullptr), Error::OK);
       EXPECT_EQ(value.get<Object>().class_name(), "EncodedObjectAsID");
       EXPECT_EQ(value.get<Object>().id(), 3u);
       const Bytes full = {24, 0, 0, 0, 4, 0, 0, 0, 'N', 'o', 'n', 'e', 0, 0, 0, 0};
       ASSERT_EQ(decode_variant(full, &value, nullptr,
                                {.allow_objects = true,
                                 .allowed_classes = {},
                                 .distinct_object_keys = false,
                                 .limits = {}}),
                 Error::OK);
       EXPECT_EQ(value.get<Object>().class_name(), "None");
       EXPECT_TRUE(value.get<Object>().is_full());
     }},
};

// Choices that a test of its own executes: the file, the test.
const std::map<std::string, std::pair<std::string, std::string>> kElsewhere = {
    {"a loop that takes until nothing waits",
     {"tests/engine/api/flooded_loop_test.cc", "OfCountsEnds"}},
    {"`put_packet` when the kernel's buffer is full",
     {"tests/docs/packet_peer_error_cases.cc", "PacketPeer | ERR_BUSY | put"}},
    {"a process that is killed, or ends by `_exit`, right after `put_packet`",
     {"tests/engine/core/exit_test.cc", "PacketsThatWerePutArrive"}},
    {"a sender when `max_pending_connections` wait to be taken",
     {"tests/engine/server/admission_test.cc", "AFullListLetsNewcomersInByChance"}},
    {"queue of a remote that is not taken yet",
     {"tests/engine/server/admission_test.cc", "WhoIsNotTakenHoldsLittle"}},
    {"`get_packet_ip()` of link-local IPv6",
     {"tests/engine/api/link_local_test.cc", "ClientsOfTwoLinksAreAnsweredAtTheirAddressInText"}},
    {"`bind()` and `listen()` on link-local IPv6",
     {"tests/engine/api/link_local_test.cc", "AServersPeersOfTwoLinksAreTwoAndSayWhere"}},
    {"`PacketPeerStream`: a loop that takes until nothing waits, under a sender that is faster",
     {"tests/engine/stream/packet_peer_stream_test.cc", "OfCountsEndsUnderAFlood"}},
    {"`PacketPeerStream.put_packet` to a full stream",
     {"tests/engine/stream/packet_peer_stream_test.cc", "WaitsForRoomInsteadOfBlocking"}},
};

std::vector<Table> tables_under(const std::string& page, const std::string& heading) {
  std::vector<Table> found;
  for (Table& table : tables_of(page)) {
    if (table.heading == heading) found.push_back(std::move(table));
  }
  EXPECT_FALSE(found.empty()) << heading;
  return found;
}

std::set<std::string> first_cells(const std::string& page, const std::string& heading) {
  std::set<std::string> cells;
  for (const Table& table : tables_under(page, heading)) {
    for (const Row& row : table.rows) cells.insert(row.cells[0]);
  }
  return cells;
}

std::set<std::string> choices_with_a_case() {
  std::set<std::string> names;
  for (const auto& [name, run] : kChoices) names.insert(name);
  return names;
}

TEST(CompatibilityRowsTest, EachChoiceHasACaseAndEachCaseARow) {
  EXPECT_EQ(first_cells(read_page(kPage), "Choices without a probe"), choices_with_a_case());
  for (const auto& [name, run] : kChoices) {
    EXPECT_EQ(run == nullptr, kElsewhere.contains(name)) << name;
  }
  for (const auto& [name, where] : kElsewhere) {
    EXPECT_NE(read_page(where.first).find(where.second), std::string::npos) << name;
  }
}

// Whether each differs is what //tests/probes:probes_test executes.
TEST(CompatibilityRowsTest, EachProbeExists) {
  const std::string probes = read_page("tests/testdata/behaviour.jsonl");
  const std::set<std::string> rows = first_cells(read_page(kPage), "Probes that differ");
  EXPECT_GT(rows.size(), 20u);
  for (const std::string& cell : rows) {
    const std::string name = code_spans(cell).at(0);
    EXPECT_NE(probes.find("\"" + name + "\""), std::string::npos) << name;
  }
}

// What //tests/engine/stream:stream_behaviour_test compares, by its kinds.
TEST(CompatibilityRowsTest, EachKindOfStreamDifferenceIsThereAndNoOther) {
  std::set<std::string> on_page;
  for (std::string cell : first_cells(read_page(kPage), "Streams")) {
    std::erase(cell, '*');
    on_page.insert(cell);
  }
  std::set<std::string> compared;
  std::ifstream lines("tests/testdata/stream_differences.jsonl");
  const std::string key = "\"kind\":";
  for (std::string line; std::getline(lines, line);) {
    const std::size_t at = line.find(key);
    if (at == std::string::npos) continue;
    const std::size_t quote = line.find('"', at + key.size());
    compared.insert(line.substr(quote + 1, line.find('"', quote + 1) - quote - 1));
  }
  EXPECT_EQ(on_page, compared);
}

// The kinds that the text above the table names are those of the table.
TEST(CompatibilityRowsTest, TheKindsOfProbesAreExplained) {
  const std::string page = read_page(kPage);
  const std::size_t begin = page.find("The kinds:");
  ASSERT_NE(begin, std::string::npos);
  std::string text = page.substr(begin, page.find("\n\n", begin) - begin);
  for (char& c : text) c = c == '\n' ? ' ' : c;
  for (const Table& table : tables_under(page, "Probes that differ")) {
    for (const Row& row : table.rows) {
      EXPECT_NE(text.find("**" + row.cells[1] + "**"), std::string::npos) << row.cells[1];
    }
  }
}

// "Godot 4.6.3 was asked 305 questions": a line each, but for the first, which says which Godot.
TEST(CompatibilityRowsTest, SoManyQuestionsWereAsked) {
  const std::string answers = read_page("tests/testdata/behaviour.jsonl");
  EXPECT_TRUE(answers.starts_with("{\"probe\": \"engine\", \"result\": \"4.6.3-stable"));
  const auto questions = std::ranges::count(answers, '\n') - 1;
  EXPECT_TRUE(
      says(read_page(kPage), "Godot 4.6.3 was asked " + std::to_string(questions) + " questions"));
}

TEST(CompatibilityRowsTest, AWrongRowIsHeardOf) {
  std::string page = read_page(kPage);
  const std::string truth = "| `get_packet_error()` |";
  ASSERT_NE(page.find(truth), std::string::npos);
  page.replace(page.find(truth), truth.size(), "| `get_packet_errors()` |");
  EXPECT_NE(first_cells(page, "Choices without a probe"), choices_with_a_case());
}

class CompatibilityTest : public testing::TestWithParam<test::EngineKind> {};

TEST_P(CompatibilityTest, EachChoiceHolds) {
  std::string message;
  for (const auto& [name, run] : kChoices) {
    if (run == nullptr) continue;
    const EnginePointer engine = Engine::create(GetParam().options(), nullptr, &message);
    if (engine == nullptr) GTEST_SKIP() << message;
    SCOPED_TRACE(name);
    run(engine);
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, CompatibilityTest, test::every_engine(), test::engine_name);

// Prints what rows say about Godot, a line each.
constexpr const char* kScript = R"(extends SceneTree
func _init() -> void:
	var peer := PacketPeerUDP.new()
	for method in ClassDB.class_get_method_list("PacketPeerUDP", true):
		if method["name"] == "bind":
			print("recv_buf_size ", method["default_args"][-1])
	peer.bind(0, "127.0.0.1")
	peer.get_var()
	print("get_packet_error ", peer.get_packet_error())
	print("get_var ", peer.get_var())
	peer.encode_buffer_max_size = 1000
	print("encode_buffer_max_size ", peer.encode_buffer_max_size)
	var server := UDPServer.new()
	server.max_pending_connections = -1
	print("max_pending_connections ", server.max_pending_connections)
	print("connect_timeout ", ProjectSettings.get_setting("network/limits/tcp/connect_timeout_seconds"))
	var extension := PacketPeerExtension.new()
	print("extension put ", extension.put_packet(PackedByteArray([1])))
	extension.get_packet()
	print("extension get ", extension.get_packet_error())
	var buffer := StreamPeerBuffer.new()
	buffer.put_32(1 << 20)
	buffer.put_64(0)
	buffer.seek(0)
	var stream := PacketPeerStream.new()
	stream.stream_peer = buffer
	print("too large for a stream ", stream.get_available_packet_count())
	print("stream buffers ", stream.input_buffer_max_size, " ", stream.output_buffer_max_size)
	print("tcp to a name ", StreamPeerTCP.new().connect_to_host("localhost", 9))
	print("udp to a name ", PacketPeerUDP.new().connect_to_host("localhost", 9))
	server.listen(0, "127.0.0.1")
	var client := PacketPeerUDP.new()
	client.connect_to_host("127.0.0.1", server.get_local_port())
	client.put_packet(PackedByteArray([1]))
	server.poll()
	var player := server.take_connection()
	var kilobyte := PackedByteArray()
	kilobyte.resize(1000)
	for i in 100:
		client.put_packet(kilobyte)
	print("before poll ", player.get_available_packet_count())
	server.poll()
	print("queue ", player.get_available_packet_count())
	player = null
	client.put_packet(PackedByteArray([1]))
	server.poll()
	print("let go, and new ", server.is_connection_available())
	var one := [1]
	var other := one
	other.append(2)
	print("arrays are shared ", one.size())
	print("an id ", bytes_to_var(PackedByteArray([24, 0, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0])).get_class())
	quit()
)";

// What a real Godot says of itself in rows about it.
TEST(GodotRowsTest, HoldOfTheGodotThatIsHere) {
  if (std::system("command -v godot >/dev/null 2>&1") != 0) {
    GTEST_SKIP() << "there is no godot on the PATH";
  }
  const std::string folder = testing::TempDir();
  std::ofstream(folder + "/rows.gd") << kScript;
  const std::string command =
      "HOME=" + folder + " timeout 60 godot --headless --script " + folder + "/rows.gd 2>/dev/null";
  std::FILE* const pipe = ::popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string said;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) said += static_cast<char>(c);
  ::pclose(pipe);
  for (const char* line :
       {"recv_buf_size 65536", "get_packet_error 0", "get_var <null>",
        "encode_buffer_max_size 8388608", "max_pending_connections 16", "connect_timeout 30",
        "extension put 1", "extension get 1", "too large for a stream 0",
        "stream buffers 65532 65532", "tcp to a name 0", "udp to a name 31", "before poll 1",
        // The first one's 25 bytes, and as many of 1,024 as 65,535 bytes hold.
        "queue 64", "let go, and new true", "arrays are shared 2", "an id EncodedObjectAsID"}) {
    EXPECT_NE(said.find(std::string(line) + "\n"), std::string::npos) << line << " in:\n" << said;
  }
}

}  // namespace
}  // namespace ringpeer::docs
