#ifndef RINGPEER_TOOLS_LOAD_PAYLOAD_FILES_H_
#define RINGPEER_TOOLS_LOAD_PAYLOAD_FILES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ringpeer/tools/capture/session_recording.h"
#include "ringpeer/tools/load/load_payload.h"
#include "ringpeer/tools/load/session_payload.h"
#include "ringpeer/tools/load/varying_field.h"

namespace ringpeer::tools {

// Payloads out of files that a user names.
// Threads: any. Failure: null, with words in *error that begin with the file's name and say what
// to do.

// The file is a template (see TemplatePayload), 16 MiB at most. With `needs_echoes` it has to have
// what tells echoes apart.
std::unique_ptr<LoadPayload> make_template_payload(const std::string& path, std::uint64_t seed,
                                                   bool needs_echoes, std::string* error);

// The file has packets as lines (see read_hex_lines()), of which `fields` differ; each has to lie
// in one packet at least.
std::unique_ptr<LoadPayload> make_recorded_payload(const std::string& path,
                                                   std::vector<VaryingField> fields,
                                                   std::uint64_t seed, bool needs_echoes,
                                                   std::string* error);

// How a recorded session is sent.
struct SessionPlan {
  SessionRecording::Choice choice;  // where the file has several
  std::vector<VaryingField> fields;
  std::uint32_t clients = 1;  // of the whole plan
  std::uint64_t seed = 1;
  SessionPayload::Replies replies = SessionPayload::Replies::kCounted;
};

// The file is a capture (see SessionRecording) of LoadOptions::kMaxRate packets a second in the
// mean at most; each field has to lie in one packet at least.
std::unique_ptr<LoadPayload> make_session_payload(const std::string& path, SessionPlan plan,
                                                  std::string* error);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_PAYLOAD_FILES_H_
