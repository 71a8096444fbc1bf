#include "ringpeer/tools/serve/service.h"

#include "ringpeer/tools/serve/arena_service.h"
#include "ringpeer/tools/serve/echo_service.h"

namespace ringpeer::tools {

std::unique_ptr<Service> make_service(const ServeOptions& options, std::shared_ptr<Engine> engine) {
  if (options.mode == ServeMode::kArena) return std::make_unique<ArenaService>(std::move(engine));
  return std::make_unique<EchoService>(
      std::move(engine), options.payload.value_or(PayloadKind::kRaw),
      options.mode == ServeMode::kEcho, std::chrono::microseconds(options.work_microseconds));
}

}  // namespace ringpeer::tools
