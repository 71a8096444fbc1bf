#include "ringpeer/bench/rivals/ringpeer_engine.h"

#include <fmt/format.h>

namespace ringpeer::bench {
namespace {

LatencyBudget budget_of(std::string_view peer, std::chrono::microseconds bound) {
  if (peer == "ringpeer/wake_at_once") return std::chrono::microseconds(0);
  return peer == "ringpeer/fixed" ? LatencyBudget(bound) : LatencyBudget::automatic(bound);
}

}  // namespace

std::shared_ptr<Engine> make_engine(std::string_view peer, const ReceiverOptions& options,
                                    std::string* message) {
  EngineOptions engine;
  engine.backend = peer == "ringpeer/recvmmsg" ? BackendKind::kRecvmmsg : BackendKind::kIoUring;
  engine.workers = peer == "ringpeer/inline" ? 0 : 1;
  engine.latency_budget = budget_of(peer, options.latency_budget);
  engine.socket_receive_buffer = options.receive_buffer;
  engine.gro = options.gro;
  return Engine::create(engine, nullptr, message);
}

std::string describe(const Engine& engine) {
  return fmt::format("{}, {} workers, {}", engine.backend_name(), engine.workers(),
                     engine.backend_reason());
}

}  // namespace ringpeer::bench
