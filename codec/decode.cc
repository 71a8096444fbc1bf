#include "ringpeer/codec/decode.h"

#include "ringpeer/codec/decoder.h"
#include "ringpeer/codec/memory.h"

namespace ringpeer {

Error decode_variant(std::span<const std::uint8_t> bytes, Variant* value, std::size_t* consumed,
                     const DecodeOptions& options) {
  HeapMemory memory;
  value->clear();
  Decoder<HeapMemory> decoder(memory, bytes, options);
  const Error error = decoder.decode(value);
  if (error != Error::OK) value->clear();
  if (consumed != nullptr) *consumed = error == Error::OK ? decoder.consumed() : 0;
  return error;
}

}  // namespace ringpeer
