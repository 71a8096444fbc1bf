#ifndef RINGPEER_CODEC_WIRE_ENCODE_H_
#define RINGPEER_CODEC_WIRE_ENCODE_H_

#include "ringpeer/codec/base/language.h"

#include <cstddef>
#include <cstdint>
#include <span>

#include "ringpeer/codec/base/error.h"
#include "ringpeer/codec/value/variant.h"
#include "ringpeer/codec/wire/options.h"

namespace ringpeer {

// Encodes a Variant as Godot 4.6's var_to_bytes and put_var do, in one walk over the
// value and without allocating. When `destination` is full the walk goes on counting,
// so *size is always the size of the whole encoding: the bytes are complete exactly if
// *size <= destination.size().
//
// Threads: reads the value only. Errors:
//   ERR_OUT_OF_MEMORY  nested deeper than kMaximumDepth
//   ERR_UNAVAILABLE    full_objects: a script that has no res:// path
// *size is 0 then, and what is in the destination has no meaning.
Error encode_variant(const Variant& value, std::span<std::uint8_t> destination, std::size_t* size,
                     const EncodeOptions& options = {});

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_WIRE_ENCODE_H_
