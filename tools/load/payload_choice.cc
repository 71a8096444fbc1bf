#include "ringpeer/tools/load/payload_choice.h"

#include "ringpeer/tools/load/payload_files.h"
#include "ringpeer/tools/load/raw_payload.h"
#include "ringpeer/tools/load/var_payload.h"

namespace ringpeer::tools {
namespace {

constexpr std::size_t kRawSize = 64;

}  // namespace

std::unique_ptr<LoadPayload> make_load_payload(const LoadOptions& options, std::string* error) {
  const bool needs_echoes = options.expect != ExpectedReply::kNothing;
  switch (options.payload) {
    case LoadPayloadKind::kTemplate:
      return make_template_payload(options.payload_file, options.seed, needs_echoes, error);
    case LoadPayloadKind::kPackets:
      return make_recorded_payload(options.payload_file, options.fields, options.seed, needs_echoes,
                                   error);
    case LoadPayloadKind::kVar:
      return std::make_unique<VarPayload>(options.size);
    case LoadPayloadKind::kRaw:
      break;
  }
  return std::make_unique<RawPayload>(options.size.value_or(kRawSize));
}

}  // namespace ringpeer::tools
