#include "ringpeer/tools/load/load_options.h"

#include <fmt/format.h>

#include "ringpeer/tools/command/run_duration.h"
#include "ringpeer/tools/load/payload_sizes.h"

namespace ringpeer::tools {

std::string check_load_options(const LoadOptions& options) {
  // Negated, so that NaN is refused too.
  if (!(options.rate > 0 && options.rate <= LoadOptions::kMaxRate)) {
    return fmt::format("--hz {}: choose more than 0 and at most {} packets a second and client.",
                       options.rate, LoadOptions::kMaxRate);
  }
  if (!is_duration(options.seconds)) {
    return fmt::format("--duration {}: choose {} to {} seconds.", options.seconds, kMinDuration,
                       kMaxDuration);
  }
  if (options.clients < 1 || options.clients > LoadOptions::kMaxClients) {
    return fmt::format("--clients {}: choose 1 to {}; for more, start the command several times.",
                       options.clients, LoadOptions::kMaxClients);
  }
  const bool raw = options.payload == PayloadKind::kRaw;
  const std::size_t smallest = raw ? kSmallestRawPacket : 1;
  const std::size_t largest = raw ? kMaxRawPacket : kMaxVarPacket;
  if (options.size && (*options.size < smallest || *options.size > largest)) {
    return fmt::format("--size {}: a packet of this payload takes {} to {} bytes.", *options.size,
                       smallest, largest);
  }
  return "";
}

}  // namespace ringpeer::tools
