// docs/architecture.md, sending.md and placement.md: their numbers are the code's, their rooms are
// all rooms, and their threads and ports are as they say.

#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "ringpeer/engine/packet/packet_descriptor.h"
#include "ringpeer/engine/send/send_batch.h"
#include "ringpeer/engine/stats/counters.h"
#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tests/docs/page.h"
#include "ringpeer/tests/docs/peers.h"
#include "ringpeer/tests/docs/stated.h"
#include "ringpeer/tests/engine/support/backends.h"

namespace ringpeer::docs {
namespace {

constexpr const char* kPage = "docs/architecture.md";
constexpr const char* kSendingPage = "docs/sending.md";
constexpr const char* kPlacementPage = "docs/placement.md";

std::string number_of(const char* path, const char* name) {
  return with_commas(constant_of(path, name));
}
std::string in_words(std::int64_t number) {
  static const std::map<std::int64_t, std::string> words = {{4, "four"}, {10, "ten"}};
  const auto found = words.find(number);
  return found == words.end() ? with_commas(number) : found->second;
}
std::string in_words(const char* path, const char* name) {
  return in_words(constant_of(path, name));
}

// "1 / n" of something.
std::string share(std::int64_t n) { return n == 4 ? "a quarter" : "1 / " + std::to_string(n); }
std::string share(const char* path, const char* name) { return share(constant_of(path, name)); }

// The instructions that are committed, without their fraction.
std::string instructions_a_view() {
  std::ifstream file("bench/instructions/expected.txt");
  const std::string row = "io_uring views 32 ";
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(row)) return std::to_string(std::stoi(line.substr(row.size())));
  }
  return "none";
}

// What docs/architecture.md says, with the numbers that the code has.
std::vector<std::string> statements() {
  const char* const worker = "engine/worker/worker.cc";
  const char* const receives = "engine/worker/receive_half.cc";
  return {
      "a **descriptor** of " + std::to_string(sizeof(packet::PacketDescriptor)) + " bytes",
      number_of("engine/backend/mmsg_receiver.h", "kDatagramsPerBuffer") + " places in each",
      "that is " + instructions_a_view() + " user-space instructions a packet",
      "senders whom the application has not accepted yet get " +
          share("engine/packet/slab_pool.h", "kStrangersShare") + " together",
      "hold " + number_of("engine/peer/held_view.h", "kMaxBuffers") +
          " of the kernel's buffers and " +
          share("engine/server/server_views.cc", "kViewsShareOfBudget") +
          " of the payload budget at most",
      "When it has refused " + number_of("engine/worker/socket_queue.h", "kPatience") +
          " without having been empty",
      "less often than every " +
          std::to_string(constant_of("engine/peer/loop_bound.h", "kSlowUs") / 1000) + " ms",
      "in windows of up to " + number_of("engine/peer/socket_channel.cc", "kWindowPackets") +
          " descriptors",
      "automatic unless told, with a bound of " +
          with_commas(EngineOptions().latency_budget.bound().count()) + " us",
      "(or after " + in_words(receives, "kBatchesPerNotify") + " batches",
      "leaves fewer than " + number_of("engine/worker/receive_half.h", "kFewDatagrams") +
          " packets that come right after",
      "it sleeps " + in_words(worker, "kBudgetsWhenBehind") + " budgets (" +
          std::to_string(constant_of(worker, "kMaxWhenBehind") / 1000) +
          " ms at most), as long as " + number_of(worker, "kTrickle") + " packets or fewer",
      "No remote lies more than " + number_of("engine/remotes/remote_table.h", "kMaxProbe") +
          " slots past its own",
  };
}

