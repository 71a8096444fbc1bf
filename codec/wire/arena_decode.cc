#include "ringpeer/codec/wire/arena_decode.h"

#include "ringpeer/codec/wire/decoder.h"

namespace ringpeer {

Error VariantArena::decode(std::span<const std::uint8_t> bytes, const Variant** value,
                           std::size_t* consumed, const DecodeOptions& options) {
  auto* root = new (arena_.allocate(sizeof(Variant))) Variant();
  Decoder<Arena> decoder(arena_, bytes, options);
  const Error error = decoder.decode(root);
  *value = error == Error::OK ? root : nullptr;
  if (consumed != nullptr) *consumed = error == Error::OK ? decoder.consumed() : 0;
  return error;
}

}  // namespace ringpeer
