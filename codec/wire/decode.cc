#include "ringpeer/codec/wire/decode.h"

#include <new>

#include "ringpeer/codec/base/exceptions.h"
#include "ringpeer/codec/base/memory.h"
#include "ringpeer/codec/wire/decoder.h"

namespace ringpeer {

Error decode_variant(std::span<const std::uint8_t> bytes, Variant* value, std::size_t* consumed,
                     const DecodeOptions& options) {
  HeapMemory memory;
  value->clear();
  Error error = Error::ERR_OUT_OF_MEMORY;
  std::size_t size = 0;
  RINGPEER_TRY {
    Decoder<HeapMemory> decoder(memory, bytes, options);
    error = decoder.decode(value);
    if (error == Error::OK) size = decoder.consumed();
  }
  RINGPEER_CATCH(const std::bad_alloc&) {}
  if (error != Error::OK) value->clear();
  if (consumed != nullptr) *consumed = size;
  return error;
}

}  // namespace ringpeer
