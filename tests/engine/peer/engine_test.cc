#include "ringpeer/engine.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

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
