#ifndef RINGPEER_CODEC_WIRE_ARENA_DECODE_H_
#define RINGPEER_CODEC_WIRE_ARENA_DECODE_H_

#include "ringpeer/codec/base/language.h"

#include <cstddef>
#include <cstdint>
#include <span>

#include "ringpeer/codec/base/error.h"
#include "ringpeer/codec/value/variant.h"
#include "ringpeer/codec/wire/arena.h"
#include "ringpeer/codec/wire/options.h"

namespace ringpeer {

// Decodes Variants whose every part lives in one arena: no heap allocation in steady
// state, and nothing to destroy.
//
//   VariantArena arena;
//   while (...) {
//     const Variant* state = nullptr;
//     if (arena.decode(packet, &state, nullptr) == Error::OK) handle(*state);
//     arena.reset();
//   }
//
// Lifetime: values are handed out const and live until reset() or the arena's end. A
// copy (Variant kept = *state;) owns itself and may outlive the arena; there is no
// other way out, since what is const cannot be moved from.
// Threads: one at a time. Errors: as decode_variant.
class VariantArena {
 public:
  explicit VariantArena(std::size_t chunk_size = Arena::kDefaultChunkSize) : arena_(chunk_size) {}

  // *value is null on an error. *consumed may be null.
  Error decode(std::span<const std::uint8_t> bytes, const Variant** value, std::size_t* consumed,
               const DecodeOptions& options = {});

  // Invalidates every value, keeps the memory.
  void reset() noexcept { arena_.reset(); }

  // Heap bytes held.
  std::size_t capacity() const { return arena_.capacity(); }

 private:
  Arena arena_;
};

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_WIRE_ARENA_DECODE_H_
