#ifndef RINGPEER_TOOLS_LOAD_LOAD_OPTIONS_H_
#define RINGPEER_TOOLS_LOAD_LOAD_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/tools/command/payload_kind.h"

namespace ringpeer::tools {

// What the server does with a packet, which decides how packets are accounted for.
enum class ExpectedReply {
  kAnything,  // an echo or a snapshot, whichever comes
  kNothing,   // a sink: sending is all there is to see
};

// What `ringpeer load` is asked to do.
struct LoadOptions {
  // One thread serves all clients; with more it would be the bottleneck that it measures.
  static constexpr std::uint32_t kMaxClients = 20'000;
  // Packets a second and client: a hundred times what games send, so more is a slip.
  static constexpr double kMaxRate = 10'000;

  std::string target_text;
  net::Endpoint target;
  std::uint32_t clients = 1;
  double rate = 60;
  PayloadKind payload = PayloadKind::kRaw;
  // Bytes of a packet; without, as small as the payload allows but 64 at least.
  std::optional<std::size_t> size;
  double seconds = 10;
  ExpectedReply expect = ExpectedReply::kAnything;
  bool json = false;
};

// An empty text when the options make sense together; otherwise what is wrong and what to
// do about it.
std::string check_load_options(const LoadOptions& options);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_LOAD_OPTIONS_H_
