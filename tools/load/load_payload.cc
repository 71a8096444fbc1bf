#include "ringpeer/tools/load/load_payload.h"

#include "ringpeer/tools/load/raw_payload.h"
#include "ringpeer/tools/load/var_payload.h"

namespace ringpeer::tools {
namespace {

constexpr std::size_t kRawSize = 64;

}  // namespace

std::unique_ptr<LoadPayload> make_load_payload(const LoadOptions& options) {
  if (options.payload == PayloadKind::kVar) return std::make_unique<VarPayload>(options.size);
  return std::make_unique<RawPayload>(options.size.value_or(kRawSize));
}

}  // namespace ringpeer::tools
