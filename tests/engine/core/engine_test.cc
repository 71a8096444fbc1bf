#include "ringpeer/engine.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "ringpeer/tests/engine/support/child_process.h"
#include "ringpeer/tests/support/sanitizer/sanitizer.h"

namespace ringpeer {
namespace {

struct BadOption {
  const char* named;  // the message must name it
  std::function<void(EngineOptions&)> spoil;
};

TEST(EngineOptions, ThatAreImpossibleAreRefusedInWords) {
  using std::chrono::microseconds;
  const std::vector<BadOption> bad = {
      {"workers", [](EngineOptions& options) { options.workers = -1; }},
      {"workers", [](EngineOptions& options) { options.workers = kMaxWorkers + 1; }},
      {"max_datagram", [](EngineOptions& options) { options.max_datagram = 0; }},
      {"max_datagram", [](EngineOptions& options) { options.max_datagram = kLargestDatagram + 1; }},
      {"latency_budget", [](EngineOptions& options) { options.latency_budget = microseconds(-1); }},
      {"latency_budget",
       [](EngineOptions& options) {
         options.latency_budget = kMaxLatencyBudget + microseconds(1);
       }},
      {"payload_budget",
       [](EngineOptions& options) { options.payload_budget = kMinPayloadBudgetPerWorker - 1; }},
      {"payload_budget",
       [](EngineOptions& options) {
         options.workers = 3;
         options.payload_budget = 3 * kMinPayloadBudgetPerWorker - 1;
       }},
      {"payload_budget",
       [](EngineOptions& options) {
         options.workers = 0;
         options.payload_budget = 0;
       }},
      {"encode_buffers",
       [](EngineOptions& options) { options.encode_buffers = kMaxEncodeBuffers + 1; }},
      {"gro",
       [](EngineOptions& options) {
         options.gro = true;
         options.max_datagram = 1200;
       }},
  };
  for (const BadOption& entry : bad) {
    EngineOptions options;
    entry.spoil(options);
    Error error = Error::OK;
    std::string message;
    EXPECT_EQ(Engine::create(options, &error, &message), nullptr) << entry.named;
    EXPECT_EQ(error, Error::ERR_INVALID_PARAMETER) << entry.named;
    EXPECT_NE(message.find(entry.named), std::string::npos) << message;
    EXPECT_EQ(Engine::create(options), nullptr) << "without anybody listening";
  }
}

TEST(EngineOptions, AtTheirLimitsAreGood) {
  for (const std::size_t size : {std::size_t{1}, kLargestDatagram}) {
    EngineOptions options;
    options.max_datagram = size;
    options.latency_budget = kMaxLatencyBudget;
    options.payload_budget = kMinPayloadBudgetPerWorker;
    Error error = Error::FAILED;
    std::string message;
    EXPECT_NE(Engine::create(options, &error, &message), nullptr) << message;
    EXPECT_EQ(error, Error::OK);
    EXPECT_TRUE(message.empty());
  }
}

// Whatever step of it finds no memory: from the first table to the last buffer.
TEST(Engine, WithoutAddressSpaceIsAnErrorInWords) {
#if RINGPEER_ADDRESS_SANITIZER || RINGPEER_THREAD_SANITIZER
  GTEST_SKIP() << "a sanitizer takes the address space for itself";
#endif
  for (const int workers : {0, 1, 2}) {
    for (std::size_t mebibytes = 0; mebibytes <= 60; mebibytes += 3) {
      SCOPED_TRACE(std::to_string(workers) + " workers, " + std::to_string(mebibytes) + " MiB");
      const test::ChildResult child = test::run_in_child([&]() -> std::string {
        std::size_t pages = 0;
        std::ifstream("/proc/self/statm") >> pages;
        const rlimit limit{pages * 4096 + (mebibytes << 20), RLIM_INFINITY};
        if (::setrlimit(RLIMIT_AS, &limit) != 0) return "OK";
        EngineOptions options;
        options.workers = workers;
        Error error = Error::OK;
        std::string message;
        if (Engine::create(options, &error, &message) != nullptr) return "OK";
        if (message.find("ulimit -l") != std::string::npos) return "wrong advice: " + message;
        return !message.empty() && error != Error::OK ? "OK" : "no words";
      });
      EXPECT_FALSE(child.timed_out);
      EXPECT_EQ(child.exit_status, 0) << child.output;
      EXPECT_NE(child.output.find("OK"), std::string::npos) << child.output;
    }
  }
}

TEST(Engine, SaysWhichBackendItUsesAndWhy) {
  std::vector<std::string> log;
  EngineOptions options;
  options.backend = BackendKind::kRecvmmsg;
  options.log = [&log](std::string_view message) { log.emplace_back(message); };
  const auto engine = Engine::create(options);
  ASSERT_NE(engine, nullptr);
  EXPECT_EQ(engine->backend(), BackendKind::kRecvmmsg);
  EXPECT_EQ(engine->backend_name(), "recvmmsg");
  EXPECT_EQ(engine->backend_reason(), "asked for");
  ASSERT_EQ(log.size(), 1u);
  EXPECT_NE(log[0].find("recvmmsg"), std::string::npos);
}

TEST(Engine, CallsAfterTheStopFail) {
  for (const int workers : {0, 1, 2}) {
    EngineOptions options;
    options.workers = workers;
    const auto engine = Engine::create(options);
    ASSERT_NE(engine, nullptr);
    EXPECT_EQ(engine->workers(), workers);
    EXPECT_EQ(engine->sync(), Error::OK);
    engine->stop();
    engine->stop();
    EXPECT_EQ(engine->sync(), Error::ERR_UNAVAILABLE);
  }
}

TEST(Engine, IsSharedWhileSomebodyHoldsIt) {
  auto first = Engine::shared();
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(Engine::shared(), first);
  const std::weak_ptr<Engine> gone = first;
  first.reset();
  EXPECT_TRUE(gone.expired());
  EXPECT_NE(Engine::shared(), nullptr);
}

TEST(EngineTest, ALogThatThrowsEndsNothing) {
  EngineOptions options;
  int lines = 0;
  options.log = [&lines](std::string_view) {
    ++lines;
    throw std::runtime_error("a full disk");
  };
  const auto engine = Engine::create(options);
  ASSERT_NE(nullptr, engine);
  engine->log("one more");
  EXPECT_EQ(Error::OK, engine->sync());
  EXPECT_GE(lines, 2);
}

}  // namespace
}  // namespace ringpeer
