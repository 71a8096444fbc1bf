#ifndef RINGPEER_TOOLS_LOAD_PAYLOAD_CHOICE_H_
#define RINGPEER_TOOLS_LOAD_PAYLOAD_CHOICE_H_

#include <memory>
#include <string>

#include "ringpeer/tools/load/load_options.h"
#include "ringpeer/tools/load/load_payload.h"

namespace ringpeer::tools {

// The payload that the options ask for, out of a file where they name one. They must have passed
// check_load_options(). Null, with words that say what to do in *error, when the file is not fit.
// Threads: any.
std::unique_ptr<LoadPayload> make_load_payload(const LoadOptions& options, std::string* error);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_PAYLOAD_CHOICE_H_
