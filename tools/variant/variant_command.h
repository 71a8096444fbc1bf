#ifndef RINGPEER_TOOLS_VARIANT_VARIANT_COMMAND_H_
#define RINGPEER_TOOLS_VARIANT_VARIANT_COMMAND_H_

#include <cstddef>
#include <iosfwd>

#include "ringpeer/codec/wire/options.h"

namespace ringpeer {

// In bytes: four times what the largest packet of default settings takes in hex. Some copies
// of a line and the value in it are needed at once.
inline constexpr std::size_t kMaxVariantLine = std::size_t{64} << 20;

// `ringpeer variant decode`: reads one packet a line, bare hex or {"bytes": "hex"}, and
// prints one JSON object a line:
//   {"ok": true, "type": "Dictionary", "value": "<text>", "consumed": N, "bytes": "<hex>"}
//   {"ok": false, "error": "ERR_INVALID_DATA", "code": 30}
// with the bytes of encoding the value again (with its objects if they are allowed). A
// line that cannot be read is reported in its place, with a "message"; the rest goes on.
//
// Returns the exit status. That a line is no value is an answer, kExitOk; when none of them is
// one, the command has done nothing: kExitFailed, with words on stderr. The same when a line was
// longer than kMaxVariantLine or memory was short for it (both are ERR_OUT_OF_MEMORY in their
// place), when input cannot be read and when output cannot be written.
//
// Threads: one. Lifetime: the streams and the options, until it returns.
int run_variant_decode(std::istream& input, std::ostream& output, const DecodeOptions& options);

// `ringpeer variant encode`: reads one value a line, {"text": "<text>"} or the bare
// text, and prints {"ok": true, "bytes": "<hex>"} or an error as above.
int run_variant_encode(std::istream& input, std::ostream& output, const EncodeOptions& options);

}  // namespace ringpeer

#endif  // RINGPEER_TOOLS_VARIANT_VARIANT_COMMAND_H_
