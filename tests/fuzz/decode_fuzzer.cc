// Decoding any bytes is safe, the owning and the arena decoder agree, and so is everything that is
// done with the value, within a time that grows with its size only.

#include <cstddef>
#include <cstdint>
#include <span>

#include "ringpeer/codec/base/error.h"
#include "ringpeer/codec/text/text.h"
#include "ringpeer/codec/wire/arena_decode.h"
#include "ringpeer/codec/wire/decode.h"
#include "ringpeer/tests/codec/support/value_operations.h"
#include "ringpeer/tests/fuzz/fuzz_check.h"
#include "ringpeer/tests/fuzz/work_bound.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringpeer;
  static VariantArena arena;
  const std::span<const std::uint8_t> bytes(data, size);
  for (const bool allow_objects : {false, true}) {
    const DecodeOptions options = {.allow_objects = allow_objects};
    Variant owned;
    std::size_t owned_consumed = 0;
    const Error owned_error = decode_variant(bytes, &owned, &owned_consumed, options);
    const Variant* in_arena = nullptr;
    std::size_t arena_consumed = 0;
    const Error arena_error = arena.decode(bytes, &in_arena, &arena_consumed, options);
    FUZZ_CHECK(owned_error == arena_error);
    FUZZ_CHECK(owned_consumed == arena_consumed && owned_consumed <= size);
    FUZZ_CHECK((in_arena != nullptr) == (arena_error == Error::OK));
    if (in_arena != nullptr) FUZZ_CHECK(var_to_str(owned) == var_to_str(*in_arena));
    if (in_arena != nullptr) {
      FUZZ_CHECK(owned == *in_arena);
      for (const testing::ValueOperation& operation : testing::kValueOperations) {
        fuzz::check_work(operation.name, size, [&] { operation.run({bytes, owned, *in_arena}); });
      }
    }
    arena.reset();
  }
  return 0;
}