// The same of docs/sending.md.
std::vector<std::string> statements_of_sending() {
  const char* const bounds = "engine/worker/send_half.h";
  const char* const chunks = "engine/send/send_chunks.h";
  const std::int64_t close = constant_of(bounds, "kMaxClose");
  const std::int64_t stall = constant_of(bounds, "kMaxStall");
  using Chunks = worker::SendChunks;
  return {
      "into a **chunk** of " +
          std::to_string(constant_of("engine/send/send_chunk_stack.h", "kSize") >> 10) + " KiB",
      number_of(chunks, "kChunkCount") + " chunks of each worker bound what may wait",
      "A payload larger than " +
          std::to_string(constant_of("engine/send/send_queue.h", "kMaxInChunk") >> 10) + " KiB",
      "takes up to " + number_of("engine/send/send_order.h", "kMaxItems") + " packets at a time",
      "in windows of " + number_of("engine/send/send_window.h", "kMaxMessages") + " messages",
      "no trains for " + in_words("engine/send/refused_trains.h", "kPause") + " seconds",
      number_of("engine/send/send_progress.h", "kRefusedTrains") + " refusals in a row",
      "gives up after " + with_commas(close) + " ms, so that it ends within " +
          with_commas(close + stall) + ", or after " + with_commas(stall) + " ms",
      "fingerprints of up to " + number_of("engine/peer/verified_destinations.h", "kEntries") +
          " that are verified",
      "once they hold " +
          share(static_cast<std::int64_t>(Chunks::kChunkCount * Chunks::kChunkSize /
                                          worker::SendBatch::kMaxHeldBySocket)) +
          " of the chunks' memory",
  };
}

bool says_all(const std::string& page, const std::vector<std::string>& statements) {
  return std::ranges::all_of(statements, [&](const auto& text) { return says(page, text); });
}

TEST(ArchitecturePageTest, StatesTheNumbersThatTheCodeHas) {
  const std::string page = read_page(kPage);
  for (const std::string& statement : statements()) {
    EXPECT_TRUE(says(page, statement)) << statement;
  }
}

TEST(SendingPageTest, StatesTheNumbersThatTheCodeHas) {
  const std::string page = read_page(kSendingPage);
  for (const std::string& statement : statements_of_sending()) {
    EXPECT_TRUE(says(page, statement)) << statement;
  }
}

// The page with one number changed.
std::string with_other(std::string page, const std::string& truth, const std::string& other) {
  EXPECT_NE(page.find(truth), std::string::npos) << truth;
  return page.replace(page.find(truth), truth.size(), other);
}

TEST(ArchitecturePageTest, AWrongNumberIsHeardOf) {
  EXPECT_FALSE(says_all(
      with_other(read_page(kPage), "When it has refused 1,024", "When it has refused 2,048"),
      statements()));
  EXPECT_FALSE(says_all(with_other(read_page(kSendingPage), "512 chunks", "256 chunks"),
                        statements_of_sending()));
}

TEST(ArchitecturePageTest, ThePictureStatesTheNumbersThatTheCodeHas) {
  const std::string picture = read_page("docs/data_path.svg");
  EXPECT_TRUE(says(picture, std::to_string(sizeof(packet::PacketDescriptor)) + " bytes;"));
  EXPECT_TRUE(
      says(picture, "chunks of " + std::to_string(worker::SendChunks::kChunkSize >> 10) + " KiB"));
}

TEST(ArchitecturePageTest, ThePagesCountersExist) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < kCounterCount; ++i) {
    names.emplace(counter_info(static_cast<Counter>(i)).name);
  }
  for (const char* page : {kPage, kSendingPage, kPlacementPage}) {
    int seen = 0;
    for (const std::string& span : code_spans(read_page(page))) {
      if (!span.starts_with("drop_") && !span.starts_with("send_failed_")) continue;
      EXPECT_TRUE(names.contains(span)) << page << ": " << span;
      ++seen;
    }
    EXPECT_GE(seen, 1) << page;
  }
}

// ---- The rooms

// The page's rooms in its order, of those that hold the library.
std::vector<std::string> rooms() {
  std::vector<std::string> rooms;
  for (const Table& table : tables_of(read_page(kPage))) {
    if (table.heading != "The rooms") continue;
    for (const Row& row : table.rows) {
      for (const std::string& span : code_spans(row.cells[0])) {
        if (span.starts_with("engine/") || span.starts_with("codec/")) rooms.push_back(span);
      }
    }
  }
  return rooms;
}

std::vector<std::string> files_of(const std::string& room) {
  std::vector<std::string> files;
  for (const auto& file : std::filesystem::directory_iterator(room)) {
    const std::string path = file.path().string();
    if (path.ends_with(".h") || path.ends_with(".cc")) files.push_back(path);
  }
  EXPECT_FALSE(files.empty()) << room;
  return files;
}

