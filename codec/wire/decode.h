#ifndef RINGPEER_CODEC_WIRE_DECODE_H_
#define RINGPEER_CODEC_WIRE_DECODE_H_

#include "ringpeer/codec/base/language.h"

#include <cstddef>
#include <cstdint>
#include <span>

#include "ringpeer/codec/base/error.h"
#include "ringpeer/codec/value/variant.h"
#include "ringpeer/codec/wire/options.h"

namespace ringpeer {

// Decodes one Variant as Godot 4.6's bytes_to_var and get_var do; bytes after it are
// ignored, as in Godot. On success *value is replaced and *consumed (which may be
// null) is how many bytes the Variant took; on an error *value is Nil and *consumed 0.
//
// Safe on any bytes: what is reserved is bounded by the bytes that are there and by
// options.limits, the stack by kMaximumDepth.
//
// Threads: none shared. Errors, as Godot gives them for the same bytes:
//   ERR_INVALID_DATA   malformed; text that is not UTF-8; a class that is not allowed
//   ERR_FILE_EOF       a string runs past the end
//   ERR_UNAUTHORIZED   a full object without allow_objects
//   ERR_OUT_OF_MEMORY  nested too deeply, a limit is exceeded, or there is no memory
Error decode_variant(std::span<const std::uint8_t> bytes, Variant* value, std::size_t* consumed,
                     const DecodeOptions& options = {});

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_WIRE_DECODE_H_
