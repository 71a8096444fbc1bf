#include "ringpeer/tools/load/payload_choice.h"

#include "ringpeer/tools/load/payload_files.h"
#include "ringpeer/tools/load/raw_payload.h"
#include "ringpeer/tools/load/var_payload.h"

namespace ringpeer::tools {
namespace {

constexpr std::size_t kRawSize = 64;

SessionPayload::Replies replies_of(ExpectedReply expected) {
  switch (expected) {
    case ExpectedReply::kAnything:
      return SessionPayload::Replies::kCounted;
    case ExpectedReply::kEcho:
      return SessionPayload::Replies::kEchoes;
    case ExpectedReply::kNothing:
      break;
  }
  return SessionPayload::Replies::kIgnored;
}

}  // namespace

std::unique_ptr<LoadPayload> make_load_payload(const LoadOptions& options, std::string* error) {
  const bool needs_echoes = options.expect != ExpectedReply::kNothing;
  switch (options.payload) {
    case LoadPayloadKind::kTemplate:
      return make_template_payload(options.payload_file, options.seed, needs_echoes, error);
    case LoadPayloadKind::kPackets:
      return make_recorded_payload(options.payload_file, options.fields, options.seed, needs_echoes,
                                   error);
    case LoadPayloadKind::kSession:
      return make_session_payload(
          options.payload_file,
          {.choice = {.client = options.recorded_client, .server = options.recorded_server},
           .fields = options.fields,
           .clients = options.clients,
           .seed = options.seed,
           .replies = replies_of(options.expect)},
          error);
    case LoadPayloadKind::kVar:
      return std::make_unique<VarPayload>(options.size);
    case LoadPayloadKind::kRaw:
      break;
  }
  return std::make_unique<RawPayload>(options.size.value_or(kRawSize));
}

}  // namespace ringpeer::tools