TEST(ArchitectureRoomsTest, EveryRoomIsOnThePage) {
  std::set<std::string> expected;
  for (const char* top : {"engine", "codec"}) {
    for (const auto& folder : std::filesystem::directory_iterator(top)) {
      expected.insert(folder.path().string());
    }
  }
  const std::vector<std::string> found = rooms();
  EXPECT_EQ(std::set<std::string>(found.begin(), found.end()), expected);
}

// "Where a change begins"
TEST(ArchitectureRoomsTest, TheFilesThatThePageNamesExist) {
  int seen = 0;
  for (const std::string& span : code_spans(read_page(kPage))) {
    if (!span.ends_with(".cc") && !(span.ends_with(".h") && !span.starts_with("ringpeer/")))
      continue;
    EXPECT_TRUE(std::filesystem::exists(span)) << span;
    ++seen;
  }
  EXPECT_GE(seen, 10);
}

// "the only place that knows socket options and the fields of a sockaddr".
TEST(ArchitectureRoomsTest, OnlyTheNetKnowsSocketCalls) {
  const std::regex call(R"(\W::(setsockopt|getsockopt|bind|connect)\(|sockaddr_in6? )");
  for (const std::string& room : rooms()) {
    for (const std::string& path : files_of(room)) {
      const std::string text = read_page(path);
      std::smatch match;
      const bool calls = std::regex_search(text, match, call);
      EXPECT_TRUE(!calls || room == "engine/net") << path << ": " << match[0];
    }
  }
}

// ---- What runs

std::set<std::string> names_of_threads() {
  std::set<std::string> names;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(task.path() / "comm"), name);
    names.insert(name);
  }
  return names;
}

class ArchitectureTest : public EachEngineTest {};

TEST_P(ArchitectureTest, ThreadsAreNamedByTheirWorker) {
  const std::set<std::string> names = names_of_threads();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(names.contains("ringpeer-" + std::to_string(i)), i < engine_->workers()) << i;
  }
}

// "close() detaches first, so that the port is free when it returns".
TEST_P(ArchitectureTest, APortIsFreeWhenCloseReturns) {
  PacketPeerUDP first(engine_);
  ASSERT_EQ(first.bind(0, "127.0.0.1"), Error::OK);
  const int port = first.get_local_port();
  PacketPeerUDP second(engine_);
  EXPECT_EQ(second.bind(port, "127.0.0.1"), Error::ERR_UNAVAILABLE);
  first.close();
  EXPECT_EQ(second.bind(port, "127.0.0.1"), Error::OK);
}

// The CPUs that the thread of this name may use; none when there is no such thread.
std::vector<int> cpus_of(const std::string& thread) {
  std::vector<int> cpus;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(task.path() / "comm"), name);
    cpu_set_t set;
    const pid_t number = std::stoi(task.path().filename().string());
    if (name != thread || ::sched_getaffinity(number, sizeof(set), &set) != 0) continue;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
    }
  }
  return cpus;
}

// "pins worker 0 to its first CPU ...; workers beyond its end, and those whose CPU the process may
// not use, are placed by the scheduler".
TEST_P(ArchitectureTest, WorkersArePinnedAsFarAsTheyCanBe) {
  if (GetParam().workers == 0) GTEST_SKIP() << "no threads";
  engine_.reset();
  EngineOptions options = GetParam().options();
  cpu_set_t ours;
  ASSERT_EQ(::sched_getaffinity(0, sizeof(ours), &ours), 0);
  int last = CPU_SETSIZE - 1;
  while (!CPU_ISSET(last, &ours)) --last;
  options.worker_cpus = {last};
  {
    const auto engine = Engine::create(options);
    ASSERT_NE(engine, nullptr);
    EXPECT_EQ(cpus_of("ringpeer-0"), std::vector<int>{last});
    if (options.workers > 1) {
      EXPECT_EQ(static_cast<int>(cpus_of("ringpeer-1").size()), CPU_COUNT(&ours));
    }
  }
  options.worker_cpus = {CPU_SETSIZE - 1};
  if (CPU_ISSET(CPU_SETSIZE - 1, &ours)) return;
  const auto engine = Engine::create(options);
  ASSERT_NE(engine, nullptr);
  EXPECT_EQ(static_cast<int>(cpus_of("ringpeer-0").size()), CPU_COUNT(&ours));
}

INSTANTIATE_TEST_SUITE_P(Engines, ArchitectureTest, test::every_engine(), test::engine_name);

}  // namespace
}  // namespace ringpeer::docs
